/* test/user/t_file.c - names, descriptors, pipes, locks, polling, terminals' absence.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>

static void in_fresh_directory(void)
{
	CHECK_EQ(system("rm -rf /tmp/t_file_d"), 0);	/* of a test that failed */
	CHECK_EQ(mkdir("/tmp/t_file_d", 0700), 0);
	CHECK_EQ(chdir("/tmp/t_file_d"), 0);
}

static void leave_directory(void)
{
	CHECK_EQ(chdir("/"), 0);
	CHECK_EQ(rmdir("/tmp/t_file_d"), 0);
}

static int make(const char *name, const char *content)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, content, strlen(content)), strlen(content));
	return fd;
}

TEST(names)
{
	struct stat a, b;
	char buf[64];

	in_fresh_directory();
	close(make("f", "hello"));
	CHECK_ERR(open("f", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
	CHECK_ERR(open("f/x", O_RDONLY), ENOTDIR);
	CHECK_ERR(open("g", O_RDONLY), ENOENT);
	CHECK_ERR(open(".", O_RDWR), EISDIR);
	CHECK_ERR(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_EQ(link("f", "h"), 0);
	CHECK_EQ(stat("f", &a), 0);
	CHECK_EQ(stat("h", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(a.st_nlink, 2);
	CHECK_EQ(a.st_size, 5);
	CHECK_EQ(symlink("f", "s"), 0);
	CHECK_EQ(readlink("s", buf, 64), 1);
	CHECK_EQ(lstat("s", &b), 0);
	CHECK(S_ISLNK(b.st_mode));
	CHECK_ERR(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_EQ(symlink("l1", "l2"), 0);
	CHECK_EQ(symlink("l2", "l1"), 0);
	CHECK_ERR(open("l1", O_RDONLY), ELOOP);
	CHECK_EQ(mkdir("d", 0755), 0);
	CHECK_ERR(mkdir("d", 0755), EEXIST);
	CHECK_ERR(unlink("d"), EISDIR);
	CHECK_ERR(rmdir("f"), ENOTDIR);
	CHECK_EQ(rename("h", "d/h"), 0);
	CHECK_ERR(rmdir("d"), ENOTEMPTY);
	CHECK_ERR(rename("d", "d/e"), EINVAL);
	CHECK_ERR(rename("f", "d"), EISDIR);
	CHECK_ERR(rename("d", "f"), ENOTDIR);
	CHECK_EQ(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "d/h", 1), -1);
	CHECK_EQ(errno, EEXIST);
	CHECK_EQ(unlink("d/h"), 0);
	CHECK_EQ(rmdir("d/"), 0);
	memset(buf, 'n', sizeof(buf));
	char longname[300];
	memset(longname, 'n', sizeof(longname));
	longname[256] = 0;
	CHECK_ERR(open(longname, O_CREAT | O_RDWR, 0600), ENAMETOOLONG);
	CHECK_ERR(open("", O_RDONLY), ENOENT);
	CHECK_ERR(open((char *)8, O_RDONLY), EFAULT);
	for (const char *const *n = (const char *const[]){ "f", "s", "l1", "l2", NULL }; *n; n++)
		CHECK_EQ(unlink(*n), 0);
	leave_directory();
}

static char *volatile nowhere = (char *)8;

TEST(reading_and_writing)
{
	char buf[16] = "";
	int fd;

	in_fresh_directory();
	fd = make("f", "0123456789");
	CHECK_EQ(lseek(fd, 4, SEEK_SET), 4);
	CHECK_EQ(read(fd, buf, 3), 3);
	CHECK(!memcmp(buf, "456", 3));
	CHECK_EQ(pread(fd, buf, 16, 8), 2);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 7);
	CHECK_EQ(lseek(fd, 100, SEEK_END), 110);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 111);
	CHECK_EQ(pread(fd, buf, 4, 50), 4);
	CHECK_EQ(buf[0] | buf[1] | buf[2] | buf[3], 0);
	CHECK_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_EQ(ftruncate(fd, 3), 0);
	CHECK_EQ(ftruncate(fd, 6), 0);
	CHECK_EQ(pread(fd, buf, 16, 0), 6);
	CHECK(!memcmp(buf, "012\0\0\0", 6));
	struct iovec iov[2] = { { "ab", 2 }, { "cd", 2 } };
	CHECK_EQ(pwritev(fd, iov, 2, 1), 4);
	CHECK_EQ(pread(fd, buf, 16, 0), 6);
	CHECK(!memcmp(buf, "0abcd\0", 6));
	CHECK_ERR(pread(fd, nowhere, 3, 0), EFAULT);
	CHECK_EQ(read(fd, buf, 0), 0);
	int ro = open("f", O_RDONLY), ap = open("f", O_WRONLY | O_APPEND);
	CHECK_ERR(write(ro, "x", 1), EBADF);
	CHECK_ERR(read(ap, buf, 1), EBADF);
	CHECK_EQ(write(ap, "Z", 1), 1);
	CHECK_EQ(lseek(ap, 0, SEEK_CUR), 7);
	CHECK_ERR(read(999, buf, 1), EBADF);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	int out = make("g", "");
	CHECK_EQ(sendfile(out, fd, NULL, 100), 7);
	struct stat st;
	CHECK_EQ(fstat(out, &st), 0);
	CHECK_EQ(st.st_size, 7);
	CHECK_EQ(unlink("f"), 0);
	CHECK_EQ(unlink("g"), 0);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_nlink, 0);
	leave_directory();
}

TEST(big_sparse_files)
{
	in_fresh_directory();
	int fd = make("f", "");
	CHECK_EQ(pwrite(fd, "end", 3, 5ll << 30), 3);
	struct stat st;
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_size, (5ll << 30) + 3);
	CHECK(st.st_blocks <= 16);
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 5ll << 30);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK_EQ(unlink("f"), 0);
	leave_directory();
}

