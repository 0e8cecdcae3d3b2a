/*
 * mm/entry/pte.h - what an entry shows, and what it may.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_ENTRY_PTE_H
#define VELLUM_MM_ENTRY_PTE_H

#include "include/mm_counter.h"
#include "mm/entry/entry.h"
#include "mm/phys/gfp.h"
#include "mm/pt/walk.h"
#include "mm/rmap/migration.h"
#include "mm/rmap/rmap.h"

/* The page that @pte maps, or NULL: a device's frame, or the zero page. */
static __always_inline struct page *pte_page_counted(pte_t pte)
{
	return unlikely(pte_special(pte)) ? NULL : pfn_to_page(pte_pfn(pte));
}

/* W where the region allows it; a forced write (ptrace) leaves the entry read-only. */
static __always_inline pte_t maybe_mkwrite(pte_t pte, const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(pte) : pte;
}

/* Does a first write to a shared page have to ask its file? */
static __always_inline bool vma_wants_writenotify(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) &&
	       vma->vm_ops && vma->vm_ops->page_mkwrite;
}

/* The locks of two tables, which may be one: in order of their addresses. */
static inline void ptl_lock_pair(struct page *a, struct page *b) ACQUIRE(a->ptl, b->ptl) NO_LOCK_ANALYSIS
{
	spin_lock(a < b ? &a->ptl : &b->ptl);
	if (a != b)
		spin_lock_nested(a < b ? &b->ptl : &a->ptl);
}

static inline void ptl_unlock_pair(struct page *a, struct page *b) RELEASE(a->ptl, b->ptl) NO_LOCK_ANALYSIS
{
	spin_unlock(&a->ptl);
	if (a != b)
		spin_unlock(&b->ptl);
}

#endif
