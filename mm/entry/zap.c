/*
 * mm/entry/zap.c - clear the entries of regions, and free the tables that nothing needs.
 *
 * MODEL     Entries are cleared run by run under one ptl; pages go to the caller's gather, which
 *           flushes once and then releases them.  rss and the mapped-page counters are added up in the
 *           loop and posted once a run.
 *           A table is freed when the whole span that it covers lies between the end of the region
 *           below (floor) and the start of the region above (ceiling).
 * INVARIANTS
 *   Z1  Between the clear and the flush the page stays referenced (the gather owns the reference).
 *   Z2  A table exists only where some region overlaps its span; so when a region goes, the tables
 *       within its floor and ceiling that overlap it are all that can be freed.
 *   Z3  Whether an entry shows a file's page is seen under its ptl: only so a private copy that a
 *       write has just made is not taken for the page it replaced.
 *   Z4  The uffd-wp mark of a file's page outlives it, for the file brings it back: a marker stays, until the
 *       region goes.
 * LOCKING   mmap_lock: read to zap inside a region, write to free tables.  The hart is offered to others after
 *           each run, so no spin lock is held by who calls.
 * COST      zap: about 45 instructions a page, without releasing it.
 * TESTS     test/host/mm/fault/
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/entry/nonlinear.h"
#include "mm/entry/pte.h"
#include "mm/pt/pgalloc.h"

/* What a run changed, posted when it ends or when pages of another node come.  Single words, kept in registers. */
struct zap_stat {
	unsigned nid;				/* of the pages that were unmapped */
	long anon_unmapped, file_unmapped;	/* pages whose last entry went */
	long anon, file, shmem;			/* entries, by what they showed */
};

/* Pages of node @nid whose last entry went. */
static __noinline void post_unmapped(unsigned nid, long anon, long file)
{
	if (anon)
		mod_node_page_state(NODE_DATA(nid), NR_ANON_MAPPED, -anon);
	if (file)
		mod_node_page_state(NODE_DATA(nid), NR_FILE_MAPPED, -file);
}

static __noinline void post_rss(struct mm_struct *mm, long anon, long file, long shmem)
{
	if (anon)
		add_mm_counter(mm, MM_ANONPAGES, -anon);
	if (file)
		add_mm_counter(mm, MM_FILEPAGES, -file);
	if (shmem)
		add_mm_counter(mm, MM_SHMEMPAGES, -shmem);
}

static __always_inline void stat_post(const struct zap_stat *st, struct mm_struct *mm)
{
	post_unmapped(st->nid, st->anon_unmapped, st->file_unmapped);
	post_rss(mm, st->anon, st->file, st->shmem);
}

/* An entry of @page, of anonymous memory or a file's, is gone. */
static __always_inline void stat_entry(struct zap_stat *st, const struct page *page)
{
	if (likely(PageAnon(page)))
		st->anon++;
	else if (PageSwapBacked(page))
		st->shmem++;
	else
		st->file++;
}

/* An entry showed @page and is cleared now: count it, and return what the gather is to keep. */
static __always_inline unsigned long zap_page(struct mmu_gather *tlb, struct zap_stat *st, struct page *page,
					      pte_t pte)
{
	unsigned nid = page_to_nid(page);
	bool last = __page_remove_rmap(page);

	INV(Z1, page_count(page) > 0);
	if (unlikely(nid != st->nid)) {
		post_unmapped(st->nid, st->anon_unmapped, st->file_unmapped);
		st->anon_unmapped = st->file_unmapped = 0;
		st->nid = nid;
	}
	stat_entry(st, page);
	if (likely(PageAnon(page))) {
		INV(R3, !pte_write(pte) || PageAnonExclusive(page));
		st->anon_unmapped += last;
		return (unsigned long)page;
	}
	st->file_unmapped += last;
	if (!pte_dirty(pte))
		return (unsigned long)page;
	tlb->any_dirty = true;
	return (unsigned long)page | GATHER_DIRTY;
}

enum zap_what {
	ZAP_ALL = 0,
	ZAP_FILE_PAGES = 1,
	ZAP_KEEP_UFFD_WP = 2,		/* bit: what comes in the place of a marked page is marked, too (Z4) */
};

/* Does an entry that is not empty stay? */
static __always_inline bool zap_spares(pte_t pte, enum zap_what what)
{
	if (what & ZAP_KEEP_UFFD_WP && pte_marker_uffd_wp(pte))
		return true;
	return what & ZAP_FILE_PAGES &&
	       (!pte_present(pte) ? !pte_is_migration(pte) || PageAnon(migration_page(pte)) :
				    pte_special(pte) || PageAnon(pfn_to_page(pte_pfn(pte))));	/* Z3 */
}

