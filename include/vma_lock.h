/*
 * include/vma_lock.h - the lock of a region: a fault takes it in the place of mmap_lock.
 *
 * MODEL     A fault reads one region: it holds that region's lock, shared, and nothing that another region's
 *           faults take.  Who changes regions holds mmap_lock for writing, and marks each region that he
 *           is about to change: vma_start_write().  A mark is the number of the present writer in the
 *           region; with mmap_write_unlock() the number goes on, and all marks are void at once.
 *
 *           vm_lock   number of readers * VMA_LOCK_READER | VMA_LOCK_WRITER | VMA_LOCK_DETACHED
 *
 *               alloc: DETACHED --vma_attach()--> 0, marked --mmap_write_unlock()--> 0 <--> readers
 *               any --vma_detach()--> DETACHED, no readers --the last look ended (RCU)--> freed
 *
 *           Where one task alone runs in an address space nobody else faults there, and nobody is waited for.
 *
 *           lock_vma_under_rcu() finds a region without mmap_lock: it goes down the tree while writers may turn
 *           it around, so it may miss what is there, or look at a region that is just being taken out.
 *           What it finds counts only if it could be locked, is attached, and covers the address; regions
 *           being disjoint, it is then the only one.  What it does not find is looked for under mmap_lock.
 * INVARIANTS
 *   K1  Fields that a fault reads change only while the region is marked or detached: by one writer, without a
 *       reader.
 *       A region's anon_vma is the exception: faults set it, from none, while no writer has marked it.  A writer
 *       marks the region first, then asks whose pages it has.
 *   K2  A region is attached while it is in the tree of its address space, and then only; it enters marked.
 *   K3  The memory of a region that was ever attached is reused only after who may have found it has ended: by
 *       RCU, or at once if no other task runs in the address space.
 *   K4  A mark is for the writer who holds mmap_lock: vm_lock_seq == mm_lock_seq, which only he moves on.
 * LOCKING   Rank: below mmap_lock, above page locks.  Readers never take mmap_lock inside, and lock a second
 *           region only without waiting (anon_vma.c), so a writer waits for readers alone.  A reader that finds a
 *           writer does not wait: it falls back to mmap_lock.  Waiting writers: at most one in an address space,
 *           on mm->vma_writer_wait.
 * COST      A reader: one atomic operation each way, on a line of the region's own.
 * TESTS     test/user/t_mmrace.c
 * SEE       Linux's per-VMA locks (6.4), whose names these are
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_VMA_LOCK_H
#define VELLUM_VMA_LOCK_H

#include "include/mm_ref.h"
#include "include/mm_types.h"
#include "kernel/sync/rcu.h"

#define VMA_LOCK_WRITER		1u	/* a writer makes his mark: wake him when the last reader goes */
#define VMA_LOCK_DETACHED	2u
#define VMA_LOCK_READER		4u

void __vma_start_write(struct vm_area_struct *vma);
void __vma_detach(struct vm_area_struct *vma);
struct vm_area_struct *vma_read_failed(struct vm_area_struct *vma);	/* NULL */

static __always_inline bool vma_covers(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = READ_ONCE(vma->vm_start);

	return addr - start < READ_ONCE(vma->vm_end) - start;
}

/* Is @seen, which the running task found last, a region of @mm, its own, still, and does it hold @addr? */
static __always_inline bool vma_remembered(const struct vm_area_struct *seen, const struct mm_struct *mm,
					   unsigned long addr)
{
	return likely(current_base()->vma_seen_nr == READ_ONCE(mm->nr_detached)) && likely(vma_covers(seen, addr));
}

/* @vma was found in the tree after nr_detached was @nr.  => of the running task's own mm */
static __always_inline void vma_remember(struct vm_area_struct *vma, unsigned long nr)
{
	struct task_base *me = current_base();

	me->vma_seen = vma;
	me->vma_seen_nr = nr;
}

static __always_inline void vma_end_read(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	u32 old;

	lock_check_dropped(vma, RANK_VMA);
	old = __atomic_fetch_sub(&vma->vm_lock, VMA_LOCK_READER, __ATOMIC_RELEASE);
	if (unlikely(old & VMA_LOCK_WRITER))	/* no look at @vma from here on */
		wake_up(&mm->vma_writer_wait);
}

