/*
 * test/user/t_bounds.c - kernel memory that a user may hold is limited: messages, signals, timers, files, locks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#ifndef SIOCOUTQ
#define SIOCOUTQ	0x5411
#endif

static char buf[1 << 20];

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void need_root(void)
{
	if (geteuid())
		test_skip("not root");
}

/* ---- local sockets --------------------------------------------------------------------------- */

/* Messages of @size until there is no room; -1: no end. */
static int fill(int fd, size_t size)
{
	for (int n = 0; n < 20000; n++)
		if (send(fd, buf, size, MSG_DONTWAIT) < 0) {
			CHECK_EQ(errno, EAGAIN);
			return n;
		}
	return -1;
}

static int pollout(int fd, int ms)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	return poll(&p, 1, ms);
}

/* Small messages cost more than their bytes, empty ones too. */
TEST(bounds_small_messages_count)
{
	static const struct { int type; size_t size; int most; } c[] = {
		{ SOCK_DGRAM, 0, 278 }, { SOCK_DGRAM, 1, 278 }, { SOCK_SEQPACKET, 0, 278 },
		{ SOCK_STREAM, 1, 278 }, { SOCK_DGRAM, 1000, 93 }, { SOCK_DGRAM, 4000, 26 },
		{ SOCK_STREAM, 4000, 44 }, { SOCK_DGRAM, 200000, 2 },
	};

	for (unsigned i = 0; i < sizeof(c) / sizeof(*c); i++) {
		int s[2], out;

		CHECK(!socketpair(AF_UNIX, c[i].type, 0, s));
		CHECK_EQ(fill(s[0], c[i].size), c[i].most);
		CHECK(!ioctl(s[0], SIOCOUTQ, &out));
		CHECK(out >= 212992);
		CHECK_EQ(pollout(s[0], 0), 0);
		while (recv(s[1], buf, sizeof(buf), MSG_DONTWAIT) >= 0)
			;
		CHECK_EQ(pollout(s[0], 0), 1);
		CHECK(!ioctl(s[0], SIOCOUTQ, &out));
		CHECK_EQ(out, 0);
		close(s[0]);
		close(s[1]);
	}
}

static int named(const char *name, struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(a->sun_path + 1, name);
	CHECK(fd >= 0 && !bind(fd, (void *)a, sizeof(*a)));
	return fd;
}

/* Senders that are gone have left no more with a receiver than its queue holds. */
TEST(bounds_receiver_of_many_senders)
{
	struct sockaddr_un a;
	int r = named("t_bounds.1", &a), n = 0;

	for (int i = 0; i < 200; i++) {
		int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

		n += sendto(s, "x", 1, 0, (void *)&a, sizeof(a)) == 1;
		close(s);
	}
	CHECK(n >= 1 && n <= 1000);	/* net.unix.max_dgram_qlen and one */
	for (int i = 0; i < n; i++)
		CHECK_EQ(recv(r, buf, 10, MSG_DONTWAIT), 1);
	CHECK_ERR(recv(r, buf, 10, MSG_DONTWAIT), EAGAIN);
}

static int receiver;
static void *take_all(void *arg)
{
	usleep(100000);
	while (recv(receiver, buf, 10, MSG_DONTWAIT) > 0)
		;
	return arg;
}

