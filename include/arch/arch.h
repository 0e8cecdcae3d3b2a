/*
 * include/arch/arch.h - the contract that an instruction set fulfils, and the calls it may make
 * upwards.  The one place to read before porting.  arch/riscv implements it for hardware,
 * test/host/arch for the host tests (with a TLB that forgets nothing until told).
 *
 * MODEL     Small and hot parts are inline, in the ISA's own <asm/...> headers:
 *             <asm/current.h>  current_base(): the running task, as struct task_base *.
 *             <asm/irqflags.h> arch_irq_save() -> unsigned long, arch_irq_restore(flags),
 *                              arch_irq_enable(), arch_irq_disable(), arch_irqs_disabled(),
 *                              arch_cpu_relax(), arch_wait_for_interrupt().
 *             <asm/pte.h>      pte_t and what it can say (below).
 *             <asm/layout.h>   where things are: page_offset, vmemmap, the vmalloc range, task_size;
 *                              phys_to_virt(pa), virt_to_phys(va), pfn_to_page(), page_to_pfn(),
 *                              page_to_virt(), virt_to_page(), page_to_phys(), phys_to_page().
 *             <asm/ptrace.h>   struct pt_regs; user_mode(regs), instruction_pointer(regs),
 *                              user_stack_pointer(regs), syscall_get_nr/arg/set_return.
 *             <asm/thread.h>   struct thread_struct: what switch_to() saves.
 *
 *           <asm/pte.h>: `typedef struct { ... } pte_t`, one type for every level.  Which bit says what, and in
 *           which sense, is the ISA's own: nothing outside arch/ names one (tools/layercheck).
 *             PT_ENTRIES_SHIFT; pt_levels (fixed at boot); pt_span(level) bytes that an entry covers;
 *             pt_index(va, level).  Of a process's root the first PT_USER_ENTRIES are the user's; the kernel's
 *             addresses have theirs in init_mm's, from PT_KERNEL_FIRST on.  They may be one table (every root
 *             has a copy of the kernel's entries) or two: a kernel address is looked up in init_mm only.
 *             A valid entry that comes to point to another frame, or to a table instead of a leaf, passes through
 *             empty, and a flush, on the way: some harts take two answers for one address badly (L8: break before
 *             make).  More or fewer permissions, A and D change in place.
 *             What it is: pte_none, pte_present (valid, or PROT_NONE marked), pte_hw_valid (the hardware may use it),
 *             pte_is_leaf, pte_is_table, pte_read/write/exec/user/young/dirty/global/special; pte_same(a, b);
 *             pte_val(pte): a number, to be printed only.
 *             pte_empty(): the one that is pte_none; all its bytes are 0, so a zeroed page is a table.
 *             From one another, in registers: pfn_pte(pfn, prot), pte_pfn, pte_prot (what is left without the frame),
 *             pte_mkwrite, pte_wrprotect, pte_mkdirty, pte_mkclean, pte_mkyoung, pte_mkold, pte_mkspecial,
 *             pte_modify(pte, prot) (prot's permissions; frame, A, D, special stay), pte_advance_pfn(pte, nr).
 *             pte_lost_perms(old, now): not 0 if @now, of the same frame, forbids what @old allowed, so that a flush
 *             is due before it is relied upon (L3).  A and D are not permissions.
 *             pte_table(pa) (an entry that points to a table), pte_to_table(pte) -> pte_t *.
 *             In memory, where the hardware may set A and D at any moment:
 *             pte_load(p), set_pte(p, pte); pte_clear(p): of what no hardware writes to (empty ones, tables,
 *             software's, kernel leaves); ptep_get_and_clear(p) and ptep_xchg(p, pte): atomic, the last A and D come
 *             back; ptep_cmpxchg(p, old, new);
 *             ptep_set_access_flags(p, entry): atomically give the entry A, D and the write permission that @entry
 *             has beyond it; never takes any away, and keeps what the hardware sets;
 *             ptep_set_wrprotect(p): atomically take the write permission, keeping A and D; the entry as it is now;
 *             ptep_test_and_clear_young(p): was it young?  No flush.
 *             Software entries: pte_swp(type, offset) and pte_file(pgoff), with their tests and
 *             getters; the hardware takes them for invalid, and they are not pte_none.  SWP_TYPES: how many types;
 *             an offset has 47 bits at least; FILE_PGOFF_BITS: how many has a page's number in its file.
 *             PAGE_KERNEL, PAGE_KERNEL_RO, PAGE_KERNEL_EXEC, PAGE_KERNEL_IO (pte_t without frame),
 *             vm_prot(vm_flags): user permissions, write only where VM_SHARED says so; young, as it is used at once.
 *
 * LOCKING   None here; each call names what it needs.
 * SEE       RISC-V Privileged specification, chapter 12 (Supervisor); doc/design.md, the TLB laws.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_H
#define VELLUM_ARCH_H

#include "include/current.h"
#include "include/types.h"
#include <asm/current.h>
#include <asm/irqflags.h>
#include <asm/layout.h>
#include <asm/pte.h>

struct mm_struct;
struct pt_regs;
struct task_struct;
struct vm_area_struct;

/* ---- translations ---------------------------------------------------------------------------- */

