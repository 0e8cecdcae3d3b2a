/*
 * mm/policy/account.c - promised memory: overcommit, and the limits of one address space.
 *
 * MODEL     See account.h.  RLIMIT_AS bounds all regions, RLIMIT_DATA the private writable ones, RLIMIT_MEMLOCK
 *           the locked ones.
 * INVARIANTS
 *   A1  The parts of an address space (data, text and stack together; what is droppable) are not larger than all
 *       of it.
 *   A2  Nobody gives back a promise that was not made.
 *   A3  Each figure, and locked_vm, is the sum over its regions: vm_stat_matches().
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
	INV(A2, pages >= 0);
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

static inline bool is_exec_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC;
}
static inline bool is_stack_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_GROWSDOWN | VM_SHARED)) == VM_GROWSDOWN;
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
	if (is_exec_mapping(vm_flags))
		mm->exec_vm += nr_pages;
	else if (is_stack_mapping(vm_flags))
		mm->stack_vm += nr_pages;
	else if (is_data_mapping(vm_flags))
		mm->data_vm += nr_pages;
	INV(A1, mm->exec_vm + mm->stack_vm + mm->data_vm <= mm->total_vm && mm->droppable_vm <= mm->total_vm);
}

struct figures { unsigned long total, exec, stack, data, droppable, locked; };

static struct figures count_regions(const struct mm_struct *mm)
{
	struct figures f = { 0 };

	for (const struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		unsigned long nr = vma_pages(vma), flags = vma->vm_flags;

		f.total += nr;
		f.locked += flags & VM_LOCKED ? nr : 0;
		f.droppable += flags & VM_DROPPABLE ? nr : 0;
		if (is_exec_mapping(flags))
			f.exec += nr;
		else if (is_stack_mapping(flags))
			f.stack += nr;
		else if (is_data_mapping(flags))
			f.data += nr;
	}
	return f;
}

void vm_stat_recount(struct mm_struct *mm)
{
	struct figures f = count_regions(mm);

	mm->total_vm = f.total;
	mm->exec_vm = f.exec;
	mm->stack_vm = f.stack;
	mm->data_vm = f.data;
	mm->droppable_vm = f.droppable;
	atomic_long_set(&mm->locked_vm, f.locked);
}

bool vm_stat_matches(const struct mm_struct *mm)
{
	struct figures f = count_regions(mm);		/* A3 */

	return f.total == mm->total_vm && f.exec == mm->exec_vm && f.stack == mm->stack_vm && f.data == mm->data_vm &&
	       f.droppable == mm->droppable_vm && f.locked == (unsigned long)atomic_long_read(&mm->locked_vm);
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
