/* test/user/t_pagemap_scan.c - PAGEMAP_SCAN: pages of a kind, and which were written to.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/uffd.h"

#define WPALLOWED	1u
#define WRITTEN		2u
#define IS_FILE		4u
#define PRESENT		8u
#define PFNZERO		32u
#define WP_MATCHING	1u
#define CHECK_WPASYNC	2u
#define NR_VEC		64

struct region { uint64_t start, end, categories; };
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, inverted, mask, anyof, ret;
};
#define SCAN		_IOWR('f', 16, struct scan_arg)

static struct region vec[NR_VEC];
static int pagemap = -1;

static struct scan_arg ask(const void *p, size_t pages, uint64_t mask, uint64_t ret)
{
	return (struct scan_arg){
		.size = sizeof(struct scan_arg), .start = (uintptr_t)p, .end = (uintptr_t)p + pages * PAGE,
		.vec = (uintptr_t)vec, .vec_len = NR_VEC, .mask = mask, .ret = ret,
	};
}

static long scan(struct scan_arg *arg)
{
	if (pagemap < 0)
		pagemap = open("/proc/self/pagemap", O_RDONLY);
	CHECK(pagemap >= 0);
	return ioctl(pagemap, SCAN, arg);
}

/* Region @i is [p + first, p + end) pages, of @categories. */
static bool is(unsigned i, const char *p, size_t first, size_t end, uint64_t categories)
{
	return vec[i].start == (uintptr_t)p + first * PAGE && vec[i].end == (uintptr_t)p + end * PAGE &&
	       vec[i].categories == categories;
}

TEST(regions_are_neighbours_of_one_kind)
{
	char *p = anon(16 * PAGE);
	struct scan_arg a = ask(p, 16, PRESENT, PRESENT | PFNZERO | IS_FILE);
	volatile char c;

	memset(p + 2 * PAGE, 1, 3 * PAGE);
	c = p[5 * PAGE];		/* the zero page */
	p[9 * PAGE] = 1;
	(void)c;
	CHECK_EQ(scan(&a), 3);
	CHECK(is(0, p, 2, 5, PRESENT) && is(1, p, 5, 6, PRESENT | PFNZERO) && is(2, p, 9, 10, PRESENT));
	CHECK_EQ(a.walk_end, a.end);
	a = ask(p, 16, PRESENT, PRESENT);
	CHECK_EQ(scan(&a), 2);		/* what does not tell two apart joins them */
	CHECK(is(0, p, 2, 6, PRESENT) && is(1, p, 9, 10, PRESENT));
	a = ask(p, 16, 0, 0);
	a.anyof = PFNZERO | IS_FILE;
	CHECK_EQ(scan(&a), 1);
	CHECK(is(0, p, 5, 6, 0));
}

TEST(inverted_categories_find_what_is_not_there)
{
	char *p = anon(8 * PAGE);
	struct scan_arg a = ask(p, 8, PRESENT, PRESENT);

	p[3 * PAGE] = 1;
	a.inverted = PRESENT;
	CHECK_EQ(scan(&a), 2);
	CHECK(is(0, p, 0, 3, 0) && is(1, p, 4, 8, 0));
	CHECK(!munmap(p + 6 * PAGE, PAGE));		/* what is no memory is of no kind */
	a = ask(p, 8, PRESENT, PRESENT);
	a.inverted = PRESENT;
	CHECK_EQ(scan(&a), 3);
	CHECK(is(1, p, 4, 6, 0) && is(2, p, 7, 8, 0));
}

TEST(files_are_told_from_copies_of_them)
{
	int fd = memfd_create("scan", 0);
	struct scan_arg a;
	volatile char c;
	char *p;

	CHECK(fd >= 0 && !ftruncate(fd, 4 * PAGE) && pwrite(fd, "x", 1, 3 * PAGE) == 1);
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	for (int i = 0; i < 4; i++)
		c = p[i * PAGE];
	(void)c;
	p[PAGE] = 1;
	a = ask(p, 4, PRESENT, PRESENT | IS_FILE);
	CHECK_EQ(scan(&a), 3);
	CHECK(is(0, p, 0, 1, PRESENT | IS_FILE) && is(1, p, 1, 2, PRESENT) && is(2, p, 2, 4, PRESENT | IS_FILE));
	close(fd);
}

TEST(it_stops_where_room_or_pages_end)
{
	char *p = anon(32 * PAGE);
	struct scan_arg a;

	for (int i = 0; i < 32; i += 2)
		p[i * PAGE] = 1;
	a = ask(p, 32, PRESENT, PRESENT);
	a.vec_len = 3;
	CHECK_EQ(scan(&a), 3);
	CHECK_EQ(a.walk_end, (uintptr_t)p + 6 * PAGE);	/* the next that was found */
	CHECK(is(2, p, 4, 5, PRESENT));
	a = ask(p, 32, PRESENT, PRESENT);
	a.max_pages = 5;
	CHECK_EQ(scan(&a), 5);
	CHECK_EQ(a.walk_end, (uintptr_t)p + 10 * PAGE);
	memset(p, 1, 32 * PAGE);
	a = ask(p, 32, PRESENT, PRESENT);
	a.max_pages = 7;
	CHECK_EQ(scan(&a), 1);
	CHECK(is(0, p, 0, 7, PRESENT) && a.walk_end == (uintptr_t)p + 7 * PAGE);
	a = ask(p, 32, PRESENT, PRESENT);
	a.max_pages = 32;
	CHECK_EQ(scan(&a), 1);
	CHECK_EQ(a.walk_end, a.end);			/* nothing more was found */
	a = ask(p, 0, PRESENT, PRESENT);
	CHECK_EQ(scan(&a), 0);
}

