/*
 * test/user/t_time.c - clocks, sleeping, interval timers, POSIX timers, timerfd.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/times.h>
#include <time.h>

#define MS	1000000ll
#define SEC	1000000000ll

static volatile sig_atomic_t got;
static volatile int overruns;

static void count(int sig) { (void)sig; got++; }
static void note(int sig, siginfo_t *si, void *c)
{
	(void)sig, (void)c;
	overruns += si->si_overrun;
	got++;
}

static void handle(int sig, void (*h)(int), int flags)
{
	struct sigaction sa = { .sa_handler = h, .sa_flags = flags };

	CHECK_EQ(sigaction(sig, &sa, NULL), 0);
}

static long long now(clockid_t id)
{
	struct timespec t;

	CHECK_EQ(clock_gettime(id, &t), 0);
	CHECK(t.tv_nsec >= 0 && t.tv_nsec < SEC);
	return t.tv_sec * SEC + t.tv_nsec;
}

static struct timespec ts(long long ns) { return (struct timespec){ ns / SEC, ns % SEC }; }
static struct itimerspec its(long long value, long long interval)
{ return (struct itimerspec){ .it_value = ts(value), .it_interval = ts(interval) }; }

static void burn(long long ns)
{
	long long end = now(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (now(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static bool between(long long a, long long t, long long b) { return a <= t && t <= b; }

/* How far @coarse is behind @fine. */
static long long lag(clockid_t fine, clockid_t coarse)
{
	long long t = now(fine);

	return t - now(coarse);
}

TEST(clocks_agree_and_never_go_back)
{
	long long last = 0;

	for (int i = 0; i < 2000; i++) {
		long long t = now(CLOCK_MONOTONIC);

		CHECK(t >= last);
		last = t;
	}
	/* A coarse one is what the other was at the last tick: not long ago, unless the machine stood still. */
	last = now(CLOCK_MONOTONIC_COARSE);
	CHECK(last <= now(CLOCK_MONOTONIC));
	UNTIL(lag(CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE) < 100 * MS);
	UNTIL(lag(CLOCK_REALTIME, CLOCK_REALTIME_COARSE) < 100 * MS);
	last = now(CLOCK_MONOTONIC);
	CHECK(now(CLOCK_BOOTTIME) >= last);

	struct timeval tv;
	struct timespec sys;
	last = now(CLOCK_REALTIME);
	CHECK_EQ(gettimeofday(&tv, NULL), 0);
	CHECK(between(last, tv.tv_sec * SEC + tv.tv_usec * 1000 + 999, now(CLOCK_REALTIME) + 999));
	/* The vDSO and the kernel show one clock. */
	last = now(CLOCK_MONOTONIC);
	CHECK_EQ(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &sys), 0);
	CHECK(between(last, sys.tv_sec * SEC + sys.tv_nsec, now(CLOCK_MONOTONIC)));
	last = now(CLOCK_REALTIME);
	CHECK_EQ(syscall(SYS_clock_gettime, CLOCK_REALTIME, &sys), 0);
	CHECK(between(last, sys.tv_sec * SEC + sys.tv_nsec, now(CLOCK_REALTIME)));

	struct timespec res;
	CHECK_EQ(clock_getres(CLOCK_MONOTONIC, &res), 0);
	CHECK_EQ(res.tv_nsec, 1);
	CHECK_ERR(syscall(SYS_clock_gettime, 77, &res), EINVAL);
	CHECK_ERR(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)8), EFAULT);
	CHECK_ERR(clock_settime(CLOCK_MONOTONIC, &res), EINVAL);
}

