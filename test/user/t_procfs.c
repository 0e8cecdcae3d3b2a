/* test/user/t_procfs.c - /proc as a file system: instances and what they hide, links to what is mapped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/xattr.h>

#define PG 4096ul
#define OWNER	7001
#define OTHER	7002
#define GROUP	7003

/* ---- instances ------------------------------------------------------------------------------- */

static pid_t sleeper_of(uid_t uid)
{
	int ready[2];
	char c;

	CHECK(!pipe(ready));
	pid_t p = fork();
	CHECK(p >= 0);
	if (!p) {
		if (setgid(uid) || setuid(uid))
			_exit(1);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &c, 1), 0);
	close(ready[0]);
	return p;
}

static bool listed(const char *dir, const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	CHECK(d);
	while ((e = readdir(d)))
		found |= !strcmp(e->d_name, name);
	closedir(d);
	return found;
}

/* What OTHER, in @group besides its own, sees of process @p: bit 0 its name in the list, 1 stat(), 2 its files. */
static int seen_by_other(const char *dir, pid_t p, gid_t group)
{
	int status = CHILD_STATUS({
		char path[64], name[16];
		struct stat st;
		int seen = 0;

		snprintf(name, sizeof(name), "%d", p);
		if (setgroups(group ? 1 : 0, &group) || setgid(OTHER) || setuid(OTHER))
			_exit(99);
		seen |= listed(dir, name) ? 1 : 0;
		snprintf(path, sizeof(path), "%s/%d", dir, p);
		seen |= !stat(path, &st) ? 2 : 0;
		snprintf(path, sizeof(path), "%s/%d/status", dir, p);
		seen |= !access(path, R_OK) ? 4 : 0;
		_exit(seen);
	});

	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool mount_line_has(const char *dir, const char *text)
{
	FILE *f = fopen("/proc/mounts", "r");
	char line[512], at[64];
	bool found = false;

	CHECK(f);
	snprintf(at, sizeof(at), " %s ", dir);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, at) && strstr(line, text);
	fclose(f);
	return found;
}

TEST(each_mount_of_proc_hides_what_it_was_told)
{
	char dir[] = "/tmp/procXXXXXX";
	pid_t p = sleeper_of(OWNER);

	CHECK(mkdtemp(dir) && !chmod(dir, 0755));
	CHECK_ERR(mount("proc", dir, "proc", 0, "hidepid=3"), EINVAL);
	CHECK_ERR(mount("proc", dir, "proc", 0, "hidepid=some"), EINVAL);
	CHECK_ERR(mount("proc", dir, "proc", 0, "subset=all"), EINVAL);
	CHECK_ERR(mount("proc", dir, "proc", 0, "nothing"), EINVAL);
	CHECK(!mount("proc", dir, "proc", 0, "hidepid=1,gid=7003"));
	CHECK(mount_line_has(dir, ",gid=7003,hidepid=noaccess "));
	CHECK_EQ(seen_by_other(dir, p, 0), 3);
	CHECK_EQ(seen_by_other(dir, p, GROUP), 7);
	CHECK_EQ(seen_by_other("/proc", p, 0), 7);	/* another instance */

	CHECK(!mount("proc", dir, "proc", MS_REMOUNT, "hidepid=invisible"));
	CHECK(mount_line_has(dir, ",gid=7003,hidepid=invisible "));
	CHECK_EQ(seen_by_other(dir, p, 0), 0);
	CHECK_EQ(seen_by_other(dir, p, GROUP), 7);

	CHECK(!mount("proc", dir, "proc", MS_REMOUNT, "hidepid=4"));
	CHECK_EQ(seen_by_other(dir, p, GROUP), 0);	/* no group helps */

	CHECK(!mount("proc", dir, "proc", MS_REMOUNT, "hidepid=off"));
	CHECK_EQ(seen_by_other(dir, p, 0), 7);
	CHECK(!umount(dir) && !rmdir(dir));
	kill(p, SIGKILL);
	CHECK_EQ(waitpid(p, NULL, 0), p);
}

TEST(a_proc_of_processes_only)
{
	char dir[] = "/tmp/procXXXXXX", path[64];

	CHECK(mkdtemp(dir));
	CHECK(!mount("proc", dir, "proc", 0, "subset=pid"));
	CHECK(listed(dir, "self") && listed(dir, "thread-self") && listed(dir, "1"));
	CHECK(!listed(dir, "meminfo") && !listed(dir, "sys"));
	snprintf(path, sizeof(path), "%s/meminfo", dir);
	CHECK_ERR(access(path, F_OK), ENOENT);
	snprintf(path, sizeof(path), "%s/self/status", dir);
	CHECK(!access(path, R_OK));
	CHECK(!umount(dir) && !rmdir(dir));
}

