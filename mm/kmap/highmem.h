/*
 * mm/kmap/highmem.h - a page's bytes for the kernel.  Theory: highmem.c
 *
 * A page of the direct map has its address already: asking costs one compare, and the end nothing.  For others
 * kmap_atomic() and kmap_local_page() open a window of this hart: until it is closed, in reverse order, the
 * caller does not sleep.  kmap() maps for every hart, may sleep, and may be held while sleeping.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KMAP_HIGHMEM_H
#define VELLUM_MM_KMAP_HIGHMEM_H

#include "include/arch/arch.h"
#include "include/mm_types.h"
#include "mm/phys/gfp.h"

void *kmap_atomic_high(struct page *page);
void kunmap_atomic_high(const void *addr);
void *kmap_high(struct page *page);
void kunmap_high(struct page *page);
void copy_high_page(struct page *to, struct page *from);

/* In debug builds who holds a window may not sleep, whatever the page: as if it were a spin lock. */
#ifdef VELLUM_DEBUG
static inline void kmap_atomic_begin(void) { current_base()->spin_depth++; }
static inline void kmap_atomic_end(void) { current_base()->spin_depth--; }
#else
static inline void kmap_atomic_begin(void) {}
static inline void kmap_atomic_end(void) {}
#endif

static __always_inline void *kmap_atomic(struct page *page)
{
	kmap_atomic_begin();
	return PageHighMem(page) ? kmap_atomic_high(page) : page_to_virt(page);
}

/* Any address in the page. */
static __always_inline void kunmap_atomic(const void *addr)
{
	if (unlikely((unsigned long)addr >= high_memory))
		kunmap_atomic_high(addr);
	kmap_atomic_end();
}

static __always_inline void *kmap_local_page(struct page *page) { return kmap_atomic(page); }
static __always_inline void kunmap_local(const void *addr) { kunmap_atomic(addr); }

/* NULL never: waits until there is room. */
static __always_inline void *kmap(struct page *page)
{
	return PageHighMem(page) ? kmap_high(page) : page_to_virt(page);
}

static __always_inline void kunmap(struct page *page)
{
	if (PageHighMem(page))
		kunmap_high(page);
}

static __always_inline void clear_highpage(struct page *page)
{
	if (PageHighMem(page))
		clear_high_page(page);
	else
		clear_page(page_to_virt(page));
}

static __always_inline void copy_highpage(struct page *to, struct page *from)
{
	if (PageHighMem(to) || PageHighMem(from))
		copy_high_page(to, from);
	else
		copy_page(page_to_virt(to), page_to_virt(from));
}

/* Room for kmap(), where there is memory that needs it.  => vmalloc works */
void kmap_init(void);
/* Addresses that kmap() has in use. */
unsigned kmap_nr_used(void);

#endif
