/*
 * kernel/sched/stat.c - CPU time of tasks, processes and harts; the load average.
 *
 * MODEL     How long a task ran is exact: every switch and tick charges it (se.sum_exec_ns).  How that
 *           divides into user and kernel time is sampled: a tick gives all time that is in no class
 *           yet to the mode that it interrupted.  A reader gives the rest to the class that is
 *           larger so far, user time when there is no sample; so both figures only grow, and add up.
 *           A hart's figures are made the same way, and a process's are the sums of what its threads were given.
 * COST      Nothing in system calls and traps.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/rq.h"

/* ---- tasks ----------------------------------------------------------------------------------- */

/* Give all time of @p that is in no class yet to one, in its process's sum too.  => rq->lock held */
static void charge(struct task_struct *p, bool user)
{
	u64 rest = p->se.sum_exec_ns - p->utime - p->stime;

	*(user ? &p->utime : &p->stime) += rest;
	__atomic_fetch_add(user ? &p->signal->utime : &p->signal->stime, rest, __ATOMIC_RELAXED);
}

void charge_rest(struct task_struct *p)
{
	charge(p, p->stime <= p->utime);
}

/* The tick came upon @p in user mode or not.  => rq->lock held, @p is charged up to now */
void account_sample(struct rq *rq, struct task_struct *p, bool user)
{
	charge(p, user);
	*(!user ? &rq->stat.system : p->nice > 0 ? &rq->stat.nice : &rq->stat.user) += rq->sample_ns;
	rq->sample_ns = 0;
}

void task_cputime(struct task_struct *p, u64 *utime, u64 *stime)
{
	unsigned long flags = arch_irq_save();
	struct rq *rq = task_rq_lock(p);

	spin_assert_held(&rq->lock);
	if (rq->curr == p)
		update_curr(rq, ktime_get());
	charge_rest(p);
	*utime = p->utime;
	*stime = p->stime;
	spin_unlock_irqrestore(&rq->lock, flags);
}

u64 task_sched_runtime(struct task_struct *p)
{
	unsigned long flags = arch_irq_save();
	struct rq *rq = task_rq_lock(p);
	u64 ns;

	spin_assert_held(&rq->lock);
	if (rq->curr == p)
		update_curr(rq, ktime_get());
	ns = p->se.sum_exec_ns;
	spin_unlock_irqrestore(&rq->lock, flags);
	return ns;
}

void thread_group_cputime_locked(struct task_struct *p, u64 *utime, u64 *stime)
{
	struct task_struct *t;
	u64 ut, st;

	for_each_thread(t, p)
		task_cputime(t, &ut, &st);
	*utime = __atomic_load_n(&p->signal->utime, __ATOMIC_RELAXED);
	*stime = __atomic_load_n(&p->signal->stime, __ATOMIC_RELAXED);
}

void thread_group_cputime(struct task_struct *p, u64 *utime, u64 *stime)
{
	unsigned long flags;

	read_lock_irqsave(&tasklist_lock, flags);
	thread_group_cputime_locked(p, utime, stime);
	read_unlock_irqrestore(&tasklist_lock, flags);
}

/* ---- harts ----------------------------------------------------------------------------------- */

void hart_stat_read(unsigned hart, struct hart_stat *st)
{
	struct rq *rq = hart_rq(hart);
	unsigned long flags;

	spin_lock_irqsave(&rq->lock, flags);
	update_curr(rq, ktime_get());
	if (rq->stat.system > rq->stat.user)
		rq->stat.system += rq->sample_ns;
	else
		rq->stat.user += rq->sample_ns;
	rq->sample_ns = 0;
	*st = rq->stat;
	spin_unlock_irqrestore(&rq->lock, flags);
}

unsigned nr_running(void)
{
	unsigned n = 0;

	for_each_hart(h)
		n += READ_ONCE(hart_rq(h)->nr_running);
	return n;
}

unsigned nr_iowait(void)
{
	unsigned n = 0;

	for_each_hart(h)
		n += atomic_read(&hart_rq(h)->nr_iowait);
	return n;
}

unsigned long hart_nr_ticks(unsigned hart) { return READ_ONCE(hart_rq(hart)->nr_ticks); }
unsigned long hart_nr_balances(unsigned hart) { return READ_ONCE(hart_rq(hart)->nr_balances); }

u64 nr_context_switches(void)
{
	u64 n = 0;

	for_each_hart(h)
		n += READ_ONCE(hart_rq(h)->nr_switches);
	return n;
}

/* ---- load average ---------------------------------------------------------------------------- */

#define LOAD_PERIOD_NS	5000000000ull
#define LOAD_CATCHUP	2000		/* periods of nothing after which every average is 0 */

/* exp(-5s / 1, 5, 15 min) with FSHIFT fraction bits */
static const unsigned long load_decay[3] = { 1884, 2014, 2037 };

unsigned long avenrun[3];
static DEFINE_SPINLOCK(load_lock, RANK_NONE);
static u64 load_next = LOAD_PERIOD_NS;	/* (load_lock) */

static unsigned long nr_active(void)
{
	long n = nr_running();

	for_each_hart(h)
		n += READ_ONCE(hart_rq(h)->nr_uninterruptible);
	return n > 0 ? n : 0;
}

static void load_step(unsigned long active)
{
	for (int i = 0; i < 3; i++) {
		unsigned long old = avenrun[i];
		unsigned long load = old * load_decay[i] + active * (FIXED_1 - load_decay[i]);

		if (active >= old)
			load += FIXED_1 - 1;
		avenrun[i] = load / FIXED_1;
	}
}

/* Take the samples that are due.  Whole periods that nobody ticked through were idle. */
void loadavg_update(u64 now)
{
	unsigned long flags;
	int steps = 0;

	if (likely(now < READ_ONCE(load_next)))
		return;
	flags = arch_irq_save();
	if (spin_trylock(&load_lock)) {
		for (; now >= load_next + LOAD_PERIOD_NS && steps < LOAD_CATCHUP; steps++) {
			load_step(0);
			load_next += LOAD_PERIOD_NS;
		}
		if (now >= load_next) {
			load_step(nr_active() * FIXED_1);
			load_next = now + LOAD_PERIOD_NS;
		}
		spin_unlock(&load_lock);
	}
	arch_irq_restore(flags);
}

void get_avenrun(unsigned long loads[3])
{
	loadavg_update(ktime_get());
	for (int i = 0; i < 3; i++)
		loads[i] = avenrun[i] + FIXED_1 / 200;
}