TEST(arguments_are_checked)
{
	char *p = anon(2 * PAGE);
	struct scan_arg a;

#define REFUSED(err, change) do { a = ask(p, 2, PRESENT, PRESENT); change; CHECK_ERR(scan(&a), err); } while (0)
	REFUSED(EINVAL, a.size--);
	REFUSED(EINVAL, a.flags = 4);
	REFUSED(EINVAL, a.mask = 256);
	REFUSED(EINVAL, a.ret = 1ull << 40);
	REFUSED(EINVAL, a.start++);
	REFUSED(EINVAL, a.vec = 0);
	REFUSED(EFAULT, a.end = 1ull << 63);
	REFUSED(EFAULT, a.end = a.start - PAGE);
	p[0] = 1;
	REFUSED(EFAULT, a.vec = 8);
	REFUSED(EPERM, a.flags = CHECK_WPASYNC);
	CHECK_ERR(ioctl(pagemap, SCAN, NULL), EFAULT);
	CHECK_ERR(ioctl(pagemap, _IO('f', 99), NULL), EINVAL);
	a = ask(p, 2, PRESENT, PRESENT);
	a.flags = WP_MATCHING;				/* not watched: passed over */
	CHECK_EQ(scan(&a), 0);
}

/* What was written to since the last look; all of it is marked again. */
static long written(const char *p, size_t pages)
{
	struct scan_arg a = ask(p, pages, WRITTEN, WRITTEN);

	a.flags = WP_MATCHING | CHECK_WPASYNC;
	return scan(&a);
}

static char *watched(size_t pages)
{
	int fd = uffd_open(0, FEATURES_WP);
	struct uffdio_writeprotect w = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	char *p = anon(pages * PAGE);

	CHECK(!uffd_register(fd, p, pages * PAGE, WP, NULL));
	w.range.start = (uintptr_t)p;
	w.range.len = pages * PAGE;
	CHECK(!ioctl(fd, UFFDIO_WRITEPROTECT, &w));
	return p;
}

TEST(what_was_written_is_told_once)
{
	char *p = watched(64);
	struct scan_arg a;

	CHECK_EQ(written(p, 64), 0);
	memset(p + 3 * PAGE, 1, 2 * PAGE);
	p[40 * PAGE] = 1;
	a = ask(p, 64, WRITTEN, WRITTEN | WPALLOWED | PRESENT);
	CHECK_EQ(scan(&a), 2);				/* a look alone marks nothing */
	CHECK(is(0, p, 3, 5, WRITTEN | WPALLOWED | PRESENT));
	CHECK_EQ(written(p, 64), 2);
	CHECK(is(0, p, 3, 5, WRITTEN) && is(1, p, 40, 41, WRITTEN));
	CHECK_EQ(written(p, 64), 0);
	p[4 * PAGE] = 2;
	CHECK_EQ(written(p, 64), 1);
	CHECK(is(0, p, 4, 5, WRITTEN));
	CHECK(!madvise(p + 10 * PAGE, PAGE, MADV_DONTNEED));	/* that changes it as well */
	CHECK_EQ(written(p, 64), 1);
	CHECK(is(0, p, 10, 11, WRITTEN));
	memset(p, 3, 64 * PAGE);
	a = ask(p, 64, 0, 0);				/* no vector: all is marked, nothing told */
	a.vec = a.vec_len = 0;
	a.flags = WP_MATCHING;
	CHECK_EQ(scan(&a), 0);
	CHECK_EQ(written(p, 64), 0);
}

/* A page is marked only when it was put out; and walk_end is where to go on: S1, S3 of mm/space/pagemap_scan.c. */
TEST(what_had_no_room_is_told_the_next_time)
{
	char *p = watched(16);
	struct scan_arg a = ask(p, 16, WRITTEN, WRITTEN);

	for (int i = 0; i < 16; i += 2)
		p[i * PAGE] = 1;
	a.flags = WP_MATCHING;
	a.vec_len = 3;
	CHECK_EQ(scan(&a), 3);
	CHECK_EQ(a.walk_end, (uintptr_t)p + 6 * PAGE);
	CHECK_EQ(written(p, 16), 5);
	CHECK(is(0, p, 6, 7, WRITTEN));
}

/* Threads count up each in a page of their own; who collects sees, in the end, what each wrote last. */
#define NR_WRITERS	3
static volatile int stop;

static void *writer(void *arg)
{
	volatile unsigned long *n = arg;

	while (!stop)
		++*n;
	return NULL;
}

TEST(no_write_is_lost_between_two_looks)
{
	char *p = watched(NR_WRITERS);
	unsigned long seen[NR_WRITERS] = { 0 };
	pthread_t t[NR_WRITERS];

	for (int i = 0; i < NR_WRITERS; i++)
		CHECK(!pthread_create(&t[i], NULL, writer, p + i * PAGE));
	for (int round = 0; round < 400; round++) {
		long nr = written(p, NR_WRITERS);

		if (round == 300)
			stop = 1;
		for (long k = 0; k < nr; k++)
			for (uint64_t at = vec[k].start; at < vec[k].end; at += PAGE)
				seen[(at - (uintptr_t)p) / PAGE] = *(volatile unsigned long *)at;
	}
	for (int i = 0; i < NR_WRITERS; i++)
		pthread_join(t[i], NULL);
	for (long k = 0, nr = written(p, NR_WRITERS); k < nr; k++)
		for (uint64_t at = vec[k].start; at < vec[k].end; at += PAGE)
			seen[(at - (uintptr_t)p) / PAGE] = *(volatile unsigned long *)at;
	for (int i = 0; i < NR_WRITERS; i++)
		CHECK_EQ(seen[i], *(volatile unsigned long *)(p + i * PAGE));
}
