/*
 * test/user/t_hog.c - one call never has a hart to itself: a sibling on the same hart goes on meanwhile.
 *
 * MODEL     A child, the sibling, sleeps for 1 ms at a time and notes the longest time between two of its turns, in
 *           shared memory.  A row makes something large, begins to look, makes one call that takes long, and looks
 *           at the sibling's longest wait.
 *           What is measured are guest instructions, so the tests run only where asked for, with `hog` on the
 *           kernel's command line: test/boot/hog.py does so under -icount on one hart.
 * UNITS     ns
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/hog.h"
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>

HOG(holes)
{
	unsigned long len = 32 * GiB, nr = len / PG;
	unsigned char *vec;
	char *big;
	int fd;

	hog_begin();
	vec = (void *)map(nr, RW, MAP_POPULATE);
	big = map(len, PROT_NONE, 0);
	ROW("mincore of 32 GiB of nothing", mincore(big, len, vec));
	fd = memfd(len);
	munmap(big, len);
	big = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(big != MAP_FAILED);
	ROW("mincore of a file of 32 GiB, all holes", mincore(big, len, vec));
	munmap(big, len);
	close(fd);
	fd = open("/proc/self/pagemap", O_RDONLY);
	big = map(len, PROT_NONE, 0);
	ROW("pagemap of nothing", pread(fd, vec, nr, (unsigned long)big / PG * 8));
	ROW("pagemap of no address at all", pread(fd, vec, nr, 0));
	close(fd);
	hog_end();
}

HOG(zero_pages)
{
	unsigned long len = 4 * GiB;
	long long took;
	char *p;

	hog_begin();
	row_begin();
	p = map(len, PROT_READ, MAP_POPULATE);
	took = now_ns() - row_start;
	row_end("populate 4 GiB of zero page");
	if (took > 40000000)
		test_fail(__FILE__, __LINE__, "populating 4 GiB takes %lld us", took / 1000);
	ROW("mincore of it", mincore(p, len, (void *)map(len / PG, RW, 0)));
	ROW("mlock of it", mlock(p, len));
	ROW("munlock of it", munlock(p, len));
	ROW("smaps", slurp("/proc/self/smaps", 65536));
	ROW("smaps_rollup", slurp("/proc/self/smaps_rollup", 65536));
	ROW("numa_maps", slurp("/proc/self/numa_maps", 65536));
	ROW("mprotect", mprotect(p, len, PROT_READ | PROT_EXEC));
	ROW("fork and exit", end_of_child());
	ROW("mremap", p = mremap(p, len, len + GiB, MREMAP_MAYMOVE));
	ROW("munmap", munmap(p, len));
	hog_end();
}

static void clear_refs(const char *what)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	CHECK(write(fd, what, 1) == 1);
	close(fd);
}

static void move_pages_of(char *p, unsigned long nr, int node)
{
	void **at = malloc(nr * sizeof(*at));
	int *status = malloc(nr * sizeof(*status)), *nodes = calloc(nr, sizeof(*nodes));

	for (unsigned long i = 0; i < nr; i++)
		at[i] = p + i * PG;
	syscall(SYS_move_pages, 0, nr, at, node < 0 ? NULL : nodes, status, 2);
	free(at);
	free(status);
	free(nodes);
}

HOG(anonymous)
{
	unsigned long len = 256 * MiB, mask = 1;
	char *p;

	hog_begin();
	p = map(len, RW, 0);
	ROW("MADV_POPULATE_WRITE 256 MiB", madvise(p, len, 23));
	ROW("move_pages: where", move_pages_of(p, len / PG, -1));
	ROW("move_pages: to where they are", move_pages_of(p, len / PG, 0));
	ROW("migrate_pages", syscall(SYS_migrate_pages, 0, 64, &mask, &mask));
	ROW("mbind, strict", syscall(SYS_mbind, p, len, 2, &mask, 64ul, 1));
	ROW("clear_refs", clear_refs("1"));
	ROW("fork and exit", end_of_child());
	ROW("mprotect to read", mprotect(p, len, PROT_READ));
	ROW("mprotect to write", mprotect(p, len, RW));
	ROW("mremap", p = mremap(p, len, 2 * len, MREMAP_MAYMOVE));
	for (int advice = 0; advice < 26; advice++)
		if (advice != 9 && (advice < 10 || advice == 14 || advice == 15 || advice >= 20))
			ROW("madvise, each advice", madvise(p, len, advice));
	CHECK(!madvise(p, len, 23));
	ROW("MADV_DONTNEED", madvise(p, len, MADV_DONTNEED));
	CHECK(!madvise(p, len, 23));
	ROW("munmap", munmap(p, 2 * len));
	hog_end();
}

HOG(many_regions)
{
	unsigned long nr = 60000, len = nr * PG;
	char *p;

	hog_begin();
	p = map(len, RW, 0);
	for (unsigned long i = 0; i < nr; i += 2)
		CHECK(!mprotect(p + i * PG, PG, PROT_READ));
	ROW("fork and exit with 60000 regions", end_of_child());
	ROW("maps", slurp("/proc/self/maps", 65536));
	ROW("smaps", slurp("/proc/self/smaps", 65536));
	ROW("numa_maps", slurp("/proc/self/numa_maps", 1 << 20));
	ROW("mlock", mlock(p, len));
	ROW("munlock", munlock(p, len));
	ROW("mlockall", mlockall(MCL_CURRENT));
	ROW("munlockall", munlockall());
	ROW("madvise", madvise(p, len, MADV_DONTNEED));
	ROW("madvise of flags", madvise(p, len, MADV_SEQUENTIAL));
	ROW("mprotect", mprotect(p, len, PROT_READ));
	for (unsigned long i = 0; i < nr; i += 2)
		CHECK(!mprotect(p + i * PG, PG, PROT_NONE));
	ROW("munmap", munmap(p, len));
	hog_end();
}

static void copy_file(int to, int from, unsigned long len)
{
	loff_t a = 0, b = 0;

	while (len) {
		long n = syscall(SYS_copy_file_range, from, &a, to, &b, len, 0);

		CHECK(n > 0);
		len -= n;
	}
}

HOG(files)
{
	unsigned long len = 128 * MiB, huge = 1ul << 40;
	int fd, to, zero = open("/dev/zero", O_RDWR);
	struct iovec iov[64];
	char *p, *buf;

	hog_begin();
	buf = map(len, RW, MAP_POPULATE);
	fd = memfd(0);
	ROW("write 128 MiB", pwrite(fd, buf, len, 0));
	ROW("read 128 MiB", pread(fd, buf, len, 0));
	for (int i = 0; i < 64; i++)
		iov[i] = (struct iovec){ buf + i * 2 * MiB, 2 * MiB };
	ROW("preadv of 64 pieces", preadv(fd, iov, 64, 0));
	to = memfd(0);
	ROW("copy_file_range", copy_file(to, fd, len));
	ROW("ftruncate", ftruncate(to, 0));
	ROW("sendfile", syscall(SYS_sendfile, to, fd, NULL, len));
	ROW("fallocate", syscall(SYS_fallocate, to, 0, 0ul, len));
	p = mmap(NULL, len, RW, MAP_SHARED | MAP_POPULATE, fd, 0);
	CHECK(p != MAP_FAILED);
	ROW("msync", msync(p, len, MS_SYNC));
	ROW("mincore of a file", mincore(p, len, (void *)buf));
	ROW("punch a hole", syscall(SYS_fallocate, fd, 3, 0ul, len));
	ROW("populate shared", madvise(p, len, 23));
	ROW("MADV_REMOVE", madvise(p, len, MADV_REMOVE));
	munmap(p, len);
	ROW("close, which frees it", (pwrite(fd, buf, len, 0), close(fd)));
	CHECK(!ftruncate(to, huge));
	ROW("SEEK_DATA in 1 TiB of holes", lseek(to, len + MiB, SEEK_DATA));
	ROW("SEEK_HOLE", lseek(to, 0, SEEK_HOLE));
	ROW("read /dev/zero", read(zero, buf, len));
	ROW("write /dev/zero", write(zero, buf, len));
	ROW("getrandom", syscall(SYS_getrandom, buf, 4 * MiB, 0));
	ROW("sync", sync());
	close(to);
	ROW("process_vm_readv", process_vm_readv(getpid(), &(struct iovec){ buf, len / 2 }, 1,
						 &(struct iovec){ buf + len / 2, len / 2 }, 1, 0));
	fd = open("/proc/self/mem", O_RDWR);
	ROW("/proc/self/mem", pread(fd, buf, len / 2, (unsigned long)buf + len / 2));
	close(fd);
	hog_end();
}

static unsigned raise_files(unsigned want)
{
	struct rlimit l = { want, want };

	return setrlimit(RLIMIT_NOFILE, &l) ? 1000 : want - 8;
}

HOG(descriptors)
{
	unsigned nr = raise_files(200000);
	struct pollfd *fds = calloc(nr, sizeof(*fds));
	int pipes[2];
	fd_set *set = calloc(1, nr / 8 + 64);

	hog_begin();
	CHECK(!pipe(pipes));
	for (unsigned i = pipes[1] + 1; i < nr; i++)
		CHECK(dup2(pipes[0], i) == (int)i);
	for (unsigned i = 0; i < nr; i++) {
		fds[i] = (struct pollfd){ pipes[0], POLLIN, 0 };
		if (i > (unsigned)pipes[1])
			((unsigned long *)set)[i / 64] |= 1ul << i % 64;
	}
	ROW("poll of 200000", poll(fds, nr, 0));
	ROW("poll of 200000, 1 ms", poll(fds, nr, 1));
	ROW("select of 200000", syscall(SYS_pselect6, nr, set, NULL, NULL, &(struct timespec){ 0, 0 }, NULL));
	ROW("fork and exit", end_of_child());
	ROW("readdir of /proc/self/fd", ({ DIR *d = opendir("/proc/self/fd"); while (readdir(d)); closedir(d); }));
	ROW("close_range: close on exec", syscall(SYS_close_range, pipes[1] + 1, ~0u, 4));
	ROW("close_range", syscall(SYS_close_range, pipes[1] + 1, ~0u, 0));
	ROW("close_range of nothing", syscall(SYS_close_range, pipes[1] + 1, ~0u, 0));
	hog_end();
}

HOG(folders)
{
	char name[64], *buf = malloc(MiB);
	int dir, nr = 20000;

	hog_begin();
	CHECK(!mkdir("/tmp/hog", 0755));
	dir = open("/tmp/hog", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		close(openat(dir, name, O_CREAT | O_WRONLY, 0644));
	}
	ROW("getdents of 20000 names", syscall(SYS_getdents64, dir, buf, MiB));
	for (int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "none-%d", i);
		faccessat(dir, name, F_OK, 0);
	}
	ROW("drop_caches", ({ int fd = open("/proc/sys/vm/drop_caches", O_WRONLY); write(fd, "3", 1); close(fd); }));
	close(dir);
	CHECK(!mkdir("/tmp/hog/m", 0755));
	CHECK(!mount("tmpfs", "/tmp/hog/m", "tmpfs", 0, ""));
	dir = open("/tmp/hog/m", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		close(openat(dir, name, O_CREAT | O_WRONLY, 0644));
	}
	close(dir);
	ROW("umount of 20000 files", umount("/tmp/hog/m"));
	for (int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "/tmp/hog/file-%d", i);
		unlink(name);
	}
	CHECK(!rmdir("/tmp/hog/m") && !rmdir("/tmp/hog"));
	hog_end();
}

HOG(exec_arguments)
{
	unsigned nr = 60000;
	char **argv = calloc(nr + 1, sizeof(*argv));

	hog_begin();
	for (unsigned i = 0; i < nr; i++)
		argv[i] = "0123456789abcdefghij";
	ROW("execve with 60000 arguments", ({
		pid_t p = fork();

		if (!p) {
			execv("/proc/self/exe-is-not-there", argv);
			argv[0] = "utest";
			argv[1] = "no-such-test";
			(void)!freopen("/dev/null", "w", stdout);	/* it tells of no tests of its own */
			execv("/proc/self/exe", argv);
			_exit(1);
		}
		waitpid(p, NULL, 0); }));
	hog_end();
}

