/*
 * test/user/t_programs.c - what real programs rely upon, found by running them: pipes opened again, links in
 * /tmp, the list of locks, mount options, I/O priorities, which error comes first.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>

/* All of the file @name as text. */
static const char *slurp(const char *name)
{
	static char text[65536];
	size_t at = 0;
	int fd = open(name, O_RDONLY);
	ssize_t n;

	CHECK(fd >= 0);
	while ((n = read(fd, text + at, sizeof(text) - 1 - at)) > 0)
		at += n;
	CHECK_EQ(n, 0);
	close(fd);
	text[at] = 0;
	return text;
}

/* A shell's <(command): the reader may come when the writer has already gone. */
TEST(pipe_opened_again_does_not_wait_for_its_other_end)
{
	int fd[2], again;
	char path[64], buf[4];

	CHECK_EQ(pipe(fd), 0);
	CHECK_EQ(write(fd[1], "abc", 3), 3);
	close(fd[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[0]);
	alarm(5);
	CHECK((again = open(path, O_RDONLY)) >= 0);
	CHECK_EQ(read(again, buf, 4), 3);
	CHECK_EQ(read(again, buf, 4), 0);
	close(again);

	CHECK_EQ(pipe(fd), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[1]);
	close(fd[0]);
	CHECK((again = open(path, O_WRONLY | O_NONBLOCK)) >= 0);
	CHECK_EQ(fcntl(again, F_GETFL) & O_ACCMODE, O_WRONLY);
	alarm(0);
}

static void set_sysctl(const char *name, const char *value)
{
	int fd = open(name, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, value, strlen(value)), (ssize_t)strlen(value));
	close(fd);
}

/* Links that others left in a directory like /tmp lead nowhere, and others' files get no second name there. */
TEST(links_of_others_in_sticky_directories)
{
	char saved[2][8];
	static const char *const knob[] = { "/proc/sys/fs/protected_symlinks", "/proc/sys/fs/protected_hardlinks" };

	for (int i = 0; i < 2; i++) {
		strncpy(saved[i], slurp(knob[i]), sizeof(saved[i]) - 1);
		saved[i][1] = 0;
		set_sysctl(knob[i], "1");
	}
	CHECK_EQ(system("rm -rf /tmp/st && mkdir -m 1777 /tmp/st && cd /tmp/st && mkdir in && echo x >file && "
			"chmod 600 file && ln -s file root && ln -s in dir && ln -s file mine && "
			"chown -h 1000 mine && ln -s file third && chown -h 1001 third"), 0);
	CHECK_EQ(WEXITSTATUS(CHILD_STATUS({
		struct stat st;

		CHECK_EQ(chdir("/tmp/st"), 0);
		CHECK_EQ(setuid(1000), 0);
		CHECK_EQ(stat("root", &st), 0);			/* the directory's owner made it */
		CHECK_EQ(stat("mine", &st), 0);
		CHECK_ERR(stat("third", &st), EACCES);
		CHECK_ERR(open("third", O_RDONLY | O_CREAT, 0600), EACCES);
		CHECK_EQ(lstat("third", &st), 0);
		CHECK_EQ(stat("dir/.", &st), 0);		/* in the middle of a path all are followed */
		CHECK_ERR(link("file", "again"), EPERM);
	})), 0);
	CHECK_ERR(open("/tmp/st/third", O_RDONLY), EACCES);	/* root is no exception */
	set_sysctl(knob[0], "0");
	set_sysctl(knob[1], "0");
	CHECK_EQ(access("/tmp/st/third", F_OK), 0);
	CHECK_EQ(WEXITSTATUS(CHILD_STATUS({
		CHECK_EQ(chdir("/tmp/st"), 0);
		CHECK_EQ(setuid(1000), 0);
		CHECK_EQ(link("file", "again"), 0);
	})), 0);
	for (int i = 0; i < 2; i++)
		set_sysctl(knob[i], saved[i]);
	CHECK_EQ(system("rm -rf /tmp/st"), 0);
}

/* The lines of /proc/locks about @inode; @want stands in one of them. */
static int lock_lines(ino_t inode, const char *want)
{
	char tail[32], *save, *line, *text = strdup(slurp("/proc/locks"));
	int n = 0;
	bool found = !want;

	snprintf(tail, sizeof(tail), ":%lu ", (unsigned long)inode);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strstr(line, tail)) {
			n++;
			found |= want && strstr(line, want);
		}
	free(text);
	CHECK(found);
	return n;
}

