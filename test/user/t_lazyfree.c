/*
 * test/user/t_lazyfree.c - pages that a program says it needs less: MADV_FREE, MADV_COLD, MADV_PAGEOUT.
 *
 * What was advised to be free reads as it did, or as zeros; what was written since stays, whoever wrote it and
 * however often memory is asked for meanwhile.  MADV_PAGEOUT is the request that can be made at any time; real
 * shortage comes last.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

#define PG 4096ul
#define NR 256ul
#define MOST (1300ul << 20)	/* larger machines would only take longer */

#ifndef MADV_COLD
#define MADV_COLD	20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define AT(p, n) (*(volatile unsigned long *)((p) + (n) * PG))

/* One hart: others keep batches of pages that are on no list, and so cannot be freed. */
static void stay_here(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	CHECK(!sched_setaffinity(0, sizeof(one), &one));
}

static char *map_pages(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

static void fill(char *p, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		AT(p, i) = i + 1;
}

/* NR pages, page i holding i + 1, all of which may be freed. */
static char *map_lazy(void)
{
	char *p = map_pages(NR * PG);

	stay_here();
	fill(p, NR);
	CHECK(!madvise(p, NR * PG, MADV_FREE));
	CHECK(!madvise(p, NR * PG, MADV_FREE));		/* a second time: what the hart keeps goes to the lists */
	return p;
}

/* A field of smaps, in kB, of the region of @p. */
static long smaps(char *p, const char *field)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long a, b;
	bool in = false;
	char line[512];
	long kb = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx ", &a, &b) == 2 && strchr(line, '-') < strchr(line, ' '))
			in = a <= (unsigned long)p && b > (unsigned long)p;
		else if (in && !strncmp(line, field, strlen(field)))
			kb += atol(line + strlen(field));
	fclose(f);
	return kb;
}

/* -1: a kernel that does not count events. */
static long vmstat(const char *name)
{
	FILE *f = fopen("/proc/vmstat", "r");
	size_t n = strlen(name);
	char line[256];
	long v = -1;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n) && line[n] == ' ')
			v = atol(line + n);
	fclose(f);
	return v;
}

/* Ask until the pages i of @nr at @p read as zeros; those that @keep(i) names hold ~i throughout. */
static void page_out(char *p, unsigned long nr, bool (*keep)(unsigned long i))
{
	unsigned long left;

	do {
		CHECK(!madvise(p, nr * PG, MADV_PAGEOUT));
		left = 0;
		for (unsigned long i = 0; i < nr; i++) {
			unsigned long is = AT(p, i);

			if (keep(i))
				CHECK_EQ(is, ~i);
			else
				CHECK(!is || is == i + 1);
			left += !keep(i) && is;
		}
		if (left)
			usleep(1000);
	} while (left);
}

static bool none(unsigned long i) { return i > ~0ul - 1; }
static bool odd(unsigned long i) { return i & 1; }
static bool all(unsigned long i) { return i <= NR; }

/* ---- arguments --------------------------------------------------------------------------------- */

