/*
 * kernel/time/hrtimer.c - timers in trees by expiry; the hardware holds the earliest.
 *
 * MODEL     Each hart has a base with a tree per clock: monotonic, and real time, whose expiries become
 *           monotonic by the offset of the moment.  A start puts a timer on the base of the hart that
 *           starts it; cancelling works from any hart.
 *           Soft timers, which a user may have by the ten thousand, have trees of their own.  An interrupt runs
 *           them while no other is due, and for SOFT_BATCH_NS only; the rest waits for as long as that took,
 *           so that half of the hart is left to others.
 * INVARIANTS
 *   H1  t->hart names the base whose lock guards t; it changes under that lock, while t is not queued
 *       and its function does not run there.
 *   H2  Outside hrtimer_interrupt() hw_next <= the earliest expiry: an interrupt may come for nothing,
 *       never too late.  Inside, the loop looks again before it programs.
 *   H3  base->running is the timer whose function runs; after the function returned NORESTART the timer
 *       is not touched: it may be gone.
 *   H4  A soft timer's function begins only when no hard timer is due, and not before soft_next.
 * LOCKING   base->lock, interrupts off, rank timer; functions run without it.
 * COST      A start that is not the earliest: the insertion only.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/sched.h"
#include "kernel/time/hrtimer.h"
#include "kernel/time/irq_regs.h"

#define SOFT_BATCH_NS	500000u

enum softness { HARD, SOFT };

struct timer_tree {
	struct rb_root root;
	struct rb_node *first;
};

struct hrtimer_base {
	spinlock_t lock;
	unsigned hart;				/* (I) */
	bool in_interrupt;			/* (lock) */
	bool clock_set;				/* (A) look again: the real time jumped */
	struct timer_tree tree[NR_HRTIMER_TREES];	/* (lock) */
	ktime_t soft_next;			/* (lock) H4 */
	struct hrtimer *running;		/* (lock) H3 */
	ktime_t hw_next;			/* (lock) what the hardware waits for */
};

static DEFINE_PER_HART(struct hrtimer_base, timer_bases);
DEFINE_PER_HART(struct pt_regs *, timer_irq_regs);

static __always_inline struct hrtimer *node_timer(struct rb_node *n)
{
	return container_of(n, struct hrtimer, node);
}

ktime_t hrtimer_now(const struct hrtimer *t)
{
	return hrtimer_on_real_time(t) ? ktime_get_real_ns() : ktime_get();
}

/* The base of @t, locked; interrupts are off (H1).  => the caller says so with spin_assert_held() */
static struct hrtimer_base *lock_base(const struct hrtimer *t) NO_LOCK_ANALYSIS
{
	for (;;) {
		struct hrtimer_base *base = per_hart_ptr(&timer_bases, READ_ONCE(t->hart));

		spin_lock(&base->lock);
		if (likely(t->hart == base->hart))
			return base;
		spin_unlock(&base->lock);
	}
}

static void timer_enqueue(struct hrtimer_base *base, struct hrtimer *t) REQUIRES(base->lock)
{
	struct timer_tree *tree = &base->tree[t->clock];
	struct rb_node **link = &tree->root.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if (t->expires < node_timer(parent)->expires) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&t->node, parent, link);
	rb_insert_color(&t->node, &tree->root);
	if (first)
		tree->first = &t->node;
	t->queued = true;
}

static void timer_dequeue(struct hrtimer_base *base, struct hrtimer *t) REQUIRES(base->lock)
{
	struct timer_tree *tree = &base->tree[t->clock];

	if (tree->first == &t->node)
		tree->first = rb_next(&t->node);
	rb_erase(&t->node, &tree->root);
	t->queued = false;
}

/* The earliest timer of @base that is hard or soft, and when it is due on the monotonic clock; NULL, KTIME_MAX. */
static struct hrtimer *earliest(const struct hrtimer_base *base, enum softness soft, ktime_t *due)
{
	const struct timer_tree *tree = &base->tree[soft * NR_HRTIMER_CLOCKS];
	struct hrtimer *best = NULL;

