/*
 * kernel/futex/internal.h - what the files of kernel/futex share.
 *
 * MODEL     A futex is named by a key (key.c).  A waiter stands in the hash bucket of its key.  A wait compares the
 *           word under the bucket's lock, and a waker changes the word before it takes that lock: one of
 *           the two sees the other.
 *               waiter: lock; read word; queue; unlock; sleep     waker: write word; lock; look; wake
 * INVARIANTS
 *   X1  A waiter with !woken is in the bucket that q->bucket names; both change under that bucket's lock.
 *   X2  After it has set q->woken a waker touches neither q nor its task: the frame may be gone.
 *   X3  User memory is read under a bucket's lock only with page faults off; a fault drops the lock,
 *       brings the page, and starts again.
 *   X4  A bucket's waiters stand in order of urgency, equals in order of arrival.
 * LOCKING   (B) bucket->lock; two of them in the order of their addresses.  (P) pi_lock (pi_chain.c), inside.
 *           (I) fixed while it is queued.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FUTEX_INTERNAL_H
#define VELLUM_FUTEX_INTERNAL_H

#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/futex.h"
#include "kernel/futex/futex.h"
#include "kernel/sched/sched.h"
#include "kernel/time/hrtimer.h"

/* How a word is meant, and by whom it is awaited. */
#define FLAGS_SHARED	1u	/* others may map the page at other addresses */
#define FLAGS_WRITE	2u	/* the call will write the word */
#define FLAGS_STRICT	4u	/* waking nobody means nobody (futex_wake(2)) */

enum futex_key_kind { KEY_PRIVATE, KEY_ANON, KEY_FILE };

struct futex_key {
	u64 object;		/* id of the mm, or sequence number of the inode: none is used twice */
	unsigned long where;	/* user address, or offset in the file */
	enum futex_key_kind kind;
};

struct futex_bucket {
	spinlock_t lock;
	atomic_t nr_waiters;	/* counted before the word is read: lets a waker skip the lock */
	struct list_head waiters;	/* (B) X4 */
} __aligned(64);

struct pi_waiter;
struct pi_state;

struct futex_q {
	struct list_head link;		/* (B) */
	struct futex_bucket *bucket;	/* (B) X1 */
	struct task_struct *task;	/* (I) */
	u64 urgency;			/* (I) the task's when it was queued */
	struct futex_key key;		/* (B) */
	u32 bitset;			/* (I) */
	bool woken;			/* X2 */
	struct pi_waiter *pi;		/* (I) it wants a PI lock in the end; no plain wake-up takes it */
	struct pi_state *pi_state;	/* (B) the lock it waits for by now, counted */
	const struct futex_key *requeue_key;	/* (I) where requeueing will bring it */
};

struct futex_timeout { bool set; enum hrtimer_clock clock; ktime_t end; };

/* ---- key.c ----------------------------------------------------------------------------------- */

struct futex_bucket *bucket_of(const struct futex_key *key);
__must_check int get_shared_key(unsigned long addr, bool write, struct futex_key *key);

static inline bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->where == b->where && a->object == b->object && a->kind == b->kind;
}

/* Name the word at @uaddr; 0, -EINVAL, -EFAULT, -ENOMEM. */
static __always_inline __must_check int get_key(u32 __user *uaddr, unsigned flags, struct futex_key *key)
{
	unsigned long addr = (unsigned long)uaddr;

	if (addr % sizeof(u32))
		return -EINVAL;
	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	if (unlikely(flags & FLAGS_SHARED))
		return get_shared_key(addr, flags & FLAGS_WRITE, key);
	*key = (struct futex_key){ current->mm->id, addr, KEY_PRIVATE };
	return 0;
}

