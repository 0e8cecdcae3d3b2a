/*
 * mm/fault/cow.c - a write to a page whose entry is read-only though the region may be written.
 *
 * MODEL     marked for uffd-wp        told first (or the mark goes, WP_ASYNC), then as below
 *           shared region             ask the file, then W
 *           anonymous, exclusive      W at once: nobody else can see the page
 *           anonymous, left alone     made exclusive again, then W
 *           zero page                 a zeroed page of its own
 *           anything else             a copy
 *
 *           Exclusive is what PG_anon_exclusive says, and not a count: a look at the page by its frame
 *           (compaction), by an address (/proc/PID/mem) or from a list holds a reference for a moment, and
 *           if that made a write copy, a second forced write in progress would be lost in the old page.
 *           The flag is set when the page is made, stays while it is looked at, protected, moved and
 *           migrated, and is cleared by fork alone (mm/entry/copy.c), which excludes writers by mmap_lock.
 *           A page that fork has shared is made exclusive again when one entry is left *and* every
 *           reference is accounted for: that entry's, and those of stores that can be told to let go.
 *           One entry alone would not do.  Who read the page through another entry, which is gone, may
 *           keep it (a pipe, a device), and must go on to see what he saw.  Here a count that is too
 *           high for a moment does no harm: nobody relies on the page before the flag is set, and a copy
 *           is as good.  Only who holds the ptl can add to the accounted ones, so what is seen is final.
 *           A page that a device writes to while fork runs would have to be copied at once, for its owner
 *           would be the one to lose it; no reference of today outlives the mmap_lock it was taken under.
 * INVARIANTS
 *   C1  A page is written only through entries of one address space, or through shared regions; a private
 *       page only while it is exclusive: by the program, by mprotect's W ahead of time, by the kernel.
 *   C2  No hart sees the old page after another wrote the copy: the entry is cleared, every hart
 *       flushed, and only then the copy shown.
 *   C3  Where other harts may know the old page, they are waited for with no ptl held (F4 of mm/pt/flush.c).  Until
 *       then the copy is locked and on its way (mm/rmap/migration.h): who faults there waits for it, who unmaps
 *       takes it, and tlb_flush_pending tells him to flush (T6 of mm/pt/gather.c).  The region's mark or mmap_lock,
 *       which the fault holds, keeps off who moves, copies or protects the entry.
 *
 *             ptl: empty -> on its way     flush, no ptl     ptl: still on its way -> shown, else dropped
 * LOCKING   as anon.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/fault/internal.h"
#include "include/userfaultfd_k.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "mm/pt/flush.h"
#include "mm/pt/gather.h"
#include "mm/policy/mempolicy.h"
#include "mm/rmap/migration.h"
#include "mm/rmap/walk.h"

/* Add W (and A, D) to the entry.  More permission: a local fence at most (L3). */
static void wp_make_writable(struct vm_fault *vmf) REQUIRES(vmf->table->ptl)
{
	INV(C1, vmf->vma->vm_flags & VM_SHARED || PageAnonExclusive(pte_page_counted(vmf->orig_pte)));
	INV(E1, pte_present(vmf->orig_pte) && spin_is_locked(&vmf->table->ptl));
	INV(F3, !pte_uffd_wp(vmf->orig_pte));
	ptep_set_access_flags(vmf->pte, maybe_mkwrite(pte_mkdirty(pte_mkyoung(vmf->orig_pte)), vmf->vma));
	arch_tlb_flush_local_page(vmf->vma->vm_mm, vmf->address);
}

static unsigned wp_page_shared(struct vm_fault *vmf, struct page *page) RELEASE(vmf->table->ptl)
{
	unsigned rc;

	if (!page || !vma_wants_writenotify(vmf->vma)) {
		wp_make_writable(vmf);
		vmf_unlock(vmf);
		return 0;
	}
	get_page(page);
	vmf_unlock(vmf);
	rc = do_page_mkwrite(vmf, page);
	if (!rc) {
		INV(E3, PageLocked(page) && page->mapping);
		set_page_dirty(page);
		if (vmf_lock_same(vmf))
			wp_make_writable(vmf);
		vmf_unlock(vmf);
		unlock_page(page);
	}
	put_page(page);
	return rc;
}

/*
 * The entry is empty, and other harts may know what it was: show @copy as @pte when they have forgotten it (C3).
 * => the caller's reference to @copy passes to the entry, or is dropped
 */
static __noinline void wp_show_late(struct vm_fault *vmf, struct page *copy, pte_t pte) RELEASE(vmf->table->ptl)
{
	struct vm_area_struct *vma = vmf->vma;
	bool locked = trylock_page(copy);
	pte_t now;

	INV(C3, locked);		/* nobody else knows it */
	inc_tlb_flush_pending(vma->vm_mm);
	set_migration_pte(vmf->pte, copy, pte);
	vmf_unlock(vmf);
	flush_tlb_page(vma, vmf->address);		/* C2 */
	dec_tlb_flush_pending(vma->vm_mm);
	spin_lock(&vmf->table->ptl);
	now = pte_load(vmf->pte);
	if (likely(pte_hides(now, copy)))
		restore_migration_pte(vma, vmf->pte, copy, now);
	vmf_unlock(vmf);
	unlock_page(copy);
	put_page(copy);
}