TEST(locks_are_listed)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 10, .l_len = 20 };
	struct stat st;
	char want[64];
	int fd = open("/tmp/locks", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(lock_lines(st.st_ino, NULL), 0);
	CHECK_EQ(fcntl(fd, F_SETLK, &fl), 0);
	snprintf(want, sizeof(want), "POSIX  ADVISORY  WRITE %d ", getpid());
	CHECK_EQ(lock_lines(st.st_ino, want), 1);
	CHECK_EQ(lock_lines(st.st_ino, " 10 29"), 1);
	fl.l_type = F_UNLCK, fl.l_start = 15, fl.l_len = 5;
	CHECK_EQ(fcntl(fd, F_SETLK, &fl), 0);
	CHECK_EQ(lock_lines(st.st_ino, " 20 29"), 2);
	CHECK_EQ(flock(fd, LOCK_SH), 0);
	CHECK_EQ(lock_lines(st.st_ino, "FLOCK  ADVISORY  READ"), 3);
	CHECK_EQ(lock_lines(st.st_ino, " 0 EOF"), 3);
	CHECK_EQ(flock(fd, LOCK_UN), 0);
	close(fd);
	CHECK_EQ(lock_lines(st.st_ino, NULL), 0);
	unlink("/tmp/locks");
}

TEST(mounts_say_their_options)
{
	CHECK(mkdir("/tmp/m", 0755) == 0 || errno == EEXIST);
	CHECK_EQ(mount("none", "/tmp/m", "ramfs", 0, "mode=0711,what=ever"), 0);
	CHECK(strstr(slurp("/proc/mounts"), "none /tmp/m ramfs rw,relatime,mode=711 0 0\n"));
	CHECK(strstr(slurp("/proc/self/mountstats"), "device none mounted on /tmp/m with fstype ramfs\n"));
	CHECK_EQ(umount("/tmp/m"), 0);
	CHECK_EQ(mount("dp", "/tmp/m", "devpts", 0, "mode=620,ptmxmode=666,gid=5"), 0);
	CHECK(strstr(slurp("/proc/mounts"), "dp /tmp/m devpts rw,relatime,gid=5,mode=620,ptmxmode=666 0 0\n"));
	CHECK_EQ(umount("/tmp/m"), 0);
	CHECK_EQ(rmdir("/tmp/m"), 0);
}

#define IOPRIO(class, level) ((class) << 13 | (level))

TEST(io_priorities_are_kept_and_inherited)
{
	CHECK_EQ(syscall(SYS_ioprio_set, 1, 0, IOPRIO(2, 6)), 0);
	CHECK_EQ(syscall(SYS_ioprio_get, 1, 0), IOPRIO(2, 6));
	CHECK_EQ(syscall(SYS_ioprio_get, 1, getpid()), IOPRIO(2, 6));
	CHECK_EQ(WEXITSTATUS(CHILD_STATUS({
		CHECK_EQ(syscall(SYS_ioprio_get, 1, 0), IOPRIO(2, 6));
		CHECK_EQ(setuid(1000), 0);
		CHECK_ERR(syscall(SYS_ioprio_set, 1, 0, IOPRIO(1, 0)), EPERM);
		CHECK_ERR(syscall(SYS_ioprio_set, 1, getppid(), IOPRIO(2, 0)), EPERM);
		CHECK_EQ(syscall(SYS_ioprio_set, 1, 0, IOPRIO(3, 0)), 0);
	})), 0);
	CHECK_ERR(syscall(SYS_ioprio_set, 1, 0, IOPRIO(0, 1)), EINVAL);
	CHECK_ERR(syscall(SYS_ioprio_set, 4, 0, 0), EINVAL);
	CHECK_ERR(syscall(SYS_ioprio_get, 1, 999999), ESRCH);
}

TEST(which_error_comes_first)
{
	struct iovec iov = { NULL, 0 };
	siginfo_t info;
	struct timespec ts;

	CHECK_ERR(syscall(SYS_preadv2, 99, &iov, 1, 0, 0, 0x80000000), EBADF);
	CHECK_ERR(sync_file_range(99, -1, -1, ~0u), EBADF);
	CHECK_ERR(setxattr("/nowhere", "user.a", "", 0, 4), EINVAL);
	CHECK_ERR(setxattr("/nowhere", "", "", 0, 0), ERANGE);
	CHECK_ERR(setxattr("/nowhere", "user.a", "", 65537, 0), E2BIG);
	CHECK_ERR(setxattr("/nowhere", "user.a", "", 0, 0), ENOENT);
	CHECK_ERR(fsetxattr(99, "", "", 0, 4), EBADF);
	CHECK_ERR(clock_gettime((~0u << 3) | 3, &ts), EINVAL);
	CHECK_ERR(write(open("/proc/uptime", O_RDWR), "x", 1), EIO);
	/* What is told of nobody is zeros, also when the call fails. */
	memset(&info, 0xff, sizeof(info));
	CHECK_ERR(syscall(SYS_waitid, P_ALL, 0, &info, WEXITED, NULL), ECHILD);
	CHECK_EQ(info.si_pid, 0);
	CHECK_EQ(info.si_signo, 0);
}

