/*
 * kernel/sched/core.c - sleeping, waking, and handing the hart from task to task.
 *
 * MODEL
 *     RUNNING, curr --schedule(): state set--> asleep --wake_up_task()--> RUNNING, waits --pick--> curr
 *           A sleeper sets its state, looks at its condition, and calls schedule().  A waker makes the
 *           condition true and calls wake_up_task().  One of the two sees the other:
 *               sleeper                         waker
 *               state = X                       condition = true
 *               full barrier (set_current_state)  full barrier (wake_up_task)
 *               read condition                  read state
 *           Between its test and schedule() the sleeper is still on_rq: a wake-up then only sets the
 *           state back, and schedule() does not take it off.
 * INVARIANTS  R1..R4 of kernel/sched/rq.h.
 *   C1  Whoever sets WORK_RESCHED for another hart sends it an interrupt; who finds it set need not.
 *       A hart looks at it on its way to user space, in cond_resched(), and in its idle loop.
 *       The interrupt goes out after the queue's lock, which its receiver wants first thing: sending
 *       takes long, as the firmware does it.
 *   C2  A kernel thread and the idle task run on the address space of the task before them
 *       (active_mm), and hold mm_count for it; it is dropped after the switch to the next user task.
 * LOCKING   rq->lock across the switch (R3): the next task releases what the previous one took.
 * COST      schedule() about 150 instructions and the pick; a wake-up about 100 and the insertion.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/deadline.h"
#include "kernel/sched/rq.h"
#include "block/blk.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "kernel/sync/rcu.h"
#include "kernel/task/rseq.h"
#include "lib/string.h"
#include "mm/space/mm.h"

DEFINE_PER_HART(struct rq, runqueues);

/*
 * Ask the task on @rq's hart to give it up (C1).
 * => rq->lock held; the bit of a hart to interrupt once the lock is dropped (kick_harts), or 0
 */
unsigned long resched_curr(struct rq *rq)
{
	struct task_struct *curr = rq->curr;

	if (READ_ONCE(curr->work) & WORK_RESCHED)
		return 0;
	set_task_work(curr, WORK_RESCHED);
	return rq->hart != this_hart() ? BIT(rq->hart) : 0;
}

void kick_harts(unsigned long harts)
{
	if (likely(!harts))
		return;
	if (current->kick_depth) {
		/* Atomic: a handler may add its own in between. */
		__atomic_fetch_or(&current->kicks, harts, __ATOMIC_RELAXED);
		return;
	}
	for (; harts; harts &= harts - 1)
		arch_send_reschedule(__builtin_ctzl(harts));
}

/* A request to reschedule has done its work by coming: the way out looks at task->work. */
void scheduler_ipi(void)
{
	if (rcu_tick())
		set_task_work(current, WORK_RESCHED);
	hrtimers_ipi();
}

__noinline struct rq *task_rq_lock_again(struct rq *rq, struct task_struct *p) NO_LOCK_ANALYSIS
{
	while (p->hart != rq->hart) {
		spin_unlock(&rq->lock);
		rq = hart_rq(READ_ONCE(p->hart));
		spin_lock(&rq->lock);
	}
	return rq;
}

/* @p, off all queues, becomes one of @rq's runnable tasks. */
void activate_task(struct rq *rq, struct task_struct *p)
{
	INV(R1, !p->se.on_rq && p->hart == rq->hart);
	p->se.on_rq = true;
	rq->nr_running++;
	enqueue_waiting(rq, p, false);
}

/* @p, which waits (it is not curr), leaves @rq. */
void deactivate_task(struct rq *rq, struct task_struct *p)
{
	dequeue_waiting(rq, p);
	p->se.on_rq = false;
	rq->nr_running--;
}

unsigned long activate_carried(struct task_struct *p)
{
	unsigned long kick = 0;

	for (;;) {
		struct rq *rq = hart_rq(p->hart);

		spin_lock(&rq->lock);
		/* sched_setaffinity() may have come between the choice and the lock. */
		if (likely(p->cpus_allowed & BIT(rq->hart))) {
			p->se.vruntime += rq->min_vruntime;
			place_woken(rq, p);
			activate_task(rq, p);
			if (should_preempt(rq, p))
				kick = resched_curr(rq);
			spin_unlock(&rq->lock);
			return kick;
		}
		set_task_hart(p, select_hart(p, rq->hart));	/* R2 */
		spin_unlock(&rq->lock);
	}
}

