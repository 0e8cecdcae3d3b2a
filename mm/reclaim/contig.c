/*
 * mm/reclaim/contig.c - a given range of frames, whatever is there now.
 *
 * MODEL     isolate its pageblocks (nothing is allocated from them any more) -> drain the hart lists ->
 *           move the pages in use elsewhere -> take the free blocks off the lists, as single pages ->
 *           release the parts of the blocks that lie outside -> end the isolation.
 *           A page that is pinned, or of the kernel, makes it fail: nothing is taken then.
 * INVARIANTS
 *   Q1  In isolated pageblocks free memory only grows.
 *   Q2  What is handed out was free in one look under zone->lock, and nobody has found it since.
 * LOCKING   zone->lock to take the blocks.
 * TESTS     test/host/mm/reclaim/test_compact.c, test/kernel/test_compact.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "kernel/sync/wait.h"
#include "mm/phys/page_alloc.h"
#include "mm/reclaim/compact.h"
#include "mm/reclaim/migrate.h"

#define CONTIG_TRIES	5

static struct page *alloc_elsewhere(struct migrate_target *t, __maybe_unused struct page *old)
{
	return alloc_pages_node(t->nid, GFP_HIGHUSER_MOVABLE | __GFP_RETRY_MAYFAIL | __GFP_NOWARN, 0);
}

/* One pass over [start, end): pages that could not be moved. */
static unsigned long migrate_away(struct compact_control *cc, pfn_t start, pfn_t end)
{
	struct migrate_target target = { .alloc = alloc_elsewhere, .nid = cc->zone->pgdat->node_id };
	unsigned long left = 0;

	for (pfn_t pfn = start; pfn < end; ) {
		cc->nr_pages = 0;
		pfn = isolate_migratepages_range(cc, pfn, end);
		if (cc->nr_pages)
			left += migrate_pages(cc->page, cc->nr_pages, &target, NULL);
	}
	return left;
}

/* The free block that holds @pfn begins at the result; 0: @pfn is not free.  => zone->lock held */
static bool free_block_at(struct zone *zone, pfn_t pfn, pfn_t *first)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		pfn_t at = ALIGN_DOWN(pfn, 1ul << order);
		struct page *page = pfn_to_page(at);

		if (at >= zone->zone_start_pfn && PageBuddy(page) && page_zone(page) == zone &&
		    buddy_order(page) >= order) {
			*first = at;
			return true;
		}
	}
	return false;
}

/* Is every page of [start, end) free?  => zone->lock held */
static bool range_is_free(struct zone *zone, pfn_t start, pfn_t end)
{
	pfn_t first;

	for (pfn_t pfn = start; pfn < end; pfn = first + (1ul << buddy_order(pfn_to_page(first))))
		if (!free_block_at(zone, pfn, &first))
			return false;
	return true;
}

/* Take [start, end), all free, off the lists; what of the blocks lies outside goes back at once. */
static void take_range(struct zone *zone, pfn_t start, pfn_t end)
{
	spin_assert_held(&zone->lock);
	INV(Q2, start < end && start >= zone->zone_start_pfn && end <= zone_end_pfn(zone));
	for (pfn_t pfn = start; pfn < end; ) {
		unsigned order;
		pfn_t first, stop;

		ASSERT(free_block_at(zone, pfn, &first));	/* Q2 */
		order = buddy_order(pfn_to_page(first));
		stop = first + (1ul << order);
		INV(Q1, pfnblock_migratetype(zone, max(first, start)) == MIGRATE_ISOLATE);
		del_page_from_free_list(zone, pfn_to_page(first), order);
		for (pfn_t p = first; p < stop; p++)
			if (p < start || p >= end)
				__free_one_page(zone, pfn_to_page(p), p, 0, pfnblock_migratetype(zone, p));
		pfn = stop;
	}
}

static bool try_take_range(struct zone *zone, pfn_t start, pfn_t end)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&zone->lock, flags);
	done = range_is_free(zone, start, end);
	if (done)
		take_range(zone, start, end);
	spin_unlock_irqrestore(&zone->lock, flags);
	return done;
}