static void *wait_here(void *word)
{
	syscall(SYS_futex, word, 128, 0, NULL, NULL, 0);
	return NULL;
}

HOG(tasks)
{
	enum { NR = 1000 };
	static int words[2];
	static pthread_t threads[NR];
	pthread_attr_t attr;
	volatile int *nr;
	pid_t group;

	hog_begin();
	sibling_first();
	nr = mmap(NULL, PG, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(nr != MAP_FAILED);
	CHECK(!pthread_attr_init(&attr) && !pthread_attr_setstacksize(&attr, 16384));
	for (int i = 0; i < NR; i++)
		CHECK(!pthread_create(&threads[i], &attr, wait_here, &words[0]));
	usleep(200000);
	ROW("futex requeue of 1000", syscall(SYS_futex, &words[0], 3 | 128, 0, NR, &words[1], 0));
	ROW("futex wake of 1000", syscall(SYS_futex, &words[1], 1 | 128, NR, NULL, NULL, 0));
	for (int i = 0; i < NR; i++)
		pthread_join(threads[i], NULL);
	group = fork();
	CHECK(group >= 0);
	if (!group) {
		setpgid(0, 0);
		for (int i = 0; i < NR; i++)
			if (!fork()) {
				__atomic_add_fetch(nr, 1, __ATOMIC_RELAXED);
				for (;;)
					pause();
			}
		for (;;)
			pause();
	}
	while (*nr < NR)
		usleep(10000);
	ROW("kill a group of 1000", kill(-group, SIGCONT));
	ROW("reading /proc", ({ DIR *d = opendir("/proc"); while (readdir(d)); closedir(d); }));
	ROW("the parent of 1000 dies", kill(group, SIGKILL));
	CHECK(waitpid(group, NULL, 0) == group);
	ROW("kill the group", kill(-group, SIGKILL));
	usleep(1000000);		/* they end; process 1 reaps them when this test is over */
	hog_end();
}

HOG(semaphores)
{
	enum { NR = 1000 };
	int id[NR];

	hog_begin();
	for (int i = 0; i < NR; i++)
		CHECK((id[i] = semget(IPC_PRIVATE, 100, 0600)) >= 0);
	ROW("exit with 1000 undo lists", ({
		pid_t p = fork();

		if (!p) {
			for (int i = 0; i < NR; i++)
				semop(id[i], &(struct sembuf){ 0, 1, SEM_UNDO }, 1);
			_exit(0);
		}
		waitpid(p, NULL, 0); }));
	for (int i = 0; i < NR; i++)
		CHECK(!semctl(id[i], 0, IPC_RMID));
	hog_end();
}

HOG(timers)
{
	enum { NR = 1000 };
	timer_t t[NR];

	hog_begin();
	signal(SIGALRM, SIG_IGN);
	for (int i = 0; i < NR; i++) {
		struct itimerspec at = { .it_value.tv_nsec = 1 + 30000000 };

		if (timer_create(CLOCK_MONOTONIC, NULL, &t[i]))
			break;
		timer_settime(t[i], 0, &at, NULL);
	}
	row_begin();
	usleep(100000);
	row_end("timers that fire together");
	hog_end();
}

HOG(sockets)
{
	unsigned len = 8 * MiB;
	char *buf;
	int s[2];
	pid_t p;

	hog_begin();
	buf = map(len, RW, MAP_POPULATE);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	p = fork();
	CHECK(p >= 0);
	if (!p) {
		while (read(s[1], buf, len) > 0)
			;
		_exit(0);
	}
	ROW("write to a socket", write(s[0], buf, len));
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
	hog_end();
}

HOG(physical_memory)
{
	char *buf;
	int fd;

	hog_begin();
	buf = map(16 * MiB, RW, MAP_POPULATE);
	if ((fd = open("/proc/kpageflags", O_RDONLY)) >= 0)
		ROW("kpageflags", read(fd, buf, 16 * MiB));
	close(fd);
	if ((fd = open("/proc/kpagecount", O_RDONLY)) >= 0)
		ROW("kpagecount", read(fd, buf, 16 * MiB));
	close(fd);
	ROW("zoneinfo", slurp("/proc/zoneinfo", 65536));
	ROW("pagetypeinfo", slurp("/proc/pagetypeinfo", 65536));
	ROW("slabinfo", slurp("/proc/slabinfo", 65536));
	ROW("vmallocinfo", slurp("/proc/vmallocinfo", 65536));
	ROW("compact_memory", ({ int c = open("/proc/sys/vm/compact_memory", O_WRONLY); write(c, "1", 1);
				 close(c); }));
	hog_end();
}
