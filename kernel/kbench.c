/*
 * kernel/kbench.c - what the kernel's own primitives cost.  Process 1 runs the rows before init starts and
 * prints "kbench: ROW FIGURE" each.
 *
 * MODEL     kbench            costs; with several harts, how often they take the locks that they share
 *           kbench=mobility   how well free memory stays in large blocks (kbench_mobility.c)
 *           kbench=slab       how much memory objects take (kbench_slab.c)
 *           A row times many rounds between two reads of the instruction counter's stand-in, the time CSR:
 *           under `qemu -icount shift=0` guest time counts instructions, one a nanosecond.  The cost of
 *           the empty loop is taken off.
 * UNITS     guest instructions per operation, under icount; elsewhere nanoseconds.
 * TESTS     test/boot/kbench.py has the limits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/kbench.h"
#include "include/arch/arch.h"
#include "kernel/ktest_hook.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/completion.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kmap/highmem.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/memblock.h"
#include "mm/phys/zone.h"
#include "mm/slab/slab.h"

#define WARM_UP		64
#define BURST_PAGES	500	/* held at a time: several batches */
#define BURSTS		100

static u64 now_ns(void)
{
	return arch_time_ticks() * (1000000000ull / arch_time_hz);
}

void kbench_row(const char *name, u64 sum, u64 n)
{
	u64 tenths = sum * 10 / n;

	printk(KERN_EMERG "kbench: %s %llu.%llu\n", name, (unsigned long long)(tenths / 10),
	       (unsigned long long)(tenths % 10));
}

/* With @op in line, as it stands in code that uses it. */
static __always_inline u64 time_rounds(void (*op)(void), unsigned rounds)
{
	u64 start = now_ns();

	for (unsigned i = 0; i < rounds; i++)
		op();
	return now_ns() - start;
}

static void nothing(void) { barrier(); }

/* @per operations in each call of @op. */
static __always_inline void row_of(const char *name, void (*op)(void), unsigned rounds, unsigned per)
{
	u64 empty = time_rounds(nothing, rounds), ns;

	for (unsigned i = 0; i < WARM_UP; i++)
		op();
	ns = time_rounds(op, rounds);
	kbench_row(name, ns > empty ? ns - empty : 0, (u64)rounds * per);
}

static __always_inline void row(const char *name, void (*op)(void), unsigned rounds)
{
	row_of(name, op, rounds, 1);
}

static struct kmem_cache *cache;

static void alloc_page_pair(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (page)
		__free_page(page);
}

static void alloc_order9_pair(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 9);

	if (page)
		__free_pages(page, 9);
}

static void kmem_cache_pair(void)
{
	void *object = kmem_cache_alloc(cache, GFP_KERNEL);

	if (object)
		kmem_cache_free(cache, object);
}

static void kmalloc64_pair(void)
{
	kfree(kmalloc(64, GFP_KERNEL));
}

static void vmalloc16k_pair(void)
{
	vfree(vmalloc(16 << 10));
}

/* ---- mappings -------------------------------------------------------------------------------- */

static struct page *map_page;

/* PAIRS of them in a row, as in code that maps a page, uses it, and goes on to another. */
#define PAIRS	32u
static void kmap_atomic_direct_pairs(void)
{
	struct page *page = map_page;

#pragma GCC unroll 32
	for (unsigned i = 0; i < PAIRS; i++) {
		void *va = kmap_atomic(page);

		__asm__ volatile("" :: "r"(va));
		kunmap_atomic(va);
		__asm__ volatile("" : "+r"(page));	/* another one, for all the compiler knows */
	}
}

/* What a page beyond the direct map costs, on any machine: the compares are the row above. */
static void kmap_atomic_highmem_pair(void)
{
	kunmap_atomic_high(kmap_atomic_high(map_page));
}

static void vm_map_ram_pair(void)
{
	void *va = vm_map_ram(&map_page, 1, NUMA_NO_NODE);

	if (va)
		vm_unmap_ram(va, 1);
}

