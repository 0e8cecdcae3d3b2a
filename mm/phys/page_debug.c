/*
 * mm/phys/page_debug.c - poison of free pages, and allocations that fail on purpose.
 *
 * MODEL     page_poison=1: a page is filled with PAGE_POISON when it is freed, and marked PG_poisoned;
 *           a byte that is different when it is allocated was written after the free, and is reported.
 *           fail_page_alloc=: of the allocations that pass the filters each interval-th, with a
 *           probability in percent, fails at once, so often as `times` says.
 * TESTS     test/host/mm/phys/test_page_debug.c
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

/* ---- failures -------------------------------------------------------------------------------- */

struct fault_attr fail_page_alloc = { .interval = 1, .times = 1, .ignore_reclaim = true, .min_order = 1 };
unsigned long fail_page_alloc_count;
static unsigned long candidates;
static u64 random_state = 88172645463325252ull;

static unsigned random_percent(void)
{
	u64 x = random_state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	random_state = x;
	return (x >> 11) % 100;
}

bool should_fail_alloc_page(gfp_t gfp, unsigned order)
{
	struct fault_attr *a = &fail_page_alloc;

	if (gfp & __GFP_NOFAIL || order < a->min_order || !a->probability || !a->times)
		return false;
	if (a->ignore_reclaim && gfp & __GFP_DIRECT_RECLAIM)
		return false;
	if (a->filter && !a->filter())
		return false;
	if (a->space > 0) {
		a->space -= PAGE_SIZE << order;
		return false;
	}
	if (a->interval > 1 && ++candidates % a->interval)
		return false;
	if (a->probability <= random_percent())
		return false;
	if (a->times > 0)
		a->times--;
	fail_page_alloc_count++;
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

/* "INTERVAL,PROBABILITY,SPACE,TIMES", as Linux's boot parameter; spares nobody. */
int fail_page_alloc_parse(const char *s)
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
	fail_page_alloc = (struct fault_attr){
		.interval = n[0], .probability = n[1], .space = n[2], .times = n[3],
	};
	return 0;
}