/* @p, which sleeps, goes on on @hart.  => the hart to kick */
static __noinline unsigned long wake_elsewhere(struct rq *rq, struct task_struct *p, unsigned hart)
	RELEASE(rq->lock)
{
	p->se.vruntime -= rq->min_vruntime;
	set_task_hart(p, hart);		/* R2; from here others lock the new queue and see R4 */
	spin_unlock(&rq->lock);
	return activate_carried(p);
}

/*
 * Make @t runnable if it sleeps in a state of @state_mask; true when this call ended the sleep.
 * => any context
 */
bool wake_up_task(struct task_base *t, int state_mask)
{
	struct task_struct *p = (struct task_struct *)t;
	unsigned long flags, kick = 0;
	struct rq *rq;
	unsigned hart;

	smp_mb();		/* the condition before the state: pairs with set_current_state() */
	if (!(READ_ONCE(p->state) & state_mask))
		return false;
	flags = arch_irq_save();
	rq = task_rq_lock(p);
	spin_assert_held(&rq->lock);
	if (unlikely(!(p->state & state_mask))) {
		spin_unlock_irqrestore(&rq->lock, flags);
		return false;
	}
	if (p->se.on_rq) {
		/* It has not gone to sleep yet. */
		WRITE_ONCE(p->state, TASK_RUNNING);
		spin_unlock_irqrestore(&rq->lock, flags);
		return true;
	}
	if (p->state & TASK_UNINTERRUPTIBLE)
		rq->nr_uninterruptible--;
	WRITE_ONCE(p->state, TASK_RUNNING);
	hart = select_hart(p, rq->hart);
	if (likely(hart == rq->hart)) {
		place_woken(rq, p);
		activate_task(rq, p);
		if (should_preempt(rq, p))
			kick = resched_curr(rq);
		spin_unlock_irqrestore(&rq->lock, flags);
		if (unlikely(kick))
			kick_harts(kick);
		return true;
	}
	kick = wake_elsewhere(rq, p, hart);
	arch_irq_restore(flags);
	kick_harts(kick);
	return true;
}

bool wake_up_process(struct task_struct *p)
{
	return wake_up_task((struct task_base *)p, TASK_NORMAL);
}

/* ---- the switch ------------------------------------------------------------------------------ */

/* A sleep that a signal which is already there would end at once. */
static inline bool signal_pending_state(int state, struct task_struct *p)
{
	if (!(state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) || !(READ_ONCE(p->work) & WORK_SIGNAL))
		return false;
	return (state & TASK_INTERRUPTIBLE) || task_fatal_signal_pending(p);
}

/* What the next task does for the one it was switched from.  => interrupts off */
static __always_inline void finish_switch(struct rq *rq, struct task_struct *prev) RELEASE(rq->lock)
{
	struct mm_struct *mm = rq->drop_mm;
	struct task_struct *push = rq->push;
	bool dead = prev->state == TASK_DEAD;	/* read under the lock: later it may be reaped */

	prev->se.on_hart = false;
	rq->drop_mm = NULL;
	rq->push = NULL;
	if (unlikely(push))
		set_task_hart(push, select_hart(push, rq->hart));	/* R2 */
	spin_unlock(&rq->lock);
	if (unlikely(!rq->ticking) && current != rq->idle)
		tick_start(rq);
	if (unlikely(push))
		kick_harts(activate_carried(push));
	if (likely(!mm && !dead))
		return;
	arch_irq_enable();
	if (mm)
		mmdrop(mm);				/* C2 */
	if (dead)
		put_task_struct(prev);
	arch_irq_disable();
}

void schedule_tail(struct task_struct *prev)
{
	struct rq *rq = this_rq();

	lock_check_acquire(&rq->lock, RANK_RQ);	/* taken by prev in schedule() */
	spin_assert_held(&rq->lock);
	finish_switch(rq, prev);
	arch_irq_enable();
	if (current->set_child_tid)		/* CLONE_CHILD_SETTID: in the child's own memory */
		(void)!put_user(current->pid, current->set_child_tid);
}

static __always_inline void switch_mm(struct rq *rq, struct task_struct *prev, struct task_struct *next)
{
	if (!next->mm) {
		next->active_mm = prev->active_mm;
		if (prev->mm)
			mmgrab(prev->active_mm);	/* C2 */
		else
			prev->active_mm = NULL;			/* its reference goes to next */
		return;
	}
	/* A thread that has written code may come to a hart that is in its address space already (L6). */
	if (prev->active_mm != next->mm || unlikely(hartmask_has(hartmask_load(&next->mm->icache_stale), rq->hart)))
		arch_switch_mm(prev->active_mm, next->mm);
	if (!prev->mm) {
		rq->drop_mm = prev->active_mm;
		prev->active_mm = NULL;
	}
}

