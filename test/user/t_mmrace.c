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
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
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

/*
 * What a child was given at fork stays as it was, though the parent writes by force and by mprotect; nobody reads the
 * old page after the copy was written (C2 of mm/fault/cow.c).
 */
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

/* ---- a file that is cut is not shown beyond its end ------------------------------------------- */

static __thread sigjmp_buf faulted;
static char *cut_map;
static volatile int cut_go, cut_done, cut_write;

static void on_bus(int sig) { siglongjmp(faulted, sig); }

/* Does an access to the map's second page get through? */
static bool touch(bool write)
{
	volatile char *p = cut_map + PAGE;

	if (sigsetjmp(faulted, 1))
		return false;
	if (write)
		*p = 1;
	else
		(void)*p;
	return true;
}

static void *touch_when_told(void *arg)
{
	(void)arg;
	for (int round = 1; ; round++) {
		while (cut_go == round - 1)
			sched_yield();
		if (cut_go < 0)
			return NULL;
		touch(cut_write);
		cut_done = round;
	}
}

/* One thread touches the second page while the other cuts it off: then it is not to be had. */
static void cut_while_touched(int map_flags, bool write)
{
	int fd = syscall(SYS_memfd_create, "cut", 0);
	pthread_t other;

	CHECK(fd >= 0);
	signal(SIGBUS, on_bus);
	cut_write = write;
	cut_map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, map_flags, fd, 0);
	CHECK(cut_map != MAP_FAILED);
	time_is_up(ROUND_SECONDS);
	CHECK(!pthread_create(&other, NULL, touch_when_told, NULL));
	for (int round = 1; !time_is_up(ROUND_SECONDS); round++) {
		struct stat st;
		char c = 7;

		CHECK(!ftruncate(fd, 2 * PAGE));
		if (round % 2)
			CHECK(pwrite(fd, "z", 1, PAGE) == 1);	/* cached, or a hole */
		cut_go = round;
		for (volatile int i = 0; i < round * 61 % 3000; i++)
			;
		CHECK(!ftruncate(fd, PAGE));
		while (cut_done != round)
			sched_yield();
		CHECK(!touch(false));
		CHECK(!fstat(fd, &st) && st.st_blocks <= 8);
		CHECK(!ftruncate(fd, 2 * PAGE) && pread(fd, &c, 1, PAGE) == 1 && c == 0);
		CHECK(!ftruncate(fd, PAGE));
	}
	cut_go = -1;
	CHECK(!pthread_join(other, NULL));
	close(fd);
}

TEST(no_private_copy_is_made_beyond_the_end) { cut_while_touched(MAP_PRIVATE, true); }
TEST(no_page_is_written_beyond_the_end) { cut_while_touched(MAP_SHARED, true); }
TEST(no_page_is_read_beyond_the_end) { cut_while_touched(MAP_SHARED, false); }
