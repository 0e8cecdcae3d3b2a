/*
 * mm/reclaim/kcompactd.c - the thread of each node that makes blocks behind kswapd's back.
 *
 * MODEL     kswapd frees pages; when it was woken for a block, kcompactd makes one of them.
 * INVARIANTS
 *   D1  A request names an order of the buddy system above 0, and a zone.
 * LOCKING   The request is a pair of words, as kswapd's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/reclaim/compact.h"
#include "mm/phys/page_alloc.h"
#include "mm/reclaim/internal.h"

/* Does some zone of @pgdat want a block that compaction could make? */
static bool node_suitable(pg_data_t *pgdat, unsigned order, enum zone_type highest)
{
	for (unsigned i = 0; i <= highest && i < MAX_NR_ZONES; i++) {
		struct zone *z = &pgdat->node_zones[i];

		if (populated_zone(z) && compaction_suitable(z, order, highest) == COMPACT_CONTINUE)
			return true;
	}
	return false;
}

void wakeup_kcompactd(pg_data_t *pgdat, unsigned order, enum zone_type highest)
{
	struct node_reclaim *nr = node_reclaim(pgdat);

	if (!order || !nr)
		return;
	if (READ_ONCE(nr->kcompactd_order) < order)
		WRITE_ONCE(nr->kcompactd_order, order);
	if (READ_ONCE(nr->kcompactd_highest) < highest)
		WRITE_ONCE(nr->kcompactd_highest, highest);
	if (waitqueue_active(&nr->kcompactd_wait) && node_suitable(pgdat, order, highest))
		wake_up(&nr->kcompactd_wait);
}

static void compact_for(struct zone *zone, unsigned order, enum zone_type highest)
{
	struct compact_control cc = {
		.zone = zone, .order = order, .migratetype = MIGRATE_MOVABLE, .highest = highest,
		.sync = true, .daemon = true,
	};
	enum compact_result rc;

	if (!populated_zone(zone) || compaction_deferred(zone, order))
		return;
	rc = compact_zone(&cc);
	if (rc == COMPACT_SUCCESS)
		compaction_defer_reset(zone, order, false);
	else if (rc == COMPACT_COMPLETE)
		defer_compaction(zone, order);
}

static void kcompactd_sleep(struct node_reclaim *nr)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&nr->kcompactd_wait, &wait, TASK_INTERRUPTIBLE);
	if (!READ_ONCE(nr->kcompactd_order))
		schedule();
	finish_wait(&nr->kcompactd_wait, &wait);
}

void kcompactd(void *arg)
{
	struct node_reclaim *nr = arg;

	node_bind_current(nr->pgdat);
	for (;;) {
		unsigned order, highest;

		kcompactd_sleep(nr);
		order = READ_ONCE(nr->kcompactd_order);
		highest = READ_ONCE(nr->kcompactd_highest);
		INV(D1, order <= MAX_ORDER && highest < MAX_NR_ZONES);
		WRITE_ONCE(nr->kcompactd_order, 0);
		WRITE_ONCE(nr->kcompactd_highest, 0);
		if (!order || !node_suitable(nr->pgdat, order, highest))
			continue;
		count_vm_event(KCOMPACTD_WAKE);
		for (unsigned i = 0; i <= highest && i < MAX_NR_ZONES; i++)
			compact_for(&nr->pgdat->node_zones[i], order, highest);
	}
}
