/*
 * mm/phys/memmap.c - the memory map: one struct page per frame.
 *
 * MODEL     The map is made by sections of 128 MiB.  Those with anything reserved, those that two
 *           zones share, and the lowest ones up to 1 GiB are made at boot; the others when the buddy
 *           system runs short (deferred.c).  Until then their memory is free but has no valid
 *           struct pages: pfn_valid() says no.
 *           Around each range of memory the map is made out to the 4 MiB boundary; the frames there
 *           that are no memory are PG_reserved, so that a look at a block's buddy is always safe.
 * INVARIANTS
 *   K1  In a READY section every frame of for_each_vmemmap_pfn_range() has a struct page: either
 *       reserved with one reference, or free, or allocated.
 *   K2  A DEFERRED section holds no reserved memory and one zone only.
 *   K3  The ranges of for_each_vmemmap_pfn_range() are whole blocks, disjoint and in address order, and
 *       have every block in which there is memory: each struct page is given memory once, wherever in
 *       a block one node ends and the next begins.
 * COST      Eight stores a frame, two frames a turn.
 * TESTS     test/host/mm/phys/test_buddy.c, test_node.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/memmap.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/buddy.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "mm/phys/node.h"

#define EAGER_PAGES	((1ul << 30) >> PAGE_SHIFT)

u8 *section_states, *section_zones;
unsigned long nr_sections;

static inline void init_page(struct page *page, unsigned long flags, int refs)
{
	page->flags = flags;
	page->lru.next = NULL;
	page->lru.prev = NULL;
	page->mapping = NULL;
	page->index = 0;
	page->private = 0;
	/* _mapcount -1 and _refcount in one store. */
	*(u64 *)(void *)&page->_mapcount = (u64)refs << 32 | 0xffffffffu;
	page->__word = 0;
}
BUILD_ASSERT(offsetof(struct page, _refcount) == offsetof(struct page, _mapcount) + 4);

static void init_pages(pfn_t start, pfn_t end, unsigned long flags, int refs)
{
	struct page *page = pfn_to_page(start), *stop = pfn_to_page(end);

	if ((end - start) & 1)
		init_page(page++, flags, refs);
	for (; page < stop; page += 2) {
		init_page(page, flags, refs);
		init_page(page + 1, flags, refs);
	}
}

static unsigned long page_flags_of(const struct zone *zone)
{
	return (unsigned long)(zone->pgdat->node_id << 2 | zone->idx) << PAGE_ZONE_SHIFT |
	       (unsigned long)MIGRATE_MOVABLE << PAGE_MT_SHIFT;
}

/* Memory [start, end) of node @nid: all of it as free pages. */
static void init_memory(int nid, pfn_t start, pfn_t end)
{
	while (start < end) {
		struct zone *zone = zone_of_pfn(nid, start);
		pfn_t stop = min(end, max(zone_end_pfn(zone), start + 1));

		init_pages(start, stop, page_flags_of(zone), 0);
		start = stop;
	}
}

/*
 * A block that two nodes share belongs to the range before: ranges are disjoint (K3).
 * => the first time *@i is 0; afterwards *@end is what the last call left there
 */
bool next_vmemmap_pfn_range(unsigned *i, pfn_t *start, pfn_t *end, int *nid)
{
	pfn_t done = *i ? *end : 0, s, e;
	int n;

	do {
		if (!next_mem_pfn_range(i, NUMA_NO_NODE, &s, &e, nid))
			return false;
		*start = max(ALIGN_DOWN(s, MAX_ORDER_NR_PAGES), done);
		*end = ALIGN(e, MAX_ORDER_NR_PAGES);
	} while (*start >= *end);
	for (unsigned next = *i; next_mem_pfn_range(&next, NUMA_NO_NODE, &s, &e, &n); *i = next) {
		if (ALIGN_DOWN(s, MAX_ORDER_NR_PAGES) > *end || (nid && n != *nid))
			break;
		*end = ALIGN(e, MAX_ORDER_NR_PAGES);
	}
	INV(K3, *start >= done && *start < *end && IS_ALIGNED(*start | *end, MAX_ORDER_NR_PAGES));
	return true;
}

