/*
 * mm/pt/gather.h - drop translations first, their pages afterwards.  Theory: gather.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PT_GATHER_H
#define VELLUM_MM_PT_GATHER_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

#define GATHER_INLINE	96		/* pages on the caller's stack */
#define GATHER_DIRTY	1ul		/* in a slot: its entry was dirty and shared */

struct gather_batch {			/* one page of slots */
	struct gather_batch *next;
	unsigned long nr;
	unsigned long slot[];
};
#define GATHER_BATCH	((PAGE_SIZE - sizeof(struct gather_batch)) / sizeof(unsigned long))

struct mmu_gather {
	struct mm_struct *mm;
	vaddr_t start, end;		/* cleared, not yet flushed; empty when start >= end */
	bool fullmm;			/* the whole address space goes */
	bool tables_gone;		/* a table was unhooked: flush all (T3) */
	bool any_dirty;
	bool more_batches;		/* remote harts: fewer, larger flushes */
	unsigned long nr, max;		/* slots used and there in the batch being filled */
	unsigned long *slot;
	struct page *tables;		/* unhooked tables, chained through ->private */
	struct gather_batch *batches, *last;
	unsigned nr_inline;
	unsigned long inline_slot[GATHER_INLINE];
};


void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm);
/* Flush what is left and release everything.  => as tlb_flush_mmu() */
void tlb_finish_mmu(struct mmu_gather *tlb);
/* Flush, then release what was gathered.  => no spin lock held; waits for other harts */
void tlb_flush_mmu(struct mmu_gather *tlb);

bool tlb_next_batch(struct mmu_gather *tlb);

/*
 * Who clears entries while others may, too (mmap_lock is held for reading, or not at all), says so from before the
 * first until after the flush (T6).
 */
static inline void inc_tlb_flush_pending(struct mm_struct *mm) { atomic_inc(&mm->tlb_flush_pending); }
static inline void dec_tlb_flush_pending(struct mm_struct *mm)
{
	INV(T6, atomic_read(&mm->tlb_flush_pending) > 0);
	__atomic_fetch_sub(&mm->tlb_flush_pending.v, 1, __ATOMIC_RELEASE);
}
/* Has anyone else cleared entries that are not flushed yet?  @mine: 1 inside a pair of the above, else 0. */
static inline bool mm_tlb_flush_nested(struct mm_struct *mm, int mine)
{
	return atomic_read(&mm->tlb_flush_pending) > mine;
}

/* [va, end) was cleared or lost permissions: the next flush covers it. */
static __always_inline void tlb_cover(struct mmu_gather *tlb, vaddr_t va, vaddr_t end)
{
	INV(T1, va <= end - 1 && !((va | end) & ~PAGE_MASK));
	if (va < tlb->start)
		tlb->start = va;
	if (end > tlb->end)
		tlb->end = end;
}

/*
 * Take over the caller's reference to @page (| GATHER_DIRTY), whose entry was cleared.  Returns
 * true when there is no room for another: the caller drops its locks and calls tlb_flush_mmu().
 */
static __always_inline __must_check bool __tlb_remove_page(struct mmu_gather *tlb, unsigned long page)
{
	unsigned long nr = tlb->nr;

	INV(T4, nr < tlb->max);
	tlb->slot[nr++] = page;
	tlb->nr = nr;
	return unlikely(nr == tlb->max) && !tlb_next_batch(tlb);
}

/* The same where the caller holds no spin lock. */
static inline void tlb_remove_page(struct mmu_gather *tlb, struct page *page, vaddr_t va)
{
	tlb_cover(tlb, va, va + PAGE_SIZE);
	if (__tlb_remove_page(tlb, (unsigned long)page))
		tlb_flush_mmu(tlb);
}

/* Take over @table, all of whose entries are zero and which nothing points to any more. */
void tlb_remove_table(struct mmu_gather *tlb, pte_t *table, vaddr_t va, vaddr_t end);

#endif
