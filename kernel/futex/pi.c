/*
 * kernel/futex/pi.c - locks whose holder runs as urgently as the most urgent of those who wait for it.
 *
 * MODEL     User space takes a free lock by writing its tid over 0, and gives up one that nobody waits for
 *           by writing 0 over its tid; everything else comes here.
 *             lock    claim: the word's owner gets FUTEX_WAITERS set beside it; block on the state; sleep
 *             unlock  the most urgent waiter's tid goes into the word, and it is woken as the owner
 *             death   the most urgent waiter inherits, and itself writes its tid with FUTEX_OWNER_DIED into
 *                     the word: only it knows where it has it mapped
 * INVARIANTS  X1..X4 of internal.h, PI1..PI4 of pi.h.
 * FAILURE   Words that user space filled in as it pleases are checked against what the kernel knows:
 *           -EINVAL, -ESRCH.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/pi.h"
#include "kernel/task/pid.h"

static DECLARE_WAIT_QUEUE_HEAD(exit_wait);		/* for somebody's FUTEX_STATE_EXITING to end */

/* ---- claiming the word ----------------------------------------------------------------------- */

/* -EAGAIN when the word is not @old any more, -EFAULT. */
static int word_update(u32 __user *uaddr, u32 old, u32 new_)
{
	u32 seen;
	int rc = cmpxchg_word_locked(uaddr, old, new_, &seen);

	if (rc)
		return rc;
	return seen == old ? 0 : -EAGAIN;
}

/* Does the word @val agree with what the kernel knows of the lock? */
static int check_known(const struct pi_state *state, u32 val)
{
	u32 tid = val & FUTEX_TID_MASK;
	unsigned long irq;
	bool orphan;
	pid_t owner;

	spin_lock_irqsave(&pi_lock, irq);
	orphan = state->orphan;
	owner = state->owner->pid;
	spin_unlock_irqrestore(&pi_lock, irq);
	if (val & FUTEX_OWNER_DIED) {
		if (!tid)
			return 0;		/* dying, or the heir has still to write */
		if (orphan)
			return -EINVAL;
	} else if (orphan) {
		return -EINVAL;
	}
	return (pid_t)tid == owner ? 0 : -EINVAL;
}

/* There is no live owner @val speaks of: or is that old news? */
static int owner_gone(const struct pi_request *r, u32 val)
{
	u32 now;

	if (read_word_locked(&now, r->uaddr))
		return -EFAULT;
	return now == val ? -ESRCH : -EAGAIN;
}

/* The kernel hears of the lock for the first time: its owner is who the word @val says. */
static int find_owner(struct pi_request *r, u32 val)
{
	struct task_struct *owner;
	int state, rc = 0;

	owner = find_get_task(val & FUTEX_TID_MASK);
	if (!owner)
		return owner_gone(r, val);
	state = READ_ONCE(owner->futex_state);
	if (owner->flags & PF_KTHREAD) {
		rc = -EPERM;
	} else if (state == FUTEX_STATE_EXITING) {
		r->exiting = owner;
		return -EBUSY;			/* keeps the reference */
	} else if (state == FUTEX_STATE_DEAD) {
		rc = owner_gone(r, val);
	} else {
		r->fresh->owner = r->owner = owner;	/* pi_block() looks again whether it lives */
		r->state = r->fresh;
		return 0;			/* keeps the reference */
	}
	put_task_struct(owner);
	return rc;
}

void pi_release(struct pi_request *r)
{
	if (r->owner)
		put_task_struct(r->owner);
	r->owner = NULL;
}

/* Nobody holds the lock: write @r->task's tid. */
static int claim_free(struct pi_request *r, u32 val)
{
	u32 new_ = (val & FUTEX_OWNER_DIED) | (u32)r->task->pid | (r->set_waiters ? FUTEX_WAITERS : 0);
	int rc = word_update(r->uaddr, val, new_);

	if (rc)
		return rc;
	r->fresh->owner = r->task;
	r->state = r->fresh;
	return 1;
}

