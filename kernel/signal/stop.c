/*
 * kernel/signal/stop.c - stopping and going on, and telling the parent: job control.
 *
 * MODEL     A stop signal that a thread takes stops the group: each other thread gets STOP_PENDING, and is
 *           counted in group_stop_count until it has stopped (or exits).  The last one marks the group
 *           STOPPED and tells the parent.  SIGCONT (send.c) takes all that back at the moment it is sent.
 *           A process group is orphaned when no member's parent is in another group of the session:
 *           its terminal stops are ignored, for nobody could continue it.
 * LOCKING   sighand->lock for the group; tasklist_lock, taken with no sighand lock held, for parents.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/sched.h"
#include "kernel/signal/queue.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "kernel/time/time.h"
#include "lib/string.h"

/* ---- stop ------------------------------------------------------------------------------------ */

/* @t has stopped, or will not any more: true when it was the last and the parent is to be told. */
bool task_participate_group_stop(struct task_struct *t)
{
	struct signal_struct *sig = t->signal;
	bool consume = t->jobctl & JOBCTL_STOP_CONSUME;

	t->jobctl &= ~(JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME | JOBCTL_STOP_DEQUEUED);
	if (!consume)
		return false;
	if (sig->group_stop_count > 0)
		sig->group_stop_count--;
	if (sig->group_stop_count || (sig->flags & SIGNAL_STOP_STOPPED))
		return false;
	sig->flags = (sig->flags & ~SIGNAL_STOP_MASK) | SIGNAL_STOP_STOPPED;
	return true;
}

static bool set_stop_pending(struct task_struct *t, int sig)
{
	if (task_fatal_signal_pending(t) || (t->flags & PF_EXITING))
		return false;
	t->jobctl = (t->jobctl & ~JOBCTL_STOP_SIGMASK) | sig | JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME;
	return true;
}

static void start_group_stop(int sig)
{
	struct signal_struct *s = current->signal;
	struct task_struct *t;

	if (!(s->flags & SIGNAL_STOP_STOPPED))
		s->stop_code = sig;
	s->group_stop_count = set_stop_pending(current, sig);
	for_each_thread(t, current) {
		if (t == current || (t->state & TASK_STOPPED) || !set_stop_pending(t, sig))
			continue;
		s->group_stop_count++;
		signal_wake_up(t, false);
	}
}

/*
 * Stop with the group, because of @sig, or of another thread's when @sig is 0.
 * => @sighand->lock dropped while stopped; not at all if a SIGCONT or an end came in between
 */
void do_signal_stop(struct sighand_struct *sighand, int sig)
{
	struct task_struct *me = current;
	bool notify;

	if (!(me->jobctl & JOBCTL_STOP_PENDING)) {
		if (!(me->jobctl & JOBCTL_STOP_DEQUEUED) || (me->signal->flags & SIGNAL_GROUP_EXIT) ||
		    me->signal->group_exit_task)
			return;
		start_group_stop(sig);
		if (!(me->jobctl & JOBCTL_STOP_PENDING))
			return;
	}
	notify = task_participate_group_stop(me);
	set_current_state(TASK_STOPPED);	/* before the lock goes: SIGCONT finds it */
	spin_unlock_irq(&sighand->lock);
	if (notify)
		notify_parent_cldstop(me, CLD_STOPPED);
	schedule();
	spin_lock_irq(&sighand->lock);
}

/* ---- telling the parent ---------------------------------------------------------------------- */

static void child_info(siginfo_t *info, struct task_struct *t, int sig)
{
	u64 utime, stime;

	task_cputime(t, &utime, &stime);	/* charges what it had last */
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_pid = t->pid;
	info->si_uid = t->cred->uid;
	info->si_utime = nsec_to_clock_t(READ_ONCE(t->signal->utime));
	info->si_stime = nsec_to_clock_t(READ_ONCE(t->signal->stime));
}

/*
 * Send @parent @sig for its child @t.  Most do not care for it, and then there is nothing to be told.
 * => @parent's sighand lock held
 */
static void tell_parent(struct task_struct *parent, struct task_struct *t, int sig, int code, int status)
{
	siginfo_t info;

	if (signal_is_void(parent, sig))
		return;
	child_info(&info, t, sig);
	info.si_code = code;
	info.si_status = status;
	send_signal_locked(sig, &info, parent, true);
}

