/*
 * mm/reclaim/caches.c - what lower layers keep for later, as shrinkers.
 *
 * MODEL     slab        empty slabs that nodes keep;
 *           vmalloc     areas that wait for one common flush;
 *           hart caches page tables and kernel stacks that each hart keeps for the next fork.  Only
 *                       their hart may touch them: a task in need gives back those of the hart it
 *                       runs on, kswapd visits every hart.
 *           Lower layers cannot register themselves: shrinkers are above them.
 * INVARIANTS
 *   C1  Who touches what a hart keeps runs on that hart.
 * TESTS     test/user/t_reclaim.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/stack.h"
#include "mm/kmap/vmalloc.h"
#include "mm/pt/pgalloc.h"
#include "mm/reclaim/internal.h"
#include "mm/reclaim/shrinker.h"
#include "mm/slab/shrink.h"

void mm_reclaimed(unsigned long pages)
{
	if (current_base()->reclaim_state)
		current_base()->reclaim_state->reclaimed += pages;
}

static unsigned long slab_count(__maybe_unused struct shrinker *s, __maybe_unused struct shrink_control *sc)
{
	return slab_nr_empty();
}

static unsigned long slab_scan(__maybe_unused struct shrinker *s, struct shrink_control *sc)
{
	unsigned long freed = slab_discard_empty();

	sc->nr_scanned = max(freed, 1ul);
	return freed ? freed : SHRINK_STOP;
}

static unsigned long lazy_count(__maybe_unused struct shrinker *s, __maybe_unused struct shrink_control *sc)
{
	return vmalloc_nr_lazy_pages();
}

static unsigned long lazy_scan(__maybe_unused struct shrinker *s, struct shrink_control *sc)
{
	unsigned long pages = vmalloc_nr_lazy_pages();

	vm_area_purge();
	mm_reclaimed(pages);
	sc->nr_scanned = pages;
	return pages;
}

static unsigned long hart_count(__maybe_unused struct shrinker *s, __maybe_unused struct shrink_control *sc)
{
	return pt_cache_pages(this_hart()) + thread_stack_pages(this_hart());
}

static unsigned long hart_scan(__maybe_unused struct shrinker *s, struct shrink_control *sc)
{
	unsigned long pages = pt_cache_drain();

	mm_reclaimed(pages);
	/* The stacks' pages come through the lazy areas, which are counted there. */
	sc->nr_scanned = pages + thread_stack_drain() * (THREAD_SIZE / PAGE_SIZE);
	return sc->nr_scanned ? sc->nr_scanned : SHRINK_STOP;
}

/* In this order: what one gives back lets the next give more. */
static struct shrinker hart_shrinker = {
	.name = "hart-caches", .count_objects = hart_count, .scan_objects = hart_scan, .seeks = 0, .batch = 1,
};
static struct shrinker lazy_shrinker = {
	.name = "vmalloc-lazy", .count_objects = lazy_count, .scan_objects = lazy_scan, .seeks = 0, .batch = 1,
};
static struct shrinker slab_shrinker = {
	.name = "slab-empty", .count_objects = slab_count, .scan_objects = slab_scan, .seeks = DEFAULT_SEEKS,
	.batch = 1,
};

void lower_shrinkers_init(void)
{
	register_shrinker(&hart_shrinker);
	register_shrinker(&lazy_shrinker);
	register_shrinker(&slab_shrinker);
}

static u64 node_harts(const pg_data_t *pgdat)
{
	u64 harts = 0;

	for_each_hart(h)
		if (hart_to_node(h) == pgdat->node_id)
			harts |= BIT(h);
	return harts & hart_online_mask.bits;
}

void node_bind_current(pg_data_t *pgdat)
{
	u64 harts = node_harts(pgdat);

	set_current_harts(harts ? harts : ~0ull);
}

void drain_hart_caches(pg_data_t *pgdat)
{
	for_each_hart_in(h, hart_online_mask) {
		if (!pt_cache_pages(h) && !thread_stack_pages(h))
			continue;
		set_current_harts(BIT(h));
		INV(C1, this_hart() == h);
		pt_cache_drain();
		thread_stack_drain();
	}
	vm_area_purge();
	node_bind_current(pgdat);
}
