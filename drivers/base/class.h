/*
 * drivers/base/class.h - character devices in sysfs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_BASE_CLASS_H
#define VELLUM_BASE_CLASS_H

void class_init(void);		/* after sysfs_init(), and after the devices are there */

#endif