enum tlb_what {
	TLB_RANGE,		/* leaf entries of [start, end) */
	TLB_ALL,		/* the whole address space, tables too (L4) */
};

/* One order to forget translations of @mm (init_mm: kernel mappings, global). */
struct tlb_req {
	struct mm_struct *mm;
	enum tlb_what what;
	unsigned long start, end;
	unsigned long stride;	/* bytes between entries: PAGE_SIZE, or a large leaf's span */
};

/*
 * Carry out @req on every hart of @harts, and return when all have done so.
 * Every ISA keeps mm->harts (arch_switch_mm()): an empty set means that nobody can hold a translation.  One whose
 * hardware sends flushes to all harts may reach more than those asked for.
 * => interrupts on, unless @harts holds at most this hart; never fails (L1)
 */
void arch_tlb_flush(hartmask_t harts, const struct tlb_req *req);

/* The same on this hart only; any context. */
void arch_tlb_flush_local(const struct tlb_req *req);

/* One user page on this hart: after a spurious fault or more permission (L2, L3). */
void arch_tlb_flush_local_page(struct mm_struct *mm, unsigned long va);

/* One kernel page that only this hart ever looks at; not counted. */
void arch_tlb_flush_window(unsigned long va);

/*
 * Make @next the address space of this hart.  Sets this hart in next->harts before its first
 * walk, and takes what ASIDs and fences that needs (L5); runs a deferred fence.i (L6).
 * => interrupts off
 */
void arch_switch_mm(struct mm_struct *prev, struct mm_struct *next);

/* Most bits of ASID the hardware keeps (0: none), after `asidbits=`. */
extern unsigned arch_asid_bits;

/* Instructions were written to [start, end) of user or kernel memory (L6). */
void flush_icache_range(unsigned long start, unsigned long end);
void flush_icache_mm(struct mm_struct *mm, bool local);
/* A page was filled by the kernel and is about to be mapped executable. */
void flush_icache_page(struct vm_area_struct *vma, struct page *page);
/* The kernel wrote to a page that may have been mapped executable: who maps it from now on flushes again. */
void flush_dcache_page(struct page *page);

/*
 * debug_pagealloc=on: take frames [pfn, pfn + nr) out of the direct map, on every hart, or put them back.
 * The direct map has leaves of one page then.  Any context.
 */
void arch_direct_map_hide(pfn_t pfn, unsigned long nr);
void arch_direct_map_show(pfn_t pfn, unsigned long nr);

/* Fill or copy one page with the widest stores there are. */
void clear_page(void *page);
void copy_page(void *to, const void *from);

/* ---- user memory: include/uaccess.h ---------------------------------------------------------- */

/* Bytes NOT copied (0: all).  They check nothing but fix faults up; may sleep. */
unsigned long arch_copy_user(void *to, const void *from, unsigned long n);
unsigned long arch_clear_user(void __user *to, unsigned long n);
/* If @pc is a user access or a probe, move @regs to its fixup and return true. */
bool fixup_exception(struct pt_regs *regs);

/* ---- harts, time ----------------------------------------------------------------------------- */

void arch_send_reschedule(unsigned hart);	/* makes it pass through its exit-to-user work */
void arch_call_on(hartmask_t harts, void (*fn)(void *), void *arg);	/* waits; irqs on */
u64 arch_time_ticks(void);
extern u64 arch_time_hz;
void arch_timer_set(u64 ticks);			/* one-shot, this hart, absolute */
__noreturn void arch_machine_poweroff(void);
__noreturn void arch_machine_restart(void);
__noreturn void arch_machine_halt(void);

/* ---- reports: kernel/panic.c ------------------------------------------------------------------ */

/* All registers of @regs, each line begun with the log level @level. */
void arch_show_regs(const char *level, const struct pt_regs *regs);
/* Does the word @addr of a kernel stack point behind a call instruction of the kernel's? */
bool is_return_address(unsigned long addr);

/* ---- up-calls: what the ISA calls ------------------------------------------------------------ */

/* A page-fault exception.  mm/fault/fault.c */
void do_page_fault(struct pt_regs *regs, unsigned long address, unsigned fault_flags);
/* About to return to user mode with current->work set; interrupts off on entry and exit. */
void exit_to_user_work(struct pt_regs *regs);
/* This hart's one-shot timer fired; interrupts off.  kernel/time */
void timer_interrupt(struct pt_regs *regs);
/* A reschedule request arrived.  kernel/sched */
void scheduler_ipi(void);
/* Send the running task a signal for a fault; kills it if the signal is blocked or ignored. */
void force_sig_fault(int sig, int code, unsigned long addr);
/* An exception in the kernel that nothing fixes up: print it; kill the task, or panic. */
__noreturn void die(const char *what, struct pt_regs *regs);

#endif
