/*
 * fs/ext2/meta.c - blocks of metadata, in the cache of the device.
 *
 * MODEL     A page of the device holds one block or several, and of these some may be a file's, cached with that
 *           file: the page has no say in what they are.  So what changes is made dirty block by block, and a
 *           block that stops being metadata stops being dirty, and is not under way, before it can be anything else.
 * LOCKING   What a block holds is guarded by whose it is; the page lock only while it is filled.
 * FAILURE   A block that cannot be read: -EIO.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "lib/string.h"
#include "mm/phys/gfp.h"

static struct address_space *dev_mapping(const struct super_block *sb) { return sb->s_bdev->bd_inode->i_mapping; }

static loff_t block_pos(const struct super_block *sb, u32 block) { return (loff_t)block * sb->s_blocksize; }

int ext2_bread(struct super_block *sb, u32 block, struct ext2_buf *b)
{
	loff_t pos = block_pos(sb, block);
	struct page *page = find_get_page(dev_mapping(sb), pos >> PAGE_SHIFT);
	unsigned long nofs;
	int rc = 0;

	if (unlikely(!page || !PageUptodate(page))) {
		if (page)
			put_page(page);
		nofs = memalloc_nofs_save();
		page = read_mapping_page(dev_mapping(sb), pos >> PAGE_SHIFT, NULL, &rc);
		memalloc_nofs_restore(nofs);
		if (!page)
			return rc == -ENOMEM ? rc : -EIO;
	}
	*b = (struct ext2_buf){ page, pos & ~PAGE_MASK };
	return 0;
}

/* A whole page need not be read to be overwritten. */
static int new_page(struct super_block *sb, pgoff_t index, struct ext2_buf *b)
{
	unsigned long nofs = memalloc_nofs_save();
	struct page *page = grab_cache_page(dev_mapping(sb), index);

	memalloc_nofs_restore(nofs);
	if (!page)
		return -ENOMEM;
	*b = (struct ext2_buf){ page, 0 };
	memset(ext2_data(b), 0, PAGE_SIZE);
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

int ext2_bnew(struct super_block *sb, u32 block, struct ext2_buf *b)
{
	int rc;

	if (sb->s_blocksize == PAGE_SIZE)
		return new_page(sb, block, b);
	rc = ext2_bread(sb, block, b);
	if (!rc)
		memset(ext2_data(b), 0, sb->s_blocksize);
	return rc;
}

void ext2_bdirty(struct super_block *sb, const struct ext2_buf *b)
{
	(void)bdev_set_dirty(b->page, b->offset, sb->s_blocksize);
}

void ext2_brelse(struct ext2_buf *b)
{
	if (b->page)
		put_page(b->page);
	b->page = NULL;
}

void ext2_bforget(struct super_block *sb, u32 block, u32 n)
{
	for (; n; n--, block++) {
		loff_t pos = block_pos(sb, block);
		struct page *page = find_get_page(dev_mapping(sb), pos >> PAGE_SHIFT);

		if (!page)
			continue;
		bdev_clear_dirty(page, pos & ~PAGE_MASK, sb->s_blocksize);
		put_page(page);
	}
}

int ext2_bsync(struct super_block *sb, u32 block)
{
	loff_t pos = block_pos(sb, block);

	return filemap_write_and_check_range(dev_mapping(sb), pos, pos + sb->s_blocksize - 1);
}
