/*
 * test/user/t_access.c - who may look into a file's cache, into another process, and into what it was before exec.
 *
 * MODEL     The tests run as root; a child goes over to another user (become_user) and tries.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>

#ifndef SYS_cachestat
#define SYS_cachestat	451
#endif

#define USER		1000u
#define PG		4096ul

/* The system calls: those of the libc would take other threads along. */
static void become_user(void)
{
	CHECK_EQ(syscall(SYS_setgroups, 0, NULL), 0);
	CHECK_EQ(syscall(SYS_setresgid, USER, USER, USER), 0);
	CHECK_EQ(syscall(SYS_setresuid, USER, USER, USER), 0);
}

/* ---- what is cached -------------------------------------------------------------------------- */

#define RESIDENT	8

/* A file of RESIDENT pages with only the first one in memory. */
static int sparse_file(const char *path, mode_t mode)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK_EQ(fchmod(fd, mode), 0);
	CHECK_EQ(ftruncate(fd, RESIDENT * PG), 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	return fd;
}

/* How many pages mincore() calls resident; -1: it failed. */
static int resident_pages(const char *path)
{
	unsigned char vec[RESIDENT];
	int fd = open(path, O_RDONLY), n = 0;
	void *p;

	CHECK(fd >= 0);
	p = mmap(NULL, RESIDENT * PG, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	close(fd);
	if (mincore(p, RESIDENT * PG, vec))
		n = -1;
	for (int i = 0; i < RESIDENT && n >= 0; i++)
		n += vec[i] & 1;
	munmap(p, RESIDENT * PG);
	return n;
}

/* How many pages cachestat() counts; -1: it failed. */
static long cached_pages(const char *path)
{
	uint64_t range[2] = { 0, 0 }, cs[5] = { 0 };
	int fd = open(path, O_RDONLY);
	long rc;

	CHECK(fd >= 0);
	rc = syscall(SYS_cachestat, fd, range, cs, 0);
	close(fd);
	return rc ? -1 : (long)cs[0];
}

TEST(mincore_tells_who_may_write)
{
	static const char private_[] = "/tmp/t_access_private", open_[] = "/tmp/t_access_open";

	close(sparse_file(private_, 0644));
	close(sparse_file(open_, 0666));
	CHECK_EQ(resident_pages(private_), 1);
	int st = CHILD_STATUS({
		become_user();
		CHECK_EQ(resident_pages(private_), RESIDENT);
		CHECK_EQ(resident_pages(open_), 1);
	});
	CHECK_EQ(st, 0);
	CHECK_EQ(chown(private_, USER, USER), 0);
	CHECK_EQ(chmod(private_, 0444), 0);
	st = CHILD_STATUS({
		become_user();
		CHECK_EQ(resident_pages(private_), 1);		/* its owner */
	});
	CHECK_EQ(st, 0);
	unlink(private_);
	unlink(open_);
}

TEST(cachestat_tells_who_may_write)
{
	static const char private_[] = "/tmp/t_access_private", open_[] = "/tmp/t_access_open";

	close(sparse_file(private_, 0644));
	close(sparse_file(open_, 0666));
	errno = 0;
	if (cached_pages(private_) < 0 && errno == ENOSYS)
		test_skip("no cachestat");
	CHECK_EQ(cached_pages(private_), 1);
	int st = CHILD_STATUS({
		int writable = open(private_, O_RDWR);
		uint64_t range[2] = { 0, 0 }, cs[5] = { 0 };

		become_user();
		CHECK_ERR(cached_pages(private_), EPERM);
		CHECK_EQ(cached_pages(open_), 1);
		CHECK_EQ(syscall(SYS_cachestat, writable, range, cs, 0), 0);
		CHECK_EQ(cs[0], 1);
	});
	CHECK_EQ(st, 0);
	CHECK_EQ(chown(private_, USER, USER), 0);
	CHECK_EQ(chmod(private_, 0444), 0);
	st = CHILD_STATUS({
		become_user();
		CHECK_EQ(cached_pages(private_), 1);		/* its owner */
	});
	CHECK_EQ(st, 0);
	unlink(private_);
	unlink(open_);
}
