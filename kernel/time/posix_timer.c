/*
 * kernel/time/posix_timer.c - timer_create() and its kin.
 *
 * MODEL     A timer owns one queue entry; while that is queued, further expirations only count.  One that never
 *           signals has it too: RLIMIT_SIGPENDING is what bounds their number.  On a
 *           wall clock an hrtimer fires once and is not started again before its signal was taken:
 *           posixtimer_rearm() then moves it past now, and what it skipped is the overrun.
 *           si_sys_private of the queued signal carries the timer's generation, so that a signal from
 *           before a timer_settime() does not restart it.
 *           On a CPU clock the tick compares (posix_cpu_timers_tick) and moves the expiry at once.
 * LOCKING   posix_timers_mutex over every call; the list also under sighand->lock, for the tick.
 *           Timers are few and the calls short: one mutex for all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/queue.h"
#include "fs/seq_file.h"
#include "kernel/task/pid.h"
#include "kernel/time/clock.h"
#include "kernel/time/itimer.h"
#include "kernel/time/posix_timer.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

struct k_itimer {
	struct list_head link;		/* (H and mutex) signal->posix_timers */
	int id, clock;			/* (I) */
	int notify;			/* (I) SIGEV_* */
	struct task_struct *target;	/* (I) counted: the thread, or the leader */
	struct task_struct *timed;	/* (I) counted: whose CPU time, for a thread's clock; else NULL */
	struct sigqueue *q;		/* (I) */
	struct hrtimer timer;		/* wall clocks */
	u64 cpu_expires;		/* (H) CPU clocks: 0 is off */
	u64 interval_ns;
	int generation;			/* of settings and restarts */
	int overrun_last;
	bool rearm_pending;		/* its signal is out, the interval waits for it */
};

static DEFINE_MUTEX(posix_timers_mutex, RANK_TASK);

static bool on_cpu_clock(const struct k_itimer *t)
{
	return clock_is_cpu(t->clock);
}

static bool signals(const struct k_itimer *t)
{
	return t->notify != SIGEV_NONE;
}

static bool to_group(const struct k_itimer *t)
{
	return !(t->notify & SIGEV_THREAD_ID);
}

/* ---- firing ---------------------------------------------------------------------------------- */

static enum hrtimer_restart posix_timer_fn(struct hrtimer *h)
{
	struct k_itimer *t = container_of(h, struct k_itimer, timer);
	int rc = 1;

	if (signals(t)) {
		t->q->info.si_sys_private = t->interval_ns ? ++t->generation : 0;
		t->rearm_pending = t->interval_ns;
		read_lock(&tasklist_lock);
		rc = send_sigqueue(t->q, t->target, to_group(t));
		read_unlock(&tasklist_lock);
	}
	if (rc <= 0 || !t->interval_ns)
		return HRTIMER_NORESTART;
	/* Ignored, so it will never be taken: go on by itself, but not faster than ticks. */
	t->rearm_pending = false;
	hrtimer_forward(h, hrtimer_now(h), max(t->interval_ns, signals(t) ? TICK_NSEC : 1));
	return HRTIMER_RESTART;
}

static struct k_itimer *find_timer(int id)
{
	struct k_itimer *t;

	list_for_each_entry(t, &current->signal->posix_timers, link)
		if (t->id == id)
			return t;
	return NULL;
}

/* Move an interval timer whose signal is out past now; how many expirations that skips. */
static u64 go_on(struct k_itimer *t)
{
	u64 n = hrtimer_forward(&t->timer, hrtimer_now(&t->timer), t->interval_ns);

	t->rearm_pending = false;
	t->generation++;
	hrtimer_start(&t->timer, t->timer.expires, HRTIMER_MODE_ABS);
	return n ? n - 1 : 0;
}

void posixtimer_rearm(siginfo_t *info)
{
	struct k_itimer *t;

	mutex_lock(&posix_timers_mutex);
	t = find_timer(info->si_tid);
	if (t && t->rearm_pending && t->generation == info->si_sys_private) {
		t->overrun_last = min_t(u64, go_on(t) + info->si_overrun, INT32_MAX);
		info->si_overrun = t->overrun_last;
	}
	mutex_unlock(&posix_timers_mutex);
	info->si_sys_private = 0;
}

