/*
 * mm/fault/anon.c - handle_mm_fault: the entry decides; and the anonymous page.
 *
 * MODEL     entry at the fault       region            who serves it
 *           empty                    no file           do_anonymous_page
 *           empty                    file              do_linear_fault (file.c)
 *           file offset              nonlinear file    do_nonlinear_fault
 *           marker of uffd-wp        any               as if it were empty; what is shown has the mark
 *           poison                   any               SIGBUS
 *           swap entry               any               do_swap_page; one of a page on its way: waits
 *           present, write, no W     any               do_wp_page (cow.c)
 *           present otherwise        any               fix_entry: A, D, or spurious
 *           The table is walked once; the entry's place is kept in vmf->pte.  A fault in anonymous memory that
 *           shows nothing has no struct vm_fault: four words in registers say the same.
 *           A program that writes its way up through a large region gets several pages in one fault:
 *           where the aligned 2 MiB around the address lie in the region, and the page below is there
 *           already, the empty entries up to the next boundary of ANON_BATCH are filled.  So a sparse
 *           or small use never pays for pages that it does not touch; MADV_NOHUGEPAGE stops it.
 * INVARIANTS
 *   E1  An entry is written under its ptl, and only while it still is what the fault saw; where the fault saw
 *       nothing, while it still shows nothing.
 *   E2  A page's content is complete before the entry that shows it is stored.
 * LOCKING   mmap_lock (read) keeps the region and the tables.
 * FAILURE   VM_FAULT_OOM, nothing changed.
 * COST      a write to untouched anonymous memory: a page, its zeroing, one walk, one lock; in a batch
 *           about 50 instructions beside allocation and zeroing.
 * TESTS     test/host/mm/fault/
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/fault/internal.h"
#include "include/userfaultfd_k.h"
#include "lib/printk.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "mm/phys/vmstat.h"
#include "mm/pt/flush.h"
#include "mm/policy/mempolicy.h"
#include "mm/region/vma.h"

/* Pages that nobody asked for yet: no effort, no reserves. */
#define GFP_BATCH	(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN)

struct page *zero_page;
pfn_t zero_pfn;
unsigned anon_fault_pages = ANON_BATCH;

/* Lock the table of @ptep, where a fault found nothing.  Is there still nothing (E1), or a marker: *@now? */
static __always_inline bool anon_lock_empty(pte_t *ptep, pte_t *now) NO_LOCK_ANALYSIS
{
	spin_lock(&pt_page(ptep)->ptl);
	*now = pte_load(ptep);
	return likely(pte_none(*now)) || (pte_is_marker(*now) && !(pte_marker_bits(*now) & MARKER_POISONED));
}
static __always_inline void anon_unlock(pte_t *ptep) NO_LOCK_ANALYSIS { spin_unlock(&pt_page(ptep)->ptl); }

/* A read of untouched memory: the zero page, which is neither counted nor referenced. */
static __always_inline unsigned map_zero_page(struct vm_area_struct *vma, pte_t *ptep)
{
	pte_t now;

	if (anon_lock_empty(ptep, &now))
		set_pte(ptep, pte_marked(pte_mkspecial(pfn_pte(zero_pfn, vma->vm_page_prot)), now));
	anon_unlock(ptep);
	return 0;
}

/*
 * Show the zero page in the empty ones among @nr entries from @ptep on, which lie in one table.  False
 * when a fault has to look closer at one of them.  => mmap_lock held (read)
 */
bool zero_fill(struct vm_area_struct *vma, pte_t *ptep, unsigned nr)
{
	pte_t pte = pte_mkspecial(pfn_pte(zero_pfn, vma->vm_page_prot));
	struct page *table = pt_page(ptep);
	bool done = true;

	vma_assert_locked(vma);
	INV(E1, pt_page(ptep + nr - 1) == table && table->pt_mm == vma->vm_mm);
	spin_lock(&table->ptl);
	for (pte_t *last = ptep + nr; ptep != last; ptep++) {
		pte_t old = pte_load(ptep);

		if (likely(pte_none(old)))
			set_pte(ptep, pte);
		else
			done &= pte_hw_valid(old);
	}
	spin_unlock(&table->ptl);
	return done;
}

/*
 * Show zeroed @pages[0..nr) in the empty ones among the entries from @ptep on (of @va, one table).
 * Returns how many were used; they are the first ones.  => ptl held
 */
