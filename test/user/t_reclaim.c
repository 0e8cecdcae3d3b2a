/* test/user/t_reclaim.c - memory that comes back: caches, compaction, the death of a large process.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#define PG 4096ul
#define MOST (1300ul << 20)	/* larger machines would only take longer */

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A counter of /proc/vmstat; -1 when there is none. */
static long vmstat(const char *name)
{
	FILE *f = fopen("/proc/vmstat", "r");
	char line[256];
	size_t n = strlen(name);
	long v = -1;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n) && line[n] == ' ')
			v = atol(line + n);
	fclose(f);
	return v;
}

static size_t ram(void)
{
	struct sysinfo si;

	CHECK_EQ(sysinfo(&si), 0);
	return si.totalram * si.mem_unit;
}

/* Free pages in blocks of at least 2 MiB. */
static unsigned long large_blocks(void)
{
	FILE *f = fopen("/proc/buddyinfo", "r");
	unsigned long pages = 0;
	char line[512];

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		char *p = strstr(line, "zone ");
		unsigned order = 0;

		CHECK(p);
		p += 5 + strspn(p + 5, " ");
		for (p = strtok(p + strcspn(p, " "), " \n"); p; p = strtok(NULL, " \n"), order++)
			if (order >= 9)
				pages += strtoul(p, NULL, 10) << order;
	}
	fclose(f);
	return pages;
}

TEST(reclaim_counters_are_there)
{
	static const char *const names[] = {
		"pgscan_kswapd", "pgscan_direct", "pgsteal_kswapd", "pgsteal_direct", "pgscan_file", "pgsteal_file",
		"slabs_scanned", "allocstall_movable", "pageoutrun", "drop_pagecache", "drop_slab", "oom_kill",
		"compact_migrate_scanned", "compact_free_scanned", "compact_isolated", "compact_stall",
		"compact_fail", "compact_success", "compact_daemon_wake", "pgmigrate_success", "pgmigrate_fail",
	};

	if (vmstat("pgfault") < 0)
		test_skip("this kernel counts no events");
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (vmstat(names[i]) < 0)
			test_fail(__FILE__, __LINE__, "no %s", names[i]);
	}
}

TEST(reclaim_drop_caches_counts)
{
	long slab = vmstat("drop_slab"), cache = vmstat("drop_pagecache");

	CHECK(write_text("/proc/sys/vm/drop_caches", "3\n"));
	if (slab >= 0) {
		CHECK_EQ(vmstat("drop_slab"), slab + 1);
		CHECK_EQ(vmstat("drop_pagecache"), cache + 1);
	}
	CHECK(!write_text("/proc/sys/vm/drop_caches", "0\n"));
	CHECK(!write_text("/proc/sys/vm/drop_caches", "5\n"));
}

