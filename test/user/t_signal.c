/* test/user/t_signal.c - signals: delivery, masks, information, restarts, timers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <sys/klog.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

static volatile sig_atomic_t got, order[8];
static volatile siginfo_t last;	/* volatile: kill() and raise() are declared never to call back */

static void count(int sig) { (void)sig; got++; }
static void record(int sig, siginfo_t *si, void *c)
{
	(void)c;
	last = *si;
	if (got < 8)
		order[got] = sig;
	got++;
}

static void handle(int sig, void (*h)(int), int flags)
{
	struct sigaction sa = { .sa_handler = h, .sa_flags = flags };

	CHECK_EQ(sigaction(sig, &sa, NULL), 0);
}

static void handle_info(int sig, int flags)
{
	struct sigaction sa = { .sa_sigaction = record, .sa_flags = flags | SA_SIGINFO };

	CHECK_EQ(sigaction(sig, &sa, NULL), 0);
}

TEST(handler_gets_information)
{
	handle_info(SIGUSR1, 0);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	CHECK_EQ(got, 1);
	CHECK_EQ(last.si_code, SI_USER);
	CHECK_EQ(last.si_pid, getpid());
	union sigval v = { .sival_int = 77 };
	CHECK_EQ(sigqueue(getpid(), SIGUSR1, v), 0);
	CHECK_EQ(last.si_code, SI_QUEUE);
	CHECK_EQ(last.si_value.sival_int, 77);
}

TEST(blocked_signals_wait_and_real_time_ones_queue)
{
	sigset_t set, old, pend;

	handle_info(SIGUSR1, 0);
	handle_info(SIGRTMIN + 1, 0);
	handle_info(SIGRTMIN, 0);
	sigfillset(&set);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &set, &old), 0);
	for (int i = 0; i < 3; i++) {
		raise(SIGUSR1);
		kill(getpid(), SIGRTMIN + 1);
		kill(getpid(), SIGRTMIN);
	}
	CHECK_EQ(got, 0);
	CHECK_EQ(sigpending(&pend), 0);
	CHECK(sigismember(&pend, SIGUSR1));
	CHECK_EQ(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	CHECK_EQ(got, 7);
}

static int told;
static void tell(int sig) { (void)sig; got++; CHECK_EQ(write(told, "x", 1), 1); }

/* The timer goes on: its first signal may come before the call, if the machine stands still in between. */
TEST(system_calls_restart_or_fail)
{
	int fd[2], say[2];
	char c;

	CHECK_EQ(pipe(fd), 0);
	CHECK_EQ(pipe(say), 0);
	handle(SIGALRM, count, 0);
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } }, off = { 0 };
	CHECK_EQ(setitimer(ITIMER_REAL, &it, NULL), 0);
	CHECK_ERR(read(fd[0], &c, 1), EINTR);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	CHECK(got >= 1);
	pid_t p = fork();
	if (!p) {		/* what is read for comes after three signals */
		for (int i = 0; i < 3; i++)
			CHECK_EQ(read(say[0], &c, 1), 1);
		_exit(write(fd[1], "x", 1) != 1);
	}
	got = 0;
	told = say[1];
	handle(SIGALRM, tell, SA_RESTART);
	CHECK_EQ(setitimer(ITIMER_REAL, &it, NULL), 0);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	CHECK(got >= 3);
	CHECK_EQ(waitpid(p, NULL, 0), p);
	struct timespec ts = { 20, 0 }, rem = { 0, 0 };		/* long, for a loaded host */
	CHECK_EQ(setitimer(ITIMER_REAL, &it, NULL), 0);
	CHECK_ERR(nanosleep(&ts, &rem), EINTR);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	CHECK(rem.tv_sec < 20 && (rem.tv_sec || rem.tv_nsec));
}

static sigjmp_buf out;
static void leave(int sig) { (void)sig; siglongjmp(out, 1); }
static int eat_stack(int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	return n < 1 << 20 ? eat_stack(n + 1) + room[0] : 0;
}

