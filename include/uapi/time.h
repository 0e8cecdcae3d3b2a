/*
 * include/uapi/time.h - clocks, timers and their structures as riscv64 user programs see them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_TIME_H
#define VELLUM_UAPI_TIME_H

#include "include/types.h"

#define CLOCK_REALTIME			0
#define CLOCK_MONOTONIC			1
#define CLOCK_PROCESS_CPUTIME_ID	2
#define CLOCK_THREAD_CPUTIME_ID		3
#define CLOCK_MONOTONIC_RAW		4
#define CLOCK_REALTIME_COARSE		5
#define CLOCK_MONOTONIC_COARSE		6
#define CLOCK_BOOTTIME			7
#define CLOCK_REALTIME_ALARM		8
#define CLOCK_BOOTTIME_ALARM		9
#define CLOCK_SGI_CYCLE			10
#define CLOCK_TAI			11

#define TIMER_ABSTIME			0x01

#define ITIMER_REAL	0
#define ITIMER_VIRTUAL	1
#define ITIMER_PROF	2

#define TFD_TIMER_ABSTIME	1
#define TFD_TIMER_CANCEL_ON_SET	2
#define TFD_CLOEXEC		02000000
#define TFD_NONBLOCK		00004000
#define TFD_IOC_SET_TICKS	0x40085400u	/* _IOW('T', 0, u64) */

#define USER_HZ		100		/* times(2), /proc: clock ticks of 10 ms */

struct __kernel_timespec { s64 tv_sec; s64 tv_nsec; };
struct __kernel_itimerspec { struct __kernel_timespec it_interval, it_value; };
struct __kernel_old_timeval { long tv_sec; long tv_usec; };
struct __kernel_old_itimerval { struct __kernel_old_timeval it_interval, it_value; };
#define timeval __kernel_old_timeval
struct timezone { int tz_minuteswest, tz_dsttime; };
struct tms { long tms_utime, tms_stime, tms_cutime, tms_cstime; };

struct __kernel_timex_timeval { s64 tv_sec, tv_usec; };
struct __kernel_timex {
	unsigned modes;
	int :32;
	s64 offset, freq, maxerror, esterror;
	int status;
	int :32;
	s64 constant, precision, tolerance;
	struct __kernel_timex_timeval time;
	s64 tick, ppsfreq, jitter;
	int shift;
	int :32;
	s64 stabil, jitcnt, calcnt, errcnt, stbcnt;
	int tai;
	int :32; int :32; int :32; int :32; int :32; int :32;
	int :32; int :32; int :32; int :32; int :32;
};
BUILD_ASSERT(sizeof(struct __kernel_timex) == 208);

#define ADJ_OFFSET		0x0001
#define ADJ_FREQUENCY		0x0002
#define ADJ_MAXERROR		0x0004
#define ADJ_ESTERROR		0x0008
#define ADJ_STATUS		0x0010
#define ADJ_TIMECONST		0x0020
#define ADJ_TAI			0x0080
#define ADJ_SETOFFSET		0x0100
#define ADJ_MICRO		0x1000
#define ADJ_NANO		0x2000
#define ADJ_TICK		0x4000
#define ADJ_OFFSET_SINGLESHOT	0x8001
#define ADJ_OFFSET_SS_READ	0xa001
#define STA_PLL			0x0001
#define STA_UNSYNC		0x0040
#define STA_NANO		0x2000
#define TIME_OK			0
#define TIME_ERROR		5

#endif