/* What comes in the place of the software entry @pte. */
static __always_inline pte_t zap_software(struct zap_stat *st, pte_t pte, enum zap_what what)
{
	if (!pte_is_migration(pte))
		return pte_empty();
	stat_entry(st, migration_page(pte));
	return what & ZAP_KEEP_UFFD_WP && migration_uffd_wp(pte) ? pte_marker(MARKER_UFFD_WP) : pte_empty();
}

/*
 * Clear the entries of [va, stop), a run.  Returns where it stopped: before @stop when the gather
 * is full and has to be flushed.
 */
static __always_inline vaddr_t zap_run(struct mmu_gather *tlb, pte_t *ptep, vaddr_t va, vaddr_t stop,
				       enum zap_what what)
{
	struct page *table = pt_page(ptep);
	struct zap_stat st = { 0 };
	vaddr_t first = 0, end = 0;
	bool full = false;

	INV(W1, PageTable(table) && table->pt_mm == tlb->mm && va < stop);
	spin_lock(&table->ptl);
	for (; va != stop && !full; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);
		unsigned long slot;

		if (pte_none(pte) || zap_spares(pte, what))
			continue;
		if (unlikely(!pte_present(pte))) {
			set_pte(ptep, zap_software(&st, pte, what));
			continue;
		}
		pte = ptep_get_and_clear(ptep);	/* with the last A and D */
		if (!end)
			first = va;
		end = va + PAGE_SIZE;
		if (what & ZAP_KEEP_UFFD_WP && pte_uffd_wp(pte))
			set_pte(ptep, pte_marker(MARKER_UFFD_WP));
		if (unlikely(pte_special(pte)))
			continue;
		INV(Z3, !(what & ZAP_FILE_PAGES) || !PageAnon(pfn_to_page(pte_pfn(pte))));
		slot = zap_page(tlb, &st, pfn_to_page(pte_pfn(pte)), pte);
		full = __tlb_remove_page(tlb, slot);	/* Z1: the entry's reference */
	}
	spin_unlock(&table->ptl);
	INV(Z1, !full || end);		/* what is to be released is covered by the flush */
	if (end)
		tlb_cover(tlb, first, end);
	stat_post(&st, tlb->mm);
	return va;
}

static __always_inline void unmap_runs(struct mmu_gather *tlb, vaddr_t va, vaddr_t end, enum zap_what what)
{
	vaddr_t stop;
	pte_t *ptep;

	while (va != end && (ptep = pt_next_run(tlb->mm, &va, end, &stop))) {
		va = zap_run(tlb, ptep, va, stop, what);
		if (unlikely(tlb->nr == tlb->max))
			tlb_flush_mmu(tlb);
		cond_resched();		/* what is cleared but not flushed stays allocated meanwhile (Z1) */
	}
}

void unmap_page_range(struct mmu_gather *tlb, vaddr_t start, vaddr_t end)
{
	unmap_runs(tlb, start, end, ZAP_ALL);
}

void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	INV(Z1, !tlb->nr && tlb->start >= tlb->end);
	update_hiwater_rss(tlb->mm);
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		vaddr_t from = max(vma->vm_start, start), to = min(vma->vm_end, end);

		if (from < to)
			unmap_page_range(tlb, from, to);
		cond_resched();
	}
}

static __always_inline void zap_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, enum zap_what what)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	update_hiwater_rss(mm);
	inc_tlb_flush_pending(mm);
	unmap_runs(&tlb, start, end, what);
	if (unlikely(mm_tlb_flush_nested(mm, 1)))	/* T6 */
		tlb_cover(&tlb, start, end);
	tlb_finish_mmu(&tlb);
	dec_tlb_flush_pending(mm);
}

static bool keeps_uffd_wp(const struct vm_area_struct *vma)
{
	return unlikely(vma->vm_flags & VM_UFFD_WP) && !vma_is_anonymous(vma);
}

void zap_page_range(struct vm_area_struct *vma, vaddr_t start, unsigned long size)
{
	INV(Z2, vma->vm_start <= start && start + size <= vma->vm_end);
	if (keeps_uffd_wp(vma))
		zap_range(vma->vm_mm, start, start + size, ZAP_ALL | ZAP_KEEP_UFFD_WP);
	else
		zap_range(vma->vm_mm, start, start + size, ZAP_ALL);
}

