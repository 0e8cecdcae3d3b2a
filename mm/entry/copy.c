/*
 * mm/entry/copy.c - copy the entries that a child cannot get back by faulting.
 *
 * MODEL     Anonymous pages of private regions are shared, write-protected on both sides; the first
 *           write copies (cow.c).  Pages of files are left out: a fault finds them in the cache.  Device
 *           frames (VM_PFNMAP) are copied as they are; the zero page, where there may be anonymous pages.
 *           The uffd-wp mark goes along if the child's region is watched for it (fork is an event of its
 *           userfaultfd): with the page, or, for what is left out, as a marker.  Poison goes along always.
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
#include "mm/entry/nonlinear.h"
#include "include/vma_lock.h"
#include "mm/entry/pte.h"

/* How entries are copied; COPY_ZERO alone where there are anonymous pages, for most regions. */
#define COPY_PFNMAP	1u	/* a device's frames, as they are */
#define COPY_MARKS	2u	/* the parent's may have the uffd-wp mark: the child's have it, too */
#define COPY_UNMARKED	4u	/* the parent's may have it, the child's do not */
#define COPY_ZERO	8u	/* the zero page goes along: mincore() tells of it */

/* @pte, present, as the child's. */
static __always_inline pte_t copied_pte(pte_t pte, unsigned how)
{
	return how & COPY_UNMARKED ? pte_clear_uffd_wp(pte) : pte;
}

/* What the child gets for an entry that shows no page to be shared. */
static pte_t copied_entry(pte_t pte, unsigned how)
{
	if (pte_is_migration(pte))
		return how & COPY_MARKS && migration_uffd_wp(pte) ? pte_marker(MARKER_UFFD_WP) : pte_empty();
	if (pte_is_marker(pte))
		return how & COPY_MARKS || pte_marker_bits(pte) & MARKER_POISONED ? pte : pte_empty();
	if (!pte_present(pte))
		return pte;
	if (how & COPY_PFNMAP || (how & COPY_ZERO && pte_special(pte)))
		return copied_pte(pte, how);
	return how & COPY_MARKS && pte_uffd_wp(pte) ? pte_marker(MARKER_UFFD_WP) : pte_empty();
}

/* Does @pte show a page that counts its entries? */
static __always_inline bool is_page(pte_t pte) { return pte_present(pte) && !pte_special(pte); }
/* The same, and to the hart, too: one test of both. */
static __always_inline bool pte_shows_page(pte_t pte) { return pte_hw_valid(pte) & !pte_special(pte); }

/* The child's twin of the migration entry at @src.  Whether of an anonymous page, which is nobody's own then (K2). */
static bool copy_migration(pte_t *dst, pte_t *src, pte_t pte, unsigned how)
{
	if (!PageAnon(migration_page(pte))) {	/* a fault finds it in the file */
		set_pte(dst, copied_entry(pte, how));
		return false;
	}
	INV(K2, PageLocked(migration_page(pte)));	/* held by who moves it: only he gives the mark back */
	pte = migration_mkread(pte, false);
	set_pte(src, pte);
	set_pte(dst, how & COPY_UNMARKED ? migration_clear_uffd_wp(pte) : pte);
	return true;
}

/* The child's twin of @pte, which shows @page, of anonymous memory. */
static __always_inline void copy_anon(pte_t *dst, pte_t *src, pte_t pte, struct page *page, unsigned how)
{
	if (pte_write(pte))
		pte = ptep_set_wrprotect(src);
	INV(R3, !PageAnonExclusive(page) || page_mapcount(page) == 1);
	page_share_anon_rmap(page);
	INV(K1, !pte_write(pte));
	INV(K2, !PageAnonExclusive(page));
	set_pte(dst, copied_pte(pte, how));
}

/* The child's twin of @pte, of whatever kind.  Whether of an anonymous page. */
static __noinline bool copy_entry(pte_t *dst, pte_t *src, pte_t pte, unsigned how)
{
	struct page *page;

	if (pte_none(pte))
		return false;
	if (pte_is_migration(pte))
		return copy_migration(dst, src, pte, how);
	page = is_page(pte) && !(how & COPY_PFNMAP) ? pfn_to_page(pte_pfn(pte)) : NULL;
	if (!page || !PageAnon(page)) {
		set_pte(dst, copied_entry(pte, how));
		return false;
	}
	copy_anon(dst, src, pte, page, how);
	return true;
}

/*
 * Copy the entries [@src, @last) to @dst; how many anonymous pages the child got.  What most entries of a large
 * process show, pages that are nobody's own already, takes the short way: such an entry has no W (R3 of
 * mm/rmap/rmap.h).  => the ptl of @src held
 */
