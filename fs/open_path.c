/*
 * fs/open_path.c - open(2)'s walk: to an existing file, or making it in its directory.
 *
 * MODEL     Without O_CREAT it is a look-up, then do_open().  With O_CREAT the last component is looked up
 *           in the cache first; only when it is not there is the directory locked, looked up for
 *           good, and the file made.  A symbolic link at the end starts over with its text.
 *           A file that was just made is open to its maker whatever its mode.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/nameidata.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "fs/leases.h"
#include "kernel/task/cred.h"
#include "lib/string.h"

/* The directory in which a file is to be created. */
struct create_dir { umode_t mode; uid_t uid; };

/* What kind of file may be opened so, and whether its permissions allow it. */
int may_open_access(const struct path *path, int acc_mode, int flag)
{
	struct inode *inode = path->dentry->d_inode;
	int rc;

	switch (inode->i_mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (acc_mode & MAY_WRITE)
			return -EISDIR;
		if (acc_mode & MAY_EXEC)
			return -EACCES;
		break;
	case S_IFBLK:
	case S_IFCHR:
		if (path->mnt->mnt_flags & MNT_NODEV)
			return -EACCES;
		fallthrough;
	case S_IFIFO:
	case S_IFSOCK:
		if (acc_mode & MAY_EXEC)
			return -EACCES;
		break;
	case S_IFREG:
		if ((acc_mode & MAY_EXEC) && (path->mnt->mnt_flags & MNT_NOEXEC))
			return -EACCES;
		break;
	}
	if (acc_mode & MAY_WRITE && !S_ISCHR(inode->i_mode) && !S_ISFIFO(inode->i_mode)) {
		rc = mnt_want_write(path->mnt);
		if (rc)
			return rc;
	}
	rc = inode_permission(inode, acc_mode);
	if (rc)
		return rc;
	if ((flag & O_NOATIME) && !inode_owner_or_capable(inode))
		return -EPERM;
	return 0;
}

static int open_truncate(const struct path *path, int flags)
{
	struct inode *inode = path->dentry->d_inode;
	int rc = get_write_access(inode);

	if (rc)
		return rc;
	rc = break_lease(inode, O_WRONLY | (flags & O_NONBLOCK));
	if (!rc)
		rc = do_truncate(path->dentry, 0, ATTR_MTIME | ATTR_CTIME | ATTR_OPEN, NULL);
	put_write_access(inode);
	return rc;
}

int sysctl_protected_fifos, sysctl_protected_regular;

/*
 * May O_CREAT open the file @inode that is there?  In a directory where all may write and only owners remove, whoever
 * made it may have waited for who thinks to make one of its own.  2: where a group may write, too.
 */
static bool may_create_in_sticky(const struct create_dir *dir, const struct inode *inode)
{
	int level = S_ISREG(inode->i_mode) ? sysctl_protected_regular :
		    S_ISFIFO(inode->i_mode) ? sysctl_protected_fifos : 0;

	if (likely(!level) || !(dir->mode & S_ISVTX))
		return true;
	if (inode->i_uid == dir->uid || inode->i_uid == current_fsuid())
		return true;
	return !(dir->mode & S_IWOTH) && !(level >= 2 && (dir->mode & S_IWGRP));
}

/* The walk has ended at @path: check, truncate, make the file.  Consumes nothing.  @dir: of the name to create */
static struct file *do_open(const struct path *path, const struct open_flags *op, unsigned lookup_flags,
			    const struct create_dir *dir, bool created)
{
	struct inode *inode = path->dentry->d_inode;
	int flag = op->open_flag, rc;

	if (!created && (flag & O_CREAT)) {
		if (flag & O_EXCL)
			return ERR_PTR(-EEXIST);
		if (S_ISDIR(inode->i_mode))
			return ERR_PTR(-EISDIR);
		if (!may_create_in_sticky(dir, inode))
			return ERR_PTR(-EACCES);
	}
	if ((lookup_flags & LOOKUP_DIRECTORY) && !S_ISDIR(inode->i_mode))
		return ERR_PTR(-ENOTDIR);
	if (!created && !(flag & O_PATH)) {
		rc = may_open_access(path, op->acc_mode, flag);
		if (rc)
			return ERR_PTR(rc);
	}
	if ((flag & O_TRUNC) && !created && S_ISREG(inode->i_mode)) {
		rc = mnt_want_write(path->mnt);
		if (!rc)
			rc = open_truncate(path, flag);
		if (rc)
			return ERR_PTR(rc);
	}
	return dentry_open(path, flag);
}

/* O_CREAT, the name is not cached: with the directory locked.  Counted dentry, or ERR_PTR. */
static struct dentry *lookup_or_create(struct nameidata *nd, const struct open_flags *op, bool *created)
{
	struct dentry *dir = nd->path.dentry, *d;
	int rc = 0;

