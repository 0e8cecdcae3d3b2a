/*
 * kernel/sync/rwsem.c - the reader-writer semaphore when somebody has to wait.
 *
 * MODEL     The queue is first come, first served.  grant() gives the lock to its head: one writer, or
 *           all readers up to the next writer.  It runs whenever the count may have become low enough:
 *           at the last release, when a reader takes its premature unit back, when a waiter gives up.
 * INVARIANTS
 *   W3  A waiter with ->granted holds its share of count and is off the queue.
 * LOCKING   s->waiters.lock guards the queue, ->granted and RWSEM_WAITERS.  A waiter looks at ->granted
 *           under it, so it cannot leave while the granter still uses its entry.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sync/rwsem.h"

struct rwsem_waiter {
	struct list_head link;
	struct task_base *task;
	bool writer, granted;
};

void init_rwsem(struct rw_semaphore *s, enum lockrank rank)
{
	atomic_long_set(&s->count, 0);
	s->rank = rank;
	init_waitqueue_head(&s->waiters);
}

static struct rwsem_waiter *first_waiter(struct rw_semaphore *s)
{
	return list_first_entry_or_null(&s->waiters.head, struct rwsem_waiter, link);
}

static void grant_to(struct rwsem_waiter *w)
{
	list_del(&w->link);
	w->granted = true;	/* commit (W3) */
	wake_up_task(w->task, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE);
}

/* Give what can be given to the head of the queue.  => waiters.lock held */
static void grant(struct rw_semaphore *s)
{
	struct rwsem_waiter *w = first_waiter(s);

	if (w && w->writer) {
		long free = RWSEM_WAITERS;

		if (__atomic_compare_exchange_n(&s->count.v, &free, RWSEM_WAITERS | RWSEM_WRITER, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			grant_to(w);
	} else {
		/* No new writer can come: the fast way needs 0, and WAITERS is set. */
		while (w && !w->writer && !(atomic_long_read(&s->count) & RWSEM_WRITER)) {
			__atomic_fetch_add(&s->count.v, RWSEM_READER, __ATOMIC_ACQUIRE);
			grant_to(w);
			w = first_waiter(s);
		}
	}
	if (list_empty(&s->waiters.head))
		__atomic_fetch_and(&s->count.v, ~RWSEM_WAITERS, __ATOMIC_RELAXED);	/* W2 */
}

void rwsem_wake(struct rw_semaphore *s)
{
	unsigned long flags;

	spin_lock_irqsave(&s->waiters.lock, flags);
	grant(s);
	spin_unlock_irqrestore(&s->waiters.lock, flags);
}

/*
 * Sleep in @state until @w, which is queued, is granted; 0 or -EINTR.
 * => waiters.lock held on entry and exit, taken with @flags
 */
static int wait_for_grant(struct rw_semaphore *s, struct rwsem_waiter *w, int state, unsigned long flags)
	REQUIRES(s->waiters.lock)
{
	while (!w->granted) {
		if (state == TASK_KILLABLE && fatal_signal_pending()) {
			list_del(&w->link);
			grant(s);	/* we may have been what others waited behind */
			return -EINTR;
		}
		set_current_state(state);
		spin_unlock_irqrestore(&s->waiters.lock, flags);
		schedule();
		spin_lock_irqsave(&s->waiters.lock, flags);
	}
	return 0;
}

static int queue_up(struct rw_semaphore *s, bool writer, int state)
{
	struct rwsem_waiter w = { .task = current_base(), .writer = writer };
	unsigned long flags;
	int rc;

	might_sleep();
	spin_lock_irqsave(&s->waiters.lock, flags);
	list_add_tail(&w.link, &s->waiters.head);
	__atomic_fetch_or(&s->count.v, RWSEM_WAITERS, __ATOMIC_RELAXED);	/* W2 */
	if (!writer)		/* the unit that rwsem_read_grab() added (W1) */
		__atomic_fetch_sub(&s->count.v, RWSEM_READER, __ATOMIC_RELAXED);
	grant(s);		/* it may have become free since the fast way failed */
	rc = wait_for_grant(s, &w, state, flags);
	set_current_state(TASK_RUNNING);
	spin_unlock_irqrestore(&s->waiters.lock, flags);
	return rc;
}

int down_read_slow(struct rw_semaphore *s, int state)
{
	return queue_up(s, false, state);
}

int down_write_slow(struct rw_semaphore *s, int state)
{
	return queue_up(s, true, state);
}

void downgrade_write(struct rw_semaphore *s)
{
	long c = __atomic_add_fetch(&s->count.v, RWSEM_READER - RWSEM_WRITER, __ATOMIC_RELEASE);

	INV(W1, !(c & RWSEM_WRITER));
	if (c & RWSEM_WAITERS)
		rwsem_wake(s);		/* readers at the head may join */
}
