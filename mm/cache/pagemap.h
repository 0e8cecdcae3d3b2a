/*
 * mm/cache/pagemap.h - the page cache: find, add, lock, remove pages of an address_space.
 *
 * MODEL     A page in the cache holds one reference for it; page->mapping and ->index say where it is.
 *           PG_locked: held while content is read in, truncated or moved.  PG_uptodate: content valid.
 * LOCKING   mapping->lock guards i_pages and nrpages.  Page lock ranks above it and below mmap_lock.
 *           find_get_page() and find_get_range() take no lock: mm/cache/filemap.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_CACHE_PAGEMAP_H
#define VELLUM_MM_CACHE_PAGEMAP_H

#include "include/fs.h"
#include "mm/phys/gfp.h"

/* address_space.flags */
#define AS_EIO		0
#define AS_ENOSPC	1
#define AS_UNEVICTABLE	2
#define AS_SHMEM	3		/* pages are swap-backed and counted as shared memory */
#define AS_EXITING	4
#define AS_HELD		5		/* who has a page in hand writes to it: it is not thrown out under him */

#define mapping_mapped(m) (!prio_tree_empty(&(m)->i_mmap) || !list_empty(&(m)->i_mmap_nonlinear))

/* Make @mapping empty and ready; @host may be NULL. */
void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *aops);

/* Counted reference, or NULL.  No lock is held afterwards. */
struct page *find_get_page(struct address_space *mapping, pgoff_t index);
/* The same, locked, and still in the cache. */
struct page *find_lock_page(struct address_space *mapping, pgoff_t index);
/* Up to @nr present pages from *@index on, in order; *index becomes the next one to ask for. */
unsigned find_get_pages(struct address_space *mapping, pgoff_t *index, pgoff_t last, unsigned nr,
			struct page **pages);
/* The pages of [@index, @index + @nr): a counted reference or NULL for each, as it was at some moment of the call. */
void find_get_range(struct address_space *mapping, pgoff_t index, unsigned nr, struct page **pages);
/* Found or made (content undefined unless uptodate), locked and referenced; NULL: no memory. */
struct page *grab_cache_page(struct address_space *mapping, pgoff_t index);
/* Found or read from the store, uptodate and referenced; NULL or *err says why not: -ERANGE, cut meanwhile. */
struct page *read_mapping_page(struct address_space *mapping, pgoff_t index, struct file *file, int *err);

/* Put a new page in, locked on return, the cache's reference added.  0, -EEXIST, -ENOMEM */
__must_check int add_to_page_cache(struct page *page, struct address_space *mapping, pgoff_t index);
/* The same for who does not hold i_rwsem: -ERANGE, and nothing done, if the file ends before @index (X2). */
__must_check int add_to_page_cache_inside(struct page *page, struct address_space *mapping, pgoff_t index);
/* First page index that lies wholly beyond the file's end. */
static inline pgoff_t file_end_index(const struct inode *inode)
{
	return DIV_ROUND_UP((u64)READ_ONCE(inode->i_size), PAGE_SIZE);
}
/* The caller has locked @page and unmapped it; the cache's reference is dropped. */
void delete_from_page_cache(struct page *page);
void __delete_from_page_cache(struct page *page);	/* mapping->lock held; reference not dropped */
/*
 * Take @page out of the cache if nobody but the caller holds or maps it, and it is clean.  Returns whether.
 * => locked, with the caller's reference, which stays
 */
bool remove_mapping(struct address_space *mapping, struct page *page);

void __lock_page(struct page *page);
__must_check int __lock_page_killable(struct page *page);
void wake_page_waiters(struct page *page);
/*
 * Wait until @page, for which a migration entry under @ptl stands, is unlocked.  No reference is taken: it would
 * be one that who moves the page cannot account for.  => ptl held, and released
 */
void migration_entry_wait_on_locked(struct page *page, spinlock_t *ptl);
static inline bool trylock_page(struct page *page) { return !TestSetPageLocked(page); }
static inline void lock_page(struct page *page)
{
	if (unlikely(TestSetPageLocked(page)))
		__lock_page(page);
}
static inline __must_check int lock_page_killable(struct page *page)
{
	return unlikely(TestSetPageLocked(page)) ? __lock_page_killable(page) : 0;
}
static inline void unlock_page(struct page *page)
{
	unsigned long old = __atomic_fetch_and(&page->flags, ~BIT(PG_locked), __ATOMIC_SEQ_CST);

	INV(G1, old & BIT(PG_locked));
	if (unlikely(old & BIT(PG_waiters)))
		wake_page_waiters(page);
}
void wait_on_page_bit(struct page *page, int bit);
int wait_on_page_bit_killable(struct page *page, int bit);		/* 0 or -EINTR */
static inline void wait_on_page_locked(struct page *page)
{
	if (PageLocked(page))
		wait_on_page_bit(page, PG_locked);
}
static inline void wait_on_page_writeback(struct page *page)
{
	if (PageWriteback(page))
		wait_on_page_bit(page, PG_writeback);
}
/*
 * Lock @page for a fault.  0, or VM_FAULT_RETRY with @page unlocked: it was waited for in the place of locking it,
 * after vmf_drop_lock(), or not at all (RETRY_NOWAIT), or we were killed.  => @page is referenced
 */