TEST(no_mount_is_crossed_through_a_magic_link)
{
	struct open_how how = { .flags = O_PATH, .resolve = RESOLVE_NO_XDEV };
	int proc = open("/proc", O_PATH | O_DIRECTORY);

	CHECK(proc >= 0);
	CHECK_ERR(syscall(SYS_openat2, proc, "self/root", &how, sizeof(how)), EXDEV);
	CHECK_ERR(syscall(SYS_openat2, proc, "self/exe", &how, sizeof(how)), EXDEV);
	CHECK(!chdir("/proc/sys"));
	int fd = syscall(SYS_openat2, proc, "self/cwd", &how, sizeof(how));
	CHECK(fd >= 0);			/* of the mount it started from */
	close(fd);
	close(proc);
}

/* ---- map_files ------------------------------------------------------------------------------- */

static char *map_of(int fd, size_t pages, off_t at)
{
	char *p = mmap(NULL, pages * PG, PROT_READ, MAP_PRIVATE, fd, at);

	CHECK(p != MAP_FAILED);
	return p;
}

TEST(map_files_has_a_link_for_each_mapped_file)
{
	char file[] = "/tmp/mapfXXXXXX", name[64], path[128], text[128];
	int fd = mkstemp(file);

	CHECK(fd >= 0 && !ftruncate(fd, 4 * PG));
	char *p = map_of(fd, 3, PG);
	snprintf(name, sizeof(name), "%lx-%lx", (long)p, (long)p + 3 * PG);
	CHECK(listed("/proc/self/map_files", name));
	snprintf(path, sizeof(path), "/proc/self/map_files/%s", name);
	ssize_t n = readlink(path, text, sizeof(text) - 1);
	CHECK(n > 0);
	text[n] = 0;
	CHECK(!strcmp(text, file));
	CHECK(!unlink(file));
	int again = open(path, O_RDONLY);	/* has no name any more, and is there */
	struct stat st;
	CHECK(again >= 0 && !fstat(again, &st));
	CHECK_EQ(st.st_size, 4 * PG);
	close(again);
	CHECK(!lstat(path, &st));
	CHECK_EQ(st.st_mode, S_IFLNK | 0600);	/* as the file is open */
	snprintf(path, sizeof(path), "/proc/self/map_files/0%s", name);
	CHECK_ERR(readlink(path, text, sizeof(text)), ENOENT);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)p, (long)p + 2 * PG);
	CHECK_ERR(readlink(path, text, sizeof(text)), ENOENT);
	CHECK(!munmap(p, 3 * PG));
	CHECK(!listed("/proc/self/map_files", name));
	close(fd);
}

TEST(map_files_links_are_followed_by_capability_only)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	CHECK(fd >= 0 && !ftruncate(fd, PG));
	char *p = map_of(fd, 1, 0);
	int status = CHILD_STATUS({
		char path[64], text[64];

		if (setgid(OTHER) || setuid(OTHER))
			_exit(1);
		snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", getppid(), (long)p, (long)p + PG);
		if (readlink(path, text, sizeof(text)) != -1 || errno != EACCES)
			_exit(2);
	});
	CHECK_EQ(status, 0);
	close(fd);
}

/* ---- PROCMAP_QUERY --------------------------------------------------------------------------- */

struct query {
	uint64_t size, flags, addr, start, end, vma_flags, page_size, offset, inode;
	uint32_t major, minor, name_size, build_id_size;
	uint64_t name, build_id;
};
#define QUERY	_IOWR('f', 17, struct query)

static struct query query_of(void *addr, uint64_t flags)
{
	return (struct query){ .size = sizeof(struct query), .addr = (uintptr_t)addr, .flags = flags };
}

