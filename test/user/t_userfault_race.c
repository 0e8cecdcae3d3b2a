/*
 * test/user/t_userfault_race.c - userfaultfd with everything at once: faults of several threads beside copies,
 * protection that comes and goes, pages that are dropped or move to other frames, forks, and a file that is closed in
 * the midst.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/uffd.h"
#include <signal.h>
#include <time.h>

#define PAGES		64
#define FAULTERS	3
#define ROUND_MS	400
#define ROUNDS		4

static struct race {
	int fd;
	bool shared, wp;
	char *p;
	volatile bool stop, closed;
	unsigned long faults, wps;
} race;

static unsigned rnd(unsigned *seed) { return *seed = *seed * 1664525u + 1013904223u, *seed >> 8; }

/* What page @i begins with once it was served. */
static int tag(int i) { return 0x5a000000 | i; }

static void *faulter(void *arg)
{
	unsigned seed = (uintptr_t)arg * 7919;

	while (!race.stop) {
		int i = rnd(&seed) % PAGES;
		volatile int *page = (int *)(race.p + i * PAGE);
		int got;

		if (rnd(&seed) & 1)
			page[1 + (uintptr_t)arg] = seed;
		got = page[0];
		if (got != tag(i) && !(got == 0 && race.closed))
			abort();
	}
	return NULL;
}

static void serve(const struct uffd_msg *msg, char *page)
{
	char *at = (char *)(uintptr_t)(msg->arg.pagefault.address & -PAGE);

	if (msg->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP) {
		race.wps++;
		uffd_wp(race.fd, at, PAGE, false);
		return;
	}
	race.faults++;
	*(int *)page = tag((at - race.p) / PAGE);
	if (uffd_copy(race.fd, at, page, PAGE, race.wp && race.faults % 2 ? UFFDIO_COPY_MODE_WP : 0) != (long)PAGE)
		uffd_wake(race.fd, at, PAGE);
}

static void *monitor(void *arg)
{
	char *page = arg;
	struct pollfd p = { .fd = race.fd, .events = POLLIN };
	struct uffd_msg msg[8];

	while (!race.stop && !race.closed) {
		ssize_t n;

		if (poll(&p, 1, 20) <= 0)
			continue;
		n = read(race.fd, msg, sizeof(msg));
		for (int i = 0; i < n / (ssize_t)sizeof(msg[0]); i++)
			serve(&msg[i], page);
	}
	return NULL;
}

/* Pages go, protection comes and goes; all of it may fail, none of it may break anything. */
static void *breaker(void *arg)
{
	unsigned seed = 4711;

	(void)arg;
	while (!race.stop && !race.closed) {
		char *at = race.p + rnd(&seed) % PAGES * PAGE;
		size_t len = (1 + rnd(&seed) % 8) * PAGE;

		len = at + len > race.p + PAGES * PAGE ? PAGE : len;
		switch (rnd(&seed) % 8) {
		case 0:
			madvise(at, len, race.shared ? MADV_REMOVE : MADV_DONTNEED);
			break;
		case 1:
			madvise(at, len, MADV_DONTNEED);
			break;
		case 2:
			mprotect(at, len, PROT_READ | PROT_WRITE | PROT_EXEC);
			mprotect(at, len, PROT_READ | PROT_WRITE);
			break;
		case 3:
			if (rnd(&seed) % 16 == 0)
				CHECK_EQ(CHILD_STATUS(_exit(0)), 0);
			break;
		default:
			if (race.wp)
				uffd_wp(race.fd, at, len, rnd(&seed) & 1);
		}
		usleep(50);
	}
	return NULL;
}

/* Pages go to the other node, where there is one, or wherever compaction puts them. */
static void *migrator(void *arg)
{
	int compact = open("/proc/sys/vm/compact_memory", O_WRONLY), node[PAGES], status[PAGES];
	void *at[PAGES];

	(void)arg;
	for (int i = 0; i < PAGES; i++)
		at[i] = race.p + i * PAGE;
	for (int round = 0; !race.stop && !race.closed; round++) {
		for (int i = 0; i < PAGES; i++)
			node[i] = (round + i) & 1;
		syscall(SYS_move_pages, 0, (long)PAGES, at, node, status, 2);
		if (compact >= 0 && round % 64 == 0 && write(compact, "1", 1) != 1)
			break;
		usleep(1000);
	}
	close(compact);
	return NULL;
}

static bool raced_enough(void) { return race.faults > 20 && (!race.wp || race.wps > 5); }

static void race_round(bool shared, bool wp)
{
	static char pages[2][PAGE] __attribute__((aligned(4096)));
	pthread_t t[FAULTERS + 4];

	race = (struct race){ .fd = uffd_open(O_NONBLOCK, wp ? FEATURES_WP & ~UFFD_FEATURE_WP_ASYNC : 0),
			      .shared = shared, .wp = wp };
	race.p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		      (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
	CHECK(race.p != MAP_FAILED);
	CHECK(!uffd_register(race.fd, race.p, PAGES * PAGE, MISSING | (wp ? WP : 0), NULL));
	for (long i = 0; i < FAULTERS; i++)
		CHECK(!pthread_create(&t[i], NULL, faulter, (void *)i));
	CHECK(!pthread_create(&t[FAULTERS], NULL, monitor, pages[0]));
	CHECK(!pthread_create(&t[FAULTERS + 1], NULL, monitor, pages[1]));
	CHECK(!pthread_create(&t[FAULTERS + 2], NULL, breaker, NULL));
	CHECK(!pthread_create(&t[FAULTERS + 3], NULL, migrator, NULL));
	usleep(ROUND_MS * 1000);
	for (int i = 0; i < 200 && !raced_enough(); i++)		/* on a busy host */
		usleep(50000);
	race.closed = true;		/* before the close: pages may be zero from here on */
	close(race.fd);
	usleep(20000);
	race.stop = true;
	for (int i = 0; i < FAULTERS + 4; i++)
		CHECK(!pthread_join(t[i], NULL));
	CHECK(raced_enough());
	munmap(race.p, PAGES * PAGE);
}

TEST_TIMED(uffd_everything_at_once, 120)
{
	bool wp = (uffd_offers() & FEATURES_WP) == FEATURES_WP;

	for (int i = 0; i < ROUNDS; i++)
		race_round(i & 1, wp && i < ROUNDS / 2);
}

/* Many threads wait for one page, and for many. */
static void *reader(void *arg) { return (void *)(long)*(volatile char *)arg; }

TEST(uffd_many_waiters)
{
	enum { N = 64 };
	static char page[PAGE] __attribute__((aligned(4096)));
	int fd = uffd_open(O_NONBLOCK, 0);
	char *p = anon(N * PAGE);
	pthread_attr_t attr;
	pthread_t t[N];
	void *got;

	memset(page, 'y', PAGE);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	CHECK(!uffd_register(fd, p, N * PAGE, MISSING, NULL));
	for (int i = 0; i < N; i++)
		CHECK(!pthread_create(&t[i], &attr, reader, p + (i % 2 ? i : 0) * PAGE));
	for (int i = 0; i < N; i++)
		uffd_msg(fd);
	for (int i = 0; i < N; i++)
		if (i == 0 || i % 2)
			CHECK_EQ(uffd_copy(fd, p + i * PAGE, page, PAGE, 0), PAGE);
	for (int i = 0; i < N; i++)
		CHECK(!pthread_join(t[i], &got) && got == (void *)(long)'y');
}
