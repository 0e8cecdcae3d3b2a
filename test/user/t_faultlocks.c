/*
 * test/user/t_faultlocks.c - faults of several harts in regions of their own meet on no lock.
 *
 * A debug kernel counts, in /sys/kernel/debug/fault_locks, the locks that page faults take, and how many of them
 * another hart took last.  Each thread stays on a hart of its own, and touches pages that its hart gave back just
 * before, in a region that shares no table with another's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#define PG	4096ul
#define SPAN	(4ul << 20)	/* a region and its guard: two tables */
#define PAGES	16ul		/* fewer than a hart's list of free pages gives back at once */
#define ROUNDS	20
#define TRIES	20
#define FILE_	"/sys/kernel/debug/fault_locks"

struct counts { long mmap, region, page_table, anon_vma, mapping, all, moved; };

#define MAX_RANKS 64
static char rank_names[MAX_RANKS][32];
static long rank_moved[MAX_RANKS];	/* as read last */

static void read_counts(struct counts *c)
{
	FILE *f = fopen(FILE_, "r");
	char name[32];
	long taken, moved;

	memset(c, 0, sizeof(*c));
	CHECK(f);
	for (int r = 0; fscanf(f, "%31s %ld %ld", name, &taken, &moved) == 3; r++) {
		CHECK(r < MAX_RANKS);
		strcpy(rank_names[r], name);
		rank_moved[r] = moved;
		c->all += taken;
		c->moved += moved;
		if (!strcmp(name, "mmap"))
			c->mmap = taken;
		if (!strcmp(name, "region"))
			c->region = moved;
		if (!strcmp(name, "page_table"))
			c->page_table = moved;
		if (!strcmp(name, "anon_vma"))
			c->anon_vma = taken;
		if (!strcmp(name, "mapping"))
			c->mapping = taken;
	}
	fclose(f);
}

struct toucher { pthread_t thread; unsigned hart; char *p; bool reads; };

static pthread_barrier_t ready, counted, done;
static volatile bool enough;	/* seen by all at the same barrier */

static void touch_rounds(const struct toucher *t, int rounds)
{
	volatile char *p = t->p;

	for (int r = 0; r < rounds; r++) {
		for (unsigned long i = 0; i < PAGES; i++) {
			if (t->reads)
				(void)p[i * PG];
			else
				p[i * PG] = 1;
		}
		CHECK(!madvise(t->p, PAGES * PG, MADV_DONTNEED));
	}
}

static void stay_on(unsigned hart)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(hart, &set);
	CHECK(!sched_setaffinity(0, sizeof(set), &set));
}

static void *touch(void *arg)
{
	struct toucher *t = arg;

	stay_on(t->hart);
	for (;;) {
		touch_rounds(t, 5);		/* pages and tables are at hand, the stack is there */
		pthread_barrier_wait(&ready);
		pthread_barrier_wait(&counted);
		if (enough)
			return NULL;
		touch_rounds(t, ROUNDS);
		pthread_barrier_wait(&done);
	}
}

static const char *most_moved = "none";		/* the rank whose locks moved most in the last count */

/* One count while @nr threads fault, each so often in a round: how often a lock went from hart to hart. */
static long count_once(unsigned nr, unsigned faults)
{
	long before[MAX_RANKS], most = 0;
	struct counts a, b;

	pthread_barrier_wait(&ready);
	read_counts(&a);
	memcpy(before, rank_moved, sizeof(before));
	pthread_barrier_wait(&counted);
	pthread_barrier_wait(&done);
	read_counts(&b);
	CHECK(b.all - a.all >= (long)(2 * nr * ROUNDS * faults));	/* a region's and a table's, each */
	CHECK_EQ(b.mmap - a.mmap, 0);
	CHECK_EQ(b.region - a.region, 0);
	CHECK_EQ(b.page_table - a.page_table, 0);
	CHECK_EQ(b.anon_vma - a.anon_vma, 0);
	CHECK_EQ(b.mapping - a.mapping, 0);
	for (int r = 0; r < MAX_RANKS; r++) {
		if (rank_moved[r] - before[r] > most) {
			most = rank_moved[r] - before[r];
			most_moved = rank_names[r];
		}
	}
	return b.moved - a.moved;
}

