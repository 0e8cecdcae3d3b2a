/*
 * test/user/t_hog_calls.c - t_hog.c's rows for what is large in another way than by pages: sparse ranges, vectors of
 * pieces, trees of names and mounts, sockets, timers.  Theory: t_hog.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/hog.h"
#include <dirent.h>
#include <linux/userfaultfd.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

/* A page in each 2 MiB: as many page tables as pages. */
static char *map_sparse(unsigned long len)
{
	char *p = map(len, RW, 0);

	for (unsigned long o = 0; o < len; o += 2 * MiB)
		p[o] = 1;
	return p;
}

HOG(sparse)
{
	unsigned long len = 16 * GiB, far = 256 * GiB;
	char *p, *q;

	hog_begin();
	p = map_sparse(len);
	ROW("fork and exit with 16 GiB of single pages", end_of_child());
	ROW("mprotect of it", mprotect(p, len, PROT_READ));
	ROW("mprotect back", mprotect(p, len, RW));
	ROW("MADV_COLD", madvise(p, len, 20));
	ROW("MADV_FREE", madvise(p, len, 8));
	ROW("MADV_PAGEOUT", madvise(p, len, 21));
	ROW("mincore", mincore(p, 16 * GiB, (void *)map(4 * MiB, RW, 0)));
	ROW("smaps_rollup", slurp("/proc/self/smaps_rollup", 65536));
	ROW("clear_refs", ({ int fd = open("/proc/self/clear_refs", O_WRONLY); write(fd, "4", 1); close(fd); }));
	ROW("mremap to elsewhere", p = mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, map(len, 0, 0)));
	ROW("mremap, DONTUNMAP", q = mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
	CHECK(q != MAP_FAILED);
	ROW("munmap of what was left", munmap(p, len));
	ROW("MADV_DONTNEED", madvise(q, len, MADV_DONTNEED));
	ROW("munmap", munmap(q, len));
	p = map(far, RW, 0);
	p[0] = p[far - 1] = 1;
	ROW("mremap of 256 GiB, nearly empty", p = mremap(p, far, 2 * far, MREMAP_MAYMOVE));
	ROW("munmap of it", munmap(p, 2 * far));
	ROW("exit with 16 GiB of single pages", ({
		pid_t c = fork();

		if (!c) {
			map_sparse(len);
			_exit(0);
		}
		waitpid(c, NULL, 0); }));
	ROW("exec with 16 GiB of single pages", ({
		pid_t c = fork();

		if (!c) {
			map_sparse(len);
			(void)!freopen("/dev/null", "w", stdout);
			execl("/proc/self/exe", "utest", "no-such-test", NULL);
		}
		waitpid(c, NULL, 0); }));
	hog_end();
}

