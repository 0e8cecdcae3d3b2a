/*
 * mm/phys/reclaim.h - what the allocator asks of the layers above when memory is short.
 *
 * MODEL     mm/reclaim registers its operations; until then the allocator has the free lists only.
 *           The stages of a hard allocation: wake kswapd; free lists down to min; direct compaction
 *           (costly orders); direct reclaim; the OOM killer; again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_RECLAIM_H
#define VELLUM_MM_PHYS_RECLAIM_H

#include "mm/phys/zone.h"

#define MAX_RECLAIM_FAILURES	16	/* fruitless runs of kswapd until it waits for others' success */

struct alloc_context {
	struct zonelist *zonelist;
	const nodemask_t *nodemask;	/* NULL: all */
	enum zone_type highest_zoneidx;
	unsigned migratetype;
	int nid;			/* preferred node */
};

struct reclaim_ops {
	/* Memory of @zone fell below low for an allocation of @order.  Any context; may be NULL. */
	void (*wakeup_kswapd)(struct zone *zone, gfp_t gfp, unsigned order, enum zone_type highest);
	/* Reclaim for the caller; pages freed.  May sleep. */
	unsigned long (*try_to_free_pages)(const struct alloc_context *ac, unsigned order, gfp_t gfp);
	/* Make a block of @order by moving pages; whether it was tried, and looking is worth it.  May sleep. */
	bool (*try_to_compact_pages)(const struct alloc_context *ac, unsigned order, gfp_t gfp);
};
void register_reclaim_ops(const struct reclaim_ops *ops);

/*
 * Kill a process to get memory back, for an order up to PAGE_ALLOC_COSTLY_ORDER.  Sleeps a little so
 * that the victim can exit.  Returns a page that came free before it had to; NULL: try again.
 * Implemented by kernel/task/oom.c.
 */
struct page *out_of_memory(gfp_t gfp, unsigned order, const struct alloc_context *ac);

/* The allocation failed: say so, with the state of the zones, unless __GFP_NOWARN. */
void warn_alloc(gfp_t gfp, unsigned order, const char *why);

#endif
