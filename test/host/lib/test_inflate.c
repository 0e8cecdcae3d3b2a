/*
 * test/host/lib/test_inflate.c - what gzip made becomes what it was; broken members stay inside their memory.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/inflate.c lib/crc32.c
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "test/host/tap.h"
#include "lib/inflate.h"

#define MAX	(300 << 10)

static u8 plain[MAX], packed[MAX + 1000], got[MAX];

/* Text of some shape: @kind 0 random, 1 few letters, 2 long repetitions, 3 one byte, 4 all of them in turn. */
static void make_plain(size_t n, unsigned kind)
{
	for (size_t i = 0; i < n; i++)
		plain[i] = kind == 0 ? rnd() : kind == 1 ? "abcdefgh"[rnd_below(8)] :
			   kind == 2 ? (i > 5000 && !rnd_one_in(100) ? plain[i - 4000] : rnd()) :
			   kind == 3 ? 'x' : i / (1 + rnd_below(50));
}

static size_t pack(size_t n, const char *how)
{
	char in[] = "/tmp/inflate-XXXXXX", cmd[100];
	int fd = mkstemp(in);
	size_t len;
	FILE *f;

	CHECK(fd >= 0 && write(fd, plain, n) == (ssize_t)n);
	close(fd);
	snprintf(cmd, sizeof(cmd), "gzip %s <%s", how, in);
	f = popen(cmd, "r");
	CHECK(f);
	len = fread(packed, 1, sizeof(packed), f);
	CHECK(!pclose(f));
	unlink(in);
	return len;
}

static void test_round_trips(void)
{
	static const char *const how[] = { "-1", "-6", "-9" };
	static const size_t sizes[] = { 0, 1, 2, 300, 32768, 70000, MAX };
	struct gunzip g;
	size_t used, made;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (unsigned kind = 0; kind < 5; kind++) {
			size_t n = sizes[i], len;

			make_plain(n, kind);
			len = pack(n, how[(i + kind) % 3]);
			packed[len] = 0x55;
			CHECK(!gunzip(&g, packed, len + 1, NULL, 0, &used, &made) && used == len && made == n);
			memset(got, 0xaa, sizeof(got));
			CHECK(!gunzip(&g, packed, len + 1, got, n, &used, &made) && used == len && made == n);
			CHECK(!memcmp(got, plain, n));
			CHECK(!n || gunzip(&g, packed, len, got, n - 1, &used, &made) == -EINVAL);
		}
	ok(true, "what gzip makes becomes what it was");
}

static void test_broken(void)
{
	struct gunzip g;
	size_t used, made, len;

	make_plain(3000, 1);
	len = pack(3000, "-9");
	for (size_t n = 0; n < len; n++) {
		u8 *copy = malloc(n + 1);

		memcpy(copy, packed, n);
		CHECK(gunzip(&g, copy, n, got, 3000, &used, &made) == -EINVAL);
		free(copy);
	}
	ok(true, "every member that is cut short is refused");
	for (int i = 0; i < 20000; i++) {
		u8 *copy = malloc(len), *out = malloc(3000);

		memcpy(copy, packed, len);
		for (int k = rnd_below(5); k >= 0; k--)
			copy[rnd_one_in(2) ? rnd_below(len) : rnd_below(60)] = rnd();
		if (!gunzip(&g, copy, len, NULL, 0, &used, &made))
			CHECK(used <= len);
		if (!gunzip(&g, copy, len, out, 3000, &used, &made))
			CHECK(made == 3000 && used <= len);
		free(copy);
		free(out);
	}
	ok(true, "20000 broken members stay inside their memory");
}

int main(void)
{
	test_round_trips();
	test_broken();
	return done_testing();
}
