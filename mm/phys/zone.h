/*
 * mm/phys/zone.h - nodes, zones, zonelists, and the kinds of pages they keep apart.
 *
 * MODEL     node (pg_data_t)  memory that is equally far from some harts.
 *           zone              pages of a node that serve alike: DMA32 (below 4 GiB), Normal,
 *                             HighMem (beyond the direct map), Movable (only pages that can be
 *                             moved or reclaimed; kernelcore=, movablecore=).
 *           zonelist          all zones in the order in which a node tries them: nodes by
 *                             distance, in each node the highest zone first.
 *           pageblock         2 MiB; carries the migrate type of the pages that it is meant for.
 *           spanned, present, managed: from first to last pfn; of them not in holes; of them
 *                             handed to the buddy system.
 * LOCKING   (Z) zone->lock, taken with interrupts off; (I) fixed after mm_init_phys().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_ZONE_H
#define VELLUM_MM_PHYS_ZONE_H

#include "include/mm_types.h"
#include "mm/phys/gfp.h"
#include "mm/phys/pcp.h"
#include "mm/phys/vmstat.h"

#define MAX_ORDER		10		/* largest block: 4 MiB */
#define NR_PAGE_ORDERS		(MAX_ORDER + 1)
#define MAX_ORDER_NR_PAGES	(1ul << MAX_ORDER)
#define pageblock_order		9u
#define pageblock_nr_pages	(1ul << pageblock_order)
#define PAGE_ALLOC_COSTLY_ORDER	3		/* above it nobody promises anything */
#define SECTION_PAGES		32768ul		/* 128 MiB: the unit of deferred initialisation */

enum zone_type { ZONE_DMA32, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE, __MAX_NR_ZONES };
BUILD_ASSERT(__MAX_NR_ZONES == MAX_NR_ZONES);

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

struct free_area {
	struct list_head free_list[MIGRATE_TYPES];	/* (Z) */
	unsigned long nr_free;				/* (Z) blocks */
};

struct pglist_data;
typedef struct pglist_data pg_data_t;

struct zone {
	/* Read by every allocation. */
	unsigned long _watermark[NR_WMARK];	/* pages */
	long lowmem_reserve[MAX_NR_ZONES];	/* pages kept from allocations that could go higher */
	unsigned long nr_free;			/* (Z) pages in free_area */
	unsigned long nr_deferred;		/* (Z) pages free but not initialised yet */
	unsigned long nr_reserved_highatomic;	/* (Z) pages */
	unsigned long nr_isolate_pageblock;	/* (Z) */
	struct pglist_data *pgdat;		/* (I) */
	struct per_cpu_pages *pageset[NR_HARTS];	/* (I) */

	spinlock_t lock;			/* rank zone; irqs off */
	struct free_area free_area[NR_PAGE_ORDERS];	/* (Z) */

	pfn_t zone_start_pfn;			/* (I) */
	unsigned long spanned_pages, present_pages, managed_pages;	/* (I); managed (Z) */
	u8 *pageblock_flags;			/* (Z) a migrate type per pageblock */
	pfn_t pageblock_base;			/* (I) pfn of pageblock_flags[0] */
	atomic_long_t vm_stat[NR_VM_ZONE_STAT_ITEMS];
	/* mm/reclaim/compact.c: where the scanners of the last run were; hints */
	pfn_t compact_cached_migrate_pfn, compact_cached_free_pfn;
	unsigned compact_considered, compact_defer_shift;
	int compact_order_failed;	/* the smallest order that failed */
	unsigned idx;				/* (I) enum zone_type */
	bool initialized;
	const char *name;			/* (I) */
};

struct zoneref {
	struct zone *zone;			/* NULL ends the list */
	unsigned zone_idx;
};

enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK, MAX_ZONELISTS };
struct zonelist {
	struct zoneref *refs;			/* (I) */
};

struct pglist_data {
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist node_zonelists[MAX_ZONELISTS];
	int node_id;
	pfn_t node_start_pfn;
	unsigned long node_present_pages, node_spanned_pages;
	struct node_hart_stat *hart_stat[NR_HARTS];	/* (I) counters, one set per hart */
	void *kswapd_private;			/* mm/reclaim's state of this node */
	int kswapd_failures;			/* (A) its runs in a row that freed nothing */
	unsigned long totalreserve_pages;
};

typedef struct { unsigned long bits; } nodemask_t;	/* MAX_NUMNODES <= 64 */

extern pg_data_t *node_data[MAX_NUMNODES];
extern unsigned nr_node_ids;			/* highest node id + 1 */
extern nodemask_t node_online_map, node_memory_map;
extern struct zone *zone_table[256];		/* by the top byte of page.flags */
#define NODE_DATA(nid)	(node_data[nid])

#define for_each_online_node(n) \
	for (unsigned n = 0; n < nr_node_ids; n++) \
		if (node_online_map.bits >> n & 1)
