/*
 * test/user/sysctl.h - values below /proc/sys and /sys, for tests.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SYSCTL_H
#define SYSCTL_H

#include "test/user/tap.h"
#include <fcntl.h>

/* The value's first line, without its end; @buf. */
static inline const char *sysctl_text(const char *path, char *buf, size_t n)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, buf, n - 1);

	if (len < 0)
		test_fail(__FILE__, __LINE__, "%s cannot be read: %s", path, strerror(errno));
	close(fd);
	buf[len] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return buf;
}

static inline long sysctl_number(const char *path)
{
	char buf[64];

	return strtol(sysctl_text(path, buf, sizeof(buf)), NULL, 0);
}

/* Write it, with the newline of an echo.  0 or -1 with errno */
static inline int sysctl_try(const char *path, const char *value)
{
	char line[256];
	int fd = open(path, O_WRONLY), n = snprintf(line, sizeof(line), "%s\n", value), rc, e;

	if (fd < 0)
		return -1;
	rc = write(fd, line, n) == n ? 0 : -1;
	e = errno;
	close(fd);
	errno = e;
	return rc;
}

static inline void sysctl_set(const char *path, const char *value)
{
	if (sysctl_try(path, value))
		test_fail(__FILE__, __LINE__, "%s does not take %s: %s", path, value, strerror(errno));
}

#endif
