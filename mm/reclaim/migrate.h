/*
 * mm/reclaim/migrate.h - give a page that is in use another frame.
 *
 * MODEL     isolate  take a reference to a page that can be moved;
 *           migrate  copy it to a new page, let every entry and the cache show that instead; the old
 *                    page comes free with our reference.
 *           Which frame the new page is to have is the caller's: compaction wants one at the other end of
 *           the zone, NUMA policy one of another node.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RECLAIM_MIGRATE_H
#define VELLUM_MM_RECLAIM_MIGRATE_H

#include "mm/phys/zone.h"

/* Can @page, which may change under our eyes, be moved?  Then it has a reference more. */
bool isolate_movable_page(struct page *page);

/* Where pages go. */
struct migrate_target {
	/* A page for the content of @old, as alloc_page() gives it; NULL: no more. */
	struct page *(*alloc)(struct migrate_target *t, struct page *old);
	/* Takes one back that was not used; NULL: free it. */
	void (*put)(struct migrate_target *t, struct page *page);
	void *arg;
	int nid;			/* for the caller's alloc */
	bool spare_locked;		/* leave alone what somebody has locked into memory (mlock) */
};

/*
 * Move @pages[0..nr), which are isolated; all references are given back.  How many stayed where they were.
 * @status, if not NULL, gets 0 or -errno for each: -EBUSY somebody else uses it, -ENOMEM no target.
 */
unsigned migrate_pages(struct page **pages, unsigned nr, struct migrate_target *t, int *status);

#endif
