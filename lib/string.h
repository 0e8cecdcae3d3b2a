/*
 * lib/string.h - memory and strings.
 *
 * MODEL     The first part has the C library's names and meanings: lib/string.c in the kernel, libc on
 *           the host.  The second, lib/strutil.c, is the kernel's own everywhere.
 * TESTS     test/host/lib/test_string.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_STRING_H
#define VELLUM_STRING_H

#include "include/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *p, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);
char *strcpy(char *restrict to, const char *restrict from);
char *strncpy(char *restrict to, const char *restrict from, size_t n);
char *strcat(char *restrict to, const char *restrict from);
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
char *strpbrk(const char *s, const char *set);
char *strsep(char **s, const char *set);

/* Copy what fits, always with a NUL (n > 0): length copied, or -E2BIG when it was cut. */
ssize_t strscpy(char *to, const char *from, size_t n);
size_t strlcpy(char *to, const char *from, size_t n);	/* strlen(from) */
size_t strlcat(char *to, const char *from, size_t n);
/* The first byte of [p, p + n) that is not @c, or NULL. */
void *memchr_inv(const void *p, int c, size_t n);
/* The first @c of @s, or its end. */
char *strchrnul(const char *s, int c);
char *skip_spaces(const char *s);
/* Cut white space off both ends: the new start. */
char *strim(char *s);
bool str_has_prefix(const char *s, const char *prefix);
/* Equal but for one trailing newline. */
bool sysfs_streq(const char *a, const char *b);
/* Index of @s among @names[0..n), or -EINVAL. */
int match_string(const char *const *names, size_t n, const char *s);
void memzero_explicit(void *p, size_t n);

#if defined(VELLUM_KASAN) && defined(__SANITIZE_ADDRESS__)
#include "include/kasan.h"
static __always_inline void *checked_memcpy(void *to, const void *from, size_t n)
{
	kasan_check_read(from, n);
	kasan_check_write(to, n);
	return memcpy(to, from, n);
}
static __always_inline void *checked_memmove(void *to, const void *from, size_t n)
{
	kasan_check_read(from, n);
	kasan_check_write(to, n);
	return memmove(to, from, n);
}
static __always_inline void *checked_memset(void *p, int c, size_t n)
{
	kasan_check_write(p, n);
	return memset(p, c, n);
}
static __always_inline int checked_memcmp(const void *a, const void *b, size_t n)
{
	kasan_check_read(a, n);
	kasan_check_read(b, n);
	return memcmp(a, b, n);
}
#define memcpy(...)	checked_memcpy(__VA_ARGS__)
#define memmove(...)	checked_memmove(__VA_ARGS__)
#define memset(...)	checked_memset(__VA_ARGS__)
#define memcmp(...)	checked_memcmp(__VA_ARGS__)
#endif

#endif
