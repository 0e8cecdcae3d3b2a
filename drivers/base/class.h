/*
 * drivers/base/class.h - character devices in sysfs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_BASE_CLASS_H
#define VELLUM_BASE_CLASS_H

#include "include/types.h"

/* Written to a uevent file: the word is checked, for nobody listens. */
ssize_t uevent_store(void *data, const char *buf, size_t n);
void class_init(void);		/* after sysfs_init(), and after the devices are there */

#endif