static u64 cpu_clock_now(const struct k_itimer *t, u64 user, u64 system)
{
	if (t->timed)
		return task_sched_runtime(t->timed);
	return t->clock < 0 && (t->clock & 3) == 1 ? user : user + system;
}

bool posix_cpu_timers_tick(struct signal_struct *sig, u64 user, u64 system)
{
	struct k_itimer *t;
	bool armed = false;

	list_for_each_entry(t, &sig->posix_timers, link) {
		u64 now;

		if (!on_cpu_clock(t) || !t->cpu_expires)
			continue;
		now = cpu_clock_now(t, user, system);
		if (now >= t->cpu_expires) {
			if (signals(t))
				send_sigqueue_locked(t->q, t->target, to_group(t));
			t->cpu_expires = t->interval_ns ?
				t->cpu_expires + ((now - t->cpu_expires) / t->interval_ns + 1) * t->interval_ns : 0;
		}
		armed |= t->cpu_expires != 0;
	}
	return armed;
}

/* ---- making and deleting --------------------------------------------------------------------- */

/* Numbers are used in turn, those still in use left out. */
static int next_id(struct signal_struct *sig)
{
	int id;

	do {
		id = sig->next_posix_timer_id;
		sig->next_posix_timer_id = (id + 1) & INT32_MAX;
	} while (find_timer(id));
	return id;
}

/* The counted task that @ev names, NULL when it is not one of ours or the event makes no sense. */
static struct task_struct *event_target(const sigevent_t *ev)
{
	struct task_struct *t = current->group_leader;

	switch (ev->sigev_notify) {
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
		t = find_get_task(ev->sigev_notify_thread_id);
		if (t && t->tgid != current->tgid) {
			put_task_struct(t);
			t = NULL;
		}
		if (!t)
			return NULL;
		break;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
	case SIGEV_NONE:
		get_task_struct(t);
		break;
	default:
		return NULL;
	}
	if (ev->sigev_notify != SIGEV_NONE && (ev->sigev_signo < 1 || ev->sigev_signo > _NSIG)) {
		put_task_struct(t);
		return NULL;
	}
	return t;
}

static void free_timer(struct k_itimer *t)
{
	sigqueue_disown(t->q);
	put_task_struct(t->target);
	if (t->timed)
		put_task_struct(t->timed);
	kfree(t);
}

/* A thread's CPU clock, whoever's. */
static bool thread_clock(int clock)
{
	return clock == CLOCK_THREAD_CPUTIME_ID || (clock < 0 && (clock & 4));
}

/* The tick looks at the timers of the process that runs: a timer on another one's clock would not be seen. */
static bool own_clock(int clock)
{
	pid_t pid = ~(clock >> 3);

	return clock >= 0 || !pid || pid == (thread_clock(clock) ? current->pid : current->tgid);
}

static struct k_itimer *alloc_timer(int clock, const sigevent_t *ev, int *rc)
{
	struct k_itimer *t;
	struct task_struct *target = event_target(ev);

	*rc = -EINVAL;
	if (!target)
		return NULL;
	*rc = -EAGAIN;
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		goto undo_target;
	t->q = sigqueue_alloc(current, GFP_KERNEL, false);
	if (!t->q)
		goto undo_timer;
	memset(&t->q->info, 0, sizeof(t->q->info));
	t->q->owned = true;
	t->q->info.si_signo = ev->sigev_signo;
	t->q->info.si_code = SI_TIMER;
	t->q->info._sifields._timer._sigval = ev->sigev_value;
	t->clock = clock;
	t->notify = ev->sigev_notify;
	t->target = target;
	hrtimer_init_clock(&t->timer, posix_timer_fn, clock_hrtimer(clock));
	return t;
undo_timer:
	kfree(t);
undo_target:
	put_task_struct(target);
	return NULL;
}

