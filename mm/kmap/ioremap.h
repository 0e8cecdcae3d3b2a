/*
 * mm/kmap/ioremap.h - device registers in kernel addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KMAP_IOREMAP_H
#define VELLUM_MM_KMAP_IOREMAP_H

#include "include/types.h"

/* Uncached, strongly ordered mapping of [pa, pa + bytes), any alignment; NULL.  => may sleep */
void *ioremap(phys_addr_t pa, size_t bytes);
void iounmap(const void *addr);

#endif