TEST(a_region_is_asked_for_in_numbers)
{
	char file[] = "/tmp/pmqXXXXXX", name[128];
	int fd = mkstemp(file), maps = open("/proc/self/maps", O_RDONLY);
	struct stat st;

	CHECK(fd >= 0 && maps >= 0 && !ftruncate(fd, 4 * PG) && !fstat(fd, &st));
	struct query q = query_of(NULL, 0);
	if (ioctl(maps, QUERY, &q) && errno == ENOTTY)
		test_skip("no PROCMAP_QUERY");
	/* a hole, the file's region, a hole */
	char *p = mmap(NULL, 5 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK(mmap(p + PG, 3 * PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, PG) == p + PG);
	CHECK(!munmap(p, PG) && !munmap(p + 4 * PG, PG));

	q = query_of(p + 2 * PG, 0);
	q.name = (uintptr_t)name;
	q.name_size = sizeof(name);
	CHECK(!ioctl(maps, QUERY, &q));
	CHECK_EQ(q.start, (uintptr_t)p + PG);
	CHECK_EQ(q.end, (uintptr_t)p + 4 * PG);
	CHECK_EQ(q.offset, PG);
	CHECK_EQ(q.inode, st.st_ino);
	CHECK_EQ(q.vma_flags, 1 | 2 | 8);
	CHECK_EQ(q.page_size, PG);
	CHECK_EQ(q.name_size, strlen(file) + 1);
	CHECK(!strcmp(name, file));

	q = query_of(p, 0);
	CHECK_ERR(ioctl(maps, QUERY, &q), ENOENT);
	q = query_of(p, 0x10 | 0x20 | 2);		/* or the next of a file that can be written */
	CHECK(!ioctl(maps, QUERY, &q));
	CHECK_EQ(q.start, (uintptr_t)p + PG);
	q = query_of(p + PG, 4);			/* is not executable */
	CHECK_ERR(ioctl(maps, QUERY, &q), ENOENT);
	q = query_of(__builtin_frame_address(0), 0);
	q.name = (uintptr_t)name;
	q.name_size = sizeof(name);
	CHECK(!ioctl(maps, QUERY, &q));
	CHECK(!strcmp(name, "[stack]") && !q.inode);

	q = query_of(p + PG, 0x40);
	CHECK_ERR(ioctl(maps, QUERY, &q), EINVAL);
	q = query_of(p + PG, 0);
	q.name_size = 10;
	CHECK_ERR(ioctl(maps, QUERY, &q), EINVAL);
	q.name = (uintptr_t)name;
	q.name_size = 3;
	CHECK_ERR(ioctl(maps, QUERY, &q), ENAMETOOLONG);
	q = query_of(p + PG, 0);
	q.size = 16;
	CHECK_ERR(ioctl(maps, QUERY, &q), EINVAL);
	q.size = 1 << 20;
	CHECK_ERR(ioctl(maps, QUERY, &q), E2BIG);
	close(maps);
	close(fd);
	CHECK(!munmap(p + PG, 3 * PG) && !unlink(file));
}

/* ---- where a task is, what it did ------------------------------------------------------------ */

static char text[1 << 14];

/* The content of /proc/@pid/@name; NULL when it cannot be opened. */
static char *pid_file(pid_t pid, const char *name)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n >= 0);
	text[n] = 0;
	close(fd);
	return text;
}

static void pid_file_write(pid_t pid, const char *name, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int fd = open(path, O_WRONLY);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, what, strlen(what)), strlen(what));
	close(fd);
}

TEST(a_sleeper_says_where_it_sleeps)
{
	pid_t p = sleeper_of(OWNER);
	char function[64];

	if (!pid_file(p, "wchan") || !pid_file(p, "stack")) {
		kill(p, SIGKILL);
		test_skip("no wchan, or no stack");
	}
	while (!strchr(pid_file(p, "stat"), 'S'))
		usleep(1000);
	CHECK(strlen(pid_file(p, "wchan")) > 1);
	strcpy(function, text);
	CHECK(strncmp(pid_file(p, "stack"), "[<0>] ", 6) == 0);
	CHECK(strstr(text, function) && !strstr(text, "0xffff"));
	CHECK(!strcmp(pid_file(getpid(), "wchan"), "0"));	/* it runs */
	int status = CHILD_STATUS({
		char path[64];
		int fd;

		if (setgid(OTHER) || setuid(OTHER))
			_exit(1);
		snprintf(path, sizeof(path), "/proc/%d/wchan", p);
		if ((fd = open(path, O_RDONLY)) < 0 || read(fd, path, sizeof(path)) != 1 || path[0] != '0')
			_exit(2);
		/* Its own it may open, but not read. */
		if ((fd = open("/proc/self/stack", O_RDONLY)) >= 0 && read(fd, path, sizeof(path)) >= 0)
			_exit(3);
	});
	CHECK_EQ(status, 0);
	kill(p, SIGKILL);
	CHECK_EQ(waitpid(p, NULL, 0), p);
}

static unsigned long io_of(const char *name)
{
	const char *at = strstr(pid_file(getpid(), "io"), name);

	CHECK(at);
	return strtoul(at + strlen(name), NULL, 10);
}