TEST(real_time_can_be_set)
{
	struct timespec t, back;
	long long mono = now(CLOCK_MONOTONIC), before = now(CLOCK_REALTIME);

	if (getuid())
		test_skip("needs root");
	t = ts(before + 1000 * SEC);
	CHECK_EQ(clock_settime(CLOCK_REALTIME, &t), 0);
	before = now(CLOCK_REALTIME) - before;
	CHECK(before >= 1000 * SEC);
	/* The other is read before and after this one was: it took longer. */
	CHECK(before - (now(CLOCK_MONOTONIC) - mono) <= 1000 * SEC + MS);
	/* Not quite: where no clock chip is, time began at boot, and cannot lie before it. */
	back = ts(now(CLOCK_REALTIME) - 990 * SEC);
	CHECK_EQ(clock_settime(CLOCK_REALTIME, &back), 0);
	t.tv_nsec = SEC;
	CHECK_ERR(clock_settime(CLOCK_REALTIME, &t), EINVAL);
	t = (struct timespec){ -1, 0 };
	CHECK_ERR(clock_settime(CLOCK_REALTIME, &t), EINVAL);

	struct timex tx = { .modes = 0 };
	CHECK(adjtimex(&tx) >= 0);
	CHECK_EQ(tx.tick, 10000);
}

TEST(absolute_real_timers_follow_the_clock)
{
	int fd = timerfd_create(CLOCK_REALTIME, 0), cancel = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	long long t0 = now(CLOCK_REALTIME);
	struct itimerspec it = its(t0 + 1000 * SEC, 0);
	struct timespec t;
	uint64_t n;

	if (getuid())
		test_skip("needs root");
	if (fd < 0 && errno == ENOSYS)
		test_skip("no timerfd");
	CHECK_EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL), 0);
	CHECK_EQ(timerfd_settime(cancel, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &it, NULL), 0);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	t = ts(t0 + 1001 * SEC);
	CHECK_EQ(clock_settime(CLOCK_REALTIME, &t), 0);
	CHECK_EQ(poll(&pfd, 1, 5000), 1);
	CHECK_EQ(read(fd, &n, 8), 8);
	CHECK_EQ(n, 1);
	CHECK_ERR(read(cancel, &n, 8), ECANCELED);
	t = ts(now(CLOCK_REALTIME) - 1001 * SEC);
	CHECK_EQ(clock_settime(CLOCK_REALTIME, &t), 0);
}

TEST(sleeps_last_long_enough_and_say_what_is_left)
{
	struct timespec req = ts(20 * MS), rem = { 7, 7 };
	long long t0 = now(CLOCK_MONOTONIC);

	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &req, NULL), 0);
	CHECK(now(CLOCK_MONOTONIC) - t0 >= 20 * MS);
	req = ts(now(CLOCK_REALTIME) + 10 * MS);
	CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &req, NULL), 0);
	CHECK(now(CLOCK_REALTIME) >= req.tv_sec * SEC + req.tv_nsec);
	/* In the past: returns at once. */
	req = ts(1);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &req, NULL), 0);

	handle(SIGALRM, count, SA_RESTART);	/* nanosleep is never restarted for a handler */
	struct itimerval iv = { { 0, 20000 }, { 0, 20000 } }, off = { 0 };
	CHECK_EQ(setitimer(ITIMER_REAL, &iv, NULL), 0);
	req = ts(50 * SEC);
	CHECK_ERR(nanosleep(&req, &rem), EINTR);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	CHECK(got >= 1);
	CHECK(rem.tv_sec >= 5 && rem.tv_sec < 50);
	req.tv_nsec = SEC;
	CHECK_ERR(nanosleep(&req, NULL), EINVAL);
	CHECK_ERR(nanosleep((void *)8, NULL), EFAULT);
	req = ts(MS);
	CHECK_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &req, NULL), EINVAL);	/* libc says so */
	CHECK_ERR(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &req, NULL), EOPNOTSUPP);
	CHECK_EQ(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &req, NULL) == -1 ? errno : 0, ENOTSUP);
}

/* False: the machine stood still for so long that the sleeper had ended before it was to stop. */
static bool stop_a_sleeper(long long ns)
{
	long long t0 = now(CLOCK_MONOTONIC);	/* the child may begin before fork() is back here */
	int p = fork(), st;

	if (!p) {
		struct timespec req = ts(ns);

		_exit(nanosleep(&req, NULL) ? 1 : 0);
	}
	until_tasks_sleep(p, 1);
	kill(p, SIGSTOP);
	CHECK_EQ(waitpid(p, &st, WUNTRACED), p);
	if (!WIFSTOPPED(st))
		return false;
	usleep(30000);
	kill(p, SIGCONT);
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK_EQ(st, 0);
	CHECK(now(CLOCK_MONOTONIC) - t0 >= ns);
	return true;
}

