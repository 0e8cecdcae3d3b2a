/*
 * kernel/sched/deadline.c - SCHED_DEADLINE: so much time in each period, admitted before it is promised.
 *
 * MODEL     A task asks for runtime_ns within deadline_ns of the begin of each period_ns.  Its urgency is the moment
 *           of its deadline, so that the list of urgent tasks (fair.c) has the earliest first, before all real-time
 *           ones.  se.slice_ns is the point of its own clock (sum_exec_ns) at which the runtime is used up.
 *             has runtime --used up, or yield--> throttled --next period (timer)--> has runtime
 *             asleep --wakes--> as it was, or a new period if the rest does not fit before the deadline (CBS)
 *           Who waits for a lock that a throttled task holds lets it run on.
 *           Admission: the sum of runtime / period of all such tasks is at most what real-time tasks
 *           may have of every hart that is there (kernel.sched_rt_runtime_us of sched_rt_period_us); that is
 *           not lowered below the sum.
 * INVARIANTS
 *   D1  A throttled task is on_rq, and waits in no list while nobody more urgent lends it urgency; its timer
 *       runs, or is about to look at it.
 *   D2  total_bw is the sum of bw over the tasks that have the policy.
 * LOCKING   The run queue's lock, and inside it dl_lock over total_bw.  The timer is started by the task itself,
 *           before it takes the queue's lock, with interrupts off: it fires here, so not before the task has
 *           left the hart.  The task may have another policy by then.
 * COST      A switch of any task: its policy is looked at.  Runtime is watched by the tick: who overran it
 *           has less in the next period.
 * TESTS     test/user/t_deadline.c
 * SEE       Linux Documentation/scheduler/sched-deadline.rst; Abeni and Buttazzo, "Integrating multimedia
 *           applications in hard real-time systems" (CBS)
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/deadline.h"
#include "kernel/signal/signal.h"
#include "lib/bitmap.h"
#include "mm/slab/slab.h"

#define BW_SHIFT	20
#define LEAST_RUNTIME	1024		/* ns */

struct sched_dl {
	u64 runtime, deadline, period;	/* (rq) ns, as asked for */
	u64 flags;			/* (rq) SCHED_FLAG_RECLAIM, _DL_OVERRUN */
	u64 bw;				/* (dl_lock) runtime / period, BW_SHIFT fraction bits */
	u64 until;			/* (rq) the deadline of this period, ns since boot */
	unsigned long sleeps;		/* (rq) nvcsw when it was last queued */
	bool throttled;			/* (rq), and set by the task itself on its way out */
	struct hrtimer timer;		/* begin of the next period */
};

int sysctl_sched_dl_period_max_us = 1 << 22, sysctl_sched_dl_period_min_us = 100;

static DEFINE_SPINLOCK(dl_lock, RANK_NONE);
static u64 total_bw;			/* D2 */

/* ---- periods --------------------------------------------------------------------------------- */

static void set_deadline(struct task_struct *p, u64 until)
{
	p->se.dl->until = until;
	p->se.own_urgency = until;
	set_inherited(p, p->se.inherited);
}

static void begin_period(struct task_struct *p, u64 now)
{
	set_deadline(p, now + p->se.dl->deadline);
	p->se.slice_ns = p->se.sum_exec_ns + p->se.dl->runtime;
}

static s64 runtime_left(const struct task_struct *p)
{
	return (s64)(p->se.slice_ns - p->se.sum_exec_ns);
}

/* The next period that has something left: what was overrun is taken from it. */
static void replenish(struct task_struct *p, u64 now)
{
	struct sched_dl *dl = p->se.dl;
	s64 left = runtime_left(p);
	u64 n = left > 0 ? 0 : (u64)-left / dl->runtime + 1;

	p->se.slice_ns += n * dl->runtime;
	set_deadline(p, dl->until + n * dl->period);
	if (dl->until <= now)
		begin_period(p, now);		/* too late for that one as well */
}

/* Would the rest of the runtime, used until the deadline, be more than its share? */
static bool rest_overflows(const struct task_struct *p, u64 now)
{
	const struct sched_dl *dl = p->se.dl;
	s64 left = runtime_left(p);

	return left > 0 &&
	       (unsigned __int128)left * dl->deadline > (unsigned __int128)(dl->until - now) * dl->runtime;
}

bool dl_arrives(struct task_struct *p)
{
	struct sched_dl *dl = p->se.dl;
	u64 now;

	if (dl->sleeps != p->nvcsw) {
		dl->sleeps = p->nvcsw;
		now = ktime_get();
		if (dl->until <= now || rest_overflows(p, now))
			begin_period(p, now);
	}
	return !dl->throttled || p->se.inherited != URGENCY_FAIR;
}

bool dl_waits(const struct task_struct *p)
{
	return !p->se.dl->throttled || p->se.inherited != URGENCY_FAIR;
}

/* The next period of a throttled task begins. */
static enum hrtimer_restart dl_timer_fn(struct hrtimer *t)
{
	struct task_struct *p = t->data;
	struct rq *rq = task_rq_lock(p);
	struct sched_dl *dl = p->se.dl;
	unsigned long kick = 0;
	bool out;

	spin_assert_held(&rq->lock);
	if (dl->throttled && policy_is_dl(p->policy)) {
		out = p->se.on_rq && rq->curr != p;
		if (out)
			dequeue_waiting(rq, p);
		dl->throttled = false;
		replenish(p, ktime_get());
		if (out) {
			enqueue_waiting(rq, p, false);
			if (should_preempt(rq, p))
				kick = resched_curr(rq);
		}
	}
	spin_unlock(&rq->lock);
	kick_harts(kick);
	return HRTIMER_NORESTART;
}

