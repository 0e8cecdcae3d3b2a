/*
 * kernel/sched/fair.c - which of a hart's runnable tasks is next.
 *
 * MODEL     Tasks with a deadline (deadline.c) go first, the earliest before the others; then
 *           real-time tasks (FIFO, RR, and who holds what one of these waits for), by urgency; but while
 *           others wait for the hart they have at most kernel.sched_rt_runtime_us of each sched_rt_period_us, so
 *           that one that spins does not take the machine away (-1: no limit).  The others share by weight:
 *           vruntime is the time a task has run, scaled by 1024 / weight, and the least one is next.  A step of
 *           nice is a factor of 1.25 in weight.
 * INVARIANTS
 *   F1  leftmost is the first node of the tree, NULL exactly when the tree is empty.
 *   F2  min_vruntime never decreases and is at most the vruntime of any fair task here that did not
 *       come with sleeper's credit.
 * LOCKING   rq->lock.
 * COST      A wait and a pick: one insertion and one removal in a tree of the waiting tasks, which is
 *           mostly empty; scaling multiplies by an inverse, never divides.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/deadline.h"
#include "kernel/sched/rq.h"

#define NR_NICE		(NICE_MAX - NICE_MIN + 1)

int sysctl_sched_rt_period_us = 1000000, sysctl_sched_rt_runtime_us = 950000;
int sysctl_sched_rr_timeslice = RR_TIMESLICE;
static u32 weight_of[NR_NICE];		/* (I) by nice - NICE_MIN */

/* Weights from 1024 at nice 0 outwards, with 20 fraction bits on the way. */
void weights_init(void)
{
	u64 up = (u64)NICE_0_WEIGHT << 20, down = up;

	weight_of[-NICE_MIN] = NICE_0_WEIGHT;
	for (int n = 1; n <= -NICE_MIN; n++) {
		up = up * 5 / 4;
		down = down * 4 / 5;
		weight_of[-NICE_MIN - n] = (up + (1 << 19)) >> 20;
		if (n <= NICE_MAX)
			weight_of[-NICE_MIN + n] = (down + (1 << 19)) >> 20;
	}
}

unsigned nice_weight(int nice)
{
	return weight_of[nice - NICE_MIN];
}

/* For as long as somebody as urgent as @urgency waits for @p. */
void set_inherited(struct task_struct *p, u64 urgency)
{
	p->se.inherited = urgency;
	WRITE_ONCE(p->se.urgency, min(p->se.own_urgency, urgency));
}

/* Weight and its inverse, 2^32 / weight, and urgency, after a change of nice, priority or policy. */
void set_load_weight(struct task_struct *p)
{
	p->se.weight = p->policy == SCHED_IDLE ? IDLE_WEIGHT : nice_weight(p->nice);
	p->se.inv_weight = (1ull << 32) / p->se.weight;
	if (!policy_is_dl(p->policy))		/* whose urgency moves with its periods */
		p->se.own_urgency = policy_is_rt(p->policy) ? URGENCY_RT(p->rt_priority) : URGENCY_FAIR;
	set_inherited(p, p->se.inherited);
}

static __always_inline struct task_struct *node_task(struct rb_node *n)
{
	return container_of(n, struct task_struct, se.run_node);
}

static __always_inline void update_min_vruntime(struct rq *rq, u64 v)
{
	if (rq->leftmost) {
		u64 first = node_task(rq->leftmost)->se.vruntime;

		if ((s64)(first - v) < 0)
			v = first;
	}
	if ((s64)(v - rq->min_vruntime) > 0)
		rq->min_vruntime = v;				/* F2 */
}

/* Charge the running task with the time since it was last charged. */
void update_curr(struct rq *rq, u64 now)
{
	struct task_struct *p = rq->curr;
	u64 delta = now - p->se.exec_start;

	/* The counters of two harts may differ by a tick when another hart charges for this one. */
	if (unlikely((s64)delta <= 0))
		return;
	p->se.exec_start = now;
	p->se.sum_exec_ns += delta;
	if (p == rq->idle) {
		*(atomic_read(&rq->nr_iowait) ? &rq->stat.iowait : &rq->stat.idle) += delta;
		return;
	}
	rq->sample_ns += delta;
	if (likely(p->se.weight == NICE_0_WEIGHT))
		p->se.vruntime += delta;
	else
		p->se.vruntime += (u64)(((unsigned __int128)delta * p->se.inv_weight) >> 22);
	update_min_vruntime(rq, p->se.vruntime);
}

/* Where others wait already. */
static __noinline void enqueue_among_others(struct rq *rq, struct task_struct *p)
{
	struct rb_node **link = &rq->tree.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if ((s64)(p->se.vruntime - node_task(parent)->se.vruntime) < 0) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&p->se.run_node, parent, link);
	rb_insert_color(&p->se.run_node, &rq->tree);
	if (first)
		rq->leftmost = &p->se.run_node;			/* F1 */
}

static __always_inline void enqueue_fair(struct rq *rq, struct task_struct *p)
{
	if (unlikely(rq->leftmost)) {
		enqueue_among_others(rq, p);
		return;
	}
	rb_plant(&p->se.run_node, &rq->tree);
	rq->leftmost = &p->se.run_node;				/* F1 */
}

/* Take the first fair task that waits.  => there is one */
static __always_inline struct task_struct *take_leftmost(struct rq *rq)
{
	struct task_struct *p = node_task(rq->leftmost);

	if (likely(rb_is_alone(&p->se.run_node, &rq->tree))) {
		rq->tree = RB_ROOT;
		rq->leftmost = NULL;				/* F1 */
		return p;
	}
	rq->leftmost = rb_next(&p->se.run_node);		/* F1 */
	rb_erase(&p->se.run_node, &rq->tree);
	return p;
}

