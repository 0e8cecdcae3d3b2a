/*
 * test/host/include/asm/irqflags.h - interrupts of a simulated hart: a flag that tests can read.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_ASM_IRQFLAGS_H
#define HOST_ASM_IRQFLAGS_H

extern __thread unsigned long host_irqs_off;

static inline unsigned long arch_irq_save(void)
{
	unsigned long flags = host_irqs_off;

	host_irqs_off = 1;
	return flags;
}
static inline void arch_irq_restore(unsigned long flags) { host_irqs_off = flags; }
static inline void arch_irq_enable(void) { host_irqs_off = 0; }
static inline void arch_irq_disable(void) { host_irqs_off = 1; }
static inline int arch_irqs_disabled(void) { return host_irqs_off != 0; }
int sched_yield(void);			/* threads may outnumber cores: a ticket must get its turn */
static inline void arch_cpu_relax(void) { sched_yield(); }
static inline void arch_wait_for_interrupt(void) {}

#endif
