/*
 * arch/riscv/mm/paging.h - the kernel's final page tables.  Theory: paging.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_MM_PAGING_H
#define VELLUM_ARCH_RISCV_MM_PAGING_H

#include "include/types.h"
#include <asm/pte.h>

void paging_init(void);
/* ---- while that runs: a panic if there is no memory ---- */
/* Of node @nid, or of any. */
phys_addr_t paging_alloc(unsigned long bytes, unsigned long align, int nid);
/* The table at @pa, of @level: valid until the next table of that level is asked for. */
pte_t *paging_table_at(phys_addr_t pa, unsigned level);
/* The table below the entry @ptep, which is at @level; made and cleared if there is none. */
phys_addr_t paging_table_below(pte_t *ptep, unsigned level);
/* Map [va, va + bytes) to @pa; nothing of it is mapped yet. */
void paging_map_range(unsigned long va, phys_addr_t pa, unsigned long bytes, pte_t prot);

unsigned long kernel_satp(void);	/* satp value of swapper_root, ASID 0 */

#endif
