/*
 * test/kernel/test_slab.c - any slab back end on real harts: objects that travel, locks that are not taken.
 *
 * MODEL     A worker per hart.  It works for a number of rounds, or until a time is up: a host that is overcommitted
 *           takes a hart away while it has a lock, and others wait for it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/arch/arch.h"
#include "include/atomic.h"
#include "kernel/sync/wait.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define ROUNDS	20000
#define TIME	(2 * NSEC_PER_SEC)

static struct kmem_cache *cache;
static unsigned long *mailbox[32];
static atomic_t running;
static atomic_long_t worked;		/* rounds of all workers */
static ktime_t deadline;
static DECLARE_WAIT_QUEUE_HEAD(all_done);

/* Run @fn in one kernel thread for each hart, and wait for all. */
static bool on_every_hart(void (*fn)(void *))
{
	bool started = true;

	atomic_set(&running, 1);
	atomic_long_set(&worked, 0);
	deadline = ktime_get() + TIME;
	for_each_hart(h) {
		atomic_inc(&running);
		if (!kthread_run(fn, (void *)(unsigned long)h, "slab/%u", h)) {
			atomic_dec(&running);
			started = false;
		}
	}
	atomic_dec(&running);
	wait_event(all_done, atomic_read(&running) == 0);
	return started;
}

/* Whether round @i is to be done. */
static bool go_on(unsigned i) { return i < ROUNDS && (i % 64 || ktime_get() < deadline); }

static void worker_end(unsigned rounds)
{
	atomic_long_add(rounds, &worked);
	if (atomic_dec_and_test(&running))
		wake_up_all(&all_done);
}

/* Allocate, hand over, free what another hart allocated. */
static void exchange(void *arg)
{
	unsigned long x = (unsigned long)arg * 31 + 7;
	unsigned i;

	for (i = 0; go_on(i); i++) {
		unsigned long *p = kmem_cache_alloc(cache, GFP_KERNEL), *other;

		x = x * 6364136223846793005ul + 1442695040888963407ul;
		if (!p)
			continue;
		*p = (unsigned long)p;
		other = xchg(&mailbox[x >> 59], p);
		if (!other)
			continue;
		if (*other != (unsigned long)other)
			ktest_fail(__FILE__, __LINE__, "object changed", *other, (long)other);
		*other = 0;
		kmem_cache_free(cache, other);
	}
	worker_end(i);
}

KTEST(objects_freed_by_other_harts)
{
	cache = kmem_cache_create("ktest_exchange", 72, 0, SLAB_NO_MERGE, NULL);
	KCHECK(cache);
	KCHECK(on_every_hart(exchange));
	for (unsigned i = 0; i < ARRAY_SIZE(mailbox); i++)
		kmem_cache_free(cache, xchg(&mailbox[i], NULL));
	KCHECK_EQ(slab_objects_in_use(cache), 0);
	KCHECK(kmem_cache_verify(cache));
	kmem_cache_destroy(cache);
}

#define AT_ONCE	4

/* A few objects at a time, as most users have them. */
static void pairs(__maybe_unused void *arg)
{
	void *p[AT_ONCE];
	unsigned i;

	for (i = 0; go_on(i); i++) {
		for (unsigned k = 0; k < ARRAY_SIZE(p); k++)
			p[k] = kmem_cache_alloc(cache, GFP_KERNEL);
		for (unsigned k = 0; k < ARRAY_SIZE(p); k++)
			kmem_cache_free(cache, p[k]);
	}
	worker_end(i);
}

KTEST(hot_paths_take_no_shared_lock)
{
	u16 before, taken;

	if (!strcmp(slab_backend, "slob"))
		return;
	cache = kmem_cache_create("ktest_pairs", 72, 0, SLAB_NO_MERGE, NULL);
	KCHECK(cache);
	before = slab_shared_locks(cache);
	KCHECK(on_every_hart(pairs));
	taken = slab_shared_locks(cache) - before;
	printk(KERN_EMERG "# %u shared locks for %ld objects\n", taken, atomic_long_read(&worked) * AT_ONCE);
	/* A thread that moves to another hart leaves objects of the old one's slab to be freed elsewhere. */
	KCHECK(kmem_cache_debug_flags(cache) || taken <= atomic_long_read(&worked) / 100 + 16);
	kmem_cache_destroy(cache);
}

static unsigned constructions;
static void construct(void *p) { *(unsigned long *)p = 42; constructions++; }

KTEST(constructed_objects_keep_their_state)
{
	struct kmem_cache *s = kmem_cache_create("ktest_ctor", 40, 0, SLAB_TYPESAFE_BY_RCU, construct);
	unsigned long *p[200];

	KCHECK(s);
	constructions = 0;
	for (int round = 0; round < 5; round++) {
		KCHECK_EQ(kmem_cache_alloc_bulk(s, GFP_KERNEL, ARRAY_SIZE(p), (void **)p), ARRAY_SIZE(p));
		for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
			KCHECK_EQ(*p[i], 42);
		kmem_cache_free_bulk(s, ARRAY_SIZE(p), (void **)p);
		KCHECK_EQ(*p[7], 42);
	}
	KCHECK(constructions < 3 * ARRAY_SIZE(p));
	kmem_cache_destroy(s);
}

KTEST(slab_recounts)
{
	KCHECK(slab_verify_all());
	slab_reap();
	KCHECK(slab_verify_all());
}

/* What queues hold goes back to the pages while nobody uses it. */
KTEST(the_reaper_empties_queues)
{
	static void *p[400];
	long before, after = 0;

	if (!slab_reap_wanted)
		return;
	cache = kmem_cache_create("ktest_reaped", 500, 0, SLAB_NO_MERGE, NULL);
	KCHECK(cache);
	KCHECK_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, ARRAY_SIZE(p), p), ARRAY_SIZE(p));
	kmem_cache_free_bulk(cache, ARRAY_SIZE(p), p);
	before = kmem_cache_pages(cache);
	for (int i = 0; i < 300 && (!i || after > 0); i++) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(100 * NSEC_PER_MSEC);
		after = kmem_cache_pages(cache);
	}
	kmem_cache_destroy(cache);
	KCHECK(before > 0);
	KCHECK_EQ(after, 0);
}
