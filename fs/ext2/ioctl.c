/*
 * fs/ext2/ioctl.c - ioctl(2) on files of an ext2: flags, generation, where blocks are.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "fs/mount.h"
#include "include/uaccess.h"
#include "kernel/task/cred.h"

#define FS_IOC_GETFLAGS		0x80086601u
#define FS_IOC_SETFLAGS		0x40086602u
#define FS_IOC_GETVERSION	0x80087601u
#define FS_IOC_SETVERSION	0x40087602u
#define EXT2_IOC_GETRSVSZ	0x80086605u
#define EXT2_IOC_SETRSVSZ	0x40086606u
#define RESERVATION_MAX		1027u

static int change_flags(struct inode *inode, u32 flags)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	u32 old = ei->i_flags;

	flags &= S_ISDIR(inode->i_mode) ? ~0u : S_ISREG(inode->i_mode) ? EXT2_REG_FLMASK : EXT2_OTHER_FLMASK;
	if ((flags ^ old) & (EXT2_APPEND_FL | EXT2_IMMUTABLE_FL) && !capable(CAP_LINUX_IMMUTABLE))
		return -EPERM;
	ei->i_flags = (old & ~EXT2_FL_USER_MODIFIABLE) | (flags & EXT2_FL_USER_MODIFIABLE);
	ext2_set_inode_flags(inode);
	inode->i_ctime = inode_time(inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	return 0;
}

static long set_flags(struct file *f, const int __user *arg)
{
	struct inode *inode = f->f_inode;
	u32 flags;
	int rc;

	if (get_user(flags, arg))
		return -EFAULT;
	rc = mnt_want_write(f->f_path.mnt);
	if (rc)
		return rc;
	if (!inode_owner_or_capable(inode))
		return -EACCES;
	down_write(&inode->i_rwsem);
	rc = change_flags(inode, flags);
	up_write(&inode->i_rwsem);
	return rc;
}

static long set_version(struct file *f, const int __user *arg)
{
	struct inode *inode = f->f_inode;
	u32 generation;
	int rc;

	if (!inode_owner_or_capable(inode))
		return -EPERM;
	rc = mnt_want_write(f->f_path.mnt);
	if (rc)
		return rc;
	if (get_user(generation, arg))
		return -EFAULT;
	down_write(&inode->i_rwsem);
	inode->i_generation = generation;
	inode->i_ctime = inode_time(inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	up_write(&inode->i_rwsem);
	return 0;
}

/* How many blocks a file that grows sets aside. */
static long window_size(struct file *f, int __user *arg, bool set)
{
	struct inode *inode = f->f_inode;
	struct ext2_window *w = &EXT2_I(inode)->window;
	u32 size;

	if (!S_ISREG(inode->i_mode) || !(EXT2_SB(inode->i_sb)->opt.flags & EXT2_MOUNT_RESERVATION))
		return -ENOTTY;
	if (!set)
		return put_user(w->size ? w->size : 8u, arg);
	if (!inode_owner_or_capable(inode))
		return -EACCES;
	if (get_user(size, arg))
		return -EFAULT;
	mutex_lock(&EXT2_SB(inode->i_sb)->s_alloc);
	w->size = min(size, RESERVATION_MAX);
	mutex_unlock(&EXT2_SB(inode->i_sb)->s_alloc);
	return 0;
}

static long file_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case FIBMAP:
		return capable(CAP_SYS_RAWIO) ? iomap_bmap(f->f_inode, (int __user *)arg, &ext2_iomap_ops) : -EPERM;
	case FIGETBSZ:
		return put_user((int)f->f_inode->i_sb->s_blocksize, (int __user *)arg);
	case FS_IOC_FIEMAP:
		return iomap_fiemap(f->f_inode, (void __user *)arg, &ext2_iomap_ops);
	}
	return -ENOTTY;
}

long ext2_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct inode *inode = f->f_inode;
	int __user *uint = (int __user *)arg;

	switch (cmd) {
	case FS_IOC_GETFLAGS:
		return put_user((int)(EXT2_I(inode)->i_flags & EXT2_FL_USER_VISIBLE), uint);
	case FS_IOC_SETFLAGS:
		return set_flags(f, uint);
	case FS_IOC_GETVERSION:
		return put_user((int)inode->i_generation, uint);
	case FS_IOC_SETVERSION:
		return set_version(f, uint);
	case EXT2_IOC_GETRSVSZ:
	case EXT2_IOC_SETRSVSZ:
		return window_size(f, uint, cmd == EXT2_IOC_SETRSVSZ);
	}
	return S_ISREG(inode->i_mode) ? file_ioctl(f, cmd, arg) : -ENOTTY;
}
