/*
 * mm/phys/buddy.c - the free page blocks of one zone.
 *
 * MODEL     A block of order k is 2^k pages on a 2^k-page boundary; its only possible partner, the
 *           buddy, is at pfn ^ 2^k.  Freeing merges upward while the buddy is free and of equal
 *           order; taking splits downward.  Each order has a list per migrate type.
 *           Holes: every 4 MiB block that contains memory has all its struct pages, and those of
 *           holes never are PG_buddy, so a look at the buddy needs no question about bounds.
 * INVARIANTS
 *   B1  Free blocks are disjoint and lie inside the zone.
 *   B2  PG_buddy and ->private (the order) are set on exactly the first page of each.
 *   B3  No two free buddies have equal order below MAX_ORDER, except across pageblocks of which
 *       one is isolated or of the atomic reserve.
 *   B4  zone->nr_free is the sum of 2^order over all lists.
 *   B5  A block lies on the list of its pageblock's type; one of several pageblocks makes them alike.
 * LOCKING   zone->lock, interrupts off.  Only the scheduler's and the console's rank below it.
 * COST      free: at most MAX_ORDER unlinks and one link.
 * TESTS     test/host/mm/phys/test_buddy.c (shadow bitmap, unaligned zone with holes)
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/buddy.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/page_alloc.h"

/* Pageblocks that are set aside, isolated or for atomic allocations, do not become part of others. */
static inline bool types_merge(const struct zone *zone, pfn_t pfn, pfn_t buddy)
{
	unsigned a = pfnblock_migratetype(zone, pfn), b = pfnblock_migratetype(zone, buddy);

	return a == b || (a < MIGRATE_PCPTYPES && b < MIGRATE_PCPTYPES);
}

void add_to_free_list(struct zone *zone, struct page *page, unsigned order, unsigned mt)
{
	struct free_area *area = &zone->free_area[order];

	INV(B2, !PageBuddy(page) && !page_count(page));
	page->private = order;				/* B2 */
	__SetPageBuddy(page);
	list_add(&page->lru, &area->free_list[mt]);
	area->nr_free++;
	zone->nr_free += 1ul << order;			/* B4 */
}

void del_page_from_free_list(struct zone *zone, struct page *page, unsigned order)
{
	INV(B2, PageBuddy(page) && page->private == order);
	INV(B4, zone->free_area[order].nr_free && zone->nr_free >= 1ul << order);
	list_del(&page->lru);
	__ClearPageBuddy(page);
	page->private = 0;
	zone->free_area[order].nr_free--;
	zone->nr_free -= 1ul << order;
}

static inline bool page_is_buddy(const struct page *page, const struct page *buddy, unsigned order)
{
	return (buddy->flags & BIT(PG_buddy)) && buddy->private == order &&
	       (buddy->flags ^ page->flags) >> PAGE_ZONE_SHIFT == 0;
}

/*
 * Give the block of 2^@order pages at @pfn back to @zone, merged as far as it goes; it goes to the
 * list of type @mt.
 * => zone->lock held; does not sleep; cannot fail
 */
void __free_one_page(struct zone *zone, struct page *page, pfn_t pfn, unsigned order, unsigned mt)
{
	ASSERT(order <= MAX_ORDER);
	INV(B1, IS_ALIGNED(pfn, 1ul << order) && zone_spans_pfn(zone, pfn) &&
		zone_spans_pfn(zone, pfn + (1ul << order) - 1));
	INV(B2, !PageBuddy(page));			/* double free */
	INV(B5, mt == pfnblock_migratetype(zone, pfn));

	while (order < MAX_ORDER) {
		pfn_t buddy_pfn = pfn ^ (1ul << order);
		struct page *buddy = page + (buddy_pfn - pfn);

		if (!page_is_buddy(page, buddy, order))
			break;
		if (unlikely(order >= pageblock_order)) {
			if (!types_merge(zone, pfn, buddy_pfn))
				break;
			set_pfnblock_migratetype(zone, buddy_pfn, mt);		/* B5 */
		}
		del_page_from_free_list(zone, buddy, order);
		page += (buddy_pfn & pfn) - pfn;	/* the lower of the two starts the pair */
		pfn &= buddy_pfn;
		order++;
	}
	add_to_free_list(zone, page, order, mt);	/* B2, B3 */
}

/* Put the upper halves of a block of order @high back until 2^@low pages at @page are left. */
void expand(struct zone *zone, struct page *page, unsigned low, unsigned high, unsigned mt)
{
	INV(B1, low <= high && high <= MAX_ORDER);
	while (high > low) {
		high--;
		add_to_free_list(zone, page + (1ul << high), high, mt);
	}
}

