/*
 * test/host/lib/test_vsprintf.c - lib/vsprintf.c against libc's snprintf, by random conversions.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/vsprintf.c lib/string.c
// SRCFLAGS: -include test/host/lib/rename_libc.h -fno-builtin
// CFLAGS: -Wno-format
#include "test/host/tap.h"
#include "lib/vsprintf.h"
#define RENAME_DECLARE
#include "test/host/lib/rename_libc.h"

/* "%", flags, width, precision, length of @mods, one of @convs. */
static void rnd_format(char *fmt, const char *mods[], int nr_mods, const char *convs, const char *flags)
{
	char *p = fmt;

	*p++ = '<';
	*p++ = '%';
	for (unsigned n = rnd_below(3); n--; )
		*p++ = flags[rnd_below(strlen(flags))];
	if (rnd_one_in(2))
		p += sprintf(p, "%d", 1 + (int)rnd_below(30));
	if (rnd_one_in(3))
		p += sprintf(p, ".%d", (int)rnd_below(25));
	p += sprintf(p, "%s%c>", nr_mods ? mods[rnd_below(nr_mods)] : "", convs[rnd_below(strlen(convs))]);
}

static void same(const char *fmt, size_t size, u64 arg)
{
	char a[128], b[128];
	int x, y;

	memset(a, '#', sizeof(a));
	memset(b, '#', sizeof(b));
	x = snprintf(a, size, fmt, arg);
	y = k_snprintf(b, size, fmt, arg);
	if (x != y || memcmp(a, b, sizeof(a))) {
		diag("format %s, argument %llx: libc %d '%.100s', ours %d '%.100s'", fmt, (long long)arg, x, a, y, b);
		CHECK(!"same output");
	}
}

static u64 rnd_number(void)
{
	return rnd_one_in(4) ? rnd_below(3) - 1 : rnd() >> rnd_below(64);
}

/* UBSan looks at UB of the test, not at mixed int/long arguments: registers carry both. */
int main(void)
{
	static const char *mods[] = { "", "hh", "h", "l", "ll", "z", "t", "j" };
	static const char *strings[] = { "", "a", "some text", "text that is longer than the widths" };
	char fmt[64], buf[64];
	va_list none;

	for (int i = 0; i < 100000; i++) {
		rnd_format(fmt, mods, 8, "diuxXo", "-+ #0");
		same(fmt, rnd_one_in(4) ? rnd_below(20) : 128, rnd_number());
	}
	ok(true, "numbers: 100000 random conversions");
	for (int i = 0; i < 20000; i++) {
		rnd_format(fmt, NULL, 0, "s", "-");
		same(fmt, rnd_one_in(4) ? rnd_below(20) : 128, (u64)strings[rnd_below(4)]);
		rnd_format(fmt, NULL, 0, "c", "-");
		char *dot = strchr(fmt, '.');
		if (!dot)
			same(fmt, 128, 'a' + rnd_below(26));
	}
	ok(true, "strings and characters");
	k_snprintf(buf, 64, "%*d|%-*d|%.*s|%%", 5, 42, -4, 7, 2, "abc");
	is_str(buf, "   42|7   |ab|%", "* and %%");
	k_snprintf(buf, 64, "%p", (void *)0xffffffc000001234);
	is_str(buf, "ffffffc000001234", "%%p");
	k_snprintf(buf, 64, "%p|%s", NULL, (char *)NULL);
	is_str(buf, "0000000000000000|(null)", "null pointers");
	k_snprintf(buf, 64, "%pS", (void *)0x1234);
	is_str(buf, "0x1234", "%%pS without symbols");
	unsigned long map[2] = { 0x8000000000000035, 0x101 };
	k_snprintf(buf, 64, "%*pb|%*pb|%*pb", 1, map, 6, map, 73, map);
	is_str(buf, "1|35|101,80000000,00000035", "%%*pb groups a bitmap by 32");
	k_snprintf(buf, 64, "%*pbl|%*pbl|%*pbl", 1, map, 5, map, 128, map);
	is_str(buf, "0|0,2,4|0,2,4-5,63-64,72", "%%*pbl lists the ranges of a bitmap");
	map[0] = 0;
	k_snprintf(buf, 64, "<%*pbl|%*pb>", 64, map, 64, map);
	is_str(buf, "<|00000000,00000000>", "an empty bitmap has no ranges");
	is_int(k_snprintf(NULL, 0, "%d", 12345), 5, "length alone");
	is_int(scnprintf(buf, 4, "%d", 12345), 3, "scnprintf tells what is there");
	is_int(scnprintf(buf, 0, "%d", 12345), 0, "scnprintf into nothing");
	k_sprintf(buf, "%y%");
	is_str(buf, "%y%", "unknown conversions are shown");
	(void)none;
	return done_testing();
}
