/*
 * test/user/t_mmfuzz.c - random calls on one piece of address space, step by step as on Linux.
 *
 * MODEL     A seed gives a sequence of mmap, munmap, mprotect, mremap, madvise, mlock, msync, mincore,
 *           fallocate, ftruncate, fork, remap_file_pages, mbind, mseal, loads, stores and copies through
 *           /proc/self/mem, all inside ARENA.  Every result and errno, the regions with their offsets after each
 *           step (so: which neighbours are merged), and at times the content of every page, go into a hash.
 *           Of nodes it names the first, which has all its memory, and one that no machine here has.
 *           linux_hashes[] is what Linux 6.12 makes of it; it depends on no address outside the arena, and on no
 *           config option.
 *           The boot parameter mmfuzz=SEED prints the steps of one seed, mmfuzz=0-63 the table, or any other
 *           seeds': for a look with diff at what two kernels do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include "test/user/fuzz.h"
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define NR_MSEAL	462
#define ARENA	0x1000000000ul		/* far from a randomised heap, in every paging mode */
#define PAGES	96ul
#define PG	4096ul
#define STEPS	120
#define FILES	4
#define FILE_PAGES	16
#define SEEDS	(sizeof(linux_hashes) / sizeof(*linux_hashes))

static const uint64_t linux_hashes[] = {
#include "test/user/mmfuzz.h"
};

static int files[FILES];
static sigjmp_buf jump;
static siginfo_t seen;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	seen = *info;
	siglongjmp(jump, 1);
}

static const char *err(long rc)
{
	static char text[16];

	snprintf(text, sizeof(text), rc < 0 ? "errno %d" : "ok", errno);
	return text;
}

/* ---- what is there --------------------------------------------------------------------------- */

/* The regions of the arena: pages, permissions, offset, and whether of a file. */
static void look_at_regions(void)
{
	unsigned long from, to, offset, inode;
	char line[300], perm[8];
	FILE *f = fopen("/proc/self/maps", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &from, &to, perm, &offset, &inode) != 5)
			continue;
		if (to > ARENA && from < ARENA + PAGES * PG)
			note("  %ld-%ld %s %lx %d", (long)(from - ARENA) / (long)PG, (long)(to - ARENA) / (long)PG,
			     perm, offset / PG, inode != 0);
	}
	fclose(f);
}

static void look_at_content(void)
{
	unsigned char got[3 * PAGES] = { 0 };

	for (volatile unsigned long i = 0; i < PAGES; i++) {
		volatile unsigned char *p = (void *)(ARENA + i * PG);

		if (!sigsetjmp(jump, 1)) {
			got[3 * i] = p[0];
			got[3 * i + 1] = p[1000];
			got[3 * i + 2] = p[4095];
		} else {
			got[3 * i] = seen.si_signo * 16 + seen.si_code;
		}
	}
	fold(got, sizeof(got));
	note("content");
}

/* ---- steps: of @len bytes at @a, page @p ------------------------------------------------------ */

static int some_prot(void)
{
	static const int prots[] = { 0, 1, 3, 5, 7, 3, 3, 3, 1, 1, PROT_GROWSDOWN | 3, PROT_GROWSUP | 1, 0x10, 8 };

	return prots[below(sizeof(prots) / sizeof(*prots))];
}

static void step_mmap(unsigned long a, unsigned long len)
{
	enum { P = MAP_PRIVATE | MAP_FIXED, S = MAP_SHARED | MAP_FIXED, A = MAP_ANONYMOUS };
	static const int some[] = {
		P | A, S | A, P, S, MAP_SHARED_VALIDATE | MAP_FIXED, MAP_PRIVATE | A | MAP_FIXED_NOREPLACE,
		P | A | MAP_GROWSDOWN, P | A | MAP_POPULATE, P | A | MAP_LOCKED, P | A | MAP_NORESERVE,
		MAP_SHARED | P | A, MAP_FIXED | A, S | MAP_POPULATE, P | MAP_POPULATE,
		MAP_SHARED_VALIDATE | MAP_FIXED | 0x800000, P | A | MAP_STACK | MAP_NONBLOCK,
	};
	int flags = some[below(16)], prot = some_prot(), fd = (flags & A) && below(8) ? -1 : files[below(FILES)];
	unsigned long off = (below(3) ? below(20) * PG : 0) + (below(60) ? 0 : 5);
	void *m = mmap((void *)a, len, prot, flags, fd, off);

	note("mmap %lx %lx %x %x %d %lx: %s", a, len, prot, flags, fd >= 0, off, err(m == MAP_FAILED ? -1 : 0));
}

