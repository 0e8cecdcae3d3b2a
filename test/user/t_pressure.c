/* test/user/t_pressure.c - more memory wanted than there is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#define PG 4096ul
#define SMALL (500ul << 20)
#define MOST (1300ul << 20)	/* larger machines would only take longer */

static size_t ram(void)
{
	struct sysinfo si;

	CHECK_EQ(sysinfo(&si), 0);
	return si.totalram * si.mem_unit;
}

/* Touch @n bytes and look at them again. */
static void use(size_t n)
{
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	for (size_t i = 0; i < n; i += PG)
		*(volatile size_t *)(p + i) = i;
	for (size_t i = 0; i < n; i += PG)
		if (*(volatile size_t *)(p + i) != i)
			_exit(4);
}

/*
 * 95 % of RAM; on small machines, where the system's share is larger than the rest, of what it left.  A kernel that
 * has taken more than the rest (Debian's) gives nearly all that is free.
 */
TEST_TIMED(nearly_all_memory_can_be_used, 300)
{
	if (ram() > MOST)
		test_skip("more memory than this test wants to touch");
	struct sysinfo si;
	CHECK_EQ(sysinfo(&si), 0);
	size_t n = (si.totalram * si.mem_unit > SMALL ? si.totalram : si.freeram) / 100 * 95 * si.mem_unit;
	if (n > si.freeram / 100 * 97 * si.mem_unit)
		n = si.freeram / 100 * 97 * si.mem_unit;
	int st = CHILD_STATUS({ use(n); });
	CHECK_EQ(st, 0);
}

TEST_TIMED(a_program_that_wants_twice_the_memory_is_killed, 300)
{
	if (ram() > MOST)
		test_skip("more memory than this test wants to touch");
	size_t want = 2 * ram();
	int st = CHILD_STATUS({ use(want); });
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

TEST_TIMED(the_right_one_of_two_is_killed, 300)
{
	if (ram() > MOST)
		test_skip("more memory than this test wants to touch");
	size_t want = 2 * ram();
	pid_t innocent = fork();
	if (!innocent) {
		use(4 << 20);
		for (;;)
			pause();
	}
	int st = CHILD_STATUS({ use(want); });
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
	CHECK_EQ(kill(innocent, SIGTERM), 0);
	CHECK_EQ(waitpid(innocent, &st, 0), innocent);
	CHECK_EQ(WTERMSIG(st), SIGTERM);
}
