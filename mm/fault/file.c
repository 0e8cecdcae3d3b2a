/*
 * mm/fault/file.c - a page of a file becomes visible: read, private copy, shared.
 *
 * MODEL     __do_fault() asks the file (vm_ops->fault) for the page, which comes referenced and locked.
 *           read      the page itself, after fault-around: ->map_pages maps what is cached in the
 *                     16 pages around, so that a program's text costs few faults;
 *           cow       a write to a private region: a copy, anonymous from the start;
 *           shared    a write to a shared region: the page itself, after ->page_mkwrite agreed.
 * INVARIANTS
 *   E3  An entry that shows a cache page is stored while the page is locked and still belongs to
 *       its mapping, and its index within the file: truncation, which sets the size, then locks each page,
 *       unmaps what it finds afterwards.  The same holds for an entry that shows a private copy of it.
 * LOCKING   mmap_lock (read) > page lock > ptl.
 * TESTS     test/host/mm/fault/
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/fault/internal.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "mm/policy/mempolicy.h"

#define FAULT_AROUND	(16 * PAGE_SIZE)

/* The entry that shows file page @page in @vma. */
static __always_inline pte_t file_pte(struct vm_area_struct *vma, struct page *page, unsigned fault_flags)
{
	pte_t pte = pfn_pte(page_to_pfn(page), vma->vm_page_prot);

	if (fault_flags & FAULT_FLAG_WRITE)
		return maybe_mkwrite(pte_mkdirty(pte), vma);
	return vma_wants_writenotify(vma) ? pte_wrprotect(pte) : pte;
}

/* => ptl held, the entry is empty, the caller's reference passes to it; the caller counts, and has seen to L6 */
static __always_inline void set_file_pte(pte_t *ptep, struct page *page, pte_t pte)
{
	INV(E3, PageLocked(page) && spin_is_locked(&pt_page(ptep)->ptl));
	INV(E1, pte_none(pte_load(ptep)) || pte_is_marker(pte_load(ptep)) || pte_is_file(pte_load(ptep)));
	page_add_file_rmap(page);
	smp_wmb();	/* E2 */
	set_pte(ptep, pte);
}

/* => as set_file_pte() */
static __always_inline bool map_around(struct vm_fault *vmf, pte_t *ptep, struct page *page)
{
	set_file_pte(ptep, page, file_pte(vmf->vma, page, 0));
	vmf->page = page;
	vmf->nr_mapped++;
	return true;
}

static __noinline bool map_code_around(struct vm_fault *vmf, pte_t *ptep, struct page *page)
{
	flush_icache_page(vmf->vma, page);		/* L6 */
	return map_around(vmf, ptep, page);
}

/* 16 times in a fault-around: no call, and so no registers saved, where no code is mapped. */
bool do_set_pte(struct vm_fault *vmf, struct page *page, pgoff_t pgoff)
{
	pte_t *ptep = vmf->pte + (long)(pgoff - vmf->pgoff);

	INV(E3, pt_page(ptep) == vmf->table);
	if (unlikely(!pte_none(pte_load(ptep))))
		return false;
	if (vmf->vma->vm_flags & VM_EXEC)
		return map_code_around(vmf, ptep, page);
	return map_around(vmf, ptep, page);
}

/*
 * Map what is cached in a window around the fault: it begins at a multiple of its size or with the region, and
 * ends with the region or the table.  Returns whether the faulting entry is there now.
 */
static bool do_fault_around(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	vaddr_t start = max(vmf->address & ~(FAULT_AROUND - 1), vma->vm_start);
	vaddr_t table_last = vmf->address | (pt_span(1) - 1);
	vaddr_t end = min(start + min(FAULT_AROUND, table_last - start + 1), vma->vm_end);
	bool there = true;

	INV(E3, start <= vmf->address && vmf->address < end);
	vmf->nr_mapped = 0;
	if (vmf_lock_same(vmf)) {
		vma->vm_ops->map_pages(vmf, vmf->pgoff - ((vmf->address - start) >> PAGE_SHIFT),
				       vmf->pgoff + ((end - vmf->address) >> PAGE_SHIFT));
		there = !pte_none(pte_load(vmf->pte));
		if (vmf->nr_mapped)		/* of one file, so of one kind */
			add_mm_counter(vma->vm_mm, mm_counter(vmf->page), vmf->nr_mapped);
	}
	vmf_unlock(vmf);
	return there;
}

/* The file's page in vmf->page, referenced and locked. */
static unsigned __do_fault(struct vm_fault *vmf)
{
	unsigned rc = vmf->vma->vm_ops->fault(vmf);

	if (rc & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY))
		return rc;
	if (!(rc & VM_FAULT_LOCKED))
		lock_page(vmf->page);
	INV(E3, PageLocked(vmf->page) && page_count(vmf->page) > 0 && !PageAnon(vmf->page));
	return rc | VM_FAULT_LOCKED;
}

