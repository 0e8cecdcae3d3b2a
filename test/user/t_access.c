/*
 * test/user/t_access.c - who may look into a file's cache, into another process, and into what it was before exec.
 *
 * MODEL     The tests run as root; a child goes over to another user (become_user) and tries.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#ifndef SYS_cachestat
#define SYS_cachestat	451
#endif

#define USER		1000u
#define PG		4096ul

/* The system calls: those of the libc would take other threads along. */
static void become_user(void)
{
	CHECK_EQ(syscall(SYS_setgroups, 0, NULL), 0);
	CHECK_EQ(syscall(SYS_setresgid, USER, USER, USER), 0);
	CHECK_EQ(syscall(SYS_setresuid, USER, USER, USER), 0);
}

/* ---- what is cached -------------------------------------------------------------------------- */

#define RESIDENT	8

/* A file of RESIDENT pages with only the first one in memory. */
static int sparse_file(const char *path, mode_t mode)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK_EQ(fchmod(fd, mode), 0);
	CHECK_EQ(ftruncate(fd, RESIDENT * PG), 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	return fd;
}

/* How many pages mincore() calls resident; -1: it failed. */
static int resident_pages(const char *path)
{
	unsigned char vec[RESIDENT];
	int fd = open(path, O_RDONLY), n = 0;
	void *p;

	CHECK(fd >= 0);
	p = mmap(NULL, RESIDENT * PG, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	close(fd);
	if (mincore(p, RESIDENT * PG, vec))
		n = -1;
	for (int i = 0; i < RESIDENT && n >= 0; i++)
		n += vec[i] & 1;
	munmap(p, RESIDENT * PG);
	return n;
}

/* How many pages cachestat() counts; -1: it failed. */
static long cached_pages(const char *path)
{
	uint64_t range[2] = { 0, 0 }, cs[5] = { 0 };
	int fd = open(path, O_RDONLY);
	long rc;

	CHECK(fd >= 0);
	rc = syscall(SYS_cachestat, fd, range, cs, 0);
	close(fd);
	return rc ? -1 : (long)cs[0];
}

TEST(mincore_tells_who_may_write)
{
	static const char private_[] = "/tmp/t_access_private", open_[] = "/tmp/t_access_open";

	close(sparse_file(private_, 0644));
	close(sparse_file(open_, 0666));
	CHECK_EQ(resident_pages(private_), 1);
	int st = CHILD_STATUS({
		become_user();
		CHECK_EQ(resident_pages(private_), RESIDENT);
		CHECK_EQ(resident_pages(open_), 1);
	});
	CHECK_EQ(st, 0);
	CHECK_EQ(chown(private_, USER, USER), 0);
	CHECK_EQ(chmod(private_, 0444), 0);
	st = CHILD_STATUS({
		become_user();
		CHECK_EQ(resident_pages(private_), 1);		/* its owner */
	});
	CHECK_EQ(st, 0);
	unlink(private_);
	unlink(open_);
}

TEST(cachestat_tells_who_may_write)
{
	static const char private_[] = "/tmp/t_access_private", open_[] = "/tmp/t_access_open";

	close(sparse_file(private_, 0644));
	close(sparse_file(open_, 0666));
	errno = 0;
	if (cached_pages(private_) < 0 && errno == ENOSYS)
		test_skip("no cachestat");
	CHECK_EQ(cached_pages(private_), 1);
	int st = CHILD_STATUS({
		int writable = open(private_, O_RDWR);
		uint64_t range[2] = { 0, 0 }, cs[5] = { 0 };

		become_user();
		CHECK_ERR(cached_pages(private_), EPERM);
		CHECK_EQ(cached_pages(open_), 1);
		CHECK_EQ(syscall(SYS_cachestat, writable, range, cs, 0), 0);
		CHECK_EQ(cs[0], 1);
	});
	CHECK_EQ(st, 0);
	CHECK_EQ(chown(private_, USER, USER), 0);
	CHECK_EQ(chmod(private_, 0444), 0);
	st = CHILD_STATUS({
		become_user();
		CHECK_EQ(cached_pages(private_), 1);		/* its owner */
	});
	CHECK_EQ(st, 0);
	unlink(private_);
	unlink(open_);
}

/* ---- another program in the same process ----------------------------------------------------- */

#define KEEPER	"t_access_keeper"

struct report { volatile char *secret; unsigned euid; unsigned long at_secure; };

static volatile char secret[32] = "nothing";

/* The program with something to hide: this one, under another name.  It says where, and stays until killed. */
static void __attribute__((constructor)) keeper(int argc, char **argv)
{
	struct report r = { secret, geteuid(), getauxval(AT_SECURE) };

	if (argc < 1 || strcmp(argv[0], KEEPER))
		return;
	memcpy((char *)secret, "TOP SECRET", 11);
	if (write(1, &r, sizeof(r)) != sizeof(r))
		_exit(1);
	for (;;)
		pause();
}

static const char keeper_path[] = "/tmp/t_access_keeper";

static void make_keeper(mode_t mode)
{
	char buf[65536];
	int from = open("/proc/self/exe", O_RDONLY), to;
	ssize_t n;

	unlink(keeper_path);
	to = open(keeper_path, O_WRONLY | O_CREAT | O_EXCL, 0700);
	CHECK(from >= 0 && to >= 0);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		CHECK_EQ(write(to, buf, n), n);
	CHECK_EQ(fchmod(to, mode), 0);
	close(from);
	close(to);
}

/* A process that becomes the keeper when it is told to. */
struct victim { pid_t pid; int go[2], ready[2]; };

static int become_keeper(void *arg)
{
	char *argv[] = { KEEPER, NULL }, *envp[] = { NULL }, c;
	struct victim *v = arg;

	dup2(v->ready[1], 1);
	if (read(v->go[0], &c, 1) == 1)
		execve(keeper_path, argv, envp);
	_exit(1);
}

/* Made by clone() with @flags; shares memory with us only if they say so. */
static void start_victim(struct victim *v, int flags)
{
	static char stack[65536] __attribute__((aligned(16)));

	CHECK_EQ(pipe2(v->go, O_CLOEXEC), 0);
	CHECK_EQ(pipe2(v->ready, O_CLOEXEC), 0);
	v->pid = clone(become_keeper, stack + sizeof(stack), flags | SIGCHLD, v);
	CHECK(v->pid > 0);
}

static struct report let_victim_go(struct victim *v)
{
	struct report r;

	CHECK_EQ(write(v->go[1], "x", 1), 1);
	CHECK_EQ(read(v->ready[0], &r, sizeof(r)), sizeof(r));
	return r;
}

static void end_victim(struct victim *v)
{
	kill(v->pid, SIGKILL);
	waitpid(v->pid, NULL, 0);
	for (int i = 0; i < 2; i++) {
		close(v->go[i]);
		close(v->ready[i]);
	}
}

/* ---- what a descriptor of /proc/PID shows after an exec -------------------------------------- */

#define SOMETHING	1
#define NOTHING		0

/* What reading gives when the exec was one that hides the program, and what opening anew does then. */
static const struct look {
	const char *name;
	int after, reopen;	/* SOMETHING, NOTHING, or -errno */
} looks[] = {
	{ "mem", NOTHING, -EACCES }, { "maps", NOTHING, -EACCES }, { "smaps", NOTHING, -EACCES },
	{ "numa_maps", NOTHING, -EACCES }, { "smaps_rollup", -ESRCH, -EACCES }, { "pagemap", NOTHING, -EACCES },
	{ "environ", NOTHING, -EACCES }, { "auxv", SOMETHING, -EACCES }, { "syscall", -EPERM, -EACCES },
	{ "personality", -EPERM, -EACCES }, { "stack", -EACCES, -EACCES }, { "io", -EACCES, -EACCES },
	{ "stat", SOMETHING, 0 }, { "statm", SOMETHING, 0 }, { "status", SOMETHING, 0 }, { "cmdline", SOMETHING, 0 },
	{ "limits", SOMETHING, 0 }, { "comm", SOMETHING, 0 }, { "fdinfo/1", SOMETHING, -EACCES },
	{ "mounts", SOMETHING, 0 }, { "mountstats", SOMETHING, -EACCES }, { "oom_score_adj", SOMETHING, 0 },
};
#define NR_LOOKS	(sizeof(looks) / sizeof(*looks))

static int open_look(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, O_RDONLY);
}

