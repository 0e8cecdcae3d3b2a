/*
 * test/user/t_placefuzz.c - random calls where the kernel chooses the place, around the heap, and what smaps says.
 *
 * MODEL     As t_mmfuzz.c: a seed gives a sequence of calls, and all that is seen of them goes into a hash that is
 *           compared with Linux's.  Here the kernel chooses addresses, so there is an anchor: everything on one side
 *           of it is free, all small holes on the other are filled, and addresses are told as pages from it.
 *           The second place is the heap from where it ended at the start; brk, and mappings in its way.
 *           Each seed runs in one of two layouts: even ones top-down, odd ones bottom-up, as a program gets it that
 *           was executed with ADDR_COMPAT_LAYOUT.  What is compared after every other step: regions of both places
 *           with the figures and flags of smaps, VmSize and VmData since the start; at times the content.
 *           Nothing here may call malloc(): the heap is the test's.
 *           The boot parameter placefuzz=SEED prints the steps of one seed, placefuzz=0-31 the table.
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
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define NR_PROCESS_MADVISE	440
#define NR_MSEAL		462
#define MAP_DROPPABLE		0x08
#define MREMAP_DONTUNMAP	4
#define PG	4096l
#define PAGES	96l		/* on the free side of the anchor, where addresses are drawn */
#define VIEW	2048l		/* pages that are looked at, of either place */
#define WALL	(64 * PG)	/* beyond the anchor: more than a step reaches over it, and merges with nothing */
#define TABLE	(512 * PG)	/* covered by one page table */
#define STEPS	110
#define FILES	3
#define SEEDS	(sizeof(linux_hashes) / sizeof(*linux_hashes))

static const uint64_t linux_hashes[] = {
#include "test/user/placefuzz.h"
};

static int files[FILES];
static pid_t other;			/* sleeps, with a space of its own */
static int self_fd, other_fd;		/* as pidfds */
static bool upwards;
static long anchor, heap;		/* addresses; the arena begins or ends at the anchor */
static long size_at_start, data_at_start;
static sigjmp_buf jump;
static siginfo_t seen;
static char text[1 << 19];		/* what /proc says */

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	seen = *info;
	siglongjmp(jump, 1);
}

static const char *err(long rc)
{
	static char name[16];

	snprintf(name, sizeof(name), rc < 0 ? "errno %d" : "ok", errno);
	return name;
}

static long arena(void)
{
	return upwards ? anchor : anchor - PAGES * PG;
}

static bool in_view(long a, long from)
{
	return a >= from && a < from + VIEW * PG;
}

/* @a as it is on every machine. */
static const char *place(long a)
{
	static char names[4][32];
	static unsigned next;
	char *name = names[next++ % 4];

	if (in_view(a, heap))
		snprintf(name, 32, "h+%ld.%lx", (a - heap) / PG, a % PG);
	else if (labs(a - anchor) < 1l << 30)
		snprintf(name, 32, "a%+ld.%lx", (a - anchor) / PG, a % PG);
	else
		snprintf(name, 32, "elsewhere");
	return name;
}

static const char *got(void *m)
{
	return m == MAP_FAILED ? err(-1) : place((long)m);
}

/* ---- what is there --------------------------------------------------------------------------- */

static void read_proc(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t have = 0;
	ssize_t n;

	CHECK(fd >= 0);
	while ((n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += n;
	text[have] = 0;
	close(fd);
}

static bool is_compared(const char *line)
{
	static const char *const fields[] = {
		"Size:", "Rss:", "Pss:", "Shared_", "Private_Clean", "Private_Dirty", "Anonymous:", "LazyFree:",
		"Swap", "Locked:", "VmFlags:",
	};

	for (unsigned i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strncmp(line, fields[i], strlen(fields[i])))
			return true;
	return false;
}

/* The regions of smaps that begin in view, or reach into it. */
static void look_at_regions(void)
{
	long low = upwards ? anchor : anchor - VIEW * PG, from, to, offset, inode;
	bool wanted = false;
	char perm[8];

	read_proc("/proc/self/smaps");
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &from, &to, perm, &offset, &inode) == 5) {
			wanted = (to > low && from < low + VIEW * PG) || (to > heap && from < heap + VIEW * PG);
			if (wanted && from < heap && to > heap)
				from = heap, wanted = false;	/* its figures begin before */
			if (wanted || from == heap)
				note("  %s-%s %s %lx %d", place(from), place(to), perm,
				     inode ? offset / PG : 0, inode != 0);
		} else if (wanted && is_compared(line)) {
			note("    %s", line);
		}
	}
}

