/*
 * test/user/tap.h - what a user test is written with.
 *
 * MODEL     Every test/user/t_*.c is linked into one static program, `utest`, so that they share one libc.
 *           TEST(name) defines a test; it runs in a child process of its own with a time limit, and
 *           fails by CHECK, by a signal or by the clock.  The same binary runs on Linux: what Linux
 *           does not pass is a wrong test.
 *           After each test the machine's free memory is compared with what it was (see main.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TAP_H
#define TAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct test {
	const char *file, *name;
	void (*run)(void);
	unsigned seconds;
	struct test *next;
};

void test_register(struct test *t);
__attribute__((noreturn, format(printf, 3, 4))) void test_fail(const char *file, int line, const char *fmt, ...);
__attribute__((noreturn, format(printf, 1, 2))) void test_skip(const char *fmt, ...);

#define TEST_TIMED(id, limit) \
	static void test_##id(void); \
	static struct test desc_##id = { __FILE__, #id, test_##id, limit, NULL }; \
	__attribute__((constructor)) static void reg_##id(void) { test_register(&desc_##id); } \
	static void test_##id(void)
#define TEST(id) TEST_TIMED(id, 60)

#define CHECK(x) do { if (!(x)) \
	test_fail(__FILE__, __LINE__, "%s (errno %d %s)", #x, errno, strerror(errno)); } while (0)
#define CHECK_EQ(a, b) do { long long _a = (long long)(a), _b = (long long)(b); \
	if (_a != _b) \
		test_fail(__FILE__, __LINE__, "%s is %lld, %s is %lld (errno %d)", #a, _a, #b, _b, errno); } while (0)
/* The call fails with this errno. */
#define CHECK_ERR(x, e) do { errno = 0; long long _r = (long long)(x); \
	if (_r != -1 || errno != (e)) \
		test_fail(__FILE__, __LINE__, "%s returned %lld, errno %d (%s), want -1 and %s", #x, _r, \
			  errno, strerror(errno), #e); } while (0)

/* Wait until @x, for as long as the test may take: whatever the machine does besides. */
#define UNTIL(x) do { while (!(x)) usleep(1000); } while (0)
/* Wait until there are @nr tasks of process @pid besides the caller, and all of them sleep. */
void until_tasks_sleep(pid_t pid, int nr);

/* The status of a child that runs the given statements (wait status). */
#define CHILD_STATUS(...) ({ \
	fflush(NULL); pid_t _p = fork(); CHECK(_p >= 0); \
	if (!_p) { __VA_ARGS__; _exit(0); } \
	int _s; CHECK(waitpid(_p, &_s, 0) == _p); _s; })

#endif