/* Two futexes and their buckets. */
struct futex_two { struct futex_key k1, k2; struct futex_bucket *b1, *b2; };
__must_check int get_two(u32 __user *u1, unsigned flags1, u32 __user *u2, unsigned flags2, struct futex_two *t);
void lock_two(struct futex_bucket *a, struct futex_bucket *b) ACQUIRE(a->lock, b->lock);
void unlock_two(struct futex_bucket *a, struct futex_bucket *b) RELEASE(a->lock, b->lock);

/* The word, without sleeping (X3): 0 or -EFAULT. */
__must_check int read_word_locked(u32 *val, u32 __user *uaddr);
/* *uaddr from @old to @new_, without sleeping; *@seen is what was there. */
__must_check int cmpxchg_word_locked(u32 __user *uaddr, u32 old, u32 new_, u32 *seen);
/* Bring the page of the word, writable: 0 or -EFAULT.  => may sleep */
__must_check int fault_in_word(u32 __user *uaddr);

/* ---- wait.c ---------------------------------------------------------------------------------- */

/* Put @q at its place in @b (X1, X4).  => b->lock held, and @b's nr_waiters counts it already */
void queue_q(struct futex_q *q, struct futex_bucket *b) REQUIRES(b->lock);
/* => b->lock held, b == q->bucket */
void unqueue_q(struct futex_q *q, struct futex_bucket *b) REQUIRES(b->lock);
/* Queue @q if the word is @val: 0, -EWOULDBLOCK, or -errno.  Its key is set.  => the state is set at 0 */
__must_check int queue_if_equal(struct futex_q *q, u32 __user *uaddr, u32 val);
/* Off the queue: false when a waker was faster. */
bool unqueue(struct futex_q *q);
/* Lock the bucket that @q is in; NULL when it was woken. */
struct futex_bucket *lock_bucket_of(struct futex_q *q);

/* The first waiter of @key in @b, or NULL. */
struct futex_q *first_waiter(struct futex_bucket *b, const struct futex_key *key) REQUIRES(b->lock);

void timeout_start(struct hrtimer_sleeper *s, const struct futex_timeout *to);
/* True when the time was reached. */
bool timeout_end(struct hrtimer_sleeper *s, const struct futex_timeout *to);

long futex_wait(u32 __user *uaddr, unsigned flags, u32 val, const struct futex_timeout *to, u32 bitset);
/* The same without a restart block: a signal means -ERESTARTSYS. */
long futex_wait_plain(u32 __user *uaddr, unsigned flags, u32 val, const struct futex_timeout *to, u32 bitset);

struct futex_waiting { struct futex_q q; u32 __user *uaddr; u32 val; unsigned flags; };
long futex_wait_multiple(struct futex_waiting *w, unsigned nr, const struct futex_timeout *to);

/* ---- wake.c, requeue.c ----------------------------------------------------------------------- */

/* => the bucket's lock held, inside kick_defer() */
void wake_waiter(struct futex_q *q);
int futex_wake(u32 __user *uaddr, unsigned flags, int nr, u32 bitset);
int futex_wake_op(u32 __user *u1, u32 __user *u2, unsigned flags, int nr1, int nr2, u32 code);

struct requeue_args {
	u32 __user *u1, *u2;
	unsigned flags1, flags2;
	int nr_wake, nr_requeue;
	const u32 *cmp;
};
int futex_requeue(const struct requeue_args *a);
int futex_requeue_pi(const struct requeue_args *a);
/* => both buckets locked */
void requeue_q(struct futex_q *q, struct futex_bucket *to, const struct futex_key *key);

/* ---- pi.c ------------------------------------------------------------------------------------ */

enum pi_try { PI_WAIT, PI_TRY };
long futex_lock_pi(u32 __user *uaddr, unsigned flags, const struct futex_timeout *to, enum pi_try how);
long futex_unlock_pi(u32 __user *uaddr, unsigned flags);
long futex_wait_requeue_pi(u32 __user *uaddr, unsigned flags, u32 val, const struct futex_timeout *to,
			   u32 bitset, u32 __user *uaddr2);
void exit_robust_list(struct task_struct *t);

#endif
