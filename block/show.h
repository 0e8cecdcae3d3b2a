/*
 * block/show.h - what one can see of disks.  Theory: show.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_BLK_SHOW_H
#define VELLUM_BLK_SHOW_H

#include "block/blk.h"

void block_show_init(void);			/* /proc/partitions, /proc/diskstats; once */
int bdev_sysfs_add(struct block_device *bdev);	/* /sys/block/vda, /sys/block/vda/vda1; 0 or -errno */

#endif
