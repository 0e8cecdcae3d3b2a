/*
 * mm/space/mlock.c - pages that must stay: mlock and its family.
 *
 * MODEL     VM_LOCKED on a region says that its pages are brought in now (but for VM_LOCKONFAULT) and not
 *           reclaimed; mm->locked_vm counts the pages of such regions against RLIMIT_MEMLOCK.
 *           mm->def_flags carries mlockall(MCL_FUTURE) to regions to come.
 * INVARIANTS
 *   L1  locked_vm is the number of pages in regions with VM_LOCKED: recounted when the space goes (M2 of mm.c).
 *   L2  VM_LOCKONFAULT comes with VM_LOCKED only.
 * LOCKING   mmap_lock for writing; released before pages are faulted in.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/policy/account.h"
#include "include/syscall.h"
#include "include/uapi/errno.h"
#include "include/uapi/mman.h"
#include "include/uapi/resource.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"

#define CAP_IPC_LOCK	14
#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)

/* [@start, @end) of *@pvma gets @flags as its VM_LOCKED_MASK; *pvma: the region that has them. */
static int mlock_fixup(struct vm_area_struct **pvma, unsigned long start, unsigned long end,
		       unsigned long flags)
{
	struct vm_area_struct *vma = *pvma;
	unsigned long old = vma->vm_flags, new = (old & ~VM_LOCKED_MASK) | flags;
	long nr = (end - start) >> PAGE_SHIFT;
	int rc;

	mmap_assert_write_locked(vma->vm_mm);
	INV(L2, !(new & VM_LOCKONFAULT) || new & VM_LOCKED);
	if (new == old || !vma_supports_mlock(vma))
		return 0;
	rc = vma_modify(&vma, vma->vm_prev, start, end, new, vma->anon_name);
	if (rc)
		return rc;
	INV(V1, vma->vm_start <= start && end <= vma->vm_end);
	*pvma = vma;
	vm_flags_reset(vma, new);
	if ((new ^ old) & VM_LOCKED)
		atomic_long_add(new & VM_LOCKED ? nr : -nr, &vma->vm_mm->locked_vm);
	INV(L1, atomic_long_read(&vma->vm_mm->locked_vm) >= 0);
	return 0;
}

static int apply_lock_flags(struct mm_struct *mm, unsigned long start, unsigned long len,
			    unsigned long flags) REQUIRES(mm->mmap_lock)
{
	unsigned long end = start + len, at, stop;
	struct vm_area_struct *vma;
	int rc;

	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	vma = vma_lookup(mm, start);
	for (at = start; at < end; at = stop) {
		if (!vma || vma->vm_start > at)
			return -ENOMEM;
		stop = min(vma->vm_end, end);
		rc = mlock_fixup(&vma, at, stop, flags);
		if (rc)
			return rc;
		if (stop >= vma->vm_end)
			vma = vma->vm_next;
		cond_resched();
	}
	return 0;
}

/* Pages of the range that are locked already, and so would not count anew. */
static unsigned long count_locked(struct mm_struct *mm, unsigned long start, unsigned long len)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long end = start + len, nr = 0;

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		if (vma->vm_flags & VM_LOCKED)
			nr += (min(end, vma->vm_end) - max(start, vma->vm_start)) >> PAGE_SHIFT;
	return nr;
}

static int do_mlock(unsigned long start, size_t len, unsigned long flags)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long limit = task_rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT, nr;
	int rc = -ENOMEM;

	if (!can_do_mlock())
		return -EPERM;
	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	nr = len >> PAGE_SHIFT;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	nr += atomic_long_read(&mm->locked_vm);
	if (nr > limit && !capable(CAP_IPC_LOCK))
		nr -= count_locked(mm, start, len);
	if (nr <= limit || capable(CAP_IPC_LOCK))
		rc = apply_lock_flags(mm, start, len, flags);
	mmap_write_unlock(mm);
	if (rc)
		return rc;
	rc = __mm_populate(start, len, false);
	return rc == -EFAULT ? -ENOMEM : rc == -ENOMEM ? -EAGAIN : rc;	/* what POSIX wants */
}

SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)
{
	return do_mlock(start, len, VM_LOCKED);
}

SYSCALL_DEFINE3(mlock2, unsigned long, start, size_t, len, int, flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(start, len, VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
}

SYSCALL_DEFINE2(munlock, unsigned long, start, size_t, len)
{
	struct mm_struct *mm = current_base()->mm;
	int rc;

	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	rc = apply_lock_flags(mm, start & PAGE_MASK, len, 0);
	mmap_write_unlock(mm);
	return rc;
}

static void apply_mlockall(struct mm_struct *mm, int flags) REQUIRES(mm->mmap_lock)
{
	unsigned long vm = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
	struct vm_area_struct *vma;

	mm->def_flags &= ~VM_LOCKED_MASK;
	if (flags & MCL_FUTURE)
		mm->def_flags |= vm;
	if ((flags & MCL_FUTURE) && !(flags & MCL_CURRENT))
		return;
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		/* One that cannot stays as it is, as on Linux. */
		(void)mlock_fixup(&vma, vma->vm_start, vma->vm_end, flags & MCL_CURRENT ? vm : 0);
		cond_resched();
	}
}

SYSCALL_DEFINE1(mlockall, int, flags)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long limit = task_rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	int rc = -ENOMEM;

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (!(flags & MCL_CURRENT) || mm->total_vm <= limit || capable(CAP_IPC_LOCK)) {
		apply_mlockall(mm, flags);
		rc = 0;
	}
	mmap_write_unlock(mm);
	if (!rc && (flags & MCL_CURRENT))
		mm_populate(0, task_size);
	return rc;
}

SYSCALL_DEFINE0(munlockall)
{
	struct mm_struct *mm = current_base()->mm;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	apply_mlockall(mm, 0);
	mmap_write_unlock(mm);
	return 0;
}
