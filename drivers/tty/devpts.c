/*
 * drivers/tty/devpts.c - the file system of the pseudo-terminals' slaves.
 *
 * MODEL     One instance of tmpfs, made with the kernel, in which each pty has a node named by its index
 *           while its master is open; every mount shows this one.  Options gid= and mode= apply to nodes
 *           made from then on, ptmxmode= to "ptmx"; the others that Linux knows are accepted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/pty.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "fs/tmpfs.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

static struct super_block *devpts_sb;		/* (I) */
static struct vfsmount *devpts_mnt;		/* (I) ours */
static unsigned devpts_mode = 0600, devpts_ptmxmode;
static bool devpts_gid_set;
static gid_t devpts_gid;

/* The entry @name of the root, its i_rwsem held for writing; counted or ERR_PTR. */
static struct dentry *entry(const char *name)
{
	return lookup_one_len(name, devpts_sb->s_root, strlen(name));
}

/* The mode of the node "ptmx", which is there from the start. */
static void set_ptmxmode(umode_t mode)
{
	struct inode *dir = devpts_sb->s_root->d_inode;
	struct dentry *d;

	devpts_ptmxmode = mode;
	down_write(&dir->i_rwsem);
	d = entry("ptmx");
	up_write(&dir->i_rwsem);
	if (IS_ERR(d))
		return;
	if (d->d_inode)
		d->d_inode->i_mode = S_IFCHR | mode;
	dput(d);
}

static int parse_options(char *data)
{
	char *word;

	while (data && (word = strsep(&data, ","))) {
		char *value = strchr(word, '=');
		unsigned v;

		if (!*word || !strcmp(word, "newinstance"))
			continue;
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		if (!strcmp(word, "gid")) {
			if (kstrtouint(value, 10, &v))
				return -EINVAL;
			devpts_gid = v;
			devpts_gid_set = true;
		} else if (!strcmp(word, "mode")) {
			if (kstrtouint(value, 8, &v))
				return -EINVAL;
			devpts_mode = v & 0777;
		} else if (!strcmp(word, "ptmxmode")) {
			if (kstrtouint(value, 8, &v))
				return -EINVAL;
			set_ptmxmode(v & 0777);
		} else if (strcmp(word, "uid") && strcmp(word, "max")) {
			return -EINVAL;
		}
	}
	return 0;
}

static struct super_block *devpts_mount(struct file_system_type *type, unsigned long flags, const char *dev,
					char *data)
{
	int rc;

	(void)type, (void)flags, (void)dev;
	if (!devpts_sb)
		return ERR_PTR(-ENODEV);
	rc = parse_options(data);
	if (rc) {
		pr_err("devpts: called with bogus options\n");
		return ERR_PTR(rc);
	}
	atomic_inc(&devpts_sb->s_count);
	return devpts_sb;
}

struct file_system_type devpts_fs_type = { .name = "devpts", .mount = devpts_mount };

static int make_node(const char *name, umode_t mode, dev_t dev, uid_t uid, gid_t gid)
{
	struct inode *dir = devpts_sb->s_root->d_inode;
	struct dentry *d;
	int rc;

	down_write(&dir->i_rwsem);
	d = entry(name);
	rc = IS_ERR(d) ? PTR_ERR(d) : d->d_inode ? -EEXIST : dir->i_op->mknod(dir, d, S_IFCHR | mode, dev);
	if (!rc) {
		d->d_inode->i_mode = S_IFCHR | mode;
		d->d_inode->i_uid = uid;
		d->d_inode->i_gid = gid;
	}
	up_write(&dir->i_rwsem);
	if (!IS_ERR(d))
		dput(d);
	return rc;
}

int devpts_add(unsigned index, uid_t uid, gid_t gid)
{
	char name[12];

	if (!devpts_sb)
		return -ENODEV;
	snprintf(name, sizeof(name), "%u", index);
	return make_node(name, devpts_mode, PTS_DEV(index), uid, devpts_gid_set ? devpts_gid : gid);
}

void devpts_remove(unsigned index)
{
	struct inode *dir = devpts_sb->s_root->d_inode;
	struct dentry *d;
	char name[12];

	snprintf(name, sizeof(name), "%u", index);
	down_write(&dir->i_rwsem);
	d = entry(name);
	if (!IS_ERR(d)) {
		if (d->d_inode && !dir->i_op->unlink(dir, d))
			d_delete(d);
		dput(d);
	}
	up_write(&dir->i_rwsem);
}

struct file *devpts_open_slave(unsigned index, int flags)
{
	struct inode *dir = devpts_sb->s_root->d_inode;
	struct path path = { devpts_mnt, NULL };
	struct file *file;
	char name[12];

	snprintf(name, sizeof(name), "%u", index);
	down_write(&dir->i_rwsem);
	path.dentry = entry(name);
	up_write(&dir->i_rwsem);
	if (IS_ERR(path.dentry))
		return (struct file *)path.dentry;
	file = path.dentry->d_inode ? dentry_open(&path, flags) : ERR_PTR(-EIO);
	dput(path.dentry);
	return file;
}

static void devpts_show_options(__maybe_unused struct super_block *sb, char *buf, size_t n)
{
	int at = 0;

	if (devpts_gid_set)
		at = scnprintf(buf, n, ",gid=%u", devpts_gid);
	scnprintf(buf + at, n - at, ",mode=%03o,ptmxmode=%03o", devpts_mode, devpts_ptmxmode);
}

void __init devpts_init(void)
{
	static char mode_option[] = "mode=0755,size=0,nr_inodes=0";
	static struct super_operations ops;		/* tmpfs's, but for what is said of it */
	struct super_block *sb = tmpfs_fs_type.mount(&devpts_fs_type, 0, "devpts", mode_option);

	if (IS_ERR(sb)) {
		pr_err("devpts: error %ld\n", PTR_ERR(sb));
		return;
	}
	ops = *sb->s_op;
	ops.show_options = devpts_show_options;
	ops.statfs = simple_statfs;
	sb->s_op = &ops;
	sb->s_magic = 0x1cd1;
	devpts_sb = sb;
	devpts_mnt = kern_mount(&devpts_fs_type);
	if (IS_ERR(devpts_mnt) || make_node("ptmx", 0, PTMX_DEV, 0, 0))
		pr_err("devpts: not mounted\n");
}
