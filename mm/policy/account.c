/*
 * mm/policy/account.c - promised memory: overcommit, and the limits of one address space.
 *
 * MODEL     See account.h.  RLIMIT_AS bounds all regions, RLIMIT_DATA the private writable ones, RLIMIT_MEMLOCK
 *           the locked ones.
 * INVARIANTS
 *   A1  The parts of an address space (data, text, stack, droppable) are not larger than all of it.
 *   A2  Nobody gives back a promise that was not made.
 * UNITS     pages, but for sysctl_overcommit_kbytes and rlimits (bytes)
 * LOCKING   vm_committed_as is atomic; the figures of an mm are guarded by mmap_lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/policy/account.h"
#include "include/uapi/errno.h"
#include "include/uapi/resource.h"
#include "mm/phys/gfp.h"
#include "mm/phys/vmstat.h"

int sysctl_overcommit_memory = OVERCOMMIT_GUESS;
int sysctl_overcommit_ratio = 50;
unsigned long sysctl_overcommit_kbytes;
unsigned long sysctl_user_reserve_kbytes = 1ul << 17;
unsigned long sysctl_admin_reserve_kbytes = 1ul << 13;
atomic_long_t vm_committed_as;

unsigned long total_swap_pages;

#define CAP_IPC_LOCK	14
#define CAP_SYS_ADMIN	21

void __init account_init(unsigned long free_pages)
{
	unsigned long share = free_pages << (PAGE_SHIFT - 10) >> 5;

	sysctl_user_reserve_kbytes = min(sysctl_user_reserve_kbytes, share);
	sysctl_admin_reserve_kbytes = min(sysctl_admin_reserve_kbytes, share);
}

unsigned long vm_commit_limit(void)
{
	unsigned long allowed = sysctl_overcommit_kbytes
		? sysctl_overcommit_kbytes >> (PAGE_SHIFT - 10)
		: totalram_pages() * sysctl_overcommit_ratio / 100;

	return allowed + total_swap_pages;
}

/* Mode 2: the limit less what is kept for root, and for the user to get out of trouble. */
static bool commit_fits(struct mm_struct *mm)
{
	long allowed = vm_commit_limit();

	if (!capable(CAP_SYS_ADMIN))
		allowed -= sysctl_admin_reserve_kbytes >> (PAGE_SHIFT - 10);
	if (mm)
		allowed -= min_t(long, mm->total_vm / 32,
				 sysctl_user_reserve_kbytes >> (PAGE_SHIFT - 10));
	return atomic_long_read(&vm_committed_as) < allowed;
}

int security_vm_enough_memory(struct mm_struct *mm, long pages)
{
	vm_acct_memory(pages);
	if (sysctl_overcommit_memory == OVERCOMMIT_ALWAYS)
		return 0;
	if (sysctl_overcommit_memory == OVERCOMMIT_GUESS) {
		if (likely((unsigned long)pages <= totalram_pages() + total_swap_pages))
			return 0;
	} else if (commit_fits(mm)) {
		return 0;
	}
	INV(A2, atomic_long_read(&vm_committed_as) >= pages);
	vm_unacct_memory(pages);
	return -ENOMEM;
}

/* Private, writable, and not a stack: what RLIMIT_DATA counts. */
static inline bool is_data_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}

bool may_expand_vm(struct mm_struct *mm, unsigned long vm_flags, unsigned long nr_pages)
{
	if (unlikely(mm->total_vm + nr_pages > task_rlimit(RLIMIT_AS) >> PAGE_SHIFT))
		return false;
	return !is_data_mapping(vm_flags) ||
	       likely(mm->data_vm + nr_pages <= task_rlimit(RLIMIT_DATA) >> PAGE_SHIFT);
}

void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, long nr_pages)
{
	mm->total_vm += nr_pages;
	if (unlikely(vm_flags & VM_DROPPABLE))
		mm->droppable_vm += nr_pages;
	if (nr_pages > 0 && mm->total_vm > mm->hiwater_vm)
		mm->hiwater_vm = mm->total_vm;
	if ((vm_flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC)
		mm->exec_vm += nr_pages;
	else if ((vm_flags & (VM_GROWSDOWN | VM_SHARED)) == VM_GROWSDOWN)
		mm->stack_vm += nr_pages;
	else if (is_data_mapping(vm_flags))
		mm->data_vm += nr_pages;
	INV(A1, max(max(mm->exec_vm, mm->stack_vm), max(mm->data_vm, mm->droppable_vm)) <= mm->total_vm);
}

bool can_do_mlock(void)
{
	return task_rlimit(RLIMIT_MEMLOCK) || capable(CAP_IPC_LOCK);
}

bool mlock_future_ok(struct mm_struct *mm, unsigned long vm_flags, unsigned long bytes)
{
	unsigned long nr;

	if (likely(!(vm_flags & VM_LOCKED)) || capable(CAP_IPC_LOCK))
		return true;
	nr = (bytes >> PAGE_SHIFT) + atomic_long_read(&mm->locked_vm);
	return nr <= task_rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}
