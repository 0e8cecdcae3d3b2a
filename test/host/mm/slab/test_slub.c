/*
 * test/host/mm/slab/test_slub.c - slub: the tests of every back end, and merging.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/slab/slub.c mm/slab/slub_cache.c mm/slab/slub_debug.c mm/slab/slub_attr.c
// SRCS: mm/slab/common.c mm/slab/failslab.c mm/slab/traces.c mm/slab/shrink.c mm/slab/kmalloc.c
// SRCS: mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c mm/phys/slowpath.c
// SRCS: mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c mm/phys/memmap.c
// SRCS: mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c mm/phys/page_owner.c
// SRCS: mm/phys/page_debug.c
// LIBS: -lpthread
#include "test/host/mm/slab/cache_tests.h"

static void wrong_cache(void)
{
	struct kmem_cache *a, *b;
	void *p;

	begin(1, 1);
	a = kmem_cache_create("a", 64, 0, SLAB_NO_MERGE, NULL);
	b = kmem_cache_create("b", 64, 0, SLAB_NO_MERGE, NULL);
	CHECK(kmem_cache_alloc(b, GFP_KERNEL));
	p = kmem_cache_alloc(a, GFP_KERNEL);
	kmem_cache_free(b, p);
	CHECK(slab_objects_in_use(a) == 1 && kmem_cache_verify(a) && kmem_cache_verify(b));
}

static void merging(void)
{
	struct kmem_cache *a, *b;
	void *p;

	begin(1, 1);
	a = kmem_cache_create("a", 1200, 0, 0, NULL);
	b = kmem_cache_create("b", 1195, 8, 0, NULL);
	CHECK(a == b && a != kmem_cache_create("c", 1208, 0, 0, NULL));
	CHECK(a != kmem_cache_create("c", 1200, 16, 0, NULL) && a != kmem_cache_create("c", 1192, 0, 0, NULL));
	CHECK(a != kmem_cache_create("c", 1200, 0, SLAB_RECLAIM_ACCOUNT, NULL));
	CHECK(a != kmem_cache_create("c", 1200, 0, 0, ctor));
	CHECK(a != kmem_cache_create("c", 1200, 0, SLAB_POISON, NULL));
	CHECK(a != kmem_cache_create("c", 1200, 0, SLAB_TYPESAFE_BY_RCU, NULL));
	CHECK(kmem_cache_create("d", 60, 0, SLAB_HWCACHE_ALIGN, NULL) == kmalloc_caches[0][6]);
	p = kmem_cache_alloc(b, GFP_KERNEL);
	kmem_cache_destroy(a);				/* b is still there */
	kmem_cache_free(b, p);
	kmem_cache_destroy(b);
	CHECK(slab_verify_all());
}

int main(void)
{
	run_cache_tests();
	run_scenario(wrong_cache, "freeing to the wrong cache is refused");
	run_scenario(merging, "caches that look alike are one");
	return done_testing();
}