TEST(a_stopped_sleeper_keeps_its_end)
{
	for (long long ns = 300 * MS; !stop_a_sleeper(ns); ns *= 2)
		;
}

TEST(interval_timers)
{
	struct itimerval iv = { .it_value.tv_usec = 10000, .it_interval.tv_usec = 10000 }, old;

	handle(SIGALRM, count, 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &iv, NULL), 0);
	while (got < 4)
		pause();
	CHECK_EQ(getitimer(ITIMER_REAL, &old), 0);
	CHECK_EQ(old.it_interval.tv_usec, 10000);
	CHECK(old.it_value.tv_sec == 0 && old.it_value.tv_usec <= 10000);
	iv = (struct itimerval){ 0 };
	CHECK_EQ(setitimer(ITIMER_REAL, &iv, &old), 0);
	CHECK_EQ(old.it_interval.tv_usec, 10000);
	CHECK_EQ(getitimer(ITIMER_REAL, &old), 0);
	CHECK_EQ(old.it_value.tv_usec, 0);
	CHECK_EQ(alarm(100), 0);
	CHECK_EQ(alarm(0), 100);
	iv.it_value.tv_usec = 1000000;
	CHECK_ERR(setitimer(ITIMER_REAL, &iv, NULL), EINVAL);
	CHECK_ERR(setitimer(3, &old, NULL), EINVAL);
	/* A child has none, exec keeps them. */
	alarm(50);
	CHECK_EQ(CHILD_STATUS(_exit(alarm(0))), 0);
	unsigned left = alarm(0);
	CHECK(left > 30 && left <= 50);
}

TEST(cpu_time_timers)
{
	struct itimerval iv = { .it_value.tv_usec = 20000, .it_interval.tv_usec = 20000 };
	long long begun = now(CLOCK_PROCESS_CPUTIME_ID);

	handle(SIGVTALRM, count, 0);
	CHECK_EQ(setitimer(ITIMER_VIRTUAL, &iv, NULL), 0);
	usleep(60000);			/* sleeping does not count; being kept waiting by the host does */
	CHECK(!got || now(CLOCK_PROCESS_CPUTIME_ID) - begun >= 20 * MS);
	while (got < 3)
		;
	iv = (struct itimerval){ 0 };
	CHECK_EQ(setitimer(ITIMER_VIRTUAL, &iv, NULL), 0);
	got = 0;
	handle(SIGPROF, count, 0);
	iv.it_value.tv_usec = 20000;
	CHECK_EQ(setitimer(ITIMER_PROF, &iv, NULL), 0);
	while (got < 1)
		;

	got = 0;
	timer_t id;
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec it = its(20 * MS, 0);
	handle(SIGUSR1, count, 0);
	begun = now(CLOCK_PROCESS_CPUTIME_ID);
	CHECK_EQ(timer_create(CLOCK_PROCESS_CPUTIME_ID, &ev, &id), 0);
	CHECK_EQ(timer_settime(id, 0, &it, NULL), 0);
	usleep(50000);
	CHECK(!got || now(CLOCK_PROCESS_CPUTIME_ID) - begun >= 20 * MS);
	while (got < 1)
		;
	CHECK_EQ(timer_delete(id), 0);
}

/* ---- timers of a process's CPU time, and its threads ----------------------------------------- */

#define BUSY 4

static __thread int mine;
static int without;			/* threads that had no signal yet */

static void share(int sig)
{
	(void)sig;
	if (gettid() != getpid() && !mine++)
		__atomic_sub_fetch(&without, 1, __ATOMIC_RELAXED);
}

