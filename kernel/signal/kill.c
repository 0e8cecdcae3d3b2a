/*
 * kernel/signal/kill.c - kill() and its kin: to whom, by whom.
 *
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

int __kill_pgrp_info(int sig, siginfo_t *info, pid_t pgrp)
{
	struct task_struct *p;
	int rc = -ESRCH, one;
	bool success = false;

	for_each_process(p) {
		if (p->signal->pgrp != pgrp)
			continue;
		one = group_send_sig_info(sig, info, p);
		success |= !one;
		rc = one;
	}
	return success ? 0 : rc;
}

int kill_pgrp_info(int sig, siginfo_t *info, pid_t pgrp)
{
	unsigned long flags;
	int rc;

	kick_defer();
	read_lock_irqsave(&tasklist_lock, flags);
	rc = __kill_pgrp_info(sig, info, pgrp);
	read_unlock_irqrestore(&tasklist_lock, flags);
	kick_flush();
	return rc;
}

int kill_pgrp(pid_t pgrp, int sig, int priv)
{
	return kill_pgrp_info(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, pgrp);
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

/* kill(-1): all but init and the caller's own process. */
static int kill_everybody(int sig, siginfo_t *info)
{
	struct task_struct *p;
	int rc = 0, one, count = 0;

	for_each_process(p) {
		if (p->pid <= 1 || p->signal == current->signal)
			continue;
		one = group_send_sig_info(sig, info, p);
		count++;
		if (one != -EPERM)
			rc = one;
	}
	return count ? rc : -ESRCH;
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
	unsigned long flags;
	siginfo_t info;
	int rc;

	user_info(&info, sig, SI_USER);
	if (pid > 0)
		return kill_pid_info(sig, &info, pid);
	if (pid == INT32_MIN)
		return -ESRCH;
	kick_defer();
	read_lock_irqsave(&tasklist_lock, flags);
	if (pid == -1)
		rc = kill_everybody(sig, &info);
	else
		rc = __kill_pgrp_info(sig, &info, pid ? -pid : current->signal->pgrp);
	read_unlock_irqrestore(&tasklist_lock, flags);
	kick_flush();
	return rc;
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