int pi_claim(struct pi_request *r)
{
	struct futex_q *known;
	u32 val;
	int rc;

	if (read_word_locked(&val, r->uaddr))
		return -EFAULT;
	if ((val & FUTEX_TID_MASK) == (u32)r->task->pid)
		return -EDEADLK;
	known = first_waiter(r->b, &r->key);
	if (known) {
		r->state = known->pi_state;
		return r->state ? check_known(r->state, val) : -EINVAL;
	}
	r->fresh->key = r->key;
	if (!(val & FUTEX_TID_MASK))
		return claim_free(r, val);
	rc = word_update(r->uaddr, val, val | FUTEX_WAITERS);
	return rc ? rc : find_owner(r, val | FUTEX_WAITERS);
}

int pi_retry(struct pi_request *r, int rc)
{
	struct task_struct *exiting = r->exiting;

	r->exiting = NULL;
	switch (rc) {
	case -EFAULT:
		return fault_in_word(r->uaddr);
	case -EBUSY:
		wait_event(exit_wait, READ_ONCE(exiting->futex_state) != FUTEX_STATE_EXITING);
		put_task_struct(exiting);
		return 0;
	case -EAGAIN:
		cond_resched();
		return fatal_signal_pending() ? -EINTR : 0;
	default:
		return rc;
	}
}

/* ---- references ------------------------------------------------------------------------------ */

void pi_attach_q(struct futex_q *q, struct pi_state *state, struct pi_request *r)
{
	state->nr_refs++;
	q->pi_state = state;
	if (state == r->fresh)
		r->fresh = NULL;
}

/* @q leaves the bucket for good. */
static void drop_q(struct futex_q *q, struct futex_bucket *b) REQUIRES(b->lock)
{
	struct pi_state *state = q->pi_state;

	unqueue_q(q, b);
	q->pi_state = NULL;
	if (state && !--state->nr_refs)
		kfree(state);
}

/* ---- sleeping -------------------------------------------------------------------------------- */

/* The heir says in the word that it is the owner: 0; -EAGAIN, -EFAULT: try again without the lock. */
static int write_inheritance(struct futex_q *q, u32 __user *uaddr)
{
	unsigned long irq;
	u32 val;
	int rc;

	if (read_word_locked(&val, uaddr))
		return -EFAULT;
	rc = word_update(uaddr, val, (u32)current->pid | FUTEX_WAITERS | FUTEX_OWNER_DIED);
	if (rc)
		return rc;
	spin_lock_irqsave(&pi_lock, irq);
	q->pi_state->orphan = false;
	spin_unlock_irqrestore(&pi_lock, irq);
	return 0;
}

/* The word cannot be had: the next waiter inherits. */
static void decline_inheritance(struct pi_state *state)
{
	unsigned long irq;

	spin_lock_irqsave(&pi_lock, irq);
	(void)pi_bequeath(state);
	spin_unlock_irqrestore(&pi_lock, irq);
}

/* => b->lock held on entry, not on exit */
static int inherit(struct futex_q *q, struct futex_bucket *b, u32 __user *uaddr) NO_LOCK_ANALYSIS
{
	int rc = write_inheritance(q, uaddr);

	while (rc) {
		spin_unlock(&b->lock);
		cond_resched();
		if (rc == -EFAULT && fault_in_word(uaddr)) {
			spin_lock(&b->lock);
			decline_inheritance(q->pi_state);
			break;
		}
		spin_lock(&b->lock);
		rc = write_inheritance(q, uaddr);
	}
	drop_q(q, b);
	spin_unlock(&b->lock);
	return rc;
}

/* @q waits no longer.  An heir cannot get away like that.  => its bucket's lock held */
static bool give_up(struct futex_q *q, struct futex_bucket *b) REQUIRES(b->lock)
{
	unsigned long irq;
	bool heir;

	spin_lock_irqsave(&pi_lock, irq);
	heir = q->pi->heir;
	if (!heir && q->pi->state)
		pi_unblock(q->pi);
	spin_unlock_irqrestore(&pi_lock, irq);
	if (!heir)
		drop_q(q, b);
	return !heir;
}

