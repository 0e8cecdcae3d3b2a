/*
 * kernel/task/prctl.c - prctl(), personality().
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/prctl.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall/dispatch.h"
#include "kernel/task/cred.h"
#include "kernel/task/prctl_mm.h"
#include "lib/string.h"
#include "mm/space/mm.h"

static long prctl_set_name(const char __user *name)
{
	char comm[TASK_COMM_LEN] = { 0 };

	if (strncpy_from_user(comm, name, sizeof(comm) - 1) < 0)
		return -EFAULT;
	memcpy(current->comm, comm, sizeof(comm));
	return 0;
}

static long prctl_get_name(char __user *name)
{
	return copy_to_user(name, current->comm, sizeof(current->comm)) ? -EFAULT : 0;
}

static long prctl_bset_drop(unsigned long cap)
{
	struct cred *new;

	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->cap_bset &= ~BIT(cap);
	commit_creds(new);
	return 0;
}

static long prctl_securebits(unsigned long bits)
{
	const struct cred *old = current_cred();
	struct cred *new;

	if (((old->securebits & SECURE_ALL_LOCKS) >> 1 & (old->securebits ^ bits)) ||
	    (old->securebits & SECURE_ALL_LOCKS & ~bits) ||
	    (bits & ~(unsigned long)(SECURE_ALL_LOCKS | SECURE_ALL_BITS)) || !capable(CAP_SETPCAP))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->securebits = bits;
	commit_creds(new);
	return 0;
}

static long prctl_keepcaps(unsigned long on)
{
	struct cred *new;

	if (on > 1)
		return -EINVAL;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->securebits = on ? new->securebits | SECBIT_KEEP_CAPS : new->securebits & ~SECBIT_KEEP_CAPS;
	commit_creds(new);
	return 0;
}

static long prctl_ambient(unsigned long what, unsigned long cap)
{
	const struct cred *old = current_cred();
	struct cred *new;

	if (what == PR_CAP_AMBIENT_CLEAR_ALL ? cap != 0 : cap > CAP_LAST_CAP)
		return -EINVAL;
	if (what == PR_CAP_AMBIENT_IS_SET)
		return old->cap_ambient >> cap & 1;
	if (what != PR_CAP_AMBIENT_RAISE && what != PR_CAP_AMBIENT_LOWER && what != PR_CAP_AMBIENT_CLEAR_ALL)
		return -EINVAL;
	if (what == PR_CAP_AMBIENT_RAISE &&
	    (!(old->cap_permitted & old->cap_inheritable & BIT(cap)) ||
	     (old->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (what == PR_CAP_AMBIENT_CLEAR_ALL)
		new->cap_ambient = 0;
	else if (what == PR_CAP_AMBIENT_RAISE)
		new->cap_ambient |= BIT(cap);
	else
		new->cap_ambient &= ~BIT(cap);
	commit_creds(new);
	return 0;
}

/* SUID_DUMP_ROOT is not for programs to choose. */
static long prctl_set_dumpable(unsigned long value)
{
	if (value != SUID_DUMP_DISABLE && value != SUID_DUMP_USER)
		return -EINVAL;
	set_dumpable(current->mm, value);
	return 0;
}

/* How it is told of a broken page of its memory: at once, or when it touches it. */
static long prctl_mce_kill(unsigned long what, unsigned long how)
{
	if (what == PR_MCE_KILL_CLEAR ? how != 0 : what != PR_MCE_KILL_SET || how > PR_MCE_KILL_DEFAULT)
		return -EINVAL;
	current->mce_kill = what == PR_MCE_KILL_CLEAR ? PR_MCE_KILL_DEFAULT : how;
	return 0;
}

/* A program that others wait for to write, as the daemon of a file system in user space. */
#define PR_IO_FLUSHER	(PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE)

/* @rest: arguments that have to be 0, or'ed. */
static long prctl_set_io_flusher(unsigned long on, unsigned long rest)
{
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (on > 1 || rest)
		return -EINVAL;
	current->flags = on ? current->flags | PR_IO_FLUSHER : current->flags & ~PR_IO_FLUSHER;
	return 0;
}

static long prctl_get_io_flusher(unsigned long rest)
{
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	return rest ? -EINVAL : (current->flags & PR_IO_FLUSHER) == PR_IO_FLUSHER;
}

