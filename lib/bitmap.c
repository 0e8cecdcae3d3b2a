/*
 * lib/bitmap.c - the longer operations on bitmaps.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/bitmap.h"

/* The bits of word @w that belong to [start, end). */
static unsigned long range_mask(unsigned long w, unsigned long start, unsigned long end)
{
	unsigned long mask = ~0ul;

	if (w == BIT_WORD(start))
		mask &= BITMAP_FIRST_WORD_MASK(start);
	if (w == BIT_WORD(end - 1))
		mask &= BITMAP_LAST_WORD_MASK(end);
	return mask;
}

void bitmap_set(unsigned long *map, unsigned long start, unsigned long nr)
{
	for (unsigned long w = BIT_WORD(start); nr && w <= BIT_WORD(start + nr - 1); w++)
		map[w] |= range_mask(w, start, start + nr);
}

void bitmap_clear(unsigned long *map, unsigned long start, unsigned long nr)
{
	for (unsigned long w = BIT_WORD(start); nr && w <= BIT_WORD(start + nr - 1); w++)
		map[w] &= ~range_mask(w, start, start + nr);
}

unsigned long find_last_bit(const unsigned long *map, unsigned long size)
{
	for (unsigned long w = BITS_TO_LONGS(size); w-- > 0; ) {
		unsigned long word = map[w] & range_mask(w, 0, size);

		if (word)
			return w * BITS_PER_LONG + fls64(word) - 1;
	}
	return size;
}

unsigned bitmap_weight(const unsigned long *map, unsigned long nbits)
{
	unsigned n = 0;

	for (unsigned long w = 0; w < BITS_TO_LONGS(nbits); w++)
		n += hweight64(map[w] & range_mask(w, 0, nbits));
	return n;
}

bool bitmap_empty(const unsigned long *map, unsigned long nbits)
{
	return find_first_bit(map, nbits) >= nbits;
}

bool bitmap_full(const unsigned long *map, unsigned long nbits)
{
	return find_first_zero_bit(map, nbits) >= nbits;
}

unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long nr, unsigned long align_mask)
{
	for (;;) {
		unsigned long first = find_next_zero_bit(map, size, start), used;

		first = (first + align_mask) & ~align_mask;
		if (nr > size || first > size - nr)
			return size + 1;
		used = find_next_bit(map, first + nr, first);
		if (used >= first + nr)
			return first;
		start = used + 1;
	}
}
