/*
 * kernel/futex/pi_chain.c - who waits for whom, and how urgent that makes each.
 *
 * INVARIANTS  PI1..PI4 of kernel/futex/pi.h.
 * COST      A change of urgency goes from owner to owner until somebody does not notice: two tree operations
 *           and a look at the run queue each, PI_DEPTH of them at most.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/pi.h"

#define PI_DEPTH	1024		/* a longer chain of waiters is taken for a circle */

DEFINE_SPINLOCK(pi_lock, RANK_PI);

static struct pi_waiter *node_waiter(struct rb_node *n) { return rb_entry_safe(n, struct pi_waiter, node); }
static struct pi_state *node_state(struct rb_node *n) { return rb_entry_safe(n, struct pi_state, owned); }

struct pi_waiter *pi_first(struct pi_state *state)
{
	return node_waiter(rb_first(&state->waiters));
}

/* ---- the two trees --------------------------------------------------------------------------- */

static void insert_waiter(struct pi_state *state, struct pi_waiter *w)
{
	struct rb_node **link = &state->waiters.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = w->urgency < node_waiter(parent)->urgency ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&w->node, parent, link);
	rb_insert_color(&w->node, &state->waiters);
}

static void insert_owned(struct task_struct *owner, struct pi_state *state)
{
	struct rb_node **link = &owner->pi_owned.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = state->urgency < node_state(parent)->urgency ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&state->owned, parent, link);
	rb_insert_color(&state->owned, &owner->pi_owned);
}

/* Bring PI2 about again after a change of @state's waiters.  @listed: it is in the owner's tree. */
static void relist_state(struct pi_state *state, bool listed) REQUIRES(pi_lock)
{
	struct pi_waiter *first = pi_first(state);

	if (listed)
		rb_erase(&state->owned, &state->owner->pi_owned);
	if (!first)
		return;
	state->urgency = first->urgency;
	insert_owned(state->owner, state);
}

/* ---- urgency along the chain ----------------------------------------------------------------- */

/* What @t owns, or how urgent it is itself, has changed: it and those that it waits for follow. */
static void chain_follow(struct task_struct *t) REQUIRES(pi_lock)
{
	for (int depth = 0; depth < PI_DEPTH; depth++) {
		struct pi_state *most = node_state(rb_first(&t->pi_owned));
		struct pi_waiter *w = t->pi_blocked_on;
		u64 urgency = sched_inherit(t, most ? most->urgency : URGENCY_FAIR);

		if (!w || w->urgency == urgency)
			return;
		rb_erase(&w->node, &w->state->waiters);
		w->urgency = urgency;
		insert_waiter(w->state, w);
		if (pi_first(w->state)->urgency == w->state->urgency)
			return;
		relist_state(w->state, true);
		t = w->state->owner;
	}
}

void pi_urgency_changed(struct task_struct *t)
{
	unsigned long flags;

	spin_lock_irqsave(&pi_lock, flags);
	chain_follow(t);
	spin_unlock_irqrestore(&pi_lock, flags);
}

/* Would @t wait for itself if it waited for @state (PI3)? */
static bool closes_circle(const struct task_struct *t, const struct pi_state *state) REQUIRES(pi_lock)
{
	for (int depth = 0; state; depth++) {
		if (state->owner == t || depth >= PI_DEPTH)
			return true;
		state = state->owner->pi_blocked_on ? state->owner->pi_blocked_on->state : NULL;
	}
	return false;
}

/* ---- waiting and owning ---------------------------------------------------------------------- */

int pi_block(struct pi_state *state, struct pi_waiter *w)
{
	bool listed = !RB_EMPTY_ROOT(&state->waiters);

	if (!listed && state->owner->futex_state != FUTEX_STATE_OK)
		return -EAGAIN;
	if (closes_circle(w->task, state))
		return -EDEADLK;
	w->urgency = task_urgency(w->task);
	w->state = state;
	w->task->pi_blocked_on = w;
	insert_waiter(state, w);
	relist_state(state, listed);
	chain_follow(state->owner);
	return 0;
}

void pi_unblock(struct pi_waiter *w)
{
	struct pi_state *state = w->state;

	rb_erase(&w->node, &state->waiters);
	w->state = NULL;
	w->task->pi_blocked_on = NULL;
	relist_state(state, true);
	chain_follow(state->owner);
}

void pi_hand_over(struct pi_state *state, struct pi_waiter *w)
{
	struct task_struct *old = state->owner;

	rb_erase(&w->node, &state->waiters);
	w->state = NULL;
	w->task->pi_blocked_on = NULL;
	rb_erase(&state->owned, &old->pi_owned);
	state->owner = w->task;
	relist_state(state, false);
	chain_follow(old);
	chain_follow(w->task);
}

bool pi_bequeath(struct pi_state *state)
{
	struct pi_waiter *heir = pi_first(state);

	if (!heir)
		return false;
	state->orphan = true;
	pi_hand_over(state, heir);
	heir->heir = true;
	wake_up_process(heir->task);
	return true;
}