/* Busy until each has had a signal: how many came here. */
static void *busy_thread(void *unused)
{
	long long end = now(CLOCK_MONOTONIC) + 20 * SEC;

	(void)unused;
	while (__atomic_load_n(&without, __ATOMIC_RELAXED) && now(CLOCK_MONOTONIC) < end)
		;
	return (void *)(long)mine;
}

/* Every busy thread has its share of the signals, and the one that is born with them blocked has none. */
static void check_shares(void)
{
	pthread_t t[BUSY + 1];
	sigset_t all, old;
	void *signals;

	without = BUSY;
	sigfillset(&all);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &all, &old), 0);
	CHECK_EQ(pthread_create(&t[BUSY], NULL, busy_thread, NULL), 0);
	CHECK_EQ(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
	for (int i = 0; i < BUSY; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, busy_thread, NULL), 0);
	for (int i = 0; i <= BUSY; i++) {
		CHECK_EQ(pthread_join(t[i], &signals), 0);
		CHECK_EQ(signals != NULL, i < BUSY);
	}
	CHECK_EQ(without, 0);
}

static void check_itimer_shares(int which, int sig)
{
	struct itimerval iv = { .it_value.tv_usec = 1000, .it_interval.tv_usec = 1000 }, off = { 0 };

	handle(sig, share, SA_RESTART);
	CHECK_EQ(setitimer(which, &iv, NULL), 0);
	check_shares();
	CHECK_EQ(setitimer(which, &off, NULL), 0);
}

TEST_TIMED(busy_threads_share_the_signals_of_cpu_timers, 120)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec it = its(MS, MS);
	timer_t id;

	handle(SIGUSR1, share, SA_RESTART);
	CHECK_EQ(timer_create(CLOCK_PROCESS_CPUTIME_ID, &ev, &id), 0);
	CHECK_EQ(timer_settime(id, 0, &it, NULL), 0);
	check_shares();
	CHECK_EQ(timer_delete(id), 0);
	check_itimer_shares(ITIMER_PROF, SIGPROF);
	check_itimer_shares(ITIMER_VIRTUAL, SIGVTALRM);
}

/* ---- more of CPU timers ---------------------------------------------------------------------- */

static timer_t cpu_timer(clockid_t clock, int notify, int sig, long long value, long long interval)
{
	struct sigevent ev = { .sigev_notify = notify, .sigev_signo = sig };
	struct itimerspec it = its(value, interval);
	timer_t id;

	CHECK_EQ(timer_create(clock, notify < 0 ? NULL : &ev, &id), 0);
	CHECK_EQ(timer_settime(id, 0, &it, NULL), 0);
	return id;
}

static volatile long long set_before, set_after, seen, wrong;

/* How often the timer has run out, as its signals tell: not more than it can have, and not less than it must. */
static void count_exactly(int sig, siginfo_t *si, void *c)
{
	long long n, most, least = (seen - set_after - MS) / (MS / 10);

	note(sig, si, c);
	n = got + overruns;
	most = (now(CLOCK_THREAD_CPUTIME_ID) - set_before) / (MS / 10);
	if (n < least || n > most)
		wrong = n;
}

/*
 * An interval of less than a tick: what the signals cannot tell one by one is their overrun.  The clock is read on
 * both sides of each moment that counts, so that nothing depends on how long the machine stood still in between.
 */
TEST(cpu_timers_count_what_they_skip)
{
	struct sigaction sa = { .sa_sigaction = count_exactly, .sa_flags = SA_SIGINFO };
	timer_t id;

	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	set_before = now(CLOCK_THREAD_CPUTIME_ID);
	seen = set_before;
	set_after = set_before + 1000 * SEC;			/* not known yet */
	id = cpu_timer(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, MS, MS / 10);
	set_after = now(CLOCK_THREAD_CPUTIME_ID);
	while (got < 5 || got + overruns < 400)
		seen = now(CLOCK_THREAD_CPUTIME_ID);
	CHECK(timer_getoverrun(id) >= 0);
	CHECK_EQ(timer_delete(id), 0);
	CHECK_EQ(wrong, 0);
}

