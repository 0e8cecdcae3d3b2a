/*
 * mm/entry/nonlinear.c - regions that show the pages of their file in any order.
 *
 * MODEL     remap_file_pages(2), while vm.nonlinear is 1, changes entries in the place of making regions (fremap.c).
 *           A region that it was called for has VM_NONLINEAR for good.  Which page of the file is due at an address
 *           of it, its entry says:
 *
 *             empty            the linear one, as anywhere; a marker likewise (a userfaultfd's poison)
 *             file entry n     page n: what remap_file_pages() leaves, and what is left of a page that went
 *             present          the page's own index
 *             migration entry  likewise
 *
 *               empty --fault--> present (linear) --truncated, reclaimed, DONTNEED--> empty
 *               file n --fault--> present (n) --truncated, reclaimed, DONTNEED--> file n
 *               any --remap_file_pages()--> file n or empty;  any --munmap--> empty
 *
 *           i_mmap finds the regions that show a page by the page's index: a nonlinear one is not in it, but in a
 *           list of its own, i_mmap_nonlinear; who looks for a page there looks at all entries.
 *           mprotect, mremap, splitting and merging know nothing of this: an entry and its linear index do not part
 *           when regions are cut, joined or moved.
 *           A userfaultfd does not watch nonlinear regions, and what it watches does not become one.
 *           A region stays what it is when vm.nonlinear changes, and so do the copies of it that fork makes.
 * INVARIANTS
 *   N1  A file entry is in a nonlinear region, and never names the linear page: that one is due by an empty entry.
 *   N2  A region with VM_NONLINEAR is in i_mmap_nonlinear, and all others are in i_mmap.
 *   N3  No entry of a nonlinear region shows an anonymous page or a device: it is shared.
 * LOCKING   VM_NONLINEAR and the list: i_mmap_lock, with the region marked.  Entries: their ptl.
 * FAILURE   remap_file_pages() gets its tables first: without memory for them nothing has changed.
 * COST      remap: about 15 instructions a page, beside zapping.  To find a page in a nonlinear region: its entries.
 * TESTS     test/host/mm/space/test_nonlinear.c (a shadow), test/user/t_nonlinear.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/entry/nonlinear.h"
#include "include/vma_lock.h"
#include "mm/entry/entry.h"
#include "mm/pt/walk.h"

int nonlinear_reserve(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	for (vaddr_t va = start; va != end; va = pt_addr_end(va, end, 1)) {
		if (!pt_alloc(vma->vm_mm, va))
			return -ENOMEM;
		if (cond_resched_killable())
			return -EINTR;
	}
	return 0;
}

void nonlinear_set(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pgoff_t pgoff)
{
	vaddr_t va = start, stop;
	pte_t *ptep;

	vma_assert_write_locked(vma);
	INV(N2, vma->vm_flags & VM_NONLINEAR);
	INV(N3, vma->vm_flags & VM_SHARED && vma->vm_file);
	zap_page_range(vma, start, end - start);
	/* Nobody faults here, and who looks for pages finds none: the entries stay empty until we come to them. */
	for (; va != end && (ptep = pt_next_run(vma->vm_mm, &va, end, &stop)); va = stop) {
		struct page *table = pt_page(ptep);
		vaddr_t at = va;

		spin_lock(&table->ptl);
		for (; at != stop; at += PAGE_SIZE, ptep++) {
			INV(N1, pte_none(pte_load(ptep)));
			set_pte(ptep, nonlinear_rest(vma, at, pgoff + ((at - start) >> PAGE_SHIFT)));
		}
		spin_unlock(&table->ptl);
		cond_resched();
	}
}

static bool run_is_empty(const pte_t *ptep, vaddr_t va, vaddr_t stop)
{
	for (; va != stop; va += PAGE_SIZE, ptep++)
		if (!pte_none(pte_load(ptep)))
			return false;
	return true;
}

/* The child finds the pages in the file: it is told which. */
static void copy_offsets(struct vm_area_struct *vma, pte_t *dst, pte_t *src, vaddr_t va, vaddr_t stop)
{
	struct page *table = pt_page(src);

	spin_lock(&table->ptl);
	for (; va != stop; va += PAGE_SIZE, src++, dst++) {
		pte_t pte = pte_load(src);

		if (pte_none(pte))
			continue;
		if (!pte_is_marker(pte))
			pte = nonlinear_rest(vma, va, nonlinear_index(vma, va, pte));
		set_pte(dst, pte);
	}
	spin_unlock(&table->ptl);
}

int nonlinear_copy(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	vaddr_t va = src->vm_start, end = src->vm_end, stop;
	pte_t *from, *to;

	INV(N2, src->vm_flags & VM_NONLINEAR && dst->vm_flags & VM_NONLINEAR);
	for (; va != end && (from = pt_next_run(src->vm_mm, &va, end, &stop)); va = stop) {
		if (cond_resched_killable())
			return -EINTR;
		if (run_is_empty(from, va, stop))
			continue;
		to = pt_alloc(dst->vm_mm, va);
		if (!to)
			return -ENOMEM;
		copy_offsets(dst, to, from, va, stop);
	}
	return 0;
}
