/*
 * test/host/lib/test_unlz4.c - what lz4 -l made becomes what it was; broken frames stay inside their memory; who
 * undoes which compression.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/unlz4.c lib/decompress.c lib/inflate.c lib/crc32.c lib/unzstd.c lib/zstd_entropy.c lib/xxh64.c
#define PACKED_MAX	(9 << 20)		/* more than a block's 8 MiB */
#include "test/host/lib/packed.h"
#include "lib/decompress.h"
#include "lib/unlz4.h"

static void test_round_trips(void)
{
	static const enum shape shapes[] = { RANDOM, FEW_LETTERS, REPEATED, ONE_BYTE };
	static const size_t sizes[] = { 1, 2, 300, 70000, PACKED_MAX };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned k = 0; k < ARRAY_SIZE(shapes); k++)	/* padding ends it */
			round_trip(unlz4, sizes[i], shapes[k], k & 1 ? "lz4 -l -9 -c <%s" : "lz4 -l -c <%s", 0);
	ok(true, "what lz4 -l makes becomes what it was");
}

static void test_broken(void)
{
	make_plain(3000, REPEATED);
	broken_frames(unlz4, pack(3000, "lz4 -l -c <%s"), 3000, 20000);
	ok(true, "20000 broken frames stay inside their memory");
}

static const char *who(const char *how)
{
	const struct decompressor *d;
	const char *command;

	make_plain(1000, FEW_LETTERS);
	memset(packed, 0, 64);
	pack(1000, how);
	d = decompressor_of(packed, 1000);
	return d ? d->name : foreign_compression(packed, 1000, &command) ? command : "nobody";
}

static void test_choice(void)
{
	ok(!strcmp(who("gzip <%s"), "gzip") && !strcmp(who("zstd -q <%s"), "zstd") &&
	   !strcmp(who("lz4 -l -c <%s"), "lz4"), "ours");
	ok(!strcmp(who("xz <%s"), "xz -dc") && !strcmp(who("xz --format=lzma <%s"), "xz --format=lzma -dc") &&
	   !strcmp(who("lz4 -c <%s"), "lz4 -dc"), "those that are to be packed anew");
	ok(!strcmp(who("cat <%s"), "nobody"), "what is not compressed");
}

int main(void)
{
	test_round_trips();
	test_broken();
	test_choice();
	return done_testing();
}
