/* test/user/t_numa.c - memory policies: set_mempolicy, get_mempolicy, mbind, move_pages, migrate_pages.
 *
 * What needs two nodes is skipped on a machine with one (run with NODES=2).
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
#include <sys/sysinfo.h>

#define PG 4096ul
#define MOST (1300ul << 20)	/* larger machines would only take longer */
#define MPOL_DEFAULT 0
#define MPOL_PREFERRED 1
#define MPOL_BIND 2
#define MPOL_INTERLEAVE 3
#define MPOL_LOCAL 4
#define MPOL_PREFERRED_MANY 5
#define MPOL_F_STATIC_NODES (1 << 15)
#define MPOL_F_RELATIVE_NODES (1 << 14)
#define MPOL_F_NODE 1
#define MPOL_F_ADDR 2
#define MPOL_F_MEMS_ALLOWED 4
#define MPOL_MF_STRICT 1
#define MPOL_MF_MOVE 2
#define MPOL_MF_MOVE_ALL 4

static long set_policy(int mode, unsigned long nodes)
{
	return syscall(SYS_set_mempolicy, mode, &nodes, 64);
}

static long bind_range(void *p, size_t n, int mode, unsigned long nodes, unsigned flags)
{
	return syscall(SYS_mbind, p, n, mode, &nodes, 64, flags);
}

static long get_policy(int *mode, unsigned long *nodes, void *addr, unsigned long flags)
{
	return syscall(SYS_get_mempolicy, mode, nodes, 64, addr, flags);
}

static unsigned long memory_nodes(void)
{
	unsigned long nodes = 0;

	CHECK_EQ(get_policy(NULL, &nodes, NULL, MPOL_F_MEMS_ALLOWED), 0);
	return nodes;
}

/* Nodes 0 and 1, or skip. */
static void need_two(void)
{
	if ((memory_nodes() & 3) != 3)
		test_skip("one memory node");
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static char *map_pages(size_t n, int flags)
{
	char *p = mmap(NULL, n * PG, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static bool read_text(const char *path, char *buf, size_t n)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, n - 1);

	if (fd >= 0)
		close(fd);
	if (got < 0)
		return false;
	buf[got] = 0;
	return true;
}

/* Read file @name of node @node; false: no /sys. */
static bool node_file(int node, const char *name, char *buf, size_t n)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/%s", node, name);
	return read_text(path, buf, n);
}

/* The node of @allowed that is nearest to @node, the first of equals; without /sys @node itself. */
static int nearest(int node, unsigned long allowed)
{
	unsigned long distance[64], least = ~0ul;
	char text[1024], online[256], *p = text;
	int best = node, n = 0;

	if (!node_file(node, "distance", text, sizeof(text)) ||
	    !read_text("/sys/devices/system/node/online", online, sizeof(online)))
		return node;
	while (n < 64 && strchr("0123456789 ", *p) && *p)
		distance[n++] = strtoul(p, &p, 10);
	for (int i = 0; i < n; i++)		/* nodes are numbered without gaps here */
		if (allowed >> i & 1 && distance[i] < least) {
			least = distance[i];
			best = i;
		}
	return best;
}

/* Free pages of @node. */
static size_t node_free(int node)
{
	char text[8192], *p;

	CHECK(node_file(node, "meminfo", text, sizeof(text)));
	p = strstr(text, "MemFree:");
	CHECK(p);
	return strtoul(p + 8, NULL, 10) / 4;
}

/* The node of the page at @p, or -errno. */
static int node_of(void *p)
{
	int status = -1000;

	CHECK_EQ(syscall(SYS_move_pages, 0, 1ul, &p, NULL, &status, 0), 0);
	return status;
}

static unsigned on_node(char *p, size_t n, int node)
{
	unsigned count = 0;

	for (size_t i = 0; i < n; i++)
		count += node_of(p + i * PG) == node;
	return count;
}

