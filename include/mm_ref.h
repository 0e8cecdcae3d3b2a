/*
 * include/mm_ref.h - who may use an address space, and for how long.
 *
 * MODEL     mm_users counts tasks (and others) that use the regions; when it falls to 0 the regions and
 *           pages go (exit_mmap).  mm_count counts references to the struct and its root table; the
 *           users together hold one, and a kernel thread that runs on borrowed tables holds one.
 *           The ends are up-calls: mm/space/mm.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_REF_H
#define VELLUM_MM_REF_H

#include "include/mm_types.h"

static inline void mmget(struct mm_struct *mm) { atomic_inc(&mm->mm_users); }
static inline bool mmget_not_zero(struct mm_struct *mm) { return atomic_inc_not_zero(&mm->mm_users); }
static inline void mmgrab(struct mm_struct *mm) { atomic_inc(&mm->mm_count); }
/*
 * May others look at regions and tables of @mm without a lock?  Only tasks that run in it do.
 * => the running task is one of them, or nobody runs in it yet, or any more
 */
static inline bool mm_has_walkers(const struct mm_struct *mm) { return atomic_read(&mm->mm_users) > 1; }
void mmput(struct mm_struct *mm);		/* may sleep */
void __mmdrop(struct mm_struct *mm);
static inline void mmdrop(struct mm_struct *mm)
{
	if (atomic_dec_and_test(&mm->mm_count))
		__mmdrop(mm);
}

/* Every address space, for reclaim and /proc. */
extern struct list_head mm_list;		/* (mm_list_lock) mm->mm_list */
extern spinlock_t mm_list_lock;

#endif
