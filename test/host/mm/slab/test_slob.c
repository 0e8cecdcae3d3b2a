/*
 * test/host/mm/slab/test_slob.c - slob: the tests of every back end, and how tightly it packs.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/slab/slob.c mm/slab/common.c mm/slab/failslab.c mm/slab/traces.c mm/slab/shrink.c
// SRCS: mm/slab/kmalloc.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c
// SRCS: mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c
// SRCS: mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c
// SRCS: mm/phys/page_owner.c mm/phys/page_debug.c
// CFLAGS: -DVELLUM_SLOB
// LIBS: -lpthread
#include "test/host/mm/slab/cache_tests.h"

/* Of a full page nothing is lost: objects have no header, memory of kmalloc() has one word. */
static void packing(void)
{
	unsigned long pages;
	struct kmem_cache *s;

	begin(1, 1);
	s = kmem_cache_create("packed", 40, 0, 0, NULL);
	pages = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	for (unsigned i = 0; i < 102 * 20; i++)
		CHECK(kmem_cache_alloc(s, GFP_KERNEL));
	CHECK(global_node_page_state(NR_SLAB_UNRECLAIMABLE) - pages <= 20);
	pages = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	for (unsigned i = 0; i < 85 * 20; i++)
		CHECK(kmalloc(33, GFP_KERNEL));
	CHECK(global_node_page_state(NR_SLAB_UNRECLAIMABLE) - pages <= 20);
	CHECK(slab_verify_all());
}

/* Holes merge: what was freed in any order can be had again as one. */
static void merging_holes(void)
{
	unsigned long pages;
	void *p[32];

	begin(1, 1);
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 32; i++)
			CHECK((p[i] = kmalloc(120, GFP_KERNEL)));
		for (unsigned left = 32; left; left--) {
			unsigned k = rnd_below(left);

			kfree(p[k]);
			p[k] = p[left - 1];
			CHECK(kmem_cache_verify(kmalloc_caches[0][7]));
		}
	}
	pages = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	p[0] = kmalloc(200, GFP_KERNEL);
	p[1] = kmalloc(16, GFP_KERNEL);
	CHECK(p[0] && p[1] && global_node_page_state(NR_SLAB_UNRECLAIMABLE) <= pages + 1);
}

int main(void)
{
	run_cache_tests();
	run_scenario(packing, "a page is used to the last unit");
	run_scenario(merging_holes, "neighbours merge");
	return done_testing();
}
