/*
 * test/user/t_sched.c - scheduling, futexes, and job control.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/sysctl.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#define SEC	1000000000ll

static long long now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SEC + t.tv_nsec;
}

static long futex(void *addr, int op, uint32_t val, const void *to, void *addr2, uint32_t val3)
{
	return syscall(SYS_futex, addr, op, val, to, addr2, val3);
}

/* ---- policy and priority --------------------------------------------------------------------- */

TEST(policies_and_priorities)
{
	struct sched_param sp = { 0 };

	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	CHECK_EQ(sched_getparam(0, &sp), 0);
	CHECK_EQ(sp.sched_priority, 0);
	CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
	CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
	CHECK_EQ(sched_get_priority_max(SCHED_OTHER), 0);
	CHECK_ERR(sched_get_priority_max(42), EINVAL);
	sp.sched_priority = 1;
	CHECK_ERR(sched_setscheduler(0, SCHED_OTHER, &sp), EINVAL);
	CHECK_ERR(sched_setscheduler(0, 42, &sp), EINVAL);
	CHECK_ERR(sched_setscheduler(999999, SCHED_FIFO, &sp), ESRCH);
	if (!getuid()) {
		CHECK_EQ(sched_setscheduler(0, SCHED_FIFO, &sp), 0);
		CHECK_EQ(sched_getscheduler(0), SCHED_FIFO);
		CHECK_EQ(CHILD_STATUS(_exit(sched_getscheduler(0))), SCHED_FIFO << 8);
		CHECK_EQ(sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &sp), 0);
		CHECK_EQ(sched_getscheduler(0), SCHED_RR | SCHED_RESET_ON_FORK);
		CHECK_EQ(CHILD_STATUS(_exit(sched_getscheduler(0))), SCHED_OTHER << 8);
		sp.sched_priority = 100;
		CHECK_ERR(sched_setparam(0, &sp), EINVAL);
		sp.sched_priority = 0;
		CHECK_EQ(sched_setscheduler(0, SCHED_BATCH, &sp), 0);
		CHECK_EQ(sched_setscheduler(0, SCHED_IDLE, &sp), 0);
		CHECK_EQ(sched_setscheduler(0, SCHED_OTHER, &sp), 0);
	}
	if (getpriority(PRIO_PROCESS, 0))	/* another test's doing */
		CHECK_EQ(setpriority(PRIO_PROCESS, 0, 0), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, 5), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 5);
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, 100), 0);
	CHECK_EQ(getpriority(PRIO_PGRP, 0) <= 19, 1);
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 19);
	CHECK_ERR(getpriority(9, 0), EINVAL);
	CHECK_ERR(setpriority(PRIO_PROCESS, 999999, 0), ESRCH);
	struct timespec t;
	CHECK_EQ(sched_rr_get_interval(0, &t), 0);
	CHECK_EQ(sched_yield(), 0);
}

/* Of a round-robin task; nothing, or less, is what it was in the beginning. */
TEST(round_robin_slice)
{
	const char *slice = "/proc/sys/kernel/sched_rr_timeslice_ms";
	struct sched_param sp = { .sched_priority = 1 };
	struct timespec t;

	CHECK_EQ(sysctl_number(slice), 100);
	CHECK_EQ(sched_setscheduler(0, SCHED_RR, &sp), 0);
	CHECK_EQ(sched_rr_get_interval(0, &t), 0);
	CHECK_EQ(t.tv_sec * SEC + t.tv_nsec, SEC / 10);
	sysctl_set(slice, "60");
	CHECK_EQ(sched_rr_get_interval(0, &t), 0);
	CHECK_EQ(t.tv_sec * SEC + t.tv_nsec, SEC / 100 * 6);
	sysctl_set(slice, "0");
	CHECK_EQ(sysctl_number(slice), 100);
	sysctl_set(slice, "-1");
	CHECK_EQ(sysctl_number(slice), 100);
	CHECK_ERR(sysctl_try(slice, "x"), EINVAL);
}

TEST(priority_needs_rights)
{
	if (getuid())
		test_skip("needs root");
	CHECK_EQ(CHILD_STATUS(
		struct sched_param sp = { .sched_priority = 1 };
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		if (sched_setscheduler(0, SCHED_FIFO, &sp) != -1 || errno != EPERM)
			_exit(2);
		if (setpriority(PRIO_PROCESS, 0, 10) || setpriority(PRIO_PROCESS, 0, 0) != -1 || errno != EACCES)
			_exit(3);
		if (setpriority(PRIO_PROCESS, 1, 10) != -1 || errno != EPERM)
			_exit(4);
		if (kill(1, SIGTERM) != -1 || errno != EPERM)
			_exit(5);
	), 0);
}

