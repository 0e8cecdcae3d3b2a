/*
 * fs/tmpfs.h - the file system whose store is the page cache.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_TMPFS_H
#define VELLUM_FS_TMPFS_H

#include "include/fs.h"

void tmpfs_init(void);
extern struct file_system_type tmpfs_fs_type, rootfs_fs_type, devtmpfs_fs_type;
/* A regular file without a name (memfd, shared memory), with its size set; ERR_PTR. */
struct file *shmem_file_setup(const char *name, loff_t size, unsigned long vm_flags);
struct inode *tmpfs_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode, dev_t dev);

#endif
