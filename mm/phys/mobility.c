/*
 * mm/phys/mobility.c - keep pages that can be moved apart from those that cannot.
 *
 * MODEL     Each pageblock has a migrate type, and free pages lie on the list of their block's type.
 *           An allocation that finds nothing of its own type takes from another, from the largest
 *           block down, and converts the whole pageblock if most of it is free or of a like kind:
 *           so unmovable pages crowd in few pageblocks.
 *
 *             asks for      falls back to
 *             unmovable     reclaimable, movable
 *             movable       reclaimable, unmovable
 *             reclaimable   unmovable, movable
 *
 *           HIGHATOMIC blocks are set aside, at most 1 % of a zone, by atomic allocations of high
 *           order that succeeded; only their like may use them, until memory is short.
 *           ISOLATE blocks give nothing away.
 * INVARIANTS
 *   M1  A pageblock changes its type together with the lists of its free blocks, or before they are cut (B5).
 *   M2  nr_reserved_highatomic covers the pages of the zone's HIGHATOMIC pageblocks, nr_isolate_pageblock
 *       counts its ISOLATE ones.
 * LOCKING   zone->lock for every pageblock type and list.
 * TESTS     test/host/mm/phys/test_page_alloc.c, test_buddy.c (every free block on the list of its type)
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/buddy.h"
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "mm/phys/page_alloc.h"

bool page_group_by_mobility_disabled;

const char *const migratetype_names[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate",
};

static const u8 fallbacks[MIGRATE_PCPTYPES][MIGRATE_PCPTYPES - 1] = {
	[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

void set_pfnblock_migratetype(struct zone *zone, pfn_t pfn, unsigned mt)
{
	INV(M1, mt < MIGRATE_TYPES && pfn >= zone->pageblock_base && pfn < zone_end_pfn(zone));
	zone->pageblock_flags[(pfn - zone->pageblock_base) >> pageblock_order] = mt;
}

void set_pageblock_migratetype(struct page *page, unsigned mt)
{
	if (page_group_by_mobility_disabled && mt < MIGRATE_PCPTYPES)
		mt = MIGRATE_UNMOVABLE;
	set_pfnblock_migratetype(page_zone(page), page_to_pfn(page), mt);
}

/* The part of the pageblock around @pfn that the zone spans. */
static void block_range(const struct zone *zone, pfn_t pfn, pfn_t *start, pfn_t *end)
{
	*start = max(ALIGN_DOWN(pfn, pageblock_nr_pages), zone->zone_start_pfn);
	*end = min(ALIGN_DOWN(pfn, pageblock_nr_pages) + pageblock_nr_pages, zone_end_pfn(zone));
}

struct block_census {
	unsigned long free, movable, total;
};

static struct block_census take_census(struct zone *zone, pfn_t pfn)
{
	struct block_census c = { 0 };
	pfn_t end;

	block_range(zone, pfn, &pfn, &end);
	c.total = end - pfn;
	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);

		if (page_zone(page) == zone && PageBuddy(page)) {
			unsigned long n = 1ul << buddy_order(page);

			c.free += min(n, end - pfn);
			pfn += n;
			continue;
		}
		c.movable += PageLRU(page) || PageAnon(page) || PageSwapBacked(page);
		pfn++;
	}
	return c;
}

/*
 * Move the free blocks of the pageblock around @pfn to the lists of type @mt; pages moved.
 * => zone->lock held; blocks larger than a pageblock are the caller's affair
 */
unsigned long move_freepages_block(struct zone *zone, pfn_t pfn, unsigned mt)
{
	unsigned long moved = 0;
	pfn_t end;

	INV(M1, spin_is_locked(&zone->lock) && mt < MIGRATE_TYPES);
	block_range(zone, pfn, &pfn, &end);
	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);

		if (!PageBuddy(page) || page_zone(page) != zone) {
			pfn++;
			continue;
		}
		list_del(&page->lru);
		list_add(&page->lru, &zone->free_area[buddy_order(page)].free_list[mt]);
		moved += 1ul << buddy_order(page);
		pfn += 1ul << buddy_order(page);
	}
	return moved;
}

/* May an allocation of @order for type @mt convert the pageblock it falls back to? */
static bool can_steal_fallback(unsigned order, unsigned mt)
{
	if (order >= pageblock_order)
		return true;
	return order >= pageblock_order / 2 || mt == MIGRATE_RECLAIMABLE || mt == MIGRATE_UNMOVABLE ||
	       page_group_by_mobility_disabled;
}