TEST(io_counts_bytes_and_calls)
{
	char buf[100];
	int ends[2];

	if (access("/proc/self/io", F_OK))
		test_skip("no /proc/PID/io");
	CHECK(!pipe(ends));
	unsigned long read_bytes = io_of("rchar: ");
	unsigned long written = io_of("wchar: "), reads = io_of("syscr: "), writes = io_of("syscw: ");
	CHECK_EQ(write(ends[1], buf, 100), 100);
	CHECK_EQ(read(ends[0], buf, 60), 60);
	CHECK_ERR(write(ends[1], (void *)8, 10), EFAULT);	/* a call, and no byte */
	CHECK_EQ(io_of("wchar: "), written + 100);
	CHECK_EQ(io_of("syscw: "), writes + 2);
	CHECK(io_of("rchar: ") >= read_bytes + 60);
	CHECK(io_of("syscr: ") >= reads + 1);
	close(ends[0]);
	close(ends[1]);
}

TEST(coredump_filter_is_kept_and_inherited)
{
	if (!pid_file(getpid(), "coredump_filter"))
		test_skip("no coredump_filter");
	pid_file_write(getpid(), "coredump_filter", "0x3");
	CHECK(!strcmp(pid_file(getpid(), "coredump_filter"), "00000003\n"));
	CHECK_EQ(CHILD_STATUS(_exit(strcmp(pid_file(getpid(), "coredump_filter"), "00000003\n") != 0)), 0);
	CHECK_EQ(CHILD_STATUS({
		execl("/bin/sh", "sh", "-c", "read x </proc/self/coredump_filter; [ $x = 00000003 ]", NULL);
		_exit(9);
	}), 0);
	pid_file_write(getpid(), "coredump_filter", "0xffffffff");
	CHECK(!strcmp(pid_file(getpid(), "coredump_filter"), "000001ff\n"));
	int fd = open("/proc/self/coredump_filter", O_WRONLY);
	CHECK_ERR(write(fd, "all", 3), EINVAL);
	close(fd);
}

TEST(timers_are_told)
{
	struct sigevent ev = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = (void *)0x123,
	};
	char want[128];
	timer_t id;

	if (!pid_file(getpid(), "timers"))
		test_skip("no timers");
	CHECK(!*text);
	CHECK(!timer_create(CLOCK_MONOTONIC, &ev, &id));
	snprintf(want, sizeof(want), "signal: %d/%016x\nnotify: signal/pid.%d\nClockID: 1\n", SIGUSR1, 0x123,
		 getpid());
	CHECK(strstr(pid_file(getpid(), "timers"), want) && !strncmp(text, "ID: ", 4));
	CHECK(!timer_delete(id));
	CHECK(!*pid_file(getpid(), "timers"));
}

/* ---- fdinfo ---------------------------------------------------------------------------------- */

static char *fdinfo(int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	return pid_file(getpid(), name);
}

TEST(fdinfo_tells_what_a_descriptor_waits_for)
{
	struct itimerspec set = { .it_value.tv_sec = 1000, .it_interval = { 5, 7 } };
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	sigset_t mask;

	if (timer < 0 && errno == ENOSYS)
		test_skip("no timerfd");
	CHECK(timer >= 0 && !timerfd_settime(timer, 0, &set, NULL));
	CHECK(strstr(fdinfo(timer), "clockid: 1\nticks: 0\nsettime flags: 00\nit_value: (9"));
	CHECK(strstr(text, "it_interval: (5, 7)\n"));
	close(timer);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGTERM);
	int signals = signalfd(-1, &mask, 0);
	CHECK(signals >= 0 && strstr(fdinfo(signals), "sigmask:\t0000000000004200\n"));
	close(signals);

	pid_t p = fork();
	CHECK(p >= 0);
	if (!p)
		_exit(0);
	int pidfd = syscall(SYS_pidfd_open, p, 0);
	char want[32];
	snprintf(want, sizeof(want), "Pid:\t%d\n", p);
	CHECK(pidfd >= 0 && strstr(fdinfo(pidfd), want));
	CHECK_EQ(waitpid(p, NULL, 0), p);
	CHECK(strstr(fdinfo(pidfd), "Pid:\t-1\n"));
	close(pidfd);
}

TEST(fdinfo_tells_the_locks_of_a_descriptor)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600), other;
	struct flock fl = { .l_type = F_WRLCK, .l_start = 3, .l_len = 4 };
	char want[128], path[32];
	struct stat st;

	CHECK(fd >= 0 && !fstat(fd, &st));
	CHECK(!strstr(fdinfo(fd), "lock:"));
	CHECK(!fcntl(fd, F_SETLK, &fl));
	snprintf(want, sizeof(want), "lock:\t1: POSIX  ADVISORY  WRITE %d ", getpid());
	CHECK(strstr(fdinfo(fd), want));
	snprintf(want, sizeof(want), ":%lu 3 6\n", (long)st.st_ino);
	CHECK(strstr(text, want));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_RDWR);
	CHECK(other >= 0 && !flock(other, LOCK_SH));
	CHECK(strstr(fdinfo(other), "FLOCK  ADVISORY  READ") && !strstr(fdinfo(fd), "FLOCK"));
	close(other);
	close(fd);
}