/* The queue is full of another's messages: who polls for room is woken when they are taken. */
TEST(bounds_poll_for_room_at_a_receiver)
{
	struct sockaddr_un a;
	int s = socket(AF_UNIX, SOCK_DGRAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0), n = 0;
	pthread_t t;

	receiver = named("t_bounds.2", &a);
	CHECK(!connect(s, (void *)&a, sizeof(a)));
	CHECK_EQ(pollout(s, 0), 1);
	while (n < 1000 && sendto(other, "x", 1, MSG_DONTWAIT, (void *)&a, sizeof(a)) == 1)
		n++;
	CHECK(n >= 1 && n < 1000);
	CHECK_EQ(pollout(s, 0), 0);
	CHECK_ERR(send(s, "x", 1, MSG_DONTWAIT), EAGAIN);
	CHECK(!pthread_create(&t, NULL, take_all, NULL));
	CHECK_EQ(pollout(s, 10000), 1);
	CHECK(!pthread_join(t, NULL));
	/* and again, with the receiver going */
	while (sendto(other, "x", 1, MSG_DONTWAIT, (void *)&a, sizeof(a)) == 1)
		;
	CHECK_EQ(pollout(s, 0), 0);
	close(receiver);
	CHECK_EQ(pollout(s, 10000), 1);
	CHECK_ERR(send(s, "x", 1, MSG_DONTWAIT), ECONNREFUSED);
}

TEST(bounds_send_waits_for_room)
{
	int s[2];
	pthread_t t;

	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	CHECK(fill(s[0], 1) > 0);
	receiver = s[1];
	CHECK(!pthread_create(&t, NULL, take_all, NULL));
	CHECK_EQ(send(s[0], "x", 1, 0), 1);
	CHECK(!pthread_join(t, NULL));
}

static int option(int fd, int name, int set)
{
	socklen_t len = sizeof(int);
	int v = set;

	if (set != -1)
		CHECK(!setsockopt(fd, SOL_SOCKET, name, &v, sizeof(v)));
	CHECK(!getsockopt(fd, SOL_SOCKET, name, &v, &len));
	return v;
}

TEST(bounds_socket_buffers)
{
	int s[2], v = 1 << 28;

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	CHECK_EQ(option(s[0], SO_SNDBUF, -1), 212992);
	CHECK_EQ(option(s[0], SO_SNDBUF, 1000), 4608);
	CHECK_EQ(option(s[0], SO_SNDBUF, 100000000), 2 * 212992);
	CHECK_EQ(option(s[0], SO_SNDBUF, -5), 2 * 212992);
	CHECK_EQ(option(s[0], SO_RCVBUF, 100000000), 2 * 212992);
	CHECK_EQ(option(s[0], SO_SNDBUF, 10000), 20000);
	CHECK_EQ(option(s[1], SO_SNDBUF, -1), 212992);
	CHECK_EQ(send(s[0], buf, sizeof(buf), 0), 2 * (10000 - 64));
	CHECK_EQ(CHILD_STATUS(_exit(setuid(4713) || !setsockopt(s[0], SOL_SOCKET, SO_SNDBUFFORCE, &v, sizeof(v)) ||
				    errno != EPERM)), 0);
}

static int bound_fd;
static void *bind_one(void *arg)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, arg);
	(void)bind(bound_fd, (void *)&a, sizeof(a));
	return NULL;
}

static void *name_of_peer(void *arg)
{
	struct sockaddr_un a;
	socklen_t len;

	for (int i = 0; i < 3000; i++) {
		len = sizeof(a);
		(void)getpeername(*(int *)arg, (void *)&a, &len);
	}
	return NULL;
}

/* Two threads name one socket: it has one name, and both names can be had again. */
TEST(bounds_bind_races)
{
	static char *const name[2] = { "/tmp/t_bounds.a", "/tmp/t_bounds.b" };

	for (int i = 0; i < 200; i++) {
		pthread_t t[2];
		int there = 0;

		bound_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		for (int k = 0; k < 2; k++)
			CHECK(!pthread_create(&t[k], NULL, bind_one, name[k]));
		for (int k = 0; k < 2; k++)
			CHECK(!pthread_join(t[k], NULL));
		for (int k = 0; k < 2; k++)
			there += !unlink(name[k]);
		CHECK_EQ(there, 1);
		close(bound_fd);
	}
}

