/*
 * fs/chrdev.c - character devices by number, and devtmpfs, which shows a node for each.
 *
 * MODEL     A device is registered with its number, its operations, and the name of its node.  devtmpfs is
 *           one instance of tmpfs: nodes of devices that registered before it was made are created with
 *           it, later ones when they register; they vanish when the device does.
 * LOCKING   chrdev_lock: the list.  Nodes are made under their directory's i_rwsem.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/chrdev.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "fs/seq_file.h"
#include "fs/tmpfs.h"
#include "fs/tmpfs_sb.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

struct chrdev {
	struct list_head link;		/* by number */
	dev_t dev;
	const char *name;		/* of its node, or NULL */
	const char *misc;		/* what it is called in /proc/misc, or NULL */
	const struct file_operations *fops;
	umode_t mode;
};

#define MISC_MAJOR	10
#define NR_MAJOR_NAMES	32
struct major_name { unsigned major; const char *name; };
static struct major_name major_names[NR_MAJOR_NAMES], blk_major_names[NR_MAJOR_NAMES];

static LIST_HEAD(chrdevs);
static DEFINE_SPINLOCK(chrdev_lock, RANK_FILES);
static struct super_block *devtmpfs_sb;		/* NULL until it is made */
static DEFINE_MUTEX(devtmpfs_mutex, RANK_VFS);	/* nodes are made once: making sb, registering */

static struct chrdev *chrdev_find(dev_t dev) REQUIRES(chrdev_lock)
{
	struct chrdev *c;

	list_for_each_entry(c, &chrdevs, link)
		if (c->dev == dev)
			return c;
	return NULL;
}

static int chrdev_open(struct inode *inode, struct file *f)
{
	const struct file_operations *fops = NULL;
	struct chrdev *c;

	spin_lock(&chrdev_lock);
	c = chrdev_find(inode->i_rdev);
	if (c)
		fops = c->fops;
	spin_unlock(&chrdev_lock);
	if (!fops)
		return -ENXIO;
	f->f_op = fops;
	return fops->open ? fops->open(inode, f) : 0;
}

const struct file_operations def_chr_fops = { .open = chrdev_open, .llseek = noop_llseek };

/* ---- nodes ----------------------------------------------------------------------------------- */

/* The directory entry @name below @dir, made if it is not there.  Counted, or NULL. */
static struct dentry *node_make(struct dentry *dir, const char *name, int len, umode_t mode, dev_t dev)
{
	struct inode *inode = dir->d_inode;
	struct dentry *d;
	int rc = 0;

	down_write(&inode->i_rwsem);
	d = lookup_one_len(name, dir, len);
	if (!IS_ERR(d) && !d->d_inode)
		rc = S_ISDIR(mode) ? inode->i_op->mkdir(inode, d, mode)
				   : inode->i_op->mknod(inode, d, mode, dev);
	up_write(&inode->i_rwsem);
	if (IS_ERR(d))
		return NULL;
	if (rc) {
		dput(d);
		return NULL;
	}
	return d;
}

/* => devtmpfs_mutex held */
static void node_create(const char *path, umode_t mode, dev_t dev)
{
	struct dentry *dir = dget(devtmpfs_sb->s_root), *d;
	const char *name = path, *slash;

	while (dir && (slash = strchr(name, '/'))) {
		d = node_make(dir, name, slash - name, S_IFDIR | 0755, 0);
		dput(dir);
		dir = d;
		name = slash + 1;
	}
	d = dir ? node_make(dir, name, strlen(name), mode, dev) : NULL;
	if (d)
		dput(d);
	else
		pr_warn("devtmpfs: no memory for %s\n", path);
	dput(dir);
}

static void node_remove(const char *name)
{
	struct dentry *dir = dget(devtmpfs_sb->s_root), *d;
	const char *slash;

	for (; dir && (slash = strchr(name, '/')); name = slash + 1) {
		struct qstr q = qstr_make(name, slash - name);

		d = d_lookup(dir, &q);
		dput(dir);
		dir = d;
	}
	if (!dir)
		return;
	down_write(&dir->d_inode->i_rwsem);
	d = lookup_one_len(name, dir, strlen(name));
	if (!IS_ERR(d)) {
		if (d->d_inode && !dir->d_inode->i_op->unlink(dir->d_inode, d))
			d_delete(d);
		dput(d);
	}
	up_write(&dir->d_inode->i_rwsem);
	dput(dir);
}

void devtmpfs_create_node(const char *name, umode_t mode, dev_t dev)
{
	mutex_lock(&devtmpfs_mutex);
	node_create(name, mode, dev);
	mutex_unlock(&devtmpfs_mutex);
}

void devtmpfs_delete_node(const char *name)
{
	mutex_lock(&devtmpfs_mutex);
	node_remove(name);
	mutex_unlock(&devtmpfs_mutex);
}

/* ---- registering ----------------------------------------------------------------------------- */

static int chrdev_insert(struct chrdev *c)
{
	struct chrdev *p;
	int rc = 0;

	spin_lock(&chrdev_lock);
	list_for_each_entry(p, &chrdevs, link)
		if (p->dev >= c->dev)
			break;
	if (!list_entry_is_head(p, &chrdevs, link) && p->dev == c->dev)
		rc = -EBUSY;
	else
		list_add_tail(&c->link, &p->link);
	spin_unlock(&chrdev_lock);
	return rc;
}

