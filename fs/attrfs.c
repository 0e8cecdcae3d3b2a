/*
 * fs/attrfs.c - file systems whose files are attributes of the kernel: what sysfs and debugfs share.
 *
 * MODEL     The tree is made of pinned dentries when attributes are created, whether it is mounted or not;
 *           there is one instance.  Reading a file calls its show(), writing its store(); or the file
 *           has operations of its own.
 * LOCKING   The i_rwsem of each directory while a name is added.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/attrfs.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

struct attr { attr_show_fn show; attr_store_fn store; void *data; };

/* ---- files ----------------------------------------------------------------------------------- */

static ssize_t attr_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	const struct attr *a = f->f_inode->i_private;
	char *buf;
	ssize_t n;

	if (!a->show)
		return -EIO;
	buf = (char *)get_zeroed_page(GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	n = a->show(a->data, buf);
	if (n >= 0)
		n = simple_read_from_buffer(to, pos, buf, n);
	free_page((unsigned long)buf);
	return n;
}

static ssize_t attr_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	const struct attr *a = f->f_inode->i_private;
	size_t n = min(from->count, (size_t)PAGE_SIZE - 1);
	ssize_t rc = -EFAULT;
	char *buf;

	if (!a->store)
		return -EIO;
	buf = (char *)get_zeroed_page(GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (copy_from_iter(buf, n, from) == n)
		rc = a->store(a->data, buf, n);
	free_page((unsigned long)buf);
	if (rc > 0)
		*pos += rc;
	return rc;
}

int attrfs_open(struct inode *inode, struct file *f)
{
	return f->f_mode & FMODE_WRITE && !(inode->i_mode & S_IWUGO) ? -EACCES : 0;
}

static const struct file_operations attr_fops = {
	.open = attrfs_open, .read = attr_read, .write = attr_write, .llseek = no_seek_end_llseek,
};

static ssize_t bytes_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	return simple_read_from_buffer(to, pos, f->f_inode->i_private, f->f_inode->i_size);
}

const struct file_operations attrfs_bytes_fops = {
	.open = attrfs_open, .read = bytes_read, .llseek = no_seek_end_llseek,
};
static const struct inode_operations attr_iops = { .setattr = simple_setattr };

/* ---- the tree -------------------------------------------------------------------------------- */

static void set_dir(struct inode *inode)
{
	inode->i_mode = S_IFDIR | 0755;
	inode->i_nlink = 2;
	inode->i_flags |= S_COMPLETE;
	inode->i_op = &simple_dir_inode_operations;
	inode->i_fop = &simple_dir_operations;
}

/* The name of @len bytes in @dir; made a directory if it is not there (else negative).  Counted, NULL */
static struct dentry *child(struct dentry *dir, const char *name, int len, bool make_dir)
{
	struct inode *d_inode = dir->d_inode, *inode;
	struct dentry *d;

	down_write(&d_inode->i_rwsem);
	d = lookup_one_len(name, dir, len);
	if (IS_ERR(d))
		d = NULL;
	if (d && !d->d_inode && make_dir) {
		inode = new_inode(d_inode->i_sb);
		if (inode) {
			set_dir(inode);
			simple_add(d_inode, d, inode);
			inc_nlink(d_inode);
		} else {
			dput(d);
			d = NULL;
		}
	}
	up_write(&d_inode->i_rwsem);
	return d;
}

/* The directory of @path's last name, made with its parents; *@last is that name.  Counted, or NULL */
static struct dentry *parent_dir(struct super_block *sb, const char *path, const char **last)
{
	struct dentry *dir = dget(sb->s_root), *d;
	const char *slash;

	for (; dir && (slash = strchr(path, '/')); path = slash + 1) {
		d = child(dir, path, slash - path, true);
		dput(dir);
		dir = d;
	}
	*last = path;
	return dir;
}

