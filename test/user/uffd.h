/*
 * test/user/uffd.h - userfaultfd(2) for tests: Linux 6.12's names and values, and the calls in short.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef UFFD_H
#define UFFD_H

#include "test/user/tap.h"
#include <fcntl.h>
#include <poll.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED	(1 << 13)
#endif
#ifndef UFFD_FEATURE_POISON
#define UFFD_FEATURE_POISON		(1 << 14)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC		(1 << 15)
#endif
#ifndef UFFD_FEATURE_MOVE
#define UFFD_FEATURE_MOVE		(1 << 16)
#endif
#ifndef UFFDIO_POISON
struct uffdio_poison { struct uffdio_range range; __u64 mode; __s64 updated; };
#define UFFDIO_POISON	_IOWR(UFFDIO, 0x08, struct uffdio_poison)
#endif
#ifndef UFFDIO_MOVE
struct uffdio_move { __u64 dst, src, len, mode; __s64 move; };
#define UFFDIO_MOVE	_IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES 2
#endif
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef USERFAULTFD_IOC_NEW
#define USERFAULTFD_IOC_NEW _IO(0xAA, 0x00)
#endif

#define PAGE		4096ul
#define MISSING		UFFDIO_REGISTER_MODE_MISSING
#define WP		UFFDIO_REGISTER_MODE_WP
#define MINOR		UFFDIO_REGISTER_MODE_MINOR
#define FEATURES_WP	(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM | \
			 UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC)

/* A descriptor that was not asked for its features yet. */
static inline int uffd_raw(int flags)
{
	int fd = syscall(SYS_userfaultfd, flags);

	if (fd < 0 && errno == ENOSYS)
		test_skip("no userfaultfd in this kernel");
	return fd;
}

/* What the kernel offers. */
static inline uint64_t uffd_offers(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = uffd_raw(O_CLOEXEC);

	CHECK(fd >= 0 && !ioctl(fd, UFFDIO_API, &api));
	close(fd);
	return api.features;
}

static inline int uffd_open(int flags, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd;

	if (features & ~uffd_offers())
		test_skip("features %llx are not offered", (long long)(features & ~uffd_offers()));
	fd = uffd_raw(flags | O_CLOEXEC);
	CHECK(fd >= 0 && !ioctl(fd, UFFDIO_API, &api));
	return fd;
}

static inline int uffd_register(int fd, void *p, size_t len, uint64_t mode, uint64_t *ioctls)
{
	struct uffdio_register r = { .range = { (uintptr_t)p, len }, .mode = mode };
	int rc = ioctl(fd, UFFDIO_REGISTER, &r);

	if (ioctls)
		*ioctls = r.ioctls;
	return rc;
}

static inline int uffd_unregister(int fd, void *p, size_t len)
{
	struct uffdio_range r = { (uintptr_t)p, len };

	return ioctl(fd, UFFDIO_UNREGISTER, &r);
}

static inline int uffd_wake(int fd, void *p, size_t len)
{
	struct uffdio_range r = { (uintptr_t)p, len };

	return ioctl(fd, UFFDIO_WAKE, &r);
}

/* These return the kernel's result field, or -errno if the call failed without one. */
static inline long uffd_copy(int fd, void *to, const void *from, size_t len, uint64_t mode)
{
	struct uffdio_copy c = { .dst = (uintptr_t)to, .src = (uintptr_t)from, .len = len, .mode = mode };

	return ioctl(fd, UFFDIO_COPY, &c) && !c.copy ? -errno : c.copy;
}

static inline long uffd_zero(int fd, void *to, size_t len, uint64_t mode)
{
	struct uffdio_zeropage z = { .range = { (uintptr_t)to, len }, .mode = mode };

	return ioctl(fd, UFFDIO_ZEROPAGE, &z) && !z.zeropage ? -errno : z.zeropage;
}

static inline long uffd_continue(int fd, void *to, size_t len, uint64_t mode)
{
	struct uffdio_continue c = { .range = { (uintptr_t)to, len }, .mode = mode };

	return ioctl(fd, UFFDIO_CONTINUE, &c) && !c.mapped ? -errno : c.mapped;
}

static inline long uffd_poison(int fd, void *to, size_t len)
{
	struct uffdio_poison p = { .range = { (uintptr_t)to, len } };

	return ioctl(fd, UFFDIO_POISON, &p) && !p.updated ? -errno : p.updated;
}

static inline long uffd_move(int fd, void *to, void *from, size_t len, uint64_t mode)
{
	struct uffdio_move m = { .dst = (uintptr_t)to, .src = (uintptr_t)from, .len = len, .mode = mode };

	return ioctl(fd, UFFDIO_MOVE, &m) && !m.move ? -errno : m.move;
}

/* 0 or -errno */
static inline int uffd_wp(int fd, void *p, size_t len, bool on)
{
	struct uffdio_writeprotect w = { .range = { (uintptr_t)p, len }, .mode = on };

	return ioctl(fd, UFFDIO_WRITEPROTECT, &w) ? -errno : 0;
}

static inline char *anon(size_t len)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

/* Wait for a message, at most 10 seconds. */
static inline struct uffd_msg uffd_msg(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;

	if (fcntl(fd, F_GETFL) & O_NONBLOCK)
		CHECK(poll(&p, 1, 10000) == 1 && p.revents == POLLIN);
	CHECK(read(fd, &msg, sizeof(msg)) == sizeof(msg));
	return msg;
}

/* ---- an access by another thread -------------------------------------------------------------- */

struct access { pthread_t thread; volatile char *p; int write; volatile int done, value; volatile pid_t tid; };

static void *access_thread(void *arg)
{
	struct access *a = arg;

	a->tid = syscall(SYS_gettid);
	if (a->write)
		*a->p = a->write;
	a->value = *a->p;
	a->done = 1;
	return NULL;
}

/* Read, or write @write, at @p. */
static inline void access_start(struct access *a, char *p, int write)
{
	*a = (struct access){ .p = p, .write = write };
	CHECK(!pthread_create(&a->thread, NULL, access_thread, a));
}

/* What is there afterwards. */
static inline int access_end(struct access *a)
{
	CHECK(!pthread_join(a->thread, NULL));
	return (unsigned char)a->value;
}

static inline uint64_t pagemap_of(void *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t e;

	CHECK(fd >= 0 && pread(fd, &e, 8, (uintptr_t)p / PAGE * 8) == 8);
	close(fd);
	return e;
}
#define PM_UFFD_WP	(1ull << 57)

#endif
