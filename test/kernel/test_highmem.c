/*
 * test/kernel/test_highmem.c - windows and slots for pages that the direct map does not show.
 *
 * The windows are tried with any page; the slots where there is high memory (directmap=128M).
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/arch/arch.h"
#include "kernel/sync/completion.h"
#include "kernel/task/task.h"
#include "lib/string.h"
#include "mm/kmap/fixmap.h"
#include "mm/kmap/highmem.h"
#include "mm/phys/zone.h"

#define SLOTS	512

static void stamp(struct page *page, u64 value)
{
	u64 *va = kmap_local_page(page);

	va[7] = value;
	kunmap_local(va);
}

static u64 stamp_of(struct page *page)
{
	u64 *va = kmap_local_page(page), value = va[7];

	kunmap_local(va);
	return value;
}

static struct page *window_page[4];
static atomic_t window_errors;

/* Two windows by a task, or by a handler above it. */
static void use_windows(__maybe_unused void *arg)
{
	u64 *a = kmap_atomic_high(window_page[0]), *b = kmap_atomic_high(window_page[1]);

	if (a == b || a[7] != 100 || b[7] != 101)
		atomic_inc(&window_errors);
	kunmap_atomic_high(b);
	b = kmap_atomic_high(window_page[2]);
	if (b[7] != 102)
		atomic_inc(&window_errors);
	kunmap_atomic_high((char *)b + 8);
	kunmap_atomic_high(a);
}

KTEST(windows_nest_on_every_hart)
{
	u64 *under;

	for (unsigned i = 0; i < 4; i++) {
		KCHECK((window_page[i] = alloc_page(GFP_KERNEL)));
		((u64 *)page_to_virt(window_page[i]))[7] = 100 + i;
	}
	atomic_set(&window_errors, 0);
	for (unsigned round = 0; round < 100; round++)
		arch_call_on(hart_online_mask, use_windows, NULL);
	under = kmap_atomic_high(window_page[3]);
	use_windows(NULL);
	KCHECK_EQ(under[7], 103);
	kunmap_atomic_high(under);
	KCHECK_EQ(atomic_read(&window_errors), 0);
	/* Closed windows leave nothing behind. */
	for (unsigned slot = FIX_KMAP; slot < FIX_KMAP_END; slot++)
		KCHECK(pte_none(pte_load(&fixmap_pte[slot])));
	for (unsigned i = 0; i < 4; i++)
		__free_page(window_page[i]);
}

KTEST(zeroed_and_copied_whatever_the_page)
{
	struct page *a = alloc_page(GFP_HIGHUSER | __GFP_ZERO), *b = alloc_page(GFP_HIGHUSER);

	KCHECK(a && b);
	KCHECK_EQ(stamp_of(a), 0);
	stamp(a, 5);
	stamp(b, 6);
	copy_highpage(b, a);
	KCHECK_EQ(stamp_of(b), 5);
	clear_highpage(b);
	KCHECK_EQ(stamp_of(b), 0);
	KCHECK_EQ(stamp_of(a), 5);
	__free_page(a);
	__free_page(b);
}

KTEST(kernel_memory_is_in_the_direct_map)
{
	for (unsigned i = 0; i < 200; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		KCHECK(page && !PageHighMem(page));
		__free_page(page);
	}
}

static struct page *slot_page[SLOTS + 1];
static struct completion mapped;

static void map_one_more(__maybe_unused void *arg)
{
	u64 *va = kmap(slot_page[SLOTS]);

	va[7] = 12345;
	kunmap(slot_page[SLOTS]);
	complete(&mapped);
}

KTEST(the_last_slot_is_waited_for)
{
	u64 *va;
	unsigned n;

	for (n = 0; n <= SLOTS; n++) {
		slot_page[n] = alloc_page(GFP_HIGHUSER);
		KCHECK(slot_page[n]);
		if (!PageHighMem(slot_page[n]))
			goto out;		/* no such memory here, or no more */
		stamp(slot_page[n], n);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		va = kmap(slot_page[i]);
		KCHECK_EQ(va[7], i);
	}
	KCHECK_EQ(kmap_nr_used(), SLOTS);
	va = kmap(slot_page[9]);		/* a second time: the same address */
	KCHECK_EQ(va[7], 9);
	init_completion(&mapped);
	KCHECK(kthread_run(map_one_more, NULL, "ktest/kmap"));
	for (int i = 0; i < 20; i++)
		cond_resched();
	KCHECK(!completion_done(&mapped));
	kunmap(slot_page[9]);
	KCHECK_EQ(va[7], 9);			/* one user is left */
	for (unsigned i = 0; i < SLOTS; i++)
		kunmap(slot_page[i]);
	wait_for_completion(&mapped);
	KCHECK_EQ(stamp_of(slot_page[SLOTS]), 12345);
	KCHECK_EQ(kmap_nr_used(), 0);
	n = SLOTS;
out:
	for (unsigned i = 0; i <= n && i <= SLOTS; i++)
		__free_page(slot_page[i]);
}
