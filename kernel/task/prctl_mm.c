/*
 * kernel/task/prctl_mm.c - the options of prctl(2) that concern memory.
 *
 * MODEL     PR_SET_MDWE: what could be written never becomes executable; given once, for good.  mmap() and
 *           mprotect() ask map_deny_write_exec().
 *           PR_RISCV_SET_ICACHE_FLUSH_CTX: who flushes the instruction fetch by itself (fence.i) may be
 *           moved to another hart right after that.  The hart that it comes to is marked as stale for
 *           its address space when it is moved, so nothing is asked on the way (set_task_hart()).
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/prctl_mm.h"
#include "include/uaccess.h"
#include "include/uapi/prctl.h"
#include "kernel/task/task.h"
#include "mm/space/mm.h"

long prctl_set_thp_disable(unsigned long on)
{
	struct mm_struct *mm = current->mm;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	mm->prctl_flags = on ? mm->prctl_flags | MMF_DISABLE_THP : mm->prctl_flags & ~MMF_DISABLE_THP;
	mmap_write_unlock(mm);
	return 0;
}

long prctl_get_thp_disable(void)
{
	return !!(READ_ONCE(current->mm->prctl_flags) & MMF_DISABLE_THP);
}

long prctl_get_mdwe(void)
{
	unsigned flags = READ_ONCE(current->mm->prctl_flags);

	return (flags & MMF_HAS_MDWE ? PR_MDWE_REFUSE_EXEC_GAIN : 0) |
	       (flags & MMF_HAS_MDWE_NO_INHERIT ? PR_MDWE_NO_INHERIT : 0);
}

/* => a call that has passed its checks meanwhile is not undone */
long prctl_set_mdwe(unsigned long bits)
{
	struct mm_struct *mm = current->mm;
	unsigned flags = 0;
	long now, rc = 0;

	if ((bits & ~(unsigned long)(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)) || bits == PR_MDWE_NO_INHERIT)
		return -EINVAL;
	if (bits & PR_MDWE_REFUSE_EXEC_GAIN)
		flags |= MMF_HAS_MDWE;
	if (bits & PR_MDWE_NO_INHERIT)
		flags |= MMF_HAS_MDWE_NO_INHERIT;
	mmap_write_lock(mm);
	now = prctl_get_mdwe();
	if (now && (unsigned long)now != bits)
		rc = -EPERM;
	else
		mm->prctl_flags |= flags;
	mmap_write_unlock(mm);
	return rc;
}

long prctl_get_auxv(void __user *to, size_t size)
{
	struct mm_struct *mm = current->mm;

	if (copy_to_user(to, mm->saved_auxv, min(size, sizeof(mm->saved_auxv))))
		return -EFAULT;
	return sizeof(mm->saved_auxv);
}

long prctl_icache_ctx(unsigned long ctx, unsigned long scope)
{
	bool on = ctx == PR_RISCV_CTX_SW_FENCEI_ON;

	if (ctx > PR_RISCV_CTX_SW_FENCEI_OFF)
		return -EINVAL;
	switch (scope) {
	case PR_RISCV_SCOPE_PER_PROCESS:
		WRITE_ONCE(current->mm->icache_ctx, on);
		return 0;
	case PR_RISCV_SCOPE_PER_THREAD:
		current->icache_ctx = on;
		return 0;
	default:
		return -EINVAL;
	}
}
