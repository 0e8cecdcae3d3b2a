/*
 * kernel/sched/rq.h - a hart's run queue; for the files of kernel/sched only.
 *
 * MODEL     A runnable task is on exactly one run queue (se.on_rq), that of task->hart.  The task that
 *           runs is rq->curr and stands in neither the tree nor the list; the others wait there, but those
 *           that have used up the runtime of their deadline (throttled, deadline.c).
 * INVARIANTS
 *   R1  nr_running counts the tasks with on_rq of this hart, curr too; idle is not counted.
 *   R2  task->hart changes only under the lock of the queue it names, and only while the task is
 *       off that queue and off the hart.
 *   R3  The lock is held from before the choice of the next task until the registers of the
 *       previous one are saved: who holds the lock of task->hart's queue and finds !on_rq knows that
 *       the task does not execute anywhere.
 *   R4  A task with !on_rq and state RUNNING is on its way to another queue; its mover finishes.
 * LOCKING   rq->lock, interrupts off.  Never two at a time: a task that moves is carried.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SCHED_RQ_H
#define VELLUM_SCHED_RQ_H

#include "kernel/sched/sched.h"
#include "kernel/time/hrtimer.h"
#include "lib/rbtree.h"

#define SLICE_NS	2000000ull	/* a fair task runs this long while others wait */
#define WAKEUP_GRAN_NS	1000000ll	/* a waker is preempted when it is that far ahead */
#define SLEEPER_CREDIT_NS 3000000ull	/* a long sleeper starts that far behind */
#define TICK_SHARED_NS	1500000ull	/* between ticks while others wait */
#define TICK_ALONE_NS	2000000ull	/* ... and while one task has the hart */
#define NICE_0_WEIGHT	1024
#define IDLE_WEIGHT	3

struct rq {
	spinlock_t lock;
	unsigned hart;			/* (I) */
	unsigned nr_running;		/* R1 */
	struct task_struct *curr, *idle;
	struct rb_root tree;		/* fair tasks that wait, by vruntime */
	struct rb_node *leftmost;
	struct list_head rt;		/* real-time tasks that wait, most urgent first */
	u64 rt_since, rt_used;		/* begin of the period, and what real-time tasks had of it */
	u64 min_vruntime;		/* only grows: where new and woken tasks start */
	long nr_uninterruptible;	/* may be negative: a waker counts on the sleeper's queue */
	u64 nr_switches;
	atomic_t nr_iowait;
	struct mm_struct *drop_mm;	/* lazily used by the task switched from: dropped after the switch */
	struct task_struct *push;	/* switched out because it may not run here */
	struct hrtimer tick;
	bool ticking;			/* only this hart */
	u64 next_balance;		/* only this hart */
	unsigned long nr_ticks, nr_balances;	/* only this hart writes: /proc/softirqs */
	u64 sample_ns;			/* time run since the last tick, in no class yet */
	struct hart_stat stat;		/* idle and iowait are brought up by update_curr() */
};
DECLARE_PER_HART(struct rq, runqueues);

static __always_inline struct rq *this_rq(void) { return this_hart_ptr(&runqueues); }
static __always_inline struct rq *hart_rq(unsigned hart) { return per_hart_ptr(&runqueues, hart); }
static inline bool policy_is_dl(int policy) { return policy == SCHED_DEADLINE; }
static inline u64 rr_slice_ns(void) { return READ_ONCE(sysctl_sched_rr_timeslice) * NSEC_PER_MSEC; }
static inline bool policy_is_rt(int policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }
/* Has it a deadline?  One that it inherits counts. */
static inline bool task_is_dl(const struct task_struct *p) { return p->se.urgency < URGENCY_RT(99); }
/* By its policy, or for the sake of a task that waits for it; those with a deadline too. */
static inline bool task_is_rt(const struct task_struct *p) { return p->se.urgency != URGENCY_FAIR; }
static inline void set_task_hart(struct task_struct *p, unsigned hart)
{
	if (unlikely(p->mm && (p->icache_ctx || READ_ONCE(p->mm->icache_ctx))) && p->hart != hart)
		hartmask_add_atomic(&p->mm->icache_stale, hart);	/* L6 */
	if (p->rseq && p->hart != hart)
		set_task_work(p, WORK_RSEQ);
	p->hart = hart;
	p->hart_off = hart_off[hart];
}