void zap_file_pages(struct vm_area_struct *vma, vaddr_t start, unsigned long size)
{
	INV(Z2, vma->vm_start <= start && start + size <= vma->vm_end);
	INV(Z4, !(vma->vm_flags & VM_NONLINEAR));	/* there entries name their pages: zap_nonlinear() */
	if (keeps_uffd_wp(vma))
		zap_range(vma->vm_mm, start, start + size, ZAP_FILE_PAGES | ZAP_KEEP_UFFD_WP);
	else
		zap_range(vma->vm_mm, start, start + size, ZAP_FILE_PAGES);
}

/* ---- nonlinear regions ----------------------------------------------------------------------- */

struct nonlinear_zap { struct vm_area_struct *vma; pgoff_t first, last; };

/* Does @pte show a page that is to go, or stand for one that moves? */
static bool nonlinear_goes(const struct nonlinear_zap *z, vaddr_t va, pte_t pte)
{
	pgoff_t index;

	if (pte_none(pte) || pte_is_file(pte))
		return false;
	INV(N3, !pte_present(pte) || (!pte_special(pte) && !PageAnon(pfn_to_page(pte_pfn(pte)))));
	index = nonlinear_index(z->vma, va, pte);
	return index >= z->first && index <= z->last;
}

/* As zap_run(), but what is due in an entry's place stays known. */
static vaddr_t zap_nonlinear_run(struct mmu_gather *tlb, const struct nonlinear_zap *z, pte_t *ptep, vaddr_t va,
				 vaddr_t stop)
{
	struct page *table = pt_page(ptep);
	struct zap_stat st = { 0 };
	bool full = false;

	spin_lock(&table->ptl);
	for (; va != stop && !full; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);
		unsigned long slot;

		if (!nonlinear_goes(z, va, pte))
			continue;
		pte = ptep_get_and_clear(ptep);		/* with the last A and D */
		set_pte(ptep, nonlinear_rest(z->vma, va, nonlinear_index(z->vma, va, pte)));
		if (unlikely(!pte_present(pte))) {
			if (pte_is_migration(pte))
				stat_entry(&st, migration_page(pte));
			continue;
		}
		tlb_cover(tlb, va, va + PAGE_SIZE);
		slot = zap_page(tlb, &st, pfn_to_page(pte_pfn(pte)), pte);
		full = __tlb_remove_page(tlb, slot);	/* Z1: the entry's reference */
	}
	spin_unlock(&table->ptl);
	stat_post(&st, tlb->mm);
	return va;
}

void zap_nonlinear(struct vm_area_struct *vma, vaddr_t start, unsigned long size, pgoff_t first, pgoff_t last)
{
	struct nonlinear_zap z = { vma, first, last };
	vaddr_t va = start, end = start + size, stop;
	struct mmu_gather tlb;
	pte_t *ptep;

	INV(N2, vma->vm_flags & VM_NONLINEAR && first <= last);
	tlb_gather_mmu(&tlb, vma->vm_mm);
	update_hiwater_rss(vma->vm_mm);
	inc_tlb_flush_pending(vma->vm_mm);
	while (va != end && (ptep = pt_next_run(vma->vm_mm, &va, end, &stop))) {
		va = zap_nonlinear_run(&tlb, &z, ptep, va, stop);
		if (unlikely(tlb.nr == tlb.max))
			tlb_flush_mmu(&tlb);
		cond_resched();
	}
	if (unlikely(mm_tlb_flush_nested(vma->vm_mm, 1)))	/* T6 */
		tlb_cover(&tlb, start, end);
	tlb_finish_mmu(&tlb);
	dec_tlb_flush_pending(vma->vm_mm);
}

/* ---- pages whose content may go (age.c) ------------------------------------------------------- */

/* Does @pte show such a page, whoever uses it just now?  One that was written to is like any other from now on. */
static bool is_lazyfree(pte_t pte)
{
	struct page *page;

	if (!pte_present(pte) || pte_special(pte))
		return false;
	page = pfn_to_page(pte_pfn(pte));
	if (!PageAnon(page) || PageSwapBacked(page))
		return false;
	if (!pte_dirty(pte) && !PageDirty(page))
		return true;
	SetPageSwapBacked(page);
	return false;
}

static bool only_mapped(pte_t pte)
{
	struct page *page = pfn_to_page(pte_pfn(pte));

	return page_count(page) == page_mapcount(page);
}

/* Clear the entry if it shows such a page, which nobody uses: *pte is what it was. */
static bool clear_lazyfree(pte_t *ptep, pte_t *pte, struct lazyfree_drop *d)
{
	*pte = pte_load(ptep);
	if (!is_lazyfree(*pte))
		return false;
	if (only_mapped(*pte)) {
		*pte = ptep_get_and_clear(ptep);	/* with the last D: no store comes after it (Y1) */
		smp_mb();	/* the entry before the count: pairs with follow_page_fast() */
		if (is_lazyfree(*pte) && only_mapped(*pte))
			return true;
		set_pte(ptep, *pte);
	}
	d->held++;
	return false;
}