HOG(sparse_files)
{
	unsigned long len = 16 * GiB, step = 2 * MiB;
	int fd, to, end[2];
	char *p;

	hog_begin();
	fd = memfd(len);
	for (unsigned long o = 0; o < len; o += step)
		CHECK(pwrite(fd, "x", 1, o) == 1);
	p = mmap(NULL, len, RW, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	ROW("mincore of a sparse file", mincore(p, 16 * GiB, (void *)map(4 * MiB, RW, 0)));
	ROW("populate 256 MiB of it", madvise(p, 256 * MiB, 22));
	ROW("msync", msync(p, len, MS_SYNC));
	ROW("MADV_WILLNEED", madvise(p, len, MADV_WILLNEED));
	ROW("munmap", munmap(p, len));
	ROW("fsync", fsync(fd));
	ROW("fadvise", posix_fadvise(fd, 0, len, POSIX_FADV_DONTNEED));
	ROW("readahead", syscall(SYS_readahead, fd, 0l, len));
	ROW("cachestat", syscall(451, fd, (unsigned long[2]){ 0, len }, (unsigned long[5]){ 0 }, 0));
	ROW("seal", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	ROW("SEEK_DATA, many", ({
		for (long o = 0, i = 0; i < 100 && o >= 0; i++) o = lseek(fd, o + PG, SEEK_DATA); }));
	to = memfd(0);
	ROW("copy_file_range of 1 GiB", syscall(SYS_copy_file_range, fd, NULL, to, NULL, GiB / 4, 0));
	close(to);
	CHECK(!pipe(end));
	to = open("/dev/null", O_RDWR);
	lseek(fd, 0, SEEK_SET);
	ROW("sendfile of 1 GiB of holes", syscall(SYS_sendfile, to, fd, NULL, GiB));
	ROW("splice from /dev/zero", syscall(SYS_splice, open("/dev/zero", O_RDWR), NULL, end[1], NULL, GiB, 0));
	ROW("punch all", syscall(SYS_fallocate, fd, 3, 0ul, len));
	for (unsigned long o = 0; o < len; o += step)
		CHECK(pwrite(fd, "x", 1, o) == 1);
	ROW("ftruncate", ftruncate(fd, 1));
	CHECK(!ftruncate(fd, len));
	for (unsigned long o = 0; o < len; o += step)
		CHECK(pwrite(fd, "x", 1, o) == 1);
	ROW("close", close(fd));
	fd = open("/tmp/hog-file", O_RDWR | O_CREAT, 0600);
	ROW("fallocate of 256 MiB", syscall(SYS_fallocate, fd, 0, 0ul, 256 * MiB));
	close(fd);
	ROW("unlink of it", unlink("/tmp/hog-file"));
	fd = open("/tmp/hog-file", O_RDWR | O_CREAT, 0600);
	ROW("fallocate of more than there is", syscall(SYS_fallocate, fd, 0, 0ul, 64 * GiB));
	close(fd);
	unlink("/tmp/hog-file");
	hog_end();
}

HOG(vectors)
{
	enum { NR = 1024 };
	static struct iovec iov[NR], there[NR];
	int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR), fd, end[2], self;
	char *buf;

	hog_begin();
	buf = map(MiB, RW, MAP_POPULATE);
	for (int i = 0; i < NR; i++)
		iov[i] = there[i] = (struct iovec){ buf, MiB };
	ROW("readv of 1024 MiB of zeros", readv(zero, iov, NR));
	ROW("writev of them to nowhere", writev(null, iov, NR));
	fd = open("/dev/urandom", O_RDONLY);
	for (int i = 0; i < NR; i++)
		iov[i].iov_len = 16384;
	ROW("readv of random bytes", readv(fd, iov, NR));
	close(fd);
	fd = memfd(MiB);
	for (int i = 0; i < NR; i++)
		iov[i].iov_len = 128 << 10;
	ROW("writev to a file", writev(fd, iov, NR));
	ROW("preadv", preadv(fd, iov, NR, 0));
	CHECK(!pipe(end));
	fcntl(end[1], F_SETPIPE_SZ, 1 << 20);
	ROW("vmsplice of 1024 pieces", vmsplice(end[1], iov, NR, SPLICE_F_NONBLOCK));
	for (int i = 0; i < NR; i++)
		iov[i].iov_len = there[i].iov_len = MiB;
	ROW("process_vm_readv of 1024 MiB", process_vm_readv(getpid(), iov, NR, there, NR, 0));
	self = syscall(SYS_pidfd_open, getpid(), 0);
	ROW("process_madvise, 1024 pieces", syscall(440, self, iov, NR, 20, 0));
	for (int i = 0; i < NR; i++)
		iov[i] = (struct iovec){ buf + i, 1 };
	ROW("pwritev of bytes", pwritev(fd, iov, NR, 0));
	close(fd);
	hog_end();
}

static void *deep_tree(unsigned depth)
{
	int at = open("/tmp", O_PATH), next;

	for (unsigned i = 0; i < depth; i++) {
		CHECK(!mkdirat(at, "d", 0755));
		next = openat(at, "d", O_PATH);
		CHECK(next >= 0);
		close(at);
		at = next;
	}
	return (void *)(long)at;
}

HOG(names)
{
	enum { DEPTH = 5000 };
	char path[4096], *big = malloc(1 << 20);
	int fd, deep;

	hog_begin();
	CHECK(!mount("tmpfs", "/tmp", "tmpfs", 0, ""));
	deep = (long)deep_tree(DEPTH);
	CHECK(!fchdir(deep));
	ROW("getcwd 5000 deep", syscall(SYS_getcwd, big, 1 << 20));
	ROW("readlink of it", readlink("/proc/self/cwd", path, sizeof(path)));
	ROW("open of ..", ({ fd = open("..", O_PATH); close(fd); }));
	ROW("maps of a file there", ({
		fd = open("f", O_CREAT | O_RDWR, 0600);
		CHECK(!ftruncate(fd, PG));
		char *p = mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, 0);

		slurp("/proc/self/maps", 65536);
		munmap(p, PG); }));
	close(fd);
	close(deep);
	CHECK(!chdir("/"));
	ROW("umount of a tree 5000 deep", umount("/tmp"));
	hog_end();
}

