/*
 * test/user/t_deadline.c - SCHED_DEADLINE: what is admitted, who may ask, and that runtime and period are kept.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/fail_nth.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define MS		1000000ll
#define DEADLINE	6
#define RESET_ON_FORK	1
#define DL_OVERRUN	4
#define NR_SETATTR	274
#define NR_GETATTR	275

struct dl_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int ask(pid_t pid, long long runtime, long long deadline, long long period, uint64_t flags)
{
	struct dl_attr a = { 48, DEADLINE, flags, 0, 0, runtime, deadline, period };

	return syscall(NR_SETATTR, pid, &a, 0);
}

static struct dl_attr get(void)
{
	struct dl_attr a;

	CHECK_EQ(syscall(NR_GETATTR, 0, &a, 48, 0), 0);
	return a;
}

static int normal(void)
{
	struct sched_param sp = { 0 };

	return sched_setscheduler(0, SCHED_OTHER, &sp);
}

static long long now(clockid_t id)
{
	struct timespec t;

	CHECK_EQ(clock_gettime(id, &t), 0);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

TEST(parameters_are_checked)
{
	struct sched_param sp = { 0 };
	struct dl_attr a = { 48, DEADLINE, 0, 0, 1, 10 * MS, 100 * MS, 100 * MS };

	CHECK_ERR(ask(0, 10 * MS, 0, 0, 0), EINVAL);
	CHECK_ERR(ask(0, 0, 10 * MS, 10 * MS, 0), EINVAL);
	CHECK_ERR(ask(0, 1023, 10 * MS, 10 * MS, 0), EINVAL);
	CHECK_ERR(ask(0, 11 * MS, 10 * MS, 10 * MS, 0), EINVAL);
	CHECK_ERR(ask(0, 1 * MS, 10 * MS, 9 * MS, 0), EINVAL);
	CHECK_ERR(ask(0, 2000, 99000, 99000, 0), EINVAL);		/* sched_deadline_period_min_us */
	CHECK_ERR(ask(0, 1 * MS, 10 * MS, 5000 * MS, 0), EINVAL);	/* ..._max_us */
	CHECK_ERR(ask(0, 1 * MS, -1, -1, 0), EINVAL);
	CHECK_ERR(ask(0, 1 * MS, 10 * MS, 10 * MS, 0x100), EINVAL);
	CHECK_ERR(syscall(NR_SETATTR, 0, &a, 0), EINVAL);		/* with a priority */
	CHECK_ERR(sched_setscheduler(0, DEADLINE, &sp), EINVAL);
	CHECK_EQ(ask(0, 10 * MS, 50 * MS, 0, RESET_ON_FORK), 0);
	a = get();
	CHECK_EQ(a.policy, DEADLINE);
	CHECK_EQ(a.runtime, 10 * MS);
	CHECK_EQ(a.deadline, 50 * MS);
	CHECK_EQ(a.period, 50 * MS);
	CHECK_EQ(a.flags, RESET_ON_FORK);
	CHECK_EQ(a.priority, 0);
	CHECK_EQ(sched_getscheduler(0), DEADLINE | SCHED_RESET_ON_FORK);
	CHECK_ERR(sched_setparam(0, &sp), EINVAL);
	CHECK_EQ(normal(), 0);
	CHECK_EQ(sched_get_priority_max(DEADLINE), 0);
}

TEST(rights_and_affinity)
{
	cpu_set_t all, one;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	if (CPU_COUNT(&all) > 1) {
		memset(&all, 0xff, sizeof(all));	/* those that come later too */
		CPU_ZERO(&one);
		CPU_SET(0, &one);
		CHECK_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
		CHECK_ERR(ask(0, 1 * MS, 10 * MS, 10 * MS, 0), EPERM);
		CHECK_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
		CHECK_EQ(ask(0, 1 * MS, 10 * MS, 10 * MS, 0), 0);
		CHECK_ERR(sched_setaffinity(0, sizeof(one), &one), EBUSY);
		CHECK_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
		CHECK_EQ(normal(), 0);
	}
	CHECK_EQ(setresuid(1000, 1000, 1000), 0);
	CHECK_ERR(ask(0, 1 * MS, 10 * MS, 10 * MS, 0), EPERM);
	CHECK_ERR(ask(0, 0, 10 * MS, 10 * MS, 0), EINVAL);
}

