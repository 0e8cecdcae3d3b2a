/*
 * asm/layout.h - where things are in the kernel's half, and how one address becomes another.
 *
 * MODEL     With S = what one root entry spans (Sv39 1 GiB, Sv48 512 GiB, Sv57 256 TiB), root entry:
 *             256..447  direct map of RAM, from phys_base, largest leaves
 *             448..451  vmemmap: struct page by frame number
 *             456..487  vmalloc (Sv48 and Sv57: 456..457)
 *             the last 2 GiB - 16 MiB    device tree (early), fixmap
 *             the last 2 GiB             the kernel image at its link address
 *           The variables are fixed before the first allocation and live in small data: one
 *           gp-relative load each.  vmemmap is biased: pfn_to_page(pfn) is &vmemmap[pfn].
 * INVARIANTS
 *   Y1  The kernel's root entries are all made at boot, so a copy of them stays true for ever.
 *   Y2  RAM above directmap_limit has struct pages and no address: page_to_virt() is not for it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_LAYOUT_H
#define VELLUM_ASM_LAYOUT_H

#define KERNEL_LINK_ADDR	0xffffffff80000000
#define FIXMAP_START		0xffffffff7f000000	/* one level-0 table: fixmap_pte[512] */
#define fixmap_start		FIXMAP_START
#ifdef VELLUM_KASAN
#define THREAD_SHIFT		15	/* padded variables need room */
#else
#define THREAD_SHIFT		14
#endif
#define DTB_FIXMAP		0xffffffff7f400000	/* 2 x 2 MiB leaves, dropped after boot */

#ifndef __ASSEMBLY__
#include "include/types.h"

struct page;

/*
 * Set once, before anything reads them: constants for the compiler, which need not load them again after every
 * store and call.  Who sets them defines LAYOUT_WRITER first.
 */
#ifdef LAYOUT_WRITER
#define BOOT_CONST
#else
#define BOOT_CONST const
#endif
extern BOOT_CONST unsigned long page_offset;	/* virtual address of the direct map = of phys_base */
extern BOOT_CONST unsigned long phys_base;		/* lowest RAM, on a 1 GiB boundary */
extern BOOT_CONST unsigned long linear_offset;	/* page_offset - phys_base */
extern BOOT_CONST unsigned long direct_map_end;	/* end of the direct map's range */
extern BOOT_CONST unsigned long high_memory;	/* where the RAM that it shows ends: mm/kmap/highmem.c */
extern BOOT_CONST unsigned long page_virt_offset;	/* linear_offset - (vmemmap << 6) */
extern BOOT_CONST unsigned long kernel_pa_offset;	/* KERNEL_LINK_ADDR - physical address of the image */
extern struct page *BOOT_CONST vmemmap;
extern BOOT_CONST unsigned long vmalloc_start, vmalloc_end;
extern BOOT_CONST unsigned long task_size;		/* end of user addresses in this mode */

#define STRUCT_PAGE_SHIFT	6	/* sizeof(struct page) == 64 */

/* Of RAM in the direct map. */
static __always_inline void *phys_to_virt(phys_addr_t pa) { return (void *)(pa + linear_offset); }
/* Of a direct-map or kernel-image address. */
static __always_inline phys_addr_t virt_to_phys(const volatile void *va)
{
	unsigned long v = (unsigned long)va;

	return v - (likely(v < KERNEL_LINK_ADDR) ? linear_offset : kernel_pa_offset);
}
static __always_inline struct page *pfn_to_page(pfn_t pfn)
{ return (struct page *)((unsigned long)vmemmap + (pfn << STRUCT_PAGE_SHIFT)); }
static __always_inline pfn_t page_to_pfn(const struct page *page)
{ return ((unsigned long)page - (unsigned long)vmemmap) >> STRUCT_PAGE_SHIFT; }
/* Where @page would be in a direct map of everything. */
static __always_inline unsigned long page_linear_addr(const struct page *page)
{ return ((unsigned long)page << (PAGE_SHIFT - STRUCT_PAGE_SHIFT)) + page_virt_offset; }
/* Of a page that the direct map shows: not PageHighMem(). */
static __always_inline void *page_to_virt(const struct page *page)
{
	INV(Y2, page_linear_addr(page) < high_memory);
	return (void *)page_linear_addr(page);
}
static __always_inline phys_addr_t page_to_phys(const struct page *page)
{ return PFN_PHYS(page_to_pfn(page)); }
static __always_inline struct page *phys_to_page(phys_addr_t pa) { return pfn_to_page(PFN_DOWN(pa)); }
static __always_inline struct page *virt_to_page(const volatile void *va)
{ return phys_to_page(virt_to_phys(va)); }

/* Of a direct-map address only: page_to_virt() backwards; the bits it shifted out are the sign's. */
static __always_inline struct page *linear_to_page(const volatile void *va)
{ return (struct page *)((long)((unsigned long)va - page_virt_offset) >> (PAGE_SHIFT - STRUCT_PAGE_SHIFT) &
			 -(1l << STRUCT_PAGE_SHIFT)); }

/* Whether @va is an address of the direct map's range (RAM or a hole in it). */
static inline bool virt_in_direct_map(const volatile void *va)
{ return (unsigned long)va >= page_offset && (unsigned long)va < direct_map_end; }

/* Whether @pfn is RAM with a struct page: false for holes, devices and firmware's memory. */
bool pfn_valid(pfn_t pfn);

#define __va(pa)	phys_to_virt(pa)
#define __pa(va)	virt_to_phys((const void *)(va))

#endif
#endif
