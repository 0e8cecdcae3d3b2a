/*
 * lib/intrinsics.c - what the compiler calls for bit counting and byte swapping.
 *
 * MODEL     RV64IMAC has no instruction for these (Zbb has), so that gcc emits calls with the names
 *           of its own support library.  The kernel does not link that library.
 *           Trailing zeros: the lowest bit times a de Bruijn number puts a different 6-bit pattern at
 *           the top for each position.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_HOST
#include "include/types.h"

int __ctzdi2(u64 x);
int __ctzsi2(u32 x);
int __clzdi2(u64 x);
int __clzsi2(u32 x);
int __ffsdi2(u64 x);
int __popcountdi2(u64 x);
int __popcountsi2(u32 x);
u32 __bswapsi2(u32 x);
u64 __bswapdi2(u64 x);

static const u8 ctz_table[64] = {
	0, 1, 2, 53, 3, 7, 54, 27, 4, 38, 41, 8, 34, 55, 48, 28,
	62, 5, 39, 46, 44, 42, 22, 9, 24, 35, 59, 56, 49, 18, 29, 11,
	63, 52, 6, 26, 37, 40, 33, 47, 61, 45, 43, 21, 23, 58, 17, 10,
	51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
};

int __ctzdi2(u64 x)
{
	return ctz_table[(x & -x) * 0x022fdd63cc95386dull >> 58];
}

int __ctzsi2(u32 x)
{
	return __ctzdi2(x);
}

int __ffsdi2(u64 x)
{
	return x ? __ctzdi2(x) + 1 : 0;
}

int __popcountdi2(u64 x)
{
	x -= x >> 1 & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return x * 0x0101010101010101ull >> 56;
}

int __popcountsi2(u32 x)
{
	return __popcountdi2(x);
}

int __clzdi2(u64 x)
{
	int n = 63;

	for (int step = 32; step; step >>= 1) {
		if (x >> step) {
			x >>= step;
			n -= step;
		}
	}
	return n;
}

int __clzsi2(u32 x)
{
	return __clzdi2(x) - 32;
}

u32 __bswapsi2(u32 x)
{
	x = (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8;
	return x >> 16 | x << 16;
}

u64 __bswapdi2(u64 x)
{
	return (u64)__bswapsi2(x) << 32 | __bswapsi2(x >> 32);
}
#endif
