/*
 * mm/reclaim/shrinker.h - caches that give memory back when it is short.
 *
 * MODEL     A cache registers how many objects it could free (count) and how to free some (scan).
 *           Under pressure each is asked for a share of its objects: count >> priority, times 4, over
 *           seeks; what is less than a batch is remembered and asked for later.
 *           A shrinker that is not SHRINKER_NUMA_AWARE is asked with node 0 only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RECLAIM_SHRINKER_H
#define VELLUM_MM_RECLAIM_SHRINKER_H

#include "mm/phys/zone.h"

struct shrink_control {
	gfp_t gfp_mask;			/* what the allocation that is in need may do */
	int nid;			/* node to free memory of */
	unsigned long nr_to_scan;	/* asked of scan_objects() */
	unsigned long nr_scanned;	/* looked at by it: starts as nr_to_scan */
};

#define SHRINK_STOP	(~0ul)		/* cannot go on now: a lock is taken, say */
#define SHRINK_EMPTY	(~0ul - 1)	/* nothing there at all */

#define SHRINKER_NUMA_AWARE	BIT(0)
#define DEFAULT_SEEKS		2	/* cost of an object that is needed again; 0: it costs nothing */

struct shrinker {
	/* Objects that could be freed; 0, or SHRINK_EMPTY: none.  Must not sleep for long. */
	unsigned long (*count_objects)(struct shrinker *s, struct shrink_control *sc);
	/* Free up to sc->nr_to_scan; how many were freed, or SHRINK_STOP. */
	unsigned long (*scan_objects)(struct shrinker *s, struct shrink_control *sc);
	const char *name;
	unsigned long batch;		/* objects a call of scan_objects(); 0: 128 */
	int seeks;
	unsigned flags;
	struct list_head list;		/* (shrinker_rwsem) */
	atomic_long_t nr_deferred[MAX_NUMNODES];	/* owed from earlier calls */
};

/* @s lives until unregister_shrinker(), which waits for calls under way. */
void register_shrinker(struct shrinker *s);
void unregister_shrinker(struct shrinker *s);

/* Ask all for node @nid; objects freed.  @priority 12: gently, 0: everything. */
unsigned long shrink_slab(gfp_t gfp, int nid, int priority);
/* Everything that every shrinker has: drop_caches. */
void drop_slab(void);

#endif