static int find_suitable_fallback(struct free_area *area, unsigned order, unsigned mt, bool *can_steal)
{
	*can_steal = can_steal_fallback(order, mt);
	if (!area->nr_free)
		return -1;
	for (unsigned i = 0; i < MIGRATE_PCPTYPES - 1; i++)
		if (!list_empty(&area->free_list[fallbacks[mt][i]]))
			return fallbacks[mt][i];
	return -1;
}

/*
 * A free block @page of @order has been chosen for type @mt.  Convert its pageblock, if enough of it
 * is free or of a like kind; returns the type whose list the block is on afterwards.
 */
static unsigned steal_suitable_fallback(struct zone *zone, struct page *page, unsigned order,
					unsigned mt, unsigned old, bool whole)
{
	pfn_t pfn = page_to_pfn(page);
	struct block_census c;
	unsigned long alike;

	if (order >= pageblock_order) {
		for (pfn_t p = pfn; p < pfn + (1ul << order); p += pageblock_nr_pages)
			set_pfnblock_migratetype(zone, p, mt);
		list_del(&page->lru);
		list_add(&page->lru, &zone->free_area[order].free_list[mt]);
		return mt;
	}
	if (!whole || pfnblock_migratetype(zone, pfn) >= MIGRATE_PCPTYPES)
		return old;
	c = take_census(zone, pfn);
	/* Like kinds: movable pages for movable; for the others, what is not movable. */
	if (mt == MIGRATE_MOVABLE)
		alike = c.movable;
	else
		alike = old == MIGRATE_MOVABLE ? 0 : c.total - c.free - c.movable;
	if (c.free + alike >= c.total / 2 || page_group_by_mobility_disabled) {
		move_freepages_block(zone, pfn, mt);
		set_pfnblock_migratetype(zone, pfn, mt);
		return mt;
	}
	return old;
}

static struct page *take_fallback(struct zone *zone, unsigned order, unsigned found, unsigned mt,
				  unsigned old, bool steal)
{
	struct page *page = list_first_entry(&zone->free_area[found].free_list[old], struct page, lru);
	unsigned now = steal_suitable_fallback(zone, page, found, mt, old, steal);

	INV(M1, now == pfnblock_migratetype(zone, page_to_pfn(page)));
	del_page_from_free_list(zone, page, found);
	expand(zone, page, order, found, now);
	return page;
}

/*
 * 2^@order pages from another type's blocks.  Largest first, for the more is stolen at once the
 * fewer pageblocks are mixed; a movable request that may not steal takes the smallest instead.
 */
struct page *__rmqueue_fallback(struct zone *zone, unsigned order, unsigned mt, unsigned alloc_flags)
{
	bool steal;
	int old;

	if (mt >= MIGRATE_PCPTYPES)
		return NULL;
	(void)alloc_flags;
	for (int o = MAX_ORDER; o >= (int)order; o--) {
		old = find_suitable_fallback(&zone->free_area[o], o, mt, &steal);
		if (old < 0)
			continue;
		if (!steal && mt == MIGRATE_MOVABLE && o > (int)order)
			break;
		return take_fallback(zone, order, o, mt, old, steal);
	}
	for (unsigned o = order; o <= MAX_ORDER; o++) {
		old = find_suitable_fallback(&zone->free_area[o], o, mt, &steal);
		if (old >= 0)
			return take_fallback(zone, order, o, mt, old, steal);
	}
	return NULL;
}

/* ---- the reserve of high-order atomic allocations -------------------------------------------- */

