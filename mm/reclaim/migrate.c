/*
 * mm/reclaim/migrate.c - move the content of pages in use to other frames.
 *
 * MODEL     One page, in this order; each step may find that it cannot be now, and undoes what was done:
 *             1 lock the page; walk to every entry that maps it, and hold the regions (rmap_walk);
 *             2 lock the tables of those entries, by address; the entries are as many as mapcount says;
 *             3 clear the entries, flush: nobody can reach the page through a translation;
 *             4 freeze the reference count: entries, cache and we are its only users.  A page of a file is
 *               frozen under mapping->lock, through which all new references would come;
 *             5 copy; put the new page in the cache and in the entries; unlock everything.
 *           A fault on the way finds an empty entry, and then the table's lock taken: it waits, sees
 *           that the entry has changed, and the access comes again.
 * INVARIANTS
 *   G1  Between 3 and 5 no translation, entry or cache slot leads to either page but ours.
 *   G2  A new entry has the permissions, A and D of the old one.
 *   G3  Both pages' counters (mapcount, node figures) say the same as before, for the other page.
 * LOCKING   page lock (tried) > mmap_lock or i_mmap_lock (tried) > ptls > mapping->lock.  The flush of 3
 *           waits for harts, interrupts on, under ptls only.
 * FAILURE   Nothing changed; the page was in use, or a lock taken.  Callers try again, or leave it.
 * COST      About 3000 instructions, of which 1056 copy; a flush per entry.
 * TESTS     test/user/t_numa.c, test/kernel/test_compact.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/reclaim/migrate.h"
#include "include/mm_ref.h"
#include "include/uapi/errno.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "mm/phys/page_alloc.h"
#include "mm/pt/flush.h"
#include "mm/pt/walk.h"
#include "mm/rmap/walk.h"

#define MAX_ENTRIES	RMAP_MAX_SPACES
#define MIGRATE_PASSES	3		/* over what failed for a reason that may pass */

#define PAGE_NEVER_MOVES \
	(BIT(PG_buddy) | BIT(PG_slab) | BIT(PG_table) | BIT(PG_reserved) | BIT(PG_head) | BIT(PG_tail) | \
	 BIT(PG_private) | BIT(PG_writeback) | BIT(PG_guard) | BIT(PG_poisoned))
/* What the content brings along. */
#define PAGE_MOVES_ALONG \
	(BIT(PG_anon) | BIT(PG_anon_exclusive) | BIT(PG_swapbacked) | BIT(PG_uptodate) | BIT(PG_dirty) | \
	 BIT(PG_referenced) | BIT(PG_error) | BIT(PG_workingset) | BIT(PG_mlocked) | BIT(PG_unevictable) | \
	 BIT(PG_mappedtodisk))

struct entry {
	struct vm_area_struct *vma;
	vaddr_t va;
	pte_t *ptep, pte;		/* pte: as it was */
};

struct migration {
	struct page *old, *fresh;
	struct rmap_walk walk;
	bool spare_locked;
	unsigned nr;
	struct entry entry[MAX_ENTRIES];
};

/* ---- which pages ----------------------------------------------------------------------------- */

static bool looks_movable(const struct page *page)
{
	unsigned long flags = READ_ONCE(page->flags);

	if (flags & PAGE_NEVER_MOVES)
		return false;
	if (flags & BIT(PG_anon))
		return page_mapcount(page) > 0;
	return READ_ONCE(page->mapping) && flags & (BIT(PG_swapbacked) | BIT(PG_uptodate));
}

/*
 * => a page without references is left alone.  Whoever makes a page sets its first reference after the
 * flags and the mapping of its former life are gone, with release order: what is read here afterwards
 * belongs to the life that the reference keeps.
 */
bool isolate_movable_page(struct page *page)
{
	if (!looks_movable(page) || !atomic_inc_not_zero(&page->_refcount))
		return false;
	if (likely(looks_movable(page)))
		return true;
	put_page(page);
	return false;
}

/* ---- steps 1 and 2 --------------------------------------------------------------------------- */

static enum rmap_visit note_entry(struct rmap_walk *w, struct vm_area_struct *vma, vaddr_t va)
{
	struct migration *m = w->arg;
	pte_t *ptep = rmap_entry(m->old, vma, va);

	/* An entry that is not noted is one too few: the page stays. */
	if (!ptep || m->nr == MAX_ENTRIES || (m->spare_locked && vma->vm_flags & VM_LOCKED))
		return RMAP_MISS;
	m->entry[m->nr++] = (struct entry){ .vma = vma, .va = va, .ptep = ptep };
	return m->nr == (unsigned)page_mapcount(m->old) ? RMAP_DONE : RMAP_HIT;
}

