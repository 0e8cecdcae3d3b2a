/*
 * kernel/sync/rwlock.h - a spin lock for many readers or one writer.
 *
 * MODEL     word: the number of readers, or RWLOCK_WRITER.  It is not fair: whoever runs when the lock is free
 *           gets it, so that a hart that its hypervisor does not run holds nobody up.  But a writer that
 *           readers have kept waiting for RWLOCK_PATIENCE looks sets RWLOCK_WAITING, and no reader
 *           comes in before a writer has been.  For structures that are read often and changed rarely.
 * INVARIANTS
 *   RW1 Readers and a writer exclude each other.
 *   RW2 Who has it does not take it again, not even to read: a writer may have asked for it in between.
 * LOCKING   A lock that interrupt handlers take is taken with interrupts off everywhere, to read it as well.  Who
 *           has it does not sleep.
 * COST      Uncontended: one atomic operation each way.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_RWLOCK_H
#define VELLUM_RWLOCK_H

#include "kernel/sync/spinlock.h"

#define RWLOCK_WRITER	0x80000000u
#define RWLOCK_WAITING	0x40000000u
#define RWLOCK_PATIENCE	1000

typedef struct CAPABILITY("rwlock") rwlock {
	u32 word;
	u32 rank;
} rwlock_t;

#define DEFINE_RWLOCK(name, r)	rwlock_t name = { .rank = (r) }

void read_lock_contended(rwlock_t *l);
void write_lock_contended(rwlock_t *l);

static __always_inline void read_lock(rwlock_t *l) ACQUIRE_SHARED(l) NO_LOCK_ANALYSIS
{
	lock_check_once(l, l->rank);
	if (unlikely(__atomic_fetch_add(&l->word, 1, __ATOMIC_ACQUIRE) & (RWLOCK_WRITER | RWLOCK_WAITING)))
		read_lock_contended(l);
}

static __always_inline void read_unlock(rwlock_t *l) RELEASE_SHARED(l) NO_LOCK_ANALYSIS
{
	lock_check_once_release(l, l->rank);
	__atomic_fetch_sub(&l->word, 1, __ATOMIC_RELEASE);
}

static __always_inline void write_lock(rwlock_t *l) ACQUIRE(l) NO_LOCK_ANALYSIS
{
	u32 free = 0;

	lock_check_once(l, l->rank);
	if (unlikely(!__atomic_compare_exchange_n(&l->word, &free, RWLOCK_WRITER, false, __ATOMIC_ACQUIRE,
						  __ATOMIC_RELAXED)))
		write_lock_contended(l);
}

static __always_inline void write_unlock(rwlock_t *l) RELEASE(l) NO_LOCK_ANALYSIS
{
	lock_check_once_release(l, l->rank);
	/* A reader that came meanwhile has added itself and is about to take that back. */
	__atomic_fetch_and(&l->word, ~RWLOCK_WRITER, __ATOMIC_RELEASE);
}

/* @l is held for reading here, by a way that clang cannot follow. */
static __always_inline void read_assert_held(const rwlock_t *l) ASSERT_HELD_SHARED(l)
{
	INV(RW1, __atomic_load_n(&l->word, __ATOMIC_RELAXED) & ~(RWLOCK_WRITER | RWLOCK_WAITING));
}
static __always_inline void write_assert_held(const rwlock_t *l) ASSERT_HELD(l)
{
	INV(RW1, __atomic_load_n(&l->word, __ATOMIC_RELAXED) & RWLOCK_WRITER);
}

#define read_lock_irqsave(l, flags)	do { (flags) = arch_irq_save(); read_lock(l); } while (0)
#define read_unlock_irqrestore(l, flags) do { read_unlock(l); arch_irq_restore(flags); } while (0)
#define write_lock_irqsave(l, flags)	do { (flags) = arch_irq_save(); write_lock(l); } while (0)
#define write_unlock_irqrestore(l, flags) do { write_unlock(l); arch_irq_restore(flags); } while (0)

#endif
