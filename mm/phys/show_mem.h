/*
 * mm/phys/show_mem.h - the state of memory, for the log.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_SHOW_MEM_H
#define VELLUM_MM_PHYS_SHOW_MEM_H

#include "mm/phys/gfp.h"

/* What pages are used for, in all and per node; then the zones. */
void show_mem(void);
/* "GFP_KERNEL|__GFP_ZERO"; what has no name is left as a number. */
int gfp_to_str(char *buf, int size, gfp_t gfp);

#endif
