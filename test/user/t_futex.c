/*
 * test/user/t_futex.c - futexes: what a word is called, waiting for many, locks that lend urgency.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#define NR_waitv	449
#define NR_wake2	454
#define NR_wait2	455
#define NR_requeue2	456
#define U32		2u		/* FUTEX2_SIZE_U32 */
#define PRIVATE		128u
#define ALL		0xfffffffful
#define MS		1000000l

struct waitv { uint64_t val, uaddr; uint32_t flags, reserved; };

static long futex(void *addr, int op, uint32_t val, const void *to, void *addr2, uint32_t val3)
{
	return syscall(SYS_futex, addr, op, val, to, addr2, val3);
}

static struct timespec after(clockid_t clock, long ns)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ns;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void doze(long ns)
{
	nanosleep(&(struct timespec){ ns / 1000000000, ns % 1000000000 }, NULL);
}

/* ---- waiters that the tests wake ------------------------------------------------------------- */

struct waiter { pthread_t thread; uint32_t *word, *word2; int op; volatile pid_t tid; long result; int error; };

static void *wait_fn(void *arg)
{
	struct waiter *w = arg;

	w->tid = gettid();
	w->result = futex(w->word, w->op, *w->word, NULL, w->word2, ~0u);
	w->error = errno;
	return NULL;
}

/* The state letter and the priority that /proc shows of a thread. */
static char thread_stat(pid_t tid, long *prio)
{
	char path[64], text[512], *p, state;
	int fd, n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n > 0);
	close(fd);
	text[n] = 0;
	p = strrchr(text, ')') + 2;
	state = *p;
	for (int field = 3; field < 18; field++)
		p = strchr(p, ' ') + 1;
	*prio = strtol(p, NULL, 10);
	return state;
}

static long thread_prio(pid_t tid)
{
	long prio;

	thread_stat(tid, &prio);
	return prio;
}

static void until_asleep(volatile pid_t *tid)
{
	long prio;

	/* Asleep, not yielding: we may have become more urgent than the thread, for the sake of another. */
	while (!*tid)
		doze(MS);
	while (thread_stat(*tid, &prio) != 'S')
		doze(MS);
}

static void wait_start(struct waiter *w, uint32_t *word, int op)
{
	w->word = word;
	w->op = op;
	w->tid = 0;
	CHECK_EQ(pthread_create(&w->thread, NULL, wait_fn, w), 0);
	until_asleep(&w->tid);
}

static void wait_end(struct waiter *w)
{
	CHECK_EQ(pthread_join(w->thread, NULL), 0);
}

/* ---- names ----------------------------------------------------------------------------------- */

static uint32_t private_word;

