/*
 * mm/space/pagemap_scan.c - PAGEMAP_SCAN: which pages are of a kind, and from now on marked.
 *
 * MODEL     Each page has categories (PAGE_IS_*), from its entry and its region.  Pages that match come out as
 *           regions of neighbours with the same ones; with PM_SCAN_WP_MATCHING those that were written to get the
 *           mark of uffd-wp in the same look, so that what is written after it is told by the next: a tracker of
 *           changes loses none, and needs to stop nobody.
 *
 *              entries  |ww..ww|w....|      w  without the mark: written to       .  marked
 *              out      [..] [..  ..)       then all marked
 *           What is empty in a region that is watched for writes counts as written: a marker would be there.
 * INVARIANTS
 *   S1  An entry is marked only if its page was put out, or nothing is; both under one hold of its ptl.
 *   S2  W that was taken away is flushed before the call ends, by whoever took it (F4 of mm/entry/uffd_wp.c).
 *   S3  walk_end is the first page that may match and was not put out, or the end.
 * LOCKING   mmap_lock (read); the ptl of each run.  User memory is written with neither.
 * FAILURE   -EPERM (PM_SCAN_CHECK_WPASYNC), -EINTR, -ENOMEM: marks that were set stay.
 * COST      one look at each entry of the range, and one at each table that is not there.
 * TESTS     test/user/t_pagemap_scan.c
 * SEE       Linux Documentation/admin-guide/mm/pagemap.rst
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uaccess.h"
#include "include/uapi/errno.h"
#include "include/uapi/pagemap.h"
#include "include/userfaultfd_k.h"
#include "include/mmap_lock.h"
#include "include/vma_lock.h"
#include "mm/entry/pte.h"
#include "mm/pt/flush.h"
#include "mm/region/vma.h"
#include "mm/slab/slab.h"
#include "mm/space/procmaps.h"

#define SCAN_FLAGS	(PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC)
#define SCAN_CATEGORIES	0xfful
#define SCAN_BUFFER	512u		/* regions between two copies to the user */

struct scan {
	struct mm_struct *mm;
	struct pm_scan_arg arg;
	struct page_region *buf;	/* NULL: nothing is put out */
	unsigned room, nr;		/* of buf, in it */
	u64 found;			/* pages put out */
	u64 of_region;			/* categories that the region gives */
};

static bool wp_matching(const struct scan *s) { return s->arg.flags & PM_SCAN_WP_MATCHING; }

/* ---- categories ------------------------------------------------------------------------------------ */

static bool is_marked(pte_t pte)
{
	return (pte_present(pte) && pte_uffd_wp(pte)) || pte_marker_uffd_wp(pte) ||
	       (pte_is_migration(pte) && migration_uffd_wp(pte));
}

static u64 categories_of(const struct scan *s, const struct vm_area_struct *vma, pte_t pte)
{
	u64 c = s->of_region;
	struct page *page;

	if (pte_none(pte))
		return userfaultfd_wp(vma) ? c | PAGE_IS_WRITTEN : c;
	if (!is_marked(pte))
		c |= PAGE_IS_WRITTEN;
	if (!pte_present(pte)) {
		page = pte_is_migration(pte) ? migration_page(pte) : NULL;
		return c | PAGE_IS_SWAPPED | (page && !PageAnon(page) ? PAGE_IS_FILE : 0);
	}
	page = pte_page_counted(pte);
	if (page && !PageAnon(page))
		c |= PAGE_IS_FILE;
	return c | PAGE_IS_PRESENT | (pte_pfn(pte) == zero_pfn ? PAGE_IS_PFNZERO : 0);
}

static bool matches(const struct scan *s, u64 c)
{
	c ^= s->arg.category_inverted;
	if ((c & s->arg.category_mask) != s->arg.category_mask)
		return false;
	return !s->arg.category_anyof_mask || c & s->arg.category_anyof_mask;
}

/* Is @vma looked at?  0, 1: no, or -EPERM */
static int enter_region(struct scan *s, const struct vm_area_struct *vma)
{
	bool allowed = userfaultfd_wp(vma) && userfaultfd_wp_async(vma) && userfaultfd_wp_use_markers(vma);
	u64 needed = s->arg.category_mask & PAGE_IS_WPALLOWED;

	if (!allowed && s->arg.flags & PM_SCAN_CHECK_WPASYNC)
		return -EPERM;
	if ((!allowed && wp_matching(s)) || vma->vm_flags & VM_PFNMAP)
		return 1;
	s->of_region = allowed ? PAGE_IS_WPALLOWED : 0;
	return ((s->of_region ^ s->arg.category_inverted) & needed) == needed ? 0 : 1;
}

