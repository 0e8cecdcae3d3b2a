/*
 * test/host/mm/slab/cache_tests.h - what every slab back end must pass: random load on simulated harts and on
 * threads with a shadow of every object, the n-th page allocation failing, the interface's small print.
 *
 * MODEL     test_slub.c, test_slab.c and test_slob.c name their sources, include this, and call
 *           run_cache_tests() besides tests of their own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEST_CACHE_TESTS_H
#define TEST_CACHE_TESTS_H

#include <pthread.h>

#include "test/host/mm/phys/machine.h"
#include "mm/slab/failslab.h"
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
	hart_online_mask.bits = (1ul << harts) - 1;
	kmem_cache_init();
}

/* Everything that the back end keeps in store goes back. */
static __maybe_unused void shrink_all(void)
{
	for (unsigned h = 0; h < 2 * nr_harts; h++) {
		host_run_on(h % nr_harts);
		slab_reap();
	}
	host_run_on(0);
	for (unsigned t = 0; t < NR_KMALLOC_TYPES; t++)
		for (unsigned i = 1; i < NR_KMALLOC_CACHES; i++)
			kmem_cache_shrink(kmalloc_caches[t][i]);
	drain_all_pages(NULL);
}

/* ---- random load ----------------------------------------------------------------------------- */

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

static void acquire(unsigned max_bytes)
{
	unsigned c = rnd_below(NR_CACHES + 3), bytes = c < NR_CACHES ? sizes[c] : 1 + rnd_below(max_bytes);
	bool zero = rnd_one_in(4);
	gfp_t gfp = GFP_KERNEL | (zero ? __GFP_ZERO : 0) | (rnd_one_in(9) && c >= NR_CACHES ? __GFP_RECLAIMABLE : 0);
	void *p;

	if (c < NR_CACHES)
		p = rnd_one_in(5) ? kmem_cache_alloc_node(caches[c], gfp, rnd_below(nr_node_ids))
				  : kmem_cache_alloc(caches[c], gfp);
	else
		p = rnd_one_in(5) ? kmalloc_node(bytes, gfp, rnd_below(nr_node_ids)) : kmalloc(bytes, gfp);
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

/* The counters of slab pages against the memory map, and the large blocks that are live. */
static void check_page_counts(void)
{
	unsigned long pages = 0;

	for_each_populated_zone(z)
		for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn++) {
			struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;

			if (page && page_zone(page) == z && PageSlab(page) && !PageTail(page))
				pages += 1ul << compound_order(page);
		}
	for (unsigned i = 0; i < nr_live; i++) {
		struct page *page = compound_head(virt_to_page(live[i].p));

		if (!PageSlab(page))
			pages += 1ul << compound_order(page);
	}
	CHECK(pages == global_node_page_state(NR_SLAB_RECLAIMABLE) +
		       global_node_page_state(NR_SLAB_UNRECLAIMABLE));
}

/* Waves of growth and decay, each operation on any hart. */
static void load(unsigned steps, unsigned max_bytes)
{
	for (unsigned i = 0; i < steps; i++) {
		bool grow = i / 8000 % 2 == 0;

		host_run_on(rnd_below(nr_harts));
		if (nr_live < MAX_LIVE && (!nr_live || (grow ? !rnd_one_in(3) : rnd_one_in(3))))
			acquire(max_bytes);
		else
			release(rnd_below(nr_live));
		if (i % 20000 == 0)
			CHECK(slab_verify_all());
		if (rnd_one_in(3000))
			slab_reap();
	}
}

static void make_caches(void)
{
	for (unsigned c = 0; c < NR_CACHES; c++) {
		caches[c] = kmem_cache_create("test", sizes[c], 0,
					      SLAB_NO_MERGE | (c & 1 ? SLAB_HWCACHE_ALIGN : 0) |
					      (c & 2 ? SLAB_RECLAIM_ACCOUNT : 0), NULL);
		CHECK(caches[c]);
	}
}

static void destroy_caches(void)
{
	for (unsigned c = 0; c < NR_CACHES; c++) {
		CHECK(!slab_objects_in_use(caches[c]) && !kmem_cache_shrink(caches[c]));
		kmem_cache_destroy(caches[c]);
	}
}

