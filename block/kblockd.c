/*
 * block/kblockd.c - the thread that ends bios whose end takes locks that interrupt handlers must not.
 *
 * MODEL     Handlers put such bios on a list; the thread calls their end_io.  It never waits for I/O, so that
 *           whoever waits for a page to be written is served.  Now and then it looks for requests that
 *           are not answered.
 * LOCKING   list_lock, interrupts off.
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/wait.h"
#include "kernel/task/kthread.h"
#include "kernel/time/time.h"

#define LOOK_NS	(10ull * NSEC_PER_SEC)

static DEFINE_SPINLOCK(list_lock, RANK_BLOCK);
static struct bio_list list = { NULL, &list.first };	/* (list_lock) */
static DECLARE_WAIT_QUEUE_HEAD(kblockd_wait);

void blk_end_in_task(struct bio *bio)
{
	unsigned long flags;
	bool first;

	spin_lock_irqsave(&list_lock, flags);
	first = !list.first;
	bio_list_add(&list, bio);
	spin_unlock_irqrestore(&list_lock, flags);
	if (first)
		wake_up(&kblockd_wait);
}

static void take_all(struct bio_list *mine)
{
	unsigned long flags;

	bio_list_init(mine);
	spin_lock_irqsave(&list_lock, flags);
	bio_list_splice(mine, &list);
	spin_unlock_irqrestore(&list_lock, flags);
}

/* Sleep until there is something, or it is time to look; whether the latter. */
static bool wait_for_work(void)
{
	DEFINE_WAIT(wait);
	bool late = false;

	prepare_to_wait(&kblockd_wait, &wait, TASK_INTERRUPTIBLE);	/* no signal comes; it is no load */
	if (!READ_ONCE(list.first))
		late = !schedule_timeout(LOOK_NS);
	finish_wait(&kblockd_wait, &wait);
	return late;
}

static void kblockd(__maybe_unused void *arg)
{
	struct bio_list mine;
	struct bio *bio;

	current->flags |= PF_MEMALLOC;		/* what it does gives memory back */
	for (;;) {
		take_all(&mine);
		while ((bio = bio_list_pop(&mine)))
			bio->bi_end_io(bio);
		cond_resched();
		if (wait_for_work())
			blk_check_timeouts();
	}
}

void __init kblockd_init(void)
{
	if (!kthread_run(kblockd, NULL, "kblockd"))
		panic("cannot start kblockd");
}
