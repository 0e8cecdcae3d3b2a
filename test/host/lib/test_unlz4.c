/*
 * test/host/lib/test_unlz4.c - what lz4 -l made becomes what it was; broken frames stay inside their memory; who
 * undoes which compression.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/unlz4.c lib/decompress.c lib/inflate.c lib/crc32.c lib/unzstd.c lib/zstd_entropy.c lib/xxh64.c
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "test/host/tap.h"
#include "lib/decompress.h"
#include "lib/unlz4.h"

#define MAX	(9 << 20)		/* more than a block's 8 MiB */

static u8 plain[MAX], packed[MAX + 100000], got[MAX];

static void make_plain(size_t n, unsigned kind)
{
	for (size_t i = 0; i < n; i++)
		plain[i] = kind == 0 ? rnd() : kind == 1 ? "abcdefgh"[rnd_below(8)] :
			   kind == 2 ? (i > 5000 && !rnd_one_in(100) ? plain[i - 4000] : rnd()) : 'x';
}

static size_t pack(size_t n, const char *how)
{
	char in[] = "/tmp/unlz4-XXXXXX", cmd[120];
	int fd = mkstemp(in);
	size_t len;
	FILE *f;

	CHECK(fd >= 0 && write(fd, plain, n) == (ssize_t)n);
	close(fd);
	snprintf(cmd, sizeof(cmd), "%s <%s", how, in);
	f = popen(cmd, "r");
	CHECK(f);
	len = fread(packed, 1, sizeof(packed), f);
	CHECK(!pclose(f));
	unlink(in);
	return len;
}

static void test_round_trips(void)
{
	static const size_t sizes[] = { 1, 2, 300, 70000, MAX };
	size_t used, made;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (unsigned kind = 0; kind < 4; kind++) {
			size_t n = sizes[i], len;

			make_plain(n, kind);
			len = pack(n, kind & 1 ? "lz4 -l -9 -c" : "lz4 -l -c");
			memset(packed + len, 0, 4);		/* padding ends it */
			CHECK(!unlz4(packed, len + 4, NULL, 0, &used, &made) && used == len && made == n);
			CHECK(!unlz4(packed, len, got, n, &used, &made) && used == len && made == n);
			CHECK(!memcmp(got, plain, n));
			CHECK(unlz4(packed, len, got, n - 1, &used, &made) == -EINVAL);
		}
	ok(true, "what lz4 -l makes becomes what it was");
}

static void test_broken(void)
{
	size_t used, made, len, n = 3000;

	make_plain(n, 2);
	len = pack(n, "lz4 -l -c");
	for (int i = 0; i < 20000; i++) {
		size_t cut = rnd_one_in(4) ? rnd_below(len) : len;
		u8 *copy = malloc(cut + 1), *out = malloc(n);

		memcpy(copy, packed, cut);
		for (int k = rnd_below(5); k >= 0 && cut; k--)
			copy[rnd_below(cut)] = rnd();
		if (!unlz4(copy, cut, NULL, 0, &used, &made))
			CHECK(used <= cut);
		if (!unlz4(copy, cut, out, n, &used, &made))
			CHECK(made <= n && used <= cut);
		free(copy);
		free(out);
	}
	ok(true, "20000 broken frames stay inside their memory");
}

static const char *who(const char *how)
{
	const struct decompressor *d;
	const char *command;

	make_plain(1000, 1);
	memset(packed, 0, 64);
	pack(1000, how);
	d = decompressor_of(packed, 1000);
	return d ? d->name : foreign_compression(packed, 1000, &command) ? command : "nobody";
}

static void test_choice(void)
{
	ok(!strcmp(who("gzip"), "gzip") && !strcmp(who("zstd -q"), "zstd") &&
	   !strcmp(who("lz4 -l -c"), "lz4"), "ours");
	ok(!strcmp(who("xz"), "xz -dc") && !strcmp(who("xz --format=lzma"), "xz --format=lzma -dc") &&
	   !strcmp(who("lz4 -c"), "lz4 -dc"), "those that are to be packed anew");
	ok(!strcmp(who("cat"), "nobody"), "what is not compressed");
}

int main(void)
{
	test_round_trips();
	test_broken();
	test_choice();
	return done_testing();
}
