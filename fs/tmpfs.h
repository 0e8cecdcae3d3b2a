/*
 * fs/tmpfs.h - the file system whose store is the page cache.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_TMPFS_H
#define VELLUM_FS_TMPFS_H

#include "include/fs.h"

void shm_mnt_init(void);	/* the instance for memory without a name */
extern struct file_system_type tmpfs_fs_type, ramfs_fs_type, rootfs_fs_type;
struct inode *tmpfs_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode, dev_t dev);

#endif
