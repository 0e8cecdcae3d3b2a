/* test/user/t_counters.c - what /proc says of memory is true: events against what was done, sums against each other.
 *
 * Other processes and the kernel itself count too: what is asked for is at least what was done, and not absurdly
 * more.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#define PG 4096ul
#define N 2000l			/* pages of each experiment */
#define NOISE 1500l		/* what the rest of the machine may do meanwhile */
#define MOST (1300ul << 20)

/* The sum of all counters of @path whose names begin with @name; -1: none does. */
static long counter(const char *path, const char *name)
{
	FILE *f = fopen(path, "r");
	char line[256];
	long sum = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		char *value = strchr(line, ' ');

		if (value && !strncmp(line, name, strlen(name)))
			sum = (sum < 0 ? 0 : sum) + atol(value);
	}
	fclose(f);
	return sum;
}

static long vmstat(const char *name) { return counter("/proc/vmstat", name); }

static void need_events(void)
{
	if (vmstat("pgfault") < 0)
		test_skip("this kernel counts no events");
}

static char *map_pages(long n)
{
	char *p = mmap(NULL, n * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	madvise(p, n * PG, MADV_NOHUGEPAGE);
	return p;
}

static void touch(char *p, long n)
{
	for (long i = 0; i < n; i++)
		p[i * PG] = 1;
}

TEST(counters_faults_and_pages)
{
	need_events();
	char *p = map_pages(N);
	long faults = vmstat("pgfault"), allocs = vmstat("pgalloc_"), frees = vmstat("pgfree");
	long anon = vmstat("nr_anon_pages");

	touch(p, N);
	long more = vmstat("pgfault") - faults;
	CHECK(more >= N && more < N + NOISE);
	more = vmstat("pgalloc_") - allocs;
	CHECK(more >= N && more < N + NOISE);
	more = vmstat("nr_anon_pages") - anon;
	CHECK(more >= N - 200 && more < N + NOISE);
	CHECK(vmstat("pgfree") - frees < NOISE);
	CHECK_EQ(munmap(p, N * PG), 0);
	CHECK(vmstat("pgfree") - frees >= N);
	more = vmstat("nr_anon_pages") - anon;
	CHECK(more > -NOISE && more < NOISE);
}

TEST(counters_shared_memory_and_page_tables)
{
	long shmem = vmstat("nr_shmem "), mapped = vmstat("nr_mapped "), file = vmstat("nr_file_pages "), more;
	long tables = vmstat("nr_page_table_pages ");
	char *p = mmap(NULL, N * PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;

	CHECK(p != MAP_FAILED);
	touch(p, N);
	more = vmstat("nr_shmem ") - shmem;
	CHECK(more >= N - 200 && more < N + NOISE);
	more = vmstat("nr_file_pages ") - file;
	CHECK(more >= N - 200 && more < N + NOISE);
	more = vmstat("nr_mapped ") - mapped;
	CHECK(more >= N - 200 && more < N + NOISE);
	CHECK_EQ(munmap(p, N * PG), 0);
	CHECK(vmstat("nr_shmem ") - shmem < N / 2);
	/* A page every 2 MiB has a table each. */
	q = mmap(NULL, 200ul << 21, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(q != MAP_FAILED);
	madvise(q, 200ul << 21, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < 200; i++)
		q[i << 21] = 1;
	more = vmstat("nr_page_table_pages ") - tables;
	CHECK(more >= 150 && more < 200 + 400);
	CHECK_EQ(munmap(q, 200ul << 21), 0);
}

/* Free memory is the same by every file that tells of it, but for what comes and goes while we read. */
TEST(counters_sums_agree)
{
	FILE *f = fopen("/proc/buddyinfo", "r");
	unsigned long in_blocks = 0, zone_free = 0, lists = 0, managed = 0, in_types = 0;
	char line[1024];
	bool types = false;

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		char *p = strstr(line, "zone ");
		unsigned order = 0;

		CHECK(p);
		p += 5 + strspn(p + 5, " ");
		for (p = strtok(p + strcspn(p, " "), " \n"); p; p = strtok(NULL, " \n"))
			in_blocks += strtoul(p, NULL, 10) << order++;
		CHECK_EQ(order, 11);
	}
	fclose(f);
	f = fopen("/proc/zoneinfo", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long v;

		if (sscanf(line, " pages free %lu", &v) == 1)
			zone_free += v;
		else if (sscanf(line, " count: %lu", &v) == 1)
			lists += v;
		else if (sscanf(line, " managed %lu", &v) == 1)
			managed += v;
	}
	fclose(f);
	f = fopen("/proc/pagetypeinfo", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		char *p = strstr(line, ", type ");

		types |= !strncmp(line, "Free pages count per migrate type at order", 42);
		if (!p)
			continue;
		p += 7;
		p += strspn(p, " ");
		p += strcspn(p, " ");
		for (unsigned order = 0; order < 11; order++)
			in_types += strtoul(p, &p, 10) << order;
	}
	fclose(f);
	CHECK(types);
	struct sysinfo si;
	CHECK_EQ(sysinfo(&si), 0);
	if (managed > 3 << 18)		/* of large machines a part is not made yet: in no block, but free */
		test_skip("large machine");
	CHECK_EQ(managed, si.totalram * si.mem_unit / PG);
	CHECK(labs((long)(in_blocks - zone_free)) < NOISE && labs((long)(in_types - zone_free)) < NOISE);
	/* What harts hold on their lists counts as free here, not on Linux. */
	CHECK(vmstat("nr_free_pages ") > (long)zone_free - NOISE &&
	      vmstat("nr_free_pages ") < (long)(zone_free + lists) + NOISE);
	CHECK(labs((long)(vmstat("nr_free_pages ") * PG - si.freeram * si.mem_unit)) < NOISE * (long)PG);
}

TEST_TIMED(counters_compaction, 120)
{
	static const char *const names[] = {
		"compact_migrate_scanned ", "compact_free_scanned ", "compact_isolated ", "pgmigrate_success ",
	};
	long before[4];
	struct sysinfo si;

	need_events();
	CHECK_EQ(sysinfo(&si), 0);
	if (si.totalram * si.mem_unit > MOST)
		test_skip("more memory than this test wants to touch");
	for (int i = 0; i < 4; i++)
		before[i] = vmstat(names[i]);
	long n = si.freeram * si.mem_unit / PG / 2;
	char *p = map_pages(n);
	touch(p, n);
	for (long i = 0; i < n; i++)
		if (i % 4)
			CHECK_EQ(madvise(p + i * PG, PG, MADV_DONTNEED), 0);
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "1", 1), 1);
	close(fd);
	for (int i = 0; i < 4; i++)
		before[i] = vmstat(names[i]) - before[i];
	CHECK(before[3] > n / 100);
	/* Moved: seen and isolated before. */
	CHECK(before[0] >= before[3] && before[1] > 0 && before[2] >= before[3]);
	CHECK_EQ(munmap(p, n * PG), 0);
}

