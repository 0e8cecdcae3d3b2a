/*
 * lib/unzstd.c - undo zstd: memory to memory.
 *
 * MODEL     A frame is a header, a row of blocks and perhaps the hash of what they become.  A block is stored, one
 *           byte many times, or compressed: then it has literals (stored, one byte, or in a Huffman code, its own
 *           or that of the block before) and sequences.  A sequence says: so many literals, then so many bytes
 *           again, from so far back.  Its three numbers are FSE symbols (lib/zstd_entropy.c) with extra bits,
 *           all in one stream.  The last three distances have short names.
 *           All output is in one piece of memory, which is the window, whatever the header asks for.
 *           Without an output nothing is copied and no literal is decoded: lengths alone are added up, so a first
 *           walk that counts tells how much memory the second needs.
 * INVARIANTS
 *   Z1  Input is taken from [in, in + n) only.
 *   Z2  Output is written to [out, out + room) only, and read only where it was written.
 *   Z3  A block becomes at most ZSTD_BLOCK_MAX bytes.
 * COST      about 60 instructions for a literal in Huffman's code, 150 for a sequence, and the copies.
 * TESTS     test/host/lib/test_unzstd.c (against zstd, and thousands of mutated frames)
 * SEE       RFC 8878, section 3
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/unzstd.h"
#include "include/uapi/errno.h"
#include "lib/string.h"
#include "lib/xxh64.h"

#define FRAME_MAGIC	0xfd2fb528u
#define HEADER_MIN	6		/* magic, descriptor, one byte more */

struct output { u8 *base; size_t n, room; };

/* What a block is cut into: [p, end) is still to be read. */
struct input { const u8 *p, *end; };

static size_t left(const struct input *in) { return in->end - in->p; }

static u64 get_le(const u8 *p, unsigned bytes)
{
	u64 v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (u64)p[i] << 8 * i;
	return v;
}

/* ---- output ---------------------------------------------------------------------------------- */

static int put_bytes(struct output *o, const u8 *from, size_t n)
{
	if (n > o->room - o->n)
		return -EINVAL;
	if (o->base)
		memcpy(o->base + o->n, from, n);
	o->n += n;
	return 0;
}

static int put_repeated(struct output *o, u8 byte, size_t n)
{
	if (n > o->room - o->n)
		return -EINVAL;
	if (o->base)
		memset(o->base + o->n, byte, n);
	o->n += n;
	return 0;
}

/* @n bytes again, from @distance back; the two may overlap. */
static int put_match(struct output *o, size_t distance, size_t n)
{
	u8 *to = o->base ? o->base + o->n : NULL;

	if (n > o->room - o->n || (to && (!distance || distance > o->n)))
		return -EINVAL;
	o->n += n;
	if (to && distance >= n)
		memcpy(to, to - distance, n);
	else
		for (; to && n; n--, to++)
			*to = *(to - distance);
	return 0;
}

/* ---- literals -------------------------------------------------------------------------------- */

enum { LITERALS_RAW, LITERALS_RLE, LITERALS_HUFFMAN, LITERALS_SAME_CODE };

struct literals { const u8 *p; size_t n; };

/* Four streams of equal shares; a table of the first three's lengths stands before them. */
static int four_streams(struct unzstd *z, const u8 *p, size_t n, size_t bytes)
{
	size_t share = (bytes + 3) / 4, at = 6;

	if (n < 6 || bytes < 3 * share)
		return -EINVAL;
	for (unsigned i = 0; i < 4; i++) {
		size_t len = i < 3 ? get_le(p + 2 * i, 2) : n - at;

		if (len > n - at || huf_decode(&z->huf, p + at, len, z->literal + i * share,
					       i < 3 ? share : bytes - 3 * share))
			return -EINVAL;
		at += len;
	}
	return 0;
}

/* The @packed bytes at @p are @bytes literals; they are not looked at when only counting. */
static int huffman_literals(struct unzstd *z, const u8 *p, size_t packed, size_t bytes, bool own_code,
			    bool one_stream)
{
	size_t used = 0;

	if (own_code && huf_read(&z->huf, p, packed, &used))
		return -EINVAL;
	if (one_stream)
		return huf_decode(&z->huf, p + used, packed - used, z->literal, bytes);
	return four_streams(z, p + used, packed - used, bytes);
}

static int stored_literals(struct unzstd *z, struct input *in, struct literals *l)
{
	static const u8 header[4] = { 1, 2, 1, 3 };
	unsigned type = in->p[0] & 3, len = header[in->p[0] >> 2 & 3];

	if (left(in) < len)
		return -EINVAL;
	l->n = get_le(in->p, len) >> (len == 1 ? 3 : 4);
	in->p += len;
	if (l->n > ZSTD_BLOCK_MAX || left(in) < (type == LITERALS_RAW ? l->n : 1))
		return -EINVAL;
	l->p = in->p;
	if (type == LITERALS_RLE) {
		memset(z->literal, in->p[0], l->n);
		l->p = z->literal;
	}
	in->p += type == LITERALS_RAW ? l->n : 1;
	return 0;
}

