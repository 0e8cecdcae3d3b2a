/*
 * mm/cache/filemap.c - the page cache: look-up, insertion, removal, page locks.
 *
 * MODEL     mapping->i_pages maps a file page's index to its struct page.  The cache owns one reference of
 *           each page in it; page->mapping and ->index name the place and change only under the page
 *           lock and mapping->lock.  A page that was found without its lock may have been truncated
 *           since: who cares locks it and looks at page->mapping again.
 *           One page is looked up without mapping->lock.  A reference is taken, unless the count is 0, and
 *           then the slot looked at again (as in Piggin's speculative page references): if it still
 *           leads to the page, the reference was taken while the cache had one.  Who wants a page for
 *           himself freezes it: sets the count from what he knows of to 0.
 *
 *              alloc --add_to_page_cache()--> in the cache, locked --readpage--> uptodate, unlocked
 *              in the cache --delete_from_page_cache()--> gone; lives on for who still holds it
 *
 * INVARIANTS
 *   G1  PG_locked has one owner; unlock_page() finds it set.
 *   G2  mapping->nrpages is the number of entries of i_pages.
 *   G3  NR_FILE_PAGES counts the pages with a mapping; NR_SHMEM those of shmem.
 *   G4  A page leaves the cache for reuse only with its count frozen under mapping->lock; a count that is 0
 *       under a slot will not stay so for longer than that lock is held.
 *   G5  A page that is being written stays in the cache until it is.
 * LOCKING   mapping->lock guards i_pages and nrpages for who changes them or wants several at one moment;
 *           RCU keeps the nodes for who looks up one.  Sleepers on a page use one of PAGE_WAITQS hashed
 *           queues; PG_waiters says that there is one, so that unlocking costs one atomic operation.
 * TESTS     test/host/mm/cache/test_filemap.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/filemap.h"
#include "kernel/sync/rcu.h"
#include "mm/rmap/vma_prio_tree.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"
#include "mm/slab/slab.h"
#include "mm/policy/mempolicy.h"

#define PAGE_WAITQS	64

static wait_queue_head_t page_waitqs[PAGE_WAITQS];
static struct kmem_cache *xa_node_cachep;

/* ---- waiting for a page ---------------------------------------------------------------------- */

static wait_queue_head_t *page_waitq(const struct page *page)
{
	return &page_waitqs[((unsigned long)page / sizeof(struct page)) % PAGE_WAITQS];
}

/* Wakes only who waits for the page that the key names. */
static bool wake_page_function(struct wait_queue_entry *e, unsigned long key)
{
	if (e->private_data != (void *)key)
		return false;
	return autoremove_wake_function(e, key);
}

void wake_page_waiters(struct page *page)
{
	ClearPageWaiters(page);
	smp_mb();	/* pairs with the test of the bit in wait_page(): it sees our clear, or we see it */
	__wake_up(page_waitq(page), 1, (unsigned long)page);
}

/* Sleep until @bit is clear, or, with @take, until we set it.  0, or -EINTR when killed. */
static int wait_page(struct page *page, int bit, bool take, int state)
{
	wait_queue_head_t *q = page_waitq(page);
	struct wait_queue_entry wait = {
		.link = LIST_HEAD_INIT(wait.link), .task = current_base(),
		.func = wake_page_function, .private_data = page,
	};
	int rc = 0;

	for (;;) {
		prepare_to_wait(q, &wait, state);
		SetPageWaiters(page);
		smp_mb();	/* pairs with wake_page_waiters() and the atomic clear of @bit */
		if (take ? !test_and_set_bit(bit, &page->flags) : !test_bit(bit, &page->flags))
			break;
		if (state == TASK_KILLABLE && fatal_signal_pending()) {
			rc = -EINTR;
			break;
		}
		schedule();
	}
	finish_wait(q, &wait);
	return rc;
}

void migration_entry_wait_on_locked(struct page *page, spinlock_t *ptl) NO_LOCK_ANALYSIS
{
	wait_queue_head_t *q = page_waitq(page);
	struct wait_queue_entry wait = {
		.link = LIST_HEAD_INIT(wait.link), .task = current_base(),
		.func = wake_page_function, .private_data = page,
	};

	/* Once: without a reference the page may be another's when we look again.  Its unlocking comes after @ptl. */
	INV(G1, PageLocked(page));		/* by who moves it, while an entry under @ptl stands for it */
	prepare_to_wait(q, &wait, TASK_UNINTERRUPTIBLE);
	SetPageWaiters(page);
	spin_unlock(ptl);
	schedule();
	finish_wait(q, &wait);
}

void __lock_page(struct page *page)
{
	(void)wait_page(page, PG_locked, true, TASK_UNINTERRUPTIBLE);
}

