/*
 * mm/rmap/rmap.h - how many page-table entries map a page.
 *
 * MODEL     page->_mapcount is the number of entries that map the page, minus one.  Each entry also
 *           holds a reference.  A page is anonymous (PG_anon) from its first mapping until it is
 *           freed; the zero page and device frames are mapped by special entries and never counted.
 * INVARIANTS
 *   R1  Every non-special present user entry counts once in _mapcount and once in _refcount.
 *   R2  NR_ANON_MAPPED and NR_FILE_MAPPED count pages with _mapcount >= 0, by kind.
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

/* A page that nobody else can see yet becomes anonymous page @index, mapped once; not counted. */
static __always_inline void page_init_anon(struct page *page, pgoff_t index)
{
	page->flags |= BIT(PG_anon) | BIT(PG_swapbacked) | BIT(PG_uptodate);
	page->mapping = NULL;
	page->index = index;
	atomic_set(&page->_mapcount, 0);
}

/* A page that nobody else can see yet becomes the anonymous page of @address in @vma. */
static __always_inline void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
						   vaddr_t address)
{
	page_init_anon(page, vma->vm_pgoff + ((address - vma->vm_start) >> PAGE_SHIFT));
	rmap_stat(page, NR_ANON_MAPPED, 1);
}

/* One more entry maps the anonymous @page (R1: the caller holds a reference for it). */
static __always_inline void page_add_anon_rmap(struct page *page)
{
	if (atomic_inc_return(&page->_mapcount) == 0)
		rmap_stat(page, NR_ANON_MAPPED, 1);
}

static __always_inline void page_add_file_rmap(struct page *page)
{
	if (atomic_inc_return(&page->_mapcount) == 0)
		rmap_stat(page, NR_FILE_MAPPED, 1);
}

/* fork: a page that is mapped already gets one more entry. */
static __always_inline void page_dup_rmap(struct page *page)
{
	atomic_inc(&page->_mapcount);
}

/* An entry that mapped @page is gone.  Returns whether it was the last: the caller counts (R2). */
static __always_inline bool __page_remove_rmap(struct page *page)
{
	return atomic_dec_return(&page->_mapcount) < 0;
}

static __always_inline void page_remove_rmap(struct page *page)
{
	if (__page_remove_rmap(page))
		rmap_stat(page, PageAnon(page) ? NR_ANON_MAPPED : NR_FILE_MAPPED, -1);
}

#endif
