/*
 * user/dio.c - O_DIRECT against a shadow: for tests of file systems and disks.
 *
 *   dio FILE SEED STEPS	STEPS calls of SEED on FILE: direct, through the cache, through a mapping, in turn
 *   dio -b DEVICE SEED STEPS	the same on a block device, whose content is lost
 *   dio -f FILE SEED STEPS	reads into memory that other threads fork and store to meanwhile
 *
 * Each prints "DIO good SIZE CRC" at its end, or "DIO line N: ..." and exits with 1 at the first difference.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOM	(1l << 20)		/* bytes of a file that are looked at */
#define SECTOR	512l

#define MUST(x) do { if (!(x)) { printf("DIO line %d: %s (errno %d) at step %d\n", __LINE__, #x, errno, step); \
	exit(1); } } while (0)

static unsigned char shadow[ROOM], *memory;
static long size;
static int step, plain, direct, is_device;
static uint64_t state;

static unsigned below(unsigned n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * 2685821657736338717ull) >> 33) % n;
}

static void fill(unsigned char *p, long n)
{
	unsigned v = below(1u << 30);

	for (long i = 0; i < n; i++)
		p[i] = (v = v * 1103515245 + 12345) >> 16;
}

/* A place and a length, in @unit; short ones most of the time. */
static long some_place(long unit) { return below(ROOM / 4 * (below(4) ? 1 : 3) / unit) * unit; }
static long some_length(long unit) { return (1 + below((below(3) ? 20000 : ROOM / 4) / unit)) * unit; }

/* The file is [0, size), and zeros where nothing was written. */
static void store(long at, const unsigned char *p, long n)
{
	memcpy(shadow + at, p, n);
	if (at + n > size)
		size = at + n;
}

static long there(long at, long n) { return at >= size ? 0 : at + n > size ? size - at : n; }

/* ---- calls ------------------------------------------------------------------------------------------------ */

static void cut(struct iovec *v, unsigned char *p, long n, long unit)
{
	long first = n / unit > 1 ? (1 + below(n / unit - 1)) * unit : n;

	v[0] = (struct iovec){ p, first };
	v[1] = (struct iovec){ p + first, n - first };
}

static void do_write(int fd, long unit)
{
	long at = some_place(unit), n = some_length(unit);
	unsigned char *p = memory + (below(2) ? 0 : below(16) * SECTOR);
	struct iovec v[2];

	if (at + n > ROOM)
		n = ROOM - at;
	fill(p, n);
	cut(v, p, n, unit);
	MUST(pwritev(fd, v, 2, at) == n);
	store(at, p, n);
}

static void do_read(int fd, long unit)
{
	long at = some_place(unit), n = some_length(unit), want;
	unsigned char *p = memory + (below(2) ? 0 : below(16) * SECTOR);
	struct iovec v[2];

	if (!below(20))
		at = is_device ? at : size / unit * unit;
	if (is_device && at + n > ROOM)
		n = ROOM - at;
	want = there(at, n);
	memset(p, 0xa5, n);
	cut(v, p, n, unit);
	MUST(preadv(fd, v, 2, at) == want);
	MUST(!memcmp(p, shadow + at, want));
}

static void do_map(void)
{
	long at = below(ROOM / 4096) * 4096l, n = 1 + below(30000);
	unsigned char *p, v = below(256);

	if (at + n > ROOM)
		n = ROOM - at;
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, plain, at);
	MUST(p != MAP_FAILED);
	for (long i = below(1000); i < there(at, n); i += 997) {
		MUST(p[i] == shadow[at + i]);
		p[i] = shadow[at + i] = v;
	}
	/* Sometimes the direct call meets pages that are mapped, and dirty. */
	if (below(2))
		do_read(direct, SECTOR);
	if (!below(3) && n > 8192 && there(at, n) == n) {
		long to = some_place(4096);

		MUST(pwrite(direct, p, 8192, to) == 8192);
		memcpy(memory, shadow + at, 8192);
		store(to, memory, 8192);
	}
	munmap(p, n);
}

static void do_size(void)
{
	long to = below(3) ? some_place(1) : some_place(4096);

	if (is_device)
		return;
	MUST(!ftruncate(plain, to));
	if (to < size)
		memset(shadow + to, 0, size - to);
	size = to;
}