static int empty_range(struct compact_control *cc, pfn_t start, pfn_t end)
{
	for (unsigned tries = 0; tries < CONTIG_TRIES; tries++) {
		drain_all_pages(cc->zone);
		if (try_take_range(cc->zone, start, end))
			return 0;
		if (fatal_signal_pending())
			return -EINTR;
		migrate_away(cc, start, end);
	}
	drain_all_pages(cc->zone);
	return try_take_range(cc->zone, start, end) ? 0 : -EBUSY;
}

/* Is there memory, initialised, in every pageblock from @start to @end? */
static bool range_online(pfn_t start, pfn_t end)
{
	for (pfn_t pfn = start; pfn < end; pfn += pageblock_nr_pages)
		if (!pfn_to_online_page(pfn))
			return false;
	return true;
}

int alloc_contig_range(pfn_t start, pfn_t end, unsigned migratetype, gfp_t gfp)
{
	pfn_t outer_start = ALIGN_DOWN(start, pageblock_nr_pages), outer_end = ALIGN(end, pageblock_nr_pages);
	struct compact_control cc = { .order = -1, .sync = true };
	int rc;

	if (start >= end || !pfn_to_online_page(start) || !pfn_to_online_page(end - 1))
		return -EINVAL;
	cc.zone = page_zone(pfn_to_page(start));
	if (outer_start < cc.zone->zone_start_pfn || outer_end > zone_end_pfn(cc.zone))
		return -EBUSY;
	if (!range_online(outer_start, outer_end))
		return -EBUSY;
	rc = start_isolate_page_range(outer_start, outer_end);		/* Q1 */
	if (rc)
		return rc;
	rc = empty_range(&cc, start, end);
	undo_isolate_page_range(outer_start, outer_end, migratetype);
	if (rc)
		return rc;
	for (pfn_t pfn = start; pfn < end; pfn++) {
		INV(Q2, !page_count(pfn_to_page(pfn)) && !PageBuddy(pfn_to_page(pfn)));
		set_page_mt_hint(pfn_to_page(pfn), migratetype);
		prep_new_page(pfn_to_page(pfn), 0, gfp);
	}
	count_vm_events(PGALLOC_DMA32 + cc.zone->idx, end - start);
	return 0;
}

void free_contig_range(pfn_t start, unsigned long nr_pages)
{
	for (pfn_t pfn = start; pfn < start + nr_pages; pfn++)
		__free_page(pfn_to_page(pfn));
}

/* Could [start, end) be had: memory of @zone, and nothing in it that never moves? */
static bool range_hopeful(const struct zone *zone, pfn_t start, pfn_t end)
{
	for (pfn_t pfn = start; pfn < end; pfn++) {
		const struct page *page = pfn_to_page(pfn);

		if (!(pfn & (pageblock_nr_pages - 1)) && !pfn_to_online_page(pfn))
			return false;
		if (page_zone(page) != zone || PageReserved(page) || PageSlab(page) || PageTable(page))
			return false;
	}
	return true;
}

struct page *alloc_contig_pages(unsigned long nr_pages, gfp_t gfp, int nid)
{
	unsigned long align = max(1ul << get_order(nr_pages << PAGE_SHIFT), pageblock_nr_pages);
	struct zonelist *list = node_zonelist(nid, gfp);

	for (struct zoneref *z = list->refs; z->zone; z++) {
		pfn_t pfn = ALIGN(z->zone->zone_start_pfn, align);

		if (z->zone_idx > gfp_zone(gfp))
			continue;
		for (; pfn + nr_pages <= zone_end_pfn(z->zone); pfn += align)
			if (range_hopeful(z->zone, pfn, pfn + nr_pages) &&
			    !alloc_contig_range(pfn, pfn + nr_pages, MIGRATE_MOVABLE, gfp))
				return pfn_to_page(pfn);
	}
	return NULL;
}
