/*
 * arch/riscv/mm/paging.h - the kernel's final page tables.  Theory: paging.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_MM_PAGING_H
#define VELLUM_ARCH_RISCV_MM_PAGING_H

#include "include/types.h"

void paging_init(void);
unsigned long kernel_satp(void);	/* satp value of swapper_root, ASID 0 */

#endif
