/* test/user/t_limits.c - what bounds a resource, and arguments at the ends of their types.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#define PAGE	4096ul
#define LOW32	(1ul << 38)	/* a number whose low half is 0 */

/* Timers that never signal count against RLIMIT_SIGPENDING like all others. */
TEST(posix_timers_are_bounded)
{
	struct rlimit limit = { 100, 100 };
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	int st = CHILD_STATUS({
		timer_t id[101];
		int n = 0;

		CHECK_EQ(setresuid(4711, 4711, 4711), 0);	/* who has nothing queued yet */
		CHECK_EQ(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
		while (n < 101 && !timer_create(CLOCK_MONOTONIC, &none, &id[n]))
			n++;
		CHECK_EQ(n, 100);
		CHECK_EQ(errno, EAGAIN);
		CHECK_EQ(timer_delete(id[7]), 0);
		CHECK_EQ(timer_create(CLOCK_MONOTONIC, &none, &id[7]), 0);
	});

	CHECK_EQ(st, 0);
}

/* A pipe's own O_NONBLOCK makes splice() return, whatever the flags; the other file's does not matter. */
TEST(splice_heeds_the_pipe)
{
	int p[2], file = open("/tmp/limits", O_RDWR | O_CREAT | O_TRUNC, 0600);
	loff_t pos = 0, *bad = (loff_t *)8;

	CHECK(file >= 0);
	CHECK_EQ(write(file, "0123456789", 10), 10);
	CHECK_EQ(pipe2(p, O_NONBLOCK), 0);
	CHECK_ERR(splice(p[0], NULL, file, NULL, 10, 0), EAGAIN);
	CHECK_EQ(splice(file, &pos, p[1], NULL, 10, 0), 10);
	CHECK_ERR(splice(file, &pos, p[1], NULL, -1ul, 0), EINVAL);
	CHECK_ERR(splice(file, bad, p[1], NULL, 10, 0), EFAULT);
	CHECK_ERR(splice(p[0], bad, file, NULL, 10, 0), ESPIPE);
	CHECK_ERR(splice(file, NULL, p[1], bad, 10, 0), ESPIPE);
	CHECK_EQ(splice(p[0], NULL, file, &pos, 10, 0), 10);
	CHECK_EQ(unlink("/tmp/limits"), 0);
}

TEST(file_sizes_at_the_end_of_their_type)
{
	struct iovec v = { "x", 1 };
	int fd = open("/tmp/limits", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char buf[512];

	CHECK(fd >= 0);
	CHECK_ERR(fallocate(fd, 0, INT64_MAX, 4096), EFBIG);
	CHECK_ERR(fallocate(fd, 0, INT64_MAX - 4095, 4096), EFBIG);
	CHECK_EQ(syscall(SYS_writev, fd, &v, LOW32), 0);
	CHECK_EQ(syscall(SYS_readv, fd, &v, LOW32), 0);
	CHECK_ERR(syscall(SYS_writev, fd, &v, LOW32 + 1025), EINVAL);
	CHECK_EQ(unlink("/tmp/limits"), 0);
	close(fd);
	fd = open("/proc", O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0);
	CHECK_ERR(syscall(SYS_getdents64, fd, buf, 0xffffffffu), EINVAL);
	CHECK(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
}

TEST(transfers_at_the_end_of_their_type)
{
	uint64_t words[2] = { 1, 1 };
	int p[2], sv[2], fd = eventfd(0, EFD_NONBLOCK);

	CHECK(fd >= 0);
	CHECK_ERR(write(fd, words, 16), EINVAL);
	CHECK_EQ(write(fd, words, 8), 8);
	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(syscall(SYS_fcntl, p[0], F_SETPIPE_SZ, LOW32), 4096);
	CHECK_ERR(fcntl(p[0], F_SETOWN, 0x3ffffff), ESRCH);
	CHECK_ERR(fcntl(p[0], F_SETOWN, INT32_MIN), EINVAL);
	CHECK_EQ(fcntl(p[0], F_SETOWN, getpid()), 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
		test_skip("no sockets");
	CHECK_EQ(sendto(sv[0], "abc", 3, 0, (void *)8, 0), 3);
	CHECK(send(sv[0], words, -1ul, MSG_DONTWAIT) >= 0 || errno == EFAULT);
}

TEST(nobody_is_asked_for_nothing)
{
	struct iovec none = { NULL, 0 }, one = { "x", 1 };

	if (process_vm_readv(0x3ffffff, &one, 1, &one, 1, 0) == -1 && errno == ENOSYS)
		test_skip("no process_vm_readv");
	CHECK_EQ(errno, ESRCH);
	CHECK_EQ(process_vm_readv(0x3ffffff, &none, 1, &one, 1, 0), 0);
	CHECK_EQ(process_vm_readv(0x3ffffff, NULL, 0, &one, 1, 0), 0);
}

/* What a read left of a record is not all that the next one gets. */
TEST(proc_files_fill_small_reads)
{
	char buf[100];
	int fd = open("/proc/self/maps", O_RDONLY), blocks = 0;
	ssize_t n, last = sizeof(buf);

	CHECK(fd >= 0);
	for (; (n = read(fd, buf, sizeof(buf))) > 0; last = n, blocks++)
		CHECK_EQ(last, sizeof(buf));
	CHECK_EQ(n, 0);
	CHECK(blocks > 3);
}

/* What a mapping would replace stays when there is not enough memory for it. */
TEST(a_fixed_mapping_that_fails_replaces_nothing)
{
	size_t big = 1ul << 37;
	char *room = mmap(NULL, big, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *p;

	CHECK(room != MAP_FAILED);
	p = mmap(room, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK_EQ((long)p, (long)room);
	*p = 7;
	CHECK(mmap(room, big, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(*p, 7);
	CHECK_ERR(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, -PAGE), EOVERFLOW);
}

TEST(credentials_at_the_end_of_their_type)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	gid_t groups[2] = { 5, (gid_t)-1 };

	CHECK_ERR(syscall(SYS_setgroups, 2, groups), EINVAL);
	CHECK_EQ(syscall(SYS_capget, &h, NULL), 0);
	CHECK_ERR(prctl(PR_SET_SECUREBITS, LOW32, 0, 0, 0), EPERM);
}
