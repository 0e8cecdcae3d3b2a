/*
 * mm/reclaim/pageout.c - reclaim of pages that were named: MADV_PAGEOUT.
 *
 * MODEL     A batch: each page is locked and leaves the spaces that map it; one flush for all; those that are clean
 *           leave the cache.  What was written to through an entry is dirty from then on, and stays to be written.
 *           Pages whose store is memory leave the spaces only: a fault finds them, as on a Linux without swap.
 * INVARIANTS
 *   O1  A page leaves the cache only when the flush for its entries is done (L1).
 * LOCKING   Page locks are tried, and held over the batch: nobody waits for one while he holds one.
 * FAILURE   Pages in use stay, with the entries that they still have.
 * TESTS     test/host/mm/reclaim/test_vmscan.c, test/user/t_lazyfree.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/pagemap.h"
#include "mm/reclaim/vmscan.h"
#include "mm/rmap/walk.h"

/* Lock @page and take it out of the spaces; whether it may go, and is locked then. */
static bool unmap_named(struct page *page, struct rmap_flush *flush)
{
	if (!trylock_page(page))
		return false;
	if (page->mapping && !PageAnon(page) && try_to_unmap(page, flush))
		return true;
	unlock_page(page);
	return false;
}

void reclaim_pages(struct page **pages, unsigned nr)
{
	struct rmap_flush flush = { .nr = 0 };
	struct page *gone[PAGEOUT_BATCH];
	unsigned n = 0;

	INV(O1, nr <= PAGEOUT_BATCH);
	for (unsigned i = 0; i < nr; i++)
		if (unmap_named(pages[i], &flush))
			gone[n++] = pages[i];
	rmap_flush(&flush);
	for (unsigned i = 0; i < n; i++) {
		INV(O1, PageLocked(gone[i]) && !flush.nr);
		if (!PageSwapBacked(gone[i]) && !PageDirty(gone[i]) && !PageWriteback(gone[i]))
			(void)remove_mapping(gone[i]->mapping, gone[i]);
		unlock_page(gone[i]);
	}
	free_pages_bulk(pages, nr);
	cond_resched();
}
