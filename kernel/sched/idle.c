/*
 * kernel/sched/idle.c - the tick of a busy hart, and what a hart does without work.
 *
 * MODEL     A hart that runs a task has a tick, an hrtimer: every 1.5 ms while others wait for it, else every
 *           2 ms.  It samples where the time goes (user or kernel), ends slices, and looks at CPU-time limits.
 *           A task that wakes up on a busy hart does not charge the one that runs, which would make every
 *           wake-up dearer: a tick may be what finds that it has waited.  So nobody waits 3 ms for a hart
 *           unless several want it.  An idle hart has none: its tick ends by itself at the next firing.  So a
 *           switch of tasks never programs the timer unless the hart comes out of idleness.
 * INVARIANTS
 *   I1  Between its last look at WORK_RESCHED and wfi an idle hart has interrupts off: one that comes
 *       in between ends wfi, and is taken right after.
 *   I2  A whole tick lies between the end of one and the begin of the next: however long one has waited for
 *       a lock (the host may have stopped its holder's hart), the task gets on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/rq.h"
#include "kernel/sync/rcu.h"
#include "kernel/time/irq_regs.h"
#include "kernel/time/cpu_timer.h"
#include "mm/phys/init.h"

static enum hrtimer_restart tick_fn(struct hrtimer *t)
{
	struct rq *rq = this_rq();
	struct task_struct *p = current;
	bool alone;
	u64 now = ktime_get();

	rq->nr_ticks++;
	if (p == rq->idle) {
		rq->ticking = false;
		return HRTIMER_NORESTART;
	}
	spin_lock(&rq->lock);
	update_curr(rq, now);
	rt_tick(rq, p, now);
	account_sample(rq, p, user_mode(irq_regs()));
	if (slice_expired(rq, p) || rcu_tick())
		resched_curr(rq);
	alone = rq->nr_running <= 1;
	spin_unlock(&rq->lock);

	run_cpu_timers(p);
	balance_tick(rq, now);
	loadavg_update(now);
	t->expires = ktime_get() + (alone ? TICK_ALONE_NS : TICK_SHARED_NS);		/* I2 */
	return HRTIMER_RESTART;
}

void tick_init(struct rq *rq)
{
	hrtimer_init(&rq->tick, tick_fn);
}

/* The hart leaves idleness.  => interrupts off, rq->lock not held */
void tick_start(struct rq *rq)
{
	rq->ticking = true;
	hrtimer_start(&rq->tick, TICK_SHARED_NS, HRTIMER_MODE_REL);
}

/* Nothing to run: do what boot left undone, or wait for an interrupt that brings something. */
static void idle_once(struct rq *rq)
{
	if (deferred_idle_step())
		return;
	__atomic_fetch_or(&idle_harts, BIT(rq->hart), __ATOMIC_SEQ_CST);
	if (nr_harts == 1 || !steal_task(rq)) {
		rcu_idle_quiet();
		arch_irq_disable();
		if (rcu_idle_enter() && !need_resched())
			arch_wait_for_interrupt();		/* I1 */
		rcu_idle_exit();
		arch_irq_enable();
	}
	__atomic_fetch_and(&idle_harts, ~BIT(rq->hart), __ATOMIC_SEQ_CST);
}

__noreturn void cpu_startup_entry(void)
{
	struct rq *rq = this_rq();

	arch_irq_enable();
	for (;;) {
		while (!need_resched())
			idle_once(rq);
		schedule();
	}
}
