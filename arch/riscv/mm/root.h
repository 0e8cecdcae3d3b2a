/*
 * arch/riscv/mm/root.h - placing the kernel's half.  Theory: root.c, asm/layout.h
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_MM_ROOT_H
#define VELLUM_ARCH_RISCV_MM_ROOT_H

#include "include/types.h"

/* Root entries counted from the first of the upper half. */
#define LAYOUT_DIRECT_ENTRIES	192ul
#define LAYOUT_VMEMMAP_INDEX	192ul
#define LAYOUT_VMALLOC_INDEX	200ul
#ifdef VELLUM_KASAN
#define LAYOUT_VMALLOC_SV39	16ul	/* entries of 1 GiB; the shadow begins at 220 */
#else
#define LAYOUT_VMALLOC_SV39	32ul
#endif

void layout_init(unsigned levels, phys_addr_t ram_start);
/* Roots that @hart keeps for the next address space. */
unsigned root_list_pages(unsigned hart);

#endif
