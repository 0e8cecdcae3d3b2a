/*
 * test/user/t_oom.c - who is killed when memory runs out, who is spared, and what it takes to say so.
 *
 * MODEL     Processes that share an address space share oom_score_adj.  A score is read while threads come and go.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#define USER	1000u

static void become_user(void)
{
	CHECK_EQ(syscall(SYS_setresgid, USER, USER, USER), 0);
	CHECK_EQ(syscall(SYS_setresuid, USER, USER, USER), 0);
	CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
}

static int adj_open(pid_t pid, const char *file, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return open(path, flags);
}

/* 0, or errno. */
static int adj_write(pid_t pid, const char *file, int value)
{
	int fd = adj_open(pid, file, O_WRONLY), n, rc;
	char text[16];

	CHECK(fd >= 0);
	n = snprintf(text, sizeof(text), "%d", value);
	rc = write(fd, text, n) == n ? 0 : errno;
	close(fd);
	return rc;
}

static int adj_read(pid_t pid)
{
	int fd = adj_open(pid, "oom_score_adj", O_RDONLY);
	char text[16] = "";

	CHECK(fd >= 0);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return atoi(text);
}

__attribute__((noreturn)) static int wait_for_end(__attribute__((unused)) void *arg)
{
	for (;;)
		pause();
}

__attribute__((noreturn)) static int set_own_and_end(__attribute__((unused)) void *arg)
{
	_exit(adj_write(getpid(), "oom_score_adj", 700));
}

static pid_t start_sharer(int (*fn)(void *), int flags)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t p = clone(fn, stack + sizeof(stack), CLONE_VM | flags | SIGCHLD, NULL);

	CHECK(p > 0);
	return p;
}

static void end(pid_t p)
{
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
}

TEST(sharers_of_memory_share_oom_score_adj)
{
	pid_t sharer, other;
	int st;

	CHECK_EQ(adj_write(getpid(), "oom_score_adj", 100), 0);
	other = fork();
	if (!other)
		wait_for_end(NULL);
	sharer = start_sharer(wait_for_end, 0);
	CHECK_EQ(adj_read(sharer), 100);
	CHECK_EQ(adj_write(sharer, "oom_score_adj", 300), 0);
	CHECK_EQ(adj_read(getpid()), 300);
	CHECK_EQ(adj_write(getpid(), "oom_score_adj", -400), 0);
	CHECK_EQ(adj_read(sharer), -400);
	CHECK_EQ(adj_read(other), 100);
	end(other);
	end(sharer);
	/* Who is on loan until its exec has one of its own. */
	pid_t v = start_sharer(set_own_and_end, CLONE_VFORK);
	CHECK_EQ(waitpid(v, &st, 0), v);
	CHECK_EQ(st, 0);
	CHECK_EQ(adj_read(getpid()), -400);
}

TEST(oom_score_adj_goes_back_to_what_the_privileged_set)
{
	CHECK_EQ(adj_write(getpid(), "oom_score_adj", -200), 0);
	int st = CHILD_STATUS({
		become_user();
		CHECK_EQ(adj_write(getpid(), "oom_score_adj", 500), 0);
		CHECK_EQ(adj_write(getpid(), "oom_score_adj", -200), 0);
		CHECK_EQ(adj_write(getpid(), "oom_score_adj", -201), EACCES);
		CHECK_EQ(adj_write(getpid(), "oom_score_adj", 500), 0);
		CHECK_EQ(adj_write(getpid(), "oom_adj", 0), EACCES);	/* the old file has no such memory */
		CHECK_EQ(adj_read(getpid()), 500);
		CHECK_EQ(adj_write(getpid(), "oom_score_adj", 1001), EINVAL);
		CHECK_EQ(CHILD_STATUS(CHECK_EQ(adj_write(getpid(), "oom_score_adj", -200), 0)), 0);
	});
	CHECK_EQ(st, 0);
}

/* ---- a process whose threads are always about to end ----------------------------------------- */

#define RUNNERS	4

static char *stacks[RUNNERS];

static int relay(void *arg)
{
	long next = ((long)arg + 1) % RUNNERS;

	clone(relay, stacks[next] + 65536, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
	      (void *)next);
	syscall(SYS_exit, 0);
	return 0;
}

TEST(scores_of_processes_whose_threads_come_and_go)
{
	static const char *const files[] = { "oom_score", "statm", "status", "stat", "maps", "cmdline" };
	pid_t p = fork();

	CHECK(p >= 0);
	if (!p) {
		become_user();
		for (int i = 0; i < RUNNERS; i++)
			stacks[i] = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		relay(0);
	}
	for (time_t until = time(NULL) + 4; time(NULL) < until; )
		for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++) {
			int fd = adj_open(p, files[i], O_RDONLY);
			char buf[256];

			CHECK(fd >= 0 || errno == ENOENT || errno == EACCES);
			for (int n = 0; fd >= 0 && n < 20; n++)
				(void)!pread(fd, buf, sizeof(buf), 0);
			close(fd);
		}
	end(p);
}
