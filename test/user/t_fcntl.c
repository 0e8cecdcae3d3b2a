/*
 * test/user/t_fcntl.c - which lock F_GETLK tells, what files know of their making, polls of /proc/mounts, time limits
 * that stay.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

/* ---- locks ----------------------------------------------------------------------------------- */

static int file;

static int lock(int type, long start, long len)
{
	struct flock fl = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	return fcntl(file, F_SETLK, &fl) ? errno : 0;
}

/* What another process is told that wants [@start, @start + @len): type, start and length. */
static void expect(int line, long start, long len, int type, long got_start, long got_len)
{
	int st = CHILD_STATUS({
		struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

		if (fcntl(file, F_GETLK, &fl))
			_exit(1);
		if (fl.l_type != type)
			_exit(2);
		if (type != F_UNLCK && (fl.l_start != got_start || fl.l_len != got_len || fl.l_pid != getppid()))
			_exit(3);
	});

	if (st)
		test_fail(__FILE__, line, "[%ld, +%ld): child says %d", start, len, st >> 8);
}
#define EXPECT(...) expect(__LINE__, __VA_ARGS__)

static void open_file(void)
{
	file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	CHECK(file >= 0);
}

TEST(getlk_tells_the_first_record)
{
	open_file();
	CHECK_EQ(lock(F_WRLCK, 100, 10), 0);
	CHECK_EQ(lock(F_RDLCK, 50, 10), 0);
	CHECK_EQ(lock(F_WRLCK, 10, 5), 0);
	EXPECT(0, 0, F_WRLCK, 10, 5);
	EXPECT(20, 0, F_RDLCK, 50, 10);
	EXPECT(60, 0, F_WRLCK, 100, 10);
	EXPECT(15, 35, F_UNLCK, 0, 0);
	CHECK_EQ(lock(F_UNLCK, 104, 2), 0);		/* split */
	EXPECT(60, 0, F_WRLCK, 100, 4);
	EXPECT(104, 0, F_WRLCK, 106, 4);
	CHECK_EQ(lock(F_RDLCK, 102, 6), 0);		/* over the ends of both */
	EXPECT(60, 0, F_WRLCK, 100, 2);
	EXPECT(102, 0, F_RDLCK, 102, 6);
	EXPECT(108, 0, F_WRLCK, 108, 2);
	CHECK_EQ(lock(F_WRLCK, 5, 20), 0);		/* swallowed */
	EXPECT(0, 0, F_WRLCK, 5, 20);
	CHECK_EQ(lock(F_RDLCK, 40, 10), 0);		/* next to one of its kind */
	EXPECT(30, 0, F_RDLCK, 40, 20);
	CHECK_EQ(lock(F_WRLCK, 0, 0), 0);
	EXPECT(500, 1, F_WRLCK, 0, 0);
	CHECK_EQ(lock(F_UNLCK, 0, 0), 0);
	EXPECT(0, 0, F_UNLCK, 0, 0);
}

/* Two processes' records: those of the one who came first come first, wherever they are. */
TEST(getlk_tells_the_first_owner)
{
	int up[2], down[2];
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	pid_t first;
	char c;

	open_file();
	CHECK(!pipe(up) && !pipe(down));
	first = fork();
	if (!first) {
		(void)(lock(F_RDLCK, 100, 10) || write(up[1], "x", 1) != 1 || read(down[0], &c, 1) != 1);
		(void)(lock(F_RDLCK, 30, 10) || write(up[1], "x", 1) != 1 || read(down[0], &c, 1) != 1);
		_exit(0);
	}
	CHECK_EQ(read(up[0], &c, 1), 1);
	CHECK_EQ(lock(F_RDLCK, 10, 10), 0);		/* ours, the second */
	CHECK_EQ(write(down[1], "x", 1), 1);
	CHECK_EQ(read(up[0], &c, 1), 1);
	CHECK_EQ(CHILD_STATUS({
		if (fcntl(file, F_GETLK, &fl) || fl.l_pid != first || fl.l_start != 30)
			_exit(1);
	}), 0);
	CHECK_EQ(write(down[1], "x", 1), 1);
	CHECK_EQ(waitpid(first, NULL, 0), first);
	EXPECT(0, 0, F_RDLCK, 10, 10);
}

TEST(proc_locks_lists_many)
{
	char want[80], *buf = calloc(1, 1 << 20), *at;
	struct stat st;
	int fd, n, got = 0;

	open_file();
	for (int i = 0; i < 500; i++)
		CHECK_EQ(lock(F_WRLCK, i * 10, 5), 0);
	CHECK(!fstat(file, &st));
	fd = open("/proc/locks", O_RDONLY);
	CHECK(fd >= 0);
	while ((n = read(fd, buf + got, 4096)) > 0)
		got += n;
	n = 0;
	snprintf(want, sizeof(want), ":%lu ", (unsigned long)st.st_ino);
	for (at = buf; (at = strstr(at, want)); at++)
		n++;
	CHECK_EQ(n, 500);
	CHECK(!strncmp(buf, "1: ", 3));
	CHECK(strstr(buf, " 4990 4994\n"));
}

/* ---- F_CREATED_QUERY ------------------------------------------------------------------------- */

#ifndef F_CREATED_QUERY
#define F_CREATED_QUERY	1028
#endif

