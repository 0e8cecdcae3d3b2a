/*
 * mm/kmap/ioremap.h - physical addresses that are not ours to allocate, in kernel addresses.  Theory: ioremap.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KMAP_IOREMAP_H
#define VELLUM_MM_KMAP_IOREMAP_H

#include "include/types.h"

/* Device registers [pa, pa + bytes), any alignment: uncached, strongly ordered; NULL.  => may sleep */
void *ioremap(phys_addr_t pa, size_t bytes);
/* The same for memory of a device (frame buffers): uncached, but writes may be merged and pass each other. */
void *ioremap_wc(phys_addr_t pa, size_t bytes);
void iounmap(const void *addr);

/* RAM that the boot left somewhere, whether the direct map shows it or not; NULL.  => may sleep */
void *memremap(phys_addr_t pa, size_t bytes);
void memunmap(const void *addr);

#endif
