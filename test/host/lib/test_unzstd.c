/*
 * test/host/lib/test_unzstd.c - what zstd made becomes what it was; broken frames stay inside their memory.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/unzstd.c lib/zstd_entropy.c lib/xxh64.c
#define PACKED_MAX	(600 << 10)
#include "test/host/lib/packed.h"
#include "lib/unzstd.h"

static int unpack(const void *in, size_t len, void *out, size_t room, size_t *used, size_t *made)
{
	static struct unzstd z;

	return unzstd(&z, in, len, out, room, used, made);
}

static void test_round_trips(void)
{
	static const char *const how[] = { "zstd -q -1 -c %s", "zstd -q -19 -c <%s", "zstd -q --no-check -3 -c %s",
					   "zstd -q --ultra -22 -c %s", "zstd -q --fast=5 -c <%s",
					   "zstd -q -9 --long=27 -c %s" };
	static const size_t sizes[] = { 0, 1, 2, 100, 300, 1000, 40000, 131072, 131073, PACKED_MAX };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned shape = 0; shape < NR_SHAPES; shape++)
			round_trip(unpack, sizes[i], shape, how[(i + shape) % 6], 0x55);
	ok(true, "what zstd makes becomes what it was");
}

/* A frame says how long it becomes; a bomb is counted, not made. */
static void test_bomb(void)
{
	size_t len = pack(0, "head -c 300M /dev/zero | zstd -q -19 -c %.0s"), used, made;

	CHECK(!unpack(packed, len, NULL, 0, &used, &made));
	ok(made == 300u << 20 && len < 100000, "%zu bytes would become %zu", len, made);
	ok(unpack(packed, len, got, sizeof(got), &used, &made) == -EINVAL, "they do not where there is no room");
}

static void test_broken(const char *how, enum shape shape)
{
	unsigned accepted;
	size_t len;

	make_plain(3000, shape);
	len = pack(3000, how);
	cut_frames(unpack, len);
	accepted = broken_frames(unpack, len, 3000, 20000);
	ok(true, "cut frames are refused, 20000 broken ones stay inside their memory (%u taken)", accepted);
}

int main(void)
{
	test_round_trips();
	test_bomb();
	test_broken("zstd -q -19 -c %s", FEW_LETTERS);
	test_broken("zstd -q --no-check -19 -c %s", SKEWED);
	test_broken("zstd -q --no-check -3 -c %s", WORDS);
	test_broken("zstd -q --no-check -3 -c %s", REPEATED);
	return done_testing();
}
