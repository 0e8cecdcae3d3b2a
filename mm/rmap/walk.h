/*
 * mm/rmap/walk.h - from a page to the entries that map it.
 *
 * MODEL     rmap_walk() calls a function for every region that may map a page, with the address where it would.
 *           Pages of files are found through i_mmap, anonymous ones through their anon_vma.  The lock of
 *           either keeps the regions, and their tables, until the walk is over: a region leaves both before its
 *           tables go.  The functions below it are what is done to the entries.
 *           Flushes are put off: cleared entries are noted by address space (struct rmap_flush), over one page or
 *           many, and one flush a space covers them.  Until then the space says so (tlb_flush_pending, T6).
 * LOCKING   The page is locked, or an anonymous one at least referenced, so that mapping and index stay.  Sleeps.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RMAP_WALK_H
#define VELLUM_MM_RMAP_WALK_H

#include "mm/rmap/anon_vma.h"
#include "mm/rmap/rmap.h"

struct rmap_walk_control {
	/* False ends the walk. */
	bool (*rmap_one)(struct page *page, struct vm_area_struct *vma, vaddr_t va, void *arg);
	void *arg;
	struct page *moved;	/* NULL, or: entries stand for this one in the page's place */
	struct anon_vma *anon_vma;	/* that of an anonymous page that no entry maps now; else found */
	bool try_lock;			/* for who may hold such locks himself */
};
/* False: the lock was taken, or the unlocked @page went elsewhere, and nothing was done. */
bool rmap_walk(struct page *page, const struct rmap_walk_control *rwc);

/* ---- flushes put off ------------------------------------------------------------------------- */

#define RMAP_FLUSH_SPACES	16
struct rmap_flush {
	unsigned nr;
	struct {
		struct mm_struct *mm;	/* counted; its tlb_flush_pending says that we are at work */
		vaddr_t start, end;	/* cleared and not flushed; nothing when start >= end */
	} space[RMAP_FLUSH_SPACES];
};
/* Flush what was noted, and forget it.  => no spin lock held */
void rmap_flush(struct rmap_flush *f);

/* ---- what is done to the entries ------------------------------------------------------------- */

/*
 * How many entries were used to reach @page since the last look; they look unused from now on, but no hart is told:
 * one that remembers the translation goes on without setting the mark again, and seldom for long.
 */
int page_referenced(struct page *page, bool try_lock);
/* Take write and dirty from the shared entries of the locked file @page, flushed.  Whether any was dirty. */
bool page_mkclean(struct page *page);
/* Clear the entries of the locked, referenced file @page; those of locked regions stay.  Whether none is left. */
bool try_to_unmap(struct page *page, struct rmap_flush *f);
/* Put migration entries in the place of all; @spare_locked: not in locked regions.  Whether none is left. */
bool try_to_migrate(struct page *page, struct rmap_flush *f, bool spare_locked);
/*
 * The migration entries that stand for @old become entries of @page, which is locked and has its place in a file
 * or in @anon_vma (NULL for a file's).
 */
void remove_migration_ptes(struct page *old, struct page *page, struct anon_vma *anon_vma);

#endif
