/*
 * test/user/t_userfault_wp.c - userfaultfd: write protection, the life of its marks, and events of regions.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/uffd.h"
#include <signal.h>

static char source[4 * PAGE] __attribute__((aligned(4096)));

static char *shared(size_t len)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static bool marked(void *p) { return pagemap_of(p) & PM_UFFD_WP; }

/* A write at @p is told as one to a protected page; it is let through. */
static void expect_wp(int fd, char *p)
{
	struct uffd_msg msg;
	struct access a;

	access_start(&a, p, '!');
	msg = uffd_msg(fd);
	CHECK_EQ(msg.event, UFFD_EVENT_PAGEFAULT);
	CHECK_EQ(msg.arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WP | UFFD_PAGEFAULT_FLAG_WRITE);
	CHECK_EQ(msg.arg.pagefault.address, (uintptr_t)p & -PAGE);
	CHECK(!a.done);
	CHECK_EQ(uffd_wp(fd, (char *)((uintptr_t)p & -PAGE), PAGE, false), 0);
	CHECK_EQ(access_end(&a), '!');
	CHECK(!marked(p));
}

TEST(uffd_writes_to_protected_pages_are_told)
{
	int fd = uffd_open(O_NONBLOCK, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	char *p = anon(4 * PAGE);
	uint64_t ioctls;

	memset(p, 'o', 2 * PAGE);
	(void)*(volatile char *)(p + 2 * PAGE);		/* the zero page */
	CHECK(!uffd_register(fd, p, 4 * PAGE, WP, &ioctls));
	CHECK_EQ(ioctls, 0x17c);
	CHECK_EQ(uffd_wp(fd, p, 4 * PAGE, true), 0);
	CHECK(marked(p) && marked(p + PAGE) && marked(p + 2 * PAGE) && !marked(p + 3 * PAGE));
	CHECK(p[0] == 'o');				/* reads go on */
	expect_wp(fd, p + 7);
	expect_wp(fd, p + 2 * PAGE);
	p[3 * PAGE] = 'n';				/* was not there, so it was not marked */
	CHECK_EQ(uffd_wp(fd, p, 4 * PAGE, false), 0);
	CHECK(!marked(p + PAGE));
	p[PAGE] = 'w';
	CHECK_EQ(ioctl(fd, UFFDIO_WRITEPROTECT, &(struct uffdio_writeprotect){
			.range = { (uintptr_t)p, PAGE }, .mode = 3 }), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(uffd_wp(fd, p, 4 * PAGE, true), 0);
	CHECK(!uffd_unregister(fd, p, 4 * PAGE) && !marked(p));
	p[0] = 'u';
}

TEST(uffd_marks_follow_the_memory)
{
	int fd = uffd_open(O_NONBLOCK, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	char *p = anon(4 * PAGE);

	memset(p, 'o', 4 * PAGE);
	CHECK(!uffd_register(fd, p, 4 * PAGE, WP | MISSING, NULL));
	CHECK_EQ(uffd_wp(fd, p, 4 * PAGE, true), 0);
	CHECK(!mprotect(p, 2 * PAGE, PROT_READ) && marked(p));
	CHECK(!mprotect(p, 2 * PAGE, PROT_NONE) && marked(p));
	CHECK(!mprotect(p, 2 * PAGE, PROT_READ | PROT_WRITE) && marked(p));
	expect_wp(fd, p);
	/* A child is not watched, and does not make the parent's pages writable. */
	CHECK_EQ(CHILD_STATUS({ CHECK(!marked(p + PAGE)); p[PAGE] = 'c'; }), 0);
	CHECK(marked(p + PAGE));
	expect_wp(fd, p + PAGE);
	/* What is dropped is dropped, mark and all; a page may come with one. */
	CHECK(!madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED) && !marked(p + 2 * PAGE));
	CHECK_EQ(uffd_copy(fd, p + 2 * PAGE, source, PAGE, UFFDIO_COPY_MODE_WP), PAGE);
	CHECK(marked(p + 2 * PAGE));
	expect_wp(fd, p + 2 * PAGE);
	/* What moves away is watched no more. */
	p = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, anon(5 * PAGE));
	CHECK(p != MAP_FAILED && !marked(p + 3 * PAGE));
	p[3 * PAGE] = 'm';
}

TEST(uffd_marks_of_memory_files)
{
	int fd = uffd_open(O_NONBLOCK, UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	char *p = shared(4 * PAGE);

	p[0] = p[PAGE] = 's';
	CHECK(!uffd_register(fd, p, 4 * PAGE, WP, NULL));
	CHECK_EQ(uffd_wp(fd, p, 3 * PAGE, true), 0);
	CHECK(marked(p) && marked(p + 2 * PAGE) && !marked(p + 3 * PAGE));
	expect_wp(fd, p);
	/* The entry goes, the page is in the file: the mark stays. */
	CHECK(!madvise(p, 2 * PAGE, MADV_DONTNEED));
	CHECK(!marked(p) && marked(p + PAGE));
	CHECK(p[PAGE] == 's' && marked(p + PAGE));
	expect_wp(fd, p + PAGE);
	expect_wp(fd, p + 2 * PAGE);		/* nothing was there yet */
	p[3 * PAGE] = 'f';
	CHECK_EQ(uffd_wp(fd, p, 4 * PAGE, true), 0);
	CHECK(!madvise(p, 2 * PAGE, MADV_REMOVE) && marked(p));
	expect_wp(fd, p);
	CHECK_EQ(uffd_wp(fd, p, 4 * PAGE, false), 0);
	p[PAGE] = p[2 * PAGE] = 'w';
	CHECK_EQ(uffd_wp(fd, p, 4 * PAGE, true), 0);
	CHECK(!uffd_unregister(fd, p, 4 * PAGE) && !marked(p + PAGE));
	p[PAGE] = 'x';
}

TEST(uffd_marks_where_nothing_is)
{
	int fd = uffd_open(O_NONBLOCK, UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED);
	char *p = anon(4 * PAGE);

	CHECK(!uffd_register(fd, p, 4 * PAGE, WP, NULL));
	CHECK_EQ(uffd_wp(fd, p, 3 * PAGE, true), 0);
	CHECK(marked(p) && marked(p + PAGE) && marked(p + 2 * PAGE) && !marked(p + 3 * PAGE));
	CHECK(p[PAGE] == 0 && marked(p + PAGE));	/* the zero page, marked */
	expect_wp(fd, p);
	expect_wp(fd, p + PAGE);
	CHECK_EQ(uffd_wp(fd, p, 4 * PAGE, false), 0);
	CHECK(!marked(p + 2 * PAGE));
	p[2 * PAGE] = 'n';
}

TEST(uffd_marks_that_vanish_by_themselves)
{
	int fd = uffd_open(O_NONBLOCK, UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_ASYNC), file;
	char *p = anon(2 * PAGE), *q = shared(2 * PAGE), name[] = "/tmp/uffd-XXXXXX";
	struct uffd_msg msg;

	p[0] = q[0] = 'a';
	CHECK(!uffd_register(fd, p, 2 * PAGE, WP, NULL) && !uffd_register(fd, q, 2 * PAGE, WP, NULL));
	CHECK_EQ(uffd_wp(fd, p, 2 * PAGE, true), 0);
	CHECK_EQ(uffd_wp(fd, q, 2 * PAGE, true), 0);
	CHECK(marked(p) && marked(p + PAGE) && marked(q) && marked(q + PAGE));
	p[0] = p[PAGE] = q[PAGE] = 'b';
	CHECK(!marked(p) && !marked(p + PAGE) && marked(q) && !marked(q + PAGE));
	CHECK_ERR(read(fd, &msg, sizeof(msg)), EAGAIN);
	CHECK(!uffd_unregister(fd, p, 2 * PAGE));
	/* Any memory, a private file's too. */
	file = mkstemp(name);
	CHECK(file >= 0 && !unlink(name) && !ftruncate(file, PAGE));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	CHECK(p != MAP_FAILED && !uffd_register(fd, p, PAGE, WP, NULL));
	CHECK_EQ(uffd_wp(fd, p, PAGE, true), 0);
	CHECK(marked(p) && p[0] == 0 && marked(p));
	p[0] = 'c';
	CHECK(!marked(p));
}

/* ---- regions ---------------------------------------------------------------------------------- */

/* Regions in [@p, @p + @len), and whether one begins at @p. */
static int regions(char *p, size_t len)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long a, b;
	char line[512];
	int n = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		n += sscanf(line, "%lx-%lx", &a, &b) == 2 && a < (unsigned long)p + len && b > (unsigned long)p;
	fclose(f);
	return n;
}

TEST(uffd_regions_are_cut_and_joined)
{
	int fd = uffd_open(O_NONBLOCK, 0), other = uffd_open(0, 0);
	char *base = anon(10 * PAGE), *p = base + PAGE;
	struct access a;

	CHECK(!mprotect(base, PAGE, PROT_NONE) && !mprotect(base + 9 * PAGE, PAGE, PROT_NONE));
	CHECK(!uffd_register(fd, p + 2 * PAGE, 4 * PAGE, MISSING, NULL));
	CHECK_EQ(regions(p, 8 * PAGE), 3);
	CHECK(!uffd_register(other, p + 6 * PAGE, 2 * PAGE, MISSING, NULL));
	CHECK_EQ(regions(p, 8 * PAGE), 3);
	CHECK(!mprotect(p + 3 * PAGE, PAGE, PROT_READ));
	CHECK_EQ(regions(p, 8 * PAGE), 5);
	CHECK(!mprotect(p + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	CHECK_EQ(regions(p, 8 * PAGE), 3);
	CHECK(!uffd_unregister(fd, p + 4 * PAGE, PAGE));
	CHECK_EQ(regions(p, 8 * PAGE), 5);
	CHECK(!uffd_unregister(fd, p, 6 * PAGE));
	CHECK_EQ(regions(p, 8 * PAGE), 2);
	close(other);
	CHECK_EQ(regions(p, 8 * PAGE), 1);
	/* A watched region grows, and is watched where it grew. */
	munmap(p + 4 * PAGE, 4 * PAGE);
	CHECK(!uffd_register(fd, p, 4 * PAGE, MISSING, NULL));
	CHECK(mremap(p, 4 * PAGE, 6 * PAGE, 0) == p);
	access_start(&a, p + 5 * PAGE, 0);
	CHECK_EQ(uffd_msg(fd).arg.pagefault.address, (uintptr_t)p + 5 * PAGE);
	CHECK_EQ(uffd_zero(fd, p, 6 * PAGE, 0), 6 * PAGE);
	access_end(&a);
}

/* ---- events ----------------------------------------------------------------------------------- */

struct server { int fd; pthread_t thread; struct uffd_msg log[16]; volatile int nr; int child; };

/* Serve faults with what source[] has, note everything else; a child's descriptor is kept. */
static void *server_thread(void *arg)
{
	struct server *s = arg;
	struct uffd_msg msg;

	while (read(s->fd, &msg, sizeof(msg)) == sizeof(msg)) {
		if (msg.event == UFFD_EVENT_PAGEFAULT) {
			uffd_copy(s->fd, (void *)(uintptr_t)msg.arg.pagefault.address, source, PAGE, 0);
			continue;
		}
		if (msg.event == UFFD_EVENT_FORK)
			s->child = msg.arg.fork.ufd;
		s->log[s->nr] = msg;
		__atomic_add_fetch(&s->nr, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void server_start(struct server *s, uint64_t features)
{
	*s = (struct server){ .fd = uffd_open(0, features) };
	CHECK(!pthread_create(&s->thread, NULL, server_thread, s));
}

/* @n events were noted.  Who caused one goes on when it was read, a moment before it is noted. */
static void server_heard(struct server *s, int n)
{
	for (int i = 0; i < 1000 && s->nr < n; i++)
		usleep(1000);
	CHECK_EQ(s->nr, n);
}

TEST(uffd_events_of_regions)
{
	char *p = anon(8 * PAGE), *q;
	struct server s;

	memset(source, 'e', sizeof(source));
	server_start(&s, UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP);
	CHECK(!uffd_register(s.fd, p, 8 * PAGE, MISSING, NULL));
	CHECK(p[PAGE] == 'e');
	CHECK(!madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED));
	server_heard(&s, 1);
	CHECK_EQ(s.log[0].event, UFFD_EVENT_REMOVE);
	CHECK_EQ(s.log[0].arg.remove.start, (uintptr_t)p + PAGE);
	CHECK_EQ(s.log[0].arg.remove.end, (uintptr_t)p + 3 * PAGE);
	CHECK(p[PAGE] == 'e');
	CHECK(!munmap(p + 7 * PAGE, PAGE));
	server_heard(&s, 2);
	CHECK_EQ(s.log[1].event, UFFD_EVENT_UNMAP);
	CHECK_EQ(s.log[1].arg.remove.start, (uintptr_t)p + 7 * PAGE);
	CHECK_EQ(s.log[1].arg.remove.end, (uintptr_t)p + 8 * PAGE);
	/* Moved: told where to, then that the old place is gone; watched there. */
	q = anon(8 * PAGE);
	CHECK(mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
	server_heard(&s, 4);
	CHECK_EQ(s.log[2].event, UFFD_EVENT_REMAP);
	CHECK_EQ(s.log[2].arg.remap.from, (uintptr_t)p);
	CHECK_EQ(s.log[2].arg.remap.to, (uintptr_t)q);
	CHECK_EQ(s.log[2].arg.remap.len, 4 * PAGE);
	CHECK_EQ(s.log[3].event, UFFD_EVENT_UNMAP);
	CHECK(q[PAGE] == 'e' && q[3 * PAGE] == 'e');
	/* Mapped over. */
	CHECK(mmap(q, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == q);
	server_heard(&s, 5);
	CHECK_EQ(s.log[4].event, UFFD_EVENT_UNMAP);
	CHECK(q[0] == 0);
}

TEST(uffd_fork_is_a_descriptor)
{
	char *p = anon(4 * PAGE);
	struct server s;
	struct uffd_msg msg;
	pid_t pid;
	int status;

	memset(source, 'p', sizeof(source));
	server_start(&s, UFFD_FEATURE_EVENT_FORK);
	CHECK(!uffd_register(s.fd, p, 4 * PAGE, MISSING, NULL));
	CHECK(p[0] == 'p');
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		_exit(p[0] == 'p' && p[PAGE] == 'c' ? 0 : 1);
	server_heard(&s, 1);
	CHECK_EQ(s.log[0].event, UFFD_EVENT_FORK);
	CHECK(read(s.child, &msg, sizeof(msg)) == sizeof(msg));
	CHECK_EQ(msg.event, UFFD_EVENT_PAGEFAULT);
	CHECK_EQ(msg.arg.pagefault.address, (uintptr_t)p + PAGE);
	memset(source + PAGE, 'c', PAGE);
	CHECK_EQ(uffd_copy(s.child, p + PAGE, source + PAGE, PAGE, 0), PAGE);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
	CHECK(p[PAGE] == 'p');			/* ours is another's */
	CHECK_EQ(uffd_copy(s.child, p + 2 * PAGE, source, PAGE, 0), -ESRCH);
	close(s.child);
}

TEST(uffd_marks_are_forked)
{
	char *p = anon(2 * PAGE);
	struct server s;

	p[0] = 'o';
	server_start(&s, UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED);
	CHECK(!uffd_register(s.fd, p, 2 * PAGE, WP, NULL));
	CHECK_EQ(uffd_wp(s.fd, p, 2 * PAGE, true), 0);
	CHECK_EQ(CHILD_STATUS({ CHECK(marked(p) && marked(p + PAGE)); }), 0);
	server_heard(&s, 1);
	CHECK(marked(p) && marked(p + PAGE));
}

/* ---- the end ---------------------------------------------------------------------------------- */

TEST(uffd_closed_with_waiters)
{
	int fd = uffd_open(O_NONBLOCK, 0);
	char *p = anon(8 * PAGE);
	struct access a[8];

	CHECK(!uffd_register(fd, p, 8 * PAGE, MISSING, NULL));
	for (int i = 0; i < 8; i++)
		access_start(&a[i], p + i * PAGE, i);
	uffd_msg(fd);
	uffd_msg(fd);
	close(fd);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(access_end(&a[i]), i);
}

TEST(uffd_exit_and_exec_with_waiters)
{
	char *argv[] = { "true", NULL };
	int kinds[] = { 0, 1, 2 };

	for (int i = 0; i < 3; i++) {
		int status = CHILD_STATUS({
			int fd = uffd_open(O_NONBLOCK, 0);
			char *p = anon(2 * PAGE);
			struct access a;

			CHECK(!uffd_register(fd, p, 2 * PAGE, MISSING, NULL));
			access_start(&a, p, 0);
			uffd_msg(fd);
			access_start(&a, p + PAGE, 1);
			if (kinds[i] == 1)
				raise(SIGKILL);
			if (kinds[i] == 2) {
				execv("/bin/true", argv);
				execv("/bin/busybox", argv);
			}
			_exit(0);
		});
		CHECK_EQ(status, kinds[i] == 1 ? SIGKILL : 0);
	}
}

TEST(uffd_forks_while_a_fault_waits)
{
	int fd = uffd_open(O_NONBLOCK, 0);
	char *p = anon(2 * PAGE);
	struct access a;

	CHECK(!uffd_register(fd, p, 2 * PAGE, MISSING, NULL));
	access_start(&a, p, 0);
	uffd_msg(fd);
	CHECK_EQ(CHILD_STATUS({ CHECK(p[0] == 0); p[PAGE] = 1; }), 0);	/* it is not watched */
	CHECK(!a.done && !mprotect(p, PAGE, PROT_READ));		/* nor is the space locked */
	memset(source, 'z', PAGE);
	CHECK_EQ(uffd_copy(fd, p, source, PAGE, 0), PAGE);
	CHECK_EQ(access_end(&a), 'z');
}
