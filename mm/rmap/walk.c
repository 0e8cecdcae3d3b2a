/*
 * mm/rmap/walk.c - the two ways from a page to the regions that may map it, and what is done there.
 *
 * INVARIANTS
 *   W1  One walk visits each region that maps the page once: ranges change, and entries move, under the lock
 *       that the walk holds (A5 of anon_vma.c, M3 of mm/entry/protect.c).  It ends when _mapcount says that
 *       no entry is left to find: no more regions are visited than lie before the last one that maps the page.
 *   W2  Nobody who holds a lock of a walk allocates memory, or waits for a page: so remove_migration_ptes() may
 *       wait for it from anywhere, reclaim included.
 *   W3  A space that lost translations to entries we cleared has tlb_flush_pending set from before the first until
 *       after the flush: who unmaps the range meanwhile flushes himself (T6 of mm/pt/gather.c).
 *   W4  A mapped page goes to another anon_vma, or gets another index, under the page lock and the root lock of the
 *       one it leaves (mm/fault/uffd_move.c): who walks holds one of them, and looks again if it was only the second.
 * LOCKING   i_mmap_lock, or the root lock of the anon_vma; inside, the ptl of each entry.
 * COST      One lock, a descent, and for each region that maps the page a table walk and a ptl; in nonlinear
 *           regions of its file, a look at each entry.
 * TESTS     test/host/mm/rmap/test_anon_vma.c, test/user/t_numa.c, test/kernel/test_compact.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/rmap/walk.h"
#include "include/mm_counter.h"
#include "include/mm_ref.h"
#include "mm/cache/pagemap.h"
#include "mm/entry/nonlinear.h"
#include "mm/entry/pte.h"
#include "mm/pt/flush.h"
#include "mm/pt/walk.h"
#include "mm/rmap/migration.h"
#include "mm/rmap/vma_prio_tree.h"

/* ---- the walk -------------------------------------------------------------------------------- */

static bool lock_walk(struct mutex *lock, bool try_lock) NO_LOCK_ANALYSIS
{
	if (mutex_trylock(lock))
		return true;
	if (!try_lock)
		mutex_lock_nested(lock);	/* W2: whatever else is held */
	return !try_lock;
}

/* May @pte, which nothing holds in place, show @page, or stand for it on its way? */
static bool entry_may_show(pte_t pte, const struct page *page)
{
	return pte_present(pte) ? pte_pfn(pte) == page_to_pfn(page) :
				  pte_is_migration(pte) && migration_page(pte) == page;
}

/* All entries of a nonlinear region, for any may show @page.  Whether to go on. */
static bool walk_nonlinear(struct page *page, struct vm_area_struct *vma, const struct rmap_walk_control *rwc)
{
	const struct page *shown = rwc->moved ? rwc->moved : page;
	vaddr_t va = vma->vm_start, end = vma->vm_end, stop;
	pte_t *ptep;

	INV(N2, vma->vm_flags & VM_NONLINEAR);		/* of mm/entry/nonlinear.c */
	while (va != end && (ptep = pt_next_run(vma->vm_mm, &va, end, &stop))) {
		for (; va != stop; va += PAGE_SIZE, ptep++)
			if (entry_may_show(pte_load(ptep), shown) && !rwc->rmap_one(page, vma, va, rwc->arg))
				return false;
		cond_resched();
	}
	return true;
}

static void walk_nonlinear_list(struct page *page, struct address_space *mapping,
				const struct rmap_walk_control *rwc)
{
	struct vm_area_struct *vma;

	list_for_each_entry(vma, &mapping->i_mmap_nonlinear, shared.vm_set.list)
		if (!walk_nonlinear(page, vma, rwc))
			return;
}

static bool walk_file(struct page *page, const struct rmap_walk_control *rwc) NO_LOCK_ANALYSIS
{
	struct address_space *mapping = page->mapping;
	pgoff_t index = page->index;
	struct vm_area_struct *vma;
	struct prio_tree_iter iter;

	if (!mapping || !mapping_mapped(mapping))
		return true;
	if (!lock_walk(&mapping->i_mmap_lock, rwc->try_lock))
		return false;
	vma_prio_tree_foreach(vma, &iter, &mapping->i_mmap, index, index) {
		if (!rwc->rmap_one(page, vma, vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT), rwc->arg))
			goto out;
		cond_resched();
	}
	walk_nonlinear_list(page, mapping, rwc);
out:
	mutex_unlock(&mapping->i_mmap_lock);
	return true;
}

