/*
 * kernel/task/prctl_mm.h - the options of prctl(2) that concern memory; for prctl.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_PRCTL_MM_H
#define VELLUM_TASK_PRCTL_MM_H

#include "include/types.h"

long prctl_set_thp_disable(unsigned long on);
long prctl_get_thp_disable(void);
long prctl_set_mdwe(unsigned long bits);
long prctl_get_mdwe(void);
long prctl_get_auxv(void __user *to, size_t size);
long prctl_icache_ctx(unsigned long ctx, unsigned long scope);

#endif
