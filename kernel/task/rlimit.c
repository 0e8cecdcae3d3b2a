/*
 * kernel/task/rlimit.c - limits and usage: getrlimit(), prlimit64(), getrusage().
 *
 * LOCKING   A limit is two words that only root may raise; a reader sees each whole.  Who wants both, or
 *           writes them, holds rlimit_lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/sched/sched.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/task/pid.h"
#include "kernel/task/rusage.h"
#include "lib/string.h"
#include "mm/space/mm.h"

static DEFINE_SPINLOCK(rlimit_lock, RANK_PID);

unsigned long task_rlimit(unsigned resource)
{
	return READ_ONCE(current->signal->rlim[resource].rlim_cur);
}

/* Set and/or read one limit of @t's process. */
static int do_prlimit(struct task_struct *t, unsigned resource, const struct rlimit *new, struct rlimit *old)
{
	struct rlimit *lim;
	unsigned long irq;
	int rc = 0;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (new && (new->rlim_cur > new->rlim_max))
		return -EINVAL;
	if (new && resource == RLIMIT_NOFILE && new->rlim_max > READ_ONCE(sysctl_nr_open))
		return -EPERM;
	lim = &t->signal->rlim[resource];
	spin_lock_irqsave(&rlimit_lock, irq);
	if (new && new->rlim_max > lim->rlim_max && !capable(CAP_SYS_RESOURCE))
		rc = -EPERM;
	if (!rc && old)
		*old = *lim;
	if (!rc && new)
		*lim = *new;
	spin_unlock_irqrestore(&rlimit_lock, irq);
	if (!rc && new && resource == RLIMIT_CPU)
		cpu_limit_changed(t);
	return rc;
}

SYSCALL_DEFINE2(getrlimit, unsigned, resource, struct rlimit __user *, rlim)
{
	struct rlimit value;
	int rc = do_prlimit(current, resource, NULL, &value);

	if (!rc && copy_to_user(rlim, &value, sizeof(value)))
		rc = -EFAULT;
	return rc;
}

SYSCALL_DEFINE2(setrlimit, unsigned, resource, const struct rlimit __user *, rlim)
{
	struct rlimit value;

	if (copy_from_user(&value, rlim, sizeof(value)))
		return -EFAULT;
	return do_prlimit(current, resource, &value, NULL);
}

static bool prlimit_allowed(struct task_struct *t)
{
	const struct cred *me = current_cred(), *c;
	bool same;

	if (t->tgid == current->tgid)
		return true;
	c = get_task_cred(t);
	same = me->uid == c->euid && me->uid == c->suid && me->uid == c->uid &&
	       me->gid == c->egid && me->gid == c->sgid && me->gid == c->gid;
	put_cred(c);
	return same || capable(CAP_SYS_RESOURCE);
}

SYSCALL_DEFINE4(prlimit64, pid_t, pid, unsigned, resource, const struct rlimit __user *, unew,
		struct rlimit __user *, uold)
{
	struct rlimit new, old;
	struct task_struct *t;
	int rc;

	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	t = find_get_task(pid ? pid : current->pid);
	if (!t)
		return -ESRCH;
	rc = prlimit_allowed(t) ? do_prlimit(t, resource, unew ? &new : NULL, uold ? &old : NULL) : -EPERM;
	put_task_struct(t);
	if (!rc && uold && copy_to_user(uold, &old, sizeof(old)))
		rc = -EFAULT;
	return rc;
}

/* ---- usage ----------------------------------------------------------------------------------- */

static struct rusage_timeval to_timeval(u64 ns)
{
	return (struct rusage_timeval){ ns / 1000000000, ns / 1000 % 1000000 };
}

static void rusage_thread(struct task_struct *t, struct task_times *out)
{
	task_cputime(t, &out->utime, &out->stime);
	out->min_flt = t->min_flt;
	out->maj_flt = t->maj_flt;
	out->nvcsw = t->nvcsw;
	out->nivcsw = t->nivcsw;
}

static void add_children(const struct signal_struct *sig, struct task_times *t)
{
	t->utime += sig->cutime;
	t->stime += sig->cstime;
	t->min_flt += sig->cmin_flt;
	t->maj_flt += sig->cmaj_flt;
	t->nvcsw += sig->cnvcsw;
	t->nivcsw += sig->cnivcsw;
}

void rusage_fill(struct task_struct *p, int who, struct rusage *ru)
{
	const struct signal_struct *sig = p->signal;
	struct task_times t = { 0 };
	unsigned long maxrss = sig->maxrss;

	if (who == RUSAGE_THREAD)
		rusage_thread(p, &t);
	else if (who != RUSAGE_CHILDREN)
		thread_group_times(p, &t);
	if (who == RUSAGE_CHILDREN || who == RUSAGE_BOTH)
		add_children(sig, &t);
	if (who == RUSAGE_CHILDREN)
		maxrss = sig->cmaxrss;
	else if (who == RUSAGE_BOTH)
		maxrss = max(maxrss, sig->cmaxrss);
	if (p == current && who != RUSAGE_CHILDREN && p->mm)
		maxrss = max(maxrss, max(p->mm->hiwater_rss, get_mm_rss(p->mm)));
	memset(ru, 0, sizeof(*ru));
	ru->ru_utime = to_timeval(t.utime);
	ru->ru_stime = to_timeval(t.stime);
	ru->ru_maxrss = maxrss << (PAGE_SHIFT - 10);
	ru->ru_minflt = t.min_flt;
	ru->ru_majflt = t.maj_flt;
	ru->ru_nvcsw = t.nvcsw;
	ru->ru_nivcsw = t.nivcsw;
}

SYSCALL_DEFINE2(getrusage, int, who, struct rusage __user *, uru)
{
	struct rusage ru;
	unsigned long irq;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	spin_lock_irqsave(&current->sighand->lock, irq);
	rusage_fill(current, who, &ru);
	spin_unlock_irqrestore(&current->sighand->lock, irq);
	return copy_to_user(uru, &ru, sizeof(ru)) ? -EFAULT : 0;
}
