/*
 * drivers/tty/jobctrl.c - controlling terminals: which session owns a terminal, which group may use it.
 *
 * MODEL     tty->session owns it, tty->pgrp is in the foreground; signal->tty is the same fact seen from a
 *           process.  A process of another group of the session that reads, or changes settings, is
 *           stopped with its group (SIGTTIN, SIGTTOU), unless it ignores the signal or is orphaned.
 * LOCKING   tasklist_lock for session, pgrp and signal->tty.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/tty.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"

struct tty_struct *get_current_tty(void)
{
	struct tty_struct *tty;
	unsigned long irq;

	read_lock_irqsave(&tasklist_lock, irq);
	tty = current->signal->tty;
	if (tty)
		atomic_inc(&tty->refs);
	read_unlock_irqrestore(&tasklist_lock, irq);
	return tty;
}

dev_t tty_nr(struct task_struct *p)
{
	struct tty_struct *tty = p->signal->tty;

	return tty ? tty->dev : 0;
}

pid_t tty_pgrp_nr(struct task_struct *p)
{
	struct tty_struct *tty = p->signal->tty;

	return tty ? tty->pgrp : -1;
}

int tty_check_change(struct tty_struct *tty, int sig)
{
	pid_t mine = current->signal->pgrp, fg = READ_ONCE(tty->pgrp);

	if (current->signal->tty != tty || !fg || mine == fg)
		return 0;
	if (is_ignored(sig))
		return sig == SIGTTIN ? -EIO : 0;
	if (is_current_pgrp_orphaned())
		return -EIO;
	kill_pgrp(mine, sig, 1);
	return -ERESTARTSYS;
}

/* ---- taking and leaving ---------------------------------------------------------------------- */

static void set_ctty(struct tty_struct *tty) REQUIRES(tasklist_lock)
{
	tty->session = current->signal->session;
	tty->pgrp = current->signal->pgrp;
	current->signal->tty = tty;
}

static void clear_session_tty(pid_t session) REQUIRES(tasklist_lock)
{
	struct task_struct *p;

	for_each_process(p)
		if (p->signal->session == session)
			p->signal->tty = NULL;
}

void tty_open_proc_set_tty(struct file *f, struct tty_struct *tty)
{
	unsigned long irq;

	if (tty->is_master || !(f->f_mode & FMODE_READ))
		return;
	write_lock_irqsave(&tasklist_lock, irq);
	if (current->signal->leader && !current->signal->tty && !tty->session)
		set_ctty(tty);
	write_unlock_irqrestore(&tasklist_lock, irq);
}

long tiocsctty(struct tty_struct *tty, struct file *f, int force)
{
	struct signal_struct *sig = current->signal;
	unsigned long irq;
	long rc = 0;

	write_lock_irqsave(&tasklist_lock, irq);
	if (sig->leader && sig->session == tty->session)
		goto out;
	rc = -EPERM;
	if (!sig->leader || sig->tty)
		goto out;
	if (tty->session) {
		if (force != 1 || !capable(CAP_SYS_ADMIN))
			goto out;
		clear_session_tty(tty->session);
	}
	if (!(f->f_mode & FMODE_READ) && !capable(CAP_SYS_ADMIN))
		goto out;
	set_ctty(tty);
	rc = 0;
out:
	write_unlock_irqrestore(&tasklist_lock, irq);
	return rc;
}

void proc_clear_tty(struct task_struct *p)
{
	unsigned long irq;

	write_lock_irqsave(&tasklist_lock, irq);
	p->signal->tty = NULL;
	write_unlock_irqrestore(&tasklist_lock, irq);
}

void disassociate_ctty(bool on_exit)
{
	struct tty_struct *tty;
	unsigned long irq;
	pid_t pgrp;

	if (!current->signal->leader)
		return;
	tty = get_current_tty();
	if (tty && on_exit && !tty->link) {
		tty_hangup(tty);
	} else if (tty) {
		write_lock_irqsave(&tasklist_lock, irq);
		pgrp = tty->pgrp;
		pid_get(pgrp);				/* nobody else's number meanwhile */
		tty->session = tty->pgrp = 0;
		write_unlock_irqrestore(&tasklist_lock, irq);
		if (pgrp) {
			(void)kill_pgrp(pgrp, SIGHUP, 1);
			if (!on_exit)
				(void)kill_pgrp(pgrp, SIGCONT, 1);
		}
		pid_put(pgrp);
	}
	if (tty)
		tty_put(tty);
	write_lock_irqsave(&tasklist_lock, irq);
	clear_session_tty(current->signal->session);
	write_unlock_irqrestore(&tasklist_lock, irq);
}

/* ---- ioctls ---------------------------------------------------------------------------------- */

static long tiocspgrp(struct tty_struct *tty, pid_t __user *arg)
{
	struct task_struct *member;
	unsigned long irq;
	pid_t pgrp;
	long rc = tty_check_change(tty, SIGTTOU);

	if (rc == -EIO)
		return -ENOTTY;
	if (rc)
		return rc;
	if (get_user(pgrp, arg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	write_lock_irqsave(&tasklist_lock, irq);
	member = pgrp_first(pgrp);
	if (current->signal->tty != tty || tty->session != current->signal->session)
		rc = -ENOTTY;
	else if (!member)
		rc = -ESRCH;
	else if (member->signal->session != current->signal->session)
		rc = -EPERM;
	else
		tty->pgrp = pgrp;
	write_unlock_irqrestore(&tasklist_lock, irq);
	return rc;
}

long tty_jobctrl_ioctl(struct tty_struct *tty, struct tty_struct *real, struct file *f, unsigned cmd,
		       unsigned long arg)
{
	switch (cmd) {
	case TIOCNOTTY:
		if (current->signal->tty != tty)
			return -ENOTTY;
		disassociate_ctty(false);
		proc_clear_tty(current);
		return 0;
	case TIOCSCTTY:
		return tiocsctty(real, f, arg);
	case TIOCGPGRP:
		if (tty == real && current->signal->tty != real)
			return -ENOTTY;
		return put_user(real->pgrp, (pid_t __user *)arg);
	case TIOCSPGRP:
		return tiocspgrp(real, (pid_t __user *)arg);
	case TIOCGSID:
		if (tty == real && current->signal->tty != real)
			return -ENOTTY;
		if (!real->session)
			return -ENOTTY;
		return put_user(real->session, (pid_t __user *)arg);
	default:
		return -ENOIOCTLCMD;
	}
}
