/*
 * test/host/lib/test_bitmap.c - bitmaps against an array of bools.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/host/tap.h"
#include "lib/bitmap.h"

#define MAX	400

static unsigned long map[BITS_TO_LONGS(MAX)];
static bool bit[MAX];

static void step(void)
{
	unsigned a = rnd_below(MAX), n = rnd_below(MAX - a + 1);

	switch (rnd_below(4)) {
	case 0:
		bitmap_set(map, a, n);
		memset(bit + a, 1, n);
		break;
	case 1:
		bitmap_clear(map, a, n);
		memset(bit + a, 0, n);
		break;
	case 2:
		CHECK(__test_and_set_bit(a, map) == bit[a]);
		bit[a] = true;
		break;
	default:
		CHECK(__test_and_clear_bit(a, map) == bit[a]);
		bit[a] = false;
	}
}

static void compare(void)
{
	unsigned size = rnd_below(MAX + 1), from = rnd_below(MAX + 1), i, weight = 0, last = size, b, prev;
	unsigned nr = 1 + rnd_below(40), align = (1u << rnd_below(5)) - 1;
	unsigned long area;

	for (i = from; i < size && !bit[i]; i++)
		;
	CHECK(find_next_bit(map, size, from) == min(max(i, 0u), size) || (from > size && i == from));
	for (i = from; i < size && bit[i]; i++)
		;
	CHECK(find_next_zero_bit(map, size, from) == (from >= size ? size : i));
	for (i = 0; i < size; i++) {
		weight += bit[i];
		if (bit[i])
			last = i;
	}
	CHECK(bitmap_weight(map, size) == weight);
	CHECK(find_last_bit(map, size) == last);
	CHECK(bitmap_empty(map, size) == !weight);
	CHECK(bitmap_full(map, size) == (weight == size));
	i = 0;
	prev = 0;
	for_each_set_bit(b, map, size) {
		CHECK(bit[b] && (!i || b > prev));
		prev = b;
		i++;
	}
	CHECK(i == weight);
	area = bitmap_find_next_zero_area(map, size, from, nr, align);
	for (i = ALIGN(from, align + 1); i + nr <= size; i += align + 1) {
		unsigned k = 0;

		while (k < nr && !bit[i + k])
			k++;
		if (k == nr)
			break;
	}
	CHECK(i + nr <= size ? area == i : (long)area > (long)size - (long)nr);
}

int main(void)
{
	for (int i = 0; i < 200000; i++) {
		step();
		compare();
	}
	ok(true, "200000 random steps");
	ok(hweight64(0) == 0 && hweight64(~0ull) == 64 && hweight64(0x8000000000000001ull) == 2, "hweight64");
	unsigned long a[2] = { 0, 0 };
	bitmap_set(a, 0, 0);
	bitmap_clear(a, 64, 0);
	ok(!a[0] && !a[1], "empty ranges change nothing");
	return done_testing();
}
