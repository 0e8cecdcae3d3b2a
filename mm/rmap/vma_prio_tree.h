/*
 * mm/rmap/vma_prio_tree.h - which regions map a page of a file.
 *
 * LOCKING   mapping->i_mmap_lock
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RMAP_VMA_PRIO_TREE_H
#define VELLUM_MM_RMAP_VMA_PRIO_TREE_H

#include "include/mm_types.h"

void vma_prio_tree_add(struct vm_area_struct *vma, struct vm_area_struct *old);
void vma_prio_tree_insert(struct vm_area_struct *vma, struct prio_tree_root *root);
void vma_prio_tree_remove(struct vm_area_struct *vma, struct prio_tree_root *root);
struct vm_area_struct *vma_prio_tree_next(struct vm_area_struct *vma, struct prio_tree_iter *iter);

/* Every region of @root that maps a page of [@begin, @end] (last page, not the one after it). */
#define vma_prio_tree_foreach(vma, iter, root, begin, end) \
	for (prio_tree_iter_init(iter, root, begin, end), vma = NULL; \
	     (vma = vma_prio_tree_next(vma, iter)); )

/* Enter and leave @vma->vm_file's i_mmap, counted if it may write.  They take i_mmap_lock. */
void vma_link_file(struct vm_area_struct *vma);
void vma_unlink_file(struct vm_area_struct *vma);
/* The same with @mapping's i_mmap_lock held. */
void __vma_link_mapping(struct vm_area_struct *vma, struct address_space *mapping);
void __vma_unlink_mapping(struct vm_area_struct *vma, struct address_space *mapping);
/*
 * @vma's place among the regions of @mapping: in i_mmap, or i_mmap_nonlinear (N2 of mm/entry/nonlinear.c).
 * add_copy: @vma maps the same pages as @old, which has its place.  => i_mmap_lock held
 */
void vma_mapping_insert(struct vm_area_struct *vma, struct address_space *mapping);
void vma_mapping_remove(struct vm_area_struct *vma, struct address_space *mapping);
void vma_mapping_add_copy(struct vm_area_struct *vma, struct vm_area_struct *old, struct address_space *mapping);
/* An empty i_mmap. */
void vma_prio_tree_root_init(struct prio_tree_root *root);

#endif