static int take_literals(struct unzstd *z, struct input *in, struct literals *l, bool count_only)
{
	static const struct { u8 header, bits; } formats[4] = { { 3, 10 }, { 3, 10 }, { 4, 14 }, { 5, 18 } };
	unsigned type, format;
	size_t packed;
	u64 v;

	if (!left(in))
		return -EINVAL;
	type = in->p[0] & 3;
	format = in->p[0] >> 2 & 3;
	if (type < LITERALS_HUFFMAN)
		return stored_literals(z, in, l);
	if (left(in) < formats[format].header)
		return -EINVAL;
	v = get_le(in->p, formats[format].header) >> 4;
	l->p = z->literal;
	l->n = v & ((1u << formats[format].bits) - 1);
	packed = v >> formats[format].bits;
	in->p += formats[format].header;
	if (l->n > ZSTD_BLOCK_MAX || packed > left(in))
		return -EINVAL;
	in->p += packed;
	if (count_only)
		return 0;
	return huffman_literals(z, in->p - packed, packed, l->n, type == LITERALS_HUFFMAN, !format);
}

/* ---- sequences ------------------------------------------------------------------------------- */

#define NR_LITERAL_CODES	36
#define NR_MATCH_CODES		53
#define NR_OFFSET_CODES		32
#define MATCH_MIN		3

/* Codes up to the 16th (32nd) are themselves; those beyond begin here, with so many extra bits. */
static const u32 literal_base[] = { 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192,
				    16384, 32768, 65536 };
