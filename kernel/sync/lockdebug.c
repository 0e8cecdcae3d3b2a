/*
 * kernel/sync/lockdebug.c - locks are taken in the order of their ranks (debug builds).
 *
 * MODEL     A task counts the locks that it holds of each rank (task_base.lock_count), with a bit per
 *           rank in lock_ranks, and its spin locks in spin_depth.  Taking a lock of rank r with one of r or
 *           later held stops the machine.  Some ranks cover locks that have an order of their own, which
 *           the subsystem knows: of these, several may be held.
 *           In an interrupt handler the order is not checked (what it interrupted holds locks that have
 *           nothing to do with it); spin_depth still forbids it to sleep.
 *           While a task counts (lock_count_begin(): a page fault), each lock that it takes is noted under its rank,
 *           and whether the last that took it, counting, was another hart: two that meet on one line.  Who took
 *           a lock last is remembered for as many as the table has room; what is forgotten counts as nobody's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifdef VELLUM_DEBUG
#include "include/atomic.h"
#include "include/current.h"
#include "kernel/sync/lockstat.h"
#include "kernel/sync/spinlock.h"

#define IN_IRQ		BIT(63)
#define ONCE(rank)	BIT(32 + (rank))	/* a lock of this rank that is not to be taken again */
/* Directories and files, two run queues, a wait queue in the other's wake function, ... */
#define NESTS	(BIT(RANK_VFS) | BIT(RANK_TASK) | BIT(RANK_FILES) | BIT(RANK_WAITQ) | \
		 BIT(RANK_RQ) | BIT(RANK_PAGE) | BIT(RANK_PGTABLE))

BUILD_ASSERT(NR_LOCKRANKS <= sizeof(((struct task_base *)0)->lock_count) && NR_LOCKRANKS <= 31);

static bool failing;		/* the report itself takes locks */

static void check_order(struct task_base *t, u32 rank, const void *lock)
{
	unsigned long later = BIT(32) - BIT(rank);

	if (BIT(rank) & NESTS)
		later &= ~BIT(rank);
	if (likely(!(t->lock_ranks & later)) || t->lock_ranks & IN_IRQ || failing)
		return;
	failing = true;
	panic("lock order: %p has rank %u, held are %#lx", lock, rank, t->lock_ranks);
}

/* ---- who meets on which lock ------------------------------------------------------------------ */

#define TAKERS_BITS	12
#define TAKER_HART	0x3ful		/* the hart in the low bits of a lock's shifted address */
BUILD_ASSERT(NR_HARTS <= TAKER_HART + 1);

static unsigned long last_takers[1 << TAKERS_BITS];	/* (A) by a hash of the lock */
DEFINE_PER_HART(struct lock_stat, lock_stats);

static void count_taken(struct task_base *t, u32 rank, const void *lock)
{
	unsigned long key = (unsigned long)lock << 6;
	unsigned long *slot = &last_takers[(key * 0x9e3779b97f4a7c15ul) >> (64 - TAKERS_BITS)];
	unsigned long was = READ_ONCE(*slot);
	struct lock_stat *stat = this_hart_ptr(&lock_stats);

	if (!t->counts_locks || t->lock_ranks & IN_IRQ)
		return;
	stat->taken[rank]++;
	if ((was & ~TAKER_HART) == key && (was & TAKER_HART) != t->hart)
		stat->moved[rank]++;
	WRITE_ONCE(*slot, key | t->hart);
}

bool lock_count_begin(void)
{
	struct task_base *t = current_base();
	bool was = t->counts_locks;

	t->counts_locks = true;
	return was;
}

void lock_count_end(bool was) { current_base()->counts_locks = was; }

/* ---- what is held ------------------------------------------------------------------------------ */

static void hold(struct task_base *t, u32 rank)
{
	t->lock_count[rank]++;
	t->lock_ranks |= BIT(rank);
}

static void unhold(struct task_base *t, u32 rank, const void *lock)
{
	if (unlikely(!t->lock_count[rank]) && !failing) {
		failing = true;
		panic("lock %p of rank %u is released but not held", lock, rank);
	}
	if (--t->lock_count[rank] == 0)
		t->lock_ranks &= ~BIT(rank);
}

void lock_check_tried(const void *lock, u32 rank)
{
	struct task_base *t = current_base();

	count_taken(t, rank, lock);
	t->spin_depth++;
	if (rank)
		hold(t, rank);
}

void lock_check_acquire(const void *lock, u32 rank)
{
	if (rank)
		check_order(current_base(), rank, lock);
	lock_check_tried(lock, rank);
}

void lock_check_release(const void *lock, u32 rank)
{
	struct task_base *t = current_base();

	t->spin_depth--;
	if (rank)
		unhold(t, rank, lock);
}

void lock_check_once(const void *lock, u32 rank)
{
	struct task_base *t = current_base();

	if (unlikely(rank && t->lock_ranks & ONCE(rank)) && !failing) {
		failing = true;
		panic("lock %p of rank %u is taken again by who has it", lock, rank);
	}
	lock_check_acquire(lock, rank);
	if (rank)
		t->lock_ranks |= ONCE(rank);
}

void lock_check_once_release(const void *lock, u32 rank)
{
	current_base()->lock_ranks &= ~ONCE(rank);
	lock_check_release(lock, rank);
}

void lock_check_nested(const void *lock, u32 rank)
{
	count_taken(current_base(), rank, lock);
	if (rank)
		hold(current_base(), rank);
}

void lock_check_sleeping(const void *lock, u32 rank)
{
	struct task_base *t = current_base();

	if (unlikely(t->spin_depth) && !failing) {
		failing = true;
		panic("sleeping lock %p of rank %u is taken with %u spin locks held, ranks %#lx", lock, rank,
		      t->spin_depth, t->lock_ranks);
	}
	count_taken(t, rank, lock);
	if (rank) {
		check_order(t, rank, lock);
		hold(t, rank);
	}
}

void lock_check_dropped(const void *lock, u32 rank)
{
	if (rank)
		unhold(current_base(), rank, lock);
}

unsigned long lock_check_irq_enter(void)
{
	struct task_base *t = current_base();
	unsigned long saved = t->lock_ranks & IN_IRQ;

	t->lock_ranks |= IN_IRQ;
	t->spin_depth++;
	return saved;
}

void lock_check_irq_exit(unsigned long saved)
{
	struct task_base *t = current_base();

	t->spin_depth--;
	t->lock_ranks = (t->lock_ranks & ~IN_IRQ) | saved;
}

/* At the end of a system call, an interrupt, a task: nothing may be held. */
void lock_check_none_held(const char *where)
{
	struct task_base *t = current_base();

	if (likely(!t->lock_ranks && !t->spin_depth) || failing)
		return;
	failing = true;
	panic("%s with locks held: ranks %#lx, %u spin locks", where, t->lock_ranks, t->spin_depth);
}

/* Who waits for other harts holds no spin lock, for which they may wait. */
void lock_check_no_spin(const char *where)
{
	struct task_base *t = current_base();

	if (likely(!t->spin_depth) || failing)
		return;
	failing = true;
	panic("%s under %u spin locks: ranks %#lx", where, t->spin_depth, t->lock_ranks);
}
#endif