static long long cpu_time_of(pid_t pid)
{
	struct timespec t;
	clockid_t id;

	CHECK_EQ(clock_getcpuclockid(pid, &id), 0);
	CHECK_EQ(clock_gettime(id, &t), 0);
	return t.tv_sec * SEC + t.tv_nsec;
}

/* How two children share one hart while they have a second of it: by their clocks, whatever the host's says. */
static double share(int nice_a, int nice_b)
{
	long long from[2], used[2];
	cpu_set_t one;
	int p[2], ready[2];
	char c;

	CHECK_EQ(pipe(ready), 0);
	for (int i = 0; i < 2; i++) {
		p[i] = fork();
		if (!p[i]) {
			CPU_ZERO(&one);
			CPU_SET(0, &one);
			sched_setaffinity(0, sizeof(one), &one);
			setpriority(PRIO_PROCESS, 0, i ? nice_b : nice_a);
			write(ready[1], "x", 1);
			for (;;)
				;
		}
	}
	for (int i = 0; i < 2; i++)
		CHECK_EQ(read(ready[0], &c, 1), 1);
	for (int i = 0; i < 2; i++)
		from[i] = cpu_time_of(p[i]);
	do {
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
		for (int i = 0; i < 2; i++)
			used[i] = cpu_time_of(p[i]) - from[i];
	} while (used[0] + used[1] < SEC);
	for (int i = 0; i < 2; i++)
		kill(p[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	close(ready[0]);
	close(ready[1]);
	return (double)used[0] / (used[1] + 1);
}

TEST(harts_are_shared_by_weight)
{
	double even = 0, nice = 0;

	/* An emulated hart may itself be kept waiting by its host: a fair share in one of three tries. */
	for (int i = 0; i < 3 && (even < 0.6 || even > 1.67); i++)
		even = share(0, 0);
	for (int i = 0; i < 3 && nice < 4; i++)
		nice = share(0, 10);
	if (even < 0.6 || even > 1.67)
		test_fail(__FILE__, __LINE__, "equal tasks share %.2f : 1", even);
	if (nice < 4)
		test_fail(__FILE__, __LINE__, "nice 0 and nice 10 share %.2f : 1", nice);
}

/* A real-time task that never sleeps leaves the others a part of its hart. */
TEST(real_time_leaves_something)
{
	struct sched_param sp = { .sched_priority = 50 };
	long long rt, fair;
	cpu_set_t one;
	int p[2];

	if (getuid())
		test_skip("needs root");
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	for (int i = 0; i < 2; i++) {
		p[i] = fork();
		if (p[i])
			continue;
		sched_setaffinity(0, sizeof(one), &one);
		if (i && sched_setscheduler(0, SCHED_FIFO, &sp))
			_exit(1);
		for (;;)
			;
	}
	do {
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
		fair = cpu_time_of(p[0]);
		rt = cpu_time_of(p[1]);
	} while (rt < 2 * SEC);
	/* They began together: what is left of a second, at least twice, or what it had before the other began. */
	do {
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
	} while (cpu_time_of(p[0]) < fair + SEC / 10);
	CHECK(rt > 4 * (cpu_time_of(p[0]) - fair));
	for (int i = 0; i < 2; i++)
		kill(p[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

TEST(affinity_moves_and_checks)
{
	cpu_set_t set, all;
	unsigned long small;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < CPU_SETSIZE; i++) {
			if (!CPU_ISSET(i, &all))
				continue;
			CPU_ZERO(&set);
			CPU_SET(i, &set);
			CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
			CHECK_EQ(sched_getcpu(), i);
		}
	}
	CPU_ZERO(&set);
	CHECK_ERR(sched_setaffinity(0, sizeof(set), &set), EINVAL);
	CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 3, &small), EINVAL);
	CHECK_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
}

static void *spin_until(void *arg)
{
	volatile int *stop = arg;

	while (!*stop)
		;
	return NULL;
}

TEST(a_busy_thread_does_not_keep_others_from_running)
{
	static volatile int stop;
	pthread_t t[8];
	long long t0 = now(CLOCK_MONOTONIC);

	for (int i = 0; i < 8; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, spin_until, (void *)&stop), 0);
	for (int i = 0; i < 20; i++)
		usleep(1000);
	stop = 1;
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	CHECK(now(CLOCK_MONOTONIC) - t0 < 10 * SEC);
}

/* ---- futex ----------------------------------------------------------------------------------- */

static uint32_t word, word2;
static volatile int awake;

static void *wait_on_word(void *arg)
{
	long bits = (long)arg;

	long rc = bits ? futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, bits) :
			 futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	if (!rc)
		__atomic_fetch_add(&awake, 1, __ATOMIC_SEQ_CST);
	return (void *)rc;
}

static void settle(void) { usleep(50000); }

