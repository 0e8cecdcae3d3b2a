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

#define NR_IRQS		1024
#define IRQ_NONE	0
#define IRQ_HANDLED	1

typedef int (*irq_handler_t)(int irq, void *data);

/* What a controller can do; arch and drivers/irqchip register one. */
struct irq_chip {
	const char *name;
	void (*enable)(int irq);
	void (*disable)(int irq);
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

/* For /proc/interrupts: name of the line's owner or NULL, and its count on a hart. */
const char *irq_name(int irq);
unsigned long irq_count(int irq, unsigned hart);
const char *irq_chip_name(void);

/* Kinds of interrupt that are no lines; counted per hart. */
enum irq_kind { IRQ_KIND_TIMER, IRQ_KIND_RESCHED, IRQ_KIND_CALL, IRQ_KIND_STOP, NR_IRQ_KINDS };
extern const char *const irq_kind_names[NR_IRQ_KINDS][2];	/* short and long name */
void irq_kind_count(enum irq_kind kind);
unsigned long irq_kind_total(enum irq_kind kind, unsigned hart);

#endif
