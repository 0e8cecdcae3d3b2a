/*
 * mm/pt/walk.c - find, make and visit the page-table entries that cover a range.
 *
 * MODEL     A radix tree of pt_levels (3, 4, 5: Sv39, Sv48, Sv57) levels of 512 entries; an entry at
 *           level l spans 4 KiB << 9l and is empty, a leaf (at any level) or a table.  No level has
 *           a name here.  A run is a stretch of level-0 entries inside one table: the loops of
 *           munmap, fork and mprotect go run by run.
 * INVARIANTS
 *   W1  Level 0 holds no table entry.
 *   W2  Visits are in address order, disjoint, and cover the range exactly.
 *   W3  A table is all zeros when it is hooked in, and again when it is unhooked.
 * LOCKING   An empty entry above level 0 becomes a table under mm->page_table_lock; level-0
 *           entries are guarded by the ptl of the page that holds them.  Tables are unhooked only
 *           with mmap_lock held for writing, so a reader of mmap_lock walks without a lock.
 *           Kernel mappings: whoever owns the address range writes its entries, without a lock.
 * COST      look-up: about six instructions a level.
 * TESTS     test/host/mm/pt/test_walk.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/pt/walk.h"
#include "mm/pt/pgalloc.h"

static int walk_table(struct pt_walk *w, pte_t *table, unsigned level, vaddr_t va, vaddr_t end)
{
	pte_t *ptep = &table[pt_index(va, level)];

	if (!level)
		return w->ptes(w, ptep, va, end);
	while (va != end) {
		vaddr_t stop = pt_addr_end(va, end, level);
		pte_t pte = pte_load(ptep);
		int rc = 0;

		if (pte_is_table(pte))
			rc = walk_table(w, pte_to_table(pte), level - 1, va, stop);
		else if (pte_is_leaf(pte))
			rc = w->leaf ? w->leaf(w, ptep, level, va, stop) : 0;
		else
			rc = w->hole ? w->hole(w, va, stop) : 0;
		if (rc)
			return rc;
		va = stop;
		ptep++;
	}
	return 0;
}

int pt_walk_range(struct pt_walk *w, vaddr_t start, vaddr_t end)
{
	if (start == end)
		return 0;
	return walk_table(w, w->mm->pgd, pt_levels - 1, start, end);
}

pte_t *pt_next_run(struct mm_struct *mm, vaddr_t *va, vaddr_t end, vaddr_t *stop)
{
	vaddr_t a = *va;

	while (a != end) {
		pte_t *table = mm->pgd;
		unsigned level = pt_levels - 1;

		for (; level; level--) {
			pte_t pte = pte_load(&table[pt_index(a, level)]);

			if (!pte_is_table(pte))
				break;
			table = pte_to_table(pte);
		}
		if (!level) {
			*va = a;
			*stop = pt_addr_end(a, end, 1);
			return &table[pt_index(a, 0)];
		}
		a = pt_addr_end(a, end, level);
	}
	return NULL;
}

pte_t *pt_lookup_leaf(struct mm_struct *mm, vaddr_t va, unsigned *level)
{
	pte_t *table = mm->pgd;

	for (*level = pt_levels - 1; ; --*level) {
		pte_t *ptep = &table[pt_index(va, *level)];
		pte_t pte = pte_load(ptep);

		if (!*level || !pte_is_table(pte))
			return ptep;
		table = pte_to_table(pte);
	}
}

/*
 * Let the empty entry @ptep point to @table, unless somebody was faster: the entry as it is now.
 */
static pte_t pt_hook(struct mm_struct *mm, pte_t *ptep, pte_t *table)
{
	pte_t now;

	spin_lock(&mm->page_table_lock);
	now = pte_load(ptep);
	if (pte_none(now)) {
		smp_wmb();	/* W3 before the entry: pairs with the dependent loads of every walk */
		set_pte(ptep, pte_table(virt_to_phys(table)));
	}
	spin_unlock(&mm->page_table_lock);
	if (!pte_none(now)) {
		pt_table_free(mm, table);
		return now;
	}
	return pte_load(ptep);
}

pte_t *pt_alloc_slow(struct mm_struct *mm, vaddr_t va)
{
	pte_t *table = mm->pgd;

	for (unsigned level = pt_levels - 1; level; level--) {
		pte_t *ptep = &table[pt_index(va, level)];
		pte_t pte = pte_load(ptep);

		if (pte_none(pte)) {
			pte_t *child = pt_table_alloc(mm);

			if (!child)
				return NULL;
			pte = pt_hook(mm, ptep, child);
		}
		if (!pte_is_table(pte))
			return NULL;
		table = pte_to_table(pte);
	}
	return &table[pt_index(va, 0)];
}

/* ---- kernel mappings ------------------------------------------------------------------------- */

/* Frames in a row from @pfn, or those of @pages. */
static int map_kernel(vaddr_t va, pfn_t pfn, struct page **pages, unsigned long nr_pages, pte_t prot)
{
	vaddr_t start = va, end = va + nr_pages * PAGE_SIZE;

	while (va != end) {
		pte_t *ptep = pt_alloc(&init_mm, va);
		vaddr_t stop = pt_addr_end(va, end, 1);

		if (!ptep) {
			pt_unmap_kernel(start, va);
			return -ENOMEM;
		}
		for (; va != stop; va += PAGE_SIZE, ptep++) {
			INV(W2, pte_none(pte_load(ptep)));
			set_pte(ptep, pfn_pte(pages ? page_to_pfn(*pages++) : pfn++, prot));
		}
	}
	return 0;
}

int pt_map_kernel(vaddr_t va, pfn_t pfn, unsigned long nr_pages, pte_t prot)
{
	return map_kernel(va, pfn, NULL, nr_pages, prot);
}

int pt_map_kernel_pages(vaddr_t va, struct page **pages, unsigned long nr_pages, pte_t prot)
{
	return map_kernel(va, 0, pages, nr_pages, prot);
}

void pt_unmap_kernel(vaddr_t va, vaddr_t end)
{
	vaddr_t stop;

	for (pte_t *ptep; va != end && (ptep = pt_next_run(&init_mm, &va, end, &stop)); va = stop)
		for (vaddr_t a = va; a != stop; a += PAGE_SIZE)
			set_pte(ptep++, (pte_t){ 0 });
}

/* ---- validator ------------------------------------------------------------------------------- */

/* Tables at and below @table, whose first address is @va and which lies at @level. */
static unsigned long verify_table(struct mm_struct *mm, pte_t *table, unsigned level, vaddr_t va)
{
	unsigned long nr = 1;

	for (unsigned i = 0; level && i < PT_ENTRIES; i++, va += pt_span(level)) {
		pte_t pte = pte_load(&table[i]);

		if (va >= task_size)
			break;		/* the root's other half is the kernel's */
		if (pte_is_table(pte)) {
			ASSERT(PageTable(pt_page(pte_to_table(pte))));
			ASSERT(pt_page(pte_to_table(pte))->pt_mm == mm);
			nr += verify_table(mm, pte_to_table(pte), level - 1, va);
		}
	}
	for (unsigned i = 0; !level && i < PT_ENTRIES; i++)
		ASSERT(!pte_is_table(pte_load(&table[i])));	/* W1 */
	return nr;
}

void pt_verify(struct mm_struct *mm)
{
	unsigned long tables = verify_table(mm, mm->pgd, pt_levels - 1, 0) - 1;

	ASSERT(tables * PAGE_SIZE == (unsigned long)atomic_long_read(&mm->pgtables_bytes));
}
