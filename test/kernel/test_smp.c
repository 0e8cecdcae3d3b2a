/*
 * test/kernel/test_smp.c - locks, calls between harts, and translations that must disappear everywhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/arch/arch.h"
#include "include/arch/tlb_stat.h"
#include "kernel/sync/completion.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/spinlock.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "lib/kstrtox.h"
#include "lib/string.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/gfp.h"
#include "mm/pt/flush.h"
#include "mm/slab/slab.h"

#define ROUNDS	20000

static DEFINE_SPINLOCK(spin, RANK_NONE);
static DEFINE_MUTEX(sleeping, RANK_NONE);
static unsigned long plain;
static atomic_t running;
static DECLARE_WAIT_QUEUE_HEAD(all_done);

static void worker_end(void)
{
	if (atomic_dec_and_test(&running))
		wake_up_all(&all_done);
}

/* Run @fn in one kernel thread for each hart, and wait for all. */
static bool on_every_hart(void (*fn)(void *))
{
	atomic_set(&running, 1);
	for_each_hart(h) {
		atomic_inc(&running);
		if (!kthread_run(fn, (void *)(unsigned long)h, "ktest/%u", h)) {
			atomic_dec(&running);
			return false;
		}
	}
	if (!atomic_dec_and_test(&running))
		wait_event(all_done, atomic_read(&running) == 0);
	return true;
}

static atomic_t taken;

/*
 * A lock that is always contended goes round its waiters: where the machine below runs fewer harts than there
 * are, each handover waits until that machine runs the next in line.  So this ends by the clock as well.
 */
static void add_under_spinlock(__maybe_unused void *arg)
{
	u64 end = ktime_get() + 300 * NSEC_PER_MSEC;
	int i;

	for (i = 0; i < ROUNDS && (i % 16 || ktime_get() < end); i++) {
		spin_lock(&spin);
		plain++;
		spin_unlock(&spin);
	}
	atomic_add(i, &taken);
	worker_end();
}

KTEST(spin_locks_exclude)
{
	plain = 0;
	atomic_set(&taken, 0);
	KCHECK(on_every_hart(add_under_spinlock));
	KCHECK_EQ(plain, atomic_read(&taken));
	KCHECK(plain >= nr_harts);
}

static void add_under_mutex(__maybe_unused void *arg)
{
	for (int i = 0; i < ROUNDS / 10; i++) {
		mutex_lock(&sleeping);
		unsigned long was = plain;
		if (i % 50 == 0)
			cond_resched();
		plain = was + 1;
		mutex_unlock(&sleeping);
	}
	worker_end();
}

KTEST(mutexes_exclude)
{
	plain = 0;
	KCHECK(on_every_hart(add_under_mutex));
	KCHECK_EQ(plain, (long)ROUNDS / 10 * nr_harts);
}

static void note_hart(void *arg)
{
	set_bit(this_hart(), arg);
}

KTEST(calls_reach_every_hart)
{
	unsigned long seen = 0;

	arch_call_on(hart_online_mask, note_hart, &seen);
	KCHECK_EQ(seen, hart_online_mask.bits);
}

static unsigned long *volatile watched;
static unsigned long read_by[NR_HARTS];

static void read_watched(__maybe_unused void *arg)
{
	read_by[this_hart()] = READ_ONCE(*watched);
}

/* The same virtual address shows each new page on every hart: no stale translation survives vfree(). */
KTEST(vfree_is_seen_by_every_hart)
{
	for (unsigned long round = 1; round <= 50; round++) {
		unsigned long *p = vmalloc(PAGE_SIZE);

		KCHECK(p);
		*p = round;
		watched = p;
		arch_call_on(hart_online_mask, read_watched, NULL);
		for_each_hart_in(h, hart_online_mask)
			KCHECK_EQ(read_by[h], round);
		vfree(p);
		vm_area_purge();
	}
}

static void churn_slab(void *arg)
{
	void *object[32] = { 0 };
	unsigned long x = (unsigned long)arg + 1;
	ktime_t end = ktime_get() + 2 * NSEC_PER_SEC;	/* back ends that take a common lock: as above */

	for (int i = 0; i < ROUNDS && (i % 64 || ktime_get() < end); i++) {
		x = x * 6364136223846793005ul + 1442695040888963407ul;
		void **slot = &object[x >> 59];

		if (*slot) {
			if (**(unsigned long **)slot != (unsigned long)*slot)
				ktest_fail(__FILE__, __LINE__, "object changed", 0, 0);
			kfree(*slot);
			*slot = NULL;
		} else {
			*slot = kmalloc(8 + (x >> 32 & 1023), GFP_KERNEL);
			if (*slot)
				*(unsigned long *)*slot = (unsigned long)*slot;
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(object); i++)
		kfree(object[i]);
	worker_end();
}

KTEST(slab_on_every_hart_at_once)
{
	KCHECK(on_every_hart(churn_slab));
}

static void churn_pages(void *arg)
{
	struct page *page[16] = { 0 };
	unsigned order[16];
	unsigned long x = (unsigned long)arg + 99;

	for (int i = 0; i < ROUNDS / 4; i++) {
		x = x * 6364136223846793005ul + 1442695040888963407ul;
		unsigned s = x >> 60;

		if (page[s]) {
			if (*(struct page **)page_to_virt(page[s]) != page[s])
				ktest_fail(__FILE__, __LINE__, "page changed", 0, 0);
			__free_pages(page[s], order[s]);
			page[s] = NULL;
			continue;
		}
		order[s] = x >> 40 & 3;
		page[s] = alloc_pages(GFP_KERNEL, order[s]);
		if (page[s])
			*(struct page **)page_to_virt(page[s]) = page[s];
	}
	for (unsigned i = 0; i < ARRAY_SIZE(page); i++)
		if (page[i])
			__free_pages(page[i], order[i]);
	worker_end();
}

KTEST(pages_on_every_hart_at_once)
{
	KCHECK(on_every_hart(churn_pages));
}

/* A figure of arch_tlb_stat_show(). */
static unsigned long tlb_count(const char *name)
{
	static char text[512];
	const char *at;

	arch_tlb_stat_show(text, sizeof(text));
	at = strstr(text, name);
	return at ? simple_strtoul(at + strlen(name), NULL, 10) : 0;
}

KTEST(fences_are_counted)
{
	unsigned long here = tlb_count("local_all "), there = tlb_count("\nremote ");
	unsigned long harts = tlb_count("remote_harts ");

	flush_tlb_all();
	KCHECK(tlb_count("local_all ") > here);
	if (nr_harts > 1) {
		KCHECK(tlb_count("\nremote ") > there);
		KCHECK(tlb_count("remote_harts ") >= harts + nr_harts - 1);
	}
}
