/*
 * lib/inflate.c - undo gzip: memory to memory.
 *
 * MODEL     A gzip member is a header, a row of deflate blocks, the CRC-32 and the length of what they become.
 *           A block is stored bytes, or symbols in a Huffman code that is fixed or comes with the block: a byte
 *           (0..255), the end (256), or the length of a match, which a symbol of a second code follows, its
 *           distance.  Codes are canonical: the lengths of all symbols' codes say everything.
 *           A code of up to HUFF_FAST_BITS bits is found by one look-up; a longer one bit by bit.
 *           Without an output nothing needs to be remembered: a match is as long as its symbol says.  So a first
 *           walk that counts tells how much memory the second needs, whatever the trailer claims.
 * INVARIANTS
 *   G1  Input is taken from [in, in + n) only; beyond its end come zeros, and their use ends the walk.
 *   G2  Output is written to [out, out + room) only, and read only where it was written.
 *   G3  Every turn of a loop uses at least one bit of input or is bounded by a table's size.
 * COST      about 40 instructions for a symbol, and the copies.
 * TESTS     test/host/lib/test_inflate.c (against gzip, and thousands of mutated members)
 * SEE       RFC 1951, RFC 1952
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/inflate.h"
#include "include/uapi/errno.h"
#include "lib/crc32.h"
#include "lib/string.h"

#define MAX_BITS	15
#define NR_LITERALS	286
#define NR_DISTANCES	30
#define END_OF_BLOCK	256
#define HEADER_BYTES	10
#define TRAILER_BYTES	8

enum { FLAG_CRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAG_RESERVED = 0xe0 };

struct bits {
	const u8 *p, *end;
	u64 hold;		/* the next bits, lowest first */
	unsigned n;		/* how many of them */
	unsigned zeros;		/* of these, from beyond the end (G1) */
};

struct output { u8 *base; size_t n, room; };

/* ---- bits ------------------------------------------------------------------------------------ */

static void bits_fill(struct bits *b, unsigned n)
{
	while (b->n < n) {
		if (b->p < b->end)
			b->hold |= (u64)*b->p++ << b->n;
		else
			b->zeros += 8;
		b->n += 8;
	}
}

static void bits_drop(struct bits *b, unsigned n)
{
	b->hold >>= n;
	b->n -= n;
}

static unsigned bits_take(struct bits *b, unsigned n)
{
	unsigned v;

	bits_fill(b, n);
	v = b->hold & ((1u << n) - 1);
	bits_drop(b, n);
	return v;
}

/* Have bits been used that are not there? */
static inline bool bits_over(const struct bits *b) { return b->zeros > b->n; }

/* ---- codes ----------------------------------------------------------------------------------- */

static unsigned reverse(unsigned code, unsigned len)
{
	unsigned r = 0;

	while (len--) {
		r = r << 1 | (code & 1);
		code >>= 1;
	}
	return r;
}

/* The code in which symbol i has @len[i] bits, 0: does not occur.  Only a code of one symbol may be incomplete. */
static int huffman_build(struct huffman *h, const u8 *len, unsigned n)
{
	unsigned first[MAX_BITS + 2] = { 0 }, next[MAX_BITS + 2], code = 0;
	int room = 1;

	memset(h, 0, sizeof(*h));
	for (unsigned i = 0; i < n; i++)
		h->count[len[i]]++;
	for (unsigned l = 1; l <= MAX_BITS; l++) {
		room = room * 2 - h->count[l];
		if (room < 0)
			return -EINVAL;
		first[l + 1] = first[l] + h->count[l];
	}
	if (room && first[MAX_BITS + 1] > 1)
		return -EINVAL;
	memcpy(next, first, sizeof(next));
	for (unsigned i = 0; i < n; i++)
		if (len[i])
			h->symbol[next[len[i]]++] = i;
	for (unsigned l = 1; l <= HUFF_FAST_BITS; l++, code <<= 1)
		for (unsigned i = first[l]; i < first[l + 1]; i++, code++)
			for (unsigned at = reverse(code, l); at < ARRAY_SIZE(h->fast); at += 1u << l)
				h->fast[at] = h->symbol[i] | l << 9;
	return 0;
}

