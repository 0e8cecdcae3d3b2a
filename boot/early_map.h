/*
 * boot/early_map.h - what head.S takes from the first page tables.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_BOOT_EARLY_MAP_H
#define VELLUM_BOOT_EARLY_MAP_H

#include "include/types.h"

/* head.S knows the offsets. */
struct early_map_result {
	unsigned long satp[3];		/* Sv57, Sv48, Sv39; 0: not wanted */
	unsigned long va_offset;	/* link address - load address */
};

/*
 * Build them; @dtb_pa is the device tree, 0 if there is none that can be read.  Runs with the MMU off.
 * May be called again: head.S does so with 0 when reading the tree raised an exception.
 */
struct early_map_result *early_map(unsigned long dtb_pa);

/* What their leaves of memory carry besides: PTE_THEAD_PMA, or 0. */
extern unsigned long early_pma;
/* boot/memory_type.c: which it is on the hart that asks. */
unsigned long early_memory_type(void);

/* Whether what looked like a device tree is visible at DTB_FIXMAP. */
extern bool early_tree_mapped;

#endif
