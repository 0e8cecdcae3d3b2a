/*
 * kernel/irq.c - external interrupts: who handles which line.
 *
 * MODEL     One handler per line.  The table is read by interrupt handlers without a lock: a line's handler
 *           is published last and the line enabled after that; it is disabled before it is taken away.
 *           Counts are kept per line and hart, lines in use only.
 * LOCKING   irq_lock for changes; interrupts off.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/irq.h"
#include "include/arch/arch.h"
#include "include/current.h"
#include "include/uapi/errno.h"
#include "kernel/sync/spinlock.h"
#include "lib/printk.h"
#include "mm/slab/slab.h"

struct irq_line {
	irq_handler_t handler;
	void *data;
	const char *name;
	unsigned long unhandled;
	unsigned long count[NR_HARTS];
};

const char *const irq_kind_names[NR_IRQ_KINDS][2] = {
	[IRQ_KIND_TIMER] = { "TMR", "Timer interrupts" },
	[IRQ_KIND_RESCHED] = { "IPI0", "Rescheduling interrupts" },
	[IRQ_KIND_CALL] = { "IPI1", "Function call interrupts" },
	[IRQ_KIND_STOP] = { "IPI2", "CPU stop interrupts" },
};

static struct irq_line *lines[NR_IRQS];		/* (irq_lock) to change */
static const struct irq_chip *chip;
static DEFINE_SPINLOCK(irq_lock, RANK_NONE);
static DEFINE_PER_HART(struct { unsigned long n[NR_IRQ_KINDS]; }, kind_counts);

void irq_set_chip(const struct irq_chip *c) { chip = c; }
const char *irq_chip_name(void) { return chip ? chip->name : "none"; }

void irq_init_hart(void)
{
	if (chip && chip->init_hart)
		chip->init_hart();
}

int request_irq(int irq, irq_handler_t handler, void *data, const char *name)
{
	struct irq_line *l;
	unsigned long flags;

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
	spin_lock_irqsave(&irq_lock, flags);
	if (lines[irq]) {
		spin_unlock_irqrestore(&irq_lock, flags);
		kfree(l);
		return -EBUSY;
	}
	smp_store_release(&lines[irq], l);
	chip->enable(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
	return 0;
}

static void nothing(__maybe_unused void *arg) {}

void free_irq(int irq, void *data)
{
	struct irq_line *l;
	unsigned long flags;

	if (irq <= 0 || irq >= NR_IRQS)
		return;
	spin_lock_irqsave(&irq_lock, flags);
	l = lines[irq];
	if (l && l->data == data) {
		chip->disable(irq);
		lines[irq] = NULL;
	} else {
		l = NULL;
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	if (!l)
		return;
	arch_call_on(hart_online_mask, nothing, NULL);	/* every handler that saw it has returned */
	kfree(l);
}

static void handle_line(int irq)
{
	struct irq_line *l = smp_load_acquire(&lines[irq]);

	if (!l)
		return;
	l->count[this_hart()]++;
	if (l->handler(irq, l->data) == IRQ_NONE && ++l->unhandled == 100000) {
		pr_err("irq %d: nobody cared (%s)\n", irq, l->name);
		chip->disable(irq);
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

const char *irq_name(int irq)
{
	return irq > 0 && irq < NR_IRQS && lines[irq] ? lines[irq]->name : NULL;
}

unsigned long irq_count(int irq, unsigned hart)
{
	return irq > 0 && irq < NR_IRQS && lines[irq] ? lines[irq]->count[hart] : 0;
}

void irq_kind_count(enum irq_kind kind) { this_hart_ptr(&kind_counts)->n[kind]++; }
unsigned long irq_kind_total(enum irq_kind kind, unsigned hart)
{
	return per_hart_ptr(&kind_counts, hart)->n[kind];
}
