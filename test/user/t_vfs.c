/*
 * test/user/t_vfs.c - corners of names: walks, links, renames, deleted files, directories that change while
 * they are read, splices, descriptors without end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define DIR_NAME "/tmp/t_vfs_d"

static void enter(void)
{
	CHECK_EQ(system("rm -rf " DIR_NAME), 0);
	CHECK_EQ(mkdir(DIR_NAME, 0700), 0);
	CHECK_EQ(chdir(DIR_NAME), 0);
}

static void leave(void)
{
	CHECK_EQ(chdir("/"), 0);
	CHECK_EQ(system("rm -rf " DIR_NAME), 0);
}

static void touch(const char *name)
{
	int fd = open(name, O_CREAT | O_WRONLY, 0644);

	CHECK(fd >= 0);
	close(fd);
}

TEST(walks_stop_where_they_must)
{
	char name[5000], to[20], from[20];
	int fd;

	enter();
	touch("f");
	CHECK_EQ(mkdir("d", 0755), 0);
	CHECK_EQ(symlink("d/", "slash"), 0);
	CHECK_EQ(symlink("loop", "loop"), 0);
	CHECK_ERR(open("loop", O_RDONLY), ELOOP);
	CHECK_ERR(open("loop", O_CREAT | O_RDWR, 0600), ELOOP);
	CHECK_ERR(open("f/.", O_RDONLY), ENOTDIR);
	CHECK_ERR(open("f/", O_RDONLY), ENOTDIR);
	CHECK_ERR(open("new/", O_CREAT | O_RDWR, 0600), EISDIR);
	CHECK_ERR(rmdir("slash/"), ENOTDIR);
	CHECK_ERR(mkdir("", 0755), ENOENT);
	CHECK_ERR(rmdir("."), EINVAL);
	CHECK_ERR(rmdir("d/.."), ENOTEMPTY);
	CHECK_ERR(rmdir("/"), EBUSY);
	CHECK_EQ(access("/../../tmp//t_vfs_d/./d/../f", F_OK), 0);
	memset(name, 'x', sizeof(name));
	name[256] = 0;
	CHECK_ERR(open(name, O_CREAT | O_RDWR, 0600), ENAMETOOLONG);
	name[255] = 0;
	fd = open(name, O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	close(fd);
	CHECK_EQ(unlink(name), 0);
	memset(name, '/', 4999);
	name[4999] = 0;
	CHECK_ERR(open(name, O_RDONLY), ENAMETOOLONG);
	/* Forty links are followed, not one more. */
	touch("s0");
	for (int i = 1; i <= 41; i++) {
		sprintf(to, "s%d", i - 1);
		sprintf(from, "s%d", i);
		CHECK_EQ(symlink(to, from), 0);
	}
	CHECK_EQ(access("s40", F_OK), 0);
	CHECK_ERR(access("s41", F_OK), ELOOP);
	leave();
}

TEST(rename_replaces_exchanges_and_refuses)
{
	struct stat a, b, s;

	enter();
	touch("a");
	touch("b");
	CHECK_EQ(mkdir("d", 0755), 0);
	CHECK_EQ(mkdir("d/in", 0755), 0);
	CHECK_EQ(mkdir("e", 0755), 0);
	CHECK_ERR(rename("d", "d/in/x"), EINVAL);
	CHECK_ERR(rename("d/in", "d"), ENOTEMPTY);
	CHECK_ERR(rename("e", "d"), ENOTEMPTY);
	CHECK_ERR(rename("a", "d"), EISDIR);
	CHECK_ERR(rename("d", "a"), ENOTDIR);
	CHECK_ERR(rename("nope", "a"), ENOENT);
	CHECK_ERR(rename(".", "x"), EBUSY);
	CHECK_ERR(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1), EEXIST);
	CHECK_EQ(stat("a", &a), 0);
	CHECK_EQ(stat("d", &b), 0);
	CHECK_EQ(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "d", 2), 0);
	CHECK_EQ(stat("d", &s), 0);
	CHECK_EQ(s.st_ino, a.st_ino);
	CHECK_EQ(stat("a/in", &s), 0);
	CHECK_EQ(rename("a", "e"), 0);			/* over an empty directory */
	CHECK_EQ(stat("e", &s), 0);
	CHECK_EQ(s.st_ino, b.st_ino);
	CHECK_EQ(s.st_nlink, 3);
	CHECK_EQ(rename("d", "b"), 0);
	CHECK_EQ(stat("b", &s), 0);
	CHECK_EQ(s.st_ino, a.st_ino);
	leave();
}

