/*
 * mm/phys/page_debug.c - free pages poisoned or hidden, and allocations that fail on purpose.
 *
 * MODEL     page_poison=1: a page of the direct map is filled with PAGE_POISON when it is freed, and
 *           marked PG_poisoned; a byte that is different when it is allocated was written after the
 *           free, and is reported.
 *           debug_pagealloc=on: a page that is freed leaves the direct map, and is marked PG_guard: any
 *           access to it faults, at once and in the code that is wrong.
 *           fail_page_alloc=: of the allocations that pass the filters each interval-th, with a
 *           probability in percent, fails at once, so often as `times` says.  Other allocators have
 *           failures of their own in the same way (mm/slab/failslab.c).
 * INVARIANTS
 *   D1  A page is hidden and poisoned while it is free, and only then.
 *   D2  No more failures happen than `times` says.
 * COST      Hiding: a walk and a fence on every hart for each free; the direct map has a table per 2 MiB.
 * TESTS     test/host/mm/phys/test_page_debug.c, test/kernel/test_page_debug.c, test/boot/debug.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/page_alloc.h"

/* ---- poison ---------------------------------------------------------------------------------- */

void page_poison_free(struct page *page, unsigned order)
{
	for (struct page *end = page + (1ul << order); page < end; page++) {
		if (PageHighMem(page))
			continue;
		INV(D1, !page_count(page) && !PageGuard(page));
		memset(page_to_virt(page), PAGE_POISON, PAGE_SIZE);
		__SetPagePoisoned(page);
	}
}

static void check_one(const struct page *page)
{
	const u64 *p = page_to_virt(page), *end = p + PAGE_SIZE / sizeof(*p);

	for (const u64 *q = p; q < end; q++)
		if (*q != PAGE_POISON * 0x0101010101010101ull) {
			pr_err("pagealloc: memory corruption: pfn %#lx+%#lx holds %#lx, written after it was freed\n",
			       page_to_pfn(page), (unsigned long)((q - p) * sizeof(*p)), (unsigned long)*q);
			WARN_ON_ONCE("page poison overwritten");
			return;
		}
}

void page_poison_check(struct page *page, unsigned order)
{
	for (struct page *end = page + (1ul << order); page < end; page++)
		if (PagePoisoned(page)) {
			__ClearPagePoisoned(page);
			check_one(page);
		}
}

/* ---- hiding ---------------------------------------------------------------------------------- */

void pages_hide(struct page *page, unsigned long nr)
{
	if (PageHighMem(page))
		return;
	arch_direct_map_hide(page_to_pfn(page), nr);
	for (unsigned long i = 0; i < nr; i++) {
		INV(D1, !PageGuard(page + i));
		__SetPageGuard(page + i);
	}
}

void pages_show(struct page *page, unsigned long nr)
{
	if (PageHighMem(page))
		return;
	arch_direct_map_show(page_to_pfn(page), nr);
	for (unsigned long i = 0; i < nr; i++)
		__ClearPageGuard(page + i);
}

/* ---- failures -------------------------------------------------------------------------------- */

struct fault_attr fail_page_alloc = {
	.interval = 1, .times = 1, .ignore_reclaim = true, .ignore_highmem = true, .min_order = 1,
};
unsigned long fail_page_alloc_count;
static u64 random_state = 88172645463325252ull;

/* Harts that meet here may get the same number. */
static unsigned random_percent(void)
{
	u64 x = READ_ONCE(random_state);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	WRITE_ONCE(random_state, x);
	return (x >> 11) % 100;
}

static bool spared(const struct fault_attr *a, gfp_t gfp)
{
	return gfp & __GFP_NOFAIL || !a->probability ||
	       (a->ignore_reclaim && gfp & __GFP_DIRECT_RECLAIM) ||
	       (a->ignore_highmem && gfp & __GFP_HIGHMEM) ||
	       (a->task_filter && !current_base()->make_it_fail);
}

/* One of the failures that are left, for the caller to be. */
static bool take_time(struct fault_attr *a)
{
	long left = READ_ONCE(a->times);

	while (left > 0) {
		long seen = cmpxchg(&a->times, left, left - 1);

		if (seen == left)
			return true;
		left = seen;
	}
	return left < 0;
}

static bool give_space(struct fault_attr *a, size_t bytes)
{
	return READ_ONCE(a->space) > 0 && __atomic_fetch_sub(&a->space, bytes, __ATOMIC_RELAXED) > 0;
}

static void show_callers(void)
{
	unsigned long calls[8];
	unsigned n = stack_trace_save(calls, ARRAY_SIZE(calls));

	for (unsigned i = 0; i < n; i++)
		pr_notice("  [<%016lx>] %pS\n", calls[i], (void *)calls[i]);
}

bool should_fail(struct fault_attr *a, const char *name, gfp_t gfp, size_t bytes)
{
	if (spared(a, gfp) || !READ_ONCE(a->times) || give_space(a, bytes))
		return false;
	if (a->interval > 1 && __atomic_add_fetch(&a->candidates, 1, __ATOMIC_RELAXED) % a->interval)
		return false;
	if (a->probability <= random_percent() || !take_time(a))
		return false;
	if (a->verbose)
		pr_notice("FAULT_INJECTION: forcing a failure. name %s, interval %u, probability %u, space %ld, "
			  "times %ld; %lu bytes, mode %#x in %s\n", name, a->interval, a->probability, a->space,
			  a->times, (unsigned long)bytes, gfp, task_name());
	if (a->verbose > 1)
		show_callers();
	return true;
}

bool should_fail_alloc_page(gfp_t gfp, unsigned order)
{
	if (order < fail_page_alloc.min_order ||
	    !should_fail(&fail_page_alloc, "fail_page_alloc", gfp, PAGE_SIZE << order))
		return false;
	__atomic_fetch_add(&fail_page_alloc_count, 1, __ATOMIC_RELAXED);
	return true;
}

void fail_page_alloc_enable(bool on)
{
	static bool enabled;

	if (on == enabled)
		return;
	enabled = on;
	if (on)
		page_alloc_hook_get(HOOK_FAIL);
	else
		page_alloc_hook_put(HOOK_FAIL);
}

void fail_page_alloc_changed(void)
{
	fail_page_alloc_enable(fault_attr_active(&fail_page_alloc));
}

/* "INTERVAL,PROBABILITY,SPACE,TIMES", as Linux's boot parameter: whom it spares stays as it was. */
int fault_attr_parse(struct fault_attr *a, const char *s)
{
	long n[4];

	for (unsigned i = 0; i < 4; i++) {
		bool negative = *s == '-';

		if (negative)
			s++;
		if (*s < '0' || *s > '9')
			return -EINVAL;
		for (n[i] = 0; *s >= '0' && *s <= '9'; s++)
			n[i] = n[i] * 10 + (*s - '0');
		if (negative)
			n[i] = -n[i];
		if (*s++ != (i < 3 ? ',' : 0))
			return -EINVAL;
	}
	a->interval = n[0];
	a->probability = n[1];
	a->space = n[2];
	a->times = n[3];
	return 0;
}

int fail_page_alloc_parse(const char *s) { return fault_attr_parse(&fail_page_alloc, s); }
