/*
 * test/user/hog.h - rows that measure how long a sibling on the same hart waits for one call.  Theory: t_hog.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEST_USER_HOG_H
#define TEST_USER_HOG_H

#include "test/user/tap.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#define MiB	(1ul << 20)
#define GiB	(1ul << 30)
#define PG	4096ul
#define MOST_NS	4000000ll	/* a sibling's longest wait, its own sleep of 1 ms included */

struct watch { volatile long long last, longest; };

static struct watch *watch;
static pid_t sibling;
static unsigned nr_late;		/* rows in which it waited too long */

static inline long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static inline void note_turn(void)
{
	long long now = now_ns();

	if (now - watch->last > watch->longest)
		watch->longest = now - watch->last;
	watch->last = now;
}

static inline bool asked_for(void)
{
	char line[2048] = "";
	int fd = open("/proc/cmdline", O_RDONLY);

	if (fd >= 0 && read(fd, line, sizeof(line) - 1) < 0)
		line[0] = 0;
	close(fd);
	return strstr(line, " hog") != NULL;
}

static inline void hog_begin(void)
{
	if (!asked_for())
		test_skip("no `hog` on the command line: time is not counted in instructions");
	watch = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(watch != MAP_FAILED);
	watch->last = now_ns();
	sibling = fork();
	CHECK(sibling >= 0);
	if (!sibling)
		for (;;) {
			note_turn();
			usleep(1000);
		}
}

/* Where one call makes thousands runnable: the sibling is not to wait for its turn among them. */
static inline void sibling_first(void)
{
	CHECK(!sched_setscheduler(sibling, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 }));
}

static inline void hog_end(void)
{
	kill(sibling, SIGKILL);
	CHECK(waitpid(sibling, NULL, 0) == sibling);
	CHECK_EQ(nr_late, 0);
}

static long long row_start;

static inline void row_begin(void)
{
	usleep(10000);
	watch->longest = 0;
	row_start = now_ns();
}

static inline void row_end(const char *what)
{
	long long took = now_ns() - row_start;

	usleep(10000);
	dprintf(1, "# %-44s %9.3f ms, longest wait %7.3f ms\n", what, took / 1e6, watch->longest / 1e6);
	nr_late += watch->longest > MOST_NS;
}

/* The row of one expression. */
#define ROW(what, expr) do { row_begin(); (void)(expr); row_end(what); } while (0)
#define HOG(name) TEST_TIMED(name, 300)

static inline char *map(unsigned long len, int prot, int flags)
{
	char *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

#define RW (PROT_READ | PROT_WRITE)

static inline void end_of_child(void)
{
	pid_t p = fork();

	CHECK(p >= 0);
	if (!p)
		_exit(0);
	CHECK(waitpid(p, NULL, 0) == p);
}

static inline int memfd(unsigned long size)
{
	int fd = syscall(SYS_memfd_create, "hog", 0u);

	CHECK(fd >= 0);
	CHECK(!ftruncate(fd, size));
	return fd;
}

static inline char *slurp(const char *path, size_t size)
{
	char *buf = malloc(size);
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && read(fd, buf, size) > 0)
		;
	close(fd);
	return buf;
}

#endif