TEST(alternate_stack_takes_overflow)
{
	size_t size = 64 << 10;
	stack_t ss = { .ss_sp = malloc(size), .ss_size = size };

	CHECK_EQ(sigaltstack(&ss, NULL), 0);
	handle(SIGSEGV, leave, SA_ONSTACK);
	if (!sigsetjmp(out, 1)) {
		eat_stack(0);
		CHECK(!"reached");
	}
	ss.ss_size = 10;
	CHECK_ERR(sigaltstack(&ss, NULL), ENOMEM);
}

static char *volatile where_on_stack;
static void note_stack(int sig) { (void)sig; where_on_stack = __builtin_frame_address(0); }

TEST(alternate_stack_is_used)
{
	size_t size = 64 << 10;
	char *area = malloc(size);
	stack_t ss = { .ss_sp = area, .ss_size = size }, old;

	CHECK_EQ(sigaltstack(&ss, NULL), 0);
	handle(SIGUSR1, note_stack, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(where_on_stack >= area && where_on_stack < area + size);
	handle(SIGUSR1, note_stack, 0);
	raise(SIGUSR1);
	CHECK(where_on_stack < area || where_on_stack >= area + size);
	CHECK_EQ(sigaltstack(NULL, &old), 0);
	CHECK(old.ss_sp == area);
}

TEST(sigsuspend_and_sigtimedwait)
{
	sigset_t set, none;
	struct timespec zero = { 0, 1000000 };
	siginfo_t si;

	handle(SIGUSR1, count, 0);
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	CHECK_ERR(sigtimedwait(&set, &si, &zero), EAGAIN);
	kill(getpid(), SIGUSR1);
	CHECK_EQ(sigtimedwait(&set, &si, &zero), SIGUSR1);
	CHECK_EQ(got, 0);
	kill(getpid(), SIGUSR1);
	CHECK_ERR(sigsuspend(&none), EINTR);
	CHECK_EQ(got, 1);
}

TEST(child_signals)
{
	handle_info(SIGCHLD, 0);
	pid_t p = fork();
	if (!p)
		_exit(5);
	while (!got)
		usleep(1000);
	CHECK_EQ(last.si_code, CLD_EXITED);
	CHECK_EQ(last.si_status, 5);
	CHECK_EQ(last.si_pid, p);
	CHECK_EQ(waitpid(p, NULL, 0), p);
	handle(SIGCHLD, SIG_IGN, 0);
	if (!fork())
		_exit(0);
	int st;
	CHECK_ERR(wait(&st), ECHILD);
}

TEST(kill_cannot_be_caught_and_stop_works)
{
	CHECK_ERR(sigaction(SIGKILL, &(struct sigaction){ .sa_handler = count }, NULL), EINVAL);
	CHECK_ERR(sigaction(SIGSTOP, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL), EINVAL);
	CHECK_ERR(sigaction(65, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL), EINVAL);
	pid_t p = fork();
	if (!p) {
		sigset_t all;
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		for (;;)
			;
	}
	usleep(10000);
	CHECK_EQ(kill(p, SIGKILL), 0);
	int st;
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

TEST(timers_fire)
{
	struct timespec t0, t1, ts = { 0, 30000000 };

	clock_gettime(CLOCK_MONOTONIC, &t0);
	CHECK_EQ(nanosleep(&ts, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	CHECK((t1.tv_sec - t0.tv_sec) * 1000000000l + t1.tv_nsec - t0.tv_nsec >= 30000000);
	handle_info(SIGRTMIN, 0);
	timer_t id;
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 3 };
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &ev, &id), 0);
	struct itimerspec it = { .it_value.tv_nsec = 5000000, .it_interval.tv_nsec = 5000000 };
	CHECK_EQ(timer_settime(id, 0, &it, NULL), 0);
	while (got < 3)
		pause();
	CHECK_EQ(last.si_code, SI_TIMER);
	CHECK_EQ(last.si_value.sival_int, 3);
	CHECK_EQ(timer_delete(id), 0);
	CHECK_ERR(timer_delete(id), EINVAL);
}

TEST(timerfd_and_signalfd_and_poll)
{
	int tfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec it = { .it_value.tv_nsec = 10000000 };
	uint64_t n = 0;

	if (tfd < 0 && errno == ENOSYS)
		test_skip("this kernel was built without timerfd");
	CHECK(tfd >= 0);
	CHECK_ERR(read(tfd, &n, 8), EAGAIN);
	CHECK_EQ(timerfd_settime(tfd, 0, &it, NULL), 0);
	struct pollfd pfd = { .fd = tfd, .events = POLLIN };
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	CHECK_EQ(poll(&pfd, 1, 5000), 1);
	CHECK_EQ(read(tfd, &n, 8), 8);
	CHECK_EQ(n, 1);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int sfd = signalfd(-1, &set, 0);
	struct signalfd_siginfo si;
	kill(getpid(), SIGUSR2);
	CHECK_EQ(read(sfd, &si, sizeof(si)), sizeof(si));
	CHECK_EQ(si.ssi_signo, SIGUSR2);
	CHECK_EQ(si.ssi_pid, getpid());
}

static void *raise_in_thread(void *arg)
{
	(void)arg;
	pthread_kill(pthread_self(), SIGUSR1);
	return (void *)(long)got;
}

TEST(thread_directed_signals)
{
	pthread_t t;
	void *r;

	handle(SIGUSR1, count, 0);
	CHECK_EQ(pthread_create(&t, NULL, raise_in_thread, NULL), 0);
	CHECK_EQ(pthread_join(t, &r), 0);
	CHECK_EQ((long)r, 1);
	CHECK_ERR(syscall(SYS_tgkill, getpid(), 999999, SIGUSR1), ESRCH);
}

static char *page;
static void open_page(int sig)
{
	(void)sig;
	got++;
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

TEST(fault_is_retried_after_its_handler)
{
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle(SIGSEGV, open_page, 0);
	*(volatile char *)page = 3;
	CHECK_EQ(got, 1);
	CHECK_EQ(*page, 3);
}

/* ---- the log of programs that die ------------------------------------------------------------ */

static bool log_has(const char *text)
{
	static char log[1 << 20];
	int n = klogctl(3, log, sizeof(log) - 1);

	CHECK(n >= 0);
	log[n] = 0;
	return strstr(log, text) != NULL;
}

static void set_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value));
	close(fd);
}

