/*
 * mm/space/mm.h - address spaces: birth, copying, death, and what a program lets others see of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_MM_H
#define VELLUM_MM_SPACE_MM_H

#include "include/mm_counter.h"
#include "include/mm_ref.h"
#include "include/mmap_lock.h"

/* A new empty address space with one user and one reference, or NULL. */
struct mm_struct *mm_alloc(void);
/* A copy of @oldmm (the running task's): regions, and pages shared for copy-on-write; NULL: no memory. */
struct mm_struct *dup_mm(struct mm_struct *oldmm);
/* The regions' part of it.  => @mm is empty; on failure mmput(@mm) cleans up */
__must_check int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm);
/* Unmap everything of @mm; nobody uses it any more.  Called by mmput(). */
void exit_mmap(struct mm_struct *mm);
void mm_init_space(void);			/* caches; once, after the slab allocator is up */

/* What the program in @mm lets others see of it: a new one nothing, until exec has decided. */
#define SUID_DUMP_DISABLE	0
#define SUID_DUMP_USER		1		/* its owner may look */
#define SUID_DUMP_ROOT		2
static inline int get_dumpable(const struct mm_struct *mm) { return READ_ONCE(mm->dumpable); }
static inline void set_dumpable(struct mm_struct *mm, int value) { WRITE_ONCE(mm->dumpable, value); }

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

#endif