static __noinline void enqueue_rt(struct rq *rq, struct task_struct *p, bool head)
{
	struct task_struct *o;
	struct list_head *before = &rq->rt;

	if (policy_is_dl(p->policy) && !dl_arrives(p))
		return;						/* D1 */
	list_for_each_entry(o, &rq->rt, se.run_list) {
		if (o->se.urgency > p->se.urgency || (head && o->se.urgency == p->se.urgency)) {
			before = &o->se.run_list;
			break;
		}
	}
	list_add_tail(&p->se.run_list, before);
}

/* Let @p wait for its turn; @head: it was preempted, so a real-time task stays first of its priority. */
void enqueue_waiting(struct rq *rq, struct task_struct *p, bool head)
{
	if (unlikely(task_is_rt(p)))
		enqueue_rt(rq, p, head);
	else
		enqueue_fair(rq, p);
}

void dequeue_waiting(struct rq *rq, struct task_struct *p)
{
	if (unlikely(task_is_rt(p))) {
		if (!policy_is_dl(p->policy) || dl_waits(p))
			list_del(&p->se.run_list);
		return;
	}
	if (rq->leftmost == &p->se.run_node)
		rq->leftmost = rb_next(&p->se.run_node);	/* F1 */
	rb_erase(&p->se.run_node, &rq->tree);
}

/* The tick of the running task @p, before its sample is given to a class.  => rq->lock */
void rt_tick(struct rq *rq, struct task_struct *p, u64 now)
{
	if (now - rq->rt_since >= READ_ONCE(sysctl_sched_rt_period_us) * NSEC_PER_USEC) {
		rq->rt_since = now;
		rq->rt_used = 0;
	}
	if (unlikely(task_is_rt(p)))
		rq->rt_used += rq->sample_ns;
}

static struct task_struct *first_rt(const struct rq *rq)
{
	return list_first_entry(&rq->rt, struct task_struct, se.run_list);
}

/*
 * Is it the real-time tasks' time, of which @first is the most urgent, or has somebody else waited long enough?
 * Those with a deadline were admitted to what they have.
 */
static bool rt_may_run(const struct rq *rq, const struct task_struct *first)
{
	int us = READ_ONCE(sysctl_sched_rt_runtime_us);

	return task_is_dl(first) || !rq->leftmost || us < 0 || rq->rt_used < us * NSEC_PER_USEC;
}

/* Take the task that is to run off the waiting ones; idle when there is none. */
struct task_struct *pick_next(struct rq *rq)
{
	struct task_struct *p;

	if (unlikely(!list_empty(&rq->rt)) && rt_may_run(rq, first_rt(rq))) {
		p = first_rt(rq);
		list_del(&p->se.run_list);
		if (policy_is_dl(p->policy))
			return p;				/* its runtime is its slice */
		if (p->policy != SCHED_RR)
			p->se.slice_ns = ~0ull;
		else if (p->se.sum_exec_ns >= p->se.slice_ns)
			p->se.slice_ns = p->se.sum_exec_ns + rr_slice_ns();
		return p;
	}
	if (!rq->leftmost)
		return rq->idle;
	p = take_leftmost(rq);
	p->se.slice_ns = p->se.sum_exec_ns + SLICE_NS;
	return p;
}

bool __should_preempt(struct rq *rq, struct task_struct *p)
{
	struct task_struct *curr = rq->curr;

	if (curr == rq->idle)
		return true;
	if (unlikely(task_is_rt(p)))
		return task_is_rt(curr) ? curr->se.urgency > p->se.urgency : rt_may_run(rq, p);
	if (unlikely(task_is_rt(curr)))
		return false;
	if (unlikely(p->policy != SCHED_NORMAL))
		return false;
	if (unlikely(curr->policy == SCHED_IDLE))
		return true;
	return (s64)(curr->se.vruntime - p->se.vruntime) > WAKEUP_GRAN_NS;
}

/* In the tick: has @p, which runs, used up its turn, with somebody there to take over? */
bool slice_expired(struct rq *rq, struct task_struct *p)
{
	s64 ahead;

	if (unlikely(task_is_rt(p))) {
		if (!rt_may_run(rq, p))
			return true;
		if (policy_is_dl(p->policy))
			return p->se.sum_exec_ns >= p->se.slice_ns;
		return p->policy == SCHED_RR && p->se.sum_exec_ns >= p->se.slice_ns && !list_empty(&rq->rt);
	}
	if (!list_empty(&rq->rt) && rt_may_run(rq, first_rt(rq)))
		return true;
	if (!rq->leftmost)
		return false;
	ahead = p->se.vruntime - node_task(rq->leftmost)->se.vruntime;
	/* Who woke up since the last tick met what was charged then: it is ahead of the waiter by more now. */
	return ahead > WAKEUP_GRAN_NS || (ahead > 0 && p->se.sum_exec_ns >= p->se.slice_ns);
}

/* sched_yield(): everybody else who waits goes first. */
void yield_place(struct rq *rq, struct task_struct *p)
{
	struct rb_node *last = rb_last(&rq->tree);

	if (task_is_rt(p)) {
		if (p->se.slice_ns > p->se.sum_exec_ns)		/* what it overran is still owed */
			p->se.slice_ns = p->se.sum_exec_ns;	/* queued behind its equals; or no runtime left */
		return;
	}
	if (last && (s64)(node_task(last)->se.vruntime - p->se.vruntime) > 0)
		p->se.vruntime = node_task(last)->se.vruntime;
}