TEST(fork_is_refused)
{
	CHECK_EQ(ask(0, 5 * MS, 50 * MS, 50 * MS, 0), 0);
	CHECK_ERR(fork(), EAGAIN);
	CHECK_EQ(ask(0, 5 * MS, 50 * MS, 50 * MS, RESET_ON_FORK), 0);
	CHECK_EQ(CHILD_STATUS(_exit(sched_getscheduler(0) != SCHED_OTHER)), 0);
	CHECK_EQ(normal(), 0);
}

/* Each child takes 90 of 100; there is room for one per hart, and again when they are gone. */
TEST(no_more_is_promised_than_there_is)
{
	int harts = sysconf(_SC_NPROCESSORS_ONLN), n = 0;
	bool admitted;
	pid_t p[65];

	do {
		p[n] = fork();
		CHECK(p[n] >= 0);
		if (!p[n]) {
			pause();
			_exit(0);
		}
		admitted = !ask(p[n++], 90 * MS, 100 * MS, 100 * MS, 0);
	} while (admitted && n < 65);
	CHECK(!admitted && errno == EBUSY);
	CHECK(n - 1 >= harts);
	CHECK(n - 1 <= sysconf(_SC_NPROCESSORS_ONLN));		/* some harts may have come late */
	for (int i = 0; i < n; i++) {
		CHECK_EQ(kill(p[i], SIGKILL), 0);
		CHECK_EQ(waitpid(p[i], NULL, 0), p[i]);
	}
	for (int tries = 0; ask(0, 90 * MS, 100 * MS, 100 * MS, 0) && tries < 3000; tries++)
		usleep(10000);		/* a share may stay taken until its period is over */
	CHECK_EQ(get().policy, DEADLINE);
	CHECK_EQ(normal(), 0);
}

/* What real-time tasks may have is not taken back from those to whom it was promised. */
TEST(limits_are_not_lowered_below_what_is_promised)
{
	const char *runtime = "/proc/sys/kernel/sched_rt_runtime_us", *period = "/proc/sys/kernel/sched_rt_period_us";
	int harts = sysconf(_SC_NPROCESSORS_CONF), rc;
	char less[32], was[32];

	CHECK_EQ(sysctl_number(period), 1000000);
	sysctl_text(runtime, was, sizeof(was));
	CHECK(atol(was) >= 900000);
	CHECK_ERR(sysctl_try(runtime, "1000001"), EINVAL);
	CHECK_ERR(sysctl_try(runtime, "-2"), EINVAL);
	CHECK_ERR(sysctl_try(period, "0"), EINVAL);
	CHECK_ERR(sysctl_try(period, "800000"), EINVAL);
	CHECK_EQ(ask(0, 80 * MS, 100 * MS, 100 * MS, 0), 0);
	snprintf(less, sizeof(less), "%d", 700000 / harts);
	CHECK_ERR(sysctl_try(runtime, less), EBUSY);
	CHECK_EQ(strcmp(sysctl_text(runtime, less, sizeof(less)), was), 0);
	snprintf(less, sizeof(less), "%lld", 2000000ll * harts);
	CHECK_ERR(sysctl_try(period, less), EBUSY);
	CHECK_EQ(sysctl_number(period), 1000000);
	CHECK_EQ(normal(), 0);
	for (int tries = 0; (rc = sysctl_try(runtime, "500000")) && tries < 3000; tries++)
		usleep(10000);
	CHECK_EQ(rc, 0);
	CHECK_EQ(normal(), 0);
	sysctl_set(runtime, was);
}

/*
 * 10 of 50 ms: it has that again and again, and not much more.  A host that looks away while it runs
 * makes it overrun; the last yield pays for that.
 */
