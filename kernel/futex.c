/*
 * kernel/futex.c - waiting for a user-space word to change.
 *
 * MODEL     A futex is named by a key: for memory that only one mm sees, the mm and the address; for a shared
 *           mapping, the file's address_space and the offset, so that all who map it meet.  A waiter
 *           stands in the hash bucket of its key.  A wait compares the word under the bucket's lock, and a
 *           waker changes the word before it takes that lock: one of the two sees the other.
 *               waiter: lock; read word; queue; unlock; sleep     waker: write word; lock; look; wake
 * INVARIANTS
 *   X1  A waiter with !woken is in the bucket that q->bucket names; both change under that bucket's lock.
 *   X2  After it has set q->woken a waker touches neither q nor its task: the frame may be gone.
 *   X3  User memory is read under a bucket's lock only with page faults off; a fault drops the lock,
 *       brings the page, and starts again.
 * LOCKING   bucket->lock; two of them in the order of their addresses.
 * COST      A wake without waiters on a private futex: hash, one load, no lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/futex.h"
#include "kernel/sched/sched.h"
#include "kernel/task/cred.h"
#include "kernel/time/hrtimer.h"
#include "mm/space/vma.h"

#define FUTEX_HASH_BITS	8

struct futex_key { const void *object; unsigned long where; };

struct futex_bucket {
	spinlock_t lock;
	atomic_t nr_waiters;		/* counted before the word is read: lets a waker skip the lock */
	struct list_head waiters;
} __aligned(64);

struct futex_q {
	struct list_head link;		/* (bucket) */
	struct futex_bucket *bucket;	/* (bucket) X1 */
	struct task_base *task;
	struct futex_key key;
	u32 bitset;
	bool woken;			/* X2 */
};

static struct futex_bucket buckets[1 << FUTEX_HASH_BITS];

void __init futex_init(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(buckets); i++) {
		spin_lock_init(&buckets[i].lock, RANK_NONE);	/* two at a time */
		INIT_LIST_HEAD(&buckets[i].waiters);
	}
}

/* ---- keys ------------------------------------------------------------------------------------ */

static struct futex_bucket *bucket_of(const struct futex_key *key)
{
	u64 h = ((u64)key->object >> 4) * 0x9e3779b97f4a7c15ull ^ (key->where >> 2);

	return &buckets[h * 0x9e3779b97f4a7c15ull >> (64 - FUTEX_HASH_BITS)];
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->where == b->where;
}

/* Name the word at @uaddr; 0, -EINVAL, -EFAULT. */
static int get_key(u32 __user *uaddr, bool shared, struct futex_key *key)
{
	unsigned long addr = (unsigned long)uaddr;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	if (addr % sizeof(u32))
		return -EINVAL;
	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	key->object = mm;
	key->where = addr;
	if (likely(!shared))
		return 0;
	down_read(&mm->mmap_lock);
	vma = vma_lookup(mm, addr);
	if (vma && (vma->vm_flags & VM_SHARED) && vma->vm_file) {
		key->object = vma->vm_file->f_mapping;
		key->where = (vma->vm_pgoff << PAGE_SHIFT) + (addr - vma->vm_start);
	}
	up_read(&mm->mmap_lock);
	return vma ? 0 : -EFAULT;
}

/* The word, without sleeping: 0 or -EFAULT. */
static int read_word_locked(u32 *val, u32 __user *uaddr)
{
	int rc;

	pagefault_disable();
	rc = get_user(*val, uaddr);
	pagefault_enable();
	return rc;
}

static void lock_two(struct futex_bucket *a, struct futex_bucket *b) ACQUIRE(a->lock, b->lock) NO_LOCK_ANALYSIS
{
	if (a > b)
		swap(a, b);
	spin_lock(&a->lock);
	if (a != b)
		spin_lock(&b->lock);
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b) RELEASE(a->lock, b->lock) NO_LOCK_ANALYSIS
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/* ---- waking ---------------------------------------------------------------------------------- */