static void step_mremap(unsigned long a, unsigned long len)
{
	static const int some[] = { 0, 3, 3, 3, 5, 7, 2, 8, 6 };
	int flags = some[below(9)];
	unsigned long to = (1 + below(12)) * PG, at = ARENA + below(PAGES) * PG + (below(50) ? 0 : 100);
	/* Where the kernel chooses the place it is beside the arena: nobody looks there. */
	void *m = mremap((void *)a, below(40) ? len : 0, below(40) ? to : 0, flags & 4 ? 7 : flags, (void *)at);

	note("mremap %lx %lx %lx %x %lx: %s", a, len, to, flags, at, err(m == MAP_FAILED ? -1 : 0));
}

static void step_madvise(unsigned long a, unsigned long len)
{
	static const int some[] = {
		0, 1, 2, 3, 4, 4, 4, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23, 24, 99, -1, 5, 6, 7,
	};
	int advice = some[below(sizeof(some) / sizeof(*some))];

	note("madvise %lx %lx %d: %s", a, len, advice, err(madvise((void *)a, len, advice)));
}

static void step_lock(unsigned long a, unsigned long len)
{
	unsigned kind = below(5);
	long rc = kind == 0 ? mlock((void *)a, len) : kind == 1 ? munlock((void *)a, len) :
		  kind == 2 ? syscall(SYS_mlock2, a, len, below(4)) :
		  kind == 3 ? mlockall(below(8) & ~2) : munlockall();

	note("lock %u %lx %lx: %s", kind, a, len, err(rc));
}

static void step_access(unsigned long a)
{
	bool write = below(3);
	unsigned char value = below(256);

	a = (a & ~(PG - 1)) + below(PG);
	for (volatile int i = 0; i < 4; i++) {
		volatile unsigned char *p = (void *)(a + i * PG);

		if (sigsetjmp(jump, 1)) {
			note("access %lx: signal %d code %d at %p", a + i * PG, seen.si_signo, seen.si_code,
			     seen.si_addr);
			continue;
		}
		if (write)
			*p = value;
		note("access %lx: %d", a + i * PG, write ? value : *p);
	}
}

static void step_file(unsigned long a)
{
	int fd = files[below(FILES)];
	unsigned long off = below(20) * PG + below(PG), size = below(30) * PG + (below(3) ? 0 : below(PG));
	char bytes[64];
	long rc;

	switch (below(4)) {
	case 0:
		note("ftruncate %lx: %s", size, err(ftruncate(fd, size)));
		break;
	case 1:
		memset(bytes, below(256), sizeof(bytes));
		rc = pwrite(fd, bytes, sizeof(bytes), off);
		note("pwrite %lx: %ld %s", off, rc, err(rc));
		break;
	case 2:		/* whether all of a page, not how much before a fault: that depends on the copy routine */
		rc = pread(fd, (void *)((a & ~(PG - 1)) + 64), 32, off);
		note("pread %lx to %lx: %ld %s", off, a, rc, err(rc));
		break;
	default:
		rc = fallocate(fd, below(4) ? 3 : below(8), off & ~(below(3) ? PG - 1 : 0), 1 + below(6 * PG));
		note("fallocate: %s", err(rc));
	}
}

static void step_mem(unsigned long a)
{
	int fd = open("/proc/self/mem", O_RDWR);
	bool write = below(2);
	char bytes[5000];
	size_t n = 1 + below(sizeof(bytes));
	long rc;

	CHECK(fd >= 0);
	memset(bytes, below(256), sizeof(bytes));
	a = (a & ~(PG - 1)) + below(PG);
	rc = write ? pwrite(fd, bytes, n, a) : pread(fd, bytes, n, a);
	note("mem %d %lx %zx: %ld %s", write, a, n, rc, err(rc));
	close(fd);
}

static void step_mincore(unsigned long a, unsigned long len)
{
	unsigned char vec[PAGES];

	if (len > PAGES * PG)
		len = PAGES * PG;
	note("mincore %lx %lx: %s", a, len, err(mincore((void *)a, len, vec)));
}

static void step_policy(unsigned long a, unsigned long len)
{
	unsigned long nodes = below(8) ? 1 : below(4), mask = (nodes & 1) | (nodes & 2) << 2;
	int mode = below(8), flags = below(4) ? 0 : below(4);
	long rc = syscall(SYS_mbind, a, len, mode, mode == 0 || mode == 4 ? NULL : &mask, 5, flags);

	note("mbind %lx %lx %d %lx %d: %s", a, len, mode, nodes, flags, err(rc));
}

