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
 * LOCKING   An empty entry above level 0 becomes a table by one exchange: who comes second uses the table of who
 *           came first.  Level-0 entries are guarded by the ptl of the page that holds them.  Tables are
 *           unhooked only while no region is, or comes to be, in their span, so who holds a region's lock or
 *           mmap_lock walks there without a lock.  Who holds neither walks as an RCU reader, in the running
 *           task's own mm, and trusts nothing but what an entry held when he looked (get_user_pages_fast()).
 *           Kernel mappings: whoever owns the address range writes its entries, without a lock; it owns
 *           also the large leaves, and level-0 tables, whose whole span lies in the range.
 * COST      look-up: about six instructions a level.
 * TESTS     test/host/mm/pt/test_walk.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/pt/walk.h"
#include "kernel/sync/wait.h"
#include "mm/pt/flush.h"
#include "mm/pt/pgalloc.h"

static int walk_table(struct pt_walk *w, pte_t *table, unsigned level, vaddr_t va, vaddr_t end)
{
	pte_t *ptep = &table[pt_index(va, level)];

	if (!level) {
		cond_resched();
		return w->ptes(w, ptep, va, end);
	}
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
	INV(W2, start <= end && !((start | end) & ~PAGE_MASK));
	if (start == end)
		return 0;
	return walk_table(w, w->mm->pgd, pt_levels - 1, start, end);
}

pte_t *pt_next_run(struct mm_struct *mm, vaddr_t *va, vaddr_t end, vaddr_t *stop)
{
	vaddr_t a = *va;

	INV(W2, a <= end && !((a | end) & ~PAGE_MASK));
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
			INV(W1, PageTable(pt_page(table)) || mm == &init_mm);
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
	pte_t entry = pte_table(virt_to_phys(table));

	INV(W3, PageTable(pt_page(table)) && pt_page(table)->pt_mm == mm);
	smp_wmb();	/* W3 before the entry: pairs with the dependent loads of every walk */
	if (likely(ptep_cmpxchg(ptep, pte_empty(), entry)))
		return entry;
	pt_table_free(mm, table);		/* nobody saw it */
	return pte_load(ptep);
}

/* The entry of @va at @target; missing tables are made.  NULL: no memory, or a leaf is in the way. */
static pte_t *pt_alloc_level(struct mm_struct *mm, vaddr_t va, unsigned target)
{
	pte_t *table = mm->pgd;

	for (unsigned level = pt_levels - 1; level > target; level--) {
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
	return &table[pt_index(va, target)];
}

pte_t *pt_alloc_slow(struct mm_struct *mm, vaddr_t va) { return pt_alloc_level(mm, va, 0); }

/* ---- kernel mappings ------------------------------------------------------------------------- */

/* What a range is mapped to: frames in a row from @pfn, or those of @pages. */
struct frames {
	pfn_t pfn;
	struct page **pages;
};

static pfn_t frame_at(const struct frames *f, unsigned long i)
{
	return f->pages ? page_to_pfn(f->pages[i]) : f->pfn + i;
}

/* Are frames [i, i + @nr) in a row that begins at a multiple of @nr? */
static bool frames_make_leaf(const struct frames *f, unsigned long i, unsigned long nr)
{
	pfn_t first = frame_at(f, i);

	if (!IS_ALIGNED(first, nr))
		return false;
	for (unsigned long k = nr - 1; f->pages && k; k--)
		if (page_to_pfn(f->pages[i + k]) != first + k)
			return false;
	return true;
}

/*
 * Map the large page at @va (its span is the caller's) with a leaf.  A table that earlier mappings left
 * there is unhooked, flushed and freed: it holds zeros (W3).  False: no memory for the tables above.
 */
static bool map_kernel_large(vaddr_t va, pfn_t pfn, pte_t prot)
{
	pte_t *ptep = pt_alloc_level(&init_mm, va, PT_LARGE_LEVEL), old;

	if (!ptep)
		return false;
	old = pte_load(ptep);
	if (pte_is_table(old)) {
		pte_clear(ptep);
		flush_tlb_all();		/* L1, L4 */
		pt_table_free(&init_mm, pte_to_table(old));
	}
	INV(W2, pte_none(pte_load(ptep)));
	set_pte(ptep, pfn_pte(pfn, prot));
	return true;
}

/* Map [va, stop), inside one table of level 0, to @f from frame @i on. */
static bool map_kernel_run(vaddr_t va, vaddr_t stop, const struct frames *f, unsigned long i, pte_t prot)
{
	pte_t *ptep = pt_alloc(&init_mm, va);

	if (!ptep)
		return false;
	for (; va != stop; va += PAGE_SIZE, ptep++) {
		INV(W2, pte_none(pte_load(ptep)));
		set_pte(ptep, pfn_pte(frame_at(f, i++), prot));
	}
	return true;
}

unsigned long kernel_map_seq;

static int map_kernel(vaddr_t start, const struct frames *f, unsigned long nr_pages, pte_t prot)
{
	unsigned long large = pt_span(PT_LARGE_LEVEL), large_pages = large >> PAGE_SHIFT;
	vaddr_t end = start + nr_pages * PAGE_SIZE, stop;

	INV(W2, nr_pages && end > start && !(start & ~PAGE_MASK));
	/* Two at once may count as one: it is another number all the same. */
	WRITE_ONCE(kernel_map_seq, READ_ONCE(kernel_map_seq) + 1);
	for (vaddr_t va = start; va != end; va = stop) {
		unsigned long i = (va - start) >> PAGE_SHIFT;
		bool done;

		stop = pt_addr_end(va, end, PT_LARGE_LEVEL);
		if (stop - va == large && frames_make_leaf(f, i, large_pages))
			done = map_kernel_large(va, frame_at(f, i), prot);
		else
			done = map_kernel_run(va, stop, f, i, prot);
		if (!done) {
			pt_unmap_kernel(start, va);
			return -ENOMEM;
		}
	}
	return 0;
}

int pt_map_kernel(vaddr_t va, pfn_t pfn, unsigned long nr_pages, pte_t prot)
{
	struct frames f = { .pfn = pfn };

	return map_kernel(va, &f, nr_pages, prot);
}

int pt_map_kernel_pages(vaddr_t va, struct page **pages, unsigned long nr_pages, pte_t prot)
{
	struct frames f = { .pages = pages };

	return map_kernel(va, &f, nr_pages, prot);
}

void pt_unmap_kernel(vaddr_t va, vaddr_t end)
{
	vaddr_t stop;

	INV(W2, va <= end && !((va | end) & ~PAGE_MASK));
	for (; va != end; va = stop) {
		unsigned level;
		pte_t *ptep = pt_lookup_leaf(&init_mm, va, &level);

		stop = pt_addr_end(va, end, max(level, 1u));
		if (!level) {
			for (vaddr_t a = va; a != stop; a += PAGE_SIZE)
				pte_clear(ptep++);
		} else if (pte_is_leaf(pte_load(ptep))) {
			ASSERT(stop - va == pt_span(level));	/* as it was mapped: nothing is split */
			pte_clear(ptep);
		}
	}
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

	ASSERT(tables * PAGE_SIZE == mm_pgtables_bytes(mm));
}
