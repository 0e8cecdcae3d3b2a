/*
 * test/host/mm/slab/test_slub.c - caches under random load on simulated harts, with a shadow of every
 * object; failures of every page allocation; the figures.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/slab/slub.c mm/slab/slub_cache.c mm/slab/slub_debug.c mm/slab/common.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c mm/phys/page_owner.c mm/phys/page_debug.c
#include "test/host/mm/phys/machine.h"
#include "mm/slab/slab.h"

#define MAX_LIVE	20000
#define NR_CACHES	7

static struct { void *p; unsigned bytes; u8 cache; u32 tag; } live[MAX_LIVE];
static unsigned nr_live;
static struct kmem_cache *caches[NR_CACHES];
static const unsigned sizes[NR_CACHES] = { 8, 40, 96, 136, 500, 2000, 5000 };

static void begin(unsigned harts, unsigned nodes)
{
	machine_begin();
	for (unsigned n = 0; n < nodes; n++)
		memblock_add_node(0x80000000 + n * 96 * MiB, 96 * MiB, n, 0);
	for (unsigned h = 0; h < harts; h++)
		numa_set_hart_node(h, h % nodes);
	machine_boot(harts);
	kmem_cache_init();
}

static void fill(void *p, unsigned bytes, u32 tag)
{
	for (unsigned i = 0; i + 4 <= bytes; i += 4)
		*(u32 *)((char *)p + i) = tag + i;
}

static void check_content(unsigned i)
{
	for (unsigned k = 0; k + 4 <= live[i].bytes; k += 4)
		CHECK(*(u32 *)((char *)live[i].p + k) == live[i].tag + k);
}

static void release(unsigned i)
{
	check_content(i);
	memset(live[i].p, 0xee, live[i].bytes);
	if (live[i].cache < NR_CACHES)
		kmem_cache_free(caches[live[i].cache], live[i].p);
	else
		kfree(live[i].p);
	live[i] = live[--nr_live];
}

static void acquire(void)
{
	unsigned c = rnd_below(NR_CACHES + 3), bytes = c < NR_CACHES ? sizes[c] : 1 + rnd_below(12000);
	bool zero = rnd_one_in(4);
	gfp_t gfp = GFP_KERNEL | (zero ? __GFP_ZERO : 0);
	void *p;

	if (c < NR_CACHES)
		p = rnd_one_in(5) ? kmem_cache_alloc_node(caches[c], gfp, rnd_below(nr_node_ids))
				  : kmem_cache_alloc(caches[c], gfp);
	else
		p = kmalloc(bytes, gfp);
	CHECK(p && IS_ALIGNED((unsigned long)p, 8));
	if (c >= NR_CACHES)
		CHECK(ksize(p) >= bytes);
	for (unsigned i = 0; zero && i < bytes; i++)
		CHECK(!((char *)p)[i]);
	live[nr_live].p = p;
	live[nr_live].bytes = bytes;
	live[nr_live].cache = c;
	live[nr_live].tag = rnd();
	fill(p, bytes, live[nr_live].tag);
	nr_live++;
}

static void load(unsigned steps)
{
	for (unsigned i = 0; i < steps; i++) {
		bool grow = i / 8000 % 2 == 0;

		host_run_on(rnd_below(nr_harts));
		if (nr_live < MAX_LIVE && (!nr_live || (grow ? !rnd_one_in(3) : rnd_one_in(3))))
			acquire();
		else
			release(rnd_below(nr_live));
		if (i % 5000 == 0)
			CHECK(slab_verify_all());
	}
}

static void random_load(unsigned harts, unsigned nodes)
{
	unsigned long before, used[NR_CACHES] = { 0 };

	begin(harts, nodes);
	before = nr_free_pages();
	for (unsigned c = 0; c < NR_CACHES; c++)
		caches[c] = kmem_cache_create("test", sizes[c], 0, c & 1 ? SLAB_HWCACHE_ALIGN : 0, NULL);
	load(60000);
	for (unsigned i = 0; i < nr_live; i++)
		if (live[i].cache < NR_CACHES)
			used[live[i].cache]++;
	for (unsigned c = 0; c < NR_CACHES; c++)
		CHECK(slab_objects_in_use(caches[c]) == used[c]);
	CHECK(slab_verify_all() && !slabinfo_show(NULL));
	while (nr_live)
		release(nr_live - 1);
	for (unsigned c = 0; c < NR_CACHES; c++) {
		CHECK(!slab_objects_in_use(caches[c]) && !kmem_cache_shrink(caches[c]));
		kmem_cache_destroy(caches[c]);
	}
	for (unsigned t = 0; t < NR_KMALLOC_TYPES; t++)
		for (unsigned i = 1; i < NR_KMALLOC_CACHES; i++)
			kmem_cache_shrink(kmalloc_caches[t][i]);
	check_all();
	/* Only the slabs of the caches of caches may have grown. */
	CHECK(before - nr_free_pages() <= 8);
}

static void one_hart(void) { random_load(1, 1); }
static void many_harts(void) { random_load(6, 1); }
static void many_nodes(void) { random_load(6, 3); }

