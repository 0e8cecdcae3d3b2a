/*
 * kernel/futex/requeue_pi.c - condition variables whose mutex is a PI lock.
 *
 * MODEL     A waiter of the condition names the lock that it will want (FUTEX_WAIT_REQUEUE_PI).  Who signals
 *           the condition (FUTEX_CMP_REQUEUE_PI) takes the lock for the first of them if it is free, and
 *           makes the others waiters of the lock: each wakes as its owner.  Nobody wakes only to wait again.
 * INVARIANTS  X1..X4 of internal.h, PI1..PI4 of pi.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/pi.h"

/* ---- the signaller --------------------------------------------------------------------------- */

static bool wants_lock(const struct futex_q *q, const struct futex_key *key)
{
	return q->pi && !q->pi_state && same_key(q->requeue_key, key);
}

/* @q, on the condition so far, waits for the lock.  0, -EDEADLK, -EAGAIN.  => both buckets locked */
static int requeue_one(struct futex_q *q, const struct futex_two *t, struct pi_request *r)
{
	unsigned long irq;
	int rc;

	spin_lock_irqsave(&pi_lock, irq);
	rc = pi_block(r->state, q->pi);
	spin_unlock_irqrestore(&pi_lock, irq);
	if (rc)
		return rc;
	pi_attach_q(q, r->state, r);
	requeue_q(q, t->b2, &t->k2);
	return 0;
}

/* All but @granted, as many as @nr_requeue and one allow: how many with it, or -errno.  => both buckets locked */
static int requeue_others(const struct requeue_args *a, const struct futex_two *t, struct pi_request *r,
			  const struct futex_q *granted)
{
	int done = granted ? 1 : 0, rc;
	struct futex_q *q, *n;

	list_for_each_entry_safe(q, n, &t->b1->waiters, link) {
		if (done - 1 >= a->nr_requeue)
			break;
		if (q == granted || !same_key(&q->key, &t->k1))
			continue;
		if (!wants_lock(q, &t->k2))
			return -EINVAL;
		rc = requeue_one(q, t, r);
		if (rc)
			return rc;
		done++;
	}
	return done;
}

/* => both buckets locked, inside kick_defer() */
static int requeue_locked(const struct requeue_args *a, const struct futex_two *t, struct pi_request *r)
	NO_LOCK_ANALYSIS
{
	struct futex_q *first = first_waiter(t->b1, &t->k1);
	int rc, claimed;

	if (!first)
		return 0;
	if (!wants_lock(first, &t->k2))
		return -EINVAL;
	r->task = first->task;
	claimed = pi_claim(r);
	if (claimed < 0)
		return claimed;
	/* It keeps still, as the owner, until this bucket is unlocked. */
	rc = requeue_others(a, t, r, claimed ? first : NULL);
	if (claimed)
		wake_waiter(first);
	return rc;
}

/* One look at the word of the condition, and one pass if it is as expected; *@again is false when it is not. */
static int try_requeue(const struct requeue_args *a, struct pi_request *r, bool *again) NO_LOCK_ANALYSIS
{
	struct futex_two t;
	u32 now;
	int rc = get_two(a->u1, a->flags1, a->u2, a->flags2 | FLAGS_WRITE, &t);

	*again = false;
	if (rc)
		return rc;
	if (same_key(&t.k1, &t.k2))
		return -EINVAL;
	r->key = t.k2;
	r->b = t.b2;
	kick_defer();
	lock_two(t.b1, t.b2);
	rc = read_word_locked(&now, a->u1);
	if (!rc) {
		*again = now == *a->cmp;
		rc = *again ? requeue_locked(a, &t, r) : -EAGAIN;
	}
	unlock_two(t.b1, t.b2);
	kick_flush();
	pi_release(r);
	return rc;
}

/* Bring the page of the word, to be read. */
static int probe_word(u32 __user *uaddr)
{
	__maybe_unused u32 now;

	return get_user(now, uaddr);
}

int futex_requeue_pi(const struct requeue_args *a)
{
	struct pi_request r = { .uaddr = a->u2, .set_waiters = a->nr_requeue > 0 };
	bool again;
	int rc;

	if (a->nr_wake < 0 || a->nr_requeue < 0 || a->u1 == a->u2 || a->nr_wake != 1)
		return -EINVAL;
	do {
		if (!r.fresh)
			r.fresh = pi_state_alloc();
		if (!r.fresh)
			return -ENOMEM;
		rc = try_requeue(a, &r, &again);
		if (again && rc < 0)
			rc = pi_retry(&r, rc);
		else if (rc == -EFAULT && !probe_word(a->u1))	/* X3 */
			again = true, rc = 0;
		else
			break;
	} while (!rc);
	kfree(r.fresh);
	return rc;
}

/* ---- the waiter ------------------------------------------------------------------------------ */

long futex_wait_requeue_pi(u32 __user *uaddr, unsigned flags, u32 val, const struct futex_timeout *to,
			   u32 bitset, u32 __user *uaddr2)
{
	struct pi_waiter w = { .task = current };
	struct futex_key lock_key;
	struct futex_q q = { .task = current, .bitset = bitset, .pi = &w, .requeue_key = &lock_key,
			     .urgency = task_urgency(current) };
	struct hrtimer_sleeper s;
	bool same;
	int rc;

	if (uaddr == uaddr2 || !bitset)
		return -EINVAL;
	w.q = &q;
	rc = get_key(uaddr2, flags | FLAGS_WRITE, &lock_key);
	if (!rc)
		rc = get_key(uaddr, flags, &q.key);
	if (rc)
		return rc;
	same = same_key(&q.key, &lock_key);
	rc = queue_if_equal(&q, uaddr, val);
	if (rc)
		return rc;
	if (same) {
		__set_current_state(TASK_RUNNING);
		(void)unqueue(&q);
		return -EINVAL;
	}
	timeout_start(&s, to);
	rc = pi_sleep(&q, uaddr2, &s, to);
	(void)timeout_end(&s, to);
	if (rc != -EINTR)
		return rc;
	/* Requeued, it cannot start again: the condition was signalled. */
	return same_key(&q.key, &lock_key) ? -EWOULDBLOCK : -ERESTARTNOINTR;
}
