/*
 * lib/kstrtox.c - numbers out of text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/ctype.h"
#include "lib/kstrtox.h"

/* Take a prefix off @s if @base allows one; the base that the digits have. */
static unsigned parse_prefix(const char **s, unsigned base)
{
	const char *p = *s;
	bool hex = p[0] == '0' && (p[1] | 32) == 'x' && isxdigit((u8)p[2]);

	if (hex && (base == 0 || base == 16)) {
		*s = p + 2;
		return 16;
	}
	if (base)
		return base;
	return p[0] == '0' ? 8 : 10;
}

static inline unsigned digit_value(char c)
{
	return isdigit((u8)c) ? c - '0' : isalpha((u8)c) ? (c | 32) - 'a' + 10 : 255;
}

/* Digits of @base from *s on; whether they fit into 64 bits.  *s moves behind them. */
static bool parse_digits(const char **s, unsigned base, unsigned long long *val)
{
	bool fits = true;

	*val = 0;
	for (; digit_value(**s) < base; ++*s) {
		unsigned long long v;

		if (__builtin_mul_overflow(*val, base, &v) ||
		    __builtin_add_overflow(v, digit_value(**s), &v))
			fits = false;
		*val = *val * base + digit_value(**s);
	}
	return fits;
}

int kstrtoull(const char *s, unsigned base, unsigned long long *res)
{
	unsigned long long val;
	const char *digits;
	bool fits;

	if (*s == '+')
		s++;
	base = parse_prefix(&s, base);
	digits = s;
	fits = parse_digits(&s, base, &val);
	if (s == digits)
		return -EINVAL;
	if (*s == '\n')
		s++;
	if (*s)
		return -EINVAL;
	if (!fits)
		return -ERANGE;
	*res = val;
	return 0;
}

int kstrtoll(const char *s, unsigned base, long long *res)
{
	unsigned long long val;
	bool negative = *s == '-';
	int rc;

	if (negative && s[1] == '+')
		return -EINVAL;
	rc = kstrtoull(s + negative, base, &val);
	if (rc)
		return rc;
	if (val > (unsigned long long)INT64_MAX + negative)
		return -ERANGE;
	*res = negative ? -val : val;
	return 0;
}

int kstrtoul(const char *s, unsigned base, unsigned long *res)
{
	unsigned long long val;
	int rc = kstrtoull(s, base, &val);

	if (!rc)
		*res = val;
	return rc;
}

int kstrtol(const char *s, unsigned base, long *res)
{
	long long val;
	int rc = kstrtoll(s, base, &val);

	if (!rc)
		*res = val;
	return rc;
}

int kstrtouint(const char *s, unsigned base, unsigned *res)
{
	unsigned long long val;
	int rc = kstrtoull(s, base, &val);

	if (rc)
		return rc;
	if (val != (unsigned)val)
		return -ERANGE;
	*res = val;
	return 0;
}

int kstrtoint(const char *s, unsigned base, int *res)
{
	long long val;
	int rc = kstrtoll(s, base, &val);

	if (rc)
		return rc;
	if (val != (int)val)
		return -ERANGE;
	*res = val;
	return 0;
}

int kstrtobool(const char *s, bool *res)
{
	switch (s[0]) {
	case 'y': case 'Y': case '1': case 't': case 'T':
		*res = true;
		return 0;
	case 'n': case 'N': case '0': case 'f': case 'F':
		*res = false;
		return 0;
	case 'o': case 'O':
		if ((s[1] | 32) == 'n' || (s[1] | 32) == 'f') {
			*res = (s[1] | 32) == 'n';
			return 0;
		}
	}
	return -EINVAL;
}

unsigned long long simple_strtoull(const char *s, char **end, unsigned base)
{
	unsigned long long val;

	base = parse_prefix(&s, base);
	parse_digits(&s, base, &val);
	if (end)
		*end = (char *)s;
	return val;
}

unsigned long simple_strtoul(const char *s, char **end, unsigned base)
{
	return simple_strtoull(s, end, base);
}

long simple_strtol(const char *s, char **end, unsigned base)
{
	return *s == '-' ? -simple_strtoull(s + 1, end, base) : simple_strtoull(s, end, base);
}

unsigned long long memparse(const char *s, char **end)
{
	char *p;
	unsigned long long val = simple_strtoull(s, &p, 0);
	unsigned shift = 0;

	switch (*p | 32) {
	case 'e': shift += 10; fallthrough;
	case 'p': shift += 10; fallthrough;
	case 't': shift += 10; fallthrough;
	case 'g': shift += 10; fallthrough;
	case 'm': shift += 10; fallthrough;
	case 'k': shift += 10;
		p++;
	}
	if (end)
		*end = p;
	return val << shift;
}
