/*
 * lib/vsprintf.c - formatted text into a buffer.
 *
 * MODEL     struct out counts every character and stores those that fit; nothing here can fail or
 *           allocates.  struct spec is one conversion, decoded.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/bitmap.h"
#include "lib/ctype.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

struct out {
	char *p, *end;		/* room is [p, end) */
	size_t count;
};

#define F_LEFT		1
#define F_PLUS		2
#define F_SPACE		4
#define F_ALT		8
#define F_ZERO		16
#define F_UPPER		32

struct spec {
	unsigned flags;
	int width;		/* 0: none */
	int precision;		/* -1: none */
	unsigned size;		/* bytes of the argument */
	char conv;
};

static inline void put(struct out *o, char c)
{
	if (o->p < o->end)
		*o->p++ = c;
	o->count++;
}

static void put_n(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_text(struct out *o, const char *s, size_t n, const struct spec *sp)
{
	int pad = sp->width > (int)n ? sp->width - (int)n : 0;

	if (!(sp->flags & F_LEFT))
		put_n(o, ' ', pad);
	for (size_t i = 0; i < n; i++)
		put(o, s[i]);
	if (sp->flags & F_LEFT)
		put_n(o, ' ', pad);
}

/* Digits of @v in @base, backwards from @end; their first. */
static char *digits_of(char *end, u64 v, unsigned base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	if (base == 10) {
		for (; v; v /= 10)
			*--end = '0' + v % 10;
	} else {
		unsigned shift = base == 16 ? 4 : 3;

		for (; v; v >>= shift)
			*--end = set[v & (base - 1)];
	}
	return end;
}

static void put_number(struct out *o, u64 v, bool negative, unsigned base, const struct spec *sp)
{
	char buf[24], *end = buf + sizeof(buf), *d, prefix[3];
	int nr, zeros, nr_prefix = 0, pad;

	d = digits_of(end, v, base, sp->flags & F_UPPER);
	nr = end - d;
	zeros = sp->precision < 0 ? !nr : sp->precision > nr ? sp->precision - nr : 0;
	if (negative)
		prefix[nr_prefix++] = '-';
	else if (sp->flags & F_PLUS)
		prefix[nr_prefix++] = '+';
	else if (sp->flags & F_SPACE)
		prefix[nr_prefix++] = ' ';
	if (sp->flags & F_ALT && base == 16 && v) {
		prefix[nr_prefix++] = '0';
		prefix[nr_prefix++] = sp->flags & F_UPPER ? 'X' : 'x';
	} else if (sp->flags & F_ALT && base == 8 && !zeros) {
		zeros = 1;
	}
	pad = sp->width - nr_prefix - zeros - nr;
	if (sp->flags & F_ZERO && !(sp->flags & F_LEFT) && sp->precision < 0 && pad > 0) {
		zeros += pad;
		pad = 0;
	}

	if (!(sp->flags & F_LEFT))
		put_n(o, ' ', pad);
	for (int i = 0; i < nr_prefix; i++)
		put(o, prefix[i]);
	put_n(o, '0', zeros);
	while (d < end)
		put(o, *d++);
	if (sp->flags & F_LEFT)
		put_n(o, ' ', pad);
}

static void put_string(struct out *o, const char *s, const struct spec *sp)
{
	if (!s)
		s = "(null)";
	put_text(o, s, sp->precision >= 0 ? strnlen(s, sp->precision) : strlen(s), sp);
}

static void put_hex(struct out *o, u64 v, int width)
{
	struct spec sp = { .flags = F_ZERO, .width = width, .precision = -1 };

	put_number(o, v, false, 16, &sp);
}

static void put_prefixed_hex(struct out *o, unsigned long v)
{
	const struct spec plain = { .flags = F_ALT, .precision = -1 };

	if (v)
		put_number(o, v, false, 16, &plain);
	else
		put_text(o, "0x0", 3, &plain);
}

static void put_symbol(struct out *o, unsigned long addr, bool with_offset, const struct spec *sp)
{
	unsigned long off = 0, size = 0;
	const char *name = kallsyms_lookup_size ? kallsyms_lookup_size(addr, &off, &size) : NULL;

	if (!name) {
		put_prefixed_hex(o, addr);
		return;
	}
	put_text(o, name, strlen(name), sp);
	if (with_offset) {
		put(o, '+');
		put_prefixed_hex(o, off);
		put(o, '/');
		put_prefixed_hex(o, size);
	}
}

static void put_decimal(struct out *o, u64 v)
{
	const struct spec sp = { .precision = -1 };

	put_number(o, v, false, 10, &sp);
}

/* Groups of 32 of the @bits bits of @map, the highest first. */
static void put_bitmap(struct out *o, const unsigned long *map, int bits)
{
	for (int at = (bits - 1) & ~31; at >= 0; at -= 32) {
		unsigned width = min(bits - at, 32);

		put_hex(o, map[BIT_WORD(at)] >> (at % 64) & BITMAP_LAST_WORD_MASK(width), (width + 3) / 4);
		if (at)
			put(o, ',');
	}
}

/* The set ones among @bits bits of @map as ranges: 0,2-5 */
static void put_bitmap_list(struct out *o, const unsigned long *map, int bits)
{
	unsigned long from = find_first_bit(map, bits), to;

	for (bool first = true; from < bits; from = find_next_bit(map, bits, to), first = false) {
		to = find_next_zero_bit(map, bits, from);
		if (!first)
			put(o, ',');
		put_decimal(o, from);
		if (to - from > 1) {
			put(o, '-');
			put_decimal(o, to - 1);
		}
	}
}

static void format(struct out *o, const char *fmt, va_list *args);

/* %p and what letters may follow it; returns the format behind them. */
static const char *put_pointer(struct out *o, const char *fmt, const void *ptr, const struct spec *sp)
{
	switch (*fmt) {
	case 'S':
	case 's':
		put_symbol(o, (unsigned long)ptr, *fmt == 'S', sp);
		return fmt + 1;
	case 'V': {
		const struct va_format *vf = ptr;
		va_list copy;

		va_copy(copy, *vf->va);
		format(o, vf->fmt, &copy);
		va_end(copy);
		return fmt + 1;
	}
	case 'b':
		if (fmt[1] != 'l') {
			put_bitmap(o, ptr, sp->width);
			return fmt + 1;
		}
		put_bitmap_list(o, ptr, sp->width);
		return fmt + 2;
	case 'x':	/* Linux: print it as it is */
	case 'K':
		fmt++;
	}
	put_hex(o, (unsigned long)ptr, sp->width > 16 ? sp->width : 16);
	return fmt;
}

static const char *parse_flags(const char *fmt, struct spec *sp)
{
	for (; ; fmt++) {
		switch (*fmt) {
		case '-': sp->flags |= F_LEFT; break;
		case '+': sp->flags |= F_PLUS; break;
		case ' ': sp->flags |= F_SPACE; break;
		case '#': sp->flags |= F_ALT; break;
		case '0': sp->flags |= F_ZERO; break;
		default: return fmt;
		}
	}
}

/* A number or '*' at *fmt. */
static int parse_int(const char **fmt, va_list *args)
{
	int n = 0;

	if (**fmt == '*') {
		++*fmt;
		return va_arg(*args, int);
	}
	for (; isdigit((u8)**fmt); ++*fmt)
		n = n * 10 + **fmt - '0';
	return n;
}

static const char *parse_size(const char *fmt, struct spec *sp)
{
	sp->size = sizeof(int);
	switch (*fmt) {
	case 'h':
		sp->size = fmt[1] == 'h' ? sizeof(char) : sizeof(short);
		return fmt + 1 + (fmt[1] == 'h');
	case 'l':
		sp->size = sizeof(long);
		return fmt + 1 + (fmt[1] == 'l');
	case 'z': case 't': case 'j': case 'L':
		sp->size = sizeof(long);
		return fmt + 1;
	}
	return fmt;
}

static const char *parse_spec(const char *fmt, struct spec *sp, va_list *args)
{
	*sp = (struct spec){ .precision = -1 };
	fmt = parse_flags(fmt, sp);
	sp->width = parse_int(&fmt, args);
	if (sp->width < 0) {
		sp->flags |= F_LEFT;
		sp->width = -sp->width;
	}
	if (*fmt == '.') {
		fmt++;
		sp->precision = parse_int(&fmt, args);
	}
	fmt = parse_size(fmt, sp);
	sp->conv = *fmt;
	return *fmt ? fmt + 1 : fmt;
}

static u64 unsigned_arg(const struct spec *sp, va_list *args)
{
	if (sp->size == sizeof(long))
		return va_arg(*args, unsigned long);
	return va_arg(*args, unsigned) & (sp->size == 1 ? 0xffu : sp->size == 2 ? 0xffffu : ~0u);
}

static s64 signed_arg(const struct spec *sp, va_list *args)
{
	int v;

	if (sp->size == sizeof(long))
		return va_arg(*args, long);
	v = va_arg(*args, int);
	return sp->size == 1 ? (s8)v : sp->size == 2 ? (s16)v : v;
}

static void format(struct out *o, const char *fmt, va_list *args)
{
	struct spec sp;
	s64 v;
	char c;

	while ((c = *fmt++)) {
		if (c != '%') {
			put(o, c);
			continue;
		}
		fmt = parse_spec(fmt, &sp, args);
		switch (sp.conv) {
		case 'd':
		case 'i':
			v = signed_arg(&sp, args);
			put_number(o, v < 0 ? -(u64)v : (u64)v, v < 0, 10, &sp);
			break;
		case 'X':
			sp.flags |= F_UPPER;
			fallthrough;
		case 'u':
		case 'x':
		case 'o':
			sp.flags &= ~(F_PLUS | F_SPACE);
			put_number(o, unsigned_arg(&sp, args), false,
				   sp.conv == 'u' ? 10 : sp.conv == 'o' ? 8 : 16, &sp);
			break;
		case 'c':
			c = va_arg(*args, int);
			put_text(o, &c, 1, &sp);
			break;
		case 's':
			put_string(o, va_arg(*args, const char *), &sp);
			break;
		case 'p':
			fmt = put_pointer(o, fmt, va_arg(*args, void *), &sp);
			break;
		case '%':
			put(o, '%');
			break;
		default:	/* show what cannot be shown */
			put(o, '%');
			if (sp.conv)
				put(o, sp.conv);
		}
	}
}

int vsnprintf(char *restrict buf, size_t size, const char *restrict fmt, va_list args)
{
	struct out o = { .p = buf, .end = size ? buf + size - 1 : buf };
	va_list copy;

	va_copy(copy, args);
	format(&o, fmt, &copy);
	va_end(copy);
	if (size)
		*o.p = 0;
	return o.count;
}

int snprintf(char *restrict buf, size_t size, const char *restrict fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(buf, size, fmt, args);

	return !size ? 0 : n < (int)size ? n : (int)size - 1;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

int sprintf(char *restrict buf, const char *restrict fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, INT32_MAX, fmt, args);
	va_end(args);
	return n;
}
