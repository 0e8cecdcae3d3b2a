/*
 * test/host/lib/test_sort.c - sort and bsearch against libc; CRC-32 and hashes by known values.
 *
 * SPDX-License-Identifier: MIT
 */
// CFLAGS: -Dbsearch=k_bsearch
// SRCS: lib/sort.c lib/crc32.c
#include "test/host/tap.h"
#include "lib/crc32.h"
#include "lib/hash.h"
#include "lib/sort.h"

static int cmp(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	struct { int key; char pad[5]; } s[50];
	int a[100], b[100], key;

	for (int i = 0; i < 5000; i++) {
		size_t n = rnd_below(100);

		for (size_t k = 0; k < n; k++)
			a[k] = b[k] = rnd_below(rnd_one_in(2) ? 10 : 1000);
		sort(a, n, sizeof(int), cmp);
		qsort(b, n, sizeof(int), cmp);
		CHECK(!memcmp(a, b, n * sizeof(int)));
		key = rnd_below(20);
		int *hit = bsearch(&key, a, n, sizeof(int), cmp);
		bool there = false;
		for (size_t k = 0; k < n; k++)
			there |= a[k] == key;
		CHECK(there ? hit && *hit == key : !hit);
	}
	ok(true, "sort, bsearch: 5000 arrays");
	for (int i = 0; i < 50; i++)
		s[i].key = 50 - i;
	sort(s, 50, sizeof(s[0]), cmp);
	ok(s[0].key == 1 && s[49].key == 50, "elements of an odd size");
	ok((crc32_le(~0u, "123456789", 9) ^ ~0u) == 0xcbf43926, "CRC-32 of the standard's check string");
	ok(hash_64(1, 8) != hash_64(2, 8) && hash_64(~0ull, 8) < 256, "hash_64 stays in its bits");
	ok(hash_bytes(0, "abc", 3) != hash_bytes(0, "acb", 3) && hash_bytes(0, "a", 1) != hash_bytes(1, "a", 1),
	   "hash_bytes sees order and seed");
	return done_testing();
}
