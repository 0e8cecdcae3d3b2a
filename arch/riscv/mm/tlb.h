/*
 * arch/riscv/mm/tlb.h - address-space switches and fences.  Theory: tlb.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_MM_TLB_H
#define VELLUM_ARCH_RISCV_MM_TLB_H

#include "include/current.h"

/* What fences cost this hart; counted beside instructions. */
struct tlb_stat {
	unsigned long local_page, local_all;	/* sfence.vma by address; whole */
	unsigned long remote, remote_harts;	/* orders to others; harts that they went to */
	unsigned long fence_i, remote_fence_i;
	unsigned long switches, switch_flushes;
};
DECLARE_PER_HART(struct tlb_stat, tlb_stat);

/* Find the width of satp.ASID; `asidbits=` narrows it.  Boot hart. */
void asid_probe(void);

#endif