/* One that does not signal runs down and begins again, or stands at 0. */
TEST(cpu_timers_without_a_signal_run_down)
{
	timer_t once = cpu_timer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_NONE, 0, 5 * MS, 0);
	timer_t often = cpu_timer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_NONE, 0, 5 * MS, 1000 * SEC);
	struct itimerspec it;

	burn(6 * MS);
	CHECK_EQ(timer_gettime(once, &it), 0);
	CHECK_EQ(it.it_value.tv_sec * SEC + it.it_value.tv_nsec, 0);
	CHECK_EQ(timer_gettime(often, &it), 0);
	CHECK(it.it_value.tv_sec >= 900 && it.it_value.tv_sec <= 1000);
}

static void *make_timer_for_me(void *id)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	struct itimerspec it = its(MS, MS);

	ev._sigev_un._tid = gettid();
	CHECK_EQ(timer_create(CLOCK_PROCESS_CPUTIME_ID, &ev, id), 0);
	CHECK_EQ(timer_settime(*(timer_t *)id, 0, &it, NULL), 0);
	return NULL;
}

/* The thread that was to have the signal is gone when the time comes, and so is one whose time is measured. */
TEST(cpu_timers_of_a_thread_that_ended)
{
	pthread_t t;
	timer_t id;

	handle(SIGUSR1, count, 0);
	CHECK_EQ(pthread_create(&t, NULL, make_timer_for_me, &id), 0);
	CHECK_EQ(pthread_join(t, NULL), 0);
	got = 0;
	burn(20 * MS);
	CHECK_EQ(got, 0);
	CHECK_EQ(timer_delete(id), 0);
}

static int fired[64];
static void by_value(int sig, siginfo_t *si, void *c)
{
	(void)sig, (void)c;
	if (!fired[si->si_value.sival_int]++)
		got++;
}

TEST(many_cpu_timers_fire_all)
{
	struct sigaction sa = { .sa_sigaction = by_value, .sa_flags = SA_SIGINFO };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec it = its(2 * MS, 0);
	timer_t id[64];

	CHECK_EQ(sigaction(SIGRTMIN, &sa, NULL), 0);
	for (int i = 0; i < 64; i++) {
		ev.sigev_value.sival_int = i;
		CHECK_EQ(timer_create(i % 2 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID, &ev, &id[i]), 0);
		CHECK_EQ(timer_settime(id[i], 0, &it, NULL), 0);
	}
	while (got < 64)
		;
	for (int i = 0; i < 64; i++)
		CHECK_EQ(timer_delete(id[i]), 0);
}

/* A limit below what was used already is one that is reached; the next signal comes a second later. */
TEST(cpu_limit_that_is_reached)
{
	struct rlimit rl = { 0, 5 };

	handle(SIGXCPU, count, 0);
	CHECK_EQ(setrlimit(RLIMIT_CPU, &rl), 0);
	while (got < 1)
		;
	burn(20 * MS);
	CHECK(got == 1 || now(CLOCK_PROCESS_CPUTIME_ID) >= SEC);
	CHECK_EQ(getrlimit(RLIMIT_CPU, &rl), 0);
	CHECK(rl.rlim_cur == 1 || now(CLOCK_PROCESS_CPUTIME_ID) >= SEC);
	rl.rlim_cur = rl.rlim_max = 0;
	CHECK_EQ(WTERMSIG(CHILD_STATUS(setrlimit(RLIMIT_CPU, &rl); burn(SEC))), SIGKILL);
}

