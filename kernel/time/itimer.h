/*
 * kernel/time/itimer.h - interval timers and POSIX timers of a process.
 *
 * MODEL     ITIMER_REAL is an hrtimer of the signal_struct.  ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU
 *           and POSIX timers on CPU clocks are looked at in the tick of a running thread (cpu_timer.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_ITIMER_H
#define VELLUM_TIME_ITIMER_H

#include "include/uapi/signal.h"
#include "kernel/time/hrtimer.h"

struct signal_struct;
struct task_struct;

/* A new signal_struct, zeroed but for its limits: no timers yet. */
void posix_timers_init_signal(struct signal_struct *sig);
/* The last thread of @sig goes: stop ITIMER_REAL and delete the POSIX timers.  May sleep. */
void exit_itimers(struct signal_struct *sig);
/* exec: POSIX timers go, interval timers stay.  May sleep. */
void exec_itimers(struct signal_struct *sig);
/* The signal_struct is freed: what exit_itimers() left. */
void free_itimers(struct signal_struct *sig);
/* SIGALRM was taken: ITIMER_REAL goes on with its interval.  sighand->lock held */
void itimer_real_rearm(struct signal_struct *sig);
/* A POSIX timer's queued signal is delivered: re-arm, and fill in the overrun. */
void posixtimer_rearm(siginfo_t *info);

#endif
