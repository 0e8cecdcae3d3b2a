/*
 * test/user/t_seals.c - files of memory: seals, also against mappings that come and go; what fallocate() puts aside.
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
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>

#define PAGE		4096ul
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC	0x20
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	8
#define MFD_EXEC	16
#endif
#define WRITE_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define RUN_SECONDS	4

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static int memfd(unsigned flags, off_t size)
{
	int fd = syscall(SYS_memfd_create, "seals", flags);

	CHECK(fd >= 0 && !ftruncate(fd, size));
	return fd;
}

static char *map(int fd, int prot, off_t size) { return mmap(NULL, size, prot, MAP_SHARED, fd, 0); }

static unsigned mode_of(int fd)
{
	struct stat st;

	CHECK(!fstat(fd, &st));
	return st.st_mode & 07777;
}

/* ---- seals one by one ------------------------------------------------------------------------- */

TEST(execute_seals_hold_the_mode)
{
	int fd = memfd(MFD_NOEXEC_SEAL, PAGE);

	CHECK_EQ(mode_of(fd), 0666);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_EXEC);
	CHECK_ERR(fchmod(fd, 0755), EPERM);
	CHECK_ERR(fchmod(fd, 0667), EPERM);
	CHECK(!fchmod(fd, 0200) && mode_of(fd) == 0200);
	CHECK(!fchmod(fd, 04666) && mode_of(fd) == 04666);
	CHECK_EQ(write(fd, "x", 1), 1);
	fd = memfd(MFD_ALLOW_SEALING | MFD_EXEC, PAGE);
	CHECK(!fchmod(fd, 0644) && !fchmod(fd, 0755));
	CHECK(!fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
	CHECK_ERR(fchmod(fd, 0644), EPERM);
	CHECK(!fchmod(fd, 0711));
	fd = memfd(MFD_ALLOW_SEALING | MFD_EXEC, PAGE);
	CHECK(!fchmod(fd, 0644) && !fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_EXEC);
	CHECK_ERR(fchmod(fd, 0755), EPERM);
}

TEST(what_may_run_is_sealed_against_writing)
{
	int fd = memfd(MFD_ALLOW_SEALING | MFD_EXEC, PAGE);
	char *p = map(fd, PROT_READ | PROT_WRITE, PAGE);

	CHECK(p != MAP_FAILED);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC), EBUSY);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
	CHECK(!munmap(p, PAGE) && !fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_EXEC | WRITE_SEALS);
	CHECK_ERR(write(fd, "x", 1), EPERM);
	CHECK_ERR(ftruncate(fd, 100), EPERM);
	CHECK(map(fd, PROT_READ | PROT_WRITE, PAGE) == MAP_FAILED && errno == EPERM);
	p = map(fd, PROT_READ, PAGE);
	CHECK(p != MAP_FAILED);
	CHECK_ERR(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
}

