/*
 * test/host/lib/test_string.c - lib/string.c against libc, at all alignments, inside red zones; lib/strutil.c.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/string.c
// SRCFLAGS: -include test/host/lib/rename_libc.h -fno-builtin -fno-sanitize=address
#include <errno.h>
#include <strings.h>
#include "test/host/tap.h"
#include "lib/string.h"
#define RENAME_DECLARE
#include "test/host/lib/rename_libc.h"

#define AREA	400

static u8 want[AREA], got[AREA];

static void both_random(void)
{
	for (int i = 0; i < AREA; i++)
		want[i] = got[i] = rnd();
}

static int sign(int x) { return (x > 0) - (x < 0); }

/* Copies, moves and fills: the whole area is compared, so a byte too many shows. */
static void test_memory(void)
{
	for (int i = 0; i < 60000; i++) {
		size_t a = rnd_below(150), b = rnd_below(150), n = rnd_below(rnd_one_in(3) ? 24 : 230);
		u8 c = rnd();

		both_random();
		switch (i % 3) {
		case 0:
			if (a < b + n && b < a + n)
				continue;
			memcpy(want + a, want + b, n);
			CHECK(k_memcpy(got + a, got + b, n) == got + a);
			break;
		case 1:
			memmove(want + a, want + b, n);
			CHECK(k_memmove(got + a, got + b, n) == got + a);
			break;
		default:
			memset(want + a, c, n);
			CHECK(k_memset(got + a, c, n) == got + a);
		}
		CHECK(!memcmp(want, got, AREA));
		CHECK(!k_memcmp(want + a, got + a, n));
		if (n) {
			want[a + rnd_below(n)] ^= 1 << rnd_below(8);
			CHECK(sign(k_memcmp(want + a, got + a, n)) == sign(memcmp(want + a, got + a, n)));
		}
		CHECK(k_memchr(got + a, c, n) == memchr(got + a, c, n));
	}
	ok(true, "memcpy, memmove, memset, memcmp, memchr: 60000 times");
}

/* A string of up to 11 letters a, b, c, A, B, of exactly its size in memory. */
static char *rnd_string(void)
{
	int n = rnd_below(12);
	char *s = malloc(n + 1);

	for (int i = 0; i < n; i++)
		s[i] = "abcAB"[rnd_below(5)];
	s[n] = 0;
	return s;
}

static void compare_strings(const char *a, const char *b)
{
	size_t n = rnd_below(14);
	int c = "abcAB"[rnd_below(6)];
	char x[32], y[32];

	CHECK(k_strlen(a) == strlen(a) && k_strnlen(a, n) == strnlen(a, n));
	CHECK(sign(k_strcmp(a, b)) == sign(strcmp(a, b)));
	CHECK(sign(k_strncmp(a, b, n)) == sign(strncmp(a, b, n)));
	CHECK(sign(k_strcasecmp(a, b)) == sign(strcasecmp(a, b)));
	CHECK(sign(k_strncasecmp(a, b, n)) == sign(strncasecmp(a, b, n)));
	CHECK(k_strchr(a, c) == strchr(a, c) && k_strrchr(a, c) == strrchr(a, c));
	CHECK(k_strstr(a, b) == strstr(a, b));
	CHECK(k_strspn(a, b) == strspn(a, b) && k_strcspn(a, b) == strcspn(a, b));
	CHECK(k_strpbrk(a, b) == strpbrk(a, b));
	memset(x, 7, 32);
	memset(y, 7, 32);
	CHECK(k_strcpy(x, a) == x && !strcmp(strcpy(y, a), x));
	CHECK(k_strcat(x, b) == x && strcat(y, b) && !memcmp(x, y, 32));
	k_strncpy(x, a, n);
	strncpy(y, a, n);
	CHECK(!memcmp(x, y, 32));
	strcpy(x, a);
	strcpy(y, a);
	char *p = x, *q = y, *t, *u;
	do {
		t = k_strsep(&p, b);
		u = strsep(&q, b);
		CHECK(!t == !u && (!t || !strcmp(t, u)));
	} while (t);
}

static void test_strings(void)
{
	for (int i = 0; i < 60000; i++) {
		char *a = rnd_string(), *b = rnd_string();

		compare_strings(a, b);
		free(a);
		free(b);
	}
	ok(true, "strings: 60000 pairs");
}

int main(void)
{
	char buf[8] = "xxxxxxx", text[] = "  two words\t\n";
	const char *const names[] = { "one", "two" };

	test_memory();
	test_strings();
	ok(strscpy(buf, "abc", 8) == 3 && !strcmp(buf, "abc"), "strscpy");
	ok(strscpy(buf, "0123456789", 8) == -E2BIG && !strcmp(buf, "0123456"), "strscpy cuts");
	ok(strscpy(buf, "abc", 0) == -E2BIG && buf[0] == '0', "strscpy into nothing");
	ok((strlcpy)(buf, "0123456789", 4) == 10 && !strcmp(buf, "012"), "strlcpy");
	ok((strlcat)(buf, "abcdefgh", 8) == 11 && !strcmp(buf, "012abcd"), "strlcat");
	is_str(strim(text), "two words", "strim");
	ok(memchr_inv("aaab", 'a', 4) && !memchr_inv("aaa", 'a', 3), "memchr_inv");
	ok(*strchrnul("abc", 'z') == 0 && *strchrnul("abc", 'b') == 'b', "strchrnul");
	ok(str_has_prefix("prefix", "pre") && !str_has_prefix("pr", "pre"), "str_has_prefix");
	ok(sysfs_streq("on\n", "on") && !sysfs_streq("on\n\n", "on") && !sysfs_streq("o", "on"), "sysfs_streq");
	ok(match_string(names, 2, "two") == 1 && match_string(names, 2, "three") == -EINVAL, "match_string");
	return done_testing();
}
