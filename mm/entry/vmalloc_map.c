/*
 * mm/entry/vmalloc_map.c - showing vmalloc memory to a program.
 *
 * MODEL     A driver's buffer from vmalloc_user() is mapped page by page; the region holds a reference to each
 *           page, so that vfree() and munmap may come in either order.
 * LOCKING   mmap_lock (write): called from ->mmap.
 * TESTS     test/kernel/test_kmap.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/vma_lock.h"
#include "mm/entry/pte.h"
#include "mm/kmap/vmalloc.h"

int remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff)
{
	unsigned long bytes = vma->vm_end - vma->vm_start;
	struct vm_struct *area = find_vm_area(addr);
	int rc = 0;

	if (!area || !(area->flags & VM_USERMAP_AREA) || area->addr != (vaddr_t)addr ||
	    pgoff > area->nr_pages || bytes >> PAGE_SHIFT > area->nr_pages - pgoff)
		return -EINVAL;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	for (unsigned long i = 0; i < bytes >> PAGE_SHIFT && !rc; i++) {
		rc = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE, area->pages[pgoff + i]);
		cond_resched();
	}
	return rc;
}
