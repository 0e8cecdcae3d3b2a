/*
 * mm/reclaim/droppable.c - memory that programs let go without being asked: MAP_DROPPABLE, MADV_FREE.
 *
 * MODEL     A shrinker.  What could be had is what the spaces' droppable regions cover, and what was advised to be
 *           lazily free, as far as the spaces have that many anonymous pages.  A call takes one space, moves it
 *           behind the others, and goes round it from where the last call stopped (drop_hand) until it had what was
 *           asked for: pages of droppable regions, and lazily free ones that nobody wrote to (mm/entry/age.c).
 *           What was dropped reads as zeros.  There is no ageing: it is a share of each under light pressure, and
 *           all of it before anybody is killed.
 *           A page that several spaces show leaves one after the other, and is free when it has left the last.
 * INVARIANTS
 *   D1  Only regions that asked for it lose pages, and none that is locked.
 *   D2  droppable_vm is what their regions cover (A1, A3 of mm/policy/account.c).
 *   D3  Who went round a whole space and found less than he wanted has found all: the hint becomes what is left.
 * LOCKING   mm_list_lock over the look; the mmap_lock is tried for reading, for the task in need may hold it.
 * FAILURE   A space that is locked is passed by.
 * COST      A call walks the entries between the hand and what it finds; a fruitless one, those of the space.
 * TESTS     test/user/t_reclaim.c, test/user/t_lazyfree.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/mm_counter.h"
#include "include/mm_ref.h"
#include "mm/fault/fault.h"
#include "mm/reclaim/internal.h"
#include "mm/reclaim/shrinker.h"
#include "mm/region/vma.h"

/* Pages of @mm that may be had, as far as it is known. */
static unsigned long droppable_pages(struct mm_struct *mm)
{
	unsigned long pages = READ_ONCE(mm->droppable_vm) + atomic_long_read(&mm->lazyfree);

	return pages ? min(pages, get_mm_counter(mm, MM_ANONPAGES)) : 0;
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

/* As drop_lazyfree(), of a region all of which may go. */
static vaddr_t drop_droppable(struct vm_area_struct *vma, vaddr_t va, struct lazyfree_drop *d)
{
	vaddr_t stop = min(vma->vm_end, va + (d->max - d->dropped) * PAGE_SIZE);
	unsigned long before = get_mm_counter(vma->vm_mm, MM_ANONPAGES), now;

	INV(D1, va < stop && vma_is_anonymous(vma));
	zap_page_range(vma, va, stop - va);
	now = get_mm_counter(vma->vm_mm, MM_ANONPAGES);
	if (now < before)			/* faults go on meanwhile */
		d->dropped += before - now;
	return stop;
}

static vaddr_t drop_from(struct vm_area_struct *vma, vaddr_t va, struct lazyfree_drop *d)
{
	if (vma->vm_flags & VM_LOCKED || !vma_is_anonymous(vma))
		return vma->vm_end;
	if (vma->vm_flags & VM_DROPPABLE)
		return drop_droppable(vma, va, d);
	if (!atomic_long_read(&vma->vm_mm->lazyfree))
		return vma->vm_end;
	return drop_lazyfree(vma, va, vma->vm_end, d);
}

/* Go through the regions that overlap [va, end).  Where it stopped: before @end with all that was wanted. */
static vaddr_t drop_between(struct mm_struct *mm, vaddr_t va, vaddr_t end, struct lazyfree_drop *d)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma(mm, va);

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		for (va = max(va, vma->vm_start); va < vma->vm_end; ) {
			va = drop_from(vma, va, d);
			if (d->dropped >= d->max)
				return va;
		}
	return end;
}

/* Drop about @nr pages of @mm; how many.  => mmap_lock held (read) */
static unsigned long drop_pages(struct mm_struct *mm, unsigned long nr) REQUIRES_SHARED(mm->mmap_lock)
{
	vaddr_t hand = READ_ONCE(mm->drop_hand), stop;
	long hint = atomic_long_read(&mm->lazyfree);
	struct lazyfree_drop d = { .max = nr };

	INV(D2, rwsem_is_locked(&mm->mmap_lock) && mm->droppable_vm <= mm->total_vm);
	WRITE_ONCE(mm->drop_hand, drop_between(mm, hand, ~0ul, &d));
	if (d.dropped >= nr)
		return d.dropped;
	stop = drop_between(mm, 0, hand, &d);
	WRITE_ONCE(mm->drop_hand, stop);
	INV(D3, d.dropped >= nr || stop == hand);
	if (d.dropped < nr)			/* who is advised meanwhile makes it another */
		(void)atomic_long_try_cmpxchg(&mm->lazyfree, &hint, d.held);	/* D3 */
	return d.dropped;
}

/* What a space was thought to have counts as looked at: a few calls go round all of them. */
static unsigned long droppable_scan(__maybe_unused struct shrinker *s, struct shrink_control *sc) NO_LOCK_ANALYSIS
{
	struct mm_struct *mm = lock_a_space();
	unsigned long dropped, there;

	if (!mm)
		return SHRINK_STOP;
	there = droppable_pages(mm);
	dropped = drop_pages(mm, max(sc->nr_to_scan, 1ul));
	if (dropped < sc->nr_to_scan)
		sc->nr_scanned = max(sc->nr_to_scan, there);
	up_read(&mm->mmap_lock);
	mmdrop(mm);
	mm_reclaimed(dropped);
	return dropped;
}

static struct shrinker droppable_shrinker = {
	.name = "droppable", .count_objects = droppable_count, .scan_objects = droppable_scan,
	.seeks = DEFAULT_SEEKS,
};

void droppable_init(void)
{
	register_shrinker(&droppable_shrinker);
}
