/*
 * kernel/sync/rcu.c - grace periods: when has every hart been quiet?
 *
 * MODEL     Grace periods are numbered, and run one at a time.  One begins with a set of harts that owe a quiet
 *           state; each takes itself out; with the last one it ends.  A hart's callbacks move on together:
 *
 *               call_rcu() --> fresh --(a period that begins later)--> waiting --(it ends)--> done --> called
 *
 *           fresh callbacks wait until there are BATCH of them, or a tick finds them.  Each hart moves and
 *           calls its own, from rcu_quiet(), CALLS at a time.
 * INVARIANTS
 *   U1  A period that begins after a callback was queued ends after every reader that could have found
 *       what the callback frees: the unhooking is ordered before the begin, the begin before the report of
 *       each hart (both under rcu_lock), and a reader before its hart's report.
 *   U2  A hart in the idle loop's wait has interrupts off, so no handler reads on it; it is left out.  Its
 *       `idle` and our look at it are a store and a load with full barriers on both sides: we see it, or
 *       the hart sees what was unhooked before the period began.
 *   U3  `look` is set for a hart that owes a quiet state, and for one with callbacks that can move.
 *   U4  A hart that waits idly with callbacks is interrupted when they can move: we see `idle`, or it
 *       sees `look` before it waits.  Fresh callbacks it does not take along: rcu_idle_quiet().
 * LOCKING   rcu_lock, interrupts off: the numbers and the set.  A hart's lists: interrupts off on that hart.
 * COST      rcu_quiet() with nothing to do: a load and a branch.  A period: rcu_lock twice on each hart.
 * TESTS     test/host/kernel/sync/test_rcu.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sync/rcu.h"
#include "kernel/sync/completion.h"
#include "kernel/sync/spinlock.h"

#define BATCH	32u		/* fresh callbacks that are worth a grace period at once */
#define CALLS	128u		/* callbacks that one rcu_quiet() calls: others want the hart, too */

DEFINE_PER_HART(struct rcu_hart, rcu_harts);

static DEFINE_SPINLOCK(rcu_lock, RANK_RCU);
static unsigned long period;		/* (rcu_lock) the last that began; it runs while owing is not empty */
static unsigned long wanted;		/* (rcu_lock) the last that somebody waits for */
static unsigned long hurried;		/* (rcu_lock) up to this one harts are interrupted for it */
static hartmask_t owing;		/* (rcu_lock) harts that have not been quiet in it yet */

/* ---- lists of callbacks ------------------------------------------------------------------------ */

static void list_append(struct rcu_callbacks *to, struct rcu_head *first, struct rcu_head **last)
{
	if (to->first)
		*to->last = first;
	else
		to->first = first;
	to->last = last;
}

/* All of @from go behind those of @to. */
static void list_move_all(struct rcu_callbacks *to, struct rcu_callbacks *from)
{
	if (!from->first)
		return;
	list_append(to, from->first, from->last);
	from->first = NULL;
}

static struct rcu_head *list_pop(struct rcu_callbacks *from)
{
	struct rcu_head *head = from->first;

	if (head)
		from->first = head->next;
	return head;
}

/* ---- grace periods ----------------------------------------------------------------------------- */

static bool period_ended(unsigned long nr) REQUIRES(rcu_lock)
{
	return nr < period || (nr == period && !owing.bits);
}

/* Begin the next one, which is wanted, while none runs.  Returns the harts to interrupt. */
static unsigned long period_begin(void) REQUIRES(rcu_lock)
{
	period++;
	smp_mb();	/* U2: pairs with rcu_idle_exit() */
	for_each_hart_in(h, hart_online_mask) {
		struct rcu_hart *r = per_hart_ptr(&rcu_harts, h);

		if (READ_ONCE(r->idle))
			continue;
		owing.bits |= BIT(h);
		WRITE_ONCE(r->look, true);		/* U3 */
	}
	return hurried >= period ? owing.bits : 0;
}

/* A period ended: who has callbacks that waited shall look.  Returns the harts to interrupt. */
static unsigned long wake_harts(void) REQUIRES(rcu_lock)
{
	unsigned long look = 0, idle = 0;

	for_each_hart_in(h, hart_online_mask) {
		struct rcu_hart *r = per_hart_ptr(&rcu_harts, h);

		if (r->waiting.first) {
			WRITE_ONCE(r->look, true);
			look |= BIT(h);
		}
	}
	smp_mb();	/* U4: pairs with rcu_idle_enter() */
	for_each_hart_in(h, (hartmask_t){ look })
		if (READ_ONCE(per_hart_ptr(&rcu_harts, h)->idle))
			idle |= BIT(h);
	return idle;
}

/* The last hart was quiet: on with the next period.  One may find all harts idle, and end at once. */
static unsigned long period_end(void) REQUIRES(rcu_lock)
{
	unsigned long kick = wake_harts();

	while (!owing.bits && period < wanted)
		kick |= period_begin() | (owing.bits ? 0 : wake_harts());
	return kick;
}

