/*
 * mm/cache/writeback.c - dirty pages: marking, counting, writing.
 *
 * MODEL     PG_dirty and the mark XA_DIRTY say that a page is newer than its store; XA_WRITEBACK and
 *           PG_writeback that it is on its way.  To write a page: lock it, clear dirty (and the write
 *           permission of every mapping, so that the next store is noticed), a_ops->writepage, which
 *           sets writeback and unlocks; end_page_writeback() when the store has it.
 *           A store that is memory (shmem) keeps PG_dirty only.
 * INVARIANTS
 *   W1  PG_dirty is set with its mark, under mapping->lock: who finds it set need not look whether the mark is.
 *   W2  XA_DIRTY stays until XA_WRITEBACK takes its place, or the page has nothing to write: who looks for the one
 *       and then for the other misses no page that was dirty when he began.  A page whose PG_dirty was cleared
 *       and that is not under way yet is locked, so he waits for it.
 *   W3  sb->s_nr_writeback counts the files of the instance that have the mark XA_WRITEBACK.
 * LOCKING   mapping->lock for marks, and to set PG_dirty; the page lock while it is cleared for a write.
 * FAILURE   An I/O error is kept in mapping->wb_err for every file that is open then to hear of once, by its next
 *           fsync(2), and in AS_EIO or AS_ENOSPC for who writes and waits without a file.
 * TESTS     test/host/mm/cache/test_filemap.c; test/boot/ext2.py cuts the power
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/filemap.h"
#include "lib/errseq.h"
#include "mm/rmap/walk.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"

#define BATCH	16u

static inline void dirty_account(struct page *page, int item, long n)
{
	mod_node_page_state(NODE_DATA(page_to_nid(page)), item, n);
}

int set_page_dirty_nothing(struct page *page)
{
	if (PageDirty(page))
		return 0;
	return !TestSetPageDirty(page);
}

int __set_page_dirty_nobuffers(struct page *page)
{
	struct address_space *mapping;
	int was_clean = 0;

	smp_mb();	/* what was stored before the look at PG_dirty: pairs with clear_page_dirty_for_io() */
	if (PageDirty(page))
		return 0;
	mapping = READ_ONCE(page->mapping);
	if (!mapping)
		return 0;			/* cut off: nobody writes it any more */
	spin_lock(&mapping->lock);
	if (page->mapping == mapping && !PageDirty(page)) {
		xa_set_mark(&mapping->i_pages, page->index, XA_DIRTY);
		INV(W1, xa_get_mark(&mapping->i_pages, page->index, XA_DIRTY));
		dirty_account(page, NR_FILE_DIRTY, 1);
		dirty_account(page, NR_DIRTIED, 1);
		current_base()->io.write_bytes += PAGE_SIZE;
		SetPageDirty(page);		/* W1 */
		was_clean = 1;
	}
	spin_unlock(&mapping->lock);
	return was_clean;
}

bool set_page_dirty(struct page *page)
{
	struct address_space *mapping = PageAnon(page) ? NULL : page->mapping;

	if (mapping && mapping->a_ops && mapping->a_ops->set_page_dirty)
		return mapping->a_ops->set_page_dirty(page);
	return set_page_dirty_nothing(page);
}

bool clear_page_dirty_for_io(struct page *page)
{
	INV(G1, PageLocked(page));
	if (page_mkclean(page))
		set_page_dirty(page);
	if (!TestClearPageDirty(page))
		return false;			/* the mark stays (W2) */
	dirty_account(page, NR_FILE_DIRTY, -1);
	return true;
}

/* The first page of @mapping is under way, or the last one no more.  => mapping->lock held */
static void count_writeback(const struct address_space *mapping, int n)
{
	INV(W3, spin_is_locked(&mapping->lock));
	if (!mapping->host)
		return;
	INV(W3, n > 0 || atomic_read(&mapping->host->i_sb->s_nr_writeback) > 0);
	atomic_add(n, &mapping->host->i_sb->s_nr_writeback);
}

