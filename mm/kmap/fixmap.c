/*
 * mm/kmap/fixmap.c - kernel addresses that are known at compile time.
 *
 * MODEL     Slot n is the n-th page of FIXMAP_START; one level-0 table, part of the image, serves all, so
 *           a slot can be mapped before anything else works and cannot fail.  The table is
 *           in every root through the entry that the kernel image shares (Y1).
 *           Which slot is whose: enum fixed_address.
 * LOCKING   A slot has one user at a time, who knows of it.  kmap_atomic() writes its hart's own slots
 *           without coming here (highmem.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/fixmap.h"
#include "mm/pt/flush.h"

static void fixmap_write(enum fixed_address slot, pte_t pte)
{
	ASSERT(slot > FIX_HOLE && slot < FIX_KMAP);
	set_pte(&fixmap_pte[slot], pte);
	flush_tlb_kernel_range(fix_to_virt(slot), fix_to_virt(slot) + PAGE_SIZE);
}

void set_fixmap(enum fixed_address slot, phys_addr_t pa, pte_t prot)
{
	fixmap_write(slot, pfn_pte(PFN_DOWN(pa), prot));
}

void clear_fixmap(enum fixed_address slot)
{
	fixmap_write(slot, pte_empty());
}
