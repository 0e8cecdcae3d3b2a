/*
 * lib/decompress.h - which compression some memory begins with, and how to undo it.  Theory: decompress.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_DECOMPRESS_H
#define VELLUM_DECOMPRESS_H

#include "include/types.h"

struct decompressor {
	const char *name;
	size_t work_bytes;
	bool (*is_mine)(const void *p, size_t n);
	/* The first piece of [in, in + n), as gunzip(): with @out NULL it is only counted.  0 or -EINVAL */
	int (*run)(void *work, const void *in, size_t n, void *out, size_t room, size_t *used, size_t *made);
};

/* Who undoes what begins at @p; NULL: nobody. */
const struct decompressor *decompressor_of(const void *p, size_t n);
/* The name of a compression that we know and do not undo, and the command that does; NULL. */
const char *foreign_compression(const void *p, size_t n, const char **command);

#endif
