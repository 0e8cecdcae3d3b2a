/*
 * mm/pt/pgalloc.c - the pages that page tables are made of.
 *
 * MODEL     A table page is PG_table, knows its mm, and carries the lock of its entries.  A table is
 *           unhooked when all its entries are zero (W3), so it can be hooked in again elsewhere
 *           without clearing: each hart keeps a few.  fork and exec live on them.
 *           A table that somebody may be walking without a lock is kept as it is, all zeros, until he has ended.
 * INVARIANTS
 *   P1  A hart keeps PT_CACHE tables at most; each is PG_table, all zeros (W3 of walk.c) and nobody's.
 * LOCKING   The cache is its hart's own; interrupt handlers make no tables.
 * COST      hit: about 20 instructions; miss: a zeroed page.
 * UNITS     NR_PAGETABLE counts tables in use, mm_pgtables_bytes() those of one address space without
 *           its root.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/pt/pgalloc.h"
#include "kernel/sync/rcu.h"
#include "mm/phys/gfp.h"
#include "mm/phys/zone.h"

#define PT_CACHE 32

struct pt_cache {
	unsigned nr;
	struct page *page[PT_CACHE];
};
static DEFINE_PER_HART(struct pt_cache, pt_cache);

static struct page *pt_page_new(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (page) {
		__SetPageTable(page);
		spin_lock_init(&page->ptl, RANK_PGTABLE);
	}
	return page;
}

static void pt_page_release(struct page *page)
{
	INV(P1, PageTable(page) && !page->pt_mm && !spin_is_locked(&page->ptl));
	__ClearPageTable(page);
	page->pt_mm = NULL;
	page->__word = 0;
	__free_page(page);
}

static void table_account(struct mm_struct *mm, long nr)
{
	long *n = &mm->hart[this_hart()].pgtables;

	WRITE_ONCE(*n, *n + nr);
}

static __maybe_unused bool table_is_zero(const pte_t *table)
{
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		if (!pte_none(pte_load(&table[i])))
			return false;
	return true;
}

pte_t *pt_table_alloc(struct mm_struct *mm)
{
	struct pt_cache *cache = this_hart_ptr(&pt_cache);
	struct page *page;

	if (likely(cache->nr))
		page = cache->page[--cache->nr];
	else
		page = pt_page_new();
	if (unlikely(!page))
		return NULL;
	INV(W3, table_is_zero(page_to_virt(page)) && PageTable(page) && !page->pt_mm);
	INV(P1, !spin_is_locked(&page->ptl));
	page->pt_mm = mm;
	table_account(mm, 1);
	mod_node_page_state(page_pgdat(page), NR_PAGETABLE, 1);
	return page_to_virt(page);
}

/* @page is out of use: keep it for the next table, or give it back. */
static void table_put(struct page *page)
{
	struct pt_cache *cache = this_hart_ptr(&pt_cache);

	INV(P1, cache->nr <= PT_CACHE && !page->pt_mm);
	if (likely(cache->nr < PT_CACHE))
		cache->page[cache->nr++] = page;
	else
		pt_page_release(page);
}

/* @table is not @mm's any more. */
static __always_inline struct page *table_take(struct mm_struct *mm, pte_t *table)
{
	struct page *page = virt_to_page(table);

	INV(W3, table_is_zero(table));
	INV(W3, PageTable(page) && page->pt_mm == mm && !spin_is_locked(&page->ptl));
	table_account(mm, -1);
	mod_node_page_state(page_pgdat(page), NR_PAGETABLE, -1);
	page->pt_mm = NULL;
	return page;
}

void pt_table_free(struct mm_struct *mm, pte_t *table)
{
	table_put(table_take(mm, table));
}

static void table_put_rcu(struct rcu_head *head)
{
	table_put(container_of(head, struct page, rcu));
}

void pt_table_free_rcu(struct mm_struct *mm, pte_t *table)
{
	call_rcu(&table_take(mm, table)->rcu, table_put_rcu);
}

unsigned pt_cache_drain(void)
{
	struct pt_cache *cache = this_hart_ptr(&pt_cache);
	unsigned nr = cache->nr;

	while (cache->nr)
		pt_page_release(cache->page[--cache->nr]);
	return nr;
}

unsigned pt_cache_pages(unsigned hart)
{
	return READ_ONCE(per_hart_ptr(&pt_cache, hart)->nr);
}
