/*
 * kernel/sync/lockrank.h - the one order in which locks are taken, outermost first.
 *
 * MODEL     A lock carries its rank.  A task may take a lock only if it holds none of the same or a
 *           later rank (a nested acquisition of one rank says so).  Debug builds stop on a wrong
 *           order, on sleeping under a spin lock, and on a lock held at exit.
 *           doc/locking.md explains each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_LOCKRANK_H
#define VELLUM_LOCKRANK_H

enum lockrank {
	RANK_NONE,		/* not checked: early boot, tests */
	/* sleeping locks */
	RANK_VFS,		/* mounts, rename, inode i_rwsem, file position, tty */
	RANK_TASK,		/* exec, credentials guard */
	RANK_MMAP,
	RANK_VMA,		/* a region's lock: include/vma_lock.h */
	RANK_UFFD,		/* userfaultfd: regions do not change while entries are filled */
	RANK_PAGE,		/* the page lock */
	RANK_FS_MAP,		/* where a file's blocks are */
	RANK_FS_ALLOC,		/* which blocks of a disk are free */
	RANK_I_MMAP,
	RANK_ANON_VMA,
	RANK_SLEEP_LEAF,	/* small sleeping locks that take none of the above */
	/* spin locks */
	RANK_FILES,		/* descriptor tables, dentries, pipes: no mm inside */
	RANK_TASKLIST,
	RANK_SIGHAND,
	RANK_PI,		/* who waits for whose PI lock */
	RANK_PID,		/* numbers, what a task is found by; a task's alloc_lock */
	RANK_PGTABLE,		/* page->ptl */
	RANK_MAPPING,		/* address_space->lock */
	RANK_WRITEBACK,		/* lists of inodes that are to be written */
	RANK_SWAP,
	RANK_LRU,
	RANK_SLAB,
	RANK_VMALLOC,
	RANK_ZONE,
	RANK_BLOCK,		/* a disk's queue, and lists of bios */
	RANK_TIMER,
	RANK_RCU,		/* the numbers of grace periods */
	RANK_WAITQ,
	RANK_RQ,
	RANK_CONSOLE,
	NR_LOCKRANKS
};

#endif
