/*
 * kernel/time/hrtimer.h - timers of nanosecond resolution, one queue per hart.
 *
 * MODEL     A timer has an absolute expiry on its clock, monotonic unless hrtimer_init_clock() says real
 *           time (setting the clock then moves the moment), and a function that runs in
 *           interrupt context, interrupts off, on the hart that started it.  The function returns
 *           HRTIMER_RESTART after it has moved the expiry (hrtimer_forward), or HRTIMER_NORESTART.
 *           It may start other timers and wake tasks; it may not sleep or cancel itself.
 *           Timers of which a user can have any number are soft, hrtimer_init_soft(): thousands that are due
 *           together run in batches, and in no other timer's way.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_HRTIMER_H
#define VELLUM_TIME_HRTIMER_H

#include "kernel/time/time.h"
#include "lib/rbtree.h"

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_clock {
	HRTIMER_MONOTONIC, HRTIMER_REALTIME, NR_HRTIMER_CLOCKS,
	HRTIMER_MONOTONIC_SOFT = NR_HRTIMER_CLOCKS, HRTIMER_REALTIME_SOFT, NR_HRTIMER_TREES,
};
enum hrtimer_mode { HRTIMER_MODE_ABS, HRTIMER_MODE_REL };

struct hrtimer {
	struct rb_node node;			/* (base) */
	ktime_t expires;			/* (base) ns on its clock */
	enum hrtimer_restart (*function)(struct hrtimer *);	/* (I) */
	unsigned hart;				/* (base) whose queue it is or was last on */
	bool queued;				/* (base) */
	u8 clock;				/* (I) enum hrtimer_clock, soft or not: its tree */
	void *data;				/* the owner's */
};

void hrtimer_init(struct hrtimer *t, enum hrtimer_restart (*fn)(struct hrtimer *));
void hrtimer_init_clock(struct hrtimer *t, enum hrtimer_restart (*fn)(struct hrtimer *), enum hrtimer_clock c);
void hrtimer_init_soft(struct hrtimer *t, enum hrtimer_restart (*fn)(struct hrtimer *), enum hrtimer_clock c);
static inline bool hrtimer_on_real_time(const struct hrtimer *t)
{
	return t->clock % NR_HRTIMER_CLOCKS == HRTIMER_REALTIME;
}
ktime_t hrtimer_now(const struct hrtimer *t);	/* what its clock shows */
/* (Re)start: an active timer is moved.  Any context. */
void hrtimer_start(struct hrtimer *t, ktime_t expires, enum hrtimer_mode mode);
/* 1 was pending, 0 was not, -1 its function runs just now on another hart. */
int hrtimer_try_to_cancel(struct hrtimer *t);
/* Stop it and wait for a running function; true if it was pending.  Not under a lock the function takes. */
bool hrtimer_cancel(struct hrtimer *t);
bool hrtimer_active(const struct hrtimer *t);
/* ns until it fires; <= 0 when it is due. */
s64 hrtimer_get_remaining(const struct hrtimer *t);
/* Move the expiry by whole intervals past @now; how many. */
u64 hrtimer_forward(struct hrtimer *t, ktime_t now, ktime_t interval);

/* A timer that waits, for /proc/timer_list. */
struct hrtimer_shown {
	ktime_t expires, now;			/* on its clock */
	unsigned same;				/* how many that expire then were shown */
	const struct hrtimer *timer;		/* gone perhaps: an address only */
	enum hrtimer_restart (*function)(struct hrtimer *);
};
/* The timer of @hart and @clock behind *t becomes *t, in order of expiry; { 0 } is before the first.  false: none */
__must_check bool hrtimer_next_shown(unsigned hart, enum hrtimer_clock clock, struct hrtimer_shown *t);
ktime_t hrtimer_hart_due(unsigned hart);	/* what its hardware waits for, monotonic */
void timer_list_init(void);

/* A timer on the stack of a task that sleeps: it clears ->task, and wakes. */
struct hrtimer_sleeper {
	struct hrtimer timer;
	struct task_base *task;		/* NULL once the timer fired */
};
void hrtimer_init_sleeper(struct hrtimer_sleeper *s, enum hrtimer_clock c);	/* for the running task */

/*
 * Sleep in the state already set until @expires (NULL: for ever) or a wake-up.
 * => 0 when the time was reached, -EINTR when woken before
 */
int schedule_hrtimeout(const ktime_t *expires, enum hrtimer_mode mode);

/* The real time was set: look again at what is due.  Every hart's, from any. */
void hrtimers_clock_set(void);
void hrtimers_ipi(void);			/* that, on a hart that was told */
void hrtimers_init_hart(unsigned hart);

#endif