/* ---- what is put out ------------------------------------------------------------------------------- */

/* [va, end), of categories @c, into the buffer; false: it is full. */
static bool add_region(struct scan *s, u64 c, vaddr_t va, vaddr_t end)
{
	struct page_region *last = s->nr ? &s->buf[s->nr - 1] : NULL;

	if (last && last->end == va && last->categories == c) {
		last->end = end;
		return true;
	}
	if (s->nr == s->room)
		return false;
	s->buf[s->nr++] = (struct page_region){ va, end, c };
	return true;
}

/* Put out as much of [va, end) as may be; where that ends (S3). */
static vaddr_t put_out(struct scan *s, u64 c, vaddr_t va, vaddr_t end)
{
	u64 left = s->arg.max_pages - s->found;

	if (!s->buf)
		return end;
	if ((end - va) >> PAGE_SHIFT > left)
		end = va + (left << PAGE_SHIFT);
	if (end == va || !add_region(s, c & s->arg.return_mask, va, end))
		return va;
	s->found += (end - va) >> PAGE_SHIFT;
	return end;
}

/* ---- the walk -------------------------------------------------------------------------------------- */

/* [*va, end), which has no tables.  0, -ENOSPC: not all of it was put out, or -errno; *va: where it stopped */
static int scan_hole(struct scan *s, struct vm_area_struct *vma, vaddr_t *va, vaddr_t end)
{
	u64 c = categories_of(s, vma, pte_empty());
	vaddr_t start = *va;
	int rc = 0;

	*va = end;
	if (!matches(s, c))
		return 0;
	*va = put_out(s, c, start, end);
	if (wp_matching(s) && *va != start)
		rc = uffd_wp_range(vma, start, *va, UFFD_WP_SET);
	return rc ? rc : *va == end ? 0 : -ENOSPC;
}

/* The page at @va, whose entry says @pte: -ENOSPC if there is no room for it; 1: it is to be marked. */
static int scan_entry(struct scan *s, struct vm_area_struct *vma, vaddr_t va, pte_t pte)
{
	u64 c = categories_of(s, vma, pte);

	if (wp_matching(s) && !s->buf)
		return !is_marked(pte);
	if (!matches(s, c))
		return 0;
	if (put_out(s, c, va, va + PAGE_SIZE) == va)
		return -ENOSPC;
	return wp_matching(s) && c & PAGE_IS_WRITTEN;
}

/* [*va, stop), a run, from @ptep on; *lost: a hart may remember W that is gone.  As scan_hole() */
static int scan_run(struct scan *s, struct vm_area_struct *vma, pte_t *ptep, vaddr_t *va, vaddr_t stop, bool *lost)
{
	struct page *table = pt_page(ptep);
	int rc = 0;

	INV(W1, PageTable(table) && table->pt_mm == vma->vm_mm);
	spin_lock(&table->ptl);
	for (; *va != stop; *va += PAGE_SIZE, ptep++) {
		rc = scan_entry(s, vma, *va, pte_load(ptep));
		if (rc < 0)
			break;
		if (!rc)
			continue;
		INV(S1, !s->buf || s->buf[s->nr - 1].end == *va + PAGE_SIZE);
		*lost |= uffd_wp_mark(vma, ptep);
	}
	spin_unlock(&table->ptl);
	return min(rc, 0);
}

static int scan_tables(struct scan *s, struct vm_area_struct *vma, vaddr_t *va, vaddr_t end, bool *lost)
{
	int rc = 0;

	while (!rc && *va != end) {
		vaddr_t at = *va, stop;
		pte_t *ptep = pt_next_run(vma->vm_mm, &at, end, &stop);

		if (!ptep)
			at = end;
		if (at != *va)
			rc = scan_hole(s, vma, va, at);
		if (!rc && ptep)
			rc = scan_run(s, vma, ptep, va, stop, lost);
		if (!rc)
			rc = cond_resched_killable();
	}
	return rc;
}