static int read_look(int fd, const struct look *l, unsigned long secret_at)
{
	off_t at = !strcmp(l->name, "mem") ? secret_at : !strcmp(l->name, "pagemap") ? secret_at / PG * 8 : 0;
	char buf[256];
	ssize_t n = pread(fd, buf, sizeof(buf), at);

	return n < 0 ? -errno : n > 0 ? SOMETHING : NOTHING;
}

static void check_look(const struct look *l, int fd, pid_t pid, unsigned long at, bool hidden)
{
	int got = read_look(fd, l, at), again = open_look(pid, l->name), want = hidden ? l->reopen : 0;
	struct stat st;

	/* What asks at each read is shown for a program that hides nothing. */
	if (hidden || l->after >= 0 || l->after == -ESRCH ? got != l->after : got == -EPERM)
		test_fail(__FILE__, __LINE__, "%s reads %d after the exec", l->name, got);
	if (again < 0 ? -errno != want : want != 0)
		test_fail(__FILE__, __LINE__, "%s opened anew: %d", l->name, again < 0 ? -errno : 0);
	if (again < 0)
		return;
	CHECK_EQ(fstat(again, &st), 0);
	CHECK_EQ(st.st_uid, hidden ? 0 : USER);
	close(again);
}

static void look_across_exec(bool hidden)
{
	struct report r;
	int fd[NR_LOOKS];
	struct victim v;

	become_user();
	CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
	start_victim(&v, 0);
	for (unsigned i = 0; i < NR_LOOKS; i++) {
		fd[i] = open_look(v.pid, looks[i].name);
		if (fd[i] < 0 && errno != ENOENT)
			test_fail(__FILE__, __LINE__, "%s: errno %d", looks[i].name, errno);
	}
	r = let_victim_go(&v);
	for (unsigned i = 0; i < NR_LOOKS; i++)
		if (fd[i] >= 0)
			check_look(&looks[i], fd[i], v.pid, (unsigned long)r.secret, hidden);
	end_victim(&v);
}

