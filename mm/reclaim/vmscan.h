/*
 * mm/reclaim/vmscan.h - getting memory back: by the node's kswapd, and by who is in need himself.
 *
 * MODEL     kswapd         a thread per node, woken when an allocation finds a zone below low; works
 *                          until all zones that the allocation could use are above high.
 *           direct reclaim the allocating task itself, when zones are below min.
 *           Both scan with falling priority: first a 4096th of what there is, at last all.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RECLAIM_VMSCAN_H
#define VELLUM_MM_RECLAIM_VMSCAN_H

#include "mm/phys/reclaim.h"

#define DEF_PRIORITY		12
#define SWAP_CLUSTER_MAX	32ul

/* One request to reclaim, and what came of it. */
struct scan_control {
	unsigned long nr_to_reclaim;	/* pages */
	unsigned long nr_scanned, nr_reclaimed;
	gfp_t gfp_mask;
	unsigned order;
	int priority;			/* DEF_PRIORITY .. 0 */
	enum zone_type reclaim_idx;	/* only zones up to this one */
	bool kswapd;			/* for the counters */
};

/* Reclaim from all caches of @pgdat for @sc. */
void shrink_node(pg_data_t *pgdat, struct scan_control *sc);
/* Clean cached pages of files with a store behind them; pages reclaimed are added to @sc. */
void shrink_file_cache(pg_data_t *pgdat, struct scan_control *sc);
/*
 * Take these pages of files, referenced by the caller and at most PAGEOUT_BATCH, out of the spaces that map them,
 * used or not, and free those that are clean.  The references are given back.
 */
#define PAGEOUT_BATCH		32u
void reclaim_pages(struct page **pages, unsigned nr);
/* All that can go, of all nodes: drop_caches. */
unsigned long drop_pagecache(void);
/*
 * drop_pagecache(), drop_slab(), or both.  What came free goes from the harts' lists to the buddy system, where it
 * merges: this much more than Linux does.  => may sleep
 */
#define DROP_PAGES	1u
#define DROP_OBJECTS	2u
void drop_caches(unsigned what);
unsigned long try_to_free_pages(const struct alloc_context *ac, unsigned order, gfp_t gfp);

/* Does some zone of @pgdat up to @highest have 2^@order pages above its high watermark? */
bool pgdat_balanced(pg_data_t *pgdat, unsigned order, enum zone_type highest);
void wakeup_kswapd(struct zone *zone, gfp_t gfp, unsigned order, enum zone_type highest);
/* Start kswapd and kcompactd of each node, and answer the page allocator.  Kernel threads must work. */
void reclaim_init(void);

/* What is kept per hart for the next fork, and lower layers' idle pages, as shrinkers. */
void lower_shrinkers_init(void);

/*
 * Up-calls, fs/shrink.c: the next file that has cached pages and a store to read them from again, after
 * @prev, whose reference is dropped; NULL at the end.  To stop before the end, put the last one.
 */
struct address_space *next_cached_mapping(struct address_space *prev);
void put_cached_mapping(struct address_space *mapping);

#endif