/* ---- prctl(2): an option that one does not know is the next one's ----------------------------- */

/* What it may do, and others to it. */
static long prctl_rights(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	switch (option) {
	case PR_GET_DUMPABLE:
		return get_dumpable(current->mm);
	case PR_SET_DUMPABLE:
		return prctl_set_dumpable(a2);
	case PR_GET_KEEPCAPS:
		return !!(current_cred()->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return prctl_keepcaps(a2);
	case PR_CAPBSET_READ:
		return a2 > CAP_LAST_CAP ? -EINVAL : (long)(current_cred()->cap_bset >> a2 & 1);
	case PR_CAPBSET_DROP:
		return prctl_bset_drop(a2);
	case PR_GET_SECUREBITS:
		return current_cred()->securebits;
	case PR_SET_SECUREBITS:
		return prctl_securebits(a2);
	case PR_SET_NO_NEW_PRIVS:
		if (a2 != 1 || a3 || a4 || a5)
			return -EINVAL;
		current->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return a2 || a3 || a4 || a5 ? -EINVAL : current->no_new_privs;
	case PR_CAP_AMBIENT:
		return a4 || a5 ? -EINVAL : prctl_ambient(a2, a3);
	default:
		return -EINVAL;
	}
}

/* Its memory. */
static long prctl_memory(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	switch (option) {
	case PR_MCE_KILL:
		return a4 || a5 ? -EINVAL : prctl_mce_kill(a2, a3);
	case PR_MCE_KILL_GET:
		return a2 || a3 || a4 || a5 ? -EINVAL : current->mce_kill;
	case PR_SET_THP_DISABLE:
		return a3 || a4 || a5 ? -EINVAL : prctl_set_thp_disable(a2);
	case PR_GET_THP_DISABLE:
		return a2 || a3 || a4 || a5 ? -EINVAL : prctl_get_thp_disable();
	case PR_SET_MDWE:
		return a3 || a4 || a5 ? -EINVAL : prctl_set_mdwe(a2);
	case PR_GET_MDWE:
		return a2 || a3 || a4 || a5 ? -EINVAL : prctl_get_mdwe();
	case PR_GET_AUXV:
		return a4 || a5 ? -EINVAL : prctl_get_auxv((void __user *)a2, a3);
	case PR_SET_IO_FLUSHER:
		return prctl_set_io_flusher(a2, a3 | a4 | a5);
	case PR_GET_IO_FLUSHER:
		return prctl_get_io_flusher(a2 | a3 | a4 | a5);
	case PR_RISCV_SET_ICACHE_FLUSH_CTX:
		return prctl_icache_ctx(a2, a3);
	default:
		return prctl_rights(option, a2, a3, a4, a5);
	}
}

SYSCALL_DEFINE5(prctl, int, option, unsigned long, a2, unsigned long, a3, unsigned long, a4,
		unsigned long, a5)
{
	switch (option) {
	case PR_SET_PDEATHSIG:
		if (!valid_signal(a2))
			return -EINVAL;
		current->pdeath_signal = a2;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user(current->pdeath_signal, (int __user *)a2);
	case PR_SET_NAME:
		return prctl_set_name((const char __user *)a2);
	case PR_GET_NAME:
		return prctl_get_name((char __user *)a2);
	case PR_GET_TIMING:
		return 0;
	case PR_SET_TIMING:
		return a2 ? -EINVAL : 0;
	case PR_SET_TIMERSLACK:
		current->timer_slack_ns = (long)a2 > 0 ? a2 : current->default_timer_slack_ns;
		return 0;
	case PR_GET_TIMERSLACK:
		return min(current->timer_slack_ns, (u64)INT64_MAX);
	case PR_SET_CHILD_SUBREAPER:
		current->signal->is_child_subreaper = !!a2;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_user((int)current->signal->is_child_subreaper, (int __user *)a2);
	case PR_GET_TID_ADDRESS:
		return put_user(current->clear_child_tid, (int __user *__user *)a2);
	case PR_SET_SYSCALL_USER_DISPATCH:
		return set_syscall_dispatch(a2, a3, a4, (u8 __user *)a5);
	default:
		return prctl_memory(option, a2, a3, a4, a5);
	}
}

SYSCALL_DEFINE1(personality, unsigned, persona)
{
	unsigned old = current->personality;

	if (persona != 0xffffffff)
		current->personality = persona;
	return old;
}
