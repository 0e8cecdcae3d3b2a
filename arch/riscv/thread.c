/*
 * arch/riscv/thread.c - the context of a task: first run, switch, floating point.
 *
 * MODEL     FS in the status word of the user registers says where the user's floating-point state is:
 *             Off      it has none yet; the first instruction that wants it traps, and gets zeros
 *             Clean    thread.fp is it; this hart's registers hold it too, if the hart's fp_owner
 *                      is the task and thread.fp_hart is the hart
 *             Dirty    only this hart's registers are it
 *           A task that is switched out is never Dirty; one that runs in user mode and is not Off is
 *           always the owner.  The kernel uses no floating point, so states move at switches only.
 *             Off --fp_first_use--> Clean --hardware--> Dirty --fp_save--> Clean
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "kernel/task/task.h"
#include "include/uapi/sched.h"
#include "lib/string.h"
#include "arch/riscv/thread_fp.h"
#include <asm/csr.h>

BUILD_ASSERT(offsetof(struct thread_struct, ra) == THREAD_RA);
BUILD_ASSERT(offsetof(struct thread_struct, sp) == THREAD_SP);
BUILD_ASSERT(offsetof(struct thread_struct, s) == THREAD_S0);
BUILD_ASSERT(offsetof(struct fp_state, fcsr) == 256);

static DEFINE_PER_HART(struct task_struct *, fp_owner);

struct task_struct *__switch_to(struct thread_struct *from, struct thread_struct *to,
				struct task_struct *next, struct task_struct *prev);
void fp_store_regs(struct fp_state *fp);
void fp_load_regs(const struct fp_state *fp);
void ret_from_fork(void);

static void set_fs(struct pt_regs *regs, unsigned long fs)
{
	regs->status = (regs->status & ~SR_FS) | fs;
}

/* The hart's registers become what thread.fp of @t says. */
static void fp_load(struct task_struct *t)
{
	csr_set(sstatus, SR_FS);
	fp_load_regs(&t->thread.fp);
	t->thread.fp_hart = t->hart;
	*this_hart_ptr(&fp_owner) = t;
}

/* Dirty => Clean. */
static void fp_save(struct task_struct *t, struct pt_regs *regs)
{
	csr_set(sstatus, SR_FS);
	fp_store_regs(&t->thread.fp);
	t->thread.fp_hart = t->hart;
	*this_hart_ptr(&fp_owner) = t;
	set_fs(regs, SR_FS_CLEAN);
}

void fp_save_current(void)
{
	struct pt_regs *regs = current_pt_regs();

	if ((regs->status & SR_FS) == SR_FS_DIRTY)
		fp_save(current, regs);
}

void fp_reload_current(void)
{
	fp_load(current);
	set_fs(current_pt_regs(), SR_FS_CLEAN);
}

bool fp_first_use(struct pt_regs *regs)
{
	if ((regs->status & SR_FS) != SR_FS_OFF || !has_fpu())
		return false;
	memset(&current->thread.fp, 0, sizeof(current->thread.fp));
	fp_reload_current();
	return true;
}

struct task_struct *switch_to(struct task_struct *prev, struct task_struct *next)
{
	struct pt_regs *from = task_pt_regs(prev), *to = task_pt_regs(next);

	next->hart = prev->hart;
	next->hart_off = prev->hart_off;
	if (unlikely((from->status & SR_FS) == SR_FS_DIRTY))
		fp_save(prev, from);
	if (unlikely(to->status & SR_FS) &&
	    (*this_hart_ptr(&fp_owner) != next || next->thread.fp_hart != next->hart))
		fp_load(next);
	return __switch_to(&prev->thread, &next->thread, next, prev);
}

void arch_copy_thread(struct task_struct *p, const struct kernel_clone_args *args,
		      const struct pt_regs *regs)
{
	struct pt_regs *child = task_pt_regs(p);

	p->thread.ra = (unsigned long)ret_from_fork;
	p->thread.sp = (unsigned long)child;
	p->thread.fp_hart = -1;
	p->thread.s[0] = (unsigned long)args->fn;
	p->thread.s[1] = (unsigned long)args->fn_arg;
	if (args->fn) {
		memset(child, 0, sizeof(*child));
		child->status = SR_SPP | SR_SPIE;
		return;
	}
	fp_save_current();
	*child = *regs;
	if (regs->status & SR_FS)
		p->thread.fp = current->thread.fp;
	child->a0 = 0;
	if (args->stack)
		child->sp = args->stack;
	if (args->flags & CLONE_SETTLS)
		child->tp = args->tls;
}

void arch_start_thread(struct pt_regs *regs, unsigned long pc, unsigned long sp)
{
	memset(regs, 0, sizeof(*regs));
	regs->epc = pc;
	regs->sp = sp;
	regs->status = (csr_read(sstatus) & ~(SR_SPP | SR_SIE | SR_FS | SR_SUM)) | SR_SPIE;
	syscall_forget(regs);
	__atomic_fetch_or(&current->work, WORK_ARCH_FULL, __ATOMIC_RELAXED);
}
