/*
 * kernel/time/clock.c - clock_gettime() and its kin; sleeping on a clock.
 *
 * MODEL     A clock id is a number (CLOCK_*), or negative: ~pid << 3 | kind, where bit 2 of kind
 *           means a thread's CPU time, else its process's.  MONOTONIC, MONOTONIC_RAW and BOOTTIME
 *           are one clock here, REALTIME and TAI another.
 *           A nanosleep that a signal interrupts is restarted with its absolute end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/sched/sched.h"
#include "kernel/task/cred.h"
#include "kernel/time/clock.h"
#include "kernel/time/hrtimer.h"

#define CPUCLOCK_PERTHREAD	4
#define CPUCLOCK_WHICH		3	/* 0 prof, 1 virt (user time), 2 sched */

/* ---- CPU clocks ------------------------------------------------------------------------------ */

bool clock_is_cpu(int id)
{
	return id < 0 || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID;
}

/* The task that CPU clock @id means, counted; NULL when the id names none that it may. */
static struct task_struct *cpu_clock_task(int id, bool *thread)
{
	struct task_struct *t;
	pid_t pid = ~(id >> 3);

	*thread = id == CLOCK_THREAD_CPUTIME_ID || (id < 0 && (id & CPUCLOCK_PERTHREAD));
	if (id < 0 && (id & CPUCLOCK_WHICH) == CPUCLOCK_WHICH)
		return NULL;
	if (id >= 0 || !pid) {
		t = *thread ? current : current->group_leader;
		get_task_struct(t);
		return t;
	}
	t = find_get_task(pid);
	if (t && (*thread ? t->tgid != current->tgid : t->pid != t->tgid)) {
		put_task_struct(t);
		return NULL;
	}
	return t;
}

static int cpu_clock_read(int id, u64 *ns)
{
	bool thread;
	struct task_struct *t = cpu_clock_task(id, &thread);
	u64 user, system;

	if (!t)
		return -EINVAL;
	if (thread)
		task_cputime(t, &user, &system);
	else
		thread_group_cputime(t, &user, &system);
	put_task_struct(t);
	*ns = id < 0 && (id & CPUCLOCK_WHICH) == 1 ? user : user + system;
	return 0;
}

/* ---- any clock ------------------------------------------------------------------------------- */

int clock_read(int id, u64 *ns)
{
	u64 now = ktime_get();

	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = now + ktime_real_offset();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = now;
		return 0;
	case CLOCK_REALTIME_COARSE:
		*ns = now - now % TICK_NSEC + ktime_real_offset();
		return 0;
	case CLOCK_MONOTONIC_COARSE:
		*ns = now - now % TICK_NSEC;
		return 0;
	default:
		return clock_is_cpu(id) ? cpu_clock_read(id, ns) : -EINVAL;
	}
}

static bool clock_is_real(int id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_ALARM || id == CLOCK_TAI;
}

bool clock_is_wall(int id)
{
	return clock_is_real(id) || id == CLOCK_MONOTONIC || id == CLOCK_BOOTTIME ||
	       id == CLOCK_BOOTTIME_ALARM;
}

enum hrtimer_clock clock_hrtimer(int id)
{
	return clock_is_real(id) ? HRTIMER_REALTIME : HRTIMER_MONOTONIC;
}

SYSCALL_DEFINE2(clock_gettime, int, id, struct __kernel_timespec __user *, uts)
{
	struct timespec64 ts;
	u64 ns;
	int rc = clock_read(id, &ns);

	if (rc)
		return rc;
	ts = ns_to_timespec64(ns);
	return put_timespec64(&ts, uts);
}

SYSCALL_DEFINE2(clock_getres, int, id, struct __kernel_timespec __user *, uts)
{
	struct timespec64 ts = { 0, 1 };
	u64 ns;
	int rc = clock_read(id, &ns);

	if (rc)
		return rc;
	if (id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE)
		ts.tv_nsec = TICK_NSEC;
	return uts ? put_timespec64(&ts, uts) : 0;
}

