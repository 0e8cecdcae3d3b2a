/*
 * kernel/irq.c - external interrupts: who handles which line.
 *
 * MODEL     One handler per line.  The table is read by interrupt handlers without a lock: a line's handler
 *           is published last and the line enabled after that; it is disabled before it is taken away.
 *           Counts are kept per line and hart, lines in use only.
 *           A line goes to one hart at a time, of those it may go to.
 * INVARIANTS
 *   N1  A controller hears that a handler is done from the hart that took the line, while the line goes there.
 *       So a hart is cut off from a line on itself, where no handler is under way, and before another gets it;
 *       what comes in between waits in the controller.
 * LOCKING   irq_mutex: changes of the table, and where lines go.  irq_lock inside it, interrupts off: the
 *           controller's registers.
 * TESTS     test/user/t_devices.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/irq.h"
#include "include/arch/arch.h"
#include "include/current.h"
#include "include/uapi/errno.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/rcu.h"
#include "kernel/time/time.h"
#include "kernel/sync/spinlock.h"
#include "lib/printk.h"
#include "mm/slab/slab.h"

struct irq_line {
	irq_handler_t handler;
	void *data;
	const char *name;
	hartmask_t affinity;			/* (irq_mutex) */
	int hart;				/* (irq_mutex, irq_lock) where it goes; -1 */
	unsigned long unhandled;
	u64 last_unhandled_ns;
	unsigned long count[NR_HARTS];
};

const char *const irq_kind_names[NR_IRQ_KINDS][2] = {
	[IRQ_KIND_TIMER] = { "TMR", "Timer interrupts" },
	[IRQ_KIND_RESCHED] = { "IPI0", "Rescheduling interrupts" },
	[IRQ_KIND_CALL] = { "IPI1", "Function call interrupts" },
	[IRQ_KIND_STOP] = { "IPI2", "CPU stop interrupts" },
};

const char *const softirq_names[NR_SOFTIRQS] = {
	"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU",
};

static struct irq_line *lines[NR_IRQS];		/* (irq_mutex) to change; (irq_lock) to take away */
static const struct irq_chip *chip;
static DEFINE_MUTEX(irq_mutex, RANK_SLEEP_LEAF);
static DEFINE_SPINLOCK(irq_lock, RANK_NONE);
hartmask_t irq_default_affinity = { ~0ul };
static DEFINE_PER_HART(struct { unsigned long n[NR_IRQ_KINDS]; }, kind_counts);

void irq_set_chip(const struct irq_chip *c) { chip = c; }
const char *irq_chip_name(void) { return chip ? chip->name : "none"; }

static int pick_hart(int irq, hartmask_t harts)
{
	return chip->pick(irq, (hartmask_t){ harts.bits & hart_online_mask.bits });
}

/* Where nobody asked otherwise, and anywhere rather than nowhere: to a hart that is yet to come. */
static void enable_line(int irq, struct irq_line *l) REQUIRES(irq_mutex)
{
	unsigned long flags;
	int hart;

	l->affinity = irq_default_affinity;
	hart = pick_hart(irq, l->affinity);
	if (hart < 0)
		hart = pick_hart(irq, hart_online_mask);
	if (hart < 0)
		hart = chip->pick(irq, (hartmask_t){ ~0ul });
	if (hart < 0)
		pr_warn("%s: line %d reaches no hart\n", chip->name, irq);
	spin_lock_irqsave(&irq_lock, flags);
	l->hart = hart;
	if (hart >= 0)
		chip->enable(irq, hart);
	spin_unlock_irqrestore(&irq_lock, flags);
}

int request_irq(int irq, irq_handler_t handler, void *data, const char *name)
{
	struct irq_line *l;

	if (irq <= 0 || irq >= NR_IRQS || !handler)
		return -EINVAL;
	if (!chip)
		return -ENODEV;
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	l->handler = handler;
	l->data = data;
	l->name = name;
	mutex_lock(&irq_mutex);
	if (lines[irq]) {
		mutex_unlock(&irq_mutex);
		kfree(l);
		return -EBUSY;
	}
	l->hart = -1;
	smp_store_release(&lines[irq], l);
	enable_line(irq, l);
	mutex_unlock(&irq_mutex);
	proc_irq_add(irq);
	return 0;
}

/* Firmware that starts a hart may cut it off from all lines: those that go to it are enabled now. */
void irq_init_hart(void)
{
	unsigned long flags;

	if (!chip)
		return;
	chip->init_hart();
	spin_lock_irqsave(&irq_lock, flags);
	for (int i = 1; i < NR_IRQS; i++)
		if (lines[i] && lines[i]->hart == (int)this_hart())
			chip->enable(i, this_hart());
	spin_unlock_irqrestore(&irq_lock, flags);
}

