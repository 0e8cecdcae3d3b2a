/*
 * test/user/t_userfault.c - userfaultfd: what is offered and refused; faults of each mode and how they are served.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/sysctl.h"
#include "test/user/uffd.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/uio.h>

static char source[4 * PAGE] __attribute__((aligned(4096)));

static void fill_source(char c) { memset(source, c, sizeof(source)); }

static int memfd(size_t size)
{
	int fd = syscall(SYS_memfd_create, "uffd", 0);

	CHECK(fd >= 0 && !ftruncate(fd, size));
	return fd;
}

static char *map_fd(int fd, size_t len, int flags)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static sigjmp_buf jump;
static volatile int sig_code;
static void *volatile sig_addr;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	sig_code = si->si_code;
	sig_addr = si->si_addr;
	siglongjmp(jump, sig);
}

/* The signal that a read of @p ends in, or 0. */
static int read_signal(volatile char *p)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
	int sig;

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sig = sigsetjmp(jump, 1);
	if (!sig)
		(void)*p;
	return sig;
}

/* ---- the call, its features, its file --------------------------------------------------------- */

TEST(uffd_features_are_agreed_once)
{
	struct uffdio_api api = { .api = UFFD_API, .features = 1ull << 40 };
	int fd = uffd_raw(O_CLOEXEC | O_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;

	CHECK(fd >= 0 && (fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK)) == (O_RDONLY | O_NONBLOCK));
	CHECK_ERR(uffd_raw(4), EINVAL);
	CHECK_ERR(read(fd, &msg, sizeof(msg)), EINVAL);
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLERR);
	CHECK_ERR(uffd_wake(fd, source, PAGE), EINVAL);
	CHECK_ERR(ioctl(fd, UFFDIO_API, &api), EINVAL);
	CHECK_EQ(api.api | api.features | api.ioctls, 0);
	api = (struct uffdio_api){ .api = 0xab };
	CHECK_ERR(ioctl(fd, UFFDIO_API, &api), EINVAL);
	CHECK_ERR(ioctl(fd, UFFDIO_API, NULL), EFAULT);
	api = (struct uffdio_api){ .api = UFFD_API };
	CHECK(!ioctl(fd, UFFDIO_API, &api));
	CHECK_EQ(api.features | FEATURES_WP, 0x1ffff);
	CHECK_EQ(api.ioctls, 1ull << 63 | 3);
	api = (struct uffdio_api){ .api = UFFD_API };
	CHECK_ERR(ioctl(fd, UFFDIO_API, &api), EINVAL);
	CHECK_ERR(read(fd, &msg, sizeof(msg)), EAGAIN);
	CHECK_ERR(read(fd, &msg, sizeof(msg) - 1), EINVAL);
	CHECK_ERR(ioctl(fd, _IO(0xAA, 0x20), &api), EINVAL);
	CHECK(poll(&p, 1, 0) == 0);
	/* A file whose reads wait is not polled. */
	CHECK(!fcntl(fd, F_SETFL, 0) && poll(&p, 1, 0) == 1 && p.revents == POLLERR);
}

TEST(uffd_regions_are_checked)
{
	int fd = uffd_open(0, 0), other = uffd_open(0, 0), file;
	char *p = anon(4 * PAGE), *ro, path[64];
	uint64_t ioctls;

	CHECK_ERR(uffd_register(fd, p, 4 * PAGE, 0, NULL), EINVAL);
	CHECK_ERR(uffd_register(fd, p, 4 * PAGE, 8, NULL), EINVAL);
	CHECK_ERR(uffd_register(fd, p, 0, MISSING, NULL), EINVAL);
	CHECK_ERR(uffd_register(fd, p + 1, PAGE, MISSING, NULL), EINVAL);
	CHECK_ERR(uffd_register(fd, p, PAGE + 1, MISSING, NULL), EINVAL);
	CHECK_ERR(uffd_register(fd, NULL, PAGE, MISSING, NULL), EINVAL);
	CHECK_ERR(uffd_register(fd, (void *)(1ul << 62), PAGE, MISSING, NULL), EINVAL);
	CHECK_ERR(uffd_register(fd, p, 4 * PAGE, MINOR, NULL), EINVAL);
	CHECK_ERR(ioctl(fd, UFFDIO_REGISTER, NULL), EFAULT);
	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, &ioctls));
	CHECK_EQ(ioctls, 0x13c);
	CHECK_ERR(uffd_register(other, p + PAGE, PAGE, MISSING, NULL), EBUSY);
	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, NULL));
	CHECK(!uffd_unregister(fd, p, 4 * PAGE) && !uffd_unregister(fd, p, 4 * PAGE));
	CHECK(!uffd_register(other, p + PAGE, PAGE, MISSING, NULL));
	CHECK_ERR(uffd_register(fd, p, 4 * PAGE, MISSING, NULL), EBUSY);
	close(other);
	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, NULL));
	munmap(p, 4 * PAGE);
	CHECK_ERR(uffd_register(fd, p, 4 * PAGE, MISSING, NULL), EINVAL);
	CHECK_ERR(uffd_unregister(fd, p, 4 * PAGE), EINVAL);
	/* Memory of files: what is in memory only; not what may never be written. */
	file = memfd(PAGE);
	p = map_fd(file, PAGE, MAP_SHARED);
	CHECK(!uffd_register(fd, p, PAGE, MISSING | MINOR, &ioctls));
	CHECK_EQ(ioctls, 0x1bc);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	ro = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open(path, O_RDONLY), 0);
	CHECK(ro != MAP_FAILED);
	CHECK_ERR(uffd_register(fd, ro, PAGE, MISSING, NULL), EPERM);
}

