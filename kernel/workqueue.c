/*
 * kernel/workqueue.c - one thread that runs queued functions in order.
 *
 * LOCKING   work_lock, interrupts off, for the list and the counters; functions run without it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/workqueue.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"

static DEFINE_SPINLOCK(work_lock, RANK_TIMER);	/* late: work is queued under many locks */
static LIST_HEAD(work_list);
static u64 nr_queued, nr_done;		/* (work_lock) a flush waits for done to reach queued */
static DECLARE_WAIT_QUEUE_HEAD(worker_wait);
static DECLARE_WAIT_QUEUE_HEAD(flush_wait);

bool queue_work(struct work_struct *w)
{
	unsigned long flags;
	bool fresh;

	spin_lock_irqsave(&work_lock, flags);
	fresh = !w->pending;
	if (fresh) {
		w->pending = true;
		list_add_tail(&w->entry, &work_list);
		nr_queued++;
	}
	spin_unlock_irqrestore(&work_lock, flags);
	if (fresh)
		wake_up(&worker_wait);
	return fresh;
}

/* The next work, off the queue, or NULL. */
static struct work_struct *take_work(void)
{
	struct work_struct *w = NULL;
	unsigned long flags;

	spin_lock_irqsave(&work_lock, flags);
	if (!list_empty(&work_list)) {
		w = list_first_entry(&work_list, struct work_struct, entry);
		list_del_init(&w->entry);
		w->pending = false;
	}
	spin_unlock_irqrestore(&work_lock, flags);
	return w;
}

static void note_done(void)
{
	unsigned long flags;

	spin_lock_irqsave(&work_lock, flags);
	nr_done++;
	spin_unlock_irqrestore(&work_lock, flags);
	wake_up_all(&flush_wait);
}

static void worker(__maybe_unused void *arg)
{
	struct work_struct *w;

	current->flags |= PF_WQ_WORKER;
	for (;;) {
		/* An idle worker is not load: it sleeps interruptibly, and gets no signals. */
		(void)wait_event_interruptible(worker_wait, !list_empty(&work_list));
		while ((w = take_work())) {
			w->func(w);
			note_done();
			cond_resched();
		}
	}
}

void flush_workqueue(void)
{
	u64 until = READ_ONCE(nr_queued);

	wait_event(flush_wait, READ_ONCE(nr_done) >= until);
}

void workqueue_init(void)
{
	if (!kthread_run(worker, NULL, "kworker/0"))
		panic("cannot start the work queue's thread");
}