void set_page_writeback(struct page *page)
{
	struct address_space *mapping = page->mapping;

	INV(G1, PageLocked(page));
	INV(W2, !PageWriteback(page));
	spin_lock(&mapping->lock);
	SetPageWriteback(page);
	if (!xa_marked(&mapping->i_pages, XA_WRITEBACK))
		count_writeback(mapping, 1);
	xa_set_mark(&mapping->i_pages, page->index, XA_WRITEBACK);
	if (!PageDirty(page))
		xa_clear_mark(&mapping->i_pages, page->index, XA_DIRTY);	/* W2 */
	spin_unlock(&mapping->lock);
	dirty_account(page, NR_WRITEBACK, 1);
}

void end_page_writeback(struct page *page)
{
	struct address_space *mapping = page->mapping;

	INV(W2, PageWriteback(page));
	if (mapping) {
		spin_lock(&mapping->lock);
		xa_clear_mark(&mapping->i_pages, page->index, XA_WRITEBACK);
		if (!xa_marked(&mapping->i_pages, XA_WRITEBACK))
			count_writeback(mapping, -1);
		spin_unlock(&mapping->lock);
	}
	dirty_account(page, NR_WRITEBACK, -1);
	dirty_account(page, NR_WRITTEN, 1);
	if (TestClearPageWriteback(page) && PageWaiters(page))
		wake_page_waiters(page);
}

/* @page, which is locked, may have a mark and be clean: there was nothing to write, or no place for it. */
static void unmark_clean(struct address_space *mapping, struct page *page)
{
	INV(G1, PageLocked(page));
	spin_lock(&mapping->lock);
	if (page->mapping == mapping && !PageDirty(page))
		xa_clear_mark(&mapping->i_pages, page->index, XA_DIRTY);
	spin_unlock(&mapping->lock);
}

/* Write one page that was found marked; 0 or -errno. */
static int write_one(struct address_space *mapping, struct page *page, struct writeback_control *wbc)
{
	int rc = 0;

	lock_page(page);
	if (page->mapping != mapping || !PageDirty(page)) {
		unmark_clean(mapping, page);
		unlock_page(page);
		return 0;
	}
	if (PageWriteback(page)) {
		if (wbc->sync_mode == SYNC_NONE) {
			unlock_page(page);
			return 0;
		}
		wait_on_page_writeback(page);
	}
	if (!clear_page_dirty_for_io(page)) {
		unlock_page(page);
		return 0;
	}
	INV(W2, PageLocked(page) && !PageWriteback(page));
	rc = mapping->a_ops->writepage(page, wbc);
	wbc->nr_to_write--;
	return rc;
}

/* Pages of [*index, last] that carry @mark, each with a reference. */
static unsigned find_get_marked(struct address_space *mapping, pgoff_t *index, pgoff_t last,
				enum xa_mark mark, struct page **pages)
{
	unsigned nr;

	if (*index > last)
		return 0;
	spin_lock(&mapping->lock);
	nr = xa_extract_marked(&mapping->i_pages, (void **)pages, *index, last, BATCH, mark);
	for (unsigned i = 0; i < nr; i++)
		get_page(pages[i]);
	INV(W2, !nr || pages[nr - 1]->index <= last);
	if (nr)
		*index = pages[nr - 1]->index + 1;
	spin_unlock(&mapping->lock);
	return nr;
}

int write_cache_pages(struct address_space *mapping, struct writeback_control *wbc)
{
	pgoff_t index = (u64)wbc->range_start >> PAGE_SHIFT, last = (u64)wbc->range_end >> PAGE_SHIFT;
	struct page *pages[BATCH];
	unsigned nr;
	int rc = 0;

	while (wbc->nr_to_write > 0 &&
	       (nr = find_get_marked(mapping, &index, last, XA_DIRTY, pages))) {
		for (unsigned i = 0; i < nr; i++) {
			int err = wbc->nr_to_write > 0 ? write_one(mapping, pages[i], wbc) : 0;

			put_page(pages[i]);
			if (err && !rc)
				rc = err;
		}
		cond_resched();
	}
	if (rc)
		mapping_set_error(mapping, rc);
	return rc;
}

