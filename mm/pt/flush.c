/*
 * mm/pt/flush.c - make harts forget translations, by page, range, address space, or all.
 *
 * MODEL     A request names the mm and a range; the ISA turns it into fences on the harts of mm->harts
 *           (all harts for the kernel's half), choosing between page by page and everything.
 * INVARIANTS
 *   F1  mm->harts is read after the entries were written (mm_harts(): T2).
 *   F2  No request is empty: who changed nothing asks for nothing.
 *   F3  Who waits for other harts has interrupts on, to serve them meanwhile.
 *   F4  He holds no spin lock: a page-table lock would keep every fault in 2 MiB waiting for a hart that is slow to
 *       answer.  Who must not let go in between hides the entry behind one of a page on its way
 *       (mm/rmap/migration.h), and flushes with no lock held; alone on its hart, a space needs none of that:
 *       flush_tlb_page_alone().
 * COST      An address space that ran nowhere else than here costs no interrupt.
 * SEE       doc/design.md section 5, laws L1 to L5
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/pt/flush.h"

static void flush_mm(struct mm_struct *mm, enum tlb_what what, vaddr_t start, vaddr_t end)
{
	struct tlb_req req = { .mm = mm, .what = what, .start = start, .end = end, .stride = PAGE_SIZE };
	hartmask_t harts = mm_harts(mm);	/* F1 */

	INV(F2, start < end);
	INV(F3, !arch_irqs_disabled());
	flush_check_locks(harts);		/* F4 */
	if (!hartmask_empty(harts))
		arch_tlb_flush(harts, &req);
}

bool flush_tlb_page_alone(struct vm_area_struct *vma, vaddr_t va)
{
	hartmask_t harts = mm_harts(vma->vm_mm);	/* F1 */

	if (unlikely(!hartmask_empty(hartmask_without(harts, this_hart()))))
		return false;
	if (likely(!hartmask_empty(harts)))
		arch_tlb_flush_local_page(vma->vm_mm, va);
	return true;
}

void flush_tlb_page(struct vm_area_struct *vma, vaddr_t va)
{
	flush_mm(vma->vm_mm, TLB_RANGE, va & PAGE_MASK, (va & PAGE_MASK) + PAGE_SIZE);
}

void flush_tlb_mm_range(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	flush_mm(mm, TLB_RANGE, start, end);
}

void flush_tlb_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	flush_mm(vma->vm_mm, TLB_RANGE, start, end);
}

void flush_tlb_mm(struct mm_struct *mm)
{
	flush_mm(mm, TLB_ALL, 0, task_size);
}

void flush_tlb_kernel_range(vaddr_t start, vaddr_t end)
{
	struct tlb_req req = { .mm = &init_mm, .what = TLB_RANGE, .start = start, .end = end,
			       .stride = PAGE_SIZE };

	INV(F2, start < end && !((start | end) & ~PAGE_MASK));
	smp_mb();	/* the entries before the fences: as in mm_harts() */
	arch_tlb_flush(hart_online_mask, &req);
}

void flush_tlb_all(void)
{
	struct tlb_req req = { .mm = &init_mm, .what = TLB_ALL, .start = 0, .end = ~0ul,
			       .stride = PAGE_SIZE };

	smp_mb();
	arch_tlb_flush(hart_online_mask, &req);
}
