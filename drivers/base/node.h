/*
 * drivers/base/node.h - /sys/devices/system/node.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_DRIVERS_BASE_NODE_H
#define VELLUM_DRIVERS_BASE_NODE_H

void node_dev_init(void);	/* after sysfs_init() */

#endif
