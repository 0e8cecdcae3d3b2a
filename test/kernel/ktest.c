/*
 * test/kernel/ktest.c - runs the kernel's own tests and prints KTAP.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/arch/arch.h"
#include "kernel/ktest_hook.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/page_alloc.h"
#include "mm/phys/pcp.h"

extern const struct ktest __ktest_start[], __ktest_end[];

bool ktest_failed;

void ktest_fail(const char *file, int line, const char *what, long a, long b)
{
	ktest_failed = true;
	printk(KERN_EMERG "# %s:%d: %s (%ld, %ld)\n", file, line, what, a, b);
}

static unsigned long settled_free_pages(void)
{
	vm_area_purge();
	drain_all_pages(NULL);
	return nr_free_pages();
}

/* Whether @t passes; it runs once more when pages are missing, for a cache may grow once. */
static bool run_one(const struct ktest *t)
{
	ktest_failed = false;
	for (int round = 0; round < 2; round++) {
		unsigned long before = settled_free_pages(), after;

		t->run();
		after = settled_free_pages();
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
