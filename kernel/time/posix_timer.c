/*
 * kernel/time/posix_timer.c - timer_create() and its kin.
 *
 * MODEL     A timer owns one queue entry; while that is queued, further expirations only count.  One that never
 *           signals has it too: RLIMIT_SIGPENDING is what bounds their number.  On a
 *           wall clock an hrtimer fires once and is not started again before its signal was taken:
 *           posixtimer_rearm() then moves it past now, and what it skipped is the overrun.
 *           si_sys_private of the queued signal carries the timer's generation, so that a signal from
 *           before a timer_settime() does not restart it.
 *           On a CPU clock it is the same, but that the tick fires it (cpu_timer.c).
 * LOCKING   posix_timers_mutex over every call; what the tick touches also under sighand->lock (H).
 *           The calls are short whatever the number of timers: one mutex for all.
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
	int id, clock;			/* (I) signal->posix_timers has it at id (mutex) */
	int notify;			/* (I) SIGEV_* */
	struct task_struct *target;	/* (I) counted: the thread, or the leader */
	struct task_struct *timed;	/* (I) counted: whose CPU time, for a thread's clock; else NULL */
	struct sigqueue *q;		/* (I) */
	struct hrtimer timer;		/* wall clocks */
	struct cpu_timer cpu;		/* CPU clocks; with SIGEV_NONE it only has the expiry, 0 is off */
	u64 interval_ns;		/* (H) */
	int generation;			/* (H) of settings and restarts */
	int overrun_last;
	bool rearm_pending;		/* (H) its signal is out, the interval waits for it */
};

static DEFINE_MUTEX(posix_timers_mutex, RANK_TASK);

static bool on_cpu_clock(const struct k_itimer *t)
{
	return clock_is_cpu(t->clock);
}

static enum cpu_clock cpu_clock_kind(int clock)
{
	return clock < 0 && (clock & 3) == 1 ? CPU_USER : CPU_TOTAL;
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
	return id < 0 ? NULL : xa_load(&current->signal->posix_timers, id);
}

/* What @t's CPU clock shows, to the nanosecond.  => sighand->lock held */
static u64 cpu_clock_now(const struct k_itimer *t)
{
	u64 user, system;

	if (t->timed)
		task_cputime(t->timed, &user, &system);
	else
		thread_group_cputime_locked(current, &user, &system);
	return cpu_clock_kind(t->clock) == CPU_USER ? user : user + system;
}

/* How many intervals take @t's expiry past @now of its CPU clock. */
static u64 intervals_past(const struct k_itimer *t, u64 now)
{
	return now < t->cpu.expires ? 0 : (now - t->cpu.expires) / t->interval_ns + 1;
}

static u64 cpu_timer_go_on(struct k_itimer *t)
{
	u64 n;

	spin_lock_irq(&current->sighand->lock);
	n = intervals_past(t, cpu_clock_now(t));
	t->rearm_pending = false;
	t->generation++;
	cpu_timer_start(&t->cpu, t->cpu.expires + n * t->interval_ns);
	spin_unlock_irq(&current->sighand->lock);
	return n;
}

static u64 wall_timer_go_on(struct k_itimer *t)
{
	u64 n = hrtimer_forward(&t->timer, hrtimer_now(&t->timer), t->interval_ns);

	t->rearm_pending = false;
	t->generation++;
	hrtimer_start(&t->timer, t->timer.expires, HRTIMER_MODE_ABS);
	return n;
}

/* Move an interval timer whose signal is out past now; how many expirations that skips. */
static u64 go_on(struct k_itimer *t)
{
	u64 n = on_cpu_clock(t) ? cpu_timer_go_on(t) : wall_timer_go_on(t);

	return n ? n - 1 : 0;
}

