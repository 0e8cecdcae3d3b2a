/*
 * test/host/lib/test_kstrtox.c - numbers out of text, against libc's strtoull.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include "test/host/tap.h"
#include "lib/ctype.h"
#include "lib/kstrtox.h"

static void rnd_text(char *s)
{
	static const char set[] = "0123456789abcdefxX+- \ng";
	int n = rnd_below(24);

	for (int i = 0; i < n; i++)
		*s++ = rnd_one_in(3) ? set[rnd_below(sizeof(set) - 1)] : '0' + rnd_below(8);
	*s = 0;
}

/* What kstrtoull() has to say, by strtoull(). */
static int want_ull(const char *s, unsigned base, unsigned long long *res)
{
	const char *digits = s + (*s == '+');
	unsigned long long v;
	char *end;

	if (!isxdigit((u8)*digits))
		return -EINVAL;
	errno = 0;
	v = strtoull(digits, &end, base);
	if (end == digits)
		return -EINVAL;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*res = v;
	return 0;
}

int main(void)
{
	static const unsigned bases[] = { 0, 8, 10, 16, 2 };
	unsigned long long a = 0, b = 0;
	char s[32], *e1, *e2;
	long long ll = 0;
	unsigned u;
	int n = 0;
	bool y;

	for (int i = 0; i < 300000; i++) {
		unsigned base = bases[rnd_below(5)];

		rnd_text(s);
		a = b = 99;
		int rc = kstrtoull(s, base, &a), want = want_ull(s, base, &b);
		if (rc != want || a != b) {
			diag("'%s' base %u: %d %llu, want %d %llu", s, base, rc, a, want, b);
			CHECK(rc == want && a == b);
		}
		if (isxdigit((u8)s[0]) && want != -ERANGE) {
			errno = 0;
			b = strtoull(s, &e2, base);
			if (errno != ERANGE)
				CHECK(simple_strtoull(s, &e1, base) == b && e1 == e2);
		}
	}
	ok(true, "kstrtoull, simple_strtoull: 300000 random texts");
	ok(!kstrtoll("-9223372036854775808", 10, &ll) && ll == INT64_MIN, "the smallest");
	ok(kstrtoll("-9223372036854775809", 10, &ll) == -ERANGE && kstrtoll("9223372036854775808", 0, &ll) == -ERANGE,
	   "beyond the ends");
	ok(!kstrtoint("-42\n", 0, &n) && n == -42 && kstrtoint("4294967295", 0, &n) == -ERANGE, "kstrtoint");
	ok(!kstrtouint("0xffffffff", 0, &u) && u == ~0u && kstrtouint("-1", 0, &u) == -EINVAL, "kstrtouint");
	ok(!kstrtobool("on", &y) && y && !kstrtobool("0", &y) && !y && kstrtobool("x", &y) == -EINVAL, "kstrtobool");
	ok(memparse("64K", &e1) == 65536 && !*e1 && memparse("0x2g,", &e1) == 2ull << 30 && *e1 == ',', "memparse");
	ok(memparse("3", NULL) == 3 && memparse("1T", NULL) == 1ull << 40, "memparse without and with T");
	is_int(simple_strtol("-12x", &e1, 10), -12, "simple_strtol");
	return done_testing();
}
