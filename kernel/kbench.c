/*
 * kernel/kbench.c - what the kernel's own primitives cost.  Boot parameter `kbench`: process 1 runs each row
 * before init starts and prints "kbench: ROW FIGURE".
 *
 * MODEL     A row times many rounds between two reads of the instruction counter's stand-in, the time CSR:
 *           under `qemu -icount shift=0` guest time counts instructions, one a nanosecond.  The cost of
 *           the empty loop is taken off.
 * UNITS     guest instructions per operation, under icount; elsewhere nanoseconds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "kernel/ktest_hook.h"
#include "lib/printk.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/gfp.h"
#include "mm/slab/slab.h"

#define WARM_UP	64

static u64 now_ns(void)
{
	return arch_time_ticks() * (1000000000ull / arch_time_hz);
}

/* Print @ns per round to one decimal, without floating point. */
static void print_row(const char *name, u64 ns, unsigned rounds)
{
	u64 tenths = ns * 10 / rounds;

	printk(KERN_EMERG "kbench: %s %llu.%llu\n", name, (unsigned long long)(tenths / 10),
	       (unsigned long long)(tenths % 10));
}

static void row(const char *name, void (*op)(void), unsigned rounds)
{
	u64 start;

	for (unsigned i = 0; i < WARM_UP; i++)
		op();
	start = now_ns();
	for (unsigned i = 0; i < rounds; i++)
		op();
	print_row(name, now_ns() - start, rounds);
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

void kbench_main(void)
{
	cache = kmem_cache_create("kbench", 256, 0, 0, NULL);
	if (!cache)
		return;
	row("alloc_page_pair", alloc_page_pair, 10000);
	row("alloc_order9_pair", alloc_order9_pair, 1000);
	row("kmem_cache_pair", kmem_cache_pair, 10000);
	row("kmalloc64_pair", kmalloc64_pair, 10000);
	row("vmalloc16k_pair", vmalloc16k_pair, 1000);
	kmem_cache_destroy(cache);
}