/* The lock changes hands (R3): prev takes it, next drops it. */
static __always_inline void context_switch(struct rq *rq, struct task_struct *prev, struct task_struct *next)
	RELEASE(rq->lock) NO_LOCK_ANALYSIS
{
	rq->nr_switches++;
	rq->curr = next;
	next->se.on_hart = true;
	switch_mm(rq, prev, next);
	if (unlikely(!hartmask_has(next->stack_harts, rq->hart))) {	/* K1 of mm/kmap/stack.c */
		thread_stack_fence(next->stack);
		hartmask_add(&next->stack_harts, rq->hart);
	}
	lock_check_release(&rq->lock, RANK_RQ);
	prev = switch_to(prev, next);
	/* Another hart, perhaps: nothing computed before holds. */
	rq = this_rq();
	lock_check_acquire(&rq->lock, RANK_RQ);
	finish_switch(rq, prev);
}

/* The running task stops being runnable, unless a signal forbids the sleep. */
static __always_inline void sleep_or_stay(struct rq *rq, struct task_struct *p, int state)
{
	if (unlikely(signal_pending_state(state, p))) {
		WRITE_ONCE(p->state, TASK_RUNNING);
		return;
	}
	if (state & TASK_UNINTERRUPTIBLE)
		rq->nr_uninterruptible++;
	p->se.on_rq = false;
	rq->nr_running--;
	p->nvcsw++;
	if (unlikely(READ_ONCE(p->signal->cpu_timers.counting)))
		charge_rest(p);
}

/*
 * Run another task, if there is one that should; return when it is this one's turn again.
 * => may sleep: no spin lock held, interrupts on; state RUNNING means only "somebody else first"
 */
void schedule(void)
{
	struct task_struct *prev = current, *next;
	unsigned long flags;
	struct rq *rq;
	int state;

	INV(S2, prev->spin_depth == 0);
	INV(U1, prev->rcu_depth == 0);
	rcu_quiet();
	if (unlikely(prev->plug) && prev->state != TASK_RUNNING)
		blk_flush_plug();
	if (prev->rseq)
		rseq_preempt(prev);
	flags = arch_irq_save();
	if (unlikely(policy_is_dl(prev->policy)))
		dl_before_switch(prev);
	rq = this_rq();
	spin_lock(&rq->lock);
	if (prev->work & WORK_RESCHED)
		clear_task_work(prev, WORK_RESCHED);
	update_curr(rq, ktime_get());
	state = prev->state;
	if (state != TASK_RUNNING)
		sleep_or_stay(rq, prev, state);
	if (prev->se.on_rq) {
		if (unlikely(!(prev->cpus_allowed & BIT(rq->hart)))) {
			prev->se.on_rq = false;
			rq->nr_running--;
			prev->se.vruntime -= rq->min_vruntime;
			rq->push = prev;
		} else if (rq_has_waiting(rq) || unlikely(policy_is_dl(prev->policy))) {
			enqueue_waiting(rq, prev, prev->se.sum_exec_ns < prev->se.slice_ns);
		} else {
			spin_unlock_irqrestore(&rq->lock, flags);
			return;
		}
	}
	next = pick_next(rq);
	next->se.exec_start = prev->se.exec_start;	/* now */
	if (likely(next != prev)) {
		if (state == TASK_RUNNING)
			prev->nivcsw++;
		context_switch(rq, prev, next);
	} else {
		spin_unlock(&rq->lock);
	}
	arch_irq_restore(flags);
}

void __cond_resched(void)
{
	if (need_resched() && current->state == TASK_RUNNING)
		schedule();
}

void io_schedule(void)
{
	struct rq *rq = this_rq();

	atomic_inc(&rq->nr_iowait);
	schedule();
	atomic_dec(&rq->nr_iowait);
}

void yield(void)
{
	struct rq *rq;

	arch_irq_disable();
	rq = this_rq();
	spin_lock(&rq->lock);
	yield_place(rq, current);
	spin_unlock_irq(&rq->lock);
	schedule();
}

/* ---- the life of a task ---------------------------------------------------------------------- */

