/* test/user/t_mmap.c - mappings as a program sees them: protection, sharing, splitting, errors.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PG 4096ul

static sigjmp_buf jump;
static siginfo_t seen;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	seen = *info;
	siglongjmp(jump, 1);
}

static void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* The signal that reading (or writing) @p raises, 0 for none. */
static int poke(volatile char *p, bool write)
{
	seen.si_signo = 0;
	if (!sigsetjmp(jump, 1)) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	return seen.si_signo;
}

static char *anon(size_t n, int prot)
{
	char *p = mmap(NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static int temp_file(size_t size, char fill)
{
	char name[] = "/tmp/t_mmap.XXXXXX";
	int fd = mkstemp(name);
	char page[PG];

	CHECK(fd >= 0);
	unlink(name);
	memset(page, fill, PG);
	for (size_t at = 0; at < size; at += PG) {
		size_t n = size - at < PG ? size - at : PG;
		CHECK_EQ(write(fd, page, n), n);
	}
	return fd;
}

TEST(anonymous_is_zero_and_keeps_what_is_written)
{
	size_t n = 512 * PG;
	char *p = anon(n, PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < n; i += PG)
		CHECK_EQ(p[i], 0);
	for (size_t i = 0; i < n; i += PG)
		p[i] = (char)(i / PG);
	for (size_t i = 0; i < n; i += PG)
		CHECK_EQ(p[i], (char)(i / PG));
	CHECK_EQ(munmap(p, n), 0);
}

TEST(fault_signals_and_codes)
{
	catch_faults();
	char *p = anon(3 * PG, PROT_READ);

	CHECK_EQ(poke(p, false), 0);
	CHECK_EQ(poke(p, true), SIGSEGV);
	CHECK_EQ(seen.si_code, SEGV_ACCERR);
	CHECK(seen.si_addr == p);
	CHECK_EQ(munmap(p + PG, PG), 0);
	CHECK_EQ(poke(p + PG + 5, false), SIGSEGV);
	CHECK_EQ(seen.si_code, SEGV_MAPERR);
	CHECK(seen.si_addr == p + PG + 5);
	CHECK_EQ(mprotect(p, PG, PROT_NONE), 0);
	CHECK_EQ(poke(p, false), SIGSEGV);
	CHECK_EQ(seen.si_code, SEGV_ACCERR);
	CHECK_EQ(poke((char *)0x10, false), SIGSEGV);
	CHECK_EQ(poke((char *)0xffffffff80000000ul, false), SIGSEGV);
}

TEST(file_mapping_past_end_is_sigbus)
{
	catch_faults();
	int fd = temp_file(PG + 100, 'x');
	char *p = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(p != MAP_FAILED);
	CHECK_EQ(poke(p, false), 0);
	CHECK_EQ(poke(p + PG + 99, false), 0);
	CHECK_EQ(p[PG + 100], 0);
	CHECK_EQ(poke(p + 2 * PG, false), SIGBUS);
	CHECK_EQ(seen.si_code, BUS_ADRERR);
	CHECK(seen.si_addr == p + 2 * PG);
	CHECK_EQ(ftruncate(fd, 3 * PG), 0);
	CHECK_EQ(poke(p + 2 * PG, false), 0);
	CHECK_EQ(ftruncate(fd, PG), 0);
	CHECK_EQ(poke(p + PG, false), SIGBUS);
	char *q = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(q != MAP_FAILED);
	CHECK_EQ(poke(q + PG, true), SIGBUS);
}

TEST(shared_and_private_file_mappings)
{
	int fd = temp_file(4 * PG, 'a');
	char *s = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *v = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char c;

	CHECK(s != MAP_FAILED && v != MAP_FAILED);
	CHECK_EQ(v[PG], 'a');
	s[PG] = 'b';
	CHECK_EQ(v[PG], 'b');			/* not yet copied: still the file's */
	v[PG] = 'c';
	CHECK_EQ(s[PG], 'b');
	CHECK_EQ(pread(fd, &c, 1, PG), 1);
	CHECK_EQ(c, 'b');
	CHECK_EQ(pwrite(fd, "d", 1, 2 * PG), 1);
	CHECK_EQ(s[2 * PG], 'd');
	CHECK_EQ(v[2 * PG], 'd');
	int st = CHILD_STATUS({ s[3 * PG] = 'e'; v[3 * PG + 1] = 'f'; });
	CHECK_EQ(st, 0);
	CHECK_EQ(s[3 * PG], 'e');
	CHECK_EQ(v[3 * PG], 'e');
	CHECK_EQ(v[3 * PG + 1], 'a');
	CHECK_EQ(msync(s, 4 * PG, MS_SYNC), 0);
}

TEST(fork_copies_on_write)
{
	size_t n = 256 * PG;
	char *p = anon(n, PROT_READ | PROT_WRITE);
	char *sh = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(sh != MAP_FAILED);
	memset(p, 1, n);
	int st = CHILD_STATUS({
		for (size_t i = 0; i < n; i += PG) {
			CHECK_EQ(p[i], 1);
			p[i] = 2;
		}
		sh[0] = 7;
	});
	CHECK_EQ(st, 0);
	CHECK_EQ(sh[0], 7);
	for (size_t i = 0; i < n; i += PG)
		CHECK_EQ(p[i], 1);
	memset(p, 3, n);
	CHECK_EQ(p[n - 1], 3);
}

TEST(mmap_errors)
{
	int fd = temp_file(PG, 'x'), ro = open("/proc/self/exe", O_RDONLY);
	char *p = anon(2 * PG, PROT_READ);

	CHECK_ERR((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
	CHECK_ERR((long)mmap(NULL, PG, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
	CHECK_ERR((long)mmap(NULL, PG, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
	CHECK_ERR(syscall(SYS_mmap, 0, PG, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL);
	CHECK_ERR((long)mmap(p + 1, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
	CHECK_ERR((long)mmap(p, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	CHECK_ERR((long)mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), EACCES);
	CHECK_ERR((long)mmap(NULL, 1ul << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	CHECK_ERR((long)mmap(NULL, -PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	CHECK_ERR(munmap(p + 1, PG), EINVAL);
	CHECK_ERR(munmap(p, 0), EINVAL);
	CHECK_EQ(munmap(p, PG), 0);
	CHECK_EQ(munmap(p, PG), 0);
	CHECK_ERR(mprotect(p, 2 * PG, PROT_READ), ENOMEM);
	CHECK_ERR(mprotect(p + PG + 1, PG, PROT_READ), EINVAL);
	CHECK_ERR(mprotect(p + PG, PG, 0x1000), EINVAL);
	CHECK_ERR(msync(p, PG, MS_SYNC), ENOMEM);
	CHECK_ERR(msync(p + PG, PG, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERR(madvise(p + PG, PG, 12345), EINVAL);
	CHECK_ERR(madvise(p, PG, MADV_DONTNEED), ENOMEM);
	CHECK_ERR(mlock(p, PG), ENOMEM);
}

/* Lines of /proc/self/maps that lie in [@p, @p + @n). */
static unsigned regions_in(const char *p, size_t n)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[300];
	unsigned count = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		    start < (unsigned long)p + n && end > (unsigned long)p)
			count++;
	fclose(f);
	return count;
}

TEST(protection_splits_and_merges)
{
	char *p = anon(9 * PG, PROT_NONE);

	CHECK_EQ(mprotect(p + PG, 7 * PG, PROT_READ | PROT_WRITE), 0);
	memset(p + PG, 5, 7 * PG);
	CHECK_EQ(regions_in(p, 9 * PG), 3);
	CHECK_EQ(mprotect(p + 3 * PG, PG, PROT_READ), 0);
	CHECK_EQ(regions_in(p, 9 * PG), 5);
	CHECK_EQ(mprotect(p + 3 * PG, PG, PROT_READ | PROT_WRITE), 0);
	CHECK_EQ(regions_in(p, 9 * PG), 3);
	CHECK_EQ(munmap(p + 4 * PG, PG), 0);
	CHECK_EQ(regions_in(p, 9 * PG), 4);
	char *q = mmap(p + 4 * PG, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(q == p + 4 * PG);
	CHECK_EQ(regions_in(p, 9 * PG), 3);
	CHECK_EQ(q[0], 0);
	CHECK_EQ(p[3 * PG], 5);
}

TEST(mremap_grows_moves_shrinks)
{
	char *p = anon(4 * PG, PROT_READ | PROT_WRITE), *q;

	for (int i = 0; i < 4; i++)
		p[i * PG] = (char)(i + 1);
	q = mremap(p, 4 * PG, 64 * PG, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(q[i * PG], i + 1);
	CHECK_EQ(q[63 * PG], 0);
	CHECK(mremap(q, 64 * PG, 2 * PG, 0) == q);
	char *target = anon(2 * PG, PROT_NONE);
	CHECK(mremap(q, 2 * PG, 2 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
	CHECK_EQ(target[PG], 2);
	catch_faults();
	CHECK_EQ(poke(q, false), SIGSEGV);
	CHECK_ERR((long)mremap(q, PG, PG, MREMAP_MAYMOVE), EFAULT);
	CHECK_ERR((long)mremap(target + 1, PG, PG, 0), EINVAL);
	CHECK_ERR((long)mremap(target, PG, 0, 0), EINVAL);
}

TEST(dontneed_gives_zeros_again)
{
	char *p = anon(8 * PG, PROT_READ | PROT_WRITE);
	unsigned char vec[8];

	memset(p, 9, 8 * PG);
	CHECK_EQ(mincore(p, 8 * PG, vec), 0);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(vec[i] & 1, 1);
	CHECK_EQ(madvise(p + PG, 2 * PG, MADV_DONTNEED), 0);
	CHECK_EQ(mincore(p, 8 * PG, vec), 0);
	CHECK_EQ(vec[1] & 1, 0);
	CHECK_EQ(vec[3] & 1, 1);
	CHECK_EQ(p[PG], 0);
	CHECK_EQ(p[3 * PG], 9);
	int fd = temp_file(PG, 'k');
	char *f = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(f != MAP_FAILED);
	f[0] = 'z';
	CHECK_EQ(madvise(f, PG, MADV_DONTNEED), 0);
	CHECK_EQ(f[0], 'k');
}

TEST(brk_moves_the_heap_end)
{
	char *b = sbrk(0);

	CHECK_EQ(brk(b + 10 * PG), 0);
	memset(b, 1, 10 * PG);
	CHECK_EQ(brk(b), 0);
	CHECK_EQ(brk(b + 10 * PG), 0);
	CHECK_EQ(b[PG * 2], 0);
	CHECK_EQ(brk(b), 0);
	struct rlimit rl = { 1 << 20, 1 << 20 };
	CHECK_EQ(setrlimit(RLIMIT_DATA, &rl), 0);
	CHECK_ERR(brk(b + (4 << 20)), ENOMEM);
}

static int burn_stack(int depth)
{
	volatile char frame[2048];

	frame[0] = (char)depth;
	return depth ? burn_stack(depth - 1) + frame[0] : 0;
}

TEST(stack_grows_to_its_limit)
{
	burn_stack(2000);
	struct rlimit rl = { 1 << 20, 1 << 20 };
	int st = CHILD_STATUS({ setrlimit(RLIMIT_STACK, &rl); burn_stack(3000); });
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
}

/* A hole punched below a private mapping takes the file's pages from it, not its copies; empty room is free. */
TEST_TIMED(hole_below_private_copies, 20)
{
	int fd = memfd_create("hole", 0);
	unsigned long size = 1ul << 45;
	char *p = MAP_FAILED;

	CHECK_EQ(ftruncate(fd, size), 0);
	CHECK_EQ(pwrite(fd, "ffff", 4, 0), 4);
	CHECK_EQ(pwrite(fd, "gggg", 4, PG), 4);
	while (p == MAP_FAILED && (size /= 2) > PG)
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	CHECK(p != MAP_FAILED);
	p[1] = 'c';
	CHECK(p[0] == 'f' && p[PG] == 'g');
	CHECK_EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size), 0);
	CHECK(p[0] == 'f' && p[1] == 'c' && p[PG] == 0);
	munmap(p, size);
	close(fd);
}

TEST(memfd_and_shared_anonymous)
{
	int fd = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 8 * PG), 0);
	char *p = mmap(NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	p[5 * PG] = 42;
	char c;
	CHECK_EQ(pread(fd, &c, 1, 5 * PG), 1);
	CHECK_EQ(c, 42);
	CHECK_EQ(munmap(p, 8 * PG), 0);
	CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
	CHECK_ERR(ftruncate(fd, PG), EPERM);
	CHECK_ERR(write(fd, "x", 1), EPERM);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_WRITE);
}

TEST(exec_permission_is_needed_to_execute)
{
	/* li a0, 42; ret */
	static const uint32_t code[] = { 0x02a00513, 0x00008067 };
	char *p = anon(PG, PROT_READ | PROT_WRITE);
	int (*fn)(void) = (int (*)(void))p;

	memcpy(p, code, sizeof(code));
	catch_faults();
	seen.si_signo = 0;
	if (!sigsetjmp(jump, 1))
		fn();
	CHECK_EQ(seen.si_signo, SIGSEGV);
	CHECK_EQ(seen.si_code, SEGV_ACCERR);
	CHECK_EQ(mprotect(p, PG, PROT_READ | PROT_EXEC), 0);
	__builtin___clear_cache(p, p + PG);
	CHECK_EQ(fn(), 42);
}

TEST(mlock_limits_and_residency)
{
	char *p = anon(16 * PG, PROT_READ | PROT_WRITE);
	unsigned char vec[16];

	CHECK_EQ(mlock(p, 16 * PG), 0);
	CHECK_EQ(mincore(p, 16 * PG, vec), 0);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(vec[i] & 1, 1);
	CHECK_EQ(munlock(p, 16 * PG), 0);
	char *q = mmap(NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	CHECK(q != MAP_FAILED);
	CHECK_EQ(mincore(q, 8 * PG, vec), 0);
	CHECK_EQ(vec[7] & 1, 1);
}

TEST(address_space_limit)
{
	struct rlimit rl = { 256ul << 20, 256ul << 20 };

	CHECK_EQ(setrlimit(RLIMIT_AS, &rl), 0);
	CHECK_ERR((long)mmap(NULL, 512ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	CHECK(anon(64ul << 20, PROT_READ) != NULL);
}

TEST_TIMED(ten_thousand_regions, 120)
{
	enum { N = 10000 };
	char *base = anon(2ul * N * PG, PROT_NONE);

	for (unsigned long i = 0; i < N; i++)
		CHECK_EQ(mprotect(base + 2 * i * PG, PG, PROT_READ | PROT_WRITE), 0);
	for (unsigned long i = 0; i < N; i++)
		base[2 * ((i * 7919) % N) * PG] = (char)i;
	for (unsigned long i = 0; i < N; i++)
		CHECK_EQ(base[2 * ((i * 7919) % N) * PG], (char)i);
	CHECK_EQ(munmap(base, 2ul * N * PG), 0);
}

#define HUGE_2M		(21u << 26)
#define HUGE_1G		(30u << 26)
#define HUGE_1T		(40u << 26)

static void *huge(unsigned flags)
{
	return mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);
}

/* With nothing in the pool: sizes that exist have none free, others are unknown. */
TEST(huge_pages_without_a_pool)
{
	int fd = open("/tmp/not-huge", O_RDWR | O_CREAT, 0600);

	if (huge(MAP_PRIVATE) != MAP_FAILED)
		test_skip("there are huge pages");
	if (errno == EINVAL)
		test_skip("a kernel without them");
	CHECK(fd >= 0);
	CHECK_EQ(errno, ENOMEM);
	CHECK(huge(MAP_SHARED) == MAP_FAILED && errno == ENOMEM);
	CHECK(huge(MAP_PRIVATE | HUGE_2M) == MAP_FAILED && errno == ENOMEM);
	CHECK(huge(MAP_PRIVATE | HUGE_1T) == MAP_FAILED && errno == EINVAL);
	CHECK(huge(0) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, 2 << 20, PROT_READ, MAP_SHARED | MAP_HUGETLB, fd, 0) == MAP_FAILED && errno == EINVAL);
	CHECK_ERR(shmget(IPC_PRIVATE, 2 << 20, IPC_CREAT | 0600 | SHM_HUGETLB), ENOMEM);
	CHECK_ERR(shmget(IPC_PRIVATE, 2 << 20, IPC_CREAT | 0600 | SHM_HUGETLB | HUGE_1T), EINVAL);
	CHECK_ERR(memfd_create("x", 4 | HUGE_1T), ENODEV);
	CHECK_ERR(memfd_create("x", HUGE_2M), EINVAL);
	unlink("/tmp/not-huge");
}

/* The gap below a stack is kept free for it when the kernel looks for room, not from who grows towards it. */
TEST(mremap_grows_into_the_gap_below_a_stack)
{
	char *m = mmap(NULL, 6 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(m != MAP_FAILED);
	CHECK_EQ(munmap(m + 4096, 5 * 4096), 0);
	CHECK(mmap(m + 3 * 4096, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0) == m + 3 * 4096);
	CHECK(mremap(m, 4096, 3 * 4096, 0) == m);
	CHECK(mremap(m, 3 * 4096, 4 * 4096, 0) == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(munmap(m, 6 * 4096), 0);
}