/* The end of @t, as wait() has it in @code. */
static void tell_of_end(struct task_struct *parent, struct task_struct *t, int sig, int code)
{
	if (code & 0x80)
		tell_parent(parent, t, sig, CLD_DUMPED, code & 0x7f);
	else if (code & 0x7f)
		tell_parent(parent, t, sig, CLD_KILLED, code & 0x7f);
	else
		tell_parent(parent, t, sig, CLD_EXITED, code >> 8);
}

bool do_notify_parent(struct task_struct *t, int sig)
{
	struct task_struct *parent = t->parent;
	int code = t->signal->flags & SIGNAL_GROUP_EXIT ? t->signal->group_exit_code : t->exit_code;
	struct sigaction *sa;
	bool autoreap = false;

	/* Which signal announces a child is for the program that made it to say, not for the next one's user. */
	if (t->parent_exec_id != parent->signal->exec_id)
		sig = SIGCHLD;
	if (!parent->sighand)
		return true;
	spin_lock(&parent->sighand->lock);
	sa = &parent->sighand->action[SIGCHLD - 1].sa;
	if (sig == SIGCHLD && (sa->sa_handler == SIG_IGN || (sa->sa_flags & SA_NOCLDWAIT))) {
		/* Such a parent does not wait, but may sleep until there is nobody to wait for. */
		autoreap = true;
		if (sa->sa_handler == SIG_IGN)
			sig = 0;
	}
	if (sig > 0 && valid_signal(sig))
		tell_of_end(parent, t, sig, code);
	wake_up_all(&parent->signal->wait_chldexit);
	spin_unlock(&parent->sighand->lock);
	return autoreap;
}

void do_notify_parent_cldstop(struct task_struct *t, int why)
{
	struct task_struct *leader = t->group_leader, *parent = leader->parent;
	struct sigaction *sa;

	if (!parent->sighand)
		return;
	spin_lock(&parent->sighand->lock);
	sa = &parent->sighand->action[SIGCHLD - 1].sa;
	if (sa->sa_handler != SIG_IGN && !(sa->sa_flags & SA_NOCLDSTOP))
		tell_parent(parent, leader, SIGCHLD, why,
			    why == CLD_CONTINUED ? SIGCONT : t->signal->stop_code & 0x7f);
	wake_up_all(&parent->signal->wait_chldexit);
	spin_unlock(&parent->sighand->lock);
}

void notify_parent_cldstop(struct task_struct *t, int why)
{
	unsigned long flags;

	kick_defer();
	read_lock_irqsave(&tasklist_lock, flags);
	do_notify_parent_cldstop(t, why);
	read_unlock_irqrestore(&tasklist_lock, flags);
	kick_flush();
}

/* ---- orphaned process groups ----------------------------------------------------------------- */

bool will_become_orphaned_pgrp(pid_t pgrp, const struct task_struct *ignored)
{
	struct task_struct *p;

	for_each_in_pgrp(p, pgrp) {
		struct task_struct *parent = p->real_parent;

		if (p == ignored || parent->pid <= 1 ||
		    (p->exit_state && p->signal->nr_threads <= 1))
			continue;
		if (parent->signal->pgrp != pgrp && parent->signal->session == p->signal->session)
			return false;
	}
	return true;
}

bool is_current_pgrp_orphaned(void)
{
	unsigned long flags;
	bool orphaned;

	read_lock_irqsave(&tasklist_lock, flags);
	orphaned = will_become_orphaned_pgrp(current->signal->pgrp, NULL);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return orphaned;
}

static bool has_stopped_jobs(pid_t pgrp) REQUIRES_SHARED(tasklist_lock)
{
	struct task_struct *p;

	for_each_in_pgrp(p, pgrp)
		if (p->signal->flags & SIGNAL_STOP_STOPPED)
			return true;
	return false;
}

pid_t orphaned_pgrp(struct task_struct *t, struct task_struct *parent)
{
	const struct task_struct *ignored = parent ? NULL : t;
	pid_t pgrp = t->signal->pgrp;

	if (!parent)
		parent = t->real_parent;
	if (parent->signal->pgrp == pgrp || parent->signal->session != t->signal->session)
		return 0;	/* @t did not connect the group to the outside */
	return will_become_orphaned_pgrp(pgrp, ignored) && has_stopped_jobs(pgrp) ? pgrp : 0;
}
