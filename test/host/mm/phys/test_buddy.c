/*
 * test/host/mm/phys/test_buddy.c - the page allocator under random load on machines of odd shapes:
 * unaligned ends, holes, several nodes, deferred sections, many harts.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c
// SRCS: mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c
// SRCS: mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c
// SRCS: mm/phys/page_owner.c mm/phys/page_debug.c
#include "test/host/mm/phys/machine.h"

#define MAX_LIVE	6000

static struct { struct page *page; u8 order, comp; } live[MAX_LIVE];
static unsigned nr_live;

static gfp_t random_gfp(void)
{
	static const gfp_t kinds[] = {
		GFP_NOWAIT, GFP_NOWAIT | __GFP_MOVABLE | __GFP_HIGHMEM, GFP_NOWAIT | __GFP_RECLAIMABLE,
		GFP_ATOMIC | __GFP_NOWARN, GFP_NOWAIT | GFP_DMA32,
		GFP_NOWAIT | __GFP_MOVABLE | __GFP_HIGHMEM,
	};

	return kinds[rnd_below(ARRAY_SIZE(kinds))];
}

static void step(bool grow)
{
	host_run_on(rnd_below(nr_harts));
	if (nr_live < MAX_LIVE && (grow ? !rnd_one_in(3) : rnd_one_in(3))) {
		unsigned order = rnd_one_in(4) ? rnd_below(MAX_ORDER + 1) : rnd_below(3);
		gfp_t gfp = random_gfp();
		bool comp = order && rnd_one_in(2);
		struct page *page = alloc_pages_node(rnd_below(nr_node_ids), comp ? gfp | __GFP_COMP : gfp, order);

		if (!page)
			return;
		take(page, order, 1);
		CHECK(gfp_zone(gfp) != ZONE_DMA32 || page_zonenum(page) == ZONE_DMA32);
		CHECK(!comp || (PageHead(page) && compound_head(page + 1) == page));
		live[nr_live].page = page;
		live[nr_live].comp = comp;
		live[nr_live++].order = order;
	} else if (nr_live) {
		unsigned i = rnd_below(nr_live);

		give(live[i].page, live[i].order);
		if (live[i].comp)
			put_page(live[i].page + rnd_below(1ul << live[i].order));
		else
			__free_pages(live[i].page, live[i].order);
		live[i] = live[--nr_live];
	}
}

/* Load up and down, free everything, and see that all is as it was. */
static void exercise(unsigned steps)
{
	unsigned long before = nr_free_pages();
	unsigned long used = 0;

	CHECK(before == boot_free_pages);
	check_all();
	for (unsigned i = 0; i < steps; i++) {
		step(i / 4000 % 2 == 0);
		if (i % 20000 == 0)
			check_all();
	}
	for (unsigned i = 0; i < nr_live; i++)
		used += 1ul << live[i].order;
	CHECK(nr_free_pages() == before - used);
	while (nr_live) {
		nr_live--;
		give(live[nr_live].page, live[nr_live].order);
		__free_pages(live[nr_live].page, live[nr_live].order);
	}
	CHECK(nr_free_pages() == before);
	drain_all_pages(NULL);
	check_all();
	CHECK(nr_free_pages() == before);
	for_each_populated_zone(z) {
		CHECK(!pcp_free_pages(z));
		CHECK(z->nr_free + z->nr_deferred == z->managed_pages);
	}
	CHECK(vm_event(PGFREE) == vm_event(PGALLOC_DMA32) + vm_event(PGALLOC_NORMAL) + vm_event(PGALLOC_MOVABLE));
	CHECK(!vmstat_show(NULL) && !zoneinfo_show(NULL) && !buddyinfo_show(NULL) && !pagetypeinfo_show(NULL));
}

static void small_machine(void)
{
	machine_begin();
	memblock_add(0x80000000, 32 * MiB);
	memblock_reserve(0x80000000, 2 * MiB + 123);
	machine_boot(1);
	exercise(400000);
}

