/*
 * test/user/t_splice.c - splice, tee, vmsplice, sendfile: pages that are shared, amounts, refusals.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

static char buf[1 << 20];

static char *anon(size_t n)
{
	char *m = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(m != MAP_FAILED);
	return m;
}

static ssize_t vms(int fd, void *p, size_t n, unsigned flags)
{
	struct iovec v = { p, n };

	return vmsplice(fd, &v, 1, flags);
}

static int temp(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	CHECK(fd >= 0);
	return fd;
}

/* ---- vmsplice -------------------------------------------------------------------------------- */

TEST(vmsplice_shares_pages)
{
	unsigned long *s = (void *)anon(65536), *d = (void *)anon(65536);
	int p[2];

	CHECK(!pipe(p));
	for (int gift = 0; gift < 2; gift++) {
		s[0] = 0x1111;
		s[4096 / 8] = 0x1112;
		CHECK_EQ(vms(p[1], s, 65536, gift ? SPLICE_F_GIFT : 0), 65536);
		s[0] = 0x2222;
		CHECK_EQ(vms(p[0], d, 65536, 0), 65536);
		CHECK_EQ(d[0], 0x2222);
		CHECK_EQ(d[4096 / 8], 0x1112);
	}
}

/* Memory that was never touched is the zero page: a store gets a page of its own, which the pipe does not see. */
TEST(vmsplice_of_untouched_memory_is_zero)
{
	unsigned long *s = (void *)anon(8192), d = 1;
	int p[2];

	CHECK(!pipe(p));
	CHECK_EQ(vms(p[1], s, 8192, 0), 8192);
	s[0] = 0x3333;
	CHECK_EQ(read(p[0], &d, 8), 8);
	CHECK_EQ(d, 0);
}

/* The pipe keeps the page when its owner unmaps it, forks and writes, or ends. */
TEST(vmsplice_pages_outlive_their_owner)
{
	unsigned long *s = (void *)anon(4096), d = 0;
	int p[2];

	CHECK(!pipe(p));
	s[0] = 0x4444;
	CHECK_EQ(vms(p[1], s, 4096, 0), 4096);
	CHECK(!munmap(s, 4096));
	CHECK_EQ(CHILD_STATUS({
		unsigned long *c = (void *)anon(4096);

		c[0] = 0x5555;
		CHECK_EQ(vms(p[1], c, 4096, 0), 4096);
	}), 0);
	CHECK_EQ(read(p[0], &d, 8), 8);
	CHECK_EQ(d, 0x4444);
	CHECK_EQ(read(p[0], buf, 4088), 4088);
	CHECK_EQ(read(p[0], &d, 8), 8);
	CHECK_EQ(d, 0x5555);
}

/* After fork parent and child share; a store of either is his own, and the pipe shows what was in it. */
TEST(vmsplice_and_fork)
{
	unsigned long *s = (void *)anon(4096), d = 0;
	int p[2];

	CHECK(!pipe(p));
	s[0] = 0x6666;
	CHECK_EQ(CHILD_STATUS({
		CHECK_EQ(vms(p[1], s, 4096, 0), 4096);
		s[0] = 0x7777;
	}), 0);
	CHECK_EQ(s[0], 0x6666);
	CHECK_EQ(read(p[0], &d, 8), 8);
	CHECK(d == 0x6666 || d == 0x7777);
}

