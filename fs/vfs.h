/*
 * fs/vfs.h - starting the file layer: the order in which kernel/main.c calls it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_VFS_H
#define VELLUM_FS_VFS_H

/* Caches, file system types, the root tmpfs; gives the running task init_fs and init_files. */
void vfs_caches_init(void);
/* /proc's tree, sysfs, devtmpfs's nodes, pipes, anonymous inodes.  After every register_chrdev is fine too. */
void fs_late_init(void);
/* /dev, /dev/console, /root, then the initrd's archives; gives the initrd's memory back. */
void populate_rootfs(void);

#endif