unsigned __lock_page_or_retry(struct page *page, struct vm_fault *vmf);
static inline unsigned lock_page_or_retry(struct page *page, struct vm_fault *vmf)
{
	return likely(trylock_page(page)) ? 0 : __lock_page_or_retry(page, vmf);
}
/* May the fault let go of its lock to wait?  Then it does, and the answer is VM_FAULT_RETRY. */
static inline bool fault_may_retry(const struct vm_fault *vmf)
{
	return (vmf->flags & (FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_TRIED)) == FAULT_FLAG_ALLOW_RETRY;
}
void end_page_writeback(struct page *page);
void set_page_writeback(struct page *page);

/* mm/cache/writeback.c; with set_page_dirty() of include/mm_types.h */
int __set_page_dirty_nobuffers(struct page *page);	/* an a_ops->set_page_dirty */
int set_page_dirty_nothing(struct page *page);		/* for stores that are memory */
bool clear_page_dirty_for_io(struct page *page);

#define SYNC_NONE	0
#define SYNC_ALL	1
struct writeback_control {
	long nr_to_write;		/* left; LONG_MAX: all */
	loff_t range_start, range_end;	/* bytes; end is the last byte */
	int sync_mode;			/* SYNC_ALL: wait */
	void *private;			/* of who implements writepages */
};
int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end);
int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end);
void filemap_fdatawait_keep_errors(struct address_space *mapping);
int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end);
/* Writing @mapping failed with @err: its open files hear of it.  Any context */
void mapping_set_error(struct address_space *mapping, int err);
u32 filemap_sample_wb_err(struct address_space *mapping);	/* what a file that is opened now begins with */
int file_check_and_advance_wb_err(struct file *file);
/* For fsync(2): the error that @file has not heard of. */
int file_write_and_wait_range(struct file *file, loff_t start, loff_t end);
/* The same for who has no file: an error that came meanwhile.  It stays for others to hear of. */
int filemap_write_and_check_range(struct address_space *mapping, loff_t start, loff_t end);
int write_cache_pages(struct address_space *mapping, struct writeback_control *wbc);

/* mm/cache/truncate.c */
void truncate_inode_pages_range(struct address_space *mapping, loff_t start, loff_t end);
void truncate_inode_pages(struct address_space *mapping, loff_t start);
void truncate_inode_pages_final(struct address_space *mapping);
void truncate_pagecache(struct inode *inode, loff_t new_size);
void truncate_setsize(struct inode *inode, loff_t new_size);
/* Unmap [start, start+len) of the file from every address space; len 0: to the end. */
void unmap_mapping_range(struct address_space *mapping, loff_t start, loff_t len, int even_cows);
unsigned long invalidate_mapping_pages(struct address_space *mapping, pgoff_t start, pgoff_t end);
/*
 * Pages [@start, @last] go from the cache, and from every mapping, whoever looks at them (but not where AS_HELD says
 * that he counts on them); what is under way is waited for.  0, or -EBUSY: some stayed, dirty or held.  => may sleep
 */
int invalidate_inode_pages2_range(struct address_space *mapping, pgoff_t start, pgoff_t last);

static inline int mapping_map_writable(struct address_space *m)
{
	int c = atomic_read(&m->i_mmap_writable);

	do {
		if (c < 0)
			return -EPERM;
	} while (!atomic_try_cmpxchg(&m->i_mmap_writable, &c, c + 1));
	return 0;
}
static inline void mapping_allow_writable(struct address_space *m)
{
	INV(S1, atomic_read(&m->i_mmap_writable) >= 0);		/* of seals.c */
	atomic_inc(&m->i_mmap_writable);
}
static inline void mapping_unmap_writable(struct address_space *m)
{
	INV(S1, atomic_read(&m->i_mmap_writable) > 0);
	atomic_dec(&m->i_mmap_writable);
}
/* 0, or -EBUSY while somebody maps it writable. */
static inline int mapping_deny_writable(struct address_space *m)
{
	int c = atomic_read(&m->i_mmap_writable);

	do {
		if (c > 0)
			return -EBUSY;
	} while (!atomic_try_cmpxchg(&m->i_mmap_writable, &c, c - 1));
	return 0;
}

#endif
