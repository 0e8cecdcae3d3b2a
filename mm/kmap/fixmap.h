/*
 * mm/kmap/fixmap.h - a few kernel addresses that are known at compile time (slots), mapped by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KMAP_FIXMAP_H
#define VELLUM_MM_KMAP_FIXMAP_H

#include "include/arch/arch.h"

enum fixed_address {
	FIX_HOLE,			/* never mapped */
	FIX_EARLYCON,			/* console registers before ioremap() works */
	FIX_TEXT_POKE,			/* a writable alias of one page of text */
	FIX_TEMP0, FIX_TEMP1,		/* tests, crash dumps */
	NR_FIXED,
};

static inline vaddr_t fix_to_virt(enum fixed_address slot)
{
	return FIXMAP_START + slot * PAGE_SIZE;
}

/* Map the page at @pa in @slot / take it away, on every hart.  Its table is the image's own. */
void set_fixmap(enum fixed_address slot, phys_addr_t pa, pte_t prot);
void clear_fixmap(enum fixed_address slot);

#endif
