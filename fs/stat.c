/*
 * fs/stat.c - stat(2), statx(2), readlink(2): what is known about a file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

static int put_stat(const struct kstat *k, struct stat __user *u)
{
	struct stat st = {
		.st_dev = encode_dev(k->dev),
		.st_ino = k->ino,
		.st_mode = k->mode,
		.st_nlink = k->nlink,
		.st_uid = k->uid,
		.st_gid = k->gid,
		.st_rdev = encode_dev(k->rdev),
		.st_size = k->size,
		.st_blksize = k->blksize,
		.st_blocks = k->blocks,
		.st_atime_sec = k->atime.tv_sec,
		.st_atime_nsec = k->atime.tv_nsec,
		.st_mtime_sec = k->mtime.tv_sec,
		.st_mtime_nsec = k->mtime.tv_nsec,
		.st_ctime_sec = k->ctime.tv_sec,
		.st_ctime_nsec = k->ctime.tv_nsec,
	};

	return copy_to_user(u, &st, sizeof(st)) ? -EFAULT : 0;
}

static int stat_fd(int fd, struct kstat *st)
{
	struct fd f = fdget_raw(fd);
	int rc;

	if (!f.file)
		return -EBADF;
	rc = vfs_getattr(&f.file->f_path, st);
	fdput(f);
	return rc;
}

/* "" with AT_EMPTY_PATH and a descriptor: fstat() by another name, common enough to be quick. */
static bool is_empty_name(const char __user *name)
{
	char c;

	return !get_user(c, (char *)name) && !c;
}

static int stat_at(int dfd, const char __user *name, int flags, struct kstat *st)
{
	unsigned lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path path;
	int rc;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH) {
		if (dfd >= 0 && (!name || is_empty_name(name)))
			return stat_fd(dfd, st);
		lookup |= LOOKUP_EMPTY;
	}
	rc = user_path_at(dfd, name, lookup, &path);
	if (rc)
		return rc;
	rc = vfs_getattr(&path, st);
	path_put(&path);
	return rc;
}

SYSCALL_DEFINE2(fstat, unsigned, fd, struct stat __user *, buf)
{
	struct kstat st;
	int rc = stat_fd(fd, &st);

	return rc ? rc : put_stat(&st, buf);
}

SYSCALL_DEFINE4(newfstatat, int, dfd, const char __user *, name, struct stat __user *, buf, int, flags)
{
	struct kstat st;
	int rc = stat_at(dfd, name, flags, &st);

	return rc ? rc : put_stat(&st, buf);
}

static struct vellum_statx_time statx_time(const struct timespec64 *t)
{
	return (struct vellum_statx_time){ .tv_sec = t->tv_sec, .tv_nsec = t->tv_nsec };
}

static int put_statx(const struct kstat *k, struct vellum_statx __user *u)
{
	struct vellum_statx x = {
		.stx_mask = k->result_mask,
		.stx_blksize = k->blksize,
		.stx_attributes = k->attributes,
		.stx_attributes_mask = k->attributes_mask,
		.stx_nlink = k->nlink,
		.stx_uid = k->uid,
		.stx_gid = k->gid,
		.stx_mode = k->mode,
		.stx_ino = k->ino,
		.stx_size = k->size,
		.stx_blocks = k->blocks,
		.stx_atime = statx_time(&k->atime),
		.stx_btime = statx_time(&k->btime),
		.stx_ctime = statx_time(&k->ctime),
		.stx_mtime = statx_time(&k->mtime),
		.stx_rdev_major = MAJOR(k->rdev),
		.stx_rdev_minor = MINOR(k->rdev),
		.stx_dev_major = MAJOR(k->dev),
		.stx_dev_minor = MINOR(k->dev),
		.stx_mnt_id = k->mnt_id,
	};

	return copy_to_user(u, &x, sizeof(x)) ? -EFAULT : 0;
}

SYSCALL_DEFINE5(statx, int, dfd, const char __user *, name, int, flags, unsigned, mask,
		struct vellum_statx __user *, buf)
{
	struct kstat st;
	int rc;

	if ((mask & STATX__RESERVED) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	rc = stat_at(dfd, name, flags, &st);
	if (rc)
		return rc;
	if (!(mask & STATX_BTIME)) {	/* only for those who ask */
		st.result_mask &= ~STATX_BTIME;
		st.btime = (struct timespec64){ 0 };
	}
	return put_statx(&st, buf);
}

/* ---- readlink -------------------------------------------------------------------------------- */

/* The text that readlink() shows for a link that is an object: its path. */
static const char *jump_link_text(struct dentry *link, char *buf)
{
	struct path to;
	const char *text;
	const struct inode_operations *op = link->d_inode->i_op;
	int rc = op->jump_target ? op->jump_target(link, &to) : op->jump_link(link, &to);

	if (rc)
		return ERR_PTR(rc);
	text = d_path(&to, buf, PATH_MAX);
	path_put(&to);
	return text;
}

static const char *link_text(struct dentry *link, char *buf)
{
	struct inode *inode = link->d_inode;

	if (inode->i_link)
		return inode->i_link;
	if (inode->i_op->jump_link)
		return jump_link_text(link, buf);
	return inode->i_op->get_link(link, inode, buf);
}

static long read_link(const struct path *path, char __user *buf, int size)
{
	char *page = kmalloc(PATH_MAX, GFP_KERNEL);
	const char *text;
	long n;

	if (!page)
		return -ENOMEM;
	text = link_text(path->dentry, page);
	if (IS_ERR(text)) {
		n = PTR_ERR(text);
	} else {
		n = min((long)strlen(text), (long)size);
		if (copy_to_user(buf, text, n))
			n = -EFAULT;
	}
	kfree(page);
	return n;
}

SYSCALL_DEFINE4(readlinkat, int, dfd, const char __user *, name, char __user *, buf, int, size)
{
	struct path path;
	long rc;

	if (size <= 0)
		return -EINVAL;
	rc = user_path_at(dfd, name, LOOKUP_EMPTY, &path);
	if (rc)
		return rc;
	if (S_ISLNK(path.dentry->d_inode->i_mode))
		rc = read_link(&path, buf, size);
	else
		rc = is_empty_name(name) ? -ENOENT : -EINVAL;
	path_put(&path);
	return rc;
}