static void do_wrong(void)
{
	MUST(is_device || pread(direct, memory, 512, size + (-size & 511)) == 0);
	/* The blocks at 0 are there now: a hole takes what does not suit a device. */
	memset(memory, step, 4096);
	MUST(pwrite(plain, memory, 4096, 0) == 4096);
	store(0, memory, 4096);
	MUST(pwrite(direct, memory + 1, 512, 0) == -1 && errno == EINVAL);
	MUST(pwrite(direct, memory, 513, 0) == -1 && errno == EINVAL);
	MUST(pwrite(direct, memory, 512, 100) == -1 && errno == EINVAL);
	MUST(pread(direct, memory, 100, 0) == -1 && errno == EINVAL);
	MUST(pread(direct, memory + 8, 512, 0) == -1 && errno == EINVAL);
	MUST(pread(direct, (void *)4096, 512, 0) == -1 && errno == EFAULT);
	MUST(pwrite(direct, (void *)4096, 512, 0) == -1 && errno == EFAULT);
}

static void run(int steps)
{
	for (step = 0; step < steps; step++)
		switch (below(16)) {
		case 0: case 1: case 2: case 3: do_write(direct, SECTOR); break;
		case 4: case 5: case 6: do_read(direct, SECTOR); break;
		case 7: case 8: do_write(plain, 1); break;
		case 9: case 10: do_read(plain, 1); break;
		case 11: case 12: do_map(); break;
		case 13: do_size(); break;
		case 14: if (!below(4)) do_wrong(); break;
		case 15: if (!below(4)) MUST(!fsync(below(2) ? plain : direct)); break;
		}
}

/* ---- forks meanwhile --------------------------------------------------------------------------------------- */

static volatile int stop;

static void *forker(void *arg)
{
	while (!stop) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return arg;
}

/* The page that is read into has a counter behind what is read: each store to it copies a page that a fork shared. */
static void *storer(void *arg)
{
	volatile unsigned *count = arg;

	while (!stop)
		++*count;
	return arg;
}

static void run_forked(int steps)
{
	pthread_t thread[2];

	size = ROOM;
	fill(shadow, ROOM);
	MUST(pwrite(plain, shadow, ROOM, 0) == ROOM && !fsync(plain));
	MUST(!pthread_create(&thread[0], NULL, forker, NULL));
	MUST(!pthread_create(&thread[1], NULL, storer, memory + 2048));
	for (step = 0; step < steps; step++) {
		long at = below(ROOM / 2048) * 2048l;

		memset(memory, 0, 2048);
		MUST(pread(direct, memory, 2048, at) == 2048);
		MUST(!memcmp(memory, shadow + at, 2048));
	}
	stop = 1;
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
}

/* zlib's. */
static unsigned crc32(const unsigned char *p, long n)
{
	unsigned crc = ~0u;

	while (n--) {
		crc ^= *p++;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

int main(int argc, char **argv)
{
	int option = argc > 1 && argv[1][0] == '-' ? argv[1][1] : 0;
	char **arg = argv + 1 + !!option;

	if (argc != 4 + !!option || (option && option != 'b' && option != 'f'))
		return fprintf(stderr, "usage: dio [-b | -f] FILE SEED STEPS\n"), 2;
	is_device = option == 'b';
	state = strtoul(arg[1], NULL, 0) * 7919 + 1;
	memory = mmap(NULL, ROOM + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	plain = open(arg[0], O_RDWR | (is_device ? 0 : O_CREAT | O_TRUNC), 0644);
	direct = open(arg[0], O_RDWR | O_DIRECT);
	MUST(memory != MAP_FAILED && plain >= 0 && direct >= 0);
	if (is_device) {
		size = lseek(plain, 0, SEEK_END);
		MUST(size >= ROOM);
		size = ROOM;
		MUST(pread(plain, shadow, ROOM, 0) == ROOM);
	}
	if (option == 'f')
		run_forked(atoi(arg[2]));
	else
		run(atoi(arg[2]));
	MUST(pread(direct, memory, ROOM, 0) == size && !memcmp(memory, shadow, size));
	MUST(pread(plain, memory, ROOM, 0) == size && !memcmp(memory, shadow, size));
	printf("DIO good %ld %u\n", size, crc32(shadow, size));
	return 0;
}