/* ---- values of the kernel -------------------------------------------------------------------- */

static long sysctl_get(const char *path)
{
	char buf[32] = "";
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0 && read(fd, buf, sizeof(buf) - 1) > 0);
	close(fd);
	return atol(buf);
}

static int sysctl_put(const char *path, long v)
{
	char buf[32];
	int fd = open(path, O_WRONLY), rc, n = snprintf(buf, sizeof(buf), "%ld\n", v);

	CHECK(fd >= 0);
	rc = write(fd, buf, n) == n ? 0 : -1;
	close(fd);
	return rc;
}

TEST(addresses_of_the_kernel_are_for_some)
{
	static const char *const file = "/proc/sys/kernel/kptr_restrict";
	char line[256] = "", kind;
	unsigned long at;
	FILE *f = fopen("/proc/kallsyms", "r");

	if (!f || access(file, F_OK))
		test_skip("no kallsyms");
	CHECK(!sysctl_put(file, 1));
	CHECK(fgets(line, sizeof(line), f) && sscanf(line, "%16lx %c %200s", &at, &kind, line) == 3);
	CHECK(at && strchr("tTwWaAdDbBrRvV", kind));
	fclose(f);
	CHECK_EQ(CHILD_STATUS({
		if (setgid(OTHER) || setuid(OTHER) || !(f = fopen("/proc/kallsyms", "r")))
			_exit(1);
		while (fgets(line, sizeof(line), f))
			if (strncmp(line, "0000000000000000 ", 17))
				_exit(2);
	}), 0);
	CHECK(!sysctl_put(file, 2));
	f = fopen("/proc/kallsyms", "r");
	CHECK(f && fgets(line, sizeof(line), f) && !strncmp(line, "0000000000000000 ", 17));
	fclose(f);
	CHECK_ERR(sysctl_put(file, 3), EINVAL);
	CHECK(!sysctl_put(file, 0));
}

/* O_CREAT of a file that another made where all may. */
static int create_in(const char *dir_mode_path, mode_t mode, mode_t kind)
{
	char path[64];
	int status;

	CHECK(!mkdir(dir_mode_path, 0700) && !chmod(dir_mode_path, mode));
	snprintf(path, sizeof(path), "%s/f", dir_mode_path);
	CHECK(!mknod(path, kind | 0666, 0) && !chmod(path, 0666) && !chown(path, OWNER, OWNER));
	status = CHILD_STATUS({
		int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK, 0600);

		_exit(fd >= 0 ? 0 : errno);
	});
	CHECK(!unlink(path) && !rmdir(dir_mode_path) && WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(files_of_others_in_sticky_directories)
{
	static const char *const files[] = {
		"/proc/sys/fs/protected_regular", "/proc/sys/fs/protected_fifos",
	};
	static const mode_t kinds[] = { S_IFREG, S_IFIFO };

	for (unsigned i = 0; i < 2; i++) {
		long was = sysctl_get(files[i]);

		CHECK(!sysctl_put(files[i], 0));
		CHECK_EQ(create_in("/tmp/sticky", 01777, kinds[i]), 0);
		CHECK(!sysctl_put(files[i], 1));
		CHECK_EQ(create_in("/tmp/sticky", 01777, kinds[i]), EACCES);
		CHECK_EQ(create_in("/tmp/sticky", 01770, kinds[i]), 0);
		CHECK_EQ(create_in("/tmp/sticky", 0777, kinds[i]), 0);
		CHECK(!sysctl_put(files[i], 2));
		CHECK_EQ(create_in("/tmp/sticky", 01770, kinds[i]), EACCES);
		CHECK_ERR(sysctl_put(files[i], 3), EINVAL);
		CHECK(!sysctl_put(files[i], was));
	}
}

TEST(the_next_process_number_can_be_chosen)
{
	static const char *const file = "/proc/sys/kernel/ns_last_pid";

	if (access(file, F_OK))
		test_skip("no ns_last_pid");
	CHECK(!sysctl_put(file, 20000));
	pid_t p = fork();
	CHECK(p >= 0);
	if (!p)
		_exit(0);
	CHECK_EQ(p, 20001);
	CHECK_EQ(waitpid(p, NULL, 0), p);
	CHECK_EQ(CHILD_STATUS({
		if (setgid(OTHER) || setuid(OTHER))
			_exit(1);
		CHECK_ERR(sysctl_put(file, 5), EPERM);
	}), 0);
}

TEST(what_is_kept_for_root_and_the_way_to_say_how_much)
{
	long kbytes = sysctl_get("/proc/sys/vm/overcommit_kbytes");
	long ratio = sysctl_get("/proc/sys/vm/overcommit_ratio");

	CHECK(sysctl_get("/proc/sys/vm/admin_reserve_kbytes") > 0);
	CHECK(sysctl_get("/proc/sys/vm/user_reserve_kbytes") > 0);
	CHECK(!sysctl_put("/proc/sys/vm/overcommit_kbytes", 1 << 20));
	CHECK_EQ(sysctl_get("/proc/sys/vm/overcommit_ratio"), 0);
	CHECK(!sysctl_put("/proc/sys/vm/overcommit_ratio", 60));
	CHECK_EQ(sysctl_get("/proc/sys/vm/overcommit_kbytes"), 0);
	CHECK(!sysctl_put("/proc/sys/vm/overcommit_ratio", ratio));
	if (kbytes)
		CHECK(!sysctl_put("/proc/sys/vm/overcommit_kbytes", kbytes));
}

TEST(the_clock_and_the_kernel_have_their_files)
{
	char path[64], have[64] = "", is[64] = "";
	int fd = open("/sys/devices/system/clocksource/clocksource0/available_clocksource", O_RDONLY);

	CHECK(fd >= 0 && read(fd, have, sizeof(have) - 1) > 0);
	close(fd);
	fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDWR);
	CHECK(fd >= 0 && read(fd, is, sizeof(is) - 1) > 0);
	CHECK(strlen(is) > 1 && !strncmp(have, is, strlen(is) - 1));
	CHECK_EQ(write(fd, is, strlen(is)), strlen(is));
	close(fd);
	snprintf(path, sizeof(path), "/sys/kernel/address_bits");
	CHECK_EQ(sysctl_get(path), 64);
	CHECK(sysctl_get("/sys/kernel/oops_count") >= 0 && sysctl_get("/sys/kernel/warn_count") >= 0);
}

