/*
 * lib/ubsan.h - UBSAN=1: what the C standard leaves undefined is reported.  Theory: ubsan.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UBSAN_H
#define VELLUM_UBSAN_H

#include "include/types.h"

/* If set, a report is told to it, and not printed.  For tests. */
extern void (*ubsan_report_hook)(const char *what, const char *file, u32 line);

#endif
