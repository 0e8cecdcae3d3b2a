/*
 * kernel/time/time.c - the clocks: counter to nanoseconds, real time, its setting.
 *
 * MODEL     mult = 10^9 * 2^32 / hz, so ns = ticks * mult / 2^32 in 128-bit arithmetic: no state to
 *           carry forward, no overflow, an error below 1 in 10^11.  Real time is monotonic time plus
 *           real_offset, one word that is read and written whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/vdso_map.h"
#include "include/uaccess.h"
#include "kernel/time/clock.h"
#include "kernel/time/hrtimer.h"
#include "kernel/time/time.h"
#include "kernel/time/timerfd.h"

struct timebase timebase;
static s64 real_offset;			/* (A) real - monotonic, ns */

void __init time_init(void)
{
	u64 rest = arch_time_hz, high;

	ASSERT(arch_time_hz && arch_time_hz < NSEC_PER_SEC);
	timebase.mult = (NSEC_PER_SEC << 32) / arch_time_hz;
	/* hz * 2^64 / 10^9, by 32 bits at a time */
	high = (rest << 32) / NSEC_PER_SEC;
	rest = (rest << 32) % NSEC_PER_SEC;
	timebase.inv_mult = high << 32 | (rest << 32) / NSEC_PER_SEC;
	timebase.base_ticks = arch_time_ticks();
	vdso_update_time();
}

void time_init_hart(unsigned hart)
{
	hrtimers_init_hart(hart);
}

u64 ktime_to_ticks(ktime_t ns)
{
	u64 ticks = (u64)(((unsigned __int128)ns * timebase.inv_mult) >> 64);

	return timebase.base_ticks + ticks + 1;
}

s64 ktime_real_offset(void)
{
	return READ_ONCE(real_offset);
}

u64 ktime_get_real_ns(void)
{
	return ktime_get() + READ_ONCE(real_offset);
}

void ktime_get_real_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(ktime_get_real_ns());
}

void ktime_get_coarse_real_ts64(struct timespec64 *ts)
{
	u64 now = ktime_get();

	*ts = ns_to_timespec64(now - now % TICK_NSEC + READ_ONCE(real_offset));
}

static void set_real_offset(s64 offset)
{
	WRITE_ONCE(real_offset, offset);
	vdso_update_time();
}

int do_settimeofday64(const struct timespec64 *ts)
{
	u64 now = ktime_get(), ns;

	if (!timespec64_valid(ts))
		return -EINVAL;
	ns = timespec64_to_ktime(*ts);
	/* Not before the boot, and 30 years of uptime must stay representable. */
	if (ns < now || ns > KTIME_MAX - 30ull * 365 * 24 * 3600 * NSEC_PER_SEC)
		return -EINVAL;
	set_real_offset(ns - now);
	clock_was_set();
	return 0;
}

void rtc_set_boot_time(u64 real_ns)
{
	set_real_offset(real_ns - ktime_get());
}

s64 getboottime_seconds(void)
{
	return READ_ONCE(real_offset) / (s64)NSEC_PER_SEC;
}

void clock_was_set(void)
{
	hrtimers_clock_set();
	timerfd_clock_was_set();
}

int get_timespec64(struct timespec64 *ts, const struct __kernel_timespec __user *u)
{
	struct __kernel_timespec k;

	if (copy_from_user(&k, u, sizeof(k)))
		return -EFAULT;
	ts->tv_sec = k.tv_sec;
	ts->tv_nsec = k.tv_nsec;
	return 0;
}

int put_timespec64(const struct timespec64 *ts, struct __kernel_timespec __user *u)
{
	struct __kernel_timespec k = { ts->tv_sec, ts->tv_nsec };

	return copy_to_user(u, &k, sizeof(k)) ? -EFAULT : 0;
}
