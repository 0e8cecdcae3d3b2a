/*
 * fs/do_mounts.h - a root file system on a device.  Theory: do_mounts.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_DO_MOUNTS_H
#define VELLUM_FS_DO_MOUNTS_H

#include "include/types.h"

bool root_given(void);		/* root= names a device */
void mount_root(void);		/* it becomes the running task's root, or the kernel panics */

#endif
