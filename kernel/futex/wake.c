/*
 * kernel/futex/wake.c - waking who waits for a word, perhaps after an operation on another.
 *
 * INVARIANTS  X1..X3 of kernel/futex/internal.h.
 * FAILURE   A waiter that wants a PI lock is woken by whoever gives it the lock, never from here: -EINVAL.
 * COST      A wake without waiters on a private futex: hash, one load, no lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/internal.h"

void wake_waiter(struct futex_q *q) NO_LOCK_ANALYSIS
{
	unqueue_q(q, q->bucket);
	wake_up_process(q->task);
	smp_store_release(&q->woken, true);			/* X2; pairs with lock_bucket_of() */
}

/* Wake up to @nr waiters of @key with a bit of @bitset. */
static int wake_key(struct futex_bucket *b, const struct futex_key *key, int nr, u32 bitset) REQUIRES(b->lock)
{
	struct futex_q *q, *n;
	int woken = 0;

	list_for_each_entry_safe(q, n, &b->waiters, link) {
		if (!same_key(&q->key, key))
			continue;
		if (unlikely(q->pi))
			return -EINVAL;
		if (!(q->bitset & bitset))
			continue;
		wake_waiter(q);
		if (++woken >= nr)
			break;
	}
	return woken;
}

int futex_wake(u32 __user *uaddr, unsigned flags, int nr, u32 bitset)
{
	struct futex_bucket *b;
	struct futex_key key;
	int rc;

	if (!bitset)
		return -EINVAL;
	rc = get_key(uaddr, flags, &key);
	if (rc)
		return rc;
	if (unlikely((flags & FLAGS_STRICT) && !nr))
		return 0;
	b = bucket_of(&key);
	smp_mb();	/* the user's write of the word before nr_waiters: pairs with queue_if_equal() */
	if (!atomic_read(&b->nr_waiters))
		return 0;
	kick_defer();
	spin_lock(&b->lock);
	rc = wake_key(b, &key, nr, bitset);
	spin_unlock(&b->lock);
	kick_flush();
	return rc;
}

int futex_wake_user(u32 __user *uaddr, int nr)
{
	return futex_wake(uaddr, FLAGS_SHARED, nr, FUTEX_BITSET_MATCH_ANY);
}

/* ---- with an operation ----------------------------------------------------------------------- */

struct wake_op { int op, cmp, oparg, cmparg; };

static int decode_wake_op(u32 code, struct wake_op *w)
{
	w->op = code >> 28 & 7;
	w->cmp = code >> 24 & 15;
	w->oparg = (s32)(code << 8) >> 20;
	w->cmparg = (s32)(code << 20) >> 20;
	if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
		w->oparg = 1u << (w->oparg & 31);
	return w->op > 4 || w->cmp > FUTEX_OP_CMP_GE ? -ENOSYS : 0;
}

static bool compare_old(const struct wake_op *w, u32 value)
{
	int old = value;

	switch (w->cmp) {
	case FUTEX_OP_CMP_EQ:	return old == w->cmparg;
	case FUTEX_OP_CMP_NE:	return old != w->cmparg;
	case FUTEX_OP_CMP_LT:	return old < w->cmparg;
	case FUTEX_OP_CMP_GE:	return old >= w->cmparg;
	case FUTEX_OP_CMP_LE:	return old <= w->cmparg;
	default:		return old > w->cmparg;
	}
}

/* The operation on *@u2, with both buckets of @t locked.  0, or -errno with them unlocked. */
static int lock_and_operate(const struct wake_op *w, u32 __user *u1, u32 __user *u2, unsigned flags,
			    struct futex_two *t, u32 *old) NO_LOCK_ANALYSIS
{
	for (;;) {
		int rc = get_two(u1, flags, u2, flags | FLAGS_WRITE, t);

		if (rc)
			return rc;
		lock_two(t->b1, t->b2);
		pagefault_disable();
		rc = futex_op_user(w->op, w->oparg, u2, old);
		pagefault_enable();
		if (!rc)
			return 0;
		unlock_two(t->b1, t->b2);
		if (fault_in_word(u2))				/* X3 */
			return -EFAULT;
	}
}

int futex_wake_op(u32 __user *u1, u32 __user *u2, unsigned flags, int nr1, int nr2, u32 code) NO_LOCK_ANALYSIS
{
	struct futex_two t;
	struct wake_op w;
	int rc = decode_wake_op(code, &w), more = 0;
	u32 old;

	if (!rc)
		rc = lock_and_operate(&w, u1, u2, flags, &t, &old);
	if (rc)
		return rc;
	kick_defer();
	rc = wake_key(t.b1, &t.k1, nr1, FUTEX_BITSET_MATCH_ANY);
	if (rc >= 0 && compare_old(&w, old))
		more = wake_key(t.b2, &t.k2, nr2, FUTEX_BITSET_MATCH_ANY);
	unlock_two(t.b1, t.b2);
	kick_flush();
	return more < 0 ? more : rc + more;
}
