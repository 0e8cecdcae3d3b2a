/*
 * kernel/sync/wait.h - queues of tasks that wait for a condition.
 *
 * MODEL     A waiter puts an entry on the queue, sets its state, tests the condition and sleeps; a waker
 *           makes the condition true, then wakes.  The macros loop until the condition holds.
 *           An entry with a function of its own is how poll() and epoll listen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_WAIT_H
#define VELLUM_WAIT_H

#include "include/current.h"
#include "include/uapi/errno.h"
#include "kernel/sync/spinlock.h"
#include "lib/list.h"

/* Task states; /proc shows R S D T Z X. */
#define TASK_RUNNING		0
#define TASK_INTERRUPTIBLE	1
#define TASK_UNINTERRUPTIBLE	2
#define TASK_KILLABLE		(TASK_UNINTERRUPTIBLE | 0x100)	/* only a fatal signal ends it */
#define TASK_STOPPED		4
#define TASK_TRACED		8
#define EXIT_ZOMBIE		32
#define EXIT_DEAD		16

/* With a full barrier, which pairs with that of wake_up_task(). */
static __always_inline void set_current_state(int state)
{
	WRITE_ONCE(current_base()->state, state);
	smp_mb();
}

typedef struct wait_queue_head {
	spinlock_t lock;		/* rank waitq */
	struct list_head head;		/* of wait_queue_entry */
} wait_queue_head_t;

struct wait_queue_entry;
/* Called under the queue's lock, irqs off; returns whether it woke somebody. */
typedef bool (*wait_func)(struct wait_queue_entry *e, unsigned long key);

struct wait_queue_entry {
	struct list_head link;
	struct task_base *task;
	wait_func func;
	unsigned flags;			/* WQ_EXCLUSIVE: wake one such at a time */
	void *private_data;
};
#define WQ_EXCLUSIVE	1

#define WAIT_QUEUE_INIT(name) { .lock = SPINLOCK_INIT(RANK_WAITQ), .head = LIST_HEAD_INIT((name).head) }
#define DECLARE_WAIT_QUEUE_HEAD(name) wait_queue_head_t name = WAIT_QUEUE_INIT(name)
static inline void init_waitqueue_head(wait_queue_head_t *q)
{
	spin_lock_init(&q->lock, RANK_WAITQ);
	INIT_LIST_HEAD(&q->head);
}

void add_wait_queue(wait_queue_head_t *q, struct wait_queue_entry *e);
void add_wait_queue_exclusive(wait_queue_head_t *q, struct wait_queue_entry *e);
void remove_wait_queue(wait_queue_head_t *q, struct wait_queue_entry *e);
/* Queue @e (if not queued) and set the running task's state, in this order. */
void prepare_to_wait(wait_queue_head_t *q, struct wait_queue_entry *e, int state);
void prepare_to_wait_exclusive(wait_queue_head_t *q, struct wait_queue_entry *e, int state);
/* The wait is over: run, and be in no queue. */
static __always_inline void finish_wait(wait_queue_head_t *q, struct wait_queue_entry *e)
{
	set_current_state(TASK_RUNNING);
	/* Pairs with the release in autoremove_wake_function(): off means that the waker is done. */
	if (unlikely(smp_load_acquire(&e->link.next) != &e->link))
		remove_wait_queue(q, e);
}
/* Wakes e->task; the second also takes the entry off when it was asleep. */
bool default_wake_function(struct wait_queue_entry *e, unsigned long key);
bool autoremove_wake_function(struct wait_queue_entry *e, unsigned long key);

/* Wake all non-exclusive waiters and @nr_exclusive others; @key goes to their functions. */
void __wake_up(wait_queue_head_t *q, int nr_exclusive, unsigned long key);
#define wake_up(q)		__wake_up(q, 1, 0)
#define wake_up_all(q)		__wake_up(q, 0x7fffffff, 0)
#define wake_up_poll(q, ev)	__wake_up(q, 1, (ev))
static inline bool waitqueue_active(wait_queue_head_t *q)
{
	smp_mb();	/* pairs with set state in prepare_to_wait() */
	return !list_empty(&q->head);
}

/* Down to the scheduler (kernel/sched). */
void schedule(void);
long schedule_timeout(u64 ns);			/* ns left, 0 when it ran out; ~0ull waits for ever */
bool wake_up_task(struct task_base *t, int state_mask);	/* true if it was asleep in such a state */
/*
 * A wake-up may have to interrupt another hart, whose task then wants the lock that the waker holds; and
 * sending is slow.  Between kick_defer() and kick_flush(), which stand around the lock, no interrupt is sent;
 * the flush sends what was due.  They nest; no sleep in between.
 */
void kick_harts(unsigned long harts);
static inline void kick_defer(void) { current_base()->kick_depth++; }
static inline void kick_flush(void)
{
	struct task_base *me = current_base();

	if (--me->kick_depth == 0 && unlikely(READ_ONCE(me->kicks)))
		kick_harts(xchg(&me->kicks, 0));
}
#define might_sleep()	INV(S2, current_base()->spin_depth == 0)

/*
 * Kernel code is not preempted: a loop that runs as often as a user says has one of these in it, at least
 * every few thousand instructions.  They cost three instructions while nobody wants the hart.
 * => may sleep.  A task that has set its state for a sleep keeps the hart: it is about to sleep anyway.
 */
void __cond_resched(void);
static __always_inline void cond_resched(void)
{
	might_sleep();
	if (unlikely(READ_ONCE(current_base()->work) & WORK_RESCHED))
		__cond_resched();
}
/* The same for work that may be left half done: -EINTR when the task is being killed, else 0. */
static __always_inline __must_check int cond_resched_killable(void)
{
	might_sleep();
	if (likely(!(READ_ONCE(current_base()->work) & (WORK_RESCHED | WORK_SIGNAL))))
		return 0;
	__cond_resched();
	return fatal_signal_pending() ? -EINTR : 0;
}
/*
 * The same under a spin lock that may be let go here: the caller looks at what it found anew.  True: it was.
 * => interrupts on
 */
static __always_inline bool cond_resched_lock(spinlock_t *l) NO_LOCK_ANALYSIS
{
	if (likely(!(READ_ONCE(current_base()->work) & WORK_RESCHED)))
		return false;
	spin_unlock(l);
	__cond_resched();
	spin_lock(l);
	return true;
}

#define DEFINE_WAIT(name) struct wait_queue_entry name = { \
	.link = LIST_HEAD_INIT(name.link), .task = current_base(), .func = autoremove_wake_function }

#define ___wait_event(q, cond, state, sleep_expr) ({ \
	int _rc = 0; \
	DEFINE_WAIT(_w); \
	for (;;) { \
		prepare_to_wait(&(q), &_w, state); \
		if (cond) break; \
		if (((state) & TASK_INTERRUPTIBLE) && signal_pending()) { _rc = -ERESTARTSYS; break; } \
		if ((state) == TASK_KILLABLE && fatal_signal_pending()) { _rc = -EINTR; break; } \
		sleep_expr; \
	} \
	finish_wait(&(q), &_w); \
	_rc; })
#define wait_event(q, cond) \
	do { if (!(cond)) (void)___wait_event(q, cond, TASK_UNINTERRUPTIBLE, schedule()); } while (0)
/* 0, or -ERESTARTSYS when a signal came first. */
#define wait_event_interruptible(q, cond) \
	((cond) ? 0 : ___wait_event(q, cond, TASK_INTERRUPTIBLE, schedule()))
#define wait_event_killable(q, cond) \
	((cond) ? 0 : ___wait_event(q, cond, TASK_KILLABLE, schedule()))

#endif
