/*
 * test/kernel/test_ubsan.c - UBSAN=1: a planted bug of each kind is reported, once, with its line.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "lib/string.h"
#include "lib/ubsan.h"

static struct {
	char what[100];
	const char *file;
	u32 line;
	unsigned reports;
} seen;

static void note(const char *what, const char *file, u32 line)
{
	if (strcmp(file, __FILE__))
		return;
	strscpy(seen.what, what, sizeof(seen.what));
	seen.file = file;
	seen.line = line;
	seen.reports++;
}

static volatile int big = 0x7fffffff, one = 1, zero, many = 40, lowest = -0x7fffffff - 1;
static volatile int sink;
static int array[4];

static __noinline void add(void) { sink = big + one; }
static __noinline void subtract(void) { sink = lowest - one; }
static __noinline void multiply(void) { sink = big * many; }
static __noinline void negate(void) { sink = -lowest; }
static __noinline void divide(void) { sink = one / zero; }
static __noinline void shift(void) { sink = one << many; }
static __noinline void index(void) { sink = array[many / 10]; }
static __noinline void not_bool(void) { sink = *(volatile bool *)&many; }

static const struct { const char *kind; void (*bug)(void); } bugs[] = {
	{ "signed-integer-overflow: 2147483647 + 1 ", add },
	{ "signed-integer-overflow: -2147483648 - 1 ", subtract },
	{ "signed-integer-overflow: 2147483647 * 40 ", multiply },
	{ "signed-integer-overflow: -(-2147483648) ", negate },
	{ "division-overflow: division of 1 by zero", divide },
	{ "shift-out-of-bounds: 1 is shifted by 40", shift },
	{ "array-index-out-of-bounds: index 4 ", index },
	{ "invalid-load: 40 ", not_bool },
};

KTEST(ubsan_names_each_bug)
{
	for (unsigned i = 0; i < ARRAY_SIZE(bugs); i++) {
		seen.reports = 0;
		ubsan_report_hook = note;
		bugs[i].bug();
		bugs[i].bug();
		ubsan_report_hook = NULL;
		if (seen.reports != 1 || !str_has_prefix(seen.what, bugs[i].kind))
			pr_err("# %u reports, wanted %s, last: %s\n", seen.reports, bugs[i].kind, seen.what);
		KCHECK_EQ(seen.reports, 1);
		KCHECK(str_has_prefix(seen.what, bugs[i].kind));
		KCHECK(seen.line > 25 && seen.line < 50);
	}
}
