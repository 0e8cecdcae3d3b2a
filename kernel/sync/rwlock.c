/*
 * kernel/sync/rwlock.c - waiting for a reader-writer spin lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sync/rwlock.h"

/* The caller has counted itself while a writer held @l. */
void read_lock_contended(rwlock_t *l)
{
	do {
		__atomic_fetch_sub(&l->word, 1, __ATOMIC_RELAXED);
		while (__atomic_load_n(&l->word, __ATOMIC_RELAXED) & RWLOCK_WRITER)
			arch_cpu_relax();
	} while (__atomic_fetch_add(&l->word, 1, __ATOMIC_ACQUIRE) & RWLOCK_WRITER);
}

void write_lock_contended(rwlock_t *l)
{
	u32 free;

	do {
		while (__atomic_load_n(&l->word, __ATOMIC_RELAXED))
			arch_cpu_relax();
		free = 0;
	} while (!__atomic_compare_exchange_n(&l->word, &free, RWLOCK_WRITER, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
}