/* [*va, end) of @vma; as scan_hole() */
static int scan_region(struct scan *s, struct vm_area_struct *vma, vaddr_t *va, vaddr_t end)
{
	vaddr_t start = *va;
	bool lost = false;
	int rc = enter_region(s, vma);

	if (rc) {
		*va = rc > 0 ? end : start;
		return min(rc, 0);
	}
	if (!wp_matching(s))
		return scan_tables(s, vma, va, end, &lost);
	inc_tlb_flush_pending(s->mm);
	rc = scan_tables(s, vma, va, end, &lost);
	INV(S2, *va >= start && *va <= end);
	if (lost || unlikely(mm_tlb_flush_nested(s->mm, 1)))
		flush_tlb_range(vma, start, end);		/* S2 */
	dec_tlb_flush_pending(s->mm);
	return rc;
}

/* From *va on, until the end or until there is no room: -ENOSPC */
static int scan_on(struct scan *s, vaddr_t *va)
{
	struct vm_area_struct *vma;
	int rc = 0;

	mmap_read_lock(s->mm);
	for (vma = find_vma(s->mm, *va); vma && vma->vm_start < s->arg.end && !rc; vma = vma->vm_next) {
		*va = max(*va, vma->vm_start);
		rc = scan_region(s, vma, va, min_t(vaddr_t, s->arg.end, vma->vm_end));
	}
	mmap_read_unlock(s->mm);
	return rc;
}

/* What is in the buffer to the user; regions, or -EFAULT */
static long flush_regions(struct scan *s)
{
	unsigned nr = s->nr;

	if (nr && copy_to_user((void __user *)s->arg.vec, s->buf, nr * sizeof(*s->buf)))
		return -EFAULT;
	s->arg.vec += nr * sizeof(*s->buf);
	s->arg.vec_len -= nr;
	s->room = min_t(u64, s->room, s->arg.vec_len);
	s->nr = 0;
	return nr;
}

/* Regions put out, or -errno; arg.walk_end (S3) */
static long scan(struct scan *s)
{
	vaddr_t va = s->arg.start;
	long regions = 0, n;
	int rc = 0;

	s->arg.walk_end = s->arg.end;
	while (s->mm && va < s->arg.end) {
		rc = scan_on(s, &va);
		n = flush_regions(s);
		if (n < 0)
			return n;
		regions += n;
		if (rc != -ENOSPC)
			break;
		s->arg.walk_end = va;
		if (!s->arg.vec_len || s->found == s->arg.max_pages)
			break;
	}
	if (!rc)
		s->arg.walk_end = s->arg.end;
	return rc && rc != -ENOSPC ? rc : regions;
}

/* ---- the call -------------------------------------------------------------------------------------- */

static int check_arg(struct pm_scan_arg *arg)
{
	u64 masks = arg->category_inverted | arg->category_mask | arg->category_anyof_mask | arg->return_mask;

	if (arg->size != sizeof(*arg) || arg->flags & ~(u64)SCAN_FLAGS || masks & ~SCAN_CATEGORIES ||
	    arg->start & ~PAGE_MASK)
		return -EINVAL;
	if (!access_ok((void __user *)arg->start, arg->end - arg->start))
		return -EFAULT;
	if (!arg->vec && arg->vec_len)
		return -EINVAL;
	if (arg->vec && (arg->vec_len > SIZE_MAX / sizeof(struct page_region) ||
			 !access_ok((void __user *)arg->vec, arg->vec_len * sizeof(struct page_region))))
		return -EFAULT;
	arg->end = ALIGN(arg->end, (u64)PAGE_SIZE);
	if (!arg->max_pages)
		arg->max_pages = ~0ull;
	return 0;
}

long proc_pagemap_scan(struct mm_struct *mm, void __user *uarg)
{
	struct pm_scan_arg __user *u = uarg;
	struct scan s = { .mm = mm };
	long rc;

	if (copy_from_user(&s.arg, uarg, sizeof(s.arg)))
		return -EFAULT;
	rc = check_arg(&s.arg);
	if (rc)
		return rc;
	s.room = min_t(u64, SCAN_BUFFER, s.arg.vec_len);
	if (s.room) {
		s.buf = kmalloc(s.room * sizeof(*s.buf), GFP_KERNEL);
		if (!s.buf)
			return -ENOMEM;
	}
	rc = scan(&s);
	if (put_user(s.arg.walk_end, &u->walk_end))
		rc = -EFAULT;
	kfree(s.buf);
	return rc;
}
