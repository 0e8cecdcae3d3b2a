/*
 * kernel/sync/mutex.h - a lock that sleeps, with an owner.
 *
 * COST      Uncontended: one compare-and-swap each way, inline.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MUTEX_H
#define VELLUM_MUTEX_H

#include "kernel/sync/wait.h"

struct CAPABILITY("mutex") mutex {
	unsigned long owner;		/* task_base * of the holder; bit 0: somebody waits */
	wait_queue_head_t waiters;
	u32 rank;
};

#define MUTEX_INIT(name, r) { .waiters = WAIT_QUEUE_INIT((name).waiters), .rank = (r) }
#define DEFINE_MUTEX(name, r) struct mutex name = MUTEX_INIT(name, r)
void mutex_init(struct mutex *m, enum lockrank rank);
void mutex_lock(struct mutex *m) ACQUIRE(m);
__must_check int mutex_lock_killable(struct mutex *m);		/* 0 or -EINTR */
__must_check int mutex_lock_interruptible(struct mutex *m);	/* 0 or -ERESTARTSYS */
__must_check bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m) RELEASE(m);
bool mutex_is_locked(const struct mutex *m);

#endif
