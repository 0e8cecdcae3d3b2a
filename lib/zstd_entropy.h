/*
 * lib/zstd_entropy.h - the two codes of zstd: finite-state entropy and Huffman.  Theory: zstd_entropy.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ZSTD_ENTROPY_H
#define VELLUM_ZSTD_ENTROPY_H

#include "include/types.h"

/* Bits that are read from the last to the first; below the first are zeros, but pos says that they were used. */
struct back_bits {
	const u8 *base;
	size_t bytes;
	s64 pos;		/* bits that are left; negative: more were used than there are */
};

__must_check int back_bits_init(struct back_bits *b, const u8 *p, size_t n);
/* The @n (at most 32) bits from bit @at on. */
u32 back_bits_at(const struct back_bits *b, s64 at, unsigned n);
static inline u32 back_bits_take(struct back_bits *b, unsigned n)
{ b->pos -= n; return back_bits_at(b, b->pos, n); }

#define FSE_MAX_LOG	9
#define FSE_MAX_SYMBOLS	256

struct fse_entry { u16 base; u8 symbol, bits; };	/* what it says; the next state is base + so many bits */
struct fse_table {
	u8 log;			/* 1 << log states; 0 with valid: one state, no bits */
	bool valid;
	struct fse_entry state[1 << FSE_MAX_LOG];
};

/* The table of symbols whose probabilities are @norm[i] / (1 << @log); -1: less than one state. */
__must_check int fse_build(struct fse_table *t, const s16 *norm, unsigned nr_symbols, unsigned log);
/* The same from a description at @p: *used bytes of @n. */
__must_check int fse_read(struct fse_table *t, const u8 *p, size_t n, unsigned max_log, unsigned max_symbols,
			  size_t *used);
/* A table that always says @symbol. */
void fse_single(struct fse_table *t, u8 symbol);
static inline u32 fse_start(const struct fse_table *t, struct back_bits *b) { return back_bits_take(b, t->log); }
static inline u32 fse_next(const struct fse_table *t, u32 state, struct back_bits *b)
{ return t->state[state].base + back_bits_take(b, t->state[state].bits); }

#define HUF_MAX_LOG	11

struct huf_table {
	u8 log;			/* 0: none */
	struct { u8 symbol, bits; } code[1 << HUF_MAX_LOG];
	struct fse_table weights;	/* while it is read */
	u8 weight[256];
};

__must_check int huf_read(struct huf_table *t, const u8 *p, size_t n, size_t *used);
/* The stream [p, p + n) is @want bytes at @out, no more and no less. */
__must_check int huf_decode(const struct huf_table *t, const u8 *p, size_t n, u8 *out, size_t want);

#endif