static const u8 literal_bits[] = { 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const u32 match_base[] = { 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195,
				  16387, 32771, 65539 };
static const u8 match_bits[] = { 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static const s16 literal_default[] = {
	4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
};
static const s16 match_default[] = {
	1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
};
static const s16 offset_default[] = {
	1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, -1, -1, -1, -1, -1,
};

struct code_kind { const s16 *norm; u8 nr_norm, log, max_log, nr_codes; };
static const struct code_kind literal_kind = { literal_default, 36, 6, 9, NR_LITERAL_CODES };
static const struct code_kind offset_kind = { offset_default, 29, 5, 8, NR_OFFSET_CODES };
static const struct code_kind match_kind = { match_default, 53, 6, 9, NR_MATCH_CODES };

enum { MODE_DEFAULT, MODE_SINGLE, MODE_OWN, MODE_SAME };

static int take_table(struct fse_table *t, const struct code_kind *k, unsigned mode, struct input *in)
{
	size_t used;

	switch (mode) {
	case MODE_DEFAULT:
		return fse_build(t, k->norm, k->nr_norm, k->log);
	case MODE_SINGLE:
		if (!left(in) || in->p[0] >= k->nr_codes)
			return -EINVAL;
		fse_single(t, *in->p++);
		return 0;
	case MODE_OWN:
		if (fse_read(t, in->p, left(in), k->max_log, k->nr_codes, &used))
			return -EINVAL;
		in->p += used;
		return 0;
	}
	return t->valid ? 0 : -EINVAL;
}

static int take_count(struct input *in, size_t *nr)
{
	unsigned len;

	if (!left(in))
		return -EINVAL;
	len = in->p[0] < 128 ? 1 : in->p[0] < 255 ? 2 : 3;
	if (left(in) < len)
		return -EINVAL;
	*nr = len == 1 ? in->p[0] : len == 2 ? (in->p[0] - 128u) << 8 | in->p[1] : get_le(in->p + 1, 2) + 0x7f00;
	in->p += len;
	return 0;
}

/* The distance that the number @value of a sequence means. */
static u32 take_repeat(struct unzstd *z, u64 value, bool no_literals)
{
	u32 *r = z->repeat, distance;
	unsigned i = value <= 3 ? (unsigned)value - 1 + no_literals : 3;

	distance = value > 3 ? (u32)(value - 3) : i < 3 ? r[i] : r[0] - 1;
	if (i >= 2)
		r[2] = r[1];
	if (i >= 1)
		r[1] = r[0];
	r[0] = distance;
	return distance;
}

static u32 length_of(unsigned code, unsigned direct, u32 add, const u32 *base, const u8 *bits, struct back_bits *b)
{
	return code < direct ? code + add : base[code - direct] + back_bits_take(b, bits[code - direct]);
}

static int put_sequence(struct unzstd *z, struct literals *l, struct output *o, u64 offset, u32 match, u32 literals)
{
	u32 distance = take_repeat(z, offset, !literals);

	if (literals > l->n || put_bytes(o, l->p, literals))
		return -EINVAL;
	l->p += literals;
	l->n -= literals;
	return put_match(o, distance, match);
}

static int put_sequences(struct unzstd *z, struct back_bits *b, size_t nr, struct literals *l, struct output *o)
{
	u32 ll = fse_start(&z->literals, b), of = fse_start(&z->offsets, b), ml = fse_start(&z->matches, b);

	for (size_t i = 0; i < nr && b->pos >= 0; i++) {
		unsigned code = z->offsets.state[of].symbol;
		u64 offset = (1ull << code) + back_bits_take(b, code);
		u32 match = length_of(z->matches.state[ml].symbol, 32, MATCH_MIN, match_base, match_bits, b);
		u32 literals = length_of(z->literals.state[ll].symbol, 16, 0, literal_base, literal_bits, b);

		if (put_sequence(z, l, o, offset, match, literals))
			return -EINVAL;
		if (i + 1 == nr)
			break;
		ll = fse_next(&z->literals, ll, b);
		ml = fse_next(&z->matches, ml, b);
		of = fse_next(&z->offsets, of, b);
	}
	return b->pos ? -EINVAL : put_bytes(o, l->p, l->n);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static int compressed_block(struct unzstd *z, struct input in, struct output *o)
{
	struct literals l;
	struct back_bits b;
	size_t nr, before = o->n;
	u8 modes;

	if (take_literals(z, &in, &l, !o->base) || take_count(&in, &nr))
		return -EINVAL;
	if (!nr)
		return left(&in) ? -EINVAL : put_bytes(o, l.p, l.n);
	if (!left(&in))
		return -EINVAL;
	modes = *in.p++;
	if ((modes & 3) || take_table(&z->literals, &literal_kind, modes >> 6, &in) ||
	    take_table(&z->offsets, &offset_kind, modes >> 4 & 3, &in) ||
	    take_table(&z->matches, &match_kind, modes >> 2 & 3, &in) || back_bits_init(&b, in.p, left(&in)))
		return -EINVAL;
	return put_sequences(z, &b, nr, &l, o) || o->n - before > ZSTD_BLOCK_MAX ? -EINVAL : 0;	/* Z3 */
}

static int all_blocks(struct unzstd *z, struct input *in, struct output *o)
{
	for (;;) {
		u32 header, type, size, packed;
		int rc = -EINVAL;

		if (left(in) < 3)
			return -EINVAL;
		header = get_le(in->p, 3);
		type = header >> 1 & 3;
		size = header >> 3;
		packed = type == 1 ? 1 : size;
		in->p += 3;
		if (size > ZSTD_BLOCK_MAX || packed > left(in))
			return -EINVAL;
		if (type == 0)
			rc = put_bytes(o, in->p, size);
		else if (type == 1)
			rc = put_repeated(o, in->p[0], size);
		else if (type == 2)
			rc = compressed_block(z, (struct input){ in->p, in->p + size }, o);
		in->p += packed;
		if (rc || (header & 1))
			return rc;
	}
}

/* ---- frames ---------------------------------------------------------------------------------- */

bool zstd_is_frame(const void *p, size_t n)
{
	return n >= HEADER_MIN && get_le(p, 4) == FRAME_MAGIC;
}

/* Over the header; *@bytes is what it says of the content's length, or SIZE_MAX.  Dictionaries are not known. */
static int take_header(struct input *in, bool *hashed, u64 *bytes)
{
	static const u8 id_len[4] = { 0, 1, 2, 4 }, size_len[4] = { 0, 2, 4, 8 };
	u8 d = in->p[4];
	bool single = d & 0x20;
	unsigned id = id_len[d & 3], size = d >> 6 || !single ? size_len[d >> 6] : 1;

	in->p += 5;
	if ((d & 8) || left(in) < !single + id + size)
		return -EINVAL;
	in->p += !single;
	if (get_le(in->p, id))
		return -EINVAL;
	*hashed = d & 4;
	*bytes = size ? get_le(in->p + id, size) + (size == 2 ? 256 : 0) : SIZE_MAX;
	in->p += id + size;
	return 0;
}

int unzstd(struct unzstd *z, const void *data, size_t n, void *out, size_t room, size_t *used, size_t *made)
{
	struct input in = { data, (const u8 *)data + n };
	struct output o = { .base = out, .room = out ? room : SIZE_MAX };
	bool hashed;
	u64 bytes;

	if (!zstd_is_frame(data, n) || take_header(&in, &hashed, &bytes))
		return -EINVAL;
	z->huf.log = 0;
	z->literals.valid = z->offsets.valid = z->matches.valid = false;
	z->repeat[0] = 1;
	z->repeat[1] = 4;
	z->repeat[2] = 8;
	if (all_blocks(z, &in, &o) || (bytes != SIZE_MAX && bytes != o.n) || (hashed && left(&in) < 4))
		return -EINVAL;
	if (hashed && out && get_le(in.p, 4) != (u32)xxh64(out, o.n))
		return -EINVAL;
	*used = in.p + (hashed ? 4 : 0) - (const u8 *)data;
	*made = o.n;
	return 0;
}
