/*
 * fs/ext2/file.c - regular files: read, written, mapped, made durable.
 *
 * MODEL     fsync(2) brings to the device, each before the next is begun: the data, the blocks of numbers that
 *           lead to it, the inode; then the device is told to keep what it has.  So a record whose fsync returned
 *           can be found again whatever comes of the bitmaps, which fsck computes anew.
 * LOCKING   i_rwsem for writing over a write and a change of the size, for reading over a read past the cache.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "fs/file.h"

int ext2_fsync(struct file *f, loff_t start, loff_t end, int datasync)
{
	struct inode *inode = f->f_mapping->host;
	int rc = file_write_and_wait_range(f, start, end), err, flush;

	err = ext2_sync_inode(inode, datasync);
	flush = blkdev_issue_flush(inode->i_sb->s_bdev);
	if (flush)
		mapping_set_error(inode->i_mapping, flush);
	if (err || flush)
		err = file_check_and_advance_wb_err(f);
	return rc ? rc : err;
}

static bool must_sync(const struct file *f, const struct iov_iter *from)
{
	const struct inode *inode = f->f_mapping->host;

	return f->f_flags & O_DSYNC || from->rwf & (RWF_DSYNC | RWF_SYNC) || inode->i_sb->s_flags & SB_SYNCHRONOUS ||
	       inode->i_flags & S_SYNC;
}

static ssize_t ext2_file_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct inode *inode = f->f_mapping->host;
	ssize_t rc;

	if (likely(!(f->f_flags & O_DIRECT)))
		return generic_file_read(f, to, pos);
	down_read(&inode->i_rwsem);		/* the blocks stay its own meanwhile */
	rc = iomap_dio_read(f, to, pos, &ext2_iomap_ops);
	up_read(&inode->i_rwsem);
	return rc;
}

static ssize_t ext2_file_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct inode *inode = f->f_mapping->host;
	ssize_t rc;

	down_write(&inode->i_rwsem);
	rc = generic_write_checks(f, from, pos);
	if (rc > 0)
		rc = file_remove_privs(f) ?: rc;
	if (rc > 0) {
		file_update_time(f);
		rc = unlikely(f->f_flags & O_DIRECT) ? iomap_dio_write(f, from, *pos, &ext2_iomap_ops)
						     : iomap_file_buffered_write(f, from, *pos, &ext2_iomap_ops);
	}
	if (rc > 0)
		*pos += rc;
	up_write(&inode->i_rwsem);
	if (rc > 0 && unlikely(must_sync(f, from))) {
		int err = ext2_fsync(f, *pos - rc, *pos - 1, !(f->f_flags & (O_SYNC & ~O_DSYNC)));

		if (err)
			return err;
	}
	return rc;
}

static unsigned ext2_page_mkwrite(struct vm_fault *vmf) { return iomap_page_mkwrite(vmf, &ext2_iomap_ops); }

static const struct vm_operations_struct ext2_vm_ops = {
	.fault = filemap_fault, .map_pages = filemap_map_pages, .page_mkwrite = ext2_page_mkwrite,
	.can_nonlinear = true,
};

static int ext2_mmap(struct file *f, struct vm_area_struct *vma)
{
	file_accessed(f);
	vma->vm_ops = &ext2_vm_ops;
	return 0;
}

/* Who wrote closes it: what was set aside for more goes back. */
static void ext2_release(struct inode *inode, struct file *f)
{
	if (f->f_mode & FMODE_WRITE && atomic_read(&inode->i_writecount) <= 1)
		ext2_discard_window(inode);
}

static int ext2_open(struct inode *inode, struct file *f)
{
	if (!(f->f_flags & O_LARGEFILE) && inode->i_size > 0x7fffffff)
		return -EOVERFLOW;
	f->f_mode |= FMODE_CAN_ODIRECT;
	return 0;
}

const struct file_operations ext2_file_operations = {
	.llseek = generic_file_llseek,
	.read = ext2_file_read,
	.write = ext2_file_write,
	.mmap = ext2_mmap,
	.open = ext2_open,
	.release = ext2_release,
	.fsync = ext2_fsync,
	.ioctl = ext2_ioctl,
};

const struct inode_operations ext2_file_iops = { .setattr = ext2_setattr, .getattr = ext2_getattr };
