/*
 * drivers/base/cpu.h - /sys/devices/system/cpu, and the harts' caches.  Theory: cpu.c, cacheinfo.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_DRIVERS_BASE_CPU_H
#define VELLUM_DRIVERS_BASE_CPU_H

#include "include/current.h"
#include "lib/fdt_cpu.h"

void cpu_dev_init(void);		/* after sysfs_init(), and after the harts came up */
void cacheinfo_init(void);		/* the same */
/* Cache @kind of @level of a hart, NULL: the tree names none. */
const struct fdt_cache *hart_cache(unsigned hart, unsigned level, enum fdt_cache_kind kind);

/* A set of harts, as "0-3,5" or in hexadecimal. */
ssize_t harts_show_list(hartmask_t harts, char *buf);
ssize_t harts_show_map(hartmask_t harts, char *buf);

#endif
