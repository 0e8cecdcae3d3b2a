/*
 * fs/ext2/namei.c - names of a directory: looked up, made, removed, moved.
 *
 * MODEL     A new inode is made, filled in and then named; if that fails its last link goes, and it with it.  So
 *           a crash in between leaves an inode without a name (fsck finds it), never a name without an inode that
 *           was written later.
 * LOCKING   i_rwsem of the directories, by the caller.
 * FAILURE   What was begun is undone, but for a rename whose second half fails on a damaged directory.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "fs/file.h"
#include "fs/namei.h"
#include "include/uapi/fcntl.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define EXT2_LINK_MAX	32000u

/* A directory has one dentry: where there is another, names lead in a circle. */
static bool is_alias(struct inode *inode)
{
	bool alias;

	read_lock(&dcache_lock);
	alias = S_ISDIR(inode->i_mode) && !list_empty(&inode->i_dentry);
	read_unlock(&dcache_lock);
	return alias;
}

static struct dentry *ext2_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	struct inode *inode = NULL;
	u32 ino;
	int rc;

	if (d->d_len > EXT2_NAME_LEN)
		return ERR_PTR(-ENAMETOOLONG);
	rc = ext2_find_name(dir, d->d_name, d->d_len, &ino);
	if (rc && rc != -ENOENT)
		return ERR_PTR(rc);
	if (!rc) {
		inode = ext2_iget(dir->i_sb, ino);
		if (IS_ERR(inode)) {
			if (PTR_ERR(inode) != -ESTALE)
				return (struct dentry *)inode;
			ext2_error(dir->i_sb, __func__, "deleted inode referenced: %u", ino);
			return ERR_PTR(-EIO);
		}
		if (is_alias(inode)) {
			ext2_error(dir->i_sb, __func__, "directory #%u has a second name, in #%lu", ino,
				   (unsigned long)dir->i_ino);
			iput(inode);
			return ERR_PTR(-ELOOP);
		}
	}
	d_add(d, inode);
	return NULL;
}

/* After a change of @dir that is to be on the device. */
static int dir_changed(struct inode *dir, struct inode *inode)
{
	int rc, err = 0;

	if (likely(!ext2_dirsync(dir)))
		return 0;
	if (inode)
		err = ext2_sync_inode(inode, 0);
	rc = ext2_sync_dir(dir);
	return rc ? rc : err;
}

/* Name @inode, which is new and I_NEW; it goes if that fails. */
static int add_new(struct inode *dir, struct dentry *d, struct inode *inode)
{
	int rc = ext2_add_name(dir, d->d_name, d->d_len, inode);

	if (rc) {
		clear_nlink(inode);
		mark_inode_dirty(inode, I_DIRTY_SYNC);
		unlock_new_inode(inode);
		iput(inode);
		return rc;
	}
	unlock_new_inode(inode);
	d_add(d, inode);
	return dir_changed(dir, inode);
}

static int ext2_create(struct inode *dir, struct dentry *d, umode_t mode)
{
	struct inode *inode = ext2_new_inode(dir, mode);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	ext2_set_ops(inode);
	return add_new(dir, d, inode);
}

static int ext2_mknod(struct inode *dir, struct dentry *d, umode_t mode, dev_t dev)
{
	struct inode *inode = ext2_new_inode(dir, mode);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_rdev = dev;
	ext2_set_ops(inode);
	return add_new(dir, d, inode);
}

/* A new inode that got no name goes. */
static int undo_new(struct inode *inode, int rc)
{
	clear_nlink(inode);
	unlock_new_inode(inode);
	iput(inode);
	return rc;
}

static int write_target(struct inode *inode, const char *target, size_t len)
{
	struct ext2_extent e;
	struct ext2_buf b;
	int rc = ext2_map_blocks(inode, 0, 1, true, &e);

	if (!rc)
		rc = ext2_bnew(inode->i_sb, e.pblk, &b);
	if (rc)
		return rc;
	memcpy(ext2_data(&b), target, len);
	ext2_bdirty(inode->i_sb, &b);
	ext2_brelse(&b);
	return 0;
}

static int ext2_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	size_t len = strlen(target);
	struct inode *inode;
	int rc = 0;

	if (len + 1 > dir->i_sb->s_blocksize)
		return -ENAMETOOLONG;
	inode = ext2_new_inode(dir, S_IFLNK | S_IRWXUGO);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	if (len < sizeof(EXT2_I(inode)->i_data))
		memcpy(EXT2_I(inode)->i_data, target, len);
	else
		rc = write_target(inode, target, len);
	if (rc)
		return undo_new(inode, rc);
	inode->i_size = len;
	ext2_set_ops(inode);
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	return add_new(dir, d, inode);
}

