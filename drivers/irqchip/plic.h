/*
 * drivers/irqchip/plic.h - the platform-level interrupt controller.  Theory: plic.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_DRIVERS_PLIC_H
#define VELLUM_DRIVERS_PLIC_H

/* Find and silence every PLIC of the tree.  => ioremap() works */
void plic_init(void);

#endif
