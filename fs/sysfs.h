/*
 * fs/sysfs.h - attributes under /sys: one value, one file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_SYSFS_H
#define VELLUM_FS_SYSFS_H

#include "fs/attrfs.h"

typedef attr_show_fn sysfs_show_fn;
typedef attr_store_fn sysfs_store_fn;

/* The file @path ("devices/system/cpu/online"), with its directories; no store: read-only. */
int sysfs_create_file(const char *path, sysfs_show_fn show, sysfs_store_fn store, void *data);
int sysfs_create_bytes(const char *path, umode_t mode, const void *bytes, size_t n);
int sysfs_create_dir(const char *path);
int sysfs_create_link(const char *path, const char *target);
int sysfs_create_live_dir(const char *path, const struct inode_operations *iops, const struct file_operations *fops);
extern struct file_system_type sysfs_fs_type;
void sysfs_init(void);
int sysfs_slab_init(void);		/* sysfs_slab.c */
int sysfs_fdt_init(void);		/* sysfs_fdt.c */

#endif
