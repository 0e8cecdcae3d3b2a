/*
 * fs/vfs.c - starting the file layer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/vfs.h"
#include "drivers/tty/pty.h"
#include "fs/chrdev.h"
#include "fs/dcache.h"
#include "fs/epoll.h"
#include "fs/ext2/ext2.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/libfs.h"
#include "fs/locks.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/pipe.h"
#include "fs/unix.h"
#include "fs/proc/proc.h"
#include "fs/socket.h"
#include "fs/debugfs.h"
#include "fs/sysfs.h"
#include "fs/tmpfs.h"
#include "fs/userfaultfd.h"

static struct super_block *mount_nouser(__maybe_unused struct file_system_type *type,
					__maybe_unused unsigned long flags, __maybe_unused const char *dev,
					__maybe_unused char *data)
{
	return ERR_PTR(-EINVAL);
}

/* Listed, but mounted by the kernel only: pseudo_mount(). */
static struct file_system_type sockfs_type = { .name = "sockfs", .mount = mount_nouser };
static struct file_system_type pipefs_type = { .name = "pipefs", .mount = mount_nouser };

/* All at one place and in Linux's order, which /proc/filesystems shows. */
static void __init register_filesystems(void)
{
	static struct file_system_type *const types[] = {
		&sysfs_fs_type, &tmpfs_fs_type, &proc_fs_type, &devtmpfs_fs_type, &debugfs_fs_type,
		&sockfs_type, &pipefs_type, &ramfs_fs_type, &devpts_fs_type, &ext2_fs_type,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		register_filesystem(types[i]);
}

void __init vfs_caches_init(void)
{
	dcache_init();
	inode_init();
	file_init();
	namei_init();
	files_init();
	locks_init();
	ext2_fs_init();
	register_filesystems();
	mnt_init();
	shm_mnt_init();
	pipe_init();
	anon_inode_init();
	epoll_init();
	socket_init();
}

void __init fs_late_init(void)
{
	devtmpfs_init();
	proc_init();
	epoll_sysctl_init();
	pipe_sysctl_init();
	unix_sysctl_init();
	userfaultfd_init();
	sysfs_init();
}