TEST(files_of_proc_show_the_program_they_were_opened_for)
{
	static const struct { mode_t mode; bool hidden; } kinds[] = {
		{ 04755, true }, { 0711, true }, { 0755, false },
	};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		make_keeper(kinds[i].mode);
		CHECK_EQ(CHILD_STATUS(look_across_exec(kinds[i].hidden)), 0);
	}
	unlink(keeper_path);
}

/* ---- between the old program and the new one ------------------------------------------------- */

static ssize_t peek(pid_t pid, const volatile void *at, char *buf, size_t n)
{
	struct iovec l = { buf, n }, r = { (void *)at, n };

	return syscall(SYS_process_vm_readv, pid, &l, 1, &r, 1, 0);
}

/* A kernel may be built without the call. */
static void check_no_peek(pid_t pid)
{
	char buf[4];

	CHECK_EQ(peek(pid, secret, buf, sizeof(buf)), -1);
	CHECK(errno == EPERM || errno == ENOSYS);
}

/* Open @pid's memory again and again until that is refused; the last ones stay open in @fd.  => how many */
static int open_until_refused(pid_t pid, int *fd, int max)
{
	char buf[16];
	int n = 0;

	for (;;) {
		int f;

		/* Where its secret will be is nothing before, and is not to be seen afterwards. */
		if (peek(pid, secret, buf, sizeof(buf)) > 0)
			CHECK(strncmp(buf, "TOP", 3));
		f = open_look(pid, "mem");
		if (f < 0)
			return n;
		if (n >= max)
			close(fd[n % max]);
		fd[n++ % max] = f;
	}
}

static void race_one_exec(void)
{
	struct victim v;
	struct report r;
	int fd[64], n;
	char c[4];

	start_victim(&v, 0);
	CHECK_EQ(write(v.go[1], "x", 1), 1);
	n = open_until_refused(v.pid, fd, 64);
	CHECK_EQ(errno, EACCES);
	CHECK_EQ(read(v.ready[0], &r, sizeof(r)), sizeof(r));
	CHECK_EQ(r.euid, 0);
	for (int i = 0; i < (n < 64 ? n : 64); i++) {
		if (pread(fd[i], c, 3, (off_t)(unsigned long)r.secret) == 3)
			CHECK(strncmp(c, "TOP", 3));
		close(fd[i]);
	}
	end_victim(&v);
}

TEST(nobody_slips_into_a_set_uid_program_while_it_starts)
{
	make_keeper(04755);
	int st = CHILD_STATUS({
		time_t end = time(NULL) + 4;

		become_user();
		CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
		while (time(NULL) < end)
			race_one_exec();
	});
	CHECK_EQ(st, 0);
	unlink(keeper_path);
}

/* ---- what the new program shares ------------------------------------------------------------- */

static void on_usr2(__attribute__((unused)) int sig) { }