#define for_each_populated_zone(z) \
	for (struct zone *z = first_populated_zone(); z; z = next_populated_zone(z))
struct zone *first_populated_zone(void);
struct zone *next_populated_zone(struct zone *z);

/* Distances: 10 is local.  Set by the device tree's reader before mm_init_phys(). */
#define LOCAL_DISTANCE	10
#define REMOTE_DISTANCE	20
int node_distance(int from, int to);
void numa_set_distance(int from, int to, int distance);
void numa_set_hart_node(unsigned hart, int nid);
int hart_to_node(unsigned hart);
extern bool numa_off;				/* numa=off */
void find_nodes(void);				/* by memblock and harts: node_online_map, nr_node_ids */
void node_set_online(int nid);			/* a node without memory, known by its harts */
extern u8 hart_node[NR_HARTS];
static inline int numa_node_id(void) { return hart_node[this_hart()]; }

static inline struct zone *page_zone(const struct page *page)
{
	return zone_table[page->flags >> PAGE_ZONE_SHIFT];
}
static inline pg_data_t *page_pgdat(const struct page *page)
{
	return node_data[page_to_nid(page)];
}
static inline bool populated_zone(const struct zone *z) { return z->present_pages; }
static inline bool managed_zone(const struct zone *z) { return z->managed_pages; }
static inline pfn_t zone_end_pfn(const struct zone *z) { return z->zone_start_pfn + z->spanned_pages; }
static inline bool zone_spans_pfn(const struct zone *z, pfn_t pfn)
{
	return pfn - z->zone_start_pfn < z->spanned_pages;
}
static inline struct zonelist *node_zonelist(int nid, gfp_t gfp)
{
	return &node_data[nid]->node_zonelists[gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK
								    : ZONELIST_FALLBACK];
}

/* The highest zone that @gfp may use: two bits for each of the eight combinations of zone flags. */
#define GFP_ZONE_TABLE	(ZONE_NORMAL << 0 | ZONE_HIGHMEM << 2 | ZONE_NORMAL << 8 | ZONE_MOVABLE << 10)
static inline enum zone_type gfp_zone(gfp_t gfp)
{
	return GFP_ZONE_TABLE >> (gfp & (__GFP_DMA32 | __GFP_HIGHMEM | __GFP_MOVABLE)) & 3;
}
static inline unsigned gfp_migratetype(gfp_t gfp)
{
	return (gfp & (__GFP_MOVABLE | __GFP_RECLAIMABLE)) / __GFP_MOVABLE;
}
BUILD_ASSERT(__GFP_MOVABLE / __GFP_MOVABLE == MIGRATE_MOVABLE);
BUILD_ASSERT(__GFP_RECLAIMABLE / __GFP_MOVABLE == MIGRATE_RECLAIMABLE);

/* The page of @pfn, if there is memory and its struct page is made; all of its pageblock's are then. */
struct page *pfn_to_online_page(pfn_t pfn);

/* ---- watermarks: mm/phys/watermark.c --------------------------------------------------------- */

/* How an allocation may treat the reserves. */
#define ALLOC_WMARK_MIN		WMARK_MIN
#define ALLOC_WMARK_LOW		WMARK_LOW
#define ALLOC_WMARK_HIGH	WMARK_HIGH
#define ALLOC_NO_WATERMARKS	0x04
#define ALLOC_WMARK_MASK	(ALLOC_NO_WATERMARKS - 1)
#define ALLOC_NON_BLOCK		0x10		/* cannot wait: may go deeper */
#define ALLOC_MIN_RESERVE	0x20		/* __GFP_HIGH */
#define ALLOC_OOM		0x08		/* dying: part of the reserve */
#define ALLOC_HIGHATOMIC	0x200
#define ALLOC_KSWAPD		0x800

extern unsigned long min_free_kbytes;		/* sysctl vm.min_free_kbytes */
extern unsigned watermark_scale_factor;		/* sysctl, 1/10000 of the zone */
extern unsigned sysctl_lowmem_reserve_ratio[MAX_NR_ZONES];
extern int percpu_pagelist_high_fraction;	/* sysctl: a hart's lists hold 1/this of a zone; 0: by watermark */
void setup_per_zone_wmarks(void);		/* after a change of the first two */
void setup_per_zone_lowmem_reserve(void);	/* after a change of the third */
int min_free_kbytes_set(unsigned long kbytes);
void init_per_zone_wmark_min(void);
extern unsigned long totalreserve_pages;

bool zone_watermark_ok(struct zone *z, unsigned order, unsigned long mark,
		       enum zone_type highest, unsigned alloc_flags);
static inline unsigned long wmark_pages(const struct zone *z, unsigned w) { return z->_watermark[w]; }
#define min_wmark_pages(z)	((z)->_watermark[WMARK_MIN])
#define low_wmark_pages(z)	((z)->_watermark[WMARK_LOW])
#define high_wmark_pages(z)	((z)->_watermark[WMARK_HIGH])

#endif