static unsigned show_anon_pages(struct vm_area_struct *vma, pte_t *ptep, vaddr_t va, struct page **pages,
				unsigned nr)
{
	pte_t prot = maybe_mkwrite(pte_mkdirty(vma->vm_page_prot), vma);
	pgoff_t index = linear_page_index(vma, va);
	struct pglist_data *pgdat = page_pgdat(pages[0]);
	unsigned used = 0, here = 0;

	INV(A1, vma->anon_vma);		/* of mm/rmap/anon_vma.c */
	INV(E1, spin_is_locked(&pt_page(ptep)->ptl) && pt_page(ptep + nr - 1) == pt_page(ptep));
	INV(E1, vma->vm_start <= va && va + nr * PAGE_SIZE <= vma->vm_end);
	for (unsigned i = 0; i < nr; i++) {
		struct page *page = pages[used];

		if (!pte_none(pte_load(&ptep[i])))
			continue;
		page_init_anon(page, vma->anon_vma, index + i);
		set_pte(&ptep[i], pfn_pte(page_to_pfn(page), prot));
		used++;
		if (likely(page_pgdat(page) == pgdat))
			here++;
		else
			rmap_stat(page, NR_ANON_MAPPED, 1);
	}
	mod_node_page_state(pgdat, NR_ANON_MAPPED, here);
	return used;
}

static bool all_empty(const pte_t *ptep)
{
	for (const pte_t *end = ptep + ANON_BATCH; ptep != end; ptep++)
		if (!pte_none(pte_load(ptep)))
			return false;
	return true;
}

/* Show the pages of @block, zeroed, in the ANON_BATCH empty entries from @ptep on.  => ptl held */
static void show_block(struct vm_area_struct *vma, pte_t *ptep, vaddr_t va, struct page *block)
{
	pte_t prot = maybe_mkwrite(pte_mkdirty(vma->vm_page_prot), vma);
	pte_t pte = pfn_pte(page_to_pfn(block), prot);
	pgoff_t index = linear_page_index(vma, va);

	INV(A1, vma->anon_vma);
	INV(E1, spin_is_locked(&pt_page(ptep)->ptl) && va + ANON_BATCH * PAGE_SIZE <= vma->vm_end);
	for (struct page *page = block; page != block + ANON_BATCH; page++, ptep++) {
		page_init_anon(page, vma->anon_vma, index++);
		set_pte(ptep, pte);
		pte = pte_advance_pfn(pte, 1);
	}
	rmap_stat(block, NR_ANON_MAPPED, ANON_BATCH);
}

/* A full, aligned batch of empty entries: its pages come as one block.  False: nothing was done. */
static bool anon_fill_block(struct vm_area_struct *vma, pte_t *ptep, vaddr_t va)
{
	struct page *table = pt_page(ptep), *block;
	bool empty;

	if (!all_empty(ptep))
		return false;
	block = alloc_pages(GFP_BATCH & ~__GFP_DIRECT_RECLAIM, ANON_ORDER);
	if (!block)
		return false;
	split_page(block, ANON_ORDER);
	for (struct page *page = block; page != block + ANON_BATCH; page++)
		clear_highpage(page);
	smp_wmb();	/* E2 */
	spin_lock(&table->ptl);
	empty = all_empty(ptep);
	if (likely(empty))
		show_block(vma, ptep, va, block);
	spin_unlock(&table->ptl);
	if (likely(empty)) {
		add_mm_counter(vma->vm_mm, MM_ANONPAGES, ANON_BATCH);
		return true;
	}
	for (struct page *page = block; page != block + ANON_BATCH; page++)
		put_page(page);
	return false;
}

/*
 * Fill the empty ones among @nr entries from @ptep on, which are @va's in one table, with zeroed
 * private pages.  False when memory is short, or comes page by page: nothing was done.
 * => mmap_lock held (read)
 */