TEST(numa_policy_arguments)
{
	unsigned long none = 0, one = 1, two[2] = { 1, 1 };
	int mode;

	CHECK_ERR(syscall(SYS_set_mempolicy, 99, &one, 64), EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_BIND, &none, 64), EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_BIND, NULL, 0), EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, NULL, 0), EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_DEFAULT, &one, 64), EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_LOCAL, &one, 64), EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, &one, 64),
		  EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_PREFERRED | MPOL_F_STATIC_NODES, NULL, 0), EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_BIND, &one, 40000), EINVAL);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_BIND, (void *)8, 64), EFAULT);
	CHECK_ERR(syscall(SYS_set_mempolicy, MPOL_BIND, two, 129), EINVAL);	/* node 64: there can be none */
	CHECK_EQ(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0), 0);
	CHECK_EQ(syscall(SYS_set_mempolicy, MPOL_DEFAULT, &none, 64), 0);
	CHECK_ERR(get_policy(&mode, NULL, NULL, 8), EINVAL);
	CHECK_ERR(get_policy(&mode, NULL, &mode, 0), EINVAL);
	CHECK_ERR(get_policy(&mode, NULL, NULL, MPOL_F_NODE), EINVAL);
	CHECK_ERR(get_policy(&mode, NULL, NULL, MPOL_F_ADDR), EFAULT);
	CHECK_EQ(set_policy(MPOL_BIND, 1), 0);
	CHECK_EQ(get_policy(&mode, &none, NULL, 0), 0);
	CHECK(mode == MPOL_BIND && none == 1);
	CHECK_EQ(get_policy(&mode, &none, &mode, MPOL_F_ADDR), 0);	/* a region without one: the default */
	CHECK(mode == MPOL_DEFAULT && none == 0);
	CHECK_EQ(set_policy(MPOL_DEFAULT, 0), 0);
	CHECK_ERR(get_policy(&mode, &none, NULL, MPOL_F_MEMS_ALLOWED | MPOL_F_NODE), EINVAL);
	CHECK_ERR(bind_range((void *)1, PG, MPOL_BIND, 1, 0), EINVAL);
	CHECK_ERR(bind_range((void *)PG, PG, MPOL_BIND, 1, 8), EINVAL);
	CHECK_ERR(bind_range((void *)PG, PG, MPOL_BIND, 1, 0), EFAULT);
	CHECK_ERR(bind_range((void *)PG, -2 * PG, MPOL_BIND, 1, 0), EFAULT);
	CHECK_ERR(bind_range((void *)(2 * PG), -2 * PG + 1, MPOL_BIND, 1, 0), EINVAL);
	CHECK_EQ(bind_range((void *)PG, 0, MPOL_BIND, 1, 0), 0);
}

TEST(numa_task_policy_is_told_back)
{
	unsigned long nodes = ~0ul;
	int mode = -1;

	CHECK_EQ(get_policy(&mode, &nodes, NULL, 0), 0);
	CHECK_EQ(mode, MPOL_DEFAULT);
	CHECK_EQ(nodes, 0);
	CHECK_EQ(set_policy(MPOL_BIND, 1), 0);
	CHECK_EQ(get_policy(&mode, &nodes, NULL, 0), 0);
	CHECK_EQ(mode, MPOL_BIND);
	CHECK_EQ(nodes, 1);
	CHECK_EQ(CHILD_STATUS({
		CHECK_EQ(get_policy(&mode, &nodes, NULL, 0), 0);
		CHECK_EQ(mode, MPOL_BIND);
		CHECK_EQ(set_policy(MPOL_PREFERRED, 0), 0);
		CHECK_EQ(get_policy(&mode, &nodes, NULL, 0), 0);
		CHECK_EQ(mode, MPOL_LOCAL);
		CHECK_EQ(nodes, 0);
	}), 0);
	CHECK_EQ(get_policy(&mode, &nodes, NULL, 0), 0);
	CHECK_EQ(mode, MPOL_BIND);
	CHECK_EQ(set_policy(MPOL_INTERLEAVE | MPOL_F_STATIC_NODES, 1 | 8), 0);
	CHECK_EQ(get_policy(&mode, &nodes, NULL, 0), 0);
	CHECK_EQ(mode, MPOL_INTERLEAVE | MPOL_F_STATIC_NODES);
	CHECK_EQ(nodes, 1 | 8);
	CHECK_EQ(set_policy(MPOL_INTERLEAVE, memory_nodes()), 0);
	CHECK_EQ(get_policy(&mode, NULL, NULL, MPOL_F_NODE), 0);	/* the next node */
	CHECK(memory_nodes() >> mode & 1);
	CHECK_ERR(set_policy(MPOL_BIND, ~memory_nodes() & -~memory_nodes()), EINVAL);	/* no memory there */
	CHECK_EQ(set_policy(MPOL_DEFAULT, 0), 0);
}

