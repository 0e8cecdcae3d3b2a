/*
 * mm/kmap/highmem.h - a page's bytes for the kernel.
 *
 * MODEL     All RAM is in the direct map, so a kmap is an address computation and its end costs
 *           nothing.  Callers keep the pairing, for a machine whose RAM is larger than the window.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KMAP_HIGHMEM_H
#define VELLUM_MM_KMAP_HIGHMEM_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

static __always_inline void *kmap(struct page *page) { return page_to_virt(page); }
static __always_inline void kunmap(__maybe_unused struct page *page) {}
static __always_inline void *kmap_atomic(struct page *page) { return page_to_virt(page); }
static __always_inline void kunmap_atomic(__maybe_unused const void *addr) {}
static __always_inline void *kmap_local_page(struct page *page) { return page_to_virt(page); }
static __always_inline void kunmap_local(__maybe_unused const void *addr) {}

static __always_inline void clear_highpage(struct page *page) { clear_page(kmap_local_page(page)); }
static __always_inline void copy_highpage(struct page *to, struct page *from)
{
	copy_page(kmap_local_page(to), kmap_local_page(from));
}

#endif
