/*
 * mm/region/stack.c - regions that grow by faults, and regions the kernel makes: stack, vDSO.
 *
 * MODEL     A VM_GROWSDOWN region is stretched to the faulting page.  stack_guard_gap bytes below it stay
 *           free of other accessible regions: a stack that meets another mapping dies of SIGSEGV, and
 *           get_unmapped_area() never places anything there.
 * INVARIANTS
 *   G1  What a region of the kernel's making, or a stack, is charged for is what it covers: figures and borders
 *       change together, under the lock.
 *   G2  A stack that grew keeps its guard gap above an accessible region that is no stack.
 *   G3  A stack's pages keep their linear indices: vm_pgoff falls with vm_start.
 * LOCKING   mmap_lock for writing; a fault that finds it must grow takes it anew.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/region/stack.h"
#include "include/fs.h"
#include "include/mmap_lock.h"
#include "include/uapi/errno.h"
#include "include/uapi/resource.h"
#include "mm/phys/gfp.h"
#include "mm/policy/account.h"
#include "mm/region/layout.h"
#include "mm/region/vma.h"
#include "mm/rmap/anon_vma.h"

#define VM_STACK_FLAGS	(VM_GROWSDOWN | VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | \
			 VM_ACCOUNT)

/* May a stack of @bytes, @grow pages more than now, exist?  Charges it.  0 or -ENOMEM */
static int acct_stack_growth(struct vm_area_struct *vma, unsigned long bytes, unsigned long grow)
{
	struct mm_struct *mm = vma->vm_mm;

	if (!may_expand_vm(mm, vma->vm_flags, grow) || bytes > task_rlimit(RLIMIT_STACK) ||
	    !mlock_future_ok(mm, vma->vm_flags, grow << PAGE_SHIFT))
		return -ENOMEM;
	return security_vm_enough_memory(mm, grow);
}

int expand_stack(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *prev = vma->vm_prev;
	unsigned long grow;
	__maybe_unused pgoff_t index_end;
	int rc;

	mmap_assert_write_locked(mm);
	addr &= PAGE_MASK;
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return -EFAULT;
	if (addr < mmap_min_addr)
		return -EPERM;
	if (addr >= vma->vm_start)
		return 0;
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && (prev->vm_flags & VM_ACCESS_FLAGS) &&
	    (addr < prev->vm_end || addr - prev->vm_end < stack_guard_gap))
		return -ENOMEM;
	if (prev && addr < prev->vm_end)
		return -ENOMEM;
	grow = (vma->vm_start - addr) >> PAGE_SHIFT;
	if (grow > vma->vm_pgoff || anon_vma_prepare(vma))
		return -ENOMEM;
	rc = acct_stack_growth(vma, vma->vm_end - addr, grow);
	if (rc)
		return rc;
	/* commit */
	index_end = vma->vm_pgoff + vma_pages(vma);
	if (vma->vm_flags & VM_LOCKED)
		atomic_long_add(grow, &mm->locked_vm);
	vm_stat_account(mm, vma->vm_flags, grow);
	vma_resize(vma, addr, vma->vm_end, vma->vm_pgoff - grow);
	INV(G1, mm->stack_vm + mm->data_vm + mm->exec_vm <= mm->total_vm && vma_pages(vma) <= mm->total_vm);
	INV(G2, !prev || prev->vm_flags & VM_GROWSDOWN || !(prev->vm_flags & VM_ACCESS_FLAGS) ||
		prev->vm_end <= vm_start_gap(vma));
	INV(G3, vma->vm_pgoff + vma_pages(vma) == index_end);
	return 0;
}

struct vm_area_struct *find_extend_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	addr &= PAGE_MASK;
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start <= addr)
		return vma;
	return expand_stack(vma, addr) ? NULL : vma;
}

int mm_insert_stack(struct mm_struct *mm, unsigned long top, unsigned long bytes,
		    unsigned long vm_flags_extra, struct vm_area_struct **out)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);
	int rc = -ENOMEM;

	if (!vma)
		return -ENOMEM;
	vma->vm_end = top & PAGE_MASK;
	vma->vm_start = vma->vm_end - PAGE_ALIGN(bytes);
	vma->vm_flags = VM_STACK_FLAGS | vm_flags_extra | mm->def_flags;
	vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	vma_set_page_prot(vma);
	if (mmap_write_lock_killable(mm))
		goto undo_alloc;
	if (security_vm_enough_memory(mm, vma_pages(vma)))
		goto undo_lock;
	rc = insert_vm_struct(mm, vma);
	if (rc)
		goto undo_charge;
	vm_stat_account(mm, vma->vm_flags, vma_pages(vma));
	INV(G1, mm->stack_vm >= vma_pages(vma));
	mmap_write_unlock(mm);
	*out = vma;
	return 0;
undo_charge:
	vm_unacct_memory(vma_pages(vma));
undo_lock:
	mmap_write_unlock(mm);
undo_alloc:
	vm_area_free(vma);
	return rc;
}

/* ---- special mappings ------------------------------------------------------------------------ */

static const struct vm_special_mapping *special_of(const struct vm_area_struct *vma)
{
	return vma->vm_private_data;
}

static const char *special_mapping_name(struct vm_area_struct *vma)
{
	return special_of(vma)->name;
}

static unsigned special_mapping_fault(struct vm_fault *vmf)
{
	const struct vm_special_mapping *sm = special_of(vmf->vma);
	struct page **pages = sm->pages;
	pgoff_t n;

	vma_assert_locked(vmf->vma);

	if (sm->fault)
		return sm->fault(sm, vmf->vma, vmf);
	for (n = vmf->pgoff; n && *pages; n--)
		pages++;
	if (!*pages)
		return VM_FAULT_SIGBUS;
	get_page(*pages);
	vmf->page = *pages;
	return 0;
}

static const struct vm_operations_struct special_mapping_vmops = {
	.fault = special_mapping_fault,
	.name = special_mapping_name,
};

struct vm_area_struct *_install_special_mapping(struct mm_struct *mm, unsigned long addr,
						unsigned long len, unsigned long vm_flags,
						const struct vm_special_mapping *spec)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return NULL;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags | mm->def_flags | VM_DONTEXPAND;
	vma->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	vma_set_page_prot(vma);
	vma->vm_ops = &special_mapping_vmops;
	vma->vm_private_data = (void *)spec;
	if (insert_vm_struct(mm, vma)) {
		vm_area_free(vma);
		return NULL;
	}
	vm_stat_account(mm, vma->vm_flags, len >> PAGE_SHIFT);
	return vma;
}
