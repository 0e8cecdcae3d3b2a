/*
 * mm/fault/fault.c - a page-fault exception: whose is it, and what becomes of it.
 *
 * MODEL     address        taken in         answer
 *           user           user mode        serve it, or SIGSEGV (MAPERR no region, ACCERR not
 *                                           allowed), SIGBUS (the file ends before)
 *           user           a user copy      serve it, else its fixup: the copy ends early
 *           user           other kernel     oops
 *           kernel         user mode        SIGSEGV (MAPERR)
 *           kernel         kernel           entry allows it: spurious, fence and retry (L2);
 *                                           else a probe's fixup, else oops
 * LOCKING   mmap_lock (read); for writing when a stack grows.  Interrupts are as the trap left them:
 *           on, unless kernel code had them off, and then user memory is not served.
 * COST      do_page_fault itself about 60 instructions, find_vma by its hint.
 * SEE       doc/design.md section 6
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/fault/internal.h"
#include "include/uaccess.h"
#include "include/uapi/signal.h"
#include "lib/printk.h"
#include "mm/kmap/stack.h"
#include "mm/phys/page_debug.h"
#include "mm/phys/vmstat.h"
#include "mm/pt/flush.h"
#include "mm/region/layout.h"
#include "mm/region/vma.h"
#include <asm/ptrace.h>

void pagefault_disable(void)
{
	current_base()->pagefault_off++;
	barrier();
}

void pagefault_enable(void)
{
	barrier();
	current_base()->pagefault_off--;
}

/* A kernel access that cannot be served: its fixup, or the end. */
static void no_context(struct pt_regs *regs, vaddr_t address, unsigned flags)
{
	if (fixup_exception(regs))
		return;
	if (thread_stack_guard(address))
		pr_emerg("kernel stack overflow: address %016lx is in a guard page\n", address);
	else if (page_hidden((void *)address))
		pr_alert("pagealloc: access to %016lx, in a page that is free\n", address);
	else if (address < PAGE_SIZE)
		pr_alert("Unable to handle kernel NULL pointer dereference at virtual address %016lx\n",
			 address);
	else
		pr_alert("Unable to handle kernel %s at virtual address %016lx\n",
			 flags & FAULT_FLAG_WRITE ? "write" :
			 flags & FAULT_FLAG_EXEC ? "execution" : "read", address);
	die("Oops", regs);
}

#define SPURIOUS_MAX	1000u		/* in a row: see below */
#define SPURIOUS_MS	10u

struct last_spurious { vaddr_t address; unsigned long pc, seq; u64 when; unsigned count; };
static DEFINE_PER_HART(struct last_spurious, last_spurious);

/* Does init_mm's entry for @address allow the access: was the fault of a stale or cached-invalid one? */
static bool kernel_fault_spurious(vaddr_t address, unsigned flags)
{
	unsigned level;
	pte_t pte = pte_load(pt_lookup_leaf(&init_mm, address, &level));

	if (!pte_is_leaf(pte) || pte_user(pte))
		return false;
	if (flags & FAULT_FLAG_WRITE)
		return pte_write(pte);
	return flags & FAULT_FLAG_EXEC ? pte_exec(pte) : pte_read(pte);
}

/*
 * Has this hart made the access at @pc to @address so often in a row that no fence will help?  Then it does not
 * understand the entry: a tree that promises an extension it lacks.  In a row are faults between which no kernel
 * mapping was made, of which there is one spurious fault a hart, and that follow each other closely.
 */
static bool fence_is_in_vain(unsigned long pc, vaddr_t address)
{
	struct last_spurious *last = this_hart_ptr(&last_spurious), now = {
		.address = address, .pc = pc, .seq = READ_ONCE(kernel_map_seq), .when = arch_time_ticks(),
	};

	if (last->address == address && last->pc == pc && last->seq == now.seq &&
	    now.when - last->when < arch_time_hz / 1000 * SPURIOUS_MS)
		now.count = last->count + 1;
	*last = now;
	return now.count > SPURIOUS_MAX;
}