TEST(bounds_peer_goes_while_it_is_named)
{
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);
	pthread_t t;

	CHECK(!pthread_create(&t, NULL, name_of_peer, &s));
	for (int i = 0; i < 1000; i++) {
		struct sockaddr_un a;
		int r = named("t_bounds.3", &a);

		CHECK(!connect(s, (void *)&a, sizeof(a)));
		close(r);
	}
	CHECK(!pthread_join(t, NULL));
}

/* ---- signals and timers ---------------------------------------------------------------------- */

static void few_signals(unsigned uid)
{
	struct rlimit rl = { 10, 10 };

	CHECK(!setuid(uid) && !setrlimit(RLIMIT_SIGPENDING, &rl));
}

TEST(bounds_queued_signals)
{
	need_root();
	CHECK_EQ(CHILD_STATUS({
		union sigval v = { 0 };
		sigset_t all;

		few_signals(4720);
		sigfillset(&all);
		CHECK(!sigprocmask(SIG_BLOCK, &all, NULL));
		for (int i = 0; i < 10; i++)
			CHECK(!sigqueue(getpid(), SIGRTMIN + 1, v));
		CHECK_ERR(sigqueue(getpid(), SIGRTMIN + 1, v), EAGAIN);
		CHECK(!kill(getpid(), SIGRTMIN + 2) && !kill(getpid(), SIGUSR1));	/* these carry nothing */
	}), 0);
}

TEST(bounds_timers)
{
	need_root();
	CHECK_EQ(CHILD_STATUS({
		struct sigevent se = { .sigev_notify = SIGEV_NONE };
		timer_t t[11];

		few_signals(4721);
		for (int i = 0; i < 10; i++)
			CHECK(!timer_create(CLOCK_MONOTONIC, &se, &t[i]));
		CHECK_ERR(timer_create(CLOCK_MONOTONIC, &se, &t[10]), EAGAIN);
		CHECK(!timer_delete(t[3]));
		CHECK(!timer_create(CLOCK_MONOTONIC, &se, &t[10]));
	}), 0);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

#define NR_OPEN	"/proc/sys/fs/nr_open"

static void limit_files(unsigned long n, int want)
{
	struct rlimit rl = { n, n };

	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &rl) ? errno : 0, want);
}

static int unshare_thread(void *arg)
{
	(void)arg;
	_exit(unshare(CLONE_FILES) && errno == EMFILE ? 0 : 1);
}

/* A table with descriptors beyond nr_open cannot be copied. */
TEST(bounds_nr_open)
{
	static char stack[65536];
	int st[3];
	pid_t p;

	need_root();
	limit_files((1 << 20) + 1, EPERM);
	limit_files(200, 0);
	CHECK_EQ(dup2(1, 150), 150);
	write_text(NR_OPEN, "64\n");
	limit_files(100, EPERM);
	p = fork();
	if (!p)
		_exit(0);
	st[0] = p < 0 ? errno : 0;
	p = clone(unshare_thread, stack + sizeof(stack), CLONE_FILES | CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	st[1] = p > 0 && waitpid(p, &st[2], 0) == p ? st[2] : -1;
	write_text(NR_OPEN, "1048576\n");
	CHECK_EQ(st[0], EMFILE);
	CHECK_EQ(st[1], 0);
	CHECK(close(150) == 0);
}

/* ---- locks of files -------------------------------------------------------------------------- */

/* Linux leaves them to cgroups; a kernel with a limit says ENOLCK, and takes more again after some have gone. */
TEST(bounds_file_locks)
{
	struct rlimit rl;
	char *at;
	long kb;
	int f = open("/proc/meminfo", O_RDONLY);

	need_root();
	CHECK(read(f, buf, 4096) > 0 && (at = strstr(buf, "MemTotal:")));
	kb = atol(at + 9);
	if (kb > 2l << 20)
		test_skip("large machine: it has room for millions");
	CHECK_EQ(CHILD_STATUS({
		struct flock fl = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };
		long most = kb * 1024 / 25 / 80;
		int fd = -1;
		long n = 0;

		CHECK(!getrlimit(RLIMIT_NOFILE, &rl));
		rl.rlim_cur = rl.rlim_max;
		CHECK(!setrlimit(RLIMIT_NOFILE, &rl) && !setuid(4722));
		for (; n < most; n++) {
			if (n % 400 == 0) {
				fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
				CHECK(fd >= 0);
			}
			fl.l_start = n % 400 * 2;
			if (fcntl(fd, F_SETLK, &fl))
				break;
		}
		if (n == most)
			test_skip("no limit of locks");
		CHECK_EQ(errno, ENOLCK);
		fl.l_type = F_UNLCK;
		fl.l_start = 0;
		fl.l_len = 0;
		CHECK(!fcntl(fd, F_SETLK, &fl));
		fl.l_type = F_RDLCK;
		CHECK(!fcntl(fd, F_SETLK, &fl));
	}) & ~(77 << 8), 0);
}