TEST(deleted_files_live_until_closed)
{
	char link_name[40], text[64] = "", c;
	struct stat s;
	int fd, again;

	enter();
	fd = open("f", O_CREAT | O_RDWR, 0644);
	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK_EQ(unlink("f"), 0);
	CHECK_EQ(fstat(fd, &s), 0);
	CHECK_EQ(s.st_nlink, 0);
	sprintf(link_name, "/proc/self/fd/%d", fd);
	CHECK(readlink(link_name, text, sizeof(text) - 1) > 0);
	CHECK_EQ(strcmp(text, DIR_NAME "/f (deleted)"), 0);
	again = open(link_name, O_RDONLY);
	CHECK(again >= 0);
	CHECK_EQ(read(again, &c, 1), 1);
	CHECK_EQ(c, 'a');
	CHECK_ERR(linkat(AT_FDCWD, link_name, AT_FDCWD, "back", AT_SYMLINK_FOLLOW), ENOENT);
	close(again);
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR, 0600);	/* never had a name, may get one */
	CHECK(fd >= 0);
	sprintf(link_name, "/proc/self/fd/%d", fd);
	CHECK_EQ(linkat(AT_FDCWD, link_name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), 0);
	CHECK_EQ(stat("named", &s), 0);
	CHECK_EQ(s.st_nlink, 1);
	close(fd);
	CHECK_EQ(mkdir("gone", 0755), 0);
	CHECK_EQ(chdir("gone"), 0);
	CHECK_EQ(rmdir("../gone"), 0);
	CHECK_ERR(syscall(SYS_getcwd, text, sizeof(text)), ENOENT);
	CHECK_ERR(open("x", O_CREAT | O_RDWR, 0600), ENOENT);
	CHECK_EQ(chdir(".."), 0);
	leave();
}

TEST(directories_can_change_while_they_are_read)
{
	struct dirent *e;
	char name[20];
	int seen = 0;
	DIR *d;

	enter();
	for (int i = 0; i < 300; i++) {
		sprintf(name, "f%03d", i);
		touch(name);
	}
	d = opendir(".");
	CHECK(d != NULL);
	while ((e = readdir(d))) {
		if (e->d_name[0] != 'f')
			continue;
		seen++;
		CHECK_EQ(unlink(e->d_name), 0);
		sprintf(name, "n%03d", seen);
		touch(name);
	}
	closedir(d);
	CHECK_EQ(seen, 300);
	leave();
}