/*
 * Walk the frames of [lo, hi) that have struct pages, as pieces of memory and of holes.  Pieces come
 * in address order; a hole's piece belongs to the node of the memory beside it.
 */
static void memmap_init_range(pfn_t lo, pfn_t hi)
{
	pfn_t start, end, done = lo, next_start, next_end;
	unsigned i, next;
	int nid;

	for_each_mem_pfn_range(i, NUMA_NO_NODE, &start, &end, &nid) {
		pfn_t before = ALIGN_DOWN(start, MAX_ORDER_NR_PAGES), after = ALIGN(end, MAX_ORDER_NR_PAGES);

		if (after <= lo)
			continue;
		if (before >= hi)
			break;
		next = i;
		if (next_mem_pfn_range(&next, NUMA_NO_NODE, &next_start, &next_end, NULL))
			after = min(after, max(next_start, end));
		before = max(before, done);
		if (before < min(start, hi))
			init_pages(before, min(start, hi), page_flags_of(zone_of_pfn(nid, start)) |
				   BIT(PG_reserved), 1);
		if (max(start, lo) < min(end, hi))
			init_memory(nid, max(start, lo), min(end, hi));
		if (max(end, lo) < min(after, hi))
			init_pages(max(end, lo), min(after, hi), page_flags_of(zone_of_pfn(nid, end - 1)) |
				   BIT(PG_reserved), 1);
		done = max(done, min(after, hi));
	}
}

/* Frames of memory in [lo, hi) that a reservation touches have one reference, for ever. */
static void mark_pages_reserved(pfn_t lo, pfn_t hi)
{
	pfn_t start, end;
	unsigned i;

	for_each_mem_pfn_range(i, NUMA_NO_NODE, &start, &end, NULL)
		for (pfn_t pfn = max(start, lo); pfn < min(end, hi); pfn++) {
			struct page *page = pfn_to_page(pfn);

			INV(K1, !PageBuddy(page) && page_count(page) <= 1);
			__SetPageReserved(page);
			atomic_set(&page->_refcount, 1);
		}
}

/* => K1 holds for @section, whose memory is not free yet */
void memmap_init_section(unsigned long section)
{
	pfn_t lo = section * SECTION_PAGES, hi = lo + SECTION_PAGES;

	INV(K1, section < nr_sections && section_states[section] != SECTION_ABSENT);
	memmap_init_range(lo, hi);
	for_each_reserved_mem_region(r) {
		pfn_t start = max(PFN_DOWN(r->base), lo), end = min(PFN_UP(r->base + r->size), hi);

		if (start < end)
			mark_pages_reserved(start, end);
	}
}

/* Call @fn for each piece of free memory of @section that lies in one zone; pages in all. */
static unsigned long for_each_free_piece(unsigned long section,
					 void (*fn)(struct zone *zone, pfn_t start, pfn_t end))
{
	pfn_t lo = section * SECTION_PAGES, hi = lo + SECTION_PAGES;
	phys_addr_t from, to;
	unsigned long pages = 0;
	int nid;
	u64 i;

	for_each_free_mem_range(i, NUMA_NO_NODE, &from, &to, &nid) {
		pfn_t start = max(PFN_UP(from), lo), end = min(PFN_DOWN(to), hi);

		while (start < end) {
			struct zone *zone = zone_of_pfn(nid, start);
			pfn_t stop = min(end, max(zone_end_pfn(zone), start + 1));

			INV(K1, zone_spans_pfn(zone, start) && zone_spans_pfn(zone, stop - 1));
			fn(zone, start, stop);
			pages += stop - start;
			start = stop;
		}
	}
	return pages;
}

unsigned long memmap_free_section(unsigned long section)
{
	return for_each_free_piece(section, free_pages_range);
}

static void count_managed(struct zone *zone, pfn_t start, pfn_t end)
{
	zone->managed_pages += end - start;
	INV(K1, zone->managed_pages <= zone->present_pages);
}

