/*
 * test/user/t_layout.c - where mappings go in each paging mode: window, hints, large requests, the old layout.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/shm.h>

#define PAGE		4096ul
#define TiB		(1ul << 40)
#define OLD_BASE	(((1ul << 39) / 3 + PAGE) & -PAGE)
#define FAILED		(~0ul)

static unsigned long map_at(unsigned long hint, unsigned long bytes, int flags)
{
	return (unsigned long)mmap((void *)hint, bytes, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

static bool can_map(unsigned long at)
{
	unsigned long got = map_at(at, PAGE, MAP_FIXED_NOREPLACE);

	if (got != FAILED)
		CHECK(got == at && !munmap((void *)at, PAGE));
	return got == at;
}

/* The end of the user's addresses: 2^38, 2^47 or 2^56. */
static unsigned long space_end(void)
{
	return can_map(1ul << 55) ? 1ul << 56 : can_map(1ul << 46) ? 1ul << 47 : 1ul << 38;
}

static unsigned long window(void)
{
	unsigned long end = space_end();

	return end < 1ul << 47 ? end : 1ul << 47;
}

TEST(hints_are_honoured_up_to_the_end)
{
	unsigned long end = space_end(), w = window();

	for (unsigned long at = 1ul << 36; at <= 1ul << 57; at <<= 1) {
		unsigned long first = map_at(at, PAGE, 0), again = map_at(at, PAGE, 0);

		CHECK(first != FAILED && again != FAILED);
		CHECK_EQ(first == at, at < end);
		CHECK(again != at && again < w);		/* a hint that is taken is none */
		CHECK(!munmap((void *)first, PAGE) && !munmap((void *)again, PAGE));
	}
	CHECK_EQ(map_at(end - PAGE, PAGE, end > window() ? 0 : MAP_FIXED), end - PAGE);
	CHECK(map_at(end - PAGE, 2 * PAGE, 0) < window());
	CHECK(map_at(-PAGE, PAGE, 0) < window());
	CHECK(map_at(end - PAGE, 2 * PAGE, MAP_FIXED) == FAILED && errno == ENOMEM);
}

TEST(no_hint_stays_in_the_window)
{
	unsigned long w = window();

	for (int i = 0; i < 100; i++)
		CHECK(map_at(0, w >> 10, 0) < w);
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	CHECK(id >= 0);
	void *p = shmat(id, NULL, 0);
	CHECK(!shmctl(id, IPC_RMID, NULL) && (unsigned long)p < w && !shmdt(p));
	p = (void *)map_at(0, 2 * PAGE, 0);
	CHECK(mprotect(p, 2 * PAGE, PROT_READ | PROT_WRITE) == 0);
	CHECK((unsigned long)mremap(p, PAGE, 8 * PAGE, MREMAP_MAYMOVE) < w);
}

TEST(large_requests_find_room_above_the_window)
{
	unsigned long w = window();
	bool above = space_end() > w;

	CHECK_EQ(map_at(0, 100 * TiB, 0) != FAILED, w > 100 * TiB);
	CHECK_EQ(map_at(0, 200 * TiB, 0) != FAILED, above);
	CHECK_EQ(map_at(1ul << 48, 200 * TiB, 0) != FAILED, above);
	if (above) {
		unsigned long p = map_at(7ul << 53, PAGE, 0);

		CHECK_EQ(p, 7ul << 53);
		CHECK_EQ(map_at(p + PAGE, PAGE, MAP_FIXED), p + PAGE);
		CHECK((unsigned long)mremap((void *)p, PAGE, 2 * PAGE, MREMAP_MAYMOVE) < w);
	}
	CHECK(map_at(0, 1ul << 56, 0) == FAILED && errno == ENOMEM);
}

/* Does a program that is run now have a mapping in [@from, @to)?  It is a busybox that shows its own. */
static bool program_maps(unsigned long from, unsigned long to)
{
	unsigned long start;
	int out[2], status;
	bool found = false;
	char line[300];

	CHECK(!pipe(out));
	pid_t pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execl("/bin/busybox", "cat", "/proc/self/maps", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	FILE *f = fdopen(out[0], "r");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-", &start) == 1)
			found |= start >= from && start < to;
	fclose(f);
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		test_skip("no busybox");
	return found;
}

#define OLD_PLACE	OLD_BASE, OLD_BASE + (4ul << 30)	/* and chance: 2^18 pages */

TEST(the_old_layout_goes_up_from_a_third_of_sv39)
{
	struct rlimit rl;

	CHECK(!program_maps(OLD_PLACE));
	CHECK(!getrlimit(RLIMIT_STACK, &rl));
	rl.rlim_cur = RLIM_INFINITY;
	if (rl.rlim_max == RLIM_INFINITY) {
		CHECK(CHILD_STATUS(setrlimit(RLIMIT_STACK, &rl); CHECK(program_maps(OLD_PLACE))) == 0);
	}
	CHECK(personality(ADDR_COMPAT_LAYOUT | ADDR_NO_RANDOMIZE) >= 0);
	CHECK(program_maps(OLD_BASE, OLD_BASE + PAGE));
}
