/*
 * arch/riscv/lib/subword.c - atomic operations on bytes and halfwords.
 *
 * MODEL     RV64IMAC has atomics of 4 and 8 bytes only; for smaller objects gcc calls these names.  Each works
 *           on the aligned word around the object and leaves the other bytes as they are.
 *           All are fully ordered, whatever order the caller asks for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/types.h"

#define LIBATOMIC(name) __asm__(name)

bool subword_cmpxchg_1(volatile void *p, void *expected, u8 want, int success, int failure)
	LIBATOMIC("__atomic_compare_exchange_1");
bool subword_cmpxchg_2(volatile void *p, void *expected, u16 want, int success, int failure)
	LIBATOMIC("__atomic_compare_exchange_2");
u8 subword_xchg_1(volatile void *p, u8 want, int order) LIBATOMIC("__atomic_exchange_1");
u16 subword_xchg_2(volatile void *p, u16 want, int order) LIBATOMIC("__atomic_exchange_2");
u8 subword_or_1(volatile void *p, u8 bits, int order) LIBATOMIC("__atomic_fetch_or_1");
u8 subword_and_1(volatile void *p, u8 bits, int order) LIBATOMIC("__atomic_fetch_and_1");

static u32 *word_of(volatile void *p) { return (u32 *)((unsigned long)p & ~3ul); }
static unsigned shift_of(volatile void *p) { return ((unsigned long)p & 3) * 8; }

/* Replace the @mask bits of the object by @want if they are @old; what they were. */
static u32 cmpxchg_bits(volatile void *p, u32 mask, u32 old, u32 want)
{
	u32 *word = word_of(p), seen = __atomic_load_n(word, __ATOMIC_RELAXED);
	unsigned shift = shift_of(p);

	while ((seen >> shift & mask) == old)
		if (__atomic_compare_exchange_n(word, &seen, (seen & ~(mask << shift)) | want << shift,
						false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return old;
	return seen >> shift & mask;
}

static u32 xchg_bits(volatile void *p, u32 mask, u32 want)
{
	u32 *word = word_of(p), seen = __atomic_load_n(word, __ATOMIC_RELAXED);
	unsigned shift = shift_of(p);

	while (!__atomic_compare_exchange_n(word, &seen, (seen & ~(mask << shift)) | want << shift, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	return seen >> shift & mask;
}

bool subword_cmpxchg_1(volatile void *p, void *expected, u8 want, __maybe_unused int success,
		       __maybe_unused int failure)
{
	u8 old = *(u8 *)expected, seen = cmpxchg_bits(p, 0xff, old, want);

	*(u8 *)expected = seen;
	return seen == old;
}

bool subword_cmpxchg_2(volatile void *p, void *expected, u16 want, __maybe_unused int success,
		       __maybe_unused int failure)
{
	u16 old = *(u16 *)expected, seen = cmpxchg_bits(p, 0xffff, old, want);

	*(u16 *)expected = seen;
	return seen == old;
}

u8 subword_xchg_1(volatile void *p, u8 want, __maybe_unused int order) { return xchg_bits(p, 0xff, want); }
u16 subword_xchg_2(volatile void *p, u16 want, __maybe_unused int order) { return xchg_bits(p, 0xffff, want); }

u8 subword_or_1(volatile void *p, u8 bits, __maybe_unused int order)
{
	return __atomic_fetch_or(word_of(p), (u32)bits << shift_of(p), __ATOMIC_SEQ_CST) >> shift_of(p);
}

u8 subword_and_1(volatile void *p, u8 bits, __maybe_unused int order)
{
	u32 mask = ~((u32)(u8)~bits << shift_of(p));

	return __atomic_fetch_and(word_of(p), mask, __ATOMIC_SEQ_CST) >> shift_of(p);
}
