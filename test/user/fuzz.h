/*
 * test/user/fuzz.h - what the fuzzers that compare with Linux share: draws from a seed, and a hash of all they see.
 *
 * MODEL     Set state to the seed and hash to a constant; below() and PICK() draw; note() tells what happened, which
 *           goes into the hash, and to the console where trace is set.  Each file that includes this has its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TEST_FUZZ_H
#define VELLUM_TEST_FUZZ_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state, hash;
static bool trace;

static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % n;
}

#define PICK(array) ((array)[below(sizeof(array) / sizeof(*(array)))])

static void fold(const void *data, size_t n)
{
	for (const unsigned char *c = data; n--; c++)
		hash = (hash ^ *c) * 0x100000001b3ull;
}

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fold(text, strlen(text));
	if (trace)
		printf("%s\n", text);
}

/*
 * The test itself: the first @in_suite of @seeds hashes are as on Linux.  In the environment, @name=SEED traces one,
 * @name=FROM-TO prints them as lines of the table.
 */
static inline void compare_seeds(const char *name, uint64_t (*hash_of)(unsigned seed), const uint64_t *on_linux,
				 unsigned seeds, unsigned in_suite)
{
	const char *wish = getenv(name);
	unsigned from = 0, to = in_suite;

	if (wish && sscanf(wish, "%u-%u", &from, &to) == 2) {
		for (; from <= to; from++)
			printf("0x%016llx,	/* %s %u */\n", (unsigned long long)hash_of(from), name, from);
		return;
	}
	if (wish) {
		from = atoi(wish);
		to = from + 1;
		trace = true;
	}
	for (unsigned i = from; i < to; i++) {
		uint64_t got = hash_of(i);

		if (got != on_linux[i % seeds])
			test_fail(__FILE__, __LINE__,
				  "seed %u gives %016llx, on Linux %016llx: boot with %s=%u on both", i,
				  (unsigned long long)got, (unsigned long long)on_linux[i % seeds], name, i);
	}
}

#endif
