/*
 * kernel/sync/rwlock.c - waiting for a reader-writer spin lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sync/rwlock.h"

/* The caller has counted itself while a writer held @l, or waited for it. */
void read_lock_contended(rwlock_t *l)
{
	do {
		__atomic_fetch_sub(&l->word, 1, __ATOMIC_RELAXED);
		while (__atomic_load_n(&l->word, __ATOMIC_RELAXED) & (RWLOCK_WRITER | RWLOCK_WAITING))
			arch_cpu_relax();
	} while (__atomic_fetch_add(&l->word, 1, __ATOMIC_ACQUIRE) & (RWLOCK_WRITER | RWLOCK_WAITING));
}

/* Who takes the lock takes RWLOCK_WAITING away, for all; others that still wait set it again. */
void write_lock_contended(rwlock_t *l)
{
	for (unsigned looks = 0;; looks++) {
		u32 word = __atomic_load_n(&l->word, __ATOMIC_RELAXED);

		if (!(word & ~RWLOCK_WAITING)) {
			if (__atomic_compare_exchange_n(&l->word, &word, RWLOCK_WRITER, false, __ATOMIC_ACQUIRE,
							__ATOMIC_RELAXED))
				return;
		} else if (looks >= RWLOCK_PATIENCE && !(word & RWLOCK_WAITING)) {
			__atomic_fetch_or(&l->word, RWLOCK_WAITING, __ATOMIC_RELAXED);
		}
		arch_cpu_relax();
	}
}