/* This hart is quiet.  Returns the harts to interrupt for a period that ends or begins. */
static unsigned long report_quiet(void) REQUIRES(rcu_lock)
{
	unsigned long bit = BIT(this_hart());

	if (!(owing.bits & bit))
		return 0;
	owing.bits &= ~bit;
	return owing.bits ? 0 : period_end();
}

/* What of @r can move on.  Returns the harts to interrupt. */
static unsigned long advance(struct rcu_hart *r) REQUIRES(rcu_lock)
{
	if (r->waiting.first && period_ended(r->waits_for))
		list_move_all(&r->done, &r->waiting);
	if (r->waiting.first || !r->fresh.first)
		return 0;
	list_move_all(&r->waiting, &r->fresh);
	r->nr_new = 0;
	r->waits_for = period + 1;			/* U1: it has not begun */
	if (wanted < r->waits_for)
		wanted = r->waits_for;
	return owing.bits ? 0 : period_end();
}

static void interrupt_harts(unsigned long harts)
{
	for (harts &= ~BIT(this_hart()); harts; harts &= harts - 1)
		arch_send_reschedule(__builtin_ctzl(harts));
}

/* => interrupts off; look is cleared before the lists are looked at: who sets it later is seen later */
static void move_on(struct rcu_hart *r)
{
	unsigned long kick;

	WRITE_ONCE(r->look, false);
	smp_mb();
	spin_lock(&rcu_lock);
	kick = report_quiet();
	kick |= advance(r);
	kick |= report_quiet();		/* of the period that we may just have begun */
	if (r->waiting.first && period_ended(r->waits_for))
		list_move_all(&r->done, &r->waiting);
	spin_unlock(&rcu_lock);
	if (r->done.first || (r->fresh.first && !r->waiting.first))
		WRITE_ONCE(r->look, true);
	interrupt_harts(kick);
}

void __rcu_quiet(void)
{
	struct rcu_hart *r;
	unsigned long flags = arch_irq_save();

	r = this_hart_ptr(&rcu_harts);
	INV(U1, current_base()->rcu_depth == 0);
	r->nr_rounds++;
	move_on(r);
	for (unsigned n = 0; n < CALLS; n++) {
		struct rcu_head *head = list_pop(&r->done);

		if (!head)
			break;
		arch_irq_restore(flags);	/* no sleep: it stays this hart */
		head->func(head);
		flags = arch_irq_save();
	}
	arch_irq_restore(flags);
}

/* ---- for everyone ------------------------------------------------------------------------------ */

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	unsigned long flags = arch_irq_save();
	struct rcu_hart *r = this_hart_ptr(&rcu_harts);

	head->next = NULL;
	head->func = func;
	list_append(&r->fresh, head, &head->next);
	if (++r->nr_new >= BATCH)
		WRITE_ONCE(r->look, true);
	arch_irq_restore(flags);
}

void rcu_hurry(void)
{
	unsigned long flags, kick;

	spin_lock_irqsave(&rcu_lock, flags);
	WRITE_ONCE(this_hart_ptr(&rcu_harts)->look, true);
	hurried = period + 2;		/* the one that runs, and the one that fresh callbacks will wait for */
	kick = owing.bits;
	spin_unlock_irqrestore(&rcu_lock, flags);
	interrupt_harts(kick);
}

struct rcu_waiter {
	struct rcu_head head;
	struct completion done;
};

static void wake_waiter(struct rcu_head *head)
{
	complete(&container_of(head, struct rcu_waiter, head)->done);
}

int rcu_expedited = 1, rcu_normal;

void synchronize_rcu(void)
{
	struct rcu_waiter w;

	might_sleep();
	init_completion(&w.done);
	call_rcu(&w.head, wake_waiter);
	if (READ_ONCE(rcu_expedited) && !READ_ONCE(rcu_normal))
		rcu_hurry();
	wait_for_completion(&w.done);
}

bool rcu_tick(void)
{
	struct rcu_hart *r = this_hart_ptr(&rcu_harts);

	if (r->fresh.first && !r->waiting.first)
		WRITE_ONCE(r->look, true);
	return READ_ONCE(r->look);
}

void rcu_idle_quiet(void)
{
	(void)rcu_tick();		/* no tick comes while it is idle */
	rcu_quiet();
}

bool rcu_idle_enter(void)
{
	struct rcu_hart *r = this_hart_ptr(&rcu_harts);

	WRITE_ONCE(r->idle, true);
	smp_mb();	/* U2, U4: pairs with period_begin() and with wake_harts() */
	return !READ_ONCE(r->look);
}

void rcu_idle_exit(void)
{
	WRITE_ONCE(this_hart_ptr(&rcu_harts)->idle, false);
	smp_mb();	/* U2: pairs with period_begin() */
}
