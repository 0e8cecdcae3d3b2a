/*
 * mm/space/userfaultfd.c - which regions a userfaultfd watches.
 *
 * MODEL     A request covers a range: each region in it is asked whether it can be watched before any is changed;
 *           then the parts within the range get the context and the flags, by splits and merges as with mprotect.
 * INVARIANTS
 *   F1, F2, F3 of include/userfaultfd_k.h.
 * LOCKING   mmap_lock for writing.
 * FAILURE   -ENOMEM when a region cannot be cut: those before it have changed, as on Linux.
 * TESTS     test/user/t_userfault.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/space/userfaultfd.h"
#include "include/mm_ref.h"
#include "include/mmap_lock.h"
#include "include/uapi/errno.h"
#include "include/vma_lock.h"
#include "mm/cache/shmem.h"
#include "mm/entry/entry.h"
#include "mm/region/vma.h"

static bool wp_async(const struct userfaultfd_ctx *ctx) { return ctx->features & UFFD_FEATURE_WP_ASYNC; }

/* Can @ctx watch @vma for @vm_flags? */
static bool vma_can_userfault(const struct vm_area_struct *vma, const struct userfaultfd_ctx *ctx,
			      unsigned long vm_flags)
{
	vm_flags &= VM_UFFD_FLAGS;
	if (vma->vm_flags & (VM_DROPPABLE | VM_NONLINEAR))
		return false;
	if (vm_flags & VM_UFFD_MINOR && !vma_is_shmem(vma))
		return false;
	if (wp_async(ctx) && vm_flags == VM_UFFD_WP)
		return true;		/* any memory: nobody waits, nothing is filled */
	return vma_is_anonymous(vma) || vma_is_shmem(vma);
}

/* All of [@start, @end) that is mapped: may it be watched?  0 or -errno */
static int check_register(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end,
			  unsigned long vm_flags) REQUIRES_SHARED(ctx->mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma_intersection(ctx->mm, start, end);

	if (!vma)
		return -EINVAL;
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		if (!vma_can_userfault(vma, ctx, vm_flags))
			return -EINVAL;
		if (!(vma->vm_flags & VM_MAYWRITE))
			return -EPERM;		/* filling is writing */
		if (vma->vm_userfaultfd_ctx && vma->vm_userfaultfd_ctx != ctx)
			return -EBUSY;
		cond_resched();
	}
	return 0;
}

static int check_unregister(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end)
	REQUIRES_SHARED(ctx->mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma_intersection(ctx->mm, start, end);

	if (!vma)
		return -EINVAL;
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		if (!vma_can_userfault(vma, ctx, vma->vm_flags))
			return -EINVAL;
		cond_resched();
	}
	return 0;
}

/* Let [@start, @end) of @vma be watched by @ctx for @vm_flags; NULL and 0: by nobody.  0 or -ENOMEM */
static int set_watch(struct vm_area_struct *vma, unsigned long start, unsigned long end, struct userfaultfd_ctx *ctx,
		     unsigned long vm_flags)
{
	unsigned long flags = (vma->vm_flags & ~VM_UFFD_FLAGS) | vm_flags;
	int rc;

	mmap_assert_write_locked(vma->vm_mm);
	INV(F2, !ctx == !vm_flags && !(vm_flags & ~VM_UFFD_FLAGS));
	vma_start_write(vma);
	if (userfaultfd_wp(vma) && !(vm_flags & VM_UFFD_WP)) {
		rc = uffd_wp_range(vma, start, end, UFFD_WP_CLEAR);	/* F3 */
		ASSERT(!rc);
	}
	rc = vma_modify_uffd(&vma, vma->vm_prev, start, end, flags, ctx);
	if (rc)
		return rc;
	/* commit */
	vm_flags_reset(vma, flags);
	vma->vm_userfaultfd_ctx = ctx;
	INV(F1, !ctx == !userfaultfd_armed(vma));
	INV(V1, vma->vm_start <= start && end <= vma->vm_end);
	return 0;
}

static int register_locked(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end,
			   unsigned long vm_flags) REQUIRES(ctx->mm->mmap_lock)
{
	int rc = check_register(ctx, start, end, vm_flags);

	while (!rc && start < end) {
		struct vm_area_struct *vma = find_vma_intersection(ctx->mm, start, end);
		unsigned long stop;

		if (!vma)
			break;
		stop = min(vma->vm_end, end);
		INV(F1, !vma->vm_userfaultfd_ctx == !userfaultfd_armed(vma));
		if (vma->vm_userfaultfd_ctx != ctx || (vma->vm_flags & vm_flags) != vm_flags)
			rc = set_watch(vma, max(vma->vm_start, start), stop, ctx, vm_flags);
		start = stop;
		cond_resched();
	}
	return rc;
}

int userfaultfd_register_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end,
			       unsigned long vm_flags)
{
	int rc;

	if (!mmget_not_zero(ctx->mm))
		return -ENOMEM;
	mmap_write_lock(ctx->mm);
	rc = register_locked(ctx, start, end, vm_flags);
	mmap_write_unlock(ctx->mm);
	mmput(ctx->mm);
	return rc;
}

static int unregister_locked(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end)
	REQUIRES(ctx->mm->mmap_lock)
{
	int rc = check_unregister(ctx, start, end);

	while (!rc && start < end) {
		struct vm_area_struct *vma = find_vma_intersection(ctx->mm, start, end);
		struct userfaultfd_ctx *watcher;
		unsigned long from, stop;

		if (!vma)
			break;
		from = max(vma->vm_start, start);
		stop = min(vma->vm_end, end);
		watcher = vma->vm_userfaultfd_ctx;
		if (watcher) {
			rc = set_watch(vma, from, stop, NULL, 0);
			wake_userfault(watcher, from, stop - from);	/* no fault joins them any more */
		}
		start = stop;
		cond_resched();
	}
	return rc;
}

int userfaultfd_unregister_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end)
{
	int rc;

	if (!mmget_not_zero(ctx->mm))
		return -ENOMEM;
	mmap_write_lock(ctx->mm);
	rc = unregister_locked(ctx, start, end);
	mmap_write_unlock(ctx->mm);
	mmput(ctx->mm);
	return rc;
}

void userfaultfd_reset_vma(struct vm_area_struct *vma)
{
	vm_flags_clear(vma, VM_UFFD_FLAGS);
	vma->vm_userfaultfd_ctx = NULL;
}

void userfaultfd_release_all(struct userfaultfd_ctx *ctx)
{
	struct mm_struct *mm = ctx->mm;
	struct vm_area_struct *vma;
	unsigned long end;

	if (!mmget_not_zero(mm))
		return;
	mmap_write_lock(mm);
	for (vma = mm->mmap; vma; vma = find_vma(mm, end)) {
		end = vma->vm_end;
		if (vma->vm_userfaultfd_ctx == ctx && set_watch(vma, vma->vm_start, end, NULL, 0))
			ASSERT(0);	/* whole regions: no cut, so no memory */
		cond_resched();
	}
	mmap_write_unlock(mm);
	mmput(mm);
}