/* The smallest block of type @mt that holds 2^@order pages, cut to size; NULL if there is none. */
struct page *__rmqueue_smallest(struct zone *zone, unsigned order, unsigned mt)
{
	for (unsigned o = order; o <= MAX_ORDER; o++) {
		struct list_head *list = &zone->free_area[o].free_list[mt];

		if (!list_empty(list)) {
			struct page *page = list_first_entry(list, struct page, lru);

			del_page_from_free_list(zone, page, o);
			expand(zone, page, order, o, mt);
			return page;
		}
	}
	return NULL;
}

/* 2^@order pages for type @mt, from another type's blocks if need be. */
struct page *__rmqueue(struct zone *zone, unsigned order, unsigned mt, unsigned alloc_flags)
{
	struct page *page = __rmqueue_smallest(zone, order, mt);

	return likely(page) ? page : __rmqueue_fallback(zone, order, mt, alloc_flags);
}

/* Free 2^@order unreferenced pages past the per-hart lists. */
void __free_pages_ok(struct page *page, unsigned order)
{
	struct zone *zone = page_zone(page);
	pfn_t pfn = page_to_pfn(page);
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	zone->pageset[this_hart()]->nr_locked++;
	if (unlikely(order > pageblock_order))		/* its pageblocks may differ by now */
		for (pfn_t p = pfn; p < pfn + (1ul << order); p += pageblock_nr_pages)
			__free_one_page(zone, pfn_to_page(p), p, pageblock_order, pfnblock_migratetype(zone, p));
	else
		__free_one_page(zone, page, pfn, order, pfnblock_migratetype(zone, pfn));	/* B5 */
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Hand [start, end) to @zone in blocks as large as alignment and length allow. */
void free_pages_range(struct zone *zone, pfn_t start, pfn_t end)
{
	unsigned long flags;

	if (page_alloc_hooked(HOOK_HIDE))
		pages_hide(pfn_to_page(start), end - start);
	spin_lock_irqsave(&zone->lock, flags);
	while (start < end) {
		unsigned order = start ? min_t(unsigned, __builtin_ctzl(start), MAX_ORDER) : MAX_ORDER;

		while (start + (1ul << order) > end)
			order--;
		__free_one_page(zone, pfn_to_page(start), start, order, pfnblock_migratetype(zone, start));
		start += 1ul << order;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

void zone_init_free_lists(struct zone *zone)
{
	for (unsigned o = 0; o < NR_PAGE_ORDERS; o++)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			INIT_LIST_HEAD(&zone->free_area[o].free_list[mt]);
}

/* ---- validator ------------------------------------------------------------------------------- */

/* B5.  Without grouping there is one list, whatever blocks are called. */
static bool on_its_list(struct zone *zone, pfn_t pfn, unsigned order, unsigned mt)
{
	for (pfn_t p = pfn; p < pfn + (1ul << order); p += pageblock_nr_pages)
		if (pfnblock_migratetype(zone, p) != mt)
			return false;
	return true;
}

static bool block_verify(struct zone *zone, struct page *page, unsigned order, unsigned mt)
{
	pfn_t pfn = page_to_pfn(page), buddy = pfn ^ (1ul << order);

	if (page_zone(page) != zone || !IS_ALIGNED(pfn, 1ul << order) || !zone_spans_pfn(zone, pfn) ||
	    !zone_spans_pfn(zone, pfn + (1ul << order) - 1))
		return false;						/* B1 */
	if (!PageBuddy(page) || page->private != order || page_count(page))
		return false;						/* B2 */
	for (unsigned long i = 1; i < 1ul << order; i++)
		if (PageBuddy(page + i) || page_zone(page + i) != zone)
			return false;					/* B1, B2 */
	if (order < MAX_ORDER && page_is_buddy(page, pfn_to_page(buddy), order) &&
	    !(order >= pageblock_order && !types_merge(zone, pfn, buddy)))
		return false;						/* B3 */
	return on_its_list(zone, pfn, order, mt);
}

bool buddy_verify(struct zone *zone)
{
	unsigned long flags, sum = 0, blocks;
	bool ok = true;

	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned o = 0; o < NR_PAGE_ORDERS; o++) {
		blocks = 0;
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
			struct page *page;

			list_for_each_entry(page, &zone->free_area[o].free_list[mt], lru) {
				blocks++;
				ok = ok && block_verify(zone, page, o, mt);
			}
		}
		ok = ok && blocks == zone->free_area[o].nr_free;
		sum += blocks << o;
	}
	ok = ok && sum == zone->nr_free;					/* B4 */
	spin_unlock_irqrestore(&zone->lock, flags);
	return ok;
}
