/*
 * lib/vsprintf.h - formatted text into a buffer.
 *
 * MODEL     Conversions: d i u o x X c s p %, flags - + space # 0, width and precision (also *),
 *           lengths hh h l ll z t j.  Beyond C:
 *             %pS %ps  a kernel address as symbol+0xoff/0x..., or as hexadecimal; %ps without offset
 *             %pV      a struct va_format
 *             %*pb     a bitmap of width bits in hexadecimal, groups of 32; %*pbl: as ranges, 0,2-5
 *           %p prints the address itself, 16 digits.
 *           v/snprintf return the length that the whole text would have, v/scnprintf what was written;
 *           a size > 0 always ends in a NUL.
 * TESTS     test/host/lib/test_vsprintf.c (against libc)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_VSPRINTF_H
#define VELLUM_VSPRINTF_H

#include "include/types.h"

struct va_format {
	const char *fmt;
	va_list *va;
};

int vsnprintf(char *restrict buf, size_t size, const char *restrict fmt, va_list args);
__printf(3, 4) int snprintf(char *restrict buf, size_t size, const char *restrict fmt, ...);
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args);
__printf(3, 4) int scnprintf(char *buf, size_t size, const char *fmt, ...);
__printf(2, 3) int sprintf(char *restrict buf, const char *restrict fmt, ...);

/* kernel/kallsyms.c, when linked in: the symbol that holds @addr, the offset in it and its size, or NULL. */
__weak const char *kallsyms_lookup_size(unsigned long addr, unsigned long *off, unsigned long *size);

#endif