static int do_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	if (!mapping->a_ops || (!mapping->a_ops->writepages && !mapping->a_ops->writepage))
		return 0;
	if (mapping->a_ops->writepages)
		return mapping->a_ops->writepages(mapping, wbc);
	return write_cache_pages(mapping, wbc);
}

int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end)
{
	struct writeback_control wbc = {
		.nr_to_write = ~0ul >> 1, .range_start = start, .range_end = end, .sync_mode = SYNC_ALL,
	};

	return do_writepages(mapping, &wbc);
}

static void wait_for_range(struct address_space *mapping, pgoff_t index, pgoff_t last)
{
	struct page *pages[BATCH];
	unsigned nr;

	while ((nr = find_get_marked(mapping, &index, last, XA_WRITEBACK, pages)))
		for (unsigned i = 0; i < nr; i++) {
			wait_on_page_writeback(pages[i]);
			put_page(pages[i]);
			cond_resched();
		}
}

void filemap_fdatawait_keep_errors(struct address_space *mapping)
{
	wait_for_range(mapping, 0, ~0ul);
}

int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	wait_for_range(mapping, (u64)start >> PAGE_SHIFT, (u64)end >> PAGE_SHIFT);
	if (test_and_clear_bit(AS_ENOSPC, &mapping->flags))
		return -ENOSPC;
	return test_and_clear_bit(AS_EIO, &mapping->flags) ? -EIO : 0;
}

int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	int rc = filemap_fdatawrite_range(mapping, start, end);
	int wait = filemap_fdatawait_range(mapping, start, end);

	return rc ? rc : wait;
}

/* ---- errors --------------------------------------------------------------------------------- */

void mapping_set_error(struct address_space *mapping, int err)
{
	errseq_set(&mapping->wb_err, err);
	errseq_set(&mapping->host->i_sb->s_wb_err, err);
	set_bit(err == -ENOSPC ? AS_ENOSPC : AS_EIO, &mapping->flags);
}

u32 filemap_sample_wb_err(struct address_space *mapping)
{
	return errseq_sample(&mapping->wb_err);
}

int file_check_and_advance_wb_err(struct file *file)
{
	struct address_space *mapping = file->f_mapping;
	int rc;

	if (likely(READ_ONCE(mapping->wb_err) == READ_ONCE(file->f_wb_err)))
		return 0;
	spin_lock(&mapping->host->i_lock);
	rc = errseq_check_and_advance(&mapping->wb_err, &file->f_wb_err);
	spin_unlock(&mapping->host->i_lock);
	/* Who has no file need not hear of it as well. */
	clear_bit(AS_EIO, &mapping->flags);
	clear_bit(AS_ENOSPC, &mapping->flags);
	return rc;
}

int file_write_and_wait_range(struct file *file, loff_t start, loff_t end)
{
	struct address_space *mapping = file->f_mapping;
	int rc = filemap_fdatawrite_range(mapping, start, end), err;

	wait_for_range(mapping, (u64)start >> PAGE_SHIFT, (u64)end >> PAGE_SHIFT);
	err = file_check_and_advance_wb_err(file);
	return err ? err : rc;
}

int filemap_write_and_check_range(struct address_space *mapping, loff_t start, loff_t end)
{
	u32 since = errseq_sample(&mapping->wb_err);
	int rc = filemap_fdatawrite_range(mapping, start, end);

	wait_for_range(mapping, (u64)start >> PAGE_SHIFT, (u64)end >> PAGE_SHIFT);
	return rc ? rc : errseq_check(&mapping->wb_err, since);
}
