/*
 * fs/sysfs.h - attributes under /sys: one value, one file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_SYSFS_H
#define VELLUM_FS_SYSFS_H

#include "include/types.h"

/* Print the value (with its newline) into @buf, PAGE_SIZE bytes; the length or -errno. */
typedef ssize_t (*sysfs_show_fn)(void *data, char *buf);
/* Take @n bytes that were written (NUL-terminated); @n or -errno. */
typedef ssize_t (*sysfs_store_fn)(void *data, const char *buf, size_t n);

/* The file @path ("devices/system/cpu/online"), with its directories; no store: read-only. */
int sysfs_create_file(const char *path, sysfs_show_fn show, sysfs_store_fn store, void *data);
int sysfs_create_dir(const char *path);
int sysfs_create_link(const char *path, const char *target);
void sysfs_init(void);

#endif
