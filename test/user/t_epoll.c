/*
 * test/user/t_epoll.c - epoll with many waiters, many levels, many items.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>

static int add(int ep, int fd, unsigned events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) ? errno : 0;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- waiters --------------------------------------------------------------------------------- */

#define NR_WAITERS	4
static int wait_ep;
static int nr_back;

static void *waiter(void *arg)
{
	struct epoll_event e;

	if (epoll_wait(wait_ep, &e, 1, (long)arg) == 1)
		__atomic_fetch_add(&nr_back, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void interrupted(int sig) { (void)sig; }

/* How many waiters come back when @fd becomes ready: @least of them are waited for, the rest are interrupted. */
static int wake_waiters(unsigned events, int value, int least)
{
	int fd = eventfd(0, EFD_NONBLOCK), back;
	pthread_t t[NR_WAITERS];

	wait_ep = epoll_create1(0);
	nr_back = 0;
	CHECK_EQ(add(wait_ep, fd, events), 0);
	for (int i = 0; i < NR_WAITERS; i++)
		CHECK(!pthread_create(&t[i], NULL, waiter, (void *)-1l));
	until_tasks_sleep(getpid(), NR_WAITERS);
	CHECK(!eventfd_write(fd, value));
	UNTIL(__atomic_load_n(&nr_back, __ATOMIC_SEQ_CST) >= least);
	usleep(100000);
	back = nr_back;
	CHECK(!sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = interrupted }, NULL));
	for (int i = 0; i < NR_WAITERS; i++) {
		pthread_kill(t[i], SIGUSR1);
		CHECK(!pthread_join(t[i], NULL));
	}
	close(fd);
	close(wait_ep);
	return back;
}

/* What stays ready is for the next who waits: the first tells him. */
TEST(epoll_level_triggered_item_wakes_all_waiters)
{
	for (int round = 0; round < 10; round++)
		CHECK_EQ(wake_waiters(EPOLLIN, 1, NR_WAITERS), NR_WAITERS);
}

TEST(epoll_edge_wakes_one_waiter)
{
	CHECK_EQ(wake_waiters(EPOLLIN | EPOLLET, 1, 1), 1);
	CHECK_EQ(wake_waiters(EPOLLIN | EPOLLONESHOT, 1, 1), 1);
}

/* Two items become ready at once, and the first waiter takes one event only. */
TEST(epoll_unsent_item_wakes_the_next_waiter)
{
	for (int round = 0; round < 10; round++) {
		int fd[2] = { eventfd(0, 0), eventfd(0, 0) };
		pthread_t t[2];

		wait_ep = epoll_create1(0);
		nr_back = 0;
		for (int i = 0; i < 2; i++) {
			CHECK_EQ(add(wait_ep, fd[i], EPOLLIN | EPOLLET), 0);
			CHECK(!pthread_create(&t[i], NULL, waiter, (void *)-1l));
		}
		until_tasks_sleep(getpid(), 2);
		CHECK(!eventfd_write(fd[0], 1) && !eventfd_write(fd[1], 1));
		CHECK(!pthread_join(t[0], NULL) && !pthread_join(t[1], NULL));
		CHECK_EQ(nr_back, 2);
		close(fd[0]);
		close(fd[1]);
		close(wait_ep);
	}
}

