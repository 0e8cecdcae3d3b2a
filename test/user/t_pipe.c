/*
 * test/user/t_pipe.c - sizes of pipes, and how much of them a user may have.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <sys/resource.h>

#define SOFT	"/proc/sys/fs/pipe-user-pages-soft"
#define HARD	"/proc/sys/fs/pipe-user-pages-hard"
#define MOST	"/proc/sys/fs/pipe-max-size"
#define OTHER	4712

static long read_long(const char *path)
{
	char b[32] = "";
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0);
	CHECK(read(fd, b, sizeof(b) - 1) > 0);
	close(fd);
	return atol(b);
}

static int write_long(const char *path, long v)
{
	char b[32];
	int fd = open(path, O_WRONLY), n = snprintf(b, sizeof(b), "%ld\n", v), rc;

	CHECK(fd >= 0);
	rc = write(fd, b, n) == n ? 0 : errno;
	close(fd);
	return rc;
}

static void need_root(void)
{
	if (geteuid())
		test_skip("not root");
}

static int become_other(void) { return setgid(OTHER) || setuid(OTHER); }
static long size_of(int fd) { return fcntl(fd, F_GETPIPE_SZ); }
static int resize(int fd, long n) { return fcntl(fd, F_SETPIPE_SZ, n) < 0 ? errno : 0; }

TEST(pipe_size_is_rounded_and_judged)
{
	int p[2];
	static char b[65536];

	CHECK(!pipe2(p, O_NONBLOCK));
	CHECK_EQ(size_of(p[0]), 65536);
	CHECK_EQ(fcntl(p[1], F_SETPIPE_SZ, 5000), 8192);
	CHECK_EQ(fcntl(p[1], F_SETPIPE_SZ, 0), 4096);
	CHECK_EQ(write(p[1], b, sizeof(b)), 4096);
	CHECK_EQ(fcntl(p[1], F_SETPIPE_SZ, 65536), 65536);
	CHECK_EQ(write(p[1], b, sizeof(b)), 61440);
	CHECK_EQ(resize(p[1], 4096), EBUSY);
	CHECK_EQ(resize(p[1], (1l << 31) + 1), EINVAL);
	CHECK_EQ(resize(open("/proc/self/stat", O_RDONLY), 4096), EBADF);
}

TEST(pipe_larger_than_max_size_is_for_the_privileged)
{
	int p[2];

	need_root();
	CHECK(!pipe(p));
	CHECK_EQ(resize(p[0], 2 << 20), 0);
	CHECK_EQ(CHILD_STATUS(_exit(become_other() || pipe(p) || resize(p[0], 1 << 20) ||
				    resize(p[0], 2 << 20) != EPERM)), 0);
}

TEST(pipe_max_size_is_rounded)
{
	long was = read_long(MOST);

	need_root();
	CHECK_EQ(write_long(MOST, 5000), 0);
	CHECK_EQ(read_long(MOST), 8192);
	CHECK_EQ(write_long(MOST, 0), 0);
	CHECK_EQ(read_long(MOST), 4096);
	CHECK_EQ(write_long(MOST, -1), EINVAL);
	CHECK_EQ(write_long(MOST, (1l << 31) + 1), EINVAL);
	CHECK_EQ(read_long(MOST), 4096);
	/* who may not have more begins with less */
	int p[2], st = CHILD_STATUS(_exit(become_other() || pipe(p) || size_of(p[0]) != 4096));
	CHECK_EQ(write_long(MOST, was), 0);
	CHECK_EQ(st, 0);
}

/* 40 pages are the limit: two pipes of 16, then small ones, of which none may grow; what is closed is given back. */
static int use_up_soft(void)
{
	int p[3][2], q[2];

	if (become_other())
		return 1;
	for (int i = 0; i < 3; i++)
		if (pipe(p[i]))
			return 2;
	if (size_of(p[0][0]) != 65536 || size_of(p[1][0]) != 65536)
		return 3;
	if (size_of(p[2][0]) != 8192)
		return 4;
	if (resize(p[2][0], 65536) != EPERM || resize(p[2][0], 4096) || resize(p[2][0], 8192))
		return 5;
	if (resize(p[0][0], 65536 * 2) != EPERM || resize(p[0][0], 65536))
		return 6;
	close(p[0][0]);
	close(p[0][1]);
	if (resize(p[2][0], 65536) || pipe(q) || size_of(q[0]) != 8192)
		return 7;
	return 0;
}

