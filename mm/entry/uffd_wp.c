/*
 * mm/entry/uffd_wp.c - the uffd-wp mark of entries: set, and taken away.
 *
 * MODEL     entry          set                       clear
 *           present        the mark, and no W        no mark; W where a write would not have to ask
 *           empty          a marker, where the       -
 *                          region uses markers
 *           marker         stays                     empty
 *           migration      the mark, and no write    no mark; the next write asks for W
 *           The mark follows what the entry shows: mprotect, mremap and migration keep it, zap leaves a
 *           marker in its place in regions of files, fork copies it to a child whose region is watched, too.
 *           What comes to a marker is shown with the mark (vmf_show() of mm/fault/internal.h).
 * INVARIANTS
 *   F3  of include/userfaultfd_k.h: marked entries have no W.
 *   F4  W that is taken away is flushed before the caller lets go of mmap_lock: whoever set the marks may rely
 *       on them.  So is what another took away and is still to flush: that of a page on its way (T6 of
 *       mm/pt/gather.c).
 * LOCKING   mmap_lock (read suffices: entries are written under their ptls, and A and D by compare and swap).
 * FAILURE   -ENOMEM: no table for a marker, -EINTR: killed; what was marked stays so.
 * COST      as mprotect, about 20 instructions a page.
 * TESTS     test/user/t_userfault.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "include/userfaultfd_k.h"
#include "include/vma_lock.h"
#include "mm/entry/pte.h"
#include "mm/pt/flush.h"

/* @pte without its mark: W at once, where a write fault would do no more than give it. */
static pte_t clear_mark(struct vm_area_struct *vma, pte_t pte)
{
	struct page *page = pte_page_counted(pte);

	pte = pte_clear_uffd_wp(pte);
	if (!(vma->vm_flags & VM_WRITE) || !pte_hw_valid(pte) || !page)
		return pte;
	if (vma->vm_flags & VM_SHARED)
		return vma_wants_writenotify(vma) ? pte : pte_mkwrite(pte);
	return PageAnonExclusive(page) ? pte_mkwrite(pte) : pte;
}

/* The entry that follows from @pte. */
static pte_t changed_pte(struct vm_area_struct *vma, pte_t pte, enum uffd_wp_change change)
{
	if (pte_present(pte)) {
		if (change == UFFD_WP_SET)
			return pte_mkuffd_wp(pte);
		return pte_uffd_wp(pte) ? clear_mark(vma, pte) : pte;
	}
	if (pte_is_migration(pte))
		return change == UFFD_WP_SET ? migration_mkuffd_wp(pte) : migration_clear_uffd_wp(pte);
	if (change == UFFD_WP_SET)
		return pte_none(pte) && userfaultfd_wp_use_markers(vma) ? pte_marker(MARKER_UFFD_WP) : pte;
	return pte_marker_uffd_wp(pte) ? pte_empty() : pte;
}

/* One entry.  True: a hart may remember W that is gone (F4).  => its ptl held */
static bool change_entry(struct vm_area_struct *vma, pte_t *ptep, enum uffd_wp_change change)
{
	pte_t pte, now;

	do {		/* the hardware may set A or D meanwhile */
		pte = pte_load(ptep);
		now = changed_pte(vma, pte, change);
	} while (!pte_same(now, pte) && unlikely(!ptep_cmpxchg(ptep, pte, now)));
	INV(F3, !pte_present(now) || !pte_uffd_wp(now) || !pte_write(now));
	return pte_hw_valid(pte) && pte_write(pte) && !pte_write(now);
}

bool uffd_wp_mark(struct vm_area_struct *vma, pte_t *ptep) { return change_entry(vma, ptep, UFFD_WP_SET); }

/* [va, stop), a run, from @ptep on; as change_entry(). */
static bool change_run(struct vm_area_struct *vma, pte_t *ptep, vaddr_t va, vaddr_t stop,
		       enum uffd_wp_change change)
{
	struct page *table = pt_page(ptep);
	bool lost = false;

	INV(W1, PageTable(table) && table->pt_mm == vma->vm_mm);
	spin_lock(&table->ptl);
	for (; va != stop; va += PAGE_SIZE, ptep++)
		lost |= change_entry(vma, ptep, change);
	spin_unlock(&table->ptl);
	return lost;
}

/* Of [*va, end) the entries of the next table that are to be looked at, or NULL; -ENOMEM in *rc. */
static pte_t *next_run(struct vm_area_struct *vma, vaddr_t *va, vaddr_t end, vaddr_t *stop,
		       enum uffd_wp_change change, int *rc)
{
	pte_t *ptep;

	if (change == UFFD_WP_CLEAR || !userfaultfd_wp_use_markers(vma))
		return pt_next_run(vma->vm_mm, va, end, stop);
	*stop = pt_addr_end(*va, end, 1);
	ptep = pt_alloc(vma->vm_mm, *va);
	if (!ptep)
		*rc = -ENOMEM;
	return ptep;
}

int uffd_wp_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, enum uffd_wp_change change)
{
	vaddr_t va = start, stop;
	bool lost = false;
	pte_t *ptep;
	int rc = 0;

	vma_assert_locked(vma);
	INV(F4, vma->vm_start <= start && start <= end && end <= vma->vm_end);
	inc_tlb_flush_pending(vma->vm_mm);
	while (!rc && va != end && (ptep = next_run(vma, &va, end, &stop, change, &rc))) {
		lost |= change_run(vma, ptep, va, stop, change);
		va = stop;
		if (change == UFFD_WP_SET)	/* markers of a sparse file take tables without end */
			rc = cond_resched_killable();
		else
			cond_resched();
	}
	if (lost || unlikely(mm_tlb_flush_nested(vma->vm_mm, 1)))
		flush_tlb_range(vma, start, end);	/* F4 */
	dec_tlb_flush_pending(vma->vm_mm);
	return rc;
}
