/*
 * kernel/time/cpu_timer.h - timers on the CPU time of a process or a thread.
 *
 * MODEL     A clock is what a process has used in user mode, or in all, or what one thread has used.  Each has a
 *           base: the timers on it by expiry, and the earliest moment at which there is something to do.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_CPU_TIMER_H
#define VELLUM_TIME_CPU_TIMER_H

#include "include/types.h"
#include "lib/rbtree.h"

#define CPU_NEVER	(~0ull)

struct signal_struct;
struct task_struct;

enum cpu_clock { CPU_USER, CPU_TOTAL, NR_CPU_CLOCKS };

struct cpu_timer_base {
	struct rb_root tree;		/* (H) struct cpu_timer by expiry */
	u64 next;			/* (H) to write: nothing is due before; CPU_NEVER */
};

/* Of a process. */
struct cpu_timers {
	struct cpu_timer_base base[NR_CPU_CLOCKS];
	bool counting;			/* (H) to write: a base has something to wait for */
	bool busy;			/* (A) a hart looks at what is due */
};

struct cpu_timer {
	struct rb_node node;		/* (H) */
	u64 expires;			/* (H) */
	struct cpu_timer_base *base;	/* (I) */
	bool queued;			/* (H) */
};

void cpu_timers_init(struct signal_struct *sig);
void cpu_timer_bases_init(struct cpu_timer_base base[NR_CPU_CLOCKS]);

/* All: sighand->lock held, the process is current's.  cpu_timer_start() moves a timer that is queued. */
void cpu_timer_start(struct cpu_timer *t, u64 expires);
void cpu_timer_cancel(struct cpu_timer *t);
/* One of the interval timers, or RLIMIT_CPU, of @sig was set. */
void cpu_timers_changed(struct signal_struct *sig);
/* RLIMIT_CPU of @t's process, whoever's, was set.  Takes sighand->lock */
void cpu_limit_changed(struct task_struct *t);

/* Timer tick of the running thread @t: fire what is due.  Interrupts off. */
void run_cpu_timers(struct task_struct *t);

#endif
