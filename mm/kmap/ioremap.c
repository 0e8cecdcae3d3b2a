/*
 * mm/kmap/ioremap.c - device registers in kernel addresses.
 *
 * MODEL     An area of the vmalloc window over the pages that hold [pa, pa + bytes); the offset in the
 *           first page is kept.  No struct page is involved.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/ioremap.h"
#include "mm/kmap/vmalloc.h"
#include "mm/pt/flush.h"
#include "mm/pt/walk.h"

void *ioremap(phys_addr_t pa, size_t bytes)
{
	unsigned long offset = pa & ~PAGE_MASK;
	unsigned long nr = PFN_UP(offset + bytes);
	struct vm_struct *area;

	if (!bytes || pa + bytes - 1 < pa)
		return NULL;
	area = get_vm_area(nr * PAGE_SIZE, PAGE_SIZE, 0, VM_IOREMAP_AREA, __builtin_return_address(0));
	if (!area)
		return NULL;
	if (pt_map_kernel(area->addr, PFN_DOWN(pa), nr, PAGE_KERNEL_IO)) {
		free_vm_area(area);
		return NULL;
	}
	area->nr_pages = nr;
	area->phys = pa & PAGE_MASK;
	flush_tlb_kernel_range(area->addr, area->addr + nr * PAGE_SIZE);
	return (void *)(area->addr + offset);
}

void iounmap(const void *addr)
{
	vfree((const void *)((vaddr_t)addr & PAGE_MASK));
}
