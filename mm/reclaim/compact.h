/*
 * mm/reclaim/compact.h - make large free blocks by moving pages to one end of the zone.
 *
 * MODEL     zone:  | in use ... -> migrate scanner      free scanner <- ... free |
 *           Movable pages that the migrate scanner finds, from the bottom up, are moved to free pages that
 *           the free scanner finds, from the top down, until they meet or the wanted block exists.
 *           Who: a task in need of a block (try_to_compact_pages), kcompactd of the node behind kswapd,
 *           and whoever writes /proc/sys/vm/compact_memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RECLAIM_COMPACT_H
#define VELLUM_MM_RECLAIM_COMPACT_H

#include "mm/phys/reclaim.h"

enum compact_result {
	COMPACT_NOT_SUITABLE,	/* too few free pages to work with: reclaim first */
	COMPACT_SKIPPED,	/* would not help: fragmentation is not what is wrong */
	COMPACT_DEFERRED,	/* failed too often lately */
	COMPACT_CONTINUE,
	COMPACT_CONTENDED,	/* stopped: the hart is wanted */
	COMPACT_COMPLETE,	/* the scanners met; no block */
	COMPACT_SUCCESS,	/* there is a block of the wanted order */
};

/* Free pages that compaction needs to work with, beside the watermark: source and target at once. */
static inline unsigned long compact_gap(unsigned order) { return 2ul << order; }

/* Is there anything to gain in @zone for @order?  CONTINUE: yes. */
enum compact_result compaction_suitable(struct zone *zone, unsigned order, enum zone_type highest);
/* Would compaction of @zone give a block of @order, so that more reclaim is not needed? */
bool compaction_ready(struct zone *zone, unsigned order, enum zone_type highest);

/* Direct compaction; whether it was tried, so that looking again is worth it. */
bool try_to_compact_pages(const struct alloc_context *ac, unsigned order, gfp_t gfp);
void wakeup_kcompactd(pg_data_t *pgdat, unsigned order, enum zone_type highest);
/* All zones from end to end: /proc/sys/vm/compact_memory, /sys/devices/system/node/nodeN/compact. */
void compact_node(int nid);
void compact_nodes(void);

extern int sysctl_extfrag_threshold;		/* vm.extfrag_threshold, 0..1000 */
extern int sysctl_compact_unevictable_allowed;

/*
 * Take [start, end) of one zone out of the page allocator as single pages, moving away what is in use.
 * 0, -EBUSY: something there cannot be moved, -ENOMEM, -EINTR.
 */
__must_check int alloc_contig_range(pfn_t start, pfn_t end, unsigned migratetype, gfp_t gfp);
void free_contig_range(pfn_t start, unsigned long nr_pages);
/* The first range of @nr_pages, aligned to @nr_pages' power of two, that can be had; NULL. */
struct page *alloc_contig_pages(unsigned long nr_pages, gfp_t gfp, int nid);

/* ---- for compact.c, kcompactd.c and contig.c ------------------------------------------------- */

#define COMPACT_CLUSTER_MAX	32	/* pages isolated at a time */

/* One run over a zone. */
struct compact_control {
	struct zone *zone;
	int order;			/* wanted; -1: all of the zone */
	unsigned migratetype;		/* for whom the block is */
	enum zone_type highest;
	bool sync;			/* go on when the hart is wanted; look at every kind of pageblock */
	bool daemon;			/* kcompactd: for the counters */
	bool whole;			/* from end to end, whatever was seen before */

	pfn_t migrate_pfn, free_pfn;	/* the scanners; free_pfn is the end of what it has not seen */
	struct list_head freepages;	/* isolated targets */
	unsigned long nr_freepages;
	unsigned nr_pages;		/* isolated sources */
	struct page *page[COMPACT_CLUSTER_MAX];
};
enum compact_result compact_zone(struct compact_control *cc);

/* Isolate what can be moved of [pfn, end), at most as many as fit; where it stopped. */
pfn_t isolate_migratepages_range(struct compact_control *cc, pfn_t pfn, pfn_t end);

/* Deferral: after each failure twice as many tries are passed over, up to 64. */
bool compaction_deferred(struct zone *zone, int order);
void defer_compaction(struct zone *zone, int order);
void compaction_defer_reset(struct zone *zone, int order, bool alloc_success);

#endif
