/*
 * kernel/task/pid.h - numbers of threads, processes, groups and sessions.
 *
 * LOCKING   (T) tasklist_lock, interrupts off: handlers (a terminal's Ctrl-C) take it too, for reading.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_PID_H
#define VELLUM_TASK_PID_H

#include "kernel/task/task.h"

#define PID_MAX_DEFAULT	32768
#define RESERVED_PIDS	300	/* where numbers start again after the last one */

extern int pid_max;

/* The thread called @pid, or NULL.  => tasklist_lock held */
struct task_struct *find_task_by_pid(pid_t pid) REQUIRES_SHARED(tasklist_lock);
/* The thread with the lowest number >= @pid, counted, or NULL: to step through all tasks. */
struct task_struct *find_get_task_from(pid_t pid);
/* A number that nobody uses, with one use taken: @wanted if that is not 0.  -EAGAIN, -EEXIST when there is none. */
__must_check pid_t alloc_pid(pid_t wanted);
/* One user more, or less, of the number @nr as thread, group or session. */
void pid_get(pid_t nr);
void pid_put(pid_t nr);
/* Make @t findable by its pid, and stop that.  => tasklist_lock held for writing, interrupts off */
void attach_pid(struct task_struct *t) REQUIRES(tasklist_lock);
void detach_pid(struct task_struct *t) REQUIRES(tasklist_lock);
/* Each gets the other's number: an exec of a thread takes its leader's. */
void exchange_pids(struct task_struct *a, struct task_struct *b) REQUIRES(tasklist_lock);
/* Move the process of @t to the group and session given.  => tasklist_lock held */
void change_pgrp(struct task_struct *leader, pid_t pgrp) REQUIRES(tasklist_lock);
void change_session(struct task_struct *leader, pid_t session) REQUIRES(tasklist_lock);
/* A process that is new is in @pgrp; one that is gone is in none. */
void attach_pgrp(struct signal_struct *sig, pid_t pgrp) REQUIRES(tasklist_lock);
void detach_pgrp(struct signal_struct *sig) REQUIRES(tasklist_lock);
/* A process of the group, or NULL.  => tasklist_lock held */
struct task_struct *pgrp_first(pid_t pgrp) REQUIRES_SHARED(tasklist_lock);
/* The next one after @p. */
struct task_struct *pgrp_next(struct task_struct *p) REQUIRES_SHARED(tasklist_lock);
#define for_each_in_pgrp(p, nr) for ((p) = pgrp_first(nr); (p); (p) = pgrp_next(p))


/*
 * A walk over all processes under tasklist_lock, which lets it go now and then: each process that is there all the
 * time is met once; so is what one makes before it is met.  What was met is valid until the next one is asked for.
 *
 *	process_walk_begin(&w, WALK_SLEEPS);
 *	while ((p = process_walk_next(&w)))
 *		...
 *	process_walk_end(&w);		also to leave early
 */
enum walk_how { WALK_SLEEPS, WALK_ATOMIC };	/* the second never lets it go: any context */
struct process_walk {
	struct list_head link;		/* (paused_lock) on paused_walks while tasklist_lock is let go */
	struct task_struct *next;	/* (T) NULL at the end */
	enum walk_how how;
	int left;			/* units of work before it lets go */
	unsigned long irq;
};
#define WALK_SIGNAL	32		/* units that a signal costs; to look at a process costs 1 */
void process_walk_begin(struct process_walk *w, enum walk_how how) ACQUIRE_SHARED(tasklist_lock);
struct task_struct *process_walk_next(struct process_walk *w) REQUIRES_SHARED(tasklist_lock);
void process_walk_end(struct process_walk *w) RELEASE_SHARED(tasklist_lock);
static inline void process_walk_charge(struct process_walk *w, int units) { w->left -= units; }
/* @t leaves task_list, and @heir, NULL for who comes after it, stands in its place. */
void process_walks_leave(struct task_struct *t, struct task_struct *heir) REQUIRES(tasklist_lock);

static inline pid_t task_pgrp_nr(struct task_struct *t) { return t->signal->pgrp; }
static inline pid_t task_session_nr(struct task_struct *t) { return t->signal->session; }
extern int nr_threads;		/* (T) all tasks but the idle ones */
extern unsigned long total_forks;	/* (T) since boot: /proc/stat processes */
extern pid_t last_pid;

/* A descriptor for the process @leader, flags O_CLOEXEC, O_NONBLOCK; or -errno. */
int pidfd_create(struct task_struct *leader, unsigned flags);
/* Put a pidfd of @t on the reserved number @fd. */
struct file *pidfd_file(struct task_struct *t, unsigned flags);	/* ERR_PTR */
/* The counted task behind a pidfd, or NULL when @fd is not one. */
struct task_struct *pidfd_get_task(unsigned fd);
/* Wake who polls pidfds of @t: it has exited. */
void pidfd_notify(struct task_struct *t);

#endif
