/*
 * test/user/t_nonlinear.c - remap_file_pages(2), as regions (vm.nonlinear 0, and Linux) and as entries (1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PG	4096ul
#define FPAGES	64u
#define WPAGES	32u
#define SYSCTL	"/proc/sys/vm/nonlinear"

/* ---- the setting ------------------------------------------------------------------------------ */

static char was;

static void set_back(void)
{
	int fd = open(SYSCTL, O_WRONLY);

	if (fd >= 0) {
		(void)!write(fd, &was, 1);
		close(fd);
	}
}

/* A kernel without the setting behaves as with 0. */
static void setting(char value)
{
	int fd = open(SYSCTL, O_RDWR);

	if (fd < 0) {
		if (value == '1')
			test_skip("no nonlinear mappings in this kernel");
		return;
	}
	if (!was) {
		CHECK(read(fd, &was, 1) == 1);
		atexit(set_back);
	}
	CHECK(pwrite(fd, &value, 1, 0) == 1);
	close(fd);
}

/* ---- a file and a window ---------------------------------------------------------------------- */

static int new_file(bool memory)
{
	char name[] = "/tmp/nonlinear-XXXXXX";
	int fd = memory ? memfd_create("nonlinear", 0) : mkstemp(name);

	CHECK(fd >= 0);
	if (!memory)
		unlink(name);
	for (unsigned long i = 0; i < FPAGES; i++) {
		unsigned long page[PG / 8] = { i + 100 };

		CHECK(write(fd, page, PG) == PG);
	}
	return fd;
}

static char *window(int fd)
{
	char *p = mmap(NULL, WPAGES * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

#define WORD(p, n)	(*(volatile unsigned long *)((p) + (n) * PG))
#define REMAP(p, n, nr, page) CHECK(!syscall(SYS_remap_file_pages, (p) + (n) * PG, (nr) * PG, 0, page, 0))

/* A field of smaps, in kB, summed over what overlaps [@p, @p + @len); "": how many regions. */
static long smaps(char *p, size_t len, const char *field)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long a, b;
	bool in = false;
	char line[512];
	long sum = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &a, &b) == 2 && strchr(line, '-') < strchr(line, ' ')) {
			in = a < (unsigned long)p + len && b > (unsigned long)p;
			sum += in && !*field;
		} else if (in && *field && !strncmp(line, field, strlen(field))) {
			sum += atol(line + strlen(field));
		}
	}
	fclose(f);
	return sum;
}

/* ---- both ways -------------------------------------------------------------------------------- */

static void pages_in_another_order(int fd, bool regions)
{
	char *p = window(fd);
	unsigned long page[PG / 8];

	for (unsigned i = 0; i < WPAGES; i++)
		REMAP(p, i, 1, WPAGES - 1 - i);
	for (unsigned i = 0; i < WPAGES; i++)
		CHECK_EQ(WORD(p, i), WPAGES - 1 - i + 100);
	CHECK_EQ(smaps(p, WPAGES * PG, ""), regions ? WPAGES : 1);
	WORD(p, 3) = 7;
	CHECK(pread(fd, page, PG, (WPAGES - 4) * PG) == PG);
	CHECK_EQ(page[0], 7);
	page[0] = 8;
	CHECK(pwrite(fd, page, PG, (WPAGES - 4) * PG) == PG);
	CHECK_EQ(WORD(p, 3), 8);
	CHECK(!msync(p, WPAGES * PG, MS_SYNC));
	/* One page of the file at two places. */
	REMAP(p, 10, 2, 40);
	REMAP(p, 20, 2, 40);
	WORD(p, 11) = 77;
	CHECK_EQ(WORD(p, 21), 77);
	/* A child has the same order. */
	CHECK_EQ(CHILD_STATUS({ CHECK_EQ(WORD(p, 21), 77); CHECK_EQ(WORD(p, 20), 140); CHECK_EQ(WORD(p, 0), 131);
				WORD(p, 20) = 5; }), 0);
	CHECK_EQ(WORD(p, 10), 5);
	/* And back. */
	REMAP(p, 0, WPAGES, 0);
	CHECK_EQ(WORD(p, 10), 110);
	CHECK_EQ(WORD(p, WPAGES - 1), 131);
	CHECK(!munmap(p, WPAGES * PG));
	close(fd);
}