int pi_sleep(struct futex_q *q, u32 __user *uaddr, struct hrtimer_sleeper *s, const struct futex_timeout *to)
	NO_LOCK_ANALYSIS
{
	for (;;) {
		struct futex_bucket *b = lock_bucket_of(q);
		int rc = 0;

		if (!b)
			return 0;
		set_current_state(TASK_INTERRUPTIBLE);
		if (to->set && !READ_ONCE(s->task))
			rc = -ETIMEDOUT;
		else if (signal_pending())
			rc = -EINTR;
		if (rc || READ_ONCE(q->pi->heir)) {
			__set_current_state(TASK_RUNNING);
			if (!rc || !give_up(q, b))
				return inherit(q, b, uaddr);
			spin_unlock(&b->lock);
			return rc;
		}
		spin_unlock(&b->lock);
		schedule();
		__set_current_state(TASK_RUNNING);
	}
}

/* ---- lock ------------------------------------------------------------------------------------ */

/* The bucket is locked, and there is an owner: become its waiter.  0, or what pi_block() says */
static int block_on(struct pi_request *r, struct futex_q *q) REQUIRES(r->b->lock)
{
	unsigned long irq;
	int rc;

	spin_lock_irqsave(&pi_lock, irq);
	rc = pi_block(r->state, q->pi);
	spin_unlock_irqrestore(&pi_lock, irq);
	if (rc)
		return rc;
	pi_attach_q(q, r->state, r);
	q->key = r->key;
	atomic_inc(&r->b->nr_waiters);
	queue_q(q, r->b);
	return 0;
}

/* 1 locked, 0 queued as a waiter, -EWOULDBLOCK of PI_TRY, or -errno; *@again says: only for now. */
static int try_lock(struct pi_request *r, struct futex_q *q, enum pi_try how, bool *again)
{
	int rc;

	*again = false;
	if (!r->fresh)
		r->fresh = pi_state_alloc();
	if (!r->fresh)
		return -ENOMEM;
	kick_defer();
	spin_lock(&r->b->lock);
	rc = pi_claim(r);
	if (rc < 0)
		*again = true;
	else if (!rc && how == PI_TRY)
		rc = -EWOULDBLOCK;
	else if (!rc)
		rc = block_on(r, q);
	*again |= rc == -EAGAIN && how == PI_WAIT;		/* the owner has begun to exit */
	spin_unlock(&r->b->lock);
	kick_flush();
	pi_release(r);
	return rc;
}

static int lock_or_queue(struct pi_request *r, struct futex_q *q, enum pi_try how)
{
	bool again;
	int rc;

	do {
		rc = try_lock(r, q, how, &again);
		if (again)
			rc = pi_retry(r, rc);
	} while (again && !rc);
	return rc;
}

long futex_lock_pi(u32 __user *uaddr, unsigned flags, const struct futex_timeout *to, enum pi_try how)
{
	struct pi_waiter w = { .task = current };
	struct futex_q q = { .task = current, .bitset = FUTEX_BITSET_MATCH_ANY, .pi = &w,
			     .urgency = task_urgency(current) };
	struct pi_request r = { .uaddr = uaddr, .task = current };
	struct hrtimer_sleeper s;
	int rc = get_key(uaddr, flags | FLAGS_WRITE, &r.key);

	if (rc)
		return rc;
	w.q = &q;
	r.b = bucket_of(&r.key);
	timeout_start(&s, to);
	rc = lock_or_queue(&r, &q, how);
	if (!rc)
		rc = pi_sleep(&q, uaddr, &s, to);
	else if (rc > 0)
		rc = 0;
	(void)timeout_end(&s, to);
	kfree(r.fresh);
	return rc == -EINTR ? -ERESTARTNOINTR : rc;
}

/* ---- unlock ---------------------------------------------------------------------------------- */

/* The most urgent of those who wait for @state, or NULL when current does not own it. */
static struct pi_waiter *successor(struct pi_state *state)
{
	struct pi_waiter *w = NULL;
	unsigned long irq;

	spin_lock_irqsave(&pi_lock, irq);
	if (state->owner == current && !state->orphan)
		w = pi_first(state);
	spin_unlock_irqrestore(&pi_lock, irq);
	return w;
}

