/*
 * mm/reclaim/compact.c - move pages of a zone to its upper end, so that free blocks grow at the lower.
 *
 * MODEL     compact_zone():  isolate up to 32 movable pages (migrate scanner) -> migrate_pages(), whose
 *           targets come from the free scanner -> again, until compact_finished().
 *           The places that the scanners reached are kept in the zone, and the next run goes on there;
 *           when they meet, they start again at the ends.
 *           Asynchronous runs look at movable pageblocks only and stop when the hart is wanted.
 * INVARIANTS
 *   O1  migrate_pfn <= free_pfn; what lies between was not seen by this run.
 *   O2  Pages on cc->freepages have no references and are in no list of the zone; at the end of a run
 *       the list is empty.
 *   O3  A run holds a reference of at most COMPACT_CLUSTER_MAX pages at a time.
 * LOCKING   zone->lock while the free scanner takes blocks of one pageblock; nothing over a migration.
 * COST      A pageblock's pages are looked at once per run; free blocks are stepped over whole.
 * TESTS     test/kernel/test_compact.c, test/host/mm/reclaim/test_compact.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/reclaim/compact.h"
#include "kernel/sync/wait.h"
#include "mm/phys/page_alloc.h"
#include "mm/reclaim/migrate.h"

int sysctl_extfrag_threshold = 500, sysctl_compact_unevictable_allowed = 1;

/* ---- is it of use? --------------------------------------------------------------------------- */

struct free_census { unsigned long pages, blocks, suitable; };

static struct free_census free_census(const struct zone *zone, unsigned order)
{
	struct free_census c = { 0 };

	for (unsigned o = 0; o < NR_PAGE_ORDERS; o++) {
		unsigned long n = READ_ONCE(zone->free_area[o].nr_free);

		c.pages += n << o;
		c.blocks += n;
		if (o >= order)
			c.suitable += n << (o - order);
	}
	return c;
}

/*
 * Why would an allocation of @order fail: 0 for want of memory .. 1000 for fragmentation; -1000: it
 * would not.
 */
static int fragmentation_index(const struct zone *zone, unsigned order)
{
	struct free_census c = free_census(zone, order);

	if (!c.blocks)
		return 0;
	if (c.suitable)
		return -1000;
	return 1000 - (int)((1000 + c.pages * 1000 / (1ul << order)) / c.blocks);
}

enum compact_result compaction_suitable(struct zone *zone, unsigned order, enum zone_type highest)
{
	unsigned long mark = order > PAGE_ALLOC_COSTLY_ORDER ? low_wmark_pages(zone) : min_wmark_pages(zone);
	int index;

	if (zone_watermark_ok(zone, order, low_wmark_pages(zone), highest, 0))
		return COMPACT_SUCCESS;
	if (!zone_watermark_ok(zone, 0, mark + compact_gap(order), highest, 0))
		return COMPACT_NOT_SUITABLE;
	if (order > PAGE_ALLOC_COSTLY_ORDER) {
		index = fragmentation_index(zone, order);
		if (index >= 0 && index <= sysctl_extfrag_threshold)
			return COMPACT_SKIPPED;
	}
	return COMPACT_CONTINUE;
}

bool compaction_ready(struct zone *zone, unsigned order, enum zone_type highest)
{
	enum compact_result rc = compaction_suitable(zone, order, highest);

	return rc == COMPACT_SUCCESS || rc == COMPACT_CONTINUE;
}

#define COMPACT_MAX_DEFER_SHIFT	6

/* Should this try for @order be passed over? */
bool compaction_deferred(struct zone *zone, int order)
{
	unsigned long limit = 1ul << zone->compact_defer_shift;

	if (order < zone->compact_order_failed)
		return false;
	if (++zone->compact_considered >= limit) {
		zone->compact_considered = limit;
		return false;
	}
	return true;
}

void defer_compaction(struct zone *zone, int order)
{
	zone->compact_considered = 0;
	if (zone->compact_defer_shift < COMPACT_MAX_DEFER_SHIFT)
		zone->compact_defer_shift++;
	if (order < zone->compact_order_failed)
		zone->compact_order_failed = order;
}

void compaction_defer_reset(struct zone *zone, int order, bool alloc_success)
{
	if (alloc_success)
		zone->compact_considered = zone->compact_defer_shift = 0;
	if (order >= zone->compact_order_failed)
		zone->compact_order_failed = order + 1;
}

/* ---- the free scanner ------------------------------------------------------------------------ */