/* The next symbol, or -EINVAL. */
static int huffman_take(const struct huffman *h, struct bits *b)
{
	unsigned entry, code = 0, first = 0, index = 0;

	bits_fill(b, MAX_BITS);
	entry = h->fast[b->hold & (ARRAY_SIZE(h->fast) - 1)];
	if (entry) {
		bits_drop(b, entry >> 9);
		return bits_over(b) ? -EINVAL : (int)(entry & 511);
	}
	for (unsigned l = 1; l <= MAX_BITS; l++) {
		code |= b->hold >> (l - 1) & 1;
		if (code < first + h->count[l]) {
			bits_drop(b, l);
			return bits_over(b) ? -EINVAL : (int)h->symbol[index + code - first];
		}
		index += h->count[l];
		first = (first + h->count[l]) << 1;
		code <<= 1;
	}
	return -EINVAL;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static int put_byte(struct output *o, u8 v)
{
	if (o->n == o->room)
		return -EINVAL;
	if (o->base)
		o->base[o->n] = v;
	o->n++;
	return 0;
}

/* @len bytes again, from @distance back; the two may overlap. */
static int put_match(struct output *o, size_t distance, size_t len)
{
	u8 *to;

	if (distance > o->n || len > o->room - o->n)
		return -EINVAL;
	to = o->base ? o->base + o->n : NULL;
	o->n += len;
	if (!to)
		return 0;
	if (distance >= len)
		memcpy(to, to - distance, len);
	else
		for (; len; len--, to++)
			*to = *(to - distance);
	return 0;
}

static int stored_block(struct bits *b, struct output *o)
{
	unsigned len;

	bits_drop(b, b->n & 7);
	len = bits_take(b, 16);
	if (len != (bits_take(b, 16) ^ 0xffff))
		return -EINVAL;
	while (len--)
		if (put_byte(o, bits_take(b, 8)) || bits_over(b))
			return -EINVAL;
	return bits_over(b) ? -EINVAL : 0;
}

static int take_match(const struct gunzip *g, struct bits *b, struct output *o, int symbol)
{
	static const u16 len_base[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67,
					83, 99, 115, 131, 163, 195, 227, 258 };
	static const u8 len_bits[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5,
				       5, 5, 0 };
	unsigned i = symbol - END_OF_BLOCK - 1, len, bits;
	int d;

	if (i >= ARRAY_SIZE(len_base))
		return -EINVAL;
	len = len_base[i] + bits_take(b, len_bits[i]);
	d = huffman_take(&g->distances, b);
	if (d < 0 || d >= NR_DISTANCES)
		return -EINVAL;
	bits = d < 2 ? 0 : d / 2 - 1;		/* distances: 1, 2, 3, 4, 5-6, 7-8, 9-12, ... */
	return put_match(o, (d < 2 ? 1u + d : 1 + ((2u + (d & 1)) << bits)) + bits_take(b, bits), len);
}

static int coded_block(const struct gunzip *g, struct bits *b, struct output *o)
{
	for (;;) {
		int symbol = huffman_take(&g->lengths, b), rc;

		if (symbol < 0 || symbol == END_OF_BLOCK)
			return symbol < 0 ? symbol : 0;
		rc = symbol < END_OF_BLOCK ? put_byte(o, symbol) : take_match(g, b, o, symbol);
		if (rc)
			return rc;
	}
}

static int fixed_codes(struct gunzip *g)
{
	for (unsigned i = 0; i < HUFF_SYMBOLS; i++)
		g->len[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	if (huffman_build(&g->lengths, g->len, HUFF_SYMBOLS))
		return -EINVAL;
	memset(g->len, 5, 32);
	return huffman_build(&g->distances, g->len, 32);
}

/* The lengths of @n codes, themselves coded by g->lengths: a length, or how often one is repeated. */
static int take_lengths(struct gunzip *g, struct bits *b, unsigned n)
{
	for (unsigned i = 0; i < n;) {
		int symbol = huffman_take(&g->lengths, b);
		unsigned times = 1;
		u8 len = symbol;

		if (symbol < 0 || (symbol == 16 && !i))
			return -EINVAL;
		if (symbol >= 16) {
			len = symbol == 16 ? g->len[i - 1] : 0;
			times = symbol == 16 ? 3 + bits_take(b, 2) : symbol == 17 ? 3 + bits_take(b, 3) :
				11 + bits_take(b, 7);
		}
		if (times > n - i)
			return -EINVAL;
		memset(&g->len[i], len, times);
		i += times;
	}
	return 0;
}

static int own_codes(struct gunzip *g, struct bits *b)
{
	static const u8 order[] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	unsigned nr_lengths = bits_take(b, 5) + 257, nr_distances = bits_take(b, 5) + 1, n = bits_take(b, 4) + 4;

	if (nr_lengths > NR_LITERALS || nr_distances > NR_DISTANCES)
		return -EINVAL;
	memset(g->len, 0, sizeof(order));
	for (unsigned i = 0; i < n; i++)
		g->len[order[i]] = bits_take(b, 3);
	if (huffman_build(&g->lengths, g->len, sizeof(order)) || take_lengths(g, b, nr_lengths + nr_distances) ||
	    !g->len[END_OF_BLOCK] || huffman_build(&g->distances, g->len + nr_lengths, nr_distances))
		return -EINVAL;
	return huffman_build(&g->lengths, g->len, nr_lengths);
}

static int inflate(struct gunzip *g, struct bits *b, struct output *o)
{
	bool last;
	int rc;

	do {
		last = bits_take(b, 1);
		switch (bits_take(b, 2)) {
		case 0:
			rc = stored_block(b, o);
			break;
		case 1:
			rc = fixed_codes(g);
			if (!rc)
				rc = coded_block(g, b, o);
			break;
		case 2:
			rc = own_codes(g, b);
			if (!rc)
				rc = coded_block(g, b, o);
			break;
		default:
			rc = -EINVAL;
		}
	} while (!rc && !last);
	return rc;
}

/* ---- gzip ------------------------------------------------------------------------------------ */

bool gzip_is_member(const void *p, size_t n)
{
	const u8 *b = p;

	return n >= HEADER_BYTES + TRAILER_BYTES && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 &&
	       !(b[3] & FLAG_RESERVED);
}

/* Over the header at @p; NULL when it does not end before @end. */
static const u8 *skip_header(const u8 *p, const u8 *end)
{
	u8 flags = p[3];

	p += HEADER_BYTES;
	if (flags & FLAG_EXTRA) {
		if (end - p < 2 || end - p - 2 < (p[0] | p[1] << 8))
			return NULL;
		p += 2 + (p[0] | p[1] << 8);
	}
	for (unsigned f = FLAG_NAME; f <= FLAG_COMMENT; f <<= 1) {
		if (!(flags & f))
			continue;
		p = memchr(p, 0, end - p);
		if (!p++)
			return NULL;
	}
	if (flags & FLAG_CRC)
		p += 2;
	return p <= end ? p : NULL;
}

static u32 get_le32(const u8 *p) { return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24; }

int gunzip(struct gunzip *g, const void *in, size_t n, void *out, size_t room, size_t *used, size_t *made)
{
	struct bits b = { .p = in, .end = (const u8 *)in + n };
	struct output o = { .base = out, .room = out ? room : SIZE_MAX };

	if (!gzip_is_member(in, n))
		return -EINVAL;
	b.p = skip_header(in, b.end);
	if (!b.p || inflate(g, &b, &o))
		return -EINVAL;
	b.p -= (b.n - b.zeros) / 8;		/* whole bytes that were taken too early */
	if (b.end - b.p < TRAILER_BYTES || get_le32(b.p + 4) != (u32)o.n)
		return -EINVAL;
	if (out && get_le32(b.p) != (u32)~crc32_le(~0u, out, o.n))
		return -EINVAL;
	*used = b.p + TRAILER_BYTES - (const u8 *)in;
	*made = o.n;
	return 0;
}
