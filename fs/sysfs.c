/*
 * fs/sysfs.c - /sys: attributes of the machine, one value a file.  Theory: attrfs.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/sysfs.h"
#include "fs/libfs.h"
#include "include/uapi/statfs.h"
#include "lib/printk.h"

static struct super_block *sysfs_sb;

int sysfs_create_file(const char *path, sysfs_show_fn show, sysfs_store_fn store, void *data)
{
	return attrfs_create_file(sysfs_sb, path, (show ? 0444 : 0) | (store ? 0200 : 0), show, store, data);
}

int sysfs_create_dir(const char *path) { return attrfs_create_dir(sysfs_sb, path); }
int sysfs_create_live_dir(const char *path, const struct inode_operations *iops, const struct file_operations *fops)
{
	return attrfs_create_live_dir(sysfs_sb, path, iops, fops);
}
int sysfs_create_link(const char *path, const char *target) { return attrfs_create_link(sysfs_sb, path, target); }

/* ---- what the machine has -------------------------------------------------------------------- */

/* No page is larger than the base page in a process: it is always "never". */
static ssize_t show_thp(__maybe_unused void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "[never]\n");
}

/* ---- the file system ------------------------------------------------------------------------- */

static struct super_block *sysfs_mount(struct file_system_type *type, __maybe_unused unsigned long flags,
				       __maybe_unused const char *dev, char *data)
{
	if (refuse_options(type, data))
		return ERR_PTR(-EINVAL);
	atomic_inc(&sysfs_sb->s_count);
	return sysfs_sb;
}

struct file_system_type sysfs_fs_type = { .name = "sysfs", .mount = sysfs_mount };

void __init sysfs_init(void)
{
	/* What Linux's layout has at the top, whether there is something in it or not. */
	static const char *const folders[] = {
		"block", "bus", "class", "dev", "devices", "firmware", "fs", "kernel", "module",
	};
	int rc = 0;

	sysfs_sb = attrfs_super(&sysfs_fs_type, SYSFS_MAGIC);
	if (!sysfs_sb)
		panic("no memory for sysfs");
	sysfs_sb->s_root->d_inode->i_mode = S_IFDIR | 0555;
	for (unsigned i = 0; i < ARRAY_SIZE(folders); i++)
		rc |= sysfs_create_dir(folders[i]);
	if (rc | sysfs_slab_init() | sysfs_create_dir("kernel/debug") |
	    sysfs_create_file("kernel/mm/transparent_hugepage/enabled", show_thp, NULL, NULL))
		pr_warn("sysfs: some attributes are missing\n");
}
