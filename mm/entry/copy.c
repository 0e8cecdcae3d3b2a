/*
 * mm/entry/copy.c - copy the entries that a child cannot get back by faulting.
 *
 * MODEL     Anonymous pages of private regions are shared, write-protected on both sides; the first
 *           write copies (cow.c).  A region that has no anonymous page is left out: a fault finds the pages of
 *           a file in the cache.  Where there may be anonymous pages, all entries are looked at anyhow, and
 *           the pages of the file and the zero page go along, too, as on Linux: the child's Rss tells of them.
 *           Device frames (VM_PFNMAP) are copied as they are.
 *           The uffd-wp mark goes along if the child's region is watched for it (fork is an event of its
 *           userfaultfd): with the page, or, for what is left out, as a marker.  Poison goes along always.
 * INVARIANTS
 *   K1  The parent has no writable entry for a shared page when the child first runs: the caller
 *       flushes the parent once after all regions, before it lets go of mmap_lock.
 *   K2  An anonymous page that both show is exclusive to neither (R3 of mm/rmap/rmap.h): the mark goes under the
 *       parent's ptl, where do_wp_page() and forced writes look at it.
 *   K3  Truncation that runs meanwhile finds the child's entry of a file's page, or takes the parent's before it is
 *       copied: the child's region is in i_mmap already, and behind its parent's (dup_file_link()).
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

/* How entries are copied; COPY_ALL alone where there are anonymous pages, for most regions. */
#define COPY_PFNMAP	1u	/* a device's frames, as they are */
#define COPY_MARKS	2u	/* the parent's may have the uffd-wp mark: the child's have it, too */
#define COPY_UNMARKED	4u	/* the parent's may have it, the child's do not */
#define COPY_ALL	8u	/* pages of the file and the zero page go along: mincore() and smaps tell of it */

/* Pages that the child got; those of its file are of one kind, as @of_file is. */
struct copied {
	unsigned long anon, file;
	const struct page *of_file;
};

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
	if (how & COPY_PFNMAP || (how & COPY_ALL && pte_special(pte)))
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

/* The child's twin of @pte, which shows @page, of a file. */
static __always_inline void copy_file_page(pte_t *dst, pte_t pte, struct page *page, unsigned how,
					   struct copied *nr)
{
	INV(C1, !pte_write(pte));		/* of mm/fault/cow.c: the region is private, for it has an anon_vma */
	page_dup_file_rmap(page);
	set_pte(dst, copied_pte(pte, how));
	nr->of_file = page;
	nr->file++;
}

/* The child's twin of @pte, of whatever kind; counted in @nr. */
static __noinline void copy_entry(pte_t *dst, pte_t *src, pte_t pte, unsigned how, struct copied *nr)
{
	struct page *page;

	if (pte_none(pte))
		return;
	if (pte_is_migration(pte)) {
		nr->anon += copy_migration(dst, src, pte, how);
		return;
	}
	page = is_page(pte) && !(how & COPY_PFNMAP) ? pfn_to_page(pte_pfn(pte)) : NULL;
	if (page && PageAnon(page)) {
		copy_anon(dst, src, pte, page, how);
		nr->anon++;
	} else if (page && how & COPY_ALL) {
		copy_file_page(dst, pte, page, how, nr);
	} else {
		set_pte(dst, copied_entry(pte, how));
	}
}

/*
 * Copy the entries [@src, @last) to @dst.  What most entries of a large process show, pages that are nobody's own
 * already, takes the short way: such an entry has no W (R3 of mm/rmap/rmap.h).  => the ptl of @src held
 */
static __always_inline struct copied copy_entries(pte_t *dst, pte_t *src, pte_t *last, unsigned how)
{
	struct copied nr = { 0 };

	for (; src != last; src++, dst++) {
		pte_t pte = pte_load(src);
		struct page *page;

		INV(W3, pte_none(pte_load(dst)));		/* of mm/pt/walk.c */
		if (unlikely((how & ~COPY_ALL) || !pte_shows_page(pte))) {
			copy_entry(dst, src, pte, how, &nr);
			continue;
		}
		page = pfn_to_page(pte_pfn(pte));
		if (likely(page_is_shared_anon(page))) {
			INV(K1, !pte_write(pte));
			page_dup_anon_rmap(page);
			set_pte(dst, pte);
			nr.anon++;
		} else if (PageAnon(page)) {
			copy_anon(dst, src, pte, page, 0);
			nr.anon++;
		} else if (how & COPY_ALL) {
			copy_file_page(dst, pte, page, 0, &nr);
		}	/* else a fault finds it in the file */
	}
	return nr;
}

/* Copy a run of entries, [va, stop) from @src to @dst. */
static struct copied copy_run(pte_t *dst, pte_t *src, vaddr_t va, vaddr_t stop, unsigned how)
{
	pte_t *last = src + ((stop - va) >> PAGE_SHIFT);
	struct page *table = pt_page(src);
	struct copied nr;

	INV(W1, PageTable(table) && PageTable(pt_page(dst)) && table->pt_mm != pt_page(dst)->pt_mm);
	spin_lock(&table->ptl);
	nr = likely(how == COPY_ALL) ? copy_entries(dst, src, last, COPY_ALL) : copy_entries(dst, src, last, how);
	spin_unlock(&table->ptl);
	return nr;
}

/* Count what the child's region @vma got. */
static void count_copied(struct vm_area_struct *vma, struct copied nr)
{
	if (likely(nr.anon))
		add_mm_counter(vma->vm_mm, MM_ANONPAGES, nr.anon);
	if (nr.file)
		add_mm_counter(vma->vm_mm, mm_counter(nr.of_file), nr.file);
}

/* Is there an entry in [ptep, ...) of [va, stop) that copy_run() would copy?  Saves a table. */
static bool run_needs_copy(pte_t *ptep, vaddr_t va, vaddr_t stop, unsigned how)
{
	for (; va != stop; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);

		if (pte_none(pte))
			continue;
		if (is_page(pte) && (how & COPY_ALL || PageAnon(pfn_to_page(pte_pfn(pte)))))
			return true;
		if (likely(is_page(pte)) && !how)
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
		how = COPY_ALL;
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
		pte_t *to;

		if (cond_resched_killable())
			return -EINTR;
		if (!run_needs_copy(from, va, stop, how))
			continue;
		to = pt_alloc(dst->vm_mm, va);
		if (!to)
			return -ENOMEM;
		count_copied(dst, copy_run(to, from, va, stop, how));
	}
	return 0;
}