static int add_chrdev(dev_t dev, const char *misc, const char *name, const struct file_operations *fops, umode_t mode)
{
	struct chrdev *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int rc = -ENOMEM;

	if (!c)
		return -ENOMEM;
	c->misc = misc;
	c->dev = dev;
	c->fops = fops;
	c->mode = mode & S_IALLUGO;
	if (name) {
		c->name = kstrdup(name, GFP_KERNEL);
		if (!c->name)
			goto undo;
	}
	rc = chrdev_insert(c);
	if (rc)
		goto undo;
	mutex_lock(&devtmpfs_mutex);
	if (devtmpfs_sb && name)
		node_create(c->name, S_IFCHR | c->mode, c->dev);
	mutex_unlock(&devtmpfs_mutex);
	return 0;
undo:
	kfree(c->name);
	kfree(c);
	return rc;
}

int register_chrdev(dev_t dev, const char *name, const struct file_operations *fops, umode_t mode)
{
	return add_chrdev(dev, NULL, name, fops, mode);
}

int misc_register(unsigned minor, const char *misc, const char *name, const struct file_operations *fops,
		  umode_t mode)
{
	return add_chrdev(MKDEV(MISC_MAJOR, minor), misc, name, fops, mode);
}

void unregister_chrdev(dev_t dev)
{
	struct chrdev *c;

	spin_lock(&chrdev_lock);
	c = chrdev_find(dev);
	if (c)
		list_del(&c->link);
	spin_unlock(&chrdev_lock);
	if (!c)
		return;
	mutex_lock(&devtmpfs_mutex);
	if (devtmpfs_sb && c->name)
		node_remove(c->name);
	mutex_unlock(&devtmpfs_mutex);
	kfree(c->name);
	kfree(c);
}

/* At start: no pseudo-terminal comes or goes. */
int for_each_chrdev(int (*fn)(dev_t dev, const char *name, umode_t mode))
{
	struct chrdev *c;
	int rc = 0;

	mutex_lock(&devtmpfs_mutex);
	list_for_each_entry(c, &chrdevs, link)
		if (c->name)
			rc |= fn(c->dev, c->name, c->mode);
	mutex_unlock(&devtmpfs_mutex);
	return rc;
}

/* By number; one that is there already is not taken again. */
static void name_major(struct major_name *names, unsigned major, const char *name)
{
	for (unsigned i = 0; i < NR_MAJOR_NAMES; i++) {
		if (names[i].name && names[i].major == major)
			return;
		if (names[i].name && names[i].major < major)
			continue;
		swap(names[i].major, major);
		swap(names[i].name, name);
		if (!name)
			return;
	}
}

void register_chrdev_major(unsigned major, const char *name) { name_major(major_names, major, name); }
void register_blkdev_major(unsigned major, const char *name) { name_major(blk_major_names, major, name); }

static void show_majors(struct seq_file *m, const struct major_name *names)
{
	for (unsigned i = 0; i < NR_MAJOR_NAMES && names[i].name; i++)
		seq_printf(m, "%3u %s\n", names[i].major, names[i].name);
}

/* /proc/devices */
int devices_show(struct seq_file *m, __maybe_unused void *v)
{
	seq_puts(m, "Character devices:\n");
	show_majors(m, major_names);
	seq_puts(m, "\nBlock devices:\n");
	show_majors(m, blk_major_names);
	return 0;
}

/* /proc/misc */
int misc_show(struct seq_file *m, __maybe_unused void *v)
{
	struct chrdev *c;

	spin_lock(&chrdev_lock);
	list_for_each_entry(c, &chrdevs, link)
		if (c->misc)
			seq_printf(m, "%3u %s\n", (unsigned)MINOR(c->dev), c->misc);
	spin_unlock(&chrdev_lock);
	return 0;
}

/* ---- the file system ------------------------------------------------------------------------- */

/* The options of a later mount are those of a remount. */
static struct super_block *devtmpfs_mount(__maybe_unused struct file_system_type *type, unsigned long flags,
					  __maybe_unused const char *dev, char *data)
{
	int rc = tmpfs_remount(devtmpfs_sb, flags, data);

	if (rc)
		return ERR_PTR(rc);
	atomic_inc(&devtmpfs_sb->s_count);
	return devtmpfs_sb;
}

struct file_system_type devtmpfs_fs_type = { .name = "devtmpfs", .mount = devtmpfs_mount };

/* Before the initramfs is unpacked and its memory freed: the limits are half of what is free now. */
void __init devtmpfs_init(void)
{
	static char mode_option[] __initdata = "mode=0755";
	struct super_block *sb = tmpfs_fs_type.mount(&devtmpfs_fs_type, 0, "devtmpfs", mode_option);
	struct chrdev *c;

	if (IS_ERR(sb))
		panic("no memory for devtmpfs");
	mutex_lock(&devtmpfs_mutex);
	devtmpfs_sb = sb;		/* its first reference is ours, for ever */
	list_for_each_entry(c, &chrdevs, link)
		if (c->name)
			node_create(c->name, S_IFCHR | c->mode, c->dev);
	mutex_unlock(&devtmpfs_mutex);
}
