/*
 * kernel/task/fork.h - the birth of tasks, and their ends.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_FORK_H
#define VELLUM_TASK_FORK_H

#include "kernel/task/task.h"

/* Caches, limits; fills in init_task.  => slab is up */
void fork_init(void);
/* An idle task for @hart, not on any list; NULL without memory. */
struct task_struct *fork_idle(unsigned hart);
extern unsigned long max_threads;

/* The child has gone back from the new mm to none: wake a vfork parent, clear its tid. */
void mm_release(struct task_struct *t);
/* Before an exec that others are not to have a say in: signal actions of our own.  0 or -ENOMEM */
__must_check int unshare_sighand(void);
/* One user of sighand or signal less. */
void __cleanup_sighand(struct sighand_struct *sighand);
void put_signal_struct(struct signal_struct *sig);

/* kernel/task/exit.c */
/* @t, a zombie nobody waits for or that was waited for, leaves the lists; its reference is dropped. */
void release_task(struct task_struct *t);
/* Sums over the live and dead threads of @t's process.  => tasklist_lock or sighand->lock held */
struct task_times { u64 utime, stime; unsigned long min_flt, maj_flt, nvcsw, nivcsw; };
void thread_group_times(struct task_struct *t, struct task_times *out);

/* kernel/task/oom.c: how much killing @t would help; INT64_MIN: it is never killed. */
long oom_badness(struct task_struct *t, unsigned long total_pages);
extern int sysctl_panic_on_oom;			/* 1, 2: panic instead of killing */
extern int sysctl_oom_kill_allocating_task;	/* the one who asks dies, if it may */
extern int sysctl_oom_dump_tasks;		/* the report lists all processes */

#endif
