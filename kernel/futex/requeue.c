/*
 * kernel/futex/requeue.c - waiters of one word become waiters of another, without running in between.
 *
 * INVARIANTS  X1..X4 of kernel/futex/internal.h.
 * FAILURE   Who waits in order to get a PI lock goes to that lock only (requeue_pi.c): -EINVAL.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/internal.h"

void requeue_q(struct futex_q *q, struct futex_bucket *to, const struct futex_key *key) NO_LOCK_ANALYSIS
{
	if (q->bucket != to) {
		unqueue_q(q, q->bucket);
		atomic_inc(&to->nr_waiters);
		queue_q(q, to);					/* X1 */
	}
	q->key = *key;
}

/* How many were woken or moved, or -EINVAL.  => both buckets locked */
static int move_waiters(const struct futex_two *t, int nr_wake, int nr_requeue)
{
	struct futex_q *q, *n;
	int done = 0;

	list_for_each_entry_safe(q, n, &t->b1->waiters, link) {
		if (done - nr_wake >= nr_requeue)
			break;
		if (!same_key(&q->key, &t->k1))
			continue;
		if (q->pi)
			return -EINVAL;
		if (++done <= nr_wake)
			wake_waiter(q);
		else
			requeue_q(q, t->b2, &t->k2);
	}
	return done;
}

int futex_requeue(const struct requeue_args *a) NO_LOCK_ANALYSIS
{
	struct futex_two t;
	u32 now;
	int rc;

	if (a->nr_wake < 0 || a->nr_requeue < 0)
		return -EINVAL;
	for (;;) {
		rc = get_two(a->u1, a->flags1, a->u2, a->flags2, &t);
		if (rc)
			return rc;
		lock_two(t.b1, t.b2);
		rc = a->cmp ? read_word_locked(&now, a->u1) : 0;
		if (!rc)
			break;
		unlock_two(t.b1, t.b2);
		if (get_user(now, a->u1))			/* X3 */
			return -EFAULT;
	}
	kick_defer();
	rc = a->cmp && now != *a->cmp ? -EAGAIN : move_waiters(&t, a->nr_wake, a->nr_requeue);
	unlock_two(t.b1, t.b2);
	kick_flush();
	return rc;
}
