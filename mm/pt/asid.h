/*
 * mm/pt/asid.h - address-space identifiers with generations.  Theory: asid.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PT_ASID_H
#define VELLUM_MM_PT_ASID_H

#include "include/mm_types.h"

/* Once, on the boot hart, when arch_asid_bits and nr_harts are known. */
void asid_init(void);

/*
 * The ASID with which @hart is to run @mm.  *flush_all: drop every translation of this hart
 * before it uses it (roll-over, or there are no ASIDs) (L5).
 * => interrupts off; called by arch_switch_mm()
 */
unsigned long asid_get(struct mm_struct *mm, unsigned hart, bool *flush_all);

/* The ASID that tags whatever a hart of mm->harts still holds of @mm; 0 when it never ran. */
unsigned long asid_of(const struct mm_struct *mm);

/* Does the machine have enough ASIDs that switching address spaces needs no flush? */
extern unsigned asid_bits;		/* (I) 0: no */
static __always_inline bool asid_enabled(void) { return asid_bits != 0; }

extern unsigned long asid_rollovers;	/* so far */

#endif