int __lock_page_killable(struct page *page)
{
	return wait_page(page, PG_locked, true, TASK_KILLABLE);
}

void wait_on_page_bit(struct page *page, int bit)
{
	(void)wait_page(page, bit, false, TASK_UNINTERRUPTIBLE);
}

int wait_on_page_bit_killable(struct page *page, int bit)
{
	return wait_page(page, bit, false, TASK_KILLABLE);
}

/* ---- look-up --------------------------------------------------------------------------------- */

static void *xa_node_alloc(bool may_sleep)
{
	return kmem_cache_zalloc(xa_node_cachep, may_sleep ? GFP_KERNEL : GFP_NOWAIT);
}

static void xa_node_free(void *node)
{
	kmem_cache_free(xa_node_cachep, node);
}

static void xa_node_free_rcu(struct rcu_head *head)
{
	xa_node_free(container_of(head, struct xa_node, rcu));
}

static void xa_node_free_later(struct xa_node *node)
{
	call_rcu(&node->rcu, xa_node_free_rcu);
}

void page_cache_init(void)
{
	for (unsigned i = 0; i < PAGE_WAITQS; i++)
		init_waitqueue_head(&page_waitqs[i]);
	xa_node_cachep = kmem_cache_create("radix_tree_node", sizeof(struct xa_node), 0,
					   SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
	xa_set_allocator(xa_node_alloc, xa_node_free, xa_node_free_later);
}

void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *aops)
{
	mapping->host = host;
	xa_init(&mapping->i_pages);
	mapping->nrpages = 0;
	mapping->a_ops = aops;
	vma_prio_tree_root_init(&mapping->i_mmap);
	INIT_LIST_HEAD(&mapping->i_mmap_nonlinear);
	mutex_init(&mapping->i_mmap_lock, RANK_I_MMAP);
	atomic_set(&mapping->i_mmap_writable, 0);
	spin_lock_init(&mapping->lock, RANK_MAPPING);
	mapping->flags = 0;
	mapping->gfp_mask = GFP_HIGHUSER_MOVABLE;
	mapping->writeback_index = 0;
	mapping->wb_err = 0;
}

/* The page of @index with a reference, or NULL.  => an RCU reader (G4) */
static __always_inline struct page *get_entry(struct address_space *mapping, pgoff_t index)
{
	for (;;) {
		void **slot = xa_slot(&mapping->i_pages, index);
		struct page *page = slot ? READ_ONCE(*slot) : NULL;

		if (!page)
			return NULL;
		if (likely(get_page_unless_zero(page))) {
			if (likely(READ_ONCE(*slot) == page))
				return page;
			put_page(page);
		}
		arch_cpu_relax();
	}
}

struct page *find_get_page(struct address_space *mapping, pgoff_t index)
{
	struct page *page;

	rcu_read_lock();
	page = get_entry(mapping, index);
	rcu_read_unlock();
	return page;
}

struct page *find_lock_page(struct address_space *mapping, pgoff_t index)
{
	struct page *page;

	while ((page = find_get_page(mapping, index))) {
		lock_page(page);
		if (likely(page->mapping == mapping)) {
			INV(G2, page->index == index);
			break;
		}
		unlock_page(page);	/* truncated meanwhile */
		put_page(page);
	}
	return page;
}

unsigned find_get_pages(struct address_space *mapping, pgoff_t *index, pgoff_t last, unsigned nr,
			struct page **pages)
{
	unsigned got;

	if (!mapping->nrpages || *index > last)
		return 0;
	spin_lock(&mapping->lock);
	got = xa_extract(&mapping->i_pages, (void **)pages, *index, last, nr);
	for (unsigned i = 0; i < got; i++)
		get_page(pages[i]);
	INV(G2, got <= mapping->nrpages);
	INV(G2, !got || (pages[0]->index >= *index && pages[got - 1]->index <= last));
	if (got)
		*index = pages[got - 1]->index + 1;
	spin_unlock(&mapping->lock);
	return got;
}

void find_get_range(struct address_space *mapping, pgoff_t index, unsigned nr, struct page **pages)
{
	rcu_read_lock();
	for (unsigned i = 0; i < nr; i++)
		pages[i] = get_entry(mapping, index + i);
	rcu_read_unlock();
}

struct page *grab_cache_page(struct address_space *mapping, pgoff_t index)
{
	struct page *page;
	int rc;

	for (;;) {
		page = find_lock_page(mapping, index);
		if (page)
			return page;
		page = page_cache_alloc(mapping->gfp_mask);
		if (!page)
			return NULL;
		rc = add_to_page_cache(page, mapping, index);
		if (!rc)
			return page;
		put_page(page);
		if (rc != -EEXIST)
			return NULL;
	}
}

