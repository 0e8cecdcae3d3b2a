/*
 * kernel/time/time.h - what time it is.
 *
 * MODEL     ktime_get() counts nanoseconds since boot (CLOCK_MONOTONIC, MONOTONIC_RAW and BOOTTIME:
 *           this machine does not suspend).  Real time is that plus an offset, which
 *           clock_settime() and the RTC at boot set.  Coarse clocks are the fine ones rounded down
 *           to a tick of 4 ms.
 * COST      ktime_get(): the counter, two multiplications, three shifts.  No division, no lock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_TIME_H
#define VELLUM_TIME_TIME_H

#include "include/arch/arch.h"
#include "include/fs.h"
#include "include/uapi/time.h"

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_MSEC	1000000ull
#define NSEC_PER_USEC	1000ull
#define USEC_PER_SEC	1000000ull
#define MSEC_PER_SEC	1000ull
#define KTIME_MAX	((ktime_t)INT64_MAX)
#define TICK_NSEC	4000000ull
#define NSEC_PER_USER_TICK (NSEC_PER_SEC / USER_HZ)

/* (I) after time_init() */
struct timebase {
	u64 base_ticks;		/* counter at ns 0 */
	u64 mult;		/* ns = (ticks * mult) >> 32 */
	u64 inv_mult;		/* ticks = (ns * inv_mult) >> 64 */
};
extern struct timebase timebase;

static __always_inline ktime_t ticks_to_ns(u64 ticks)
{
	return (u64)(((unsigned __int128)ticks * timebase.mult) >> 32);
}
static __always_inline ktime_t ktime_get(void)
{
	return ticks_to_ns(arch_time_ticks() - timebase.base_ticks);
}
static __always_inline u64 sched_clock(void) { return ktime_get(); }
#define ktime_get_boottime()	ktime_get()
#define ktime_get_ns()		ktime_get()

/* The absolute counter value at which ktime_get() has reached @ns. */
u64 ktime_to_ticks(ktime_t ns);

u64 ktime_get_real_ns(void);
s64 ktime_real_offset(void);			/* real - monotonic, ns */
void ktime_get_real_ts64(struct timespec64 *ts);
void ktime_get_coarse_real_ts64(struct timespec64 *ts);	/* for inode times */
static inline s64 ktime_get_real_seconds(void) { return ktime_get_real_ns() / NSEC_PER_SEC; }

/* Set the real time; 0 or -EINVAL. */
int do_settimeofday64(const struct timespec64 *ts);
/* A real-time clock driver found the time. */
void rtc_set_boot_time(u64 real_ns);
/* The seconds since the epoch at which the machine booted: /proc/stat btime. */
s64 getboottime_seconds(void);

void time_init(void);		/* before the first ktime_get(); needs arch_time_hz */
void time_init_hart(unsigned hart);	/* before the hart takes its first timer interrupt */

static inline struct timespec64 ns_to_timespec64(s64 ns)
{
	struct timespec64 ts = { ns / (s64)NSEC_PER_SEC, ns % (s64)NSEC_PER_SEC };

	if (ts.tv_nsec < 0) {
		ts.tv_sec--;
		ts.tv_nsec += NSEC_PER_SEC;
	}
	return ts;
}
static inline bool timespec64_valid(const struct timespec64 *ts)
{
	return ts->tv_sec >= 0 && (u64)ts->tv_nsec < NSEC_PER_SEC;
}
/* Saturates at KTIME_MAX. */
static inline ktime_t timespec64_to_ktime(struct timespec64 ts)
{
	if (unlikely((u64)ts.tv_sec >= KTIME_MAX / NSEC_PER_SEC))
		return KTIME_MAX;
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}
#define timespec64_to_ns(ts)	timespec64_to_ktime(*(ts))
static inline ktime_t ktime_add_safe(ktime_t a, ktime_t b)
{
	return a + b > KTIME_MAX || a + b < a ? KTIME_MAX : a + b;
}

/* From and to user memory; 0 or -EFAULT.  get_ does not check validity. */
int get_timespec64(struct timespec64 *ts, const struct __kernel_timespec __user *u);
int put_timespec64(const struct timespec64 *ts, struct __kernel_timespec __user *u);

static inline u64 nsec_to_clock_t(u64 ns) { return ns / NSEC_PER_USER_TICK; }

#endif