TEST(directory_listing)
{
	char name[32];
	int seen[100] = { 0 };

	in_fresh_directory();
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		close(make(name, ""));
	}
	DIR *d = opendir(".");
	struct dirent *e;
	int n = 0;
	while ((e = readdir(d))) {
		int i;
		n++;
		if (sscanf(e->d_name, "file%d", &i) == 1) {
			seen[i]++;
			CHECK_EQ(e->d_type, DT_REG);
			CHECK_EQ(unlink(e->d_name), 0);
		}
	}
	closedir(d);
	CHECK_EQ(n, 102);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(seen[i], 1);
	leave_directory();
}

TEST(permissions)
{
	in_fresh_directory();
	close(make("f", "x"));
	CHECK_EQ(chmod("f", 0600), 0);
	int st = CHILD_STATUS({
		CHECK_EQ(chmod(".", 0755), 0);
		CHECK_EQ(setgid(500), 0);
		CHECK_EQ(setuid(500), 0);
		CHECK_ERR(open("f", O_RDONLY), EACCES);
		CHECK_ERR(open("g", O_RDWR | O_CREAT, 0600), EACCES);
		CHECK_ERR(unlink("f"), EACCES);
		CHECK_ERR(chmod("f", 0666), EPERM);
		CHECK_ERR(access("f", R_OK), EACCES);
	});
	CHECK_EQ(st, 0);
	CHECK_EQ(chown("f", 500, 500), 0);
	umask(027);
	close(open("u", O_CREAT | O_WRONLY, 0666));
	struct stat s;
	CHECK_EQ(stat("u", &s), 0);
	CHECK_EQ(s.st_mode & 07777, 0640);
	CHECK_EQ(unlink("u"), 0);
	CHECK_EQ(unlink("f"), 0);
	leave_directory();
}

