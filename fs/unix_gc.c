/*
 * fs/unix_gc.c - sockets that only messages refer to: found and emptied.
 *
 * MODEL     A file that a message carries is in flight; a local socket counts how often it is (inflight).  When all
 *           references of a socket's file are in flight, it may still come out of a queue that somebody
 *           reads; or it waits only in queues that nobody can read any more, its own among them.  The
 *           latter are rubbish: their messages are taken away, which closes them.
 *
 *             candidates      all references in flight
 *             minus           those referred to by a message that is not in a candidate's queue,
 *                             and all that can be reached from these
 *             =               rubbish
 * INVARIANTS
 *   G1  inflight changes under unix_lock, in the same step in which a file enters or leaves a message; so
 *       f_count == inflight, seen under the lock, means that messages are all there is: a descriptor, or a call
 *       that took the file out or looked at it, counts one more.
 *   G2  Of a candidate's queue nothing is taken but by the collector: to receive, one needs its file.
 *   G3  Searches take at most a tenth of the time: after one, the next waits GC_REST times as long as it took.
 * LOCKING   unix_lock for the search; messages are freed without it.  One collector at a time: the work queue's.
 * COST      A search is linear in what is in flight; a closed socket asks for one while something is (G3).
 * TESTS     test/user/t_unix.c: rings of sockets, chains that end at a descriptor
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/unix_msg.h"
#include "kernel/task/user.h"
#include "kernel/time/hrtimer.h"
#include "kernel/workqueue.h"

#define GC_REST	9

static LIST_HEAD(inflight_list);	/* (U) sockets in flight, by gc_link */
static ktime_t gc_next;			/* no search before (G3) */
static struct hrtimer gc_timer;		/* asks for the one that has to wait */

static void inflight_change(struct file *f, int by) REQUIRES(unix_lock)
{
	struct unix_sock *s = unix_of_file(f);

	if (!s)
		return;
	if (by > 0 && !s->inflight)
		list_add_tail(&s->gc_link, &inflight_list);
	s->inflight += by;
	s->file = f;
	if (!s->inflight)
		list_del_init(&s->gc_link);
}

void unix_inflight(struct unix_msg *m)
{
	if (m->nr_fds)
		atomic_add(m->nr_fds, &m->fds_user->unix_inflight);
	for (unsigned i = 0; i < m->nr_fds; i++)
		inflight_change(m->fds[i], 1);
}

void unix_notinflight(struct unix_msg *m)
{
	if (m->nr_fds)
		atomic_sub(m->nr_fds, &m->fds_user->unix_inflight);
	for (unsigned i = 0; i < m->nr_fds; i++)
		inflight_change(m->fds[i], -1);
}

/* Call @fn for each candidate that the messages of @s's queue carry. */
static void for_each_carried(struct unix_sock *s, void (*fn)(struct unix_sock *, struct list_head *),
			     struct list_head *list) REQUIRES(unix_lock)
{
	struct unix_msg *m;

	list_for_each_entry(m, &s->rx, link)
		for (unsigned i = 0; i < m->nr_fds; i++) {
			struct unix_sock *t = unix_of_file(m->fds[i]);

			if (t && t->gc_candidate)
				fn(t, list);
		}
}

/* The same, with what waits to be accepted: its queues are reached through the listener. */
static void for_each_child(struct unix_sock *s, void (*fn)(struct unix_sock *, struct list_head *),
			   struct list_head *list) REQUIRES(unix_lock)
{
	struct unix_sock *c;

	for_each_carried(s, fn, list);
	list_for_each_entry(c, &s->backlog, backlog_link)
		for_each_carried(c, fn, list);
}

static void forget_reference(struct unix_sock *s, __maybe_unused struct list_head *list)
{
	s->gc_outside--;
}

static void not_rubbish(struct unix_sock *s, struct list_head *reached)
{
	s->gc_candidate = false;
	list_move_tail(&s->gc_link, reached);
}

/* The messages of all rubbish onto @msgs; everything in flight is on inflight_list again afterwards. */
static void find_rubbish(struct list_head *msgs) REQUIRES(unix_lock)
{
	LIST_HEAD(candidates);
	LIST_HEAD(reached);
	struct unix_sock *s, *n, *c;

	list_for_each_entry_safe(s, n, &inflight_list, gc_link)
		if (atomic_read(&s->file->f_count) == (int)s->inflight) {	/* G1 */
			s->gc_candidate = true;
			s->gc_outside = s->inflight;
			list_move_tail(&s->gc_link, &candidates);
		}
	list_for_each_entry(s, &candidates, gc_link)
		for_each_child(s, forget_reference, NULL);
	list_for_each_entry_safe(s, n, &candidates, gc_link)
		if (s->gc_outside)
			not_rubbish(s, &reached);
	list_for_each_entry(s, &reached, gc_link)		/* grows while we walk it */
		for_each_child(s, not_rubbish, &reached);
	list_for_each_entry(s, &candidates, gc_link) {
		s->gc_candidate = false;
		list_splice_tail_init(&s->rx, msgs);		/* G2 */
		list_for_each_entry(c, &s->backlog, backlog_link)
			list_splice_tail_init(&c->rx, msgs);
	}
	list_splice_tail_init(&candidates, &inflight_list);
	list_splice_tail_init(&reached, &inflight_list);
}

/* Is it too early for a search?  Then the timer asks again. */
static bool gc_rests(void)
{
	ktime_t next = READ_ONCE(gc_next);

	if (ktime_get() >= next)
		return false;
	hrtimer_start(&gc_timer, next, HRTIMER_MODE_ABS);
	return true;
}

static void unix_gc(__maybe_unused struct work_struct *work)
{
	ktime_t start = ktime_get(), took;
	LIST_HEAD(msgs);
	struct unix_msg *m, *n;

	if (gc_rests())
		return;
	spin_lock(&unix_lock);
	find_rubbish(&msgs);
	spin_unlock(&unix_lock);
	took = ktime_get() - start;
	WRITE_ONCE(gc_next, start + (GC_REST + 1) * took);		/* G3 */
	list_for_each_entry_safe(m, n, &msgs, link) {
		unix_msg_free(m);
		cond_resched();
	}
}

static DECLARE_WORK(gc_work, unix_gc);

static enum hrtimer_restart gc_timer_fires(__maybe_unused struct hrtimer *t)
{
	schedule_work(&gc_work);
	return HRTIMER_NORESTART;
}

void unix_gc_soon(void)
{
	if (!list_empty(&inflight_list) && !gc_rests())
		schedule_work(&gc_work);
}

void __init unix_gc_init(void)
{
	hrtimer_init(&gc_timer, gc_timer_fires);
}
