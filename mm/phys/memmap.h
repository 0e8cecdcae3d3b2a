/*
 * mm/phys/memmap.h - making struct pages, by sections; for mm/phys/{init,deferred}.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_MEMMAP_H
#define VELLUM_MM_PHYS_MEMMAP_H

#include "mm/phys/zone.h"

enum section_state { SECTION_ABSENT, SECTION_DEFERRED, SECTION_BUSY, SECTION_READY };
extern u8 *section_states;		/* (A) enum section_state */
extern u8 *section_zones;		/* (I) of a deferred section: its index in zone_table */
extern unsigned long nr_sections;

void memmap_plan(void);			/* which sections are made now, which later */
void memmap_init(void);
void memmap_init_section(unsigned long section);	/* the struct pages of all its memory */
/* Hand the section's free memory to the buddy system; pages. */
unsigned long memmap_free_section(unsigned long section);

#endif