bool anon_fill(struct vm_area_struct *vma, pte_t *ptep, vaddr_t va, unsigned nr)
{
	struct page *table = pt_page(ptep), *pages[ANON_BATCH];
	unsigned got, used;

	vma_assert_locked(vma);
	INV(E1, nr && pt_index(va, 0) + nr <= PT_ENTRIES && vma_is_anonymous(vma));
	if (unlikely(mempolicy_in_use) && !vma_alloc_local(vma))
		return false;		/* each page has its own node */
	if (unlikely(vma->vm_flags & VM_EXEC))
		return false;		/* each page is fetched anew (L6) */
	if (nr >= ANON_BATCH && anon_fill_block(vma, ptep, va))
		return true;
	nr = min(nr, ANON_BATCH);
	got = alloc_pages_bulk(GFP_BATCH, nr, pages);
	if (got < nr) {
		free_pages_bulk(pages, got);
		return false;
	}
	for (unsigned i = 0; i < nr; i++)
		clear_highpage(pages[i]);
	smp_wmb();	/* E2 */
	spin_lock(&table->ptl);
	used = show_anon_pages(vma, ptep, va, pages, nr);
	spin_unlock(&table->ptl);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, used);
	if (unlikely(used < nr))
		free_pages_bulk(pages + used, nr - used);
	return true;
}

/* How many entries from @ptep, which is @address's, on the fault should fill; 1: just its own. */
static __always_inline unsigned fault_batch(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	unsigned index = pt_index(address, 0), nr = anon_fault_pages;
	vaddr_t block = address & ~(pt_span(1) - 1);

	if (likely(block < vma->vm_start || block + pt_span(1) > vma->vm_end))
		return 1;
	if (vma->vm_flags & (VM_NOHUGEPAGE | VM_UFFD_WP) || !index || !pte_present(pte_load(ptep - 1)))
		return 1;
	return min(nr, ANON_BATCH - index % ANON_BATCH);	/* batches end on their own boundary */
}

static __always_inline void vmf_init(struct vm_fault *vmf, struct vm_area_struct *vma, unsigned long address,
				     unsigned flags, pte_t *ptep)
{
	vmf->vma = vma;
	vmf->flags = flags;
	vmf->address = address & PAGE_MASK;
	vmf->real_address = address;
	vmf->pgoff = linear_page_index(vma, address);
	vmf->pte = ptep;
	vmf->table = pt_page(ptep);
	vmf->orig_pte = pte_load(ptep);
}

/* The page is another's to bring: userfaultfd. */
static __noinline unsigned anon_missing(struct vm_area_struct *vma, unsigned long address, unsigned flags,
					pte_t *ptep)
{
	struct vm_fault vmf;

	vmf_init(&vmf, vma, address, flags, ptep);
	if (!pte_none(vmf.orig_pte) && !pte_is_marker(vmf.orig_pte))
		return 0;
	return handle_userfault(&vmf, VM_UFFD_MISSING);
}

/* @ptep, which is @address's, was empty, or a marker: no struct vm_fault, which would lie in memory. */
static __noinline unsigned do_anonymous_page(struct vm_area_struct *vma, unsigned long address, unsigned flags,
					     pte_t *ptep)
{
	struct page *page;
	pte_t now, pte;
	unsigned nr;

	if (unlikely(userfaultfd_missing(vma)))
		return anon_missing(vma, address, flags, ptep);
	if (!(flags & FAULT_FLAG_WRITE))
		return map_zero_page(vma, ptep);
	if (unlikely(anon_vma_prepare(vma)))
		return VM_FAULT_OOM;
	nr = fault_batch(vma, address, ptep);
	if (nr > 1 && anon_fill(vma, ptep, address & PAGE_MASK, nr))
		return 0;
	page = alloc_page_vma(GFP_HIGHUSER_MOVABLE, vma, address);
	if (unlikely(!page))
		return VM_FAULT_OOM;
	clear_highpage(page);
	if (unlikely(vma->vm_flags & VM_EXEC))
		flush_icache_page(vma, page);		/* L6: the frame may have held other code */
	if (unlikely(!anon_lock_empty(ptep, &now))) {
		anon_unlock(ptep);
		put_page(page);
		return 0;
	}
	INV(A1, vma->anon_vma);
	page_init_anon(page, vma->anon_vma, linear_page_index(vma, address));
	rmap_stat(page, NR_ANON_MAPPED, 1);
	pte = maybe_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(page), vma->vm_page_prot)), vma);
	smp_wmb();	/* E2: zeros before the entry; pairs with other harts' walks */
	set_pte(ptep, pte_marked(pte, now));
	anon_unlock(ptep);
	inc_mm_counter(vma->vm_mm, MM_ANONPAGES);
	return 0;
}