TEST(lazyfree_what_is_refused)
{
	char *p = map_pages(4 * PG), *s = mmap(NULL, PG, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/exe", O_RDONLY);
	char *f = mmap(NULL, PG, PROT_READ, MAP_PRIVATE, fd, 0);

	CHECK(s != MAP_FAILED && f != MAP_FAILED);
	CHECK_ERR(madvise(s, PG, MADV_FREE), EINVAL);
	CHECK_ERR(madvise(f, PG, MADV_FREE), EINVAL);
	CHECK_ERR(madvise(p + 1, PG, MADV_FREE), EINVAL);
	CHECK_ERR(madvise(p, -PG, MADV_FREE), EINVAL);
	CHECK_EQ(madvise(p, 0, MADV_FREE), 0);
	CHECK_EQ(madvise(p, PG, MADV_FREE), 0);
	CHECK_EQ(madvise(f, PG, MADV_COLD), 0);
	CHECK_EQ(madvise(f, PG, MADV_PAGEOUT), 0);
	CHECK_EQ(madvise(s, PG, MADV_PAGEOUT), 0);
	CHECK(!mlock(p + 3 * PG, PG));
	for (int advice = MADV_COLD; advice <= MADV_PAGEOUT; advice++)
		CHECK_ERR(madvise(p, 4 * PG, advice), EINVAL);
	CHECK_ERR(madvise(p + 3 * PG, PG, MADV_FREE), EINVAL);
	CHECK(!munmap(p + PG, PG));
	CHECK_ERR(madvise(p, 3 * PG, MADV_FREE), ENOMEM);
	CHECK_ERR(madvise(p, 3 * PG, MADV_COLD), ENOMEM);
}

/* ---- what one sees ----------------------------------------------------------------------------- */

TEST(lazyfree_pages_stay_and_are_counted)
{
	long before = vmstat("pglazyfree");
	char *p = map_lazy();

	CHECK(before < 0 || vmstat("pglazyfree") - before >= (long)NR);
	CHECK_EQ(smaps(p, "LazyFree:"), NR * 4);
	CHECK_EQ(smaps(p, "Rss:"), NR * 4);
	CHECK_EQ(smaps(p, "Anonymous:"), NR * 4);
	CHECK_EQ(smaps(p, "Private_Dirty:"), 0);
	for (unsigned long i = 0; i < NR; i++)
		CHECK_EQ(AT(p, i), i + 1);
	for (unsigned long i = 0; i < NR / 2; i++)
		AT(p, i) = 5;
	CHECK_EQ(smaps(p, "LazyFree:"), NR * 2);
	CHECK_EQ(smaps(p, "Private_Dirty:"), NR * 2);
	CHECK(!madvise(p, NR * PG, MADV_DONTNEED));
	CHECK_EQ(smaps(p, "LazyFree:"), 0);
	CHECK_EQ(smaps(p, "Rss:"), 0);
}

TEST(lazyfree_writes_keep_pages)
{
	long before = vmstat("pglazyfreed");
	char *p = map_lazy();

	for (unsigned long i = 1; i < NR; i += 2)
		AT(p, i) = ~i;
	page_out(p, NR, odd);
	CHECK(before < 0 || vmstat("pglazyfreed") - before >= (long)NR / 2);
	CHECK_EQ(smaps(p, "LazyFree:"), 0);
	for (unsigned long i = 1; i < NR; i += 2)
		CHECK_EQ(AT(p, i), ~i);
}

TEST(lazyfree_goes_when_nobody_wrote)
{
	char *p = map_lazy();

	page_out(p, NR, none);
	CHECK_EQ(smaps(p, "Private_Dirty:"), 0);
	fill(p, NR);
	for (unsigned long i = 0; i < NR; i++)
		CHECK_EQ(AT(p, i), i + 1);
}

TEST(lazyfree_in_place_again)
{
	char *p = map_lazy();

	for (unsigned long i = 0; i < NR; i++)
		AT(p, i) = ~i;
	page_out(p, NR, all);
	for (unsigned long i = 0; i < NR; i++)
		AT(p, i) = i + 1;
	CHECK(!madvise(p, NR * PG, MADV_FREE));
	page_out(p, NR, none);
}

/* What the kernel writes for the program is written. */
TEST(lazyfree_writes_by_the_kernel)
{
	char *p = map_lazy();
	int pipes[2], mem = open("/proc/self/mem", O_RDWR);

	CHECK(!pipe(pipes) && mem >= 0);
	for (unsigned long i = 0; i < NR; i++) {
		unsigned long v = ~i;
		struct iovec from = { &v, 8 }, to = { p + i * PG, 8 };

		if (i % 3 == 0) {
			CHECK_EQ(write(pipes[1], &v, 8), 8);
			CHECK_EQ(read(pipes[0], p + i * PG, 8), 8);
		} else if (i % 3 == 1 || process_vm_writev(getpid(), &from, 1, &to, 1, 0) != 8) {
			CHECK(i % 3 == 1 || errno == ENOSYS);
			CHECK_EQ(pwrite(mem, &v, 8, (off_t)(p + i * PG)), 8);
		}
	}
	page_out(p, NR, all);
}

/* ---- other calls ------------------------------------------------------------------------------- */

TEST(lazyfree_fork_first_then_advice)
{
	char *p = map_pages(NR * PG);

	for (unsigned long i = 0; i < NR; i++)
		AT(p, i) = ~i;
	CHECK_EQ(CHILD_STATUS({
		if (madvise(p, NR * PG, MADV_FREE) || madvise(p, NR * PG, MADV_PAGEOUT))
			_exit(1);
		for (unsigned long i = 0; i < NR; i++)
			if (AT(p, i) && AT(p, i) != ~i)
				_exit(2);
	}), 0);
	page_out(p, NR, all);
	CHECK_EQ(CHILD_STATUS(page_out(p, NR, all)), 0);
}

TEST(lazyfree_then_fork)
{
	char *p = map_lazy();
	int status = CHILD_STATUS({
		for (unsigned long i = 1; i < NR; i += 2)
			AT(p, i) = ~i;
		for (int n = 0; n < 20; n++) {
			if (madvise(p, NR * PG, MADV_PAGEOUT))
				_exit(1);
			for (unsigned long i = 0; i < NR; i++)
				if (odd(i) ? AT(p, i) != ~i : AT(p, i) && AT(p, i) != i + 1)
					_exit(2);
		}
	});

	CHECK_EQ(status, 0);
	page_out(p, NR, none);		/* they are the parent's alone now */
}

TEST(lazyfree_goes_with_its_region)
{
	char *p = map_lazy(), *q;

	CHECK(!mprotect(p, NR * PG, PROT_READ));
	CHECK_EQ(smaps(p, "LazyFree:"), NR * 4);
	CHECK(!mprotect(p, NR * PG, PROT_NONE));
	CHECK(!mprotect(p, NR * PG, PROT_READ | PROT_WRITE));
	CHECK_EQ(smaps(p, "LazyFree:"), NR * 4);
	q = mmap(NULL, 2 * NR * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	q = mremap(p, NR * PG, NR * PG, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	CHECK(q != MAP_FAILED);
	CHECK_EQ(smaps(q, "LazyFree:"), NR * 4);
	for (unsigned long i = 1; i < NR; i += 2)
		AT(q, i) = ~i;
	page_out(q, NR, odd);
}

TEST(lazyfree_locked_memory_stays)
{
	char *p = map_lazy();

	CHECK(!mlock(p, NR * PG));
	for (unsigned long i = 0; i < NR; i++)
		CHECK_EQ(AT(p, i), i + 1);
	CHECK_ERR(madvise(p, NR * PG, MADV_PAGEOUT), EINVAL);
	for (unsigned long i = 0; i < NR; i++)
		CHECK_EQ(AT(p, i), i + 1);
	CHECK(!munlock(p, NR * PG));
	for (unsigned long i = 0; i < NR; i++)
		CHECK(!AT(p, i) || AT(p, i) == i + 1);
}

/* ---- cold -------------------------------------------------------------------------------------- */

TEST(cold_pages_look_unused)
{
	char *p = map_pages(NR * PG);

	stay_here();
	fill(p, NR);
	CHECK_EQ(smaps(p, "Referenced:"), NR * 4);
	CHECK(!madvise(p, NR * PG, MADV_COLD));
	CHECK_EQ(smaps(p, "Referenced:"), 0);
	CHECK_EQ(smaps(p, "Rss:"), NR * 4);
	for (unsigned long i = 0; i < NR / 2; i++)
		CHECK_EQ(AT(p, i), i + 1);
	CHECK_EQ(smaps(p, "Referenced:"), NR * 2);
	CHECK_EQ(smaps(p, "Private_Dirty:"), NR * 4);
}

/* Without a store to put it in, anonymous memory that is needed stays. */
TEST(pageout_loses_nothing)
{
	char *p = map_pages(NR * PG);
	char *s = mmap(NULL, NR * PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(s != MAP_FAILED);
	fill(p, NR);
	fill(s, NR);
	for (int n = 0; n < 5; n++) {
		CHECK(!madvise(p, NR * PG, MADV_PAGEOUT));
		CHECK(!madvise(s, NR * PG, MADV_PAGEOUT));
	}
	for (unsigned long i = 0; i < NR; i++) {
		CHECK_EQ(AT(p, i), i + 1);
		CHECK_EQ(AT(s, i), i + 1);
	}
}

/* ---- races ------------------------------------------------------------------------------------- */

#define ROUNDS	300

static struct race {
	char *p;
	pthread_barrier_t meet;
	unsigned done;
	unsigned lost;
} race;

static void *ask(void *arg)
{
	while (!__atomic_load_n(&race.done, __ATOMIC_ACQUIRE))
		CHECK(!madvise(race.p, NR * PG, MADV_PAGEOUT));
	return arg;
}

/*
 * Both advise the same pages at once; then each writes a word of its own into each, and it has to stay, also where
 * the other's call had cleared the entry and not told us so yet.
 */
static void *advise_and_write(void *arg)
{
	unsigned long me = (unsigned long)arg, seen;

	for (unsigned long n = 1; n <= ROUNDS; n++) {
		pthread_barrier_wait(&race.meet);
		CHECK(!madvise(race.p, NR * PG, MADV_FREE));
		pthread_barrier_wait(&race.meet);
		for (unsigned long i = 0; i < NR; i++)
			(&AT(race.p, i))[me] = n << 16 | i;
		for (int look = 0; look < 3; look++)
			for (unsigned long i = 0; i < NR; i++) {
				seen = (&AT(race.p, i))[me];
				if (seen != (n << 16 | i))
					__atomic_fetch_add(&race.lost, 1, __ATOMIC_RELAXED);
			}
	}
	return NULL;
}

TEST_TIMED(lazyfree_race_of_writers_and_reclaim, 120)
{
	pthread_t asker, writer[2];

	race.p = map_pages(NR * PG);
	CHECK(!pthread_barrier_init(&race.meet, NULL, 2));
	CHECK(!pthread_create(&asker, NULL, ask, NULL));
	for (unsigned long i = 0; i < 2; i++)
		CHECK(!pthread_create(&writer[i], NULL, advise_and_write, (void *)(i + 1)));
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_join(writer[i], NULL));
	__atomic_store_n(&race.done, 1, __ATOMIC_RELEASE);
	CHECK(!pthread_join(asker, NULL));
	CHECK_EQ(race.lost, 0);
}

/* ---- shortage ---------------------------------------------------------------------------------- */

/* Before anyone is killed; and what was written since stays. */
TEST_TIMED(lazyfree_goes_before_anyone_is_killed, 200)
{
	unsigned long nr, gone = 0;
	struct sysinfo si;
	char *p;

	CHECK(!sysinfo(&si));
	if (si.freeram * si.mem_unit > MOST / 2)
		test_skip("a large machine");
	nr = si.freeram * si.mem_unit / 2 / PG;
	p = map_pages(nr * PG);
	fill(p, nr);
	CHECK(!madvise(p, nr * PG, MADV_FREE));
	for (unsigned long i = 0; i < nr; i += 16)
		AT(p, i) = ~i;
	CHECK_EQ(CHILD_STATUS({
		size_t most = (nr + nr / 2) * PG;
		char *q = map_pages(most);

		for (size_t at = 0; at < most; at += PG)
			q[at] = 1;
	}), 0);
	for (unsigned long i = 0; i < nr; i++) {
		if (i % 16 == 0)
			CHECK_EQ(AT(p, i), ~i);
		else
			CHECK(!AT(p, i) || AT(p, i) == i + 1);
		gone += !AT(p, i);
	}
	CHECK(gone > 0);
}