/* Lines of /proc/self/maps that overlap [p, p + n pages). */
static unsigned regions_in(char *p, size_t n)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	unsigned count = 0;
	char line[512];

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start < (unsigned long)p + n * PG &&
		    end > (unsigned long)p)
			count++;
	fclose(f);
	return count;
}

TEST(numa_regions_split_and_merge_by_policy)
{
	char *hole = map_pages(18, MAP_PRIVATE), *p = hole + PG;
	unsigned long nodes;
	int mode;

	CHECK_EQ(munmap(hole, PG), 0);
	CHECK_EQ(munmap(hole + 17 * PG, PG), 0);
	CHECK_EQ(regions_in(p, 16), 1);
	CHECK_EQ(bind_range(p + 4 * PG, 4 * PG, MPOL_BIND, 1, 0), 0);
	CHECK_EQ(regions_in(p, 16), 3);
	CHECK_EQ(bind_range(p + 8 * PG, 2 * PG, MPOL_BIND, 1, 0), 0);	/* an equal policy, another call */
	CHECK_EQ(regions_in(p, 16), 3);
	CHECK_EQ(get_policy(&mode, &nodes, p + 9 * PG, MPOL_F_ADDR), 0);
	CHECK_EQ(mode, MPOL_BIND);
	CHECK_EQ(nodes, 1);
	CHECK_EQ(get_policy(&mode, &nodes, p + 10 * PG, MPOL_F_ADDR), 0);
	CHECK_EQ(mode, MPOL_DEFAULT);
	CHECK_EQ(mprotect(p + 5 * PG, PG, PROT_READ), 0);
	CHECK_EQ(get_policy(&mode, &nodes, p + 5 * PG, MPOL_F_ADDR), 0);
	CHECK_EQ(mode, MPOL_BIND);
	CHECK_EQ(mprotect(p + 5 * PG, PG, PROT_READ | PROT_WRITE), 0);
	CHECK_EQ(bind_range(p, 16 * PG, MPOL_DEFAULT, 0, 0), 0);
	CHECK_EQ(regions_in(p, 16), 1);
	CHECK_EQ(munmap(p + 8 * PG, PG), 0);
	CHECK_ERR(bind_range(p, 16 * PG, MPOL_BIND, 1, 0), EFAULT);	/* a hole */
	CHECK_EQ(bind_range(p, 16 * PG, MPOL_DEFAULT, 0, 0), 0);	/* which the default does not mind */
	CHECK_EQ(munmap(p, 16 * PG), 0);
}

