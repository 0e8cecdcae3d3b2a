/*
 * include/arch/tlb_stat.h - what an ISA counts of fences and switches, for who measures.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_TLB_STAT_H
#define VELLUM_ARCH_TLB_STAT_H

#include "include/types.h"

/* The counts of all harts into @buf, at most @size bytes, as "name value" lines; how many bytes. */
int arch_tlb_stat_show(char *buf, size_t size);

#endif