TEST(descriptors)
{
	int a = open("/dev/null", O_RDWR), b;

	b = fcntl(a, F_DUPFD, 50);
	CHECK_EQ(b, 50);
	CHECK_EQ(fcntl(b, F_GETFD), 0);
	CHECK_EQ(fcntl(b, F_SETFD, FD_CLOEXEC), 0);
	CHECK_EQ(fcntl(b, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(dup2(a, 60), 60);
	CHECK_EQ(dup2(a, a), a);
	CHECK_ERR(dup2(999, 1000), EBADF);
	CHECK_ERR(dup3(a, a, 0), EINVAL);
	CHECK_EQ(fcntl(a, F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(fcntl(60, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_EQ(syscall(SYS_close_range, 50, 60, 0), 0);
	CHECK_ERR(close(50), EBADF);
	int c = open("/dev/null", O_RDONLY);
	CHECK_EQ(c, a + 1);
}

TEST(pipes)
{
	int fd[2];
	char buf[70000];

	CHECK_EQ(pipe2(fd, O_NONBLOCK), 0);
	CHECK_ERR(read(fd[0], buf, 1), EAGAIN);
	CHECK_EQ(write(fd[1], "abc", 3), 3);
	int avail;
	CHECK_EQ(ioctl(fd[0], FIONREAD, &avail), 0);
	CHECK_EQ(avail, 3);
	CHECK_EQ(read(fd[0], buf, 2), 2);
	CHECK_EQ(read(fd[0], buf, 10), 1);
	memset(buf, 'p', sizeof(buf));
	CHECK_EQ(write(fd[1], buf, sizeof(buf)), 65536);
	CHECK_ERR(write(fd[1], buf, 1), EAGAIN);
	struct pollfd p[2] = { { fd[0], POLLIN, 0 }, { fd[1], POLLOUT, 0 } };
	CHECK_EQ(poll(p, 2, 0), 1);
	CHECK_EQ(p[0].revents, POLLIN);
	CHECK_EQ(read(fd[0], buf, sizeof(buf)), 65536);
	close(fd[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERR(write(fd[1], "x", 1), EPIPE);
	signal(SIGPIPE, SIG_DFL);
	int st = CHILD_STATUS({ write(fd[1], "x", 1); });
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGPIPE);
	CHECK_EQ(lseek(fd[1], 0, SEEK_CUR), -1);
	CHECK_EQ(errno, ESPIPE);
}

TEST(pipe_transfers_megabytes_in_order)
{
	int fd[2];
	static unsigned buf[4096];

	CHECK_EQ(pipe(fd), 0);
	pid_t p = fork();
	if (!p) {
		unsigned next = 0;
		for (int i = 0; i < 256; i++) {
			for (int j = 0; j < 4096; j++)
				buf[j] = next++;
			CHECK_EQ(write(fd[1], buf, sizeof(buf)), sizeof(buf));
		}
		_exit(0);
	}
	close(fd[1]);
	unsigned want = 0, got;
	FILE *f = fdopen(fd[0], "r");
	while (fread(&got, 4, 1, f) == 1)
		CHECK_EQ(got, want++);
	CHECK_EQ(want, 256 * 4096);
	int st;
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK_EQ(st, 0);
}

TEST(fifos)
{
	char c = 0;

	in_fresh_directory();
	CHECK_EQ(mkfifo("p", 0600), 0);
	CHECK_ERR(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
	pid_t p = fork();
	if (!p) {
		int w = open("p", O_WRONLY);
		_exit(write(w, "q", 1) != 1);
	}
	int r = open("p", O_RDONLY);
	CHECK_EQ(read(r, &c, 1), 1);
	CHECK_EQ(c, 'q');
	CHECK_EQ(read(r, &c, 1), 0);
	CHECK_EQ(waitpid(p, NULL, 0), p);
	CHECK_EQ(unlink("p"), 0);
	leave_directory();
}

TEST(record_locks)
{
	in_fresh_directory();
	int fd = make("f", "0123456789");
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 4 };
	CHECK_EQ(fcntl(fd, F_SETLK, &l), 0);
	int st = CHILD_STATUS({
		struct flock q = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0 };
		CHECK_EQ(fcntl(fd, F_GETLK, &q), 0);
		CHECK_EQ(q.l_type, F_WRLCK);
		CHECK_EQ(q.l_start, 2);
		CHECK_EQ(q.l_len, 4);
		CHECK_EQ(q.l_pid, getppid());
		q = (struct flock){ .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 4, .l_len = 1 };
		CHECK_ERR(fcntl(fd, F_SETLK, &q), EAGAIN);
		q.l_start = 6;
		CHECK_EQ(fcntl(fd, F_SETLK, &q), 0);
	});
	CHECK_EQ(st, 0);
	int other = open("f", O_RDWR);
	CHECK_EQ(flock(fd, LOCK_EX), 0);
	CHECK_ERR(flock(other, LOCK_EX | LOCK_NB), EAGAIN);
	CHECK_EQ(flock(fd, LOCK_UN), 0);
	CHECK_EQ(flock(other, LOCK_SH | LOCK_NB), 0);
	CHECK_EQ(unlink("f"), 0);
	leave_directory();
}

TEST(epoll_and_eventfd)
{
	int ep = epoll_create1(0), ev = eventfd(0, EFD_NONBLOCK), fd[2];
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = 11 }, out[4];
	uint64_t n = 5;

	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e), 0);
	CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e), EEXIST);
	CHECK_EQ(epoll_wait(ep, out, 4, 0), 0);
	CHECK_EQ(write(ev, &n, 8), 8);
	CHECK_EQ(epoll_wait(ep, out, 4, 1000), 1);
	CHECK_EQ(out[0].data.u32, 11);
	CHECK_EQ(read(ev, &n, 8), 8);
	CHECK_EQ(n, 5);
	CHECK_EQ(pipe(fd), 0);
	e = (struct epoll_event){ .events = EPOLLIN | EPOLLET, .data.u32 = 22 };
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &e), 0);
	CHECK_EQ(write(fd[1], "ab", 2), 2);
	CHECK_EQ(epoll_wait(ep, out, 4, 1000), 1);
	CHECK_EQ(epoll_wait(ep, out, 4, 0), 0);
	CHECK_EQ(write(fd[1], "c", 1), 1);
	CHECK_EQ(epoll_wait(ep, out, 4, 1000), 1);
	close(fd[1]);
	CHECK_EQ(epoll_wait(ep, out, 4, 1000), 1);
	CHECK(out[0].events & EPOLLHUP);
}

