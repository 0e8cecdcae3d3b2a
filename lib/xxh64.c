/*
 * lib/xxh64.c - the 64-bit xxHash of some bytes (seed 0): zstd's checksum.
 *
 * MODEL     Four lanes take 8 bytes each in turn; what is left after whole rounds of 32 bytes is mixed in by eight,
 *           four and one.
 * TESTS     test/host/lib/test_unzstd.c (frames that carry it)
 * SEE       the xxHash specification, "XXH64"
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/xxh64.h"
#include "lib/string.h"

#define P1	0x9E3779B185EBCA87ull
#define P2	0xC2B2AE3D27D4EB4Full
#define P3	0x165667B19E3779F9ull
#define P4	0x85EBCA77C2B2AE63ull
#define P5	0x27D4EB2F165667C5ull

static u64 rotate(u64 v, unsigned n) { return v << n | v >> (64 - n); }
static u64 lane(u64 acc, u64 in) { return rotate(acc + in * P2, 31) * P1; }

static u64 load64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static u64 load32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The whole rounds of 32 bytes from *@p on. */
static u64 rounds(const u8 **p, const u8 *end)
{
	static const unsigned turn[4] = { 1, 7, 12, 18 };
	u64 v[4] = { P1 + P2, P2, 0, -P1 }, h = 0;

	for (; end - *p >= 32; *p += 32)
		for (unsigned i = 0; i < 4; i++)
			v[i] = lane(v[i], load64(*p + 8 * i));
	for (unsigned i = 0; i < 4; i++)
		h += rotate(v[i], turn[i]);
	for (unsigned i = 0; i < 4; i++)
		h = (h ^ lane(0, v[i])) * P1 + P4;
	return h;
}

u64 xxh64(const void *data, size_t n)
{
	const u8 *p = data, *end = p + n;
	u64 h = (n >= 32 ? rounds(&p, end) : P5) + n;

	for (; end - p >= 8; p += 8)
		h = rotate(h ^ lane(0, load64(p)), 27) * P1 + P4;
	for (; end - p >= 4; p += 4)
		h = rotate(h ^ load32(p) * P1, 23) * P2 + P3;
	for (; p < end; p++)
		h = rotate(h ^ *p * P5, 11) * P1;
	h = (h ^ h >> 33) * P2;
	h = (h ^ h >> 29) * P3;
	return h ^ h >> 32;
}
