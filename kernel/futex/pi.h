/*
 * kernel/futex/pi.h - PI locks: for the files of kernel/futex only.
 *
 * MODEL     A PI lock is a user-space word that holds its owner's tid, with FUTEX_WAITERS set while somebody
 *           waits in the kernel.  pi_state is what the kernel keeps of it, as long as somebody waits:
 *               task --owns--> pi_state --waiters, most urgent first--> pi_waiter --> task --blocked on--> ...
 *           A task is as urgent as itself or the most urgent of all who wait for what it owns, whichever is more.
 * INVARIANTS
 *   PI1 A waiter is in its state's tree, its task's pi_blocked_on, and its q in the bucket of the lock's
 *       key: all or none, but under that bucket's lock; an heir alone is in the bucket only.
 *   PI2 A state is in its owner's tree pi_owned exactly while its own tree of waiters is not empty; the key
 *       there is the urgency of its first waiter.
 *   PI3 Following blocked-on and owner from any task ends: a wait that would close a circle is refused.
 *   PI4 A lock is handed over, never up for grabs: who leaves it makes the most urgent waiter its owner.
 * LOCKING   (B) the lock of the key's bucket.  (P) pi_lock, inside it; interrupts off.  One pi_lock for all:
 *           it is taken only where tasks wait, and a chain crosses locks of all processes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FUTEX_PI_H
#define VELLUM_FUTEX_PI_H

#include "kernel/futex/internal.h"
#include "mm/slab/slab.h"

struct pi_state {
	struct futex_key key;		/* (I) */
	unsigned nr_refs;		/* (B) the waiters in the bucket that name it */
	struct task_struct *owner;	/* (P) */
	bool orphan;			/* (P) the owner died: ->owner, its heir, has still to write the word */
	struct rb_root waiters;		/* (P) pi_waiter.node, by urgency, then by arrival */
	struct rb_node owned;		/* (P) in owner->pi_owned (PI2) */
	u64 urgency;			/* (P) of the first waiter: its key there */
};

struct pi_waiter {
	struct rb_node node;		/* (P) in state->waiters */
	struct task_struct *task;	/* (I) */
	struct futex_q *q;		/* (I) */
	struct pi_state *state;		/* (P) NULL: not in a tree */
	u64 urgency;			/* (P) the task's, its key in the tree */
	bool heir;			/* (P) it owns the lock; the word does not say so yet */
};

enum futex_task_state { FUTEX_STATE_OK, FUTEX_STATE_EXITING, FUTEX_STATE_DEAD };

extern spinlock_t pi_lock;

/* ---- pi_chain.c: all with pi_lock held ------------------------------------------------------- */

/*
 * @w->task waits for @state from now on: 0; -EDEADLK for a circle (PI3); -EAGAIN when nobody waited so far and
 * the owner is gone, or about to go.
 */
__must_check int pi_block(struct pi_state *state, struct pi_waiter *w) REQUIRES(pi_lock);
void pi_unblock(struct pi_waiter *w) REQUIRES(pi_lock);
/* The first of @state's waiters, or NULL. */
struct pi_waiter *pi_first(struct pi_state *state) REQUIRES(pi_lock);
/* @w, a waiter, owns @state now, instead of @state->owner. */
void pi_hand_over(struct pi_state *state, struct pi_waiter *w) REQUIRES(pi_lock);
/* @state's owner is gone: its first waiter inherits, and is woken to say so in the word.  False: there is none. */
bool pi_bequeath(struct pi_state *state) REQUIRES(pi_lock);

/* ---- pi.c ------------------------------------------------------------------------------------ */

/* A try at the PI lock @uaddr for @task, who calls or is moved there. */
struct pi_request {
	u32 __user *uaddr;
	struct futex_key key;
	struct futex_bucket *b;
	struct task_struct *task;
	bool set_waiters;		/* others are about to wait as well */
	struct pi_state *fresh;		/* to be used when the kernel knows no state yet, then NULL */
	struct pi_state *state;		/* result of 0: whose waiter one may become */
	struct task_struct *owner;	/* result of 0: the fresh state's, counted until pi_release() */
	struct task_struct *exiting;	/* result of -EBUSY: who is on its way out, counted */
};

/*
 * With @r->b locked: 1 the word is @r->task's; 0 there is an owner, see r->state; -EAGAIN, -EBUSY and
 * -EFAULT: let go of the bucket, pi_retry(), start again; or another -errno.
 */
__must_check int pi_claim(struct pi_request *r) REQUIRES(r->b->lock);
/* The bucket is unlocked: forget the owner. */
void pi_release(struct pi_request *r);
/* After -EAGAIN, -EBUSY, -EFAULT: 0 when to start again.  => no locks held */
__must_check int pi_retry(struct pi_request *r, int rc);
/* @q, whose pi waiter is blocked on @state, names it. */
void pi_attach_q(struct futex_q *q, struct pi_state *state, struct pi_request *r);
/* Sleep until @q owns the lock at @uaddr: 0; -ETIMEDOUT, -EINTR, -EFAULT.  A q not yet requeued: the same. */
__must_check int pi_sleep(struct futex_q *q, u32 __user *uaddr, struct hrtimer_sleeper *s,
			  const struct futex_timeout *to);
static inline struct pi_state *pi_state_alloc(void)
{
	return kzalloc(sizeof(struct pi_state), GFP_KERNEL);
}

#endif