/* The page is on its way to another frame: come again when it has arrived. */
static unsigned migration_entry_wait(struct vm_fault *vmf) NO_LOCK_ANALYSIS
{
	if (vmf_lock_same(vmf))
		migration_entry_wait_on_locked(migration_page(vmf->orig_pte), &vmf->table->ptl);
	else
		vmf_unlock(vmf);
	return 0;
}

/* Nothing writes swap entries, so one that is found is damage: the task is told, nothing is invented. */
static unsigned do_swap_page(struct vm_fault *vmf)
{
	if (pte_is_migration(vmf->orig_pte))
		return migration_entry_wait(vmf);
	pr_err_ratelimited("swap entry %016lx at %016lx, but there is no swap\n",
			   pte_val(vmf->orig_pte), vmf->address);
	return VM_FAULT_SIGBUS;
}

static unsigned do_nonlinear_fault(struct vm_fault *vmf)
{
	if (!(vmf->vma->vm_flags & VM_NONLINEAR) || !vmf->vma->vm_ops)
		return VM_FAULT_SIGBUS;
	vmf->pgoff = pte_file_pgoff(vmf->orig_pte);
	INV(N1, vmf->pgoff != linear_page_index(vmf->vma, vmf->address));
	return do_linear_fault(vmf);
}

static __noinline unsigned fault_software_entry(struct vm_fault *vmf)
{
	return pte_is_file(vmf->orig_pte) ? do_nonlinear_fault(vmf) : do_swap_page(vmf);
}

/*
 * The entry allows the access already, or lacks A or D on hardware that does not set them: set
 * them, and let this hart forget what it knew (L2, L3).
 */
static unsigned fix_entry(struct vm_fault *vmf)
{
	if (vmf_lock_same(vmf)) {
		pte_t entry = pte_mkyoung(vmf->orig_pte);

		INV(C1, !(vmf->flags & FAULT_FLAG_WRITE) || pte_write(entry));
		if (vmf->flags & FAULT_FLAG_WRITE)
			entry = pte_mkdirty(entry);
		if (!pte_same(entry, vmf->orig_pte))
			ptep_set_access_flags(vmf->pte, entry);
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

static __noinline unsigned handle_pte_fault(struct vm_area_struct *vma, unsigned long address, unsigned flags,
					    pte_t *ptep)
{
	struct vm_fault vmf;

	vmf_init(&vmf, vma, address, flags, ptep);
	if (unlikely(!pte_none(vmf.orig_pte))) {
		if (likely(pte_present(vmf.orig_pte)))
			return fault_present(&vmf);
		if (!pte_is_marker(vmf.orig_pte))
			return fault_software_entry(&vmf);
		if (pte_marker_bits(vmf.orig_pte) & MARKER_POISONED)
			return VM_FAULT_HWPOISON;
		INV(F3, userfaultfd_wp(vma));
	}
	return vma->vm_ops ? do_linear_fault(&vmf) : do_anonymous_page(vma, address, flags, ptep);
}

/* @ptep is the entry of @address. */
static __always_inline unsigned fault_at(struct vm_area_struct *vma, unsigned long address, unsigned flags,
					 pte_t *ptep)
{
	vma_assert_locked(vma);
	INV(H2, vma_covers(vma, address));
	INV(E1, PageTable(pt_page(ptep)) && pt_page(ptep)->pt_mm == vma->vm_mm);
	if (!vma->vm_ops && pte_none(pte_load(ptep)))
		return do_anonymous_page(vma, address, flags, ptep);
	return handle_pte_fault(vma, address, flags, ptep);
}

/* Tables are missing. */
static __noinline unsigned fault_make_tables(struct vm_area_struct *vma, unsigned long address, unsigned flags)
{
	pte_t *ptep = pt_alloc_slow(vma->vm_mm, address);

	return likely(ptep) ? fault_at(vma, address, flags, ptep) : VM_FAULT_OOM;
}

/* All calls are tail calls: nothing is saved here. */
unsigned handle_mm_fault(struct vm_area_struct *vma, unsigned long address, unsigned flags)
{
	pte_t *ptep = pt_lookup(vma->vm_mm, address);

	return likely(ptep) ? fault_at(vma, address, flags, ptep) : fault_make_tables(vma, address, flags);
}

void fault_init(void)
{
	zero_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!zero_page)
		panic("no memory for the zero page");
	__SetPageReserved(zero_page);
	zero_pfn = page_to_pfn(zero_page);
}