SYSCALL_DEFINE2(clock_settime, int, id, const struct __kernel_timespec __user *, uts)
{
	struct timespec64 ts;

	u64 now;

	if (id != CLOCK_REALTIME && id >= 0)
		return -EINVAL;
	if (get_timespec64(&ts, uts))
		return -EFAULT;
	if (id != CLOCK_REALTIME)	/* a task's: if there is one, it cannot be set */
		return clock_read(id, &now) ? -EINVAL : -EPERM;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	return capable(CAP_SYS_TIME) ? do_settimeofday64(&ts) : -EPERM;
}

/* ---- sleeping on a clock --------------------------------------------------------------------- */

/* Sleep until @clock shows @expires: true, or false when a signal came; *left is what was left. */
static bool sleep_on_clock(enum hrtimer_clock clock, ktime_t expires, s64 *left)
{
	struct hrtimer_sleeper s;

	hrtimer_init_sleeper(&s, clock);
	set_current_state(TASK_INTERRUPTIBLE);
	hrtimer_start(&s.timer, expires, HRTIMER_MODE_ABS);
	while (READ_ONCE(s.task) && !signal_pending()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	hrtimer_cancel(&s.timer);
	*left = hrtimer_get_remaining(&s.timer);
	return !s.task || *left <= 0;
}

/* A CPU clock does not run while its only thread sleeps; look at it every tick. */
static int sleep_on_cpu_clock(int id, u64 expires, s64 *left)
{
	u64 now;
	int rc;

	for (;;) {
		rc = clock_read(id, &now);
		if (rc || now >= expires)
			return rc;
		*left = expires - now;
		if (signal_pending())
			return -ERESTARTNOHAND;
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(max((u64)*left, TICK_NSEC));
	}
}

static long put_left(s64 left, void __user *rem)
{
	struct timespec64 ts = ns_to_timespec64(max(left, (s64)0));

	return rem && put_timespec64(&ts, rem) ? -EFAULT : -ERESTART_RESTARTBLOCK;
}

static long nanosleep_restart(struct restart_block *rb)
{
	s64 left;

	if (sleep_on_clock(HRTIMER_MONOTONIC, rb->arg[0], &left))
		return 0;
	return put_left(left, (void __user *)rb->arg[1]);
}

static long do_nanosleep(enum hrtimer_clock clock, const struct timespec64 *ts, bool absolute,
			 struct __kernel_timespec __user *rem)
{
	ktime_t expires = timespec64_to_ktime(*ts);
	s64 left;

	if (!absolute) {
		expires = ktime_add_safe(ktime_get(), expires);
		clock = HRTIMER_MONOTONIC;
	}
	if (sleep_on_clock(clock, expires, &left))
		return 0;
	if (absolute)
		return -ERESTARTNOHAND;
	current->restart_block.fn = nanosleep_restart;
	current->restart_block.arg[0] = expires;
	current->restart_block.arg[1] = (u64)rem;
	return put_left(left, rem);
}

static long cpu_clock_nanosleep(int id, const struct timespec64 *ts, bool absolute,
				struct __kernel_timespec __user *rem)
{
	u64 expires = timespec64_to_ktime(*ts), now;
	bool thread;
	struct task_struct *t = cpu_clock_task(id, &thread);
	bool self = t == current && thread;
	s64 left = 0;
	long rc;

	if (!t)
		return -EINVAL;
	put_task_struct(t);
	if (id == CLOCK_THREAD_CPUTIME_ID)
		return -EOPNOTSUPP;
	if (self)
		return -EINVAL;
	rc = clock_read(id, &now);
	if (rc)
		return rc;
	rc = sleep_on_cpu_clock(id, absolute ? expires : ktime_add_safe(now, expires), &left);
	if (rc == -ERESTARTNOHAND && !absolute) {
		put_left(left, rem);
		return -EINTR;
	}
	return rc;
}

SYSCALL_DEFINE2(nanosleep, const struct __kernel_timespec __user *, uts, struct __kernel_timespec __user *, rem)
{
	struct timespec64 ts;

	if (get_timespec64(&ts, uts))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	return do_nanosleep(HRTIMER_MONOTONIC, &ts, false, rem);
}

SYSCALL_DEFINE4(clock_nanosleep, int, id, int, flags, const struct __kernel_timespec __user *, uts,
		struct __kernel_timespec __user *, rem)
{
	struct timespec64 ts;
	u64 now;

	if ((!clock_is_wall(id) && !clock_is_cpu(id)) || id == CLOCK_THREAD_CPUTIME_ID)
		return clock_read(id, &now) ? -EINVAL : -EOPNOTSUPP;
	if (get_timespec64(&ts, uts))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	if (clock_is_cpu(id))
		return cpu_clock_nanosleep(id, &ts, flags & TIMER_ABSTIME, rem);
	return do_nanosleep(clock_hrtimer(id), &ts, flags & TIMER_ABSTIME, rem);
}

/* ---- the old interfaces ---------------------------------------------------------------------- */

static struct timezone sys_tz;		/* kept for gettimeofday(), means nothing to the kernel */

SYSCALL_DEFINE2(gettimeofday, struct __kernel_old_timeval __user *, tv, struct timezone __user *, tz)
{
	if (tv) {
		u64 us = ktime_get_real_ns() / NSEC_PER_USEC;
		struct __kernel_old_timeval v = { us / USEC_PER_SEC, us % USEC_PER_SEC };

		if (copy_to_user(tv, &v, sizeof(v)))
			return -EFAULT;
	}
	if (tz && copy_to_user(tz, &sys_tz, sizeof(sys_tz)))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE2(settimeofday, const struct __kernel_old_timeval __user *, utv, const struct timezone __user *, utz)
{
	struct __kernel_old_timeval tv;
	struct timespec64 ts;
	struct timezone tz;

	if (utv) {
		if (copy_from_user(&tv, utv, sizeof(tv)))
			return -EFAULT;
		if (tv.tv_usec < 0 || tv.tv_usec >= (long)USEC_PER_SEC || tv.tv_sec < 0)
			return -EINVAL;
		ts = (struct timespec64){ tv.tv_sec, tv.tv_usec * 1000 };
	}
	if (utz && copy_from_user(&tz, utz, sizeof(tz)))
		return -EFAULT;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (utz) {
		if (tz.tz_minuteswest > 15 * 60 || tz.tz_minuteswest < -15 * 60)
			return -EINVAL;
		sys_tz = tz;
	}
	return utv ? do_settimeofday64(&ts) : 0;
}

SYSCALL_DEFINE1(times, struct tms __user *, utms)
{
	if (utms) {
		struct signal_struct *sig = current->signal;
		u64 user, system;
		struct tms t;

		thread_group_cputime(current, &user, &system);
		t.tms_utime = nsec_to_clock_t(user);
		t.tms_stime = nsec_to_clock_t(system);
		t.tms_cutime = nsec_to_clock_t(sig->cutime);
		t.tms_cstime = nsec_to_clock_t(sig->cstime);
		if (copy_to_user(utms, &t, sizeof(t)))
			return -EFAULT;
	}
	return nsec_to_clock_t(ktime_get());
}

/* ---- adjusting ------------------------------------------------------------------------------- */

#define MAX_TICK_PPM_SHIFTED	(500ll << 16)

static struct {
	s64 freq, maxerror, esterror, constant;
	int status, tai;
} ntp = { .maxerror = 16000000, .esterror = 16000000, .constant = 2, .status = STA_UNSYNC };
static DEFINE_SPINLOCK(ntp_lock, RANK_NONE);

/* The clock can be read and set in steps; a frequency is remembered, the counter has none to steer. */
static void ntp_apply(const struct __kernel_timex *tx)
{
	if (tx->modes & ADJ_FREQUENCY)
		ntp.freq = clamp(tx->freq, -MAX_TICK_PPM_SHIFTED, MAX_TICK_PPM_SHIFTED);
	if (tx->modes & ADJ_MAXERROR)
		ntp.maxerror = tx->maxerror;
	if (tx->modes & ADJ_ESTERROR)
		ntp.esterror = tx->esterror;
	if (tx->modes & ADJ_TIMECONST)
		ntp.constant = clamp(tx->constant, (s64)0, (s64)10);
	if ((tx->modes & ADJ_TAI) && tx->constant >= 0)
		ntp.tai = tx->constant;
	if (tx->modes & ADJ_STATUS)
		ntp.status = tx->status & ~0xff00;
	if (tx->modes & ADJ_NANO)
		ntp.status |= STA_NANO;
	if (tx->modes & ADJ_MICRO)
		ntp.status &= ~STA_NANO;
}

#define STEP_MAX_SEC	(INT64_MAX / (s64)NSEC_PER_SEC / 2)	/* no time that may be set is farther away */
static int step_by(const struct __kernel_timex *tx)
{
	s64 unit = tx->modes & ADJ_NANO ? 1 : 1000;
	struct timespec64 ts;

	if (tx->time.tv_sec > STEP_MAX_SEC || tx->time.tv_sec < -STEP_MAX_SEC)
		return -EINVAL;
	ktime_get_real_ts64(&ts);
	ts = ns_to_timespec64(timespec64_to_ktime(ts) + tx->time.tv_sec * (s64)NSEC_PER_SEC +
			      tx->time.tv_usec * unit);
	return do_settimeofday64(&ts);
}

#define PPM_SCALE	(1000ll << 16)		/* what a frequency is multiplied by: the product must fit */

/* A request as such, and the right to make it: 0, -EINVAL, -EPERM. */
static int timex_check(const struct __kernel_timex *tx)
{
	bool single = tx->modes & (ADJ_OFFSET_SINGLESHOT & ~ADJ_OFFSET);
	bool read_only = single ? tx->modes & ADJ_NANO : !tx->modes;
	s64 second = tx->modes & ADJ_NANO ? NSEC_PER_SEC : NSEC_PER_SEC / 1000;

	if (single && !(tx->modes & ADJ_OFFSET))
		return -EINVAL;
	if ((!read_only || (tx->modes & ADJ_SETOFFSET)) && !capable(CAP_SYS_TIME))
		return -EPERM;
	if (!single && (tx->modes & ADJ_TICK) && (tx->tick < 900000 / USER_HZ || tx->tick > 1100000 / USER_HZ))
		return -EINVAL;
	if ((tx->modes & ADJ_SETOFFSET) && (tx->time.tv_usec < 0 || tx->time.tv_usec >= second))
		return -EINVAL;
	if ((tx->modes & ADJ_FREQUENCY) && (tx->freq < INT64_MIN / PPM_SCALE || tx->freq > INT64_MAX / PPM_SCALE))
		return -EINVAL;
	return 0;
}

static int do_adjtimex(struct __kernel_timex *tx)
{
	unsigned long flags;
	u64 now;
	int rc = timex_check(tx);

	if (!rc && (tx->modes & ADJ_SETOFFSET))
		rc = step_by(tx);
	if (rc)
		return rc;
	spin_lock_irqsave(&ntp_lock, flags);
	if (!(tx->modes & 0x8000))
		ntp_apply(tx);
	tx->offset = 0;
	tx->freq = ntp.freq;
	tx->maxerror = ntp.maxerror;
	tx->esterror = ntp.esterror;
	tx->status = ntp.status;
	tx->constant = ntp.constant;
	tx->precision = 1;
	tx->tolerance = MAX_TICK_PPM_SHIFTED;
	tx->tick = 1000000 / USER_HZ;
	tx->ppsfreq = tx->jitter = tx->stabil = tx->jitcnt = tx->calcnt = tx->errcnt = tx->stbcnt = 0;
	tx->shift = 0;
	tx->tai = ntp.tai;
	rc = ntp.status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
	now = ktime_get_real_ns();
	tx->time.tv_sec = now / NSEC_PER_SEC;
	tx->time.tv_usec = now % NSEC_PER_SEC;
	if (!(ntp.status & STA_NANO))
		tx->time.tv_usec /= NSEC_PER_USEC;
	spin_unlock_irqrestore(&ntp_lock, flags);
	return rc;
}

static long adjtimex_user(struct __kernel_timex __user *utx)
{
	struct __kernel_timex tx;
	int rc;

	if (copy_from_user(&tx, utx, sizeof(tx)))
		return -EFAULT;
	rc = do_adjtimex(&tx);
	if (rc < 0)
		return rc;
	return copy_to_user(utx, &tx, sizeof(tx)) ? -EFAULT : rc;
}

SYSCALL_DEFINE1(adjtimex, struct __kernel_timex __user *, utx)
{
	return adjtimex_user(utx);
}

SYSCALL_DEFINE2(clock_adjtime, int, id, struct __kernel_timex __user *, utx)
{
	u64 now;

	if (id == CLOCK_REALTIME)
		return adjtimex_user(utx);
	return clock_read(id, &now) ? -EINVAL : -EOPNOTSUPP;
}
