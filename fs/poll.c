/*
 * fs/poll.c - poll(2), ppoll(2), pselect6(2): wait until one of many files is ready.
 *
 * MODEL     Every file is asked once with a poll_table that queues us on whatever it will wake; if none is
 *           ready we sleep, and ask again without queueing.  A wake-up sets `triggered`, so that one that
 *           comes between asking and sleeping is not lost.
 * COST      up to NR_INLINE queues without an allocation.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/poll.h"
#include "fs/fdtable.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/poll.h"
#include "include/uapi/prctl.h"
#include "include/uapi/time.h"
#include "kernel/signal/signal.h"
#include "kernel/time/hrtimer.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define NR_INLINE	16
#define DEFAULT_MASK	(EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM)

struct poll_entry {
	struct wait_queue_entry wait;
	wait_queue_head_t *q;
	struct file *file;		/* counted: its queue must outlive us */
	struct poll_wqueues *pwq;
	unsigned long key;		/* events we want; 0: all */
};

struct poll_chunk { struct poll_chunk *next; unsigned nr; struct poll_entry e[]; };
#define CHUNK_ENTRIES	((PAGE_SIZE - sizeof(struct poll_chunk)) / sizeof(struct poll_entry))

struct poll_wqueues {
	struct poll_table pt;
	int triggered, error;
	unsigned long key;		/* of the file being asked */
	struct task_base *task;
	struct poll_chunk *chunks;
	unsigned nr;
	struct poll_entry inline_e[NR_INLINE];
};

static bool poll_wake(struct wait_queue_entry *w, unsigned long key)
{
	struct poll_entry *e = container_of(w, struct poll_entry, wait);

	if (key && !(key & e->key))
		return false;
	WRITE_ONCE(e->pwq->triggered, 1);
	return wake_up_task(e->pwq->task, TASK_INTERRUPTIBLE);
}

static struct poll_entry *poll_new_entry(struct poll_wqueues *p)
{
	struct poll_chunk *c = p->chunks;

	if (p->nr < NR_INLINE)
		return &p->inline_e[p->nr++];
	if (!c || c->nr == CHUNK_ENTRIES) {
		c = (struct poll_chunk *)__get_free_page(GFP_KERNEL);
		if (!c)
			return NULL;
		c->next = p->chunks;
		c->nr = 0;
		p->chunks = c;
	}
	return &c->e[c->nr++];
}

static void poll_queue(struct file *f, wait_queue_head_t *q, struct poll_table *pt)
{
	struct poll_wqueues *p = container_of(pt, struct poll_wqueues, pt);
	struct poll_entry *e = poll_new_entry(p);

	if (!e) {
		p->error = -ENOMEM;
		return;
	}
	e->wait = (struct wait_queue_entry){ .task = p->task, .func = poll_wake };
	INIT_LIST_HEAD(&e->wait.link);
	e->q = q;
	e->file = get_file(f);
	e->pwq = p;
	e->key = p->key;
	add_wait_queue(q, &e->wait);
}

static void poll_init(struct poll_wqueues *p)
{
	p->pt.queue = poll_queue;
	p->triggered = p->error = 0;
	p->task = current_base();
	p->chunks = NULL;
	p->nr = 0;
}

static void poll_end_entry(struct poll_entry *e)
{
	remove_wait_queue(e->q, &e->wait);
	fput(e->file);
	cond_resched();
}

static void poll_end(struct poll_wqueues *p)
{
	for (unsigned i = 0; i < p->nr; i++)
		poll_end_entry(&p->inline_e[i]);
	for (struct poll_chunk *c = p->chunks, *next; c; c = next) {
		next = c->next;
		for (unsigned i = 0; i < c->nr; i++)
			poll_end_entry(&c->e[i]);
		free_page((unsigned long)c);
	}
}

/* Sleep until a queue wakes us, a signal, or @deadline (NULL: for ever).  => true: time is up */
static bool poll_sleep(struct poll_wqueues *p, const ktime_t *deadline)
{
	bool timed_out = false;

	set_current_state(TASK_INTERRUPTIBLE);
	if (!READ_ONCE(p->triggered))
		timed_out = !schedule_hrtimeout(deadline, HRTIMER_MODE_ABS);
	set_current_state(TASK_RUNNING);
	WRITE_ONCE(p->triggered, 0);
	smp_mb();	/* pairs with the waker: triggered before the file's state is looked at again */
	return timed_out;
}

unsigned vfs_poll(struct file *f, struct poll_table *pt)
{
	return f->f_op->poll ? f->f_op->poll(f, pt) : DEFAULT_MASK;
}

/* ---- time limits ----------------------------------------------------------------------------- */

struct poll_limit {
	ktime_t deadline;
	ktime_t *when;		/* NULL: none */
	bool now;		/* do not wait at all */
};

