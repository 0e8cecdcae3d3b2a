/*
 * test/kernel/test_sched.c - switching, waking, timers and deferred work, seen from kernel threads.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/completion.h"
#include "kernel/time/hrtimer.h"
#include "kernel/workqueue.h"

#define ROUNDS	2000
#define MS	1000000ull

static struct completion ended;

static DECLARE_WAIT_QUEUE_HEAD(ping_wait);
static DECLARE_WAIT_QUEUE_HEAD(pong_wait);
static int ball;

static void ping(__maybe_unused void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		wait_event(ping_wait, READ_ONCE(ball) == 0);
		WRITE_ONCE(ball, 1);
		wake_up(&pong_wait);
	}
	complete(&ended);
}

static void pong(__maybe_unused void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		wait_event(pong_wait, READ_ONCE(ball) == 1);
		WRITE_ONCE(ball, 0);
		wake_up(&ping_wait);
	}
	complete(&ended);
}

KTEST(no_wake_up_is_lost)
{
	init_completion(&ended);
	KCHECK(kthread_run(ping, NULL, "ping"));
	KCHECK(kthread_run(pong, NULL, "pong"));
	wait_for_completion(&ended);
	wait_for_completion(&ended);
	KCHECK_EQ(ball, 0);
}

static atomic_t short_sleeps;

static void sleep_often(__maybe_unused void *arg)
{
	for (int i = 0; i < 20; i++) {
		ktime_t t0 = ktime_get();
		u64 ns = (i % 7 + 1) * MS / 10;

		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(ns);
		if (ktime_get() - t0 < ns)
			atomic_inc(&short_sleeps);
	}
	complete(&ended);
}

KTEST(sleeps_last_long_enough)
{
	init_completion(&ended);
	atomic_set(&short_sleeps, 0);
	for (int i = 0; i < 12; i++)
		KCHECK(kthread_run(sleep_often, NULL, "sleeper%d", i));
	for (int i = 0; i < 12; i++)
		wait_for_completion(&ended);
	KCHECK_EQ(atomic_read(&short_sleeps), 0);
}

static bool stop_spinning;
static u64 spun[3];

static void spin(void *arg)
{
	unsigned long i = (unsigned long)arg;

	while (!READ_ONCE(stop_spinning))
		cond_resched();
	spun[i] = task_sched_runtime(current);
	complete(&ended);
}

/* Three spin for @ns; did each have its part? */
static bool spin_equally(u64 ns)
{
	u64 least = ~0ull, most = 0;

	init_completion(&ended);
	stop_spinning = false;
	for (unsigned long i = 0; i < ARRAY_SIZE(spun); i++)
		if (!kthread_run(spin, (void *)i, "spin%lu", i))
			panic("no memory for a spinner");
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(ns);
	WRITE_ONCE(stop_spinning, true);
	for (unsigned i = 0; i < ARRAY_SIZE(spun); i++)
		wait_for_completion(&ended);
	for (unsigned i = 0; i < ARRAY_SIZE(spun); i++) {
		least = min(least, spun[i]);
		most = max(most, spun[i]);
	}
	return least > ns / 15 && most < 5 * least;
}

KTEST(equal_tasks_run_equally)
{
	unsigned tries = 1;

	/* A host that stops a hart for long takes from one of them: the longer the fairer. */
	while (!spin_equally(tries * 300 * MS) && tries < 10)
		tries++;
	KCHECK(tries < 10);
}

static unsigned fired[3], nr_fired;

