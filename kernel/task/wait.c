/*
 * kernel/task/wait.c - wait4(), waitid(): learn of children that ended, stopped or went on.
 *
 * MODEL     One pass over the children under tasklist_lock: the first one with something to tell is taken.
 *           The threads of a process may look at once: who makes a zombie EXIT_DEAD gets it, and releases it
 *           after its facts were copied.  No such child: sleep on wait_chldexit.
 * INVARIANTS
 *   W1  notask_error is 0 when an eligible child exists that may have more to tell, else -ECHILD.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/wait.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/task/pid.h"
#include "kernel/task/rusage.h"
#include "lib/string.h"

struct wait_opts {
	int type;			/* P_* */
	pid_t nr;			/* of P_PID, P_PGID */
	unsigned options;
	int notask_error;
	/* what was found */
	struct task_struct *reap;	/* claimed zombie, to be released */
	int status;			/* as wait4() reports it */
	int cause;			/* CLD_* */
	int info_status;		/* si_status */
	uid_t uid;
	struct rusage *ru;		/* NULL: not wanted */
};

static bool eligible(const struct wait_opts *wo, const struct task_struct *p)
{
	bool clone = p->exit_signal != SIGCHLD;

	if (wo->type == P_PID && p->pid != wo->nr)
		return false;
	if (wo->type == P_PGID && p->signal->pgrp != wo->nr)
		return false;
	return (wo->options & __WALL) || clone == !!(wo->options & __WCLONE);
}

/* What the parent gets of a child's accounts when it has waited for it. */
static void inherit_accounts(struct task_struct *p)
{
	struct signal_struct *mine = current->signal, *sig = p->signal;
	struct task_times t;

	thread_group_times(p, &t);
	spin_lock(&current->sighand->lock);
	mine->cutime += t.utime + sig->cutime;
	mine->cstime += t.stime + sig->cstime;
	mine->cmin_flt += t.min_flt + sig->cmin_flt;
	mine->cmaj_flt += t.maj_flt + sig->cmaj_flt;
	mine->cnvcsw += t.nvcsw + sig->cnvcsw;
	mine->cnivcsw += t.nivcsw + sig->cnivcsw;
	mine->cmaxrss = max(mine->cmaxrss, max(sig->maxrss, sig->cmaxrss));
	spin_unlock(&current->sighand->lock);
}

/* What is common to all three: who it was. */
static pid_t report(struct wait_opts *wo, struct task_struct *p, int cause, int status)
{
	wo->cause = cause;
	wo->info_status = status;
	wo->uid = p->cred->uid;
	if (wo->ru)
		rusage_fill(p, RUSAGE_BOTH, wo->ru);
	return p->pid;
}

static pid_t wait_zombie(struct wait_opts *wo, struct task_struct *p) REQUIRES_SHARED(tasklist_lock)
{
	int code = p->signal->flags & SIGNAL_GROUP_EXIT ? p->signal->group_exit_code : p->exit_code;
	pid_t pid;

	if (!(wo->options & WEXITED))
		return 0;
	/* Another thread of ours may be looking at the same child: one claims it (E1 of exit.c). */
	if (!(wo->options & WNOWAIT) && cmpxchg(&p->exit_state, EXIT_ZOMBIE, EXIT_DEAD) != EXIT_ZOMBIE)
		return 0;
	wo->status = code;
	if ((code & 0x7f) == 0)
		pid = report(wo, p, CLD_EXITED, code >> 8);
	else
		pid = report(wo, p, code & 0x80 ? CLD_DUMPED : CLD_KILLED, code & 0x7f);
	if (wo->options & WNOWAIT)
		return pid;
	inherit_accounts(p);
	wo->reap = p;
	return pid;
}

static pid_t wait_stopped(struct wait_opts *wo, struct task_struct *p) REQUIRES_SHARED(tasklist_lock)
{
	int code = 0;

	if (!(wo->options & WUNTRACED))
		return 0;
	spin_lock(&p->sighand->lock);
	if (p->signal->flags & SIGNAL_STOP_STOPPED) {
		code = p->signal->stop_code;
		if (code && !(wo->options & WNOWAIT))
			p->signal->stop_code = 0;
	}
	spin_unlock(&p->sighand->lock);
	if (!code)
		return 0;
	wo->status = code << 8 | 0x7f;
	return report(wo, p, CLD_STOPPED, code);
}

static pid_t wait_continued(struct wait_opts *wo, struct task_struct *p) REQUIRES_SHARED(tasklist_lock)
{
	bool continued;

	if (!(wo->options & WCONTINUED) || !(p->signal->flags & SIGNAL_STOP_CONTINUED))
		return 0;
	spin_lock(&p->sighand->lock);
	continued = p->signal->flags & SIGNAL_STOP_CONTINUED;
	if (continued && !(wo->options & WNOWAIT))
		p->signal->flags &= ~SIGNAL_STOP_CONTINUED;
	spin_unlock(&p->sighand->lock);
	if (!continued)
		return 0;
	wo->status = 0xffff;
	return report(wo, p, CLD_CONTINUED, SIGCONT);
}