/* As zap_run(). */
static vaddr_t drop_lazyfree_run(struct mmu_gather *tlb, pte_t *ptep, vaddr_t va, vaddr_t stop,
				 struct lazyfree_drop *d)
{
	struct page *table = pt_page(ptep);
	struct zap_stat st = { 0 };
	bool full = false;
	pte_t pte;

	spin_lock(&table->ptl);
	for (; va != stop && !full && d->dropped < d->max; va += PAGE_SIZE, ptep++) {
		if (!clear_lazyfree(ptep, &pte, d))
			continue;
		tlb_cover(tlb, va, va + PAGE_SIZE);
		full = __tlb_remove_page(tlb, zap_page(tlb, &st, pfn_to_page(pte_pfn(pte)), pte));	/* Z1 */
		d->dropped++;
	}
	spin_unlock(&table->ptl);
	stat_post(&st, tlb->mm);
	count_vm_events(PGLAZYFREED, st.anon);
	return va;
}

vaddr_t drop_lazyfree(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, struct lazyfree_drop *d)
{
	vaddr_t va = start, stop;
	struct mmu_gather tlb;
	pte_t *ptep;

	INV(Y1, !(vma->vm_flags & VM_LOCKED));
	tlb_gather_mmu(&tlb, vma->vm_mm);
	update_hiwater_rss(vma->vm_mm);
	inc_tlb_flush_pending(vma->vm_mm);
	while (va != end && d->dropped < d->max && (ptep = pt_next_run(vma->vm_mm, &va, end, &stop))) {
		va = drop_lazyfree_run(&tlb, ptep, va, stop, d);
		if (unlikely(tlb.nr == tlb.max))
			tlb_flush_mmu(&tlb);
		cond_resched();
	}
	if (unlikely(mm_tlb_flush_nested(vma->vm_mm, 1)))	/* T6 */
		tlb_cover(&tlb, start, end);
	tlb_finish_mmu(&tlb);
	dec_tlb_flush_pending(vma->vm_mm);
	return d->dropped < d->max ? end : va;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* Unhook the tables below @table (at @level) that overlap [va, end) and lie in [floor, last] (Z2). */
static void free_tables(struct mmu_gather *tlb, pte_t *table, unsigned level, vaddr_t va, vaddr_t end,
			vaddr_t floor, vaddr_t last)
{
	pte_t *ptep = &table[pt_index(va, level)];

	for (vaddr_t stop; va != end; va = stop, ptep++) {
		vaddr_t base = va & ~(pt_span(level) - 1);
		pte_t pte = pte_load(ptep);

		stop = pt_addr_end(va, end, level);
		if (!pte_is_table(pte))
			continue;
		if (level > 1)
			free_tables(tlb, pte_to_table(pte), level - 1, va, stop, floor, last);
		if (base < floor || base + (pt_span(level) - 1) > last)
			continue;
		INV(W1, level > 0);
		pte_clear(ptep);
		tlb_remove_table(tlb, pte_to_table(pte), base, base + pt_span(level));
	}
	cond_resched();
}

void free_pgd_range(struct mmu_gather *tlb, vaddr_t addr, vaddr_t end, vaddr_t floor, vaddr_t ceiling)
{
	vaddr_t base = addr & ~(pt_span(1) - 1);

	INV(Z2, floor <= addr && end - 1 <= ceiling - 1);
	/* A ceiling of 0 is 2^64: its last byte is ceiling - 1 either way. */
	if (end - base <= pt_span(1) && (base < floor || base + (pt_span(1) - 1) > ceiling - 1))
		return;		/* in one table, which stays (Z2): so do those above it, which span more */
	if (addr < end)
		free_tables(tlb, tlb->mm->pgd, pt_levels - 1, addr, end, floor, ceiling - 1);
}

void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t floor, vaddr_t ceiling)
{
	while (vma) {
		vaddr_t addr = vma->vm_start, end = vma->vm_end;
		struct vm_area_struct *next = vma->vm_next;

		/* Regions that can share a table go together, else neither would free it. */
		while (next && next->vm_start <= end + pt_span(1)) {
			end = next->vm_end;
			next = next->vm_next;
		}
		free_pgd_range(tlb, addr, end, floor, next ? next->vm_start : ceiling);
		vma = next;
	}
}