TEST(tasks_are_in_a_namespace_of_mounts)
{
	char text[64] = "", want[64];
	struct stat mine, theirs;
	int fd = open("/proc/self/ns/mnt", O_RDONLY);

	CHECK(listed("/proc/self/ns", "mnt") && listed("/proc/thread-self/ns", "mnt"));
	CHECK(fd >= 0 && !fstat(fd, &mine) && !stat("/proc/1/ns/mnt", &theirs));
	CHECK(S_ISREG(mine.st_mode) && mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev);
	CHECK(readlink("/proc/self/ns/mnt", text, sizeof(text) - 1) > 0);
	snprintf(want, sizeof(want), "mnt:[%lu]", (long)mine.st_ino);
	CHECK(!strcmp(text, want));
	CHECK_EQ(ioctl(fd, _IO(0xb7, 3)), 0x20000);		/* NS_GET_NSTYPE */
	CHECK_ERR(ioctl(fd, _IO(0xb7, 2)), EINVAL);		/* NS_GET_PARENT */
	CHECK_ERR(readlink("/proc/self/ns/nothing", text, sizeof(text)), ENOENT);
	close(fd);
	CHECK_EQ(CHILD_STATUS({
		if (setgid(OTHER) || setuid(OTHER))
			_exit(1);
		CHECK_ERR(stat("/proc/1/ns/mnt", &theirs), EACCES);
	}), 0);
}

/* ---- whose modes and owners these are -------------------------------------------------------- */

static struct stat stat_of(const char *path)
{
	struct stat st;

	CHECK(!lstat(path, &st));
	return st;
}

/* Not even root gives an entry of a task another mode; an owner is taken, and is the task's again at once. */
TEST(entries_of_a_task_keep_mode_and_owner)
{
	static const char *const entries[] = {
		"/proc/self/task", "/proc/self/fd", "/proc/self/fdinfo", "/proc/self/fdinfo/0",
		"/proc/self/map_files", "/proc/self/ns", "/proc/self/status", "/proc/self/mem",
		"/proc/thread-self/fd", "/proc/thread-self/comm",
	};

	for (unsigned i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		mode_t mode = stat_of(entries[i]).st_mode;

		CHECK_ERR(chmod(entries[i], mode), EPERM);
		CHECK_ERR(chmod(entries[i], 0712), EPERM);
		CHECK_EQ(chown(entries[i], OWNER, GROUP), 0);
		CHECK_EQ(stat_of(entries[i]).st_mode, mode);
		CHECK_EQ(stat_of(entries[i]).st_uid, 0);
		CHECK_EQ(stat_of(entries[i]).st_gid, 0);
	}
	CHECK_EQ(lchown("/proc/self/cwd", OWNER, GROUP), 0);
	CHECK_EQ(stat_of("/proc/self/cwd").st_uid, 0);
	CHECK_ERR(chmod("/proc/self/ns/mnt", 0400), EPERM);		/* the name space behind the link */
}