/* @w, who waits on @state, owns it from now on, and runs.  => the bucket's lock held, inside kick_defer() */
static void grant(struct pi_state *state, struct pi_waiter *w)
{
	struct futex_q *q = w->q;
	unsigned long irq;

	spin_lock_irqsave(&pi_lock, irq);
	pi_hand_over(state, w);
	spin_unlock_irqrestore(&pi_lock, irq);
	q->pi_state = NULL;
	state->nr_refs--;
	wake_waiter(q);
	if (!state->nr_refs)
		kfree(state);
}

/* Somebody waits in the kernel: the word @val of current's becomes that one's. */
static int unlock_to_waiter(struct pi_state *state, u32 __user *uaddr, u32 val)
{
	struct pi_waiter *w = state ? successor(state) : NULL;
	u32 seen;

	if (!w)
		return -EINVAL;
	if (cmpxchg_word_locked(uaddr, val, (u32)w->task->pid | FUTEX_WAITERS, &seen))
		return -EFAULT;
	if (seen != val)		/* a waiter's FUTEX_WAITERS came, or user space wrote what it must not */
		return (seen & FUTEX_TID_MASK) == val ? -EAGAIN : -EINVAL;
	grant(state, w);
	return 0;
}

static int unlock_locked(struct futex_bucket *b, const struct futex_key *key, u32 __user *uaddr, u32 val)
	REQUIRES(b->lock)
{
	struct futex_q *known = first_waiter(b, key);

	if (known)
		return unlock_to_waiter(known->pi_state, uaddr, val);
	return word_update(uaddr, val, 0);
}

long futex_unlock_pi(u32 __user *uaddr, unsigned flags)
{
	struct pi_request r = { .uaddr = uaddr };
	struct futex_bucket *b;
	struct futex_key key;
	u32 val;
	int rc;

	do {
		if (get_user(val, uaddr))
			return -EFAULT;
		if ((val & FUTEX_TID_MASK) != (u32)current->pid)
			return -EPERM;
		rc = get_key(uaddr, flags | FLAGS_WRITE, &key);
		if (rc)
			return rc;
		b = bucket_of(&key);
		kick_defer();
		spin_lock(&b->lock);
		rc = unlock_locked(b, &key, uaddr, val);
		spin_unlock(&b->lock);
		kick_flush();
		if (!rc)
			return 0;
		rc = pi_retry(&r, rc);
	} while (!rc);
	return rc;
}

/* ---- the end of an owner --------------------------------------------------------------------- */

/* All locks of @t go to who waits for them; then @t is in @state. */
static void leave_all(struct task_struct *t, enum futex_task_state state)
{
	struct rb_node *owned;
	unsigned long irq;

	do {
		kick_defer();
		spin_lock_irqsave(&pi_lock, irq);
		owned = t->pi_owned.rb_node;
		if (owned)
			(void)pi_bequeath(rb_entry(owned, struct pi_state, owned));
		else
			WRITE_ONCE(t->futex_state, state);
		spin_unlock_irqrestore(&pi_lock, irq);
		kick_flush();
	} while (owned);
	if (unlikely(waitqueue_active(&exit_wait)))
		wake_up_all(&exit_wait);
}

static void release_locks(struct task_struct *t, enum futex_task_state state)
{
	/* Before the lists are looked at: who becomes a waiter after that sees it, under pi_lock. */
	WRITE_ONCE(t->futex_state, FUTEX_STATE_EXITING);
	if (t->mm)
		exit_robust_list(t);
	leave_all(t, state);
}

void futex_exit_release(struct task_struct *t)
{
	release_locks(t, FUTEX_STATE_DEAD);
}

void futex_exec_release(struct task_struct *t)
{
	release_locks(t, FUTEX_STATE_OK);
}

void futex_init_task(struct task_struct *t)
{
	t->robust_list = NULL;
	t->pi_owned = RB_ROOT;
	t->pi_blocked_on = NULL;
	t->futex_state = FUTEX_STATE_OK;
}
