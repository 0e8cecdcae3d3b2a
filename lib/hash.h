/*
 * lib/hash.h - small hash functions for tables with a power of two of buckets.
 *
 * MODEL     Multiplicative hashing by 2^64 / golden ratio; the top bits are the mixed ones.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_HASH_H
#define VELLUM_HASH_H

#include "include/types.h"

#define GOLDEN_RATIO_64	0x61c8864680b583ebull

static inline u64 hash_64(u64 x, unsigned bits) { return x * GOLDEN_RATIO_64 >> (64 - bits); }
#define hash_long(x, bits)	hash_64(x, bits)
static inline u32 hash_32(u32 x, unsigned bits) { return hash_64(x, bits); }
static inline u64 hash_ptr(const void *p, unsigned bits) { return hash_64((unsigned long)p, bits); }

/* A name of @n bytes, started from @seed (e.g. its directory). */
static inline u64 hash_bytes(u64 seed, const void *p, size_t n)
{
	const u8 *s = p;
	u64 h = seed ^ n * GOLDEN_RATIO_64;

	while (n--)
		h = (h ^ *s++) * 0x100000001b3ull;
	return h ^ h >> 32;
}

#endif