/* Show vmf->page (locked; the reference passes), unless the entry was filled meanwhile; unlock it. */
static void finish_fault(struct vm_fault *vmf)
{
	struct page *page = vmf->page;

	if (unlikely(vmf->vma->vm_flags & VM_EXEC))
		flush_icache_page(vmf->vma, page);		/* L6; it may wait for harts: no ptl */
	if (vmf_lock_same(vmf)) {
		inc_mm_counter(vmf->vma->vm_mm, mm_counter(page));
		set_file_pte(vmf->pte, page, vmf_marked(vmf, file_pte(vmf->vma, page, vmf->flags)));
		vmf_unlock(vmf);
		unlock_page(page);
		return;
	}
	vmf_unlock(vmf);
	unlock_page(page);
	put_page(page);
}

/* Pages around are of no use to who wants to be told of each: userfaultfd's minor and write-protect modes. */
static bool may_fault_around(const struct vm_fault *vmf)
{
	return pte_none(vmf->orig_pte) && likely(!(vmf->vma->vm_flags & (VM_UFFD_WP | VM_UFFD_MINOR)));
}

static unsigned do_read_fault(struct vm_fault *vmf)
{
	unsigned rc;

	if (vmf->vma->vm_ops->map_pages && may_fault_around(vmf) && do_fault_around(vmf))
		return 0;
	rc = __do_fault(vmf);
	if (rc & VM_FAULT_LOCKED)
		finish_fault(vmf);
	return rc & ~VM_FAULT_LOCKED;
}

/* Show the filled, private @copy. */
static bool finish_cow(struct vm_fault *vmf, struct page *copy)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t pte = maybe_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(copy), vma->vm_page_prot)), vma);
	bool same;

	INV(E3, PageLocked(vmf->page) && vma->anon_vma);
	if (unlikely(vma->vm_flags & VM_EXEC))
		flush_icache_page(vma, copy);		/* L6 */
	same = vmf_lock_same(vmf);
	if (same) {
		page_add_new_anon_rmap(copy, vma, vmf->address);
		inc_mm_counter(vma->vm_mm, MM_ANONPAGES);
		smp_wmb();	/* E2 */
		set_pte(vmf->pte, vmf_marked(vmf, pte));
	}
	vmf_unlock(vmf);
	return same;
}

static unsigned do_cow_fault(struct vm_fault *vmf)
{
	struct page *copy;
	unsigned rc;
	bool shown;

	if (unlikely(anon_vma_prepare(vmf->vma)))
		return VM_FAULT_OOM;
	copy = alloc_page_vma(GFP_HIGHUSER_MOVABLE, vmf->vma, vmf->address);
	if (!copy)
		return VM_FAULT_OOM;
	rc = __do_fault(vmf);
	if (!(rc & VM_FAULT_LOCKED)) {
		put_page(copy);
		return rc;
	}
	copy_highpage(copy, vmf->page);
	shown = finish_cow(vmf, copy);
	unlock_page(vmf->page);		/* E3 */
	put_page(vmf->page);
	if (!shown)
		put_page(copy);
	return rc & ~VM_FAULT_LOCKED;
}

/*
 * Ask the file whether @page (unlocked, referenced) may be written.
 * => 0 and the page locked, or VM_FAULT_ERROR bits, or NOPAGE when it left the file meanwhile
 */
unsigned do_page_mkwrite(struct vm_fault *vmf, struct page *page)
{
	unsigned rc;

	INV(R1, page_count(page) > 0 && !PageAnon(page));
	vmf->page = page;
	rc = vmf->vma->vm_ops->page_mkwrite(vmf);
	if (rc & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY))
		return rc;
	if (!(rc & VM_FAULT_LOCKED))
		lock_page(page);
	if (page->mapping)
		return 0;
	unlock_page(page);
	return VM_FAULT_NOPAGE;		/* truncated: the access comes again */
}

static unsigned do_shared_fault(struct vm_fault *vmf)
{
	unsigned rc = __do_fault(vmf), rc2;

	if (!(rc & VM_FAULT_LOCKED))
		return rc;
	if (vmf->vma->vm_ops->page_mkwrite) {
		unlock_page(vmf->page);
		rc2 = do_page_mkwrite(vmf, vmf->page);
		if (rc2) {
			put_page(vmf->page);
			return rc2;
		}
	}
	set_page_dirty(vmf->page);
	finish_fault(vmf);
	return rc & ~VM_FAULT_LOCKED;
}

unsigned do_linear_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	if (unlikely(!vma->vm_ops->fault))
		return VM_FAULT_SIGBUS;
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return do_read_fault(vmf);
	return vma->vm_flags & VM_SHARED ? do_shared_fault(vmf) : do_cow_fault(vmf);
}