TEST(numa_page_status)
{
	char *p = map_pages(4, MAP_PRIVATE);
	void *pages[4] = { p, p + PG, p + 2 * PG, (void *)PG };
	int status[4] = { 99, 99, 99, 99 }, nodes[4] = { 0, 0, 0, 0 };
	volatile char c;

	p[0] = 1;
	c = p[PG];	/* the zero page */
	(void)c;
	CHECK_EQ(syscall(SYS_move_pages, 0, 4ul, pages, NULL, status, 0), 0);
	CHECK(memory_nodes() >> status[0] & 1);
	CHECK_EQ(status[1], -EFAULT);
	CHECK_EQ(status[2], -ENOENT);
	CHECK_EQ(status[3], -EFAULT);
	CHECK_EQ(syscall(SYS_move_pages, 0, 1ul, pages, nodes, status, MPOL_MF_MOVE), 0);
	CHECK_EQ(status[0], 0);
	nodes[0] = 60;
	CHECK_ERR(syscall(SYS_move_pages, 0, 1ul, pages, nodes, status, MPOL_MF_MOVE), ENODEV);
	nodes[0] = -1;
	CHECK_ERR(syscall(SYS_move_pages, 0, 1ul, pages, nodes, status, MPOL_MF_MOVE), ENODEV);
	CHECK_ERR(syscall(SYS_move_pages, 0, 1ul, pages, nodes, status, 64), EINVAL);
	CHECK_ERR(syscall(SYS_move_pages, 99999, 1ul, pages, NULL, status, 0), ESRCH);
	CHECK_ERR(syscall(SYS_move_pages, 0, 1ul, (void *)8, NULL, status, 0), EFAULT);
	CHECK_EQ(munmap(p, 4 * PG), 0);
}

TEST(numa_bind_and_preferred_choose_the_node)
{
	need_two();
	for (int node = 0; node < 2; node++) {
		char *p = map_pages(64, MAP_PRIVATE), *q = map_pages(64, MAP_PRIVATE);

		CHECK_EQ(bind_range(p, 64 * PG, MPOL_BIND, 1ul << node, 0), 0);
		memset(p, 1, 64 * PG);
		CHECK_EQ(on_node(p, 64, node), 64);
		CHECK_EQ(set_policy(MPOL_PREFERRED, 1ul << node), 0);
		memset(q, 1, 64 * PG);
		CHECK_EQ(on_node(q, 64, node), 64);
		CHECK_EQ(set_policy(MPOL_DEFAULT, 0), 0);
		CHECK_EQ(munmap(p, 64 * PG), 0);
		CHECK_EQ(munmap(q, 64 * PG), 0);
	}
}

TEST(numa_interleave_deals_out_in_turn)
{
	need_two();
	char *p = map_pages(64, MAP_PRIVATE);

	CHECK_EQ(bind_range(p, 64 * PG, MPOL_INTERLEAVE, 3, 0), 0);
	memset(p, 1, 64 * PG);
	CHECK_EQ(on_node(p, 64, 0), 32);
	for (int i = 0; i + 1 < 64; i++)
		CHECK(node_of(p + i * PG) != node_of(p + (i + 1) * PG));
	CHECK_EQ(munmap(p, 64 * PG), 0);
	CHECK_EQ(set_policy(MPOL_INTERLEAVE, 3), 0);
	p = map_pages(1024, MAP_PRIVATE);
	for (int i = 0; i < 1024; i++)
		p[i * PG] = 1;
	CHECK_EQ(on_node(p, 1024, 1), 512);
	CHECK_EQ(set_policy(MPOL_DEFAULT, 0), 0);
	CHECK_EQ(munmap(p, 1024 * PG), 0);
}

static void move_to_cpu(int c)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(c, &set);
	CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
}

TEST(numa_default_is_local)
{
	unsigned cpu, node;
	cpu_set_t all;

	need_two();
	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int c = 0; c < CPU_SETSIZE; c++) {
		char *p;

		if (!CPU_ISSET(c, &all))
			continue;
		move_to_cpu(c);
		CHECK_EQ(getcpu(&cpu, &node), 0);
		CHECK_EQ(cpu, c);
		p = map_pages(16, MAP_PRIVATE);
		memset(p, 1, 16 * PG);
		CHECK_EQ(on_node(p, 16, nearest(node, memory_nodes())), 16);
		CHECK_EQ(munmap(p, 16 * PG), 0);
	}
}

