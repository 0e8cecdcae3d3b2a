/*
 * kernel/sched/place.c - on which hart a task runs.
 *
 * MODEL     A woken or new task goes to the hart it was on if that idles, else to any that idles, else
 *           back.  A hart that finds nothing to do takes a waiting task from the longest queue;
 *           a busy one compares itself with the longest queue every 16 ms; a hart with tasks waiting
 *           wakes an idle one in its tick, should a hint have come too late.
 * LOCKING   One queue's lock at a time: a task in between is carried (R4).  Lengths of other queues
 *           are read without a lock: they are hints.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/rq.h"

#define BALANCE_NS	16000000ull
#define STEAL_LOOK	8		/* waiting tasks looked at for one that may move */

unsigned long idle_harts;

unsigned select_hart(const struct task_struct *p, unsigned last)
{
	unsigned long allowed, idle;

	if (likely(nr_harts == 1))
		return 0;
	allowed = p->cpus_allowed & hart_online_mask.bits;
	if (unlikely(!allowed))
		return last;
	idle = READ_ONCE(idle_harts) & allowed;
	if (idle & BIT(last))
		return last;
	if (idle)
		return __builtin_ctzl(idle);
	return allowed & BIT(last) ? last : (unsigned)__builtin_ctzl(allowed);
}

static struct rq *longest_queue(const struct rq *mine, unsigned at_least)
{
	struct rq *best = NULL;
	unsigned most = at_least;

	for_each_hart(h) {
		struct rq *rq = hart_rq(h);
		unsigned nr = READ_ONCE(rq->nr_running);

		if (rq != mine && (hart_online_mask.bits & BIT(h)) && nr >= most) {
			most = nr + 1;
			best = rq;
		}
	}
	return best;
}

static struct task_struct *movable_task(struct rq *victim, unsigned hart)
{
	struct task_struct *p;
	struct rb_node *n;
	int look = STEAL_LOOK;

	list_for_each_entry(p, &victim->rt, se.run_list)
		if (p->cpus_allowed & BIT(hart))
			return p;
	for (n = victim->leftmost; n && look--; n = rb_next(n)) {
		p = container_of(n, struct task_struct, se.run_node);
		if (p->cpus_allowed & BIT(hart))
			return p;
	}
	return NULL;
}

/* Bring one waiting task of @victim to @hart.  => interrupts off, no queue lock held */
static bool pull_task(struct rq *victim, unsigned hart)
{
	struct task_struct *p;

	spin_lock(&victim->lock);
	p = movable_task(victim, hart);
	if (p) {
		deactivate_task(victim, p);
		p->se.vruntime -= victim->min_vruntime;
		set_task_hart(p, hart);			/* R2 */
	}
	spin_unlock(&victim->lock);
	if (p)
		kick_harts(activate_carried(p));
	return p != NULL;
}

/* An idle hart looks for work: true when it has some now. */
bool steal_task(struct rq *rq)
{
	unsigned long flags = arch_irq_save();
	struct rq *victim = longest_queue(rq, 2);
	bool got = victim && pull_task(victim, rq->hart);

	arch_irq_restore(flags);
	return got;
}

/* In the tick of a busy hart.  => interrupts off, rq->lock not held */
void balance_tick(struct rq *rq, u64 now)
{
	unsigned nr = READ_ONCE(rq->nr_running);
	unsigned long idle;
	struct rq *victim;

	if (nr_harts == 1)
		return;
	idle = READ_ONCE(idle_harts) & ~BIT(rq->hart);
	if (nr > 1 && idle)
		arch_send_reschedule(__builtin_ctzl(idle));
	if (now < rq->next_balance)
		return;
	rq->next_balance = now + BALANCE_NS;
	rq->nr_balances++;
	victim = longest_queue(rq, nr + 2);
	if (victim)
		pull_task(victim, rq->hart);
}