TEST(mounts)
{
	struct statfs sf;
	char buf[8192];

	in_fresh_directory();
	CHECK_EQ(mkdir("m", 0755), 0);
	CHECK_EQ(mount("none", "m", "tmpfs", 0, "size=1m"), 0);
	CHECK_EQ(statfs("m", &sf), 0);
	CHECK_EQ(sf.f_type, 0x01021994);
	CHECK_EQ(sf.f_blocks, 256);
	int fd = open("m/f", O_CREAT | O_WRONLY, 0600);
	int n = 0;
	memset(buf, 1, sizeof(buf));
	while (write(fd, buf, sizeof(buf)) == sizeof(buf))
		n++;
	CHECK_EQ(errno, ENOSPC);
	CHECK(n >= 100 && n <= 128);
	CHECK_ERR(umount("m"), EBUSY);
	close(fd);
	CHECK_ERR(rmdir("m"), EBUSY);
	CHECK_EQ(umount("m"), 0);
	CHECK_ERR(umount("m"), EINVAL);
	CHECK_ERR(mount("none", "m", "nosuchfs", 0, NULL), ENODEV);
	CHECK_ERR(mount("none", "m/x", "tmpfs", 0, NULL), ENOENT);
	CHECK_EQ(rmdir("m"), 0);
	leave_directory();
}

static volatile sig_atomic_t xfsz;
static void count_xfsz(__attribute__((unused)) int sig) { xfsz++; }
#define TOO_LARGE(x) do { xfsz = 0; CHECK_ERR(x, EFBIG); CHECK_EQ(xfsz, 1); } while (0)

TEST(file_size_limit)
{
	CHECK_EQ(CHILD_STATUS({
		struct rlimit rl = { 0x40000, 0x40000 };
		int fd = open("/tmp/t_limit", O_RDWR | O_CREAT | O_TRUNC, 0600);

		CHECK(fd >= 0);
		signal(SIGXFSZ, count_xfsz);
		CHECK_EQ(setrlimit(RLIMIT_FSIZE, &rl), 0);
		CHECK_EQ(pwrite(fd, "ab", 2, 0x3ffff), 1);
		TOO_LARGE(pwrite(fd, "a", 1, 0x40000));
		TOO_LARGE(ftruncate(fd, 0x40001));
		CHECK_EQ(ftruncate(fd, 0), 0);
		CHECK_EQ(fallocate(fd, 0, 0x3f000, 0x1000), 0);
		TOO_LARGE(fallocate(fd, 0, 0x3f000, 0x1001));
		TOO_LARGE(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0x40000, 0x1000));
		CHECK_EQ(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0x40000, 0x1000), 0);
	}), 0);
	CHECK_EQ(unlink("/tmp/t_limit"), 0);
}

