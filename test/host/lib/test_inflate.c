/*
 * test/host/lib/test_inflate.c - what gzip made becomes what it was; broken members stay inside their memory.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/inflate.c lib/crc32.c
#define PACKED_MAX	(300 << 10)
#include "test/host/lib/packed.h"
#include "lib/inflate.h"

static int unpack(const void *in, size_t len, void *out, size_t room, size_t *used, size_t *made)
{
	static struct gunzip g;

	return gunzip(&g, in, len, out, room, used, made);
}

static void test_round_trips(void)
{
	static const char *const how[] = { "gzip -1 <%s", "gzip -6 <%s", "gzip -9 <%s" };
	static const size_t sizes[] = { 0, 1, 2, 300, 32768, 70000, PACKED_MAX };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned shape = 0; shape < NR_SHAPES; shape++)
			round_trip(unpack, sizes[i], shape, how[(i + shape) % 3], 0x55);
	ok(true, "what gzip makes becomes what it was");
}

static void test_broken(void)
{
	size_t len;

	make_plain(3000, FEW_LETTERS);
	len = pack(3000, "gzip -9 <%s");
	cut_frames(unpack, len);
	ok(true, "every member that is cut short is refused");
	broken_frames(unpack, len, 3000, 20000);
	ok(true, "20000 broken members stay inside their memory");
}

int main(void)
{
	test_round_trips();
	test_broken();
	return done_testing();
}
