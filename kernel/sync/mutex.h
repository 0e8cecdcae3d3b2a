/*
 * kernel/sync/mutex.h - a lock that sleeps, with an owner.
 *
 * MODEL     owner is the holder's task_base, with two bits below it: MUTEX_WAITERS sends the holder's
 *           unlock down the slow way, which wakes the first in the queue; MUTEX_HANDOFF, set by a waiter
 *           that was woken and still came too late, makes unlock give the lock to it directly.
 * INVARIANTS
 *   M1  owner & ~3 is the holder, or 0.
 *   M2  MUTEX_WAITERS is set whenever the queue is not empty; flags change under waiters.lock, by
 *       atomic operations, for the fast ways run without it.
 * COST      Uncontended: one compare-and-swap each way, inline.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MUTEX_H
#define VELLUM_MUTEX_H

#include "kernel/sync/wait.h"

struct CAPABILITY("mutex") mutex {
	unsigned long owner;		/* (A) task_base * of the holder; MUTEX_* */
	wait_queue_head_t waiters;
	u32 rank;			/* (I) enum lockrank */
};

#define MUTEX_WAITERS	1ul
#define MUTEX_HANDOFF	2ul
#define MUTEX_FLAGS	3ul

#define MUTEX_INIT(name, r) { .waiters = WAIT_QUEUE_INIT((name).waiters), .rank = (r) }
#define DEFINE_MUTEX(name, r) struct mutex name = MUTEX_INIT(name, r)
void mutex_init(struct mutex *m, enum lockrank rank);
int mutex_lock_slow(struct mutex *m, int state);
void mutex_unlock_slow(struct mutex *m);

/* Take the lock if it is free and nobody waits. */
static __always_inline bool mutex_grab(struct mutex *m)
{
	unsigned long free = 0;

	return __atomic_compare_exchange_n(&m->owner, &free, (unsigned long)current_base(), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static __always_inline void mutex_lock(struct mutex *m) ACQUIRE(m) NO_LOCK_ANALYSIS
{
	lock_check_sleeping(m, m->rank);
	if (unlikely(!mutex_grab(m)))
		(void)mutex_lock_slow(m, TASK_UNINTERRUPTIBLE);
}

/* Inside another mutex of the same rank: the caller knows an order among them. */
static __always_inline void mutex_lock_nested(struct mutex *m) ACQUIRE(m) NO_LOCK_ANALYSIS
{
	lock_check_nested(m, m->rank);
	if (unlikely(!mutex_grab(m)))
		(void)mutex_lock_slow(m, TASK_UNINTERRUPTIBLE);
}

static inline int mutex_lock_state(struct mutex *m, int state) TRY_ACQUIRE(0, m) NO_LOCK_ANALYSIS
{
	int rc;

	lock_check_sleeping(m, m->rank);
	rc = mutex_grab(m) ? 0 : mutex_lock_slow(m, state);
	if (rc)
		lock_check_dropped(m, m->rank);
	return rc;
}

/* 0 or -EINTR; 0 or -ERESTARTSYS. */
static inline __must_check int mutex_lock_killable(struct mutex *m) TRY_ACQUIRE(0, m)
{ return mutex_lock_state(m, TASK_KILLABLE); }
static inline __must_check int mutex_lock_interruptible(struct mutex *m) TRY_ACQUIRE(0, m)
{ return mutex_lock_state(m, TASK_INTERRUPTIBLE); }

static inline __must_check bool mutex_trylock(struct mutex *m) TRY_ACQUIRE(true, m) NO_LOCK_ANALYSIS
{
	if (!mutex_grab(m))
		return false;
	lock_check_nested(m, m->rank);
	return true;
}

static __always_inline void mutex_unlock(struct mutex *m) RELEASE(m) NO_LOCK_ANALYSIS
{
	unsigned long self = (unsigned long)current_base();

	INV(M1, (READ_ONCE(m->owner) & ~MUTEX_FLAGS) == self);
	lock_check_dropped(m, m->rank);
	/* A fence of its own: gcc 12 drops the release of a compare-and-swap that may fail relaxed. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (unlikely(!__atomic_compare_exchange_n(&m->owner, &self, 0ul, false, __ATOMIC_RELAXED,
						  __ATOMIC_RELAXED)))
		mutex_unlock_slow(m);
}

static inline bool mutex_is_locked(const struct mutex *m)
{ return __atomic_load_n(&m->owner, __ATOMIC_RELAXED) & ~MUTEX_FLAGS; }

/* The running task has it, by a way that clang cannot follow. */
static __always_inline void mutex_assert_held(const struct mutex *m) ASSERT_HELD(m)
{ INV(M1, (READ_ONCE(m->owner) & ~MUTEX_FLAGS) == (unsigned long)current_base()); }

#endif
