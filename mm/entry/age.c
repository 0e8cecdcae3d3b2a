/*
 * mm/entry/age.c - entries whose pages a program says it needs less: MADV_FREE, MADV_COLD, MADV_PAGEOUT.
 *
 * MODEL     lazyfree   An anonymous page whose content may go: PG_swapbacked is clear, and so is D in the entries
 *                      that were advised.  It reads as it did until memory is short (mm/reclaim/droppable.c, which
 *                      comes to drop_lazyfree()); a store sets D again, and the page is one like any other.
 *           cold       A page that looks unused since the last look.
 *
 *              swapbacked, D  -- lazyfree_range() -->  lazyfree  -- drop_lazyfree() -->  gone: reads as zeros
 *                     ^                                   |
 *                     '---- a store (D), seen later ------'
 * INVARIANTS
 *   Y1  D that is cleared is flushed before the call ends, by whoever cleared it: from then on every store shows in
 *       the entry, for no hart remembers one with D (L3).
 *   Y2  A page becomes lazyfree only while nobody but its entries refers to it: who fills it through a reference of
 *       his own sets no D when he is done.  He had D set when he took it (P4 of mm/fault/gup.c), so it is either seen
 *       here that he has it, or he sees that D is gone.
 *   Y3  mm->lazyfree is a hint: not less than what may be dropped, except while a look at all of it is under way.
 * LOCKING   mmap_lock (read); the ptl of each run.
 * COST      One look at each entry of the range; one flush.
 * TESTS     test/host/mm/fault/test_fault.c, test/user/t_lazyfree.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/entry/pte.h"

/* What is done to an entry that shows a counted page; the ptl is held.  Whether a flush must cover it. */
typedef bool (*age_fn)(pte_t *ptep, pte_t pte, struct page *page, void *arg);

static void age_run(struct mmu_gather *tlb, pte_t *ptep, vaddr_t va, vaddr_t stop, age_fn age, void *arg)
{
	struct page *table = pt_page(ptep);
	vaddr_t first = 0, end = 0;

	spin_lock(&table->ptl);
	for (; va != stop; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);

		if (!pte_present(pte) || pte_special(pte) || !age(ptep, pte, pfn_to_page(pte_pfn(pte)), arg))
			continue;
		if (!end)
			first = va;
		end = va + PAGE_SIZE;
	}
	spin_unlock(&table->ptl);
	if (end)
		tlb_cover(tlb, first, end);
}

static void age_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, age_fn age, void *arg)
{
	vaddr_t va = start, stop;
	struct mmu_gather tlb;
	pte_t *ptep;

	tlb_gather_mmu(&tlb, vma->vm_mm);
	inc_tlb_flush_pending(vma->vm_mm);
	for (; va != end && (ptep = pt_next_run(vma->vm_mm, &va, end, &stop)); va = stop) {
		age_run(&tlb, ptep, va, stop, age, arg);
		cond_resched();
	}
	if (unlikely(mm_tlb_flush_nested(vma->vm_mm, 1)))	/* Y1: he may not have flushed yet */
		tlb_cover(&tlb, start, end);
	tlb_finish_mmu(&tlb);
	dec_tlb_flush_pending(vma->vm_mm);
}

/* Take D and A away.  Whether there were any. */
static bool make_clean(pte_t *ptep, pte_t pte)
{
	bool changes = false;

	while (pte_dirty(pte) || pte_young(pte)) {
		changes = ptep_cmpxchg(ptep, pte, pte_mkclean(pte_mkold(pte)));
		pte = pte_load(ptep);
		if (changes)
			break;
	}
	return changes;
}

static bool make_lazyfree(pte_t *ptep, pte_t pte, struct page *page, void *nr)
{
	bool changed;

	if (!PageAnon(page) || PageDirty(page))
		return false;
	changed = make_clean(ptep, pte);
	smp_mb();	/* D before the count: pairs with follow_page_fast() (Y2) */
	if (page_count(page) != page_mapcount(page)) {
		SetPageSwapBacked(page);
	} else if (PageSwapBacked(page)) {
		ClearPageSwapBacked(page);
		++*(unsigned long *)nr;
	}
	return changed;
}

void lazyfree_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	unsigned long nr = 0;

	age_range(vma, start, end, make_lazyfree, &nr);
	if (!nr)
		return;
	atomic_long_add(nr, &vma->vm_mm->lazyfree);		/* Y3 */
	count_vm_events(PGLAZYFREE, nr);
}

/* Pages that others map as well are none of this program's business. */
static bool make_cold(pte_t *ptep, __maybe_unused pte_t pte, struct page *page, __maybe_unused void *arg)
{
	if (page_mapcount(page) != 1)
		return false;
	ClearPageReferenced(page);
	return ptep_test_and_clear_young(ptep);
}

void cold_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	age_range(vma, start, end, make_cold, NULL);
}

/* The page of a file that @pte shows, if nobody else maps it; NULL. */
static struct page *lone_file_page(pte_t pte)
{
	struct page *page;

	if (!pte_present(pte) || pte_special(pte))
		return NULL;
	page = pfn_to_page(pte_pfn(pte));
	return PageAnon(page) || page_mapcount(page) != 1 ? NULL : page;
}

unsigned collect_file_pages(struct vm_area_struct *vma, vaddr_t *pva, vaddr_t end, struct page **pages, unsigned max)
{
	vaddr_t va = *pva, stop;
	unsigned nr = 0;
	pte_t *ptep;

	while (va != end && nr < max && (ptep = pt_next_run(vma->vm_mm, &va, end, &stop))) {
		struct page *table = pt_page(ptep);

		spin_lock(&table->ptl);
		for (; va != stop && nr < max; va += PAGE_SIZE, ptep++) {
			struct page *page = lone_file_page(pte_load(ptep));

			if (!page)
				continue;
			get_page(page);
			pages[nr++] = page;
		}
		spin_unlock(&table->ptl);
		cond_resched();
	}
	*pva = nr < max ? end : va;
	return nr;
}
