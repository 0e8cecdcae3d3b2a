/*
 * mm/pt/gather.c - drop translations first, their pages afterwards.
 *
 * MODEL     Whoever clears entries hands the pages, and the tables that became empty, to a gather;
 *           one flush covers them all; then they are released.  The slots lie on the caller's stack.
 *           Where a flush must interrupt other harts, further batches of slots are taken from free
 *           pages, so that one request serves any number of entries.
 *           Two at once on one page (T6), both allowed to:
 *
 *             munmap of the region                   truncation of the file
 *                                                    tlb_flush_pending 0 -> 1
 *             tlb_flush_pending 1 -> 2               clears the entry under the ptl
 *             finds the entry empty under the ptl
 *             sees 2 > 1: flushes the range          (has not flushed yet)
 *             returns: no hart reaches the page      flushes, releases the page
 *
 * INVARIANTS
 *   T1  A page given to a gather is released only after every hart that may hold its translation
 *       has acknowledged a flush covering it.
 *   T2  A hart's bit in mm->harts is set before its first walk and stays until it has flushed the
 *       ASID; the clears are ordered before the read of the mask.
 *   T3  If a table page was unhooked the whole ASID is flushed: SFENCE.VMA with an address orders
 *       leaf entries only.
 *   T4  Nothing here fails: a gather that cannot grow flushes.
 *   T5  A page whose shared entry was dirty is marked dirty after the flush: until then a hart may
 *       write it through a translation that it still holds.
 *   T6  Who finds an entry empty that another is still to flush flushes it, too: what it returns to may
 *       rely on the page being gone.  The other's count comes before its clear, and the look at the count
 *       after the look at the entry, both under the ptl.
 *   T7  A table is used again only after who walks without a lock has ended, too (RCU): a flush waits for
 *       hardware alone.  A space in which one task runs, or none, has no such walkers.
 * LOCKING   A gather is its caller's own.  Flushing waits for other harts, and releasing offers the hart
 *           to other tasks: no spin lock is held.
 * TESTS     test/host/mm/pt/test_gather.c, and every test over simulated harts
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/pt/gather.h"
#include "include/mm_ref.h"
#include "kernel/sync/wait.h"
#include "mm/phys/gfp.h"
#include "mm/pt/flush.h"
#include "mm/pt/pgalloc.h"

static void gather_reset(struct mmu_gather *tlb)
{
	tlb->start = ~0ul;
	tlb->end = 0;
	tlb->tables_gone = false;
	tlb->any_dirty = false;
	tlb->nr = 0;
	tlb->nr_inline = 0;
	tlb->max = GATHER_INLINE;
	tlb->slot = tlb->inline_slot;
	tlb->tables = NULL;
	tlb->batches = tlb->last = NULL;
}

static void gather_start(struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm)
{
	hartmask_t harts = mm_harts(mm);

	INV(T7, !fullmm || !mm_has_walkers(mm));
	tlb->mm = mm;
	tlb->fullmm = fullmm;
	tlb->more_batches = !hartmask_empty(hartmask_without(harts, this_hart()));
	gather_reset(tlb);
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	gather_start(tlb, mm, false);
}

void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm)
{
	gather_start(tlb, mm, true);
}

/*
 * The slots in use are full: go on in a new batch.  False when there is none: flush first.
 */
bool tlb_next_batch(struct mmu_gather *tlb)
{
	struct gather_batch *batch;

	INV(T4, tlb->nr == tlb->max);
	if (!tlb->more_batches)
		return false;
	batch = (struct gather_batch *)__get_free_page(GFP_NOWAIT);
	if (!batch)			/* T4 */
		return false;
	if (tlb->last) {
		tlb->last->nr = tlb->nr;
		tlb->last->next = batch;
	} else {
		tlb->nr_inline = tlb->nr;
		tlb->batches = batch;
	}
	batch->next = NULL;
	tlb->last = batch;
	tlb->slot = batch->slot;
	tlb->nr = 0;
	tlb->max = GATHER_BATCH;
	return true;
}

void tlb_remove_table(struct mmu_gather *tlb, pte_t *table, vaddr_t va, vaddr_t end)
{
	struct page *page = virt_to_page(table);

	INV(T3, PageTable(page) && page->pt_mm == tlb->mm);
	INV(T3, !page->private);			/* it is in no other gather */
	tlb_cover(tlb, va, end);
	tlb->tables_gone = true;			/* T3 */
	page->private = (unsigned long)tlb->tables;
	tlb->tables = page;
}

/* Make every clear so far visible to every hart. */
static void gather_flush(struct mmu_gather *tlb)
{
	struct tlb_req req = { .mm = tlb->mm, .what = TLB_RANGE, .start = tlb->start, .end = tlb->end,
			       .stride = PAGE_SIZE };
	hartmask_t harts;

	INV(T1, tlb->start < tlb->end || (!tlb->batches && !tlb->nr));
	if (tlb->start >= tlb->end)
		return;
	INV(T3, !tlb->tables || tlb->tables_gone);
	if (tlb->tables_gone || tlb->fullmm)
		req.what = TLB_ALL;
	harts = mm_harts(tlb->mm);	/* after the clears (T2) */
	flush_check_locks(harts);	/* F4 of flush.c */
	if (!hartmask_empty(harts))
		arch_tlb_flush(harts, &req);
}

static void release_slots(struct mmu_gather *tlb, unsigned long *slot, unsigned nr)
{
	INV(T4, nr <= (slot == tlb->inline_slot ? GATHER_INLINE : GATHER_BATCH));
	for (unsigned i = 0; tlb->any_dirty && i < nr; i++)
		if (slot[i] & GATHER_DIRTY) {
			slot[i] &= ~GATHER_DIRTY;
			set_page_dirty((struct page *)slot[i]);		/* T5 */
		}
	free_pages_bulk((struct page **)slot, nr);
}

static void release_tables(struct mmu_gather *tlb)
{
	bool walkers = !tlb->fullmm && mm_has_walkers(tlb->mm);
	struct page *page = tlb->tables;

	while (page) {
		struct page *next = (struct page *)page->private;

		INV(T7, page->pt_mm == tlb->mm);
		page->private = 0;
		if (walkers)		/* T7 */
			pt_table_free_rcu(tlb->mm, page_to_virt(page));
		else
			pt_table_free(tlb->mm, page_to_virt(page));
		page = next;
		cond_resched();
	}
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	struct gather_batch *batch = tlb->batches;

	gather_flush(tlb);
	if (tlb->last)
		tlb->last->nr = tlb->nr;
	else
		tlb->nr_inline = tlb->nr;
	if (tlb->nr_inline)
		release_slots(tlb, tlb->inline_slot, tlb->nr_inline);	/* T1 */
	while (batch) {
		struct gather_batch *next = batch->next;

		release_slots(tlb, batch->slot, batch->nr);
		free_page((unsigned long)batch);
		batch = next;
		cond_resched();
	}
	release_tables(tlb);
	gather_reset(tlb);
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu(tlb);
	INV(T1, !tlb->nr && !tlb->batches && !tlb->tables && tlb->start >= tlb->end);
}