/* 40 links one after the other, each a text as long as can be: 80,000 steps. */
HOG(links)
{
	enum { LINKS = 40 };
	char text[4096], name[16];
	struct stat st;

	hog_begin();
	CHECK(!mount("tmpfs", "/tmp", "tmpfs", 0, "") && !chdir("/tmp"));
	for (int i = 0; i < LINKS; i++) {
		for (int at = 0; at < 4080; at += 2)
			memcpy(text + at, "./", 2);
		sprintf(text + 4080, "l%d", i + 1);
		sprintf(name, "l%d", i);
		CHECK(!symlink(text, name));
	}
	CHECK(!mkdir("l40", 0755));
	CHECK(!stat("l0", &st));
	ROW("stat through 80,000 steps", stat("l0", &st));
	ROW("the links are not the last of the path", stat("l0/..", &st));
	ROW("open", close(open("l0", O_RDONLY)));
	CHECK(!chdir("/") && !umount("/tmp"));
	hog_end();
}

HOG(mounts)
{
	enum { NR = 1000 };
	char name[64];

	hog_begin();
	CHECK(!mkdir("/tmp/m", 0755) && !mount("tmpfs", "/tmp/m", "tmpfs", 0, ""));
	for (int i = 0; i < NR; i++) {
		sprintf(name, "/tmp/m/%d", i);
		CHECK(!mkdir(name, 0755) && !mount("tmpfs", name, "tmpfs", 0, ""));
	}
	ROW("/proc/mounts of 1000", slurp("/proc/mounts", 65536));
	ROW("mountinfo", slurp("/proc/self/mountinfo", 65536));
	ROW("sync", sync());
	ROW("umount of all", umount2("/tmp/m", MNT_DETACH));
	rmdir("/tmp/m");
	hog_end();
}

static void raise_limits(void)
{
	struct rlimit l = { 100000, 100000 };

	CHECK(!setrlimit(RLIMIT_NOFILE, &l));
	setrlimit(RLIMIT_SIGPENDING, &l);
}

HOG(files_by_the_ten_thousand)
{
	enum { NR = 50000 };
	struct epoll_event *events = calloc(NR, sizeof(*events));
	int ep;

	hog_begin();
	raise_limits();
	ep = epoll_create1(0);
	for (int i = 0; i < NR; i++) {
		int fd = eventfd(1, 0);

		CHECK(fd >= 0);
		CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){ EPOLLIN, { .fd = fd } }));
	}
	ROW("epoll_wait: 50000 are ready", epoll_wait(ep, events, NR, 0));
	ROW("epoll_wait: one of 50000", epoll_wait(ep, events, 1, 0));
	ROW("fdinfo of the epoll", ({
		char path[64];

		sprintf(path, "/proc/self/fdinfo/%d", ep);
		slurp(path, 65536); }));
	ROW("closing the epoll", close(ep));
	ROW("fork and exit", end_of_child());
	ROW("exec that closes all", ({
		pid_t p = fork();

		if (!p) {
			syscall(SYS_close_range, 3, ~0u, 4);
			(void)!freopen("/dev/null", "w", stdout);
			execl("/proc/self/exe", "utest", "no-such-test", NULL);
		}
		waitpid(p, NULL, 0); }));
	ROW("close_range(3, ~0)", syscall(SYS_close_range, 3, ~0u, 0));
	hog_end();
}

static void send_fd(int to, int fd)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr h; } c = {
		.h = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct msghdr m = { .msg_iov = &(struct iovec){ "x", 1 }, .msg_iovlen = 1,
			    .msg_control = c.buf, .msg_controllen = sizeof(c.buf) };

	memcpy(CMSG_DATA(&c.h), &fd, sizeof(int));
	sendmsg(to, &m, MSG_DONTWAIT);
}

/* Each socket is in its partner's queue: only a search for cycles finds that nobody has them. */
HOG(unix_cycles)
{
	enum { NR = 5000 };
	int (*s)[2] = calloc(NR, sizeof(*s)), chain = -1;

	hog_begin();
	raise_limits();
	for (int i = 0; i < NR; i++) {
		CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, s[i]));
		send_fd(s[i][0], s[i][0]);
		send_fd(s[i][1], s[i][1]);
	}
	ROW("/proc/net/unix", slurp("/proc/net/unix", 65536));
	ROW("close of 5000 pairs in their own queues", syscall(SYS_close_range, 3, ~0u, 0));
	ROW("the next socket looks for cycles", ({ int p[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, p); close(p[0]);
						   close(p[1]); }));
	for (int i = 0; i < NR; i++) {		/* a chain: each waits in the next one's queue */
		int p[2];

		CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
		if (chain >= 0) {
			send_fd(p[0], chain);
			close(chain);
		}
		close(p[0]);
		chain = p[1];
	}
	ROW("close of a chain of 5000", close(chain));
	hog_end();
}

