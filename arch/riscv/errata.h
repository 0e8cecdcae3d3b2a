/*
 * arch/riscv/errata.h - what this machine's harts get wrong.  Theory: errata.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_ERRATA_H
#define VELLUM_ARCH_RISCV_ERRATA_H

#include "include/types.h"

/* sfence.vma with an address or an ASID may miss: fence everything (CIP-1200). */
extern bool errata_no_address_fence;

/* Which apply: from the ids of the boot hart, and `errata=` (names, or "none").  After sbi_init(). */
void errata_init(void);

#endif
