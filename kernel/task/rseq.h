/*
 * kernel/task/rseq.h - what the rest of the kernel does for restartable sequences.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_RSEQ_H
#define VELLUM_TASK_RSEQ_H

#include "include/uaccess.h"
#include "include/uapi/rseq.h"
#include "kernel/task/task.h"

/* The running task, which has an rseq, gives its hart away.  => no lock held, interrupts on or off */
void rseq_preempt(struct task_struct *t);
/* On the way to user space, with WORK_RSEQ set.  => may sleep */
void rseq_handle_work(struct pt_regs *regs);
/* Before the frame of signal @sig is made.  => may sleep */
void rseq_signal_deliver(int sig, struct pt_regs *regs);
/* @p, a copy of current with its own memory (or with current's) that nobody sees yet. */
void rseq_fork(struct task_struct *p, u64 clone_flags);
/* The running task leaves its address space. */
void rseq_release(struct task_struct *t);

#endif
