/*
 * arch/riscv/trap.c - what an exception or an interrupt means.
 *
 * MODEL     entry.S sends page faults to do_page_fault() and system calls to the table itself; the rest comes
 *           here.  From user mode an exception is a signal, with the numbers, codes and addresses
 *           that Linux gives; from the kernel it is a fixup or the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/smp.h"
#include "arch/riscv/thread_fp.h"
#include "arch/riscv/timer.h"
#include "include/arch/arch.h"
#include "include/kasan.h"
#include "kernel/irq.h"
#include "kernel/ktest_hook.h"
#include "kernel/panic.h"
#include "kernel/syscall/table.h"
#include "kernel/task/task.h"
#include "lib/printk.h"
#include <asm/csr.h>

BUILD_ASSERT(sizeof(struct pt_regs) == PT_SIZE);
BUILD_ASSERT(offsetof(struct pt_regs, sp) == PT_SP && offsetof(struct pt_regs, a0) == PT_A0);
BUILD_ASSERT(offsetof(struct pt_regs, s2) == PT_S2 && offsetof(struct pt_regs, t6) == PT_T6);
BUILD_ASSERT(offsetof(struct pt_regs, orig_a0) == PT_ORIG_A0);
BUILD_ASSERT(offsetof(struct task_base, kernel_sp) == 0 && offsetof(struct task_base, user_sp) == 8);
BUILD_ASSERT(offsetof(struct task_base, work) == 16 && offsetof(struct task_base, hart_off) == 24);
BUILD_ASSERT(offsetof(struct task_base, fast_syscalls) == 32);

DEFINE_PER_HART(struct emergency_stack { char bytes[EMERGENCY_STACK] __aligned(16); }, emergency_stack);

bool (*stack_overflow_hook)(const struct pt_regs *regs);

struct trap_kind { const char *name; int sig, code; };

static const struct trap_kind trap_kinds[] = {
	[EXC_INST_MISALIGNED]	= { "Oops - instruction address misaligned", SIGBUS, BUS_ADRALN },
	[EXC_INST_ACCESS]	= { "Oops - instruction access fault", SIGSEGV, SEGV_ACCERR },
	[EXC_INST_ILLEGAL]	= { "Oops - illegal instruction", SIGILL, ILL_ILLOPC },
	[EXC_BREAKPOINT]	= { "Oops - breakpoint", SIGTRAP, TRAP_BRKPT },
	[EXC_LOAD_MISALIGNED]	= { "Oops - load address misaligned", SIGBUS, BUS_ADRALN },
	[EXC_LOAD_ACCESS]	= { "Oops - load access fault", SIGSEGV, SEGV_ACCERR },
	[EXC_STORE_MISALIGNED]	= { "Oops - store (or AMO) address misaligned", SIGBUS, BUS_ADRALN },
	[EXC_STORE_ACCESS]	= { "Oops - store (or AMO) access fault", SIGSEGV, SEGV_ACCERR },
	[EXC_SYSCALL]		= { "Oops - environment call from U-mode", SIGILL, ILL_ILLTRP },
	[EXC_INST_PAGE_FAULT]	= { "Oops - instruction page fault", SIGSEGV, SEGV_MAPERR },
	[EXC_LOAD_PAGE_FAULT]	= { "Oops - load page fault", SIGSEGV, SEGV_MAPERR },
	[EXC_STORE_PAGE_FAULT]	= { "Oops - store/AMO page fault", SIGSEGV, SEGV_MAPERR },
};

static const struct trap_kind *trap_kind(unsigned long cause)
{
	static const struct trap_kind unknown = { "Oops - unknown exception", SIGILL, ILL_ILLTRP };

	return cause < ARRAY_SIZE(trap_kinds) && trap_kinds[cause].name ? &trap_kinds[cause] : &unknown;
}

/* => interrupts on */
void do_user_exception(struct pt_regs *regs)
{
	const struct trap_kind *k = trap_kind(regs->cause);

	if (regs->cause == EXC_INST_ILLEGAL && fp_first_use(regs))
		return;
	force_sig_fault(k->sig, k->code, regs->epc);
}

/* => interrupts as they were */
void do_kernel_exception(struct pt_regs *regs)
{
	if (!fixup_exception(regs))
		die(trap_kind(regs->cause)->name, regs);
}

/* The running task ends on its own stack, whose frames nobody comes back to.  => interrupts off */
static __noreturn void end_on_own_stack(void)
{
	kasan_unpoison((void *)(current_base()->kernel_sp - THREAD_SIZE), THREAD_SIZE);
	__asm__ volatile("mv sp, %0\n\tcsrsi sstatus, 2\n\tli a0, %1\n\tcall do_exit"
			 :: "r"(current_base()->kernel_sp), "i"(SIGSEGV) : "memory");
	__builtin_unreachable();
}

/* => on the hart's emergency stack, interrupts off */
void kernel_stack_overflow(struct pt_regs *regs)
{
	pr_emerg("Kernel stack overflow: task stack [%016lx, %016lx), sp %016lx\n",
		 current_base()->kernel_sp - THREAD_SIZE, current_base()->kernel_sp, regs->sp);
	show_regs(regs);
	show_trace(regs->epc, current_base()->kernel_sp - THREAD_SIZE);
	if (!stack_overflow_hook || !stack_overflow_hook(regs))
		panic("Kernel stack overflow");
	end_on_own_stack();
}

/* => interrupts off on entry and exit */
void do_interrupt(struct pt_regs *regs)
{
	unsigned long ranks = lock_check_irq_enter();

	switch (regs->cause & ~CAUSE_IRQ_FLAG) {
	case IRQ_S_TIMER:
		irq_kind_count(IRQ_KIND_TIMER);
		arch_timer_stop();
		timer_interrupt(regs);
		break;
	case IRQ_S_SOFT:
		csr_clear(sip, SIE_SSIE);
		ipi_handle(regs);
		break;
	case IRQ_S_EXT:
		irq_dispatch();
		break;
	default:
		panic("unexpected interrupt %lu", regs->cause & ~CAUSE_IRQ_FLAG);
	}
	lock_check_irq_exit(ranks);
}
