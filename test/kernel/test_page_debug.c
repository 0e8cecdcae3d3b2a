/*
 * test/kernel/test_page_debug.c - what finds wrong uses of pages, on the real machine.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/arch/arch.h"
#include "lib/string.h"
#include "mm/phys/page_alloc.h"

/* Can the kernel read and write at @va?  Its faults are fixed up. */
static bool reachable(void *va)
{
	u64 word;

	return !arch_copy_user(&word, va, sizeof(word)) && !arch_copy_user(va, &word, sizeof(word));
}

KTEST(debug_pagealloc_hides_free_pages)
{
	for (unsigned order = 0; order <= 4; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);
		char *va;

		KCHECK(page);
		va = page_to_virt(page);
		memset(va, 1, PAGE_SIZE << order);
		KCHECK(reachable(va));
		__free_pages(page, order);
		KCHECK_EQ(reachable(va + (PAGE_SIZE << order) - 8), !page_alloc_hooked(HOOK_HIDE));
	}
}

static unsigned long seen_by[NR_HARTS];

static void look(void *va) { seen_by[this_hart()] = reachable(va); }

KTEST(a_page_that_is_freed_is_hidden_from_every_hart)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *va;

	KCHECK(page);
	va = page_to_virt(page);
	arch_call_on(hart_online_mask, look, va);
	for_each_hart_in(h, hart_online_mask)
		KCHECK(seen_by[h]);
	if (!page_alloc_hooked(HOOK_HIDE)) {
		__free_page(page);
		return;
	}
	/* The page must not be taken by others meanwhile: hidden in our hands. */
	pages_hide(page, 1);
	arch_call_on(hart_online_mask, look, va);
	for_each_hart_in(h, hart_online_mask)
		KCHECK(!seen_by[h]);
	pages_show(page, 1);
	arch_call_on(hart_online_mask, look, va);
	for_each_hart_in(h, hart_online_mask)
		KCHECK(seen_by[h]);
	__free_page(page);
}

KTEST(page_owner_names_what_is_left)
{
	unsigned mark = page_owner_mark();
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	unsigned long with, without;

	KCHECK(page);
	with = page_owner_report(mark);
	__free_pages(page, 1);
	without = page_owner_report(mark);
	KCHECK_EQ(with - without, page_alloc_hooked(HOOK_OWNER) ? 2 : 0);
}

KTEST(injected_failures_hit_only_the_tasks_that_ask)
{
	struct fault_attr before = fail_page_alloc;
	struct page *spared, *hit;

	fail_page_alloc = (struct fault_attr){ .probability = 100, .times = -1, .task_filter = 1 };
	fail_page_alloc_changed();
	spared = alloc_page(GFP_KERNEL);
	current_base()->make_it_fail = 1;
	hit = alloc_page(GFP_KERNEL | __GFP_NOWARN);
	current_base()->make_it_fail = 0;
	fail_page_alloc = before;
	fail_page_alloc_changed();
	KCHECK(spared && !hit);
	__free_page(spared);
}