/* By the address of their tables, which is the order of two ptls. */
static void sort_entries(struct migration *m)
{
	for (unsigned i = 1; i < m->nr; i++) {
		struct entry e = m->entry[i];
		unsigned j = i;

		for (; j && pt_page(m->entry[j - 1].ptep) > pt_page(e.ptep); j--)
			m->entry[j] = m->entry[j - 1];
		m->entry[j] = e;
	}
}

static bool new_table(const struct migration *m, unsigned i)
{
	return !i || pt_page(m->entry[i].ptep) != pt_page(m->entry[i - 1].ptep);
}

static void lock_tables(struct migration *m) NO_LOCK_ANALYSIS
{
	sort_entries(m);
	for (unsigned i = 0; i < m->nr; i++)
		if (new_table(m, i))
			spin_lock_nested(&pt_page(m->entry[i].ptep)->ptl);
}

static void unlock_tables(struct migration *m) NO_LOCK_ANALYSIS
{
	for (unsigned i = m->nr; i-- > 0; )
		if (new_table(m, i))
			spin_unlock(&pt_page(m->entry[i].ptep)->ptl);
}

/* Are these still all the entries?  => tables locked */
static bool entries_complete(struct migration *m)
{
	for (unsigned i = 0; i < m->nr; i++)
		if (!rmap_entry(m->old, m->entry[i].vma, m->entry[i].va))
			return false;
	return m->nr == (unsigned)page_mapcount(m->old);
}

/* References that are accounted for: the entries', the cache's, ours. */
static int expected_refs(const struct migration *m)
{
	return m->nr + 1 + (!PageAnon(m->old) && m->old->mapping);
}

/* ---- steps 3 to 5 ---------------------------------------------------------------------------- */

static void clear_entries(struct migration *m)
{
	for (unsigned i = 0; i < m->nr; i++) {
		struct entry *e = &m->entry[i];

		e->pte = ptep_get_and_clear(e->ptep);
		if (pte_hw_valid(e->pte))
			flush_tlb_page(e->vma, e->va);
	}
}

/* Let the entries show @page, with what they allowed and knew (G2). */
static void set_entries(struct migration *m, struct page *page)
{
	smp_wmb();	/* the content before the entries: pairs with other harts' walks */
	for (unsigned i = 0; i < m->nr; i++) {
		struct entry *e = &m->entry[i];

		if (page == m->fresh && e->vma->vm_flags & VM_EXEC)
			flush_icache_page(e->vma, page);
		set_pte(e->ptep, pfn_pte(page_to_pfn(page), pte_prot(e->pte)));
	}
}

/* The node figures follow the page to its new node (G3). */
static void move_figures(const struct page *old, struct page *fresh)
{
	pg_data_t *from = page_pgdat(old), *to = page_pgdat(fresh);
	int item[4];
	unsigned n = 0;

	if (from == to)
		return;
	if (page_mapcount(old))
		item[n++] = PageAnon(old) ? NR_ANON_MAPPED : NR_FILE_MAPPED;
	if (!PageAnon(old)) {
		item[n++] = NR_FILE_PAGES;
		if (PageSwapBacked(old))
			item[n++] = NR_SHMEM;
		else if (PageDirty(old))
			item[n++] = NR_FILE_DIRTY;
	}
	while (n--) {
		mod_node_page_state(from, item[n], -1);
		mod_node_page_state(to, item[n], 1);
	}
}

/* The fresh page takes over the identity of the frozen old one.  It is locked, for others may find it now. */
static void become(struct migration *m)
{
	struct page *old = m->old, *fresh = m->fresh;

	copy_highpage(fresh, old);
	fresh->mapping = old->mapping;
	fresh->index = old->index;
	fresh->private = old->private;
	atomic_set(&fresh->_mapcount, m->nr - 1);
	atomic_add(expected_refs(m) - 1, &fresh->_refcount);
	move_figures(old, fresh);
	smp_wmb();	/* before the flags that say what it is: isolate_movable_page() */
	fresh->flags |= (old->flags & PAGE_MOVES_ALONG) | BIT(PG_locked);
}

/* What is left is a page that only we know.  => frozen */
static void leave(struct page *old)
{
	atomic_set(&old->_mapcount, -1);
	old->mapping = NULL;
	__atomic_fetch_and(&old->flags, ~PAGE_MOVES_ALONG, __ATOMIC_RELAXED);
	smp_store_release(&old->_refcount.v, 1);
}