void dl_before_switch(struct task_struct *p)
{
	struct sched_dl *dl = p->se.dl;
	u64 now = ktime_get(), next = dl->until - dl->deadline + dl->period;

	if (p->state != TASK_RUNNING || dl->throttled || p->se.inherited != URGENCY_FAIR ||
	    p->se.sum_exec_ns + (now - p->se.exec_start) < p->se.slice_ns)
		return;
	if ((dl->flags & SCHED_FLAG_DL_OVERRUN) && need_resched())	/* not if it yields */
		(void)send_sig(SIGXCPU, p, 1);
	dl->throttled = true;					/* D1 */
	hrtimer_start(&dl->timer, max(next, now), HRTIMER_MODE_ABS);
}

/* ---- admission ------------------------------------------------------------------------------- */

bool dl_params_valid(const struct sched_attr *attr)
{
	u64 period = attr->sched_period ? attr->sched_period : attr->sched_deadline;

	if (!attr->sched_deadline || attr->sched_runtime < LEAST_RUNTIME ||
	    ((attr->sched_deadline | period) >> 63) || period < attr->sched_deadline ||
	    attr->sched_deadline < attr->sched_runtime)
		return false;
	return period >= (unsigned)READ_ONCE(sysctl_sched_dl_period_min_us) * NSEC_PER_USEC &&
	       period <= (unsigned)READ_ONCE(sysctl_sched_dl_period_max_us) * NSEC_PER_USEC;
}

/* What all harts may promise when real-time tasks have @runtime_us of @period_us. */
static u64 bw_limit(int runtime_us, int period_us)
{
	if (runtime_us < 0)
		return ~0ull;
	return (((u64)runtime_us << BW_SHIFT) / period_us) * hweight64(READ_ONCE(hart_online_mask.bits));
}

/* @p's share becomes @bw.  0 or -EBUSY  => interrupts off */
static int change_bw(struct task_struct *p, u64 bw)
{
	struct sched_dl *dl = p->se.dl;
	int rc = -EBUSY;

	spin_lock(&dl_lock);
	if (bw <= dl->bw ||
	    total_bw - dl->bw + bw <= bw_limit(sysctl_sched_rt_runtime_us, sysctl_sched_rt_period_us)) {
		total_bw += bw - dl->bw;			/* D2 */
		dl->bw = bw;
		rc = 0;
	}
	spin_unlock(&dl_lock);
	return rc;
}

int dl_prepare(struct task_struct *p)
{
	struct sched_dl *dl;

	if (READ_ONCE(p->se.dl))
		return 0;
	dl = kzalloc(sizeof(*dl), GFP_KERNEL);
	if (!dl)
		return -ENOMEM;
	hrtimer_init(&dl->timer, dl_timer_fn);
	dl->timer.data = p;
	if (cmpxchg(&p->se.dl, NULL, dl))
		kfree(dl);
	return 0;
}

int dl_admit(struct task_struct *p, const struct sched_attr *attr)
{
	u64 period = attr->sched_period ? attr->sched_period : attr->sched_deadline;

	if (~p->cpus_allowed & hart_online_mask.bits)
		return -EPERM;		/* the test is for all harts together */
	return change_bw(p, (attr->sched_runtime << BW_SHIFT) / period);
}

void dl_leave(struct task_struct *p)
{
	unsigned long flags;

	if (p->se.dl) {
		flags = arch_irq_save();
		(void)change_bw(p, 0);
		arch_irq_restore(flags);
	}
}

int sched_rt_set_limits(int runtime_us, int period_us)
{
	unsigned long flags;
	int rc = -EBUSY;

	if (runtime_us > period_us)
		return -EINVAL;
	spin_lock_irqsave(&dl_lock, flags);
	if (total_bw <= bw_limit(runtime_us, period_us)) {
		WRITE_ONCE(sysctl_sched_rt_runtime_us, runtime_us);
		WRITE_ONCE(sysctl_sched_rt_period_us, period_us);
		rc = 0;
	}
	spin_unlock_irqrestore(&dl_lock, flags);
	return rc;
}

void dl_free(struct task_struct *p)
{
	if (!p->se.dl)
		return;
	dl_leave(p);
	hrtimer_cancel(&p->se.dl->timer);
	kfree(p->se.dl);
}

/* ---- parameters ------------------------------------------------------------------------------ */

void dl_apply(struct task_struct *p, const struct sched_attr *attr)
{
	struct sched_dl *dl = p->se.dl;

	dl->runtime = attr->sched_runtime;
	dl->deadline = attr->sched_deadline;
	dl->period = attr->sched_period ? attr->sched_period : attr->sched_deadline;
	dl->flags = attr->sched_flags & (SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN);
	dl->throttled = false;
	dl->sleeps = p->nvcsw;
	begin_period(p, ktime_get());
}

void dl_unthrottle(struct task_struct *p)
{
	if (p->se.dl)
		p->se.dl->throttled = false;
}

void dl_get_params(const struct task_struct *p, struct sched_attr *attr)
{
	attr->sched_runtime = p->se.dl->runtime;
	attr->sched_deadline = p->se.dl->deadline;
	attr->sched_period = p->se.dl->period;
	attr->sched_flags |= p->se.dl->flags;
}
