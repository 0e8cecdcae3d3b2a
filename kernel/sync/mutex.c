/*
 * kernel/sync/mutex.c - the mutex when somebody has to wait.
 *
 * MODEL     States of `owner`:
 *
 *             0 --grab--> T --unlock--> 0                    nobody waits
 *             T --wait--> T|W --unlock--> W, head woken      W: the fast ways are closed
 *             W --head or a newcomer takes it--> T[|W]
 *             T|W --head came too late once--> T|W|H --unlock--> head|W
 *
 *           Newcomers may overtake a woken head once; then the hand-off gives it the lock.
 * LOCKING   m->waiters.lock guards the queue and every change of a flag; the fast ways race with it by
 *           compare-and-swap, and fail while a flag is set.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sync/mutex.h"

struct mutex_waiter {
	struct list_head link;
	struct task_base *task;
	bool woken;			/* (waiters.lock) has been the head of an unlock */
};

void mutex_init(struct mutex *m, enum lockrank rank)
{
	m->owner = 0;
	m->rank = rank;
	init_waitqueue_head(&m->waiters);
}

/*
 * Take @m for the running task if it is free or was handed to it; else leave @flags set in it.
 * @rest: somebody else waits.
 */
static bool take_or_mark(struct mutex *m, unsigned long flags, bool rest)
{
	unsigned long self = (unsigned long)current_base();
	unsigned long old = __atomic_load_n(&m->owner, __ATOMIC_RELAXED), want;

	do {
		unsigned long holder = old & ~MUTEX_FLAGS;

		if (!holder || holder == self)
			want = self | (rest ? MUTEX_WAITERS : 0);
		else
			want = old | flags;
	} while (!__atomic_compare_exchange_n(&m->owner, &old, want, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return (want & ~MUTEX_FLAGS) == self;
}

/* If no waiter is left: open the fast ways (M2).  => waiters.lock held */
static void clear_flags_if_alone(struct mutex *m)
{
	if (list_empty(&m->waiters.head))
		__atomic_fetch_and(&m->owner, ~MUTEX_FLAGS, __ATOMIC_RELAXED);
}

static int signal_rc(int state)
{
	if (state == TASK_INTERRUPTIBLE && signal_pending())
		return -ERESTARTSYS;
	return state == TASK_KILLABLE && fatal_signal_pending() ? -EINTR : 0;
}

/* Wait for @m in @state: 0, -EINTR or -ERESTARTSYS. */
int mutex_lock_slow(struct mutex *m, int state)
{
	struct mutex_waiter w = { .task = current_base() };
	unsigned long flags;
	int rc = 0;

	might_sleep();
	spin_lock_irqsave(&m->waiters.lock, flags);
	list_add_tail(&w.link, &m->waiters.head);
	for (;;) {
		bool rest = !list_is_singular(&m->waiters.head);

		if (take_or_mark(m, MUTEX_WAITERS | (w.woken ? MUTEX_HANDOFF : 0), rest)) {
			list_del(&w.link);
			break;
		}
		rc = signal_rc(state);
		if (rc) {	/* the holder's unlock is slow now and wakes the next */
			list_del(&w.link);
			clear_flags_if_alone(m);
			break;
		}
		set_current_state(state);
		spin_unlock_irqrestore(&m->waiters.lock, flags);
		schedule();
		spin_lock_irqsave(&m->waiters.lock, flags);
	}
	set_current_state(TASK_RUNNING);
	spin_unlock_irqrestore(&m->waiters.lock, flags);
	return rc;
}

/*
 * Release @m, whose flags say that somebody waits.
 * => the woken task takes waiters.lock before it goes on, so that it outlives our use of it
 */
void mutex_unlock_slow(struct mutex *m)
{
	struct mutex_waiter *head;
	unsigned long flags, next = 0;

	spin_lock_irqsave(&m->waiters.lock, flags);
	head = list_empty(&m->waiters.head) ? NULL :
		list_first_entry(&m->waiters.head, struct mutex_waiter, link);
	if (head) {
		next = MUTEX_WAITERS;
		if (READ_ONCE(m->owner) & MUTEX_HANDOFF)
			next |= (unsigned long)head->task;
		head->woken = true;
	}
	__atomic_store_n(&m->owner, next, __ATOMIC_RELEASE);
	if (head)
		wake_up_task(head->task, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE);
	spin_unlock_irqrestore(&m->waiters.lock, flags);
}
