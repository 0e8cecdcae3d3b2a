/*
 * kernel/time/posix_timer.h - what itimer.c needs of timer_create()'s timers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_POSIX_TIMER_H
#define VELLUM_TIME_POSIX_TIMER_H

#include "include/types.h"

struct signal_struct;

struct cpu_timer;
/*
 * The timer on a CPU clock that is @t, off its base, is due by @now of that clock.
 * => sighand->lock held; true: it goes on at once, its expiry moved
 */
bool posix_cpu_timer_fire(struct cpu_timer *t, u64 now);
void posix_timers_delete_all(struct signal_struct *sig);
struct seq_file;
void posix_timers_show(struct seq_file *m, struct signal_struct *sig);	/* /proc/PID/timers */

#endif
