/*
 * fs/sysfs.c - /sys: attributes of the machine, one value a file.  Theory: attrfs.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/sysfs.h"
#include "fs/libfs.h"
#include "include/machine.h"
#include "include/uapi/statfs.h"
#include "kernel/panic.h"
#include "kernel/sync/rcu.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"

static struct super_block *sysfs_sb;

int sysfs_create_file(const char *path, sysfs_show_fn show, sysfs_store_fn store, void *data)
{
	return attrfs_create_file(sysfs_sb, path, (show ? 0444 : 0) | (store ? 0200 : 0), show, store, data);
}

int sysfs_create_bytes(const char *path, umode_t mode, const void *bytes, size_t n)
{
	return attrfs_create_bytes(sysfs_sb, path, mode, bytes, n);
}

int sysfs_create_dir(const char *path) { return attrfs_create_dir(sysfs_sb, path); }
int sysfs_create_live_dir(const char *path, const struct inode_operations *iops, const struct file_operations *fops)
{
	return attrfs_create_live_dir(sysfs_sb, path, iops, fops);
}
int sysfs_create_link(const char *path, const char *target) { return attrfs_create_link(sysfs_sb, path, target); }

/* ---- the kernel ------------------------------------------------------------------------------ */

/* No page is larger than the base page in a process, and none can be asked for. */
static ssize_t show_thp(__maybe_unused void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "always madvise [never]\n");
}

static ssize_t show_number(void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%d\n", READ_ONCE(*(int *)data));
}

static ssize_t show_text(void *data, char *buf) { return scnprintf(buf, PAGE_SIZE, "%s\n", (const char *)data); }

static ssize_t store_number(void *data, const char *buf, size_t n)
{
	int value, rc = kstrtoint(buf, 0, &value);

	if (rc)
		return rc;
	WRITE_ONCE(*(int *)data, value);
	return n;
}

static int create_kernel(void)
{
	int rc = sysfs_create_file("kernel/mm/transparent_hugepage/enabled", show_thp, NULL, NULL);

	rc |= sysfs_create_file("kernel/address_bits", show_text, NULL, (void *)"64");
	rc |= sysfs_create_file("kernel/cpu_byteorder", show_text, NULL, (void *)"little");
	rc |= sysfs_create_file("kernel/rcu_expedited", show_number, store_number, &rcu_expedited);
	rc |= sysfs_create_file("kernel/rcu_normal", show_number, store_number, &rcu_normal);
	rc |= sysfs_create_file("kernel/oops_count", show_number, NULL, &oops_count);
	return rc | sysfs_create_file("kernel/warn_count", show_number, NULL, &warn_count);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

#define CLOCKSOURCES	"devices/system/clocksource/clocksource0/"
#define CLOCK_NAME_MAX	32

static ssize_t show_clocksources(__maybe_unused void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%s \n", clocksource_name);
}

/* As on Linux any name is taken, and what is best of those that there are is used. */
static ssize_t store_clocksource(__maybe_unused void *data, __maybe_unused const char *buf, size_t n)
{
	return !n || n >= CLOCK_NAME_MAX ? -EINVAL : (ssize_t)n;
}

static int create_clocks(void)
{
	return sysfs_create_file(CLOCKSOURCES "available_clocksource", show_clocksources, NULL, NULL) |
	       sysfs_create_file(CLOCKSOURCES "current_clocksource", show_text, store_clocksource,
				 (void *)clocksource_name);
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
	rc |= sysfs_slab_init() | sysfs_fdt_init();
	if (rc | sysfs_create_dir("kernel/debug") | create_kernel() | create_clocks())
		pr_warn("sysfs: some attributes are missing\n");
}
