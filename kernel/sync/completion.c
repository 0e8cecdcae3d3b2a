/*
 * kernel/sync/completion.c - wait until somebody else is done.
 *
 * MODEL     The waiter tests and takes `done` under the queue's lock only, and complete() counts and wakes
 *           under it: when the waiter is through, the completer has finished with the memory but for the
 *           release of the lock, which is its last access and the waiter's permission to lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sync/completion.h"

#define DONE_FOR_EVER	(~0u)

void init_completion(struct completion *c)
{
	c->done = 0;
	init_waitqueue_head(&c->wait);
}

void reinit_completion(struct completion *c)
{
	c->done = 0;
}

/* Wake @nr waiters.  => c->wait.lock held */
static void wake_locked(struct completion *c, unsigned nr)
{
	struct wait_queue_entry *e, *next;

	list_for_each_entry_safe(e, next, &c->wait.head, link)
		if (nr && e->func(e, 0))
			nr--;
}

void complete(struct completion *c)
{
	unsigned long flags;

	spin_lock_irqsave(&c->wait.lock, flags);
	if (c->done != DONE_FOR_EVER)
		c->done++;
	wake_locked(c, 1);
	spin_unlock_irqrestore(&c->wait.lock, flags);
}

void complete_all(struct completion *c)
{
	unsigned long flags;

	spin_lock_irqsave(&c->wait.lock, flags);
	c->done = DONE_FOR_EVER;
	wake_locked(c, ~0u);
	spin_unlock_irqrestore(&c->wait.lock, flags);
}

/* Take one completion if there is one.  => c->wait.lock held */
static bool take_locked(struct completion *c)
{
	if (!c->done)
		return false;
	if (c->done != DONE_FOR_EVER)
		c->done--;
	return true;
}

bool try_wait_for_completion(struct completion *c)
{
	unsigned long flags;
	bool got;

	spin_lock_irqsave(&c->wait.lock, flags);
	got = take_locked(c);
	spin_unlock_irqrestore(&c->wait.lock, flags);
	return got;
}

bool completion_done(struct completion *c)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&c->wait.lock, flags);
	done = c->done;
	spin_unlock_irqrestore(&c->wait.lock, flags);
	return done;
}

/* Sleep in @state, at most @ns (~0ull: for ever): 0, -ETIME, -EINTR or -ERESTARTSYS. */
static int wait_common(struct completion *c, int state, u64 ns)
{
	unsigned long flags;
	DEFINE_WAIT(wait);
	int rc = 0;

	might_sleep();
	wait.flags = WQ_EXCLUSIVE;
	spin_lock_irqsave(&c->wait.lock, flags);
	while (!take_locked(c)) {
		if (state == TASK_INTERRUPTIBLE && signal_pending())
			rc = -ERESTARTSYS;
		else if (state == TASK_KILLABLE && fatal_signal_pending())
			rc = -EINTR;
		else if (!ns)
			rc = -ETIME;
		if (rc)
			break;
		if (list_empty(&wait.link))
			list_add_tail(&wait.link, &c->wait.head);
		set_current_state(state);
		spin_unlock_irqrestore(&c->wait.lock, flags);
		if (ns == ~0ull)
			schedule();
		else
			ns = schedule_timeout(ns);
		spin_lock_irqsave(&c->wait.lock, flags);
	}
	list_del_init(&wait.link);
	set_current_state(TASK_RUNNING);
	spin_unlock_irqrestore(&c->wait.lock, flags);
	return rc;
}

void wait_for_completion(struct completion *c)
{
	(void)wait_common(c, TASK_UNINTERRUPTIBLE, ~0ull);
}

int wait_for_completion_killable(struct completion *c)
{
	return wait_common(c, TASK_KILLABLE, ~0ull);
}

int wait_for_completion_interruptible(struct completion *c)
{
	return wait_common(c, TASK_INTERRUPTIBLE, ~0ull);
}

bool wait_for_completion_timeout(struct completion *c, u64 ns)
{
	return wait_common(c, TASK_UNINTERRUPTIBLE, ns) == 0;
}
