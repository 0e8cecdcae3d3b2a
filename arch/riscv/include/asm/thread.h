/*
 * asm/thread.h - what a task keeps of the hart while another one runs on it.
 *
 * MODEL     switch_to() saves what C expects to survive a call: ra, sp, s0..s11.  All else is on
 *           the kernel stack.  The user's floating-point state: thread.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_THREAD_H
#define VELLUM_ASM_THREAD_H

#define THREAD_RA	0		/* offsets in thread_struct, for switch.S */
#define THREAD_SP	8
#define THREAD_S0	16

#ifndef __ASSEMBLY__
#include "include/types.h"

struct fp_state {
	u64 f[32];
	u32 fcsr;
	u32 __pad;
};

struct thread_struct {
	unsigned long ra, sp, s[12];
	int fp_hart;			/* whose registers held fp last; -1 none */
	struct fp_state fp;		/* valid when the user's FS is Clean */
};

struct kernel_clone_args;
struct pt_regs;
struct task_struct;

/* Run @next on this hart; returns in @prev's context later, with the task that ran before it.
 * => interrupts off; the address space has been switched by arch_switch_mm() */
struct task_struct *switch_to(struct task_struct *prev, struct task_struct *next);

/*
 * Prepare @p's first run: p->stack and p->kernel_sp are set.  A user task (args->fn == NULL) returns 0 from the
 * system call whose registers are @regs, on args->stack if that is not 0, with args->tls under CLONE_SETTLS;
 * a kernel thread calls args->fn(args->fn_arg), and goes to user mode when that returns (exec).
 * Both call schedule_tail(prev) first (kernel/sched).
 */
void arch_copy_thread(struct task_struct *p, const struct kernel_clone_args *args,
		      const struct pt_regs *regs);
void schedule_tail(struct task_struct *prev);

/* exec: @regs start at @pc with stack @sp and nothing else; floating point is initial again. */
void arch_start_thread(struct pt_regs *regs, unsigned long pc, unsigned long sp);

/* Bring thread.fp of the running task up to date / make what it says the user's state. */
void fp_save_current(void);
void fp_reload_current(void);

/* AT_HWCAP. */
extern unsigned long elf_hwcap;
#define ELF_PLATFORM	NULL

struct mm_struct;
/* Map the vDSO and its data page into @mm; sets mm->vdso.  0 or -errno */
int arch_setup_vdso(struct mm_struct *mm);

#endif
#endif
