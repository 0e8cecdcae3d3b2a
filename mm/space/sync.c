/*
 * mm/space/sync.c - msync, mincore, mseal: calls that look at or rearrange mappings.
 *
 * MODEL     Which pages of a file are cached tells what others read: mincore() shows it to the owner and
 *           to who may write the file (may_see_residency), and calls all resident to others.
 * INVARIANTS
 *   Y1  A look at a part of a range goes on by a page at least, and not beyond what was asked for.
 * LOCKING   mmap_lock; dropped while a file is written out or user memory is copied to.
 * COST      mincore() of nothing: the clearing of its answer, a store for 8 pages where harts have no cbo.zero:
 *           1.17 million instructions for 32 GiB, of which 1.05 are those stores; 0.45 with it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/fs.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/mman.h"
#include "lib/string.h"
#include "mm/cache/filemap.h"
#include "mm/cache/pagemap.h"
#include "mm/pt/walk.h"
#include "mm/rmap/migration.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"

/* ---- msync ----------------------------------------------------------------------------------- */

/* Write [@start, @end) of @vma out.  => mmap_lock dropped and taken again: @vma may be gone */
static int msync_file(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct file *file = get_file(vma->vm_file);
	loff_t first = (loff_t)linear_page_index(vma, start) << PAGE_SHIFT, last = first + (end - start) - 1;
	int rc;

	if (unlikely(vma->vm_flags & VM_NONLINEAR)) {	/* any page of the file may be there */
		first = 0;
		last = (loff_t)(~0ull >> 1);
	}

	mmap_read_unlock(mm);
	rc = file->f_op->fsync ? file->f_op->fsync(file, first, last, 1) : 0;
	fput(file);
	mmap_read_lock(mm);
	return rc;
}

static int msync_range(struct mm_struct *mm, unsigned long start, unsigned long end, int flags)
{
	struct vm_area_struct *vma;
	unsigned long stop;
	int hole = 0, rc;

	mmap_read_lock(mm);
	while (start < end) {
		vma = find_vma(mm, start);
		rc = -ENOMEM;
		if (!vma || vma->vm_start >= end)
			goto out;
		if (vma->vm_start > start) {
			hole = -ENOMEM;
			start = vma->vm_start;
		}
		rc = -EBUSY;
		if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED))
			goto out;
		stop = min(vma->vm_end, end);
		INV(Y1, start < stop);
		if ((flags & MS_SYNC) && vma->vm_file && (vma->vm_flags & VM_SHARED)) {
			rc = msync_file(mm, vma, start, stop);
			if (rc)
				goto out;
		}
		start = stop;
		cond_resched();
	}
	rc = hole;
out:
	mmap_read_unlock(mm);
	return rc;
}

SYSCALL_DEFINE3(msync, unsigned long, start, size_t, len, int, flags)
{
	unsigned long end = start + PAGE_ALIGN(len);

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (start & ~PAGE_MASK) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (end < start)
		return -ENOMEM;
	return end == start ? 0 : msync_range(current_base()->mm, start, end, flags);
}

/* ---- mincore --------------------------------------------------------------------------------- */

#define MINCORE_BATCH	512u		/* pages that are looked at one by one: at most a table's */
#define MINCORE_HOLE	(1ul << 18)	/* pages of which none is there that are answered for at a time */

/* What is there of a part of a region. */
struct mincore_run {
	unsigned long nr;		/* pages */
	bool hole;			/* none of them is in memory; else vec says which are */
	u8 vec[MINCORE_BATCH];
};

/* The index of the first cached page of @mapping in [@first, @last], or @last + 1. */
static pgoff_t first_cached(struct address_space *mapping, pgoff_t first, pgoff_t last)
{
	pgoff_t next = first;
	struct page *page;

	if (!find_get_pages(mapping, &next, last, 1, &page))
		return last + 1;
	put_page(page);
	return next - 1;
}

/* How many pages from @va on, before @end, have neither a table nor a page of the file. */
static unsigned long absent_pages(struct vm_area_struct *vma, unsigned long va, unsigned long end)
{
	vaddr_t at = va, stop;
	unsigned long nr;

	if (!pt_next_run(vma->vm_mm, &at, end, &stop))
		at = end;
	nr = (at - va) >> PAGE_SHIFT;
	if (nr && vma->vm_file) {
		pgoff_t first = linear_page_index(vma, va);

		nr = first_cached(vma->vm_file->f_mapping, first, first + nr - 1) - first;
	}
	return nr;
}

static bool page_is_cached(struct vm_area_struct *vma, pgoff_t index)
{
	struct page *page = find_get_page(vma->vm_file->f_mapping, index);
	bool there;

	if (!page)
		return false;
	there = PageUptodate(page);	/* not if it is only put aside, or on its way */
	put_page(page);
	return there;
}

