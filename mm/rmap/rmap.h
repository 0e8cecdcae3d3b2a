/*
 * mm/rmap/rmap.h - how many page-table entries map a page.
 *
 * MODEL     page->_mapcount is the number of entries that map the page, minus one.  Each entry also
 *           holds a reference.  A page is anonymous (PG_anon) from its first mapping until it is
 *           freed; the zero page and device frames are mapped by special entries and never counted.
 *           PG_anon_exclusive says that an anonymous page belongs to the one entry that maps it: a write
 *           through it needs no copy.  A new page has it, fork takes it away, do_wp_page() may give it
 *           back (mm/fault/cow.c).  References that others take for a moment do not disturb it.
 * INVARIANTS
 *   R1  Every non-special present user entry counts once in _mapcount and once in _refcount.
 *   R2  NR_ANON_MAPPED and NR_FILE_MAPPED count pages with _mapcount >= 0, by kind.
 *   R3  A page that is exclusive is anonymous and has one entry; an entry of an anonymous page that has W
 *       shows an exclusive one.
 * LOCKING   The ptl of the entry that changes is held; _mapcount itself is atomic.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RMAP_RMAP_H
#define VELLUM_MM_RMAP_RMAP_H

#include "include/mm_types.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"

static __always_inline void rmap_stat(struct page *page, int item, long nr_pages)
{
	mod_node_page_state(page_pgdat(page), item, nr_pages);
}

/* A page that nobody else can see yet becomes anonymous page @index of @anon_vma, mapped once; not counted. */
static __always_inline void page_init_anon(struct page *page, struct anon_vma *anon_vma, pgoff_t index)
{
	INV(R1, page_mapcount(page) == 0 && page_count(page) > 0 && !PageAnon(page));
	page->flags |= BIT(PG_anon) | BIT(PG_anon_exclusive) | BIT(PG_swapbacked) | BIT(PG_uptodate);
	page->anon_vma = anon_vma;
	page->index = index;
	atomic_set(&page->_mapcount, 0);
}

/* A page that nobody else can see yet becomes the anonymous page of @address in @vma. */
static __always_inline void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
						   vaddr_t address)
{
	page_init_anon(page, vma->anon_vma, linear_page_index(vma, address));
	rmap_stat(page, NR_ANON_MAPPED, 1);
}

/*
 * @page is exclusive to the entry of @vma that maps it, and was not before: from now on only @vma and its children
 * are looked through for it.  => ptl; nobody else refers to the page, so nobody looks
 */
static __always_inline void page_move_anon_rmap(struct page *page, const struct vm_area_struct *vma)
{
	INV(R3, PageAnon(page) && page_mapcount(page) == 1);
	SetPageAnonExclusive(page);
	if (vma->anon_vma)		/* a region that inherited, and has made no page yet: its parents' will do */
		page->anon_vma = vma->anon_vma;
}

/* One more entry maps the anonymous @page (R1: the caller holds a reference for it). */
static __always_inline void page_add_anon_rmap(struct page *page)
{
	INV(R1, PageAnon(page) && page_count(page) > 0);
	if (atomic_inc_return(&page->_mapcount) == 0)
		rmap_stat(page, NR_ANON_MAPPED, 1);
}

static __always_inline void page_add_file_rmap(struct page *page)
{
	INV(R1, !PageAnon(page) && page_count(page) > 0);
	if (atomic_inc_return(&page->_mapcount) == 0)
		rmap_stat(page, NR_FILE_MAPPED, 1);
}

/* Is @page anonymous, and nobody's own (R3)?  => the ptl of an entry that maps it */
static __always_inline bool page_is_shared_anon(const struct page *page)
{
	return (READ_ONCE(page->flags) & (BIT(PG_anon) | BIT(PG_anon_exclusive))) == BIT(PG_anon);
}

/* fork: the mapped, anonymous @page, nobody's own, gets one more entry: count it twice (R1).  => as above */
static __always_inline void page_dup_anon_rmap(struct page *page)
{
	INV(R1, page_mapcount(page) > 0);	/* so nothing is carried from one count to the other */
	INV(R3, !PageAnonExclusive(page));
	__atomic_fetch_add(&page->counts, 1ul << 32 | 1, __ATOMIC_RELAXED);
}

/* The same for a page of a file. */
static __always_inline void page_dup_file_rmap(struct page *page)
{
	INV(R1, !PageAnon(page) && page_mapcount(page) > 0);
	__atomic_fetch_add(&page->counts, 1ul << 32 | 1, __ATOMIC_RELAXED);
}

/*
 * As page_dup_anon_rmap(), where @page may be its entry's own, which has no W any more: let nobody think so from here
 * on (R3).
 */
static __always_inline void page_share_anon_rmap(struct page *page)
{
	if (PageAnonExclusive(page))
		ClearPageAnonExclusive(page);
	page_dup_anon_rmap(page);
}

/* An entry that mapped @page is gone.  Returns whether it was the last: the caller counts (R2). */
static __always_inline bool __page_remove_rmap(struct page *page)
{
	INV(R1, page_mapcount(page) > 0 && page_count(page) > 0);
	return atomic_dec_return(&page->_mapcount) < 0;
}

static __always_inline void page_remove_rmap(struct page *page)
{
	if (__page_remove_rmap(page))
		rmap_stat(page, PageAnon(page) ? NR_ANON_MAPPED : NR_FILE_MAPPED, -1);
}

#endif
