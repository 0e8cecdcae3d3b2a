/*
 * block/flusher.c - the thread that writes dirty pages: every few seconds, and when there are many.
 *
 * MODEL     First the inodes of file systems, whose attributes become dirty pages of their device, then devices.
 *           Writers and reclaim wake it (wakeup_flusher); else it looks every PERIOD_NS.  It starts the writing of
 *           what is dirty, and waits for room in the disks' queues only.
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

#define PERIOD_NS	(5ull * NSEC_PER_SEC)
#define CHUNK		1024		/* pages of one device at a time: every device has its turn */

static DECLARE_WAIT_QUEUE_HEAD(flusher_wait);
static bool wanted;			/* (A) */

void wakeup_flusher(void)
{
	if (xchg(&wanted, true))
		return;
	wake_up(&flusher_wait);
}

static int write_chunk(struct block_device *bdev, void *arg)
{
	struct writeback_control wbc = {
		.nr_to_write = CHUNK, .range_start = 0, .range_end = INT64_MAX, .sync_mode = SYNC_NONE,
	};
	struct address_space *mapping = bdev->bd_inode ? bdev->bd_inode->i_mapping : NULL;

	if (!mapping || !xa_marked(&mapping->i_pages, XA_DIRTY))
		return 0;
	(void)!mapping->a_ops->writepages(mapping, &wbc);
	*(unsigned long *)arg += CHUNK - wbc.nr_to_write;
	return 0;
}

/* Until nothing was left to write in a round. */
static void write_all(void)
{
	unsigned long done;

	do {
		done = 0;
		done += writeback_filesystems(CHUNK);
		for_each_bdev(write_chunk, &done);
		cond_resched();
	} while (done && global_node_page_state(NR_FILE_DIRTY));
}

static void flusher(__maybe_unused void *arg)
{
	for (;;) {
		DEFINE_WAIT(wait);

		prepare_to_wait(&flusher_wait, &wait, TASK_INTERRUPTIBLE);
		if (!READ_ONCE(wanted))
			schedule_timeout(PERIOD_NS);
		finish_wait(&flusher_wait, &wait);
		WRITE_ONCE(wanted, false);
		write_all();
	}
}

void __init flusher_init(void)
{
	if (!kthread_run(flusher, NULL, "flush"))
		panic("cannot start the flusher");
}
