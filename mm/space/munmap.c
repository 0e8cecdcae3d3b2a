/*
 * mm/space/munmap.c - take regions and their pages away.
 *
 * MODEL     do_munmap: cut the regions at both ends of the range; take what lies between out of list and
 *           tree; clear their entries through one gather; take them out of i_mmap; free tables; free the
 *           regions.  An anonymous region that loses one end stays, and shrinks: nothing is cut off to be freed.
 * INVARIANTS
 *   U1  A table is freed only if no region outside the range may have entries in it: the bounds are the
 *       neighbours' borders.
 *   U2  A region is in its file's i_mmap, and counts among the writable mappings, as long as anyone may
 *       reach a page through it: who finds no mapping (truncation, a seal) may believe it.  Its tables go
 *       later, for who finds it looks into them.  A region that shrinks has its old range as long as entries
 *       are left there (A1 of anon_vma.c), and its new one before tables go.
 *   U3  What a region was counted for (locked, total) is given back once.
 * LOCKING   mmap_lock for writing.  Until U2 lets them go, the regions' entries may be cleared by others, too.
 * FAILURE   -ENOMEM when a cut needs a region struct and there is none, or would pass max_map_count:
 *           nothing is unmapped then.
 * COST      One gather per call; per region a tree erase, and its memory back in batches; no allocation and no free
 *           where one shrinks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uapi/errno.h"
#include "include/userfaultfd_k.h"
#include "mm/rmap/vma_prio_tree.h"
#include "mm/pt/gather.h"
#include "mm/policy/account.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"
#include "mm/rmap/anon_vma.h"

/* Of @vma and those after it, does one that begins below @end? */
static __always_inline bool regions_sealed(const struct vm_area_struct *vma, unsigned long end)
{
	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		if (vma->vm_flags & VM_SEALED)
			return true;
	return false;
}

/* The entries of the regions from @first on are clear: nobody need look for pages here (U2). */
static void unlink_pages(struct mmu_gather *tlb, struct vm_area_struct *first)
{
	for (struct vm_area_struct *vma = first; vma; vma = vma->vm_next) {
		cond_resched();
		INV(U2, vma->vm_lock & VMA_LOCK_DETACHED);
		unlink_anon_vmas(vma);
		if (!vma->vm_file)
			continue;
		if (vma_shared_maywrite(vma))
			tlb_flush_mmu(tlb);	/* a hart that remembers W still writes; does nothing twice */
		vma_unlink_file(vma);
	}
}

static __always_inline void unmap_begin(struct mmu_gather *tlb, struct mm_struct *mm)
{
	update_hiwater_rss(mm);
	tlb_gather_mmu(tlb, mm);
	inc_tlb_flush_pending(mm);	/* truncation may be at work here, too (T6) */
}

/*
 * Clear the entries of [start, end), which the regions from @first on cover, and free their tables.
 * => @first.. are linked to each other and to their files only; @prev and @next are their neighbours
 */
static void unmap_region(struct mm_struct *mm, struct vm_area_struct *first, struct vm_area_struct *prev,
			 struct vm_area_struct *next, unsigned long start, unsigned long end)
{
	struct mmu_gather tlb;

	INV(U1, (!prev || prev->vm_end <= start) && (!next || next->vm_start >= end));
	unmap_begin(&tlb, mm);
	unmap_vmas(&tlb, first, start, end);
	if (unlikely(mm_tlb_flush_nested(mm, 1)))
		tlb_cover(&tlb, start, end);
	unlink_pages(&tlb, first);
	free_pgtables(&tlb, first, prev ? prev->vm_end : 0, next ? next->vm_start : 0);	/* U1 */
	tlb_finish_mmu(&tlb);
	dec_tlb_flush_pending(mm);
}

/* @nr pages of @vma are mapped no longer; => what VM_ACCOUNT charged is the caller's to give back */
static __always_inline void unaccount_pages(struct mm_struct *mm, const struct vm_area_struct *vma, unsigned long nr)
{
	if (vma->vm_flags & VM_LOCKED)
		atomic_long_sub(nr, &mm->locked_vm);
	INV(U3, atomic_long_read(&mm->locked_vm) >= 0 && mm->total_vm >= nr);
	vm_stat_account(mm, vma->vm_flags, -(long)nr);
}

/* Accounts and structs of a detached chain. */
static void remove_vma_chain(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vma_batch batch = { .nr = 0 };
	unsigned long nr_accounted = 0;
	struct vm_area_struct *next;

	for (; vma; vma = next) {
		unsigned long nr = vma_pages(vma);

		next = vma->vm_next;
		if (vma->vm_flags & VM_ACCOUNT)
			nr_accounted += nr;
		unaccount_pages(mm, vma, nr);
		vma_remove_batched(&batch, vma);
		cond_resched();
	}
	vma_batch_free(&batch);
	vm_unacct_memory(nr_accounted);
}

/*
 * Is [@start, @end) one end of @vma, less than all of it?  Files and ops are told of a cut, by split_vma(); who
 * watches is told, too.
 */