HOG(ipc)
{
	enum { SEMS = 32000 };
	unsigned short *all = calloc(SEMS, sizeof(*all));
	static struct sembuf ops[500];
	int id, q;
	char *big = calloc(1, 8192);

	hog_begin();
	raise_limits();
	id = semget(IPC_PRIVATE, SEMS, 0600);
	CHECK(id >= 0);
	ROW("SETALL of 32000", semctl(id, 0, SETALL, all));
	ROW("GETALL", semctl(id, 0, GETALL, all));
	for (int i = 0; i < 500; i++)
		ops[i] = (struct sembuf){ i * 64, 1, SEM_UNDO };
	ROW("semop of 500", semop(id, ops, 500));
	for (int i = 0; i < 500; i++)
		ops[i] = (struct sembuf){ i * 64, -1, SEM_UNDO };
	ROW("semop back", semop(id, ops, 500));
	ROW("IPC_RMID", semctl(id, 0, IPC_RMID));
	q = msgget(IPC_PRIVATE, 0600);
	for (int i = 0; i < 16000; i++)
		if (msgsnd(q, &(struct { long type; }){ 2 }, 0, IPC_NOWAIT))
			break;
	ROW("msgrcv of a type that none has", msgrcv(q, big, 8184, 5, IPC_NOWAIT));
	ROW("IPC_RMID of a full queue", msgctl(q, IPC_RMID, NULL));
	ROW("/proc/sysvipc/sem", slurp("/proc/sysvipc/sem", 65536));
	id = shmget(IPC_PRIVATE, 256 * MiB, 0600);
	CHECK(id >= 0);
	ROW("shmat and lock of 256 MiB", ({
		char *p = shmat(id, NULL, 0);

		shmctl(id, SHM_LOCK, NULL); madvise(p, 256 * MiB, 23);
					    shmctl(id, SHM_UNLOCK, NULL); shmdt(p); }));
	ROW("IPC_RMID of it", shmctl(id, IPC_RMID, NULL));
	hog_end();
}

static void on_alarm(__attribute__((unused)) int sig) {}

HOG(many_timers)
{
	enum { NR = 40000 };
	static timer_t t[NR];
	struct itimerval tiny = { { 0, 1 }, { 0, 1 } };
	struct itimerspec tiniest = { { 0, 1 }, { 0, 1 } };
	struct timespec at;
	int fd, nr = 0;
	pid_t p;

	hog_begin();
	sibling_first();
	raise_limits();
	signal(SIGALRM, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += 2;
	for (; nr < NR; nr++) {
		struct sigevent ev = { .sigev_notify = nr & 1 ? SIGEV_NONE : SIGEV_SIGNAL, .sigev_signo = SIGALRM };

		if (timer_create(CLOCK_MONOTONIC, &ev, &t[nr]) ||
		    timer_settime(t[nr], TIMER_ABSTIME, &(struct itimerspec){ .it_value = at }, NULL))
			break;
	}
	CHECK(nr > 1000);
	row_begin();
	at.tv_nsec += 100000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL))
		;
	row_end("40000 timers fire together");
	ROW("deleting them", ({ for (int i = 0; i < nr; i++) timer_delete(t[i]); }));
	p = fork();
	CHECK(p >= 0);
	if (!p) {		/* it may never come out of its handler */
		signal(SIGALRM, on_alarm);
		setitimer(ITIMER_REAL, &tiny, NULL);
		for (;;)
			pause();
	}
	row_begin();
	usleep(50000);
	row_end("another's setitimer of 1 us");
	kill(p, SIGKILL);
	CHECK(waitpid(p, NULL, 0) == p);
	CHECK(!timer_create(CLOCK_MONOTONIC, NULL, &t[0]) && !timer_settime(t[0], 0, &tiniest, NULL));
	row_begin();
	usleep(50000);
	row_end("a timer of 1 ns, ignored");
	timer_delete(t[0]);
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	CHECK(!timerfd_settime(fd, 0, &tiniest, NULL));
	row_begin();
	for (int i = 0; i < 50; i++) {
		uint64_t n;

		CHECK(read(fd, &n, 8) == 8);
		usleep(1000);
	}
	row_end("a timerfd of 1 ns");
	hog_end();
}

