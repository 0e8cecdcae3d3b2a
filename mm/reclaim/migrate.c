/*
 * mm/reclaim/migrate.c - move the content of pages in use to other frames.
 *
 * MODEL     A batch of pages, in this order; each step may find for a page that it cannot be now, and undoes what
 *           was done to it:
 *             1 get the new pages: who waits for memory must not hold what others wait for;
 *             2 lock the page, put migration entries in the place of all entries (try_to_migrate);
 *             3 flush, once a space for all pages: nobody can reach them through a translation;
 *             4 freeze the reference count: the cache and we are its only users.  A page of a file is frozen
 *               under mapping->lock, through which all new references would come;
 *             5 copy; put the new page in the cache;
 *             6 let the migration entries show the new page (the old one, if 4 failed); unlock.
 *           The references of a page that two entries map:
 *
 *                              of a file                            anonymous
 *             isolated         cache 1, entries 2, ours 1           entries 2, ours 1
 *             after 2          cache 1, ours 1                      ours 1
 *             frozen (4)       0: no look-up gets a new one, it looks again until 5's slot shows the new page
 *             after 5          ours 1; the cache has the new page   ours 1
 *
 *           Who has a reference of his own makes the compare-and-swap of 4 fail; nothing was copied then.
 *           A fault on the way finds the migration entry and waits for the page's lock.  However many spaces
 *           share a page, one lock is held at a time.
 * INVARIANTS
 *   G1  Between 3 and 6 no translation, entry or cache slot leads to either page but ours.
 *   G2  A new entry has the permissions, A and D of the old one (mm/rmap/migration.h); whether an anonymous
 *       page is exclusive goes with the entry.
 *   G3  Both pages' counters (mapcount, node figures) say the same as before, for the other page.
 *   G4  What the old page is (anonymous, of a file) stays told until no migration entry stands for it.
 * LOCKING   page locks (tried; those of a batch) > i_mmap_lock or the anon_vma's lock (tried in 2) > ptl.
 * FAILURE   Nothing changed; the page was in use, or a lock taken.  Callers try again, or leave it.
 * COST      About 2500 instructions a page, of which 1056 copy; a flush a space and batch.
 * TESTS     test/user/t_numa.c, test/kernel/test_compact.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/reclaim/migrate.h"
#include "include/uapi/errno.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "mm/phys/page_alloc.h"
#include "mm/rmap/walk.h"

#define BATCH		32u
#define MIGRATE_PASSES	3		/* over what failed for a reason that may pass */

#define PAGE_NEVER_MOVES \
	(BIT(PG_buddy) | BIT(PG_slab) | BIT(PG_table) | BIT(PG_reserved) | BIT(PG_head) | BIT(PG_tail) | \
	 BIT(PG_private) | BIT(PG_writeback) | BIT(PG_guard) | BIT(PG_poisoned))
/* What the content brings along. */
#define PAGE_MOVES_ALONG \
	(BIT(PG_anon) | BIT(PG_swapbacked) | BIT(PG_uptodate) | BIT(PG_dirty) | \
	 BIT(PG_referenced) | BIT(PG_error) | BIT(PG_workingset) | BIT(PG_mlocked) | BIT(PG_unevictable) | \
	 BIT(PG_mappedtodisk))

