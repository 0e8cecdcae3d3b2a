/*
 * asm/irqflags.h - this hart's interrupt enable, sstatus.SIE.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_IRQFLAGS_H
#define VELLUM_ASM_IRQFLAGS_H

#include "include/types.h"

#define SSTATUS_SIE	0x2ul

/* Interrupts off; the result goes to arch_irq_restore() and says nothing else. */
static __always_inline unsigned long arch_irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("csrrci %0, sstatus, 2" : "=r"(flags) :: "memory");
	return flags;
}

static __always_inline void arch_irq_restore(unsigned long flags)
{
	__asm__ volatile("csrs sstatus, %0" :: "r"(flags & SSTATUS_SIE) : "memory");
}

static __always_inline void arch_irq_enable(void) { __asm__ volatile("csrsi sstatus, 2" ::: "memory"); }
static __always_inline void arch_irq_disable(void) { __asm__ volatile("csrci sstatus, 2" ::: "memory"); }

static __always_inline bool arch_irqs_disabled(void)
{
	unsigned long status;

	__asm__ volatile("csrr %0, sstatus" : "=r"(status) :: "memory");
	return !(status & SSTATUS_SIE);
}

/* The Zihintpause hint, a no-op on harts without it. */
static __always_inline void arch_cpu_relax(void) { __asm__ volatile(".word 0x0100000f" ::: "memory"); }

/* Returns when an interrupt is pending, even with interrupts off, or for no reason. */
static __always_inline void arch_wait_for_interrupt(void) { __asm__ volatile("wfi" ::: "memory"); }

#endif
