/*
 * kernel/irq.h - external interrupts: who handles which line.
 *
 * MODEL     A line has one number per controller; the controller that found a line pending calls
 *           irq_handle(), which calls the handlers of that line.  A handler runs with interrupts
 *           off and returns IRQ_HANDLED or IRQ_NONE.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_IRQ_H
#define VELLUM_IRQ_H

#include "include/types.h"
#include "include/current.h"

#define NR_IRQS		1024
#define IRQ_NONE	0
#define IRQ_HANDLED	1

typedef int (*irq_handler_t)(int irq, void *data);

/* What a controller can do; arch and drivers/irqchip register one. */
struct irq_chip {
	const char *name;
	int (*pick)(int irq, hartmask_t harts);		/* one of @harts that it can send the line to, or -EINVAL */
	void (*enable)(int irq, unsigned hart);		/* the line, to @hart */
	void (*disable_at)(int irq, unsigned hart);	/* no longer to @hart.  => on that hart, in no handler */
	void (*disable)(int irq);			/* to none */
	int (*claim)(void);		/* highest pending line of this hart, 0 when none */
	void (*complete)(int irq);
	void (*init_hart)(void);	/* on each hart that comes up */
};
void irq_set_chip(const struct irq_chip *chip);
void irq_init_hart(void);

/* 0, -EINVAL, -ENOMEM, -EBUSY when the line is taken, -ENODEV without a controller. */
int request_irq(int irq, irq_handler_t handler, void *data, const char *name);
void free_irq(int irq, void *data);
/* An external interrupt is pending on this hart: serve all of them; interrupts off. */
void irq_dispatch(void);

/*
 * The line goes to one of @harts from now on; those that are online count.
 * => sleeps; 0, -EINVAL: its controller reaches none of them, or nobody handles the line
 */
__must_check int irq_set_affinity(int irq, hartmask_t harts);
extern hartmask_t irq_default_affinity;		/* where lines go that are requested from now on */

/* For /proc.  What is asked of a line is true between irq_table_lock() and irq_table_unlock(), which sleep. */
struct irq_state {
	hartmask_t affinity;		/* as asked for */
	int hart;			/* where it goes; -1: nowhere */
	unsigned long unhandled;	/* interrupts that were not its device's */
	u64 last_unhandled_ns;
};
void irq_table_lock(void);
void irq_table_unlock(void);
const char *irq_name(int irq);		/* of the line's owner, or NULL */
unsigned long irq_count(int irq, unsigned hart);
__must_check int irq_state(int irq, struct irq_state *st);	/* 0, or -EINVAL: nobody handles it */
const char *irq_chip_name(void);
void proc_irq_add(int irq);		/* fs/proc/interrupts.c: its folder below /proc/irq, if there is none */

/* Kinds of interrupt that are no lines; counted per hart. */
enum irq_kind { IRQ_KIND_TIMER, IRQ_KIND_RESCHED, IRQ_KIND_CALL, IRQ_KIND_STOP, NR_IRQ_KINDS };
extern const char *const irq_kind_names[NR_IRQ_KINDS][2];	/* short and long name */
/* Work that Linux does in soft interrupts, and we where it arises: how often, in Linux's order of kinds. */
enum softirq_kind {
	HI_SOFTIRQ, TIMER_SOFTIRQ, NET_TX_SOFTIRQ, NET_RX_SOFTIRQ, BLOCK_SOFTIRQ, IRQ_POLL_SOFTIRQ, TASKLET_SOFTIRQ,
	SCHED_SOFTIRQ, HRTIMER_SOFTIRQ, RCU_SOFTIRQ, NR_SOFTIRQS
};
extern const char *const softirq_names[NR_SOFTIRQS];
unsigned long softirq_total(enum softirq_kind kind, unsigned hart);

void irq_kind_count(enum irq_kind kind);
unsigned long irq_kind_total(enum irq_kind kind, unsigned hart);

#endif