static int ext2_link(struct dentry *old, struct inode *dir, struct dentry *d)
{
	struct inode *inode = old->d_inode;
	int rc;

	if (inode->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	inode->i_ctime = inode_time(inode);
	inc_nlink(inode);
	__iget(inode);
	rc = ext2_add_name(dir, d->d_name, d->d_len, inode);
	if (rc) {
		drop_nlink(inode);
		iput(inode);
		return rc;
	}
	mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	d_add(d, inode);
	return dir_changed(dir, inode);
}

static int ext2_mkdir(struct inode *dir, struct dentry *d, umode_t mode)
{
	struct inode *inode;
	int rc;

	if (dir->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	inode = ext2_new_inode(dir, mode | S_IFDIR);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	ext2_set_ops(inode);
	inode->i_nlink = 2;
	rc = ext2_make_empty(inode, dir);
	if (rc)
		return undo_new(inode, rc);
	inc_nlink(dir);
	rc = add_new(dir, d, inode);
	if (rc && !d->d_inode)
		drop_nlink(dir);
	mark_inode_dirty(dir, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	if (!rc && ext2_dirsync(dir))
		rc = ext2_sync_dir(inode);
	return rc;
}

/* One link of @inode, which changed with @dir, is gone. */
static void lose_link(struct inode *inode, const struct inode *dir)
{
	inode->i_ctime = dir->i_ctime;
	if (inode->i_nlink)			/* a damaged one may have had too few */
		drop_nlink(inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
}

static int ext2_unlink(struct inode *dir, struct dentry *d)
{
	int rc = ext2_remove_name(dir, d->d_name, d->d_len);

	if (rc)
		return rc;
	lose_link(d->d_inode, dir);
	return dir_changed(dir, d->d_inode);
}

static int ext2_rmdir(struct inode *dir, struct dentry *d)
{
	struct inode *inode = d->d_inode;
	int rc = ext2_dir_is_empty(inode);

	if (rc <= 0)
		return rc ? rc : -ENOTEMPTY;
	rc = ext2_remove_name(dir, d->d_name, d->d_len);
	if (rc)
		return rc;
	inode->i_size = 0;
	lose_link(inode, dir);
	clear_nlink(inode);
	lose_link(dir, dir);
	return dir_changed(dir, NULL);
}

/* ---- rename ------------------------------------------------------------------------------------------ */

/* May @nd, which is there, be replaced by @inode? */
static int may_replace(const struct inode *inode, const struct dentry *nd)
{
	int rc;

	if (!S_ISDIR(inode->i_mode))
		return 0;
	rc = ext2_dir_is_empty(nd->d_inode);
	return rc < 0 ? rc : rc ? 0 : -ENOTEMPTY;
}

/* The new name leads to @inode. */
static int rename_to(struct inode *inode, struct inode *ndir, struct dentry *nd, bool new_parent)
{
	struct inode *over = nd->d_inode;
	int rc;

	if (!over) {
		if (new_parent && ndir->i_nlink >= EXT2_LINK_MAX)
			return -EMLINK;
		rc = ext2_add_name(ndir, nd->d_name, nd->d_len, inode);
		if (!rc && new_parent) {
			inc_nlink(ndir);
			mark_inode_dirty(ndir, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
		}
		return rc;
	}
	rc = may_replace(inode, nd);
	if (!rc)
		rc = ext2_set_name(ndir, nd->d_name, nd->d_len, inode, true);
	if (rc)
		return rc;
	lose_link(over, ndir);
	if (S_ISDIR(over->i_mode)) {
		clear_nlink(over);
		if (!new_parent)
			lose_link(ndir, ndir);	/* one directory less in it */
	}
	return 0;
}

static int ext2_rename(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd, unsigned flags)
{
	struct inode *inode = od->d_inode;
	bool new_parent = S_ISDIR(inode->i_mode) && odir != ndir;
	int rc;

	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	rc = rename_to(inode, ndir, nd, new_parent);
	if (rc)
		return rc;
	/* Both names are there now: from here on nothing can be lost. */
	touch_ctime(inode);
	rc = ext2_remove_name(odir, od->d_name, od->d_len);
	if (!rc && new_parent) {
		rc = ext2_set_name(inode, "..", 2, ndir, false);
		lose_link(odir, odir);
		if (!rc && ext2_dirsync(ndir))
			rc = ext2_sync_dir(inode);
	}
	if (!rc)
		rc = dir_changed(ndir, nd->d_inode);
	if (!rc && odir != ndir)
		rc = dir_changed(odir, inode);
	return rc;
}

/* ---- files without a name ------------------------------------------------------------------------------ */

static int ext2_tmpfile(struct inode *dir, struct file *f, umode_t mode)
{
	struct inode *inode = ext2_new_inode(dir, mode);
	struct path path = { f->f_path.mnt, NULL };
	char name[24];
	int rc;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	ext2_set_ops(inode);
	clear_nlink(inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC);
	unlock_new_inode(inode);
	if (!(f->f_flags & O_EXCL))
		inode->i_flags |= S_LINKABLE;
	snprintf(name, sizeof(name), "#%lu", (unsigned long)inode->i_ino);
	path.dentry = d_alloc_pseudo(dir->i_sb, name);
	if (!path.dentry) {
		iput(inode);
		return -ENOMEM;
	}
	d_instantiate(path.dentry, inode);
	rc = do_dentry_open(f, &path);
	dput(path.dentry);
	return rc;
}

const struct inode_operations ext2_dir_iops = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.symlink = ext2_symlink,
	.mkdir = ext2_mkdir,
	.rmdir = ext2_rmdir,
	.mknod = ext2_mknod,
	.rename = ext2_rename,
	.tmpfile = ext2_tmpfile,
	.setattr = ext2_setattr,
	.getattr = ext2_getattr,
};
const struct inode_operations ext2_special_iops = { .setattr = ext2_setattr, .getattr = ext2_getattr };
