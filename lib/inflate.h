/*
 * lib/inflate.h - undo gzip: memory to memory.  Theory: inflate.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_INFLATE_H
#define VELLUM_INFLATE_H

#include "include/types.h"

#define HUFF_FAST_BITS	9
#define HUFF_SYMBOLS	288

struct huffman {
	u16 fast[1 << HUFF_FAST_BITS];	/* by the next bits: symbol | length << 9; 0: a longer code, or none */
	u16 count[16];			/* codes of each length */
	u16 symbol[HUFF_SYMBOLS];	/* in the order of their codes */
};

struct gunzip {				/* 3.5 KB: too much for a kernel stack */
	struct huffman lengths, distances;
	u8 len[320];
};

bool gzip_is_member(const void *p, size_t n);
/*
 * Undo the gzip member at @in (@n bytes): *used bytes of it become *made bytes at @out, which has room for
 * @room.  With @out NULL nothing is written, and they are only counted.
 * => 0, or -EINVAL: not gzip, cut short, a wrong sum, or more than @room
 */
__must_check int gunzip(struct gunzip *g, const void *in, size_t n, void *out, size_t room, size_t *used,
			size_t *made);

#endif