/* Take the free block at @page; its order.  => zone->lock held */
static unsigned take_block(struct compact_control *cc, struct page *page)
{
	unsigned order = buddy_order(page), mt = get_pageblock_migratetype(page);

	spin_assert_held(&cc->zone->lock);
	INV(O2, PageBuddy(page) && !page_count(page) && order <= MAX_ORDER);
	del_page_from_free_list(cc->zone, page, order);
	for (unsigned i = 0; i < 1u << order; i++) {
		set_page_mt_hint(page + i, mt);
		list_add(&page[i].lru, &cc->freepages);		/* the highest comes out first */
	}
	cc->nr_freepages += 1ul << order;
	return order;
}

/* May compaction take 2^@order pages more from the zone? */
static bool may_take(struct compact_control *cc, unsigned order)
{
	return zone_watermark_ok(cc->zone, 0, min_wmark_pages(cc->zone) + (1ul << order), cc->highest, 0);
}

/* The free blocks of [pfn, end), which lies in one pageblock. */
static void isolate_freepages_block(struct compact_control *cc, pfn_t pfn, pfn_t end)
{
	struct zone *zone = cc->zone;
	unsigned long scanned = 0, before = cc->nr_freepages, flags;

	spin_lock_irqsave(&zone->lock, flags);
	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);

		scanned++;
		if (!PageBuddy(page) || page_zone(page) != zone) {
			pfn++;
			continue;
		}
		if (buddy_order(page) > pageblock_order || !may_take(cc, buddy_order(page)))
			break;
		pfn += 1ul << take_block(cc, page);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	count_vm_events(COMPACTFREE_SCANNED, scanned);
	if (cc->daemon)
		count_vm_events(KCOMPACTD_FREE_SCANNED, scanned);
	count_vm_events(COMPACTISOLATED, cc->nr_freepages - before);
}

/* Is the pageblock at @pfn one to take targets from: movable, and not a large free block already? */
static bool suitable_target(const struct compact_control *cc, pfn_t pfn)
{
	struct page *page = pfn_to_page(pfn);

	if (page_zone(page) != cc->zone)
		return false;
	if (PageBuddy(page) && READ_ONCE(page->private) >= pageblock_order)
		return false;
	return page_group_by_mobility_disabled || pfnblock_migratetype(cc->zone, pfn) == MIGRATE_MOVABLE;
}

/* Fill cc->freepages with at least one page, if there is one above the migrate scanner. */
static void isolate_freepages(struct compact_control *cc)
{
	struct zone *zone = cc->zone;

	while (!cc->nr_freepages && cc->free_pfn > cc->migrate_pfn) {
		pfn_t start = max(ALIGN_DOWN(cc->free_pfn - 1, pageblock_nr_pages), zone->zone_start_pfn);

		if (start < cc->migrate_pfn)		/* the migrate scanner is in this pageblock */
			start = cc->migrate_pfn;
		if (pfn_to_online_page(start) && suitable_target(cc, start))
			isolate_freepages_block(cc, start, cc->free_pfn);
		cc->free_pfn = start;
		INV(O1, cc->migrate_pfn <= cc->free_pfn);
	}
}

static struct page *compaction_alloc(struct migrate_target *t, __maybe_unused struct page *old)
{
	struct compact_control *cc = t->arg;
	struct page *page;

	if (!cc->nr_freepages)
		isolate_freepages(cc);
	if (!cc->nr_freepages)
		return NULL;
	page = list_first_entry(&cc->freepages, struct page, lru);
	INV(O2, !page_count(page) && !PageBuddy(page) && page_zone(page) == cc->zone);
	list_del(&page->lru);
	cc->nr_freepages--;
	prep_new_page(page, 0, GFP_HIGHUSER_MOVABLE);
	count_vm_event(PGALLOC_DMA32 + cc->zone->idx);
	return page;
}

static void compaction_free(struct migrate_target *t, struct page *page)
{
	__free_page(page);
	(void)t;
}

