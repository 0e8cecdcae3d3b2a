/*
 * block/flusher.c - the thread that writes dirty pages: every few seconds, and when there are many.
 *
 * MODEL     First the inodes of file systems, whose attributes become dirty pages of their device, then devices.
 *           Writers and reclaim wake it (wakeup_flusher): then, or when there is too much, it writes everything.
 *           Else it looks every dirty_writeback_centisecs, and writes what is dirty for longer than
 *           dirty_expire_centisecs, so that files that live shorter are never written.  It starts the writing,
 *           and waits for room in the disks' queues only.
 * LOCKING   none of its own.
 * TESTS     test/boot/disk.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "fs/inode.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/wait.h"
#include "kernel/task/kthread.h"
#include "kernel/time/time.h"
#include "mm/cache/dirty.h"
#include "mm/phys/vmstat.h"

#define CENTISEC_NS	(NSEC_PER_SEC / 100)
#define CHUNK		1024		/* pages of one device at a time: every device has its turn */

static DECLARE_WAIT_QUEUE_HEAD(flusher_wait);
static bool wanted;			/* (A) */

void wakeup_flusher(void)
{
	if (xchg(&wanted, true))
		return;
	wake_up(&flusher_wait);
}

struct round { u64 now, until; unsigned long done; };	/* until: what is dirty since before it; done: pages */

/* Is @bdev, which has dirty pages, to be written in this round? */
static bool bdev_is_due(struct block_device *bdev, const struct round *round)
{
	if (!bdev->bd_dirty_since)
		bdev->bd_dirty_since = round->now;
	return bdev->bd_dirty_since < round->until;
}

static int write_chunk(struct block_device *bdev, void *arg)
{
	struct round *round = arg;
	struct writeback_control wbc = {
		.nr_to_write = CHUNK, .range_start = 0, .range_end = INT64_MAX, .sync_mode = SYNC_NONE,
	};
	struct address_space *mapping = bdev->bd_inode ? bdev->bd_inode->i_mapping : NULL;

	if (!mapping || !xa_marked(&mapping->i_pages, XA_DIRTY)) {
		bdev->bd_dirty_since = 0;
		return 0;
	}
	if (!bdev_is_due(bdev, round))
		return 0;
	(void)!mapping->a_ops->writepages(mapping, &wbc);
	round->done += CHUNK - wbc.nr_to_write;
	if (wbc.nr_to_write > 0)
		bdev->bd_dirty_since = 0;	/* that was all of it */
	return 0;
}

/* Everything, or what has been dirty for long; until nothing of it was left to write in a round. */
static void write_dirty(bool all)
{
	u64 age = (u64)READ_ONCE(dirty_expire_interval) * CENTISEC_NS;
	struct round round = { .now = ktime_get() };

	round.until = all ? UINT64_MAX : round.now > age ? round.now - age : 0;
	do {
		round.done = writeback_filesystems(CHUNK, round.until);
		for_each_bdev(write_chunk, &round);
		cond_resched();
	} while (round.done && global_node_page_state(NR_FILE_DIRTY));
}

void flusher_interval_changed(void) { wake_up(&flusher_wait); }

/* Until somebody wants it, or it is time to look.  => prepare_to_wait() */
static void flusher_sleep(void)
{
	unsigned interval = READ_ONCE(dirty_writeback_interval);

	if (interval)
		schedule_timeout(interval * CENTISEC_NS);
	else
		schedule();
}

static void flusher(__maybe_unused void *arg)
{
	for (;;) {
		DEFINE_WAIT(wait);

		prepare_to_wait(&flusher_wait, &wait, TASK_INTERRUPTIBLE);
		if (!READ_ONCE(wanted))
			flusher_sleep();
		finish_wait(&flusher_wait, &wait);
		write_dirty(xchg(&wanted, false) || dirty_over_background());
	}
}

void __init flusher_init(void)
{
	if (!kthread_run(flusher, NULL, "flush"))
		panic("cannot start the flusher");
}
