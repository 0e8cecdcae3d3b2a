/*
 * arch/riscv/timer.h - this hart's timer.  Theory: timer.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_TIMER_H
#define VELLUM_ARCH_RISCV_TIMER_H

#include "include/types.h"

/* Frequency, and whether stimecmp works.  Boot hart, before the first arch_time_ticks() matters. */
void timer_probe(void);
/* This hart's counter for everyone, its timer quiet.  arch_init_timer() lets it interrupt. */
void timer_init_hart(void);
/* The interrupt is served: not pending any more until arch_timer_set(). */
void arch_timer_stop(void);

#endif