/* @page served a high-order atomic allocation: keep its pageblock for others of the kind. */
void reserve_highatomic_pageblock(struct page *page, struct zone *zone)
{
	unsigned long max_pages = zone->managed_pages / 100 + pageblock_nr_pages, flags;
	unsigned mt;

	if (zone->nr_reserved_highatomic + pageblock_nr_pages > max_pages)
		return;
	spin_lock_irqsave(&zone->lock, flags);
	mt = get_pageblock_migratetype(page);
	if (zone->nr_reserved_highatomic + pageblock_nr_pages <= max_pages && mt < MIGRATE_PCPTYPES) {
		zone->nr_reserved_highatomic += pageblock_nr_pages;
		set_pageblock_migratetype(page, MIGRATE_HIGHATOMIC);
		move_freepages_block(zone, page_to_pfn(page), MIGRATE_HIGHATOMIC);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * Memory is short: turn one reserved pageblock of @zone with free pages back to movable.
 * @force: even the last one.
 */
bool unreserve_highatomic_pageblock(struct zone *zone, bool force)
{
	unsigned long flags, moved = 0;

	if (!zone->nr_reserved_highatomic || (!force && zone->nr_reserved_highatomic <= pageblock_nr_pages))
		return false;
	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned o = 0; o <= MAX_ORDER && !moved; o++) {
		struct list_head *list = &zone->free_area[o].free_list[MIGRATE_HIGHATOMIC];
		struct page *page;

		if (list_empty(list))
			continue;
		page = list_first_entry(list, struct page, lru);
		INV(M2, zone->nr_reserved_highatomic > 0);
		zone->nr_reserved_highatomic -= min(pageblock_nr_pages, zone->nr_reserved_highatomic);
		set_pageblock_migratetype(page, MIGRATE_MOVABLE);
		moved = move_freepages_block(zone, page_to_pfn(page), MIGRATE_MOVABLE);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return moved;
}

/* ---- isolation ------------------------------------------------------------------------------- */

/* Cut a free block that reaches beyond its pageblock, so that each pageblock's part stands alone. */
static void split_large_block(struct zone *zone, pfn_t pfn)
{
	pfn_t start = ALIGN_DOWN(pfn, MAX_ORDER_NR_PAGES);
	struct page *page = pfn_to_page(start);
	unsigned mt;

	if (!PageBuddy(page) || page_zone(page) != zone || buddy_order(page) <= pageblock_order)
		return;
	mt = pfnblock_migratetype(zone, start);
	INV(M1, spin_is_locked(&zone->lock) && buddy_order(page) == MAX_ORDER);
	del_page_from_free_list(zone, page, MAX_ORDER);
	for (pfn_t p = start; p < start + MAX_ORDER_NR_PAGES; p += pageblock_nr_pages)
		add_to_free_list(zone, pfn_to_page(p), pageblock_order, mt);
}

static int isolate_block(pfn_t pfn)
{
	struct zone *zone = page_zone(pfn_to_page(pfn));
	unsigned long flags;
	int rc = -EBUSY;

	spin_lock_irqsave(&zone->lock, flags);
	if (pfnblock_migratetype(zone, pfn) < MIGRATE_PCPTYPES) {
		split_large_block(zone, pfn);
		set_pfnblock_migratetype(zone, pfn, MIGRATE_ISOLATE);
		zone->nr_isolate_pageblock++;
		move_freepages_block(zone, pfn, MIGRATE_ISOLATE);
		rc = 0;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return rc;
}

static void unisolate_block(pfn_t pfn, unsigned mt)
{
	struct zone *zone = page_zone(pfn_to_page(pfn));
	unsigned long flags;
	pfn_t p, end;

	spin_lock_irqsave(&zone->lock, flags);
	if (pfnblock_migratetype(zone, pfn) == MIGRATE_ISOLATE) {
		INV(M2, zone->nr_isolate_pageblock > 0);
		set_pfnblock_migratetype(zone, pfn, mt);
		zone->nr_isolate_pageblock--;
		move_freepages_block(zone, pfn, mt);
		block_range(zone, pfn, &p, &end);
		/* A whole free block may now merge with its neighbour (B3). */
		if (PageBuddy(pfn_to_page(p)) && buddy_order(pfn_to_page(p)) == pageblock_order) {
			del_page_from_free_list(zone, pfn_to_page(p), pageblock_order);
			__free_one_page(zone, pfn_to_page(p), p, pageblock_order, mt);
		}
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

int start_isolate_page_range(pfn_t start, pfn_t end)
{
	ASSERT(IS_ALIGNED(start | end, pageblock_nr_pages));
	page_alloc_hook_get(HOOK_ISOLATE);
	for (pfn_t pfn = start; pfn < end; pfn += pageblock_nr_pages)
		if (!pfn_valid(pfn) || isolate_block(pfn)) {
			for (pfn_t p = start; p < pfn; p += pageblock_nr_pages)
				unisolate_block(p, MIGRATE_MOVABLE);
			page_alloc_hook_put(HOOK_ISOLATE);
			return -EBUSY;
		}
	return 0;
}

void undo_isolate_page_range(pfn_t start, pfn_t end, unsigned mt)
{
	for (pfn_t pfn = start; pfn < end; pfn += pageblock_nr_pages)
		unisolate_block(pfn, mt);
	page_alloc_hook_put(HOOK_ISOLATE);
}
