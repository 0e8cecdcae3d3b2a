/*
 * mm/region/vma.h - regions: find, insert, merge, split.
 *
 * LOCKING   mm->mmap_lock: for reading to look, for writing to change.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_REGION_VMA_H
#define VELLUM_MM_REGION_VMA_H

#include "include/arch/arch.h"
#include "include/mm_types.h"
#include "include/vma_lock.h"

#define STACK_GUARD_PAGES	256
extern unsigned long stack_guard_gap;		/* bytes kept free below a growing stack */

/* A region's struct, zeroed but for vm_mm; NULL when memory is out. */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
/* A copy that is in no list or tree.  The file reference is NOT taken. */
struct vm_area_struct *vm_area_dup(const struct vm_area_struct *orig);
void vm_area_free(struct vm_area_struct *vma);

/* The first region that ends above @addr, or NULL. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
	REQUIRES_SHARED(mm->mmap_lock);
/* The same, with its predecessor in *pprev (the last region when the result is NULL). */
struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **pprev) REQUIRES_SHARED(mm->mmap_lock);

/* The region that holds @addr, or NULL. */
static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

/* The first region that overlaps [@start, @end), or NULL. */
static inline struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
							   unsigned long start, unsigned long end)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

/* Link a region that overlaps none; takes no file reference.  -ENOMEM when it overlaps one. */
__must_check int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma)
	REQUIRES(mm->mmap_lock);
/* Link @vma after @prev (NULL: first), in list, tree and its file's i_mmap.  Cannot fail. */
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev)
	REQUIRES(mm->mmap_lock);
/* List and tree only. */
void vma_link_space(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev)
	REQUIRES(mm->mmap_lock);

/* What a region to be made would be: the request of vma_merge(). */
struct mempolicy;
struct vma_desc {
	unsigned long start, end;
	unsigned long vm_flags;
	pgoff_t pgoff;
	struct file *file;
	struct anon_vma *anon_vma;	/* vma_anon_id() of who has the pages of the range; NULL: there are none */
	const char *anon_name;
	struct mempolicy *policy;
	struct userfaultfd_ctx *uffd_ctx;
};

/*
 * Let neighbours swallow [@d->start, @d->end): @prev ends at or before start.  A region that lies in
 * the range already may be the one that gives way.  The region that now covers it, or NULL.
 */
struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *prev,
				 const struct vma_desc *d) REQUIRES(mm->mmap_lock);
/*
 * Give [@start, @end) of @vma the properties @d names, splitting and merging as needed.
 * *pvma is the region that has them.  0 or -ENOMEM; the properties are not written into it.
 */
__must_check int vma_modify(struct vm_area_struct **pvma, struct vm_area_struct *prev,
			    unsigned long start, unsigned long end, unsigned long new_flags,
			    const char *anon_name);
/* The same for [@start, @end) that is to have @policy. */
__must_check int vma_modify_policy(struct vm_area_struct **pvma, struct vm_area_struct *prev,
				   unsigned long start, unsigned long end, struct mempolicy *policy);
/* The same for [@start, @end) that @ctx, or nobody, is to watch. */
__must_check int vma_modify_uffd(struct vm_area_struct **pvma, struct vm_area_struct *prev, unsigned long start,
				 unsigned long end, unsigned long new_flags, struct userfaultfd_ctx *ctx);
/* Cut @vma at @addr; the new region is the lower part if @new_below, the upper otherwise. */
__must_check int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
			   int new_below) REQUIRES(mm->mmap_lock);
/* Move @vma's borders; the caller knows that the room is free. */
void vma_resize(struct vm_area_struct *vma, unsigned long start, unsigned long end, pgoff_t pgoff);
/* Take [first .. last] (a stretch of the list) out; they stay chained, ended by NULL, and in i_mmap. */
void vma_detach_range(struct mm_struct *mm, struct vm_area_struct *first, struct vm_area_struct *last,
		      struct vm_area_struct *prev) REQUIRES(mm->mmap_lock);
/* Close, drop the file, free the struct. */
void vma_remove(struct vm_area_struct *vma);
/* The same for many: their memory goes back in batches, the last one by vma_batch_free(). */
#define VMA_BATCH	16u
struct vma_batch {
	unsigned nr;
	struct vm_area_struct *vmas[VMA_BATCH];
};
void vma_remove_batched(struct vma_batch *batch, struct vm_area_struct *vma);
void vma_batch_free(struct vma_batch *batch);

/* Lowest/highest free range of @len bytes in [@low, @high), gaps for stacks respected, or -ENOMEM. */
unsigned long vma_find_gap_up(struct mm_struct *mm, unsigned long len, unsigned long low,
			      unsigned long high) REQUIRES_SHARED(mm->mmap_lock);
unsigned long vma_find_gap_down(struct mm_struct *mm, unsigned long len, unsigned long low,
				unsigned long high) REQUIRES_SHARED(mm->mmap_lock);

/* Recompute vm_page_prot after vm_flags changed. */
void vma_set_page_prot(struct vm_area_struct *vma);
/* Recount list, tree and gaps of @mm: stops the machine when they disagree (tests, debug). */
void mm_verify(struct mm_struct *mm);

/* vm_start less the guard gap of a stack. */
static inline unsigned long vm_start_gap(const struct vm_area_struct *vma)
{
	unsigned long s = vma->vm_start;

	if (vma->vm_flags & VM_GROWSDOWN)
		s = s > stack_guard_gap ? s - stack_guard_gap : 0;
	return s;
}
static inline unsigned long vm_end_gap(const struct vm_area_struct *vma) { return vma->vm_end; }

#endif
