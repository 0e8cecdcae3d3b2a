/*
 * fs/iomap/read.c - pages of a file are read from where its blocks are.
 *
 * MODEL     For each run of blocks of a page one piece of a bio; bios grow over pages for as long as the file
 *           follows itself on the device.  Holes, and what is behind the file's last block, are zeros.
 *           The page is unlocked when its last piece has come.
 * LOCKING   The page lock, from who adds the page to the interrupt that unlocks it.
 * FAILURE   A piece that cannot be read leaves the page not uptodate: who reads it gets -EIO.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/iomap/iomap.h"
#include "fs/inode.h"
#include "lib/string.h"
#include "mm/kmap/highmem.h"

struct read_ctx {
	struct inode *inode;
	loff_t end;			/* what is wanted ends there */
	const struct iomap_ops *ops;
	struct iomap map;
};

void zero_page_part(struct page *page, unsigned from, unsigned to)
{
	char *kaddr;

	if (from >= to)
		return;
	kaddr = kmap_local_page(page);
	memset(kaddr + from, 0, to - from);
	kunmap_local(kaddr);
	flush_dcache_page(page);
}

/* One of the reads of @page has ended.  Any context */
static void read_done(struct page *page, bool good)
{
	unsigned long left;

	if (!good)
		__atomic_fetch_or(&page->private, IO_FAILED, __ATOMIC_RELAXED);
	left = __atomic_sub_fetch(&page->private, IO_ONE, __ATOMIC_SEQ_CST);
	if (left & ~IO_FAILED)
		return;
	page->private = 0;
	if (!left)
		SetPageUptodate(page);
	unlock_page(page);
}

static void read_ended(struct bio *bio)
{
	for (unsigned i = 0; i < bio->bi_vcnt; i++)
		read_done(bio->bi_vec[i].bv_page, !bio->bi_status);
	bio_put(bio);
}

/* Bytes from @off of @page that are of one kind, started to be read or zeroed; -errno */
static int read_run(struct read_ctx *ctx, struct page *page, unsigned off)
{
	loff_t pos = ((loff_t)page->index << PAGE_SHIFT) + off;
	struct iomap *map = &ctx->map;
	unsigned n;

	if (!iomap_covers(map, pos)) {
		int rc = ctx->ops->iomap_begin(ctx->inode, pos, ctx->end - pos, 0, map);

		if (rc)
			return rc;
	}
	n = min_t(u64, PAGE_SIZE - off, iomap_left(map, pos));
	if (map->type == IOMAP_HOLE) {
		zero_page_part(page, off, off + n);
		return n;
	}
	__atomic_fetch_add(&page->private, IO_ONE, __ATOMIC_RELAXED);
	blk_plug_add(ctx->inode->i_sb->s_bdev, REQ_OP_READ,
		     &(struct bio_piece){ page, off, n, iomap_sector(map, pos) }, read_ended, false);
	return n;
}

/* => a plug; @page locked and not uptodate */
static void read_page(struct read_ctx *ctx, struct page *page)
{
	loff_t pos = (loff_t)page->index << PAGE_SHIFT, size = READ_ONCE(ctx->inode->i_size);
	unsigned end = size <= pos ? 0 :
		min_t(u64, PAGE_SIZE, ALIGN((u64)size - pos, (u64)ctx->inode->i_sb->s_blocksize));
	int rc = 0;

	page->private = IO_ONE;
	zero_page_part(page, end, PAGE_SIZE);
	for (unsigned off = 0; off < end && rc >= 0; off += rc) {
		rc = read_run(ctx, page, off);
		if (rc > 0 && off + rc == PAGE_SIZE && !off && ctx->map.type == IOMAP_MAPPED)
			SetPageMappedToDisk(page);
	}
	read_done(page, rc >= 0);
}

int iomap_readpage(struct page *page, const struct iomap_ops *ops)
{
	struct read_ctx ctx = {
		.inode = page->mapping->host, .ops = ops, .end = (loff_t)(page->index + 1) << PAGE_SHIFT,
	};
	struct blk_plug plug;

	blk_start_plug(&plug);
	read_page(&ctx, page);
	blk_finish_plug(&plug);
	return 0;
}

void iomap_readahead(struct address_space *mapping, pgoff_t start, unsigned nr, const struct iomap_ops *ops)
{
	struct read_ctx ctx = { .inode = mapping->host, .ops = ops, .end = (loff_t)(start + nr) << PAGE_SHIFT };
	struct blk_plug plug;

	blk_start_plug(&plug);
	for (; nr && start < file_end_index(mapping->host); nr--, start++) {
		struct page *page = find_get_page(mapping, start);

		if (page) {
			put_page(page);
			continue;
		}
		page = alloc_page(mapping->gfp_mask | __GFP_NORETRY | __GFP_NOWARN);
		if (!page)
			break;
		if (!add_to_page_cache_inside(page, mapping, start))
			read_page(&ctx, page);
		put_page(page);
	}
	blk_finish_plug(&plug);
}
