/*
 * kernel/futex/wait.c - one task waits for one word.
 *
 * INVARIANTS  X1..X4 of kernel/futex/internal.h.
 * COST      A fair task is queued last at once; a real-time task is placed among the real-time tasks that wait.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/internal.h"

/* ---- a bucket's queue ------------------------------------------------------------------------ */

void queue_q(struct futex_q *q, struct futex_bucket *b)
{
	struct list_head *before = &b->waiters;
	struct futex_q *o;

	if (unlikely(q->urgency != URGENCY_FAIR)) {
		list_for_each_entry(o, &b->waiters, link) {
			if (o->urgency > q->urgency) {
				before = &o->link;
				break;
			}
		}
	}
	WRITE_ONCE(q->bucket, b);				/* X1 */
	list_add_tail(&q->link, before);			/* X4 */
}

void unqueue_q(struct futex_q *q, struct futex_bucket *b)
{
	list_del(&q->link);
	atomic_dec(&b->nr_waiters);
}

struct futex_q *first_waiter(struct futex_bucket *b, const struct futex_key *key)
{
	struct futex_q *q;

	list_for_each_entry(q, &b->waiters, link)
		if (same_key(&q->key, key))
			return q;
	return NULL;
}

int queue_if_equal(struct futex_q *q, u32 __user *uaddr, u32 val)
{
	struct futex_bucket *b = bucket_of(&q->key);
	u32 now;
	int rc;

	for (;;) {
		atomic_inc(&b->nr_waiters);
		smp_mb();	/* counted before the word is read: pairs with futex_wake() */
		spin_lock(&b->lock);
		rc = read_word_locked(&now, uaddr);
		if (!rc && now == val)
			break;
		spin_unlock(&b->lock);
		atomic_dec(&b->nr_waiters);
		if (!rc)
			return -EWOULDBLOCK;
		if (get_user(now, uaddr))			/* X3 */
			return -EFAULT;
	}
	q->woken = false;
	set_current_state(TASK_INTERRUPTIBLE);
	queue_q(q, b);
	spin_unlock(&b->lock);
	return 0;
}

struct futex_bucket *lock_bucket_of(struct futex_q *q) NO_LOCK_ANALYSIS
{
	for (;;) {
		struct futex_bucket *b = READ_ONCE(q->bucket);

		if (smp_load_acquire(&q->woken))
			return NULL;
		spin_lock(&b->lock);
		if (likely(b == q->bucket && !q->woken))
			return b;
		spin_unlock(&b->lock);				/* woken or requeued meanwhile */
	}
}

bool unqueue(struct futex_q *q)
{
	struct futex_bucket *b = lock_bucket_of(q);

	if (!b)
		return false;
	spin_assert_held(&b->lock);
	unqueue_q(q, b);
	spin_unlock(&b->lock);
	return true;
}

/* ---- waiting --------------------------------------------------------------------------------- */

void timeout_start(struct hrtimer_sleeper *s, const struct futex_timeout *to)
{
	if (!to->set)
		return;
	hrtimer_init_sleeper(s, to->clock);
	hrtimer_start(&s->timer, to->end, HRTIMER_MODE_ABS);
}

bool timeout_end(struct hrtimer_sleeper *s, const struct futex_timeout *to)
{
	if (!to->set)
		return false;
	hrtimer_cancel(&s->timer);
	return !s->task;
}

/* 0 woken, WOKEN_FOR_NOTHING, -ETIMEDOUT, -ERESTARTSYS, or what queue_if_equal() says. */
#define WOKEN_FOR_NOTHING	1
static int wait_once(u32 __user *uaddr, unsigned flags, u32 val, const struct futex_timeout *to, u32 bitset)
{
	struct futex_q q = { .task = current, .bitset = bitset, .urgency = task_urgency(current) };
	struct hrtimer_sleeper s;
	bool timed_out;
	int rc = get_key(uaddr, flags, &q.key);

	if (!rc)
		rc = queue_if_equal(&q, uaddr, val);
	if (rc)
		return rc;
	timeout_start(&s, to);
	if (!READ_ONCE(q.woken) && (!to->set || READ_ONCE(s.task)))
		schedule();
	__set_current_state(TASK_RUNNING);
	timed_out = timeout_end(&s, to);
	if (!unqueue(&q))
		return 0;
	if (timed_out)
		return -ETIMEDOUT;
	return signal_pending() ? -ERESTARTSYS : WOKEN_FOR_NOTHING;
}

long futex_wait_plain(u32 __user *uaddr, unsigned flags, u32 val, const struct futex_timeout *to, u32 bitset)
{
	int rc;

	if (!bitset)
		return -EINVAL;
	do {
		rc = wait_once(uaddr, flags, val, to, bitset);
	} while (rc == WOKEN_FOR_NOTHING);
	return rc;
}

static long futex_wait_restart(struct restart_block *rb)
{
	struct futex_timeout to = { true, rb->arg[3], rb->arg[2] };

	return futex_wait((u32 __user *)rb->arg[0], rb->arg[5], rb->arg[1], &to, rb->arg[4]);
}

long futex_wait(u32 __user *uaddr, unsigned flags, u32 val, const struct futex_timeout *to, u32 bitset)
{
	struct restart_block *rb = &current->restart_block;
	long rc = futex_wait_plain(uaddr, flags, val, to, bitset);

	if (rc != -ERESTARTSYS || !to->set)
		return rc;
	rb->fn = futex_wait_restart;
	rb->arg[0] = (u64)uaddr;
	rb->arg[1] = val;
	rb->arg[2] = to->end;
	rb->arg[3] = to->clock;
	rb->arg[4] = bitset;
	rb->arg[5] = flags;
	return -ERESTART_RESTARTBLOCK;
}
