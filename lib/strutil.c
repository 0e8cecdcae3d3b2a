/*
 * lib/strutil.c - the kernel's own string helpers, which the C library does not have.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/ctype.h"
#include "lib/string.h"

ssize_t strscpy(char *to, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = from[i];
		if (!from[i])
			return i;
	}
	if (n)
		to[n - 1] = 0;
	return -E2BIG;
}

size_t strlcpy(char *to, const char *from, size_t n)
{
	(void)strscpy(to, from, n);
	return strlen(from);
}

size_t strlcat(char *to, const char *from, size_t n)
{
	size_t used = strnlen(to, n);

	return used + strlcpy(to + used, from, n - used);
}

void *memchr_inv(const void *p, int c, size_t n)
{
	for (const u8 *s = p; n--; s++)
		if (*s != (u8)c)
			return (void *)s;
	return NULL;
}

char *strchrnul(const char *s, int c)
{
	while (*s && *s != (char)c)
		s++;
	return (char *)s;
}

char *skip_spaces(const char *s)
{
	while (isspace((u8)*s))
		s++;
	return (char *)s;
}

char *strim(char *s)
{
	size_t n;

	s = skip_spaces(s);
	n = strlen(s);
	while (n && isspace((u8)s[n - 1]))
		n--;
	s[n] = 0;
	return s;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool sysfs_streq(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	if (*a == '\n' && !a[1])
		a++;
	if (*b == '\n' && !b[1])
		b++;
	return !*a && !*b;
}

int match_string(const char *const *names, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (names[i] && !strcmp(names[i], s))
			return i;
	return -EINVAL;
}

void memzero_explicit(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory");	/* the compiler must believe that it is read */
}