static void count_deferred(struct zone *zone, pfn_t start, pfn_t end)
{
	INV(K2, zone_table[section_zones[start / SECTION_PAGES]] == zone);
	count_managed(zone, start, end);
	zone->nr_deferred += end - start;
}

/* ---- the plan -------------------------------------------------------------------------------- */

static unsigned long section_of(phys_addr_t pa) { return PFN_DOWN(pa) / SECTION_PAGES; }

static void mark_present(void)
{
	pfn_t start, end;
	unsigned i;

	for_each_vmemmap_pfn_range(i, &start, &end, NULL)
		memset(section_states + start / SECTION_PAGES, SECTION_DEFERRED,
		       (end - 1) / SECTION_PAGES - start / SECTION_PAGES + 1);
}

/* A boundary inside a section: more than one zone or node may have memory there (K2). */
static void mark_boundary(pfn_t pfn)
{
	unsigned long s = pfn / SECTION_PAGES;

	if (pfn % SECTION_PAGES && s < nr_sections && section_states[s] != SECTION_ABSENT)
		section_states[s] = SECTION_READY;
}

static void mark_mixed(void)
{
	pfn_t start, end;
	unsigned i;
	int nid;

	mark_boundary(PFN_DOWN(directmap_limit));
	for_each_mem_pfn_range(i, NUMA_NO_NODE, &start, &end, &nid) {
		mark_boundary(start);
		mark_boundary(end);
		mark_boundary(zone_movable_pfn[nid]);
	}
}

static void mark_reserved(void)
{
	for_each_reserved_mem_region(r)
		for (unsigned long s = section_of(r->base);
		     s <= section_of(r->base + r->size - 1) && s < nr_sections; s++)
			if (section_states[s] != SECTION_ABSENT)
				section_states[s] = SECTION_READY;
}

static void note_zone(unsigned long section)
{
	pfn_t start, end;
	unsigned i;
	int nid;

	for_each_mem_pfn_range(i, NUMA_NO_NODE, &start, &end, &nid)
		if (start <= section * SECTION_PAGES && end > section * SECTION_PAGES) {
			struct zone *z = zone_of_pfn(nid, section * SECTION_PAGES);

			section_zones[section] = z->pgdat->node_id << 2 | z->idx;
		}
}

/* Sections below this many pages in all are made at boot. */
static unsigned long eager_pages = EAGER_PAGES;

void memmap_plan(void)
{
	unsigned long eager = 0;

	nr_sections = DIV_ROUND_UP(PFN_UP(memblock_end_of_dram()), SECTION_PAGES);
	section_states = memblock_alloc(nr_sections * 2, 64);
	if (!section_states)
		panic("no memory for the table of sections");
	section_zones = section_states + nr_sections;
	mark_present();
	mark_mixed();
	mark_reserved();
	for (unsigned long s = 0; s < nr_sections; s++) {
		if (section_states[s] == SECTION_DEFERRED && eager < eager_pages)
			section_states[s] = SECTION_READY;
		if (section_states[s] == SECTION_READY)
			eager += SECTION_PAGES;
		if (section_states[s] == SECTION_DEFERRED)
			note_zone(s);
	}
}

/* Make the sections that the plan wants now, and hand out their free memory. */
void memmap_init(void)
{
	for (unsigned long s = 0; s < nr_sections; s++)
		if (section_states[s] == SECTION_READY) {
			memmap_init_section(s);
			for_each_free_piece(s, count_managed);
		} else if (section_states[s] == SECTION_DEFERRED) {
			for_each_free_piece(s, count_deferred);
		}
	for (unsigned long s = 0; s < nr_sections; s++)
		if (section_states[s] == SECTION_READY)
			memmap_free_section(s);
}

/* Whether the struct page of @pfn exists and is made, and stands for memory. */
bool pfn_valid(pfn_t pfn)
{
	unsigned long s = pfn / SECTION_PAGES;

	return s < nr_sections && READ_ONCE(section_states[s]) == SECTION_READY &&
	       memblock_is_map_pfn(pfn);
}
