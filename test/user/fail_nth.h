/*
 * test/user/fail_nth.h - let one allocation of this task fail, by failslab.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEST_USER_FAIL_NTH_H
#define TEST_USER_FAIL_NTH_H

#include "test/user/sysctl.h"
#include <sys/mount.h>
#include <unistd.h>

#define FAILSLAB	"/sys/kernel/debug/failslab/"

/* Skips the test where there is no failslab. */
static inline void fail_begin(void)
{
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, "");
	if (access(FAILSLAB "task-filter", W_OK) || access("/proc/self/make-it-fail", W_OK))
		test_skip("nothing makes allocations fail");
}

/* The @nth allocation from now on fails, of this task alone. */
static inline void fail_nth(int nth)
{
	char nr[16];

	snprintf(nr, sizeof(nr), "%d", nth);
	sysctl_set(FAILSLAB "ignore-gfp-wait", "0");
	sysctl_set(FAILSLAB "task-filter", "1");
	sysctl_set(FAILSLAB "interval", nr);
	sysctl_set(FAILSLAB "times", "1");
	sysctl_set(FAILSLAB "probability", "100");
	sysctl_set("/proc/self/make-it-fail", "1");
}

static inline void fail_no_more(void)
{
	while (sysctl_try("/proc/self/make-it-fail", "0"))
		;
	sysctl_set(FAILSLAB "probability", "0");
	sysctl_set(FAILSLAB "task-filter", "0");
	sysctl_set(FAILSLAB "interval", "1");
	sysctl_set(FAILSLAB "ignore-gfp-wait", "1");
}

#endif