/*
 * Add a reader to @vma.  Is it locked: does no writer change it, is it attached, and does it hold @addr?  If not,
 * vma_read_failed() is due.  => an RCU reader
 */
static __always_inline bool vma_start_read(struct vm_area_struct *vma, unsigned long addr)
{
	u32 old = __atomic_fetch_add(&vma->vm_lock, VMA_LOCK_READER, __ATOMIC_ACQUIRE);

	lock_check_nested(vma, RANK_VMA);
	/* Acquire: who sees that the writer has gone sees what he wrote (mmap_write_unlock()). */
	return likely(!(old & (VMA_LOCK_WRITER | VMA_LOCK_DETACHED))) &&
	       likely(vma->vm_lock_seq != smp_load_acquire(&vma->vm_mm->mm_lock_seq)) &&
	       likely(vma_covers(vma, addr));
}

struct vm_area_struct *lock_vma_slow(struct mm_struct *mm, unsigned long addr);
/*
 * The region that holds @addr, locked for reading, or NULL: look under mmap_lock.
 * => @mm is the running task's; vma_end_read() afterwards
 */
static __always_inline struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = current_base()->vma_seen;

	rcu_read_lock();
	if (unlikely(!vma_remembered(vma, mm, addr)))
		return lock_vma_slow(mm, addr);
	if (unlikely(!vma_start_read(vma, addr)))
		return vma_read_failed(vma);
	rcu_read_unlock();
	return vma;
}

/*
 * Before the first change of @vma: no fault works in it any more, until mmap_write_unlock().
 * => mmap_lock held for writing, and nothing of a later rank: waits for faults that sleep
 */
static __always_inline void vma_start_write(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	if (likely(!mm_has_walkers(mm)))
		vma->vm_lock_seq = mm->mm_lock_seq;
	else if (vma->vm_lock_seq != mm->mm_lock_seq)
		__vma_start_write(vma);
}

/* Is @vma held, as by a fault or better: does it stay as it is?  Where one task runs alone nobody could change it. */
static __always_inline void vma_assert_locked(const struct vm_area_struct *vma)
{
	INV(K1, vma->vm_lock >= VMA_LOCK_READER || vma->vm_lock & VMA_LOCK_DETACHED ||
		rwsem_is_locked(&vma->vm_mm->mmap_lock) || !mm_has_walkers(vma->vm_mm));
}

/* Is @vma the writer's to change?  For who changes fields or whole runs of entries (K1). */
static __always_inline void vma_assert_write_locked(const struct vm_area_struct *vma)
{
	INV(K1, vma->vm_lock & VMA_LOCK_DETACHED || vma->vm_lock_seq == vma->vm_mm->mm_lock_seq);
}

/* ---- vm_flags -------------------------------------------------------------------------------- */

static inline void vm_flags_reset(struct vm_area_struct *vma, unsigned long flags)
{
	vma_start_write(vma);
	vma->vm_flags = flags;
}
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{ vm_flags_reset(vma, vma->vm_flags | flags); }
static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{ vm_flags_reset(vma, vma->vm_flags & ~flags); }

/* ---- entering and leaving the tree: mm/region/vma.c ------------------------------------------------------- */

static inline void vma_init_lock(struct vm_area_struct *vma)
{
	vma->vm_lock = VMA_LOCK_DETACHED;
	vma->vm_lock_seq = 0;
}

/* @vma is whole, and is to enter the tree, marked (K2).  => ordered before the link by who links it */
static inline void vma_attach(struct vm_area_struct *vma)
{
	INV(K2, vma->vm_lock == VMA_LOCK_DETACHED);
	vma->vm_lock_seq = vma->vm_mm->mm_lock_seq;
	vma->vm_lock = 0;
}

/* @vma leaves the tree for good: nobody faults in it.  @walkers: mm_has_walkers().  => as vma_start_write() */
static __always_inline void vma_detach(struct vm_area_struct *vma, bool walkers)
{
	INV(K2, !(vma->vm_lock & VMA_LOCK_DETACHED));
	if (likely(!walkers))
		vma->vm_lock = VMA_LOCK_DETACHED;
	else
		__vma_detach(vma);
}

#endif