static bool walk_anon(struct page *page, struct anon_vma *anon_vma, const struct rmap_walk_control *rwc)
	NO_LOCK_ANALYSIS
{
	struct anon_vma *root = anon_vma->root;
	struct anon_vma_chain *avc;
	pgoff_t index;

	if (!lock_walk(&root->lock, rwc->try_lock))
		return false;
	if (!rwc->anon_vma && unlikely(READ_ONCE(page->anon_vma) != anon_vma)) {	/* W4 */
		mutex_unlock(&root->lock);
		return false;
	}
	index = page->index;
	anon_vma_foreach(avc, anon_vma, index) {
		struct vm_area_struct *vma = avc->vma;

		if (!rwc->rmap_one(page, vma, vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT), rwc->arg))
			break;
		cond_resched();
	}
	mutex_unlock(&root->lock);
	return true;
}

bool rmap_walk(struct page *page, const struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma;
	bool done;

	INV(W4, PageLocked(page) || page_count(page) > 0);
	if (!PageAnon(page))
		return walk_file(page, rwc);
	if (rwc->anon_vma)
		return walk_anon(page, rwc->anon_vma, rwc);
	anon_vma = page_get_anon_vma(page);
	if (!anon_vma)
		return true;
	done = walk_anon(page, anon_vma, rwc);
	put_anon_vma(anon_vma);
	return done;
}

/* The entry at @va of @vma, its table locked, if it shows @page (@moving: if it stands for it); NULL. */
static pte_t *lock_entry(struct page *page, struct vm_area_struct *vma, vaddr_t va, bool moving) NO_LOCK_ANALYSIS
{
	pte_t *ptep = pt_lookup(vma->vm_mm, va), pte;
	spinlock_t *ptl;

	INV(W1, vma->vm_start <= va && va < vma->vm_end && !(va & ~PAGE_MASK));
	if (!ptep || pte_none(pte_load(ptep)))
		return NULL;
	ptl = &pt_page(ptep)->ptl;
	spin_lock(ptl);
	pte = pte_load(ptep);
	if (moving ? pte_is_migration(pte) && migration_page(pte) == page :
		     pte_present(pte) && !pte_special(pte) && pte_pfn(pte) == page_to_pfn(page))
		return ptep;
	spin_unlock(ptl);
	return NULL;
}

static void unlock_entry(pte_t *ptep) NO_LOCK_ANALYSIS
{
	spin_unlock(&pt_page(ptep)->ptl);
}

/* ---- flushes put off ------------------------------------------------------------------------- */

void rmap_flush(struct rmap_flush *f)
{
	while (f->nr) {
		struct mm_struct *mm = f->space[--f->nr].mm;

		if (f->space[f->nr].start < f->space[f->nr].end)
			flush_tlb_mm_range(mm, f->space[f->nr].start, f->space[f->nr].end);
		INV(W3, atomic_read(&mm->tlb_flush_pending) > 0 && atomic_read(&mm->mm_count) > 0);
		dec_tlb_flush_pending(mm);	/* W3 */
		mmdrop(mm);
	}
}

/* @mm's part of @f.  => before the first entry is cleared; no spin lock held */
static unsigned flush_of(struct rmap_flush *f, struct mm_struct *mm)
{
	for (unsigned i = f->nr; i-- > 0; )
		if (f->space[i].mm == mm)
			return i;
	if (f->nr == RMAP_FLUSH_SPACES)
		rmap_flush(f);
	mmgrab(mm);
	inc_tlb_flush_pending(mm);
	f->space[f->nr].mm = mm;
	f->space[f->nr].start = ~0ul;
	f->space[f->nr].end = 0;
	return f->nr++;
}

static void flush_covers(struct rmap_flush *f, unsigned i, vaddr_t va)
{
	INV(W3, i < f->nr && atomic_read(&f->space[i].mm->tlb_flush_pending) > 0);
	f->space[i].start = min(f->space[i].start, va);
	f->space[i].end = max(f->space[i].end, va + PAGE_SIZE);
}

/* ---- references ------------------------------------------------------------------------------ */

struct referenced {
	int seen, young;
};

static bool referenced_one(struct page *page, struct vm_area_struct *vma, vaddr_t va, void *arg)
{
	struct referenced *r = arg;
	pte_t *ptep = lock_entry(page, vma, va, false);

	if (!ptep)
		return true;
	r->young += ptep_test_and_clear_young(ptep);
	unlock_entry(ptep);
	return ++r->seen < page_mapcount(page);
}

int page_referenced(struct page *page, bool try_lock)
{
	struct referenced r = { 0 };
	struct rmap_walk_control rwc = { .rmap_one = referenced_one, .arg = &r, .try_lock = try_lock };

	if (page_mapcount(page))
		(void)rmap_walk(page, &rwc);
	return r.young;
}

/* ---- clean ----------------------------------------------------------------------------------- */

struct mkclean {
	struct rmap_flush flush;
	bool dirty;
};

