/*
 * mm/space/mremap.c - resize or move a mapping with its pages.
 *
 * MODEL     Shrink: unmap the tail.  Grow: widen in place if the room behind is free, else, with
 *           MREMAP_MAYMOVE, find room, make a region there with the same offset (copy_vma(): or one of
 *           its own), move the entries, unmap the old one.  old_len 0 makes a second mapping of shared
 *           pages.  MREMAP_DONTUNMAP keeps the old region, empty.
 * INVARIANTS
 *   Q1  The old place and the new one do not overlap.
 *   Q2  The new region covers the new place, and what had a page has its old offset there.
 *   Q3  What moved is locked and counted once: at its new place.
 * LOCKING   mmap_lock for writing.
 * FAILURE   A move that runs out of tables moves back and frees the new region.  One that is done and finds no memory
 *           to cut off the old place leaves that, empty.
 * TESTS     test/host/mm/space/test_regions.c, test_failures.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/fs.h"
#include "include/syscall.h"
#include "include/uapi/mman.h"
#include "include/userfaultfd_k.h"
#include "mm/cache/pagemap.h"
#include "mm/policy/account.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"
#include "mm/rmap/anon_vma.h"

struct mremap_req {
	unsigned long addr, old_len, new_addr, new_len, flags;
	unsigned long locked_addr, locked_len;	/* out: to be faulted in afterwards */
	/* Out, what userfaultfds are to be told, in this order. */
	struct list_head unmap_early;		/* what was in the way */
	struct userfaultfd_remap remap;
	struct list_head unmap;			/* what was cut off, and the old place */
};

