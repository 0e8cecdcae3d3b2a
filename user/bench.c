/*
 * user/bench.c - what memory operations cost, as a Linux program sees them.
 *
 * MODEL     Each row times a loop with CLOCK_MONOTONIC and prints "ROW NS_PER_OPERATION".  Under
 *           `qemu -icount shift=0` a guest nanosecond is one guest instruction, so that the rows are the
 *           same in every run, on any machine.  It runs unchanged on Linux, beside which `make bench` puts it.
 *           As process 1 it first prints when it started (guest time since reset, from the time CSR) and
 *           how much memory is free then, and powers the machine off at the end.
 * UNITS     guest nanoseconds, i.e. instructions; time CSR ticks are 100 ns on QEMU virt.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PG	4096ul
#define MiB	(1ul << 20)
#define BIG	(8 * MiB)		/* size of most areas */
#define BIG_PAGES (BIG / PG)

static uint64_t start_ns;

static void begin(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	start_ns = t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t elapsed(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec - start_ns;
}

static void row(const char *name, uint64_t ns, unsigned long operations)
{
	printf("%-28s %10.1f\n", name, (double)ns / operations);
	fflush(stdout);
}

static void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	printf("FAIL %s\n", what);
	fflush(stdout);
	exit(1);
}

static char *area(size_t size, int prot, int flags, int fd)
{
	char *p = mmap(NULL, size, prot, flags, fd, 0);

	need(p != MAP_FAILED, "mmap");
	return p;
}