SYSCALL_DEFINE3(timer_create, int, clock, sigevent_t __user *, uev, int __user *, uid)
{
	struct signal_struct *sig = current->signal;
	sigevent_t ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct k_itimer *t;
	u64 now;
	int rc;

	if (!clock_is_wall(clock) && !clock_is_cpu(clock))
		return clock_read(clock, &now) ? -EINVAL : -EOPNOTSUPP;
	if (clock_read(clock, &now))
		return -EINVAL;
	if (!own_clock(clock))
		return -EOPNOTSUPP;
	if (uev && copy_from_user(&ev, uev, sizeof(ev)))
		return -EFAULT;
	t = alloc_timer(clock, &ev, &rc);
	if (!t)
		return rc;
	if (thread_clock(clock)) {
		t->timed = current;
		get_task_struct(current);
	}
	mutex_lock(&posix_timers_mutex);
	t->id = next_id(sig);
	t->q->info.si_tid = t->id;
	if (!uev)
		t->q->info._sifields._timer._sigval.sival_int = t->id;
	rc = put_user(t->id, uid);
	if (!rc) {
		spin_lock_irq(&current->sighand->lock);
		list_add_tail(&t->link, &sig->posix_timers);
		spin_unlock_irq(&current->sighand->lock);
	}
	mutex_unlock(&posix_timers_mutex);
	if (rc)
		free_timer(t);
	return rc;
}

/* => posix_timers_mutex held; current is of the timer's process */
static void delete_timer(struct k_itimer *t)
{
	hrtimer_cancel(&t->timer);
	spin_lock_irq(&current->sighand->lock);
	list_del(&t->link);
	spin_unlock_irq(&current->sighand->lock);
	free_timer(t);
}

SYSCALL_DEFINE1(timer_delete, int, id)
{
	struct k_itimer *t;

	mutex_lock(&posix_timers_mutex);
	t = find_timer(id);
	if (t)
		delete_timer(t);
	mutex_unlock(&posix_timers_mutex);
	return t ? 0 : -EINVAL;
}