TEST(uffd_shows_in_proc)
{
	char path[64], buf[65536], *flags;
	int fd = uffd_open(0, 0), proc, n;
	char *p = anon(3 * PAGE);

	CHECK(!uffd_register(fd, p + PAGE, PAGE, MISSING, NULL));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	proc = open(path, O_RDONLY);
	n = read(proc, buf, sizeof(buf) - 1);
	CHECK(n > 0);
	buf[n] = 0;
	CHECK(strstr(buf, "\npending:\t0\ntotal:\t0\nAPI:\taa:80000000:80000000000001ff\n") ||
	      strstr(buf, "\npending:\t0\ntotal:\t0\nAPI:\taa:80000000:"));
	close(proc);
	proc = open("/proc/self/smaps", O_RDONLY);
	snprintf(path, sizeof(path), "%lx-%lx ", (long)p + PAGE, (long)p + 2 * PAGE);
	for (int len = 0; (n = read(proc, buf + len, sizeof(buf) - 1 - len)) > 0; len += n)
		buf[len + n] = 0;
	flags = strstr(buf, path);
	CHECK(flags && (flags = strstr(flags, "VmFlags:")));
	CHECK(strstr(flags, " um ") && strstr(flags, " um ") < strchr(flags, '\n'));
}

static void drop_root(void)
{
	CHECK(!setgid(1000) && !setuid(1000));
}

TEST(uffd_of_kernel_faults_is_a_right)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_FORK };
	int dev = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC), fd;
	int status;

	fd = uffd_raw(0);
	CHECK(fd >= 0);
	if (geteuid())
		test_skip("not root");
	CHECK(dev >= 0 && (fd = ioctl(dev, USERFAULTFD_IOC_NEW, O_CLOEXEC)) >= 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && !ioctl(fd, UFFDIO_API, &api));
	CHECK_ERR(ioctl(dev, UFFDIO_API, &api), EINVAL);
	CHECK_ERR(ioctl(dev, USERFAULTFD_IOC_NEW, 8), EINVAL);
	CHECK_EQ(sysctl_number("/proc/sys/vm/unprivileged_userfaultfd"), 0);
	CHECK(sysctl_try("/proc/sys/vm/unprivileged_userfaultfd", "2") && errno == EINVAL);
	status = CHILD_STATUS({
		drop_root();
		CHECK_ERR(uffd_raw(0), EPERM);
		CHECK((fd = uffd_raw(UFFD_USER_MODE_ONLY)) >= 0);
		CHECK_ERR(ioctl(fd, UFFDIO_API, &api), EPERM);
		CHECK_EQ(api.api, 0);
		CHECK(ioctl(dev, USERFAULTFD_IOC_NEW, 0) >= 0);
	});
	CHECK_EQ(status, 0);
	sysctl_set("/proc/sys/vm/unprivileged_userfaultfd", "1");
	status = CHILD_STATUS({ drop_root(); CHECK(uffd_raw(0) >= 0); });
	sysctl_set("/proc/sys/vm/unprivileged_userfaultfd", "0");
	CHECK_EQ(status, 0);
}

/* ---- missing pages ---------------------------------------------------------------------------- */

