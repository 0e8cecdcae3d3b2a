/*
 * kernel/futex/waitv.c - one task waits for the first of many words.
 *
 * MODEL     A waiter for each word, all of the one task.  They are queued one by one, each after a look at
 *           its word; the state is set before the first, so that a wake-up of any of them ends the sleep, or
 *           forbids it.
 * FAILURE   A word that has changed ends the call; if an earlier one was woken in between, that counts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/internal.h"

/* Take the first @nr off their queues: the last that had been woken, or -1. */
static int unqueue_multiple(struct futex_waiting *w, unsigned nr)
{
	int woken = -1;

	for (unsigned i = 0; i < nr; i++)
		if (!unqueue(&w[i].q))
			woken = i;
	return woken;
}

static int name_words(struct futex_waiting *w, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		int rc = get_key(w[i].uaddr, w[i].flags, &w[i].q.key);

		if (rc)
			return rc;
		w[i].q.task = current;
		w[i].q.bitset = FUTEX_BITSET_MATCH_ANY;
		w[i].q.urgency = task_urgency(current);
	}
	return 0;
}

/* ALL_QUEUED, the index of one that was woken already, or -errno. */
#define ALL_QUEUED	FUTEX_WAITV_MAX
static int queue_multiple(struct futex_waiting *w, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		int rc = queue_if_equal(&w[i].q, w[i].uaddr, w[i].val), woken;

		if (!rc)
			continue;
		__set_current_state(TASK_RUNNING);
		woken = unqueue_multiple(w, i);
		return woken >= 0 ? woken : rc;
	}
	return ALL_QUEUED;
}

static bool any_woken(const struct futex_waiting *w, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		if (READ_ONCE(w[i].q.woken))
			return true;
	return false;
}

long futex_wait_multiple(struct futex_waiting *w, unsigned nr, const struct futex_timeout *to)
{
	struct hrtimer_sleeper s;
	bool timed_out = false;
	int rc = name_words(w, nr);

	if (rc)
		return rc;
	timeout_start(&s, to);
	for (;;) {
		rc = queue_multiple(w, nr);
		if (rc != ALL_QUEUED)
			break;
		/* A fault while a later word was read has set the state back: look before sleeping. */
		set_current_state(TASK_INTERRUPTIBLE);
		if (!any_woken(w, nr) && (!to->set || READ_ONCE(s.task)))
			schedule();
		__set_current_state(TASK_RUNNING);
		rc = unqueue_multiple(w, nr);
		timed_out = to->set && !READ_ONCE(s.task);
		if (rc >= 0)
			break;
		rc = timed_out ? -ETIMEDOUT : -ERESTARTSYS;
		if (timed_out || signal_pending())
			break;
	}
	(void)timeout_end(&s, to);
	return rc;
}
