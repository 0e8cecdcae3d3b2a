/*
 * mm/fault/anon.c - handle_mm_fault: the entry decides; and the anonymous page.
 *
 * MODEL     entry at the fault       region            who serves it
 *           empty                    no file           do_anonymous_page
 *           empty                    file              do_linear_fault (file.c)
 *           file offset              nonlinear file    do_nonlinear_fault
 *           swap entry               any               do_swap_page
 *           present, write, no W     any               do_wp_page (cow.c)
 *           present otherwise        any               fix_entry: A, D, or spurious
 *           The table is walked once; the entry's place is kept in vmf->pte.
 * INVARIANTS
 *   E1  An entry is written under its ptl, and only while it still is what the fault saw.
 *   E2  A page's content is complete before the entry that shows it is stored.
 * LOCKING   mmap_lock (read) keeps the region and the tables.
 * FAILURE   VM_FAULT_OOM, nothing changed.
 * COST      a write to untouched anonymous memory: a page, its zeroing, one walk, one lock.
 * TESTS     test/host/mm/fault/
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/fault/internal.h"
#include "lib/printk.h"
#include "mm/kmap/highmem.h"
#include "mm/phys/vmstat.h"
#include "mm/pt/flush.h"

struct page *zero_page;
pfn_t zero_pfn;

/* A read of untouched memory: the zero page, which is neither counted nor referenced. */
static unsigned map_zero_page(struct vm_fault *vmf)
{
	pte_t pte = pte_mkspecial(pfn_pte(zero_pfn, vmf->vma->vm_page_prot));

	if (vmf_lock_same(vmf))
		set_pte(vmf->pte, pte);
	vmf_unlock(vmf);
	return 0;
}

/* Undo for a page that no entry came to show. */
static unsigned drop_page(struct vm_fault *vmf, struct page *page)
{
	vmf_unlock(vmf);
	put_page(page);
	return 0;
}

static unsigned do_anonymous_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;
	pte_t pte;

	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return map_zero_page(vmf);
	page = alloc_page(GFP_HIGHUSER_MOVABLE);
	if (unlikely(!page))
		return VM_FAULT_OOM;
	clear_highpage(page);
	pte = maybe_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(page), vma->vm_page_prot)), vma);
	if (unlikely(!vmf_lock_same(vmf)))
		return drop_page(vmf, page);
	page_add_new_anon_rmap(page, vma, vmf->address);
	smp_wmb();	/* E2: zeros before the entry; pairs with other harts' walks */
	set_pte(vmf->pte, pte);
	vmf_unlock(vmf);
	inc_mm_counter(vma->vm_mm, MM_ANONPAGES);
	return 0;
}

/* Nothing writes swap entries, so one that is found is damage: the task is told, nothing is invented. */
static unsigned do_swap_page(struct vm_fault *vmf)
{
	pr_err_ratelimited("swap entry %016lx at %016lx, but there is no swap\n",
			   vmf->orig_pte.v, vmf->address);
	return VM_FAULT_SIGBUS;
}

static unsigned do_nonlinear_fault(struct vm_fault *vmf)
{
	if (!(vmf->vma->vm_flags & VM_NONLINEAR) || !vmf->vma->vm_ops)
		return VM_FAULT_SIGBUS;
	vmf->pgoff = pte_file_pgoff(vmf->orig_pte);
	return do_linear_fault(vmf);
}

/*
 * The entry allows the access already, or lacks A or D on hardware that does not set them: set
 * them, and let this hart forget what it knew (L2, L3).
 */
static unsigned fix_entry(struct vm_fault *vmf)
{
	if (vmf_lock_same(vmf)) {
		unsigned long bits = vmf->flags & FAULT_FLAG_WRITE ? PTE_A | PTE_D : PTE_A;

		if ((vmf->orig_pte.v & bits) != bits)
			ptep_set_bits(vmf->pte, bits);
	}
	vmf_unlock(vmf);
	arch_tlb_flush_local_page(vmf->vma->vm_mm, vmf->address);
	return 0;
}

static unsigned fault_present(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_WRITE && !pte_write(vmf->orig_pte))
		return do_wp_page(vmf);
	return fix_entry(vmf);
}

unsigned handle_mm_fault(struct vm_area_struct *vma, vaddr_t address, unsigned flags)
{
	struct vm_fault vmf;

	vmf.vma = vma;
	vmf.flags = flags;
	vmf.address = address & PAGE_MASK;
	vmf.pgoff = vma->vm_pgoff + ((address - vma->vm_start) >> PAGE_SHIFT);
	vmf.pte = pt_alloc(vma->vm_mm, address);
	if (unlikely(!vmf.pte))
		return VM_FAULT_OOM;
	vmf.table = pt_page(vmf.pte);
	vmf.orig_pte = pte_load(vmf.pte);
	vmf.page = NULL;
	vmf.cow_page = NULL;

	if (likely(pte_none(vmf.orig_pte)))
		return vma->vm_ops ? do_linear_fault(&vmf) : do_anonymous_page(&vmf);
	if (likely(pte_present(vmf.orig_pte)))
		return fault_present(&vmf);
	if (pte_is_file(vmf.orig_pte))
		return do_nonlinear_fault(&vmf);
	return do_swap_page(&vmf);
}

void fault_init(void)
{
	zero_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!zero_page)
		panic("no memory for the zero page");
	__SetPageReserved(zero_page);
	zero_pfn = page_to_pfn(zero_page);
}
