/*
 * mm/kmap/fixmap.h - kernel addresses that are known at compile time (slots), mapped by hand.  Theory: fixmap.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KMAP_FIXMAP_H
#define VELLUM_MM_KMAP_FIXMAP_H

#include "include/arch/arch.h"

#define KMAP_DEPTH	6u		/* windows of a hart: two for a task, the others for handlers on top */

enum fixed_address {
	FIX_HOLE,			/* never mapped: nothing runs into the slots from below */
	FIX_TEMP,			/* set_fixmap() by tests and by what the machine's last words need */
	FIX_KMAP = 64,			/* kmap_atomic(): KMAP_DEPTH windows for each hart (highmem.c) */
	FIX_KMAP_END = FIX_KMAP + NR_HARTS * KMAP_DEPTH,
	/* Boot only, before paging_init() is done: */
	FIX_BOOT_COPY = 500,		/* copies the device tree (arch/riscv/setup.c) */
	FIX_BOOT_TABLE = PT_ENTRIES - PT_MAX_LEVELS,	/* a table of each level (arch/riscv/mm/paging.c) */
	NR_FIXED = PT_ENTRIES,
};
BUILD_ASSERT(FIX_KMAP_END <= FIX_BOOT_COPY && FIX_BOOT_COPY < FIX_BOOT_TABLE);

static __always_inline vaddr_t fix_to_virt(unsigned slot)
{
	return FIXMAP_START + slot * PAGE_SIZE;
}

/* Map the page at @pa in @slot / take it away, on every hart.  Its table is the image's own. */
void set_fixmap(enum fixed_address slot, phys_addr_t pa, pte_t prot);
void clear_fixmap(enum fixed_address slot);

#endif
