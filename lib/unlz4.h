/*
 * lib/unlz4.h - undo lz4's legacy frame (lz4 -l): memory to memory.  Theory: unlz4.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UNLZ4_H
#define VELLUM_UNLZ4_H

#include "include/types.h"

bool lz4_is_legacy(const void *p, size_t n);
/*
 * Undo the frame at @in (@n bytes): *used bytes of it become *made bytes at @out, which has room for @room.
 * With @out NULL nothing is written, and they are only counted.
 * => 0, or -EINVAL: not lz4 -l, cut short, broken, or more than @room
 */
__must_check int unlz4(const void *in, size_t n, void *out, size_t room, size_t *used, size_t *made);

#endif
