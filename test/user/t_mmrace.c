/*
 * test/user/t_mmrace.c - two things at once to one page, one file or one region.
 *
 * MODEL     Each test has an interleaving that must not be; it runs it often enough, by threads on several
 *           harts, that a kernel that allows it is caught, and ends after a bounded number of rounds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE	4096ul

/* Has @seconds passed since the first call of this process? */
static bool time_is_up(double seconds)
{
	static double end;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	double now = t.tv_sec + t.tv_nsec * 1e-9;
	if (!end)
		end = now + seconds;
	return now >= end;
}

/* ---- a private page belongs to one, however many look at it ----------------------------------- */

#define ROUND_SECONDS	5

static char *forced_page;
static volatile int forced_stop;

/* Writes through /proc/self/mem, each of which must be there afterwards. */
static void *force_words(void *slot)
{
	volatile unsigned long *word = (unsigned long *)(forced_page + 512 * (unsigned long)slot);
	int fd = open("/proc/self/mem", O_RDWR);
	unsigned long lost = 0;

	if (fd < 0)
		return (void *)1;
	for (unsigned long v = 1; !(v % 64 == 0 && time_is_up(ROUND_SECONDS)); v++) {
		if (pwrite(fd, &v, sizeof(v), (off_t)word) != sizeof(v) || *word != v)
			lost++;
	}
	close(fd);
	return (void *)lost;
}

static void *read_word(void *arg)
{
	int fd = open("/proc/self/mem", O_RDONLY);
	char buf[8];

	(void)arg;
	while (fd >= 0 && !forced_stop)
		if (pread(fd, buf, 8, (off_t)(unsigned long)(forced_page + 4000)) != 8)
			return (void *)1;
	close(fd);
	return (void *)(unsigned long)(fd < 0);
}

static void *fork_often(void *arg)
{
	(void)arg;
	while (!forced_stop) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return (void *)1;
	}
	return NULL;
}

/* Two write a read-only private page by force, @other goes on beside them: no write is lost. */
static void force_beside(void *(*other)(void *))
{
	pthread_t writer[2], third;
	void *lost;

	forced_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(forced_page != MAP_FAILED);
	forced_page[0] = 0;
	CHECK(!mprotect(forced_page, PAGE, PROT_READ));
	time_is_up(ROUND_SECONDS);
	CHECK(!pthread_create(&third, NULL, other, NULL));
	for (long i = 0; i < 2; i++)
		CHECK(!pthread_create(&writer[i], NULL, force_words, (void *)(i + 1)));
	for (int i = 0; i < 2; i++) {
		CHECK(!pthread_join(writer[i], &lost));
		CHECK_EQ(lost, 0);
	}
	forced_stop = 1;
	CHECK(!pthread_join(third, &lost));
	CHECK_EQ(lost, 0);
}

TEST(forced_writes_are_not_lost_to_a_reader) { force_beside(read_word); }
TEST(forced_writes_are_not_lost_to_fork) { force_beside(fork_often); }

/* What a child was given at fork stays as it was, though the parent writes by force and by mprotect. */
TEST(a_shared_page_is_copied_for_whoever_writes)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/mem", O_RDWR), go[2], ok[2];
	char c = 'b';

	CHECK(p != MAP_FAILED && fd >= 0 && !pipe(go) && !pipe(ok));
	p[0] = 'a';
	CHECK(!mprotect(p, PAGE, PROT_READ));
	pid_t pid = fork();
	if (!pid) {
		CHECK(read(go[0], &c, 1) == 1);
		CHECK(p[0] == 'a');
		CHECK(!mprotect(p, PAGE, PROT_READ | PROT_WRITE));
		p[0] = 'c';
		CHECK(write(ok[1], &c, 1) == 1);
		_exit(p[0] != 'c');
	}
	CHECK(pwrite(fd, &c, 1, (off_t)(unsigned long)p) == 1 && p[0] == 'b');
	CHECK(!mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	p[0]++;
	CHECK(write(go[1], &c, 1) == 1 && read(ok[0], &c, 1) == 1);
	CHECK_EQ(p[0], 'c');
	int status;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	p[0]++;
	CHECK_EQ(p[0], 'd');
}
