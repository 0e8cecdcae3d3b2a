/*
 * mm/space/mm.h - address spaces: birth, sharing, copying, death.
 *
 * MODEL     mm_users counts tasks (and others) that use the regions; when it falls to 0 the regions and
 *           pages go (exit_mmap).  mm_count counts references to the struct and its root table; the
 *           users together hold one, and a kernel thread that runs on borrowed tables holds one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_MM_H
#define VELLUM_MM_SPACE_MM_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

/* A new empty address space with one user and one reference, or NULL. */
struct mm_struct *mm_alloc(void);
/* A copy of @oldmm (the running task's): regions, and pages shared for copy-on-write; NULL: no memory. */
struct mm_struct *dup_mm(struct mm_struct *oldmm);
/* The regions' part of it.  => @mm is empty; on failure mmput(@mm) cleans up */
__must_check int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm);
/* Unmap everything of @mm; nobody uses it any more.  Called by mmput(). */
void exit_mmap(struct mm_struct *mm);
void mm_init_space(void);			/* caches; once, after the slab allocator is up */

static inline void mmget(struct mm_struct *mm) { atomic_inc(&mm->mm_users); }
static inline bool mmget_not_zero(struct mm_struct *mm) { return atomic_inc_not_zero(&mm->mm_users); }
static inline void mmgrab(struct mm_struct *mm) { atomic_inc(&mm->mm_count); }
void mmput(struct mm_struct *mm);		/* may sleep */
void __mmdrop(struct mm_struct *mm);
static inline void mmdrop(struct mm_struct *mm)
{
	if (atomic_dec_and_test(&mm->mm_count))
		__mmdrop(mm);
}

/* What the program in @mm lets others see of it: a new one nothing, until exec has decided. */
#define SUID_DUMP_DISABLE	0
#define SUID_DUMP_USER		1		/* its owner may look */
#define SUID_DUMP_ROOT		2
static inline int get_dumpable(const struct mm_struct *mm) { return READ_ONCE(mm->dumpable); }
static inline void set_dumpable(struct mm_struct *mm, int value) { WRITE_ONCE(mm->dumpable, value); }

/* Every address space, for reclaim and /proc. */
extern struct list_head mm_list;		/* (mm_list_lock) mm->mm_list */
extern spinlock_t mm_list_lock;

/* The executable; a counted reference or NULL. */
struct file *get_mm_exe_file(struct mm_struct *mm);
void set_mm_exe_file(struct mm_struct *mm, struct file *file);	/* takes a reference */

/* What a new address space takes over of @flags, the prctl_flags of the one before it. */
static inline unsigned prctl_flags_inherited(unsigned flags)
{
	return flags & MMF_HAS_MDWE_NO_INHERIT ? flags & ~(MMF_HAS_MDWE | MMF_HAS_MDWE_NO_INHERIT) : flags;
}

/*
 * PR_SET_MDWE: may a region not have @new_flags?  @old_flags: what it has so far, @new_flags for a new one.
 */
static inline bool map_deny_write_exec(const struct mm_struct *mm, unsigned long old_flags, unsigned long new_flags)
{
	if (likely(!(mm->prctl_flags & MMF_HAS_MDWE)) || !(new_flags & VM_EXEC))
		return false;
	return (new_flags & VM_WRITE) || !(old_flags & VM_EXEC);
}

static inline void mmap_read_lock(struct mm_struct *mm) ACQUIRE_SHARED(mm->mmap_lock)
{ down_read(&mm->mmap_lock); }
static inline void mmap_read_unlock(struct mm_struct *mm) RELEASE_SHARED(mm->mmap_lock)
{ up_read(&mm->mmap_lock); }
static inline void mmap_write_lock(struct mm_struct *mm) ACQUIRE(mm->mmap_lock)
{ down_write(&mm->mmap_lock); }
static inline void mmap_write_unlock(struct mm_struct *mm) RELEASE(mm->mmap_lock)
{ up_write(&mm->mmap_lock); }
static inline __must_check int mmap_write_lock_killable(struct mm_struct *mm) TRY_ACQUIRE(0, mm->mmap_lock)
{ return down_write_killable(&mm->mmap_lock); }
static inline __must_check int mmap_read_lock_killable(struct mm_struct *mm) TRY_ACQUIRE_SHARED(0, mm->mmap_lock)
{ return down_read_killable(&mm->mmap_lock); }
static __always_inline void mmap_assert_locked(struct mm_struct *mm) ASSERT_HELD_SHARED(mm->mmap_lock)
{ rwsem_assert_held(&mm->mmap_lock); }
static __always_inline void mmap_assert_write_locked(struct mm_struct *mm) ASSERT_HELD(mm->mmap_lock)
{ rwsem_assert_held_write(&mm->mmap_lock); }

static __always_inline void add_mm_counter(struct mm_struct *mm, int kind, long nr_pages)
{
	long *n = &mm->hart[this_hart()].rss[kind];

	WRITE_ONCE(*n, *n + nr_pages);
}
#define inc_mm_counter(mm, kind)	add_mm_counter(mm, kind, 1)
#define dec_mm_counter(mm, kind)	add_mm_counter(mm, kind, -1)
/* While others count, their shares are read one after the other: one page's +1 and -1 may be seen half. */
static inline unsigned long get_mm_counter(const struct mm_struct *mm, int kind)
{
	long n = 0;

	for_each_hart(h)
		n += READ_ONCE(mm->hart[h].rss[kind]);
	return max(n, 0l);
}
static inline unsigned long get_mm_rss(const struct mm_struct *mm)
{
	long n = 0;

	for_each_hart(h) {
		const long *rss = mm->hart[h].rss;

		n += READ_ONCE(rss[MM_FILEPAGES]) + READ_ONCE(rss[MM_ANONPAGES]) + READ_ONCE(rss[MM_SHMEMPAGES]);
	}
	return max(n, 0l);
}
/* Before pages go: remember the peak. */
static inline void update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm);

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
}
static inline unsigned long get_mm_hiwater_rss(const struct mm_struct *mm)
{ return max(mm->hiwater_rss, get_mm_rss(mm)); }
/* Which counter a mapped @page belongs to. */
static __always_inline int mm_counter(const struct page *page)
{ return PageAnon(page) ? MM_ANONPAGES : PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES; }

#endif