/* @rq, locked, is not @p's any more: that which is, locked. */
struct rq *task_rq_lock_again(struct rq *rq, struct task_struct *p);
/* The queue of @p, locked; interrupts are off.  => the caller says so with spin_assert_held() */
static __always_inline struct rq *task_rq_lock(struct task_struct *p) NO_LOCK_ANALYSIS
{
	struct rq *rq = hart_rq(READ_ONCE(p->hart));

	spin_lock(&rq->lock);
	return likely(p->hart == rq->hart) ? rq : task_rq_lock_again(rq, p);
}

/* ---- fair.c: order among the tasks of one queue.  All: rq->lock held ------------------------- */
void weights_init(void);
unsigned nice_weight(int nice);
void set_load_weight(struct task_struct *p);
void set_inherited(struct task_struct *p, u64 urgency);
void update_curr(struct rq *rq, u64 now);
void enqueue_waiting(struct rq *rq, struct task_struct *p, bool head);
void dequeue_waiting(struct rq *rq, struct task_struct *p);
struct task_struct *pick_next(struct rq *rq);
bool __should_preempt(struct rq *rq, struct task_struct *p);
/* Must @p, just queued, run before the task that has the hart? */
static __always_inline bool should_preempt(struct rq *rq, struct task_struct *p)
{
	struct task_struct *curr = rq->curr;

	/* Two ordinary ones: what most are. */
	if (likely(curr->se.urgency == URGENCY_FAIR && p->se.urgency == URGENCY_FAIR && curr != rq->idle) &&
	    likely(curr->policy == SCHED_NORMAL && p->policy == SCHED_NORMAL))
		return (s64)(curr->se.vruntime - p->se.vruntime) > WAKEUP_GRAN_NS;
	return __should_preempt(rq, p);
}
/* A task that slept may be behind the others, but not by more than its credit. */
static __always_inline void place_woken(struct rq *rq, struct task_struct *p)
{
	u64 least = rq->min_vruntime - SLEEPER_CREDIT_NS;

	if (unlikely((s64)(p->se.vruntime - least) < 0))
		p->se.vruntime = least;
}
bool slice_expired(struct rq *rq, struct task_struct *p);
void yield_place(struct rq *rq, struct task_struct *p);
void rt_tick(struct rq *rq, struct task_struct *p, u64 now);
static inline bool rq_has_waiting(const struct rq *rq) { return rq->leftmost || !list_empty(&rq->rt); }

/* ---- core.c ---------------------------------------------------------------------------------- */
void activate_task(struct rq *rq, struct task_struct *p);
void deactivate_task(struct rq *rq, struct task_struct *p);
unsigned long resched_curr(struct rq *rq);
/* Queue the carried task @p (R4), on p->hart if it may run there; harts to kick. */
unsigned long activate_carried(struct task_struct *p);

/* ---- place.c --------------------------------------------------------------------------------- */
extern unsigned long idle_harts;	/* (A) bits of harts in their idle loop: a hint */
unsigned select_hart(const struct task_struct *p, unsigned last);
bool steal_task(struct rq *rq);
void balance_tick(struct rq *rq, u64 now);

/* ---- stat.c ---------------------------------------------------------------------------------- */
void account_sample(struct rq *rq, struct task_struct *p, bool user);
void charge_rest(struct task_struct *p);	/* to the class that is larger so far */
void loadavg_update(u64 now);

/* ---- idle.c ---------------------------------------------------------------------------------- */
void tick_init(struct rq *rq);
void tick_start(struct rq *rq);

/* Call @fn for each thread that (@which, @who) of setpriority(2) names, with the result so far, @rc at first. */
int for_each_prio_target(int which, int who, int (*fn)(struct task_struct *, int, int), int arg, int rc);

#endif
