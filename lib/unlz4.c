/*
 * lib/unlz4.c - undo lz4's legacy frame (lz4 -l), the one that kernels take: memory to memory.
 *
 * MODEL     A frame is a magic number and a row of blocks, each behind its length; it ends with the memory, or
 *           where a length of 0 stands (padding).  A further frame may follow at once.  A block is a row of
 *           sequences: a token with two lengths of 4 bits, literals, a distance of 16 bits, and so many bytes
 *           again; a length of 15 goes on in bytes up to one that is not 255.  The last sequence ends with its
 *           literals.  Blocks know nothing of each other.  There is no checksum.
 * INVARIANTS
 *   L1  Input is taken from [in, in + n), output written to [out, out + room), and read only where the same
 *       block wrote it.
 * TESTS     test/host/lib/test_unlz4.c (against lz4, and thousands of mutated frames)
 * SEE       lz4's lz4_Block_format.md, lz4_Frame_format.md ("Legacy frame")
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/unlz4.h"
#include "include/uapi/errno.h"
#include "lib/string.h"

#define LEGACY_MAGIC	0x184c2102u
#define BLOCK_MAX	(8u << 20)	/* what a block becomes at most */
#define MATCH_MIN	4

struct lz4_in { const u8 *p, *end; };
struct lz4_out { u8 *base; size_t n, room, block; };	/* block: where this one's bytes begin */

static u32 get_le32(const u8 *p) { return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24; }

/* A length of 4 bits, and the bytes it goes on in. */
static int take_length(struct lz4_in *in, unsigned nibble, size_t *len)
{
	u8 more = 255;

	*len = nibble;
	if (nibble < 15)
		return 0;
	while (more == 255) {
		if (in->p == in->end || *len > BLOCK_MAX)
			return -EINVAL;
		more = *in->p++;
		*len += more;
	}
	return 0;
}

static int put_literals(struct lz4_in *in, struct lz4_out *o, size_t n)
{
	if (n > (size_t)(in->end - in->p) || n > o->room - o->n)
		return -EINVAL;
	if (o->base)
		memcpy(o->base + o->n, in->p, n);
	in->p += n;
	o->n += n;
	return 0;
}

static int put_match(struct lz4_out *o, size_t distance, size_t n)
{
	u8 *to = o->base ? o->base + o->n : NULL;

	if (!distance || distance > o->n - o->block || n > o->room - o->n)
		return -EINVAL;
	o->n += n;
	for (; to && n; n--, to++)
		*to = *(to - distance);
	return 0;
}

static int lz4_block(struct lz4_in in, struct lz4_out *o)
{
	size_t literals, match;

	o->block = o->n;
	while (in.p < in.end) {
		u8 token = *in.p++;
		unsigned distance;

		if (take_length(&in, token >> 4, &literals) || put_literals(&in, o, literals))
			return -EINVAL;
		if (in.p == in.end)
			break;			/* the last sequence */
		if (in.end - in.p < 2)
			return -EINVAL;
		distance = in.p[0] | in.p[1] << 8;
		in.p += 2;
		if (take_length(&in, token & 15, &match) || put_match(o, distance, match + MATCH_MIN) ||
		    o->n - o->block > BLOCK_MAX)
			return -EINVAL;
	}
	return 0;
}

bool lz4_is_legacy(const void *p, size_t n)
{
	return n >= 8 && get_le32(p) == LEGACY_MAGIC;
}

int unlz4(const void *data, size_t n, void *out, size_t room, size_t *used, size_t *made)
{
	struct lz4_in in = { data, (const u8 *)data + n };
	struct lz4_out o = { .base = out, .room = out ? room : SIZE_MAX };

	if (!lz4_is_legacy(data, n))
		return -EINVAL;
	while (in.end - in.p >= 4) {
		u32 bytes = get_le32(in.p);

		if (!bytes)
			break;
		in.p += 4;
		if (bytes == LEGACY_MAGIC)
			continue;
		if (bytes > (size_t)(in.end - in.p) || lz4_block((struct lz4_in){ in.p, in.p + bytes }, &o))
			return -EINVAL;
		in.p += bytes;
	}
	*used = in.p - (const u8 *)data;
	*made = o.n;
	return 0;
}