TEST(futex_errors_and_timeouts)
{
	struct timespec t = { 0, 20000000 }, bad = { 0, SEC };
	long long t0 = now(CLOCK_MONOTONIC);

	word = 5;
	CHECK_ERR(futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0), EAGAIN);
	CHECK_ERR(futex(&word, FUTEX_WAIT_PRIVATE, 5, &t, NULL, 0), ETIMEDOUT);
	CHECK(now(CLOCK_MONOTONIC) - t0 >= 20000000);
	CHECK_ERR(futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0), EINVAL);
	CHECK_ERR(futex((char *)&word + 1, FUTEX_WAIT, 5, NULL, NULL, 0), EINVAL);
	CHECK_ERR(futex((void *)4096, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex(&word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0), EINVAL);
	CHECK_ERR(futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERR(futex(&word, 99, 5, NULL, NULL, 0), ENOSYS);
	CHECK_ERR(futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 5, &t, NULL, 0), ENOSYS);
	/* Absolute, in the past. */
	clock_gettime(CLOCK_REALTIME, &t);
	CHECK_ERR(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &t, NULL, ~0u), ETIMEDOUT);
	CHECK_EQ(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
}

TEST(futex_bits_requeue_and_wake_op)
{
	pthread_t t[6];

	word = word2 = 0;
	pthread_create(&t[0], NULL, wait_on_word, (void *)1l);
	pthread_create(&t[1], NULL, wait_on_word, (void *)2l);
	until_tasks_sleep(getpid(), 2);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 4), 0);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 2), 1);
	pthread_join(t[1], NULL);
	CHECK_EQ(awake, 1);
	CHECK_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 1);
	pthread_join(t[0], NULL);

	for (int i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, wait_on_word, NULL);
	until_tasks_sleep(getpid(), 6);
	CHECK_ERR(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)3l, &word2, 9), EAGAIN);
	CHECK_EQ(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)3l, &word2, 0), 4);
	UNTIL(awake == 3);
	CHECK_EQ(futex(&word2, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 3);
	/* Two are left on word: word2 += 7, wake both if it was 0. */
	CHECK_EQ(futex(&word2, FUTEX_WAKE_OP_PRIVATE, 1, (void *)10l, &word,
		       FUTEX_OP(FUTEX_OP_ADD, 7, FUTEX_OP_CMP_EQ, 0)), 2);
	CHECK_EQ(word, 7);
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(awake, 8);
}

TEST(shared_futexes_join_processes)
{
	uint32_t *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int p = fork(), st;

	CHECK(w != MAP_FAILED);
	if (!p) {
		while (!__atomic_load_n(w, __ATOMIC_SEQ_CST))
			futex(w, FUTEX_WAIT, 0, NULL, NULL, 0);
		_exit(3);
	}
	/* The word stays 0, so the child waits again and again until it is changed. */
	while (futex(w, FUTEX_WAKE, 1, NULL, NULL, 0) != 1)
		usleep(1000);
	__atomic_store_n(w, 1, __ATOMIC_SEQ_CST);
	futex(w, FUTEX_WAKE, 1, NULL, NULL, 0);
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK_EQ(WEXITSTATUS(st), 3);
}

static pthread_mutex_t *robust;
static void *die_holding(void *arg)
{
	(void)arg;
	pthread_mutex_lock(robust);
	return NULL;
}