TEST(signal_actions_are_not_shared_across_exec)
{
	struct sigaction sa;
	struct victim v;
	int st;

	make_keeper(04755);
	signal(SIGUSR2, on_usr2);
	start_victim(&v, CLONE_VM | CLONE_SIGHAND);
	(void)let_victim_go(&v);
	CHECK_EQ(sigaction(SIGUSR2, NULL, &sa), 0);
	CHECK(sa.sa_handler == on_usr2);		/* the exec reset its own only */
	signal(SIGUSR1, SIG_IGN);
	kill(v.pid, SIGUSR1);
	CHECK_EQ(waitpid(v.pid, &st, 0), v.pid);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGUSR1);
	end_victim(&v);
	unlink(keeper_path);
}

static void check_identity(int flags, unsigned euid)
{
	struct victim v;
	struct report r;

	start_victim(&v, flags);
	r = let_victim_go(&v);
	CHECK_EQ(r.euid, euid);
	CHECK_EQ(r.at_secure, 1);
	end_victim(&v);
}

TEST(a_set_uid_program_shares_no_root_directory)
{
	make_keeper(04755);
	int st = CHILD_STATUS({
		become_user();
		check_identity(0, 0);
		check_identity(CLONE_FS, USER);
		CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
		struct victim v;
		start_victim(&v, 0);
		CHECK_EQ(let_victim_go(&v).euid, USER);
		end_victim(&v);
	});
	CHECK_EQ(st, 0);
	unlink(keeper_path);
}

static int exit_when_told(void *arg)
{
	char c;

	_exit(read(*(int *)arg, &c, 1) != 1);
}

/* The parent of a child that ends with SIGUSR1 is another program by then: it is not for that child to kill it. */
TEST(the_exit_signal_of_a_child_is_for_the_program_that_made_it)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct victim v;
	int child[2], st;

	make_keeper(0755);
	CHECK_EQ(pipe(child), 0);
	CHECK_EQ(pipe(v.go), 0);
	CHECK_EQ(pipe(v.ready), 0);
	v.pid = fork();
	if (!v.pid) {
		if (clone(exit_when_told, stack + sizeof(stack), SIGUSR1, child) < 0)
			_exit(2);
		become_keeper(&v);
	}
	(void)let_victim_go(&v);
	CHECK_EQ(write(child[1], "x", 1), 1);
	usleep(200000);
	CHECK_EQ(waitpid(v.pid, &st, WNOHANG), 0);
	end_victim(&v);
	unlink(keeper_path);
}

/* ---- who keeps secrets ----------------------------------------------------------------------- */

struct threads { int tid, dumpable; pthread_barrier_t at; };

__attribute__((noreturn)) static void *other_thread(void *arg)
{
	struct threads *t = arg;

	t->tid = gettid();
	pthread_barrier_wait(&t->at);
	pthread_barrier_wait(&t->at);		/* the first thread has changed its mind */
	t->dumpable = prctl(PR_GET_DUMPABLE);
	pthread_barrier_wait(&t->at);
	for (;;)
		pause();
}

static unsigned owner_of(const char *fmt, int a, int b)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), fmt, a, b);
	CHECK_EQ(stat(path, &st), 0);
	return st.st_uid;
}

/* The first half runs in the process that hides, the second in its parent. */
static void hide_in_threads(int out)
{
	struct threads t;
	pthread_t id;

	CHECK_EQ(pthread_barrier_init(&t.at, NULL, 2), 0);
	CHECK_EQ(pthread_create(&id, NULL, other_thread, &t), 0);
	pthread_barrier_wait(&t.at);
	CHECK_EQ(prctl(PR_SET_DUMPABLE, 0), 0);
	pthread_barrier_wait(&t.at);
	pthread_barrier_wait(&t.at);
	CHECK_EQ(t.dumpable, 0);
	CHECK_EQ(write(out, &t.tid, sizeof(t.tid)), sizeof(t.tid));
	for (;;)
		pause();
}

static void find_by_thread(pid_t pid, int tid)
{
	static const char *const files[] = {
		"/proc/%d/mem", "/proc/%d/task/%d/mem", "/proc/%2$d/mem", "/proc/%2$d/environ",
	};
	char path[64];

	for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), files[i], pid, tid);
		CHECK_ERR(open(path, O_RDONLY), EACCES);
		CHECK_EQ(owner_of(files[i], pid, tid), 0);
	}
	CHECK_EQ(owner_of("/proc/%d", pid, 0), USER);
	CHECK_EQ(owner_of("/proc/%2$d", pid, tid), USER);
	CHECK_EQ(owner_of("/proc/%d/task/%d", pid, tid), USER);
	check_no_peek(pid);
	check_no_peek(tid);
}