TEST(uffd_missing_pages_are_copied)
{
	int fd = uffd_open(O_NONBLOCK, 0);
	char *p = anon(4 * PAGE);
	struct uffd_msg msg;
	struct access a;

	fill_source('x');
	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, NULL));
	access_start(&a, p + PAGE + 5, 0);
	msg = uffd_msg(fd);
	CHECK_EQ(msg.event, UFFD_EVENT_PAGEFAULT);
	CHECK_EQ(msg.arg.pagefault.flags, 0);
	CHECK_EQ(msg.arg.pagefault.address, (uintptr_t)p + PAGE);
	CHECK_EQ(msg.arg.pagefault.feat.ptid, 0);
	CHECK(!a.done);
	CHECK_EQ(uffd_copy(fd, p + PAGE, source, PAGE, 0), PAGE);
	CHECK_EQ(access_end(&a), 'x');
	access_start(&a, p, 'w');
	msg = uffd_msg(fd);
	CHECK_EQ(msg.arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WRITE);
	CHECK_EQ(uffd_zero(fd, p, PAGE, 0), PAGE);
	CHECK_EQ(access_end(&a), 'w');
	CHECK(p[1] == 0);
	/* Not over what is there; what was done before that counts. */
	CHECK_EQ(uffd_copy(fd, p, source, PAGE, 0), -EEXIST);
	CHECK_EQ(uffd_zero(fd, p, PAGE, 0), -EEXIST);
	CHECK(!madvise(p, PAGE, MADV_DONTNEED));
	CHECK_EQ(uffd_copy(fd, p, source, 2 * PAGE, 0), PAGE);
	CHECK_EQ(uffd_copy(fd, p + 2 * PAGE, source, 2 * PAGE, 0), 2 * PAGE);
	CHECK(p[3 * PAGE] == 'x');
}

TEST(uffd_fills_are_checked)
{
	int fd = uffd_open(0, 0);
	char *p = anon(8 * PAGE);

	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, NULL));
	CHECK_EQ(uffd_copy(fd, p, source, 0, 0), -EINVAL);
	CHECK_EQ(uffd_copy(fd, p, source, 100, 0), -EINVAL);
	CHECK_EQ(uffd_copy(fd, p + 8, source, PAGE, 0), -EINVAL);
	CHECK_EQ(uffd_copy(fd, p, source, PAGE, 4), -EINVAL);
	CHECK_EQ(uffd_copy(fd, p, source, PAGE, UFFDIO_COPY_MODE_WP), -EINVAL);
	CHECK_EQ(uffd_copy(fd, p, NULL, PAGE, 0), -EFAULT);
	CHECK_EQ(uffd_copy(fd, p, (void *)(1ul << 62), PAGE, 0), -EINVAL);
	CHECK_EQ(uffd_copy(fd, p + 4 * PAGE, source, PAGE, 0), -ENOENT);
	CHECK_EQ(uffd_copy(fd, p + 3 * PAGE, source, 2 * PAGE, 0), -ENOENT);
	CHECK_EQ(uffd_zero(fd, p + 4 * PAGE, PAGE, 0), -ENOENT);
	CHECK_EQ(uffd_zero(fd, p, PAGE, 2), -EINVAL);
	CHECK_EQ(uffd_continue(fd, p, PAGE, 0), -EINVAL);
	CHECK(!munmap(p + 6 * PAGE, PAGE));
	CHECK_EQ(uffd_copy(fd, p, p + 6 * PAGE, PAGE, 0), -EFAULT);
	/* Bytes that have to be faulted in, and are not on a page's border. */
	CHECK_EQ(uffd_copy(fd, p, p + 4 * PAGE + 3, PAGE, 0), PAGE);
	CHECK(p[17] == 0);
	CHECK_EQ(uffd_wp(fd, p, PAGE, true), -ENOENT);
}

TEST(uffd_waiters_are_woken_by_range)
{
	int fd = uffd_open(O_NONBLOCK, 0);
	char *p = anon(4 * PAGE);
	struct access a, b;

	fill_source('q');
	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, NULL));
	access_start(&a, p, 0);
	access_start(&b, p + 2 * PAGE, 0);
	uffd_msg(fd);
	uffd_msg(fd);
	CHECK_EQ(uffd_copy(fd, p, source, 4 * PAGE, UFFDIO_COPY_MODE_DONTWAKE), 4 * PAGE);
	usleep(20000);
	CHECK(!a.done && !b.done);
	CHECK(!uffd_wake(fd, p + 3 * PAGE, PAGE));
	CHECK(!uffd_wake(fd, p, 2 * PAGE));
	CHECK_EQ(access_end(&a), 'q');
	CHECK(!b.done && !uffd_wake(fd, p, 4 * PAGE));
	CHECK_EQ(access_end(&b), 'q');
	/* Woken without a page: the fault comes again. */
	CHECK(!madvise(p, PAGE, MADV_DONTNEED));
	access_start(&a, p, 0);
	uffd_msg(fd);
	CHECK(!uffd_wake(fd, p, PAGE));
	uffd_msg(fd);
	CHECK(!uffd_unregister(fd, p, 4 * PAGE));
	CHECK_EQ(access_end(&a), 0);
}

