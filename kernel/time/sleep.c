/*
 * kernel/time/sleep.c - sleeping for a time inside the kernel.
 *
 * MODEL     The sleeper has set its state already.  A timer on its stack wakes it; it is cancelled before
 *           the stack frame goes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/sched.h"
#include "kernel/time/hrtimer.h"

static enum hrtimer_restart sleeper_wake(struct hrtimer *t)
{
	struct hrtimer_sleeper *s = container_of(t, struct hrtimer_sleeper, timer);
	struct task_base *task = s->task;

	WRITE_ONCE(s->task, NULL);
	wake_up_task(task, TASK_NORMAL);
	return HRTIMER_NORESTART;
}

void hrtimer_init_sleeper(struct hrtimer_sleeper *s, enum hrtimer_clock c)
{
	s->task = current_base();
	hrtimer_init_clock(&s->timer, sleeper_wake, c);
}

/* Sleep until @expires; true when that moment came. */
static __sched bool sleep_until(ktime_t expires)
{
	struct hrtimer_sleeper s;

	hrtimer_init_sleeper(&s, HRTIMER_MONOTONIC);
	hrtimer_start(&s.timer, expires, HRTIMER_MODE_ABS);
	if (likely(READ_ONCE(s.task)))
		schedule();
	hrtimer_cancel(&s.timer);
	__set_current_state(TASK_RUNNING);
	return !s.task;
}

__sched int schedule_hrtimeout(const ktime_t *expires, enum hrtimer_mode mode)
{
	ktime_t end;

	if (!expires) {
		schedule();
		return -EINTR;
	}
	if (!*expires) {
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	end = mode == HRTIMER_MODE_REL ? ktime_add_safe(ktime_get(), *expires) : *expires;
	return sleep_until(end) ? 0 : -EINTR;
}

__sched long schedule_timeout(u64 ns)
{
	ktime_t end, now;

	if (ns == ~0ull) {
		schedule();
		return INT64_MAX;
	}
	end = ktime_add_safe(ktime_get(), min_t(u64, ns, KTIME_MAX));
	if (sleep_until(end))
		return 0;
	now = ktime_get();
	return now < end ? (long)(end - now) : 0;
}
