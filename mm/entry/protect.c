/*
 * mm/entry/protect.c - change the permissions of entries (mprotect), or their place (mremap).
 *
 * MODEL     mprotect: each present entry keeps its frame, A and D, and takes the region's new
 *           permissions.  An anonymous page that is exclusive becomes writable at once, so that
 *           mprotect(RW) costs no fault a page.
 *           mremap: entries move from table to table; the pages do not.
 * INVARIANTS
 *   M1  Taken-away permissions are flushed before the caller lets go of mmap_lock (L3).
 *   M2  A moved entry's old translation is flushed before anybody can take the page away at its new place.  Faults,
 *       zaps and fork are kept off both places by the marks of their regions and by mmap_lock; truncation and walks
 *       from a page by the i_mmap_lock of the file and the lock of anonymous pages.  All are held over the flush,
 *       which waits for other harts, and no ptl is.
 *   M3  Who looks for a page in all regions finds it in one of the two places, whichever he visits first:
 *       entries move under the i_mmap_lock of a file and the lock of anonymous pages, of which he holds one.
 * LOCKING   mmap_lock (write); i_mmap_lock of a file that is moved, the anon_vma's; the ptls of the runs.
 * COST      about 20 instructions a page each.
 * TESTS     test/host/mm/fault/
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/entry/pte.h"
#include "include/fs.h"
#include "include/vma_lock.h"
#include "mm/pt/flush.h"
#include "mm/rmap/anon_vma.h"

/* Could a write to this private page proceed without a copy? */
static bool private_writable(pte_t pte)
{
	struct page *page = pte_page_counted(pte);

	return page && PageAnonExclusive(page);		/* C1 of cow.c */
}

/* The entry that follows from @pte under @prot in a region that has its new flags already or gets them. */
static pte_t protected_pte(struct vm_area_struct *vma, pte_t pte, pte_t prot, bool write)
{
	pte_t now = pte_modify(pte, prot);

	if (pte_write(now) && vma_wants_writenotify(vma) && !pte_dirty(pte))
		now = pte_wrprotect(now);
	if (write && !pte_write(now) && private_writable(pte))
		now = pte_mkwrite(now);		/* D as it was: lazily free stays so */
	INV(R3, !pte_write(now) || !pte_page_counted(pte) || !PageAnon(pte_page_counted(pte)) ||
		PageAnonExclusive(pte_page_counted(pte)));
	if (pte_uffd_wp(now))		/* F3 of include/userfaultfd_k.h */
		now = pte_wrprotect(now);
	if (pte_exec(now) && !pte_exec(pte) && pte_page_counted(pte))
		flush_icache_page(vma, pte_page_counted(pte));
	return now;
}

/* Returns the entries changed; *lost: not 0 where any of them lost a permission. */
static unsigned long protect_run(struct vm_area_struct *vma, pte_t *ptep, vaddr_t va, vaddr_t stop,
				 pte_t prot, unsigned long *lost)
{
	bool write = (vma->vm_flags & (VM_SHARED | VM_WRITE)) == VM_WRITE && pte_hw_valid(prot);
	struct page *table = pt_page(ptep);
	unsigned long changed = 0;

	INV(W1, PageTable(table) && table->pt_mm == vma->vm_mm);
	spin_lock(&table->ptl);
	for (; va != stop; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep), now;

		if (unlikely(!pte_present(pte))) {
			if (pte_is_migration(pte) && migration_write(pte))	/* a write asks anew */
				set_pte(ptep, migration_mkread(pte, PageAnon(migration_page(pte))));
			continue;
		}
		do {		/* the hardware may set A or D meanwhile */
			pte = pte_load(ptep);
			now = protected_pte(vma, pte, prot, write);
		} while (!pte_same(now, pte) && unlikely(!ptep_cmpxchg(ptep, pte, now)));
		*lost |= pte_lost_perms(pte, now);
		changed += !pte_same(now, pte);
	}
	spin_unlock(&table->ptl);
	return changed;
}

