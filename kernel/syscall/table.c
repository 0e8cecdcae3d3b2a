/*
 * kernel/syscall/table.c - system calls by number.
 *
 * MODEL     Every number of riscv64 has an entry, sys_<name>.  Each such name is defined weakly here as
 *           sys_ni_syscall(); whoever implements the call defines it for good.  So the table has
 *           no holes and entry.S calls through it without a test.
 *           What is not there returns -ENOSYS, is named in the log the first time, and counted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/syscall/table.h"
#include "include/arch/arch.h"
#include "include/uapi/errno.h"
#include "kernel/task/task.h"
#include "lib/printk.h"

static atomic_t ni_count[NR_SYSCALLS + 1];	/* the last is for numbers outside the table */

long sys_ni_syscall(long a, long b, long c, long d, long e, long f)
{
	unsigned long nr = (unsigned long)syscall_get_nr(current_pt_regs());

	(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	if (nr > NR_SYSCALLS)
		nr = NR_SYSCALLS;
	if (atomic_inc_return(&ni_count[nr]) == 1)
		printk(KERN_DEBUG "%s[%d]: system call %ld (%s) is not there\n", current->comm, current->pid,
			syscall_get_nr(current_pt_regs()), syscall_name(nr));
	return -ENOSYS;
}

#define X(nr, name) \
	long sys_##name(long, long, long, long, long, long) __attribute__((weak, alias("sys_ni_syscall")));
VELLUM_SYSCALLS(X)
#undef X

#pragma GCC diagnostic ignored "-Woverride-init"	/* the gaps first, then what is there */
#define X(nr, name)	[nr] = sys_##name,
const syscall_fn sys_call_table[NR_SYSCALLS] = {
	[0 ... NR_SYSCALLS - 1] = sys_ni_syscall,
	VELLUM_SYSCALLS(X)
	[__NR_clone] = arch_sys_clone,		/* these want the caller's full registers */
	[__NR_clone3] = arch_sys_clone3,
};
#undef X

#define X(nr, name)	[nr] = #name,
static const char *const names[NR_SYSCALLS] = { VELLUM_SYSCALLS(X) };
#undef X

const char *syscall_name(unsigned long nr)
{
	return nr < NR_SYSCALLS && names[nr] ? names[nr] : "?";
}