static void nothing(__maybe_unused void *arg) {}

/* @irq goes nowhere; and its handler @l is no longer there.  @l NULL: it is. */
static void disable_line(int irq, struct irq_line *l)
{
	unsigned long flags;

	spin_lock_irqsave(&irq_lock, flags);
	chip->disable(irq);
	if (l)
		lines[irq] = NULL;
	spin_unlock_irqrestore(&irq_lock, flags);
}

void free_irq(int irq, void *data)
{
	struct irq_line *l;

	if (irq <= 0 || irq >= NR_IRQS)
		return;
	mutex_lock(&irq_mutex);
	l = lines[irq];
	if (l && l->data == data)
		disable_line(irq, l);
	else
		l = NULL;
	mutex_unlock(&irq_mutex);
	if (!l)
		return;
	arch_call_on(hart_online_mask, nothing, NULL);	/* every handler that saw it has returned */
	kfree(l);
}

struct leave { int irq; unsigned hart; };

/* N1.  => on the hart to cut off, or that is not online; interrupts off */
static void leave_hart(void *arg)
{
	const struct leave *l = arg;

	spin_lock(&irq_lock);
	chip->disable_at(l->irq, l->hart);
	spin_unlock(&irq_lock);
}

static void move_line(int irq, struct irq_line *l, int hart) REQUIRES(irq_mutex)
{
	struct leave from = { irq, l->hart };
	unsigned long flags;

	if (l->hart == hart)
		return;
	if (l->hart >= 0)
		arch_call_on((hartmask_t){ hart_online_mask.bits & BIT(l->hart) ? BIT(l->hart) : BIT(this_hart()) },
			     leave_hart, &from);
	spin_lock_irqsave(&irq_lock, flags);
	l->hart = hart;
	chip->enable(irq, hart);
	spin_unlock_irqrestore(&irq_lock, flags);
}

int irq_set_affinity(int irq, hartmask_t harts)
{
	struct irq_line *l;
	int rc = -EINVAL;

	mutex_lock(&irq_mutex);
	l = irq > 0 && irq < NR_IRQS ? lines[irq] : NULL;
	if (l)
		rc = pick_hart(irq, harts);
	if (rc >= 0) {
		l->affinity = harts;
		move_line(irq, l, rc);
		rc = 0;
	}
	mutex_unlock(&irq_mutex);
	return rc;
}

static void handle_line(int irq)
{
	struct irq_line *l = smp_load_acquire(&lines[irq]);

	if (!l)
		return;
	l->count[this_hart()]++;
	if (l->handler(irq, l->data) == IRQ_NONE) {
		l->last_unhandled_ns = ktime_get();
		if (++l->unhandled == 100000) {
			pr_err("irq %d: nobody cared (%s)\n", irq, l->name);
			disable_line(irq, NULL);
		}
	}
}

void irq_dispatch(void)
{
	int irq;

	if (!chip)
		return;
	while ((irq = chip->claim()) > 0) {
		handle_line(irq);
		chip->complete(irq);
	}
}

/* ---- what /proc tells ------------------------------------------------------------------------ */

void irq_table_lock(void) ACQUIRE(irq_mutex) { mutex_lock(&irq_mutex); }
void irq_table_unlock(void) RELEASE(irq_mutex) { mutex_unlock(&irq_mutex); }

const char *irq_name(int irq)
{
	return irq > 0 && irq < NR_IRQS && lines[irq] ? lines[irq]->name : NULL;
}

unsigned long irq_count(int irq, unsigned hart)
{
	return irq > 0 && irq < NR_IRQS && lines[irq] ? lines[irq]->count[hart] : 0;
}

int irq_state(int irq, struct irq_state *st)
{
	const struct irq_line *l = irq > 0 && irq < NR_IRQS ? lines[irq] : NULL;

	if (!l)
		return -EINVAL;
	*st = (struct irq_state){ l->affinity, l->hart, l->unhandled, l->last_unhandled_ns };
	return 0;
}

/* Ticks, looks for a hart that has too much to do, and rounds of RCU's callbacks; we have none of the others. */
unsigned long softirq_total(enum softirq_kind kind, unsigned hart)
{
	switch (kind) {
	case TIMER_SOFTIRQ:
		return hart_nr_ticks(hart);
	case SCHED_SOFTIRQ:
		return hart_nr_balances(hart);
	case RCU_SOFTIRQ:
		return READ_ONCE(per_hart_ptr(&rcu_harts, hart)->nr_rounds);
	default:
		return 0;
	}
}

void irq_kind_count(enum irq_kind kind) { this_hart_ptr(&kind_counts)->n[kind]++; }
unsigned long irq_kind_total(enum irq_kind kind, unsigned hart)
{
	return per_hart_ptr(&kind_counts, hart)->n[kind];
}
