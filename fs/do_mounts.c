/*
 * fs/do_mounts.c - a root file system on a device: root=, rootfstype=, rootflags=, ro, rw, rootwait, rootdelay=.
 *
 * MODEL     As on Linux: where the initramfs has no program of its own, the device that root= names is mounted on
 *           /root, moved to /, and made the root; devtmpfs goes on its /dev.  What was the root before lies below it.
 * FAILURE   A device that is not there, or that nobody can mount, is a panic that lists the disks there are; with
 *           rootwait the former is waited for.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/do_mounts.h"
#include "block/blk.h"
#include "fs/fs_struct.h"
#include "fs/namei.h"
#include "include/uapi/errno.h"
#include "include/uapi/mount.h"
#include "kernel/sync/wait.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "lib/cmdline.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"

static char root_name[64] __initdata, root_type[32] __initdata, root_flags[128] __initdata;
static unsigned long root_mount_flags __initdata = MS_RDONLY;
static bool root_wait __initdata;
static unsigned root_delay __initdata;

static int __init set_root(const char *v) { strscpy(root_name, v, sizeof(root_name)); return 0; }
static int __init set_type(const char *v) { strscpy(root_type, v, sizeof(root_type)); return 0; }
static int __init set_flags(const char *v) { strscpy(root_flags, v, sizeof(root_flags)); return 0; }
static int __init set_delay(const char *v) { return kstrtouint(v, 0, &root_delay); }
static int __init set_wait(__maybe_unused const char *v) { root_wait = true; return 0; }
static int __init set_ro(__maybe_unused const char *v) { root_mount_flags |= MS_RDONLY; return 0; }
static int __init set_rw(__maybe_unused const char *v) { root_mount_flags &= ~MS_RDONLY; return 0; }
PARAM("root", set_root);
PARAM("rootfstype", set_type);
PARAM("rootflags", set_flags);
PARAM("rootdelay", set_delay);
PARAM("rootwait", set_wait);
PARAM("ro", set_ro);
PARAM("rw", set_rw);

bool __init root_given(void) { return *root_name; }

static void __init pause_ms(unsigned ms)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(ms * (u64)(NSEC_PER_SEC / 1000));
}

static int __init say_device(struct block_device *bdev, __maybe_unused void *arg)
{
	pr_notice("%u:%u %12llu %s\n", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev),
		  (unsigned long long)bdev->bd_nr_sectors / 2, bdev->bd_name);
	return 0;
}

static void __init give_up(const char *why, int rc)
{
	pr_notice("List of all bdev filesystems and devices:\n ext2\n");
	for_each_bdev(say_device, NULL);
	panic("VFS: Unable to mount root fs: %s \"%s\" (error %d)", why, root_name, rc);
}

static struct block_device *__init find_root(void)
{
	struct block_device *bdev;

	if (root_delay)
		pause_ms(root_delay * 1000);
	bdev = bdev_find_name(root_name);
	if (!bdev && root_wait)
		pr_notice("Waiting for root device %s...\n", root_name);
	while (!bdev && root_wait) {
		pause_ms(50);
		bdev = bdev_find_name(root_name);
	}
	return bdev;
}

static int __init make_node(const char *name, dev_t dev)
{
	struct path parent;
	struct dentry *d = kern_path_create(name, &parent);
	int rc;

	if (IS_ERR(d))
		return PTR_ERR(d);
	rc = vfs_mknod(parent.dentry->d_inode, d, S_IFBLK | S_IRUSR | S_IWUSR, dev);
	done_path_create(&parent, d);
	return rc;
}

static int __init mount_device(unsigned long flags)
{
	char *data = *root_flags ? root_flags : NULL;

	return do_mount("/dev/root", "/root", *root_type ? root_type : "ext2", flags, data);
}

/* What is mounted on /root becomes the root of the namespace's first tasks. */
static int __init enter_root(void)
{
	struct path path;
	int rc = kern_path("/root", LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (rc)
		return rc;
	rc = do_mount("/root", "/", NULL, MS_MOVE, NULL);
	if (!rc) {
		set_fs_root(current->fs, &path);
		set_fs_pwd(current->fs, &path);
	}
	path_put(&path);
	return rc;
}

void __init mount_root(void)
{
	struct block_device *bdev = find_root();
	int rc;

	if (!bdev)
		give_up("there is no device", -ENODEV);
	rc = make_node("/dev/root", bdev->bd_dev);
	if (!rc)
		rc = mount_device(root_mount_flags);
	if (rc == -EACCES && !(root_mount_flags & MS_RDONLY)) {
		root_mount_flags |= MS_RDONLY;		/* the disk is so */
		rc = mount_device(root_mount_flags);
	}
	if (rc)
		give_up("cannot mount", rc);
	pr_info("VFS: Mounted root (%s filesystem)%s on device %u:%u.\n", *root_type ? root_type : "ext2",
		root_mount_flags & MS_RDONLY ? " readonly" : "", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev));
	if (do_mount("devtmpfs", "/root/dev", "devtmpfs", 0, NULL))
		pr_notice("devtmpfs: not mounted: the root has no /dev\n");
	rc = enter_root();
	if (rc)
		give_up("cannot move", rc);
}
