/*
 * lib/unzstd.h - undo zstd: memory to memory.  Theory: unzstd.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UNZSTD_H
#define VELLUM_UNZSTD_H

#include "lib/zstd_entropy.h"

#define ZSTD_BLOCK_MAX	(128u << 10)

struct unzstd {				/* 145 KB: too much for a kernel stack */
	struct huf_table huf;
	struct fse_table literals, offsets, matches;
	u32 repeat[3];			/* the offsets used last */
	u8 literal[ZSTD_BLOCK_MAX];
};

bool zstd_is_frame(const void *p, size_t n);
/*
 * Undo the zstd frame at @in (@n bytes): *used bytes of it become *made bytes at @out, which has room for
 * @room.  With @out NULL nothing is written, and they are only counted.
 * => 0, or -EINVAL: not zstd, cut short, a wrong sum, a dictionary, or more than @room
 */
__must_check int unzstd(struct unzstd *z, const void *in, size_t n, void *out, size_t room, size_t *used,
			size_t *made);

#endif
