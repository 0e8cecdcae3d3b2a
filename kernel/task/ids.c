/*
 * kernel/task/ids.c - process ids, groups and sessions as system calls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/tty.h"
#include "include/syscall.h"
#include "include/uapi/errno.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"

SYSCALL_DEFINE0(getpid) { return current->tgid; }
SYSCALL_DEFINE0(gettid) { return current->pid; }

SYSCALL_DEFINE0(getppid) { return READ_ONCE(current->signal->ppid); }

/* Checks of setpgid() that need the target.  => 0, and *@pgrp may be used */
static int setpgid_check(struct task_struct *p, pid_t pid, pid_t pgid) REQUIRES(tasklist_lock)
{
	struct task_struct *me = current->group_leader, *member;

	if (!p)
		return -ESRCH;
	if (p != p->group_leader)
		return -EINVAL;
	if (p->real_parent == me) {
		if (p->signal->session != me->signal->session)
			return -EPERM;
		if (p->did_exec)
			return -EACCES;
	} else if (p != me) {
		return -ESRCH;
	}
	if (p->signal->leader)
		return -EPERM;
	if (pgid != pid) {
		member = pgrp_first(pgid);
		if (!member || member->signal->session != me->signal->session)
			return -EPERM;
	}
	return 0;
}

SYSCALL_DEFINE2(setpgid, pid_t, pid, pid_t, pgid)
{
	struct task_struct *p;
	unsigned long irq;
	int rc;

	if (!pid)
		pid = current->tgid;
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	write_lock_irqsave(&tasklist_lock, irq);
	p = find_task_by_pid(pid);
	rc = setpgid_check(p, pid, pgid);
	if (!rc && p->signal->pgrp != pgid)
		change_pgrp(p, pgid);
	write_unlock_irqrestore(&tasklist_lock, irq);
	return rc;
}

/* Group or session of @pid (0: the caller); -ESRCH. */
static long id_of(pid_t pid, bool session)
{
	struct task_struct *p = pid ? find_get_task(pid) : current;
	long rc;

	if (!p)
		return -ESRCH;
	rc = session ? READ_ONCE(p->signal->session) : READ_ONCE(p->signal->pgrp);
	if (pid)
		put_task_struct(p);
	return rc;
}

SYSCALL_DEFINE1(getpgid, pid_t, pid) { return id_of(pid, false); }
SYSCALL_DEFINE1(getsid, pid_t, pid) { return id_of(pid, true); }

/* Make the process of @leader the leader of a new session and group.  -EPERM if its number names one. */
static int new_session(struct task_struct *leader) REQUIRES(tasklist_lock)
{
	if (leader->signal->leader || pgrp_first(leader->pid))
		return -EPERM;
	leader->signal->leader = true;
	change_session(leader, leader->pid);
	change_pgrp(leader, leader->pid);
	return 0;
}

SYSCALL_DEFINE0(setsid)
{
	unsigned long irq;
	int rc;

	write_lock_irqsave(&tasklist_lock, irq);
	rc = new_session(current->group_leader);
	write_unlock_irqrestore(&tasklist_lock, irq);
	if (rc)
		return rc;
	proc_clear_tty(current);
	return current->group_leader->pid;
}
