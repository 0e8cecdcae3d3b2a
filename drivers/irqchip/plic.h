/*
 * drivers/irqchip/plic.h - the platform-level interrupt controller.  Theory: plic.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_DRIVERS_PLIC_H
#define VELLUM_DRIVERS_PLIC_H

/* Find and silence every PLIC of the tree.  => ioremap() works */
void plic_init(void);
/* The line of the idx-th interrupt of @node, on whichever PLIC; 0: it has none, or on no PLIC. */
int plic_find_irq(int node, int idx);

#endif
