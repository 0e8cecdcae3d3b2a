/*
 * lib/zstd_entropy.c - the two codes of zstd: finite-state entropy and Huffman.
 *
 * MODEL     Both are read backwards: the last byte of a stream has the highest bit set that marks its end.
 *           FSE: a table of 1 << log states; each says a symbol, and how many bits choose the next state from
 *           where.  A table comes as probabilities, spread over the states by a fixed step.
 *           Huffman: weights of the symbols, of which the last is left out, since all must make a whole; a table
 *           of 1 << log entries is indexed by the next log bits.
 * INVARIANTS
 *   E1  A table that was built is whole: every index has an entry, and base + any bits stays below its size.
 *   E2  No byte outside the stream is read; what lies before its start counts as zeros.
 * TESTS     test/host/lib/test_unzstd.c
 * SEE       RFC 8878, sections 4.1 and 4.2
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/zstd_entropy.h"
#include "include/uapi/errno.h"
#include "lib/string.h"

static unsigned log2_of(u32 v) { return 31 - __builtin_clz(v); }

/* ---- bits ------------------------------------------------------------------------------------ */

int back_bits_init(struct back_bits *b, const u8 *p, size_t n)
{
	if (!n || !p[n - 1])
		return -EINVAL;
	*b = (struct back_bits){ .base = p, .bytes = n, .pos = (s64)(n - 1) * 8 + log2_of(p[n - 1]) };
	return 0;
}

u32 back_bits_at(const struct back_bits *b, s64 at, unsigned n)
{
	unsigned below = at < 0 ? (unsigned)min_t(s64, -at, 63) : 0;
	size_t byte = at < 0 ? 0 : (size_t)at / 8;
	u64 v = 0;

	if (below >= n)
		return 0;		/* all of it before the start, or nothing asked */
	if (byte + sizeof(v) <= b->bytes)
		memcpy(&v, b->base + byte, sizeof(v));
	else
		for (size_t i = byte; i < b->bytes; i++)
			v |= (u64)b->base[i] << 8 * (i - byte);
	v = at < 0 ? v << below : v >> (at & 7);
	return v & ((1ull << n) - 1);
}

/* ---- finite-state entropy -------------------------------------------------------------------- */

/* Deal the states out to the symbols: those of less than one state from the top, the others by steps. */
static int spread_symbols(struct fse_table *t, const s16 *norm, unsigned nr_symbols, u16 *next)
{
	u32 size = 1u << t->log, high = size, step = (size >> 1) + (size >> 3) + 3, pos = 0;

	for (unsigned s = 0; s < nr_symbols; s++) {
		next[s] = norm[s] < 0 ? 1 : norm[s];
		if (norm[s] < 0)
			t->state[--high].symbol = s;
	}
	for (unsigned s = 0; s < nr_symbols; s++)
		for (int i = 0; i < norm[s]; i++) {
			t->state[pos].symbol = s;
			do
				pos = (pos + step) & (size - 1);
			while (pos >= high);
		}
	return pos ? -EINVAL : 0;
}

int fse_build(struct fse_table *t, const s16 *norm, unsigned nr_symbols, unsigned log)
{
	u16 next[FSE_MAX_SYMBOLS];
	u32 size = 1u << log, sum = 0;

	t->valid = false;
	t->log = log;
	for (unsigned s = 0; s < nr_symbols; s++)
		sum += norm[s] < 0 ? 1 : norm[s];
	if (sum != size || spread_symbols(t, norm, nr_symbols, next))
		return -EINVAL;
	for (u32 i = 0; i < size; i++) {
		u32 n = next[t->state[i].symbol]++;

		t->state[i].bits = log - log2_of(n);
		t->state[i].base = (n << t->state[i].bits) - size;	/* E1: n < 2 * size */
	}
	t->valid = true;
	return 0;
}

void fse_single(struct fse_table *t, u8 symbol)
{
	t->log = 0;
	t->valid = true;
	t->state[0] = (struct fse_entry){ .symbol = symbol };
}

/* Bits in the usual order, from @*at on; zeros beyond the end. */
static u32 forward_bits(const u8 *p, size_t n, size_t *at, unsigned bits)
{
	u32 v = 0;

	for (unsigned i = 0; i < bits; i++, ++*at)
		if (*at / 8 < n)
			v |= (u32)(p[*at / 8] >> (*at & 7) & 1) << i;
	return v;
}

/* One probability, of which @left is still to be given away: small values take one bit less. */
static int read_probability(const u8 *p, size_t n, size_t *at, int left)
{
	unsigned bits = log2_of(left + 1) + 1;
	u32 v = forward_bits(p, n, at, bits), low = (1u << (bits - 1)) - 1, threshold = (1u << bits) - 2 - left;

	if ((v & low) < threshold) {
		--*at;
		v &= low;
	} else if (v > low) {
		v -= threshold;
	}
	return (int)v - 1;
}

