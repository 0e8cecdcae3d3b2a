/*
 * mm/entry/copy.c - copy the entries that a child cannot get back by faulting.
 *
 * MODEL     Anonymous pages of private regions are shared, write-protected on both sides; the first
 *           write copies (cow.c).  Pages of files, and the zero page, are left out: a fault finds them
 *           in the cache.  Device frames (VM_PFNMAP) are copied as they are.
 * INVARIANTS
 *   K1  The parent has no writable entry for a shared page when the child first runs: the caller
 *       flushes the parent once after all regions, before it lets go of mmap_lock.
 *   K2  A page that both show is exclusive to neither (R3 of mm/rmap/rmap.h): the mark goes under the
 *       parent's ptl, where do_wp_page() and forced writes look at it.
 * LOCKING   both mmap_locks (write).  The child's tables are nobody else's yet: only the parent's
 *           ptl is taken.
 * COST      about 25 instructions a page; tables come from the hart's cache.
 * TESTS     test/host/mm/fault/
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/entry/pte.h"

/* The child's twin of the migration entry at @src, if of an anonymous page, which is nobody's own then (K2). */
static bool copy_migration(pte_t *dst, pte_t *src, pte_t pte)
{
	if (!PageAnon(migration_page(pte)))
		return false;		/* a fault finds it in the file */
	pte = migration_mkread(pte, false);
	set_pte(src, pte);
	set_pte(dst, pte);
	return true;
}

/* Copy a run of entries, [va, stop) from @src to @dst; anonymous pages that the child got. */
static unsigned long copy_run(pte_t *dst, pte_t *src, vaddr_t va, vaddr_t stop, bool pfnmap)
{
	struct page *table = pt_page(src);
	unsigned long anon = 0;

	spin_lock(&table->ptl);
	for (; va != stop; va += PAGE_SIZE, src++, dst++) {
		pte_t pte = pte_load(src);
		unsigned long flags;
		struct page *page;

		if (pte_none(pte))
			continue;
		if (unlikely(pte_is_migration(pte))) {
			anon += copy_migration(dst, src, pte);
			continue;
		}
		if (!pte_present(pte) || unlikely(pfnmap)) {
			set_pte(dst, pte);	/* a file offset, or a device's frame */
			continue;
		}
		if (pte_special(pte))
			continue;
		page = pfn_to_page(pte_pfn(pte));
		flags = READ_ONCE(page->flags);
		if (!(flags & BIT(PG_anon)))
			continue;
		if (pte_write(pte))
			pte = ptep_set_wrprotect(src);
		page_share_anon_rmap(page, flags);
		INV(K1, !pte_write(pte));
		INV(K2, !PageAnonExclusive(page));
		set_pte(dst, pte);
		anon++;
	}
	spin_unlock(&table->ptl);
	return anon;
}

/* Is there an entry in [ptep, ...) of [va, stop) that copy_run() would copy?  Saves a table. */
static bool run_needs_copy(pte_t *ptep, vaddr_t va, vaddr_t stop, bool pfnmap)
{
	for (; va != stop; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);

		if (pte_none(pte))
			continue;
		if (!pte_present(pte) || pfnmap)
			return true;
		if (!pte_special(pte) && PageAnon(pfn_to_page(pte_pfn(pte))))
			return true;
	}
	return false;
}

int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	bool pfnmap = src->vm_flags & (VM_PFNMAP | VM_MIXEDMAP);
	vaddr_t va = src->vm_start, end = src->vm_end, stop;
	pte_t *from;

	if (src->vm_flags & VM_SHARED && !(src->vm_flags & (VM_PFNMAP | VM_MIXEDMAP | VM_NONLINEAR)))
		return 0;
	for (; va != end && (from = pt_next_run(src->vm_mm, &va, end, &stop)); va = stop) {
		unsigned long anon;
		pte_t *to;

		if (cond_resched_killable())
			return -EINTR;
		if (!run_needs_copy(from, va, stop, pfnmap))
			continue;
		to = pt_alloc(dst->vm_mm, va);
		if (!to)
			return -ENOMEM;
		anon = copy_run(to, from, va, stop, pfnmap);
		if (anon)
			add_mm_counter(dst->vm_mm, MM_ANONPAGES, anon);
	}
	return 0;
}
