/*
 * mm/pt/flush.h - make harts forget translations.  Theory: flush.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PT_FLUSH_H
#define VELLUM_MM_PT_FLUSH_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

/*
 * Harts that may hold translations of @mm, read after every earlier store to its entries:
 * the barrier pairs with the one in arch_switch_mm(), which sets the bit and then walks (T2).
 */
static inline hartmask_t mm_harts(struct mm_struct *mm)
{
	smp_mb();
	return hartmask_load(&mm->harts);
}

/* In debug kernels: may who waits for @harts, this one aside, do so?  F4 */
static inline void flush_check_locks(hartmask_t harts)
{
	if (!hartmask_empty(hartmask_without(harts, this_hart())))
		lock_check_no_spin("a flush of other harts");
}

/*
 * The entry of @va is cleared: make this hart forget it, if no other can know it.  False: others may, and nothing was
 * done.  => the ptl may be held
 */
bool flush_tlb_page_alone(struct vm_area_struct *vma, vaddr_t va);
/* Each returns when every hart that may hold one has acknowledged.  => interrupts on if SMP */
void flush_tlb_page(struct vm_area_struct *vma, vaddr_t va);
void flush_tlb_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
void flush_tlb_mm_range(struct mm_struct *mm, vaddr_t start, vaddr_t end);
void flush_tlb_mm(struct mm_struct *mm);
void flush_tlb_kernel_range(vaddr_t start, vaddr_t end);
void flush_tlb_all(void);

#endif