static int go;
static void *sleep_here(__attribute__((unused)) void *arg)
{
	while (!__atomic_load_n(&go, __ATOMIC_RELAXED))
		syscall(SYS_futex, &go, 128, 0, NULL, NULL, 0);
	return NULL;
}

HOG(threads)
{
	enum { NR = 3000 };
	struct { unsigned long val, addr; unsigned flags, reserved; } wait[128];
	static unsigned words[128];
	pid_t p;
	int ready[2];

	hog_begin();
	sibling_first();
	CHECK(!pipe(ready));
	p = fork();
	CHECK(p >= 0);
	if (!p) {
		pthread_attr_t attr;
		pthread_t t;

		CHECK(!pthread_attr_init(&attr) && !pthread_attr_setstacksize(&attr, 16384));
		for (int i = 0; i < NR; i++)
			CHECK(!pthread_create(&t, &attr, sleep_here, NULL));
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	CHECK(read(ready[0], &(char){ 0 }, 1) == 1);
	ROW("readdir of 3000 tasks", ({ char path[64]; sprintf(path, "/proc/%d/task", p); DIR *d = opendir(path);
					while (readdir(d)); closedir(d); }));
	ROW("stat of a process of 3000 threads", ({
		char path[64];

		sprintf(path, "/proc/%d/stat", p);
		slurp(path, 4096); }));
	ROW("kill(-1, 0)", kill(-1, 0));
	ROW("rusage", getrusage(RUSAGE_SELF, &(struct rusage){ 0 }));
	ROW("a process of 3000 threads dies", ({ kill(p, SIGKILL); CHECK(waitpid(p, NULL, 0) == p); }));
	for (int i = 0; i < 128; i++) {
		wait[i].val = 0;
		wait[i].addr = (unsigned long)&words[i];
		wait[i].flags = 2 | 128;
		wait[i].reserved = 0;
	}
	ROW("futex_waitv of 128", syscall(449, wait, 128, 0, &(struct timespec){ 0, 1 }, CLOCK_MONOTONIC));
	hog_end();
}

HOG(groups)
{
	enum { NR = 65536 };
	gid_t *g = calloc(NR, sizeof(*g));

	hog_begin();
	for (int i = 0; i < NR; i++)
		g[i] = (i * 2654435761u) >> 8;
	ROW("setgroups of 65536", setgroups(NR, g));
	ROW("getgroups", getgroups(NR, g));
	ROW("status", slurp("/proc/self/status", 65536));
	ROW("kallsyms", slurp("/proc/kallsyms", 1 << 20));
	ROW("syslog: read all", syscall(SYS_syslog, 3, malloc(1 << 20), 1 << 20));
	hog_end();
}

HOG(userfaults)
{
	unsigned long len = 4 * GiB, many = 128 * MiB;
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg;
	struct uffdio_writeprotect wp;
	struct uffdio_zeropage zero;
	struct uffdio_copy copy;
	char *p, *from;

	if (fd < 0)
		test_skip("no userfaultfd");
	hog_begin();
	p = map(len, RW, 0);
	from = map(many, RW, MAP_POPULATE);
	CHECK(!ioctl(fd, UFFDIO_API, &api));
	reg = (struct uffdio_register){ .range = { (unsigned long)p, len },
					.mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP };
	CHECK(!ioctl(fd, UFFDIO_REGISTER, &reg));
	copy = (struct uffdio_copy){ .dst = (unsigned long)p, .src = (unsigned long)from, .len = many };
	ROW("UFFDIO_COPY of 128 MiB", ioctl(fd, UFFDIO_COPY, &copy));
	zero = (struct uffdio_zeropage){ .range = { (unsigned long)p + many, 2 * GiB } };
	ROW("UFFDIO_ZEROPAGE of 2 GiB", ioctl(fd, UFFDIO_ZEROPAGE, &zero));
	wp = (struct uffdio_writeprotect){ { (unsigned long)p, len }, 1 };
	ROW("UFFDIO_WRITEPROTECT of 4 GiB", ioctl(fd, UFFDIO_WRITEPROTECT, &wp));
	wp.mode = 0;
	ROW("and back", ioctl(fd, UFFDIO_WRITEPROTECT, &wp));
	ROW("UFFDIO_UNREGISTER", ioctl(fd, UFFDIO_UNREGISTER, &reg.range));
	ROW("close", close(fd));
	ROW("munmap", munmap(p, len));
	hog_end();
}
