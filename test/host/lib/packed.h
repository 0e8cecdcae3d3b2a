/*
 * test/host/lib/packed.h - what the tests of decompressors have in common: text of some shape, a program that packs
 * it, and whether it comes back; broken frames.
 *
 * MODEL     A test defines PACKED_MAX, the longest text, and includes this.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PACKED_H
#define PACKED_H

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "test/host/tap.h"

/* The frame at @in becomes *made bytes at @out, which has @room (NULL: count them), and *used bytes were it. */
typedef int (*unpack_fn)(const void *in, size_t len, void *out, size_t room, size_t *used, size_t *made);

static u8 plain[PACKED_MAX], packed[PACKED_MAX + PACKED_MAX / 64 + 1000], got[PACKED_MAX];

enum shape { RANDOM, FEW_LETTERS, SKEWED, REPEATED, ONE_BYTE, RUNS, WORDS, NR_SHAPES };

static u8 byte_of(enum shape shape, size_t i)
{
	static const char *const words[] = { "the ", "page ", "table ", "of ", "a ", "kernel ", "\n\t", "fault();" };
	static const char *w = "";

	switch (shape) {
	case FEW_LETTERS:
		return "abcdefgh"[rnd_below(8)];
	case SKEWED:
		return "abcdefghijklmnopqrstuvwxyz"[rnd_below(1 + rnd_below(26))];
	case REPEATED:
		return i > 5000 && !rnd_one_in(100) ? plain[i - 4000] : rnd();
	case ONE_BYTE:
		return 'x';
	case RUNS:
		return i / (1 + rnd_below(50));
	case WORDS:
		w = *w ? w : words[rnd_below(8)];
		return *w++;
	default:
		return rnd();
	}
}

static void make_plain(size_t n, enum shape shape)
{
	for (size_t i = 0; i < n; i++)
		plain[i] = byte_of(shape, i);
}

/* Length of what the command @how, which names the file as %s, makes of the first @n bytes. */
static size_t pack(size_t n, const char *how)
{
	char in[] = "/tmp/packed-XXXXXX", cmd[120];
	int fd = mkstemp(in);
	size_t len;
	FILE *f;

	CHECK(fd >= 0 && write(fd, plain, n) == (ssize_t)n);
	close(fd);
	snprintf(cmd, sizeof(cmd), how, in);
	f = popen(cmd, "r");
	CHECK(f);
	len = fread(packed, 1, sizeof(packed), f);
	CHECK(!pclose(f));
	unlink(in);
	return len;
}

/* @n bytes of a shape come back, with four bytes @tail behind the frame, and not where there is no room. */
static void round_trip(unpack_fn unpack, size_t n, enum shape shape, const char *how, u8 tail)
{
	size_t used, made, len;

	make_plain(n, shape);
	len = pack(n, how);
	memset(packed + len, tail, 4);
	CHECK(!unpack(packed, len + 4, NULL, 0, &used, &made) && used == len && made == n);
	memset(got, 0xaa, sizeof(got));
	CHECK(!unpack(packed, len + 4, got, n, &used, &made) && used == len && made == n);
	CHECK(!memcmp(got, plain, n));
	CHECK(!n || unpack(packed, len, got, n - 1, &used, &made) == -EINVAL);
}

/* A frame that is cut short, at every place. */
static inline void cut_frames(unpack_fn unpack, size_t len)
{
	size_t used, made;

	for (size_t cut = 0; cut < len; cut++) {
		u8 *copy = malloc(cut + 1);

		memcpy(copy, packed, cut);
		CHECK(unpack(copy, cut, got, sizeof(got), &used, &made) == -EINVAL);
		free(copy);
	}
}

/* Some bytes of the frame changed, its end cut off now and then; how many of @rounds were taken all the same. */
static unsigned broken_frames(unpack_fn unpack, size_t len, size_t room, unsigned rounds)
{
	unsigned accepted = 0;
	size_t used, made;

	while (rounds--) {
		size_t cut = rnd_one_in(4) ? rnd_below(len) : len;
		u8 *copy = malloc(cut + 1), *out = malloc(room);

		memcpy(copy, packed, cut);
		for (int k = rnd_below(5); k >= 0 && cut; k--)
			copy[rnd_below(rnd_one_in(2) || cut < 60 ? cut : 60)] = rnd();
		if (!unpack(copy, cut, NULL, 0, &used, &made))
			CHECK(used <= cut);
		if (!unpack(copy, cut, out, room, &used, &made)) {
			CHECK(made <= room && used <= cut);
			accepted++;
		}
		free(copy);
		free(out);
	}
	return accepted;
}

#endif
