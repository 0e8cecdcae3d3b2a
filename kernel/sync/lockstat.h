/*
 * kernel/sync/lockstat.h - which locks page faults take, and on which they meet (debug builds).
 *
 * SEE       kernel/sync/lockdebug.c; /sys/kernel/debug/fault_locks
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_LOCKSTAT_H
#define VELLUM_LOCKSTAT_H

#include "include/current.h"
#include "kernel/sync/lockrank.h"

/* By rank: locks taken, and of them those that another hart had taken last. */
struct lock_stat { unsigned long taken[NR_LOCKRANKS], moved[NR_LOCKRANKS]; };

#ifdef VELLUM_DEBUG
DECLARE_PER_HART(struct lock_stat, lock_stats);
/* From here to the end the running task's locks are counted, not those of handlers.  What to give to the end. */
bool lock_count_begin(void);
void lock_count_end(bool was);
void lock_stat_sum(struct lock_stat *sum);
#else
static inline bool lock_count_begin(void) { return false; }
static inline void lock_count_end(__maybe_unused bool was) {}
#endif

#endif