/* Which of the r->nr pages from @va on, whose entries lie in one table if they have one, are in memory. */
static void look_at_pages(struct vm_area_struct *vma, unsigned long va, struct mincore_run *r)
{
	const pte_t *ptep = pt_lookup(vma->vm_mm, va);

	mmap_assert_locked(vma->vm_mm);
	INV(Y1, pt_index(va, 0) + r->nr <= PT_ENTRIES);

	for (unsigned i = 0; i < r->nr; i++, va += PAGE_SIZE) {
		pte_t pte = ptep ? pte_load(&ptep[i]) : pte_empty();

		r->vec[i] = pte_present(pte) || pte_is_migration(pte) ||
			    ((pte_none(pte) || pte_is_marker(pte)) && vma->vm_file &&
			     page_is_cached(vma, linear_page_index(vma, va))) ||
			    (pte_is_file(pte) && page_is_cached(vma, pte_file_pgoff(pte)));
	}
}

/* The pages from @addr on, at most @nr, as far as they are of a kind.  0 or -ENOMEM */
static int mincore_look(struct mm_struct *mm, unsigned long addr, unsigned long nr, struct mincore_run *r)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	unsigned long end;

	if (!vma)
		return -ENOMEM;
	end = addr + min(nr << PAGE_SHIFT, vma->vm_end - addr);
	if (vma->vm_file && !may_see_residency(vma->vm_file->f_inode)) {
		r->hole = false;
		r->nr = min((end - addr) >> PAGE_SHIFT, (unsigned long)MINCORE_BATCH);
		memset(r->vec, 1, r->nr);		/* as if all were there */
		return 0;
	}
	/* No further than is answered for: what lies beyond would be looked at again each time. */
	mmap_assert_locked(mm);
	r->nr = absent_pages(vma, addr, min(end, addr + (MINCORE_HOLE << PAGE_SHIFT)));
	r->hole = r->nr;
	if (!r->hole) {
		end = pt_addr_end(addr, end, 1);
		r->nr = (end - addr) >> PAGE_SHIFT;
		look_at_pages(vma, addr, r);
	}
	return 0;
}

SYSCALL_DEFINE3(mincore, unsigned long, start, size_t, len, u8 __user *, vec)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long nr = (len >> PAGE_SHIFT) + ((len & ~PAGE_MASK) != 0);
	struct mincore_run r;
	int rc;

	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (!access_ok((void *)start, len))
		return -ENOMEM;
	if (!access_ok(vec, nr))
		return -EFAULT;
	while (nr) {
		mmap_read_lock(mm);
		rc = mincore_look(mm, start, nr, &r);
		mmap_read_unlock(mm);
		if (rc)
			return rc;
		INV(Y1, r.nr && r.nr <= nr && (r.hole || r.nr <= MINCORE_BATCH));
		if (r.hole ? clear_user(vec, r.nr) : copy_to_user(vec, r.vec, r.nr))
			return -EFAULT;
		nr -= r.nr;
		vec += r.nr;
		start += r.nr << PAGE_SHIFT;
		if (cond_resched_killable())
			return -EINTR;
	}
	return 0;
}

/* ---- mseal ----------------------------------------------------------------------------------- */

static bool range_is_mapped(struct mm_struct *mm, unsigned long start, unsigned long end)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = vma_lookup(mm, start);

	for (; vma && vma->vm_end < end; vma = vma->vm_next)
		if (!vma->vm_next || vma->vm_next->vm_start != vma->vm_end)
			return false;
	return vma;
}

static int mseal_range(struct mm_struct *mm, unsigned long start, unsigned long end) REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *vma;
	unsigned long stop;
	int rc;

	if (!range_is_mapped(mm, start, end))
		return -ENOMEM;
	for (; start < end; start = stop) {
		vma = find_vma(mm, start);
		stop = min(vma->vm_end, end);
		if (vma->vm_flags & VM_SEALED)
			continue;
		rc = vma_modify(&vma, vma->vm_prev, start, stop, vma->vm_flags | VM_SEALED, vma->anon_name);
		if (rc)
			return rc;
		INV(V1, vma->vm_start <= start && stop <= vma->vm_end);
		vm_flags_set(vma, VM_SEALED);
		cond_resched();
	}
	return 0;
}

SYSCALL_DEFINE3(mseal, unsigned long, start, size_t, len_in, unsigned long, flags)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long len = PAGE_ALIGN(len_in);
	int rc;

	if (flags || (start & ~PAGE_MASK) || (len_in && !len) || start + len < start)
		return -EINVAL;
	if (!len)
		return 0;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	rc = mseal_range(mm, start, start + len);
	mmap_write_unlock(mm);
	return rc;
}
