/*
 * fs/vfs.c - starting the file layer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/vfs.h"
#include "fs/chrdev.h"
#include "fs/dcache.h"
#include "fs/epoll.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/libfs.h"
#include "fs/locks.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/pipe.h"
#include "fs/proc/proc.h"
#include "fs/socket.h"
#include "fs/debugfs.h"
#include "fs/sysfs.h"
#include "fs/tmpfs.h"

void __init vfs_caches_init(void)
{
	dcache_init();
	inode_init();
	file_init();
	namei_init();
	files_init();
	locks_init();
	tmpfs_init();
	mnt_init();
	shm_mnt_init();
	pipe_init();
	anon_inode_init();
	epoll_init();
	socket_init();
}

void __init fs_late_init(void)
{
	register_filesystem(&devtmpfs_fs_type);
	proc_init();
	sysfs_init();
	debugfs_init();
}
