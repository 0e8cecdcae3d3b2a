/*
 * kernel/time/irq_regs.h - the registers that the running timer interrupt came upon.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_IRQ_REGS_H
#define VELLUM_TIME_IRQ_REGS_H

#include "include/current.h"
#include <asm/ptrace.h>

DECLARE_PER_HART(struct pt_regs *, timer_irq_regs);
static inline struct pt_regs *irq_regs(void) { return *this_hart_ptr(&timer_irq_regs); }

#endif
