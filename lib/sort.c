/*
 * lib/sort.c - heap sort and binary search.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/sort.h"

static void exchange(u8 *a, u8 *b, size_t size)
{
	for (; size--; a++, b++)
		swap(*a, *b);
}

/* Let the element at @i sink until both its children in [0, nr) are smaller. */
static void sink(u8 *base, size_t i, size_t nr, size_t size, int (*cmp)(const void *, const void *))
{
	for (size_t child = 2 * i + 1; child < nr; i = child, child = 2 * i + 1) {
		if (child + 1 < nr && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + i * size, base + child * size) >= 0)
			return;
		exchange(base + i * size, base + child * size, size);
	}
}

void sort(void *base, size_t nr, size_t size, int (*cmp)(const void *, const void *))
{
	u8 *b = base;

	for (size_t i = nr / 2; i-- > 0; )
		sink(b, i, nr, size, cmp);
	while (nr > 1) {
		exchange(b, b + --nr * size, size);
		sink(b, 0, nr, size, cmp);
	}
}

void *bsearch(const void *key, const void *base, size_t nr, size_t size,
	      int (*cmp)(const void *key, const void *elt))
{
	const u8 *b = base;

	while (nr) {
		const u8 *mid = b + nr / 2 * size;
		int c = cmp(key, mid);

		if (!c)
			return (void *)mid;
		if (c > 0) {
			b = mid + size;
			nr--;
		}
		nr /= 2;
	}
	return NULL;
}