static bool mkclean_one(struct page *page, struct vm_area_struct *vma, vaddr_t va, void *arg)
{
	struct mkclean *m = arg;
	pte_t *ptep, pte;
	unsigned i;

	if (!(vma->vm_flags & VM_SHARED))
		return true;
	i = flush_of(&m->flush, vma->vm_mm);
	ptep = lock_entry(page, vma, va, false);
	if (!ptep)
		return true;
	do
		pte = pte_load(ptep);
	while (!ptep_cmpxchg(ptep, pte, pte_mkclean(pte_wrprotect(pte))));
	unlock_entry(ptep);
	if (pte_dirty(pte) || pte_write(pte))
		flush_covers(&m->flush, i, va);		/* L3 */
	m->dirty |= pte_dirty(pte);
	return true;
}

bool page_mkclean(struct page *page)
{
	struct mkclean m = { .flush.nr = 0 };
	struct rmap_walk_control rwc = { .rmap_one = mkclean_one, .arg = &m };

	INV(W1, PageLocked(page) && !PageAnon(page));
	if (page_mapcount(page))
		(void)rmap_walk(page, &rwc);
	rmap_flush(&m.flush);
	return m.dirty;
}

/* ---- unmapping ------------------------------------------------------------------------------- */

struct unmap {
	struct rmap_flush *flush;
	bool spare_locked;
};

static bool unmap_one(struct page *page, struct vm_area_struct *vma, vaddr_t va, void *arg)
{
	struct unmap *u = arg;
	pte_t *ptep, pte;
	unsigned i;

	if (vma->vm_flags & VM_LOCKED)
		return false;
	i = flush_of(u->flush, vma->vm_mm);
	ptep = lock_entry(page, vma, va, false);
	if (!ptep)
		return true;
	pte = ptep_get_and_clear(ptep);
	if (unlikely(vma->vm_flags & VM_NONLINEAR))
		set_pte(ptep, nonlinear_rest(vma, va, page->index));
	else if (unlikely(pte_uffd_wp(pte)))
		set_pte(ptep, pte_marker(MARKER_UFFD_WP));	/* Z4 of mm/entry/zap.c */
	INV(W1, page_count(page) > 1);		/* the entry's, and the caller's */
	dec_mm_counter(vma->vm_mm, mm_counter(page));
	page_remove_rmap(page);
	unlock_entry(ptep);
	flush_covers(u->flush, i, va);
	if (pte_dirty(pte))
		set_page_dirty(page);
	put_page(page);			/* the entry's; the caller has another */
	return page_mapcount(page) > 0;
}

bool try_to_unmap(struct page *page, struct rmap_flush *f)
{
	struct unmap u = { .flush = f };
	struct rmap_walk_control rwc = { .rmap_one = unmap_one, .arg = &u, .try_lock = true };

	INV(W1, PageLocked(page) && !PageAnon(page));
	if (page_mapcount(page))
		(void)rmap_walk(page, &rwc);
	return !page_mapcount(page);
}

/* ---- migration ------------------------------------------------------------------------------- */

static bool migrate_one(struct page *page, struct vm_area_struct *vma, vaddr_t va, void *arg)
{
	struct unmap *u = arg;
	pte_t *ptep, pte;
	unsigned i;

	if (u->spare_locked && vma->vm_flags & VM_LOCKED)
		return false;
	i = flush_of(u->flush, vma->vm_mm);
	ptep = lock_entry(page, vma, va, false);
	if (!ptep)
		return true;
	pte = ptep_get_and_clear(ptep);
	set_migration_pte(ptep, page, pte);
	unlock_entry(ptep);
	if (pte_hw_valid(pte))
		flush_covers(u->flush, i, va);
	if (pte_dirty(pte) && !PageAnon(page))
		set_page_dirty(page);
	put_page(page);			/* the entry's; the caller has another */
	return page_mapcount(page) > 0;
}

bool try_to_migrate(struct page *page, struct rmap_flush *f, bool spare_locked)
{
	struct unmap u = { .flush = f, .spare_locked = spare_locked };
	struct rmap_walk_control rwc = { .rmap_one = migrate_one, .arg = &u, .try_lock = true };

	INV(W1, PageLocked(page));
	if (page_mapcount(page))
		(void)rmap_walk(page, &rwc);
	return !page_mapcount(page);
}

static bool remove_one(struct page *page, struct vm_area_struct *vma, vaddr_t va, void *arg)
{
	struct page *old = arg;
	pte_t *ptep = lock_entry(old, vma, va, true);

	if (!ptep)
		return true;
	restore_migration_pte(vma, ptep, page, pte_load(ptep));
	unlock_entry(ptep);
	return true;
}

void remove_migration_ptes(struct page *old, struct page *page, struct anon_vma *anon_vma)
{
	struct rmap_walk_control rwc = { .rmap_one = remove_one, .arg = old, .moved = old, .anon_vma = anon_vma };
	bool done;

	INV(W1, PageLocked(page));
	done = rmap_walk(page, &rwc);
	ASSERT(done);
}
