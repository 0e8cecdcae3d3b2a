/*
 * mm/region/stack.h - regions that grow by faults, and regions that the kernel makes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_REGION_STACK_H
#define VELLUM_MM_REGION_STACK_H

#include "include/mm_types.h"

/*
 * Let the stack @vma grow down to hold @addr.
 * => mmap_lock held for WRITING; 0 or -ENOMEM
 */
__must_check int expand_stack(struct vm_area_struct *vma, unsigned long addr);
/* The region that holds @addr, a stack above it grown if need be.  => mmap_lock held for writing */
struct vm_area_struct *find_extend_vma(struct mm_struct *mm, unsigned long addr)
	REQUIRES(mm->mmap_lock);
/*
 * A stack region [top - bytes, top) for a program that is about to start, in @mm (not yet anyone's).
 * vm_flags_extra: VM_EXEC or 0.  0 or -ENOMEM
 */
__must_check int mm_insert_stack(struct mm_struct *mm, unsigned long top, unsigned long bytes,
				 unsigned long vm_flags_extra, struct vm_area_struct **out);

/* A mapping that the kernel makes of its own pages: vDSO, vvar. */
struct vm_special_mapping {
	const char *name;			/* "[vdso]" */
	struct page **pages;			/* one per page, NULL-terminated; or */
	unsigned (*fault)(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			  struct vm_fault *vmf);
};
/* => mmap_lock of @mm held for writing; @spec lives for ever.  NULL when memory is out */
struct vm_area_struct *_install_special_mapping(struct mm_struct *mm, unsigned long addr,
						unsigned long len, unsigned long vm_flags,
						const struct vm_special_mapping *spec)
	REQUIRES(mm->mmap_lock);

#endif
