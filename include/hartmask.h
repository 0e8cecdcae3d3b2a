/*
 * include/hartmask.h - sets of harts.
 *
 * MODEL     How many words a set has is known here, and to the ISA that hands it to its interrupt controller or
 *           firmware; everyone else asks by these names.  A set is passed by value.
 * LOCKING   hartmask_load() of a set that others change gives each hart's bit at some moment of the call;
 *           hartmask_add_atomic() is a full barrier.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_HARTMASK_H
#define VELLUM_HARTMASK_H

#include "include/types.h"

typedef struct { unsigned long bits; } hartmask_t;	/* NR_HARTS <= 64: one word */

static __always_inline hartmask_t hartmask_none(void) { return (hartmask_t){ 0 }; }
static __always_inline hartmask_t hartmask_all(void) { return (hartmask_t){ ~0ul }; }
static __always_inline hartmask_t hartmask_of(unsigned hart) { return (hartmask_t){ BIT(hart) }; }
static __always_inline bool hartmask_empty(hartmask_t m) { return !m.bits; }
static __always_inline bool hartmask_has(hartmask_t m, unsigned hart) { return m.bits >> hart & 1; }
static __always_inline hartmask_t hartmask_and(hartmask_t a, hartmask_t b) { return (hartmask_t){ a.bits & b.bits }; }
static __always_inline hartmask_t hartmask_without(hartmask_t m, unsigned hart)
{ return (hartmask_t){ m.bits & ~BIT(hart) }; }
static __always_inline void hartmask_add(hartmask_t *m, unsigned hart) { m->bits |= BIT(hart); }
static __always_inline void hartmask_remove(hartmask_t *m, unsigned hart) { m->bits &= ~BIT(hart); }

/* Of a set that others change meanwhile. */
static __always_inline hartmask_t hartmask_load(const hartmask_t *m) { return (hartmask_t){ READ_ONCE(m->bits) }; }
static __always_inline void hartmask_add_atomic(hartmask_t *m, unsigned hart)
{ __atomic_fetch_or(&m->bits, BIT(hart), __ATOMIC_SEQ_CST); }

/* Each hart of @mask, as it is now. */
#define for_each_hart_in(h, mask) \
	for (unsigned long _m = (mask).bits, h; _m && (h = __builtin_ctzl(_m), true); _m &= _m - 1)

#endif
