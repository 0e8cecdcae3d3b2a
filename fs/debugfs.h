/*
 * fs/debugfs.h - what looks into the kernel and upsets it on purpose; mounted on /sys/kernel/debug.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_DEBUGFS_H
#define VELLUM_FS_DEBUGFS_H

#include "include/fs.h"

extern struct file_system_type debugfs_fs_type;

#endif
