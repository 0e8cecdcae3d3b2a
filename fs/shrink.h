/*
 * fs/shrink.h - what files give back when memory is short.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_SHRINK_H
#define VELLUM_FS_SHRINK_H

extern int sysctl_vfs_cache_pressure;		/* percent; 0: never */
void fs_shrinkers_init(void);

#endif