static enum hrtimer_restart note_firing(struct hrtimer *t)
{
	if (nr_fired < 3)
		fired[nr_fired++] = (unsigned long)t->data;
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart three_times(struct hrtimer *t)
{
	hrtimer_forward(t, ktime_get(), MS);
	return ++nr_fired < 3 ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

static void doze(u64 ns)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(ns);
}

/* Wait until @what is as large as @want, ten seconds at most. */
static void doze_until(const unsigned *what, unsigned want)
{
	for (unsigned i = 0; READ_ONCE(*what) < want && i < 10000; i++)
		doze(MS);
}

/* Start three on one hart before the first expires: a slow host makes it try again. */
static bool start_in_time(struct hrtimer *t)
{
	static const unsigned ms[3] = { 6, 2, 4 };
	ktime_t base = ktime_get() + 20 * MS;

	for (unsigned long i = 0; i < 3; i++) {
		hrtimer_init(&t[i], note_firing);
		t[i].data = (void *)i;
		hrtimer_start(&t[i], base + ms[i] * MS, HRTIMER_MODE_ABS);
	}
	if (ktime_get() < base)
		return true;
	for (unsigned i = 0; i < 3; i++)
		hrtimer_cancel(&t[i]);
	return false;
}

KTEST(timers_fire_in_order_and_can_be_cancelled)
{
	static struct hrtimer t[3];

	set_current_harts(BIT(this_hart()));
	do
		nr_fired = 0;
	while (!start_in_time(t));
	set_current_harts(~0ull);
	doze_until(&nr_fired, 3);
	KCHECK_EQ(nr_fired, 3);
	KCHECK(fired[0] == 1 && fired[1] == 2 && fired[2] == 0);

	hrtimer_init(&t[0], note_firing);
	hrtimer_start(&t[0], 3600 * 1000ull * MS, HRTIMER_MODE_REL);
	KCHECK(hrtimer_active(&t[0]));
	KCHECK(hrtimer_cancel(&t[0]));
	KCHECK(!hrtimer_cancel(&t[0]));
	nr_fired = 0;
	hrtimer_init(&t[1], three_times);
	hrtimer_start(&t[1], MS, HRTIMER_MODE_REL);
	doze_until(&nr_fired, 3);
	doze(5 * MS);		/* and no fourth time */
	KCHECK_EQ(nr_fired, 3);
	KCHECK(!hrtimer_active(&t[1]));
}

enum { NR_SOFT = 20 };
static ktime_t soft_began[NR_SOFT];
static unsigned soft_before_hard;

static enum hrtimer_restart soft_work(__maybe_unused struct hrtimer *t)
{
	soft_began[nr_fired++] = ktime_get();
	while (ktime_get() - soft_began[nr_fired - 1] < MS / 10)
		;
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart hard_work(__maybe_unused struct hrtimer *t)
{
	soft_before_hard = nr_fired;
	return HRTIMER_NORESTART;
}

KTEST(many_soft_timers_leave_the_hart_to_others)
{
	static struct hrtimer soft[NR_SOFT], hard;
	ktime_t at, pause = 0;

	set_current_harts(BIT(this_hart()));
	nr_fired = 0;
	soft_before_hard = NR_SOFT;
	at = ktime_get() + 20 * MS;
	for (unsigned i = 0; i < NR_SOFT; i++) {
		hrtimer_init_soft(&soft[i], soft_work, HRTIMER_MONOTONIC);
		hrtimer_start(&soft[i], at, HRTIMER_MODE_ABS);
	}
	hrtimer_init(&hard, hard_work);
	hrtimer_start(&hard, at + MS / 2, HRTIMER_MODE_ABS);
	set_current_harts(~0ull);
	doze_until(&nr_fired, NR_SOFT);
	hrtimer_cancel(&hard);
	KCHECK_EQ(nr_fired, NR_SOFT);
	KCHECK(soft_before_hard < NR_SOFT);		/* though all of them were due before */
	for (unsigned i = 1; i < NR_SOFT; i++)
		pause = max(pause, soft_began[i] - soft_began[i - 1]);
	KCHECK(pause >= MS / 2);			/* as long as a batch */
}

static int nr_works;
static void count_work(__maybe_unused struct work_struct *w) { nr_works++; }
static DECLARE_WORK(one_work, count_work);

KTEST(work_runs_once_for_each_time_it_is_queued)
{
	nr_works = 0;
	for (int i = 0; i < 100; i++) {
		KCHECK(queue_work(&one_work));
		flush_workqueue();
	}
	KCHECK_EQ(nr_works, 100);
}