TEST(pipe_user_pages_soft_makes_pipes_small)
{
	long was = read_long(SOFT);
	int st, p[2];

	CHECK_EQ(was, 16384);
	need_root();
	CHECK_EQ(write_long(SOFT, 40), 0);
	st = CHILD_STATUS(_exit(use_up_soft()));
	for (int i = 0; i < 4; i++) {		/* root has no limit */
		CHECK(!pipe(p));
		CHECK_EQ(size_of(p[0]), 65536);
	}
	CHECK_EQ(write_long(SOFT, was), 0);
	CHECK_EQ(st, 0);
}

static int use_up_hard(void)
{
	int p[2], q[2];

	if (become_other())
		return 1;
	for (int i = 0; i < 2; i++)
		if (pipe(p))
			return 2;
	if (!pipe(q) || errno != ENFILE)
		return 3;
	if (resize(p[0], 65536 * 2) != EPERM)
		return 4;
	if (resize(p[0], 4096) || resize(p[0], 8192) || resize(p[0], 65536))
		return 5;
	close(p[0]);
	close(p[1]);
	return pipe(q) ? 6 : 0;
}

TEST(pipe_user_pages_hard_ends_them)
{
	long was = read_long(HARD), soft = read_long(SOFT);
	int st;

	CHECK_EQ(was, 0);
	need_root();
	CHECK_EQ(write_long(SOFT, 0), 0);
	CHECK_EQ(write_long(HARD, 40), 0);
	st = CHILD_STATUS(_exit(use_up_hard()));
	CHECK_EQ(write_long(HARD, was), 0);
	CHECK_EQ(write_long(SOFT, soft), 0);
	CHECK_EQ(st, 0);
}

/* A FIFO is charged to who opens it first, once however often it is opened. */
TEST(pipe_fifo_is_charged_once)
{
	long soft = read_long(SOFT);
	int st;

	need_root();
	unlink("/tmp/t_pipe.fifo");
	CHECK(!mkfifo("/tmp/t_pipe.fifo", 0666) && !chmod("/tmp/t_pipe.fifo", 0666));
	CHECK_EQ(write_long(SOFT, 40), 0);
	st = CHILD_STATUS({
		int p[2];

		if (become_other())
			_exit(1);
		for (int i = 0; i < 10; i++)
			if (open("/tmp/t_pipe.fifo", O_RDWR) < 0)
				_exit(2);
		_exit(pipe(p) || size_of(p[0]) != 65536 || pipe(p) || size_of(p[0]) != 8192 ? 3 : 0);
	});
	CHECK_EQ(write_long(SOFT, soft), 0);
	unlink("/tmp/t_pipe.fifo");
	CHECK_EQ(st, 0);
}

static long free_kb(void)
{
	char b[2048], *at;
	int fd = open("/proc/meminfo", O_RDONLY), n = read(fd, b, sizeof(b) - 1);

	CHECK(n > 0);
	b[n] = 0;
	at = strstr(b, "MemFree:");
	CHECK(at);
	close(fd);
	return atol(at + 8);
}

/* Filled pipes of one user take what the limit allows and two pages each beyond it. */
TEST(pipe_memory_is_bounded)
{
	struct rlimit rl;
	long before = free_kb(), soft = read_long(SOFT);
	int st;

	need_root();
	CHECK_EQ(write_long(SOFT, 1024), 0);
	st = CHILD_STATUS({
		static char b[65536];
		int p[2];

		CHECK(!become_other() && !getrlimit(RLIMIT_NOFILE, &rl));
		rl.rlim_cur = rl.rlim_max;
		CHECK(!setrlimit(RLIMIT_NOFILE, &rl));
		for (int i = 0; i < 300; i++) {
			CHECK(!pipe2(p, O_NONBLOCK));
			(void)fcntl(p[1], F_SETPIPE_SZ, 1 << 20);
			while (write(p[1], b, sizeof(b)) > 0)
				;
		}
		/* 4 MiB and 300 times 8 KiB, not 300 times 64 KiB or 1 MiB; the rest are rings and inodes */
		_exit(before - free_kb() < 12 * 1024 ? 0 : 1);
	});
	CHECK_EQ(write_long(SOFT, soft), 0);
	CHECK_EQ(st, 0);
}
