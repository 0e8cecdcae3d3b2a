/*
 * kernel/time/posix_timer.h - what itimer.c needs of timer_create()'s timers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_POSIX_TIMER_H
#define VELLUM_TIME_POSIX_TIMER_H

#include "include/types.h"

struct signal_struct;

/* Fire the timers on CPU clocks that are due; whether any is armed.  sighand->lock held */
bool posix_cpu_timers_tick(struct signal_struct *sig, u64 user, u64 system);
void posix_timers_delete_all(struct signal_struct *sig);
struct seq_file;
void posix_timers_show(struct seq_file *m, struct signal_struct *sig);	/* /proc/PID/timers */

#endif