/* ---- insertion and removal ------------------------------------------------------------------- */

/* The page's figures: +1 as it enters, -1 as it leaves (G3). */
static inline void cache_account(struct page *page, long n)
{
	struct pglist_data *pgdat = NODE_DATA(page_to_nid(page));

	mod_node_page_state(pgdat, NR_FILE_PAGES, n);
	if (PageSwapBacked(page))
		mod_node_page_state(pgdat, NR_SHMEM, n);
}

/* Under the spin lock there was no node to be had: get some outside, where we may sleep. */
static int add_with_reserve(struct page *page, struct address_space *mapping, pgoff_t index)
{
	struct xa_reserve r = XA_RESERVE_INIT;
	int rc = xa_reserve(&r, index);

	if (rc)
		return rc;
	spin_lock(&mapping->lock);
	rc = xa_insert_reserved(&mapping->i_pages, index, page, &r);
	if (!rc)
		mapping->nrpages++;
	spin_unlock(&mapping->lock);
	xa_unreserve(&r);
	return rc;
}

int add_to_page_cache(struct page *page, struct address_space *mapping, pgoff_t index)
{
	int rc;

	INV(G3, !page->mapping && !PageAnon(page) && page_count(page) > 0);
	__SetPageLocked(page);		/* nobody else can see it yet */
	get_page(page);
	page->index = index;
	smp_wmb();	/* locked before it can be found by its frame: isolate_movable_page() */
	page->mapping = mapping;
	spin_lock(&mapping->lock);
	rc = xa_insert(&mapping->i_pages, index, page);
	if (likely(!rc))
		mapping->nrpages++;	/* G2 */
	spin_unlock(&mapping->lock);
	if (unlikely(rc == -ENOMEM))
		rc = add_with_reserve(page, mapping, index);
	if (unlikely(rc)) {
		page->mapping = NULL;
		__ClearPageLocked(page);
		atomic_dec(&page->_refcount);	/* the caller has one more */
		return rc == -EBUSY ? -EEXIST : rc;
	}
	INV(G1, PageLocked(page));
	INV(G4, page_count(page) >= 2);		/* the caller's and the cache's */
	cache_account(page, 1);
	return 0;
}

int add_to_page_cache_inside(struct page *page, struct address_space *mapping, pgoff_t index)
{
	int rc = add_to_page_cache(page, mapping, index);

	if (rc)
		return rc;
	smp_mb();	/* the page before the look at the size: pairs with truncate_setsize() */
	if (likely(index < file_end_index(mapping->host)))
		return 0;
	delete_from_page_cache(page);
	unlock_page(page);
	return -ERANGE;
}

void __delete_from_page_cache(struct page *page)
{
	struct address_space *mapping = page->mapping;

	spin_assert_held(&mapping->lock);
	INV(G1, PageLocked(page));
	INV(G3, !PageAnon(page));
	INV(G2, mapping->nrpages > 0 && xa_load(&mapping->i_pages, page->index) == page);
	INV(G5, !PageWriteback(page));
	if (mapping->a_ops && mapping->a_ops->freepage)
		mapping->a_ops->freepage(page);
	xa_erase(&mapping->i_pages, page->index);
	mapping->nrpages--;		/* G2 */
	cache_account(page, -1);
	if (PageDirty(page) && !PageSwapBacked(page)) {
		mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_FILE_DIRTY, -1);
		current_base()->io.cancelled_write_bytes += PAGE_SIZE;
	}
	ClearPageDirty(page);
	page->mapping = NULL;
}

void delete_from_page_cache(struct page *page)
{
	struct address_space *mapping = page->mapping;

	spin_lock(&mapping->lock);
	__delete_from_page_cache(page);
	spin_unlock(&mapping->lock);
	put_page(page);			/* the cache's */
}

bool remove_mapping(struct address_space *mapping, struct page *page)
{
	int refs = 2;			/* the cache's and the caller's */

	INV(G1, PageLocked(page));
	spin_lock(&mapping->lock);
	if (page->mapping != mapping || page_mapcount(page) ||
	    !atomic_try_cmpxchg(&page->_refcount, &refs, 0)) {		/* G4 */
		spin_unlock(&mapping->lock);
		return false;
	}
	/* Who had a reference to dirty it by has none now: look after the freeze. */
	if (PageDirty(page) || PageWriteback(page)) {
		smp_store_release(&page->_refcount.v, 2);
		spin_unlock(&mapping->lock);
		return false;
	}
	__delete_from_page_cache(page);
	spin_unlock(&mapping->lock);
	INV(G4, !page_count(page) && !page_mapcount(page));
	smp_store_release(&page->_refcount.v, 1);
	return true;
}
