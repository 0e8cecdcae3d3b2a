/*
 * kernel/signal/queue.c - what is pending, with its siginfo.
 *
 * MODEL     sigpending = a set and a list.  A bit in the set says that the signal is pending; entries of
 *           the list carry its siginfo, several for one real-time signal.  A bit without an entry is
 *           delivered as if kill() from nobody had sent it.
 * INVARIANTS
 *   Q1  Every entry on a list has its bit set.
 *   Q2  The user that an entry counts against lives as long as the entry.
 * LOCKING   The lists: sighand->lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/signal/queue.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

static struct kmem_cache *sigqueue_cache;

void __init signals_init(void)
{
	sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0, SLAB_PANIC, NULL);
}

/* ---- entries --------------------------------------------------------------------------------- */

struct sigqueue *sigqueue_alloc(struct task_struct *t, gfp_t gfp, bool override)
{
	unsigned long limit = override ? RLIM_INFINITY : t->signal->rlim[RLIMIT_SIGPENDING].rlim_cur;
	struct user_struct *u = t->cred->user;
	struct sigqueue *q = NULL;

	if ((unsigned long)atomic_inc_return(&u->sigpending) <= limit)
		q = kmem_cache_alloc(sigqueue_cache, gfp);
	if (!q) {
		atomic_dec(&u->sigpending);
		return NULL;
	}
	INIT_LIST_HEAD(&q->list);
	q->user = get_uid(u);				/* Q2 */
	q->owned = false;
	return q;
}

void sigqueue_free(struct sigqueue *q)
{
	atomic_dec(&q->user->sigpending);
	free_uid(q->user);
	kmem_cache_free(sigqueue_cache, q);
}

static void sigqueue_taken(struct sigqueue *q)
{
	list_del_init(&q->list);
	if (!q->owned)
		sigqueue_free(q);
}

void sigqueue_disown(struct sigqueue *q)
{
	unsigned long flags;
	bool queued;

	spin_lock_irqsave(&current->sighand->lock, flags);
	queued = !list_empty(&q->list);
	q->owned = false;
	spin_unlock_irqrestore(&current->sighand->lock, flags);
	if (!queued)
		sigqueue_free(q);
}

int next_signal(const struct sigpending *pending, const sigset_t *mask)
{
	unsigned long x = pending->signal.sig[0] & ~mask->sig[0];

	if (!x)
		return 0;
	if (x & SIG_SYNCHRONOUS_MASK)
		x &= SIG_SYNCHRONOUS_MASK;
	return __builtin_ctzl(x) + 1;
}

void collect_signal(int sig, struct sigpending *pending, siginfo_t *info)
{
	struct sigqueue *q, *first = NULL;
	bool more = false;

	list_for_each_entry(q, &pending->list, list) {
		if (q->info.si_signo != sig)
			continue;
		if (first) {
			more = true;
			break;
		}
		first = q;
	}
	if (!more)
		sigdelset(&pending->signal, sig);		/* Q1 */
	if (first) {
		*info = first->info;
		sigqueue_taken(first);
		return;
	}
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = SI_USER;
}

void flush_sigqueue_mask(unsigned long mask, struct sigpending *pending)
{
	struct sigqueue *q, *n;

	if (!(pending->signal.sig[0] & mask))
		return;
	sigdelsetmask(&pending->signal, mask);
	list_for_each_entry_safe(q, n, &pending->list, list)
		if (mask & sigmask(q->info.si_signo))
			sigqueue_taken(q);
}

void flush_sigqueue(struct sigpending *pending)
{
	flush_sigqueue_mask(~0ul, pending);
	INV(Q1, list_empty(&pending->list));
}
