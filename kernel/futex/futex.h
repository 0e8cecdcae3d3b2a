/*
 * kernel/futex/futex.h - waiting in the kernel for a user-space word to change.
 *
 * MODEL     key.c      what a word is called, so that all who mean it meet
 *           wait.c     one waiter, one word;  waitv.c  one waiter, many words
 *           wake.c     waking, with and without an operation on another word
 *           requeue.c  waiters of one word become waiters of another;  requeue_pi.c  ... of a PI lock
 *           pi.c       locks whose holder runs as urgently as those who wait for it
 *           pi_chain.c who waits for whom, and what that makes of each one's urgency
 *           robust.c   a holder that dies;  calls.c  the system calls
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FUTEX_H
#define VELLUM_FUTEX_H

#include "include/types.h"

struct task_struct;

void futex_init(void);
/* Wake @nr waiters on @uaddr of the running task's mm, as a shared futex (clear_child_tid). */
int futex_wake_user(u32 __user *uaddr, int nr);

/*
 * The running task ends, or leaves its mm for another (exec): the robust locks it holds are marked, the PI
 * locks go to those who wait for them.  After exec it may own new ones.  => its mm is still there
 */
void futex_exit_release(struct task_struct *t);
void futex_exec_release(struct task_struct *t);
/* @t, a copy of current that nobody sees yet, owns and waits for nothing. */
void futex_init_task(struct task_struct *t);
/* The urgency of @t itself has changed (kernel/sched): those it waits for follow. */
void pi_urgency_changed(struct task_struct *t);

#endif
