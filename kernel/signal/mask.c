/*
 * kernel/signal/mask.c - blocking signals, and waiting for blocked ones.
 *
 * MODEL     blocked        the mask that counts.
 *           saved_sigmask  the mask to come back when a call that replaced it (sigsuspend, ppoll) is over:
 *                          on the way to user space, after a handler had its frame, which then restores it.
 *           real_blocked   during sigtimedwait, what was blocked: a signal waited for is not ignored and
 *                          does not kill.
 * LOCKING   Only the thread itself changes its mask, under sighand->lock; it reads it without.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/queue.h"
#include "kernel/time/hrtimer.h"

/* => sighand->lock held, @t is current */
void __set_task_blocked(struct task_struct *t, const sigset_t *set)
{
	if (task_sigpending(t) && t->signal->nr_threads > 1)
		retarget_shared_pending(t, set->sig[0] & ~t->blocked.sig[0]);
	t->blocked = *set;
	recalc_sigpending();
}

void set_current_blocked(sigset_t *set)
{
	struct task_struct *me = current;

	sigdelsetmask(set, SIG_KERNEL_ONLY_MASK);
	if (sigequalsets(&me->blocked, set))
		return;
	spin_lock_irq(&me->sighand->lock);
	__set_task_blocked(me, set);
	spin_unlock_irq(&me->sighand->lock);
}

int sigprocmask(int how, sigset_t *set, sigset_t *old)
{
	sigset_t now = current->blocked, new_;

	switch (how) {
	case SIG_BLOCK:
		sigorsets(&new_, &now, set);
		break;
	case SIG_UNBLOCK:
		sigandnsets(&new_, &now, set);
		break;
	case SIG_SETMASK:
		new_ = *set;
		break;
	default:
		return -EINVAL;
	}
	if (old)
		*old = now;
	set_current_blocked(&new_);
	return 0;
}

/* ---- masks for the time of a call ------------------------------------------------------------ */

void set_restore_sigmask(void)
{
	current->restore_sigmask = true;
	set_task_work(current, WORK_NOTIFY);
}

void restore_saved_sigmask(void)
{
	if (!current->restore_sigmask)
		return;
	current->restore_sigmask = false;
	clear_task_work(current, WORK_NOTIFY);
	set_current_blocked(&current->saved_sigmask);
}

/* A call is over: when a signal interrupted it, that one is taken under the call's mask. */
void restore_saved_sigmask_unless(bool interrupted)
{
	if (!interrupted)
		restore_saved_sigmask();
}

sigset_t *sigmask_to_save(void)
{
	return current->restore_sigmask ? &current->saved_sigmask : &current->blocked;
}

int set_user_sigmask(const sigset_t __user *umask, size_t size)
{
	sigset_t mask;

	if (!umask)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, umask, sizeof(mask)))
		return -EFAULT;
	current->saved_sigmask = current->blocked;
	set_restore_sigmask();
	set_current_blocked(&mask);
	return 0;
}

/* ---- calls ----------------------------------------------------------------------------------- */

SYSCALL_DEFINE4(rt_sigprocmask, int, how, const sigset_t __user *, uset, sigset_t __user *, uold, size_t, size)
{
	sigset_t old = current->blocked, set;
	int rc;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (uset) {
		if (copy_from_user(&set, uset, sizeof(set)))
			return -EFAULT;
		rc = sigprocmask(how, &set, NULL);
		if (rc)
			return rc;
	}
	return uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(rt_sigpending, sigset_t __user *, uset, size_t, size)
{
	struct task_struct *me = current;
	sigset_t set;

	if (size > sizeof(set))
		return -EINVAL;
	spin_lock_irq(&me->sighand->lock);
	sigorsets(&set, &me->pending.signal, &me->signal->shared_pending.signal);
	spin_unlock_irq(&me->sighand->lock);
	sigandsets(&set, &set, &me->blocked);
	return copy_to_user(uset, &set, size) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(rt_sigsuspend, const sigset_t __user *, uset, size_t, size)
{
	sigset_t set;

	if (size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, uset, sizeof(set)))
		return -EFAULT;
	current->saved_sigmask = current->blocked;
	set_current_blocked(&set);
	while (!signal_pending()) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule();		/* returns at once if a signal is there */
	}
	__set_current_state(TASK_RUNNING);
	set_restore_sigmask();
	return -ERESTARTNOHAND;
}

/* Wait until a signal of @which is pending, at most @ns (0: only look, ~0: for ever). */
static int do_sigtimedwait(const sigset_t *which, siginfo_t *info, u64 ns)
{
	struct task_struct *me = current;
	sigset_t others = { { ~which->sig[0] | SIG_KERNEL_ONLY_MASK } }, waiting;
	bool timed_out = true;
	ktime_t rel = ns;
	int sig;

	spin_lock_irq(&me->sighand->lock);
	sig = dequeue_signal(&others, info);
	if (!sig && ns) {
		me->real_blocked = me->blocked;
		sigandsets(&waiting, &me->blocked, &others);
		__set_task_blocked(me, &waiting);
		spin_unlock_irq(&me->sighand->lock);

		set_current_state(TASK_INTERRUPTIBLE);
		timed_out = !schedule_hrtimeout(ns == ~0ull ? NULL : &rel, HRTIMER_MODE_REL);

		spin_lock_irq(&me->sighand->lock);
		__set_task_blocked(me, &me->real_blocked);
		sigemptyset(&me->real_blocked);
		sig = dequeue_signal(&others, info);
	}
	spin_unlock_irq(&me->sighand->lock);
	if (sig)
		return sig;
	return timed_out ? -EAGAIN : -EINTR;
}

SYSCALL_DEFINE4(rt_sigtimedwait, const sigset_t __user *, uthese, siginfo_t __user *, uinfo,
		const struct __kernel_timespec __user *, uts, size_t, size)
{
	struct timespec64 ts;
	sigset_t these;
	siginfo_t info;
	u64 ns = ~0ull;
	int sig;

	if (size != sizeof(these))
		return -EINVAL;
	if (copy_from_user(&these, uthese, sizeof(these)))
		return -EFAULT;
	if (uts) {
		if (get_timespec64(&ts, uts))
			return -EFAULT;
		if (!timespec64_valid(&ts))
			return -EINVAL;
		ns = timespec64_to_ktime(ts);
	}
	sig = do_sigtimedwait(&these, &info, ns);
	if (sig > 0 && uinfo && copy_siginfo_to_user(uinfo, &info))
		return -EFAULT;
	return sig;
}