TEST_TIMED(reclaim_compaction_makes_large_blocks, 120)
{
	size_t n = ram() / PG * 3 / 4;
	unsigned long before, after;
	long moved;
	char *p;

	if (ram() > MOST)
		test_skip("more memory than this test wants to touch");
	p = mmap(NULL, n * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK_EQ(madvise(p, n * PG, MADV_NOHUGEPAGE) && errno != EINVAL, 0);
	for (size_t i = 0; i < n; i++)
		*(size_t *)(p + i * PG) = i;
	for (size_t i = 0; i < n; i++)		/* leave every third page */
		if (i % 3)
			CHECK_EQ(madvise(p + i * PG, PG, MADV_DONTNEED), 0);
	before = large_blocks();
	moved = vmstat("pgmigrate_success");
	CHECK(write_text("/proc/sys/vm/compact_memory", "1"));
	after = large_blocks();
	if (moved >= 0 && vmstat("pgmigrate_success") <= moved)
		test_fail(__FILE__, __LINE__, "nothing moved");
	if (after < before + n / 10)
		test_fail(__FILE__, __LINE__, "pages in large blocks: %lu before, %lu after, %zu touched", before,
			  after, n);
	for (size_t i = 0; i < n; i += 3)
		CHECK_EQ(*(size_t *)(p + i * PG), i);
	CHECK_EQ(munmap(p, n * PG), 0);
}

static char *grown;
static size_t grown_size;

static void *touch_all(void *arg)
{
	for (size_t i = (size_t)arg * PG; i < grown_size; i += PG)
		grown[i] = 1;
	return NULL;
}

/* All threads of the killed process stop, in the fault loop or in the allocator. */
TEST_TIMED(reclaim_a_killed_process_with_threads_ends_soon, 200)
{
	long kills = vmstat("oom_kill");
	int st;

	if (ram() > MOST)
		test_skip("more memory than this test wants to touch");
	st = CHILD_STATUS({
		pthread_t t[4];

		grown_size = 2 * ram();
		grown = mmap(NULL, grown_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			     -1, 0);
		if (grown == MAP_FAILED)
			_exit(3);
		for (size_t i = 0; i < 4; i++)
			pthread_create(&t[i], NULL, touch_all, (void *)i);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
	});
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
	if (kills >= 0)
		CHECK_EQ(vmstat("oom_kill"), kills + 1);
}

/* The one that is asked for dies, and one with oom_score_adj -1000 never. */
TEST_TIMED(reclaim_oom_score_adj_is_heard, 200)
{
	size_t half = ram() / 3;
	int fd[2], st;
	pid_t volunteer;
	char c;

	if (ram() > MOST)
		test_skip("more memory than this test wants to touch");
	CHECK_EQ(pipe(fd), 0);
	volunteer = fork();
	if (!volunteer) {
		char *p = mmap(NULL, half / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		write_text("/proc/self/oom_score_adj", "1000");
		memset(p, 1, half / 2);
		c = 1;
		if (write(fd[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(fd[0], &c, 1), 1);
	st = CHILD_STATUS({
		size_t n = 5 * half / 2;	/* fits when the volunteer is gone */
		char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			_exit(3);
		for (size_t i = 0; i < n; i += PG)
			p[i] = 1;
	});
	CHECK_EQ(waitpid(volunteer, &st, 0), volunteer);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

/* Unused names are given up for programs. */
TEST_TIMED(reclaim_names_give_way, 200)
{
	char name[64];
	struct stat st;
	struct sysinfo si;
	int status;

	if (ram() > MOST)
		test_skip("more memory than this test wants to touch");
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "/tmp/there-is-no-such-name-%d", i);
		CHECK_ERR(stat(name, &st), ENOENT);
	}
	CHECK_EQ(sysinfo(&si), 0);
	status = CHILD_STATUS({
		size_t n = si.freeram / 100 * 85 * si.mem_unit;
		char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		for (size_t i = 0; i < n; i += PG)
			p[i] = 1;
	});
	CHECK_EQ(status, 0);
}

/* ---- memory that may be dropped ---------------------------------------------------------------- */

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE	8
#endif

static unsigned char *map_droppable(size_t bytes)
{
	unsigned char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		test_skip("MAP_DROPPABLE: %s", strerror(errno));
	memset(p, 7, bytes);
	return p;
}

static size_t pages_dropped(const unsigned char *p, size_t bytes)
{
	size_t n = 0;

	for (size_t at = 0; at < bytes; at += 4096)
		n += !p[at];
	return n;
}

TEST(droppable_memory_is_paged_out_to_nowhere)
{
	size_t bytes = 1 << 20;
	unsigned char *p = map_droppable(bytes);

	CHECK_ERR(madvise(p, bytes, MADV_KEEPONFORK), EINVAL);
	CHECK_ERR(madvise(p, bytes, MADV_DODUMP), EINVAL);
	CHECK_EQ(pages_dropped(p, bytes), 0);
	CHECK(CHILD_STATUS(_exit(p[0] != 0)) == 0);
	for (int i = 0; i < 100 && !pages_dropped(p, bytes); i++) {
		CHECK(!madvise(p, bytes, MADV_PAGEOUT));
		usleep(10000);
	}
	CHECK(pages_dropped(p, bytes) > 0);
	p[0] = 1;
	CHECK_EQ(p[0], 1);
}

TEST_TIMED(droppable_memory_goes_before_anyone_is_killed, 120)
{
	struct sysinfo si;
	size_t half;
	unsigned char *p;

	CHECK(!sysinfo(&si));
	if (si.freeram * si.mem_unit > MOST / 2)
		test_skip("a large machine");
	half = si.freeram * si.mem_unit / 2 & -PG;
	p = map_droppable(half);

	CHECK(CHILD_STATUS({
		size_t most = half + half / 2;
		char *q = mmap(NULL, most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			       0);
		if (q == MAP_FAILED)
			_exit(1);
		for (size_t at = 0; at < most; at += 4096)
			q[at] = 1;
	}) == 0);
	CHECK(pages_dropped(p, half) > 0);
}
