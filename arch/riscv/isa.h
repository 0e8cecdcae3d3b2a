/*
 * arch/riscv/isa.h - which extensions each hart has.  Theory: isa.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_ISA_H
#define VELLUM_ARCH_RISCV_ISA_H

#include "include/current.h"

/* After smp_init_harts(). */
void isa_init(void);
/* What a hart that comes up must be told, so that programs can use what it has. */
void isa_init_hart(void);
/* Do all of @harts have @ext? */
bool isa_harts_have(hartmask_t harts, const char *ext);
/* What all of @harts have that programs may use, in the bits of riscv_hwprobe's IMA_EXT_0. */
u64 isa_ima_ext_0(hartmask_t harts);
/* Bytes that cbo.zero clears; 0: not every hart has it. */
extern u32 riscv_cboz_block_size;

#endif