TEST(numa_pages_move)
{
	need_two();
	char *p = map_pages(128, MAP_PRIVATE);
	void *pages[128];
	int nodes[128], status[128];

	CHECK_EQ(bind_range(p, 128 * PG, MPOL_PREFERRED, 1, 0), 0);
	for (int i = 0; i < 128; i++) {
		*(int *)(p + i * PG) = i;
		pages[i] = p + i * PG;
		nodes[i] = i % 2;
	}
	CHECK_EQ(on_node(p, 128, 0), 128);
	CHECK_EQ(syscall(SYS_move_pages, 0, 128ul, pages, nodes, status, MPOL_MF_MOVE), 0);
	for (int i = 0; i < 128; i++) {
		CHECK_EQ(status[i], i % 2);
		CHECK_EQ(node_of(pages[i]), i % 2);
		CHECK_EQ(*(int *)(p + i * PG), i);
	}
	/* All to node 1, by mbind; those that are there stay. */
	CHECK_ERR(bind_range(p, 128 * PG, MPOL_BIND, 2, MPOL_MF_STRICT), EIO);
	CHECK_EQ(bind_range(p, 128 * PG, MPOL_BIND, 2, MPOL_MF_STRICT | MPOL_MF_MOVE), 0);
	CHECK_EQ(on_node(p, 128, 1), 128);
	CHECK_EQ(bind_range(p, 128 * PG, MPOL_BIND, 2, MPOL_MF_STRICT), 0);
	/* All that the process has, back. */
	unsigned long from = 2, to = 1;
	CHECK_EQ(bind_range(p, 128 * PG, MPOL_DEFAULT, 0, 0), 0);
	CHECK(syscall(SYS_migrate_pages, 0, 64, &from, &to) >= 0);
	CHECK_EQ(on_node(p, 128, 0), 128);
	for (int i = 0; i < 128; i++)
		CHECK_EQ(*(int *)(p + i * PG), i);
	CHECK_EQ(munmap(p, 128 * PG), 0);
}

TEST(numa_shared_pages_move_when_asked_for_all)
{
	need_two();
	char *p = map_pages(8, MAP_PRIVATE);
	int to[1] = { 1 }, status[1], fd[2], back[2];
	void *page[1] = { p };
	char c;

	CHECK_EQ(bind_range(p, 8 * PG, MPOL_PREFERRED, 1, 0), 0);
	memset(p, 7, 8 * PG);
	CHECK_EQ(pipe(fd), 0);
	CHECK_EQ(pipe(back), 0);
	pid_t child = fork();
	if (!child) {
		if (read(fd[0], &c, 1) != 1)
			_exit(1);
		_exit(p[100] == 7 && node_of(p) == 1 ? 0 : 2);
	}
	CHECK_EQ(syscall(SYS_move_pages, 0, 1ul, page, to, status, MPOL_MF_MOVE), 0);
	CHECK_EQ(status[0], -EACCES);
	CHECK_EQ(node_of(p), 0);
	CHECK_EQ(syscall(SYS_move_pages, 0, 1ul, page, to, status, MPOL_MF_MOVE_ALL), 0);
	CHECK_EQ(status[0], 1);
	CHECK_EQ(node_of(p), 1);
	CHECK_EQ(p[100], 7);
	CHECK_EQ(write(fd[1], "x", 1), 1);
	int st;
	CHECK_EQ(waitpid(child, &st, 0), child);
	CHECK_EQ(st, 0);
	CHECK_EQ(munmap(p, 8 * PG), 0);
}

