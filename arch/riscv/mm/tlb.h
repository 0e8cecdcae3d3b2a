/*
 * arch/riscv/mm/tlb.h - address-space switches and fences.  Theory: tlb.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_MM_TLB_H
#define VELLUM_ARCH_RISCV_MM_TLB_H

/* Find the width of satp.ASID; `asidbits=` narrows it.  Boot hart. */
void asid_probe(void);

#endif