static void mapping_rows(void)
{
	map_page = alloc_page(GFP_KERNEL);
	if (!map_page)
		return;
	row("vmalloc16k_pair", vmalloc16k_pair, 1000);
	row_of("kmap_atomic_direct_pair", kmap_atomic_direct_pairs, 10000, PAIRS);
	row("kmap_atomic_highmem_pair", kmap_atomic_highmem_pair, 10000);
	row("vm_map_ram_pair", vm_map_ram_pair, 1000);
	__free_page(map_page);
}

/* ---- several harts --------------------------------------------------------------------------- */

static DECLARE_COMPLETION(burst_done);

/* On one hart: take BURST_PAGES, give them back, again and again. */
static void page_bursts(void *hart)
{
	struct page **pages = kmalloc_array(BURST_PAGES, sizeof(*pages), GFP_KERNEL);

	set_current_harts(BIT((unsigned long)hart));
	for (unsigned i = 0; pages && i < BURSTS; i++) {
		unsigned long got = alloc_pages_bulk(GFP_KERNEL, BURST_PAGES, pages);

		while (got--)
			__free_page(pages[got]);
	}
	kfree(pages);
	complete(&burst_done);
}

/* Harts that take and give single pages at the same time, each beyond what its lists hold. */
static void zone_lock_rows(void)
{
	unsigned long before = zone_lock_acquisitions(), started = 0;

	for_each_hart_in(h, hart_online_mask)
		started += kthread_run(page_bursts, (void *)h, "kbench%lu", h) != NULL;
	for (unsigned long i = 0; i < started; i++)
		wait_for_completion(&burst_done);
	if (!started)
		return;
	kbench_row("zone_locks_per_1000_pairs", (zone_lock_acquisitions() - before) * 1000,
		   started * BURSTS * BURST_PAGES);
	kbench_row("pcp_batch", first_populated_zone()->pageset[0]->batch, 1);
}

#define SLAB_PAIRS	20000

/* On one hart: objects of a cache and of kmalloc(), a few at a time. */
static void slab_pairs(void *hart)
{
	void *p[4], *q[4];

	set_current_harts(BIT((unsigned long)hart));
	for (unsigned i = 0; i < SLAB_PAIRS / ARRAY_SIZE(p); i++) {
		for (unsigned k = 0; k < ARRAY_SIZE(p); k++) {
			p[k] = kmem_cache_alloc(cache, GFP_KERNEL);
			q[k] = kmalloc(64, GFP_KERNEL);
		}
		for (unsigned k = 0; k < ARRAY_SIZE(p); k++) {
			kmem_cache_free(cache, p[k]);
			kfree(q[k]);
		}
	}
	complete(&burst_done);
}

static u16 slab_locks(void)
{
	return slab_shared_locks(cache) + slab_shared_locks(kmalloc_caches[KMALLOC_NORMAL][kmalloc_index(64)]);
}

/* The locks that harts share, for objects that each hart takes and gives at the same time. */
static void slab_lock_row(void)
{
	unsigned long started = 0;
	u16 before = slab_locks();

	for_each_hart_in(h, hart_online_mask)
		started += kthread_run(slab_pairs, (void *)h, "kbench%lu", h) != NULL;
	for (unsigned long i = 0; i < started; i++)
		wait_for_completion(&burst_done);
	if (started)
		kbench_row("slab_locks_per_1000_pairs", (u16)(slab_locks() - before) * 1000ul,
			   started * SLAB_PAIRS * 2);
}

static void cost_rows(void)
{
	cache = kmem_cache_create("kbench", 256, 0, 0, NULL);
	if (!cache)
		return;
	row("alloc_page_pair", alloc_page_pair, 10000);
	row("alloc_order9_pair", alloc_order9_pair, 1000);
	row("kmem_cache_pair", kmem_cache_pair, 10000);
	row("kmalloc64_pair", kmalloc64_pair, 10000);
	if (nr_harts > 1)
		slab_lock_row();
	kmem_cache_destroy(cache);
	mapping_rows();
	if (nr_harts > 1)
		zone_lock_rows();
}

void kbench_main(void)
{
	char what[16] = "";

	cmdline_get("kbench", what, sizeof(what));
	if (!strcmp(what, "mobility"))
		kbench_mobility();
	else if (!strcmp(what, "slab"))
		kbench_slab();
	else
		cost_rows();
}