TEST(uffd_tells_address_and_thread)
{
	int fd = uffd_open(0, UFFD_FEATURE_EXACT_ADDRESS | UFFD_FEATURE_THREAD_ID);
	char *p = anon(PAGE);
	struct uffd_msg msg;
	struct access a;

	CHECK(!uffd_register(fd, p, PAGE, MISSING, NULL));
	access_start(&a, p + 123, 0);
	msg = uffd_msg(fd);
	CHECK_EQ(msg.arg.pagefault.address, (uintptr_t)p + 123);
	CHECK_EQ(msg.arg.pagefault.feat.ptid, a.tid);
	CHECK_EQ(uffd_zero(fd, p, PAGE, 0), PAGE);
	access_end(&a);
}

TEST(uffd_sigbus_in_the_place_of_messages)
{
	int fd = uffd_open(O_NONBLOCK, UFFD_FEATURE_SIGBUS);
	char *p = anon(PAGE), buf[8];
	struct uffd_msg msg;
	int pipe_fd[2];

	CHECK(!uffd_register(fd, p, PAGE, MISSING, NULL));
	CHECK_EQ(read_signal(p), SIGBUS);
	CHECK(sig_addr == p && sig_code == BUS_ADRERR);
	CHECK(!pipe(pipe_fd));
	CHECK_ERR(write(pipe_fd[1], p, 8), EFAULT);
	CHECK_ERR(read(fd, &msg, sizeof(msg)), EAGAIN);
	CHECK_EQ(uffd_copy(fd, p, source, PAGE, 0), PAGE);
	CHECK(!read_signal(p) && write(pipe_fd[1], p, 8) == 8 && read(pipe_fd[0], buf, 8) == 8);
}

static void *server(void *arg)
{
	int fd = *(int *)arg;
	struct uffd_msg msg;

	while (read(fd, &msg, sizeof(msg)) == sizeof(msg))
		if (uffd_copy(fd, (void *)(uintptr_t)(msg.arg.pagefault.address & -PAGE), source, PAGE, 0) != PAGE)
			abort();
	return NULL;
}

TEST(uffd_serves_what_the_kernel_touches)
{
	int fd = uffd_open(0, 0), only, pipe_fd[2];
	char *p = anon(8 * PAGE), buf[PAGE];
	struct iovec l = { buf, PAGE }, r = { p + 3 * PAGE, PAGE };
	pthread_t t;

	fill_source('k');
	CHECK(!uffd_register(fd, p, 8 * PAGE, MISSING, NULL));
	CHECK(!pthread_create(&t, NULL, server, &fd));
	CHECK(!pipe(pipe_fd));
	CHECK_EQ(write(pipe_fd[1], p + PAGE - 4, 8), 8);
	CHECK(read(pipe_fd[0], buf, 8) == 8 && buf[0] == 'k' && buf[7] == 'k');
	CHECK(write(pipe_fd[1], "hello", 5) == 5 && read(pipe_fd[0], p + 2 * PAGE, 5) == 5);
	CHECK(!memcmp(p + 2 * PAGE, "hellok", 6));
	CHECK_EQ(process_vm_readv(getpid(), &l, 1, &r, 1, 0), PAGE);
	CHECK(buf[5] == 'k');
	CHECK(!mlock(p + 4 * PAGE, 2 * PAGE) && p[4 * PAGE] == 'k');
	CHECK(!madvise(p + 6 * PAGE, PAGE, 23 /* POPULATE_WRITE */) && p[6 * PAGE] == 'k');
	/* Who looks in from outside does not wait. */
	CHECK_ERR(pread(open("/proc/self/mem", O_RDONLY), buf, 8, (uintptr_t)p + 7 * PAGE), EIO);
	/* Not those of a descriptor that is for user mode alone. */
	p = anon(PAGE);
	only = uffd_raw(UFFD_USER_MODE_ONLY);
	CHECK(!ioctl(only, UFFDIO_API, &(struct uffdio_api){ .api = UFFD_API }));
	CHECK(!uffd_register(only, p, PAGE, MISSING, NULL));
	CHECK_ERR(write(pipe_fd[1], p, 8), EFAULT);
}