static void random_load(unsigned harts, unsigned nodes)
{
	unsigned long before, used[NR_CACHES] = { 0 };

	begin(harts, nodes);
	before = nr_free_pages();
	make_caches();
	load(60000, 12000);
	for (unsigned i = 0; i < nr_live; i++)
		if (live[i].cache < NR_CACHES)
			used[live[i].cache]++;
	for (unsigned c = 0; c < NR_CACHES; c++)
		CHECK(slab_objects_in_use(caches[c]) == used[c]);
	CHECK(slab_verify_all() && !slabinfo_show(NULL));
	check_page_counts();
	while (nr_live)
		release(nr_live - 1);
	destroy_caches();
	shrink_all();
	check_page_counts();
	check_all();
	/* Only the slabs of the caches of caches may have grown. */
	CHECK(before - nr_free_pages() <= 24);
}

static void one_hart(void) { random_load(1, 1); }
static void many_harts(void) { random_load(6, 1); }
static void many_nodes(void) { random_load(6, 3); }

/* Small objects only, checked by their first word: many more operations. */
static void small_churn(unsigned harts, unsigned nodes)
{
	static void *slot[4096];
	static u8 of[4096];

	begin(harts, nodes);
	make_caches();
	for (unsigned i = 0; i < 3000000; i++) {
		unsigned k = rnd_below(ARRAY_SIZE(slot)), c = rnd_below(5);

		if (i % 4 == 0)
			host_run_on(rnd_below(harts));
		if (slot[k]) {
			CHECK(*(unsigned long *)slot[k] == k);
			*(unsigned long *)slot[k] = ~0ul;
			kmem_cache_free(caches[of[k]], slot[k]);
			slot[k] = NULL;
		} else {
			slot[k] = kmem_cache_alloc(caches[c], GFP_KERNEL);
			CHECK(slot[k]);
			*(unsigned long *)slot[k] = k;
			of[k] = c;
		}
	}
	CHECK(slab_verify_all());
	for (unsigned k = 0; k < ARRAY_SIZE(slot); k++)
		kmem_cache_free(caches[of[k]], slot[k]);
	host_run_on(0);
	destroy_caches();
	CHECK(slab_verify_all());
}

static void churn(void) { small_churn(8, 1); }
static void churn_nodes(void) { small_churn(8, 4); }

/* ---- threads: harts that really run at once -------------------------------------------------- */

#define NR_THREADS	4
static void *mailbox[64];		/* objects on their way to another hart: cache number below, kept in them */

static void *thread_load(void *arg)
{
	u64 x = (unsigned long)arg * 77 + 1;

	host_run_on((unsigned long)arg);
	for (unsigned i = 0; i < 60000; i++) {
		unsigned long *p, *old;
		unsigned c;

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		c = (x >> 40) % 6;
		p = c < 5 ? kmem_cache_alloc(caches[c], GFP_KERNEL) : kmalloc(700, GFP_KERNEL);
		CHECK(p);
		*p = c;
		old = __atomic_exchange_n(&mailbox[x >> 58], p, __ATOMIC_ACQ_REL);
		if (!old)
			continue;
		c = *old;
		CHECK(c < 6);
		*old = ~0ul;
		if (c < 5)
			kmem_cache_free(caches[c], old);
		else
			kfree(old);
	}
	return NULL;
}

static void threads_on(unsigned nodes)
{
	pthread_t t[NR_THREADS];

	begin(NR_THREADS, nodes);
	make_caches();
	for (unsigned long i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_create(&t[i], NULL, thread_load, (void *)i));
	for (unsigned i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_join(t[i], NULL));
	host_run_on(0);
	CHECK(slab_verify_all());
	for (unsigned i = 0; i < ARRAY_SIZE(mailbox); i++) {
		unsigned long *p = mailbox[i];

		if (p && *p < 5)
			kmem_cache_free(caches[*p], p);
		else
			kfree(p);
	}
	destroy_caches();
	shrink_all();
	check_page_counts();
	CHECK(slab_verify_all());
	check_all();
}

static void threads(void) { threads_on(1); }
static void threads_nodes(void) { threads_on(2); }

/* ---- the interface --------------------------------------------------------------------------- */