TEST(robust_mutexes_survive_their_owner)
{
	pthread_mutexattr_t a;
	pthread_t t;

	robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(robust, &a);
	pthread_create(&t, NULL, die_holding, NULL);
	pthread_join(t, NULL);
	CHECK_EQ(pthread_mutex_lock(robust), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(robust), 0);
	CHECK_EQ(pthread_mutex_unlock(robust), 0);
	/* And a process that is killed. */
	volatile bool *held = (bool *)(robust + 1);
	int p = fork();
	if (!p) {
		pthread_mutex_lock(robust);
		*held = true;
		pause();
	}
	while (!*held)
		usleep(1000);
	kill(p, SIGKILL);
	CHECK_EQ(pthread_mutex_lock(robust), EOWNERDEAD);
	CHECK_EQ(waitpid(p, NULL, 0), p);
}

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int turn;
static void *take_turns(void *arg)
{
	int me = (long)arg;

	for (int i = 0; i < 3000; i++) {
		pthread_mutex_lock(&m);
		while (turn % 3 != me)
			pthread_cond_wait(&c, &m);
		turn++;
		pthread_cond_broadcast(&c);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

TEST_TIMED(no_wake_up_is_lost, 300)	/* 9000 switches between harts: slow where the host shares them */
{
	pthread_t t[3];

	for (long i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, take_turns, (void *)i);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(turn, 9000);
}

/* ---- job control ----------------------------------------------------------------------------- */

TEST(stop_and_continue_are_reported)
{
	siginfo_t si;
	int p = fork(), st;

	if (!p) {
		setpgid(0, 0);		/* a group of its own is not orphaned: its parent is in ours */
		for (;;)
			pause();
	}
	until_tasks_sleep(p, 1);
	kill(p, SIGTSTP);
	CHECK_EQ(waitid(P_PID, p, &si, WSTOPPED | WNOWAIT), 0);
	CHECK_EQ(si.si_code, CLD_STOPPED);
	CHECK_EQ(si.si_status, SIGTSTP);
	CHECK_EQ(waitpid(p, &st, WUNTRACED), p);
	CHECK(WIFSTOPPED(st) && WSTOPSIG(st) == SIGTSTP);
	CHECK_EQ(waitpid(p, &st, WUNTRACED | WNOHANG), 0);
	kill(p, SIGTERM);		/* waits for the continue */
	settle();
	CHECK_EQ(waitpid(p, &st, WNOHANG), 0);
	kill(p, SIGCONT);
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);

	p = fork();
	if (!p)
		for (;;)
			pause();
	until_tasks_sleep(p, 1);
	kill(p, SIGSTOP);
	CHECK_EQ(waitpid(p, &st, WUNTRACED), p);
	kill(p, SIGCONT);
	CHECK_EQ(waitpid(p, &st, WCONTINUED), p);
	CHECK(WIFCONTINUED(st));
	kill(p, SIGSTOP);
	CHECK_EQ(waitpid(p, &st, WUNTRACED), p);
	kill(p, SIGKILL);		/* ends even a stopped one */
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

static void *idle_thread(void *arg) { (void)arg; for (;;) pause(); return NULL; }

TEST(all_threads_stop_and_die_together)
{
	int p = fork(), st;

	if (!p) {
		pthread_t t;

		for (int i = 0; i < 4; i++)
			pthread_create(&t, NULL, i & 1 ? idle_thread : spin_until, &(int){ 0 });
		for (;;)
			pause();
	}
	settle();
	kill(p, SIGSTOP);
	CHECK_EQ(waitpid(p, &st, WUNTRACED), p);
	CHECK(WIFSTOPPED(st));
	clockid_t id;
	CHECK_EQ(clock_getcpuclockid(p, &id), 0);
	long long t0;
	do {				/* who told us goes to sleep after that, and then nobody runs */
		t0 = now(id);
		settle();
	} while (now(id) != t0);
	kill(p, SIGCONT);
	UNTIL(now(id) > t0);
	kill(p, SIGTERM);
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
}

TEST(orphaned_stopped_groups_are_hung_up)
{
	int out[2], st;
	char c = 0;

	CHECK_EQ(pipe(out), 0);
	int p = fork();
	if (!p) {
		setsid();
		int q = fork();			/* will connect the group to the session */
		if (!q) {
			int r = fork();
			if (!r) {
				setpgid(0, 0);
				signal(SIGHUP, SIG_DFL);
				raise(SIGSTOP);
				write(out[1], "x", 1);	/* not reached: SIGHUP comes with the SIGCONT */
				_exit(0);
			}
			waitpid(r, &st, WUNTRACED);
			_exit(0);
		}
		waitpid(q, &st, 0);
		_exit(0);
	}
	close(out[1]);
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK_EQ(read(out[0], &c, 1), 0);	/* end of file: the stopped one is gone */
}

TEST(sigchld_ignored_reaps)
{
	signal(SIGCHLD, SIG_IGN);
	int p = fork();
	if (!p)
		_exit(1);
	CHECK_ERR(waitpid(p, NULL, 0), ECHILD);
	signal(SIGCHLD, SIG_DFL);
	struct sigaction sa = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
	sigaction(SIGCHLD, &sa, NULL);
	p = fork();
	if (!p)
		_exit(1);
	CHECK_ERR(waitpid(p, NULL, 0), ECHILD);
}

TEST(queued_signals_have_a_limit)
{
	struct rlimit rl = { 5, 5 };
	sigset_t set;
	int n = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_EQ(CHILD_STATUS(
		if (setresuid(4321, 4321, 4321) || setrlimit(RLIMIT_SIGPENDING, &rl))
			_exit(1);
		while (!sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = n }))
			n++;
		if (errno != EAGAIN || n != 5)
			_exit(2);
		if (kill(getpid(), SIGRTMIN + 1))
			_exit(3);
		for (int i = 0; i < 5; i++) {
			siginfo_t si;

			if (sigwaitinfo(&set, &si) != SIGRTMIN + 1 || si.si_value.sival_int != i ||
			    si.si_code != SI_QUEUE)
				_exit(4);
		}
	), 0);
}