struct migration {
	struct page *old, *fresh;
	struct anon_vma *anon_vma;	/* of an anonymous page, counted: it has no entry on the way */
	bool locked;			/* old is: step 2 was done */
	int rc;				/* 0: all right so far */
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

/* ---- step 2 ---------------------------------------------------------------------------------- */

/* References that are accounted for when no entry is left: the cache's, ours. */
static int expected_refs(const struct page *page)
{
	return 1 + !PageAnon(page);
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

/* => m->fresh is there; m->rc: -EBUSY if the page cannot be moved now */
static void unmap_old(struct migration *m, struct rmap_flush *f, bool spare_locked)
{
	struct page *old = m->old;

	m->rc = -EBUSY;
	if (!trylock_page(old))
		return;
	if (may_move(old) && page_count(old) == expected_refs(old) + page_mapcount(old))
		m->anon_vma = page_get_anon_vma(old);
	else
		goto undo_lock;
	if (PageAnon(old) && !m->anon_vma)
		goto undo_lock;
	INV(G1, PageLocked(old) && page_count(old) > 0);
	m->locked = true;
	if (try_to_migrate(old, f, spare_locked))
		m->rc = 0;
	return;
undo_lock:
	unlock_page(old);
}

/* ---- steps 4 to 6 ---------------------------------------------------------------------------- */

/* The node figures follow the page to its new node (G3); mapped is what it is not now. */
static void move_figures(const struct page *old, struct page *fresh)
{
	pg_data_t *from = page_pgdat(old), *to = page_pgdat(fresh);
	int item[3];
	unsigned n = 0;

	if (from == to)
		return;
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
static void become(struct page *old, struct page *fresh)
{
	INV(G1, !page_mapcount(old) && !page_count(old) && page_count(fresh) == 1 && !fresh->mapping);
	copy_highpage(fresh, old);
	fresh->mapping = old->mapping;
	fresh->index = old->index;
	fresh->private = old->private;
	if (!PageAnon(old))
		get_page(fresh);		/* the cache's */
	move_figures(old, fresh);
	INV(G3, page_count(fresh) == expected_refs(old) && !page_mapcount(fresh));
	smp_wmb();	/* before the flags that say what it is: isolate_movable_page() */
	fresh->flags |= (old->flags & PAGE_MOVES_ALONG) | BIT(PG_locked);
}

static bool freeze(struct page *old)
{
	int refs = expected_refs(old);

	return atomic_try_cmpxchg(&old->_refcount, &refs, 0);
}

/* G1: entries are clear, the count is frozen, so is the slot.  => @mapping's lock held, if the page has one */
static bool replace_locked(struct migration *m, struct address_space *mapping)
{
	INV(G1, PageLocked(m->old) && (!mapping || spin_is_locked(&mapping->lock)));
	if (!freeze(m->old))
		return false;
	INV(G1, !page_mapcount(m->old));
	become(m->old, m->fresh);
	/* The slot is there: a store to it needs no memory. */
	if (mapping)
		ASSERT(!xa_store(&mapping->i_pages, m->old->index, m->fresh));
	smp_store_release(&m->old->_refcount.v, 1);	/* ours */
	return true;
}

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

/* What is left is a page that only we know (G4). */
static void leave(struct page *old)
{
	INV(G4, !page_mapcount(old) && PageLocked(old));
	INV(G1, !PageAnonExclusive(old));
	old->mapping = NULL;
	__atomic_fetch_and(&old->flags, ~PAGE_MOVES_ALONG, __ATOMIC_RELAXED);
}

static void finish(struct migration *m)
{
	if (!m->rc && !replace(m))
		m->rc = -EBUSY;
	INV(G2, PageAnon(m->old) == !!m->anon_vma && (m->rc || PageAnon(m->fresh) == PageAnon(m->old)));
	remove_migration_ptes(m->old, m->rc ? m->old : m->fresh, m->anon_vma);
	if (m->anon_vma)
		put_anon_vma(m->anon_vma);
	if (!m->rc) {
		leave(m->old);
		unlock_page(m->fresh);
		put_page(m->fresh);	/* alloc's reference: its users have theirs */
		m->fresh = NULL;
	}
	unlock_page(m->old);
}

/* ---- batches --------------------------------------------------------------------------------- */

/* The page came free since it was isolated: then there is nothing to move. */
static bool came_free(const struct page *page)
{
	return page_count(page) == 1 && !page_mapcount(page) && (PageAnon(page) || !page->mapping);
}

/* One pass over those of @m[0..nr) that are not done. */
static void migrate_pass(struct migration *m, unsigned nr, struct migrate_target *t)
{
	struct rmap_flush flush = { .nr = 0 };

	for (unsigned i = 0; i < nr; i++) {
		m[i].locked = false;
		m[i].anon_vma = NULL;
		if (m[i].rc == -EBUSY && came_free(m[i].old))
			m[i].rc = 0;
		if (m[i].rc != -EBUSY || m[i].fresh)
			continue;
		m[i].fresh = t->alloc(t, m[i].old);
		if (!m[i].fresh)
			m[i].rc = -ENOMEM;
	}
	for (unsigned i = 0; i < nr; i++)
		if (m[i].rc == -EBUSY)
			unmap_old(&m[i], &flush, t->spare_locked);
	rmap_flush(&flush);
	for (unsigned i = 0; i < nr; i++)
		if (m[i].locked)
			finish(&m[i]);
	cond_resched();
}

static void drop_fresh(struct migration *m, struct migrate_target *t)
{
	if (!m->fresh)
		return;
	if (t->put)
		t->put(t, m->fresh);
	else
		put_page(m->fresh);
}

/* Free a page that was moved away past the hart's list, so that it merges with its neighbours. */
static void put_moved(struct page *page)
{
	if (!atomic_dec_and_test(&page->_refcount) || !free_pages_prepare(page, 0))
		return;
	__free_pages_ok(page, 0);
	count_vm_event(PGFREE);
}

/* At most BATCH pages. */
static unsigned migrate_batch(struct page **pages, unsigned nr, struct migrate_target *t, int *status)
{
	struct migration m[BATCH];
	unsigned left = 0;

	INV(G1, nr <= BATCH);
	for (unsigned i = 0; i < nr; i++)
		m[i] = (struct migration){ .old = pages[i], .rc = -EBUSY };
	for (unsigned pass = 0; pass < MIGRATE_PASSES; pass++)
		migrate_pass(m, nr, t);
	for (unsigned i = 0; i < nr; i++) {
		drop_fresh(&m[i], t);
		count_vm_event(m[i].rc ? PGMIGRATE_FAIL : PGMIGRATE_SUCCESS);
		put_moved(m[i].old);
		if (status)
			status[i] = m[i].rc;
		left += m[i].rc != 0;
	}
	return left;
}

unsigned migrate_pages(struct page **pages, unsigned nr, struct migrate_target *t, int *status)
{
	unsigned left = 0;

	for (unsigned i = 0, n; i < nr; i += n) {
		n = min(nr - i, BATCH);
		left += migrate_batch(pages + i, n, t, status ? status + i : NULL);
	}
	return left;
}