static void step_nonlinear(unsigned long a, unsigned long len)
{
	unsigned long page = below(20);
	int prot = below(10) ? 0 : 1, flags = below(4) ? 0 : MAP_NONBLOCK;

	note("remap_file_pages %lx %lx %d %lx: %s", a, len, prot, page,
	     err(remap_file_pages((void *)a, len, prot, page, flags)));
}

static void step_seal(unsigned long a)
{
	unsigned long flags = below(8) ? 0 : 1;

	if (!below(3))
		note("mseal %lx: %s", a, err(syscall(NR_MSEAL, a, PG, flags)));
}

static void step(bool may_fork);

static void step_fork(void)
{
	uint64_t of_child = 0;
	int fd[2], status;
	pid_t child;

	CHECK_EQ(pipe(fd), 0);
	fflush(stdout);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		for (int i = 0; i < 6; i++)
			step(false);
		look_at_regions();
		look_at_content();
		fflush(stdout);
		_exit(write(fd[1], &hash, sizeof(hash)) != sizeof(hash));
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK_EQ(read(fd[0], &of_child, sizeof(of_child)), sizeof(of_child));
	close(fd[0]);
	close(fd[1]);
	note("child %016llx", (unsigned long long)of_child);
}

static void step(bool may_fork)
{
	static const int sync[] = {
		MS_SYNC, MS_ASYNC, MS_INVALIDATE, MS_SYNC | MS_ASYNC, 0, 8, MS_SYNC | MS_INVALIDATE,
	};
	unsigned long a = ARENA + below(PAGES) * PG, len = (1 + below(below(4) ? 8 : 40)) * PG;
	int arg;

	a += below(30) ? 0 : below(PG);
	len += below(30) ? 0 : below(PG);
	len = below(100) ? len : 0;
	len = below(200) ? len : -len;
	switch (below(24)) {
	case 0 ... 3:
		return step_mmap(a, len);
	case 4: case 5:
		return note("munmap %lx %lx: %s", a, len, err(munmap((void *)a, len)));
	case 6: case 7:
		arg = some_prot();
		return note("mprotect %lx %lx %x: %s", a, len, arg, err(mprotect((void *)a, len, arg)));
	case 8: case 9:
		return step_mremap(a, len);
	case 10: case 11:
		return step_madvise(a, len);
	case 12:
		return step_lock(a, len);
	case 13:
		arg = sync[below(7)];
		return note("msync %lx %lx %d: %s", a, len, arg, err(msync((void *)a, len, arg)));
	case 14:
		return step_mincore(a, len);
	case 15: case 16:
		return step_access(a);
	case 17:
		return may_fork ? step_fork() : step_access(a);
	case 18:
		return step_file(a);
	case 19:
		return step_policy(a, len);
	case 20:
		return step_nonlinear(a, len);
	case 21:
		return step_seal(a);
	default:
		return step_mem(a);
	}
}

/* ---- a seed ---------------------------------------------------------------------------------- */

static void make_files(void)
{
	char bytes[8];

	for (int i = 0; i < FILES; i++) {
		files[i] = memfd_create("mmfuzz", 0);
		CHECK(files[i] >= 0);
		CHECK_EQ(ftruncate(files[i], FILE_PAGES * PG), 0);
		for (int j = 0; j < FILE_PAGES; j++) {
			memset(bytes, i * FILE_PAGES + j, sizeof(bytes));
			CHECK_EQ(pwrite(files[i], bytes, sizeof(bytes), j * PG + i), sizeof(bytes));
		}
	}
}

static uint64_t run_seed(unsigned seed)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	CHECK_EQ(sched_setaffinity(0, sizeof(first), &first), 0);	/* so all memory is node 0's */
	state = seed * 0x9e3779b97f4a7c15ull + 1;
	hash = 0xcbf29ce484222325ull;
	make_files();
	for (int i = 0; i < STEPS; i++) {
		step(true);
		look_at_regions();
		if (i % 12 == 11)
			look_at_content();
	}
	munlockall();
	for (int i = 0; i < FILES; i++)
		close(files[i]);
	return hash;
}

/* A process of its own for each seed: growing stacks and lock counts end with it. */
static uint64_t hash_of(unsigned seed)
{
	uint64_t *result = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), got;
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	CHECK(result != MAP_FAILED);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	CHECK_EQ(CHILD_STATUS(*result = run_seed(seed); fflush(stdout)), 0);
	got = *result;
	munmap(result, PG);
	return got;
}

TEST_TIMED(random_calls_do_what_linux_does, 120)
{
	compare_seeds("mmfuzz", hash_of, linux_hashes, SEEDS, SEEDS / 4);	/* the others by hand */
}
