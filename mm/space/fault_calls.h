/*
 * mm/space/fault_calls.h - up-calls of mm/space and mm/cache: what mm/fault does for them.
 *
 * MODEL     Regions say what may be there, entries say what is.  These walk and change the entries.
 *           Described in mm/fault/fault.h; repeated here because that layer lies above this one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_FAULT_CALLS_H
#define VELLUM_MM_SPACE_FAULT_CALLS_H

#include "mm/pt/gather.h"

extern struct page *zero_page;

int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src);
void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t floor, vaddr_t ceiling);
void zap_page_range(struct vm_area_struct *vma, vaddr_t start, unsigned long size);
void zap_file_pages(struct vm_area_struct *vma, vaddr_t start, unsigned long size);
unsigned long change_protection(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pte_t newprot);
unsigned long move_page_tables(struct vm_area_struct *vma, vaddr_t old_addr,
			       struct vm_area_struct *new_vma, vaddr_t new_addr, unsigned long len);
int vm_insert_page(struct vm_area_struct *vma, vaddr_t addr, struct page *page);
int access_remote_vm(struct mm_struct *mm, vaddr_t addr, void *buf, int len, unsigned gup_flags);
int __mm_populate(vaddr_t start, unsigned long len, bool ignore_errors);
#define mm_populate(start, len)	((void)__mm_populate(start, len, true))
long populate_vma_page_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
/* Map cached @page (locked) at file page @pgoff, near the fault, if nothing is there.  => ptl held */
void do_set_pte(struct vm_fault *vmf, struct page *page, pgoff_t pgoff);
long faultin_page_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool write);

#endif
