/*
 * test/host/lib/test_unzstd.c - what zstd made becomes what it was; broken frames stay inside their memory.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/unzstd.c lib/zstd_entropy.c lib/xxh64.c
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "test/host/tap.h"
#include "lib/unzstd.h"

#define MAX	(600 << 10)

static u8 plain[MAX], packed[MAX + 1000], got[MAX];
static struct unzstd z;

/* Text of some shape: random, few letters, skewed letters, long repetitions, one byte, runs, words. */
static void make_plain(size_t n, unsigned kind)
{
	static const char *const words[] = { "the ", "page ", "table ", "of ", "a ", "kernel ", "\n\t", "fault();" };
	const char *w = "";

	for (size_t i = 0; i < n; i++) {
		if (kind == 6 && !*w)
			w = words[rnd_below(8)];
		plain[i] = kind == 0 ? rnd() : kind == 1 ? "abcdefgh"[rnd_below(8)] :
			   kind == 2 ? "abcdefghijklmnopqrstuvwxyz"[rnd_below(1 + rnd_below(26))] :
			   kind == 3 ? (i > 5000 && !rnd_one_in(100) ? plain[i - 4000] : rnd()) :
			   kind == 4 ? 'x' : kind == 5 ? i / (1 + rnd_below(50)) : (u8)*w++;
	}
}

static size_t pack(size_t n, const char *how)
{
	char in[] = "/tmp/unzstd-XXXXXX", cmd[120];
	int fd = mkstemp(in);
	size_t len;
	FILE *f;

	CHECK(fd >= 0 && write(fd, plain, n) == (ssize_t)n);
	close(fd);
	snprintf(cmd, sizeof(cmd), how, in);
	f = popen(cmd, "r");
	CHECK(f);
	len = fread(packed, 1, sizeof(packed), f);
	CHECK(!pclose(f));
	unlink(in);
	return len;
}

static void test_round_trips(void)
{
	static const char *const how[] = { "zstd -q -1 -c %s", "zstd -q -19 -c <%s", "zstd -q --no-check -3 -c %s",
					   "zstd -q --ultra -22 -c %s", "zstd -q --fast=5 -c <%s",
					   "zstd -q -9 --long=27 -c %s" };
	static const size_t sizes[] = { 0, 1, 2, 100, 300, 1000, 40000, 131072, 131073, MAX };
	size_t used, made;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (unsigned kind = 0; kind < 7; kind++) {
			size_t n = sizes[i], len;

			make_plain(n, kind);
			len = pack(n, how[(i + kind) % 6]);
			packed[len] = 0x55;
			CHECK(!unzstd(&z, packed, len + 1, NULL, 0, &used, &made) && used == len && made == n);
			memset(got, 0xaa, sizeof(got));
			CHECK(!unzstd(&z, packed, len + 1, got, n, &used, &made) && used == len && made == n);
			CHECK(!memcmp(got, plain, n));
			CHECK(!n || unzstd(&z, packed, len, got, n - 1, &used, &made) == -EINVAL);
		}
	ok(true, "what zstd makes becomes what it was");
}

/* A frame says how long it becomes; a bomb is counted, not made. */
static void test_bomb(void)
{
	size_t len = pack(0, "head -c 300M /dev/zero | zstd -q -19 -c %.0s"), used, made;

	CHECK(!unzstd(&z, packed, len, NULL, 0, &used, &made));
	ok(made == 300u << 20 && len < 100000, "%zu bytes would become %zu", len, made);
	ok(unzstd(&z, packed, len, got, sizeof(got), &used, &made) == -EINVAL, "they do not where there is no room");
}

static void test_broken(const char *how, unsigned kind)
{
	size_t used, made, len, n = 3000, accepted = 0;

	make_plain(n, kind);
	len = pack(n, how);
	for (size_t cut = 0; cut < len; cut++) {
		u8 *copy = malloc(cut + 1);

		memcpy(copy, packed, cut);
		CHECK(unzstd(&z, copy, cut, got, n, &used, &made) == -EINVAL);
		free(copy);
	}
	for (int i = 0; i < 20000; i++) {
		u8 *copy = malloc(len), *out = malloc(n);

		memcpy(copy, packed, len);
		for (int k = rnd_below(5); k >= 0; k--)
			copy[rnd_one_in(2) ? rnd_below(len) : rnd_below(min(len, (size_t)60))] = rnd();
		if (!unzstd(&z, copy, len, NULL, 0, &used, &made))
			CHECK(used <= len);
		if (!unzstd(&z, copy, len, out, n, &used, &made)) {
			CHECK(made <= n && used <= len);
			accepted++;
		}
		free(copy);
		free(out);
	}
	ok(true, "cut frames are refused, 20000 broken ones stay inside their memory (%zu taken)", accepted);
}

int main(void)
{
	test_round_trips();
	test_bomb();
	test_broken("zstd -q -19 -c %s", 1);
	test_broken("zstd -q --no-check -19 -c %s", 2);
	test_broken("zstd -q --no-check -3 -c %s", 6);
	test_broken("zstd -q --no-check -3 -c %s", 3);
	return done_testing();
}
