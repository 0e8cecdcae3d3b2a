/*
 * kernel/sync/rcu.h - free later: look things up without a lock, and free them when nobody looks any more.
 *
 * MODEL     A reader walks a structure between rcu_read_lock() and rcu_read_unlock(), which cost nothing: kernel
 *           code is not preempted, and a reader does not sleep.  A writer, who has a lock of his own,
 *           unhooks a thing and gives it to call_rcu(); its function is called after a *grace period*:
 *           when every hart has passed a *quiet state*, a moment at which it is inside no reader.
 *           Quiet states are a call of schedule(), the idle loop's wait, and user mode.
 *
 *               reader                                  writer
 *               rcu_read_lock()                         (lock)
 *               p = rcu_dereference(slot)               rcu_assign_pointer(slot, new or NULL)
 *               use *p; to keep it beyond the section,  (unlock)
 *                 take a counted reference, if the      call_rcu(&old->rcu, free_it)
 *                 count is not 0 yet
 *               rcu_read_unlock()
 *
 *           What may be found must be whole: rcu_assign_pointer() stores with release what
 *           rcu_dereference() loads; what is read through the pointer depends on it by address.
 * SEE       kernel/sync/rcu.c for how it is done; McKenney, Slingwine: Read-Copy Update (1998)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_RCU_H
#define VELLUM_RCU_H

#include "include/atomic.h"
#include "include/current.h"

#ifdef VELLUM_DEBUG
static inline void rcu_read_lock(void) { current_base()->rcu_depth++; barrier(); }
static inline void rcu_read_unlock(void) { barrier(); current_base()->rcu_depth--; }
#else
static inline void rcu_read_lock(void) { barrier(); }
static inline void rcu_read_unlock(void) { barrier(); }
#endif

#define rcu_dereference(p)		READ_ONCE(p)
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), v)

/*
 * Call @func(@head) once every reader that runs now has ended.
 * => any context; @head is part of what is to be freed, and nobody else's until then.  @func runs with no lock
 *    held, must not sleep, and may call call_rcu() again
 */
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));

/*
 * Wait until every reader that runs now has ended.  => sleeps; some milliseconds
 * It interrupts harts for that while rcu_expedited is set and rcu_normal is not; /sys/kernel has both.
 */
void synchronize_rcu(void);
extern int rcu_expedited, rcu_normal;

/* Call what still waits as soon as it may be: memory is short, or somebody waits.  Any context. */
void rcu_hurry(void);

/* ---- for the scheduler ------------------------------------------------------------------------- */

struct rcu_callbacks {
	struct rcu_head *first, **last;		/* last: where the next one is hooked; NULL when empty */
};

struct rcu_hart {
	bool look;			/* (A) rcu_quiet() has something to do: any hart sets it */
	bool idle;			/* (A) in the idle loop's wait: quiet without being asked */
	unsigned nr_new;		/* of fresh */
	unsigned long nr_rounds;	/* times that it moved on: /proc/softirqs */
	unsigned long waits_for;	/* the grace period after which `waiting` may be called */
	struct rcu_callbacks fresh, waiting, done;
};
DECLARE_PER_HART(struct rcu_hart, rcu_harts);

void __rcu_quiet(void);

/* This hart is inside no reader at this moment.  => no spin lock held */
static __always_inline void rcu_quiet(void)
{
	if (unlikely(READ_ONCE(this_hart_ptr(&rcu_harts)->look)))
		__rcu_quiet();
}

/* From a tick or an interrupt of another hart: does this one owe a call of rcu_quiet(), by way of schedule()? */
bool rcu_tick(void);

/*
 * The idle loop, before it waits: move on what would wait with the hart.
 * Then its wait begins, unless the first returns false, and ends.  => both with interrupts off, and in between
 */
void rcu_idle_quiet(void);
__must_check bool rcu_idle_enter(void);
void rcu_idle_exit(void);

#endif
