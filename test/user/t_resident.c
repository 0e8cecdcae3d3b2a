/* test/user/t_resident.c - what is resident, and dirty, after fork, mremap and madvise: the figures of smaps.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <sys/mman.h>

#define PG 4096l
#define NR_PAGES 8l
#define MADV_PAGEOUT_		21
#define MADV_POPULATE_WRITE_	23
#define MADV_DONTNEED_LOCKED_	24

static char text[1 << 18];

/* The kB of @field in the smaps of the region that begins at @at. */
static long figure(const void *at, const char *field)
{
	int fd = open("/proc/self/smaps", O_RDONLY);
	size_t have = 0;
	char head[24], *p;
	ssize_t n;

	CHECK(fd >= 0);
	while ((n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += n;
	text[have] = 0;
	close(fd);
	snprintf(head, sizeof(head), "%lx-", (long)at);
	p = strncmp(text, head, strlen(head)) ? strstr(text, head) : text;
	CHECK(p && (p == text || p[-1] == '\n'));
	p = strstr(p, field);
	CHECK(p);
	return atol(p + strlen(field));
}

static int file_of(long pages)
{
	int fd = memfd_create("resident", 0);

	CHECK(fd >= 0);
	for (long i = 0; i < pages; i++)
		CHECK_EQ(pwrite(fd, "x", 1, i * PG), 1);
	return fd;
}

static char *map_file(int fd, int flags)
{
	char *m = mmap(NULL, NR_PAGES * PG, PROT_READ | PROT_WRITE, flags, fd, 0);

	CHECK(m != MAP_FAILED);
	CHECK_EQ(madvise(m, NR_PAGES * PG, MADV_POPULATE_READ), 0);
	CHECK_EQ(figure(m, "\nRss:"), NR_PAGES * 4);
	return m;
}

/* What a child says of @field at @m. */
static long figure_in_child(const void *m, const char *field)
{
	long kb = 0;
	int fd[2], status;
	pid_t child;

	CHECK_EQ(pipe(fd), 0);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		kb = figure(m, field);
		_exit(write(fd[1], &kb, sizeof(kb)) != sizeof(kb));
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK_EQ(read(fd[0], &kb, sizeof(kb)), sizeof(kb));
	close(fd[0]);
	close(fd[1]);
	return kb;
}

TEST(a_child_shows_the_file_where_its_parent_wrote)
{
	int fd = file_of(NR_PAGES);
	char *m = map_file(fd, MAP_PRIVATE);

	CHECK_EQ(figure_in_child(m, "\nRss:"), 0);		/* a fault would find it in the file */
	m[3 * PG] = 'y';
	CHECK_EQ(figure_in_child(m, "\nRss:"), NR_PAGES * 4);
	CHECK_EQ(figure_in_child(m, "\nAnonymous:"), 4);
	CHECK_EQ(mprotect(m, NR_PAGES * PG, PROT_NONE), 0);
	CHECK_EQ(figure_in_child(m, "\nRss:"), NR_PAGES * 4);
	CHECK_EQ(munmap(m, NR_PAGES * PG), 0);
	close(fd);
}

TEST(truncation_finds_the_pages_that_a_child_got_at_fork)
{
	int fd = file_of(NR_PAGES), status;
	char *m = map_file(fd, MAP_PRIVATE);
	pid_t child;

	m[0] = 'y';
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		CHECK_EQ(figure(m, "\nRss:"), NR_PAGES * 4);
		CHECK_EQ(ftruncate(fd, 2 * PG), 0);
		CHECK_EQ(figure(m, "\nRss:"), 2 * 4);
		CHECK_EQ(m[0], 'y');
		CHECK_EQ(m[PG], 'x');
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK_EQ(figure(m, "\nRss:"), 2 * 4);
	CHECK_EQ(munmap(m, NR_PAGES * PG), 0);
	close(fd);
}

/* Only what is new is faulted in; what was taken out of the locked region stays out. */
TEST(a_locked_region_that_grows_and_moves_brings_in_the_new_part)
{
	char *m = mmap(NULL, 16 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *n;

	CHECK(m != MAP_FAILED);
	CHECK_EQ(munmap(m + 5 * PG, 11 * PG), 0);
	CHECK_EQ(mprotect(m + 4 * PG, PG, PROT_NONE), 0);	/* in its way */
	CHECK_EQ(mlock(m, 4 * PG), 0);
	CHECK_EQ(figure(m, "\nRss:"), 16);
	CHECK_EQ(madvise(m, 4 * PG, MADV_DONTNEED_LOCKED_), 0);
	CHECK_EQ(figure(m, "\nRss:"), 0);
	n = mremap(m, 4 * PG, 7 * PG, MREMAP_MAYMOVE);
	CHECK(n != MAP_FAILED && n != m);
	CHECK_EQ(figure(n, "\nRss:"), 3 * 4);
	CHECK_EQ(munmap(n, 7 * PG), 0);
	CHECK_EQ(munmap(m, 16 * PG), 0);
}

TEST(populating_for_writing_makes_pages_dirty_that_were_there)
{
	int fd = memfd_create("resident", 0);
	char *m;

	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, NR_PAGES * PG), 0);
	m = map_file(fd, MAP_SHARED);
	CHECK_EQ(figure(m, "\nPrivate_Dirty:"), 0);
	CHECK_EQ(madvise(m, 3 * PG, MADV_POPULATE_WRITE_), 0);
	CHECK_EQ(figure(m, "\nPrivate_Dirty:"), 3 * 4);
	CHECK_EQ(munmap(m, NR_PAGES * PG), 0);
	close(fd);
}

/* Without swap they stay in memory, but the space that asked for it does not show them. */
TEST(pageout_takes_pages_of_shared_memory_out_of_the_space)
{
	int fd = file_of(NR_PAGES);
	char *m = map_file(fd, MAP_SHARED), *other;

	CHECK_EQ(madvise(m, NR_PAGES * PG, MADV_PAGEOUT_), 0);
	CHECK_EQ(figure(m, "\nRss:"), 0);
	for (long i = 0; i < NR_PAGES; i++)
		CHECK_EQ(m[i * PG], 'x');
	m[PG] = 'y';
	CHECK_EQ(madvise(m, NR_PAGES * PG, MADV_PAGEOUT_), 0);
	CHECK_EQ(m[PG], 'y');
	other = map_file(fd, MAP_SHARED);		/* who maps them twice keeps them */
	CHECK_EQ(madvise(m, NR_PAGES * PG, MADV_POPULATE_READ), 0);
	CHECK_EQ(madvise(m, NR_PAGES * PG, MADV_PAGEOUT_), 0);
	CHECK_EQ(figure(m, "\nRss:"), NR_PAGES * 4);
	CHECK_EQ(munmap(other, NR_PAGES * PG), 0);
	CHECK_EQ(munmap(m, NR_PAGES * PG), 0);
	close(fd);
}