TEST(vmsplice_takes_what_fits)
{
	struct iovec v[3] = { { buf + 100, 5 }, { buf + 8000, 0 }, { (void *)16, 10 } };
	int p[2], q[2], in;

	CHECK(!pipe(p) && !pipe(q));
	CHECK_EQ(vms(p[1], anon(1 << 20), 1 << 20, 0), 65536);	/* and no wait for a reader */
	CHECK_ERR(vms(p[1], buf, 10, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_EQ(vmsplice(q[1], v, 3, 0), 5);
	CHECK_ERR(vmsplice(q[1], v + 2, 1, 0), EFAULT);
	CHECK_EQ(vms(q[1], anon(8192) + 4090, 10, 0), 10);
	CHECK(!ioctl(q[0], FIONREAD, &in));
	CHECK_EQ(in, 15);
	CHECK_EQ(write(q[1], "ab", 2), 2);		/* not into the user's page */
	CHECK_EQ(read(q[0], buf, 64), 17);
	CHECK(!memcmp(buf + 15, "ab", 2));
	CHECK_ERR(vms(q[0], buf, 10, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERR(vms(temp(), buf, 10, 0), EBADF);
	CHECK_EQ(vmsplice(q[1], v, 0, 0), 0);
	CHECK_ERR(vmsplice(q[1], v, 2000, 0), EINVAL);
	CHECK_ERR(vms(q[1], buf, 1, 0x40), EINVAL);
}

/* A write appends to the pipe's own pages, never to those of a user. */
TEST(vmsplice_page_is_not_written)
{
	char *s = anon(4096), d[8];
	int p[2];

	memset(s, 'a', 4096);
	CHECK(!pipe(p));
	CHECK_EQ(vms(p[1], s, 4, 0), 4);
	CHECK_EQ(write(p[1], "zz", 2), 2);
	CHECK_EQ(s[4], 'a');
	CHECK_EQ(read(p[0], d, 8), 6);
	CHECK(!memcmp(d, "aaaazz", 6));
}

static int pipe_in;
static void *drain(void *arg)
{
	static char b[4096];

	usleep(50000);
	while (read(pipe_in, b, sizeof(b)) > 0)
		;
	return arg;
}

/* Full, it waits for room whatever O_NONBLOCK says; then it takes what fits again. */
TEST(vmsplice_waits_for_room)
{
	pthread_t t;
	int p[2];

	CHECK(!pipe2(p, O_NONBLOCK));
	CHECK(!fcntl(p[0], F_SETFL, 0));
	CHECK_EQ(vms(p[1], anon(65536), 65536, 0), 65536);
	pipe_in = p[0];
	CHECK(!pthread_create(&t, NULL, drain, NULL));
	CHECK(vms(p[1], anon(65536), 65536, 0) > 0);
	close(p[1]);
	CHECK(!pthread_join(t, NULL));
}

/* ---- splice ---------------------------------------------------------------------------------- */

TEST(splice_moves_all_it_can_in_one_call)
{
	int p[2], o = temp();

	CHECK(!pipe(p));
	CHECK_EQ(write(p[1], buf, 10000), 10000);
	CHECK_EQ(write(p[1], buf, 10000), 10000);
	CHECK_EQ(splice(p[0], NULL, o, NULL, 1 << 20, 0), 20000);
	CHECK_EQ(fcntl(p[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
	CHECK_EQ(write(p[1], buf, 1 << 20), 1 << 20);
	CHECK_EQ(splice(p[0], NULL, o, NULL, 2 << 20, 0), 1 << 20);
	CHECK_EQ(lseek(o, 0, SEEK_SET), 0);
	CHECK_EQ(splice(o, NULL, p[1], NULL, 2 << 20, 0), 1 << 20);
	CHECK_ERR(splice(o, NULL, p[1], NULL, 2 << 20, SPLICE_F_NONBLOCK), EAGAIN);
}

TEST(splice_and_tee_between_pipes)
{
	int p[2], q[2], r[2];

	CHECK(!pipe(p) && !pipe(q) && !pipe(r));
	for (unsigned i = 0; i < 65536; i++)
		buf[i] = i * 7;
	CHECK_EQ(write(p[1], buf, 65536), 65536);
	CHECK_EQ(tee(p[0], r[1], 1 << 20, 0), 65536);
	CHECK_ERR(tee(p[0], r[1], 1 << 20, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_EQ(splice(p[0], NULL, q[1], NULL, 1 << 20, 0), 65536);
	CHECK_ERR(splice(p[0], NULL, q[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERR(tee(q[0], q[1], 10, 0), EINVAL);
	CHECK_ERR(splice(q[0], NULL, q[1], NULL, 10, 0), EINVAL);
	CHECK_EQ(read(r[0], buf + 65536, 65536), 65536);
	CHECK_EQ(read(q[0], buf + 131072, 65536), 65536);
	CHECK(!memcmp(buf, buf + 65536, 65536) && !memcmp(buf, buf + 131072, 65536));
}

TEST(splice_offsets)
{
	int p[2], f = temp(), o = temp();
	loff_t at = 5, to = 100;

	CHECK(!pipe(p));
	CHECK_EQ(write(f, buf, 200000), 200000);
	CHECK_EQ(splice(f, &at, p[1], NULL, 100000, 0), 65536 - 5);	/* buffers end where the file's pages do */
	CHECK_EQ(at, 65536);
	CHECK_EQ(lseek(f, 0, SEEK_CUR), 200000);
	CHECK_EQ(splice(p[0], NULL, o, &to, 100000, 0), 65536 - 5);
	CHECK_EQ(to, 65536 - 5 + 100);
	CHECK_EQ(lseek(o, 0, SEEK_END), 65536 - 5 + 100);
	CHECK_ERR(splice(p[0], &at, o, NULL, 1, 0), ESPIPE);
	at = -1;
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_ERR(splice(p[0], NULL, o, &at, 1, 0), EINVAL);
	at = 1l << 40;
	CHECK_EQ(splice(f, &at, p[1], NULL, 10, 0), 0);
}

TEST(splice_sockets)
{
	static const int type[3] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	for (int k = 0; k < 3; k++) {
		int s[2], p[2];

		CHECK(!socketpair(AF_UNIX, type[k], 0, s) && !pipe(p));
		CHECK_EQ(write(p[1], buf, 5000), 5000);
		CHECK_EQ(vms(p[1], anon(8192), 5000, 0), 5000);
		CHECK_EQ(splice(p[0], NULL, s[0], NULL, 1 << 20, 0), 10000);
		CHECK_EQ(recv(s[1], buf, 1 << 16, MSG_DONTWAIT), 10000);	/* one message */
		CHECK_EQ(write(s[0], buf, 6000), 6000);
		CHECK_EQ(splice(s[1], NULL, p[1], NULL, 1 << 20, 0), 6000);	/* no wait for more */
		CHECK(!fcntl(s[1], F_SETFL, type[k] == SOCK_STREAM ? 0 : O_NONBLOCK));
		CHECK_ERR(splice(s[1], NULL, p[1], NULL, 1 << 20, SPLICE_F_NONBLOCK), EAGAIN);
		CHECK_EQ(write(s[0], buf, 100), 100);
		CHECK_EQ(splice(s[1], NULL, p[1], NULL, 1 << 20, SPLICE_F_NONBLOCK), 100);
		CHECK_EQ(read(p[0], buf, 1 << 16), 6100);
	}
}

TEST(splice_devices)
{
	int p[2], q[2];

	CHECK(!pipe(p) && !pipe(q));
	CHECK_EQ(splice(open("/dev/zero", O_RDONLY), NULL, p[1], NULL, 1 << 20, 0), 65536);
	CHECK_EQ(splice(p[0], NULL, open("/dev/null", O_WRONLY), NULL, 1 << 20, 0), 65536);
	CHECK_EQ(write(p[1], buf, 10), 10);
	CHECK_ERR(splice(open("/dev/null", O_RDONLY), NULL, p[1], NULL, 1, 0), EINVAL);
	CHECK_EQ(splice(open("/dev/full", O_RDONLY), NULL, q[1], NULL, 10, 0), 10);
	CHECK_ERR(splice(p[0], NULL, open("/dev/full", O_WRONLY), NULL, 1, 0), EINVAL);
	CHECK_EQ(splice(open("/dev/urandom", O_RDONLY), NULL, q[1], NULL, 10, 0), 10);
	CHECK_ERR(splice(eventfd(1, 0), NULL, p[1], NULL, 8, 0), EINVAL);
	CHECK_ERR(splice(p[0], NULL, eventfd(1, 0), NULL, 8, 0), EINVAL);
}

static int splice_errno(const char *path)
{
	int p[2], f = open(path, O_RDONLY), rc = 0;

	CHECK(f >= 0 && !pipe(p));
	if (splice(f, NULL, p[1], NULL, 4096, 0) < 0)
		rc = errno;
	if (sendfile(temp(), f, NULL, 100) < 0)
		CHECK_EQ(errno, rc);
	else
		CHECK_EQ(rc, 0);
	close(f);
	close(p[0]);
	close(p[1]);
	return rc;
}

/* What Linux reads through an iov_iter can be spliced; what it reads into a user's buffer only cannot. */
TEST(splice_of_proc_files)
{
	static const char *const can[] = {
		"/proc/meminfo", "/proc/cpuinfo", "/proc/version", "/proc/stat", "/proc/self/mounts",
		"/proc/self/mountinfo", "/proc/sys/fs/nr_open", "/proc/sys/kernel/ostype",
		"/sys/devices/system/cpu/online",
	};
	static const char *const cannot[] = {
		"/proc/self/status", "/proc/self/maps", "/proc/self/limits", "/proc/self/comm",
		"/proc/self/stat", "/proc/self/cmdline", "/proc/self/environ", "/proc/self/mem",
		"/proc/self/oom_score_adj", "/proc/self/fdinfo/0", "/proc/self/pagemap",
	};

	for (unsigned i = 0; i < sizeof(can) / sizeof(*can); i++)
		CHECK_EQ(splice_errno(can[i]), 0);
	for (unsigned i = 0; i < sizeof(cannot) / sizeof(*cannot); i++)
		CHECK_EQ(splice_errno(cannot[i]), EINVAL);
}

TEST(splice_refusals)
{
	int p[2], q[2], a, ro = open("/proc/version", O_RDONLY);

	signal(SIGPIPE, SIG_IGN);
	CHECK(!pipe(p) && !pipe(q));
	unlink("/tmp/t_splice");
	a = open("/tmp/t_splice", O_CREAT | O_RDWR | O_APPEND, 0600);
	CHECK(a >= 0 && !unlink("/tmp/t_splice"));
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_ERR(splice(p[0], NULL, a, NULL, 1, 0), EINVAL);
	CHECK_ERR(splice(p[0], NULL, ro, NULL, 1, 0), EBADF);
	CHECK_ERR(splice(p[1], NULL, a, NULL, 1, 0), EBADF);
	CHECK_ERR(splice(ro, NULL, a, NULL, 1, 0), EINVAL);
	CHECK_ERR(splice(open("/", O_RDONLY), NULL, p[1], NULL, 1, 0), EINVAL);
	CHECK_ERR(splice(p[0], NULL, q[1], NULL, 1, 0x40), EINVAL);
	CHECK_ERR(tee(p[0], q[1], 1, 0x40), EINVAL);
	CHECK_EQ(tee(-1, -1, 0, 0), 0);
	close(q[0]);
	CHECK_ERR(splice(p[0], NULL, q[1], NULL, 1, 0), EPIPE);
	CHECK_ERR(tee(p[0], q[1], 1, 0), EPIPE);
	CHECK_ERR(splice(ro, NULL, q[1], NULL, 1, 0), EPIPE);
	CHECK_ERR(vms(q[1], buf, 1, 0), EPIPE);
	close(p[1]);
	CHECK_EQ(splice(p[0], NULL, temp(), NULL, 10, 0), 1);
	CHECK_EQ(splice(p[0], NULL, temp(), NULL, 10, 0), 0);
}

/* Packets are for read(): a splice moves the buffers as bytes. */
TEST(splice_of_packets)
{
	char b[64];
	int p[2], r[2];

	CHECK(!pipe2(p, O_DIRECT) && !pipe(r));
	for (int i = 0; i < 3; i++)
		CHECK(write(p[1], "aa", 2) == 2 && write(p[1], "bb", 2) == 2 && i < 3);
	CHECK_EQ(vms(p[0], b, 4, 0), 4);
	CHECK_EQ(splice(p[0], NULL, temp(), NULL, 4, 0), 4);
	CHECK_EQ(tee(p[0], r[1], 64, 0), 4);
	CHECK_EQ(read(r[0], b, 64), 2);
}

/* Some files of /proc can be read, and that is all. */
TEST(files_of_proc_that_are_only_read)
{
	static const char *const files[] = { "/proc/slabinfo", "/proc/swaps",
					     "/proc/sysvipc/msg", "/proc/sysvipc/sem",
					     "/proc/sysvipc/shm", "/proc/self/stat", "/proc/self/maps" };
	int p[2], out = open("/tmp/spliced", O_RDWR | O_CREAT, 0600);

	CHECK(out >= 0);
	CHECK_EQ(pipe(p), 0);
	for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int fd = open(files[i], O_RDONLY);
		char c;

		if (fd < 0 && errno == ENOENT)
			continue;
		CHECK(fd >= 0);
		CHECK_ERR(splice(fd, NULL, p[1], NULL, 16, 0), EINVAL);
		CHECK_ERR(sendfile(out, fd, NULL, 16), EINVAL);
		CHECK_EQ(read(fd, &c, 1), 1);
		close(fd);
	}
	unlink("/tmp/spliced");
}
