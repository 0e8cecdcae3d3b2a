/*
 * mm/reclaim/droppable.c - memory that programs let go without being asked: MAP_DROPPABLE.
 *
 * MODEL     A shrinker.  What could be had is what the spaces' droppable regions cover, as far as the spaces have
 *           that many anonymous pages.  A call takes one space, moves it behind the others, and clears the entries
 *           of its droppable regions from below, until it had what was asked for; what was dropped reads as
 *           zeros.  There is no ageing: it is a share of each under light pressure, and all of it before anybody
 *           is killed.
 * INVARIANTS
 *   D1  Only regions that asked for it lose pages, and none that is locked.
 *   D2  droppable_vm is what their regions cover (A1, A3 of mm/policy/account.c).
 * LOCKING   mm_list_lock over the look; the mmap_lock is tried for reading, for the task in need may hold it.
 * FAILURE   A space that is locked is passed by.
 * TESTS     test/user/t_reclaim.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/mm_counter.h"
#include "include/mm_ref.h"
#include "mm/fault/fault.h"
#include "mm/reclaim/internal.h"
#include "mm/reclaim/shrinker.h"
#include "mm/region/vma.h"

static unsigned long droppable_pages(struct mm_struct *mm)
{
	return min(READ_ONCE(mm->droppable_vm), get_mm_counter(mm, MM_ANONPAGES));
}

static unsigned long droppable_count(__maybe_unused struct shrinker *s, __maybe_unused struct shrink_control *sc)
{
	unsigned long pages = 0;
	struct mm_struct *mm;

	spin_lock(&mm_list_lock);
	list_for_each_entry(mm, &mm_list, mm_list)
		pages += droppable_pages(mm);
	spin_unlock(&mm_list_lock);
	return pages;
}

/* A space with such pages, counted and its mmap_lock held (read); NULL. */
static struct mm_struct *lock_a_space(void) NO_LOCK_ANALYSIS
{
	struct mm_struct *mm;

	spin_lock(&mm_list_lock);
	list_for_each_entry(mm, &mm_list, mm_list)
		if (droppable_pages(mm) && down_read_trylock(&mm->mmap_lock)) {
			mmgrab(mm);
			list_move_tail(&mm->mm_list, &mm_list);
			spin_unlock(&mm_list_lock);
			return mm;
		}
	spin_unlock(&mm_list_lock);
	return NULL;
}

/* Drop about @nr pages of @mm; how many.  => mmap_lock held (read) */
static unsigned long drop_pages(struct mm_struct *mm, unsigned long nr)
{
	unsigned long before = get_mm_counter(mm, MM_ANONPAGES), now = before;

	INV(D2, rwsem_is_locked(&mm->mmap_lock) && mm->droppable_vm <= mm->total_vm);
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		vaddr_t stop;

		if ((vma->vm_flags & (VM_DROPPABLE | VM_LOCKED)) != VM_DROPPABLE)
			continue;
		for (vaddr_t va = vma->vm_start; va != vma->vm_end; va = stop) {
			stop = min(vma->vm_end, va + nr * PAGE_SIZE);
			INV(D1, va < stop && vma_is_anonymous(vma));
			zap_page_range(vma, va, stop - va);
			now = get_mm_counter(mm, MM_ANONPAGES);
			if (now + nr <= before)
				return before - now;
		}
	}
	return now < before ? before - now : 0;		/* faults go on meanwhile */
}

static unsigned long droppable_scan(__maybe_unused struct shrinker *s, struct shrink_control *sc) NO_LOCK_ANALYSIS
{
	struct mm_struct *mm = lock_a_space();
	unsigned long dropped;

	if (!mm)
		return SHRINK_STOP;
	dropped = drop_pages(mm, max(sc->nr_to_scan, 1ul));
	up_read(&mm->mmap_lock);
	mmdrop(mm);
	mm_reclaimed(dropped);
	return dropped ? dropped : SHRINK_STOP;
}

static struct shrinker droppable_shrinker = {
	.name = "droppable", .count_objects = droppable_count, .scan_objects = droppable_scan,
	.seeks = DEFAULT_SEEKS,
};

void droppable_init(void)
{
	register_shrinker(&droppable_shrinker);
}