	*due = KTIME_MAX;
	if (tree[HRTIMER_MONOTONIC].first) {
		best = node_timer(tree[HRTIMER_MONOTONIC].first);
		*due = best->expires;
	}
	if (unlikely(tree[HRTIMER_REALTIME].first)) {
		struct hrtimer *t = node_timer(tree[HRTIMER_REALTIME].first);
		s64 mono = (s64)t->expires - ktime_real_offset();

		if (!best || max(mono, (s64)0) < (s64)*due) {
			best = t;
			*due = max(mono, (s64)0);
		}
	}
	return best;
}

/* Let the hardware wait for the earliest timer, unless it waits for an earlier moment (H2). */
static void program(struct hrtimer_base *base) REQUIRES(base->lock)
{
	ktime_t due, soft;

	earliest(base, HARD, &due);
	if (earliest(base, SOFT, &soft))
		due = min(due, max(soft, base->soft_next));		/* H4 */
	if (due < base->hw_next) {
		base->hw_next = due;
		arch_timer_set(ktime_to_ticks(due));
	}
}

void hrtimer_init_clock(struct hrtimer *t, enum hrtimer_restart (*fn)(struct hrtimer *), enum hrtimer_clock c)
{
	t->expires = 0;
	t->function = fn;
	t->hart = this_hart();
	t->queued = false;
	t->clock = c;
	t->data = NULL;
}

void hrtimer_init(struct hrtimer *t, enum hrtimer_restart (*fn)(struct hrtimer *))
{
	hrtimer_init_clock(t, fn, HRTIMER_MONOTONIC);
}

void hrtimer_init_soft(struct hrtimer *t, enum hrtimer_restart (*fn)(struct hrtimer *), enum hrtimer_clock c)
{
	hrtimer_init_clock(t, fn, c + NR_HRTIMER_CLOCKS);
}

void hrtimer_start(struct hrtimer *t, ktime_t expires, enum hrtimer_mode mode)
{
	unsigned long flags = arch_irq_save();
	struct hrtimer_base *mine = this_hart_ptr(&timer_bases), *base;

	if (mode == HRTIMER_MODE_REL)
		expires = ktime_add_safe(hrtimer_now(t), expires);
	for (;;) {
		base = lock_base(t);
		spin_assert_held(&base->lock);
		if (t->queued)
			timer_dequeue(base, t);
		if (likely(base == mine) || base->running == t)
			break;
		t->hart = mine->hart;			/* H1 */
		spin_unlock(&base->lock);
	}
	t->expires = min(expires, KTIME_MAX);
	timer_enqueue(base, t);
	/* Another hart's base: its interrupt loop is about to look again (H2). */
	if (base == mine && !base->in_interrupt)
		program(base);
	spin_unlock_irqrestore(&base->lock, flags);
}

int hrtimer_try_to_cancel(struct hrtimer *t)
{
	unsigned long flags = arch_irq_save();
	struct hrtimer_base *base = lock_base(t);
	int rc = 0;

	spin_assert_held(&base->lock);
	if (t->queued) {
		timer_dequeue(base, t);
		rc = base->running == t ? -1 : 1;
	} else if (base->running == t) {
		rc = -1;
	}
	spin_unlock_irqrestore(&base->lock, flags);
	return rc;
}

bool hrtimer_cancel(struct hrtimer *t)
{
	int rc;

	while ((rc = hrtimer_try_to_cancel(t)) < 0)
		arch_cpu_relax();
	return rc > 0;
}

bool hrtimer_active(const struct hrtimer *t)
{
	unsigned long flags = arch_irq_save();
	struct hrtimer_base *base = lock_base(t);
	bool active;

	spin_assert_held(&base->lock);
	active = t->queued || base->running == t;
	spin_unlock_irqrestore(&base->lock, flags);
	return active;
}

s64 hrtimer_get_remaining(const struct hrtimer *t)
{
	return (s64)(t->expires - hrtimer_now(t));
}

u64 hrtimer_forward(struct hrtimer *t, ktime_t now, ktime_t interval)
{
	u64 n;

	if (now < t->expires || !interval)
		return 0;
	n = (now - t->expires) / interval + 1;
	t->expires = ktime_add_safe(t->expires, n * interval);
	return n;
}

/* ---- the interrupt --------------------------------------------------------------------------- */

