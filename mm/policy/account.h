/*
 * mm/policy/account.h - promised memory: overcommit, and the limits of one address space.
 *
 * MODEL     A writable private page, and a page of shared anonymous memory, is a promise (Committed_AS).
 *           Mode 0 refuses only what is obviously too much, 1 nothing, 2 all beyond CommitLimit.
 * UNITS     pages
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_POLICY_ACCOUNT_H
#define VELLUM_MM_POLICY_ACCOUNT_H

#include "include/mm_types.h"

#define OVERCOMMIT_GUESS	0
#define OVERCOMMIT_ALWAYS	1
#define OVERCOMMIT_NEVER	2

extern int sysctl_overcommit_memory;		/* OVERCOMMIT_* */
extern int sysctl_overcommit_ratio;		/* percent of RAM, mode 2 */
extern unsigned long sysctl_user_reserve_kbytes, sysctl_admin_reserve_kbytes;
extern unsigned long sysctl_overcommit_kbytes;	/* instead of the ratio when not 0 */
extern atomic_long_t vm_committed_as;

/* Private and writable: its pages count against overcommit. */
static inline bool accountable_mapping(const struct file *file, unsigned long vm_flags)
{
	(void)file;
	return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}
static inline void vm_acct_memory(long pages) { atomic_long_add(pages, &vm_committed_as); }
static inline void vm_unacct_memory(long pages) { atomic_long_sub(pages, &vm_committed_as); }
/* Promise @pages more; -ENOMEM when that cannot be kept. */
__must_check int security_vm_enough_memory(struct mm_struct *mm, long pages);
/* Keep less of a small machine. */
void account_init(unsigned long free_pages);
unsigned long vm_commit_limit(void);
static inline unsigned long vm_memory_committed(void)
{ long v = atomic_long_read(&vm_committed_as); return v < 0 ? 0 : v; }

/* ---- what one address space may have ---------------------------------------------------------- */

/* Do RLIMIT_AS and RLIMIT_DATA let @mm have @nr_pages more of this kind? */
bool may_expand_vm(struct mm_struct *mm, unsigned long vm_flags, unsigned long nr_pages);
/* @mm has @nr_pages more (or fewer) of this kind. */
void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, long nr_pages);
/* Are the figures of @mm the sums over its regions (debug, tests)?  => mmap_lock held, or nobody uses @mm */
bool vm_stat_matches(const struct mm_struct *mm);
/* Make them so: a copy was not finished. */
void vm_stat_recount(struct mm_struct *mm);
/* May the running task lock anything at all? */
bool can_do_mlock(void);
/* Would @bytes more with @vm_flags stay within RLIMIT_MEMLOCK? */
bool mlock_future_ok(struct mm_struct *mm, unsigned long vm_flags, unsigned long bytes);

#endif
