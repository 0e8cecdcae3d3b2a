/*
 * arch/riscv/smp.h - harts.  Theory: harts.c, smp.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_SMP_H
#define VELLUM_ARCH_RISCV_SMP_H

#include "include/current.h"

struct fdt_cpu;
struct pt_regs;

extern unsigned long boot_hartid;
/* ---- harts.c; while the machine boots -------------------------------------------------------- */
/* May @cpu run this kernel?  The boot hart does, whatever the tree says of it. */
bool smp_hart_usable(const struct fdt_cpu *cpu);
/* Do all that may have @extension? */
bool smp_all_harts_have(const char *extension);
/* Its extensions of "imafdc", as bits of AT_HWCAP. */
unsigned long hart_base_isa(const struct fdt_cpu *cpu);
/* Number the harts of the tree, and give each its per-hart area.  Direct map up, one hart runs. */
void smp_init_harts(void);

/* ---- smp.c ----------------------------------------------------------------------------------- */
/* Software interrupts of this hart on. */
void smp_init_irq(void);
/* Serve what other harts asked of this one; interrupts off. */
void ipi_handle(struct pt_regs *regs);
/* Stop all other harts for good: panic, power off.  Any context; waits a little, not for ever. */
void smp_stop_others(void);

#endif