TEST(data_moves_between_files_and_pipes)
{
	char buf[32] = "";
	loff_t off = 2;
	int p[2], q[2], fd;

	enter();
	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(pipe(q), 0);
	fd = open("f", O_CREAT | O_RDWR, 0644);
	CHECK_EQ(write(p[1], "0123456789", 10), 10);
	CHECK_EQ(tee(p[0], q[1], 5, 0), 5);
	CHECK_EQ(splice(p[0], NULL, fd, NULL, 20, 0), 10);
	CHECK_EQ(splice(fd, &off, q[1], NULL, 4, 0), 4);
	CHECK_EQ(off, 6);
	CHECK_EQ(read(q[0], buf, sizeof(buf)), 9);
	CHECK_EQ(memcmp(buf, "012342345", 9), 0);
	CHECK_ERR(splice(fd, NULL, fd, NULL, 4, 0), EINVAL);
	CHECK_ERR(splice(p[0], NULL, q[1], NULL, 5, SPLICE_F_NONBLOCK), EAGAIN);
	off = 3;
	CHECK_EQ(sendfile(p[1], fd, &off, 100), 7);
	CHECK_EQ(off, 10);
	CHECK_EQ(read(p[0], buf, sizeof(buf)), 7);
	CHECK_EQ(memcmp(buf, "3456789", 7), 0);
	off = 0;
	CHECK_EQ(copy_file_range(fd, &off, fd, NULL, 5, 0), 5);	/* to the position: the end */
	CHECK_EQ(lseek(fd, 0, SEEK_END), 15);
	close(fd);
	leave();
}

TEST(descriptors_without_end)
{
	struct rlimit old, more = { 4096, 4096 };
	int first, last = -1, fd = open("/dev/null", O_RDONLY);

	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &more), 0);
	first = fd;
	for (int i = 0; i < 3000; i++)
		CHECK((last = dup(fd)) >= 0);
	CHECK_EQ(CHILD_STATUS(_exit(fcntl(last, F_GETFD) != 0)), 0);
	CHECK_EQ(fcntl(last, F_SETFD, FD_CLOEXEC), 0);
	CHECK_EQ(syscall(SYS_close_range, first, last - 1, 0), 0);
	CHECK_ERR(fcntl(first, F_GETFD), EBADF);
	CHECK_EQ(fcntl(last, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(close(last), 0);
	more.rlim_cur = 10;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &more), 0);
	CHECK_ERR(dup2(1, 10), EBADF);
	CHECK_ERR(fcntl(1, F_DUPFD, 10), EINVAL);
}

TEST(epoll_sees_edges_and_nested_epolls)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.u32 = 7 }, out[4];
	int e = eventfd(1, EFD_NONBLOCK), ep = epoll_create1(0), outer = epoll_create1(0);
	uint64_t v = 1;

	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev), 0);
	CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev), EEXIST);
	CHECK_EQ(epoll_wait(ep, out, 4, 0), 1);
	CHECK_EQ(out[0].data.u32, 7);
	CHECK_EQ(epoll_wait(ep, out, 4, 0), 0);
	CHECK_EQ(write(e, &v, 8), 8);
	CHECK_EQ(epoll_wait(ep, out, 4, 0), 1);
	ev.events = EPOLLIN | EPOLLONESHOT;
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, e, &ev), 0);
	CHECK_EQ(epoll_wait(ep, out, 4, 0), 1);
	CHECK_EQ(write(e, &v, 8), 8);
	CHECK_EQ(epoll_wait(ep, out, 4, 0), 0);
	ev.events = EPOLLIN;
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, e, &ev), 0);
	CHECK_EQ(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &ev), 0);
	CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, outer, &ev), ELOOP);
	CHECK_EQ(epoll_wait(outer, out, 4, 0), 1);
	close(e);				/* the last one: its item goes */
	CHECK_EQ(epoll_wait(ep, out, 4, 0), 0);
	CHECK_EQ(epoll_wait(outer, out, 4, 0), 0);
	close(ep);
	close(outer);
}

