/*
 * test/kernel/ktest.h - tests that run inside the kernel.
 *
 * MODEL     KTEST(name) defines a test, linked into the debug build (make DEBUG=1) and run by the boot
 *           parameter `ktest` in process 1 before init; results are KTAP on the console, and the
 *           machine powers off after them.  After each test free pages must be as before.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_KTEST_H
#define VELLUM_KTEST_H

#include "include/types.h"
#include "lib/printk.h"

struct ktest {
	const char *name;
	void (*run)(void);
};

#define KTEST(id) \
	static void ktest_##id(void); \
	static const struct ktest desc_##id __used __section(".init.ktest") = { #id, ktest_##id }; \
	static void ktest_##id(void)

void ktest_fail(const char *file, int line, const char *what, long a, long b);
extern bool ktest_failed;

/* On failure say so and leave the test. */
#define KCHECK(x) \
	do { if (!(x)) { ktest_fail(__FILE__, __LINE__, #x, 0, 0); return; } } while (0)
#define KCHECK_EQ(a, b) \
	do { long _a = (long)(a), _b = (long)(b); \
	     if (_a != _b) { ktest_fail(__FILE__, __LINE__, #a " == " #b, _a, _b); return; } } while (0)

#endif
