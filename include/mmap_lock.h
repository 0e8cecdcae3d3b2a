/*
 * include/mmap_lock.h - the lock of an address space.
 *
 * MODEL     Held for reading, no region changes, comes or goes; for writing, to change them.  Faults hold the lock
 *           of their region alone: include/vma_lock.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MMAP_LOCK_H
#define VELLUM_MMAP_LOCK_H

#include "include/mm_types.h"

static inline void mmap_read_lock(struct mm_struct *mm) ACQUIRE_SHARED(mm->mmap_lock)
{ down_read(&mm->mmap_lock); }
static inline void mmap_read_unlock(struct mm_struct *mm) RELEASE_SHARED(mm->mmap_lock)
{ up_read(&mm->mmap_lock); }
static inline void mmap_write_lock(struct mm_struct *mm) ACQUIRE(mm->mmap_lock)
{ down_write(&mm->mmap_lock); }
/* The marks that the writer made in regions are void (K4 of vma_lock.h): a fault may work in them at once. */
static __always_inline void vma_end_write_all(struct mm_struct *mm)
{ smp_store_release(&mm->mm_lock_seq, mm->mm_lock_seq + 1); }
static inline void mmap_write_unlock(struct mm_struct *mm) RELEASE(mm->mmap_lock)
{
	vma_end_write_all(mm);
	up_write(&mm->mmap_lock);
}
/* Go on as a reader. */
static inline void mmap_write_downgrade(struct mm_struct *mm) NO_LOCK_ANALYSIS
{
	vma_end_write_all(mm);
	downgrade_write(&mm->mmap_lock);
}
static inline __must_check int mmap_write_lock_killable(struct mm_struct *mm) TRY_ACQUIRE(0, mm->mmap_lock)
{ return down_write_killable(&mm->mmap_lock); }
static inline __must_check int mmap_read_lock_killable(struct mm_struct *mm) TRY_ACQUIRE_SHARED(0, mm->mmap_lock)
{ return down_read_killable(&mm->mmap_lock); }
static __always_inline void mmap_assert_locked(struct mm_struct *mm) ASSERT_HELD_SHARED(mm->mmap_lock)
{ rwsem_assert_held(&mm->mmap_lock); }
static __always_inline void mmap_assert_write_locked(struct mm_struct *mm) ASSERT_HELD(mm->mmap_lock)
{ rwsem_assert_held_write(&mm->mmap_lock); }

#endif