/* A machine that is full: callers wait for reclaim, shrinkers are asked, somebody is killed, all of it counted. */
TEST_TIMED(counters_pressure, 300)
{
	long stalls, kills, scanned, wakes;
	struct sysinfo si;

	need_events();
	CHECK_EQ(sysinfo(&si), 0);
	if (si.totalram * si.mem_unit > MOST)
		test_skip("more memory than this test wants to touch");
	stalls = vmstat("allocstall_");
	kills = vmstat("oom_kill ");
	scanned = vmstat("pgscan_kswapd ") + vmstat("pgscan_direct ") + vmstat("slabs_scanned ");
	wakes = vmstat("pageoutrun ");
	for (int i = 0; i < 3000; i++) {	/* names for the shrinkers */
		char name[64];
		struct stat st;

		snprintf(name, sizeof(name), "/tmp/no-such-name-%d", i);
		CHECK_ERR(stat(name, &st), ENOENT);
	}
	int status = CHILD_STATUS({
		char *p = mmap(NULL, 2 * si.totalram * si.mem_unit, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p != MAP_FAILED)
			touch(p, 2 * si.totalram * si.mem_unit / PG);
	});
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK_EQ(vmstat("oom_kill ") - kills, 1);
	CHECK(vmstat("allocstall_") > stalls && vmstat("pageoutrun ") > wakes);
	CHECK(vmstat("pgscan_kswapd ") + vmstat("pgscan_direct ") + vmstat("slabs_scanned ") > scanned);
	CHECK(vmstat("pgsteal_kswapd ") + vmstat("pgsteal_direct ") <=
	      vmstat("pgscan_kswapd ") + vmstat("pgscan_direct "));
}

static long node_stat(int node, const char *name)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/numastat", node);
	return counter(path, name);
}