/* The region to work on, if [addr, addr + old_len) may grow to new_len; 0 or -errno. */
static int vma_to_resize(struct mm_struct *mm, const struct mremap_req *r, struct vm_area_struct **out)
	REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *vma = vma_lookup(mm, r->addr);
	unsigned long grow, pgoff;

	if (!vma)
		return -EFAULT;
	/* A private region has no second life: old_len 0 would be a new mapping in disguise. */
	if (!r->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return -EINVAL;
	if (r->old_len > vma->vm_end - r->addr)
		return -EFAULT;
	*out = vma;
	if (r->new_len == r->old_len)
		return 0;
	pgoff = linear_page_index(vma, r->addr);
	if (pgoff + (r->new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EFAULT;
	grow = r->new_len - r->old_len;
	if (!mlock_future_ok(mm, vma->vm_flags, grow))
		return -EAGAIN;
	return may_expand_vm(mm, vma->vm_flags, grow >> PAGE_SHIFT) ? 0 : -ENOMEM;
}

/*
 * A region like *@pvma at r->new_addr for what is at r->addr; NULL: no memory.  Anonymous memory that never had
 * a page is tied to no offset: it takes that of its new place, so that it merges there; with *@pvma, too, which
 * is the merged region then.
 */
static struct vm_area_struct *copy_vma(struct vm_area_struct **pvma, const struct mremap_req *r)
{
	struct vm_area_struct *vma = *pvma;
	unsigned long addr = r->new_addr, len = r->new_len;
	pgoff_t pgoff = linear_page_index(vma, r->addr);
	struct mm_struct *mm = vma->vm_mm;
	struct vma_desc d = {
		.start = addr, .end = addr + len, .vm_flags = vma->vm_flags,
		.file = vma->vm_file, .anon_name = vma->anon_name, .policy = vma->vm_policy,
		.uffd_ctx = vma->vm_userfaultfd_ctx,
	};
	struct vm_area_struct *prev, *new;

	mmap_assert_write_locked(mm);
	if (anon_vma_lazy(vma) && anon_vma_prepare(vma))	/* A7 */
		return NULL;
	d.anon_vma = vma->anon_vma;
	if (vma_is_anonymous(vma) && !d.anon_vma)
		pgoff = addr >> PAGE_SHIFT;
	d.pgoff = pgoff;
	if (!userfaultfd_moves_along(vma)) {
		d.vm_flags &= ~VM_UFFD_FLAGS;
		d.uffd_ctx = NULL;
	}
	find_vma_prev(mm, addr, &prev);
	new = vma_merge(mm, prev, &d);
	if (new) {
		INV(Q2, new->vm_start <= addr && addr + len <= new->vm_end);
		if (new->vm_start <= r->addr && r->addr < new->vm_end)
			*pvma = new;
		return new;
	}
	new = vm_area_dup(vma);
	if (!new)
		return NULL;
	new->vm_start = addr;
	new->vm_end = addr + len;
	new->vm_pgoff = pgoff;
	new->vm_flags = d.vm_flags;
	new->vm_userfaultfd_ctx = d.uffd_ctx;
	if (anon_vma_clone(new, vma)) {
		vm_area_free(new);
		return NULL;
	}
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	vma_link(mm, new, prev);
	return new;
}

/*
 * Pages have left [addr, addr + old_len): unmap it with its charge, or keep it empty (DONTUNMAP).  Without the memory
 * to cut it off it stays, empty, with its charge: the move is done, as on Linux.
 */
static void move_drop_old(struct mm_struct *mm, struct mremap_req *r) REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *vma = vma_lookup(mm, r->addr);

	if (!(r->flags & MREMAP_DONTUNMAP)) {
		if (r->old_len && do_munmap(mm, r->addr, r->old_len, &r->unmap))
			INV(Q2, vma && vma_lookup(mm, r->addr));
		return;
	}
	INV(Q2, vma && vma->vm_start <= r->addr);
	if (vma->vm_flags & VM_LOCKED) {
		INV(Q3, atomic_long_read(&mm->locked_vm) >= (long)vma_pages(vma));
		atomic_long_sub(vma_pages(vma), &mm->locked_vm);
		vm_flags_clear(vma, VM_LOCKED | VM_LOCKONFAULT);
	}
	if (vma->vm_start == r->addr && vma->vm_end == r->addr + r->old_len)
		unlink_anon_vmas(vma);		/* it has no page any more */
}

static unsigned long move_vma(struct vm_area_struct *vma, struct mremap_req *r)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long vm_flags = vma->vm_flags, nr = r->new_len >> PAGE_SHIFT, charged = 0, moved;
	struct vm_area_struct *new;
	int rc;

	mmap_assert_write_locked(mm);
	INV(Q1, r->addr + r->old_len <= r->new_addr || r->new_addr + r->new_len <= r->addr);
	/* Both ends may need a cut, and there is a new one. */
	if (mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (vm_flags & VM_ACCOUNT) {
		charged = nr;
		if (security_vm_enough_memory(mm, charged))
			return -ENOMEM;
	}
	vma_start_write(vma);		/* before the look at what it has */
	new = copy_vma(&vma, r);
	if (!new) {
		vm_unacct_memory(charged);
		return -ENOMEM;
	}
	INV(Q2, vma_covers(vma, r->addr) && vma_covers(new, r->new_addr));
	moved = move_page_tables(vma, r->addr, new, r->new_addr, r->old_len);
	vm_stat_account(mm, vm_flags, nr);
	if (vm_flags & VM_LOCKED)
		atomic_long_add(nr, &mm->locked_vm);
	if (moved < r->old_len) {
		move_page_tables(new, r->new_addr, vma, r->addr, moved);
		rc = do_munmap(mm, r->new_addr, r->new_len, NULL);
		return rc ? rc : -ENOMEM;
	}
	mremap_userfaultfd_prep(new, &r->remap);
	move_drop_old(mm, r);
	if (vm_flags & VM_LOCKED && r->new_len > r->old_len) {
		r->locked_addr = r->new_addr + r->old_len;
		r->locked_len = r->new_len - r->old_len;
	}
	return r->new_addr;
}

/* MREMAP_FIXED or DONTUNMAP. */
static unsigned long mremap_to(struct mm_struct *mm, struct mremap_req *r) REQUIRES(mm->mmap_lock)
{
	unsigned long map_flags = 0, addr;
	struct vm_area_struct *vma;
	int rc;

	if ((r->new_addr & ~PAGE_MASK) || r->new_len > task_size || r->new_addr > task_size - r->new_len)
		return -EINVAL;
	if (r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr)
		return -EINVAL;			/* they overlap */
	if (mm->map_count + 2 >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (r->flags & MREMAP_FIXED) {
		rc = do_munmap(mm, r->new_addr, r->new_len, &r->unmap_early);
		if (rc)
			return rc;
		map_flags |= MAP_FIXED;
	}
	if (r->old_len > r->new_len) {
		rc = do_munmap(mm, r->addr + r->new_len, r->old_len - r->new_len, &r->unmap);
		if (rc)
			return rc;
		r->old_len = r->new_len;
	}
	rc = vma_to_resize(mm, r, &vma);
	if (rc)
		return rc;
	if ((r->flags & MREMAP_DONTUNMAP) &&
	    !may_expand_vm(mm, vma->vm_flags, r->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	if (vma->vm_flags & VM_MAYSHARE)
		map_flags |= MAP_SHARED;
	addr = get_unmapped_area(vma->vm_file, r->new_addr, r->new_len, linear_page_index(vma, r->addr),
				 map_flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	r->new_addr = addr;
	return move_vma(vma, r);
}

/* Room directly behind @vma for @delta bytes? */
static bool vma_expandable(struct vm_area_struct *vma, unsigned long delta)
{
	unsigned long end = vma->vm_end + delta;

	if (end < vma->vm_end || end > task_size)
		return false;
	return !vma->vm_next || end <= vma->vm_next->vm_start;	/* into the gap below a stack, as Linux does */
}

/* Widen @vma, which ends where the request does; 0 or -ENOMEM */
static int expand_in_place(struct vm_area_struct *vma, struct mremap_req *r)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long delta = r->new_len - r->old_len, nr = delta >> PAGE_SHIFT, end = vma->vm_end;
	struct vma_desc d = {
		.start = end, .end = end + delta, .vm_flags = vma->vm_flags, .file = vma->vm_file,
		.pgoff = vma->vm_pgoff + vma_pages(vma), .anon_name = vma->anon_name, .policy = vma->vm_policy,
		.uffd_ctx = vma->vm_userfaultfd_ctx,
	};

	mmap_assert_write_locked(mm);
	INV(Q2, end == r->addr + r->old_len && delta);
	vma_start_write(vma);		/* before the look at what it has */
	d.anon_vma = vma_anon_id(vma);
	if ((vma->vm_flags & VM_ACCOUNT) && security_vm_enough_memory(mm, nr))
		return -ENOMEM;
	/* commit */
	vm_stat_account(mm, vma->vm_flags, nr);
	if (vma->vm_flags & VM_LOCKED) {
		atomic_long_add(nr, &mm->locked_vm);
		r->locked_addr = end;
		r->locked_len = delta;
	}
	if (!vma_merge(mm, vma, &d))
		vma_resize(vma, vma->vm_start, end + delta, vma->vm_pgoff);
	return 0;
}

static unsigned long do_mremap(struct mm_struct *mm, struct mremap_req *r) REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *vma = vma_lookup(mm, r->addr);
	unsigned long addr;
	int rc;

	if (!vma)
		return -EFAULT;
	if (vma->vm_flags & VM_SEALED)
		return -EPERM;
	if (r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(mm, r);
	if (r->old_len >= r->new_len) {
		rc = r->old_len == r->new_len ? 0 :
			do_munmap(mm, r->addr + r->new_len, r->old_len - r->new_len, &r->unmap);
		return rc ? rc : r->addr;
	}
	rc = vma_to_resize(mm, r, &vma);
	if (rc)
		return rc;
	if (r->old_len == vma->vm_end - r->addr && r->old_len &&
	    vma_expandable(vma, r->new_len - r->old_len))
		return expand_in_place(vma, r) ? -ENOMEM : r->addr;
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	addr = get_unmapped_area(vma->vm_file, 0, r->new_len, linear_page_index(vma, r->addr),
				 vma->vm_flags & VM_MAYSHARE ? MAP_SHARED : 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	r->new_addr = addr;
	return move_vma(vma, r);
}

SYSCALL_DEFINE5(mremap, unsigned long, addr, unsigned long, old_len, unsigned long, new_len,
		unsigned long, flags, unsigned long, new_addr)
{
	struct mm_struct *mm = current_base()->mm;
	struct mremap_req r = {
		.addr = addr, .old_len = PAGE_ALIGN(old_len), .new_len = PAGE_ALIGN(new_len),
		.new_addr = new_addr, .flags = flags,
		.unmap_early = LIST_HEAD_INIT(r.unmap_early), .unmap = LIST_HEAD_INIT(r.unmap),
	};
	unsigned long ret;

	if (flags & ~(unsigned long)(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	if ((addr & ~PAGE_MASK) || !r.new_len)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = do_mremap(mm, &r);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&r.unmap_early);
	mremap_userfaultfd_complete(&r.remap, addr, ret, PAGE_ALIGN(old_len));
	userfaultfd_unmap_complete(&r.unmap);
	if (r.locked_len)
		mm_populate(r.locked_addr, r.locked_len);
	return ret;
}