static int die_at(volatile int *p)
{
	return CHILD_STATUS(signal(SIGSEGV, SIG_DFL); *p = 1);
}

TEST(unhandled_faults_are_logged)
{
	char want[80];
	bool told = false;

	/* So many in a while: wait until it is our turn. */
	for (long at = 0x3000; !told && at < 0x3000 + 12 * 16; at += 16) {
		CHECK_EQ(WTERMSIG(die_at((int *)at)), SIGSEGV);
		snprintf(want, sizeof(want), "unhandled signal 11 code 0x1 at 0x%016lx in ", at);
		told = log_has(want);
		if (!told)
			sleep(1);
	}
	CHECK(told);
	CHECK(log_has(" badaddr: 00000000000030") && log_has("cause: 000000000000000f") && log_has("Code: "));
	set_sysctl("/proc/sys/debug/exception-trace", "0");
	CHECK_EQ(WTERMSIG(die_at((int *)0x5000)), SIGSEGV);
	set_sysctl("/proc/sys/debug/exception-trace", "1");
	CHECK(!log_has("at 0x0000000000005000"));
}

static void nothing_done(int sig) { (void)sig; _exit(0); }

TEST(handled_faults_are_not)
{
	CHECK_EQ(CHILD_STATUS(signal(SIGSEGV, nothing_done); *(volatile int *)0x6000 = 1), 0);
	CHECK(!log_has("at 0x0000000000006000"));
}

TEST(fatal_signals_are_logged_if_asked_for)
{
	CHECK(!log_has("potentially unexpected fatal signal 3."));
	CHECK_EQ(WTERMSIG(CHILD_STATUS(raise(SIGQUIT))), SIGQUIT);
	CHECK(!log_has("potentially unexpected fatal signal 3."));
	set_sysctl("/proc/sys/kernel/print-fatal-signals", "1");
	int quit = WTERMSIG(CHILD_STATUS(raise(SIGQUIT))), term = WTERMSIG(CHILD_STATUS(raise(SIGTERM)));
	set_sysctl("/proc/sys/kernel/print-fatal-signals", "0");
	CHECK(quit == SIGQUIT && term == SIGTERM);
	CHECK(log_has("potentially unexpected fatal signal 3."));
	CHECK(!log_has("potentially unexpected fatal signal 15."));
}
