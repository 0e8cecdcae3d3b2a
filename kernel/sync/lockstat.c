/*
 * kernel/sync/lockstat.c - what all harts counted of the locks of page faults (debug builds): lockdebug.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifdef VELLUM_DEBUG
#include "kernel/sync/lockstat.h"
#include "include/atomic.h"

void lock_stat_sum(struct lock_stat *sum)
{
	*sum = (struct lock_stat){ 0 };
	for_each_hart(hart) {
		const struct lock_stat *stat = per_hart_ptr(&lock_stats, hart);

		for (unsigned r = 0; r < NR_LOCKRANKS; r++) {
			sum->taken[r] += READ_ONCE(stat->taken[r]);
			sum->moved[r] += READ_ONCE(stat->moved[r]);
		}
	}
}
#endif
