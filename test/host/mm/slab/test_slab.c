/*
 * test/host/mm/slab/test_slab.c - slab: the tests of every back end, colouring, the reaper.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/slab/slab.c mm/slab/slab_cache.c mm/slab/common.c mm/slab/failslab.c mm/slab/traces.c
// SRCS: mm/slab/shrink.c mm/slab/kmalloc.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c
// SRCS: mm/phys/page_alloc.c mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c
// SRCS: mm/phys/movable.c mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c
// SRCS: mm/phys/vmstat_show.c mm/phys/page_owner.c mm/phys/page_debug.c
// LIBS: -lpthread
#include "test/host/mm/slab/cache_tests.h"
#include "mm/slab/slab_def.h"

static void wrong_cache(void)
{
	struct kmem_cache *a, *b;
	void *p;

	begin(1, 1);
	a = kmem_cache_create("a", 64, 0, SLAB_NO_MERGE, NULL);
	b = kmem_cache_create("b", 64, 0, SLAB_NO_MERGE, NULL);
	p = kmem_cache_alloc(a, GFP_KERNEL);
	kmem_cache_free(b, p);
	CHECK(slab_objects_in_use(a) == 1 && kmem_cache_verify(a) && kmem_cache_verify(b));
}

/* The first objects of successive slabs lie at different offsets in their pages. */
static void colours(void)
{
	struct kmem_cache *s;
	unsigned long seen = 0;

	begin(1, 1);
	s = kmem_cache_create("colourful", 376, 0, SLAB_NO_MERGE, NULL);
	CHECK(!s->off_slab && s->colour > 0);
	for (unsigned i = 0; i < 40 * s->num; i++) {
		struct slab *slab = obj_to_slab(kmem_cache_alloc(s, GFP_KERNEL));
		unsigned long colour = ((unsigned long)slab & ~PAGE_MASK) / s->colour_off;

		CHECK(colour <= s->colour);
		seen |= 1ul << colour;
	}
	CHECK(seen == (2ul << s->colour) - 1);
}

/* Small objects have their descriptor beside them, large ones elsewhere, unless the waste holds it. */
static void descriptors(void)
{
	struct kmem_cache *s;

	begin(1, 1);
	CHECK(!kmalloc_caches[0][6]->off_slab && kmalloc_caches[0][10]->off_slab && kmalloc_caches[0][13]->off_slab);
	s = kmem_cache_create("roomy", 1300, 0, SLAB_NO_MERGE, NULL);
	CHECK(!s->off_slab && s->num >= 3);
	for (unsigned size = 8; size < 9000; size += 8) {
		char name[20];
		unsigned bytes;

		snprintf(name, sizeof(name), "size-%u", size);
		s = kmem_cache_create(name, size, 0, SLAB_NO_MERGE, NULL);
		bytes = s->num * s->size + (s->off_slab ? 0 : s->slab_size) + s->colour * s->colour_off;
		CHECK(bytes <= PAGE_SIZE << s->order);
		CHECK((PAGE_SIZE << s->order) - bytes < s->colour_off || s->off_slab);
		kmem_cache_free(s, kmem_cache_alloc(s, GFP_KERNEL));
		CHECK(kmem_cache_verify(s));
		kmem_cache_destroy(s);
	}
}

/* What is not used goes back, a part each time; what is in use stays. */
static void reaper(void)
{
	struct kmem_cache *s;
	static void *p[5000];
	unsigned long before, rounds = 0;

	begin(2, 1);
	s = kmem_cache_create("reaped", 256, 0, SLAB_NO_MERGE, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		kmem_cache_free(s, p[i]);
	CHECK(s->node[0]->nr_slabs > 1 && s->node[0]->nr_slabs < 5000 / s->num);
	CHECK(s->array[0]->avail && s->node[0]->shared->avail);
	while (s->node[0]->nr_slabs) {
		before = s->node[0]->nr_slabs;
		slab_reap();
		CHECK(s->node[0]->nr_slabs <= before && rounds++ < 60 && kmem_cache_verify(s));
	}
	CHECK(rounds > 2);				/* it does not take all at once */
	p[0] = kmem_cache_alloc(s, GFP_KERNEL);
	for (unsigned i = 0; i < 20; i++)
		slab_reap();
	CHECK(slab_objects_in_use(s) == 1 && s->node[0]->nr_slabs == 1);
	kmem_cache_free(s, p[0]);
	kmem_cache_destroy(s);
}

int main(void)
{
	run_cache_tests();
	run_scenario(wrong_cache, "freeing to the wrong cache is refused");
	run_scenario(colours, "slabs are coloured");
	run_scenario(descriptors, "descriptors on and off the slab");
	run_scenario(reaper, "the reaper takes what is not used");
	return done_testing();
}
