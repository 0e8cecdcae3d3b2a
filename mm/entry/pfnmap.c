/*
 * mm/entry/pfnmap.c - entries that drivers, file systems and the vDSO make by themselves.
 *
 * MODEL     remap_pfn_range, vmf_insert_pfn: special entries; the frame may have no struct page, and
 *           nothing is counted.  vm_insert_page: one kernel page, mapped and counted as a file's.
 *           remap_vmalloc_range: the pages of a vmalloc_user() area, each like that.
 * INVARIANTS
 *   P1  What is inserted lies in its region, and replaces nothing.
 *   P2  A frame that is not counted is shown by a special entry: nobody takes it for a page (R1 of mm/rmap/rmap.h).
 * LOCKING   mmap_lock (write for remap_pfn_range, read for the others), ptl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/entry/pte.h"
#include "include/vma_lock.h"

/* Store @pte at @addr if the entry is empty.  0, -ENOMEM, -EBUSY */
static int insert_pte(struct vm_area_struct *vma, vaddr_t addr, pte_t pte)
{
	pte_t *ptep = pt_alloc(vma->vm_mm, addr);
	struct page *table;
	int rc = -EBUSY;

	INV(P1, addr >= vma->vm_start && addr < vma->vm_end && !(addr & ~PAGE_MASK));
	INV(P2, pte_special(pte) || page_mapcount(pfn_to_page(pte_pfn(pte))) > 0);
	vma_assert_locked(vma);
	if (!ptep)
		return -ENOMEM;
	table = pt_page(ptep);
	spin_lock(&table->ptl);
	if (pte_none(pte_load(ptep))) {
		set_pte(ptep, pte);
		rc = 0;
	}
	spin_unlock(&table->ptl);
	return rc;
}

int remap_pfn_range(struct vm_area_struct *vma, vaddr_t addr, pfn_t pfn, unsigned long bytes, pte_t prot)
{
	vaddr_t end = addr + PAGE_ALIGN(bytes);
	int rc = 0;

	if (!IS_ALIGNED(addr, PAGE_SIZE) || addr < vma->vm_start || end > vma->vm_end)
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	for (; addr != end && !rc; addr += PAGE_SIZE, pfn++) {
		rc = insert_pte(vma, addr, pte_mkspecial(pfn_pte(pfn, prot)));
		cond_resched();
	}
	return rc;
}

unsigned vmf_insert_pfn(struct vm_area_struct *vma, vaddr_t addr, pfn_t pfn)
{
	int rc = insert_pte(vma, addr, pte_mkspecial(pfn_pte(pfn, vma->vm_page_prot)));

	return rc == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_NOPAGE;
}

int vm_insert_page(struct vm_area_struct *vma, vaddr_t addr, struct page *page)
{
	int rc;

	if (addr < vma->vm_start || addr >= vma->vm_end || PageAnon(page))
		return -EINVAL;
	get_page(page);
	if (vma->vm_flags & VM_EXEC)
		flush_icache_page(vma, page);
	page_add_file_rmap(page);
	inc_mm_counter(vma->vm_mm, mm_counter(page));
	rc = insert_pte(vma, addr, pfn_pte(page_to_pfn(page), vma->vm_page_prot));
	if (rc) {
		dec_mm_counter(vma->vm_mm, mm_counter(page));
		page_remove_rmap(page);
		put_page(page);
	}
	return rc;
}