/*
 * What no fault may take is taken in no try.  What the machine does by itself meanwhile, such as taking pages back
 * from a hart's list, may make a hart turn to the zone: in one try nothing like it happens.  A lock that harts meet
 * on all the time goes from hart to hart so often that more tries, slow as they are then, would tell nothing new.
 * @fd: the threads read pages of this file, each its own; -1: they write anonymous memory.
 */
static void count_with(unsigned nr, int fd)
{
	char *base = mmap(NULL, (nr + 1) * SPAN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct toucher t[64];
	const long many = nr * ROUNDS / 2;
	struct counts warm;
	long moved = -1;
	int tries = 0;

	CHECK(base != MAP_FAILED);
	stay_on(0);
	read_counts(&warm);		/* what reading needs is there, so that who counts does not fault */
	base = (char *)(((uintptr_t)base + SPAN - 1) & ~(SPAN - 1));
	pthread_barrier_init(&ready, NULL, nr + 1);
	pthread_barrier_init(&counted, NULL, nr + 1);
	pthread_barrier_init(&done, NULL, nr + 1);
	enough = false;
	for (unsigned i = 0; i < nr; i++) {
		t[i] = (struct toucher){ .hart = i, .p = base + i * SPAN + 37 * PG, .reads = fd >= 0 };
		if (fd >= 0)
			CHECK(mmap(t[i].p, PAGES * PG, PROT_READ, MAP_SHARED | MAP_FIXED, fd, i * PAGES * PG) ==
			      t[i].p);
		else
			CHECK(!mprotect(t[i].p, PAGES * PG, PROT_READ | PROT_WRITE));
		CHECK(!pthread_create(&t[i].thread, NULL, touch, &t[i]));
	}
	while (tries < TRIES && moved && moved < many) {
		moved = count_once(nr, fd >= 0 ? 1 : PAGES);
		tries++;
	}
	pthread_barrier_wait(&ready);
	enough = true;
	pthread_barrier_wait(&counted);
	for (unsigned i = 0; i < nr; i++)
		CHECK(!pthread_join(t[i].thread, NULL));
	if (moved)
		test_fail(__FILE__, __LINE__, "%u harts: locks of rank %s went from one to another, %ld in try %d",
			  nr, most_moved, moved, tries);
}

static void count_with_all(int fd)
{
	long harts = sysconf(_SC_NPROCESSORS_ONLN);

	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (access(FILE_, R_OK))
		test_skip("this kernel does not count locks");
	if (harts < 2)
		test_skip("one hart");
	count_with(harts > 4 ? 4 : harts, fd);
	if (harts > 4)
		count_with(harts > 8 ? 8 : harts, fd);
}

TEST_TIMED(faults_of_harts_meet_on_no_lock, 300)
{
	count_with_all(-1);
}

/* Pages of one file, which are in memory: they are looked up and mapped without a lock of the file. */
TEST_TIMED(faults_in_one_file_meet_on_no_lock, 300)
{
	int fd = memfd_create("faults", 0);
	static char page[4096];

	CHECK(fd >= 0);
	for (unsigned long i = 0; i < 8 * PAGES; i++)
		CHECK(write(fd, page, sizeof(page)) == sizeof(page));
	count_with_all(fd);
}

/* A region's first page: its anon_vma is made without a look under mmap_lock. */
TEST(first_pages_of_regions_take_no_mmap_lock)
{
	char *p = mmap(NULL, 512 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct counts a, b;

	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (access(FILE_, R_OK))
		test_skip("this kernel does not count locks");
	CHECK(p != MAP_FAILED);
	for (int i = 0; i < 512; i += 2)
		CHECK(!mprotect(p + i * PG, PG, PROT_READ | PROT_WRITE));
	read_counts(&a);
	read_counts(&a);
	for (int i = 0; i < 512; i += 2)
		((volatile char *)p)[i * PG] = 1;
	read_counts(&b);
	CHECK(b.all - a.all >= 256);
	CHECK_EQ(b.mmap - a.mmap, 0);
}