int fse_read(struct fse_table *t, const u8 *p, size_t n, unsigned max_log, unsigned max_symbols, size_t *used)
{
	s16 norm[FSE_MAX_SYMBOLS];
	size_t at = 0;
	unsigned log = forward_bits(p, n, &at, 4) + 5, s = 0, zeros;
	int left = 1 << log;

	if (log > max_log)
		return -EINVAL;
	while (left > 0 && s < max_symbols) {
		int prob = read_probability(p, n, &at, left);

		left -= prob < 0 ? 1 : prob;
		norm[s++] = prob;
		if (prob)
			continue;
		do {
			zeros = forward_bits(p, n, &at, 2);
			for (unsigned i = 0; i < zeros && s < max_symbols; i++)
				norm[s++] = 0;
		} while (zeros == 3 && s < max_symbols);
	}
	*used = (at + 7) / 8;
	return left || *used > n ? -EINVAL : fse_build(t, norm, s, log);
}

/* ---- Huffman --------------------------------------------------------------------------------- */

/* Weights that are coded by two states in turn, until the bits are used up; how many. */
static int coded_weights(struct huf_table *t, const u8 *p, size_t n)
{
	struct back_bits b;
	size_t used;
	u32 state[2];
	int nr = 0;

	if (fse_read(&t->weights, p, n, 6, 13, &used) || back_bits_init(&b, p + used, n - used))
		return -EINVAL;
	state[0] = fse_start(&t->weights, &b);
	state[1] = fse_start(&t->weights, &b);
	if (b.pos < 0)
		return -EINVAL;
	for (unsigned turn = 0; nr < 254; turn ^= 1) {
		t->weight[nr++] = t->weights.state[state[turn]].symbol;
		state[turn] = fse_next(&t->weights, state[turn], &b);
		if (b.pos < 0) {
			t->weight[nr++] = t->weights.state[state[turn ^ 1]].symbol;
			return nr;
		}
	}
	return -EINVAL;
}

static int read_weights(struct huf_table *t, const u8 *p, size_t n, size_t *used)
{
	unsigned nr;

	if (!n)
		return -EINVAL;
	if (p[0] < 128) {
		*used = 1 + p[0];
		return *used > n ? -EINVAL : coded_weights(t, p + 1, p[0]);
	}
	nr = p[0] - 127;
	*used = 1 + (nr + 1) / 2;
	if (*used > n)
		return -EINVAL;
	for (unsigned i = 0; i < nr; i++)
		t->weight[i] = i & 1 ? p[1 + i / 2] & 15 : p[1 + i / 2] >> 4;
	return nr;
}

/* The weight that makes the sum of all a power of two becomes the @nr-th; log of that sum, or -EINVAL. */
static int last_weight(struct huf_table *t, unsigned nr)
{
	u32 sum = 0, left;
	unsigned log;

	for (unsigned i = 0; i < nr; i++) {
		if (t->weight[i] > HUF_MAX_LOG)
			return -EINVAL;
		sum += t->weight[i] ? 1u << (t->weight[i] - 1) : 0;
	}
	if (!sum)
		return -EINVAL;
	log = log2_of(sum) + 1;
	left = (1u << log) - sum;
	if (log > HUF_MAX_LOG || (left & (left - 1)))
		return -EINVAL;
	t->weight[nr] = log2_of(left) + 1;
	return log;
}

int huf_read(struct huf_table *t, const u8 *p, size_t n, size_t *used)
{
	int nr = read_weights(t, p, n, used), log = nr < 0 ? nr : last_weight(t, nr);
	u32 at = 0;

	t->log = 0;
	if (log < 0)
		return -EINVAL;
	/* Light symbols have long codes, and those come first. */
	for (unsigned w = 1; w <= (unsigned)log; w++)
		for (int s = 0; s <= nr; s++)
			for (u32 i = 0; t->weight[s] == w && i < 1u << (w - 1); i++, at++) {
				t->code[at].symbol = s;
				t->code[at].bits = log + 1 - w;
			}
	if (at != 1u << log)		/* E1 */
		return -EINVAL;
	t->log = log;
	return 0;
}

int huf_decode(const struct huf_table *t, const u8 *p, size_t n, u8 *out, size_t want)
{
	struct back_bits b;

	if (!t->log || back_bits_init(&b, p, n))
		return -EINVAL;
	for (size_t i = 0; i < want; i++) {
		u32 at = back_bits_at(&b, b.pos - t->log, t->log);

		out[i] = t->code[at].symbol;
		b.pos -= t->code[at].bits;
		if (b.pos < 0)
			return -EINVAL;
	}
	return b.pos ? -EINVAL : 0;
}
