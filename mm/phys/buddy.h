/*
 * mm/phys/buddy.h - the free blocks of a zone, and the grouping of pages by mobility.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_BUDDY_H
#define VELLUM_MM_PHYS_BUDDY_H

#include "mm/phys/zone.h"

/* All: => zone->lock held, interrupts off; none sleeps. */
void __free_one_page(struct zone *zone, struct page *page, pfn_t pfn, unsigned order, unsigned mt);
struct page *__rmqueue_smallest(struct zone *zone, unsigned order, unsigned mt);
struct page *__rmqueue(struct zone *zone, unsigned order, unsigned mt, unsigned alloc_flags);
void del_page_from_free_list(struct zone *zone, struct page *page, unsigned order);
void add_to_free_list(struct zone *zone, struct page *page, unsigned order, unsigned mt);
void expand(struct zone *zone, struct page *page, unsigned low, unsigned high, unsigned mt);

/* A range that never was in the buddy system, in blocks as large as they come.  Takes the lock. */
void free_pages_range(struct zone *zone, pfn_t start, pfn_t end);
void __free_pages_ok(struct page *page, unsigned order);	/* past the pcp lists; takes the lock */
void zone_init_free_lists(struct zone *zone);

static inline unsigned buddy_order(const struct page *page) { return page->private; }
static inline bool is_migrate_isolate(unsigned mt) { return mt == MIGRATE_ISOLATE; }

/* ---- mobility: mm/phys/mobility.c ------------------------------------------------------------ */

extern bool page_group_by_mobility_disabled;
extern const char *const migratetype_names[MIGRATE_TYPES];

static inline unsigned pfnblock_migratetype(const struct zone *zone, pfn_t pfn)
{
	return zone->pageblock_flags[(pfn - zone->pageblock_base) >> pageblock_order];
}
static inline unsigned get_pageblock_migratetype(const struct page *page)
{
	return pfnblock_migratetype(page_zone(page), page_to_pfn(page));
}
void set_pfnblock_migratetype(struct zone *zone, pfn_t pfn, unsigned mt);		/* => zone->lock */
void set_pageblock_migratetype(struct page *page, unsigned mt);		/* => zone->lock */
unsigned long move_freepages_block(struct zone *zone, pfn_t pfn, unsigned mt);	/* => zone->lock */
struct page *__rmqueue_fallback(struct zone *zone, unsigned order, unsigned mt, unsigned alloc_flags);
void reserve_highatomic_pageblock(struct page *page, struct zone *zone);
bool unreserve_highatomic_pageblock(struct zone *zone, bool force);

/* Take [start, end), whole pageblocks, out of use for new allocations.  0 or -EBUSY. */
__must_check int start_isolate_page_range(pfn_t start, pfn_t end);
void undo_isolate_page_range(pfn_t start, pfn_t end, unsigned mt);

/* ---- validators ------------------------------------------------------------------------------ */

bool buddy_verify(struct zone *zone);		/* recounts B1..B4; takes the lock */

#endif
