/*
 * kernel/time/itimer.c - setitimer() and getitimer().
 *
 * MODEL     ITIMER_REAL: an hrtimer, made at first use; its function sends SIGALRM, and it goes on
 *           with its interval when that signal is taken, so a fast timer cannot flood a slow reader.
 *           ITIMER_VIRTUAL counts the process's user time, ITIMER_PROF all its CPU time: value_ns is
 *           the CPU time at which it fires, 0 when off.  The rest is cpu_timer.c's.
 * LOCKING   sighand->lock.  The hrtimer's function takes it, so the timer is cancelled without it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/queue.h"
#include "kernel/time/cpu_timer.h"
#include "kernel/time/itimer.h"
#include "kernel/time/posix_timer.h"
#include "mm/slab/slab.h"

/* ---- ITIMER_REAL ----------------------------------------------------------------------------- */

static enum hrtimer_restart it_real_fn(struct hrtimer *t)
{
	struct signal_struct *sig = t->data;

	read_lock(&tasklist_lock);		/* an exec on another hart may change the leader */
	do_send_sig_info(SIGALRM, SEND_SIG_PRIV, sig->group_leader, true);
	read_unlock(&tasklist_lock);
	return HRTIMER_NORESTART;
}

void itimer_real_rearm(struct signal_struct *sig)
{
	struct hrtimer *t = sig->real_timer;

	if (!t || !sig->it_real.interval_ns || hrtimer_active(t))
		return;
	hrtimer_forward(t, ktime_get(), sig->it_real.interval_ns);
	hrtimer_start(t, t->expires, HRTIMER_MODE_ABS);
}

static int make_real_timer(struct signal_struct *sig)
{
	struct hrtimer *t;

	if (sig->real_timer)
		return 0;
	t = kmalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	hrtimer_init(t, it_real_fn);
	t->data = sig;
	spin_lock_irq(&current->sighand->lock);
	if (!sig->real_timer) {
		sig->real_timer = t;
		t = NULL;
	}
	spin_unlock_irq(&current->sighand->lock);
	kfree(t);
	return 0;
}

static u64 real_remaining(struct signal_struct *sig)
{
	struct hrtimer *t = sig->real_timer;

	if (!t || !hrtimer_active(t))
		return 0;
	/* Due, but not yet fired: still something. */
	return max(hrtimer_get_remaining(t), (s64)NSEC_PER_USEC);
}

static int set_real(struct signal_struct *sig, const struct itimer_state *value, struct itimer_state *old)
{
	int rc = make_real_timer(sig);

	if (rc)
		return rc;
	for (;;) {
		spin_lock_irq(&current->sighand->lock);
		old->value_ns = real_remaining(sig);
		old->interval_ns = sig->it_real.interval_ns;
		if (hrtimer_try_to_cancel(sig->real_timer) >= 0)
			break;
		spin_unlock_irq(&current->sighand->lock);	/* its function wants the lock */
		arch_cpu_relax();
	}
	sig->it_real.interval_ns = value->value_ns ? value->interval_ns : 0;
	if (value->value_ns)
		hrtimer_start(sig->real_timer, value->value_ns, HRTIMER_MODE_REL);
	spin_unlock_irq(&current->sighand->lock);
	return 0;
}

/* ---- CPU time -------------------------------------------------------------------------------- */

static u64 cpu_now(int which)
{
	u64 user, system;

	thread_group_cputime_locked(current, &user, &system);
	return which == ITIMER_VIRTUAL ? user : user + system;
}

static void get_cpu_timer(int which, const struct itimer_state *it, struct itimer_state *out)
{
	u64 now;

	*out = *it;
	if (!it->value_ns)
		return;
	now = cpu_now(which);
	out->value_ns = it->value_ns > now ? it->value_ns - now : TICK_NSEC;
}

static void set_cpu_timer(int which, struct itimer_state *it, const struct itimer_state *value,
			  struct itimer_state *old)
{
	spin_lock_irq(&current->sighand->lock);
	get_cpu_timer(which, it, old);
	it->interval_ns = value->interval_ns;
	it->value_ns = value->value_ns ? cpu_now(which) + value->value_ns : 0;
	cpu_timers_changed(current->signal);
	spin_unlock_irq(&current->sighand->lock);
}

/* ---- life ------------------------------------------------------------------------------------ */

void posix_timers_init_signal(struct signal_struct *sig)
{
	xa_init(&sig->posix_timers);
	cpu_timers_init(sig);
}

void exec_itimers(struct signal_struct *sig)
{
	posix_timers_delete_all(sig);
}

void exit_itimers(struct signal_struct *sig)
{
	if (sig->real_timer)
		hrtimer_cancel(sig->real_timer);
	posix_timers_delete_all(sig);
}

void free_itimers(struct signal_struct *sig)
{
	kfree(sig->real_timer);
	sig->real_timer = NULL;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static struct __kernel_old_timeval to_timeval(u64 ns)
{
	u64 us = (ns + NSEC_PER_USEC - 1) / NSEC_PER_USEC;

	return (struct __kernel_old_timeval){ us / USEC_PER_SEC, us % USEC_PER_SEC };
}

static int put_itimer(struct __kernel_old_itimerval __user *u, const struct itimer_state *it)
{
	struct __kernel_old_itimerval v = { to_timeval(it->interval_ns), to_timeval(it->value_ns) };

	return copy_to_user(u, &v, sizeof(v)) ? -EFAULT : 0;
}

static bool from_timeval(const struct __kernel_old_timeval *tv, u64 *ns)
{
	if (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= (long)USEC_PER_SEC)
		return false;
	*ns = timespec64_to_ktime((struct timespec64){ tv->tv_sec, tv->tv_usec * 1000 });
	return true;
}

static struct itimer_state *cpu_itimer(int which)
{
	return which == ITIMER_VIRTUAL ? &current->signal->it_virt : &current->signal->it_prof;
}

SYSCALL_DEFINE2(getitimer, int, which, struct __kernel_old_itimerval __user *, u)
{
	struct signal_struct *sig = current->signal;
	struct itimer_state it;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	spin_lock_irq(&current->sighand->lock);
	if (which == ITIMER_REAL) {
		it.value_ns = real_remaining(sig);
		it.interval_ns = sig->it_real.interval_ns;
	} else {
		get_cpu_timer(which, cpu_itimer(which), &it);
	}
	spin_unlock_irq(&current->sighand->lock);
	return put_itimer(u, &it);
}

SYSCALL_DEFINE3(setitimer, int, which, const struct __kernel_old_itimerval __user *, u,
		struct __kernel_old_itimerval __user *, uold)
{
	struct __kernel_old_itimerval v = { { 0, 0 }, { 0, 0 } };
	struct itimer_state value, old;
	int rc = 0;

	if (u && copy_from_user(&v, u, sizeof(v)))
		return -EFAULT;
	if (!from_timeval(&v.it_value, &value.value_ns) || !from_timeval(&v.it_interval, &value.interval_ns) ||
	    which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL)
		rc = set_real(current->signal, &value, &old);
	else
		set_cpu_timer(which, cpu_itimer(which), &value, &old);
	if (rc)
		return rc;
	return uold ? put_itimer(uold, &old) : 0;
}