/* Hits and misses of nodes, by policies that leave no choice. */
TEST(counters_numa)
{
	unsigned long mask = 3;
	long hit[2], local, other, interleaved;
	unsigned here;		/* hart 0, which booted, may be of any node */
	cpu_set_t set;
	char *p;

	if (node_stat(0, "numa_hit") < 0)
		test_skip("no /sys, or this kernel counts no node's hits");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
	local = vmstat("numa_local ");
	hit[0] = vmstat("numa_hit ");
	p = map_pages(N);
	touch(p, N);
	CHECK(vmstat("numa_hit ") - hit[0] >= N && vmstat("numa_local ") - local >= N);
	CHECK_EQ(munmap(p, N * PG), 0);
	if (node_stat(1, "numa_hit") < 0 || syscall(SYS_set_mempolicy, 3 /* interleave */, &mask, 64))
		test_skip("one node");
	hit[0] = node_stat(0, "numa_hit");
	hit[1] = node_stat(1, "numa_hit");
	CHECK_EQ(getcpu(NULL, &here), 0);
	other = node_stat(!here, "other_node");
	interleaved = node_stat(0, "interleave_hit") + node_stat(1, "interleave_hit");
	p = map_pages(N);
	touch(p, N);
	CHECK(node_stat(0, "numa_hit") - hit[0] >= N / 2 - 50 && node_stat(1, "numa_hit") - hit[1] >= N / 2 - 50);
	CHECK(node_stat(!here, "other_node") - other >= N / 2 - 50);
	CHECK(node_stat(0, "interleave_hit") + node_stat(1, "interleave_hit") - interleaved >= N - 100);
	CHECK_EQ(syscall(SYS_set_mempolicy, 0, NULL, 0), 0);
	CHECK_EQ(munmap(p, N * PG), 0);
}

/* A node that is full: its wish is foreign there, and a miss where it was met. */
TEST_TIMED(counters_numa_miss, 200)
{
	unsigned long mask = 2, free = 0;
	struct sysinfo si;
	long miss, foreign, more;
	char line[256];
	FILE *f;

	CHECK_EQ(sysinfo(&si), 0);
	if (node_stat(1, "numa_hit") < 0 || si.totalram * si.mem_unit > MOST)
		test_skip("one node, no counters, or too large");
	f = fopen("/sys/devices/system/node/node1/meminfo", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "Node 1 MemFree: %lu", &free);
	fclose(f);
	free /= 4;
	if (!free || (unsigned long)(free + 3 * N) * PG > si.freeram * si.mem_unit)
		test_skip("no room elsewhere");
	char *p = map_pages(free + N);
	CHECK_EQ(syscall(SYS_mbind, p, (free + N) * PG, 1 /* preferred */, &mask, 64, 0), 0);
	miss = vmstat("numa_miss ");
	foreign = node_stat(1, "numa_foreign");
	touch(p, free + N);
	more = vmstat("numa_miss ") - miss;
	CHECK(more > 0 && more < 2 * N + (long)(free / 10));
	CHECK(labs(node_stat(1, "numa_foreign") - foreign - more) < NOISE);
	CHECK_EQ(munmap(p, (free + N) * PG), 0);
}

/* ---- page by page ---------------------------------------------------------------------------- */

static uint64_t word_of(const char *path, uint64_t index)
{
	int fd = open(path, O_RDONLY);
	uint64_t w = ~0ull;

	if (fd < 0)
		test_skip("no %s", path);
	CHECK_EQ(pread(fd, &w, 8, index * 8), 8);
	close(fd);
	return w;
}

static uint64_t pfn_of(void *p)
{
	uint64_t entry = word_of("/proc/self/pagemap", (uintptr_t)p / PG);

	CHECK(entry >> 63);
	return entry & ((1ull << 55) - 1);
}

#define KPF(bit) (1ull << (bit))

TEST(counters_kpagecount_and_kpageflags)
{
	char *p = map_pages(2), *s = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t pfn, flags;
	int ready[2], go[2];
	char c = 0;

	touch(p, 1);
	s[0] = 1;
	pfn = pfn_of(p);
	if (!pfn)
		test_skip("frames are hidden from us");
	CHECK_EQ(word_of("/proc/kpagecount", pfn), 1);
	flags = word_of("/proc/kpageflags", pfn);
	CHECK(flags & KPF(12) && flags & KPF(11));				/* ANON, MMAP */
	CHECK(!(flags & (KPF(7) | KPF(10) | KPF(15) | KPF(20) | KPF(26))));	/* SLAB BUDDY HEAD NOPAGE PGTABLE */
	flags = word_of("/proc/kpageflags", pfn_of(s));
	CHECK(flags & KPF(11) && flags & KPF(14) && !(flags & KPF(12)));	/* MMAP, SWAPBACKED, not ANON */
	CHECK_EQ(pipe(ready), 0);
	CHECK_EQ(pipe(go), 0);
	pid_t child = fork();
	if (!child) {
		*(volatile char *)s = 2;		/* maps it here too; private pages are shared by the fork */
		CHECK_EQ(write(ready[1], &c, 1), 1);
		CHECK_EQ(read(go[0], &c, 1), 1);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	CHECK_EQ(word_of("/proc/kpagecount", pfn), 2);
	CHECK_EQ(word_of("/proc/kpagecount", pfn_of(s)), 2);
	CHECK_EQ(write(go[1], &c, 1), 1);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	CHECK_EQ(word_of("/proc/kpagecount", pfn), 1);
	CHECK_EQ(munmap(p, 2 * PG), 0);
}