TEST(a_mapping_that_may_be_written_counts_until_it_is_gone)
{
	int fd = memfd(MFD_ALLOW_SEALING, 4 * PAGE);
	char *p = map(fd, PROT_READ, 4 * PAGE), *q;

	CHECK(p != MAP_FAILED);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);	/* mprotect() could make it writable */
	CHECK(!munmap(p + PAGE, PAGE));
	CHECK(mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	q = mremap(p, PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK(CHILD_STATUS(if (munmap(q, 8 * PAGE)) _exit(1)) == 0);	/* the child's goes, ours stays */
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK(!munmap(q, 8 * PAGE));
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK(!munmap(p + 3 * PAGE, PAGE));
	q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(q != MAP_FAILED && !fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	q[0] = 1;				/* a private copy is nobody else's business */
	CHECK(map(fd, PROT_READ, PAGE) != MAP_FAILED);
	CHECK(map(fd, PROT_READ | PROT_WRITE, PAGE) == MAP_FAILED && errno == EPERM);
}

TEST(future_write_leaves_the_mappings_that_are_there)
{
	int fd = memfd(MFD_ALLOW_SEALING, 4 * PAGE);
	char *p = map(fd, PROT_READ | PROT_WRITE, PAGE), *r = map(fd, PROT_READ, PAGE), *s;

	CHECK(p != MAP_FAILED && r != MAP_FAILED);
	CHECK(!fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	p[0] = 1;
	CHECK(!mprotect(r, PAGE, PROT_READ | PROT_WRITE));
	r[1] = 2;
	CHECK_ERR(write(fd, "x", 1), EPERM);
	CHECK(map(fd, PROT_READ | PROT_WRITE, PAGE) == MAP_FAILED && errno == EPERM);
	s = map(fd, PROT_READ, PAGE);
	CHECK(s != MAP_FAILED && s[0] == 1 && s[1] == 2);
	CHECK_ERR(mprotect(s, PAGE, PROT_READ | PROT_WRITE), EACCES);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK(!munmap(p, PAGE) && !munmap(r, PAGE) && !fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

/* ---- seals against mappings ------------------------------------------------------------------- */

static volatile int race_fd = -1, race_go, race_done;
static char *volatile race_map;

static void *map_when_told(void *arg)
{
	(void)arg;
	for (int round = 1; ; round++) {
		while (race_go == round - 1)
			sched_yield();
		if (race_go < 0)
			return NULL;
		race_map = map(race_fd, PROT_READ | PROT_WRITE, PAGE);
		race_done = round;
	}
}

TEST(mmap_and_a_write_seal_never_both_succeed)
{
	double end = now() + RUN_SECONDS;
	pthread_t other;

	CHECK(!pthread_create(&other, NULL, map_when_told, NULL));
	for (int round = 1; now() < end; round++) {
		race_fd = memfd(MFD_ALLOW_SEALING, PAGE);
		race_go = round;
		for (volatile int i = 0; i < round * 37 % 1500; i++)
			;
		bool sealed = !fcntl(race_fd, F_ADD_SEALS, F_SEAL_WRITE);
		while (race_done != round)
			sched_yield();
		CHECK(!(sealed && race_map != MAP_FAILED));
		if (race_map != MAP_FAILED)
			CHECK(!munmap(race_map, PAGE));
		close(race_fd);
	}
	race_go = -1;
	CHECK(!pthread_join(other, NULL));
}

#define BIG	(32ul << 20)

static void *unmap_when_told(void *p)
{
	while (!race_go)
		sched_yield();
	munmap(p, BIG);
	return NULL;
}

static sigjmp_buf faulted;

static void on_fault(int sig) { siglongjmp(faulted, sig); }

TEST(a_sealed_file_is_not_written_while_it_is_unmapped)
{
	signal(SIGSEGV, on_fault);
	for (int round = 0; round < 4; round++) {
		int fd = memfd(MFD_ALLOW_SEALING, BIG);
		char *p = map(fd, PROT_READ | PROT_WRITE, BIG), c;
		volatile char *last = p + BIG - PAGE;
		pthread_t other;

		CHECK(p != MAP_FAILED);
		for (unsigned long at = 0; at < BIG; at += PAGE)
			p[at] = 1;
		race_go = 0;
		CHECK(!pthread_create(&other, NULL, unmap_when_told, p));
		race_go = 1;
		while (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
			CHECK_EQ(errno, EBUSY);
		if (!sigsetjmp(faulted, 1)) {
			*last = 77;
			CHECK(!"a store through a mapping of a sealed file");
		}
		CHECK(pread(fd, &c, 1, BIG - PAGE) == 1 && c == 1);
		CHECK(!pthread_join(other, NULL));
		close(fd);
	}
}

/* ---- what fallocate() puts aside --------------------------------------------------------------- */

static unsigned in_core(char *p, unsigned nr)
{
	unsigned char vec[64];
	unsigned n = 0;

	CHECK(!mincore(p, nr * PAGE, vec));
	for (unsigned i = 0; i < nr; i++)
		n += vec[i] & 1;
	return n;
}

TEST(allocated_pages_are_holes_until_they_are_used)
{
	int fd = memfd(0, 0);
	char buf[PAGE], *p;
	struct stat st;

	CHECK(!fallocate(fd, 0, 0, 16 * PAGE) && !fstat(fd, &st));
	CHECK(st.st_size == 16 * PAGE && st.st_blocks == 16 * 8);
	p = map(fd, PROT_READ | PROT_WRITE, 16 * PAGE);
	CHECK(p != MAP_FAILED);
	CHECK_EQ(in_core(p, 16), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
	memset(buf, 1, PAGE);
	CHECK(pread(fd, buf, PAGE, 3 * PAGE) == PAGE && !buf[0] && !buf[PAGE - 1]);
	CHECK_EQ(in_core(p, 16), 0);
	CHECK(pwrite(fd, "x", 1, 5 * PAGE + 7) == 1);
	CHECK(in_core(p + 5 * PAGE, 1) == 1);
	CHECK(p[5 * PAGE + 7] == 'x' && !p[5 * PAGE] && !p[6 * PAGE - 1]);
	p[9 * PAGE] = 'y';
	CHECK(pread(fd, buf, PAGE, 9 * PAGE) == PAGE && buf[0] == 'y' && !buf[1]);
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 5 * PAGE);
	CHECK_EQ(lseek(fd, 5 * PAGE, SEEK_HOLE), 6 * PAGE);
	CHECK_EQ(lseek(fd, 6 * PAGE + 1, SEEK_DATA), 9 * PAGE);
	CHECK_EQ(lseek(fd, 10 * PAGE, SEEK_HOLE), 10 * PAGE);
	CHECK(!fstat(fd, &st) && st.st_blocks == 16 * 8);
	CHECK(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 16 * PAGE));
	CHECK(!fstat(fd, &st) && st.st_blocks == 0 && !p[9 * PAGE]);
}

TEST(a_failed_fallocate_gives_back_what_it_took)
{
	struct statfs before, after;
	int fd;

	mkdir("/tmp/small", 0755);
	if (mount("small", "/tmp/small", "tmpfs", 0, "size=64k"))
		test_skip("cannot mount: %s", strerror(errno));
	fd = open("/tmp/small/a", O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && pwrite(fd, "x", 1, 2 * PAGE) == 1);
	CHECK(!statfs("/tmp/small", &before));
	CHECK_ERR(fallocate(fd, 0, 0, 17 * PAGE), ENOSPC);
	int other = open("/tmp/small/b", O_RDWR | O_CREAT, 0600);
	CHECK(other >= 0 && !ftruncate(other, PAGE) && pwrite(other, "y", 1, 0) == 1);
	CHECK_ERR(fallocate(fd, 0, 0, 16 * PAGE), ENOSPC);	/* finds out on the way */
	CHECK(!statfs("/tmp/small", &after));
	CHECK_EQ(after.f_bfree, before.f_bfree - 1);
	char c;
	CHECK(pread(fd, &c, 1, 2 * PAGE) == 1 && c == 'x');
	close(other);
	close(fd);
	CHECK(!umount("/tmp/small") && !rmdir("/tmp/small"));
}