static bool freeze(struct migration *m)
{
	int refs = expected_refs(m);

	return atomic_try_cmpxchg(&m->old->_refcount, &refs, 0);
}

/* G1: entries are clear, the count is frozen, so is the slot.  => @mapping's lock held, if the page has one */
static bool replace_locked(struct migration *m, struct address_space *mapping)
{
	if (!freeze(m))
		return false;
	become(m);
	/* The slot is there: a store to it needs no memory. */
	if (mapping)
		ASSERT(!xa_store(&mapping->i_pages, m->old->index, m->fresh));
	leave(m->old);
	return true;
}

/* Steps 4 and 5 but for the entries.  => entries clear, tables locked */
static bool replace(struct migration *m)
{
	struct address_space *mapping = PageAnon(m->old) ? NULL : m->old->mapping;
	bool done;

	if (!mapping)
		return replace_locked(m, NULL);
	spin_lock(&mapping->lock);
	done = replace_locked(m, mapping);
	spin_unlock(&mapping->lock);
	return done;
}

/* => the page is locked, its regions are held */
static int move_mapped(struct migration *m)
{
	int rc = -EBUSY;

	lock_tables(m);
	if (entries_complete(m) && page_count(m->old) == expected_refs(m)) {
		clear_entries(m);
		rc = replace(m) ? 0 : -EBUSY;
		set_entries(m, rc ? m->old : m->fresh);
	}
	unlock_tables(m);
	return rc;
}

/* May the page, which is locked, really be moved?  What it looked like before may have changed. */
static bool may_move(const struct page *page)
{
	const struct address_space_operations *ops;

	if (!looks_movable(page))
		return false;
	if (PageAnon(page) || PageSwapBacked(page))
		return true;
	ops = page->mapping->a_ops;
	return ops && ops->readpage && !ops->freepage;
}

static int move_locked(struct migration *m, struct migrate_target *t)
{
	int rc = -EBUSY;

	if (!may_move(m->old))
		return -EBUSY;
	m->walk = (struct rmap_walk){ .page = m->old, .visit = note_entry, .arg = m, .likely = t->likely };
	rmap_walk(&m->walk);
	t->likely = m->walk.likely;
	if (m->nr == (unsigned)page_mapcount(m->old))
		rc = move_mapped(m);
	rmap_walk_end(&m->walk);
	return rc;
}

/*
 * Move @old, isolated; 0 or -errno.  The caller's reference stays.  The new page is had before any lock is
 * taken: who waits for memory must not hold the address space of somebody who may be killed for it.
 */
static int migrate_page(struct page *old, struct migrate_target *t)
{
	struct migration m;
	int rc = -EBUSY;

	if (page_mapcount(old) > (int)MAX_ENTRIES || PageLocked(old))
		return -EBUSY;
	m.old = old;
	m.nr = 0;
	m.spare_locked = t->spare_locked;
	m.fresh = t->alloc(t, old);
	if (!m.fresh)
		return -ENOMEM;
	if (trylock_page(old)) {
		rc = move_locked(&m, t);
		unlock_page(old);
	}
	if (!rc) {
		unlock_page(m.fresh);
		put_page(m.fresh);	/* alloc's reference: its users have theirs */
	} else if (t->put) {
		t->put(t, m.fresh);
	} else {
		put_page(m.fresh);
	}
	return rc;
}

/* Free a page that was moved away past the hart's list, so that it merges with its neighbours. */
static void put_moved(struct page *page)
{
	if (!atomic_dec_and_test(&page->_refcount) || !free_pages_prepare(page, 0))
		return;
	__free_pages_ok(page, 0);
	count_vm_event(PGFREE);
}

unsigned migrate_pages(struct page **pages, unsigned nr, struct migrate_target *t, int *status)
{
	unsigned left = 0;

	for (unsigned i = 0; i < nr; i++) {
		int rc = -EBUSY;

		for (unsigned pass = 0; rc == -EBUSY && pass < MIGRATE_PASSES; pass++) {
			/* The page came free meanwhile: then there is nothing to move. */
			if (page_count(pages[i]) == 1 && !page_mapcount(pages[i]) &&
			    (PageAnon(pages[i]) || !pages[i]->mapping))
				rc = 0;
			else
				rc = migrate_page(pages[i], t);
		}
		count_vm_event(rc ? PGMIGRATE_FAIL : PGMIGRATE_SUCCESS);
		put_moved(pages[i]);
		if (status)
			status[i] = rc;
		left += rc != 0;
		cond_resched();
	}
	return left;
}

void migrate_end(struct migrate_target *t)
{
	if (t->likely)
		mmdrop(t->likely);
	t->likely = NULL;
}