/* However many map it: all see the page where it went, and what was written before and after. */
TEST_TIMED(numa_page_of_many_moves, 60)
{
	need_two();
	enum { SHARERS = 200 };
	char *p = map_pages(4, MAP_PRIVATE);
	int to[1] = { 1 }, status[1], fd[2], st, bad = 0;
	void *page[1] = { p + PG };
	pid_t child[SHARERS];
	char c;

	CHECK_EQ(bind_range(p, 4 * PG, MPOL_PREFERRED, 1, 0), 0);
	memset(p, 7, 4 * PG);
	CHECK_EQ(pipe(fd), 0);
	for (int i = 0; i < SHARERS; i++) {
		child[i] = fork();
		CHECK(child[i] >= 0);
		if (child[i])
			continue;
		close(fd[1]);
		if (read(fd[0], &c, 1) != 0 || p[PG + 100] != 7 || node_of(p + PG) != 1)
			_exit(1);
		p[PG + 100] = i;	/* its own from here on */
		_exit(p[PG + 100] == (char)i && p[PG + 101] == 7 ? 0 : 2);
	}
	CHECK_EQ(syscall(SYS_move_pages, 0, 1ul, page, to, status, MPOL_MF_MOVE_ALL), 0);
	CHECK_EQ(status[0], 1);
	CHECK_EQ(node_of(p + PG), 1);
	CHECK_EQ(p[PG + 100], 7);
	close(fd[1]);
	for (int i = 0; i < SHARERS; i++) {
		CHECK_EQ(waitpid(child[i], &st, 0), child[i]);
		bad += st != 0;
	}
	CHECK_EQ(bad, 0);
	CHECK_EQ(p[PG + 100], 7);
	close(fd[0]);
	CHECK_EQ(munmap(p, 4 * PG), 0);
}

TEST(numa_shared_memory_moves)
{
	need_two();
	char *p = map_pages(32, MAP_SHARED);

	CHECK_EQ(bind_range(p, 32 * PG, MPOL_BIND, 1, 0), 0);
	memset(p, 5, 32 * PG);
	CHECK_EQ(on_node(p, 32, 0), 32);
	CHECK_EQ(bind_range(p, 32 * PG, MPOL_BIND, 2, MPOL_MF_MOVE | MPOL_MF_STRICT), 0);
	CHECK_EQ(on_node(p, 32, 1), 32);
	for (size_t i = 0; i < 32 * PG; i += 512)
		CHECK_EQ(p[i], 5);
	CHECK_EQ(CHILD_STATUS({ CHECK_EQ(p[77], 5); p[78] = 6; }), 0);
	CHECK_EQ(p[78], 6);
	CHECK_EQ(munmap(p, 32 * PG), 0);
}

#define BATCH 4096

/* Count the pages of [p, p + n) on each node. */
static void census(char *p, size_t n, size_t *count)
{
	static void *page[BATCH];
	static int status[BATCH];

	memset(count, 0, 64 * sizeof(*count));
	for (size_t at = 0; at < n; at += BATCH) {
		unsigned long nr = n - at < BATCH ? n - at : BATCH;

		for (unsigned long i = 0; i < nr; i++)
			page[i] = p + (at + i) * PG;
		CHECK_EQ(syscall(SYS_move_pages, 0, nr, page, NULL, status, 0), 0);
		for (unsigned long i = 0; i < nr; i++) {
			CHECK(status[i] >= 0 && status[i] < 64);
			count[status[i]]++;
		}
	}
}

/* Touch @n pages, preferred on @node, and count where they are. */
static void fill(int node, size_t n, size_t *count)
{
	char *p = map_pages(n, MAP_PRIVATE);

	madvise(p, n * PG, MADV_NOHUGEPAGE);
	CHECK_EQ(bind_range(p, n * PG, MPOL_PREFERRED, 1ul << node, 0), 0);
	for (size_t i = 0; i < n; i++)
		p[i * PG] = 1;
	census(p, n, count);
	CHECK_EQ(munmap(p, n * PG), 0);
}

/* What a full node cannot take goes to the nearest that can; when that is full as well, to the next. */
TEST_TIMED(numa_full_node_falls_back_by_distance, 200)
{
	unsigned long memory = memory_nodes();
	struct sysinfo si;
	char text[64];

	need_two();
	CHECK_EQ(sysinfo(&si), 0);
	if (!node_file(0, "distance", text, sizeof(text)) || si.totalram > MOST)
		test_skip("no /sys, or more memory than this test wants to touch");
	for (int node = 0; node < 64; node++) {
		size_t count[64], want, extra = 4096;
		unsigned long left = memory & ~(1ul << node);
		int next, last;

		if (!(memory >> node & 1))
			continue;
		next = nearest(node, left);
		want = node_free(node) + extra;
		if (node_free(next) > 3 * extra) {
			fill(node, want, count);
			CHECK(count[node] > (want - extra) / 100 * 90);
			CHECK(count[next] > 0);
			CHECK_EQ(count[node] + count[next], want);
		}
		left &= ~(1ul << next);
		if (!left)
			continue;
		last = nearest(node, left);
		want = node_free(node) + node_free(next) + extra;
		if (node_free(last) > 3 * extra) {
			fill(node, want, count);
			CHECK(count[next] > node_free(next) / 100 * 85);
			CHECK(count[last] > 0);
			CHECK_EQ(count[node] + count[next] + count[last], want);
		}
	}
}

