/*
 * fs/d_path.c - from a (mount, dentry) back to a path name; getcwd(2).
 *
 * MODEL     The name is written from its end to its beginning into the caller's buffer: up the parents
 *           of a tree, then on from the mount point of that tree, until the task's root is met.
 * LOCKING   dcache_lock while walking up.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fs_struct.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

struct prepend { char *p; int left; };

static void prepend(struct prepend *b, const char *s, int n)
{
	b->left -= n;
	if (b->left >= 0) {
		b->p -= n;
		memcpy(b->p, s, n);
	}
}

enum reach { REACHED_ROOT, REACHED_ABSOLUTE, REACHED_DETACHED };

/* Prepend the names from @path up to @root. */
static enum reach prepend_path(struct prepend *b, const struct path *path, const struct path *root)
{
	struct vfsmount *mnt = path->mnt;
	struct dentry *d = path->dentry;

	while (d != root->dentry || mnt != root->mnt) {
		if (d == mnt->mnt_root) {
			if (mnt->mnt_parent == mnt)
				return mnt == root_mnt ? REACHED_ABSOLUTE : REACHED_DETACHED;
			d = mnt->mnt_mountpoint;
			mnt = mnt->mnt_parent;
			continue;
		}
		if (d->d_parent == d)
			return REACHED_DETACHED;
		prepend(b, d->d_name, d->d_len);
		prepend(b, "/", 1);
		d = d->d_parent;
	}
	return REACHED_ROOT;
}

static char *path_string(const struct path *path, char *buf, int len, bool *reachable)
{
	struct prepend b = { buf + len, len };
	char *end;
	enum reach r;

	prepend(&b, "", 1);
	read_lock(&dcache_lock);
	if (d_unlinked(path->dentry))
		prepend(&b, " (deleted)", 10);
	end = b.p;
	r = prepend_path(&b, path, &current->fs->root);
	read_unlock(&dcache_lock);
	if (b.p == end && b.left >= 0)
		prepend(&b, "/", 1);
	if (reachable)
		*reachable = r == REACHED_ROOT;
	return b.left < 0 ? ERR_PTR(-ENAMETOOLONG) : b.p;
}

char *d_path(const struct path *path, char *buf, int len)
{
	struct dentry *d = path->dentry;

	if (d->d_op && d->d_op->dname) {
		d->d_op->dname(d, buf, len);
		return buf;
	}
	return path_string(path, buf, len, NULL);
}

char *dentry_path(struct dentry *d, char *buf, int len)
{
	struct prepend b = { buf + len, len };

	prepend(&b, "", 1);
	read_lock(&dcache_lock);
	if (d->d_parent == d)
		prepend(&b, "/", 1);
	for (; d->d_parent != d; d = d->d_parent) {
		prepend(&b, d->d_name, d->d_len);
		prepend(&b, "/", 1);
	}
	read_unlock(&dcache_lock);
	return b.left < 0 ? ERR_PTR(-ENAMETOOLONG) : b.p;
}

static long getcwd_to(char *page, char __user *buf, unsigned long size, const struct path *pwd)
{
	bool reachable;
	unsigned long len;
	char *s;

	if (d_unlinked(pwd->dentry))
		return -ENOENT;
	s = path_string(pwd, page + 16, PATH_MAX - 16, &reachable);
	if (IS_ERR(s))
		return PTR_ERR(s);
	if (!reachable) {
		s -= 13;
		memcpy(s, "(unreachable)", 13);
	}
	len = page + PATH_MAX - s;
	if (len > size)
		return -ERANGE;
	return copy_to_user(buf, s, len) ? -EFAULT : (long)len;
}

SYSCALL_DEFINE2(getcwd, char __user *, buf, unsigned long, size)
{
	char *page = kmalloc(PATH_MAX, GFP_KERNEL);
	struct path pwd;
	long rc;

	if (!page)
		return -ENOMEM;
	get_fs_pwd(current->fs, &pwd);
	rc = getcwd_to(page, buf, size, &pwd);
	path_put(&pwd);
	kfree(page);
	return rc;
}