TEST(cpu_time_is_counted)
{
	long long p0 = now(CLOCK_PROCESS_CPUTIME_ID), t0 = now(CLOCK_THREAD_CPUTIME_ID);
	struct rusage ru;
	struct tms tms;
	clockid_t id;

	burn(100 * MS);
	CHECK(now(CLOCK_THREAD_CPUTIME_ID) - t0 >= 100 * MS);
	CHECK(now(CLOCK_PROCESS_CPUTIME_ID) - p0 >= 100 * MS);
	do {		/* sleeping does not count; being kept waiting by the host on the way there does */
		t0 = now(CLOCK_PROCESS_CPUTIME_ID);
		usleep(100000);
	} while (now(CLOCK_PROCESS_CPUTIME_ID) - t0 >= 50 * MS);
	CHECK_EQ(getrusage(RUSAGE_SELF, &ru), 0);
	CHECK(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec +
	      ru.ru_stime.tv_sec * 1000000 + ru.ru_stime.tv_usec >= 90000);
	CHECK(times(&tms) != -1);
	CHECK(tms.tms_utime + tms.tms_stime >= 8);
	CHECK_EQ(clock_getcpuclockid(getpid(), &id), 0);
	t0 = now(CLOCK_PROCESS_CPUTIME_ID);
	p0 = now(id);
	CHECK(between(t0, p0, now(CLOCK_PROCESS_CPUTIME_ID)));
	CHECK_EQ(CHILD_STATUS(burn(60 * MS)), 0);
	CHECK_EQ(getrusage(RUSAGE_CHILDREN, &ru), 0);
	CHECK(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec +
	      ru.ru_stime.tv_sec * 1000000 + ru.ru_stime.tv_usec >= 50000);
}

TEST(cpu_limit_signals_and_kills)
{
	int st = CHILD_STATUS(
		struct rlimit rl = { 1, 50 };		/* a host that stands still does not take it that far */
		setrlimit(RLIMIT_CPU, &rl);
		for (;;)
			;
	);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGXCPU);
	st = CHILD_STATUS(
		struct rlimit rl = { 1, 2 };
		setrlimit(RLIMIT_CPU, &rl);
		signal(SIGXCPU, SIG_IGN);
		for (;;)
			;
	);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

TEST(posix_timer_overruns)
{
	struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec it = its(5 * MS, 5 * MS), cur;
	sigset_t set;
	timer_t id, id2;

	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &ev, &id), 0);
	CHECK_EQ(timer_settime(id, 0, &it, NULL), 0);
	usleep(60000);
	CHECK_EQ(timer_gettime(id, &cur), 0);
	CHECK_EQ(cur.it_interval.tv_nsec, 5 * MS);
	CHECK(cur.it_value.tv_nsec > 0 && cur.it_value.tv_nsec <= 5 * MS);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK(got >= 1);
	CHECK(overruns >= 9);
	CHECK(timer_getoverrun(id) >= 0);
	it = its(0, 0);
	CHECK_EQ(timer_settime(id, 0, &it, &cur), 0);
	CHECK_EQ(cur.it_interval.tv_nsec, 5 * MS);
	CHECK_EQ(timer_gettime(id, &cur), 0);
	CHECK_EQ(cur.it_value.tv_nsec, 0);
	CHECK_EQ(timer_delete(id), 0);

	ev.sigev_notify = SIGEV_NONE;
	CHECK_EQ(timer_create(CLOCK_REALTIME, &ev, &id), 0);
	it = its(10 * SEC, 0);
	CHECK_EQ(timer_settime(id, 0, &it, NULL), 0);
	CHECK_EQ(timer_gettime(id, &cur), 0);
	CHECK(cur.it_value.tv_sec >= 5 && cur.it_value.tv_sec < 10);
	/* A child has no timers. */
	CHECK_EQ(CHILD_STATUS(_exit(timer_gettime(id, &cur) == -1 && errno == EINVAL ? 0 : 1)), 0);
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = 100;
	CHECK_ERR(timer_create(CLOCK_REALTIME, &ev, &id2), EINVAL);
	CHECK_ERR(timer_create(77, NULL, &id2), EINVAL);
	it.it_value.tv_nsec = SEC;
	CHECK_ERR(timer_settime(id, 0, &it, NULL), EINVAL);
}

