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
 *           An attempt that has to wait (for a page's lock, for a read) lets go of its lock, waits, and answers
 *           VM_FAULT_RETRY; the region is looked up again.  The second wait is with the lock held, so that a page
 *           that is always taken away again does not keep a program for ever.
 * INVARIANTS
 *   H1  An attempt holds the region that it works in, and has let go of it when it answers.
 *   H2  What is served lies in that region.
 *   H3  Who forbids faults allows them again, as often.
 * LOCKING   The region's lock (read); mmap_lock (read) where the region is changed at this moment, or there is
 *           none; mmap_lock for writing when a stack grows.  Interrupts are as the trap left them: on, unless
 *           kernel code had them off, and then user memory is not served.
 *           A fault in anonymous memory whose tables exist takes two locks, the region's and the table's, and
 *           writes these lines: the region's second (vm_lock), the table's struct page (ptl) and its entry,
 *           the page and its struct page, and the hart's own: page lists, event and node counters, its share of
 *           the mm's counters; and the task's.  So faults in regions that share no table share nothing that any of
 *           them writes.  Once in a batch a hart's page list takes from the zone, under zone->lock.
 *           The first page of a region makes its anon_vma, or takes over that of a neighbour which it may become one
 *           with: that one's lock is held for a moment (mm/rmap/anon_vma.c).  No fault takes mmap_lock for it.
 * COST      do_page_fault itself about 60 instructions, the look-up by what the task remembers.
 * TESTS     test/user/t_faultlocks.c counts the locks of faults on 4 and 8 harts (debug builds)
 * SEE       doc/design.md section 6
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/fault/internal.h"
#include "include/uaccess.h"
#include "include/uapi/signal.h"
#include "kernel/sync/lockstat.h"
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
	INV(H3, current_base()->pagefault_off > 0);
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
	} else if (rc & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON)) {
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

	mmap_assert_locked(mm);
	mmap_read_unlock(mm);
	mmap_write_lock(mm);
	vma = find_extend_vma(mm, address);
	mmap_write_downgrade(mm);
	return vma;
}

/* May the fault of kernel code on a user address be served at all? */
static bool kernel_may_fault(const struct task_base *task, const struct pt_regs *regs)
{
	return regs_uaccess(regs) && !task->pagefault_off && !regs_irqs_disabled(regs) &&
	       !mm_is_unstable(task->mm);
}

static __always_inline void fault_unlock_region(struct vm_area_struct *vma, unsigned flags) NO_LOCK_ANALYSIS
{
	if (likely(flags & FAULT_FLAG_VMA_LOCK))
		vma_end_read(vma);
	else
		mmap_read_unlock(vma->vm_mm);
}

void vmf_drop_lock(struct vm_fault *vmf)
{
	fault_unlock_region(vmf->vma, vmf->flags);
}

/* What fault_attempt() says beside VM_FAULT_*: there is no region, or it forbids the access. */
#define FAULT_BAD_MAP		0x10000u
#define FAULT_BAD_ACCESS	0x20000u

/* One attempt in @vma, whose lock is held, and is not any more. */
static __always_inline unsigned fault_attempt(struct vm_area_struct *vma, vaddr_t address, unsigned flags)
{
	unsigned rc = FAULT_BAD_ACCESS;

	INV(H1, flags & FAULT_FLAG_VMA_LOCK ? vma->vm_lock >= VMA_LOCK_READER :
					      rwsem_is_locked(&vma->vm_mm->mmap_lock));
	INV(H2, vma_covers(vma, address));
	if (likely(access_allowed(vma, flags))) {
		rc = handle_mm_fault(vma, address, flags);
		if (unlikely(rc & VM_FAULT_RETRY))
			return rc;
	}
	fault_unlock_region(vma, flags);
	return rc;
}

/*
 * One attempt under mmap_lock: what lies there changes at this moment, nothing does, a stack is to grow, or the
 * fault wants it.
 */
