/*
 * mm/reclaim/shrinker.c - asking caches for memory.
 *
 * MODEL     The share that is asked for is exact over time: what does not fill a batch, or could not
 *           be freed (no __GFP_FS), is put on the shrinker's account of the node and asked next time.
 * INVARIANTS
 *   S1  An account is not negative, and a call asks for no more than twice what there is.
 * LOCKING   shrinker_rwsem: read, only tried, to call shrinkers; write to change the list.  A
 *           shrinker may be called with any sleeping lock of the allocating task held: it only tries
 *           locks that are held over allocations.
 * TESTS     test/host/mm/reclaim/test_shrinker.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/reclaim/shrinker.h"
#include "kernel/sync/rwsem.h"
#include "mm/phys/vmstat.h"
#include "mm/slab/shrink.h"

#define SHRINK_BATCH	128ul

static LIST_HEAD(shrinker_list);
static DECLARE_RWSEM(shrinker_rwsem, RANK_SLEEP_LEAF);

void register_shrinker(struct shrinker *s)
{
	INV(S1, s->count_objects && s->scan_objects && s->seeks >= 0);
	down_write(&shrinker_rwsem);
	list_add_tail(&s->list, &shrinker_list);
	up_write(&shrinker_rwsem);
}

void unregister_shrinker(struct shrinker *s)
{
	down_write(&shrinker_rwsem);
	list_del(&s->list);
	up_write(&shrinker_rwsem);
}

/* Objects to ask for of @freeable ones. */
static unsigned long shrink_share(const struct shrinker *s, unsigned long freeable, int priority)
{
	if (!s->seeks)
		return freeable / 2;
	return (freeable >> priority) * 4 / s->seeks;
}

static unsigned long do_shrink(struct shrinker *s, struct shrink_control *sc, int priority)
{
	unsigned long batch = s->batch ? s->batch : SHRINK_BATCH, freed = 0, scanned = 0;
	unsigned long freeable = s->count_objects(s, sc), todo;
	atomic_long_t *owed = &s->nr_deferred[sc->nid];

	INV(S1, rwsem_is_locked(&shrinker_rwsem) && atomic_long_read(owed) >= 0);
	if (!freeable || freeable == SHRINK_EMPTY)
		return 0;
	todo = shrink_share(s, freeable, priority) + atomic_long_xchg(owed, 0);
	todo = min(todo, 2 * freeable);
	while (scanned < todo && (todo - scanned >= batch || todo - scanned >= freeable)) {
		unsigned long ask = min(batch, todo - scanned), got;

		INV(S1, ask && todo <= 2 * freeable);
		sc->nr_to_scan = sc->nr_scanned = ask;
		got = s->scan_objects(s, sc);
		if (got == SHRINK_STOP)
			break;
		freed += got;
		count_vm_events(SLABS_SCANNED, sc->nr_scanned);
		scanned += max(sc->nr_scanned, 1ul);
		cond_resched();
	}
	if (todo > scanned)
		atomic_long_add(todo - scanned, owed);
	INV(S1, atomic_long_read(owed) >= 0);
	return freed;
}

unsigned long shrink_slab(gfp_t gfp, int nid, int priority)
{
	unsigned long freed = 0;
	struct shrinker *s;

	/* Somebody registers: he may be allocating himself.  Say that something was done: try again. */
	if (!down_read_trylock(&shrinker_rwsem))
		return 1;
	list_for_each_entry(s, &shrinker_list, list) {
		struct shrink_control sc = { .gfp_mask = gfp, .nid = nid };

		if (!(s->flags & SHRINKER_NUMA_AWARE))
			sc.nid = 0;
		freed += do_shrink(s, &sc, priority);
	}
	up_read(&shrinker_rwsem);
	return freed;
}

void drop_slab(void)
{
	unsigned long freed, shift = 0;

	do {		/* dropping one thing may free another; each round has to be worth more */
		freed = 0;
		slab_shrink_all();
		for_each_online_node(nid)
			freed += shrink_slab(GFP_KERNEL, nid, 0);
	} while (freed >> shift++ > 1);
}
