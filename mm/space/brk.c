/*
 * mm/space/brk.c - the heap's end.
 *
 * MODEL     [start_brk, brk) is the heap; pages up to PAGE_ALIGN(brk) are mapped.  brk() returns the end
 *           that is in force afterwards: a program learns of a failure by comparing.
 * INVARIANTS
 *   B1  start_brk <= brk.
 *   B2  Between the heap and what follows a page is free, where brk() has made the heap grow.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/userfaultfd_k.h"
#include "include/uapi/errno.h"
#include "include/uapi/resource.h"
#include "mm/fault/fault.h"
#include "mm/policy/account.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"

/* Heap and initialised data together against RLIMIT_DATA. */
static bool data_limit_ok(struct mm_struct *mm, unsigned long brk)
{
	unsigned long limit = task_rlimit(RLIMIT_DATA);

	return limit == RLIM_INFINITY ||
	       brk - mm->start_brk + (mm->end_data - mm->start_data) <= limit;
}

/* Unmap [@new, @old), page-aligned, where something must be; 0 or -errno. */
static int brk_shrink(struct mm_struct *mm, unsigned long old, unsigned long new, struct list_head *uf)
	REQUIRES(mm->mmap_lock)
{
	return find_vma_intersection(mm, new, old) ? do_munmap(mm, new, old - new, uf) : -EINVAL;
}

/* Map [@old, @new), page-aligned; 0 or -errno. */
static int brk_grow(struct mm_struct *mm, unsigned long old, unsigned long new) REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *next;

	if (new > task_size || !mlock_future_ok(mm, mm->def_flags, new - old))
		return -ENOMEM;
	INV(B2, old < new && !((old | new) & ~PAGE_MASK));
	/* A page stays free between the heap and what follows. */
	next = find_vma(mm, old);
	if (next && new + PAGE_SIZE > vm_start_gap(next))
		return -ENOMEM;
	return do_brk_flags(mm, old, new - old, 0);
}

SYSCALL_DEFINE1(brk, unsigned long, brk)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long old, new, ret, populate = 0;
	LIST_HEAD(uf);

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = mm->brk;
	INV(B1, mm->start_brk <= mm->brk);
	if (brk < mm->start_brk || !data_limit_ok(mm, brk))
		goto out;
	new = PAGE_ALIGN(brk);
	old = PAGE_ALIGN(mm->brk);
	if (new < brk)
		goto out;
	if (new < old) {
		if (brk_shrink(mm, old, new, &uf))
			goto out;
	} else if (new > old) {
		if (brk_grow(mm, old, new))
			goto out;
		if (mm->def_flags & VM_LOCKED)
			populate = new - old;
	}
	ret = mm->brk = brk;
	INV(B1, mm->start_brk <= mm->brk && mm->brk <= task_size);
out:
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&uf);
	if (populate)
		mm_populate(old, populate);
	return ret;
}