/* The folder of a task cannot be changed at all. */
TEST(folders_of_tasks_are_immutable)
{
	static const char *const folders[] = { "/proc/self/.", "/proc/thread-self/.", "/proc/1", "/proc/1/task/1" };
	struct timespec given[2] = { { 1000, 0 }, { 1000, 0 } };
	struct timespec half[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };
	struct timespec none[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };

	for (unsigned i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const char *f = folders[i];

		CHECK_ERR(chmod(f, 0555), EPERM);
		CHECK_ERR(chown(f, 0, 0), EPERM);
		CHECK_ERR(chown(f, -1, GROUP), EPERM);
		CHECK_EQ(chown(f, -1, -1), 0);
		CHECK_ERR(utimensat(AT_FDCWD, f, NULL, 0), EPERM);
		CHECK_ERR(utimensat(AT_FDCWD, f, given, 0), EPERM);
		CHECK_ERR(utimensat(AT_FDCWD, f, half, 0), EPERM);
		CHECK_EQ(utimensat(AT_FDCWD, f, none, 0), 0);
		CHECK_ERR(access(f, W_OK), EPERM);
		CHECK_ERR(setxattr(f, "trusted.a", "x", 1, 0), EPERM);
		CHECK_ERR(removexattr(f, "security.a"), EPERM);
	}
}

TEST(sysctl_entries_keep_mode_and_owner)
{
	static const char *const entries[] = {
		"/proc/sys", "/proc/sys/vm", "/proc/sys/kernel/random", "/proc/sys/vm/overcommit_memory",
		"/proc/sys/kernel/ostype",
	};

	for (unsigned i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		struct stat was = stat_of(entries[i]);

		CHECK_ERR(chmod(entries[i], was.st_mode), EPERM);
		CHECK_ERR(chown(entries[i], 0, -1), EPERM);
		CHECK_ERR(chown(entries[i], -1, GROUP), EPERM);
		CHECK_EQ(utimensat(AT_FDCWD, entries[i], NULL, 0), 0);
		CHECK_EQ(stat_of(entries[i]).st_mode, was.st_mode);
	}
	/* The mode binds root as well. */
	CHECK_ERR(access("/proc/sys/vm", W_OK), EACCES);
	CHECK_ERR(setxattr("/proc/sys/vm", "user.a", "x", 1, 0), EACCES);
}

static void drop_inodes(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "2", 1), 1);
	close(fd);
}

/* What is nobody's but the machine's takes both, and has them when its inode is made anew. */
TEST(entries_of_the_machine_take_mode_and_owner)
{
	static const char *const entries[] = { "/proc/version", "/proc/sysvipc" };

	for (unsigned i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		struct stat was = stat_of(entries[i]);

		CHECK_EQ(chmod(entries[i], 0511), 0);
		CHECK_EQ(chown(entries[i], OWNER, GROUP), 0);
		drop_inodes();
		CHECK_EQ(stat_of(entries[i]).st_mode, (was.st_mode & S_IFMT) | 0511);
		CHECK_EQ(stat_of(entries[i]).st_uid, OWNER);
		CHECK_EQ(stat_of(entries[i]).st_gid, GROUP);
		CHECK_EQ(chown(entries[i], was.st_uid, was.st_gid), 0);
		CHECK_EQ(chmod(entries[i], was.st_mode), 0);
	}
	CHECK_EQ(truncate("/proc/version", 9), 0);
	CHECK_EQ(stat_of("/proc/version").st_size, 0);
	CHECK_ERR(truncate("/proc/version", 1l << 31), EFBIG);
}

/* A user's attribute is for files and directories, whatever the file system has; a trusted one is root's. */
TEST(attributes_ask_for_the_right_before_they_are_refused)
{
	char value[8];

	CHECK_ERR(lsetxattr("/proc/self", "user.a", "x", 1, 0), EPERM);
	CHECK_ERR(lremovexattr("/proc/self", "user.a"), EPERM);
	CHECK_ERR(lgetxattr("/proc/self", "user.a", value, sizeof(value)), ENODATA);
	CHECK_ERR(setxattr("/proc/version", "user.a", "x", 1, 0), EOPNOTSUPP);
	CHECK_ERR(getxattr("/proc/version", "", value, sizeof(value)), ERANGE);
	CHECK(!seteuid(OWNER));
	CHECK_ERR(setxattr("/proc/version", "user.a", "x", 1, 0), EACCES);
	CHECK_ERR(setxattr("/proc/version", "trusted.a", "x", 1, 0), EPERM);
	CHECK_ERR(getxattr("/proc/version", "trusted.a", value, sizeof(value)), ENODATA);
	CHECK(!seteuid(0));
}

