/*
 * mm/phys/init.h - from memblock to the buddy system.
 *
 * MODEL     setup_arch()     fills memblock, makes the direct map and the vmemmap;
 *           mm_init_phys()   nodes, zones, the memory map, zonelists, watermarks; then hands free
 *                            memory to the buddy system.  memblock allocates no more.
 *           vmemmap must be mapped, and need not be cleared, for every range of
 *           for_each_mem_pfn_range() rounded out to MAX_ORDER_NR_PAGES:
 *           for_each_vmemmap_pfn_range() gives these, merged and disjoint.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_INIT_H
#define VELLUM_MM_PHYS_INIT_H

#include "include/types.h"

struct zone;

/* The pages whose struct page must be mapped, in address order; @i from 0, *@end as the last call left it. */
bool next_vmemmap_pfn_range(unsigned *i, pfn_t *start, pfn_t *end, int *nid);
#define for_each_vmemmap_pfn_range(i, pstart, pend, pnid) \
	for (i = 0; next_vmemmap_pfn_range(&i, pstart, pend, pnid); )

/* => nr_harts is set, the direct map and the vmemmap are up, one hart runs */
void mm_init_phys(void);

/* Give boot-time memory (kernel's init sections, the initrd) to the buddy system: bytes given. */
unsigned long free_reserved_area(phys_addr_t start, phys_addr_t end, const char *what);

/* kernelcore=, movablecore=: sizes with K M G or percent.  0 or -EINVAL; before mm_init_phys(). */
int cmdline_parse_kernelcore(const char *value);
int cmdline_parse_movablecore(const char *value);

/* Physical address below which the direct map reaches; the rest is HighMem.  Set by setup_arch(). */
extern phys_addr_t directmap_limit;

extern unsigned long memmap_pages;		/* frames that hold struct pages */
extern unsigned long boot_free_pages;		/* free when mm_init_phys() returned */

/* ---- mm/phys/deferred.c: memory that is free, but whose struct pages are not made yet -------- */

bool deferred_grow_zone(struct zone *zone, unsigned order);	/* one section more; any context */
extern bool deferred_wanted;			/* idle harts look for sections to make */
void deferred_idle_begin(void);
bool __deferred_idle_step(void);		/* one section; false: nothing is left */
static inline bool deferred_idle_step(void) { return unlikely(deferred_wanted) && __deferred_idle_step(); }

#endif
