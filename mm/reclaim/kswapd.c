/*
 * mm/reclaim/kswapd.c - the thread of each node that keeps some memory free.
 *
 * MODEL     asleep --wakeup_kswapd()--> balancing --balanced, or hopeless--> asleep
 *           balancing: shrink_node() with priorities 12 .. 1 until every request made so far (the
 *           largest order, the highest zone) is met at the high watermark.
 *           A run that reclaims nothing is a failure; after MAX_RECLAIM_FAILURES in a row the thread
 *           is not woken any more, until somebody's direct reclaim frees a page.
 * INVARIANTS
 *   K1  A request names an order of the buddy system, and a zone or none.
 * LOCKING   The request is a pair of words that anyone stores to; a lost update costs a wake-up, not
 *           memory: the next allocation makes it again.
 * COST      Asleep: nothing.  The allocator calls wakeup_kswapd() on its slow path only.
 * TESTS     test/host/mm/reclaim/test_kswapd.c, test/user/t_reclaim.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/reclaim/internal.h"
#include "mm/reclaim/compact.h"
#include "mm/slab/slab.h"

#define NO_ZONE	MAX_NR_ZONES

bool pgdat_balanced(pg_data_t *pgdat, unsigned order, enum zone_type highest)
{
	bool any = false;

	for (unsigned i = 0; i <= highest && i < MAX_NR_ZONES; i++) {
		struct zone *z = &pgdat->node_zones[i];

		if (!managed_zone(z))
			continue;
		any = true;
		if (zone_watermark_ok(z, order, high_wmark_pages(z), highest, 0) || READ_ONCE(z->nr_deferred))
			return true;
	}
	return !any;
}

void wakeup_kswapd(struct zone *zone, gfp_t gfp, unsigned order, enum zone_type highest)
{
	pg_data_t *pgdat = zone->pgdat;
	struct node_reclaim *nr = node_reclaim(pgdat);
	unsigned asked;

	if (!managed_zone(zone) || !nr)
		return;
	asked = READ_ONCE(nr->kswapd_highest);
	if (asked == NO_ZONE || asked < highest)
		WRITE_ONCE(nr->kswapd_highest, highest);
	if (READ_ONCE(nr->kswapd_order) < order)
		WRITE_ONCE(nr->kswapd_order, order);
	if (!waitqueue_active(&nr->kswapd_wait))
		return;
	if (READ_ONCE(pgdat->kswapd_failures) >= MAX_RECLAIM_FAILURES ||
	    pgdat_balanced(pgdat, order, highest)) {
		/* There are pages enough, or no more to be had: only their order can be mended. */
		if (!(gfp & __GFP_DIRECT_RECLAIM))
			wakeup_kcompactd(pgdat, order, highest);
		return;
	}
	wake_up(&nr->kswapd_wait);
}

static unsigned long pages_to_high(pg_data_t *pgdat, enum zone_type highest)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i <= highest && i < MAX_NR_ZONES; i++)
		if (managed_zone(&pgdat->node_zones[i]))
			sum += max(high_wmark_pages(&pgdat->node_zones[i]), SWAP_CLUSTER_MAX);
	return sum;
}

/* Work until @pgdat is balanced or nothing more can be had. */
static void balance_pgdat(pg_data_t *pgdat, unsigned order, enum zone_type highest)
{
	struct scan_control sc = {
		.gfp_mask = GFP_KERNEL, .order = order, .priority = DEF_PRIORITY, .reclaim_idx = highest,
		.kswapd = true,
	};

	count_vm_event(PAGEOUTRUN);
	while (sc.priority >= 1 && !pgdat_balanced(pgdat, sc.order, highest)) {
		unsigned long before = sc.nr_reclaimed;

		sc.nr_to_reclaim = pages_to_high(pgdat, highest);
		shrink_node(pgdat, &sc);
		/* Enough pages for a block of the order: from here on compaction has to make it. */
		if (sc.order && sc.nr_reclaimed >= compact_gap(sc.order))
			sc.order = 0;
		if (sc.nr_reclaimed - before < sc.nr_to_reclaim)
			sc.priority--;
		cond_resched();
	}
	if (!sc.nr_reclaimed && !pgdat_balanced(pgdat, 0, highest))
		WRITE_ONCE(pgdat->kswapd_failures, pgdat->kswapd_failures + 1);
}

/* Is there a request that reclaim could still answer? */
static bool kswapd_has_work(struct node_reclaim *nr)
{
	unsigned highest = READ_ONCE(nr->kswapd_highest);

	return highest != NO_ZONE && READ_ONCE(nr->pgdat->kswapd_failures) < MAX_RECLAIM_FAILURES &&
	       !pgdat_balanced(nr->pgdat, READ_ONCE(nr->kswapd_order), highest);
}

static void kswapd_sleep(struct node_reclaim *nr)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&nr->kswapd_wait, &wait, TASK_INTERRUPTIBLE);
	if (!kswapd_has_work(nr))
		schedule();
	finish_wait(&nr->kswapd_wait, &wait);
}

static void kswapd(void *arg)
{
	struct node_reclaim *nr = arg;

	current_base()->flags |= PF_MEMALLOC | PF_KSWAPD;
	node_bind_current(nr->pgdat);
	for (;;) {
		unsigned order, highest;

		kswapd_sleep(nr);
		order = READ_ONCE(nr->kswapd_order);
		highest = READ_ONCE(nr->kswapd_highest);
		INV(K1, order <= MAX_ORDER && highest <= NO_ZONE);
		WRITE_ONCE(nr->kswapd_order, 0);
		WRITE_ONCE(nr->kswapd_highest, NO_ZONE);
		if (highest == NO_ZONE)
			continue;
		drain_hart_caches(nr->pgdat);
		balance_pgdat(nr->pgdat, order, highest);
		if (order)
			wakeup_kcompactd(nr->pgdat, order, highest);
		/* A request that could not be met stays one, so that failures add up to giving up. */
		if (!pgdat_balanced(nr->pgdat, 0, highest) && READ_ONCE(nr->kswapd_highest) == NO_ZONE)
			WRITE_ONCE(nr->kswapd_highest, highest);
	}
}

static const struct reclaim_ops vmscan_ops = {
	.wakeup_kswapd = wakeup_kswapd,
	.try_to_free_pages = try_to_free_pages,
	.try_to_compact_pages = try_to_compact_pages,
};

static void node_start(int nid)
{
	pg_data_t *pgdat = NODE_DATA(nid);
	struct node_reclaim *nr;

	if (!pgdat->node_present_pages)
		return;
	nr = kzalloc(sizeof(*nr), GFP_KERNEL);
	if (!nr)
		panic("no memory for kswapd of node %d", nid);
	nr->pgdat = pgdat;
	nr->kswapd_highest = NO_ZONE;
	init_waitqueue_head(&nr->kswapd_wait);
	init_waitqueue_head(&nr->kcompactd_wait);
	smp_wmb();	/* before others find it: node_reclaim() */
	pgdat->kswapd_private = nr;
	if (!kthread_run(kswapd, nr, "kswapd%d", nid) || !kthread_run(kcompactd, nr, "kcompactd%d", nid))
		panic("cannot start kswapd of node %d", nid);
}

void reclaim_init(void)
{
	lower_shrinkers_init();
	droppable_init();
	for_each_online_node(nid)
		node_start(nid);
	register_reclaim_ops(&vmscan_ops);
}