TEST(uffd_signals_come_before_pages)
{
	int fd = uffd_open(0, 0);
	char *p = anon(PAGE);
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct uffd_msg msg;

	CHECK(!uffd_register(fd, p, PAGE, MISSING, NULL));
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	if (!sigsetjmp(jump, 1)) {
		(void)*(volatile char *)p;
		CHECK(!"a page came");
	}
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK));
	CHECK_ERR(read(fd, &msg, sizeof(msg)), EAGAIN);		/* who waited is gone */
	CHECK_EQ(uffd_zero(fd, p, PAGE, 0), PAGE);
	CHECK(!*p);
}

/* ---- files ------------------------------------------------------------------------------------- */

TEST(uffd_missing_pages_of_memory_files)
{
	int fd = uffd_open(O_NONBLOCK, UFFD_FEATURE_MISSING_SHMEM), file = memfd(3 * PAGE);
	char *p = map_fd(file, 4 * PAGE, MAP_SHARED), *q = map_fd(file, 3 * PAGE, MAP_SHARED);
	char *priv = map_fd(file, 3 * PAGE, MAP_PRIVATE);
	struct access a;
	char c;

	fill_source('f');
	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, NULL));
	access_start(&a, p, 0);
	CHECK_EQ(uffd_msg(fd).arg.pagefault.flags, 0);
	CHECK_EQ(uffd_copy(fd, p, source, PAGE, 0), PAGE);
	CHECK_EQ(access_end(&a), 'f');
	CHECK(q[0] == 'f' && pread(file, &c, 1, PAGE - 1) == 1 && c == 'f');
	CHECK_EQ(uffd_zero(fd, p + PAGE, PAGE, 0), PAGE);
	CHECK_EQ(uffd_copy(fd, p + PAGE, source, PAGE, 0), -EEXIST);
	/* What the file has is not missing; what it has not, beyond its end, cannot be brought. */
	q[2 * PAGE] = 'h';
	CHECK(p[2 * PAGE] == 'h');
	CHECK_EQ(uffd_copy(fd, p + 3 * PAGE, source, PAGE, 0), -EFAULT);
	CHECK_EQ(uffd_zero(fd, p + 3 * PAGE, PAGE, 0), -EFAULT);
	CHECK_EQ(read_signal(p + 3 * PAGE), SIGBUS);
	/* A private mapping's page is its own. */
	CHECK(!fallocate(file, 3 /* PUNCH_HOLE | KEEP_SIZE */, 0, 2 * PAGE));
	CHECK(!uffd_register(fd, priv, 3 * PAGE, MISSING, NULL));
	access_start(&a, priv, 'p');
	CHECK_EQ(uffd_msg(fd).arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WRITE);
	CHECK_EQ(uffd_copy(fd, priv, source, PAGE, 0), PAGE);
	CHECK_EQ(access_end(&a), 'p');
	CHECK(q[0] == 0);
}

TEST(uffd_minor_faults_are_continued)
{
	int fd = uffd_open(O_NONBLOCK, UFFD_FEATURE_MINOR_SHMEM), file = memfd(4 * PAGE);
	char *p = map_fd(file, 4 * PAGE, MAP_SHARED), *q = map_fd(file, 4 * PAGE, MAP_SHARED);
	struct access a;

	CHECK(!uffd_register(fd, p, 4 * PAGE, MINOR, NULL));
	memset(q, 'm', 2 * PAGE);
	access_start(&a, p + PAGE, 0);
	CHECK_EQ(uffd_msg(fd).arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_MINOR);
	q[PAGE] = 'n';
	CHECK_EQ(uffd_continue(fd, p + PAGE, PAGE, 0), PAGE);
	CHECK_EQ(access_end(&a), 'n');
	CHECK_EQ(uffd_continue(fd, p + PAGE, PAGE, 0), -EEXIST);
	CHECK_EQ(uffd_continue(fd, p + 2 * PAGE, PAGE, 0), -EFAULT);	/* a hole */
	CHECK_EQ(uffd_continue(fd, p, PAGE, 4), -EINVAL);
	access_start(&a, p, 'w');
	CHECK_EQ(uffd_msg(fd).arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_MINOR | UFFD_PAGEFAULT_FLAG_WRITE);
	CHECK_EQ(uffd_continue(fd, p, PAGE, 0), PAGE);
	CHECK_EQ(access_end(&a), 'w');
	CHECK(q[0] == 'w');
	p[2 * PAGE] = 'z';		/* missing pages are nobody's business here */
	CHECK(q[2 * PAGE] == 'z');
}

