/*
 * mm/kmap/ioremap.c - physical addresses that are not ours to allocate, in kernel addresses.
 *
 * MODEL     An area of the vmalloc window over the pages that hold [pa, pa + bytes); the offset in the
 *           first page is kept.  No struct page is involved.  Where addresses and length permit,
 *           the leaves are large.
 *           What kind of memory a device has the hart knows by itself (the physical memory attributes).
 *           Where harts know memory types (Svpbmt, T-Head) the entry says it too: PAGE_KERNEL_IO and PAGE_KERNEL_WC
 *           carry those bits then.
 *           memremap() is for RAM: the direct map's address where there is one.
 * INVARIANTS
 *   I1  The area covers [pa, pa + bytes), and the offset in the first page is kept.
 * TESTS     test/host/mm/kmap/test_vmalloc.c, test/kernel/test_kmap.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/ioremap.h"
#include "include/arch/arch.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/init.h"

static void *map_physical(phys_addr_t pa, size_t bytes, pte_t prot, const void *caller)
{
	unsigned long offset = pa & ~PAGE_MASK;
	unsigned long nr = PFN_UP(offset + bytes);
	struct vm_struct *area;

	if (!bytes || pa + bytes - 1 < pa || nr > (vmalloc_end - vmalloc_start) >> PAGE_SHIFT)
		return NULL;
	area = get_vm_area_large(nr * PAGE_SIZE, pa & PAGE_MASK, VM_IOREMAP_AREA, caller);
	if (!area)
		return NULL;
	area->phys = pa & PAGE_MASK;
	if (vm_area_map_frames(area, PFN_DOWN(pa), nr, prot)) {
		free_vm_area(area);
		return NULL;
	}
	INV(I1, area->phys + offset == pa && offset + bytes <= area->nr_pages * PAGE_SIZE);
	return (void *)(area->addr + offset);
}

void *ioremap(phys_addr_t pa, size_t bytes)
{
	return map_physical(pa, bytes, PAGE_KERNEL_IO, __builtin_return_address(0));
}

void *ioremap_wc(phys_addr_t pa, size_t bytes)
{
	return map_physical(pa, bytes, PAGE_KERNEL_WC, __builtin_return_address(0));
}

void iounmap(const void *addr)
{
	vfree((const void *)((vaddr_t)addr & PAGE_MASK));
}

void *memremap(phys_addr_t pa, size_t bytes)
{
	if (pa + bytes - 1 < pa)
		return NULL;
	if (pa + bytes <= directmap_limit)
		return phys_to_virt(pa);
	return map_physical(pa, bytes, PAGE_KERNEL, __builtin_return_address(0));
}

void memunmap(const void *addr)
{
	if (is_vmalloc_addr(addr))
		iounmap(addr);
}