static unsigned fault_attempt_mmap(struct mm_struct *mm, vaddr_t address, unsigned flags) NO_LOCK_ANALYSIS
{
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(mm))
		return VM_FAULT_RETRY;
	vma = fault_region(mm, address);
	if (likely(vma))
		return fault_attempt(vma, address, flags & ~FAULT_FLAG_VMA_LOCK);
	mmap_read_unlock(mm);
	return FAULT_BAD_MAP;
}

#define FAULT_FLAGS_FIRST	(FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE | FAULT_FLAG_VMA_LOCK)

/*
 * The first attempt found no region that it could lock (@rc: RETRY | MMAP_LOCK), or had to wait and let its lock go.
 * Again, until the access is served, or we are killed, or there is a signal for user mode (RETRY).
 */
static __noinline unsigned fault_retry(struct mm_struct *mm, vaddr_t address, unsigned flags, unsigned rc)
{
	unsigned major = 0;

	flags |= FAULT_FLAGS_FIRST;
	while (rc & VM_FAULT_RETRY) {
		struct vm_area_struct *vma = NULL;

		INV(H1, !(rc & VM_FAULT_ERROR));	/* an attempt that is made again has done nothing */

		if (fatal_signal_pending() || (flags & FAULT_FLAG_USER && signal_pending()))
			return VM_FAULT_RETRY;
		major |= rc & VM_FAULT_MAJOR;
		if (!(rc & VM_FAULT_MMAP_LOCK)) {
			flags |= FAULT_FLAG_TRIED;
			vma = lock_vma_under_rcu(mm, address);
		}
		rc = vma ? fault_attempt(vma, address, flags) : fault_attempt_mmap(mm, address, flags);
	}
	return rc | major;
}

/* What did not simply succeed: account for it, or tell who made the access. */
static __noinline void fault_result(struct pt_regs *regs, vaddr_t address, unsigned flags, unsigned rc)
{
	struct task_base *task = current_base();

	if (rc & (FAULT_BAD_MAP | FAULT_BAD_ACCESS)) {
		bad_area(regs, address, flags, rc & FAULT_BAD_MAP ? SEGV_MAPERR : SEGV_ACCERR);
	} else if (rc & VM_FAULT_RETRY) {	/* killed, or a signal comes first */
		if (!(flags & FAULT_FLAG_USER))
			no_context(regs, address, flags);
	} else if (!(flags & FAULT_FLAG_USER) && mm_is_unstable(task->mm)) {
		/* The reaper marks the space, then clears entries: who finds no mark was served before. */
		no_context(regs, address, flags);
	} else if (rc & VM_FAULT_ERROR) {
		fault_error(regs, address, flags, rc);
	} else if (rc & VM_FAULT_MAJOR) {
		count_vm_event(PGMAJFAULT);
		task->maj_flt++;
	} else {
		task->min_flt++;
	}
}

static __always_inline void page_fault(struct pt_regs *regs, unsigned long address, unsigned flags)
{
	struct mm_struct *mm = current_base()->mm;
	struct vm_area_struct *vma;
	unsigned rc;

	if (unlikely(address >= task_size)) {
		kernel_address_fault(regs, address, flags);
		return;
	}
	if (unlikely(!mm || (!(flags & FAULT_FLAG_USER) && !kernel_may_fault(current_base(), regs)))) {
		no_context(regs, address, flags);
		return;
	}
	count_vm_event(PGFAULT);
	vma = lock_vma_under_rcu(mm, address);
	rc = likely(vma) ? fault_attempt(vma, address, flags | FAULT_FLAGS_FIRST) :
			   VM_FAULT_RETRY | VM_FAULT_MMAP_LOCK;
	if (likely(!rc && flags & FAULT_FLAG_USER)) {
		current_base()->min_flt++;
		return;
	}
	if (rc & VM_FAULT_RETRY)
		rc = fault_retry(current_base()->mm, address, flags, rc);
	fault_result(regs, address, flags, rc);
}

void do_page_fault(struct pt_regs *regs, unsigned long address, unsigned flags)
{
	bool was = lock_count_begin();

	page_fault(regs, address, flags);
	lock_count_end(was);
}
