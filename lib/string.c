/*
 * lib/string.c - the C library's memory and string functions, for the kernel.
 *
 * MODEL     Memory moves in 8-byte words once the destination is aligned.  Where the source is not
 *           aligned alike, aligned source words are shifted and merged, so that no access is ever
 *           misaligned: firmware may emulate those at a thousand instructions each.
 *           The word at the end of a merged copy is read whole: it holds at least one wanted byte, and an
 *           aligned word does not cross a page.
 * COST      Per 64 bytes: memcpy 19 instructions aligned alike, 64 otherwise; memset 11.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/ctype.h"
#include "lib/string.h"

typedef u64 __attribute__((may_alias)) word_t;
#define W	sizeof(word_t)

/* 8 words per turn; what is left (< 64 bytes) is the caller's. */
static inline void copy_words(word_t **to, const word_t **from, size_t *n)
{
	word_t *d = *to;
	const word_t *s = *from;

	for (; *n >= 8 * W; *n -= 8 * W, d += 8, s += 8) {
		word_t a = s[0], b = s[1], c = s[2], e = s[3], f = s[4], g = s[5], h = s[6], i = s[7];

		d[0] = a;
		d[1] = b;
		d[2] = c;
		d[3] = e;
		d[4] = f;
		d[5] = g;
		d[6] = h;
		d[7] = i;
	}
	for (; *n >= W; *n -= W)
		*d++ = *s++;
	*to = d;
	*from = s;
}

/* @d is aligned, @s is not: whole words of *n; returns the source behind them. */
static const u8 *merge_words(word_t **to, const u8 *s, size_t *n)
{
	unsigned shift = ((unsigned long)s & (W - 1)) * 8;
	const word_t *ws = (const word_t *)((unsigned long)s & ~(W - 1));
	word_t *d = *to, low = *ws++;

	for (; *n >= W; *n -= W, s += W) {
		word_t high = *ws++;

		*d++ = low >> shift | high << (64 - shift);
		low = high;
	}
	*to = d;
	return s;
}

/* From low to high addresses: right for overlapping memory too if @d is below @s. */
static inline void copy_up(u8 *d, const u8 *s, size_t n)
{
	if (n >= 2 * W) {
		for (; (unsigned long)d & (W - 1); n--)
			*d++ = *s++;
		if ((unsigned long)s & (W - 1))
			s = merge_words((word_t **)&d, s, &n);
		else
			copy_words((word_t **)&d, (const word_t **)&s, &n);
	}
	while (n--)
		*d++ = *s++;
}

static void copy_down(u8 *d, const u8 *s, size_t n)
{
	d += n;
	s += n;
	if (!(((unsigned long)d ^ (unsigned long)s) & (W - 1))) {
		for (; n && (unsigned long)d & (W - 1); n--)
			*--d = *--s;
		for (; n >= W; n -= W) {
			d -= W;
			s -= W;
			*(word_t *)d = *(const word_t *)s;
		}
	}
	while (n--)
		*--d = *--s;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	copy_up(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	if ((unsigned long)to - (unsigned long)from >= n)	/* below, or no overlap */
		copy_up(to, from, n);
	else
		copy_down(to, from, n);
	return to;
}

void *memset(void *p, int c, size_t n)
{
	word_t word = (u8)c * 0x0101010101010101ull;
	u8 *d = p;

	if (n >= 2 * W) {
		for (; (unsigned long)d & (W - 1); n--)
			*d++ = c;
		for (; n >= 8 * W; n -= 8 * W, d += 8 * W) {
			word_t *w = (word_t *)d;

			w[0] = w[1] = w[2] = w[3] = w[4] = w[5] = w[6] = w[7] = word;
		}
		for (; n >= W; n -= W, d += W)
			*(word_t *)d = word;
	}
	while (n--)
		*d++ = c;
	return p;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	if (!(((unsigned long)x | (unsigned long)y) & (W - 1)))
		for (; n >= W && *(const word_t *)x == *(const word_t *)y; n -= W) {
			x += W;
			y += W;
		}
	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *p, int c, size_t n)
{
	for (const u8 *s = p; n--; s++)
		if (*s == (u8)c)
			return (void *)s;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return p - s;
}

size_t strnlen(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i])
		i++;
	return i;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; a++, b++, n--)
		;
	return n ? (u8)*a - (u8)*b : 0;
}

int strcasecmp(const char *a, const char *b)
{
	for (; *a && tolower((u8)*a) == tolower((u8)*b); a++, b++)
		;
	return tolower((u8)*a) - tolower((u8)*b);
}

int strncasecmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && tolower((u8)*a) == tolower((u8)*b); a++, b++, n--)
		;
	return n ? tolower((u8)*a) - tolower((u8)*b) : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

char *strstr(const char *s, const char *what)
{
	size_t n = strlen(what);

	for (; ; s++) {
		if (!strncmp(s, what, n))
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strcpy(char *restrict to, const char *restrict from)
{
	char *d = to;

	while ((*d++ = *from++))
		;
	return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
	char *d = to;

	for (; n && *from; n--)
		*d++ = *from++;
	while (n--)
		*d++ = 0;
	return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
	strcpy(to + strlen(to), from);
	return to;
}

size_t strspn(const char *s, const char *set)
{
	size_t i = 0;

	while (s[i] && strchr(set, s[i]))
		i++;
	return i;
}

size_t strcspn(const char *s, const char *set)
{
	size_t i = 0;

	while (s[i] && !strchr(set, s[i]))
		i++;
	return i;
}

char *strpbrk(const char *s, const char *set)
{
	s += strcspn(s, set);
	return *s ? (char *)s : NULL;
}

char *strsep(char **s, const char *set)
{
	char *start = *s, *end;

	if (!start)
		return NULL;
	end = start + strcspn(start, set);
	if (*end) {
		*end = 0;
		*s = end + 1;
	} else {
		*s = NULL;
	}
	return start;
}