TEST(dumpable_belongs_to_the_address_space)
{
	int st = CHILD_STATUS({
		int fd[2], tid;

		become_user();
		CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
		CHECK_EQ(pipe(fd), 0);
		pid_t p = fork();
		if (!p)
			hide_in_threads(fd[1]);
		CHECK_EQ(read(fd[0], &tid, sizeof(tid)), sizeof(tid));
		find_by_thread(p, tid);
		kill(p, SIGKILL);
		waitpid(p, NULL, 0);
	});
	CHECK_EQ(st, 0);
}

static void set_suid_dumpable(const char *value)
{
	int fd = open("/proc/sys/fs/suid_dumpable", O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, value, 1), 1);
	close(fd);
}

TEST(dumpable_follows_fork_and_identity)
{
	CHECK_ERR(prctl(PR_SET_DUMPABLE, 2), EINVAL);
	CHECK_EQ(prctl(PR_SET_DUMPABLE, 0), 0);
	CHECK_EQ(CHILD_STATUS(CHECK_EQ(prctl(PR_GET_DUMPABLE), 0)), 0);
	CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
	CHECK_EQ(CHILD_STATUS(CHECK_EQ(prctl(PR_GET_DUMPABLE), 1)), 0);
	CHECK_EQ(syscall(SYS_setresuid, -1, -1, 5), 0);		/* only the saved one */
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_EQ(CHILD_STATUS(become_user(); CHECK_EQ(prctl(PR_GET_DUMPABLE), 0)), 0);
	set_suid_dumpable("2");
	int st = CHILD_STATUS(become_user(); CHECK_EQ(prctl(PR_GET_DUMPABLE), 2));
	set_suid_dumpable("0");
	CHECK_EQ(st, 0);
}

/* Same user, nothing to hide, but a capability that the other has not. */
static void keep_a_capability(int out)
{
	struct { uint32_t version; int pid; } head = { 0x20080522, 0 };
	struct { uint32_t e, p, i; } data[2] = { { 0, 1 << 13, 0 }, { 0, 0, 0 } };

	CHECK_EQ(prctl(PR_SET_KEEPCAPS, 1), 0);
	become_user();
	CHECK_EQ(syscall(SYS_capset, &head, data), 0);
	CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
	CHECK_EQ(write(out, "x", 1), 1);
	for (;;)
		pause();
}

TEST(more_capable_tasks_are_not_looked_into)
{
	char buf[8];
	int fd[2];

	CHECK_EQ(pipe(fd), 0);
	pid_t p = fork();
	if (!p)
		keep_a_capability(fd[1]);
	CHECK_EQ(read(fd[0], buf, 1), 1);
	int st = CHILD_STATUS({
		become_user();
		check_no_peek(p);
		CHECK_ERR(open_look(p, "mem"), EACCES);
		CHECK_ERR(open_look(p, "maps"), EACCES);
	});
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
	CHECK_EQ(st, 0);
}

__attribute__((noreturn)) static void *die_with_parent(void *arg)
{
	CHECK_EQ(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
	CHECK_EQ(write(*(int *)arg, "x", 1), 1);
	for (;;)
		pause();
}

/* Each thread has a death signal of its own; its parent is told even when it is not the first thread that asked. */
TEST(a_thread_asks_for_a_death_signal)
{
	int fd[2], ready[2];
	char c;

	CHECK_EQ(pipe(fd), 0);
	CHECK_EQ(pipe(ready), 0);
	int st = CHILD_STATUS({
		if (!fork()) {
			pthread_t id;
			int sig;

			close(fd[0]);
			pthread_create(&id, NULL, die_with_parent, &fd[1]);
			until_tasks_sleep(getpid(), 1);
			CHECK_EQ(prctl(PR_GET_PDEATHSIG, &sig), 0);
			CHECK_EQ(sig, 0);
			CHECK_EQ(write(ready[1], "x", 1), 1);
			for (;;)
				pause();
		}
		CHECK_EQ(read(ready[0], &c, 1), 1);
	});
	CHECK_EQ(st, 0);
	close(fd[1]);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(read(fd[0], &c, 1), 0);		/* it is dead */
}
