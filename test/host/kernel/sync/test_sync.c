/*
 * test/host/kernel/sync/test_sync.c - the sleeping locks, wait queues and completions, raced by real threads.
 *
 * MODEL     A thread is a task: schedule() waits on its condition variable until wake_up_task() makes it
 *           run again.  A wake-up that is lost hangs the test, which prove then kills.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/host/tap.h"
#include "kernel/sync/completion.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/rwlock.h"
#include "kernel/sync/rwsem.h"

#define THREADS	6

struct thread {
	struct task_base base;
	pthread_t id;
	pthread_mutex_t m;
	pthread_cond_t c;
	u64 seed;
	void (*body)(struct thread *);
};

static struct thread threads[THREADS + 1];
#define self()	((struct thread *)current_base())

/* ---- the scheduler --------------------------------------------------------------------------- */

void schedule(void)
{
	struct thread *t = self();

	CHECK(t->base.spin_depth == 0);
	pthread_mutex_lock(&t->m);
	while (READ_ONCE(t->base.state) != TASK_RUNNING)
		pthread_cond_wait(&t->c, &t->m);
	pthread_mutex_unlock(&t->m);
}

long schedule_timeout(u64 ns)
{
	sched_yield();
	set_current_state(TASK_RUNNING);
	return ns > 1000 ? ns - 1000 : 0;
}

bool wake_up_task(struct task_base *base, int mask)
{
	struct thread *t = container_of(base, struct thread, base);
	bool asleep;

	pthread_mutex_lock(&t->m);
	asleep = READ_ONCE(t->base.state) & mask;
	if (asleep) {
		WRITE_ONCE(t->base.state, TASK_RUNNING);
		pthread_cond_signal(&t->c);
	}
	pthread_mutex_unlock(&t->m);
	return asleep;
}

static u64 trnd(struct thread *t)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return t->seed;
}

static bool killed_now(void) { return trnd(self()) % 3 == 0; }
bool fatal_signal_pending(void) { return killed_now(); }
bool signal_pending(void) { return killed_now(); }

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	host_current = &t->base;
	t->body(t);
	CHECK(!t->base.lock_ranks && !t->base.spin_depth);
	return NULL;
}

static void run(void (*body)(struct thread *))
{
	for (int i = 0; i < THREADS; i++) {
		struct thread *t = &threads[i];

		memset(t, 0, sizeof(*t));
		pthread_mutex_init(&t->m, NULL);
		pthread_cond_init(&t->c, NULL);
		t->seed = rnd() | 1;
		t->body = body;
		CHECK(!pthread_create(&t->id, NULL, thread_main, t));
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i].id, NULL);
}

static void linger(struct thread *t)
{
	if (trnd(t) % 8 == 0)
		sched_yield();
}

/* ---- spin lock, mutex ------------------------------------------------------------------------ */

static spinlock_t spin = SPINLOCK_INIT(RANK_ZONE);
static struct mutex mtx;
static long plain_count, inside;
static atomic_long_t want_count;

static void spin_body(struct thread *t)
{
	for (int i = 0; i < 20000; i++) {
		if (trnd(t) % 4 == 0) {
			if (!spin_trylock(&spin))
				continue;
		} else {
			spin_lock(&spin);
		}
		plain_count++;
		spin_unlock(&spin);
		atomic_long_inc(&want_count);
	}
}

static bool take_mutex(struct thread *t)
{
	switch (trnd(t) % 4) {
	case 0: return mutex_trylock(&mtx);
	case 1: return mutex_lock_killable(&mtx) == 0;
	case 2: return mutex_lock_interruptible(&mtx) == 0;
	default: mutex_lock(&mtx); return true;
	}
}

static void mutex_body(struct thread *t)
{
	for (int i = 0; i < 20000; i++) {
		if (!take_mutex(t))
			continue;
		CHECK(mutex_is_locked(&mtx) && ++inside == 1);
		linger(t);
		plain_count++;
		inside--;
		mutex_unlock(&mtx);
		atomic_long_inc(&want_count);
	}
}

/* ---- rwsem ----------------------------------------------------------------------------------- */

static struct rw_semaphore sem;
static atomic_long_t readers, most_readers;