/* Bound to a node, a program does not go elsewhere: it dies when that is full, and nobody else does. */
TEST_TIMED(numa_bound_program_dies_when_its_node_is_full, 200)
{
	unsigned long memory = memory_nodes();
	struct sysinfo si;
	char text[64];
	pid_t bystander;
	int st, node;

	need_two();
	CHECK_EQ(sysinfo(&si), 0);
	if (!node_file(0, "distance", text, sizeof(text)) || si.totalram > MOST)
		test_skip("no /sys, or more memory than this test wants to touch");
	node = node_free(0) < node_free(1) ? 0 : 1;
	CHECK(memory >> node & 1);
	bystander = fork();
	if (!bystander) {	/* as large, and of no use: bound to the other node */
		size_t n = node_free(!node) / 2;

		CHECK_EQ(set_policy(MPOL_BIND, 1ul << !node), 0);
		char *p = map_pages(n, MAP_PRIVATE);
		memset(p, 1, n * PG);
		write_text("/proc/self/oom_score_adj", "900");
		for (;;)
			pause();
	}
	st = CHILD_STATUS({
		size_t n = node_free(node) + 8192;
		char *p = map_pages(n, MAP_PRIVATE);

		CHECK_EQ(set_policy(MPOL_BIND, 1ul << node), 0);
		for (size_t i = 0; i < n; i++)
			p[i * PG] = 1;
	});
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
	CHECK_EQ(kill(bystander, SIGTERM), 0);
	CHECK_EQ(waitpid(bystander, &st, 0), bystander);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
}

/* Threads write and check while their pages go to and fro. */
TEST_TIMED(numa_pages_move_under_writers, 120)
{
	need_two();
	enum { N = 64, ROUNDS = 60 };
	char *p = map_pages(N, MAP_PRIVATE);
	volatile int *stop = (volatile int *)map_pages(1, MAP_SHARED);
	pid_t pid = getpid(), mover;
	void *pages[N];
	int nodes[N], status[N], st;
	unsigned long round = 0;

	for (int i = 0; i < N; i++) {
		*(unsigned long *)(p + i * PG) = i;
		pages[i] = p + i * PG;
	}
	mover = fork();		/* another process moves ours: the copies on write come first */
	if (!mover) {
		for (int r = 0; r < ROUNDS; r++) {
			for (int i = 0; i < N; i++)
				nodes[i] = r & 1;
			if (syscall(SYS_move_pages, pid, (unsigned long)N, pages, nodes, status,
				    MPOL_MF_MOVE_ALL) < 0)
				_exit(1);
		}
		*stop = 1;
		_exit(0);
	}
	while (!*stop) {
		round++;
		for (int i = 0; i < N; i++)
			*(unsigned long *)(p + i * PG) = round << 8 | i;
		for (int i = 0; i < N; i++)
			CHECK_EQ(*(unsigned long *)(p + i * PG), round << 8 | i);
	}
	CHECK_EQ(waitpid(mover, &st, 0), mover);
	CHECK_EQ(st, 0);
	CHECK_EQ(munmap(p, N * PG), 0);
}