static void ragged_machine(void)
{
	machine_begin();
	memblock_add(0x80000000 + 3 * 4096 + 17, 37 * MiB + 5 * 4096 + 3);
	memblock_add(0x80000000 + 39 * MiB + 7 * 4096, 3 * 4096);
	memblock_add(0x80000000 + 41 * MiB + 4096, 50 * MiB);
	memblock_mark_nomap(0x80000000 + 60 * MiB + 4096, 3 * 4096);
	memblock_add(0x100000000 - 5 * MiB, 17 * MiB + 4096);	/* across 4 GiB */
	memblock_reserve(0x80000000 + 10 * MiB + 1, 1);
	memblock_reserve(0x80000000 + 20 * MiB - 1, 2);
	machine_boot(3);
	exercise(800000);
}

static void many_nodes(void)
{
	machine_begin();
	for (unsigned i = 0; i < 12; i++)	/* pieces of four nodes, interleaved, at odd places */
		memblock_add_node(0x80000000 + i * 24 * MiB + (i % 4) * 4096, 24 * MiB - 5 * 4096, i % 4, 0);
	memblock_add_node(0x140001000, 30 * MiB, 2, 0);
	for (unsigned h = 0; h < 8; h++)
		numa_set_hart_node(h, h % 5);		/* node 4 has harts, and no memory */
	for (unsigned a = 0; a < 5; a++)
		for (unsigned b = 0; b < 5; b++)
			numa_set_distance(a, b, a == b ? 10 : 10 + 5 * (a > b ? a - b : b - a));
	machine_boot(8);
	exercise(800000);
}

static void movable_zone(void)
{
	machine_begin();
	CHECK(!cmdline_parse_kernelcore("40M"));
	memblock_add_node(0x80000000, 64 * MiB, 0, 0);
	memblock_add_node(0x90000000, 31 * MiB, 1, 0);
	memblock_add_node(0xa0000000, 9 * MiB, 2, 0);
	machine_boot(2);
	for_each_online_node(nid) {
		struct zone *z = &NODE_DATA(nid)->node_zones[ZONE_MOVABLE];

		CHECK(IS_ALIGNED(z->zone_start_pfn, MAX_ORDER_NR_PAGES));
		CHECK((nid < 2) == !!populated_zone(z));
	}
	exercise(400000);
}

static void deferred_machine(void)
{
	unsigned long deferred = 0;

	machine_begin();
	memblock_add(0x80000000, 4096 * MiB);
	memblock_reserve(0x170000000, 5 * MiB + 11);
	machine_boot(4);
	for_each_populated_zone(z)
		deferred += z->nr_deferred;
	CHECK(deferred > 500000 && !pfn_valid(0x150000000 >> PAGE_SHIFT));
	CHECK(boot_free_pages == totalram_pages());
	exercise(60000);
	while (__deferred_idle_step())
		check_all();
	for_each_populated_zone(z)
		CHECK(!z->nr_deferred && z->nr_free == z->managed_pages);
	CHECK(pfn_valid(0x150000000 >> PAGE_SHIFT) && nr_free_pages() == boot_free_pages);
	exercise(20000);
}

static void exhaust_deferred(void)
{
	unsigned long got = 0;

	machine_begin();
	memblock_add(0x80000000, 3072 * MiB);
	machine_boot(2);
	for (struct page *p; (p = alloc_pages(GFP_NOWAIT, MAX_ORDER)); got++)
		take(p, MAX_ORDER, 1);
	CHECK(got > 3072 / 4 - 20);
	for_each_populated_zone(z)
		CHECK(!z->nr_deferred);
}

int main(void)
{
	run_scenario(small_machine, "32 MiB, one hart");
	run_scenario(ragged_machine, "unaligned ends, holes, two zones, three harts");
	run_scenario(many_nodes, "four nodes interleaved, one without memory, eight harts");
	run_scenario(movable_zone, "three nodes with a movable zone");
	run_scenario(deferred_machine, "4 GiB with deferred sections");
	run_scenario(exhaust_deferred, "all deferred memory can be had");
	return done_testing();
}