static char *anon(size_t size)
{
	return area(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* Anonymous memory that only ever has pages of 4 KiB. */
static char *small_pages(size_t size)
{
	char *p = anon(size);

	madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

static void write_pages(volatile char *p, size_t size)
{
	for (size_t at = 0; at < size; at += PG)
		p[at] = 1;
}

static void read_pages(volatile char *p, size_t size)
{
	for (size_t at = 0; at < size; at += PG)
		(void)p[at];
}

static void bench_syscall(void)
{
	begin();
	for (int i = 0; i < 20000; i++)
		syscall(SYS_getppid);
	row("syscall_getppid", elapsed(), 20000);
}

static void bench_anonymous(void)
{
	char *p = small_pages(BIG);

	begin();
	write_pages(p, BIG);
	row("anon_write_fault_4k", elapsed(), BIG_PAGES);
	begin();
	munmap(p, BIG);
	row("munmap_per_page", elapsed(), BIG_PAGES);

	p = small_pages(BIG);
	begin();
	read_pages(p, BIG);
	row("anon_read_fault_zero", elapsed(), BIG_PAGES);
	begin();
	write_pages(p, BIG);
	row("zero_to_write_upgrade", elapsed(), BIG_PAGES);
	munmap(p, BIG);

	p = anon(64 * MiB);
	begin();
	write_pages(p, 64 * MiB);
	row("anon_touch_default_per_4k", elapsed(), 64 * MiB / PG);
	munmap(p, 64 * MiB);

	begin();
	p = area(BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	row("mmap_populate_per_4k", elapsed(), BIG_PAGES);
	munmap(p, BIG);
}

static void bench_mmap_calls(void)
{
	begin();
	for (int i = 0; i < 5000; i++)
		munmap(anon(16 * PG), 16 * PG);
	row("mmap_munmap_pair", elapsed(), 5000);

	begin();
	for (int i = 0; i < 5000; i++) {
		char *p = anon(4 * PG);

		*p = 1;
		munmap(p, 4 * PG);
	}
	row("mmap_touch1_munmap", elapsed(), 5000);

	char *p = anon(64 * PG);
	write_pages(p, 64 * PG);
	begin();
	for (int i = 0; i < 5000; i++) {
		mprotect(p + 16 * PG, PG, PROT_READ);
		mprotect(p + 16 * PG, PG, PROT_READ | PROT_WRITE);
	}
	row("mprotect_split_merge_pair", elapsed(), 5000);
	munmap(p, 64 * PG);
}

static void bench_many_regions(void)
{
	enum { REGIONS = 4000 };
	char *p = area(2 * REGIONS * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	begin();
	for (unsigned long i = 0; i < REGIONS; i++)
		need(!mprotect(p + 2 * i * PG, PG, PROT_READ | PROT_WRITE), "mprotect");
	row("vma_create_4000", elapsed(), REGIONS);
	begin();
	for (unsigned long i = 0; i < REGIONS; i++)
		((volatile char *)p)[2 * (i * 1237 % REGIONS) * PG] = 1;
	row("fault_among_8000_vmas", elapsed(), REGIONS);
	begin();
	munmap(p, 2 * REGIONS * PG);
	row("munmap_8000_vmas_per_vma", elapsed(), 2 * REGIONS);
}

static void bench_moving(void)
{
	size_t size = 256 * PG;
	char *p = small_pages(size);

	write_pages(p, size);
	begin();
	for (int i = 0; i < 200; i++) {
		p = mremap(p, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, anon(size));
		need(p != MAP_FAILED, "mremap");
	}
	row("mremap_move_per_page", elapsed(), 200 * 256);
	munmap(p, size);

	char *end = sbrk(0);
	begin();
	for (int i = 0; i < 2000; i++)
		need(!brk(end + 16 * PG) && !brk(end), "brk");
	row("brk_grow_shrink_pair", elapsed(), 2000);

	p = anon(16 * PG);
	begin();
	for (int i = 0; i < 2000; i++) {
		write_pages(p, 16 * PG);
		madvise(p, 16 * PG, MADV_DONTNEED);
	}
	row("dontneed_refault_per_page", elapsed(), 2000 * 16);
	munmap(p, 16 * PG);
}

static void fork_and_wait(void)
{
	pid_t child = fork();

	need(child >= 0, "fork");
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
}

static void bench_fork(void)
{
	begin();
	for (int i = 0; i < 500; i++)
		fork_and_wait();
	row("fork_exit_wait", elapsed(), 500);

	begin();
	for (int i = 0; i < 500; i++) {
		pid_t child = vfork();

		need(child >= 0, "vfork");
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	row("vfork_exit_wait", elapsed(), 500);

	char *p = small_pages(64 * MiB);
	write_pages(p, 64 * MiB);
	begin();
	for (int i = 0; i < 5; i++)
		fork_and_wait();
	row("fork_64MiB_exit_wait_per_pg", elapsed(), 5 * 64 * MiB / PG);
	munmap(p, 64 * MiB);
}

static void bench_copy_on_write(void)
{
	char *p = small_pages(BIG);
	uint64_t ns = 0;
	int fd[2];

	write_pages(p, BIG);
	need(!pipe(fd), "pipe");
	pid_t child = fork();
	need(child >= 0, "fork");
	if (!child) {
		begin();
		write_pages(p, BIG);
		ns = elapsed();
		_exit(write(fd[1], &ns, sizeof(ns)) != sizeof(ns));
	}
	need(read(fd[0], &ns, sizeof(ns)) == sizeof(ns), "read");
	waitpid(child, NULL, 0);
	row("cow_write_fault", ns, BIG_PAGES);
	begin();
	write_pages(p, BIG);
	row("cow_reuse_last_ref", elapsed(), BIG_PAGES);
	munmap(p, BIG);
	close(fd[0]);
	close(fd[1]);
}

static void bench_files(const char *dir)
{
	enum { CHUNK = 65536, CHUNKS = BIG / CHUNK };
	char name[128], *buffer = malloc(CHUNK);
	int fd;

	snprintf(name, sizeof(name), "%s/bench.%d", dir, getpid());
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	need(fd >= 0, name);
	memset(buffer, 7, CHUNK);
	begin();
	for (int i = 0; i < CHUNKS; i++)
		need(write(fd, buffer, CHUNK) == CHUNK, "write");
	row("tmpfs_write_per_4k", elapsed(), BIG_PAGES);
	begin();
	for (int i = 0; i < CHUNKS; i++)
		need(pread(fd, buffer, CHUNK, (off_t)i * CHUNK) == CHUNK, "pread");
	row("tmpfs_read_per_4k", elapsed(), BIG_PAGES);

	char *p = area(BIG, PROT_READ, MAP_SHARED, fd);
	begin();
	read_pages(p, BIG);
	row("file_read_fault_per_4k", elapsed(), BIG_PAGES);
	need(p[BIG - 1] == 7, "content");
	munmap(p, BIG);
	p = area(BIG, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	begin();
	write_pages(p, BIG);
	row("file_shared_write_fault", elapsed(), BIG_PAGES);
	munmap(p, BIG);
	p = area(BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	begin();
	write_pages(p, BIG);
	row("file_private_cow_fault", elapsed(), BIG_PAGES);
	munmap(p, BIG);
	close(fd);
	unlink(name);
	free(buffer);
}

/* A window of many parts that slides over a large file: each part is put elsewhere, then read.  Per part */
static void slide(const char *name, int fd)
{
	enum { PARTS = 256, PART_PAGES = 4, ROUNDS = 8, FILE_PAGES = 64 * MiB / PG };
	char *p = area(PARTS * PART_PAGES * PG, PROT_READ, MAP_SHARED, fd);
	unsigned at = 1;

	begin();
	for (int i = 0; i < ROUNDS * PARTS; i++) {
		char *part = p + i % PARTS * PART_PAGES * PG;

		at = at * 1103515245u + 12345u;
		need(!syscall(SYS_remap_file_pages, part, PART_PAGES * PG, 0,
			      (unsigned long)(at >> 8) % (FILE_PAGES - PART_PAGES), MAP_NONBLOCK), "remap");
		need(!*(volatile char *)part, "a hole");
	}
	row(name, elapsed(), ROUNDS * PARTS);
	munmap(p, PARTS * PART_PAGES * PG);
}

/* Each part a region, as since Linux 4.0; and where vm.nonlinear is, entries of one region. */
static void bench_windows(void)
{
	int fd = memfd_create("window", 0), setting = open("/proc/sys/vm/nonlinear", O_WRONLY);

	need(fd >= 0 && !ftruncate(fd, 64 * MiB), "a large file");
	for (unsigned i = 0; i < 64 * MiB / PG; i++)
		need(pwrite(fd, "", 1, i * PG) == 1, "pwrite");
	slide("window_regions", fd);
	if (setting >= 0) {
		need(write(setting, "1", 1) == 1, "vm.nonlinear");
		slide("window_nonlinear", fd);
		need(write(setting, "0", 1) == 1, "vm.nonlinear");
		close(setting);
	}
	close(fd);
}

static void bench_pipes(void)
{
	enum { ROUNDS = 2000 };
	int there[2], back[2];
	char c = 0;

	need(!pipe(there) && !pipe(back), "pipe");
	pid_t child = fork();
	need(child >= 0, "fork");
	if (!child) {
		for (int i = 0; i < ROUNDS; i++)
			if (read(there[0], &c, 1) != 1 || write(back[1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	begin();
	for (int i = 0; i < ROUNDS; i++)
		need(write(there[1], &c, 1) == 1 && read(back[0], &c, 1) == 1, "ping-pong");
	row("pipe_pingpong_roundtrip", elapsed(), ROUNDS);
	waitpid(child, NULL, 0);
}

/* Before main(), so that an executed copy of this program costs what exec costs. */
__attribute__((constructor)) static void exit_if_asked(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "exit"))
		_exit(0);
}

static void bench_exec(void)
{
	int status;

	begin();
	for (int i = 0; i < 50; i++) {
		pid_t child = vfork();

		need(child >= 0, "vfork");
		if (!child) {
			execl("/proc/self/exe", "bench", "exit", (char *)NULL);
			_exit(127);
		}
		waitpid(child, &status, 0);
		need(status == 0, "exec");
	}
	row("vfork_exec_exit_wait", elapsed(), 50);
}

static void print_boot(uint64_t ticks)
{
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	printf("%-28s %10.1f\n", "boot_to_init_us", ticks / 10.0);
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "MemFree:", 8))
			printf("%-28s %10ld\n", "memfree_at_init_kb", strtol(line + 8, NULL, 10));
	if (f)
		fclose(f);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int as_init = getpid() == 1;
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks));
	if (as_init) {
		mkdir("/proc", 0755);
		mkdir("/tmp", 0777);
		mount("proc", "/proc", "proc", 0, NULL);
		print_boot(ticks);
		mount("tmp", "/tmp", "tmpfs", 0, NULL);
		/* Let what the kernel left for later after start-up be done. */
		sleep(20);
	}
	bench_syscall();
	bench_anonymous();
	bench_mmap_calls();
	bench_many_regions();
	bench_moving();
	bench_fork();
	bench_copy_on_write();
	bench_files(argc > 1 ? argv[1] : "/tmp");
	bench_windows();
	bench_pipes();
	bench_exec();
	puts("DONE");
	fflush(stdout);
	if (as_init)
		reboot(RB_POWER_OFF);
	return 0;
}