/* Give back the targets that were not used (O2); the highest frame, or 0. */
static pfn_t release_freepages(struct compact_control *cc)
{
	struct zone *zone = cc->zone;
	struct page *page, *next;
	pfn_t high = 0;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	list_for_each_entry_safe(page, next, &cc->freepages, lru) {
		pfn_t pfn = page_to_pfn(page);

		high = max(high, pfn);
		INV(O2, !page_count(page) && !PageBuddy(page));
		__free_one_page(zone, page, pfn, 0, pfnblock_migratetype(zone, pfn));
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	INIT_LIST_HEAD(&cc->freepages);
	cc->nr_freepages = 0;
	INV(O2, !high || (high >= zone->zone_start_pfn && high < zone_end_pfn(zone)));
	return high;
}

/* ---- the migrate scanner --------------------------------------------------------------------- */

pfn_t isolate_migratepages_range(struct compact_control *cc, pfn_t pfn, pfn_t end)
{
	unsigned long scanned = 0, before = cc->nr_pages;

	for (; pfn < end && cc->nr_pages < COMPACT_CLUSTER_MAX; pfn++) {
		struct page *page = pfn_to_page(pfn);
		unsigned order;

		scanned++;
		if (page_zone(page) != cc->zone)
			continue;
		if (PageBuddy(page)) {
			order = READ_ONCE(page->private);	/* read without the lock: it may be anything */
			if (order && order <= MAX_ORDER)
				pfn += (1ul << order) - 1;
			continue;
		}
		if (PageHead(page)) {
			order = READ_ONCE(page[1].private);
			if (order <= MAX_ORDER)
				pfn += (1ul << order) - 1;
			continue;
		}
		INV(O3, cc->nr_pages < COMPACT_CLUSTER_MAX);
		if (isolate_movable_page(page))
			cc->page[cc->nr_pages++] = page;
	}
	count_vm_events(COMPACTMIGRATE_SCANNED, scanned);
	if (cc->daemon)
		count_vm_events(KCOMPACTD_MIGRATE_SCANNED, scanned);
	count_vm_events(COMPACTISOLATED, cc->nr_pages - before);
	return min(pfn, end);
}

static bool suitable_source(const struct compact_control *cc, pfn_t pfn)
{
	struct page *page = pfn_to_page(pfn);
	unsigned mt;

	if (page_zone(page) != cc->zone)
		return false;
	if (PageBuddy(page) && READ_ONCE(page->private) >= pageblock_order)
		return false;
	mt = pfnblock_migratetype(cc->zone, pfn);
	if (mt == MIGRATE_ISOLATE)
		return false;
	return cc->sync || mt == MIGRATE_MOVABLE || page_group_by_mobility_disabled;
}

/* Isolate pages of the next pageblock that has some, below the free scanner. */
static void isolate_migratepages(struct compact_control *cc)
{
	while (!cc->nr_pages && cc->migrate_pfn < cc->free_pfn) {
		pfn_t pfn = cc->migrate_pfn;
		pfn_t end = min(ALIGN_DOWN(pfn, pageblock_nr_pages) + pageblock_nr_pages, cc->free_pfn);

		if (pfn_to_online_page(pfn) && suitable_source(cc, pfn))
			end = isolate_migratepages_range(cc, pfn, end);
		cc->migrate_pfn = end;
		INV(O1, cc->migrate_pfn <= cc->free_pfn);
		if (!cc->sync && current_base()->work & WORK_RESCHED)
			break;
	}
}

/* ---- a run ----------------------------------------------------------------------------------- */

/* Is there a free block of the wanted order, on a list that serves, or from which may be stolen? */
static bool block_there(const struct compact_control *cc)
{
	for (unsigned o = cc->order; o < NR_PAGE_ORDERS; o++) {
		const struct free_area *area = &cc->zone->free_area[o];

		if (!list_empty(&area->free_list[page_group_by_mobility_disabled ? MIGRATE_UNMOVABLE
										 : cc->migratetype]))
			return true;
		if (o >= pageblock_order / 2 || cc->migratetype != MIGRATE_MOVABLE)
			for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
				if (!list_empty(&area->free_list[mt]))
					return true;
	}
	return false;
}

static enum compact_result compact_finished(struct compact_control *cc)
{
	struct zone *zone = cc->zone;

	if (cc->migrate_pfn >= cc->free_pfn) {
		zone->compact_cached_migrate_pfn = zone->zone_start_pfn;
		zone->compact_cached_free_pfn = zone_end_pfn(zone);
		return COMPACT_COMPLETE;
	}
	if (cc->order >= 0 && block_there(cc) &&
	    zone_watermark_ok(zone, cc->order, min_wmark_pages(zone), cc->highest, 0))
		return COMPACT_SUCCESS;
	if (cc->order >= 0 && fatal_signal_pending())
		return COMPACT_CONTENDED;
	if (!cc->sync && current_base()->work & WORK_RESCHED)
		return COMPACT_CONTENDED;
	return COMPACT_CONTINUE;
}

static void start_scanners(struct compact_control *cc)
{
	struct zone *zone = cc->zone;
	pfn_t start = zone->zone_start_pfn, end = zone_end_pfn(zone);

	cc->migrate_pfn = zone->compact_cached_migrate_pfn;
	cc->free_pfn = zone->compact_cached_free_pfn;
	if (cc->whole || cc->migrate_pfn < start || cc->migrate_pfn >= end)
		cc->migrate_pfn = start;
	if (cc->whole || cc->free_pfn <= start || cc->free_pfn > end)
		cc->free_pfn = end;
	INIT_LIST_HEAD(&cc->freepages);
	cc->nr_freepages = 0;
	cc->nr_pages = 0;
	INV(O1, start <= cc->migrate_pfn && cc->free_pfn <= end);
}

static void end_scanners(struct compact_control *cc, enum compact_result rc)
{
	struct zone *zone = cc->zone;
	pfn_t high = release_freepages(cc), next = ALIGN(high + 1, pageblock_nr_pages);

	if (rc == COMPACT_COMPLETE)
		return;
	/* The next run finds the targets again that were given back. */
	zone->compact_cached_migrate_pfn = cc->migrate_pfn;
	zone->compact_cached_free_pfn = high ? max(cc->free_pfn, min(next, zone_end_pfn(zone))) : cc->free_pfn;
}

enum compact_result compact_zone(struct compact_control *cc)
{
	struct migrate_target target = {
		.alloc = compaction_alloc, .put = compaction_free, .arg = cc,
		.spare_locked = !sysctl_compact_unevictable_allowed,
	};
	enum compact_result rc;

	if (cc->order >= 0) {
		rc = compaction_suitable(cc->zone, cc->order, cc->highest);
		if (rc != COMPACT_CONTINUE)
			return rc;
	}
	start_scanners(cc);
	while ((rc = compact_finished(cc)) == COMPACT_CONTINUE) {
		isolate_migratepages(cc);
		INV(O3, cc->nr_pages <= COMPACT_CLUSTER_MAX);
		migrate_pages(cc->page, cc->nr_pages, &target, NULL);
		cc->nr_pages = 0;
		cond_resched();
	}
	end_scanners(cc, rc);
	return rc;
}

/* ---- who asks -------------------------------------------------------------------------------- */

static enum compact_result compact_zone_order(struct zone *zone, const struct alloc_context *ac,
					      unsigned order, bool sync)
{
	struct compact_control cc = {
		.zone = zone, .order = order, .migratetype = ac->migratetype, .highest = ac->highest_zoneidx,
		.sync = sync,
	};

	return compact_zone(&cc);
}

bool try_to_compact_pages(const struct alloc_context *ac, unsigned order, gfp_t gfp)
{
	bool tried = false;

	if (!(gfp & __GFP_IO))		/* page locks may be held by who waits for memory to write */
		return false;
	for (struct zoneref *z = ac->zonelist->refs; z->zone; z++) {
		enum compact_result rc;

		if (z->zone_idx > ac->highest_zoneidx ||
		    (ac->nodemask && !(ac->nodemask->bits >> z->zone->pgdat->node_id & 1)) ||
		    compaction_deferred(z->zone, order))
			continue;
		rc = compact_zone_order(z->zone, ac, order, !(gfp & __GFP_NORETRY));
		if (rc > COMPACT_DEFERRED)
			tried = true;
		if (rc == COMPACT_SUCCESS) {
			compaction_defer_reset(z->zone, order, false);
			break;
		}
		if (rc == COMPACT_COMPLETE)
			defer_compaction(z->zone, order);
		if (rc == COMPACT_CONTENDED)
			break;
	}
	return tried;
}

void compact_node(int nid)
{
	for (unsigned zt = 0; zt < MAX_NR_ZONES; zt++) {
		struct compact_control cc = {
			.zone = &NODE_DATA(nid)->node_zones[zt], .order = -1, .migratetype = MIGRATE_MOVABLE,
			.highest = MAX_NR_ZONES - 1, .sync = true, .whole = true,
		};

		if (populated_zone(cc.zone) && !fatal_signal_pending())
			compact_zone(&cc);
	}
}

void compact_nodes(void)
{
	drain_all_pages(NULL);
	for_each_online_node(nid)
		compact_node(nid);
}
