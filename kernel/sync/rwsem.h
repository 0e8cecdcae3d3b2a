/*
 * kernel/sync/rwsem.h - many readers or one writer; sleeps.
 *
 * MODEL     count: number of readers, or RWSEM_WRITER; a waiting writer stops new readers, so that it
 *           is not starved.
 * COST      Uncontended: one atomic operation each way.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_RWSEM_H
#define VELLUM_RWSEM_H

#include "kernel/sync/wait.h"

struct CAPABILITY("rwsem") rw_semaphore {
	atomic_long_t count;
	wait_queue_head_t waiters;
	u32 rank;
};

void init_rwsem(struct rw_semaphore *s, enum lockrank rank);
void down_read(struct rw_semaphore *s);
__must_check bool down_read_trylock(struct rw_semaphore *s);
__must_check int down_read_killable(struct rw_semaphore *s);
void up_read(struct rw_semaphore *s);
void down_write(struct rw_semaphore *s);
__must_check bool down_write_trylock(struct rw_semaphore *s);
__must_check int down_write_killable(struct rw_semaphore *s);
void up_write(struct rw_semaphore *s);
void downgrade_write(struct rw_semaphore *s);
bool rwsem_is_locked(const struct rw_semaphore *s);

#endif
