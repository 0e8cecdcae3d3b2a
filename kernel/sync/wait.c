/*
 * kernel/sync/wait.c - queues of waiting tasks.
 *
 * MODEL     A waiter queues up, sets its state, then tests its condition; a waker makes the condition true,
 *           then looks at the queue.  Both steps of each side are ordered by the queue's lock (or by
 *           the barrier in waitqueue_active()), so one of them sees the other: no wake-up is lost.
 *           An entry that autoremove_wake_function() took off is touched by nobody afterwards: the
 *           waiter may return without the lock and its stack frame may go.
 * LOCKING   q->lock, irqs off: handlers wake too.  Entry functions run under it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sync/wait.h"

void add_wait_queue(wait_queue_head_t *q, struct wait_queue_entry *e)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	e->flags &= ~WQ_EXCLUSIVE;
	list_add(&e->link, &q->head);
	spin_unlock_irqrestore(&q->lock, flags);
}

void add_wait_queue_exclusive(wait_queue_head_t *q, struct wait_queue_entry *e)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	e->flags |= WQ_EXCLUSIVE;
	list_add_tail(&e->link, &q->head);
	spin_unlock_irqrestore(&q->lock, flags);
}

void remove_wait_queue(wait_queue_head_t *q, struct wait_queue_entry *e)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	list_del_init(&e->link);
	spin_unlock_irqrestore(&q->lock, flags);
}

void prepare_to_wait(wait_queue_head_t *q, struct wait_queue_entry *e, int state)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	e->flags &= ~WQ_EXCLUSIVE;
	if (list_empty(&e->link))
		list_add(&e->link, &q->head);
	set_current_state(state);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* Exclusive waiters stand behind all others, first come first served. */
void prepare_to_wait_exclusive(wait_queue_head_t *q, struct wait_queue_entry *e, int state)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	e->flags |= WQ_EXCLUSIVE;
	if (list_empty(&e->link))
		list_add_tail(&e->link, &q->head);
	set_current_state(state);
	spin_unlock_irqrestore(&q->lock, flags);
}

bool default_wake_function(struct wait_queue_entry *e, __maybe_unused unsigned long key)
{
	return wake_up_task(e->task, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE);
}

bool autoremove_wake_function(struct wait_queue_entry *e, unsigned long key)
{
	if (!default_wake_function(e, key))
		return false;
	__list_del_entry(&e->link);
	e->link.prev = &e->link;
	smp_store_release(&e->link.next, &e->link);
	return true;
}

void __wake_up(wait_queue_head_t *q, int nr_exclusive, unsigned long key)
{
	struct wait_queue_entry *e, *next;
	unsigned long flags;

	kick_defer();
	spin_lock_irqsave(&q->lock, flags);
	list_for_each_entry_safe(e, next, &q->head, link) {
		bool exclusive = e->flags & WQ_EXCLUSIVE;

		if (e->func(e, key) && exclusive && --nr_exclusive == 0)
			break;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	kick_flush();
}