/* => the bucket's lock held, inside kick_defer() */
static void wake_waiter(struct futex_q *q)
{
	list_del(&q->link);
	atomic_dec(&q->bucket->nr_waiters);
	wake_up_task(q->task, TASK_NORMAL);
	smp_store_release(&q->woken, true);			/* X2; pairs with unqueue() */
}

/* Wake up to @nr waiters of @key with a bit of @bitset.  => b->lock held */
static int wake_key(struct futex_bucket *b, const struct futex_key *key, int nr, u32 bitset)
{
	struct futex_q *q, *n;
	int woken = 0;

	list_for_each_entry_safe(q, n, &b->waiters, link) {
		if (!same_key(&q->key, key) || !(q->bitset & bitset))
			continue;
		wake_waiter(q);
		if (++woken >= nr)
			break;
	}
	return woken;
}

static int futex_wake(u32 __user *uaddr, bool shared, int nr, u32 bitset)
{
	struct futex_bucket *b;
	struct futex_key key;
	int rc;

	if (!bitset)
		return -EINVAL;
	rc = get_key(uaddr, shared, &key);
	if (rc)
		return rc;
	b = bucket_of(&key);
	smp_mb();	/* the user's write of the word before nr_waiters: pairs with queue_waiter() */
	if (!atomic_read(&b->nr_waiters))
		return 0;
	kick_defer();
	spin_lock(&b->lock);
	rc = wake_key(b, &key, nr, bitset);
	spin_unlock(&b->lock);
	kick_flush();
	return rc;
}

