/*
 * mm/reclaim/anon_scan.c - find the regions that may map an anonymous page, by looking everywhere.
 *
 * MODEL     An anonymous page's index is its linear page in its region, and stays so when the region is
 *           copied (fork) or moved (mremap).  A region of a space that was never moved has it at
 *           va = index << PAGE_SHIFT: this is looked at first; then every region whose pages include
 *           the index.  The space in which the last page was found comes first.
 * INVARIANTS
 *   N1  A space on mm_list has its regions and tables, but for changes under its mmap_lock for
 *       writing; who builds or tears down a space holds that too.
 * LOCKING   mm_list_lock over the look; each mmap_lock is tried for reading, and kept where the
 *           page was found.
 * COST      One look-up where the last page was; else a look-up and a pass over the regions per space.
 * TESTS     test/host/mm/reclaim/test_migrate.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/mm_counter.h"
#include "include/mm_ref.h"
#include "mm/region/vma.h"
#include "mm/rmap/walk.h"

/* Where @vma would show page @index; false if it cannot. */
static bool address_of(const struct vm_area_struct *vma, pgoff_t index, vaddr_t *va)
{
	if (index - vma->vm_pgoff >= vma_pages(vma) || vma->vm_flags & VM_SHARED)
		return false;
	*va = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);
	return true;
}

/* An anonymous page is in one place of a space at most. */
static enum rmap_visit look_in(struct rmap_walk *w, struct mm_struct *mm) REQUIRES_SHARED(mm->mmap_lock)
{
	pgoff_t index = w->page->index;
	enum rmap_visit rc = RMAP_MISS;
	struct vm_area_struct *vma;
	vaddr_t va = index << PAGE_SHIFT;

	vma = index < task_size >> PAGE_SHIFT ? find_vma(mm, va) : NULL;
	if (vma && vma->vm_start <= va && address_of(vma, index, &va))
		rc = w->visit(w, vma, va);
	for (vma = mm->mmap; vma && rc == RMAP_MISS; vma = vma->vm_next)
		if (address_of(vma, index, &va))
			rc = w->visit(w, vma, va);
	return rc;
}

/* Does not sleep.  On a hit @mm is counted, and locked until anon_walk_end(). */
static enum rmap_visit try_space(struct rmap_walk *w, struct mm_struct *mm) NO_LOCK_ANALYSIS
{
	enum rmap_visit rc;

	if (w->nr_spaces == RMAP_MAX_SPACES || !get_mm_counter(mm, MM_ANONPAGES) ||
	    !down_read_trylock(&mm->mmap_lock))
		return RMAP_MISS;
	rc = look_in(w, mm);
	if (rc == RMAP_MISS) {
		up_read(&mm->mmap_lock);
	} else {
		mmgrab(mm);
		w->space[w->nr_spaces++] = mm;
	}
	return rc;
}

/* The next page is likely to be where this one was. */
static void remember(struct rmap_walk *w)
{
	struct mm_struct *old = w->likely;

	if (!w->nr_spaces || w->space[0] == old)
		return;
	w->likely = w->space[0];
	mmgrab(w->likely);
	if (old)
		mmdrop(old);
}

static void anon_walk(struct rmap_walk *w)
{
	struct mm_struct *mm, *first = w->likely;

	if (!first || try_space(w, first) != RMAP_DONE) {
		spin_lock(&mm_list_lock);
		list_for_each_entry(mm, &mm_list, mm_list)
			if (mm != first && try_space(w, mm) == RMAP_DONE)
				break;
		spin_unlock(&mm_list_lock);
	}
	remember(w);
}

static void anon_walk_end(struct rmap_walk *w) NO_LOCK_ANALYSIS
{
	while (w->nr_spaces) {
		struct mm_struct *mm = w->space[--w->nr_spaces];

		up_read(&mm->mmap_lock);
		mmdrop(mm);
	}
}

const struct rmap_finder anon_scan_finder = { .walk = anon_walk, .end = anon_walk_end };