TEST(devices)
{
	char buf[64];
	int z = open("/dev/zero", O_RDWR), f = open("/dev/full", O_RDWR), r = open("/dev/urandom", O_RDONLY);
	unsigned sum = 0;

	memset(buf, 1, sizeof(buf));
	CHECK_EQ(read(z, buf, 64), 64);
	CHECK_EQ(buf[63], 0);
	CHECK_ERR(write(f, "x", 1), ENOSPC);
	CHECK_EQ(read(r, buf, 64), 64);
	for (int i = 0; i < 64; i++)
		sum += (unsigned char)buf[i];
	CHECK(sum != 0);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, z, 0);
	CHECK(p != MAP_FAILED);
	CHECK_EQ(p[100], 0);
	struct termios t;
	CHECK_ERR(tcgetattr(z, &t), ENOTTY);
	CHECK_ERR(open("/dev/nosuch", O_RDONLY), ENOENT);
}

TEST(times_and_modes)
{
	struct stat s;
	struct timespec ts[2] = { { 1000, 5 }, { 2000, 7 } };

	in_fresh_directory();
	close(make("f", ""));
	CHECK_EQ(utimensat(AT_FDCWD, "f", ts, 0), 0);
	CHECK_EQ(stat("f", &s), 0);
	CHECK_EQ(s.st_atim.tv_sec, 1000);
	CHECK_EQ(s.st_mtim.tv_nsec, 7);
	struct statx x;
	CHECK_EQ(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &x), 0);
	CHECK_EQ(x.stx_mtime.tv_sec, 2000);
	CHECK_EQ(unlink("f"), 0);
	leave_directory();
}

/* Who waits in a read of a file without a position does not keep others from writing to it. */
TEST(readers_that_wait_let_writers_in)
{
	uint64_t v = 1;
	int e = eventfd(0, 0), back = eventfd(0, 0);
	pid_t p;

	CHECK(e >= 0 && back >= 0);
	alarm(30);
	p = fork();
	if (!p) {
		for (int i = 0; i < 100; i++)
			if (read(e, &v, 8) != 8 || write(back, &v, 8) != 8)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(write(e, &v, 8), 8);
		CHECK_EQ(read(back, &v, 8), 8);
	}
	int st;
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK_EQ(st, 0);
}

/* What the kernel clears in a program's memory is what was asked for, at any place and length. */
TEST(zeros_land_where_they_are_asked_for)
{
	static const int lengths[] = { 0, 1, 7, 8, 63, 64, 255, 1023, 1024, 1025, 1279, 1500, 4096, 9000 };
	int fd = open("/dev/zero", O_RDONLY);
	char *p = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(fd >= 0 && p != MAP_FAILED && !mprotect(p + 7 * 4096, 4096, PROT_NONE));
	for (int at = 100; at < 300; at += at < 180 ? 1 : 13)
		for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			int end = at + lengths[i], wrong = 0;

			memset(p, 'x', 4 * 4096);
			CHECK_EQ(read(fd, p + at, lengths[i]), lengths[i]);
			for (int k = 0; k < 4 * 4096; k++)
				wrong += p[k] != (k >= at && k < end ? 0 : 'x');
			if (wrong)
				test_fail(__FILE__, __LINE__, "%d bytes at %d: %d wrong", lengths[i], at, wrong);
		}
	for (int room = 1; room < 6000; room += 37) {
		char *from = p + 7 * 4096 - room;
		ssize_t n, k = 0;

		memset(from, 'x', room);
		n = read(fd, from, 2 * 4096);
		CHECK(n <= room && (n > 0 || errno == EFAULT));
		while (k < n && !from[k])
			k++;
		CHECK_EQ(k, n < 0 ? 0 : n);
	}
	close(fd);
	munmap(p, 8 * 4096);
}
