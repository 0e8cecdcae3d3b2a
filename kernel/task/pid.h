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
/* Whether some process is in the group, or session.  => tasklist_lock held */
struct task_struct *pgrp_first(pid_t pgrp) REQUIRES_SHARED(tasklist_lock);

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