static void kmalloc_sizes(void)
{
	begin(1, 1);
	CHECK(kmalloc(0, GFP_KERNEL) == (void *)16 && ksize((void *)16) == 0);
	kfree(kmalloc(0, GFP_KERNEL));
	kfree(NULL);
	for (unsigned n = 1; n <= 20000; n += n < 300 ? 1 : 37) {
		char *p = kmalloc(n, GFP_KERNEL | (n & 1 ? __GFP_RECLAIMABLE : 0));
		size_t got = ksize(p), align = got & -got;

		CHECK(p && got >= n && (got < 2 * n || n < 8) && IS_ALIGNED((unsigned long)p, align));
		memset(p, 0x33, got);
		kfree(p);
	}
	CHECK(ksize(kmalloc(65, GFP_KERNEL)) == 96 && ksize(kmalloc(129, GFP_KERNEL)) == 192);
	CHECK(ksize(kmalloc(8193, GFP_KERNEL)) == 12288 + 4096 && ksize(kmalloc(8192, GFP_KERNEL)) == 8192);
	CHECK(!kmalloc(5ul << 20, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!kmalloc_array(1ul << 40, 1ul << 40, GFP_KERNEL) && !kcalloc(~0ul, 2, GFP_KERNEL));
	CHECK(slab_verify_all());
}

static void copies(void)
{
	char *a, *b;

	begin(1, 1);
	a = kstrdup("a string", GFP_KERNEL);
	CHECK(!strcmp(a, "a string") && !kstrdup(NULL, GFP_KERNEL));
	b = kstrndup("a string", 4, GFP_KERNEL);
	CHECK(!strcmp(b, "a st"));
	a = krealloc(a, 5000, GFP_KERNEL);
	CHECK(!strcmp(a, "a string") && krealloc(a, 100, GFP_KERNEL) == a);
	a = krealloc(a, 50000, GFP_KERNEL);
	CHECK(!strcmp(a, "a string"));
	b = kmemdup(a, 9, GFP_KERNEL);
	CHECK(!strcmp(a, b) && krealloc(b, 0, GFP_KERNEL) == (void *)16);
	kvfree(a);
	a = kvmalloc(100000, GFP_KERNEL);
	CHECK(a);
	kvfree(a);
}

static unsigned constructed;
static void ctor(void *p) { *(u64 *)p = 0xc0ffee; constructed++; }

static void constructors(void)
{
	struct kmem_cache *s;
	u64 *p[300];

	begin(2, 1);
	s = kmem_cache_create("ctor", 48, 16, SLAB_TYPESAFE_BY_RCU, ctor);
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 300; i++) {
			host_run_on(i & 1);
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
			CHECK(*p[i] == 0xc0ffee && IS_ALIGNED((unsigned long)p[i], 16));
		}
		kmem_cache_free_bulk(s, 300, (void **)p);
	}
	CHECK(constructed < 700 && kmem_cache_verify(s));
	CHECK(kmem_cache_alloc_bulk(s, GFP_KERNEL, 300, (void **)p) == 300);
	host_run_on(0);
	CHECK(slab_objects_in_use(s) == 300);
	kmem_cache_free_bulk(s, 299, (void **)p);
	kmem_cache_destroy(s);				/* complains, keeps the slab */
	CHECK(*p[299] == 0xc0ffee);
	kmem_cache_free(s, p[299]);
	kmem_cache_destroy(s);
}

/* Fill memory, so that the n-th slab cannot be had, for many n; nothing is lost. */
static void failures(void)
{
	static struct page *hoard[30000];
	unsigned long hoarded = 0, before;
	struct kmem_cache *s;

	begin(1, 1);
	s = kmem_cache_create("test", 700, 0, 0, NULL);
	before = nr_free_pages();
	for (struct page *p; (p = alloc_page(GFP_NOWAIT)); )
		hoard[hoarded++] = p;
	for (unsigned n = 0; n < 40; n++) {
		static void *objs[10000];
		unsigned got = 0;

		for (unsigned i = 0; i < n; i++)
			__free_page(hoard[--hoarded]);
		drain_all_pages(NULL);
		while ((objs[got] = kmem_cache_alloc(s, GFP_NOWAIT)))
			got++;
		/* A refill may have gone below the watermark by a batch. */
		CHECK(got + 8 * 5 >= n * (4096 / 704) && kmem_cache_verify(s));
		CHECK(!kmem_cache_alloc_bulk(s, GFP_NOWAIT, 5, objs + got));
		kmem_cache_free_bulk(s, got, objs);
		kmem_cache_shrink(s);
		CHECK(kmem_cache_verify(s));
		for (struct page *p; (p = alloc_page(GFP_NOWAIT)); )
			hoard[hoarded++] = p;
	}
	while (hoarded)
		__free_page(hoard[--hoarded]);
	drain_all_pages(NULL);
	check_all();
	CHECK(before - nr_free_pages() <= 16);
}

static void wrong_cache(void)
{
	struct kmem_cache *a, *b;
	void *p;

	begin(1, 1);
	a = kmem_cache_create("a", 64, 0, 0, NULL);
	b = kmem_cache_create("b", 64, 0, 0, NULL);
	CHECK(kmem_cache_alloc(b, GFP_KERNEL));
	p = kmem_cache_alloc(a, GFP_KERNEL);
	kmem_cache_free(b, p);
	CHECK(slab_objects_in_use(a) == 1 && kmem_cache_verify(a) && kmem_cache_verify(b));
}

int main(void)
{
	run_scenario(one_hart, "random load, one hart");
	run_scenario(many_harts, "random load, six harts");
	run_scenario(many_nodes, "random load, six harts, three nodes");
	run_scenario(kmalloc_sizes, "kmalloc: every size and its alignment");
	run_scenario(copies, "krealloc, kstrdup, kmemdup, kvmalloc");
	run_scenario(constructors, "constructors, bulk, destroy with live objects");
	run_scenario(failures, "no memory for slabs");
	run_scenario(wrong_cache, "freeing to the wrong cache is refused");
	return done_testing();
}
