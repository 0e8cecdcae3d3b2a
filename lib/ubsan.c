/*
 * lib/ubsan.c - UBSAN=1: say where the kernel did what the C standard leaves undefined.
 *
 * MODEL     The compiler puts a check before each operation that could be undefined, and a call of a function here
 *           where the check fails, with a record of the place and the types, and the operands.  A place is reported
 *           once: its line is then taken out of the record.  ubsan.fault=panic stops the machine at the first, as
 *           tests want it; by default the kernel goes on with what the machine made of the operation.
 *           Not asked for, as a kernel does them on purpose: pointers that are computed outside of any object
 *           (vmemmap is biased), members of structs at addresses that programs chose (&p->member of a null or odd
 *           one, which the access itself then refuses).
 * LOCKING   A place is claimed by one exchange.
 * TESTS     test/kernel/test_ubsan.c: a planted bug of each kind
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/ubsan.h"
#include "include/arch/arch.h"
#include "include/uapi/errno.h"
#include "include/util.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

/* Records, as the compiler lays them out. */
struct place { const char *file; u32 line, column; };
struct type { u16 kind, info; char name[]; };

struct overflow { struct place at; const struct type *type; };
struct bounds { struct place at; const struct type *array, *index; };
struct shift { struct place at; const struct type *left, *right; };
struct plain { struct place at; };
struct value { struct place at; const struct type *type; };
struct builtin { struct place at; u8 kind; };

void dump_stack(void);				/* up-call: kernel/panic.c */

typedef unsigned long operand_t;		/* the value, or for wide types its address */

#define REPORTED	(~0u)

void (*ubsan_report_hook)(const char *what, const char *file, u32 line);
static bool fault_panics;

static int set_fault(const char *value)
{
	fault_panics = !strcmp(value, "panic");
	return fault_panics || !strcmp(value, "report") ? 0 : -EINVAL;
}
PARAM("ubsan.fault", set_fault);

/* ---- saying it ------------------------------------------------------------------------------- */

static void report(struct place *at, const char *fmt, ...)
{
	u32 line = __atomic_exchange_n(&at->line, REPORTED, __ATOMIC_RELAXED);
	char what[120];
	va_list ap;

	if (line == REPORTED)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (ubsan_report_hook) {
		ubsan_report_hook(what, at->file, line);
		return;
	}
	pr_err("================================================================================\n");
	pr_err("UBSAN: %s\nin %s:%u:%u\n", what, at->file, line, at->column);
	dump_stack();
	pr_err("================================================================================\n");
	if (fault_panics)
		panic("ubsan.fault=panic");
}

/* The integer @v of @type as text. */
static const char *text(const struct type *type, operand_t v, char *buf, size_t n)
{
	unsigned bits = 1u << (type->info >> 1);
	bool is_signed = type->info & 1;

	if (type->kind)
		snprintf(buf, n, "?");
	else if (bits > 64)
		snprintf(buf, n, "0x%lx%016lx", ((unsigned long *)v)[1], ((unsigned long *)v)[0]);
	else if (is_signed)
		snprintf(buf, n, "%ld", (long)(v << (64 - bits)) >> (64 - bits));
	else
		snprintf(buf, n, "%lu", v);
	return buf;
}

#define TEXT(type, v)	text(type, v, (char[40]){ 0 }, 40)

/* ---- what the compiler calls ----------------------------------------------------------------- */

#define HANDLER(name, ...) \
	void __ubsan_handle_##name(__VA_ARGS__); \
	void __ubsan_handle_##name(__VA_ARGS__)

#define OVERFLOW(op, sign) \
	HANDLER(op##_overflow, struct overflow *d, operand_t a, operand_t b) \
	{ \
		report(&d->at, "signed-integer-overflow: %s " sign " %s cannot be represented in type %s", \
		       TEXT(d->type, a), TEXT(d->type, b), d->type->name); \
	}
OVERFLOW(add, "+")
OVERFLOW(sub, "-")
OVERFLOW(mul, "*")

HANDLER(negate_overflow, struct overflow *d, operand_t a)
{
	report(&d->at, "signed-integer-overflow: -(%s) cannot be represented in type %s", TEXT(d->type, a),
	       d->type->name);
}

HANDLER(divrem_overflow, struct overflow *d, operand_t a, operand_t b)
{
	if (b)
		report(&d->at, "signed-integer-overflow: %s / %s cannot be represented in type %s",
		       TEXT(d->type, a), TEXT(d->type, b), d->type->name);
	else
		report(&d->at, "division-overflow: division of %s by zero", TEXT(d->type, a));
}

HANDLER(shift_out_of_bounds, struct shift *d, operand_t a, operand_t b)
{
	report(&d->at, "shift-out-of-bounds: %s is shifted by %s, in type %s", TEXT(d->left, a),
	       TEXT(d->right, b), d->left->name);
}

HANDLER(out_of_bounds, struct bounds *d, operand_t index)
{
	report(&d->at, "array-index-out-of-bounds: index %s is out of range for type %s", TEXT(d->index, index),
	       d->array->name);
}

HANDLER(load_invalid_value, struct value *d, operand_t v)
{
	report(&d->at, "invalid-load: %s is no value of type %s", TEXT(d->type, v), d->type->name);
}

HANDLER(vla_bound_not_positive, struct value *d, operand_t v)
{
	report(&d->at, "vla-bound-not-positive: %s", TEXT(d->type, v));
}

HANDLER(nonnull_arg, struct plain *d) { report(&d->at, "null-argument"); }
HANDLER(nonnull_return_v1, __maybe_unused struct plain *d, struct place *at) { report(at, "null-return"); }

HANDLER(invalid_builtin, struct builtin *d)
{
	report(&d->at, "invalid-builtin: %s of zero", d->kind ? "clz" : "ctz");
}

HANDLER(builtin_unreachable, struct plain *d)
{
	report(&d->at, "unreachable code was reached");
	panic("unreachable code");
}

HANDLER(missing_return, struct plain *d)
{
	report(&d->at, "end of a function that returns a value");
	panic("no value to return");
}