/* ---- a thread that executes a program takes its leader's place --------------------------------- */

static int to_parent[2], from_parent[2];

static void *exec_when_told(void *arg)
{
	pid_t tid = syscall(SYS_gettid);
	char c;

	(void)arg;
	if (write(to_parent[1], &tid, sizeof(tid)) != sizeof(tid) || read(from_parent[0], &c, 1) != 1)
		_exit(1);
	execl("/bin/busybox", "sleep", "1000", NULL);
	_exit(2);
}

static int open_of(pid_t pid, pid_t tid, const char *name)
{
	char path[64];
	int fd;

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	else
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	return fd;
}

static const char *const names[] = { "stat", "status", "maps", "comm", "oom_score_adj", "limits" };
#define NR_NAMES 6

/* => all of @fd are read from their beginning */
static void check_reads(const int *fd, bool there)
{
	char buf[4096];

	for (int i = 0; i < NR_NAMES; i++) {
		if (there)
			CHECK(pread(fd[i], buf, sizeof(buf), 0) >= (strcmp(names[i], "maps") != 0));
		else
			CHECK_ERR(pread(fd[i], buf, sizeof(buf), 0), ESRCH);
	}
}

static const char *const dirs[] = { "fd", "fdinfo", "ns", "map_files", "task" };
#define NR_DIRS 5

/* => each of @fd lists its dots at least (a new program has no files mapped yet), and finds; or it is nobody's */
static void check_dirs(const int *fd, bool there)
{
	char buf[4096];
	struct stat st;

	for (int i = 0; i < NR_DIRS; i++) {
		CHECK_EQ(lseek(fd[i], 0, SEEK_SET), 0);
		if (there)
			CHECK(syscall(SYS_getdents64, fd[i], buf, sizeof(buf)) >= 48);
		else
			CHECK_ERR(syscall(SYS_getdents64, fd[i], buf, sizeof(buf)), ENOENT);
	}
	if (there)
		CHECK(!fstatat(fd[0], "2", &st, 0) && !fstatat(fd[1], "2", &st, 0));
	else
		CHECK_ERR(fstatat(fd[0], "2", &st, AT_SYMLINK_NOFOLLOW), ENOENT);
}

TEST(files_of_a_leader_whose_thread_executes)
{
	int leader[NR_NAMES], below[NR_NAMES], thread[NR_NAMES], dir[NR_DIRS], comm, pidfd;
	struct pollfd ended = { .events = POLLIN };
	pid_t pid, tid;
	char buf[64] = "";

	CHECK_EQ(pipe(to_parent), 0);
	CHECK_EQ(pipe(from_parent), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		pthread_t t;

		if (pthread_create(&t, NULL, exec_when_told, NULL))
			_exit(1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(to_parent[0], &tid, sizeof(tid)), sizeof(tid));
	for (int i = 0; i < NR_NAMES; i++) {
		leader[i] = open_of(pid, 0, names[i]);
		below[i] = open_of(pid, pid, names[i]);
		thread[i] = open_of(pid, tid, names[i]);
	}
	for (int i = 0; i < NR_DIRS; i++)
		dir[i] = open_of(pid, 0, dirs[i]);
	pidfd = ended.fd = syscall(SYS_pidfd_open, pid, 0);
	CHECK(pidfd >= 0);
	check_reads(thread, true);
	check_dirs(dir, true);
	CHECK_EQ(write(from_parent[1], "x", 1), 1);
	do {
		comm = open_of(pid, 0, "comm");
		memset(buf, 0, sizeof(buf));
		CHECK(read(comm, buf, sizeof(buf) - 1) > 0);
		close(comm);
		usleep(1000);
	} while (strcmp(buf, "busybox\n") && strcmp(buf, "sleep\n"));
	check_reads(leader, true);		/* the number is the new leader's */
	check_reads(below, true);
	check_dirs(dir, true);
	check_reads(thread, false);		/* ... and his own is nobody's */
	CHECK_EQ(pread(leader[2], buf, sizeof(buf), 0), 0);	/* the memory that it showed is gone */
	CHECK_EQ(poll(&ended, 1, 0), 0);			/* a pidfd is of the process */
	CHECK_EQ(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0), 0);
	CHECK_EQ(poll(&ended, 1, -1), 1);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_ERR(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0), ESRCH);
	check_reads(leader, false);
	check_reads(below, false);
	check_dirs(dir, false);
}
