/*
 * fs/iomap/direct.c - O_DIRECT: between user memory and the blocks of a file, past the page cache.
 *
 * MODEL     Extent by extent, each waited for.  What the cache has of the range is written before, so that a read
 *           sees it; a write throws it out, before, so that nothing older is written over it, and afterwards, so
 *           that who read meanwhile reads again.
 *           A write fills holes, and goes on behind the end, through the cache where anybody could see the blocks
 *           before they are written: only whole blocks behind the end are made here.
 * INVARIANTS
 *   T1  No block that is fresh is reached by a reader before its bytes are on the device: it lies behind the end of
 *       the file, which moves when they are.
 *   T2  The blocks stay the file's until the device is done: i_rwsem is held over it, for reading or for writing.
 * LOCKING   i_rwsem; the page lock to throw a page out.
 * FAILURE   As block/direct.c; blocks that were made for nothing are given back (ops->trim).
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/iomap/iomap.h"
#include "fs/inode.h"

/* Zeros for @n bytes of a hole; bytes or -EFAULT */
static ssize_t read_hole(struct iov_iter *to, size_t n)
{
	size_t got = iov_iter_zero(n, to);

	return got ? (ssize_t)got : -EFAULT;
}

/* What a call that moved @done bytes and ended with @rc returns: an error is told, though part of it was moved. */
static ssize_t outcome(ssize_t done, ssize_t rc)
{
	return done && (rc >= 0 || rc == -EINTR) ? done : rc;
}

/* The next of [@pos, @end): bytes or -errno */
static ssize_t read_extent(struct inode *inode, struct iov_iter *to, loff_t pos, loff_t end,
			   const struct iomap_ops *ops)
{
	struct block_device *bdev = inode->i_sb->s_bdev;
	struct iomap map;
	int rc = ops->iomap_begin(inode, pos, end - pos, 0, &map);
	size_t n;

	if (rc)
		return rc;
	n = min_t(u64, end - pos, iomap_left(&map, pos));
	if (map.type == IOMAP_HOLE)
		return read_hole(to, n);
	if (!blkdev_direct_aligned(bdev, pos, to))
		return -EINVAL;
	return blkdev_direct_rw(bdev, REQ_OP_READ, iomap_sector(&map, pos), to, n);
}

ssize_t iomap_dio_read(struct file *file, struct iov_iter *to, loff_t *ppos, const struct iomap_ops *ops)
{
	struct inode *inode = file->f_mapping->host;
	loff_t pos = *ppos, end = min_t(u64, pos + to->count, inode->i_size);
	ssize_t rc;

	rwsem_assert_held(&inode->i_rwsem);		/* T2 */
	if (!to->count || pos >= end)
		return 0;
	rc = filemap_write_and_check_range(inode->i_mapping, pos, end - 1);
	while (!rc && pos < end) {
		rc = read_extent(inode, to, pos, end, ops);
		if (rc < 0)
			break;
		pos += rc;
		rc = cond_resched_killable();
	}
	file_accessed(file);
	rc = outcome(pos - *ppos, rc);
	if (rc > 0)
		*ppos = pos;
	return rc;
}

/* Would [@pos, @pos + @n) bring blocks into the file that are not written as a whole? */
static bool part_of_new_block(const struct inode *inode, loff_t pos, u64 n)
{
	unsigned mask = inode->i_sb->s_blocksize - 1;

	return (pos | n) & mask && pos + (loff_t)n > ALIGN(inode->i_size, (loff_t)mask + 1);
}

/* Where @from is to be written to; 0, 1: through the cache, or -errno */
static int map_for_write(struct inode *inode, const struct iov_iter *from, loff_t pos, struct iomap *map,
			 const struct iomap_ops *ops)
{
	u64 n = from->count;
	int rc = ops->iomap_begin(inode, pos, n, 0, map);
	bool hole = !rc && map->type == IOMAP_HOLE;

	if (rc || (hole && pos + (loff_t)n <= inode->i_size))
		return rc ? rc : 1;			/* T1 */
	if (!blkdev_direct_aligned(inode->i_sb->s_bdev, pos, from))
		return -EINVAL;
	if (part_of_new_block(inode, pos, n) || (hole && pos < inode->i_size))
		return 1;				/* T1 */
	return !hole ? 0 : ops->iomap_begin(inode, pos, n, IOMAP_WRITE, map);
}

/* The next of @from, at @pos: bytes, 0: through the cache, or -errno */
static ssize_t write_extent(struct inode *inode, struct iov_iter *from, loff_t pos, const struct iomap_ops *ops)
{
	struct iov_iter before = *from;
	struct iomap map;
	ssize_t rc = map_for_write(inode, from, pos, &map, ops);
	size_t n;

	if (rc)
		return min_t(ssize_t, rc, 0);
	n = min_t(u64, from->count, iomap_left(&map, pos));
	rc = blkdev_direct_rw(inode->i_sb->s_bdev, REQ_OP_WRITE, iomap_sector(&map, pos), from, n);
	if (rc > 0 && (size_t)rc < n && pos + rc > inode->i_size) {
		/* Part of a fresh block: T1 */
		rc = ALIGN_DOWN(rc, (ssize_t)inode->i_sb->s_blocksize) ?: -EFAULT;
		*from = before;
		iov_iter_advance(from, max_t(ssize_t, rc, 0));
	}
	if (rc > 0 && pos + rc > inode->i_size) {
		WRITE_ONCE(inode->i_size, pos + rc);
		mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	}
	return rc;
}

/* What is left of @from through the cache, and on to the device.  Bytes or -errno */
static ssize_t write_rest(struct file *file, struct iov_iter *from, loff_t pos, const struct iomap_ops *ops)
{
	struct address_space *mapping = file->f_mapping;
	ssize_t got = iomap_file_buffered_write(file, from, pos, ops);
	int rc;

	if (got <= 0)
		return got;
	rc = filemap_write_and_check_range(mapping, pos, pos + got - 1);
	if (rc)
		return rc;
	(void)!invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT, (pos + got - 1) >> PAGE_SHIFT);
	return got;
}

/* Pages of [@pos, @end) go from the cache.  0, or -EBUSY: one was dirty again */
static int throw_out(struct address_space *mapping, loff_t pos, loff_t end)
{
	int rc = mapping->nrpages ? filemap_write_and_check_range(mapping, pos, end - 1) : 0;

	return rc ? rc : invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
}

ssize_t iomap_dio_write(struct file *file, struct iov_iter *from, loff_t pos, const struct iomap_ops *ops)
{
	struct inode *inode = file->f_mapping->host;
	loff_t start = pos;
	ssize_t rc;

	rwsem_assert_held_write(&inode->i_rwsem);	/* T2 */
	if (pos > inode->i_size)
		iomap_zero_tail(inode, inode->i_size);
	rc = throw_out(inode->i_mapping, pos, pos + from->count);
	if (rc == -EBUSY)
		return write_rest(file, from, pos, ops);
	while (!rc && from->count) {
		rc = write_extent(inode, from, pos, ops);
		if (rc <= 0)
			break;
		pos += rc;
		rc = cond_resched_killable();
	}
	if (pos > start)
		(void)!invalidate_inode_pages2_range(inode->i_mapping, start >> PAGE_SHIFT, (pos - 1) >> PAGE_SHIFT);
	if (rc < 0)
		ops->trim(inode);
	else if (from->count)
		rc = write_rest(file, from, pos, ops);
	if (rc > 0)
		pos += rc;
	return outcome(pos - start, rc);
}
