/*
 * kernel/sync/rwsem.h - many readers or one writer; sleeps.
 *
 * MODEL     count = RWSEM_WRITER (a writer holds it) | RWSEM_WAITERS (the queue is not empty) |
 *           readers * RWSEM_READER.  First come, first served: whoever finds WAITERS queues up, so
 *           neither side starves.  The lock is handed to the head of the queue, or to the readers
 *           there up to the next writer, by whoever leaves it last.
 * INVARIANTS
 *   W1  A writer excludes everyone.  A reader that came by the fast way and found WRITER or WAITERS
 *       takes its unit back under waiters.lock; until then the count is too high by it.
 *   W2  WAITERS is set and cleared under waiters.lock, and means that the queue is not empty.
 * COST      Uncontended: one atomic operation each way, inline.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_RWSEM_H
#define VELLUM_RWSEM_H

#include "kernel/sync/wait.h"

struct CAPABILITY("rwsem") rw_semaphore {
	atomic_long_t count;
	wait_queue_head_t waiters;	/* links struct rwsem_waiter */
	u32 rank;			/* (I) enum lockrank */
};

#define RWSEM_WRITER	1l
#define RWSEM_WAITERS	2l
#define RWSEM_READER	4l

#define RWSEM_INIT(name, r) { .waiters = WAIT_QUEUE_INIT((name).waiters), .rank = (r) }
#define DECLARE_RWSEM(name, r) struct rw_semaphore name = RWSEM_INIT(name, r)
void init_rwsem(struct rw_semaphore *s, enum lockrank rank);
int down_read_slow(struct rw_semaphore *s, int state);
int down_write_slow(struct rw_semaphore *s, int state);
void rwsem_wake(struct rw_semaphore *s);

static __always_inline bool rwsem_read_grab(struct rw_semaphore *s)
{
	return !(__atomic_fetch_add(&s->count.v, RWSEM_READER, __ATOMIC_ACQUIRE) &
		 (RWSEM_WRITER | RWSEM_WAITERS));
}

static __always_inline bool rwsem_write_grab(struct rw_semaphore *s)
{
	long free = 0;

	return __atomic_compare_exchange_n(&s->count.v, &free, RWSEM_WRITER, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static __always_inline void down_read(struct rw_semaphore *s) ACQUIRE_SHARED(s) NO_LOCK_ANALYSIS
{
	lock_check_sleeping(s, s->rank);
	if (unlikely(!rwsem_read_grab(s)))
		(void)down_read_slow(s, TASK_UNINTERRUPTIBLE);
}

static inline __must_check int down_read_killable(struct rw_semaphore *s)
	TRY_ACQUIRE_SHARED(0, s) NO_LOCK_ANALYSIS
{
	int rc;

	lock_check_sleeping(s, s->rank);
	rc = rwsem_read_grab(s) ? 0 : down_read_slow(s, TASK_KILLABLE);
	if (rc)
		lock_check_dropped(s, s->rank);
	return rc;
}

/* Inside another of the same rank: the caller knows an order among them. */
static inline __must_check int down_read_killable_nested(struct rw_semaphore *s)
	TRY_ACQUIRE_SHARED(0, s) NO_LOCK_ANALYSIS
{
	int rc;

	lock_check_nested(s, s->rank);
	rc = rwsem_read_grab(s) ? 0 : down_read_slow(s, TASK_KILLABLE);
	if (rc)
		lock_check_dropped(s, s->rank);
	return rc;
}

static inline __must_check bool down_read_trylock(struct rw_semaphore *s)
	TRY_ACQUIRE_SHARED(true, s) NO_LOCK_ANALYSIS
{
	long c = atomic_long_read(&s->count);

	do {
		if (c & (RWSEM_WRITER | RWSEM_WAITERS))
			return false;
	} while (!__atomic_compare_exchange_n(&s->count.v, &c, c + RWSEM_READER, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	lock_check_nested(s, s->rank);
	return true;
}

static __always_inline void up_read(struct rw_semaphore *s) RELEASE_SHARED(s) NO_LOCK_ANALYSIS
{
	long c;

	lock_check_dropped(s, s->rank);
	c = __atomic_sub_fetch(&s->count.v, RWSEM_READER, __ATOMIC_RELEASE);
	INV(W1, c >= 0);
	if (unlikely(c == RWSEM_WAITERS))
		rwsem_wake(s);
}

static __always_inline void down_write(struct rw_semaphore *s) ACQUIRE(s) NO_LOCK_ANALYSIS
{
	lock_check_sleeping(s, s->rank);
	if (unlikely(!rwsem_write_grab(s)))
		(void)down_write_slow(s, TASK_UNINTERRUPTIBLE);
}

/* Inside another of the same rank: the caller knows an order among them. */
static __always_inline void down_write_nested(struct rw_semaphore *s) ACQUIRE(s) NO_LOCK_ANALYSIS
{
	lock_check_nested(s, s->rank);
	if (unlikely(!rwsem_write_grab(s)))
		(void)down_write_slow(s, TASK_UNINTERRUPTIBLE);
}

static inline __must_check int down_write_killable(struct rw_semaphore *s)
	TRY_ACQUIRE(0, s) NO_LOCK_ANALYSIS
{
	int rc;

	lock_check_sleeping(s, s->rank);
	rc = rwsem_write_grab(s) ? 0 : down_write_slow(s, TASK_KILLABLE);
	if (rc)
		lock_check_dropped(s, s->rank);
	return rc;
}

static inline __must_check bool down_write_trylock(struct rw_semaphore *s)
	TRY_ACQUIRE(true, s) NO_LOCK_ANALYSIS
{
	if (!rwsem_write_grab(s))
		return false;
	lock_check_nested(s, s->rank);
	return true;
}

static __always_inline void up_write(struct rw_semaphore *s) RELEASE(s) NO_LOCK_ANALYSIS
{
	long c;

	INV(W1, atomic_long_read(&s->count) & RWSEM_WRITER);
	lock_check_dropped(s, s->rank);
	c = __atomic_sub_fetch(&s->count.v, RWSEM_WRITER, __ATOMIC_RELEASE);
	if (unlikely(c == RWSEM_WAITERS))
		rwsem_wake(s);
}

/* From writer to reader without letting another writer in between. */
void downgrade_write(struct rw_semaphore *s);

static inline bool rwsem_is_locked(const struct rw_semaphore *s)
{ return atomic_long_read(&s->count) & ~RWSEM_WAITERS; }

/* Held here, at least for reading or for writing, by a way that clang cannot follow. */
static __always_inline void rwsem_assert_held(const struct rw_semaphore *s) ASSERT_HELD_SHARED(s)
{ INV(W1, rwsem_is_locked(s)); }
static __always_inline void rwsem_assert_held_write(const struct rw_semaphore *s) ASSERT_HELD(s)
{ INV(W1, atomic_long_read(&s->count) & RWSEM_WRITER); }

#endif