int futex_wake_user(u32 __user *uaddr, int nr)
{
	return futex_wake(uaddr, true, nr, FUTEX_BITSET_MATCH_ANY);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Queue @q if the word is @val: 0 with the state set, -EWOULDBLOCK, or -errno. */
static int queue_waiter(struct futex_q *q, u32 __user *uaddr, bool shared, u32 val)
{
	struct futex_bucket *b;
	u32 now;
	int rc;

	for (;;) {
		rc = get_key(uaddr, shared, &q->key);
		if (rc)
			return rc;
		b = bucket_of(&q->key);
		atomic_inc(&b->nr_waiters);
		smp_mb();	/* counted before the word is read: pairs with futex_wake() */
		spin_lock(&b->lock);
		rc = read_word_locked(&now, uaddr);
		if (!rc && now == val)
			break;
		spin_unlock(&b->lock);
		atomic_dec(&b->nr_waiters);
		if (!rc)
			return -EWOULDBLOCK;
		if (get_user(now, uaddr))			/* X3 */
			return -EFAULT;
	}
	q->bucket = b;
	q->woken = false;
	set_current_state(TASK_INTERRUPTIBLE);
	list_add_tail(&q->link, &b->waiters);
	spin_unlock(&b->lock);
	return 0;
}

/* Off the queue: false when a waker was faster. */
static bool unqueue(struct futex_q *q)
{
	struct futex_bucket *b;
	bool queued;

	for (;;) {
		if (smp_load_acquire(&q->woken))
			return false;
		b = READ_ONCE(q->bucket);
		spin_lock(&b->lock);
		if (b == q->bucket)
			break;
		spin_unlock(&b->lock);				/* requeued meanwhile */
	}
	queued = !q->woken;
	if (queued) {
		list_del(&q->link);
		atomic_dec(&b->nr_waiters);
	}
	spin_unlock(&b->lock);
	return queued;
}

struct futex_timeout { bool set; enum hrtimer_clock clock; ktime_t end; };

/* 0 woken, WOKEN_FOR_NOTHING, -ETIMEDOUT, -ERESTARTSYS, or what queue_waiter() says. */
#define WOKEN_FOR_NOTHING	1
static int futex_wait_once(u32 __user *uaddr, bool shared, u32 val, const struct futex_timeout *to, u32 bitset)
{
	struct futex_q q = { .task = current_base(), .bitset = bitset };
	struct hrtimer_sleeper s;
	bool timed_out = false;
	int rc = queue_waiter(&q, uaddr, shared, val);

	if (rc)
		return rc;
	if (to->set) {
		hrtimer_init_sleeper(&s, to->clock);
		hrtimer_start(&s.timer, to->end, HRTIMER_MODE_ABS);
	}
	if (!READ_ONCE(q.woken) && (!to->set || READ_ONCE(s.task)))
		schedule();
	__set_current_state(TASK_RUNNING);
	if (to->set) {
		hrtimer_cancel(&s.timer);
		timed_out = !s.task;
	}
	if (!unqueue(&q))
		return 0;
	if (timed_out)
		return -ETIMEDOUT;
	return signal_pending() ? -ERESTARTSYS : WOKEN_FOR_NOTHING;
}

static long futex_wait_restart(struct restart_block *rb);

static long futex_wait(u32 __user *uaddr, bool shared, u32 val, const struct futex_timeout *to, u32 bitset)
{
	struct restart_block *rb = &current->restart_block;
	int rc;

	if (!bitset)
		return -EINVAL;
	do {
		rc = futex_wait_once(uaddr, shared, val, to, bitset);
	} while (rc == WOKEN_FOR_NOTHING);
	if (rc != -ERESTARTSYS || !to->set)
		return rc;
	rb->fn = futex_wait_restart;
	rb->arg[0] = (u64)uaddr;
	rb->arg[1] = val;
	rb->arg[2] = to->end;
	rb->arg[3] = to->clock;
	rb->arg[4] = bitset;
	rb->arg[5] = shared;
	return -ERESTART_RESTARTBLOCK;
}

static long futex_wait_restart(struct restart_block *rb)
{
	struct futex_timeout to = { true, rb->arg[3], rb->arg[2] };

	return futex_wait((u32 __user *)rb->arg[0], rb->arg[5], rb->arg[1], &to, rb->arg[4]);
}

/* ---- requeue, wake-op ------------------------------------------------------------------------ */

/* => both buckets locked */
static void requeue_waiter(struct futex_q *q, struct futex_bucket *to, const struct futex_key *key)
{
	if (q->bucket != to) {
		list_del(&q->link);
		atomic_dec(&q->bucket->nr_waiters);
		atomic_inc(&to->nr_waiters);
		list_add_tail(&q->link, &to->waiters);
		WRITE_ONCE(q->bucket, to);			/* X1 */
	}
	q->key = *key;
}

static int move_waiters(struct futex_bucket *b1, const struct futex_key *k1, struct futex_bucket *b2,
			const struct futex_key *k2, int nr_wake, int nr_requeue)
{
	struct futex_q *q, *n;
	int done = 0;

	list_for_each_entry_safe(q, n, &b1->waiters, link) {
		if (!same_key(&q->key, k1))
			continue;
		if (done < nr_wake)
			wake_waiter(q);
		else if (done - nr_wake < nr_requeue)
			requeue_waiter(q, b2, k2);
		else
			break;
		done++;
	}
	return done;
}

/* Two futexes and their buckets. */
struct futex_two { struct futex_key k1, k2; struct futex_bucket *b1, *b2; };

/* 0 or -errno; the buckets are not locked. */
static int get_two(u32 __user *u1, u32 __user *u2, bool shared, struct futex_two *t)
{
	int rc = get_key(u1, shared, &t->k1);

	if (!rc)
		rc = get_key(u2, shared, &t->k2);
	if (rc)
		return rc;
	t->b1 = bucket_of(&t->k1);
	t->b2 = bucket_of(&t->k2);
	return 0;
}

static int futex_requeue(u32 __user *u1, u32 __user *u2, bool shared, int nr_wake, int nr_requeue, const u32 *cmp)
{
	struct futex_two t;
	u32 now;
	int rc;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	for (;;) {
		rc = get_two(u1, u2, shared, &t);
		if (rc)
			return rc;
		lock_two(t.b1, t.b2);
		rc = cmp ? read_word_locked(&now, u1) : 0;
		if (!rc)
			break;
		unlock_two(t.b1, t.b2);
		if (get_user(now, u1))				/* X3 */
			return -EFAULT;
	}
	kick_defer();
	if (cmp && now != *cmp)
		rc = -EAGAIN;
	else if (same_key(&t.k1, &t.k2))
		rc = wake_key(t.b1, &t.k1, nr_wake, FUTEX_BITSET_MATCH_ANY);
	else
		rc = move_waiters(t.b1, &t.k1, t.b2, &t.k2, nr_wake, nr_requeue);
	unlock_two(t.b1, t.b2);
	kick_flush();
	return rc;
}

struct wake_op { int op, cmp, oparg, cmparg; };

static int decode_wake_op(u32 code, struct wake_op *w)
{
	w->op = code >> 28 & 7;
	w->cmp = code >> 24 & 15;
	w->oparg = (s32)(code << 8) >> 20;
	w->cmparg = (s32)(code << 20) >> 20;
	if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
		w->oparg = 1u << (w->oparg & 31);
	return w->op > 4 || w->cmp > FUTEX_OP_CMP_GE ? -ENOSYS : 0;
}

static bool compare_old(const struct wake_op *w, u32 value)
{
	int old = value;

	switch (w->cmp) {
	case FUTEX_OP_CMP_EQ:	return old == w->cmparg;
	case FUTEX_OP_CMP_NE:	return old != w->cmparg;
	case FUTEX_OP_CMP_LT:	return old < w->cmparg;
	case FUTEX_OP_CMP_GE:	return old >= w->cmparg;
	case FUTEX_OP_CMP_LE:	return old <= w->cmparg;
	default:		return old > w->cmparg;
	}
}

static int futex_wake_op(u32 __user *u1, u32 __user *u2, bool shared, int nr1, int nr2, u32 code)
{
	struct futex_two t;
	struct wake_op w;
	int rc = decode_wake_op(code, &w);
	u32 old;

	if (rc)
		return rc;
	for (;;) {
		rc = get_two(u1, u2, shared, &t);
		if (rc)
			return rc;
		lock_two(t.b1, t.b2);
		pagefault_disable();
		rc = futex_op_user(w.op, w.oparg, u2, &old);
		pagefault_enable();
		if (!rc)
			break;
		unlock_two(t.b1, t.b2);
		/* Adding nothing brings the page, writable (X3). */
		if (futex_op_user(1, 0, u2, &old))
			return -EFAULT;
	}
	kick_defer();
	rc = wake_key(t.b1, &t.k1, nr1, FUTEX_BITSET_MATCH_ANY);
	if (compare_old(&w, old))
		rc += wake_key(t.b2, &t.k2, nr2, FUTEX_BITSET_MATCH_ANY);
	unlock_two(t.b1, t.b2);
	kick_flush();
	return rc;
}

/* ---- robust lists ---------------------------------------------------------------------------- */

/* The holder @t of the lock at @uaddr dies: say so in the word, and wake one waiter. */
static int handle_death(u32 __user *uaddr, struct task_struct *t, bool pi, bool pending)
{
	u32 val, seen;

	if ((unsigned long)uaddr % sizeof(u32) || get_user(val, uaddr))
		return -1;
	for (;;) {
		/* Died between unlocking, with the word 0, and waking. */
		if (pending && !pi && !val) {
			futex_wake_user(uaddr, 1);
			return 0;
		}
		if ((val & FUTEX_TID_MASK) != (u32)t->pid)
			return 0;
		if (futex_cmpxchg_user(uaddr, val, (val & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return -1;
		if (seen == val)
			break;
		val = seen;
	}
	if (!pi && (val & FUTEX_WAITERS))
		futex_wake_user(uaddr, 1);
	return 0;
}

/* A list pointer: bit 0 says PI. */
static int fetch_entry(unsigned long *entry, bool *pi, struct robust_list __user *const __user *head)
{
	unsigned long v;

	if (get_user(v, (unsigned long __user *)head))
		return -EFAULT;
	*entry = v & ~1ul;
	*pi = v & 1;
	return 0;
}

void exit_robust_list(struct task_struct *t)
{
	struct robust_list_head __user *head = t->robust_list;
	unsigned long entry, next = 0, pending;
	bool pi, next_pi = false, pending_pi;
	long offset;
	int rc = 0;

	if (likely(!head))
		return;
	t->robust_list = NULL;
	if (fetch_entry(&entry, &pi, &head->list.next) || get_user(offset, &head->futex_offset) ||
	    fetch_entry(&pending, &pending_pi, &head->list_op_pending))
		return;
	for (int limit = ROBUST_LIST_LIMIT; entry != (unsigned long)&head->list && limit; limit--) {
		/* The next one first: this lock may be freed the moment it is given up. */
		rc = fetch_entry(&next, &next_pi, &((struct robust_list __user *)entry)->next);
		if (entry != pending && handle_death((u32 __user *)(entry + offset), t, pi, false))
			return;
		if (rc)
			return;
		entry = next;
		pi = next_pi;
		cond_resched();
	}
	if (pending)
		handle_death((u32 __user *)(pending + offset), t, pending_pi, true);
}

SYSCALL_DEFINE2(set_robust_list, struct robust_list_head __user *, head, size_t, len)
{
	if (len != sizeof(*head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

SYSCALL_DEFINE3(get_robust_list, pid_t, pid, void __user *__user *, uhead, size_t __user *, ulen)
{
	struct task_struct *t = current;
	void __user *head;
	bool allowed;

	if (pid) {
		t = find_get_task(pid);
		if (!t)
			return -ESRCH;
	}
	head = t->robust_list;
	allowed = ptrace_may_attach(t);
	if (pid)
		put_task_struct(t);
	if (!allowed)
		return -EPERM;
	if (put_user(sizeof(struct robust_list_head), ulen))
		return -EFAULT;
	return put_user(head, uhead);
}

/* ---- the call -------------------------------------------------------------------------------- */

static int get_timeout(struct futex_timeout *to, int op, const struct __kernel_timespec __user *uts)
{
	struct timespec64 ts;

	to->set = uts != NULL;
	to->clock = op & FUTEX_CLOCK_REALTIME ? HRTIMER_REALTIME : HRTIMER_MONOTONIC;
	if (!uts)
		return 0;
	if (get_timespec64(&ts, uts))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	to->end = timespec64_to_ktime(ts);
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		to->end = ktime_add_safe(ktime_get(), to->end);
	return 0;
}

SYSCALL_DEFINE6(futex, u32 __user *, uaddr, int, op, u32, val, const struct __kernel_timespec __user *, uts,
		u32 __user *, uaddr2, u32, val3)
{
	bool shared = !(op & FUTEX_PRIVATE_FLAG);
	int cmd = op & FUTEX_CMD_MASK, rc;
	int val2 = (int)(unsigned long)uts;
	struct futex_timeout to;

	if ((op & FUTEX_CLOCK_REALTIME) && cmd != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		val3 = FUTEX_BITSET_MATCH_ANY;
		fallthrough;
	case FUTEX_WAIT_BITSET:
		rc = get_timeout(&to, op, uts);
		return rc ? rc : futex_wait(uaddr, shared, val, &to, val3);
	case FUTEX_WAKE:
		val3 = FUTEX_BITSET_MATCH_ANY;
		fallthrough;
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, shared, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, uaddr2, shared, val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, uaddr2, shared, val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, uaddr2, shared, val, val2, val3);
	default:
		return -ENOSYS;
	}
}
