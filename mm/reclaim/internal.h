/*
 * mm/reclaim/internal.h - what the files of mm/reclaim share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RECLAIM_INTERNAL_H
#define VELLUM_MM_RECLAIM_INTERNAL_H

#include "kernel/sync/wait.h"
#include "mm/reclaim/vmscan.h"

/* A node's threads and what is asked of them: pgdat->kswapd_private. */
struct node_reclaim {
	pg_data_t *pgdat;			/* (I) */
	wait_queue_head_t kswapd_wait, kcompactd_wait;
	unsigned kswapd_order;			/* (A) largest order asked for */
	unsigned kswapd_highest;		/* (A) highest zone asked for; MAX_NR_ZONES: none */
	unsigned kcompactd_order;		/* (A) 0: nothing to do */
	unsigned kcompactd_highest;		/* (A) */
};
static inline struct node_reclaim *node_reclaim(pg_data_t *pgdat)
{
	return READ_ONCE(pgdat->kswapd_private);
}

void kcompactd(void *node);
/*
 * Give back what the harts keep for the next fork, by running on each in turn; afterwards the thread
 * keeps to the harts of @pgdat again.  => kernel thread
 */
void drain_hart_caches(pg_data_t *pgdat);
/* The running kernel thread keeps to the harts of @pgdat, if it has any. */
void node_bind_current(pg_data_t *pgdat);

/* Pages came free otherwise than through the slab allocator. */
void mm_reclaimed(unsigned long pages);
void droppable_init(void);			/* droppable.c */

#endif