TEST(comm_keeps_a_newline_and_slack_a_value)
{
	char old[64];
	int fd = open("/proc/self/comm", O_WRONLY);

	CHECK_EQ(write(fd, "a\nb", 3), 3);
	CHECK_EQ(strcmp(slurp("/proc/self/comm"), "a\nb\n"), 0);
	close(fd);
	strncpy(old, slurp("/proc/self/timerslack_ns"), sizeof(old) - 1);
	CHECK(atol(old) > 0);
	set_sysctl("/proc/self/timerslack_ns", "12345");
	CHECK_EQ(strcmp(slurp("/proc/self/timerslack_ns"), "12345\n"), 0);
	set_sysctl("/proc/self/timerslack_ns", "0");
	CHECK_EQ(strcmp(slurp("/proc/self/timerslack_ns"), old), 0);
}

/* The state of kernel thread @pid, 0 when there is none: the third field of its stat, after "(name)". */
static char kthread_state(int pid)
{
	char path[32], comm[64], state;
	int ppid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%*d %63s %c %d", comm, &state, &ppid) != 3 || (pid != 2 && ppid != 2))
		state = 0;
	fclose(f);
	return state;
}

/* Kernel threads with nothing to do are not what the load average counts. */
TEST(idle_kernel_threads_are_no_load)
{
	for (int pid = 2; pid < 40; pid++)
		for (int tries = 0; kthread_state(pid) == 'D'; tries++) {
			CHECK(tries < 500);
			usleep(10000);
		}
}

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd	438
#endif

/* A child's descriptors and memory are its owner's to take, and nobody else's. */
TEST(reaching_into_a_process_of_the_same_owner)
{
	int fd[2], pidfd, got, page = 5, copy = 0;
	struct iovec local = { &copy, sizeof(copy) }, remote = { &page, sizeof(page) };
	char c = 'x';
	pid_t child;

	CHECK_EQ(pipe(fd), 0);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		if (setgid(1000) || setuid(1000) || prctl(PR_SET_DUMPABLE, 1))
			_exit(1);
		page = 6;
		CHECK_EQ(write(fd[1], &c, 1), 1);
		pause();
	}
	CHECK_EQ(read(fd[0], &c, 1), 1);
	close(fd[1]);					/* the child has it still */
	CHECK((pidfd = syscall(SYS_pidfd_open, child, 0)) >= 0);
	CHECK((got = syscall(SYS_pidfd_getfd, pidfd, fd[1], 0)) >= 0);
	CHECK_EQ(fcntl(got, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(got, "y", 1), 1);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(c, 'y');
	CHECK_ERR(syscall(SYS_pidfd_getfd, pidfd, fd[1], 1), EINVAL);
	CHECK_ERR(syscall(SYS_pidfd_getfd, pidfd, 999, 0), EBADF);
	CHECK_ERR(syscall(SYS_pidfd_getfd, fd[0], fd[1], 0), EBADF);
	for (uid_t uid = 1000; uid <= 1001; uid++)
		CHECK_EQ(WEXITSTATUS(CHILD_STATUS({
			int rc;

			CHECK_EQ(setgid(1000), 0);
			CHECK_EQ(setuid(uid), 0);
			rc = process_vm_readv(child, &local, 1, &remote, 1, 0) < 0 ? errno : 0;
			if (rc != ENOSYS) {			/* a kernel may be without it */
				CHECK_EQ(rc, uid == 1000 ? 0 : EPERM);
				CHECK_EQ(copy, uid == 1000 ? 6 : 0);
			}
			rc = syscall(SYS_pidfd_getfd, pidfd, fd[1], 0) < 0 ? errno : 0;
			CHECK_EQ(rc, uid == 1000 ? 0 : EPERM);
		})), 0);
	kill(child, SIGKILL);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	CHECK_ERR(syscall(SYS_pidfd_getfd, pidfd, fd[1], 0), ESRCH);
	close(got);
	close(pidfd);
	close(fd[0]);
}
