/*
 * mm/rmap/migration.c - a page's entry becomes one that stands for it, and shows a page again.
 *
 * LOCKING   The ptl of the entry, which the caller holds; the page is locked.
 * TESTS     test/host/mm/rmap/test_anon_vma.c, test/host/mm/fault/test_fault.c
 * SEE       mm/rmap/migration.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/rmap/migration.h"
#include "mm/entry/pte.h"
#include "mm/rmap/rmap.h"

void set_migration_pte(pte_t *ptep, struct page *page, pte_t pte)
{
	bool exclusive = PageAnonExclusive(page);

	INV(G1, PageLocked(page));		/* of mm/reclaim/migrate.c */
	INV(R3, !exclusive || page_mapcount(page) == 1);
	INV(R3, !PageAnon(page) || !pte_write(pte) || exclusive);
	if (exclusive)
		ClearPageAnonExclusive(page);		/* the entry says it until it is one again */
	set_pte(ptep, make_migration_pte(pte, exclusive));
	page_remove_rmap(page);
}

/* The entry of @vma that shows @page, as the migration entry @was remembers it. */
static pte_t restored_pte(struct vm_area_struct *vma, struct page *page, pte_t was)
{
	pte_t pte = pfn_pte(page_to_pfn(page), vma->vm_page_prot);

	if (!migration_young(was))
		pte = pte_mkold(pte);
	if (migration_dirty(was))
		pte = pte_mkdirty(pte);
	if (migration_uffd_wp(was))
		return pte_mkuffd_wp(pte);		/* F3 of include/userfaultfd_k.h */
	if (migration_write(was))
		return maybe_mkwrite(pte, vma);
	return pte_hw_valid(pte) ? pte_wrprotect(pte) : pte;
}

void restore_migration_pte(struct vm_area_struct *vma, pte_t *ptep, struct page *page, pte_t was)
{
	INV(G1, PageLocked(page) && PageLocked(migration_page(was)));
	get_page(page);
	if (vma->vm_flags & VM_EXEC)
		flush_icache_page(vma, page);
	if (PageAnon(page)) {
		page_add_anon_rmap(page);
		INV(R3, !migration_exclusive(was) || page_mapcount(page) == 1);
		if (migration_exclusive(was))
			SetPageAnonExclusive(page);
	} else {
		page_add_file_rmap(page);
	}
	smp_wmb();	/* the content before the entry: pairs with other harts' walks */
	set_pte(ptep, restored_pte(vma, page, was));
}