/* => interrupts off; lock dropped around the function */
static void run_timer(struct hrtimer_base *base, struct hrtimer *t) REQUIRES(base->lock)
{
	enum hrtimer_restart again;

	timer_dequeue(base, t);
	base->running = t;
	spin_unlock(&base->lock);
	again = t->function(t);
	spin_lock(&base->lock);
	base->running = NULL;				/* H3 */
	if (again == HRTIMER_RESTART && !t->queued)
		timer_enqueue(base, t);
}

/* The soft timer that is to run now, if any; the first of this interrupt makes it *@begun (H4). */
static struct hrtimer *soft_due(struct hrtimer_base *base, ktime_t now, ktime_t *begun) REQUIRES(base->lock)
{
	ktime_t due;
	struct hrtimer *t = earliest(base, SOFT, &due);

	if (!t || due > now || now < base->soft_next)
		return NULL;
	if (!*begun)
		*begun = now;
	if (now - *begun <= SOFT_BATCH_NS)
		return t;
	base->soft_next = now + (now - *begun);
	return NULL;
}

/* Run what is due. */
static void run_due(struct hrtimer_base *base) REQUIRES(base->lock)
{
	ktime_t due, now, begun = 0;
	struct hrtimer *t;

	for (;;) {
		t = earliest(base, HARD, &due);
		now = ktime_get();
		if (!t || due > now)
			t = soft_due(base, now, &begun);
		if (!t)
			return;
		run_timer(base, t);
	}
}

void timer_interrupt(struct pt_regs *regs)
{
	struct hrtimer_base *base = this_hart_ptr(&timer_bases);
	struct pt_regs **slot = this_hart_ptr(&timer_irq_regs);

	*slot = regs;
	spin_lock(&base->lock);
	base->in_interrupt = true;
	run_due(base);
	base->in_interrupt = false;
	base->hw_next = KTIME_MAX;
	program(base);
	if (base->hw_next == KTIME_MAX)
		arch_timer_set(~0ull);		/* acknowledge: nothing to wait for */
	spin_unlock(&base->lock);
	*slot = NULL;
}

void hrtimers_ipi(void)
{
	struct hrtimer_base *base = this_hart_ptr(&timer_bases);

	if (likely(!READ_ONCE(base->clock_set)))
		return;
	WRITE_ONCE(base->clock_set, false);
	spin_lock(&base->lock);
	program(base);
	spin_unlock(&base->lock);
}

void hrtimers_clock_set(void)
{
	unsigned long flags = arch_irq_save();

	for_each_hart_in(h, hart_online_mask) {
		WRITE_ONCE(per_hart_ptr(&timer_bases, h)->clock_set, true);
		if (h != this_hart())
			arch_send_reschedule(h);
	}
	hrtimers_ipi();
	arch_irq_restore(flags);
}

void hrtimers_init_hart(unsigned hart)
{
	struct hrtimer_base *base = per_hart_ptr(&timer_bases, hart);

	spin_lock_init(&base->lock, RANK_TIMER);
	base->hart = hart;
	base->hw_next = KTIME_MAX;
}

/* ---- for /proc/timer_list -------------------------------------------------------------------- */

/* The first timer of @tree that expires at @from or later. */
static struct rb_node *first_from(const struct timer_tree *tree, ktime_t from)
{
	struct rb_node *n = tree->root.rb_node, *found = NULL;

	while (n) {
		if (node_timer(n)->expires >= from) {
			found = n;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return found;
}

bool hrtimer_next_shown(unsigned hart, enum hrtimer_clock clock, struct hrtimer_shown *t)
{
	struct hrtimer_base *base = per_hart_ptr(&timer_bases, hart);
	struct hrtimer *next;
	struct rb_node *n;
	unsigned long flags;

	spin_lock_irqsave(&base->lock, flags);
	n = first_from(&base->tree[clock], t->expires);
	for (unsigned skip = t->same; n && skip && node_timer(n)->expires == t->expires; skip--)
		n = rb_next(n);
	if (n) {
		next = node_timer(n);
		t->same = next->expires == t->expires ? t->same + 1 : 1;
		t->expires = next->expires;
		t->now = hrtimer_now(next);
		t->timer = next;
		t->function = next->function;
	}
	spin_unlock_irqrestore(&base->lock, flags);
	return n;
}

ktime_t hrtimer_hart_due(unsigned hart) { return READ_ONCE(per_hart_ptr(&timer_bases, hart)->hw_next); }