/* @p, a copy of current that nobody sees yet, gets scheduling state of its own. */
int sched_fork(struct task_struct *p)
{
	p->work = 0;
	p->state = TASK_NEW;
	p->spin_depth = 0;
	p->lock_ranks = 0;
	p->kicks = 0;
	p->kick_depth = 0;
	p->plug = NULL;
	memset(&p->se, 0, sizeof(p->se));
	p->se.inherited = URGENCY_FAIR;
	if (policy_is_dl(p->policy) && !p->sched_reset_on_fork)
		return -EAGAIN;			/* its share is not for two */
	if (p->sched_reset_on_fork) {
		if (policy_is_rt(p->policy) || policy_is_dl(p->policy) || p->policy == SCHED_IDLE)
			p->policy = SCHED_NORMAL;
		p->rt_priority = 0;
		p->nice = max(p->nice, 0);
		p->sched_reset_on_fork = false;
	}
	if (current == idle_task(this_hart()))
		p->cpus_allowed = ~0ull;	/* idle tasks are pinned, what they start is not */
	set_load_weight(p);
	p->utime = p->stime = 0;
	p->nvcsw = p->nivcsw = 0;
	p->io = (struct task_io){ 0 };
	set_task_hart(p, this_hart());
	return 0;
}

/*
 * First place in the race: level with the parent, behind the others that are there.  The parent is charged up to now:
 * what it had since its last tick would else put it ahead, by as much as chance has it, for as long as the two wake
 * each other, and decide whether each wake-up takes the hart away.
 */
void wake_up_new_task(struct task_struct *p)
{
	unsigned long flags = arch_irq_save();
	unsigned hart = select_hart(p, this_hart());
	unsigned long kick = 0;
	struct rq *rq;

	p->active_mm = p->mm;
	WRITE_ONCE(p->state, TASK_RUNNING);
	if (hart == this_hart()) {
		rq = this_rq();
		spin_lock(&rq->lock);
		update_curr(rq, ktime_get());
		p->se.vruntime = max(rq->min_vruntime, current->se.vruntime);
		set_task_hart(p, hart);
		activate_task(rq, p);
		if (should_preempt(rq, p))
			resched_curr(rq);	/* ourselves */
		spin_unlock(&rq->lock);
	} else {
		set_task_hart(p, hart);
		kick = activate_carried(p);
	}
	arch_irq_restore(flags);
	kick_harts(kick);
}

void sched_exit(__maybe_unused struct task_struct *p)
{
	INV(R1, p->exit_state);		/* but it may still be on its way through its last schedule() */
}

/*
 * The end of the running task: it leaves its stack and its own reference to the next one.
 * => everything else is released; its parent may reap it already
 */
__noreturn void do_task_dead(void)
{
	dl_leave(current);
	WRITE_ONCE(current->state, TASK_DEAD);
	schedule();
	panic("a dead task runs: %s", current->comm);
}

void kick_process(struct task_struct *p)
{
	unsigned long flags = arch_irq_save();
	unsigned hart = READ_ONCE(p->hart);

	if (hart != this_hart() && READ_ONCE(p->se.on_hart))
		kick_harts(BIT(hart));
	arch_irq_restore(flags);
}

bool task_curr(const struct task_struct *p)
{
	return READ_ONCE(p->se.on_hart);
}

void wait_task_inactive(struct task_struct *p)
{
	/* R3: off the hart once its queue's lock can be had and on_hart is false. */
	while (READ_ONCE(p->se.on_hart)) {
		if (p == current)
			return;
		if (hart_rq(p->hart) == this_rq())
			yield();
		arch_cpu_relax();
	}
}

void sched_exec(void)
{
	struct rq *rq = this_rq();

	if (nr_harts > 1 && READ_ONCE(rq->nr_running) > 1) {
		unsigned long idle = READ_ONCE(idle_harts);

		if (idle)
			arch_send_reschedule(__builtin_ctzl(idle));
	}
}

/* ---- initialisation -------------------------------------------------------------------------- */

void init_idle(struct task_struct *idle, unsigned hart)
{
	struct rq *rq = hart_rq(hart);

	idle->policy = SCHED_NORMAL;
	idle->nice = 0;
	idle->cpus_allowed = BIT(hart);
	idle->se.inherited = URGENCY_FAIR;
	set_load_weight(idle);
	idle->state = TASK_RUNNING;
	idle->se.on_hart = true;
	idle->flags |= PF_KTHREAD;
	idle->active_mm = &init_mm;
	if (hart)
		mmgrab(&init_mm);	/* C2; init_mm is born with that of init_task */
	set_task_hart(idle, hart);
	spin_lock_init(&rq->lock, RANK_RQ);
	rq->hart = hart;
	rq->tree = RB_ROOT;
	rq->leftmost = NULL;
	INIT_LIST_HEAD(&rq->rt);
	rq->idle = rq->curr = idle;
	idle->se.exec_start = ktime_get();
	tick_init(rq);
}

struct task_struct *idle_task(unsigned hart)
{
	return hart_rq(hart)->idle;
}

void sched_init(void)
{
	weights_init();
	init_idle(&init_task, 0);
}
