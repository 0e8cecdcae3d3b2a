/*
 * kernel/syscall/dispatch.c - syscall user dispatch: a thread's own system calls become signals.
 *
 * MODEL     A thread names a region of code whose calls are its own, and a byte that says about all others: let
 *           them through, or make each a SIGSYS that tells the handler which call it was.  So programs of other
 *           systems run inside an emulator.
 *           What makes it free for everybody else: entry.S compares a call's number with task->fast_syscalls,
 *           which is NR_SYSCALLS, or 0 for such a thread.  Then syscall_enter() decides.
 * LOCKING   Own thread only.
 * TESTS     test/user/t_dispatch.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/syscall/dispatch.h"
#include "include/uaccess.h"
#include "include/uapi/prctl.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall/table.h"
#include "kernel/task/task.h"
#include "lib/string.h"

#define AUDIT_ARCH_RISCV64	0xc00000f3u

void clear_syscall_dispatch(struct task_struct *t)
{
	t->fast_syscalls = NR_SYSCALLS;
	t->dispatch = (struct syscall_dispatch){ 0 };
}

long set_syscall_dispatch(unsigned long mode, unsigned long offset, unsigned long len, u8 __user *selector)
{
	if (mode == PR_SYS_DISPATCH_OFF) {
		if (offset || len || selector)
			return -EINVAL;
		clear_syscall_dispatch(current);
		return 0;
	}
	if (mode != PR_SYS_DISPATCH_ON || (offset && offset + len <= offset))
		return -EINVAL;
	if (selector && !access_ok(selector, 1))
		return -EFAULT;
	current->dispatch = (struct syscall_dispatch){ offset, len, selector };
	current->fast_syscalls = 0;
	return 0;
}

static void send_sigsys(const struct pt_regs *regs)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGSYS;
	info.si_code = SYS_USER_DISPATCH;
	info.si_call_addr = (void __user *)instruction_pointer(regs);
	info.si_syscall = syscall_get_nr(regs);
	info.si_arch = AUDIT_ARCH_RISCV64;
	force_sig_info(&info);
}

/* Is the call of @regs none of ours: has it become a signal? */
static bool dispatched(struct pt_regs *regs)
{
	const struct syscall_dispatch *d = &current->dispatch;
	u8 state = SYSCALL_DISPATCH_FILTER_BLOCK;

	if (instruction_pointer(regs) - d->offset < d->len)
		return false;
	if (d->selector && get_user(state, d->selector)) {
		force_fatal_sig(SIGSEGV);
		return true;
	}
	if (state == SYSCALL_DISPATCH_FILTER_ALLOW)
		return false;
	if (state != SYSCALL_DISPATCH_FILTER_BLOCK)
		force_fatal_sig(SIGSYS);
	else
		send_sigsys(regs);
	syscall_forget(regs);
	return true;
}

/* A call that entry.S does not look up itself: what is to be called; NULL, with @regs as they were: nothing. */
syscall_fn syscall_enter(struct pt_regs *regs)
{
	unsigned long nr = regs->a7;

	if (!current->fast_syscalls && dispatched(regs))
		return NULL;
	return nr < NR_SYSCALLS ? sys_call_table[nr] : sys_ni_syscall;
}