	down_write(&dir->d_inode->i_rwsem);
	d = lookup_cached(dir, &nd->last, LOOKUP_CREATE);
	if (!d)
		d = lookup_uncached(dir, &nd->last, LOOKUP_CREATE);
	if (!IS_ERR(d) && !d->d_inode) {
		rc = mnt_want_write(nd->path.mnt);
		if (!rc)
			rc = vfs_create(dir->d_inode, d, (op->mode & S_IALLUGO & ~current_umask()) | S_IFREG);
		*created = !rc;
	}
	up_write(&dir->d_inode->i_rwsem);
	if (rc) {
		dput(d);
		return ERR_PTR(rc);
	}
	return d;
}

/* The last component of an O_CREAT open.  => as walk_component() */
static const char *open_last(struct nameidata *nd, const struct open_flags *op, bool *created)
{
	bool follow = !(op->open_flag & (O_NOFOLLOW | O_EXCL));
	struct dentry *d = NULL;

	if (nd->last_type != LAST_NORM)
		return walk_component(nd, follow);
	if (nd->last.name[nd->last.len])
		return ERR_PTR(-EISDIR);
	if (nd->lazy) {
		read_assert_held(&dcache_lock);		/* N1 */
		d = __d_lookup(nd->path.dentry, &nd->last);
		if (d && d->d_inode && !(d->d_op && d->d_op->revalidate)) {
			if (op->open_flag & O_EXCL)
				return ERR_PTR(-EEXIST);
			return walk_component(nd, follow);
		}
		nd_unlazy(nd);
	}
	d = lookup_or_create(nd, op, created);
	if (IS_ERR(d))
		return (const char *)d;
	if (!*created && (op->open_flag & O_EXCL)) {
		dput(d);
		return ERR_PTR(-EEXIST);
	}
	return nd_step(nd, d, follow);
}

static struct file *open_creating(int dfd, const char *name, const struct open_flags *op)
{
	struct nameidata nd;
	struct create_dir dir = { 0 };
	bool created = false;
	const char *link;
	struct file *file;
	struct path path;
	int rc = nd_start_parent(&nd, dfd, name, op->lookup_flags);

	if (rc)
		return ERR_PTR(rc);
	for (;;) {
		dir = (struct create_dir){ nd.path.dentry->d_inode->i_mode, nd.path.dentry->d_inode->i_uid };
		nd.at_end = true;
		link = open_last(&nd, op, &created);
		nd.at_end = false;
		if (!link)
			break;
		rc = IS_ERR(link) ? PTR_ERR(link) : link_path_walk(link, &nd);
		if (rc) {
			nd_drop(&nd);
			return ERR_PTR(rc);
		}
	}
	nd_finish(&nd, &path);
	file = do_open(&path, op, op->lookup_flags, &dir, created);
	if (created && !IS_ERR(file))
		file->f_mode |= FMODE_CREATED;
	path_put(&path);
	return file;
}

/* O_TMPFILE: @path is the directory that says in which file system. */
static struct file *open_tmpfile(const struct path *path, const struct open_flags *op)
{
	struct inode *dir = path->dentry->d_inode;
	struct file *file;
	int rc = mnt_want_write(path->mnt);

	if (!rc)
		rc = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (!rc && !dir->i_op->tmpfile)
		rc = -EOPNOTSUPP;
	if (rc)
		return ERR_PTR(rc);
	file = alloc_empty_file(op->open_flag);
	if (!file)
		return ERR_PTR(-ENFILE);
	file->f_path.mnt = path->mnt;
	rc = dir->i_op->tmpfile(dir, file, (op->mode & S_IALLUGO & ~current_umask()) | S_IFREG);
	if (rc) {
		file->f_path.mnt = NULL;
		fput(file);
		return ERR_PTR(rc);
	}
	return file;
}

struct file *do_filp_open(int dfd, const char *name, const struct open_flags *op)
{
	unsigned flags = op->lookup_flags;
	struct file *file;
	struct path path;
	int rc;

	if ((op->open_flag & (O_CREAT | O_PATH)) == O_CREAT)
		return open_creating(dfd, name, op);
	if (!(op->open_flag & O_NOFOLLOW))
		flags |= LOOKUP_FOLLOW;
	rc = filename_lookup(dfd, name, flags, &path);
	if (rc)
		return ERR_PTR(rc);
	if (op->open_flag & __O_TMPFILE)
		file = open_tmpfile(&path, op);
	else
		file = do_open(&path, op, flags, NULL, false);
	path_put(&path);
	return file;
}

bool path_noexec(const struct path *path)
{
	return path->mnt->mnt_flags & MNT_NOEXEC;
}
