/*
 * include/atomic.h - atomic counters and words, on the compiler's __atomic builtins.
 *
 * MODEL     Read-modify-write operations that return a value are fully ordered, as on Linux;
 *           those that return nothing, and plain read and set, are relaxed.  smp_* barriers
 *           order memory between harts; a barrier's comment names its partner.
 *           A compare-and-swap names its strong order twice: gcc 12 for RISC-V takes the fence before
 *           it from the order of failure, and a release that may fail relaxed has none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ATOMIC_H
#define VELLUM_ATOMIC_H

#include "include/types.h"

typedef struct { int v; } atomic_t;
typedef struct { long v; } atomic_long_t;

#define ATOMIC_INIT(x)		{ (x) }

#define VELLUM_ATOMIC_OPS(T, N, I) \
static __always_inline I N##_read(const T *a) { return __atomic_load_n(&a->v, __ATOMIC_RELAXED); } \
static __always_inline void N##_set(T *a, I i) { WRITE_ONCE(a->v, i); }	/* gcc makes an AMO of an atomic store */ \
static __always_inline void N##_add(I i, T *a) { __atomic_fetch_add(&a->v, i, __ATOMIC_RELAXED); } \
static __always_inline void N##_sub(I i, T *a) { __atomic_fetch_sub(&a->v, i, __ATOMIC_RELAXED); } \
static __always_inline void N##_inc(T *a) { N##_add(1, a); } \
static __always_inline void N##_dec(T *a) { N##_sub(1, a); } \
static __always_inline I N##_add_return(I i, T *a) { return __atomic_add_fetch(&a->v, i, __ATOMIC_SEQ_CST); } \
static __always_inline I N##_sub_return(I i, T *a) { return __atomic_sub_fetch(&a->v, i, __ATOMIC_SEQ_CST); } \
static __always_inline I N##_fetch_add(I i, T *a) { return __atomic_fetch_add(&a->v, i, __ATOMIC_SEQ_CST); } \
static __always_inline I N##_inc_return(T *a) { return N##_add_return(1, a); } \
static __always_inline I N##_dec_return(T *a) { return N##_sub_return(1, a); } \
static __always_inline bool N##_dec_and_test(T *a) { return N##_sub_return(1, a) == 0; } \
static __always_inline I N##_xchg(T *a, I i) { return __atomic_exchange_n(&a->v, i, __ATOMIC_SEQ_CST); } \
static __always_inline bool N##_try_cmpxchg(T *a, I *old, I new_) \
{ return __atomic_compare_exchange_n(&a->v, old, new_, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); } \
/* Add 1 unless it is 0: true when it was taken. */ \
static inline bool N##_inc_not_zero(T *a) \
{ I c = N##_read(a); do { if (!c) return false; } while (!N##_try_cmpxchg(a, &c, c + 1)); return true; } \
/* Take 1 away unless that would leave 0: true when it was taken. */ \
static inline bool N##_dec_not_one(T *a) \
{ I c = N##_read(a); do { if (c == 1) return false; } while (!N##_try_cmpxchg(a, &c, c - 1)); return true; }

VELLUM_ATOMIC_OPS(atomic_t, atomic, int)
VELLUM_ATOMIC_OPS(atomic_long_t, atomic_long, long)

/* Bits of an unsigned long array; the test_and_ forms are ordered and return the old bit. */
static __always_inline void set_bit(unsigned nr, unsigned long *p)
{ __atomic_fetch_or(&p[nr / 64], 1ul << (nr % 64), __ATOMIC_RELAXED); }
static __always_inline void clear_bit(unsigned nr, unsigned long *p)
{ __atomic_fetch_and(&p[nr / 64], ~(1ul << (nr % 64)), __ATOMIC_RELAXED); }
static __always_inline bool test_bit(unsigned nr, const unsigned long *p)
{ return (__atomic_load_n(&p[nr / 64], __ATOMIC_RELAXED) >> (nr % 64)) & 1; }
static __always_inline bool test_and_set_bit(unsigned nr, unsigned long *p)
{ return (__atomic_fetch_or(&p[nr / 64], 1ul << (nr % 64), __ATOMIC_SEQ_CST) >> (nr % 64)) & 1; }
static __always_inline bool test_and_clear_bit(unsigned nr, unsigned long *p)
{ return (__atomic_fetch_and(&p[nr / 64], ~(1ul << (nr % 64)), __ATOMIC_SEQ_CST) >> (nr % 64)) & 1; }

#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
/* A fence and a store: gcc makes an exchange of an atomic one, be it relaxed. */
#define smp_store_release(p, v) do { \
	__atomic_thread_fence(__ATOMIC_RELEASE); \
	WRITE_ONCE(*(p), v); \
} while (0)
#define cmpxchg(p, o, n) ({ __typeof__(*(p)) _o = (o); \
	__atomic_compare_exchange_n(p, &_o, n, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); _o; })
#define xchg(p, n)		__atomic_exchange_n(p, n, __ATOMIC_SEQ_CST)

#endif
