/*
 * kernel/signal/queue.h - queue entries of pending signals; for kernel/signal and POSIX timers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SIGNAL_QUEUE_H
#define VELLUM_SIGNAL_QUEUE_H

#include "kernel/signal/signal.h"
#include "kernel/task/user.h"

struct sigqueue {
	struct list_head list;		/* (H) in sigpending.list; empty: not queued */
	siginfo_t info;
	struct user_struct *user;		/* whose RLIMIT_SIGPENDING it counts against */
	bool owned;			/* (H) a timer's: not freed when taken */
};

/*
 * An entry that counts against @t's user; NULL at the limit (unless @override) or without memory.
 * => @t is the running task, or its sighand->lock is held
 */
struct sigqueue *sigqueue_alloc(struct task_struct *t, gfp_t gfp, bool override);
void sigqueue_free(struct sigqueue *q);

/* Lowest pending signal outside @mask, faults first; 0 for none. */
int next_signal(const struct sigpending *pending, const sigset_t *mask);
/* Take @sig out of @pending. */
void collect_signal(int sig, struct sigpending *pending, siginfo_t *info);
/* Drop the signals of @mask from @pending. */
void flush_sigqueue_mask(unsigned long mask, struct sigpending *pending);

/* A timer's entry, sent to @t or its process: 0 queued (or was: an overrun), 1 ignored, -1 it is gone. */
int send_sigqueue(struct sigqueue *q, struct task_struct *t, bool group);
int send_sigqueue_locked(struct sigqueue *q, struct task_struct *t, bool group);
/* The timer, one of the running process, goes: its entry is freed now, or when it is taken. */
void sigqueue_disown(struct sigqueue *q);

/*
 * The locked sighand of @t, which the caller confirms by spin_assert_held(); NULL: @t is released already.
 * => @t is the running task, or tasklist_lock is held: it is not released meanwhile
 */
struct sighand_struct *lock_task_sighand(struct task_struct *t, unsigned long *flags);
/* send.c, stop.c; sighand->lock held */
bool task_participate_group_stop(struct task_struct *t);
void do_signal_stop(struct sighand_struct *sighand, int sig) REQUIRES(sighand->lock);
void notify_parent_cldstop(struct task_struct *t, int why);	/* takes tasklist_lock; no lock held */
void __set_task_blocked(struct task_struct *t, const sigset_t *set);
void retarget_shared_pending(struct task_struct *t, unsigned long which);

static inline bool task_sigpending(const struct task_struct *t)
{
	return READ_ONCE(t->work) & WORK_SIGNAL;
}

#endif