void posix_timers_delete_all(struct signal_struct *sig)
{
	struct k_itimer *t, *n;

	if (list_empty(&sig->posix_timers))
		return;
	mutex_lock(&posix_timers_mutex);
	list_for_each_entry_safe(t, n, &sig->posix_timers, link) {
		delete_timer(t);
		cond_resched();
	}
	mutex_unlock(&posix_timers_mutex);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void read_cpu_timer(struct k_itimer *t, u64 *value)
{
	u64 user, system, now;

	thread_group_cputime_locked(current, &user, &system);
	now = cpu_clock_now(t, user, system);
	*value = !t->cpu_expires ? 0 : t->cpu_expires > now ? t->cpu_expires - now : 1;
}

static void read_wall_timer(struct k_itimer *t, u64 *value)
{
	s64 left;

	*value = 0;
	if (!t->rearm_pending && !hrtimer_active(&t->timer))
		return;
	left = hrtimer_get_remaining(&t->timer);
	if (left <= 0 && t->interval_ns)	/* as if it had gone on */
		left += ((-left) / t->interval_ns + 1) * t->interval_ns;
	*value = left > 0 ? left : t->notify == SIGEV_NONE ? 0 : 1;
}

static void read_timer(struct k_itimer *t, struct __kernel_itimerspec *out)
{
	struct timespec64 ts;
	u64 value;

	if (on_cpu_clock(t)) {
		spin_lock_irq(&current->sighand->lock);
		read_cpu_timer(t, &value);
		spin_unlock_irq(&current->sighand->lock);
	} else {
		read_wall_timer(t, &value);
	}
	ts = ns_to_timespec64(value);
	out->it_value = (struct __kernel_timespec){ ts.tv_sec, ts.tv_nsec };
	ts = ns_to_timespec64(t->interval_ns);
	out->it_interval = (struct __kernel_timespec){ ts.tv_sec, ts.tv_nsec };
}

static void set_cpu_timer(struct k_itimer *t, u64 value, u64 interval, bool absolute)
{
	u64 user, system;

	spin_lock_irq(&current->sighand->lock);
	thread_group_cputime_locked(current, &user, &system);
	if (value && !absolute)
		value += cpu_clock_now(t, user, system);
	t->cpu_expires = value;
	t->interval_ns = interval;
	if (value)
		current->signal->cpu_timers = true;
	spin_unlock_irq(&current->sighand->lock);
}

static void set_wall_timer(struct k_itimer *t, u64 value, u64 interval, bool absolute)
{
	hrtimer_cancel(&t->timer);
	t->generation++;
	t->rearm_pending = false;
	t->overrun_last = 0;
	t->interval_ns = interval;
	if (value)
		hrtimer_start(&t->timer, value, absolute ? HRTIMER_MODE_ABS : HRTIMER_MODE_REL);
}

static struct timespec64 to_ts64(const struct __kernel_timespec *k)
{
	return (struct timespec64){ k->tv_sec, k->tv_nsec };
}

SYSCALL_DEFINE4(timer_settime, int, id, int, flags, const struct __kernel_itimerspec __user *, unew,
		struct __kernel_itimerspec __user *, uold)
{
	struct __kernel_itimerspec new_, old;
	struct timespec64 value, interval;
	struct k_itimer *t;

	if (!unew)
		return -EINVAL;
	if (copy_from_user(&new_, unew, sizeof(new_)))
		return -EFAULT;
	value = to_ts64(&new_.it_value);
	interval = to_ts64(&new_.it_interval);
	if (!timespec64_valid(&value) || !timespec64_valid(&interval))
		return -EINVAL;
	if (!value.tv_sec && !value.tv_nsec)
		interval = value;	/* disarmed: nothing is left of it */
	mutex_lock(&posix_timers_mutex);
	t = find_timer(id);
	if (t) {
		read_timer(t, &old);
		(on_cpu_clock(t) ? set_cpu_timer : set_wall_timer)(t, timespec64_to_ktime(value),
			timespec64_to_ktime(interval), flags & TIMER_ABSTIME);
	}
	mutex_unlock(&posix_timers_mutex);
	if (!t)
		return -EINVAL;
	return uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(timer_gettime, int, id, struct __kernel_itimerspec __user *, u)
{
	struct __kernel_itimerspec now;
	struct k_itimer *t;

	mutex_lock(&posix_timers_mutex);
	t = find_timer(id);
	if (t)
		read_timer(t, &now);
	mutex_unlock(&posix_timers_mutex);
	if (!t)
		return -EINVAL;
	return copy_to_user(u, &now, sizeof(now)) ? -EFAULT : 0;
}

SYSCALL_DEFINE1(timer_getoverrun, int, id)
{
	struct k_itimer *t;
	int n = -EINVAL;

	mutex_lock(&posix_timers_mutex);
	t = find_timer(id);
	if (t)
		n = t->overrun_last;
	mutex_unlock(&posix_timers_mutex);
	return n;
}

/* ---- /proc/PID/timers ------------------------------------------------------------------------ */

void posix_timers_show(struct seq_file *m, struct signal_struct *sig)
{
	static const char *const how[] = {
		[SIGEV_SIGNAL] = "signal", [SIGEV_NONE] = "none", [SIGEV_THREAD] = "thread",
	};
	struct k_itimer *t;

	mutex_lock(&posix_timers_mutex);
	list_for_each_entry(t, &sig->posix_timers, link)
		seq_printf(m, "ID: %d\nsignal: %d/%016lx\nnotify: %s/%s.%d\nClockID: %d\n", t->id,
			   t->q->info.si_signo, (unsigned long)t->q->info.si_value.sival_ptr,
			   how[t->notify & ~SIGEV_THREAD_ID], to_group(t) ? "pid" : "tid",
			   to_group(t) ? t->target->tgid : t->target->pid, t->clock);
	mutex_unlock(&posix_timers_mutex);
}
