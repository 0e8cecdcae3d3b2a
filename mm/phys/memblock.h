/*
 * mm/phys/memblock.h - memory while the machine boots, before the buddy system is up.
 *
 * MODEL     Two sorted arrays of ranges: `memory`, what the machine has (with its node), and
 *           `reserved`, what is in use.  Free is memory minus reserved minus what is NOMAP.
 *           Ranges are bytes; nothing needs to be page-aligned.  The phys forms return physical
 *           addresses of memory that is not cleared, and need no direct map; 0 says none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_MEMBLOCK_H
#define VELLUM_MM_PHYS_MEMBLOCK_H

#include "include/types.h"

#define NUMA_NO_NODE		(-1)
#define MEMBLOCK_NONE		0x0u
#define MEMBLOCK_NOMAP		0x4u		/* RAM, but not ours: not in the direct map */
#define MEMBLOCK_ALLOC_ANYWHERE	(~(phys_addr_t)0)
#define SMP_CACHE_BYTES		64

struct memblock_region {
	phys_addr_t base, size;			/* bytes */
	unsigned flags;				/* MEMBLOCK_* */
	int nid;
};

struct memblock_type {
	unsigned cnt, max;
	phys_addr_t total_size;
	struct memblock_region *regions;	/* by address, disjoint, not mergeable */
	const char *name;
};

struct memblock {
	phys_addr_t current_limit;		/* allocations end below it */
	struct memblock_type memory, reserved;
};
extern struct memblock memblock;

/* Describe the machine.  0, or -ENOMEM when the array is full and cannot grow. */
int memblock_add(phys_addr_t base, phys_addr_t size);
int memblock_add_node(phys_addr_t base, phys_addr_t size, int nid, unsigned flags);
int memblock_remove(phys_addr_t base, phys_addr_t size);
int memblock_reserve(phys_addr_t base, phys_addr_t size);
int memblock_phys_free(phys_addr_t base, phys_addr_t size);
int memblock_mark_nomap(phys_addr_t base, phys_addr_t size);
int memblock_set_node(phys_addr_t base, phys_addr_t size, int nid);
void memblock_enforce_memory_limit(phys_addr_t bytes);	/* mem= */

/* Physical addresses, not cleared, 0 on failure; need no direct map. */
phys_addr_t memblock_phys_alloc(phys_addr_t size, phys_addr_t align);
phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align,
				      phys_addr_t start, phys_addr_t end);
phys_addr_t memblock_phys_alloc_try_nid(phys_addr_t size, phys_addr_t align, int nid);
phys_addr_t memblock_phys_alloc_range_nid(phys_addr_t size, phys_addr_t align,
					  phys_addr_t start, phys_addr_t end, int nid);

/* Direct-map addresses; cleared; NULL on failure. */
void *memblock_alloc(phys_addr_t size, phys_addr_t align);
void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid);
void memblock_free(void *va, phys_addr_t size);

/* The direct map is up: arrays may move to memory of their own, and allocations end at @limit. */
void memblock_allow_resize(void);
void memblock_set_current_limit(phys_addr_t limit);

phys_addr_t memblock_start_of_dram(void);
phys_addr_t memblock_end_of_dram(void);
phys_addr_t memblock_phys_mem_size(void);		/* bytes of memory */
phys_addr_t memblock_reserved_size(void);
bool memblock_is_memory(phys_addr_t pa);
bool memblock_is_map_pfn(pfn_t pfn);		/* memory, and not NOMAP: all of the page, in one range */
bool memblock_is_reserved(phys_addr_t pa);
bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size);	/* any byte of it */
/* memblock=debug: say what is added, reserved and freed, from now on, and let memblock_dump_all() print. */
void memblock_debug_init(void);
void memblock_dump_all(void);
bool memblock_verify(void);				/* order, disjointness, sums */

/* Whole pages of memory that the direct map shows: trimmed, NOMAP left out. */
bool next_mem_pfn_range(unsigned *idx, int nid, pfn_t *start, pfn_t *end, int *out_nid);
#define for_each_mem_pfn_range(i, nid, pstart, pend, pnid) \
	for (i = 0; next_mem_pfn_range(&i, nid, pstart, pend, pnid); )

/* Free ranges in address order, bytes; *@idx is the iterator's, 0 to begin. */
bool next_free_mem_range(u64 *idx, int nid, phys_addr_t *start, phys_addr_t *end, int *out_nid);
#define for_each_free_mem_range(i, nid, pstart, pend, pnid) \
	for (i = 0; next_free_mem_range(&i, nid, pstart, pend, pnid); )

#define for_each_mem_region(r) \
	for (struct memblock_region *r = memblock.memory.regions; \
	     r < memblock.memory.regions + memblock.memory.cnt; r++)
#define for_each_reserved_mem_region(r) \
	for (struct memblock_region *r = memblock.reserved.regions; \
	     r < memblock.reserved.regions + memblock.reserved.cnt; r++)

#endif