TEST(created_query)
{
	int fd;

	unlink("/tmp/t_fcntl");
	fd = open("/tmp/t_fcntl", O_CREAT | O_RDWR, 0600);
	CHECK_EQ(fcntl(fd, F_CREATED_QUERY, 0), 1);
	CHECK_EQ(fcntl(dup(fd), F_CREATED_QUERY, 0), 1);
	CHECK_EQ(fcntl(open("/tmp/t_fcntl", O_CREAT | O_RDWR, 0600), F_CREATED_QUERY, 0), 0);
	CHECK_EQ(fcntl(open("/tmp/t_fcntl", O_RDONLY), F_CREATED_QUERY, 0), 0);
	CHECK_ERR(fcntl(-1, F_CREATED_QUERY, 0), EBADF);
	unlink("/tmp/t_fcntl");
}

/* ---- /proc/mounts ---------------------------------------------------------------------------- */

static int ready(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLPRI, 0 };

	CHECK(poll(&p, 1, ms) >= 0);
	return p.revents;
}

TEST(proc_mounts_tells_of_changes)
{
	static const char *const name[] = { "/proc/self/mounts", "/proc/self/mountinfo" };

	if (geteuid())
		test_skip("not root");
	mkdir("/tmp/t_fcntl.d", 0700);
	for (int i = 0; i < 2; i++) {
		struct epoll_event e = { .events = EPOLLPRI };
		int fd = open(name[i], O_RDONLY), ep = epoll_create1(0);
		pid_t child;

		CHECK(fd >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
		CHECK_EQ(ready(fd, 0), POLLIN);
		CHECK_EQ(epoll_wait(ep, &e, 1, 0), 0);
		CHECK(!mount("none", "/tmp/t_fcntl.d", "tmpfs", 0, NULL));
		CHECK_EQ(ready(fd, 0), POLLIN | POLLPRI | POLLERR);
		CHECK_EQ(ready(fd, 0), POLLIN);		/* told once */
		child = fork();
		if (!child) {
			usleep(50000);
			_exit(umount("/tmp/t_fcntl.d"));
		}
		CHECK_EQ(epoll_wait(ep, &e, 1, 10000), 1);
		CHECK((e.events & (EPOLLPRI | EPOLLERR)) == (EPOLLPRI | EPOLLERR));
		CHECK_EQ(waitpid(child, NULL, 0), child);
		close(fd);
		close(ep);
	}
	rmdir("/tmp/t_fcntl.d");
}

/* ---- STICKY_TIMEOUTS ------------------------------------------------------------------------- */

static void on_alarm(int sig) { (void)sig; }

TEST(sticky_timeouts_stay)
{
	struct timespec ts = { 0, 20000000 };
	struct timespec was = ts;
	struct itimerval it = { { 0, 0 }, { 0, 50000 } };
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct pollfd none = { -1, 0, 0 };

	CHECK_EQ(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ts, NULL), 0);
	CHECK(ts.tv_nsec == 0);
	CHECK(personality(PER_LINUX | STICKY_TIMEOUTS) >= 0);
	ts = was;
	CHECK_EQ(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ts, NULL), 0);
	CHECK_EQ(ts.tv_nsec, was.tv_nsec);
	CHECK_EQ(syscall(SYS_ppoll, &none, 1, &ts, NULL, 0), 0);
	CHECK_EQ(ts.tv_nsec, was.tv_nsec);
	ts.tv_sec = 10;
	CHECK(!sigaction(SIGALRM, &sa, NULL) && !setitimer(ITIMER_REAL, &it, NULL));
	CHECK_ERR(syscall(SYS_ppoll, &none, 1, &ts, NULL, 0), EINTR);
	CHECK_EQ(ts.tv_sec, 10);
}

/* ---- /dev/random ----------------------------------------------------------------------------- */

#define RNDGETENTCNT	0x80045200
#define RNDADDTOENTCNT	0x40045201
#define RNDADDENTROPY	0x40085203
#define RNDCLEARPOOL	0x5206

TEST(random_ioctls)
{
	struct { int count, size; char bytes[16]; } add = { 8, 16, "0123456789abcdef" };
	int fd = open("/dev/urandom", O_RDWR), n = -1, avail;
	int f = open("/proc/sys/kernel/random/entropy_avail", O_RDONLY);
	char b[16] = "";

	CHECK(!ioctl(fd, RNDGETENTCNT, &n));
	CHECK(read(f, b, 15) > 0);
	avail = atoi(b);
	CHECK(n >= 0 && n <= 256 && (n == avail || avail < 256));
	CHECK_ERR(ioctl(fd, RNDGETENTCNT, (void *)16), EFAULT);
	CHECK_ERR(ioctl(fd, 0x5299, 0), EINVAL);
	if (!geteuid()) {
		CHECK(!ioctl(fd, RNDADDENTROPY, &add));
		add.count = -1;
		CHECK_ERR(ioctl(fd, RNDADDENTROPY, &add), EINVAL);
		n = -1;
		CHECK_ERR(ioctl(fd, RNDADDTOENTCNT, &n), EINVAL);
		CHECK(!setuid(4711));
	}
	n = 0;
	CHECK_ERR(ioctl(fd, RNDADDTOENTCNT, &n), EPERM);
	CHECK_ERR(ioctl(fd, RNDCLEARPOOL, 0), EPERM);
	CHECK(!ioctl(fd, RNDGETENTCNT, &n));
}
