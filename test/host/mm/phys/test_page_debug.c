/*
 * test/host/mm/phys/test_page_debug.c - page_owner, poison, fail_page_alloc.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c
// SRCS: mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c
// SRCS: mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c
// SRCS: mm/phys/page_owner.c mm/phys/page_debug.c
#define TEST_STACK_TRACE
#include "test/host/mm/phys/machine.h"
#include <signal.h>

static unsigned long caller = 0x1000;

unsigned stack_trace_save(unsigned long *calls, unsigned max)
{
	calls[0] = caller;
	calls[1] = 0x2000;
	return min(2u, max);
}

static void begin(unsigned harts)
{
	machine_begin();
	memblock_add(0x80000000, 64 * MiB);
	machine_boot(harts);
}

static void owner(void)
{
	struct page *a, *b, *c;
	unsigned mark;
	char *exact;

	page_owner_wanted = true;
	begin(2);
	a = alloc_page(GFP_KERNEL);
	mark = page_owner_mark();
	CHECK(!page_owner_report(mark));
	b = alloc_pages(GFP_KERNEL, 3);
	caller = 0x3000;
	c = alloc_page(GFP_KERNEL);
	CHECK(page_owner_report(mark) == 9);
	__free_pages(b, 3);
	CHECK(page_owner_report(mark) == 1);
	__free_page(c);
	__free_page(a);
	CHECK(!page_owner_report(0));
	exact = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL);
	CHECK(page_owner_report(mark) == 3);
	CHECK(page_owner_next(page_to_pfn(virt_to_page(exact))) == page_to_pfn(virt_to_page(exact)));
	page_owner_show(NULL, page_to_pfn(virt_to_page(exact)));
	free_pages_exact(exact, 3 * PAGE_SIZE);
	for (unsigned i = 0; i < 20000; i++) {		/* more stacks than there is room for */
		caller = i * 4;
		__free_page(alloc_page(GFP_KERNEL));
	}
	CHECK(!page_owner_report(0));
	check_all();
	CHECK(nr_free_pages() == boot_free_pages);
}

/* Does reading @va kill the reader? */
static bool faults(const void *va)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		_exit(*(const volatile char *)va & 1);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status);
}

static void hidden(void)
{
	struct page *page;
	char *p;

	page_alloc_hook_get(HOOK_HIDE);
	page_alloc_hook_get(HOOK_POISON);
	begin(2);
	page = alloc_pages(GFP_KERNEL, 3);
	p = page_to_virt(page);
	memset(p, 1, PAGE_SIZE << 3);
	CHECK(!faults(p) && !page_hidden(p));
	__free_pages(page, 3);
	for (unsigned i = 0; i < 8; i++)
		CHECK(faults(p + i * PAGE_SIZE) && page_hidden(p + i * PAGE_SIZE + 5));
	page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
	CHECK(page_to_virt(page) == p && !faults(p + 7 * PAGE_SIZE));
	put_page(page);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned order = rnd_below(3);

		page = alloc_pages(GFP_KERNEL, order);
		memset(page_to_virt(page), i, PAGE_SIZE << order);
		__free_pages(page, order);
		CHECK(page_hidden(page_to_virt(page)));
	}
	CHECK(nr_free_pages() == boot_free_pages);
	check_all();
}

static void poison(void)
{
	struct page *page;
	u8 *p;

	page_alloc_hook_get(HOOK_POISON);
	begin(1);
	page = alloc_pages(GFP_KERNEL, 2);
	p = page_to_virt(page);
	__free_pages(page, 2);
	CHECK(p[0] == PAGE_POISON && p[4 * PAGE_SIZE - 1] == PAGE_POISON);
	CHECK(alloc_pages(GFP_KERNEL, 2) == page);
	shim_printk_lines = 0;
	__free_pages(page, 2);
	CHECK(!shim_printk_lines);
	p[PAGE_SIZE + 77]++;				/* use after free */
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
	CHECK(shim_printk_lines && p == page_to_virt(page) && !p[PAGE_SIZE + 77]);
	__free_pages(page, 2);
	for (unsigned i = 0; i < 3000; i++) {
		page = alloc_pages(GFP_KERNEL, rnd_below(4) & 1);
		memset(page_to_virt(page), i, PAGE_SIZE);
		put_page(page);
	}
	check_all();
	page_alloc_hook_put(HOOK_POISON);
	page = alloc_page(GFP_KERNEL);
	__free_page(page);
	CHECK(alloc_page(GFP_KERNEL) == page);
}


static void failing(void)
{
	struct page *page;
	unsigned failed = 0;

	begin(1);
	CHECK(fail_page_alloc_parse("") == -22 && fail_page_alloc_parse("1,2,3") == -22 &&
	      fail_page_alloc_parse("1,2,3,4,") == -22);
	CHECK(!fail_page_alloc_parse("1,100,0,3"));
	fail_page_alloc_enable(true);		/* at first as on Linux: orders above 0 of those who cannot wait */
	page = alloc_pages(GFP_NOWAIT, 0);
	CHECK(page && alloc_pages(GFP_KERNEL, 1) && alloc_pages(GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM, 1));
	CHECK(!alloc_pages(GFP_NOWAIT, 1) && fail_page_alloc.times == 2);	/* D2 */
	__free_page(page);
	fail_page_alloc.min_order = fail_page_alloc.ignore_reclaim = fail_page_alloc.ignore_highmem = 0;
	fail_page_alloc_count = 0;
	fail_page_alloc.times = 3;
	fail_page_alloc_enable(true);
	for (unsigned i = 0; i < 10; i++) {
		page = alloc_page(GFP_KERNEL);
		failed += !page;
		CHECK((i < 3) == !page);
		if (page)
			__free_page(page);
	}
	CHECK(fail_page_alloc_count == 3);
	CHECK(!fail_page_alloc_parse("10,50,8192,-1"));
	failed = 0;
	for (unsigned i = 0; i < 10000; i++) {
		page = alloc_page(GFP_KERNEL);
		failed += !page;
		CHECK(page || i >= 2);
		if (page)
			__free_page(page);
	}
	CHECK(failed > 400 && failed < 600);
	CHECK(!fail_page_alloc_parse("1,100,0,-1"));
	fail_page_alloc.task_filter = true;
	page = alloc_page(GFP_KERNEL);
	current_base()->make_it_fail = 1;
	CHECK(page && !alloc_page(GFP_KERNEL) && alloc_page(GFP_KERNEL | __GFP_NOFAIL));
	fail_page_alloc.min_order = 1;
	CHECK(alloc_page(GFP_KERNEL) && !alloc_pages(GFP_KERNEL, 1));
	fail_page_alloc.ignore_reclaim = true;
	CHECK(alloc_pages(GFP_KERNEL, 1) && !alloc_pages(GFP_NOWAIT, 1));
	fail_page_alloc_enable(false);
	CHECK(alloc_pages(GFP_NOWAIT, 1));
	check_all();
}

int main(void)
{
	run_scenario(owner, "page_owner names what lives");
	run_scenario(poison, "poison finds a write after free");
	run_scenario(hidden, "debug_pagealloc: free pages are out of reach");
	run_scenario(failing, "fail_page_alloc: probability, interval, space, times, filter");
	return done_testing();
}
