/*
 * kernel/time/timerfd.h - timers as files.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TIME_TIMERFD_H
#define VELLUM_TIME_TIMERFD_H

/* The real time jumped: readers with TFD_TIMER_CANCEL_ON_SET are told. */
void timerfd_clock_was_set(void);

#endif