TEST(epoll_exclusive_wakes_one_epoll)
{
	int p[2], ep[NR_WAITERS], woken = 0, st;
	pid_t pid[NR_WAITERS];

	CHECK(!pipe(p));
	for (int i = 0; i < NR_WAITERS; i++) {
		ep[i] = epoll_create1(0);
		CHECK_EQ(add(ep[i], p[0], EPOLLIN | EPOLLET | EPOLLEXCLUSIVE), 0);
		pid[i] = fork();
		if (!pid[i]) {
			struct epoll_event e;

			_exit(epoll_wait(ep[i], &e, 1, -1));
		}
	}
	for (int i = 0; i < NR_WAITERS; i++)
		until_tasks_sleep(pid[i], 1);
	CHECK(write(p[1], "x", 1) == 1);
	CHECK(waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	usleep(200000);
	for (int i = 0; i < NR_WAITERS; i++) {
		kill(pid[i], SIGKILL);			/* who was woken has ended, or is late and not counted */
		CHECK(waitpid(pid[i], &st, 0) == pid[i]);
		woken += WIFEXITED(st) && WEXITSTATUS(st) == 1;
	}
	CHECK(woken >= 1 && woken < NR_WAITERS);
}

TEST(epoll_exclusive_is_for_simple_items)
{
	int ep = epoll_create1(0), sub = epoll_create1(0), fd = eventfd(0, 0);
	struct epoll_event e = { .events = EPOLLIN };

	CHECK_EQ(add(ep, sub, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
	CHECK_EQ(add(ep, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
	CHECK_EQ(add(ep, fd, EPOLLIN | EPOLLEXCLUSIVE), 0);
	CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e), EINVAL);
}

/* ---- time ------------------------------------------------------------------------------------ */

TEST(epoll_wait_ends_by_its_time)
{
	int ep = epoll_create1(0), fd = eventfd(0, 0);
	struct epoll_event e;
	long start = now_ms();

	CHECK_EQ(add(ep, fd, EPOLLIN), 0);
	CHECK_EQ(epoll_wait(ep, &e, 1, 200), 0);
	CHECK(now_ms() - start >= 200);
	CHECK_EQ(epoll_wait(ep, &e, 1, 0), 0);
}

static int stop;
static void *reader(void *arg)
{
	struct epoll_event e;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		epoll_wait((int)(long)arg, &e, 1, 0);
	return NULL;
}

/* An item that is in another's hands is ready all the same: a wait of no time sees it. */
TEST(epoll_wait_of_no_time_misses_nothing)
{
	int ep = epoll_create1(0), fd = eventfd(1, 0);
	struct epoll_event e;
	pthread_t t;

	CHECK_EQ(add(ep, fd, EPOLLIN), 0);
	CHECK(!pthread_create(&t, NULL, reader, (void *)(long)ep));
	for (int i = 0; i < 20000; i++)
		CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
	stop = 1;
	CHECK(!pthread_join(t, NULL));
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Linux copies while it goes: what did not fit into the caller's memory is still ready. */
TEST(epoll_wait_into_bad_memory_loses_nothing)
{
	int ep = epoll_create1(0), fd[3];
	char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct epoll_event *last = (struct epoll_event *)(m + 4096 - sizeof(*last)), e[3];

	CHECK(m != MAP_FAILED && !munmap(m + 4096, 4096));
	for (int i = 0; i < 3; i++) {
		fd[i] = eventfd(1, 0);
		CHECK_EQ(add(ep, fd[i], EPOLLIN | EPOLLET), 0);
	}
	CHECK_ERR(epoll_wait(ep, (void *)(m + 4096), 3, 0), EFAULT);
	CHECK_EQ(epoll_wait(ep, last, 3, 0), 1);
	CHECK_EQ(last->data.fd, fd[0]);
	CHECK_EQ(epoll_wait(ep, e, 3, 0), 2);
	CHECK_EQ(e[0].data.fd, fd[1]);
	CHECK_EQ(e[1].data.fd, fd[2]);
}

/* Pages that were never touched come when they are needed, in the middle of an array too. */
TEST(epoll_wait_into_untouched_memory_tells_all)
{
	int ep = epoll_create1(0), n = 700;
	struct epoll_event *e = mmap(NULL, n * sizeof(*e), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				     -1, 0);
	struct rlimit rl = { 1024, 4096 };
	static char seen[1024];

	(void)setrlimit(RLIMIT_NOFILE, &rl);
	CHECK(e != MAP_FAILED);
	for (int i = 0; i < n; i++) {
		int fd = eventfd(1, 0);

		CHECK(fd >= 0);
		CHECK_EQ(add(ep, fd, i % 2 ? EPOLLIN : EPOLLIN | EPOLLET), 0);
	}
	CHECK_EQ(epoll_wait(ep, e, n, 0), n);
	for (int i = 0; i < n; i++)
		CHECK(!seen[e[i].data.fd]++);
	CHECK_EQ(epoll_wait(ep, e, n, 0), n / 2);	/* the level-triggered ones again */
}

static long read_long(const char *path)
{
	char b[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return -1;
	(void)!read(fd, b, sizeof(b) - 1);
	close(fd);
	return atol(b);
}

static void write_long(const char *path, long v)
{
	char b[32];
	int fd = open(path, O_WRONLY), n = snprintf(b, sizeof(b), "%ld\n", v);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, b, n), n);
	close(fd);
}

#define WATCHES	"/proc/sys/fs/epoll/max_user_watches"

/* 0: ENOSPC came after 5 items, and what was given back could be had again. */
static int count_watches(void)
{
	int ep = epoll_create1(0), fd = eventfd(0, 0), n = 0, rc;

	while (!(rc = add(ep, fcntl(fd, F_DUPFD, 50), EPOLLIN)))
		n++;
	if (rc != ENOSPC || n != 5)
		return 1;
	if (epoll_ctl(ep, EPOLL_CTL_DEL, 50, NULL) || add(ep, fd, EPOLLIN))
		return 2;
	close(ep);
	ep = epoll_create1(0);
	return add(ep, fd, EPOLLIN) ? 3 : 0;
}

/* The memory is there, but shared with a child: the first store to it is a fault, and the file speaks once. */
TEST(epoll_wait_into_shared_memory_loses_nothing)
{
	struct epoll_event e = { .events = EPOLLPRI }, *to;
	int fd = open("/proc/self/mounts", O_RDONLY), ep = epoll_create1(0);
	pid_t child;

	if (geteuid())
		test_skip("not root");
	to = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(fd >= 0 && to != MAP_FAILED && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	mkdir("/tmp/t_epoll.d", 0700);
	for (int i = 0; i < 2; i++) {
		to->events = 7;
		child = fork();
		if (!child) {
			pause();
			_exit(0);
		}
		CHECK(i ? !umount("/tmp/t_epoll.d") : !mount("none", "/tmp/t_epoll.d", "tmpfs", 0, NULL));
		CHECK_EQ(epoll_wait(ep, to, 1, 0), 1);
		CHECK((to->events & (EPOLLPRI | EPOLLERR)) == (EPOLLPRI | EPOLLERR));
		CHECK_EQ(epoll_wait(ep, to, 1, 0), 0);
		kill(child, SIGKILL);
		CHECK_EQ(waitpid(child, NULL, 0), child);
	}
	rmdir("/tmp/t_epoll.d");
	close(ep);
	close(fd);
}

TEST(epoll_watches_are_limited_per_user)
{
	long was = read_long(WATCHES);
	int st;

	CHECK(was > 100);
	if (geteuid())
		test_skip("not root");
	write_long(WATCHES, 5);
	st = CHILD_STATUS(_exit(setgid(4711) || setuid(4711) ? 9 : count_watches()));
	write_long(WATCHES, was);
	CHECK_EQ(st, 0);
}

/* ---- nesting --------------------------------------------------------------------------------- */

static int chain(bool upwards)
{
	int ep[20], n;

	ep[0] = epoll_create1(0);
	for (n = 1; n < 20; n++) {
		ep[n] = epoll_create1(0);
		if (upwards ? add(ep[n], ep[n - 1], EPOLLIN) : add(ep[n - 1], ep[n], EPOLLIN))
			break;
	}
	CHECK_EQ(errno, ELOOP);
	for (int i = 0; i <= n; i++)
		close(ep[i]);
	return n;
}

TEST(epoll_chains_are_short_from_both_ends)
{
	CHECK_EQ(chain(true), 5);
	CHECK_EQ(chain(false), 5);
}

TEST(epoll_circles_are_refused)
{
	int a = epoll_create1(0), b = epoll_create1(0), c = epoll_create1(0);

	CHECK_EQ(add(a, a, EPOLLIN), EINVAL);
	CHECK_EQ(add(a, b, EPOLLIN), 0);
	CHECK_EQ(add(b, c, EPOLLIN), 0);
	CHECK_EQ(add(c, a, EPOLLIN), ELOOP);
	CHECK_EQ(add(b, a, EPOLLIN), ELOOP);
}

/* How many epolls may watch an epoll that is @links above a file. */
static int ways(int links)
{
	int fd = eventfd(0, 0), low = epoll_create1(0), n, rc = 0;

	CHECK_EQ(add(low, fd, EPOLLIN), 0);
	for (int i = 1; i < links; i++) {
		int up = epoll_create1(0);

		CHECK_EQ(add(up, low, EPOLLIN), 0);
		low = up;
	}
	for (n = 0; n < 700; n++) {
		int ep = epoll_create1(0);

		CHECK(ep >= 0);
		rc = add(ep, low, EPOLLIN);
		if (rc)
			break;
	}
	CHECK_EQ(rc, EINVAL);
	for (int i = 3; i < 1024; i++)
		close(i);
	return n;
}

TEST(epoll_ways_up_are_few)
{
	struct rlimit rl = { 1024, 4096 };
	int ev, mid;

	(void)setrlimit(RLIMIT_NOFILE, &rl);
	CHECK_EQ(ways(1), 500);
	CHECK_EQ(ways(2), 100);
	CHECK_EQ(ways(3), 50);
	CHECK_EQ(ways(4), 10);
	/* the other way round: first the many, then the file */
	mid = epoll_create1(0);
	for (int i = 0; i < 600; i++)
		CHECK_EQ(add(epoll_create1(0), mid, EPOLLIN), 0);
	ev = eventfd(0, 0);
	CHECK_EQ(add(mid, ev, EPOLLIN), EINVAL);
	CHECK_EQ(add(mid, ev, EPOLLIN), EINVAL);	/* and it did not stay */
}

/* ---- fdinfo ---------------------------------------------------------------------------------- */

static void read_fdinfo(int fd, char *buf, size_t n)
{
	char path[64];
	int f;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = open(path, O_RDONLY);
	CHECK(f >= 0);
	got = read(f, buf, n - 1);
	CHECK(got > 0);
	buf[got] = 0;
	close(f);
}

TEST(epoll_fdinfo_lists_the_items)
{
	int ep = epoll_create1(0), fd = eventfd(0, 0);
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = 0xfeedull };
	char info[1024], want[80];

	CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	read_fdinfo(ep, info, sizeof(info));
	snprintf(want, sizeof(want), "tfd: %8d events: %8x data: %16llx  pos:0 ino:", fd, 0x19, 0xfeedull);
	CHECK(strstr(info, want));
}

TEST(eventfd_fdinfo_tells_the_count)
{
	int fd = eventfd(0x1234, EFD_SEMAPHORE), other = eventfd(1, 0);
	char info[512], info2[512];

	read_fdinfo(fd, info, sizeof(info));
	CHECK(strstr(info, "eventfd-count:             1234\n"));
	CHECK(strstr(info, "eventfd-semaphore: 1\n"));
	CHECK(strstr(info, "eventfd-id: "));
	read_fdinfo(other, info2, sizeof(info2));
	CHECK(strstr(info2, "eventfd-semaphore: 0\n"));
	CHECK(strcmp(strstr(info, "eventfd-id: "), strstr(info2, "eventfd-id: ")));
}
