/*
 * mm/reclaim/vmscan.c - scan what could be freed, gently first, and free it.
 *
 * MODEL     shrink_node() asks a node's caches in turn: file pages that are clean (mapped ones are unmapped),
 *           then the shrinkers.  A page that was used since the last look (PG_referenced) is let go
 *           only at the second look, or when priorities are low.
 *           Memory that shrinkers give back counts as reclaimed by pages: the slab allocator adds to
 *           the task's reclaim_state.
 * INVARIANTS
 *   R1  A page that goes is clean, mapped nowhere, and was nobody's but the cache's and ours.
 *   R2  reclaim_state is the running task's, and its own again when a node was shrunk.
 * LOCKING   No lock of its own.  Page locks are only tried: the task in need may hold any sleeping lock.
 * FAILURE   Nothing to reclaim: 0, and the allocator decides.
 * COST      One look-up and one page lock for a page of a file.
 * TESTS     test/host/mm/reclaim/test_vmscan.c, test/kernel/test_reclaim.c, test/user/t_reclaim.c, t_pressure.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/reclaim/vmscan.h"
#include "mm/cache/dirty.h"
#include "mm/cache/pagemap.h"
#include "mm/phys/vmstat.h"
#include "mm/reclaim/compact.h"
#include "mm/reclaim/shrinker.h"
#include "mm/rmap/walk.h"

#define FILE_BATCH	16u
#define WALK_RANKS	(BIT(RANK_I_MMAP) | BIT(RANK_ANON_VMA))

/* ---- pages of files -------------------------------------------------------------------------- */

static bool may_reclaim(const pg_data_t *pgdat, const struct page *page, const struct scan_control *sc)
{
	return page_pgdat(page) == pgdat && page_zonenum(page) <= sc->reclaim_idx;
}

/* Take the locked @page out of the spaces that map it, unless one of them has used it lately.  Whether. */
static bool unmap_page(struct page *page, const struct scan_control *sc)
{
	struct rmap_flush flush = { .nr = 0 };
	bool unmapped;

	if (!page_mapcount(page))
		return true;
	if (page_referenced(page, true) && sc->priority > DEF_PRIORITY / 2)
		return false;
	INV(R1, PageLocked(page) && !PageAnon(page));
	unmapped = try_to_unmap(page, &flush);
	rmap_flush(&flush);		/* before the page can be freed (L1) */
	return unmapped;
}

/* One look at @page; whether it was freed but for the caller's reference. */
static bool scan_page(struct address_space *mapping, struct page *page, struct scan_control *sc)
{
	bool gone = false;

	if (PageDirty(page))
		wakeup_flusher();
	if (PageDirty(page) || PageWriteback(page) || PageMlocked(page))
		return false;
	if (PageReferenced(page) && sc->priority > DEF_PRIORITY / 2) {
		ClearPageReferenced(page);
		return false;
	}
	if (!trylock_page(page))
		return false;
	if (page->mapping == mapping && unmap_page(page, sc))
		gone = remove_mapping(mapping, page);
	INV(R1, !gone || (!PageDirty(page) && !page_mapcount(page) && !page->mapping));
	unlock_page(page);
	return gone;
}

static unsigned long scan_batch(pg_data_t *pgdat, struct address_space *mapping, struct page **pages,
				unsigned nr, struct scan_control *sc)
{
	unsigned long scanned = 0, stolen = 0;

	for (unsigned i = 0; i < nr; i++)
		if (may_reclaim(pgdat, pages[i], sc)) {
			scanned++;
			stolen += scan_page(mapping, pages[i], sc);
		}
	INV(R1, stolen <= scanned && scanned <= nr);
	free_pages_bulk(pages, nr);
	count_vm_events(sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, scanned);
	count_vm_events(PGSCAN_FILE, scanned);
	count_vm_events(sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, stolen);
	count_vm_events(PGSTEAL_FILE, stolen);
	sc->nr_scanned += scanned;
	sc->nr_reclaimed += stolen;
	return scanned;
}