/* ---- time ------------------------------------------------------------------------------------ */

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#define MS	150
#define ENDS_IN_TIME(call, rc, err) do { \
	long _start = now_ms(), _took; \
	errno = 0; \
	CHECK_EQ(call, rc); \
	CHECK_EQ(errno, err); \
	_took = now_ms() - _start; \
	if (_took < MS - 1 || _took > 20 * MS) \
		test_fail(__FILE__, __LINE__, "%s took %ld ms", #call, _took); \
} while (0)

static int disturbed_fd[2], disturbing;
static pid_t disturbed;

/* What a wait waits for comes and is gone again, and signals that nobody handles come, all the time. */
static void *disturb(void *arg)
{
	static char c[4096];

	while (__atomic_load_n(&disturbing, __ATOMIC_RELAXED)) {
		(void)!write(disturbed_fd[1], c, 1);
		(void)!read(disturbed_fd[0], c, sizeof(c));
		(void)syscall(SYS_tgkill, getpid(), disturbed, SIGWINCH);
		syscall(SYS_futex, arg, 1 /* FUTEX_WAKE */, 100, NULL, NULL, 0);
		usleep(500);
	}
	return NULL;
}

TEST(bounds_waits_end_by_their_time)
{
	struct timespec ts = { 0, MS * 1000000 }, left;
	struct sembuf op = { 0, -1, 0 };
	struct pollfd none = { -1, POLLIN, 0 };
	struct epoll_event e = { .events = EPOLLPRI };
	int ep = epoll_create1(0), sem = semget(IPC_PRIVATE, 1, 0600), word = 0, s[2];
	struct timeval tv = { 0, MS * 1000 };
	sigset_t set;
	pthread_t t;

	disturbed = syscall(SYS_gettid);
	disturbing = 1;
	CHECK(!pipe2(disturbed_fd, O_NONBLOCK) && !socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, disturbed_fd[0], &e));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	for (int round = 0; round < 2; round++) {
		if (round)
			CHECK(!pthread_create(&t, NULL, disturb, &word));
		ENDS_IN_TIME(epoll_wait(ep, &e, 1, MS), 0, 0);
		ENDS_IN_TIME(poll(&none, 1, MS), 0, 0);
		left = ts;
		ENDS_IN_TIME(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &left, NULL), 0, 0);
		ENDS_IN_TIME(sigtimedwait(&set, NULL, &ts), -1, EAGAIN);
		ENDS_IN_TIME(semtimedop(sem, &op, 1, &ts), -1, EAGAIN);
		CHECK(!setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
		ENDS_IN_TIME(recv(s[0], buf, 1, 0), -1, EAGAIN);
		if (!round)
			ENDS_IN_TIME(syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, &ts, NULL, 0), -1, ETIMEDOUT);
		ENDS_IN_TIME(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL), 0, 0);
	}
	disturbing = 0;
	CHECK(!pthread_join(t, NULL));
	CHECK(!semctl(sem, 0, IPC_RMID));
}
