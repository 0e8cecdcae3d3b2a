/*
 * block/ioctl.c - ioctl(2) on block devices.
 *
 * SEE       Linux's include/uapi/linux/fs.h for the numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "include/uaccess.h"
#include "include/uapi/errno.h"
#include "include/uapi/ioctl.h"
#include "kernel/task/cred.h"
#include "mm/cache/filemap.h"

#define BLKROSET	_IO(0x12, 93)
#define BLKROGET	_IO(0x12, 94)
#define BLKRRPART	_IO(0x12, 95)
#define BLKGETSIZE	_IO(0x12, 96)
#define BLKFLSBUF	_IO(0x12, 97)
#define BLKRASET	_IO(0x12, 98)
#define BLKRAGET	_IO(0x12, 99)
#define BLKFRASET	_IO(0x12, 100)
#define BLKFRAGET	_IO(0x12, 101)
#define BLKSECTGET	_IO(0x12, 103)
#define BLKSSZGET	_IO(0x12, 104)
#define BLKBSZGET	0x80081270u		/* _IOR(0x12, 112, size_t) */
#define BLKBSZSET	0x40081271u
#define BLKGETSIZE64	0x80081272u
#define BLKDISCARD	_IO(0x12, 119)
#define BLKIOMIN	_IO(0x12, 120)
#define BLKIOOPT	_IO(0x12, 121)
#define BLKALIGNOFF	_IO(0x12, 122)
#define BLKPBSZGET	_IO(0x12, 123)
#define BLKDISCARDZEROES _IO(0x12, 124)
#define BLKROTATIONAL	_IO(0x12, 126)
#define BLKZEROOUT	_IO(0x12, 127)


static long put_int(int v, unsigned long arg) { return put_user(v, (int __user *)arg); }
static long put_short(unsigned v, unsigned long arg)
{
	return put_user((unsigned short)min(v, 0xffffu), (unsigned short __user *)arg);
}
static long put_long(unsigned long v, unsigned long arg) { return put_user(v, (unsigned long __user *)arg); }

/* The figures of a device, which anyone may have who has it open.  -ENOTTY: no such */
static long get_figure(struct block_device *bdev, unsigned cmd, unsigned long arg)
{
	const struct queue_limits *l = &bdev->bd_disk->limits;
	u64 bytes = (u64)READ_ONCE(bdev->bd_nr_sectors) << SECTOR_SHIFT;

	switch (cmd) {
	case BLKROGET:
		return put_int(bdev->bd_disk->read_only, arg);
	case BLKGETSIZE:
		return put_long(bytes >> SECTOR_SHIFT, arg);
	case BLKGETSIZE64:
		return put_user(bytes, (u64 __user *)arg);
	case BLKSSZGET:
		return put_int(l->logical_block_size, arg);
	case BLKPBSZGET:
	case BLKIOMIN:
		return put_int(l->physical_block_size, arg);
	case BLKBSZGET:
		return put_int(PAGE_SIZE, arg);
	case BLKRAGET:
	case BLKFRAGET:
		return put_long(READ_ONCE(bdev->bd_disk->ra_pages) * PAGE_SECTORS, arg);
	case BLKSECTGET:
		return put_short(l->max_sectors, arg);
	case BLKIOOPT:
	case BLKALIGNOFF:
	case BLKDISCARDZEROES:
		return put_int(0, arg);
	case BLKROTATIONAL:
		return put_short(0, arg);
	}
	return -ENOTTY;
}

static long flush_buffers(struct file *f)
{
	int rc;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	rc = filemap_write_and_wait_range(f->f_mapping, 0, INT64_MAX);
	invalidate_mapping_pages(f->f_mapping, 0, ~0ul);
	return rc;
}

static long set_read_only(struct block_device *bdev, unsigned long arg)
{
	int ro;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (get_user(ro, (int __user *)arg))
		return -EFAULT;
	mutex_lock(&bdev->bd_disk->mutex);
	WRITE_ONCE(bdev->bd_disk->read_only, ro != 0);
	mutex_unlock(&bdev->bd_disk->mutex);
	return 0;
}

static long reread_partitions(struct block_device *bdev)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (bdev->bd_partno)
		return -EINVAL;
	return disk_rescan(bdev->bd_disk);
}

/* BLKDISCARD, BLKZEROOUT: the range of bytes at @arg.  What the cache has of it goes first. */
static long erase_range(struct file *f, enum req_op op, unsigned long arg)
{
	struct block_device *bdev = file_bdev(f);
	u64 range[2], size = (u64)READ_ONCE(bdev->bd_nr_sectors) << SECTOR_SHIFT;
	unsigned unit = op == REQ_OP_DISCARD ? SECTOR_SIZE : bdev->bd_disk->limits.logical_block_size;
	struct inode *inode = f->f_mapping->host;
	int rc;

	if (!(f->f_mode & FMODE_WRITE))
		return -EBADF;
	if (copy_from_user(range, (void __user *)arg, sizeof(range)))
		return -EFAULT;
	if ((range[0] | range[1]) & (unit - 1) || range[1] > size || range[0] > size - range[1])
		return -EINVAL;
	if (!range[1])
		return 0;
	down_write(&inode->i_rwsem);
	rc = filemap_write_and_wait_range(f->f_mapping, range[0], range[0] + range[1] - 1);
	truncate_inode_pages_range(f->f_mapping, range[0] & PAGE_MASK,
				   ALIGN(range[0] + range[1], PAGE_SIZE) - 1);
	if (!rc)
		rc = blkdev_issue_range(bdev, op, range[0] >> SECTOR_SHIFT, range[1] >> SECTOR_SHIFT);
	up_write(&inode->i_rwsem);
	return rc;
}

long blkdev_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct block_device *bdev = file_bdev(f);
	int size;

	if (bdev->bd_disk->ops->ioctl) {
		long rc = bdev->bd_disk->ops->ioctl(f, cmd, arg);

		if (rc != -ENOTTY)
			return rc;
	}
	switch (cmd) {
	case BLKFLSBUF:
		return flush_buffers(f);
	case BLKROSET:
		return set_read_only(bdev, arg);
	case BLKRASET:
	case BLKFRASET:
		return capable(CAP_SYS_ADMIN) ? disk_set_readahead(bdev->bd_disk, arg / PAGE_SECTORS) : -EACCES;
	case BLKRRPART:
		return reread_partitions(bdev);
	case BLKDISCARD:
		return erase_range(f, REQ_OP_DISCARD, arg);
	case BLKZEROOUT:
		return erase_range(f, REQ_OP_WRITE_ZEROES, arg);
	case BLKBSZSET:
		if (get_user(size, (int __user *)arg))
			return -EFAULT;
		return size == PAGE_SIZE ? 0 : -EINVAL;
	}
	return get_figure(bdev, cmd, arg);
}
