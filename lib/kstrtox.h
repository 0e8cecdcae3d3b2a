/*
 * lib/kstrtox.h - numbers out of text.
 *
 * MODEL     kstrto*: the whole string (one trailing newline allowed) is a number in @base; base 0 takes
 *           0x and 0 prefixes.  0, -EINVAL (no number) or -ERANGE (does not fit); *res only on 0.
 *           simple_strto*: as much as is a number, the rest in *end; no check of the range.
 *           memparse: a number with suffix K M G T P E (powers of 1024).
 * TESTS     test/host/lib/test_kstrtox.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_KSTRTOX_H
#define VELLUM_KSTRTOX_H

#include "include/types.h"

__must_check int kstrtoull(const char *s, unsigned base, unsigned long long *res);
__must_check int kstrtoll(const char *s, unsigned base, long long *res);
__must_check int kstrtoul(const char *s, unsigned base, unsigned long *res);
__must_check int kstrtol(const char *s, unsigned base, long *res);
__must_check int kstrtouint(const char *s, unsigned base, unsigned *res);
__must_check int kstrtoint(const char *s, unsigned base, int *res);
/* y/Y/1/on, n/N/0/off */
__must_check int kstrtobool(const char *s, bool *res);

unsigned long simple_strtoul(const char *s, char **end, unsigned base);
long simple_strtol(const char *s, char **end, unsigned base);
unsigned long long simple_strtoull(const char *s, char **end, unsigned base);
unsigned long long memparse(const char *s, char **end);

#endif
