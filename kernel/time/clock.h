/*
 * kernel/time/clock.h - reading a clock by its POSIX number.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_CLOCK_H
#define VELLUM_TIME_CLOCK_H

#include "kernel/time/hrtimer.h"

/* ns of clock @id, which may be a CPU-time clock of a process or thread; 0 or -EINVAL. */
int clock_read(int id, u64 *ns);
/* Can hrtimers run on it: REALTIME, MONOTONIC, BOOTTIME, TAI and the alarm clocks. */
bool clock_is_wall(int id);
/* Which queue of hrtimers such a clock has. */
enum hrtimer_clock clock_hrtimer(int id);
/* A CPU clock: the negative numbers of clock_getcpuclockid(), and ids 2 and 3. */
bool clock_is_cpu(int id);

/* Tell timers that the real time was set (timerfd's CANCEL_ON_SET, absolute real-time timers). */
void clock_was_set(void);

#endif
