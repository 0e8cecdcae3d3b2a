/*
 * test/user/t_hoglists.c - lists that a user makes as long as he likes, walked by one call, or by an interrupt.
 *
 * MODEL     As t_hog.c: rows that measure a sibling's longest wait, only where `hog` asks for them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/hog.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#define FIFO	"/tmp/hog.fifo"

static volatile int *counter;		/* shared, with room for numbers of processes behind it */

static void counter_init(void)
{
	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	counter = mmap(NULL, 16 * PG, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(counter != MAP_FAILED);
}

static void until_counted(int nr)
{
	while (__atomic_load_n(counter, __ATOMIC_RELAXED) < nr)
		usleep(10000);
}

static void files_at_most(unsigned nr)
{
	struct rlimit l = { nr, nr };

	CHECK(!setrlimit(RLIMIT_NOFILE, &l));
}

/* @nr processes of a group of their own, whose leader is returned; they sleep until they are killed. */
static pid_t crowd(int nr)
{
	pid_t group = fork();

	CHECK(group >= 0);
	if (group)
		return group;
	setpgid(0, 0);
	signal(SIGIO, SIG_IGN);
	for (int i = 0; i < nr; i++) {
		pid_t p = fork();

		if (p < 0)
			_exit(1);
		if (!p) {
			__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
			for (;;)
				pause();
		}
	}
	for (;;)
		pause();
}

/* They end, and are our children by now. */
static void crowd_gone(pid_t group)
{
	CHECK(!kill(-group, SIGKILL) || errno == ESRCH);
	while (waitpid(-group, NULL, 0) > 0)
		;
	CHECK_EQ(errno, ECHILD);
}

static void listen_on(int fd, pid_t owner)
{
	CHECK(!fcntl(fd, F_SETOWN, owner));
	CHECK(!fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

HOG(listeners)
{
	enum { NR = 40000 };
	pid_t group;
	int w, rd;

	hog_begin();
	counter_init();
	files_at_most(NR + 100);
	signal(SIGIO, SIG_IGN);
	unlink(FIFO);
	CHECK(!mkfifo(FIFO, 0600));
	w = open(FIFO, O_RDWR);
	row_begin();
	for (int i = 0; i < NR; i++) {
		rd = open(FIFO, O_RDONLY | O_NONBLOCK);
		CHECK(rd >= 0);
		listen_on(rd, getpid());
	}
	row_end("40000 files of a FIFO begin to tell");
	ROW("write to it", write(w, "x", 1));
	group = crowd(500);
	until_counted(500);
	for (int i = 0; i < 100; i++)
		listen_on(rd - i, -group);
	ROW("write, and groups are told", write(w, "x", 1));
	crowd_gone(group);
	ROW("they are closed", syscall(SYS_close_range, w + 1, ~0u, 0));
	unlink(FIFO);
	hog_end();
}

HOG(crowds)
{
	enum { NR = 2500 };
	pid_t group;

	hog_begin();
	sibling_first();
	counter_init();
	group = crowd(NR);
	until_counted(NR);
	usleep(100000);
	ROW("a group of 2500: kill(-group, 0)", kill(-group, 0));
	ROW("SIGCONT", kill(-group, SIGCONT));
	ROW("SIGSTOP", kill(-group, SIGSTOP));
	ROW("SIGCONT again", kill(-group, SIGCONT));
	ROW("kill(-1, SIGWINCH)", kill(-1, SIGWINCH));
	ROW("setpriority of a group", setpriority(PRIO_PGRP, group, 1));
	ROW("getpriority of a user", getpriority(PRIO_USER, 0));
	ROW("ioprio_get of a user", syscall(SYS_ioprio_get, 3, 0));
	ROW("the parent of 2500 dies", kill(group, SIGKILL));
	ROW("SIGKILL", kill(-group, SIGKILL));
	crowd_gone(group);
	hog_end();
}

/* A session of its own on the terminal @pts, of @nr processes. */
static pid_t session(const char *pts, int nr)
{
	pid_t p = fork();

	CHECK(p >= 0);
	if (p)
		return p;
	setsid();
	if (open(pts, O_RDWR) < 0)
		_exit(1);
	signal(SIGINT, SIG_IGN);
	for (int i = 0; i < nr; i++) {
		p = fork();
		if (!p) {
			signal(SIGINT, SIG_DFL);
			__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
			for (;;)
				pause();
		}
	}
	for (;;)
		pause();
}

HOG(terminals)
{
	enum { NR = 2500 };
	int m = (mkdir("/dev/pts", 0755), mount("devpts", "/dev/pts", "devpts", 0, "gid=5,mode=620"),
		 posix_openpt(O_RDWR | O_NOCTTY));
	struct winsize ws = { 10, 10, 0, 0 };
	pid_t leader;

	hog_begin();
	sibling_first();
	counter_init();
	if (m < 0 || access(ptsname(m), F_OK))
		test_skip("no devpts");
	CHECK(!grantpt(m) && !unlockpt(m));
	leader = session(ptsname(m), NR);
	until_counted(NR);
	usleep(100000);
	ROW("a session of 2500: TIOCSWINSZ", ioctl(m, TIOCSWINSZ, &ws));
	ROW("Ctrl-Z", write(m, "\032", 1));
	ROW("SIGCONT", kill(-leader, SIGCONT));
	ROW("hang-up", close(m));
	crowd_gone(leader);
	hog_end();
}

static void *wait_for_event(void *fd)
{
	struct pollfd p = { (int)(long)fd, POLLIN, 0 };

	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
	poll(&p, 1, -1);
	return NULL;
}

HOG(waiters)
{
	enum { NR = 4000 };
	static pthread_t threads[NR];
	pthread_attr_t attr;
	int p[2];

	hog_begin();
	sibling_first();
	counter_init();
	CHECK(!pipe(p));
	CHECK(!pthread_attr_init(&attr) && !pthread_attr_setstacksize(&attr, 16384));
	for (int i = 0; i < NR; i++)
		CHECK(!pthread_create(&threads[i], &attr, wait_for_event, (void *)(long)p[0]));
	until_counted(NR);
	usleep(200000);
	ROW("4000 threads poll a pipe: write", write(p[1], "x", 1));
	for (int i = 0; i < NR; i++)
		pthread_join(threads[i], NULL);
	hog_end();
}

HOG(epolls)
{
	enum { NR = 20000 };
	struct epoll_event e = { .events = EPOLLIN }, out[1];
	int p[2], ep, one;

	hog_begin();
	files_at_most(NR + 100);
	CHECK(!pipe(p));
	ep = epoll_create1(0);
	for (int i = 0; i < NR; i++) {
		one = dup(p[0]);
		CHECK(one >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, one, &e));
	}
	ROW("20000 items of a pipe: write", write(p[1], "x", 1));
	ROW("epoll_wait for one", epoll_wait(ep, out, 1, 0));
	ROW("read", read(p[0], out, 1));
	ROW("epoll_wait: none ready", epoll_wait(ep, out, 1, 0));
	ROW("close", close(ep));
	hog_end();
}

HOG(records)
{
	enum { NR = 10000 };
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int fd = open("/tmp/hog.lock", O_CREAT | O_RDWR, 0600);
	char *buf = malloc(MiB);

	hog_begin();
	CHECK(fd >= 0);
	row_begin();
	for (int i = 0; i < NR; i++) {
		l.l_start = 2 * i;
		if (fcntl(fd, F_SETLK, &l))
			break;
	}
	row_end("10000 records are locked");
	l.l_start = 3 * NR;
	ROW("F_GETLK", fcntl(fd, F_GETLK, &l));
	ROW("reading /proc/locks", ({
		int f = open("/proc/locks", O_RDONLY);

		while (read(f, buf, MiB) > 0)
			;
		close(f); }));
	l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	ROW("all in one", fcntl(fd, F_SETLK, &l));
	l.l_type = F_UNLCK;
	CHECK(!fcntl(fd, F_SETLK, &l));
	l.l_type = F_RDLCK;
	l.l_len = 1;
	for (int i = 0; i < NR; i++) {
		l.l_start = 2 * i;
		if (fcntl(fd, F_SETLK, &l))
			break;
	}
	ROW("close, which unlocks them", close(fd));
	unlink("/tmp/hog.lock");
	hog_end();
}

HOG(expiries)
{
	enum { NR = 4096 };		/* as many as RLIMIT_SIGPENDING lets a user have on 1 GiB */
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };
	struct timespec now;
	int nr = 0;

	hog_begin();
	signal(SIGUSR1, SIG_IGN);
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = SIGUSR1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_sec += 2;
	for (; nr < NR; nr++) {
		struct itimerspec at = { .it_value = now };
		timer_t t;

		if (timer_create(CLOCK_MONOTONIC, &ev, &t))
			break;
		timer_settime(t, TIMER_ABSTIME, &at, NULL);
	}
	dprintf(1, "# %d timers\n", nr);
	row_begin();
	usleep(2000000);
	row_end("timers that fire in one moment");
	hog_end();
}

/* Children in groups of their own, whom their parent's end orphans, some of them stopped. */
HOG(orphans)
{
	enum { NR = 2000 };
	pid_t parent, p;
	int status;

	hog_begin();
	sibling_first();
	counter_init();
	parent = fork();
	CHECK(parent >= 0);
	if (!parent) {
		setsid();			/* who takes the orphans is not of it */
		for (int i = 0; i < NR; i++) {
			p = fork();
			if (p < 0)
				_exit(1);
			if (!p) {
				setpgid(0, 0);
				counter[1 + i] = getpid();
				__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
				if (i % 2)
					raise(SIGSTOP);
				for (;;)
					pause();
			}
		}
		for (;;)
			pause();
	}
	until_counted(NR);
	usleep(100000);
	ROW("the parent of 2000 groups dies", ({ kill(parent, SIGKILL); waitpid(parent, NULL, 0); }));
	for (int i = 0; i < NR; i++) {
		if (i % 2 == 0)
			kill(counter[1 + i], SIGKILL);
		CHECK(waitpid(counter[1 + i], &status, 0) == counter[1 + i]);
		CHECK_EQ(WTERMSIG(status), i % 2 ? SIGHUP : SIGKILL);
	}
	hog_end();
}
