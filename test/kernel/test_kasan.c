/*
 * test/kernel/test_kasan.c - KASAN=1: a planted bug of each kind is reported as what it is, and nothing else is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/kasan.h"
#include "include/uaccess.h"
#include "kernel/task/task.h"
#include "lib/string.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/gfp.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/slab.h"

static struct {
	unsigned reports;
	const char *kind;
	const void *addr;
	size_t size;
	bool write;
	struct task_struct *task;
} seen;

/* What it reads is not reported in turn (K1 of mm/kasan/check.c). */
static void note(const struct kasan_report *r)
{
	if (current != seen.task)
		return;
	seen.reports++;
	seen.kind = r->kind;
	seen.addr = r->addr;
	seen.size = r->size;
	seen.write = r->write;
}

static void watch(void)
{
	memset(&seen, 0, sizeof(seen));
	seen.task = current;
	kasan_report_hook = note;
}

/* One report since watch(), of @kind, for @size bytes at @addr. */
static bool reported(const char *kind, const volatile void *addr, size_t size, bool write)
{
	kasan_report_hook = NULL;
	if (seen.reports == 1 && !strcmp(seen.kind, kind) && seen.addr == addr && seen.size == size &&
	    seen.write == write)
		return true;
	pr_err("# %u reports, the last: %s, %zu bytes at %p; wanted %s at %p\n", seen.reports,
	       seen.kind ? seen.kind : "none", seen.size, seen.addr, kind, (const void *)addr);
	return false;
}

/* The compiler does not see where these lead. */
static __noinline void poke(volatile u8 *p) { *p = 1; }
static __noinline u8 peek(const volatile u8 *p) { return *p; }
static __noinline u64 peek8(const volatile u64 *p) { return *p; }

/* 100 bytes: the last granule is good to its half (K2 of mm/kasan/check.c). */
KTEST(kasan_heap_overflow)
{
	u8 *p = kmalloc(100, GFP_KERNEL);

	KCHECK(p);
	watch();
	poke(p + 99);
	KCHECK_EQ(seen.reports, 0);
	poke(p + 100);
	KCHECK(reported("slab-out-of-bounds", p + 100, 1, true));
	watch();
	peek8((u64 *)(p + 96));			/* its second half is behind the end */
	KCHECK(reported("slab-out-of-bounds", p + 96, 8, false));
	watch();
	memset(p, 0, 101);
	KCHECK(reported("slab-out-of-bounds", p, 101, true));
	kfree(p);
}

KTEST(kasan_large_heap_overflow)
{
	u8 *p = kmalloc(20000, GFP_KERNEL);

	KCHECK(p);
	watch();
	peek(p + 19999);
	KCHECK_EQ(seen.reports, 0);
	peek(p + 20000);
	KCHECK(reported("slab-out-of-bounds", p + 20000, 1, false));
	kfree(p);
}

KTEST(kasan_slab_use_after_free)
{
	u8 *p = kmalloc(64, GFP_KERNEL);

	KCHECK(p);
	kfree(p);
	watch();
	peek(p + 8);
	KCHECK(reported("slab-use-after-free", p + 8, 1, false));
	watch();
	kfree(p);
	KCHECK(reported("double-free", p, 0, false));
}

KTEST(kasan_page_use_after_free)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	u8 *p = page ? page_to_virt(page) : NULL;

	KCHECK(p);
	watch();
	poke(p + PAGE_SIZE);
	KCHECK_EQ(seen.reports, 0);
	__free_pages(page, 1);
	peek(p + PAGE_SIZE + 5);
	KCHECK(reported("use-after-free", p + PAGE_SIZE + 5, 1, false));
}

KTEST(kasan_stack_out_of_bounds)
{
	volatile u8 array[13] = { 1 };
	volatile unsigned i = 13;

	watch();
	peek(&array[i - 1]);
	KCHECK_EQ(seen.reports, 0);
	peek(&array[i]);
	KCHECK(reported("stack-out-of-bounds", &array[13], 1, false));
}

static u8 global[21];

KTEST(kasan_global_out_of_bounds)
{
	volatile unsigned i = 21;

	watch();
	poke(&global[i - 1]);
	KCHECK_EQ(seen.reports, 0);
	poke(&global[i]);
	KCHECK(reported("global-out-of-bounds", &global[21], 1, true));
}

KTEST(kasan_vmalloc_out_of_bounds)
{
	u8 *p = vmalloc(3 * PAGE_SIZE - 50);

	KCHECK(p);
	watch();
	poke(p + 3 * PAGE_SIZE - 51);
	KCHECK_EQ(seen.reports, 0);
	poke(p + 3 * PAGE_SIZE - 50);
	KCHECK(reported("vmalloc-out-of-bounds", p + 3 * PAGE_SIZE - 50, 1, true));
	vfree(p);
}

KTEST(kasan_copies_are_checked)
{
	u8 *p = kmalloc(40, GFP_KERNEL), to[64];
	unsigned long left;

	KCHECK(p);
	memset(p, 0, 40);
	watch();
	memcpy(to, p, 41);
	KCHECK(reported("slab-out-of-bounds", p, 41, false));
	watch();
	left = copy_to_user(NULL, p, 48);
	KCHECK(left && reported("slab-out-of-bounds", p, 48, false));
	kfree(p);
}

/* The shadow of all of it is there, zero first, then its own (Z1 of mm/kasan/shadow.c). */
KTEST(kasan_window_beyond_its_first_shadow)
{
	u8 *p = vmalloc(80ul << 20);

	if (!p)
		return;					/* a small machine */
	watch();
	for (unsigned long off = 0; off < 80ul << 20; off += 1ul << 20)
		poke(p + off);
	KCHECK_EQ(seen.reports, 0);
	kasan_report_hook = NULL;
	vfree(p);
	vm_area_purge();
}
