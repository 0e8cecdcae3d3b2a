/*
 * kernel/kbench.h - what the files of the kernel's benchmarks share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_KBENCH_H
#define VELLUM_KBENCH_H

#include "include/types.h"

/* Print @sum / @n to one decimal. */
void kbench_row(const char *name, u64 sum, u64 n);
void kbench_mobility(void);
void kbench_slab(void);

#endif
