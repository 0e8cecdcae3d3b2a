/*
 * fs/sysfs.c - /sys: attributes of the machine, one value a file.
 *
 * MODEL     The tree is made of pinned dentries when attributes are created, whether it is mounted or not;
 *           there is one instance.  Reading a file calls its show(), writing its store().
 * LOCKING   The i_rwsem of each directory while a name is added.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/sysfs.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "include/uapi/statfs.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/gfp.h"
#include "mm/slab/slab.h"

struct sysfs_attr { sysfs_show_fn show; sysfs_store_fn store; void *data; };

static struct super_block *sysfs_sb;

/* ---- files ----------------------------------------------------------------------------------- */

static ssize_t attr_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	const struct sysfs_attr *a = f->f_inode->i_private;
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
	const struct sysfs_attr *a = f->f_inode->i_private;
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

static const struct file_operations attr_fops = {
	.read = attr_read, .write = attr_write, .llseek = no_seek_end_llseek,
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
		inode = new_inode(sysfs_sb);
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
static struct dentry *parent_dir(const char *path, const char **last)
{
	struct dentry *dir = dget(sysfs_sb->s_root), *d;
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
	struct dentry *dir = parent_dir(path, &last), *d = NULL;
	int rc = -ENOMEM;

	if (dir)
		d = child(dir, last, strlen(last), false);
	if (d && d->d_inode) {
		rc = -EEXIST;
	} else if (d) {
		simple_add(dir->d_inode, d, inode);
		inode = NULL;
		rc = 0;
	}
	iput(inode);
	dput(d);
	dput(dir);
	return rc;
}

static void sysfs_evict(struct inode *inode)
{
	if (S_ISREG(inode->i_mode))
		kfree(inode->i_private);
	else if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
}

int sysfs_create_file(const char *path, sysfs_show_fn show, sysfs_store_fn store, void *data)
{
	struct sysfs_attr *a = kmalloc(sizeof(*a), GFP_KERNEL);
	struct inode *inode;

	if (!a)
		return -ENOMEM;
	*a = (struct sysfs_attr){ show, store, data };
	inode = new_inode(sysfs_sb);
	if (!inode) {
		kfree(a);
		return -ENOMEM;
	}
	inode->i_mode = S_IFREG | (show ? 0444 : 0) | (store ? 0200 : 0);
	inode->i_size = PAGE_SIZE;
	inode->i_private = a;
	inode->i_op = &attr_iops;
	inode->i_fop = &attr_fops;
	return add_name(path, inode);
}

int sysfs_create_dir(const char *path)
{
	const char *last;
	struct dentry *dir = parent_dir(path, &last), *d = NULL;

	if (dir)
		d = child(dir, last, strlen(last), true);
	dput(d);
	dput(dir);
	return d ? 0 : -ENOMEM;
}

int sysfs_create_link(const char *path, const char *target)
{
	struct inode *inode = new_inode(sysfs_sb);

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

/* ---- what the machine has -------------------------------------------------------------------- */

static ssize_t mask_list(u64 mask, char *buf) { return scnprintf(buf, PAGE_SIZE, "%*pbl\n", 64, &mask); }
static u64 all_harts(void) { return nr_harts == 64 ? ~0ull : (1ull << nr_harts) - 1; }
static ssize_t show_online(__maybe_unused void *data, char *buf) { return mask_list(hart_online_mask.bits, buf); }
static ssize_t show_all_harts(__maybe_unused void *data, char *buf) { return mask_list(all_harts(), buf); }

/* No page is larger than the base page in a process: it is always "never". */
static ssize_t show_thp(__maybe_unused void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "[never]\n");
}

static int create_cpus(void)
{
	int rc = 0;
	char path[64];

	rc |= sysfs_create_file("devices/system/cpu/online", show_online, NULL, NULL);
	rc |= sysfs_create_file("devices/system/cpu/possible", show_all_harts, NULL, NULL);
	rc |= sysfs_create_file("devices/system/cpu/present", show_all_harts, NULL, NULL);
	for_each_hart(h) {
		snprintf(path, sizeof(path), "devices/system/cpu/cpu%u", (unsigned)h);
		rc |= sysfs_create_dir(path);
	}
	return rc;
}

/* ---- the file system ------------------------------------------------------------------------- */

static const struct super_operations sysfs_super_ops = { .evict_inode = sysfs_evict, .statfs = simple_statfs };

static struct super_block *sysfs_mount(__maybe_unused struct file_system_type *type,
				       __maybe_unused unsigned long flags, __maybe_unused const char *dev,
				       __maybe_unused char *data)
{
	atomic_inc(&sysfs_sb->s_count);
	return sysfs_sb;
}

static struct file_system_type sysfs_fs_type = { .name = "sysfs", .mount = sysfs_mount };

void __init sysfs_init(void)
{
	struct inode *root;

	sysfs_sb = alloc_super(&sysfs_fs_type, 0);
	root = sysfs_sb ? new_inode(sysfs_sb) : NULL;
	if (!root)
		panic("no memory for sysfs");
	sysfs_sb->s_op = &sysfs_super_ops;
	sysfs_sb->s_d_op = &simple_dentry_operations;
	sysfs_sb->s_magic = SYSFS_MAGIC;
	set_dir(root);
	sysfs_sb->s_root = d_make_root(root);
	if (!sysfs_sb->s_root)
		panic("no memory for sysfs");
	if (create_cpus() |
	    sysfs_create_file("kernel/mm/transparent_hugepage/enabled", show_thp, NULL, NULL))
		pr_warn("sysfs: some attributes are missing\n");
	register_filesystem(&sysfs_fs_type);
}
