/*
 * kernel/sync/spinlock.h - fair locks that spin.
 *
 * MODEL     A ticket lock in one word: `next` is the ticket that the next comer draws, `owner` the one
 *           that is served.  Kernel code is not preempted, so a holder is delayed by interrupts only:
 *           a lock that a handler takes is taken with interrupts off everywhere (_irqsave).
 * INVARIANTS
 *   S1  owner <= next, and next - owner is the number of holders and waiters.
 *   S2  Nobody sleeps while it holds one (task_base.spin_depth is 0 in schedule()).
 * COST      Uncontended: one atomic add, one compare; release: one store.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SPINLOCK_H
#define VELLUM_SPINLOCK_H

#include "include/arch/arch.h"
#include "include/atomic.h"
#include "kernel/sync/lockrank.h"

typedef struct CAPABILITY("spinlock") spinlock {
	union {
		u32 word;
		struct { u16 owner, next; };
	};
	u32 rank;		/* (I) enum lockrank; debug builds check it */
} spinlock_t;

#define SPINLOCK_INIT(r)	{ .rank = (r) }
#define DEFINE_SPINLOCK(name, r) spinlock_t name = SPINLOCK_INIT(r)

static inline void spin_lock_init(spinlock_t *l, enum lockrank rank)
{
	l->word = 0;
	l->rank = rank;
}

void spin_lock_contended(spinlock_t *l, u32 word);

/*
 * Debug builds keep the ranks that the running task holds (kernel/sync/lockdebug.c).  Each names the lock:
 *   acquire, release   a spin lock; order is checked, sleeping forbidden until the release
 *   once, once_release a spin lock that a reader shares with others, but not with itself
 *   sleeping, dropped  a sleeping lock; order is checked, and that no spin lock is held
 *   nested             a sleeping lock whose order the caller answers for, or that was only tried
 *   tried              a spin lock likewise
 * An interrupt handler starts with a clean slate: irq_enter returns what irq_exit puts back.
 */
#ifdef VELLUM_DEBUG
void lock_check_acquire(const void *lock, u32 rank);
void lock_check_release(const void *lock, u32 rank);
void lock_check_once(const void *lock, u32 rank);
void lock_check_once_release(const void *lock, u32 rank);
void lock_check_sleeping(const void *lock, u32 rank);
void lock_check_dropped(const void *lock, u32 rank);
void lock_check_nested(const void *lock, u32 rank);
void lock_check_tried(const void *lock, u32 rank);
unsigned long lock_check_irq_enter(void);
void lock_check_irq_exit(unsigned long saved);
void lock_check_none_held(const char *where);
void lock_check_no_spin(const char *where);
#else
#define LOCK_CHECK_NOTHING(name) \
static inline void name(__maybe_unused const void *l, __maybe_unused u32 rank) {}
LOCK_CHECK_NOTHING(lock_check_acquire)
LOCK_CHECK_NOTHING(lock_check_release)
LOCK_CHECK_NOTHING(lock_check_once)
LOCK_CHECK_NOTHING(lock_check_once_release)
LOCK_CHECK_NOTHING(lock_check_sleeping)
LOCK_CHECK_NOTHING(lock_check_dropped)
LOCK_CHECK_NOTHING(lock_check_nested)
LOCK_CHECK_NOTHING(lock_check_tried)
static inline unsigned long lock_check_irq_enter(void) { return 0; }
static inline void lock_check_irq_exit(__maybe_unused unsigned long saved) {}
static inline void lock_check_none_held(__maybe_unused const char *where) {}
static inline void lock_check_no_spin(__maybe_unused const char *where) {}
#endif

static __always_inline void __spin_lock(spinlock_t *l)
{
	u32 old = __atomic_fetch_add(&l->word, 1u << 16, __ATOMIC_ACQUIRE);

	if (unlikely((u16)old != (u16)(old >> 16)))
		spin_lock_contended(l, old);
}

static __always_inline void spin_lock(spinlock_t *l) ACQUIRE(l) NO_LOCK_ANALYSIS
{
	lock_check_acquire(l, l->rank);
	__spin_lock(l);
}

/* Inside another spin lock of the same rank: the caller knows an order among them. */
static __always_inline void spin_lock_nested(spinlock_t *l) ACQUIRE(l) NO_LOCK_ANALYSIS
{
	lock_check_tried(l, l->rank);
	__spin_lock(l);
}

static __always_inline bool spin_trylock(spinlock_t *l) TRY_ACQUIRE(true, l) NO_LOCK_ANALYSIS
{
	u32 old = __atomic_load_n(&l->word, __ATOMIC_RELAXED);

	if ((u16)old != (u16)(old >> 16))
		return false;
	if (!__atomic_compare_exchange_n(&l->word, &old, old + (1u << 16), false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	lock_check_tried(l, l->rank);
	return true;
}

static __always_inline void spin_unlock(spinlock_t *l) RELEASE(l) NO_LOCK_ANALYSIS
{
	lock_check_release(l, l->rank);
	/* Nobody else writes the owner: a plain add, stored with release. */
	__atomic_store_n(&l->owner, (u16)(__atomic_load_n(&l->owner, __ATOMIC_RELAXED) + 1), __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const spinlock_t *l)
{
	u32 w = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
	return (u16)w != (u16)(w >> 16);
}

/* @l is held here, by a way that clang cannot follow: a function's result, another name. */
static __always_inline void spin_assert_held(const spinlock_t *l) ASSERT_HELD(l) { INV(S1, spin_is_locked(l)); }

#define spin_lock_irqsave(l, flags)	do { (flags) = arch_irq_save(); spin_lock(l); } while (0)
#define spin_unlock_irqrestore(l, flags) do { spin_unlock(l); arch_irq_restore(flags); } while (0)
#define spin_lock_irq(l)		do { arch_irq_disable(); spin_lock(l); } while (0)
#define spin_unlock_irq(l)		do { spin_unlock(l); arch_irq_enable(); } while (0)

#endif
