/*
 * mm/fault/internal.h - what the files of mm/fault share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_FAULT_INTERNAL_H
#define VELLUM_MM_FAULT_INTERNAL_H

#include "include/mmap_lock.h"
#include "mm/entry/pte.h"
#include "mm/fault/fault.h"
#include "mm/region/stack.h"
#include "mm/region/vma.h"
#include "mm/rmap/anon_vma.h"

/* Lock the table of vmf->pte and see whether the entry still is what the fault saw (E1 of anon.c). */
static __always_inline bool vmf_lock_same(struct vm_fault *vmf) ACQUIRE(vmf->table->ptl)
{
	spin_lock(&vmf->table->ptl);
	return likely(pte_same(pte_load(vmf->pte), vmf->orig_pte));
}
static __always_inline void vmf_unlock(struct vm_fault *vmf) RELEASE(vmf->table->ptl)
{
	spin_unlock(&vmf->table->ptl);
}

/* @pte, which takes the place of @orig: marked, if that is a marker of uffd-wp. */
static __always_inline pte_t pte_marked(pte_t pte, pte_t orig)
{
	if (likely(pte_none(orig)))
		return pte;
	return pte_marker_uffd_wp(orig) ? pte_mkuffd_wp(pte) : pte;
}
static __always_inline pte_t vmf_marked(const struct vm_fault *vmf, pte_t pte)
{
	return pte_marked(pte, vmf->orig_pte);
}

/* Did the OOM reaper take pages of @mm, so that a fault may bring zeros in the place of content? */
static inline bool mm_is_unstable(const struct mm_struct *mm)
{
	return READ_ONCE(mm->oom_flags) & MMF_UNSTABLE;
}

#define ANON_ORDER	5u
#define ANON_BATCH	(1u << ANON_ORDER)	/* most pages that one call of anon_fill() makes */
/*
 * An access missed every region, but a stack may lie above.  Returns its region, grown, or NULL.  fault.c
 * => mmap_lock (read) held, let go in between: it goes up to writing and down again
 */
struct vm_area_struct *grow_stack(struct mm_struct *mm, vaddr_t address);

/* The region for @address, a stack below which it lies grown to it; NULL: none. */
static __always_inline struct vm_area_struct *fault_region(struct mm_struct *mm, vaddr_t address)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (likely(vma && vma->vm_start <= address))
		return vma;
	if (vma && vma->vm_flags & VM_GROWSDOWN)
		return grow_stack(mm, address);
	return NULL;
}

bool anon_fill(struct vm_area_struct *vma, pte_t *ptep, vaddr_t va, unsigned nr);	/* anon.c */
bool zero_fill(struct vm_area_struct *vma, pte_t *ptep, unsigned nr);			/* anon.c */
unsigned do_linear_fault(struct vm_fault *vmf);			/* file.c */
unsigned do_page_mkwrite(struct vm_fault *vmf, struct page *page); /* file.c */
unsigned do_wp_page(struct vm_fault *vmf);			/* cow.c */

#endif