TEST(timerfd_intervals)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec it = its(10 * MS, 10 * MS), old;
	uint64_t n;

	if (fd < 0 && errno == ENOSYS)
		test_skip("no timerfd");
	CHECK_EQ(timerfd_settime(fd, 0, &it, NULL), 0);
	usleep(65000);
	CHECK_EQ(read(fd, &n, 8), 8);
	CHECK(n >= 6);
	CHECK_ERR(read(fd, &n, 4), EINVAL);
	do {			/* 0: it is due in this very moment */
		CHECK_EQ(timerfd_gettime(fd, &old), 0);
		CHECK_EQ(old.it_interval.tv_nsec, 10 * MS);
	} while (!old.it_value.tv_nsec);
	CHECK(old.it_value.tv_nsec <= 10 * MS);
	it = its(0, 0);
	CHECK_EQ(timerfd_settime(fd, 0, &it, &old), 0);
	CHECK_EQ(old.it_interval.tv_nsec, 10 * MS);
	CHECK_ERR(read(fd, &n, 8), EAGAIN);
	CHECK_ERR(timerfd_settime(0, 0, &it, NULL), EINVAL);
	CHECK_ERR(timerfd_settime(99, 0, &it, NULL), EBADF);
	CHECK_ERR(timerfd_settime(fd, 64, &it, NULL), EINVAL);
	CHECK_ERR(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
}

TEST(disarmed_timers_and_clocks_that_cannot)
{
	struct itimerspec its = { { 0, 5 }, { 0, 0 } };
	struct timespec ts = { 0, 0 };
	clockid_t own;
	timer_t t;

	CHECK_EQ(timer_create(CLOCK_MONOTONIC, NULL, &t), 0);
	CHECK_EQ(timer_settime(t, 0, &its, NULL), 0);
	CHECK_EQ(timer_gettime(t, &its), 0);
	CHECK_EQ(its.it_interval.tv_nsec, 0);
	timer_delete(t);
	CHECK_ERR(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &ts, NULL), EOPNOTSUPP);
	CHECK_EQ(clock_getcpuclockid(getpid(), &own), 0);
	CHECK_ERR(clock_settime(own, &ts), EPERM);
	CHECK_ERR(clock_settime(CLOCK_MONOTONIC, &ts), EINVAL);
}

static int adjust(unsigned modes, long sec, long usec, long freq, long tick)
{
	struct timex tx = { .modes = modes, .time = { sec, usec }, .freq = freq, .tick = tick };

	return adjtimex(&tx) < 0 ? errno : 0;
}

TEST(adjtimex_checks_its_numbers)
{
	struct timex tx = { 0 };

	CHECK(adjtimex(&tx) >= 0);
	CHECK_EQ(adjust(0x8000, 0, 0, 0, 0), EINVAL);			/* singleshot, of nothing */
	CHECK_EQ(adjust(ADJ_OFFSET_SS_READ, 0, 0, 0, 0), 0);
	if (getuid())
		test_skip("needs root");
	CHECK_EQ(adjust(ADJ_TICK, 0, 0, 0, 1), EINVAL);
	CHECK_EQ(adjust(ADJ_TICK, 0, 0, 0, 20000), EINVAL);
	CHECK_EQ(adjust(ADJ_SETOFFSET, 0, -1, 0, 0), EINVAL);
	CHECK_EQ(adjust(ADJ_SETOFFSET, 0, 1000000, 0, 0), EINVAL);
	CHECK_EQ(adjust(ADJ_SETOFFSET | ADJ_NANO, 0, 1000000000, 0, 0), EINVAL);
	CHECK_EQ(adjust(ADJ_SETOFFSET, 1l << 62, 0, 0, 0), EINVAL);
	CHECK_EQ(adjust(ADJ_FREQUENCY, 0, 0, 1l << 62, 0), EINVAL);
	CHECK_EQ(adjust(ADJ_FREQUENCY, 0, 0, -(1l << 62), 0), EINVAL);
	CHECK_EQ(adjust(ADJ_FREQUENCY, 0, 0, tx.freq, 0), 0);
	CHECK_EQ(CHILD_STATUS(_exit(setresuid(1000, 1000, 1000) || adjust(0, 0, 0, 0, 0) ? 1 :
				    adjust(ADJ_FREQUENCY, 0, 0, tx.freq, 0))), EPERM << 8);
}