static void limit_ns(struct poll_limit *l, u64 ns)
{
	l->now = !ns;
	l->deadline = ktime_add_safe(ktime_get(), ns);
	l->when = &l->deadline;
}

static int limit_from_user(struct poll_limit *l, const struct __kernel_timespec __user *u)
{
	struct timespec64 ts;

	*l = (struct poll_limit){ .when = NULL };
	if (!u)
		return 0;
	if (get_timespec64(&ts, u))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	limit_ns(l, timespec64_to_ktime(ts));
	return 0;
}

/*
 * What is left goes back to the caller.  Where it does not (STICKY_TIMEOUTS, or it cannot be written), the result
 * counts more; but a call that starts again would then wait for the whole time: it ends instead.
 */
static int limit_to_user(const struct poll_limit *l, struct __kernel_timespec __user *u, int rc)
{
	struct timespec64 ts = { 0, 0 };
	ktime_t now = ktime_get();

	if (!u || !l->when)
		return rc;
	if (!l->now && now < l->deadline)
		ts = ns_to_timespec64(l->deadline - now);
	if (!(task_personality() & STICKY_TIMEOUTS) && !put_timespec64(&ts, u))
		return rc;
	return rc == -ERESTARTNOHAND ? -EINTR : rc;
}

/* ---- poll ------------------------------------------------------------------------------------ */

static unsigned poll_one(struct pollfd *pfd, struct poll_wqueues *p, struct poll_table *pt)
{
	unsigned want = (u16)pfd->events | EPOLLERR | EPOLLHUP, mask;
	struct fd f;

	if (pfd->fd < 0)
		return 0;
	f = fdget(pfd->fd);
	if (!f.file)
		return POLLNVAL;
	p->key = want;
	mask = vfs_poll(f.file, pt) & want;
	fdput(f);
	return mask;
}

static int do_poll(struct pollfd *fds, unsigned n, struct poll_wqueues *p, struct poll_limit *l)
{
	struct poll_table *pt = l->now ? NULL : &p->pt;
	bool timed_out = l->now;

	for (;;) {
		int ready = 0;

		for (unsigned i = 0; i < n; i++) {
			fds[i].revents = poll_one(&fds[i], p, ready ? NULL : pt);
			ready += fds[i].revents != 0;
			cond_resched();
		}
		pt = NULL;		/* queued on all of them */
		if (!ready && p->error)
			return p->error;
		if (!ready && signal_pending())
			return -ERESTARTNOHAND;
		if (ready || timed_out)
			return ready;
		timed_out = poll_sleep(p, l->when);
	}
}

static int sys_poll(struct pollfd __user *ufds, unsigned n, struct poll_limit *l)
{
	struct pollfd few[32], *fds = few;
	struct poll_wqueues p;
	int rc;

	if (n > task_rlimit(RLIMIT_NOFILE))
		return -EINVAL;
	if (n > ARRAY_SIZE(few)) {
		fds = kvmalloc(n * sizeof(*fds), GFP_KERNEL);
		if (!fds)
			return -ENOMEM;
	}
	rc = -EFAULT;
	if (copy_from_user(fds, ufds, n * sizeof(*fds)))
		goto out;
	poll_init(&p);
	rc = do_poll(fds, n, &p, l);
	poll_end(&p);
	for (unsigned i = 0; i < n; i++)
		if (put_user(fds[i].revents, &ufds[i].revents)) {
			rc = -EFAULT;
			break;
		}
out:
	if (fds != few)
		kvfree(fds);
	return rc;
}

SYSCALL_DEFINE5(ppoll, struct pollfd __user *, ufds, unsigned, n, struct __kernel_timespec __user *, utime,
		const sigset_t __user *, umask, size_t, size)
{
	struct poll_limit l;
	int rc = limit_from_user(&l, utime);

	if (!rc)
		rc = set_user_sigmask(umask, size);
	if (rc)
		return rc;
	rc = sys_poll(ufds, n, &l);
	restore_saved_sigmask_unless(rc == -ERESTARTNOHAND);
	return limit_to_user(&l, utime, rc);
}

/* ---- select ---------------------------------------------------------------------------------- */

/* Each set is a bit map of n bits; in the order in, out, except, and the three results. */
struct fd_sets { unsigned long *in, *out, *ex, *res_in, *res_out, *res_ex; };

#define SELECT_IN	(EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLNVAL)
#define SELECT_OUT	(EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR | EPOLLNVAL)
#define SELECT_EX	(EPOLLPRI | EPOLLNVAL)

