/*
 * mm/rmap/walk.c - the two ways from a page to the regions that may map it.
 *
 * LOCKING   i_mmap_lock keeps a file's regions in its tree, and with them their tables: a region
 *           leaves i_mmap before its tables go.  It is tried only, for the task may hold it already.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/rmap/walk.h"
#include "mm/cache/pagemap.h"
#include "mm/rmap/vma_prio_tree.h"
#include "mm/pt/walk.h"

const struct rmap_finder *anon_rmap_finder = &anon_scan_finder;

pte_t *rmap_entry(struct page *page, struct vm_area_struct *vma, vaddr_t va)
{
	pte_t *ptep = pt_lookup(vma->vm_mm, va), pte;

	if (!ptep)
		return NULL;
	pte = pte_load(ptep);
	return pte_present(pte) && !pte_special(pte) && pte_pfn(pte) == page_to_pfn(page) ? ptep : NULL;
}

/* => w->mapping's lock held until rmap_walk_end(), if it could be had */
static void walk_file(struct rmap_walk *w) NO_LOCK_ANALYSIS
{
	struct address_space *mapping = w->page->mapping;
	pgoff_t index = w->page->index;
	struct vm_area_struct *vma;
	struct prio_tree_iter iter;

	if (!mapping_mapped(mapping) || !mutex_trylock(&mapping->i_mmap_lock))
		return;
	w->mapping = mapping;
	vma_prio_tree_foreach(vma, &iter, &mapping->i_mmap, index, index)
		if (w->visit(w, vma, vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT)) == RMAP_DONE)
			break;
}

void rmap_walk(struct rmap_walk *w)
{
	w->mapping = NULL;
	w->nr_spaces = 0;
	if (!page_mapcount(w->page))
		return;
	if (PageAnon(w->page))
		anon_rmap_finder->walk(w);
	else if (w->page->mapping)
		walk_file(w);
}

void rmap_walk_end(struct rmap_walk *w) NO_LOCK_ANALYSIS
{
	if (w->mapping)
		mutex_unlock(&w->mapping->i_mmap_lock);
	else
		anon_rmap_finder->end(w);
}
