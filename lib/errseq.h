/*
 * lib/errseq.h - an error that each of many is to hear of once.
 *
 * MODEL     An errseq_t is the last error that happened, and a number that grows with each that somebody may have
 *           looked at.  Who wants to hear of errors keeps a sample of it; if it is not what it was, there was one.
 *
 *              bits 0-11 the error's number · bit 12 somebody has seen it · above, the number
 *
 *           An error that nobody has seen is not told from the next one: the number need not grow.
 * INVARIANTS
 *   E1  A sample is equal to the value only if no error came since it was taken, or since it was advanced.
 *   E2  A sample of an error that nobody has seen is 0: who comes later hears of it as well, so that it is told once
 *       at least.
 * LOCKING   none: compare and swap.
 * TESTS     test/host/lib/test_errseq.c
 * SEE       Linux lib/errseq.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ERRSEQ_H
#define VELLUM_ERRSEQ_H

#include "include/types.h"

typedef u32 errseq_t;

#define ERRSEQ_ERRNO	0xfffu
#define ERRSEQ_SEEN	0x1000u
#define ERRSEQ_STEP	0x2000u

/* @err (negative) happened. */
static inline void errseq_set(errseq_t *eseq, int err)
{
	errseq_t old = __atomic_load_n(eseq, __ATOMIC_RELAXED), new_;

	do {
		new_ = (old & ~(ERRSEQ_ERRNO | ERRSEQ_SEEN)) | (u32)-err;
		if (old & ERRSEQ_SEEN)
			new_ += ERRSEQ_STEP;
		if (new_ == old)
			return;
	} while (!__atomic_compare_exchange_n(eseq, &old, new_, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

/* Where who begins to listen now stands. */
static inline errseq_t errseq_sample(const errseq_t *eseq)
{
	errseq_t v = __atomic_load_n(eseq, __ATOMIC_SEQ_CST);

	return v & ERRSEQ_SEEN ? v : 0;			/* E2 */
}

/* The error that came since @since was sampled, or 0. */
static inline int errseq_check(const errseq_t *eseq, errseq_t since)
{
	errseq_t v = __atomic_load_n(eseq, __ATOMIC_SEQ_CST);

	return v == since ? 0 : -(int)(v & ERRSEQ_ERRNO);
}

/* The same, and it was heard of.  => who calls holds what guards *@since */
static inline int errseq_check_and_advance(errseq_t *eseq, errseq_t *since)
{
	errseq_t old = __atomic_load_n(eseq, __ATOMIC_SEQ_CST), seen = old | ERRSEQ_SEEN;

	if (old == *since)
		return 0;
	/* If another error comes at this moment, it is still to be told: nothing is marked. */
	if (old != seen && !__atomic_compare_exchange_n(eseq, &old, seen, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		seen = old | ERRSEQ_SEEN;
	*since = seen;
	return -(int)(seen & ERRSEQ_ERRNO);
}

#endif