static void read_side(struct thread *t)
{
	long n = atomic_long_inc_return(&readers);

	CHECK(READ_ONCE(inside) == 0);
	if (n > atomic_long_read(&most_readers))
		atomic_long_set(&most_readers, n);
	linger(t);
	atomic_long_dec(&readers);
}

static void write_side(struct thread *t)
{
	CHECK(++inside == 1 && atomic_long_read(&readers) == 0);
	linger(t);
	plain_count++;
	CHECK(atomic_long_read(&readers) == 0);
	inside--;
	atomic_long_inc(&want_count);
}

static void rwsem_body(struct thread *t)
{
	for (int i = 0; i < 20000; i++) {
		bool got = true;

		switch (trnd(t) % 8) {
		case 0: got = down_read_trylock(&sem); break;
		case 1: got = down_read_killable(&sem) == 0; break;
		case 2: case 3: down_read(&sem); break;
		case 4:
			if (!down_write_trylock(&sem))
				continue;
			write_side(t);
			up_write(&sem);
			continue;
		case 5:
			if (down_write_killable(&sem))
				continue;
			write_side(t);
			up_write(&sem);
			continue;
		case 6:
			down_write(&sem);
			write_side(t);
			up_write(&sem);
			continue;
		default:
			down_write(&sem);
			write_side(t);
			downgrade_write(&sem);
		}
		if (!got)
			continue;
		read_side(t);
		up_read(&sem);
	}
}

/* ---- rwlock ---------------------------------------------------------------------------------- */

static DEFINE_RWLOCK(rw, RANK_FILES);

static void rwlock_body(struct thread *t)
{
	for (int i = 0; i < 20000; i++) {
		if (trnd(t) % 4) {
			read_lock(&rw);
			read_side(t);
			read_unlock(&rw);
		} else {
			write_lock(&rw);
			write_side(t);
			write_unlock(&rw);
		}
	}
}

/* Readers leave when another one is inside, or when they are asked to: the first thread, the writer, has to ask. */
static void relay_body(struct thread *t)
{
	static long done;

	if (t == threads) {
		for (int i = 0; i < 20; i++) {
			write_lock(&rw);
			write_side(t);
			write_unlock(&rw);
		}
		WRITE_ONCE(done, true);
	}
	while (!READ_ONCE(done)) {
		read_lock(&rw);
		atomic_long_inc(&readers);
		while (atomic_long_read(&readers) < 2 && !(READ_ONCE(rw.word) & RWLOCK_WAITING) && !READ_ONCE(done))
			sched_yield();
		atomic_long_dec(&readers);
		read_unlock(&rw);
	}
}

/* ---- wait queues, completions ---------------------------------------------------------------- */

static DECLARE_WAIT_QUEUE_HEAD(queue);
static spinlock_t turn_lock = SPINLOCK_INIT(RANK_FILES);
static long turn;

/* Each thread in its turn; all wait on one queue. */
static void wait_body(struct thread *t)
{
	long me = t - threads;

	for (int i = 0; i < 2000; i++) {
		wait_event(queue, READ_ONCE(turn) % THREADS == me);
		spin_lock(&turn_lock);
		turn++;
		spin_unlock(&turn_lock);
		wake_up_all(&queue);
	}
}

static DECLARE_WAIT_QUEUE_HEAD(items_queue);
static long items, taken;

/* One token per wake-up of one exclusive waiter: as many are taken as were put. */
static void token_body(struct thread *t)
{
	bool producer = (t - threads) % 2;

	for (int i = 0; i < 5000; i++) {
		if (producer) {
			spin_lock(&turn_lock);
			items++;
			spin_unlock(&turn_lock);
			wake_up(&items_queue);
			continue;
		}
		for (;;) {
			DEFINE_WAIT(w);
			bool got = false;

			prepare_to_wait_exclusive(&items_queue, &w, TASK_UNINTERRUPTIBLE);
			spin_lock(&turn_lock);
			if (items) {
				items--;
				taken++;
				got = true;
			}
			spin_unlock(&turn_lock);
			if (!got)
				schedule();
			finish_wait(&items_queue, &w);
			if (got)
				break;
		}
	}
}

static struct completion *mailbox[THREADS];

