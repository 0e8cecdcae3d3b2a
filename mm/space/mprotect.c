/*
 * mm/space/mprotect.c - change what may be done with a range.
 *
 * MODEL     Region by region: compute flags, check that they may be had (VM_MAY*), split or merge, then
 *           rewrite the entries (change_protection flushes where rights are lost).
 * INVARIANTS
 *   P1  Nobody may do with a region what its VM_MAY* flags do not allow.
 *   P2  What becomes writable is charged before it is, and what is charged no longer has no page.
 * LOCKING   mmap_lock for writing.
 * FAILURE   Stops at the region that cannot; those before it have changed, as POSIX allows.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uapi/errno.h"
#include "include/uapi/mman.h"
#include "mm/policy/account.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"
#include "mm/rmap/anon_vma.h"

#define READ_IMPLIES_EXEC	0x0400000

/*
 * Charge for a private mapping that becomes writable.  *charged pages; 0 or -ENOMEM.  What has no page and cannot get
 * any is charged no longer: it is then like memory that never was writable, and merges with it.
 */
static int charge_writable(struct vm_area_struct *vma, unsigned long nr, unsigned long *flags,
			   unsigned long *charged)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long old = vma->vm_flags;

	*charged = 0;
	if (!(*flags & VM_WRITE)) {
		if (old & VM_ACCOUNT && vma_is_anonymous(vma)) {
			vma_start_write(vma);		/* no fault brings a page from here on */
			if (!vma_anon_id(vma))
				*flags &= ~VM_ACCOUNT;
		}
		return 0;
	}
	if (!may_expand_vm(mm, *flags, nr) && may_expand_vm(mm, old, nr))
		return -ENOMEM;
	if (old & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE))
		return 0;
	if (security_vm_enough_memory(mm, nr))
		return -ENOMEM;
	*charged = nr;
	*flags |= VM_ACCOUNT;
	return 0;
}

/* Give [@start, @end) of *@pvma @new_flags; *pvma: the region that has them now. */
static int mprotect_fixup(struct vm_area_struct **pvma, struct vm_area_struct *prev,
			  unsigned long start, unsigned long end, unsigned long new_flags)
{
	struct vm_area_struct *vma = *pvma;
	unsigned long old_flags = vma->vm_flags, nr = (end - start) >> PAGE_SHIFT, charged;
	int rc;

	mmap_assert_write_locked(vma->vm_mm);
	INV(P1, !((new_flags & ~(new_flags >> 4)) & VM_ACCESS_FLAGS));
	if (old_flags & VM_SEALED)
		return -EPERM;
	if (new_flags == old_flags)
		return 0;
	rc = charge_writable(vma, nr, &new_flags, &charged);
	if (rc)
		return rc;
	rc = vma_modify(&vma, prev, start, end, new_flags, vma->anon_name);
	if (rc) {
		vm_unacct_memory(charged);
		return rc;
	}
	/* commit */
	INV(V1, vma->vm_start <= start && end <= vma->vm_end);
	*pvma = vma;
	vm_flags_reset(vma, new_flags);
	vma_set_page_prot(vma);
	change_protection(vma, start, end, vma->vm_page_prot);
	INV(P2, !(old_flags & ~new_flags & VM_ACCOUNT) || !vma_anon_id(vma));
	if (old_flags & ~new_flags & VM_ACCOUNT)
		vm_unacct_memory(nr);
	if ((old_flags ^ new_flags) & (VM_WRITE | VM_EXEC)) {
		vm_stat_account(vma->vm_mm, old_flags, -(long)nr);
		vm_stat_account(vma->vm_mm, new_flags, nr);
	}
	/* A locked private mapping that is written for the first time gets its own pages now. */
	if ((new_flags & VM_WRITE) && (old_flags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED)
		populate_vma_page_range(vma, start, end);
	return 0;
}

/* PROT_GROWSDOWN stretches the range to the start of a stack. */
static int apply_grows(struct vm_area_struct *vma, unsigned long grows, unsigned long *start,
		       unsigned long end)
{
	if (grows & PROT_GROWSDOWN) {
		if (vma->vm_start >= end)
			return -ENOMEM;
		*start = vma->vm_start;
		return vma->vm_flags & VM_GROWSDOWN ? 0 : -EINVAL;
	}
	if (vma->vm_start > *start)
		return -ENOMEM;
	return grows & PROT_GROWSUP ? -EINVAL : 0;	/* no region grows up here */
}

static int mprotect_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			  unsigned long prot, unsigned long grows) REQUIRES(mm->mmap_lock)
{
	bool implied_exec = (task_personality() & READ_IMPLIES_EXEC) && (prot & PROT_READ);
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long at, stop, flags;
	int rc;

	if (!vma)
		return -ENOMEM;
	rc = apply_grows(vma, grows, &start, end);
	for (at = start; !rc && at < end; at = stop) {
		if (!vma || vma->vm_start > at)
			return -ENOMEM;
		flags = calc_vm_prot_bits(prot) | (vma->vm_flags & ~VM_ACCESS_FLAGS);
		if (implied_exec && (vma->vm_flags & VM_MAYEXEC))
			flags |= VM_EXEC;
		if ((flags & ~(flags >> 4)) & VM_ACCESS_FLAGS)	/* VM_MAY* stand four bits above */
			return -EACCES;
		if (map_deny_write_exec(mm, vma->vm_flags, flags))
			return -EACCES;
		stop = min(vma->vm_end, end);
		rc = mprotect_fixup(&vma, vma->vm_prev, at, stop, flags);
		if (!rc && stop >= vma->vm_end)
			vma = vma->vm_next;
		cond_resched();
	}
	return rc;
}
BUILD_ASSERT(VM_MAYREAD >> 4 == VM_READ && VM_MAYWRITE >> 4 == VM_WRITE && VM_MAYEXEC >> 4 == VM_EXEC);

SYSCALL_DEFINE3(mprotect, unsigned long, start, size_t, len, unsigned long, prot)
{
	unsigned long grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	struct mm_struct *mm = current_base()->mm;
	unsigned long end;
	int rc;

	prot &= ~grows;
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || (start & ~PAGE_MASK))
		return -EINVAL;
	if (!len)
		return 0;
	end = start + PAGE_ALIGN(len);
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(unsigned long)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	rc = mprotect_range(mm, start, end, prot, grows);
	mmap_write_unlock(mm);
	return rc;
}