TEST(a_private_and_a_shared_futex_do_not_meet)
{
	struct waiter w = { 0 };

	wait_start(&w, &private_word, FUTEX_WAIT_PRIVATE);
	CHECK_EQ(futex(&private_word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&private_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	wait_end(&w);
	CHECK_EQ(w.result, 0);
	wait_start(&w, &private_word, FUTEX_WAIT);
	CHECK_EQ(futex(&private_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&private_word, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	wait_end(&w);
}

static int memory_file(void)
{
	int fd = memfd_create("futex", 0);

	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 3 * 4096), 0);
	return fd;
}

static uint32_t *map_file(int fd, int prot, int flags, long page)
{
	void *p = mmap(NULL, 4096, prot, flags, fd, page * 4096);

	CHECK(p != MAP_FAILED);
	return p;
}

TEST(a_shared_futex_is_named_by_file_and_offset)
{
	int fd = memory_file(), other = memory_file();
	uint32_t *a = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 1);
	uint32_t *b = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 1);
	uint32_t *next = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 2);
	uint32_t *elsewhere = map_file(other, PROT_READ | PROT_WRITE, MAP_SHARED, 1);
	uint32_t *read_only = map_file(fd, PROT_READ, MAP_SHARED, 1);
	uint32_t *private = map_file(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE, 1);
	struct waiter w = { 0 };

	wait_start(&w, a + 3, FUTEX_WAIT);
	CHECK_EQ(futex(next + 3, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(elsewhere + 3, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(private + 3, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(b + 2, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(b + 3, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	wait_end(&w);
	wait_start(&w, read_only + 3, FUTEX_WAIT);
	CHECK_EQ(futex(a + 3, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	wait_end(&w);
}

/* What a futex waits on may go, and another take the place of its structs: it does not hear of that one. */
TEST(a_name_is_not_used_again)
{
	struct waiter w = { 0 };
	uint32_t *p, *q;
	int fd = memory_file();

	p = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	close(fd);
	wait_start(&w, p, FUTEX_WAIT);
	CHECK_EQ(munmap(p, 4096), 0);
	for (int i = 0; i < 100; i++) {
		fd = memory_file();
		q = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
		close(fd);
		CHECK_EQ(futex(q, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
		CHECK_EQ(munmap(q, 4096), 0);
	}
}

TEST(a_shared_word_must_be_there)
{
	int fd = memory_file();
	uint32_t *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *past_end = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 9);
	uint32_t *shared_none = map_file(fd, PROT_NONE, MAP_SHARED, 0);
	uint32_t *shared_ro = map_file(fd, PROT_READ, MAP_SHARED, 0);
	uint32_t word = 0;

	CHECK_ERR(futex(none, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex(ro, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex(past_end, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex(shared_none, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_EQ(futex(shared_ro, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_ERR(futex(shared_ro, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1l, none, 0), EFAULT);
	CHECK_EQ(futex(none, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_ERR(futex((char *)&word + 1, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
}

TEST(requeueing_to_itself_counts)
{
	static uint32_t word;
	struct waiter w[3] = { 0 };

	for (int i = 0; i < 3; i++)
		wait_start(&w[i], &word, FUTEX_WAIT_PRIVATE);
	CHECK_EQ(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10l, &word, 0), 3);
	CHECK_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 2);
	for (int i = 0; i < 3; i++)
		wait_end(&w[i]);
}

/* ---- the calls of the second kind ------------------------------------------------------------ */

static uint32_t words[128];

static void fill_waitv(struct waitv *v, int n, uint32_t flags)
{
	for (int i = 0; i < n; i++)
		v[i] = (struct waitv){ words[i], (uintptr_t)&words[i], flags, 0 };
}

TEST(waitv_checks_its_arguments)
{
	struct timespec past = { 0, 0 }, bad = { 0, 1000000000 };
	struct waitv v[129];

	fill_waitv(v, 128, U32 | PRIVATE);
	CHECK_ERR(syscall(NR_waitv, v, 128, 1, &past, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERR(syscall(NR_waitv, v, 0, 0, &past, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERR(syscall(NR_waitv, v, 129, 0, &past, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERR(syscall(NR_waitv, NULL, 1, 0, &past, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERR(syscall(NR_waitv, v, 1, 0, &past, CLOCK_BOOTTIME), EINVAL);
	CHECK_ERR(syscall(NR_waitv, v, 1, 0, &bad, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERR(syscall(NR_waitv, 8l, 1, 0, &past, CLOCK_MONOTONIC), EFAULT);
	CHECK_ERR(syscall(NR_waitv, v, 128, 0, &past, CLOCK_MONOTONIC), ETIMEDOUT);
	v[1].val = 7;
	CHECK_ERR(syscall(NR_waitv, v, 2, 0, &past, CLOCK_MONOTONIC), EAGAIN);
	v[1].val = 1ull << 32;
	CHECK_ERR(syscall(NR_waitv, v, 2, 0, &past, CLOCK_MONOTONIC), EINVAL);
	v[1].val = 0;
	v[1].reserved = 1;
	CHECK_ERR(syscall(NR_waitv, v, 2, 0, &past, CLOCK_MONOTONIC), EINVAL);
	v[1].reserved = 0;
	for (unsigned flags = 0; flags < 16; flags++) {
		v[1].flags = flags;
		if (flags == U32)
			CHECK_ERR(syscall(NR_waitv, v, 2, 0, &past, CLOCK_MONOTONIC), ETIMEDOUT);
		else
			CHECK_ERR(syscall(NR_waitv, v, 2, 0, &past, CLOCK_MONOTONIC), EINVAL);
	}
	v[1] = (struct waitv){ 0, 8, U32 | PRIVATE, 0 };
	CHECK_ERR(syscall(NR_waitv, v, 2, 0, &past, CLOCK_MONOTONIC), EFAULT);
}

static volatile pid_t waitv_tid;
static long waitv_result;

static void *waitv_fn(void *arg)
{
	struct waitv v[100];

	(void)arg;
	fill_waitv(v, 100, U32 | PRIVATE);
	waitv_tid = gettid();
	waitv_result = syscall(NR_waitv, v, 100, 0, NULL, 0);
	return NULL;
}

TEST(waitv_tells_which_word)
{
	pthread_t t;

	for (int i = 0; i < 100; i += 33) {
		waitv_tid = 0;
		CHECK_EQ(pthread_create(&t, NULL, waitv_fn, NULL), 0);
		until_asleep(&waitv_tid);
		CHECK_EQ(futex(&words[100], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
		while (syscall(NR_wake2, &words[i], ALL, 1, U32 | PRIVATE) != 1)
			doze(MS);	/* it looks asleep before it has queued for the last */
		pthread_join(t, NULL);
		CHECK_EQ(waitv_result, i);
		CHECK_EQ(syscall(NR_wake2, &words[5], ALL, 1, U32 | PRIVATE), 0);
	}
}

TEST(second_calls_check_and_work)
{
	struct timespec soon = after(CLOCK_MONOTONIC, 20 * MS);
	struct waitv v[2];
	struct waiter w[2] = { 0 };

	fill_waitv(v, 2, U32 | PRIVATE);
	CHECK_ERR(syscall(NR_wake2, words, ALL, 1, 0), EINVAL);
	CHECK_ERR(syscall(NR_wake2, words, ALL, 1, U32 | 4), EINVAL);
	CHECK_ERR(syscall(NR_wake2, words, 0, 1, U32), EINVAL);
	CHECK_ERR(syscall(NR_wake2, words, 1ul << 32, 1, U32), EINVAL);
	CHECK_ERR(syscall(NR_wait2, words, 1, ALL, U32, NULL, 0), EAGAIN);
	CHECK_ERR(syscall(NR_wait2, words, 0, 0, U32, NULL, 0), EINVAL);
	CHECK_ERR(syscall(NR_wait2, words, 1ul << 32, ALL, U32, NULL, 0), EINVAL);
	CHECK_ERR(syscall(NR_wait2, words, 0, ALL, U32, &soon, 77), EINVAL);
	CHECK_ERR(syscall(NR_wait2, words, 0, ALL, U32, &soon, CLOCK_MONOTONIC), ETIMEDOUT);
	CHECK_ERR(syscall(NR_requeue2, v, 1, 0, 1), EINVAL);
	CHECK_ERR(syscall(NR_requeue2, NULL, 0, 0, 1), EINVAL);
	CHECK_ERR(syscall(NR_requeue2, v, 0, -1, 1), EINVAL);
	for (int i = 0; i < 2; i++)
		wait_start(&w[i], words, FUTEX_WAIT_PRIVATE);
	CHECK_EQ(syscall(NR_wake2, words, ALL, 0, U32 | PRIVATE), 0);
	v[0].val = 1;
	CHECK_ERR(syscall(NR_requeue2, v, 0, 0, 2), EAGAIN);
	v[0].val = 0;
	CHECK_EQ(syscall(NR_requeue2, v, 0, 0, 2), 2);
	CHECK_EQ(syscall(NR_wake2, &words[0], ALL, 2, U32 | PRIVATE), 0);
	CHECK_EQ(syscall(NR_wake2, &words[1], ALL, 2, U32 | PRIVATE), 2);
	for (int i = 0; i < 2; i++)
		wait_end(&w[i]);
}

/* ---- PI locks -------------------------------------------------------------------------------- */

static uint32_t lock_a, lock_b;

static void set_fifo(int prio)
{
	struct sched_param sp = { prio };

	if (sched_setscheduler(0, prio ? SCHED_FIFO : SCHED_OTHER, &sp))
		test_skip("no right to real-time priorities");
}

TEST(a_pi_lock_is_taken_and_left)
{
	struct timespec past = { 0, 0 };
	struct waiter w = { 0 };

	lock_a = 0;
	CHECK_ERR(futex(&lock_a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EPERM);
	CHECK_EQ(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK_EQ(lock_a, (uint32_t)gettid());
	CHECK_ERR(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), EDEADLK);
	CHECK_ERR(futex(&lock_a, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EDEADLK);
	CHECK_EQ(futex(&lock_a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK_EQ(lock_a, 0);
	CHECK_EQ(futex(&lock_a, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK_EQ(lock_a, (uint32_t)gettid());
	lock_a = 0;
	lock_a = 4000000;				/* nobody is called that */
	CHECK_ERR(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), ESRCH);
	lock_a = 0;
	/* A waiter of the plain kind is in the way. */
	wait_start(&w, &lock_a, FUTEX_WAIT_PRIVATE);
	CHECK_ERR(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, &past, NULL, 0), EINVAL);
	CHECK_EQ(futex(&lock_a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	wait_end(&w);
}

static void *lock_fn(void *arg)
{
	struct waiter *w = arg;

	w->tid = gettid();
	w->result = futex(w->word, w->op, 0, NULL, NULL, 0);
	w->error = errno;
	if (!w->result && (*w->word & FUTEX_TID_MASK) == (uint32_t)w->tid && w->word2) {
		w->result = futex(w->word2, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
		w->error = errno;
		if (!w->result)
			futex(w->word2, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	}
	if ((*w->word & FUTEX_TID_MASK) == (uint32_t)w->tid)
		futex(w->word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	return NULL;
}

static void lock_start(struct waiter *w, uint32_t *word, uint32_t *then)
{
	w->word = word;
	w->word2 = then;
	w->op = FUTEX_LOCK_PI_PRIVATE;
	w->tid = 0;
	CHECK_EQ(pthread_create(&w->thread, NULL, lock_fn, w), 0);
	until_asleep(&w->tid);
}

TEST(a_pi_lock_is_handed_to_its_waiter)
{
	struct waiter w = { 0 }, w2 = { 0 };

	lock_a = gettid();				/* taken as user space does */
	lock_start(&w, &lock_a, NULL);
	CHECK_EQ(lock_a, (uint32_t)gettid() | FUTEX_WAITERS);
	lock_start(&w2, &lock_a, NULL);
	CHECK_ERR(futex(&lock_a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERR(futex(&lock_a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1l, &lock_b, lock_a), EINVAL);
	CHECK_EQ(futex(&lock_a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	wait_end(&w);
	wait_end(&w2);
	CHECK_EQ(w.result, 0);
	CHECK_EQ(w2.result, 0);
	CHECK_EQ(lock_a, 0);
}

TEST(waiting_for_a_pi_lock_ends_with_its_time)
{
	struct timespec soon = after(CLOCK_REALTIME, 20 * MS), soon2 = after(CLOCK_MONOTONIC, 20 * MS);
	struct waiter w = { 0 };

	lock_a = 0;
	lock_b = gettid();
	w.word2 = &lock_b;
	lock_start(&w, &lock_a, &lock_b);		/* holds a, waits for b */
	CHECK_ERR(futex(&lock_a, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EAGAIN);
	/* Who waits for us is waited for by us: no. */
	CHECK_ERR(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, &soon, NULL, 0), EDEADLK);
	CHECK_EQ(futex(&lock_b, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	wait_end(&w);
	CHECK_EQ(w.result, 0);
	lock_a = getppid();				/* a process that does not know */
	CHECK_ERR(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, &soon, NULL, 0), ETIMEDOUT);
	CHECK_ERR(futex(&lock_a, FUTEX_LOCK_PI2_PRIVATE, 0, &soon2, NULL, 0), ETIMEDOUT);
	CHECK_ERR(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &soon, NULL, 0), ENOSYS);
}

static void *fifo_lock_fn(void *arg)
{
	set_fifo(((struct waiter *)arg)->op);
	((struct waiter *)arg)->op = FUTEX_LOCK_PI_PRIVATE;
	return lock_fn(arg);
}

static void fifo_lock_start(struct waiter *w, uint32_t *word, uint32_t *then, int prio)
{
	w->word = word;
	w->word2 = then;
	w->op = prio;
	w->tid = 0;
	CHECK_EQ(pthread_create(&w->thread, NULL, fifo_lock_fn, w), 0);
	until_asleep(&w->tid);
}

TEST(urgency_goes_from_owner_to_owner)
{
	struct waiter middle = { 0 }, high = { 0 }, higher = { 0 };
	long own = thread_prio(gettid());

	set_fifo(1);
	set_fifo(0);
	lock_a = 0;
	lock_b = gettid();
	lock_start(&middle, &lock_a, &lock_b);		/* holds a, waits for b, which is ours */
	CHECK_EQ(thread_prio(gettid()), own);
	fifo_lock_start(&high, &lock_a, NULL, 20);
	CHECK_EQ(thread_prio(middle.tid), -21);
	CHECK_EQ(thread_prio(gettid()), -21);
	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	fifo_lock_start(&higher, &lock_a, NULL, 30);
	CHECK_EQ(thread_prio(gettid()), -31);
	/* It changes while it waits, and they follow. */
	CHECK_EQ(sched_setscheduler(higher.tid, SCHED_FIFO, &(struct sched_param){ 10 }), 0);
	CHECK_EQ(thread_prio(gettid()), -21);
	CHECK_EQ(sched_setscheduler(high.tid, SCHED_OTHER, &(struct sched_param){ 0 }), 0);
	CHECK_EQ(thread_prio(gettid()), -11);
	CHECK_EQ(CHILD_STATUS(_exit(thread_prio(getpid()) != own)), 0);
	CHECK_EQ(futex(&lock_b, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK_EQ(thread_prio(gettid()), own);
	wait_end(&middle);
	wait_end(&high);
	wait_end(&higher);
	CHECK_EQ(middle.result | high.result | higher.result, 0);
	CHECK_EQ(lock_a | lock_b, 0);
}

static int order[4], nr_order;
static void *ordered_fn(void *arg)
{
	struct waiter *w = arg;
	int prio = w->op;

	set_fifo(prio);
	w->tid = gettid();
	CHECK_EQ(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	order[nr_order++] = prio;
	CHECK_EQ(futex(&lock_a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	return NULL;
}

TEST(the_most_urgent_waiter_is_first)
{
	static const int prios[4] = { 5, 40, 0, 20 };
	struct waiter w[4] = { 0 };

	set_fifo(1);
	set_fifo(0);
	lock_a = gettid();
	for (int i = 0; i < 4; i++) {
		w[i].op = prios[i];
		CHECK_EQ(pthread_create(&w[i].thread, NULL, ordered_fn, &w[i]), 0);
		until_asleep(&w[i].tid);
	}
	CHECK_EQ(futex(&lock_a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	for (int i = 0; i < 4; i++)
		wait_end(&w[i]);
	CHECK_EQ(order[0], 40);
	CHECK_EQ(order[1], 20);
	CHECK_EQ(order[2], 5);
	CHECK_EQ(order[3], 0);
}

/* ---- owners that die ------------------------------------------------------------------------- */

static void *die_owning(void *arg)
{
	struct waiter *w = arg;

	*w->word = gettid();
	w->tid = gettid();
	while (!(__atomic_load_n(w->word, __ATOMIC_SEQ_CST) & FUTEX_WAITERS))
		sched_yield();
	doze(20 * MS);
	return NULL;
}

TEST(who_waits_for_the_dead_inherits)
{
	struct waiter dead = { .word = &lock_a };
	pthread_t t;

	lock_a = 0;
	CHECK_EQ(pthread_create(&t, NULL, die_owning, &dead), 0);
	while (!dead.tid)
		sched_yield();
	CHECK_EQ(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK_EQ(lock_a, (uint32_t)gettid() | FUTEX_WAITERS | FUTEX_OWNER_DIED);
	CHECK_EQ(futex(&lock_a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	pthread_join(t, NULL);
	lock_a = dead.tid;
	CHECK_ERR(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), ESRCH);
}

/* In a process of its own that execs, or is killed, with the lock held and somebody waiting. */
static void owner_process(pthread_mutex_t *m, bool exec)
{
	CHECK_EQ(pthread_mutex_lock(m), 0);
	while (!(__atomic_load_n(&m->__data.__lock, __ATOMIC_SEQ_CST) & (int)FUTEX_WAITERS))
		sched_yield();
	if (exec) {
		close(STDOUT_FILENO);		/* it would say that it has no test */
		execl("/proc/self/exe", "utest", "--no-such-test", NULL);
	}
	raise(SIGKILL);
}

TEST(robust_pi_mutexes_survive_processes)
{
	pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;

	CHECK(m != MAP_FAILED);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	CHECK_EQ(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT), 0);
	CHECK_EQ(pthread_mutex_init(m, &attr), 0);
	for (int i = 0; i < 4; i++) {
		pid_t p = fork();
		int rc;

		if (!p)
			owner_process(m, i & 1);
		while (!__atomic_load_n(&m->__data.__lock, __ATOMIC_SEQ_CST))
			sched_yield();
		rc = pthread_mutex_lock(m);
		CHECK_EQ(rc, EOWNERDEAD);
		CHECK_EQ(pthread_mutex_consistent(m), 0);
		CHECK_EQ(pthread_mutex_unlock(m), 0);
		CHECK_EQ(m->__data.__lock, 0);
		kill(p, SIGKILL);
		CHECK_EQ(waitpid(p, NULL, 0), p);
	}
}

/* ---- requeueing to a PI lock ----------------------------------------------------------------- */

static uint32_t cond;

static void *wait_requeue_fn(void *arg)
{
	struct waiter *w = arg;

	w->tid = gettid();
	w->result = futex(&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, cond, NULL, &lock_a, 0);
	w->error = errno;
	if (!w->result) {
		CHECK_EQ(lock_a & FUTEX_TID_MASK, gettid());
		CHECK_EQ(futex(&lock_a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	}
	return NULL;
}

static void wait_requeue_start(struct waiter *w)
{
	w->tid = 0;
	CHECK_EQ(pthread_create(&w->thread, NULL, wait_requeue_fn, w), 0);
	until_asleep(&w->tid);
}

TEST(waiters_go_from_a_condition_to_its_lock)
{
	struct timespec past = { 0, 0 };
	struct waiter w[3] = { 0 };

	lock_a = cond = 0;
	CHECK_ERR(futex(&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &cond, 0), EINVAL);
	CHECK_ERR(futex(&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 1, NULL, &lock_a, 0), EAGAIN);
	CHECK_ERR(futex(&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, &past, &lock_a, 0), ETIMEDOUT);
	CHECK_ERR(futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)1l, &cond, 0), EINVAL);
	CHECK_ERR(futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 2, (void *)1l, &lock_a, 0), EINVAL);
	CHECK_ERR(futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)1l, &lock_a, 1), EAGAIN);
	CHECK_EQ(futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)1l, &lock_a, 0), 0);
	for (int held = 0; held < 2; held++) {
		for (int i = 0; i < 3; i++)
			wait_requeue_start(&w[i]);
		CHECK_ERR(futex(&cond, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
		CHECK_ERR(futex(&cond, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1l, &lock_a, 0), EINVAL);
		CHECK_ERR(futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)1l, &lock_b, 0), EINVAL);
		if (held)
			CHECK_EQ(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
		CHECK_EQ(futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)2l, &lock_a, 0), 3);
		if (held)
			CHECK_EQ(futex(&lock_a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
		for (int i = 0; i < 3; i++) {
			wait_end(&w[i]);
			CHECK_EQ(w[i].result, 0);
		}
		CHECK_EQ(lock_a, 0);
	}
}

/* ---- all together ---------------------------------------------------------------------------- */

#define CROWD	8
#define ROUNDS	3000
static pthread_mutex_t crowd_mutex[2];
static unsigned long crowd_count;
static int crowd_finished;
static volatile bool crowd_over;

static void *crowd_fn(void *arg)
{
	unsigned seed = (uintptr_t)arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct timespec soon = after(CLOCK_REALTIME, rand_r(&seed) % 200000);
		int two = rand_r(&seed) % 2;

		if (two)
			pthread_mutex_lock(&crowd_mutex[0]);
		if (rand_r(&seed) % 2 || pthread_mutex_timedlock(&crowd_mutex[1], &soon))
			pthread_mutex_lock(&crowd_mutex[1]);
		crowd_count++;
		pthread_mutex_unlock(&crowd_mutex[1]);
		if (two)
			pthread_mutex_unlock(&crowd_mutex[0]);
	}
	__atomic_fetch_add(&crowd_finished, 1, __ATOMIC_SEQ_CST);
	while (!crowd_over)		/* a thread that is gone has no priority to change */
		doze(MS);
	return NULL;
}

static void *priorities_fn(void *arg)
{
	pthread_t *t = arg;
	unsigned seed = 1;

	while (__atomic_load_n(&crowd_finished, __ATOMIC_SEQ_CST) < CROWD) {
		struct sched_param sp = { rand_r(&seed) % 3 };

		pthread_setschedparam(t[rand_r(&seed) % CROWD], sp.sched_priority ? SCHED_FIFO : SCHED_OTHER, &sp);
		doze(MS / 4);
	}
	crowd_over = true;
	return NULL;
}

TEST(a_crowd_shares_two_pi_mutexes)
{
	pthread_t t[CROWD], changer;
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	CHECK_EQ(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(pthread_mutex_init(&crowd_mutex[i], &attr), 0);
	for (int i = 0; i < CROWD; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, crowd_fn, (void *)(i + 1l)), 0);
	CHECK_EQ(pthread_create(&changer, NULL, priorities_fn, t), 0);
	for (int i = 0; i < CROWD; i++)
		pthread_join(t[i], NULL);
	pthread_join(changer, NULL);
	CHECK_EQ(crowd_count, CROWD * ROUNDS);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(crowd_mutex[i].__data.__lock, 0);
}