static pid_t consider(struct wait_opts *wo, struct task_struct *p) REQUIRES_SHARED(tasklist_lock)
{
	int exit_state = READ_ONCE(p->exit_state);
	pid_t pid;

	if (exit_state == EXIT_DEAD || !eligible(wo, p))
		return 0;
	/* The last thing to tell: who does not want that, or comes too late, gets nothing more of this child. */
	if (exit_state == EXIT_ZOMBIE && p->signal->nr_threads == 1)
		return wait_zombie(wo, p);
	wo->notask_error = 0;					/* W1 */
	pid = wait_stopped(wo, p);
	return pid ? pid : wait_continued(wo, p);
}

static pid_t scan_children(struct wait_opts *wo)
{
	struct task_struct *p;
	unsigned long irq;
	pid_t pid = 0;

	wo->notask_error = -ECHILD;
	read_lock_irqsave(&tasklist_lock, irq);
	list_for_each_entry(p, &current->group_leader->children, sibling) {
		pid = consider(wo, p);
		if (pid)
			break;
	}
	read_unlock_irqrestore(&tasklist_lock, irq);
	return pid;
}

/* Pid of the child that has news, 0 with WNOHANG when none has, or -errno. */
static long do_wait(struct wait_opts *wo)
{
	wait_queue_head_t *q = &current->signal->wait_chldexit;
	long rc = scan_children(wo);
	DEFINE_WAIT(wait);

	if (rc || wo->notask_error || (wo->options & WNOHANG))
		goto out;
	for (;;) {
		prepare_to_wait(q, &wait, TASK_INTERRUPTIBLE);
		rc = scan_children(wo);
		if (rc || wo->notask_error)
			break;
		if (signal_pending()) {
			rc = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	finish_wait(q, &wait);
out:
	if (wo->reap)
		release_task(wo->reap);
	return rc ? rc : wo->notask_error;
}

SYSCALL_DEFINE4(wait4, pid_t, upid, int __user *, stat_addr, int, options, struct rusage __user *, uru)
{
	struct rusage ru;
	struct wait_opts wo = { .options = options | WEXITED, .ru = uru ? &ru : NULL };
	long rc;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (upid == INT32_MIN)
		return -ESRCH;
	if (upid == -1) {
		wo.type = P_ALL;
	} else if (upid > 0) {
		wo.type = P_PID;
		wo.nr = upid;
	} else {
		wo.type = P_PGID;
		wo.nr = upid ? -upid : current->signal->pgrp;
	}
	rc = do_wait(&wo);
	if (rc > 0 && stat_addr && put_user(wo.status, stat_addr))
		rc = -EFAULT;
	if (rc > 0 && uru && copy_to_user(uru, &ru, sizeof(ru)))
		rc = -EFAULT;
	return rc;
}

/* P_PIDFD: which process, and does its descriptor forbid sleeping. */
static int pidfd_target(int fd, struct wait_opts *wo)
{
	struct task_struct *t;
	struct file *f;

	if (fd < 0)
		return -EINVAL;
	t = pidfd_get_task(fd);
	if (!t)
		return -EBADF;
	wo->type = P_PID;
	wo->nr = t->pid;
	put_task_struct(t);
	f = fget(fd);
	if (f) {
		if (f->f_flags & O_NONBLOCK)
			wo->options |= WNOHANG;
		fput(f);
	}
	return 0;
}

static int waitid_target(int which, pid_t upid, struct wait_opts *wo)
{
	wo->type = which;
	wo->nr = upid;
	switch (which) {
	case P_ALL:
		return 0;
	case P_PID:
		return upid > 0 ? 0 : -EINVAL;
	case P_PGID:
		if (upid < 0)
			return -EINVAL;
		if (!upid)
			wo->nr = current->signal->pgrp;
		return 0;
	case P_PIDFD:
		return pidfd_target(upid, wo);
	default:
		return -EINVAL;
	}
}

/* => a pid, 0, or -errno */
static long wait_for_id(int which, pid_t upid, int options, struct wait_opts *wo)
{
	long rc;
	int err;

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	err = waitid_target(which, upid, wo);
	if (err)
		return err;
	rc = do_wait(wo);
	if (!rc && (wo->options & WNOHANG) && !(options & WNOHANG))
		return -EAGAIN;				/* a non-blocking pidfd */
	return rc;
}

/* infop is written in any case, zeros where there is nobody to tell of. */
SYSCALL_DEFINE5(waitid, int, which, pid_t, upid, siginfo_t __user *, infop, int, options,
		struct rusage __user *, uru)
{
	struct rusage ru;
	struct wait_opts wo = { .options = options, .ru = uru ? &ru : NULL };
	long rc = wait_for_id(which, upid, options, &wo);
	siginfo_t info;

	if (rc > 0 && uru && copy_to_user(uru, &ru, sizeof(ru)))
		return -EFAULT;
	if (!infop)
		return min(rc, 0l);
	memset(&info, 0, sizeof(info));
	if (rc > 0) {
		info.si_signo = SIGCHLD;
		info.si_code = wo.cause;
		info.si_pid = rc;
		info.si_uid = wo.uid;
		info.si_status = wo.info_status;
	}
	if (copy_to_user(infop, &info, offsetof(siginfo_t, si_status) + sizeof(int)))
		return -EFAULT;
	return min(rc, 0l);
}