static __always_inline unsigned long copy_entries(pte_t *dst, pte_t *src, pte_t *last, unsigned how)
{
	unsigned long other = 0, nr = last - src;

	for (; src != last; src++, dst++) {
		pte_t pte = pte_load(src);
		struct page *page;

		INV(W3, pte_none(pte_load(dst)));		/* of mm/pt/walk.c */
		if (unlikely((how & ~COPY_ZERO) || !pte_shows_page(pte))) {
			other += !copy_entry(dst, src, pte, how);
			continue;
		}
		page = pfn_to_page(pte_pfn(pte));
		if (likely(page_is_shared_anon(page))) {
			INV(K1, !pte_write(pte));
			page_dup_anon_rmap(page);
			set_pte(dst, pte);
		} else if (PageAnon(page)) {
			copy_anon(dst, src, pte, page, 0);
		} else {
			other++;	/* a fault finds it in the file */
		}
	}
	return nr - other;
}

/* Copy a run of entries, [va, stop) from @src to @dst; anonymous pages that the child got. */
static unsigned long copy_run(pte_t *dst, pte_t *src, vaddr_t va, vaddr_t stop, unsigned how)
{
	pte_t *last = src + ((stop - va) >> PAGE_SHIFT);
	struct page *table = pt_page(src);
	unsigned long anon;

	INV(W1, PageTable(table) && PageTable(pt_page(dst)) && table->pt_mm != pt_page(dst)->pt_mm);
	spin_lock(&table->ptl);
	anon = likely(how == COPY_ZERO) ? copy_entries(dst, src, last, COPY_ZERO) : copy_entries(dst, src, last, how);
	spin_unlock(&table->ptl);
	return anon;
}

/* Is there an entry in [ptep, ...) of [va, stop) that copy_run() would copy?  Saves a table. */
static bool run_needs_copy(pte_t *ptep, vaddr_t va, vaddr_t stop, unsigned how)
{
	for (; va != stop; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);

		if (pte_none(pte))
			continue;
		if (is_page(pte) && PageAnon(pfn_to_page(pte_pfn(pte))))
			return true;
		if (likely(is_page(pte)) && !(how & ~COPY_ZERO))
			continue;
		if (pte_is_migration(pte) && PageAnon(migration_page(pte)))
			return true;
		if (!pte_none(copied_entry(pte, how)))
			return true;
	}
	return false;
}

/*
 * Do faults bring back all that the child of @src is to have, so that no entry need be looked at?  A region that
 * has a place in no anon_vma shows no anonymous page (A1 of mm/rmap/anon_vma.c), and has no poison.
 */
static bool faults_suffice(const struct vm_area_struct *dst, const struct vm_area_struct *src)
{
	return !src->avc.anon_vma && !(src->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) && !(dst->vm_flags & VM_UFFD_WP);
}

/* COPY_* of the entries of @src for @dst. */
static unsigned copy_how(const struct vm_area_struct *dst, const struct vm_area_struct *src)
{
	unsigned how = 0;

	if (unlikely(src->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)))
		how = COPY_PFNMAP;
	else if (src->anon_vma || src->anon_inherited)
		how = COPY_ZERO;
	if (likely(!(src->vm_flags & VM_UFFD_WP)))
		return how;
	return how | (dst->vm_flags & VM_UFFD_WP ? COPY_MARKS : COPY_UNMARKED);
}

int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	unsigned how = copy_how(dst, src);
	vaddr_t va = src->vm_start, end = src->vm_end, stop;
	pte_t *from;

	vma_assert_write_locked(src);		/* no fault gives W back behind us (K1) */
	INV(K2, src->vm_start == dst->vm_start && src->vm_end == dst->vm_end && src->vm_pgoff == dst->vm_pgoff);
	if (unlikely(src->vm_flags & VM_NONLINEAR))
		return nonlinear_copy(dst, src);
	if (faults_suffice(dst, src))
		return 0;
	for (; va != end && (from = pt_next_run(src->vm_mm, &va, end, &stop)); va = stop) {
		unsigned long anon;
		pte_t *to;

		if (cond_resched_killable())
			return -EINTR;
		if (!run_needs_copy(from, va, stop, how))
			continue;
		to = pt_alloc(dst->vm_mm, va);
		if (!to)
			return -ENOMEM;
		anon = copy_run(to, from, va, stop, how);
		if (anon)
			add_mm_counter(dst->vm_mm, MM_ANONPAGES, anon);
	}
	return 0;
}
