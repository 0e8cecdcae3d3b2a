/*
 * mm/rmap/walk.h - from a page to the entries that map it.
 *
 * MODEL     A walk visits every region that may map a page, with the address where it would, and keeps
 *           the regions in which the visitor found it, with their tables, from changing until
 *           rmap_walk_end().  Pages of files are found through i_mmap.  Anonymous pages are found
 *           by a finder: now the one that looks through all address spaces (anon_scan.c); a structure
 *           that knows better registers itself in its place.
 *           Nothing waits: a region whose lock is taken is left out, and the visitor, who knows from
 *           page_mapcount() how many entries there are, sees that some are missing.
 * LOCKING   The page is locked, so that mapping and index stay.  Any sleeping lock may be held.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RMAP_WALK_H
#define VELLUM_MM_RMAP_WALK_H

#include "mm/rmap/rmap.h"

#define RMAP_MAX_SPACES	24		/* address spaces that one walk can hold */

enum rmap_visit {
	RMAP_MISS,			/* the page is not there */
	RMAP_HIT,			/* it is: hold on to the region; more may follow */
	RMAP_DONE,			/* it is, and this was the last */
};

struct rmap_walk {
	struct page *page;
	enum rmap_visit (*visit)(struct rmap_walk *w, struct vm_area_struct *vma, vaddr_t va);
	void *arg;			/* the visitor's */

	/* The finder's. */
	struct address_space *mapping;	/* its i_mmap_lock is held */
	struct mm_struct *likely;	/* look here first: counted (mm_count), or NULL */
	unsigned nr_spaces;
	struct mm_struct *space[RMAP_MAX_SPACES];	/* counted, mmap_lock held (read) */
};

struct rmap_finder {
	void (*walk)(struct rmap_walk *w);
	void (*end)(struct rmap_walk *w);
};
extern const struct rmap_finder anon_scan_finder;
extern const struct rmap_finder *anon_rmap_finder;	/* who finds anonymous pages */

/* => the page is locked; afterwards rmap_walk_end() */
void rmap_walk(struct rmap_walk *w);
void rmap_walk_end(struct rmap_walk *w);

/* A visit's usual work: the entry at @va if it maps @page, NULL otherwise.  Not under its ptl: a hint. */
pte_t *rmap_entry(struct page *page, struct vm_area_struct *vma, vaddr_t va);

#endif
