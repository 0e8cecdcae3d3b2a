/*
 * test/host/tap.h - how a host test is written.
 *
 * MODEL     Every test/host/.../test_NAME.c is one program that prints TAP; `make test-host` builds and
 *           runs all of them under AddressSanitizer and UBSan (test/host/host.mk).
 *           It is linked with build/host/libvellum.a, from which the linker takes what it needs: all of
 *           lib/ but string.c, vsprintf.c and printk.c (libc has those), kernel/sync/, test/host/arch/
 *           and the shims of test/host/shim.c (printk, panic, kmalloc, schedule ... all weak: a file
 *           that defines the real one wins).  What else it needs stands in comment lines, each on one
 *           line that begins with two slashes, anywhere in the file:
 *
 *               // SRCS: mm/phys/buddy.c mm/phys/pcp.c      real files, compiled for the host
 *               // CFLAGS: -DFOO                            flags for the test and its SRCS
 *               // SRCFLAGS: -include x.h                   flags for its SRCS only
 *               // LIBS: -lfdt                             libraries of the host
 *
 *               #include "test/host/tap.h"
 *               #include "mm/phys/buddy.h"
 *               int main(void)
 *               {
 *                       ok(1 + 1 == 2, "sums");            one TAP line
 *                       for (int i = 0; i < 10000; i++)
 *                               CHECK(step(rnd()));         no line; the first failure ends the test
 *                       return done_testing();
 *               }
 *
 *           Random numbers come from rnd(), seeded with $TEST_SEED or a constant: a failure repeats.
 *           n-th allocation failure: FOR_EACH_ALLOC_FAILURE(rc = f(), rc == -ENOMEM) runs f with the 1st,
 *           2nd ... allocation failing, until it needs no more; the condition must hold whenever one
 *           failed, and nothing may leak (shim_live_allocs() is compared).
 *           EXPECT_PANIC(stmt): true if stmt ends in panic() or a failed assertion.
 * COST      One test should stay below 3 s under the sanitizers; prove kills it at 60 s.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TEST_TAP_H
#define VELLUM_TEST_TAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/types.h"
#include "test/host/shim.h"

extern int tap_count, tap_failures;
extern u64 tap_seed;

/* Print one TAP line; @cond comes back. */
bool tap_ok(bool cond, const char *file, int line, const char *fmt, ...) __printf(4, 5);
void diag(const char *fmt, ...) __printf(1, 2);
/* Print the plan; the exit status. */
int done_testing(void);
__noreturn void tap_check_failed(const char *expr, const char *file, int line);

#define ok(cond, ...)	tap_ok(!!(cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...) ({ \
	long long _g = (got), _w = (want); \
	bool _ok = ok(_g == _w, __VA_ARGS__); \
	if (!_ok) diag("  got %lld (0x%llx), want %lld (0x%llx)", _g, _g, _w, _w); \
	_ok; })
#define is_str(got, want, ...) ({ \
	const char *_g = (got), *_w = (want); \
	bool _ok = ok(_g && _w ? !strcmp(_g, _w) : _g == _w, __VA_ARGS__); \
	if (!_ok) diag("  got '%s', want '%s'", _g ? _g : "(null)", _w ? _w : "(null)"); \
	_ok; })
#define CHECK(cond) \
	do { if (!(cond)) tap_check_failed(#cond, __FILE__, __LINE__); } while (0)

/* xorshift64*: fast, and the same everywhere. */
u64 rnd(void);
void rnd_seed(u64 seed);		/* a case that can be had again by its number alone */
static inline u64 rnd_below(u64 n) { return rnd() % n; }
static inline bool rnd_one_in(unsigned n) { return rnd() % n == 0; }

#define EXPECT_PANIC(stmt) ({ \
	bool _panicked = true; \
	shim_panic_armed = true; \
	if (!setjmp(shim_panic_jmp)) { stmt; _panicked = false; } \
	shim_panic_armed = false; \
	_panicked; })

#define FOR_EACH_ALLOC_FAILURE(stmt, on_failure) \
	do { \
		for (long _n = 1; ; _n++) { \
			long _live = shim_live_allocs(); \
			shim_fail_alloc(_n); \
			stmt; \
			bool _hit = shim_alloc_failed(); \
			shim_fail_alloc(0); \
			if (!_hit) \
				break; \
			CHECK(on_failure); \
			CHECK(shim_live_allocs() == _live); \
		} \
	} while (0)

#endif
