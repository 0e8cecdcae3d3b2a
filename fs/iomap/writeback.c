/*
 * fs/iomap/writeback.c - dirty pages of a file go to where its blocks are.
 *
 * MODEL     As reading: a piece of a bio for each run of blocks of a page.  What the page has behind the end of the
 *           file goes out as zeros.  Blocks without a place are holes beside what is dirty, and stay so (M3).
 * LOCKING   The page lock until all its pieces are handed over; PG_writeback until the last is written.
 * FAILURE   mapping_set_error(): the file's next fsync(2) tells.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/iomap/iomap.h"
#include "fs/inode.h"

struct write_ctx {
	const struct iomap_ops *ops;
	struct iomap map;
};

/* One of the writes of @page has ended.  In a task: end_page_writeback() takes mapping->lock */
static void write_done(struct page *page)
{
	if (__atomic_sub_fetch(&page->private, IO_ONE, __ATOMIC_SEQ_CST) == 0)
		end_page_writeback(page);
}

static void write_ended(struct bio *bio)
{
	for (unsigned i = 0; i < bio->bi_vcnt; i++) {
		struct page *page = bio->bi_vec[i].bv_page;

		if (bio->bi_status && page->mapping)
			mapping_set_error(page->mapping, bio->bi_status);
		write_done(page);
	}
	bio_put(bio);
}

/* Bytes from @off of @page that are of one kind, started to be written if they have a place; -errno */
static int write_run(struct write_ctx *ctx, struct page *page, unsigned off, unsigned end)
{
	loff_t pos = ((loff_t)page->index << PAGE_SHIFT) + off;
	struct inode *inode = page->mapping->host;
	struct iomap *map = &ctx->map;
	unsigned n;

	if (!iomap_covers(map, pos)) {
		int rc = ctx->ops->iomap_begin(inode, pos, max_t(s64, inode->i_size - pos, 1), 0, map);

		if (rc)
			return rc;
	}
	n = min_t(u64, end - off, iomap_left(map, pos));
	if (map->type == IOMAP_HOLE)
		return n;
	__atomic_fetch_add(&page->private, IO_ONE, __ATOMIC_RELAXED);
	blk_plug_add(inode->i_sb->s_bdev, REQ_OP_WRITE, &(struct bio_piece){ page, off, n, iomap_sector(map, pos) },
		     write_ended, true);
	return n;
}

/* => a plug; @page locked, its dirty bit cleared */
static int write_page(struct write_ctx *ctx, struct page *page)
{
	loff_t pos = (loff_t)page->index << PAGE_SHIFT, size = READ_ONCE(page->mapping->host->i_size);
	unsigned end;
	int rc = 0;

	if (pos >= size) {			/* being cut off */
		unlock_page(page);
		return 0;
	}
	end = min_t(u64, PAGE_SIZE, ALIGN((u64)size - pos, (u64)page->mapping->host->i_sb->s_blocksize));
	if (size - pos < PAGE_SIZE)
		zero_page_part(page, size - pos, PAGE_SIZE);
	page->private = IO_ONE;
	set_page_writeback(page);
	for (unsigned off = 0; off < end && rc >= 0; off += rc)
		rc = write_run(ctx, page, off, end);
	unlock_page(page);
	write_done(page);
	return rc < 0 ? rc : 0;
}

int iomap_writepage(struct page *page, struct writeback_control *wbc, const struct iomap_ops *ops)
{
	struct write_ctx once = { .ops = ops };
	struct blk_plug plug;
	int rc;

	blk_start_plug(&plug);
	rc = write_page(wbc->private ? wbc->private : &once, page);
	blk_finish_plug(&plug);
	return rc;
}

int iomap_writepages(struct address_space *mapping, struct writeback_control *wbc, const struct iomap_ops *ops)
{
	struct write_ctx ctx = { .ops = ops };
	struct blk_plug plug;
	int rc;

	wbc->private = &ctx;
	blk_start_plug(&plug);
	rc = write_cache_pages(mapping, wbc);
	blk_finish_plug(&plug);
	wbc->private = NULL;
	return rc;
}

/* => mapping->lock held */
void iomap_freepage(struct page *page)
{
	ClearPageMappedToDisk(page);
	page->private = 0;
}