TEST(remapped_as_regions) { setting('0'); pages_in_another_order(new_file(true), true); }
TEST(remapped_as_entries) { setting('1'); pages_in_another_order(new_file(true), false); }
TEST(remapped_as_entries_of_a_file) { setting('1'); pages_in_another_order(new_file(false), false); }

static void refused(void)
{
	int fd = new_file(true);
	char *p = window(fd), *q = mmap(NULL, 4 * PG, PROT_READ, MAP_PRIVATE, fd, 0);

	CHECK(q != MAP_FAILED);
	CHECK_ERR(syscall(SYS_remap_file_pages, p, PG, PROT_READ, 1, 0), EINVAL);
	CHECK_ERR(syscall(SYS_remap_file_pages, p, 0, 0, 1, 0), EINVAL);
	CHECK_ERR(syscall(SYS_remap_file_pages, q, PG, 0, 1, 0), EINVAL);
	CHECK_ERR(syscall(SYS_remap_file_pages, p, -PG, 0, 1, 0), EINVAL);
	CHECK_ERR(syscall(SYS_remap_file_pages, p, 2 * PG, 0, -1l, 0), EINVAL);
	munmap(p + 2 * PG, PG);
	CHECK_ERR(syscall(SYS_remap_file_pages, p, 4 * PG, 0, 1, 0), EINVAL);
	CHECK_ERR(syscall(SYS_remap_file_pages, p + 2 * PG, PG, 0, 1, 0), EINVAL);
}

TEST(remaps_refused_as_regions) { setting('0'); refused(); }
TEST(remaps_refused_as_entries) { setting('1'); refused(); }

/* ---- entries ---------------------------------------------------------------------------------- */