static __always_inline bool is_one_end(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (start == vma->vm_start ? end >= vma->vm_end : start < vma->vm_start || end != vma->vm_end)
		return false;
	return !vma->vm_ops && !vma->vm_file && !vma->vm_userfaultfd_ctx;
}

/* Take [@start, @end) off @vma, one end of it. */
static __noinline void shrink_region(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
				     unsigned long end) REQUIRES(mm->mmap_lock)
{
	const struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;
	unsigned long nr = (end - start) >> PAGE_SHIFT;
	bool head = start == vma->vm_start;
	struct mmu_gather tlb;

	INV(U1, vma->vm_start <= start && start < end && end <= vma->vm_end && nr < vma_pages(vma));
	vma_start_write(vma);
	unmap_begin(&tlb, mm);
	unmap_page_range(&tlb, start, end);
	if (unlikely(mm_tlb_flush_nested(mm, 1)))
		tlb_cover(&tlb, start, end);
	if (head) {
		vma_resize(vma, end, vma->vm_end, vma->vm_pgoff + nr);
		free_pgd_range(&tlb, start, end, prev ? prev->vm_end : 0, end);		/* U1 */
	} else {
		vma_resize(vma, vma->vm_start, start, vma->vm_pgoff);
		free_pgd_range(&tlb, start, end, start, next ? next->vm_start : 0);
	}
	tlb_finish_mmu(&tlb);
	dec_tlb_flush_pending(mm);
	unaccount_pages(mm, vma, nr);
	if (vma->vm_flags & VM_ACCOUNT)
		vm_unacct_memory(nr);
}

/* Make region borders at @start and @end.  *first: the first region inside.  0 or -ENOMEM */
static int cut_range(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end, struct vm_area_struct **first) REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *last;
	int rc;

	if (start > vma->vm_start) {
		if (end < vma->vm_end && mm->map_count >= sysctl_max_map_count)
			return -ENOMEM;
		rc = split_vma(mm, vma, start, 0);
		if (rc)
			return rc;
		vma = vma->vm_next;
	}
	*first = vma;
	last = find_vma(mm, end);
	if (last && last->vm_start < end) {
		rc = split_vma(mm, last, end, 1);
		if (rc)
			return rc;
		if (last == vma)
			*first = last->vm_prev;
	}
	INV(U1, (*first)->vm_start >= start && (*first)->vm_start < end);
	return 0;
}

/* Note for who watches them that [start, end) goes, which the regions from @first on cover.  0 or -ENOMEM */
static int note_unmap(struct vm_area_struct *first, unsigned long start, unsigned long end, struct list_head *uf)
{
	int rc = 0;

	for (struct vm_area_struct *vma = first; vma && vma->vm_start < end && !rc; vma = vma->vm_next)
		if (unlikely(vma->vm_userfaultfd_ctx))
			rc = __userfaultfd_unmap_prep(vma, start, end, uf);
	return rc;
}

/* A sealed region is in the way, @first or a later one.  Linux comes to it when the border at @start is made. */
static __noinline int refuse_sealed(struct mm_struct *mm, struct vm_area_struct *first, unsigned long start)
	REQUIRES(mm->mmap_lock)
{
	int rc = 0;

	if (!(first->vm_flags & VM_SEALED) && start > first->vm_start)
		rc = split_vma(mm, first, start, 1);
	return rc ? rc : -EPERM;
}

int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len, struct list_head *uf)
{
	struct vm_area_struct *first, *last, *prev, *next;
	unsigned long end;
	int rc;

	mmap_assert_write_locked(mm);
	if ((start & ~PAGE_MASK) || start > task_size || len > task_size - start)
		return -EINVAL;
	end = start + PAGE_ALIGN(len);
	if (end == start)
		return -EINVAL;
	first = find_vma(mm, start);
	if (!first || first->vm_start >= end)
		return 0;
	if (unlikely(regions_sealed(first, end)))
		return refuse_sealed(mm, first, start);
	if (is_one_end(first, start, end)) {
		shrink_region(mm, first, start, end);
		return 0;
	}
	if (start > first->vm_start || end < first->vm_end || first->vm_next) {
		rc = cut_range(mm, first, start, end, &first);
		if (rc)
			return rc;
	}
	if (uf) {
		rc = note_unmap(first, start, end, uf);
		if (rc)
			return rc;
	}
	/* commit */
	prev = first->vm_prev;
	for (last = first; last->vm_next && last->vm_next->vm_start < end; )
		last = last->vm_next;
	next = last->vm_next;
	INV(U1, first->vm_start >= start && last->vm_end <= end);
	vma_detach_range(mm, first, last, prev);
	unmap_region(mm, first, prev, next, start, end);
	remove_vma_chain(mm, first);
	return 0;
}

int vm_munmap(unsigned long start, unsigned long len)
{
	struct mm_struct *mm = current_base()->mm;
	LIST_HEAD(uf);
	int rc;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	rc = do_munmap(mm, start, len, &uf);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&uf);
	return rc;
}

SYSCALL_DEFINE2(munmap, unsigned long, addr, size_t, len)
{
	return vm_munmap(addr, len);
}
