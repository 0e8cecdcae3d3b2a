/*
 * fs/iomap/fiemap.c - where the bytes of a file are, for who asks: FS_IOC_FIEMAP, FIBMAP.
 *
 * MODEL     Extents, in order, without the holes; those that follow each other in the file and on the device are one.
 * LOCKING   i_rwsem, for reading.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/inode.h"
#include "fs/iomap/iomap.h"
#include "include/uapi/errno.h"

struct fiemap {
	u64 fm_start, fm_length;
	u32 fm_flags, fm_mapped_extents, fm_extent_count, fm_reserved;
};
struct fiemap_extent {
	u64 fe_logical, fe_physical, fe_length, reserved64[2];
	u32 fe_flags, reserved[3];
};
#define FIEMAP_FLAG_SYNC	1u
#define FIEMAP_EXTENT_LAST	1u
#define FIEMAP_EXTENT_MERGED	0x1000u

struct answer {
	struct fiemap fm;
	struct fiemap_extent __user *to;
	struct fiemap_extent pending;
	bool full;
};

/* 0 or -EFAULT */
static int give_pending(struct answer *a, u32 flags)
{
	struct fiemap_extent *e = &a->pending;

	if (!e->fe_length)
		return 0;
	if (a->fm.fm_extent_count) {
		if (a->fm.fm_mapped_extents >= a->fm.fm_extent_count) {
			a->full = true;
			return 0;
		}
		e->fe_flags |= flags;
		if (copy_to_user(&a->to[a->fm.fm_mapped_extents], e, sizeof(*e)))
			return -EFAULT;
	}
	a->fm.fm_mapped_extents++;
	e->fe_length = 0;
	return 0;
}

static int add_extent(struct answer *a, const struct iomap *map)
{
	struct fiemap_extent *e = &a->pending;
	int rc;

	if (e->fe_length && e->fe_logical + e->fe_length == (u64)map->offset &&
	    e->fe_physical + e->fe_length == map->addr) {
		e->fe_length += map->length;
		e->fe_flags = FIEMAP_EXTENT_MERGED;
		return 0;
	}
	rc = give_pending(a, 0);
	if (!rc && !a->full)
		*e = (struct fiemap_extent){ .fe_logical = map->offset, .fe_physical = map->addr,
					     .fe_length = map->length, .fe_flags = FIEMAP_EXTENT_MERGED };
	return rc;
}

static int walk_extents(struct inode *inode, struct answer *a, const struct iomap_ops *ops)
{
	u64 size = inode->i_size, pos = a->fm.fm_start;
	u64 end = a->fm.fm_length > size - min(pos, size) ? size : pos + a->fm.fm_length;
	bool last = true;
	int rc = 0;

	while (pos < size && !rc && !a->full) {
		struct iomap map;

		rc = ops->iomap_begin(inode, pos, size - pos, 0, &map);
		if (rc)
			break;
		if (map.type == IOMAP_MAPPED) {
			if ((u64)map.offset >= end) {
				last = false;
				break;
			}
			rc = add_extent(a, &map);
		}
		pos = map.offset + map.length;
		if (!rc && cond_resched_killable())
			rc = -EINTR;
	}
	return rc ? rc : give_pending(a, last && !a->full ? FIEMAP_EXTENT_LAST : 0);
}

long iomap_fiemap(struct inode *inode, void __user *arg, const struct iomap_ops *ops)
{
	struct answer a = { .to = (struct fiemap_extent __user *)((char __user *)arg + sizeof(struct fiemap)) };
	int rc = 0;

	if (copy_from_user(&a.fm, arg, sizeof(a.fm)))
		return -EFAULT;
	if (a.fm.fm_extent_count > INT32_MAX / sizeof(struct fiemap_extent) || !a.fm.fm_length)
		return -EINVAL;
	if (a.fm.fm_start > (u64)inode->i_sb->s_maxbytes)
		return -EFBIG;
	if (a.fm.fm_flags & ~FIEMAP_FLAG_SYNC) {
		a.fm.fm_flags &= ~FIEMAP_FLAG_SYNC;
		return copy_to_user(arg, &a.fm, sizeof(a.fm)) ? -EFAULT : -EBADR;
	}
	a.fm.fm_mapped_extents = 0;
	if (a.fm.fm_flags & FIEMAP_FLAG_SYNC)
		rc = filemap_write_and_check_range(inode->i_mapping, 0, INT64_MAX);
	down_read(&inode->i_rwsem);
	if (!rc)
		rc = walk_extents(inode, &a, ops);
	up_read(&inode->i_rwsem);
	if (!rc && copy_to_user(arg, &a.fm, sizeof(a.fm)))
		rc = -EFAULT;
	return rc;
}

long iomap_bmap(struct inode *inode, int __user *arg, const struct iomap_ops *ops)
{
	struct iomap map;
	int block, rc;

	if (get_user(block, arg))
		return -EFAULT;
	if (block < 0)
		return -EINVAL;
	rc = ops->iomap_begin(inode, (loff_t)block * inode->i_sb->s_blocksize, 1, 0, &map);
	if (rc == -EFBIG || (!rc && map.type == IOMAP_HOLE))
		block = rc = 0;
	else if (!rc)
		block = map.addr / inode->i_sb->s_blocksize;
	return rc ? rc : put_user(block, arg);
}
