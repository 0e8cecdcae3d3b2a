/*
 * kernel/signal/queue.c - what is pending, with its siginfo.
 *
 * MODEL     sigpending = a set and a list.  A bit in the set says that the signal is pending; entries of
 *           the list carry its siginfo, several for one real-time signal.  A bit without an entry is
 *           delivered as if kill() from nobody had sent it.
 * INVARIANTS
 *   Q1  Every entry on a list has its bit set.
 *   Q2  A sig_user lives while an entry counts against it.
 * LOCKING   The lists: sighand->lock.  The users: sig_user_lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/signal/queue.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define USER_HASH	32

struct sig_user {
	struct sig_user *next;		/* (sig_user_lock) */
	uid_t uid;			/* (I) */
	unsigned count;			/* (sig_user_lock) */
};

static DEFINE_SPINLOCK(sig_user_lock, RANK_SLAB - 1);
static struct sig_user *sig_users[USER_HASH];
static struct kmem_cache *sigqueue_cache;

void __init signals_init(void)
{
	sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0, SLAB_PANIC, NULL);
}

/* ---- RLIMIT_SIGPENDING ----------------------------------------------------------------------- */

static struct sig_user **user_slot(uid_t uid)
{
	struct sig_user **p = &sig_users[uid % USER_HASH];

	while (*p && (*p)->uid != uid)
		p = &(*p)->next;
	return p;
}

/* One more for @uid, if that stays within @limit; NULL otherwise or without memory. */
static struct sig_user *user_charge(uid_t uid, unsigned long limit)
{
	struct sig_user *u, *fresh = NULL, **slot;
	unsigned long flags;

again:
	spin_lock_irqsave(&sig_user_lock, flags);
	slot = user_slot(uid);
	u = *slot;
	if (!u && fresh) {
		u = *slot = fresh;
		fresh = NULL;
	}
	if (u && u->count < limit)
		u->count++;
	else if (u && u->count)
		u = NULL;
	spin_unlock_irqrestore(&sig_user_lock, flags);
	if (!u && !fresh && limit && !sigqueue_user_count(uid)) {
		fresh = kzalloc(sizeof(*fresh), GFP_ATOMIC);
		if (!fresh)
			return NULL;
		fresh->uid = uid;
		goto again;
	}
	kfree(fresh);
	return u;
}

static void user_uncharge(struct sig_user *u)
{
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&sig_user_lock, flags);
	last = --u->count == 0;
	if (last)
		*user_slot(u->uid) = u->next;
	spin_unlock_irqrestore(&sig_user_lock, flags);
	if (last)
		kfree(u);					/* Q2 */
}

unsigned sigqueue_user_count(uid_t uid)
{
	unsigned long flags;
	struct sig_user *u;
	unsigned n;

	spin_lock_irqsave(&sig_user_lock, flags);
	u = *user_slot(uid);
	n = u ? u->count : 0;
	spin_unlock_irqrestore(&sig_user_lock, flags);
	return n;
}

/* ---- entries --------------------------------------------------------------------------------- */

struct sigqueue *sigqueue_alloc(struct task_struct *t, gfp_t gfp, bool override)
{
	unsigned long limit = override ? RLIM_INFINITY : t->signal->rlim[RLIMIT_SIGPENDING].rlim_cur;
	struct sig_user *u = user_charge(t->cred->uid, limit);
	struct sigqueue *q;

	if (!u)
		return NULL;
	q = kmem_cache_alloc(sigqueue_cache, gfp);
	if (!q) {
		user_uncharge(u);
		return NULL;
	}
	INIT_LIST_HEAD(&q->list);
	q->user = u;
	q->owned = false;
	return q;
}

void sigqueue_free(struct sigqueue *q)
{
	user_uncharge(q->user);
	kmem_cache_free(sigqueue_cache, q);
}

static void sigqueue_taken(struct sigqueue *q)
{
	list_del_init(&q->list);
	if (!q->owned)
		sigqueue_free(q);
}

void sigqueue_disown(struct sigqueue *q, struct task_struct *t)
{
	unsigned long flags;
	struct sighand_struct *sighand = lock_task_sighand(t, &flags);
	bool queued = !list_empty(&q->list);

	q->owned = false;
	if (sighand) {
		spin_assert_held(&sighand->lock);
		spin_unlock_irqrestore(&sighand->lock, flags);
	}
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

void flush_signals(struct task_struct *t)
{
	unsigned long flags;

	spin_lock_irqsave(&t->sighand->lock, flags);
	flush_sigqueue(&t->pending);
	flush_sigqueue(&t->signal->shared_pending);
	__atomic_fetch_and(&t->work, ~WORK_SIGNAL, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&t->sighand->lock, flags);
}

