/*
 * kernel/sched/sched.h - what the rest of the kernel may ask of the scheduler.
 *
 * MODEL     Sleeping and waking are in kernel/sync/wait.h (schedule, wake_up_task, ...).  Here: the
 *           life of a task as the scheduler sees it, its CPU time, and system-wide figures.
 *             fork    sched_fork(p) while p is invisible, then wake_up_new_task(p)
 *             exec    sched_exec(): a cheap moment to move
 *             exit    sched_exit(p) when p is reaped by its parent; do_task_dead() is the last call
 *                     the task makes, and drops the reference that the running task holds on itself
 *             entry   schedule_tail() is the first thing that a new task runs (ret_from_fork)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SCHED_H
#define VELLUM_SCHED_H

#include "include/uapi/sched.h"
#include "kernel/task/task.h"

/* More values of task_struct.state than wait.h names. */
#define TASK_WAKEKILL	0x100			/* the extra bit of TASK_KILLABLE */
#define TASK_DEAD	0x40			/* has left the run queue for ever */
#define TASK_NEW	0x80			/* never run yet */
#define TASK_NORMAL	(TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/*
 * How urgently a task wants a hart: less is more.  The deadline of a SCHED_DEADLINE task, ns; then the real-time
 * priorities; then all others, who share by weight.
 */
#define URGENCY_FAIR	(~0ull)
#define URGENCY_RT(prio) ((1ull << 62) + 99 - (prio))
static inline u64 task_urgency(const struct task_struct *p) { return READ_ONCE(p->se.urgency); }

#define NICE_MIN	(-20)
#define NICE_MAX	19

void sched_init(void);				/* boot hart, before anything sleeps; init_task is idle */
/* @idle becomes hart @hart's idle task: before that hart starts. */
void init_idle(struct task_struct *idle, unsigned hart);
struct task_struct *idle_task(unsigned hart);
/* A started hart's last call: run tasks, and idle.  Interrupts go on. */
__noreturn void cpu_startup_entry(void);

int sched_fork(struct task_struct *p);		/* p copies current's policy; 0 or -EAGAIN */
void wake_up_new_task(struct task_struct *p);
void sched_exec(void);
void dl_free(struct task_struct *p);		/* the last reference goes */
void sched_exit(struct task_struct *p);		/* release_task: fold nothing more into it */
__noreturn void do_task_dead(void);

/* task->work, WORK_*: any hart may set a bit, so both ways are atomic. */
static inline void set_task_work(struct task_struct *t, unsigned long bits)
{
	__atomic_fetch_or(&t->work, bits, __ATOMIC_SEQ_CST);
}
static inline void clear_task_work(struct task_struct *t, unsigned long bits)
{
	__atomic_fetch_and(&t->work, ~bits, __ATOMIC_RELAXED);
}

/* A state without a barrier: when the caller is about to return to running anyway. */
static inline void __set_current_state(int state) { WRITE_ONCE(current->state, state); }
static inline bool need_resched(void) { return READ_ONCE(current->work) & WORK_RESCHED; }
void yield(void);
bool wake_up_process(struct task_struct *p);	/* from any sleep */
void io_schedule(void);				/* schedule(), counted as waiting for I/O */
/* If @p runs in user mode on another hart, bring it into the kernel to look at its work. */
void kick_process(struct task_struct *p);
/* True when @p runs on a hart at this moment. */
bool task_curr(const struct task_struct *p);
/* Wait until @p, which has left every state but the given ones, is switched out. */
void wait_task_inactive(struct task_struct *p);

/*
 * @p is as urgent as @urgency at least, for the sake of those who wait for it; what it is then.
 * => pi_lock held; any state of @p
 */
u64 sched_inherit(struct task_struct *p, u64 urgency);

/* nice value, RT priority as /proc/PID/stat shows them. */
int task_prio(const struct task_struct *p);	/* 20 + nice, or -1 - rt_priority */
void set_user_nice(struct task_struct *p, int nice);
bool can_nice(const struct task_struct *p, int nice);

/* ---- CPU time, ns ---------------------------------------------------------------------------- */
void task_cputime(struct task_struct *p, u64 *utime, u64 *stime);
/* All threads of @p's process, the dead ones too.  Takes tasklist_lock. */
void thread_group_cputime(struct task_struct *p, u64 *utime, u64 *stime);
/* The same, with tasklist_lock or sighand->lock held: either one keeps the list of threads. */
void thread_group_cputime_locked(struct task_struct *p, u64 *utime, u64 *stime);
u64 task_sched_runtime(struct task_struct *p);	/* exact, user and system together */

/* ---- system figures -------------------------------------------------------------------------- */
struct hart_stat { u64 user, nice, system, idle, iowait, irq, softirq, steal, guest; };	/* ns */
void hart_stat_read(unsigned hart, struct hart_stat *st);
unsigned nr_running(void);
unsigned nr_iowait(void);
u64 nr_context_switches(void);
unsigned long hart_nr_ticks(unsigned hart), hart_nr_balances(unsigned hart);	/* so far */
#define FSHIFT		11
#define FIXED_1		(1ul << FSHIFT)
extern int sysctl_sched_rt_period_us, sysctl_sched_rt_runtime_us;
/* Both at once.  0, -EINVAL, or -EBUSY when more is promised to tasks with deadlines */
int sched_rt_set_limits(int runtime_us, int period_us);
#define RR_TIMESLICE	100			/* ms */
extern int sysctl_sched_rr_timeslice;		/* ms that a round-robin task has before its equals */
extern int sysctl_sched_dl_period_max_us, sysctl_sched_dl_period_min_us;
extern unsigned long avenrun[3];		/* load averages, FSHIFT fraction bits */
void get_avenrun(unsigned long loads[3]);	/* rounded for "%lu.%02lu" */
#define LOAD_INT(x)	((x) >> FSHIFT)
#define LOAD_FRAC(x)	LOAD_INT(((x) & (FIXED_1 - 1)) * 100)

#endif
