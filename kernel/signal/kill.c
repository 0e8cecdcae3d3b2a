/*
 * kernel/signal/kill.c - kill() and its kin: to whom, by whom.
 *
 * MODEL     A signal to many is sent in steps, between which others may run (process_walk).  A process that has it
 *           makes no child before it has taken it (publish_task() looks), and one that has it not yet makes
 *           children that the walk still meets: so none of a group is left out, as if all got it at once.
 * LOCKING   tasklist_lock, interrupts off, over look-up and sending: the target cannot be released.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/signal/queue.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "lib/string.h"

/* May current send @sig with @info to @t?  0, -EINVAL, -EPERM */
static int check_kill_permission(int sig, const siginfo_t *info, struct task_struct *t)
{
	if (!valid_signal(sig))
		return -EINVAL;
	if (info == SEND_SIG_PRIV || (info != SEND_SIG_NOINFO && SI_FROMKERNEL(info)))
		return 0;
	if (t->signal == current->signal || kill_ok_by_cred(t->cred))
		return 0;
	if (sig == SIGCONT && t->signal->session == current->signal->session)
		return 0;
	return -EPERM;
}

static int check_and_send(int sig, siginfo_t *info, struct task_struct *t, bool group)
{
	int rc = check_kill_permission(sig, info, t);

	return rc || !sig ? rc : do_send_sig_info(sig, info, t, group);
}

int group_send_sig_info(int sig, siginfo_t *info, struct task_struct *t)
{
	return check_and_send(sig, info, t, true);
}

/* ---- by number ------------------------------------------------------------------------------- */

/* Group @pgrp, or 0: all but init and the caller's own process. */
static bool is_meant(const struct task_struct *p, pid_t pgrp)
{
	return pgrp ? p->signal->pgrp == pgrp : p->pid > 1 && p->signal != current->signal;
}

/* The errors of those who are meant come together: kill(2) says what of one is that of all. */
static int add_result(int rc, int one, pid_t pgrp, bool *success)
{
	*success |= pgrp && !one;
	return pgrp || one != -EPERM ? one : rc;
}

static int kill_many(int sig, siginfo_t *info, pid_t pgrp, enum walk_how how)
{
	struct task_struct *p;
	struct process_walk w;
	bool success = false, any = false;
	int rc = 0;

	process_walk_begin(&w, how);
	while ((p = process_walk_next(&w))) {
		if (!is_meant(p, pgrp))
			continue;
		any = true;
		rc = add_result(rc, group_send_sig_info(sig, info, p), pgrp, &success);
		process_walk_charge(&w, WALK_SIGNAL);
	}
	process_walk_end(&w);
	if (!any)
		return -ESRCH;
	return success ? 0 : rc;
}

int kill_pgrp(pid_t pgrp, int sig, int priv)
{
	return kill_many(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, pgrp, WALK_SLEEPS);
}

#define FEW_TASKS	1000

bool kill_pgrp_few(pid_t pgrp, int sig)
{
	if (READ_ONCE(nr_threads) > FEW_TASKS)
		return false;
	(void)kill_many(sig, SEND_SIG_PRIV, pgrp, WALK_ATOMIC);
	return true;
}

int kill_pid_info(int sig, siginfo_t *info, pid_t pid)
{
	unsigned long flags;
	struct task_struct *t;
	int rc = -ESRCH;

	kick_defer();
	read_lock_irqsave(&tasklist_lock, flags);
	t = find_task_by_pid(pid);
	if (t)
		rc = group_send_sig_info(sig, info, t);
	read_unlock_irqrestore(&tasklist_lock, flags);
	kick_flush();
	return rc;
}

static void user_info(siginfo_t *info, int sig, int code)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = code;
	info->si_pid = current->tgid;
	info->si_uid = current_uid();
}

SYSCALL_DEFINE2(kill, pid_t, pid, int, sig)
{
	siginfo_t info;

	user_info(&info, sig, SI_USER);
	if (pid > 0)
		return kill_pid_info(sig, &info, pid);
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1)
		return kill_many(sig, &info, 0, WALK_SLEEPS);
	return kill_many(sig, &info, pid ? -pid : current->signal->pgrp, WALK_SLEEPS);
}

/* ---- to one thread --------------------------------------------------------------------------- */

static int send_specific(pid_t tgid, pid_t pid, int sig, siginfo_t *info)
{
	unsigned long flags;
	struct task_struct *t;
	int rc = -ESRCH;

	kick_defer();
	read_lock_irqsave(&tasklist_lock, flags);
	t = find_task_by_pid(pid);
	if (t && (tgid <= 0 || t->tgid == tgid)) {
		rc = check_and_send(sig, info, t, false);
		if (rc == -ESRCH)
			rc = 0;		/* it was there, and ends */
	}
	read_unlock_irqrestore(&tasklist_lock, flags);
	kick_flush();
	return rc;
}

SYSCALL_DEFINE3(tgkill, pid_t, tgid, pid_t, pid, int, sig)
{
	siginfo_t info;

	if (pid <= 0 || tgid <= 0)
		return -EINVAL;
	user_info(&info, sig, SI_TKILL);
	return send_specific(tgid, pid, sig, &info);
}

SYSCALL_DEFINE2(tkill, pid_t, pid, int, sig)
{
	siginfo_t info;

	if (pid <= 0)
		return -EINVAL;
	user_info(&info, sig, SI_TKILL);
	return send_specific(0, pid, sig, &info);
}

/* ---- with the sender's own siginfo ----------------------------------------------------------- */

/* Nobody may pretend that the kernel or kill() sent it, but to himself. */
static bool may_claim(const siginfo_t *info, pid_t to)
{
	return (info->si_code < 0 && info->si_code != SI_TKILL) || to == current->tgid;
}

static int get_siginfo(siginfo_t *info, const siginfo_t __user *uinfo, int sig)
{
	if (copy_from_user(info, uinfo, sizeof(*info)))
		return -EFAULT;
	info->si_signo = sig;
	if (info->si_code == SI_TIMER)
		info->si_sys_private = 0;
	return 0;
}

SYSCALL_DEFINE3(rt_sigqueueinfo, pid_t, pid, int, sig, const siginfo_t __user *, uinfo)
{
	siginfo_t info;

	if (get_siginfo(&info, uinfo, sig))
		return -EFAULT;
	return may_claim(&info, pid) ? kill_pid_info(sig, &info, pid) : -EPERM;
}

SYSCALL_DEFINE4(rt_tgsigqueueinfo, pid_t, tgid, pid_t, pid, int, sig, const siginfo_t __user *, uinfo)
{
	siginfo_t info;

	if (get_siginfo(&info, uinfo, sig))
		return -EFAULT;
	if (pid <= 0 || tgid <= 0)
		return -EINVAL;
	return may_claim(&info, tgid) ? send_specific(tgid, pid, sig, &info) : -EPERM;
}