TEST(numa_maps_shows_policies)
{
	char *p = map_pages(8, MAP_PRIVATE), want[32], line[512];
	FILE *f;
	bool found = false;

	CHECK_EQ(bind_range(p, 8 * PG, MPOL_BIND | MPOL_F_STATIC_NODES, 1, 0), 0);
	memset(p, 1, 8 * PG);
	f = fopen("/proc/self/numa_maps", "r");
	CHECK(f);
	snprintf(want, sizeof(want), "%08lx ", (unsigned long)p);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, want, strlen(want))) {
			found = true;
			CHECK(strstr(line, " bind=static:0 "));
			CHECK(strstr(line, " anon=8 dirty=8 "));
			CHECK(strstr(line, " N0=8 kernelpagesize_kB=4\n"));
		}
	fclose(f);
	CHECK(found);
	CHECK_EQ(munmap(p, 8 * PG), 0);
}

/* "0-1,3" as a mask. */
static unsigned long list_mask(const char *s)
{
	unsigned long mask = 0;

	while (*s >= '0' && *s <= '9') {
		char *end;
		unsigned long a = strtoul(s, &end, 10), b = *end == '-' ? strtoul(end + 1, &end, 10) : a;

		for (; a <= b && a < 64; a++)
			mask |= 1ul << a;
		s = end + (*end == ',');
	}
	return mask;
}

/* Distances to all @nodes, 10 to itself; harts that say they are here; memory only where it is. */
static void check_node_dir(int node, unsigned long nodes)
{
	char text[8192], *p = text;
	unsigned long cpus, count = 0;
	cpu_set_t all;

	CHECK(node_file(node, "distance", text, sizeof(text)));
	for (int n = 0; n < 64; n++)
		if (nodes >> n & 1) {
			unsigned long d = strtoul(p, &p, 10);

			CHECK(n == node ? d == 10 : d > 10 && d < 256);
			count++;
		}
	CHECK_EQ(count, __builtin_popcountl(nodes));
	CHECK(!strcmp(p, "\n"));
	CHECK(node_file(node, "cpulist", text, sizeof(text)));
	cpus = list_mask(text);
	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int c = 0; c < 64; c++) {
		unsigned cpu, at;

		if (!CPU_ISSET(c, &all))
			continue;
		move_to_cpu(c);
		CHECK_EQ(getcpu(&cpu, &at), 0);
		CHECK_EQ(cpus >> c & 1, (int)at == node);
	}
	CHECK(node_file(node, "meminfo", text, sizeof(text)));
	CHECK_EQ(strtoul(strstr(text, "MemTotal:") + 9, NULL, 10) > 0, memory_nodes() >> node & 1);
	CHECK_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
}

TEST(numa_sys_files)
{
	unsigned long nodes;
	char text[8192];

	if (!read_text("/sys/devices/system/node/has_memory", text, sizeof(text)))
		test_skip("no /sys");
	CHECK_EQ(list_mask(text), memory_nodes());
	/* A kernel without cpusets has no such line. */
	if (read_text("/proc/self/status", text, sizeof(text)) && strstr(text, "\nMems_allowed_list:\t"))
		CHECK_EQ(list_mask(strstr(text, "\nMems_allowed_list:\t") + 20), memory_nodes());
	CHECK(read_text("/sys/devices/system/node/online", text, sizeof(text)));
	nodes = list_mask(text);
	CHECK((nodes & memory_nodes()) == memory_nodes());
	for (int n = 0; n < 64; n++)
		if (nodes >> n & 1)
			check_node_dir(n, nodes);
	CHECK(read_text("/sys/devices/system/node/node0/meminfo", text, sizeof(text)));
	CHECK(strstr(text, "Node 0 MemTotal:  ") == text);
	CHECK(strstr(text, "\nNode 0 MemUsed: "));
	CHECK(strstr(text, "\nNode 0 SReclaimable: "));
	CHECK(read_text("/sys/devices/system/node/node0/numastat", text, sizeof(text)));
	CHECK(!strncmp(text, "numa_hit ", 9) && strstr(text, "\ninterleave_hit ") && strstr(text, "\nother_node "));
	CHECK(read_text("/sys/devices/system/node/node0/vmstat", text, sizeof(text)));
	CHECK(!strncmp(text, "nr_free_pages ", 14) && strstr(text, "\nnuma_hit ") &&
	      strstr(text, "\nnr_anon_pages "));
}
