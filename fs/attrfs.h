/*
 * fs/attrfs.h - file systems whose files are attributes of the kernel: what sysfs and debugfs share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_ATTRFS_H
#define VELLUM_FS_ATTRFS_H

#include "fs/mount.h"

/* Print the value (with its newline) into @buf, PAGE_SIZE bytes; the length or -errno. */
typedef ssize_t (*attr_show_fn)(void *data, char *buf);
/* Take @n bytes that were written (NUL-terminated); @n or -errno. */
typedef ssize_t (*attr_store_fn)(void *data, const char *buf, size_t n);

/* The one instance of @type, with an empty root; NULL without memory. */
struct super_block *attrfs_super(struct file_system_type *type, unsigned long magic);

/* All make the directories on the way.  0, -ENOMEM or -EEXIST */
int attrfs_create_file(struct super_block *sb, const char *path, umode_t mode, attr_show_fn show,
		       attr_store_fn store, void *data);
int attrfs_create_fops(struct super_block *sb, const char *path, umode_t mode, const struct file_operations *fops);
/* A file that is the @n bytes at @bytes, which stay. */
int attrfs_create_bytes(struct super_block *sb, const char *path, umode_t mode, const void *bytes, size_t n);
int attrfs_create_dir(struct super_block *sb, const char *path);
/* A directory whose names are made by @iops->lookup and told by @fops->iterate. */
int attrfs_create_live_dir(struct super_block *sb, const char *path, const struct inode_operations *iops,
			   const struct file_operations *fops);
int attrfs_create_link(struct super_block *sb, const char *path, const char *target);
/* A file that is the i_size bytes at i_private. */
extern const struct file_operations attrfs_bytes_fops;
/* For .open: EACCES to open for writing what nobody may write, even for root. */
int attrfs_open(struct inode *inode, struct file *f);

#endif
