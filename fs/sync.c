/*
 * fs/sync.c - making data durable: sync, fsync and their kin; advice about access.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "include/syscall.h"
#include "lib/errseq.h"

SYSCALL_DEFINE0(sync)
{
	sync_filesystems();
	return 0;
}

static long do_fsync(unsigned fd, int datasync)
{
	struct fd f = fdget(fd);
	long rc = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (f.file->f_op->fsync)
		rc = f.file->f_op->fsync(f.file, 0, f.file->f_inode->i_sb->s_maxbytes, datasync);
	fdput(f);
	return rc;
}

SYSCALL_DEFINE1(fsync, unsigned, fd) { return do_fsync(fd, 0); }
SYSCALL_DEFINE1(fdatasync, unsigned, fd) { return do_fsync(fd, 1); }

SYSCALL_DEFINE1(syncfs, int, fd)
{
	struct fd f = fdget(fd);
	struct super_block *sb;
	long rc, err;

	if (!f.file)
		return -EBADF;
	sb = f.file->f_inode->i_sb;
	down_read(&sb->s_umount);
	rc = sync_filesystem(sb);
	up_read(&sb->s_umount);
	spin_lock(&f.file->f_inode->i_lock);
	err = errseq_check_and_advance(&sb->s_wb_err, &f.file->f_sb_err);
	spin_unlock(&f.file->f_inode->i_lock);
	fdput(f);
	return rc ? rc : err;
}

#define SYNC_FILE_RANGE_FLAGS	7u

SYSCALL_DEFINE4(sync_file_range, int, fd, loff_t, off, loff_t, bytes, unsigned, flags)
{
	struct fd f;
	umode_t type;
	long rc = 0;

	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	type = f.file->f_inode->i_mode & S_IFMT;
	if (flags & ~SYNC_FILE_RANGE_FLAGS || off < 0 || bytes < 0 || bytes > INT64_MAX - off)
		rc = -EINVAL;
	else if (type != S_IFREG && type != S_IFBLK && type != S_IFDIR && type != S_IFLNK)
		rc = -ESPIPE;
	else if (f.file->f_op->fsync)
		rc = f.file->f_op->fsync(f.file, off, bytes ? off + bytes - 1 : INT64_MAX, 1);
	fdput(f);
	return rc;
}