static long kb_of(const char *field)
{
	char *at = strstr(text, field);

	CHECK(at);
	return atol(at + strlen(field));
}

static void look_at_totals(void)
{
	read_proc("/proc/self/status");
	note("  size %ld data %ld", kb_of("VmSize:") - size_at_start, kb_of("VmData:") - data_at_start);
}

static void look_at_content(long from, long pages)
{
	unsigned char bytes[3 * PAGES] = { 0 };
	uint64_t of_all = hash, of_content;

	for (volatile long i = 0; i < pages; i++) {
		volatile unsigned char *p = (void *)(from + i * PG);

		if (!sigsetjmp(jump, 1)) {
			bytes[3 * i] = p[0];
			bytes[3 * i + 1] = p[1000];
			bytes[3 * i + 2] = p[4095];
		} else {
			bytes[3 * i] = seen.si_signo * 16 + seen.si_code;
		}
	}
	hash = 0;
	fold(bytes, sizeof(bytes));
	of_content = hash;
	hash = of_all;
	note("content %016llx", (unsigned long long)of_content);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static int some_prot(void)
{
	static const int prots[] = {
		0, 1, 3, 5, 7, 3, 3, 3, 1, 1, PROT_GROWSDOWN | 3, PROT_GROWSUP | 1, PROT_GROWSDOWN,
	};

	return PICK(prots);
}

static long some_address(void)
{
	if (!below(4))
		return heap + below(40) * PG;
	return arena() + below(PAGES) * PG;
}

static long some_length(void)
{
	return (1 + below(below(4) ? 8 : 30)) * PG;
}

static void step_mmap(void)
{
	enum { P = MAP_PRIVATE, S = MAP_SHARED, A = MAP_ANONYMOUS };
	static const int some[] = {
		P | A, P | A, S | A, P, S, P | A | MAP_GROWSDOWN, P | A | MAP_POPULATE, P | A | MAP_LOCKED,
		P | A | MAP_NORESERVE, P | A | MAP_STACK, MAP_DROPPABLE | A, MAP_DROPPABLE | A | MAP_POPULATE,
		S | A | MAP_POPULATE, P | A | MAP_GROWSDOWN | MAP_POPULATE, MAP_DROPPABLE,
		MAP_DROPPABLE | A | MAP_LOCKED, S | A | MAP_LOCKED, P | A,
	};
	int flags = PICK(some), prot = some_prot() & 7, fd = files[below(FILES)];
	long at = 0, len = some_length(), off = below(12) * PG;

	switch (below(6)) {
	case 0:
		at = some_address();
		flags |= below(2) ? MAP_FIXED : MAP_FIXED_NOREPLACE;
		break;
	case 1:
		at = some_address() + (below(4) ? 0 : below(PG));
		break;
	default:
		break;
	}
	note("mmap %s %ld %x %x %ld: %s", at ? place(at) : "0", len / PG, prot, flags, off / PG,
	     got(mmap((void *)at, len, prot, flags, flags & A ? -1 : fd, off)));
}

static void step_mremap(void)
{
	static const int some[] = { 0, 0, 1, 1, 1, 1, 3, 5, 5, 7, 2, 4, 6, 8 };
	long a = some_address(), len = below(30) ? some_length() : 0, size = below(30) ? some_length() : 0;
	long at = some_address();
	int flags = PICK(some);

	if (flags & MREMAP_DONTUNMAP && below(4))
		size = len;
	note("mremap %s %ld %ld %x %s: %s", place(a), len / PG, size / PG, flags, place(at),
	     got(mremap((void *)a, len, size, flags, (void *)at)));
}

static void step_brk(void)
{
	long now = syscall(SYS_brk, 0), pages = below(6) ? (long)below(40) : -(long)below(3), end;
	long wish = heap + pages * PG + (below(3) ? 0 : below(PG));

	if (wish < heap)
		wish = below(2) ? 1 : 1l << 60;		/* out of the question */
	end = syscall(SYS_brk, wish);
	note("brk %s: from %s to %s", wish == 1 || wish == 1l << 60 ? "off" : place(wish), place(now), place(end));
}

static const int advices[] = {
	0, 1, 2, 3, 4, 4, 8, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 99, -1, 102,
	103,
};

/* What a kernel may be built without: samepage merging, huge pages; and what says nothing about when: FREE. */
static bool advice_is_optional(int advice)
{
	return advice == 8 || advice == 12 || advice == 13 || advice == 14 || advice == 15 || advice == 25;
}

static void step_madvise(void)
{
	long a = some_address() + (below(30) ? 0 : below(PG)), len = some_length() - (below(20) ? 0 : below(PG));
	int advice = PICK(advices);

	if (advice_is_optional(advice))
		return;
	note("madvise %s %lx %d: %s", place(a), len, advice, err(madvise((void *)a, len, advice)));
}

static void step_process_madvise(void)
{
	static const int mine[] = { 3, 3, 20, 21, 4, 8, 0, 25, 99 };
	struct iovec iov[3];
	unsigned n = below(4), flags = below(20) ? 0 : 1;
	int advice = PICK(mine), fd = below(3) ? self_fd : other_fd;
	long rc;

	if (advice_is_optional(advice))
		return;
	for (unsigned i = 0; i < 3; i++)
		iov[i] = (struct iovec) { (void *)some_address(), below(10) ? some_length() : 0 };
	if (!below(20))
		fd = -1;
	rc = syscall(NR_PROCESS_MADVISE, fd, below(30) ? iov : NULL, n, advice, flags);
	note("process_madvise %d %s+%ld %s+%ld %u %d: %ld %s", fd == self_fd, place((long)iov[0].iov_base),
	     iov[0].iov_len / PG, place((long)iov[1].iov_base), iov[1].iov_len / PG, n, advice, rc, err(rc));
}

static void step_lock(void)
{
	long a = some_address(), len = some_length(), rc;
	unsigned kind = below(8);

	switch (kind) {
	case 0: case 1:
		rc = mlock((void *)a, len);
		break;
	case 2: case 3:
		rc = munlock((void *)a, len);
		break;
	case 4: case 5:
		rc = syscall(SYS_mlock2, a, len, below(3));
		break;
	case 6:
		rc = mlockall(below(8) & ~MCL_CURRENT);
		break;
	default:
		rc = munlockall();
	}
	note("lock %u %s %ld: %s", kind, place(a), len / PG, err(rc));
}

static void step_protect(void)
{
	static const int keys[] = { -1, -1, 0, 1, 15, 16, -2 };
	long a = some_address() + (below(20) ? 0 : 8), len = some_length();
	int prot = some_prot(), key = PICK(keys);

	if (below(3))
		note("mprotect %s %ld %x: %s", place(a), len / PG, prot, err(mprotect((void *)a, len, prot)));
	else
		note("pkey_mprotect %s %ld %x %d: %s", place(a), len / PG, prot, key,
		     err(syscall(SYS_pkey_mprotect, a, len, prot, key)));
}

static void step_sync(void)
{
	unsigned char vec[PAGES + 1] = { 0 };
	long a = some_address(), len = some_length(), rc;
	int flags = below(8);

	if (below(2)) {
		note("msync %s %ld %d: %s", place(a), len / PG, flags, err(msync((void *)a, len, flags)));
		return;
	}
	rc = mincore((void *)a, len, vec);
	note("mincore %s %ld: %s", place(a), len / PG, err(rc));
	for (long i = 0; !rc && i < len / PG; i++)
		vec[i] = '0' + vec[i];
	note("  %s", rc ? "" : (char *)vec);
}

static void step_access(void)
{
	long a = some_address() + below(PG);
	bool write = below(3);
	unsigned char value = below(256);

	for (volatile int i = 0; i < 4; i++) {
		volatile unsigned char *p = (void *)(a + i * PG);

		if (sigsetjmp(jump, 1)) {
			note("access %s: signal %d code %d at %s", place(a + i * PG), seen.si_signo, seen.si_code,
			     place((long)seen.si_addr));
			continue;
		}
		if (write)
			*p = value;
		note("access %d %s: %d", write, place(a + i * PG), *p);
	}
}

static void step_file(void)
{
	int fd = files[below(FILES)];
	long off = below(14) * PG;
	char bytes[64];

	switch (below(4)) {
	case 0:
		note("ftruncate %ld: %s", off / PG, err(ftruncate(fd, off)));
		break;
	case 1:
		memset(bytes, below(256), sizeof(bytes));
		note("pwrite %ld: %s", off / PG, err(pwrite(fd, bytes, sizeof(bytes), off)));
		break;
	case 2:
		note("punch %ld: %s", off / PG, err(fallocate(fd, 3, off, PG * (1 + below(4)))));
		break;
	default:
		note("seals: %s", err(fcntl(fd, F_ADD_SEALS, below(6) ? 0 : 1 << below(6))));
	}
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
		look_at_content(arena(), PAGES);
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

static void step_unmap(void)
{
	long a = some_address(), len = some_length();

	note("munmap %s %ld: %s", place(a), len / PG, err(munmap((void *)a, len)));
}

static void step_seal(void)
{
	long a = some_address();

	if (!below(4))
		note("mseal %s: %s", place(a), err(syscall(NR_MSEAL, a, PG * (1 + below(2)), 0)));
}

static void step(bool may_fork)
{
	static void (*const steps[])(void) = {
		step_mmap, step_mmap, step_mmap, step_mmap, step_mmap, step_mmap, step_unmap, step_unmap, step_mremap,
		step_mremap, step_mremap, step_brk, step_brk, step_madvise, step_madvise, step_madvise,
		step_process_madvise, step_lock, step_protect, step_protect, step_sync, step_access, step_access,
		step_access, step_file, step_seal,
	};

	if (may_fork && !below(20))
		step_fork();
	else
		PICK(steps)();
}

/* ---- a seed ---------------------------------------------------------------------------------- */

static void *map_pages(long at, long len, int prot, int flags)
{
	void *m = mmap((void *)at, len, prot, flags | MAP_ANONYMOUS, -1, 0);

	CHECK(m != MAP_FAILED);
	return m;
}

/*
 * Find a free place beyond which all is free, with no hole before it that the kernel could choose.  The anchor is at
 * a multiple of what one page table covers: what a fault brings in around it does not hang on the random layout.
 */
static void drop_anchor(void)
{
	long lid_size = 1l << 30, a, lid = (long)map_pages(0, lid_size, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);

	do
		a = (long)map_pages(0, PG, PROT_NONE, MAP_PRIVATE);
	while (upwards ? a < lid : a > lid);
	munmap((void *)a, PG);
	munmap((void *)lid, lid_size);
	anchor = upwards ? (lid + WALL + TABLE - 1) & -TABLE : (lid + lid_size - WALL) & -TABLE;
	map_pages(upwards ? lid : anchor, upwards ? anchor - lid : lid + lid_size - anchor, PROT_NONE,
		  MAP_SHARED | MAP_FIXED);
}

static void make_files(void)
{
	for (int i = 0; i < FILES; i++) {
		files[i] = memfd_create("placefuzz", MFD_ALLOW_SEALING);
		CHECK(files[i] >= 0);
		CHECK_EQ(ftruncate(files[i], 10 * PG), 0);
		for (int j = 0; j < 10; j++)
			CHECK_EQ(pwrite(files[i], &j, sizeof(j), j * PG + i), sizeof(j));
	}
}

static void start_other(void)
{
	other = fork();
	CHECK(other >= 0);
	if (!other) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	self_fd = syscall(SYS_pidfd_open, getpid(), 0);
	other_fd = syscall(SYS_pidfd_open, other, 0);
	CHECK(self_fd >= 0 && other_fd >= 0);
}

static uint64_t run_seed(unsigned seed)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	state = seed * 0x9e3779b97f4a7c15ull + 77;
	hash = 0xcbf29ce484222325ull;
	upwards = seed % 2;
	printf("# seed %u\n", seed);			/* stdio has its buffer before the heap is ours */
	fflush(stdout);
	make_files();
	drop_anchor();
	start_other();
	heap = (syscall(SYS_brk, 0) + TABLE - 1) & -TABLE;
	CHECK_EQ(syscall(SYS_brk, heap), heap);
	read_proc("/proc/self/status");
	size_at_start = kb_of("VmSize:");
	data_at_start = kb_of("VmData:");
	for (int i = 0; i < STEPS; i++) {
		step(true);
		if (i % 2) {
			look_at_regions();
			look_at_totals();
		}
		if (i % 12 == 11) {
			look_at_content(arena(), PAGES);
			look_at_content(heap, 40);
		}
	}
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	return hash;
}

/* What hash_of() executes: the layout of an address space is chosen then. */
TEST_TIMED(a_seed_in_a_new_program, 120)
{
	const char *seed = getenv("PLACEFUZZ_SEED");
	uint64_t result;

	if (!seed)
		return;		/* not asked for */
	trace = getenv("PLACEFUZZ_TRACE");
	result = run_seed(atoi(seed));
	CHECK_EQ(write(atoi(getenv("PLACEFUZZ_FD")), &result, sizeof(result)), sizeof(result));
}

/* @log: where its steps are written, unless they are traced for whoever asked. */
static void exec_seed(unsigned seed, int fd, const char *log)
{
	char number[16], to[16];

	snprintf(number, sizeof(number), "%u", seed);
	snprintf(to, sizeof(to), "%d", fd);
	setenv("PLACEFUZZ_SEED", number, 1);
	setenv("PLACEFUZZ_FD", to, 1);
	setenv("PLACEFUZZ_TRACE", "1", 1);
	if (!trace)
		dup2(open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
	personality(seed % 2 ? ADDR_COMPAT_LAYOUT : 0);
	execl("/proc/self/exe", "utest", "placefuzz.a_seed", NULL);
	_exit(127);
}

static uint64_t hash_of_run(unsigned seed, const char *log)
{
	uint64_t result = 0;
	int fd[2], status;
	pid_t child;

	CHECK_EQ(pipe(fd), 0);
	fflush(stdout);
	child = fork();
	CHECK(child >= 0);
	if (!child)
		exec_seed(seed, fd[1], log);
	CHECK_EQ(waitpid(child, &status, 0), child);
	if (status)
		test_fail(__FILE__, __LINE__, "seed %u ended with status %x", seed, status);
	CHECK_EQ(read(fd[0], &result, sizeof(result)), sizeof(result));
	close(fd[0]);
	close(fd[1]);
	return result;
}

/* The first line in which two runs of @seed differ. */
static void tell_difference(unsigned seed, const char *log[2])
{
	FILE *f[2] = { fopen(log[0], "r"), fopen(log[1], "r") };
	static char line[2][600];

	CHECK(f[0] && f[1]);
	for (unsigned nr = 1; fgets(line[0], sizeof(line[0]), f[0]) && fgets(line[1], sizeof(line[1]), f[1]); nr++) {
		if (!strcmp(line[0], line[1]))
			continue;
		printf("# seed %u differed once, in line %u of its steps:\n# %s# %s", seed, nr, line[0], line[1]);
		break;
	}
	fclose(f[0]);
	fclose(f[1]);
}

/*
 * What is resident, and what MADV_FREE and PAGEOUT find in no hands, hangs on reclaim and compaction, too, which
 * other programs set going: a seed that differs has a second run, and says by which line the first was another.
 */
static uint64_t hash_of(unsigned seed)
{
	const char *log[2] = { "/tmp/placefuzz.1", "/tmp/placefuzz.2" };
	uint64_t got = hash_of_run(seed, log[0]), again;

	if (!trace && seed < SEEDS && got != linux_hashes[seed]) {
		again = hash_of_run(seed, log[1]);
		if (again != got)
			tell_difference(seed, log);
		got = again;
	}
	unlink(log[0]);
	unlink(log[1]);
	return got;
}

TEST_TIMED(the_kernel_chooses_as_linux_does, 120)
{
	compare_seeds("placefuzz", hash_of, linux_hashes, SEEDS, SEEDS / 4);	/* the others by hand */
}
