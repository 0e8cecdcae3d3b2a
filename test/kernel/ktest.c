/*
 * test/kernel/ktest.c - runs the kernel's own tests and prints KTAP.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "arch/riscv/mm/root.h"
#include "include/arch/arch.h"
#include "kernel/ktest_hook.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/wait.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/page_alloc.h"
#include "mm/phys/pcp.h"
#include "mm/reclaim/internal.h"
#include "mm/reclaim/shrinker.h"

extern const struct ktest __ktest_start[], __ktest_end[];

bool ktest_failed;

void ktest_fail(const char *file, int line, const char *what, long a, long b)
{
	ktest_failed = true;
	printk(KERN_EMERG "# %s:%d: %s (%ld, %ld)\n", file, line, what, a, b);
}

/* Free pages when threads that ended are gone and no hart keeps anything for the next fork. */
static unsigned long settled_free_pages(void)
{
	unsigned long pages;

	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(20 * 1000 * 1000);
	drain_hart_caches(NODE_DATA(numa_node_id()));
	set_current_harts(~0ull);
	drop_slab();
	drain_all_pages(NULL);
	pages = nr_free_pages();
	for_each_hart(h)
		pages += root_list_pages(h);
	return pages;
}

/* Whether @t passes; it runs once more when pages are missing, for a cache may grow once. */
static bool run_one(const struct ktest *t)
{
	ktest_failed = false;
	for (int round = 0; round < 2; round++) {
		unsigned long before = settled_free_pages(), after;

		t->run();
		after = settled_free_pages();
		/* Threads that have said they are done may still be on their way out. */
		for (int look = 0; after < before && look < 50; look++) {
			set_current_state(TASK_UNINTERRUPTIBLE);
			schedule_timeout(2000000);
			after = settled_free_pages();
		}
		if (ktest_failed || after >= before)
			return !ktest_failed;
		if (round)
			ktest_fail(__FILE__, __LINE__, "free pages fell", before, after);
	}
	return false;
}

void ktest_main(void)
{
	unsigned nr = 0, failed = 0;

	printk(KERN_EMERG "TAP version 13\n");
	for (const struct ktest *t = __ktest_start; t < __ktest_end; t++) {
		bool ok = run_one(t);

		failed += !ok;
		printk(KERN_EMERG "%sok %u - %s\n", ok ? "" : "not ", ++nr, t->name);
	}
	printk(KERN_EMERG "1..%u\n", nr);
	printk(KERN_EMERG "# %u failed\n", failed);
	arch_machine_poweroff();
}