bool posix_cpu_timer_fire(struct cpu_timer *c, u64 now)
{
	struct k_itimer *t = container_of(c, struct k_itimer, cpu);
	int rc;

	t->q->info.si_sys_private = t->interval_ns ? ++t->generation : 0;
	t->rearm_pending = t->interval_ns;
	/* A thread that was to have it may be gone. */
	rc = t->target->sighand ? send_sigqueue_locked(t->q, t->target, to_group(t)) : -1;
	if (!t->interval_ns)
		c->expires = 0;
	if (rc <= 0 || !t->interval_ns)
		return false;
	t->rearm_pending = false;		/* ignored: it goes on by itself */
	c->expires += intervals_past(t, now) * t->interval_ns;
	return true;
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

/* ---- making and deleting --------------------------------------------------------------------- */

/* A number for a new timer: they are used in turn, those still in use left out. */
static int next_id(struct signal_struct *sig)
{
	unsigned long id = xa_find_hole(&sig->posix_timers, sig->next_posix_timer_id, INT32_MAX);

	if (id > INT32_MAX)
		id = xa_find_hole(&sig->posix_timers, 0, INT32_MAX);
	sig->next_posix_timer_id = (id + 1) & INT32_MAX;
	return id;
}

/* Give @t its number, and tell it: 0 or -errno.  => posix_timers_mutex held */
static int number_timer(struct signal_struct *sig, struct k_itimer *t, bool value_is_id, int __user *uid)
{
	struct xa_reserve r = XA_RESERVE_INIT;
	int rc;

	t->id = next_id(sig);
	t->q->info.si_tid = t->id;
	if (value_is_id)
		t->q->info._sifields._timer._sigval.sival_int = t->id;
	rc = xa_reserve(&r, t->id) ? -EAGAIN : put_user(t->id, uid);
	if (!rc)
		xa_store_reserved(&sig->posix_timers, t->id, t, &r);
	xa_unreserve(&r);
	return rc;
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

static struct cpu_timer_base *clock_base(const struct k_itimer *t)
{
	enum cpu_clock kind = cpu_clock_kind(t->clock);

	return t->timed ? &t->timed->cpu_timers[kind] : &current->signal->cpu_timers.base[kind];
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
	hrtimer_init_soft(&t->timer, posix_timer_fn, clock_hrtimer(clock));
	return t;
undo_timer:
	kfree(t);
undo_target:
	put_task_struct(target);
	return NULL;
}

SYSCALL_DEFINE3(timer_create, int, clock, sigevent_t __user *, uev, int __user *, uid)
{
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
	t->cpu.base = clock_base(t);
	mutex_lock(&posix_timers_mutex);
	rc = number_timer(current->signal, t, !uev, uid);
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
	cpu_timer_cancel(&t->cpu);
	spin_unlock_irq(&current->sighand->lock);
	xa_erase(&current->signal->posix_timers, t->id);
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
	struct k_itimer *t;
	unsigned long id;

	if (xa_empty(&sig->posix_timers))
		return;
	mutex_lock(&posix_timers_mutex);
	xa_for_each(&sig->posix_timers, id, t) {
		delete_timer(t);
		cond_resched();
	}
	mutex_unlock(&posix_timers_mutex);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* What is left of an armed timer, whose expiry is @left away or past. */
static u64 left_to_go(const struct k_itimer *t, s64 left)
{
	if (left <= 0 && t->interval_ns)	/* as if it had gone on */
		left += ((-left) / t->interval_ns + 1) * t->interval_ns;
	return left > 0 ? left : signals(t);
}

static u64 read_cpu_timer(struct k_itimer *t)
{
	u64 value = 0;

	spin_lock_irq(&current->sighand->lock);
	if (t->cpu.expires)
		value = left_to_go(t, t->cpu.expires - cpu_clock_now(t));
	spin_unlock_irq(&current->sighand->lock);
	return value;
}

static u64 read_wall_timer(struct k_itimer *t)
{
	if (!t->rearm_pending && !hrtimer_active(&t->timer))
		return 0;
	return left_to_go(t, hrtimer_get_remaining(&t->timer));
}

static void read_timer(struct k_itimer *t, struct __kernel_itimerspec *out)
{
	struct timespec64 ts = ns_to_timespec64(on_cpu_clock(t) ? read_cpu_timer(t) : read_wall_timer(t));

	out->it_value = (struct __kernel_timespec){ ts.tv_sec, ts.tv_nsec };
	ts = ns_to_timespec64(t->interval_ns);
	out->it_interval = (struct __kernel_timespec){ ts.tv_sec, ts.tv_nsec };
}

static void set_cpu_timer(struct k_itimer *t, u64 value, u64 interval, bool absolute)
{
	spin_lock_irq(&current->sighand->lock);
	t->generation++;
	t->rearm_pending = false;
	t->overrun_last = 0;
	t->interval_ns = interval;
	if (value && !absolute)
		value += cpu_clock_now(t);
	if (value && signals(t)) {
		cpu_timer_start(&t->cpu, value);
	} else {
		cpu_timer_cancel(&t->cpu);
		t->cpu.expires = value;
	}
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
	unsigned long id;

	mutex_lock(&posix_timers_mutex);
	xa_for_each(&sig->posix_timers, id, t) {
		if (seq_has_overflowed(m))
			break;
		seq_printf(m, "ID: %d\nsignal: %d/%016lx\nnotify: %s/%s.%d\nClockID: %d\n", t->id,
			   t->q->info.si_signo, (unsigned long)t->q->info.si_value.sival_ptr,
			   how[t->notify & ~SIGEV_THREAD_ID], to_group(t) ? "pid" : "tid",
			   to_group(t) ? t->target->tgid : t->target->pid, t->clock);
		cond_resched();
	}
	mutex_unlock(&posix_timers_mutex);
}