/* Pairs: one makes a completion and waits, then frees it at once; the other completes it. */
static void completion_body(struct thread *t)
{
	long me = t - threads;
	struct completion *c;

	for (int i = 0; i < 3000; i++) {
		if (me & 1) {
			while (!(c = __atomic_exchange_n(&mailbox[me & ~1], NULL, __ATOMIC_ACQ_REL)))
				sched_yield();
			if (trnd(t) & 1)
				complete_all(c);
			else
				complete(c);
			continue;
		}
		c = malloc(sizeof(*c));
		init_completion(c);
		__atomic_store_n(&mailbox[me], c, __ATOMIC_RELEASE);
		switch (trnd(t) % 4) {
		case 0:
			while (wait_for_completion_killable(c))
				;
			break;
		case 1:
			while (!wait_for_completion_timeout(c, 5000))
				;
			break;
		case 2:
			while (!try_wait_for_completion(c))
				sched_yield();
			break;
		default:
			wait_for_completion(c);
		}
		free(c);
	}
}

/* ---- order of locks -------------------------------------------------------------------------- */

static void read_twice(void)
{
	read_lock(&rw);
	_exit(!EXPECT_PANIC(read_lock(&rw)));
}

/* After the first complaint there is no other: each has a process of its own. */
static int status_of(void (*body)(void))
{
	int status = -1;
	pid_t p = fork();

	if (!p)
		body();
	waitpid(p, &status, 0);
	return status;
}

static void test_order(void)
{
	static spinlock_t zone = SPINLOCK_INIT(RANK_ZONE), slab = SPINLOCK_INIT(RANK_SLAB);
	struct mutex m;
	unsigned long saved;

	mutex_init(&m, RANK_I_MMAP);
	spin_lock(&slab);
	spin_lock(&zone);
	spin_unlock(&zone);
	spin_unlock(&slab);
	saved = lock_check_irq_enter();
	spin_lock(&zone);
	saved = lock_check_irq_enter();
	spin_lock(&slab);		/* a handler that interrupted a holder of zone */
	spin_unlock(&slab);
	lock_check_irq_exit(saved);
	spin_unlock(&zone);
	lock_check_irq_exit(0);
	lock_check_none_held("test");
	ok(true, "locks in order, and in a handler");
	ok(!status_of(read_twice), "a reader that reads again stops the machine (RW2)");
	spin_lock(&slab);
	ok(EXPECT_PANIC(mutex_lock(&m)), "a sleeping lock under a spin lock stops the machine");
}


int main(void)
{
	host_current = &threads[THREADS].base;
	pthread_mutex_init(&threads[THREADS].m, NULL);
	run(spin_body);
	ok(plain_count == atomic_long_read(&want_count) &&
	   !spin_is_locked(&spin), "spin lock: %ld turns", plain_count);
	plain_count = 0;
	atomic_long_set(&want_count, 0);
	mutex_init(&mtx, RANK_I_MMAP);
	run(mutex_body);
	ok(plain_count == atomic_long_read(&want_count) && !mtx.owner, "mutex: %ld turns", plain_count);
	plain_count = 0;
	atomic_long_set(&want_count, 0);
	init_rwsem(&sem, RANK_MMAP);
	run(rwsem_body);
	ok(plain_count == atomic_long_read(&want_count) && !rwsem_is_locked(&sem) && !atomic_long_read(&sem.count),
	   "rwsem: %ld writers, at most %ld readers at once", plain_count, atomic_long_read(&most_readers));
	ok(atomic_long_read(&most_readers) > 1, "readers share");
	plain_count = 0;
	atomic_long_set(&want_count, 0);
	atomic_long_set(&most_readers, 0);
	run(rwlock_body);
	ok(plain_count == atomic_long_read(&want_count) && !rw.word && atomic_long_read(&most_readers) > 1,
	   "rwlock: %ld writers, at most %ld readers at once", plain_count, atomic_long_read(&most_readers));
	run(relay_body);
	ok(!rw.word, "a writer gets in though there is always a reader");
	run(wait_body);
	is_int(turn, THREADS * 2000, "wait_event: everyone in turn");
	run(token_body);
	ok(taken == THREADS / 2 * 5000 && !items, "exclusive waiters: no wake-up is lost");
	run(completion_body);
	ok(true, "completions that are freed as soon as the wait returns");
	test_order();
	return done_testing();
}
