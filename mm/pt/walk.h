/*
 * mm/pt/walk.h - find, make and visit the entries of a page table.  Theory: walk.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PT_WALK_H
#define VELLUM_MM_PT_WALK_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

/* A visit of a range.  The callbacks return 0 to go on, or a value that ends the walk. */
struct pt_walk {
	struct mm_struct *mm;
	/* A run of level-0 entries inside one table: ptep is @va's, the last is (@end - 1)'s. */
	int (*ptes)(struct pt_walk *w, pte_t *ptep, vaddr_t va, vaddr_t end);
	/* A leaf above level 0 that covers [va, end), or NULL: skip such leaves. */
	int (*leaf)(struct pt_walk *w, pte_t *ptep, unsigned level, vaddr_t va, vaddr_t end);
	/* [va, end) has no table at some level, or NULL: skip holes. */
	int (*hole)(struct pt_walk *w, vaddr_t va, vaddr_t end);
	void *private_data;
};

/*
 * Visit [start, end) in address order (W2).
 * => the callbacks' locking; takes nothing itself; may sleep between two tables
 */
int pt_walk_range(struct pt_walk *w, vaddr_t start, vaddr_t end);

/* First address after @va whose entry at @level differs, but at most @end (exclusive, never 0-wrapped). */
static __always_inline vaddr_t pt_addr_end(vaddr_t va, vaddr_t end, unsigned level)
{
	vaddr_t last = va | (pt_span(level) - 1);

	return last < end - 1 ? last + 1 : end;
}

/* The page that holds entry @ptep, of a user table: its ->ptl guards the entry. */
static __always_inline struct page *pt_page(const pte_t *ptep)
{
	return linear_to_page(ptep);
}

/*
 * The place of @va's entry in its table at a level is @va >> pt_place_shift(level) & PT_PLACE_MASK, in bytes: the
 * same mask for each level, and no shift from an index to a place.
 */
#define PT_CELL_SHIFT	((unsigned)__builtin_ctz(sizeof(pte_t)))
#define PT_PLACE_MASK	((vaddr_t)(PT_ENTRIES - 1) << PT_CELL_SHIFT)
static __always_inline unsigned pt_place_shift(unsigned level) { return pt_shift(level) - PT_CELL_SHIFT; }
static __always_inline pte_t *pt_entry(pte_t *table, vaddr_t va, unsigned place_shift)
{
	return (void *)table + (va >> place_shift & PT_PLACE_MASK);
}

/*
 * The level-0 entry of @va in @mm, or NULL when a table on the way is missing or is a leaf.
 * => the tables cannot be freed: mmap_lock, the lock of @va's region, RCU (see walk.c), or @mm is init_mm
 */
static __always_inline pte_t *pt_lookup(struct mm_struct *mm, vaddr_t va)
{
	unsigned shift = pt_place_shift(pt_levels - 1);	/* not the level: one variable less in every fault */
	pte_t *table = mm->pgd;

	do {
		pte_t pte = pte_load(pt_entry(table, va, shift));

		table = pte_to_table(pte);
		if (unlikely(!pte_is_table(pte)))
			return NULL;
		shift -= PT_ENTRIES_SHIFT;
	} while (shift != pt_place_shift(0));
	return pt_entry(table, va, shift);
}

/*
 * The next run of level-0 entries that lies in one table: the entry of the first address in
 * [*va, end) that has a table, *va moved to it, *stop the end of the run; NULL when there is none.
 * Loops over a range go run by run, so that an entry costs a few instructions:
 *	for (pte_t *ptep; va < end && (ptep = pt_next_run(mm, &va, end, &stop)); va = stop) ...
 * => as pt_lookup()
 */
pte_t *pt_next_run(struct mm_struct *mm, vaddr_t *va, vaddr_t end, vaddr_t *stop);

/* The entry, at whatever level, that is a leaf or empty for @va; its level in *level. */
pte_t *pt_lookup_leaf(struct mm_struct *mm, vaddr_t va, unsigned *level);

/*
 * The level-0 entry of @va in @mm; missing tables are made.  NULL: no memory, or a leaf is in the way.
 * => may sleep; mmap_lock held (any mode)
 */
pte_t *pt_alloc_slow(struct mm_struct *mm, vaddr_t va);

static __always_inline pte_t *pt_alloc(struct mm_struct *mm, vaddr_t va)
{
	pte_t *ptep = pt_lookup(mm, va);

	return likely(ptep) ? ptep : pt_alloc_slow(mm, va);
}

/* Kernel mappings use leaves of 2 MiB where address and frames are aligned and the length permits. */
#define PT_LARGE_LEVEL	1u

/* Is another one after a kernel mapping was made: then a hart may have faulted for what it knew before. */
extern unsigned long kernel_map_seq;
/*
 * Kernel mappings, in init_mm.  Map nr_pages frames, in a row from @pfn or those of @pages, at @va;
 * replace nothing.  0 or -ENOMEM, with nothing mapped.  The caller fences (L2).
 * => may sleep; interrupts on
 */
int pt_map_kernel(vaddr_t va, pfn_t pfn, unsigned long nr_pages, pte_t prot);
int pt_map_kernel_pages(vaddr_t va, struct page **pages, unsigned long nr_pages, pte_t prot);
/*
 * Clear the entries of [va, end), in pieces no smaller than they were mapped.  The caller flushes before
 * the frames are used again (L1).  => any context
 */
void pt_unmap_kernel(vaddr_t va, vaddr_t end);
/* Recount the user half: tables are PG_table and as many as are counted.  Debug and tests. */
void pt_verify(struct mm_struct *mm);

#endif