TEST(uffd_poison_is_a_bus_error)
{
	int fd = uffd_open(0, UFFD_FEATURE_POISON), pipe_fd[2];
	char *p = anon(3 * PAGE), *q;

	CHECK(!uffd_register(fd, p, 3 * PAGE, MISSING, NULL));
	CHECK_EQ(uffd_poison(fd, p, 2 * PAGE), 2 * PAGE);
	CHECK_EQ(uffd_poison(fd, p, PAGE), -EEXIST);
	CHECK_EQ(read_signal(p), SIGBUS);
	CHECK(sig_addr == p && sig_code == BUS_ADRERR);
	CHECK(!pipe(pipe_fd));
	CHECK_ERR(write(pipe_fd[1], p, 8), EFAULT);
	/* It stays with fork and a move, and gives way to a page. */
	CHECK_EQ(CHILD_STATUS({ CHECK_EQ(read_signal(p), SIGBUS); CHECK_EQ(read_signal(p + 2 * PAGE), 0); }), 0);
	q = mremap(p, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, anon(4 * PAGE));
	CHECK(q != MAP_FAILED && read_signal(q + PAGE) == SIGBUS && !read_signal(q + 2 * PAGE));
	CHECK(!madvise(q, PAGE, MADV_DONTNEED) && !read_signal(q));
	CHECK(!uffd_register(fd, q, 3 * PAGE, MISSING, NULL));
	fill_source('c');
	CHECK_EQ(uffd_zero(fd, q + PAGE, PAGE, 0), -EEXIST);
	CHECK_EQ(uffd_copy(fd, q + PAGE, source, PAGE, 0), PAGE);
	CHECK(q[PAGE] == 'c');
}

TEST(uffd_pages_are_moved)
{
	int fd = uffd_open(0, UFFD_FEATURE_MOVE);
	char *p = anon(4 * PAGE), *s = anon(4 * PAGE), *ro = anon(PAGE);

	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, NULL));
	memset(s, 'a', PAGE);
	memset(s + PAGE, 'b', PAGE);
	CHECK_EQ(uffd_move(fd, p, s, 2 * PAGE, 0), 2 * PAGE);
	CHECK(p[0] == 'a' && p[PAGE] == 'b' && s[0] == 0);
	CHECK_EQ(uffd_move(fd, p, s + PAGE, PAGE, 0), -EEXIST);
	CHECK_EQ(uffd_move(fd, p + 2 * PAGE, s + 2 * PAGE, PAGE, 0), -ENOENT);
	CHECK_EQ(uffd_move(fd, p + 2 * PAGE, s + 2 * PAGE, 2 * PAGE, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES), 2 * PAGE);
	CHECK_EQ(uffd_move(fd, s, p, PAGE, 0), -EINVAL);	/* where it goes is not watched */
	CHECK_EQ(uffd_move(fd, p, s, PAGE, 4), -EINVAL);
	CHECK(!mprotect(ro, PAGE, PROT_READ));
	CHECK_EQ(uffd_move(fd, p + 2 * PAGE, ro, PAGE, 0), -EINVAL);
	CHECK_EQ(uffd_move(fd, p + 3 * PAGE, s + 3 * PAGE, 2 * PAGE, 0), -EINVAL);
	/* The zero page moves too, but not what a child shares. */
	CHECK(s[0] == 0);
	CHECK_EQ(uffd_move(fd, p + 2 * PAGE, s, PAGE, 0), PAGE);
	CHECK(p[2 * PAGE] == 0);
	s[0] = 'c';
	CHECK_EQ(CHILD_STATUS(CHECK_EQ(s[0], 'c')), 0);
	pid_t pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	CHECK_EQ(uffd_move(fd, p + 3 * PAGE, s, PAGE, 0), -EBUSY);
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	s[0] = 'd';
	CHECK_EQ(uffd_move(fd, p + 3 * PAGE, s, PAGE, 0), PAGE);
	CHECK(p[3 * PAGE] == 'd');
}