/* Give the new name @path the inode; the reference to it is taken over, also on failure. */
static int add_name(const char *path, struct inode *inode)
{
	const char *last;
	struct dentry *dir = parent_dir(inode->i_sb, path, &last), *d = NULL;
	int rc = -ENOMEM;

	if (dir)
		d = child(dir, last, strlen(last), false);
	if (d && d->d_inode) {
		rc = -EEXIST;
	} else if (d) {
		simple_add(dir->d_inode, d, inode);
		if (S_ISDIR(inode->i_mode))
			inc_nlink(dir->d_inode);
		inode = NULL;
		rc = 0;
	}
	iput(inode);
	dput(d);
	dput(dir);
	return rc;
}

static void attrfs_evict(struct inode *inode)
{
	if (S_ISREG(inode->i_mode) && inode->i_fop == &attr_fops)
		kfree(inode->i_private);
	else if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
}

int attrfs_create_file(struct super_block *sb, const char *path, umode_t mode, attr_show_fn show,
		       attr_store_fn store, void *data)
{
	struct attr *a = kmalloc(sizeof(*a), GFP_KERNEL);
	struct inode *inode;

	if (!a)
		return -ENOMEM;
	*a = (struct attr){ show, store, data };
	inode = new_inode(sb);
	if (!inode) {
		kfree(a);
		return -ENOMEM;
	}
	inode->i_mode = S_IFREG | mode;
	inode->i_size = PAGE_SIZE;
	inode->i_private = a;
	inode->i_op = &attr_iops;
	inode->i_fop = &attr_fops;
	return add_name(path, inode);
}

int attrfs_create_fops(struct super_block *sb, const char *path, umode_t mode, const struct file_operations *fops)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return -ENOMEM;
	inode->i_mode = S_IFREG | mode;
	inode->i_op = &attr_iops;
	inode->i_fop = fops;
	return add_name(path, inode);
}

int attrfs_create_bytes(struct super_block *sb, const char *path, umode_t mode, const void *bytes, size_t n)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return -ENOMEM;
	inode->i_mode = S_IFREG | mode;
	inode->i_size = n;
	inode->i_private = (void *)bytes;
	inode->i_op = &attr_iops;
	inode->i_fop = &attrfs_bytes_fops;
	return add_name(path, inode);
}

int attrfs_create_dir(struct super_block *sb, const char *path)
{
	const char *last;
	struct dentry *dir = parent_dir(sb, path, &last), *d = NULL;

	if (dir)
		d = child(dir, last, strlen(last), true);
	dput(d);
	dput(dir);
	return d ? 0 : -ENOMEM;
}

int attrfs_create_live_dir(struct super_block *sb, const char *path, const struct inode_operations *iops,
			   const struct file_operations *fops)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return -ENOMEM;
	inode->i_mode = S_IFDIR | 0755;
	inode->i_nlink = 2;
	inode->i_op = iops;
	inode->i_fop = fops;
	return add_name(path, inode);
}

int attrfs_create_link(struct super_block *sb, const char *path, const char *target)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return -ENOMEM;
	inode->i_mode = S_IFLNK | S_IRWXUGO;
	inode->i_op = &simple_symlink_inode_operations;
	inode->i_size = strlen(target);
	inode->i_link = kstrdup(target, GFP_KERNEL);
	if (!inode->i_link) {
		iput(inode);
		return -ENOMEM;
	}
	return add_name(path, inode);
}

/* ---- the instance ---------------------------------------------------------------------------- */

static const struct super_operations attrfs_super_ops = { .evict_inode = attrfs_evict, .statfs = simple_statfs };

struct super_block *attrfs_super(struct file_system_type *type, unsigned long magic)
{
	struct super_block *sb = alloc_super(type, 0);
	struct inode *root = sb ? new_inode(sb) : NULL;

	if (!sb)
		return NULL;
	sb->s_op = &attrfs_super_ops;
	sb->s_d_op = &simple_dentry_operations;
	sb->s_magic = magic;
	if (root) {
		set_dir(root);
		sb->s_root = d_make_root(root);
	}
	if (sb->s_root)
		return sb;
	put_super(sb);
	return NULL;
}
