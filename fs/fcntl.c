/*
 * fs/fcntl.c - fcntl(2) and what ioctl(2) does for every file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fasync.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/leases.h"
#include "fs/locks.h"
#include "fs/pipe.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/ioctl.h"
#include "kernel/task/cred.h"
#include "mm/cache/shmem.h"

#define SETFL_MASK	(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

static int setfl(unsigned fd, struct file *f, unsigned long arg)
{
	int rc = 0;

	if (((arg ^ f->f_flags) & O_NOATIME) && (arg & O_NOATIME) && !inode_owner_or_capable(f->f_inode))
		return -EPERM;
	/* To a pipe it means packets. */
	if ((arg & O_DIRECT) && !S_ISFIFO(f->f_inode->i_mode) && !(f->f_mode & FMODE_CAN_ODIRECT))
		return -EINVAL;
	if (((arg ^ f->f_flags) & FASYNC) && f->f_op->fasync)
		rc = f->f_op->fasync(fd, f, arg & FASYNC);
	if (!rc)
		file_set_flags(f, SETFL_MASK, arg);
	return rc;
}

static int set_cloexec(unsigned fd, bool on)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	if (on)
		files->close_on_exec[fd / 64] |= 1ul << (fd % 64);
	else
		files->close_on_exec[fd / 64] &= ~(1ul << (fd % 64));
	spin_unlock(&files->lock);
	return 0;
}

static int dup_from(struct file *f, unsigned start, unsigned flags)
{
	int fd;

	if (start >= task_rlimit(RLIMIT_NOFILE))
		return -EINVAL;
	fd = alloc_fd(start, flags);
	if (fd >= 0)
		fd_install(fd, get_file(f));
	return fd;
}

static int set_owner_ex(struct file *f, const void __user *u)
{
	struct f_owner_ex o;

	if (copy_from_user(&o, u, sizeof(o)))
		return -EFAULT;
	if (o.type < F_OWNER_TID || o.type > F_OWNER_PGRP)
		return -EINVAL;
	return f_setown(f, o.type, o.pid, SETOWN_ALWAYS);
}

static int get_owner_ex(struct file *f, void __user *u)
{
	struct f_owner_ex o;

	f_getown(f, &o);
	return copy_to_user(u, &o, sizeof(o)) ? -EFAULT : 0;
}

static int do_lock(struct file *f, unsigned cmd, void __user *u)
{
	struct flock fl;
	int rc;

	if (copy_from_user(&fl, u, sizeof(fl)))
		return -EFAULT;
	if (cmd != F_GETLK && cmd != F_OFD_GETLK)
		return fcntl_setlk(f, cmd, &fl);
	rc = fcntl_getlk(f, cmd, &fl);
	if (!rc && copy_to_user(u, &fl, sizeof(fl)))
		rc = -EFAULT;
	return rc;
}

/* Two descriptors of one open file? */
static int dup_query(struct file *f, unsigned fd)
{
	struct fd other = fdget_raw(fd);
	int same = other.file == f;

	if (!other.file)
		return -EBADF;
	fdput(other);
	return same;
}

static long do_fcntl(unsigned fd, struct file *f, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case F_DUPFD:
		return dup_from(f, arg, 0);
	case F_DUPFD_CLOEXEC:
		return dup_from(f, arg, O_CLOEXEC);
	case F_DUPFD_QUERY:
		return dup_query(f, arg);
	case F_CREATED_QUERY:
		return !!(f->f_mode & FMODE_CREATED);
	case F_GETFD:
		return get_close_on_exec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		return set_cloexec(fd, arg & FD_CLOEXEC);
	case F_GETFL:
		return f->f_flags;
	case F_SETFL:
		return setfl(fd, f, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return do_lock(f, cmd, (void *)arg);
	case F_SETOWN:
		return f_setown_nr(f, arg);
	case F_GETOWN:
		return f_getown_nr(f);
	case F_SETOWN_EX:
		return set_owner_ex(f, (void *)arg);
	case F_GETOWN_EX:
		return get_owner_ex(f, (void *)arg);
	case F_SETSIG:
		return f_setsig(f, arg);
	case F_GETSIG:
		return f_getsig(f);
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ:
		return pipe_fcntl(f, cmd, arg);
	case F_ADD_SEALS:
		return arg > ~0u ? -EINVAL : shmem_add_seals(f, arg);
	case F_GET_SEALS:
		return shmem_get_seals(f);
	case F_SETLEASE:
		return fcntl_setlease(fd, f, arg);
	case F_GETLEASE:
		return fcntl_getlease(f);
	}
	return -EINVAL;
}

static bool allowed_on_path(unsigned cmd)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC || cmd == F_DUPFD_QUERY || cmd == F_GETFD ||
	       cmd == F_SETFD || cmd == F_GETFL;
}

SYSCALL_DEFINE3(fcntl, unsigned, fd, unsigned, cmd, unsigned long, arg)
{
	struct fd f = fdget_raw(fd);
	long rc = -EBADF;

	if (!f.file)
		return -EBADF;
	if (!(f.file->f_mode & FMODE_PATH) || allowed_on_path(cmd))
		rc = do_fcntl(fd, f.file, cmd, arg);
	fdput(f);
	return rc;
}

/* ---- ioctl ----------------------------------------------------------------------------------- */

static long set_flag(struct file *f, unsigned flag, const int __user *u)
{
	int on;

	if (get_user(on, (int *)u))
		return -EFAULT;
	file_set_flags(f, flag, on ? flag : 0);
	return 0;
}

static long set_async(unsigned fd, struct file *f, const int __user *u)
{
	int on;

	if (get_user(on, (int *)u))
		return -EFAULT;
	if (!on == !(f->f_flags & FASYNC))
		return 0;
	return f->f_op->fasync ? f->f_op->fasync(fd, f, on) : -ENOTTY;
}

static long vfs_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	long rc = f->f_op->ioctl ? f->f_op->ioctl(f, cmd, arg) : -ENOTTY;

	return rc == -ENOIOCTLCMD ? -ENOTTY : rc;
}

static long do_ioctl(unsigned fd, struct file *f, unsigned cmd, unsigned long arg)
{
	struct inode *inode = f->f_inode;
	umode_t mode = inode->i_mode;

	switch (cmd) {
	case FIOCLEX:
		return set_cloexec(fd, true);
	case FIONCLEX:
		return set_cloexec(fd, false);
	case FIONBIO:
		return set_flag(f, O_NONBLOCK, (int *)arg);
	case FIOASYNC:
		return set_async(fd, f, (int *)arg);
	case FIOQSIZE:
		if (S_ISDIR(mode) || S_ISREG(mode) || S_ISLNK(mode))
			return put_user(inode->i_size, (loff_t *)arg);
		return -ENOTTY;
	case FIONREAD:
		if (S_ISREG(mode))
			return put_user((int)(inode->i_size - f->f_pos), (int *)arg);
		break;
	}
	return vfs_ioctl(f, cmd, arg);
}

SYSCALL_DEFINE3(ioctl, unsigned, fd, unsigned, cmd, unsigned long, arg)
{
	struct fd f = fdget(fd);
	long rc;

	if (!f.file)
		return -EBADF;
	rc = do_ioctl(fd, f.file, cmd, arg);
	fdput(f);
	return rc;
}