/* Cached pages that have a store behind them; too many by those that are mapped or dirty. */
static unsigned long file_cache_pages(pg_data_t *pgdat)
{
	unsigned long file = node_page_state(pgdat, NR_FILE_PAGES), shmem = node_page_state(pgdat, NR_SHMEM);

	return file > shmem ? file - shmem : 0;
}

void shrink_file_cache(pg_data_t *pgdat, struct scan_control *sc)
{
	unsigned long todo = file_cache_pages(pgdat), scanned = 0;
	struct address_space *mapping = NULL;

	if (!todo)
		return;
	todo = max(todo >> sc->priority, SWAP_CLUSTER_MAX);
	while (scanned < todo && (mapping = next_cached_mapping(mapping))) {
		struct page *pages[FILE_BATCH];
		pgoff_t index = 0;
		unsigned nr;

		while (scanned < todo && (nr = find_get_pages(mapping, &index, ~0ul, FILE_BATCH, pages))) {
			scanned += scan_batch(pgdat, mapping, pages, nr, sc);
			cond_resched();
		}
	}
	if (mapping)
		put_cached_mapping(mapping);
}

unsigned long drop_pagecache(void)
{
	struct address_space *mapping = NULL;
	unsigned long dropped = 0;

	while ((mapping = next_cached_mapping(mapping))) {
		dropped += invalidate_mapping_pages(mapping, 0, ~0ul);
		cond_resched();
	}
	return dropped;
}

/* ---- a node ---------------------------------------------------------------------------------- */

void shrink_node(pg_data_t *pgdat, struct scan_control *sc)
{
	struct reclaim_state rs = { 0 }, *outer = current_base()->reclaim_state;
	unsigned long before = sc->nr_reclaimed;

	current_base()->reclaim_state = &rs;
	shrink_file_cache(pgdat, sc);
	shrink_slab(sc->gfp_mask, pgdat->node_id, sc->priority);
	INV(R2, current_base()->reclaim_state == &rs);
	current_base()->reclaim_state = outer;
	sc->nr_reclaimed += rs.reclaimed;
	if (sc->nr_reclaimed > before)
		WRITE_ONCE(pgdat->kswapd_failures, 0);		/* it is of use again: kswapd may be woken */
}

/* ---- direct reclaim -------------------------------------------------------------------------- */

static bool node_allowed(const struct alloc_context *ac, int nid)
{
	return !ac->nodemask || ac->nodemask->bits >> nid & 1;
}

/* Each node of the zonelist once.  Whether some zone could be compacted for @sc already. */
static bool shrink_zones(const struct alloc_context *ac, struct scan_control *sc)
{
	pg_data_t *last = NULL;
	bool ready = false;

	for (struct zoneref *z = ac->zonelist->refs; z->zone; z++) {
		pg_data_t *pgdat = z->zone->pgdat;

		if (z->zone_idx > ac->highest_zoneidx || !node_allowed(ac, pgdat->node_id))
			continue;
		if (sc->order > PAGE_ALLOC_COSTLY_ORDER && compaction_ready(z->zone, sc->order, sc->reclaim_idx)) {
			ready = true;
			continue;
		}
		if (pgdat == last)
			continue;
		last = pgdat;
		shrink_node(pgdat, sc);
	}
	return ready;
}

unsigned long try_to_free_pages(const struct alloc_context *ac, unsigned order, gfp_t gfp)
{
	struct scan_control sc = {
		.nr_to_reclaim = SWAP_CLUSTER_MAX, .gfp_mask = gfp, .order = order,
		.priority = DEF_PRIORITY, .reclaim_idx = ac->highest_zoneidx,
	};

	INV(W2, !(current_base()->lock_ranks & WALK_RANKS));	/* of mm/rmap/walk.c */
	for (; sc.priority >= 0; sc.priority--) {
		bool ready = shrink_zones(ac, &sc);

		if (sc.nr_reclaimed >= sc.nr_to_reclaim)
			break;
		if (ready)
			return max(sc.nr_reclaimed, 1ul);
	}
	return sc.nr_reclaimed;
}