TEST(runtime_is_kept)
{
	long long wall, cpu;

	CHECK_EQ(ask(0, 10 * MS, 50 * MS, 50 * MS, 0), 0);
	sched_yield();
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_THREAD_CPUTIME_ID);
	while (now(CLOCK_MONOTONIC) < wall + 500 * MS || now(CLOCK_THREAD_CPUTIME_ID) < cpu + 50 * MS)
		;
	sched_yield();
	cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
	wall = now(CLOCK_MONOTONIC) - wall;
	CHECK_EQ(normal(), 0);
	CHECK(cpu * 100 / wall <= 35);
}

/* The rest of the runtime is given up: a yield ends with the next period. */
TEST(yield_waits_for_the_next_period)
{
	long long t, least;

	CHECK_EQ(ask(0, 10 * MS, 30 * MS, 30 * MS, 0), 0);
	sched_yield();
	t = now(CLOCK_MONOTONIC);
	for (int i = 0; i < 5; i++)
		sched_yield();
	least = now(CLOCK_MONOTONIC) - t;
	CHECK_EQ(normal(), 0);
	CHECK(least >= 4 * 30 * MS);
}

/* One that sleeps most of the time gets its hart from a spinner of the highest real-time priority. */
TEST(deadlines_go_before_priorities)
{
	volatile int *stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sched_param sp = { 99 };
	int pipes[2], status, harts;
	cpu_set_t all;
	char c;

	CHECK(stop != MAP_FAILED);
	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	harts = CPU_COUNT(&all);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(ask(0, 5 * MS, 20 * MS, 20 * MS, RESET_ON_FORK), 0);
	for (int i = 0; i < harts; i++) {
		pid_t p = fork();
		long long end = now(CLOCK_MONOTONIC) + 60000 * MS;

		CHECK(p >= 0);
		if (p)
			continue;
		CHECK_EQ(sched_setscheduler(0, SCHED_FIFO, &sp), 0);
		CHECK_EQ(write(pipes[1], "x", 1), 1);
		while (!*stop && now(CLOCK_MONOTONIC) < end)
			;
		_exit(!*stop);		/* nobody took the hart to say so */
	}
	for (int i = 0; i < harts; i++)
		CHECK_EQ(read(pipes[0], &c, 1), 1);
	for (int i = 0; i < 5; i++)
		usleep(2000);
	*stop = 1;
	while (wait(&status) > 0)
		CHECK_EQ(status, 0);
}

static volatile int overrun;
static void note(int sig) { (void)sig; overrun++; }

TEST(an_overrun_is_told)
{
	struct sigaction sa = { .sa_handler = note };
	long long t = now(CLOCK_MONOTONIC);

	CHECK_EQ(sigaction(SIGXCPU, &sa, NULL), 0);
	CHECK_EQ(ask(0, 5 * MS, 20 * MS, 20 * MS, DL_OVERRUN), 0);
	CHECK_EQ(get().flags, DL_OVERRUN);
	while (!overrun && now(CLOCK_MONOTONIC) < t + 20000 * MS)
		;
	CHECK_EQ(normal(), 0);
	CHECK(overrun > 0);
}

/* Without memory there is no deadline, and no share of the harts is gone. */
TEST(memory_that_is_not_there)
{
	int status, failed = 0;

	fail_begin();
	for (int nth = 1; nth < 4; nth++) {
		pid_t p = fork();

		CHECK(p >= 0);
		if (!p) {
			int rc, error;

			fail_nth(nth);
			rc = ask(0, 8 * MS, 10 * MS, 10 * MS, 0);
			error = errno;
			fail_no_more();
			if (rc)
				CHECK_EQ(error, ENOMEM);
			CHECK_EQ(sched_getscheduler(0), rc ? SCHED_OTHER : DEADLINE);
			CHECK_EQ(ask(0, 8 * MS, 10 * MS, 10 * MS, 0), 0);
			CHECK_EQ(normal(), 0);
			_exit(rc ? 2 : 0);
		}
		CHECK_EQ(waitpid(p, &status, 0), p);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 1);
		failed += WEXITSTATUS(status) == 2;
	}
	CHECK(failed >= 1);
}
