/*
 * lib/bitmap.h - arrays of bits in unsigned longs: searching, setting ranges, counting.
 *
 * MODEL     Bit n is bit n % 64 of word n / 64.  Bits at and above the size that a call names are
 *           neither read into its answer nor changed.  A search that finds nothing returns the size.
 *           set_bit() and friends of include/atomic.h are the atomic ones; __set_bit() is not.
 * LOCKING   The owner's.
 * TESTS     test/host/lib/test_bitmap.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_BITMAP_H
#define VELLUM_BITMAP_H

#include "include/types.h"

#define BITS_PER_LONG		64
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define BIT_WORD(n)		((n) / BITS_PER_LONG)
#define BIT_MASK(n)		(1ul << ((n) % BITS_PER_LONG))
#define DECLARE_BITMAP(name, n)	unsigned long name[BITS_TO_LONGS(n)]
/* Bits from @n on, and bits below @n, of the word that holds bit @n (n % 64 == 0: all of a word). */
#define BITMAP_FIRST_WORD_MASK(n)	(~0ul << ((n) & (BITS_PER_LONG - 1)))
#define BITMAP_LAST_WORD_MASK(n)	(~0ul >> (-(n) & (BITS_PER_LONG - 1)))

static inline void __set_bit(unsigned long n, unsigned long *map) { map[BIT_WORD(n)] |= BIT_MASK(n); }
static inline void __clear_bit(unsigned long n, unsigned long *map) { map[BIT_WORD(n)] &= ~BIT_MASK(n); }

static inline bool __test_and_set_bit(unsigned long n, unsigned long *map)
{
	bool old = map[BIT_WORD(n)] & BIT_MASK(n);

	__set_bit(n, map);
	return old;
}

static inline bool __test_and_clear_bit(unsigned long n, unsigned long *map)
{
	bool old = map[BIT_WORD(n)] & BIT_MASK(n);

	__clear_bit(n, map);
	return old;
}

/* The first bit >= @from of @map ^ @invert that is set, or @size. */
static __always_inline unsigned long __find_next(const unsigned long *map, unsigned long size,
						 unsigned long from, unsigned long invert)
{
	unsigned long word;

	if (unlikely(from >= size))
		return size;
	word = (map[BIT_WORD(from)] ^ invert) & BITMAP_FIRST_WORD_MASK(from);
	from = ALIGN_DOWN(from, BITS_PER_LONG);
	while (!word) {
		from += BITS_PER_LONG;
		if (from >= size)
			return size;
		word = map[BIT_WORD(from)] ^ invert;
	}
	from += __builtin_ctzl(word);
	return from < size ? from : size;
}

static inline unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long from)
{
	return __find_next(map, size, from, 0);
}

static inline unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
					       unsigned long from)
{
	return __find_next(map, size, from, ~0ul);
}

#define find_first_bit(map, size)	find_next_bit(map, size, 0)
#define find_first_zero_bit(map, size)	find_next_zero_bit(map, size, 0)
#define for_each_set_bit(bit, map, size) \
	for ((bit) = find_first_bit(map, size); (bit) < (size); (bit) = find_next_bit(map, size, (bit) + 1))
#define for_each_clear_bit(bit, map, size) \
	for ((bit) = find_first_zero_bit(map, size); (bit) < (size); \
	     (bit) = find_next_zero_bit(map, size, (bit) + 1))

/* The highest set bit below @size, or @size. */
unsigned long find_last_bit(const unsigned long *map, unsigned long size);

void bitmap_set(unsigned long *map, unsigned long start, unsigned long nr);
void bitmap_clear(unsigned long *map, unsigned long start, unsigned long nr);

static inline void bitmap_zero(unsigned long *map, unsigned long nbits)
{
	for (unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++)
		map[i] = 0;
}

static inline void bitmap_copy(unsigned long *to, const unsigned long *from, unsigned long nbits)
{
	for (unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++)
		to[i] = from[i];
}

unsigned bitmap_weight(const unsigned long *map, unsigned long nbits);
bool bitmap_empty(const unsigned long *map, unsigned long nbits);
bool bitmap_full(const unsigned long *map, unsigned long nbits);

/*
 * The first run of @nr clear bits at or after @start whose first bit is a multiple of
 * @align_mask + 1.  Returns a number > @size - @nr when there is none.
 */
unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long nr, unsigned long align_mask);

static inline unsigned hweight64(u64 x)
{
	x -= x >> 1 & 0x5555555555555555ul;
	x = (x & 0x3333333333333333ul) + (x >> 2 & 0x3333333333333333ul);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0ful;
	return x * 0x0101010101010101ul >> 56;
}

#endif