/* An entry that showed @old (NULL: the zero page) shows a private page. */
static void wp_count_copy(struct mm_struct *mm, struct page *old)
{
	if (!old) {
		inc_mm_counter(mm, MM_ANONPAGES);
		return;
	}
	if (!PageAnon(old)) {
		dec_mm_counter(mm, mm_counter(old));
		inc_mm_counter(mm, MM_ANONPAGES);
	}
	page_remove_rmap(old);
}

/*
 * Replace the entry's page @old (NULL: the zero page) by the private @copy, whose content is done.
 * => the entry is what the fault saw; the caller's reference to @copy is used up; the entry's to @old is his
 */
static void wp_show_copy(struct vm_fault *vmf, struct page *old, struct page *copy) RELEASE(vmf->table->ptl)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t pte = maybe_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(copy), vma->vm_page_prot)), vma);

	INV(E1, spin_is_locked(&vmf->table->ptl));
	INV(C1, !(vma->vm_flags & VM_SHARED) && vma->anon_vma);
	INV(R1, !old || (page_mapcount(old) > 0 && page_count(old) > 1));	/* the entry's, and the fault's */
	ptep_get_and_clear(vmf->pte);
	wp_count_copy(vma->vm_mm, old);
	page_add_new_anon_rmap(copy, vma, vmf->address);
	if (unlikely(!flush_tlb_page_alone(vma, vmf->address))) {	/* C2 */
		wp_show_late(vmf, copy, pte);
		return;
	}
	smp_wmb();	/* E2 */
	set_pte(vmf->pte, pte);
	vmf_unlock(vmf);
}

/*
 * May the private @page be written through vmf->pte without a copy?  It is exclusive, or becomes so: see
 * above.  => ptl held
 */
static __always_inline bool wp_can_reuse_anon(struct page *page, struct vm_area_struct *vma)
{
	if (PageAnonExclusive(page))
		return true;
	if (page_count(page) != 1)	/* more than our entry's: other entries, readers, a swap cache */
		return false;
	INV(R1, page_mapcount(page) == 1);
	page_move_anon_rmap(page, vma);
	return true;
}

/* Drop @nr references at once. */
static void put_page_refs(struct page *page, int nr)
{
	page = compound_head(page);
	INV(R1, page_count(page) >= nr);
	if (atomic_sub_return(nr, &page->_refcount) == 0)
		__put_page(page);
}

/* => @old is referenced by the caller for us, or NULL; ptl not held */
static unsigned wp_page_copy(struct vm_fault *vmf, struct page *old)
{
	struct page *copy = NULL;
	int refs = 1;

	INV(R1, !old || page_count(old) > 0);
	if (likely(!anon_vma_prepare(vmf->vma)))
		copy = alloc_page_vma(GFP_HIGHUSER_MOVABLE, vmf->vma, vmf->address);
	if (unlikely(!copy)) {
		if (old)
			put_page(old);
		return VM_FAULT_OOM;
	}
	if (old)
		copy_highpage(copy, old);
	else
		clear_highpage(copy);
	if (unlikely(vmf->vma->vm_flags & VM_EXEC))
		flush_icache_page(vmf->vma, copy);	/* L6; it may wait for harts */
	if (vmf_lock_same(vmf)) {
		wp_show_copy(vmf, old, copy);
		refs = 2;		/* and the entry's */
	} else {
		vmf_unlock(vmf);
		put_page(copy);
	}
	if (old)
		put_page_refs(old, refs);
	return 0;
}

/* The entry is marked for userfaultfd: take the mark away, if nobody wants to be asked first. */
static __noinline bool wp_unmark(struct vm_fault *vmf) REQUIRES(vmf->table->ptl)
{
	INV(F3, userfaultfd_wp(vmf->vma));
	if (!userfaultfd_wp_async(vmf->vma))
		return false;
	ptep_clear_uffd_wp(vmf->pte);
	vmf->orig_pte = pte_load(vmf->pte);
	return true;
}

unsigned do_wp_page(struct vm_fault *vmf)
{
	struct page *page;

	if (unlikely(!vmf_lock_same(vmf))) {
		vmf_unlock(vmf);
		return 0;
	}
	if (unlikely(pte_uffd_wp(vmf->orig_pte)) && !wp_unmark(vmf)) {
		vmf_unlock(vmf);
		return handle_userfault(vmf, VM_UFFD_WP);
	}
	page = pte_page_counted(vmf->orig_pte);
	if (vmf->vma->vm_flags & VM_SHARED)
		return wp_page_shared(vmf, page);
	if (page && PageAnon(page) && wp_can_reuse_anon(page, vmf->vma)) {	/* C1 */
		wp_make_writable(vmf);
		vmf_unlock(vmf);
		return 0;
	}
	if (!page && pte_pfn(vmf->orig_pte) != zero_pfn) {	/* private view of a device */
		vmf_unlock(vmf);
		return VM_FAULT_SIGBUS;
	}
	if (page)
		get_page(page);
	vmf_unlock(vmf);
	return wp_page_copy(vmf, page);
}
