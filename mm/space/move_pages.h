/*
 * mm/space/move_pages.h - pages that are on another node than they should be.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_MOVE_PAGES_H
#define VELLUM_MM_SPACE_MOVE_PAGES_H

#include "mm/policy/mempolicy.h"

/* Nothing drivers map, and no pages without a count. */
static inline bool vma_migratable(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_IO | VM_PFNMAP));
}

/*
 * Move the pages of [@start, @end) of @mm that are not on @nodes to where @pol says; with @all also those that
 * others map.  How many could not be moved, or -errno.  => no lock held
 */
long mbind_move(struct mm_struct *mm, vaddr_t start, vaddr_t end, nodemask_t nodes, struct mempolicy *pol,
		bool all);

#endif
