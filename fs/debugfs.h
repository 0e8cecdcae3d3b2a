/*
 * fs/debugfs.h - what looks into the kernel and upsets it on purpose; mounted on /sys/kernel/debug.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_DEBUGFS_H
#define VELLUM_FS_DEBUGFS_H

void debugfs_init(void);

#endif