TEST(binds_moves_and_lazy_umounts)
{
	int fd;

	enter();
	CHECK_EQ(mkdir("a", 0755), 0);
	CHECK_EQ(mkdir("b", 0755), 0);
	CHECK_EQ(mount("none", "a", "tmpfs", 0, "size=64k"), 0);
	touch("a/f");
	CHECK_EQ(mount("a", "b", NULL, MS_BIND, NULL), 0);
	CHECK_EQ(access("b/f", F_OK), 0);
	CHECK_EQ(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	CHECK_ERR(open("b/g", O_CREAT | O_RDWR, 0600), EROFS);
	CHECK_ERR(link("a/f", "g"), EXDEV);
	CHECK_EQ(umount("b"), 0);
	CHECK_EQ(mount("a", "b", NULL, MS_MOVE, NULL), 0);
	CHECK_ERR(access("a/f", F_OK), ENOENT);
	fd = open("b/f", O_RDWR);
	CHECK(fd >= 0);
	CHECK_ERR(umount("b"), EBUSY);
	CHECK_EQ(umount2("b", MNT_DETACH), 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	close(fd);
	leave();
}

TEST(proc_directories_of_the_dead_vanish)
{
	char name[40], buf[256];
	int dir, fd;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		pause();
		_exit(0);
	}
	sprintf(name, "/proc/%d", pid);
	dir = open(name, O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0);
	fd = openat(dir, "stat", O_RDONLY);
	CHECK(fd >= 0);
	CHECK(read(fd, buf, sizeof(buf)) > 20);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_ERR(read(fd, buf, sizeof(buf)), ESRCH);
	CHECK_ERR(openat(dir, "stat", O_RDONLY), ESRCH);
	CHECK_ERR(open(name, O_RDONLY), ENOENT);
	close(fd);
	close(dir);
}

/* Four processes make, rename and remove the same few names; the tree must be sound afterwards. */
static void race_names(unsigned seed)
{
	char a[32], b[32];

	srand(seed);
	for (int i = 0; i < 800; i++) {
		sprintf(a, "d%d/n%d", rand() % 3, rand() % 6);
		sprintf(b, "d%d/n%d", rand() % 3, rand() % 6);
		switch (rand() % 8) {
		case 0: close(open(a, O_CREAT | O_RDWR, 0600)); break;
		case 1: unlink(a); break;
		case 2: rename(a, b); break;
		case 3: link(a, b); break;
		case 4: mkdir(a, 0700); break;
		case 5: rmdir(a); break;
		case 6: symlink(b, a); break;
		case 7: syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2); break;
		}
	}
}

TEST(names_raced_by_processes_stay_a_tree)
{
	char name[20];
	struct stat s;

	enter();
	for (int i = 0; i < 3; i++) {
		sprintf(name, "d%d", i);
		CHECK_EQ(mkdir(name, 0700), 0);
	}
	for (unsigned k = 0; k < 4; k++)
		if (!fork()) {
			race_names(k + 1);
			_exit(0);
		}
	for (int k = 0; k < 4; k++) {
		int status;

		CHECK(wait(&status) > 0);
		CHECK_EQ(status, 0);
	}
	CHECK_EQ(system("rm -rf d0 d1 d2"), 0);
	CHECK_EQ(stat(".", &s), 0);
	CHECK_EQ(s.st_nlink, 2);
	leave();
}

/* Each was another errno once. */
TEST(small_print_of_special_files)
{
	int ep = epoll_create1(0), efd = eventfd(1, 0), urandom = open("/dev/urandom", O_RDONLY);
	int uptime = open("/proc/uptime", O_RDONLY), p[2];
	struct epoll_event ev = { .events = EPOLLEXCLUSIVE | EPOLLONESHOT };
	struct iovec iov = { "x", 1 };
	uint64_t n;

	CHECK(ep >= 0 && efd >= 0 && urandom >= 0 && uptime >= 0);
	CHECK_EQ(pipe(p), 0);
	CHECK_ERR(pread(efd, &n, sizeof(n), 0), ESPIPE);
	CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev), EINVAL);
	ev.events = EPOLLIN;
	CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, urandom, &ev), EPERM);
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, uptime, &ev), 0);
	CHECK_ERR(ioctl(ep, FIONREAD, &n), EINVAL);
	CHECK_EQ(pwritev2(p[1], &iov, 1, -1, RWF_NOWAIT), 1);
	CHECK_ERR(open("/proc/uptime", O_RDONLY | O_DIRECT), EINVAL);
}
