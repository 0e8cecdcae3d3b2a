/*
 * test/host/include/asm/layout.h - where things are on the host: RAM is one sparse arena, in which
 * physical address 0 is page_offset; struct pages are one sparse array.
 *
 * MODEL     Physical addresses run from 0 to HOST_PHYS_MAX; a test chooses which of them are RAM.
 *           The kernel's vmalloc window has no memory behind it: only simulated harts go there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_ASM_LAYOUT_H
#define HOST_ASM_LAYOUT_H

#include "include/types.h"

#define HOST_PHYS_MAX	(64ul << 30)

struct page;
extern unsigned long page_offset;	/* arena; host_arch_init() maps it */
extern struct page *vmemmap;
extern unsigned long vmalloc_start, vmalloc_end;
extern unsigned long high_memory;	/* a test may lower it */
#define THREAD_SHIFT	14
#define FIXMAP_START	0xffffffff7f000000ul
#define DTB_FIXMAP	0xffffffff7f400000ul
#define KERNEL_LINK_ADDR 0xffffffff80000000ul
extern unsigned long task_size;

static inline void *phys_to_virt(phys_addr_t pa) { return (void *)(page_offset + pa); }
static inline phys_addr_t virt_to_phys(const volatile void *va) { return (unsigned long)va - page_offset; }

bool pfn_valid(pfn_t pfn);
static inline bool virt_in_direct_map(const volatile void *va)
{ return (unsigned long)va >= page_offset && pfn_valid(virt_to_phys(va) >> PAGE_SHIFT); }

#define pfn_to_page(pfn)	(vmemmap + (pfn))
#define page_to_pfn(page)	((pfn_t)((page) - vmemmap))
#define page_to_phys(page)	((phys_addr_t)page_to_pfn(page) << PAGE_SHIFT)
#define phys_to_page(pa)	pfn_to_page((phys_addr_t)(pa) >> PAGE_SHIFT)
#define page_to_virt(page)	phys_to_virt(page_to_phys(page))
#define BOOT_CONST
#define page_linear_addr(page)	((unsigned long)page_to_virt(page))
#define virt_to_page(va)	phys_to_page(virt_to_phys(va))
#define linear_to_page(va)	virt_to_page(va)

#endif