static void kmalloc_sizes(void)
{
	begin(1, 1);
	CHECK(kmalloc(0, GFP_KERNEL) == (void *)16 && ksize((void *)16) == 0);
	kfree(kmalloc(0, GFP_KERNEL));
	kfree(NULL);
	for (unsigned n = 1; n <= 20000; n += n < 300 ? 1 : 37) {
		char *p = kmalloc(n, GFP_KERNEL | (n & 1 ? __GFP_RECLAIMABLE : 0));
		size_t got = ksize(p);

		CHECK(p && got >= n && (got < 2 * n || n < 8) && IS_ALIGNED((unsigned long)p, 8));
		memset(p, 0x33, got);
		kfree(p);
	}
	for (unsigned n = 8; n <= 16384; n *= 2) {
		void *p[9];

		for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
			CHECK((p[i] = kmalloc(n, GFP_KERNEL)) && IS_ALIGNED((unsigned long)p[i], n));
		for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
			kfree(p[i]);
	}
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
		/* Freed, but still of its type: until the cache is shrunk. */
		CHECK(*p[0] == 0xc0ffee && *p[299] == 0xc0ffee);
	}
	CHECK(constructed < 900 && kmem_cache_verify(s));
	CHECK(kmem_cache_alloc_bulk(s, GFP_KERNEL, 300, (void **)p) == 300);
	host_run_on(0);
	CHECK(slab_objects_in_use(s) == 300);
	kmem_cache_free_bulk(s, 299, (void **)p);
	kmem_cache_destroy(s);				/* complains, keeps the cache */
	CHECK(*p[299] == 0xc0ffee);
	kmem_cache_free(s, p[299]);
	kmem_cache_destroy(s);
	CHECK(slab_verify_all());
}

static void arguments(void)
{
	struct kmem_cache *s;

	begin(1, 1);
	CHECK(!kmem_cache_create("none", 0, 0, 0, NULL) && !kmem_cache_create("odd", 8, 24, 0, NULL));
	CHECK(!kmem_cache_create("huge", 64 * MiB, 0, 0, NULL));
	CHECK(EXPECT_PANIC((void)kmem_cache_create("none", 0, 0, SLAB_PANIC, NULL)));
	for (unsigned align = 8; align <= 4096; align *= 2) {
		void *p[20];

		s = kmem_cache_create("aligned", 72, align, SLAB_NO_MERGE, NULL);
		CHECK(s && kmem_cache_size(s) == 72 && !strcmp(kmem_cache_name(s), "aligned"));
		for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
			CHECK((p[i] = kmem_cache_alloc(s, GFP_KERNEL)) && IS_ALIGNED((unsigned long)p[i], align));
		kmem_cache_free_bulk(s, ARRAY_SIZE(p), p);
		kmem_cache_free(s, NULL);
		kmem_cache_destroy(s);
	}
	kmem_cache_destroy(NULL);
}

/* Large objects, of which a slab holds few or one. */
static void large_objects(void)
{
	begin(2, 1);
	for (unsigned size = 3000; size <= 2 * MiB; size = size * 3 / 2) {
		struct kmem_cache *s = kmem_cache_create("large", size, 0, SLAB_NO_MERGE, NULL);
		void *p[12];

		for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
			host_run_on(i & 1);
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
			CHECK(p[i]);
			memset(p[i], i, size);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
			CHECK(((u8 *)p[i])[0] == i && ((u8 *)p[i])[size - 1] == i);
			kmem_cache_free(s, p[i]);
		}
		host_run_on(0);
		CHECK(kmem_cache_verify(s) && !slab_objects_in_use(s));
		kmem_cache_destroy(s);
	}
}

/* ---- failures -------------------------------------------------------------------------------- */

/* Everything a user of a cache does, with whatever fails on the way; how many page allocations succeeded. */
static void use_with_failures(void)
{
	static void *objs[400], *mem[100];
	struct kmem_cache *s = kmem_cache_create("test", 700, 0, SLAB_NO_MERGE, NULL);
	unsigned n = 0, m = 0;

	if (!s)
		return;
	while (n < 300 && (objs[n] = kmem_cache_alloc(s, GFP_NOWAIT)))
		n++;
	if (kmem_cache_alloc_bulk(s, GFP_NOWAIT, 100, objs + n))
		n += 100;
	while (m < ARRAY_SIZE(mem) && (mem[m] = kmalloc(m * m, GFP_NOWAIT)))
		m++;
	CHECK(kmem_cache_verify(s) && slab_objects_in_use(s) == n);
	while (m)
		kfree(mem[--m]);
	kmem_cache_free_bulk(s, n, objs);
	CHECK(kmem_cache_verify(s));
	kmem_cache_destroy(s);
}