static __noinline void kernel_address_fault(struct pt_regs *regs, vaddr_t address, unsigned flags)
{
	if (flags & FAULT_FLAG_USER) {
		force_sig_fault(SIGSEGV, SEGV_MAPERR, address);
		return;
	}
	if (kernel_fault_spurious(address, flags) && !fence_is_in_vain(instruction_pointer(regs), address)) {
		struct tlb_req req = { .mm = &init_mm, .what = TLB_RANGE, .start = address & PAGE_MASK,
				       .end = (address & PAGE_MASK) + PAGE_SIZE, .stride = PAGE_SIZE };

		arch_tlb_flush_local(&req);
		return;
	}
	no_context(regs, address, flags);
}

/* No region, or one that forbids it. */
static __noinline void bad_area(struct pt_regs *regs, vaddr_t address, unsigned flags, int code)
{
	if (flags & FAULT_FLAG_USER)
		force_sig_fault(SIGSEGV, code, address);
	else
		no_context(regs, address, flags);
}

/*
 * A page was wanted and not to be had, though reclaim and the OOM killer had their turn.  Who is to
 * die of it does so on the way out; everyone else makes the access again.
 */
static void pagefault_out_of_memory(void)
{
	if (!fatal_signal_pending())
		pr_warn_ratelimited("Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF\n");
}

/* handle_mm_fault() gave up. */
static __noinline void fault_error(struct pt_regs *regs, vaddr_t address, unsigned flags, unsigned rc)
{
	if (!(flags & FAULT_FLAG_USER)) {
		no_context(regs, address, flags);
	} else if (rc & VM_FAULT_OOM) {
		pagefault_out_of_memory();
	} else if (rc & VM_FAULT_SIGBUS) {
		force_sig_fault(SIGBUS, BUS_ADRERR, address);
	} else {
		force_sig_fault(SIGSEGV, SEGV_MAPERR, address);
	}
}

static __always_inline bool access_allowed(const struct vm_area_struct *vma, unsigned flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vma->vm_flags & VM_WRITE;
	if (flags & FAULT_FLAG_EXEC)
		return vma->vm_flags & VM_EXEC;
	return vma->vm_flags & (VM_READ | VM_WRITE);	/* W implies R in this ISA */
}

__noinline struct vm_area_struct *grow_stack(struct mm_struct *mm, vaddr_t address) NO_LOCK_ANALYSIS
{
	struct vm_area_struct *vma;

	mmap_read_unlock(mm);
	mmap_write_lock(mm);
	vma = find_extend_vma(mm, address);
	downgrade_write(&mm->mmap_lock);
	return vma;
}

/* May the fault of kernel code on a user address be served at all? */
static bool kernel_may_fault(const struct task_base *task, const struct pt_regs *regs)
{
	return regs_uaccess(regs) && !task->pagefault_off && !regs_irqs_disabled(regs) &&
	       !mm_is_unstable(task->mm);
}

void do_page_fault(struct pt_regs *regs, unsigned long address, unsigned flags)
{
	struct task_base *task = current_base();
	struct mm_struct *mm = task->mm;
	struct vm_area_struct *vma;
	unsigned rc;

	if (unlikely(address >= task_size)) {
		kernel_address_fault(regs, address, flags);
		return;
	}
	if (unlikely(!mm || (!(flags & FAULT_FLAG_USER) && !kernel_may_fault(task, regs)))) {
		no_context(regs, address, flags);
		return;
	}
	count_vm_event(PGFAULT);
	mmap_read_lock(mm);
	vma = fault_region(mm, address);
	if (unlikely(!vma || !access_allowed(vma, flags))) {
		mmap_read_unlock(mm);
		bad_area(regs, address, flags, vma ? SEGV_ACCERR : SEGV_MAPERR);
		return;
	}
	rc = handle_mm_fault(vma, address, flags);
	mmap_read_unlock(mm);
	/* The reaper marks the space, then clears entries: who finds no mark here was served before. */
	if (unlikely(!(flags & FAULT_FLAG_USER) && mm_is_unstable(mm))) {
		no_context(regs, address, flags);
		return;
	}
	if (unlikely(rc & VM_FAULT_ERROR)) {
		fault_error(regs, address, flags, rc);
		return;
	}
	if (unlikely(rc & VM_FAULT_MAJOR)) {
		count_vm_event(PGMAJFAULT);
		task->maj_flt++;
	} else {
		task->min_flt++;
	}
}