unsigned long change_protection(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pte_t newprot)
{
	unsigned long changed = 0, lost = 0;
	vaddr_t va = start, stop;

	vma_assert_write_locked(vma);
	INV(M1, vma->vm_start <= start && start < end && end <= vma->vm_end);
	for (pte_t *ptep; va != end && (ptep = pt_next_run(vma->vm_mm, &va, end, &stop)); va = stop) {
		changed += protect_run(vma, ptep, va, stop, newprot, &lost);
		cond_resched();
	}
	if (lost || unlikely(mm_tlb_flush_nested(vma->vm_mm, 0)))	/* M1, T6: a page on its way had W, too */
		flush_tlb_range(vma, start, end);
	return changed;
}

/* ---- mremap ---------------------------------------------------------------------------------- */

/* @pte for a place that is not watched for uffd-wp (F3 of include/userfaultfd_k.h). */
static pte_t unmarked_pte(pte_t pte)
{
	if (pte_present(pte))
		return pte_clear_uffd_wp(pte);
	if (pte_is_migration(pte))
		return migration_clear_uffd_wp(pte);
	return pte_marker_uffd_wp(pte) ? pte_empty() : pte;
}

/* Move [va, stop) from @from to @to, of @new_vma; both are runs. */
static void move_run(struct vm_area_struct *vma, struct vm_area_struct *new_vma, pte_t *from, pte_t *to, vaddr_t va,
		     vaddr_t stop)
{
	struct page *a = pt_page(from), *b = pt_page(to);
	bool drop_marks = unlikely(vma->vm_flags & VM_UFFD_WP) && !(new_vma->vm_flags & VM_UFFD_WP), moved = false;

	INV(W1, PageTable(a) && PageTable(b) && a->pt_mm == b->pt_mm);
	ptl_lock_pair(a, b);
	for (vaddr_t at = va; at != stop; at += PAGE_SIZE, from++, to++) {
		pte_t pte = pte_load(from);

		INV(M3, pte_none(pte_load(to)));
		if (pte_none(pte))
			continue;
		pte = ptep_get_and_clear(from);
		set_pte(to, unlikely(drop_marks) ? unmarked_pte(pte) : pte);
		moved = true;		/* of a page on its way the flush may be to come */
	}
	ptl_unlock_pair(a, b);
	if (moved)
		flush_tlb_range(vma, va, stop);		/* M2 */
}

/* The same with the locks of who looks for pages (M3).  No memory is allocated inside: reclaim takes them, too. */
static void move_run_locked(struct vm_area_struct *vma, struct vm_area_struct *new_vma, pte_t *from, pte_t *to,
			    vaddr_t va, vaddr_t stop) NO_LOCK_ANALYSIS
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	struct anon_vma *root;

	if (mapping)
		mutex_lock(&mapping->i_mmap_lock);
	root = vma_anon_lock(vma);
	INV(M3, !root || !new_vma->avc.anon_vma || new_vma->avc.anon_vma->root == root);
	move_run(vma, new_vma, from, to, va, stop);
	vma_anon_unlock(root);
	if (mapping)
		mutex_unlock(&mapping->i_mmap_lock);
}

unsigned long move_page_tables(struct vm_area_struct *vma, vaddr_t old_addr,
			       struct vm_area_struct *new_vma, vaddr_t new_addr, unsigned long len)
{
	vaddr_t va = old_addr, end = old_addr + len, stop;

	vma_assert_write_locked(vma);
	vma_assert_write_locked(new_vma);
	INV(M3, new_vma->vm_start <= new_addr && new_addr + len <= new_vma->vm_end);
	/*
	 * What has no page yet takes the offset of its new place, where it may become one with a neighbour that has
	 * pages, and with what is left of itself: copy_vma().
	 */
	INV(M3, (!vma->vm_file && (vma == new_vma || !vma->anon_vma || !new_vma->anon_vma)) ||
		linear_page_index(vma, old_addr) == linear_page_index(new_vma, new_addr));
	for (pte_t *from; va != end && (from = pt_next_run(vma->vm_mm, &va, end, &stop)); va = stop) {
		vaddr_t to_va = va - old_addr + new_addr;
		vaddr_t to_stop = pt_addr_end(to_va, to_va + (stop - va), 1);
		pte_t *to = pt_alloc(new_vma->vm_mm, to_va);

		if (!to)
			return va - old_addr;
		stop = va + (to_stop - to_va);
		move_run_locked(vma, new_vma, from, to, va, stop);
		cond_resched();
	}
	return len;
}