static void nth_failure(void)
{
	unsigned long before, failures = 1;

	begin(2, 1);
	for (unsigned i = 0; i < 3; i++)
		use_with_failures();			/* what grows once has grown */
	shrink_all();
	before = nr_free_pages();
	for (unsigned n = 0; failures; n++) {
		CHECK(n < 2000);
		host_run_on(n & 1);
		fail_page_alloc = (struct fault_attr){ .probability = 100, .space = n * PAGE_SIZE, .times = 1 };
		failures = fail_page_alloc_count;
		fail_page_alloc_enable(true);
		use_with_failures();
		fail_page_alloc_enable(false);
		failures = fail_page_alloc_count - failures;
		if (n % 16 == 0)
			CHECK(slab_verify_all());
	}
	shrink_all();
	check_page_counts();
	check_all();
	CHECK(before - nr_free_pages() <= 8 || before <= nr_free_pages());
}

/* Of @n allocations, how many fail. */
static unsigned count_failures(struct kmem_cache *s, unsigned n, gfp_t gfp)
{
	unsigned failures = 0;

	for (unsigned i = 0; i < n; i++) {
		void *p, *q, *r;

		host_run_on(i % nr_harts);
		p = kmem_cache_alloc(s, gfp);
		q = kmalloc(100, gfp);
		r = kmem_cache_alloc_node(s, gfp, i % nr_node_ids);
		failures += !p + !q + !r;
		host_run_on((i + 1) % nr_harts);
		kmem_cache_free(s, p);
		kfree(q);
		kmem_cache_free(s, r);
	}
	host_run_on(0);
	return failures;
}

static void failslab_fails(void)
{
	struct kmem_cache *s;

	begin(4, 2);
	s = kmem_cache_create("test", 700, 0, SLAB_NO_MERGE, NULL);
	CHECK(count_failures(s, 500, GFP_KERNEL) == 0);
	failslab = (struct fault_attr){ .probability = 50, .interval = 1, .times = -1 };
	failslab_changed();
	CHECK(count_failures(s, 1000, GFP_KERNEL) > 1200 && count_failures(s, 1000, GFP_KERNEL) < 1800);
	CHECK(count_failures(s, 100, GFP_KERNEL | __GFP_NOFAIL) == 0);
	failslab_cache_filter = 1;		/* no cache is marked */
	CHECK(count_failures(s, 100, GFP_KERNEL) == 0);
	failslab_cache_filter = 0;
	failslab = (struct fault_attr){ .probability = 100, .interval = 1, .times = 7 };
	failslab_changed();
	CHECK(count_failures(s, 100, GFP_KERNEL) == 7);
	failslab_changed();			/* none are left */
	CHECK(count_failures(s, 100, GFP_KERNEL) == 0 && slab_verify_all());
	kmem_cache_destroy(s);
	check_page_counts();
}

/* Memory that is really full: what there is can be used, nothing is lost. */
static void full_memory(void)
{
	static struct page *hoard[30000];
	unsigned long hoarded = 0, before;
	struct kmem_cache *s;

	begin(1, 1);
	s = kmem_cache_create("test", 700, 0, SLAB_NO_MERGE, NULL);
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
		/* A refill may have gone below the watermark by a batch, and a block of pages may not be had. */
		CHECK(got + 8 * 5 >= n * (4096 / 736) && kmem_cache_verify(s));
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
	CHECK(before - nr_free_pages() <= 16 || before <= nr_free_pages());
}

static void run_cache_tests(void)
{
	run_scenario(one_hart, "random load, one hart");
	run_scenario(many_harts, "random load, six harts");
	run_scenario(many_nodes, "random load, six harts, three nodes");
	run_scenario(churn, "small objects, a million operations on eight harts");
	run_scenario(churn_nodes, "the same on four nodes");
	run_scenario(threads, "objects that travel between threads");
	run_scenario(threads_nodes, "the same on two nodes");
	run_scenario(kmalloc_sizes, "kmalloc: every size and its alignment");
	run_scenario(copies, "krealloc, kstrdup, kmemdup, kvmalloc");
	run_scenario(constructors, "constructors, type safety, bulk, destroy with live objects");
	run_scenario(arguments, "alignments; arguments that are refused");
	run_scenario(large_objects, "objects larger than a page");
	run_scenario(nth_failure, "the n-th page allocation fails");
	run_scenario(failslab_fails, "failures on purpose");
	run_scenario(full_memory, "no memory for slabs");
}

#endif