static int select_one(struct fd_sets *s, unsigned fd, struct poll_wqueues *p, struct poll_table *pt)
{
	unsigned w = fd / 64, mask, count = 0;
	unsigned long bit = 1ul << (fd % 64);
	struct fd f = fdget(fd);

	if (!f.file)
		return -EBADF;
	p->key = (s->in[w] & bit ? SELECT_IN : 0) | (s->out[w] & bit ? SELECT_OUT : 0) |
		 (s->ex[w] & bit ? SELECT_EX : 0) | EPOLLERR | EPOLLHUP;
	mask = vfs_poll(f.file, pt);
	fdput(f);
	if ((mask & SELECT_IN) && (s->in[w] & bit)) {
		s->res_in[w] |= bit;
		count++;
	}
	if ((mask & SELECT_OUT) && (s->out[w] & bit)) {
		s->res_out[w] |= bit;
		count++;
	}
	if ((mask & SELECT_EX) && (s->ex[w] & bit)) {
		s->res_ex[w] |= bit;
		count++;
	}
	return count;
}

static int select_round(struct fd_sets *s, unsigned n, struct poll_wqueues *p, struct poll_table *pt)
{
	int ready = 0;

	for (unsigned w = 0; w < DIV_ROUND_UP(n, 64); w++) {
		unsigned long all = s->in[w] | s->out[w] | s->ex[w];

		for (; all; all &= all - 1) {
			int rc = select_one(s, w * 64 + __builtin_ctzl(all), p, ready ? NULL : pt);

			if (rc < 0)
				return rc;
			ready += rc;
			cond_resched();
		}
	}
	return ready;
}

static int do_select(struct fd_sets *s, unsigned n, struct poll_wqueues *p, struct poll_limit *l)
{
	struct poll_table *pt = l->now ? NULL : &p->pt;
	bool timed_out = l->now;

	for (;;) {
		int ready = select_round(s, n, p, pt);

		pt = NULL;
		if (ready < 0)
			return ready;
		if (!ready && p->error)
			return p->error;
		if (!ready && signal_pending())
			return -ERESTARTNOHAND;
		if (ready || timed_out)
			return ready;
		timed_out = poll_sleep(p, l->when);
	}
}

static int get_set(unsigned long *set, const void __user *u, unsigned n)
{
	unsigned bytes = DIV_ROUND_UP(n, 64) * 8;

	if (!u) {
		memset(set, 0, bytes);
		return 0;
	}
	if (copy_from_user(set, u, bytes))
		return -EFAULT;
	if (n % 64)		/* bits beyond n mean nothing */
		set[n / 64] &= (1ul << (n % 64)) - 1;
	return 0;
}

static int put_set(const unsigned long *set, void __user *u, unsigned n)
{
	return u && copy_to_user(u, set, DIV_ROUND_UP(n, 64) * 8) ? -EFAULT : 0;
}

static int sys_select(int n, void __user *in, void __user *out, void __user *ex, struct poll_limit *l)
{
	unsigned long few[6 * 2], *bits = few;
	struct poll_wqueues p;
	struct fd_sets s;
	unsigned words;
	int rc;

	if (n < 0)
		return -EINVAL;
	n = min((unsigned)n, current->files->max_fds);
	words = DIV_ROUND_UP(n, 64);
	if (words > 2) {
		bits = kvmalloc(words * 6 * sizeof(long), GFP_KERNEL);
		if (!bits)
			return -ENOMEM;
	}
	s = (struct fd_sets){ bits, bits + words, bits + 2 * words, bits + 3 * words, bits + 4 * words,
			      bits + 5 * words };
	rc = -EFAULT;
	if (get_set(s.in, in, n) || get_set(s.out, out, n) || get_set(s.ex, ex, n))
		goto out;
	memset(s.res_in, 0, 3 * words * sizeof(long));
	poll_init(&p);
	rc = do_select(&s, n, &p, l);
	poll_end(&p);
	if (rc >= 0 && (put_set(s.res_in, in, n) || put_set(s.res_out, out, n) || put_set(s.res_ex, ex, n)))
		rc = -EFAULT;
out:
	if (bits != few)
		kvfree(bits);
	return rc;
}

struct sigset_arg { const sigset_t __user *p; size_t size; };

SYSCALL_DEFINE6(pselect6, int, n, void __user *, in, void __user *, out, void __user *, ex,
		struct __kernel_timespec __user *, utime, const struct sigset_arg __user *, usig)
{
	struct sigset_arg sig = { NULL, 0 };
	struct poll_limit l;
	int rc;

	if (usig && copy_from_user(&sig, usig, sizeof(sig)))
		return -EFAULT;
	rc = limit_from_user(&l, utime);
	if (!rc)
		rc = set_user_sigmask(sig.p, sig.size);
	if (rc)
		return rc;
	rc = sys_select(n, in, out, ex, &l);
	restore_saved_sigmask_unless(rc == -ERESTARTNOHAND);
	return limit_to_user(&l, utime, rc);
}