TEST(nonlinear_regions_are_cut_moved_and_counted)
{
	int fd = new_file(true);
	char *p = window(fd), *q = mmap(NULL, WPAGES * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char core[WPAGES];

	setting('1');
	REMAP(p, 4, 8, 40);
	CHECK_EQ(smaps(p, WPAGES * PG, "Nonlinear:"), 32);
	CHECK_EQ(smaps(p, WPAGES * PG, "Rss:"), 32);
	CHECK(!mprotect(p + 6 * PG, 2 * PG, PROT_READ));
	CHECK_EQ(smaps(p, WPAGES * PG, ""), 3);
	CHECK_EQ(WORD(p, 7), 143);
	CHECK(!mprotect(p + 6 * PG, 2 * PG, PROT_READ | PROT_WRITE));
	CHECK_EQ(smaps(p, WPAGES * PG, ""), 1);
	WORD(p, 7) = 1;
	CHECK(mremap(p + 4 * PG, 8 * PG, 8 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
	CHECK_EQ(WORD(q, 3), 1);
	CHECK_EQ(WORD(q, 4), 144);
	CHECK(!madvise(q, 8 * PG, MADV_DONTNEED));
	CHECK_EQ(smaps(q, 8 * PG, "Rss:"), 0);
	CHECK_EQ(smaps(q, 8 * PG, "Nonlinear:"), 32);
	CHECK(!mincore(q, 8 * PG, core) && core[0] & 1 && core[7] & 1);
	CHECK_EQ(WORD(q, 3), 1);
	/* What is made stays what it is. */
	setting('0');
	CHECK_EQ(CHILD_STATUS({ CHECK_EQ(WORD(q, 3), 1); CHECK_EQ(WORD(q, 5), 145); }), 0);
	REMAP(q, 2, 1, 9);
	CHECK_EQ(WORD(q, 2), 109);
	CHECK_EQ(WORD(q, 1), 141);
	CHECK_EQ(WORD(q, 3), 1);
}

static sigjmp_buf out;
static void on_bus(int sig) { (void)sig; siglongjmp(out, 1); }

static bool raises_bus(char *p)
{
	signal(SIGBUS, on_bus);
	if (sigsetjmp(out, 1))
		return true;
	(void)WORD(p, 0);
	return false;
}

TEST(nonlinear_pages_are_truncated)
{
	int fd = new_file(true);
	char *p = window(fd);

	setting('1');
	for (unsigned i = 0; i < WPAGES; i++)
		REMAP(p, i, 1, FPAGES - 1 - i);
	CHECK(!ftruncate(fd, 40 * PG));
	for (unsigned i = 0; i < WPAGES; i++)
		CHECK_EQ(raises_bus(p + i * PG), FPAGES - 1 - i >= 40);
	CHECK_EQ(WORD(p, FPAGES - 1 - 35), 135);
	CHECK(!ftruncate(fd, FPAGES * PG));
	for (unsigned i = 0; i < WPAGES; i++)
		CHECK_EQ(WORD(p, i), FPAGES - 1 - i >= 40 ? 0 : FPAGES - 1 - i + 100);
	/* A hole is punched where the page is, not where its address would be. */
	CHECK(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 35 * PG, PG));
	CHECK_EQ(WORD(p, FPAGES - 1 - 35), 0);
	CHECK_EQ(WORD(p, FPAGES - 1 - 34), 134);
	CHECK_ERR(madvise(p, PG, MADV_REMOVE), EINVAL);
}

static void write_sysctl(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);

	if (fd >= 0) {
		(void)!write(fd, text, strlen(text));
		close(fd);
	}
}

/* Random calls, the shadow says what is due where; pages move and are dropped beside that. */
static void random_remaps(int fd, bool entries)
{
	unsigned shadow[WPAGES], value[FPAGES], seed = 12345;
	char *p = window(fd);

	for (unsigned i = 0; i < WPAGES; i++)
		shadow[i] = i;
	for (unsigned i = 0; i < FPAGES; i++)
		value[i] = i + 100;
	for (unsigned step = 0; step < 600; step++) {
		unsigned a = rand_r(&seed) % WPAGES, n = 1 + rand_r(&seed) % 6, page = rand_r(&seed) % (FPAGES - 6);

		if (a + n > WPAGES)
			n = WPAGES - a;
		switch (rand_r(&seed) % 5) {
		case 0:
			if (!syscall(SYS_remap_file_pages, p + a * PG, n * PG, 0, page, 0))
				for (unsigned i = 0; i < n; i++)
					shadow[a + i] = page + i;
			else
				CHECK(!entries && errno == EINVAL);	/* regions that no longer fit together */
			break;
		case 1:
			CHECK(!madvise(p + a * PG, n * PG, MADV_DONTNEED));
			break;
		case 2:
			if (step % 40 == 0) {
				write_sysctl("/proc/sys/vm/compact_memory", "1");
				write_sysctl("/proc/sys/vm/drop_caches", "1");
			}
			break;
		default:
			value[shadow[a]] = WORD(p, a) = step + 1000;
		}
		for (unsigned i = 0; i < WPAGES; i += 1 + rand_r(&seed) % 4)
			CHECK_EQ(WORD(p, i), value[shadow[i]]);
	}
	CHECK(!msync(p, WPAGES * PG, MS_SYNC));
	for (unsigned i = 0; i < FPAGES; i++) {
		unsigned long word;

		CHECK(pread(fd, &word, 8, i * PG) == 8);
		CHECK_EQ(word, value[i]);
	}
	CHECK(!munmap(p, WPAGES * PG));
	close(fd);
}

TEST(random_remaps_as_regions) { setting('0'); random_remaps(new_file(true), false); }
TEST(random_remaps_as_entries) { setting('1'); random_remaps(new_file(true), true); }
TEST(random_remaps_as_entries_of_a_file) { setting('1'); random_remaps(new_file(false), true); }

/* ---- two at once ------------------------------------------------------------------------------ */

static volatile bool stop;
static int cut_fd;

static void *cut_and_grow(void *arg)
{
	(void)arg;
	while (!stop) {
		CHECK(!ftruncate(cut_fd, FPAGES / 2 * PG));
		CHECK(!ftruncate(cut_fd, FPAGES * PG));
	}
	return NULL;
}

/* A page of the lower half keeps its mark wherever it is shown; one of the upper half is empty or raises SIGBUS. */
TEST(nonlinear_windows_slide_while_the_file_is_cut)
{
	pthread_t t;
	char *p;

	setting('1');
	cut_fd = new_file(true);
	p = window(cut_fd);
	CHECK(!ftruncate(cut_fd, FPAGES / 2 * PG));
	CHECK(!pthread_create(&t, NULL, cut_and_grow, NULL));
	for (unsigned step = 0; step < 300; step++) {
		unsigned page = step % (FPAGES - 8);

		CHECK(!syscall(SYS_remap_file_pages, p, 8 * PG, 0, page, MAP_NONBLOCK));
		for (unsigned i = 0; i < 8; i++)
			if (page + i < FPAGES / 2)
				CHECK_EQ(WORD(p, i), page + i + 100);
			else
				CHECK(raises_bus(p + i * PG) || true);
	}
	stop = true;
	CHECK(!pthread_join(t, NULL));
}
