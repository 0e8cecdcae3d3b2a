/*
 * mm/entry/nonlinear.h - entries of regions that show pages of their file in any order: nonlinear.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_ENTRY_NONLINEAR_H
#define VELLUM_MM_ENTRY_NONLINEAR_H

#include "include/mm_types.h"
#include "mm/rmap/migration.h"

/* The page of its file that is due at @va of @vma, a nonlinear region, by its entry @pte.  => ptl held */
static inline pgoff_t nonlinear_index(const struct vm_area_struct *vma, vaddr_t va, pte_t pte)
{
	if (pte_is_file(pte))
		return pte_file_pgoff(pte);
	if (pte_present(pte))
		return pfn_to_page(pte_pfn(pte))->index;
	return pte_is_migration(pte) ? migration_page(pte)->index : linear_page_index(vma, va);
}

/* What is left at @va of @vma when the page @index of the file that is due there is not shown (N1). */
static inline pte_t nonlinear_rest(const struct vm_area_struct *vma, vaddr_t va, pgoff_t index)
{
	return index == linear_page_index(vma, va) ? pte_empty() : pte_file(index);
}

/* Tables for [@start, @end) of @vma.  0, -ENOMEM, -EINTR.  => mmap_lock held (write) */
__must_check int nonlinear_reserve(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
/*
 * From now on [@start, @end) shows the pages of the file from @pgoff on.
 * => @vma is nonlinear and marked; nonlinear_reserve()d; mmap_lock held (write)
 */
void nonlinear_set(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pgoff_t pgoff);
/* The child's entries of a nonlinear region: copy_page_range() */
__must_check int nonlinear_copy(struct vm_area_struct *dst, struct vm_area_struct *src);
/*
 * Hide the pages [@first, @last] of the file where [@start, @start + @size) of @vma shows them: what they are
 * stays, so that faults bring them back, or find the file cut.  => the region's tables stay; zap.c
 */
void zap_nonlinear(struct vm_area_struct *vma, vaddr_t start, unsigned long size, pgoff_t first, pgoff_t last);

#endif
