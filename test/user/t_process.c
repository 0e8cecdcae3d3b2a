/* test/user/t_process.c - fork, exec, wait, threads, identities.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

TEST(wait_statuses)
{
	int st = CHILD_STATUS({ _exit(7); });
	CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 7);
	st = CHILD_STATUS({ raise(SIGTERM); });
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
	int fd[2];
	char c;
	CHECK_EQ(pipe(fd), 0);
	pid_t p = fork();
	if (!p) {
		close(fd[1]);
		raise(SIGSTOP);
		_exit(read(fd[0], &c, 1) == 0 ? 3 : 4);	/* once it has exited, nobody is told that it went on */
	}
	CHECK_EQ(waitpid(p, &st, WUNTRACED), p);
	CHECK(WIFSTOPPED(st) && WSTOPSIG(st) == SIGSTOP);
	CHECK_EQ(kill(p, SIGCONT), 0);
	CHECK_EQ(waitpid(p, &st, WCONTINUED), p);
	CHECK(WIFCONTINUED(st));
	close(fd[1]);
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 3);
	CHECK_ERR(waitpid(-1, &st, 0), ECHILD);
	CHECK_ERR(waitpid(p, &st, 0), ECHILD);
}

TEST(waitid_leaves_and_takes)
{
	siginfo_t si;
	pid_t p = fork();

	if (!p)
		_exit(9);
	CHECK_EQ(waitid(P_PID, p, &si, WEXITED | WNOWAIT), 0);
	CHECK_EQ(si.si_pid, p);
	CHECK_EQ(si.si_status, 9);
	CHECK_EQ(si.si_code, CLD_EXITED);
	CHECK_EQ(waitid(P_ALL, 0, &si, WEXITED), 0);
	CHECK_EQ(si.si_pid, p);
	CHECK_ERR(waitid(P_ALL, 0, &si, WEXITED), ECHILD);
	CHECK_ERR(waitid(P_ALL, 0, &si, 0), EINVAL);
	/* A zombie does not stop any more. */
	p = fork();
	if (!p)
		_exit(9);
	CHECK_EQ(waitid(P_PID, p, &si, WEXITED | WNOWAIT), 0);
	CHECK_ERR(waitid(P_ALL, 0, &si, WSTOPPED), ECHILD);
	CHECK_ERR(waitid(P_PID, p, &si, WCONTINUED | WNOHANG), ECHILD);
	CHECK_EQ(waitpid(p, NULL, 0), p);
}

TEST(orphans_go_to_init_and_pipes_close)
{
	int fd[2];
	char c;

	CHECK_EQ(pipe(fd), 0);
	int st = CHILD_STATUS({ if (!fork()) { usleep(20000); _exit(write(fd[1], "x", 1) != 1); } });
	CHECK_EQ(st, 0);
	close(fd[1]);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(read(fd[0], &c, 1), 0);
}

TEST(exec_passes_arguments_environment_and_descriptors)
{
	int fd[2];
	char buf[200] = "";

	CHECK_EQ(pipe(fd), 0);
	pid_t p = vfork();
	if (!p) {
		char *argv[] = { "sh", "-c", "echo $0 $1 $FOO; ls /proc/self/fd | wc -l", "zero", "one", NULL };
		char *envp[] = { "FOO=bar", "PATH=/usr/bin", NULL };
		dup2(fd[1], 1);
		close(fd[0]);
		close(fd[1]);
		execve("/usr/bin/sh", argv, envp);
		_exit(127);
	}
	close(fd[1]);
	size_t len = 0;
	ssize_t n;
	while ((n = read(fd[0], buf + len, sizeof(buf) - 1 - len)) > 0)
		len += n;
	int st;
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK_EQ(st, 0);
	CHECK(!strncmp(buf, "zero one bar\n", 13));
}

TEST(exec_errors)
{
	char *argv[] = { "x", NULL };
	char *big = malloc(300 << 10);

	CHECK_ERR(execve("/nonexistent", argv, NULL), ENOENT);
	CHECK_ERR(execve("/proc", argv, NULL), EACCES);
	int fd = open("/tmp/notelf", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	CHECK_EQ(write(fd, "\177ELF garbage garbage garbage garbage garbage garbage garbage garbage", 60), 60);
	CHECK_ERR(execve("/tmp/notelf", argv, NULL), ETXTBSY);
	close(fd);
	CHECK_ERR(execve("/tmp/notelf", argv, NULL), ENOEXEC);
	CHECK_EQ(chmod("/tmp/notelf", 0644), 0);
	CHECK_ERR(execve("/tmp/notelf", argv, NULL), EACCES);
	fd = open("/tmp/notelf", O_WRONLY | O_TRUNC);
	CHECK_EQ(write(fd, "#!/nonexistent/interp\n", 22), 22);
	CHECK_EQ(fchmod(fd, 0755), 0);
	close(fd);
	CHECK_ERR(execve("/tmp/notelf", argv, NULL), ENOENT);
	memset(big, 'a', (300 << 10) - 1);
	big[(300 << 10) - 1] = 0;
	argv[0] = big;
	CHECK_ERR(execve("/usr/bin/sh", argv, NULL), E2BIG);
	char **volatile nowhere = (char **)8;
	CHECK_ERR(execve("/usr/bin/sh", nowhere, NULL), EFAULT);
	CHECK_EQ(unlink("/tmp/notelf"), 0);
}

static _Thread_local int tls_value = 5;
static int shared_counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *worker(void *arg)
{
	tls_value += (int)(long)arg;
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&lock);
		shared_counter++;
		pthread_mutex_unlock(&lock);
	}
	return (void *)(long)tls_value;
}

TEST(threads_share_memory_and_have_tls)
{
	pthread_t t[8];
	void *r;

	for (long i = 0; i < 8; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, worker, (void *)i), 0);
	for (long i = 0; i < 8; i++) {
		CHECK_EQ(pthread_join(t[i], &r), 0);
		CHECK_EQ((long)r, 5 + i);
	}
	CHECK_EQ(shared_counter, 16000);
	CHECK_EQ(tls_value, 5);
}

static void *sleeper(void *arg) { (void)arg; for (;;) pause(); return NULL; }

TEST(exit_group_and_exec_end_other_threads)
{
	int st = CHILD_STATUS({
		pthread_t t;
		for (int i = 0; i < 4; i++)
			pthread_create(&t, NULL, sleeper, NULL);
		exit(4);
	});
	CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 4);
	st = CHILD_STATUS({
		pthread_t t;
		for (int i = 0; i < 4; i++)
			pthread_create(&t, NULL, sleeper, NULL);
		execl("/usr/bin/sh", "sh", "-c", "exit 6", NULL);
	});
	CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 6);
}

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;

static void *ponger(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < 500; i++) {
		while (turn != 1)
			pthread_cond_wait(&cond, &lock);
		turn = 0;
		pthread_cond_broadcast(&cond);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

TEST(condition_variables_ping_pong)
{
	pthread_t t;

	CHECK_EQ(pthread_create(&t, NULL, ponger, NULL), 0);
	pthread_mutex_lock(&lock);
	for (int i = 0; i < 500; i++) {
		turn = 1;
		pthread_cond_broadcast(&cond);
		while (turn != 0)
			pthread_cond_wait(&cond, &lock);
	}
	pthread_mutex_unlock(&lock);
	CHECK_EQ(pthread_join(t, NULL), 0);
}

TEST(floating_point_survives_switches)
{
	double sum[2] = { 0, 0 };
	int st = CHILD_STATUS({
		volatile double x = 0;
		for (int i = 0; i < 20000; i++) { x += 0.25; if (i % 1000 == 0) sched_yield(); }
		_exit(x == 5000.0 ? 0 : 1);
	});
	for (int i = 0; i < 1000; i++)
		sum[i & 1] += i * 0.5;
	CHECK_EQ(st, 0);
	CHECK(sum[0] == 124750.0 && sum[1] == 125000.0);
}

TEST(process_groups_and_sessions)
{
	int st = CHILD_STATUS({
		CHECK_EQ(setsid(), getpid());
		CHECK_EQ(getpgrp(), getpid());
		CHECK_EQ(getsid(0), getpid());
		CHECK_ERR(setsid(), EPERM);
		CHECK_ERR(setpgid(0, 0), EPERM);
		CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
	});
	CHECK_EQ(st, 0);
	CHECK_ERR(setpgid(999999, 0), ESRCH);
	CHECK_ERR(getpgid(999999), ESRCH);
	CHECK_ERR(kill(999999, 0), ESRCH);
}

TEST(user_ids)
{
	int st = CHILD_STATUS({
		CHECK_EQ(setresgid(100, 200, 300), 0);
		CHECK_EQ(setresuid(1000, 2000, 3000), 0);
		CHECK_EQ(getuid(), 1000);
		CHECK_EQ(geteuid(), 2000);
		CHECK_EQ(getegid(), 200);
		CHECK_ERR(setuid(0), EPERM);
		CHECK_EQ(setuid(3000), 0);
		CHECK_EQ(geteuid(), 3000);
		CHECK_ERR(open("/proc/1/environ", O_RDONLY), EACCES);
		CHECK_ERR(kill(1, SIGTERM), EPERM);
	});
	CHECK_EQ(st, 0);
}

TEST(limits)
{
	struct rlimit rl;

	CHECK_EQ(getrlimit(RLIMIT_STACK, &rl), 0);
	CHECK_EQ(rl.rlim_cur, 8ul << 20);
	int st = CHILD_STATUS({
		rl = (struct rlimit){ 10, 20 };
		CHECK_EQ(setrlimit(RLIMIT_NOFILE, &rl), 0);
		int n = 0;
		while (dup(0) >= 0)
			n++;
		CHECK_EQ(errno, EMFILE);
		CHECK(n <= 10);
		rl = (struct rlimit){ 30, 20 };
		CHECK_ERR(setrlimit(RLIMIT_NOFILE, &rl), EINVAL);
	});
	CHECK_EQ(st, 0);
}

/* A child that sleeps until it is killed; -1 and errno without one. */
static pid_t sleeping_child(void)
{
	pid_t p = fork();

	if (!p) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sleeper(NULL);
	}
	return p;
}

static void limit_processes(unsigned long n)
{
	struct rlimit rl = { n, n };

	CHECK_EQ(setrlimit(RLIMIT_NPROC, &rl), 0);
}

TEST(processes_of_a_user_are_limited)
{
	int st = CHILD_STATUS({
		pthread_t t;
		pid_t p;

		limit_processes(3);
		CHECK_EQ(setresuid(4322, 4322, 4322), 0);
		p = sleeping_child();
		CHECK(p > 0);
		CHECK_EQ(pthread_create(&t, NULL, sleeper, NULL), 0);		/* threads count as well */
		CHECK_EQ(sleeping_child(), -1);
		CHECK_EQ(errno, EAGAIN);
		CHECK_EQ(kill(p, SIGKILL), 0);
		CHECK_EQ(waitid(P_PID, p, NULL, WEXITED | WNOWAIT), 0);
		CHECK_EQ(sleeping_child(), -1);					/* so does a zombie */
		CHECK_EQ(waitpid(p, NULL, 0), p);
		p = sleeping_child();
		CHECK(p > 0);
		CHECK_EQ(kill(p, SIGKILL), 0);
		CHECK_EQ(waitpid(p, NULL, 0), p);
	});
	CHECK_EQ(st, 0);
	/* The change of user works beyond the limit, the new program does not; by then another one has to be gone. */
	st = CHILD_STATUS({
		int go[2];
		int back[2];
		char c;
		pid_t other;

		CHECK_EQ(pipe(go), 0);
		CHECK_EQ(pipe(back), 0);
		other = fork();
		if (!other) {
			CHECK_EQ(setresuid(4323, 4323, 4323), 0);
			CHECK_EQ(write(back[1], "", 1), 1);
			close(go[1]);
			read(go[0], &c, 1);
			_exit(0);
		}
		CHECK_EQ(read(back[0], &c, 1), 1);
		limit_processes(1);
		CHECK_EQ(setresuid(4323, 4323, 4323), 0);
		CHECK_ERR(execl("/usr/bin/sh", "sh", "-c", "exit 6", NULL), EAGAIN);
		CHECK_EQ(close(go[1]), 0);
		CHECK_EQ(waitpid(other, NULL, 0), other);
		execl("/usr/bin/sh", "sh", "-c", "exit 6", NULL);
	});
	CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 6);
}

#define WAITED	200

/* How many children it got, besides the one that is killed at the end. */
static void *waiter(__attribute__((unused)) void *arg)
{
	long n = 0;
	int st;

	while (waitpid(-1, &st, 0) > 0) {
		if (WIFSIGNALED(st))
			continue;
		CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 11);
		n++;
	}
	CHECK_EQ(errno, ECHILD);
	return (void *)n;
}

TEST(threads_wait_for_the_same_children)
{
	pid_t last = sleeping_child();
	pthread_t t[4];
	long sum = 0;
	void *n;

	CHECK(last > 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, waiter, NULL), 0);
	for (int i = 0; i < WAITED; i++) {
		pid_t p = fork();

		CHECK(p >= 0);
		if (!p)
			_exit(11);
	}
	CHECK_EQ(kill(last, SIGKILL), 0);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(pthread_join(t[i], &n), 0);
		sum += (long)n;
	}
	CHECK_EQ(sum, WAITED);
}

TEST(pidfd_send_signal_takes_the_folder_of_a_process)
{
	pid_t p = sleeping_child();
	char name[64];
	int st, fd, thread;

	CHECK(p > 0);
	snprintf(name, sizeof(name), "/proc/%d", p);
	fd = open(name, O_RDONLY | O_DIRECTORY);
	snprintf(name, sizeof(name), "/proc/%d/task/%d", p, p);
	thread = open(name, O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0 && thread >= 0);
	CHECK_ERR(syscall(424, thread, SIGTERM, NULL, 0), EBADF);
	CHECK_EQ(syscall(424, fd, 0, NULL, 0), 0);
	CHECK_EQ(syscall(424, fd, SIGTERM, NULL, 0), 0);
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
	CHECK_ERR(syscall(424, fd, SIGTERM, NULL, 0), ESRCH);
	close(fd);
	close(thread);
}

TEST(prctl_names_and_death_signal)
{
	char name[16];

	CHECK_EQ(prctl(PR_SET_NAME, "a-very-long-thread-name"), 0);
	CHECK_EQ(prctl(PR_GET_NAME, name), 0);
	CHECK(!strcmp(name, "a-very-long-thr"));
	int fd[2];
	char c;
	CHECK_EQ(pipe(fd), 0);
	int st = CHILD_STATUS({
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			CHECK_EQ(write(fd[1], "r", 1), 1);
			for (;;)
				pause();
		}
		CHECK_EQ(read(fd[0], &c, 1), 1);
	});
	CHECK_EQ(st, 0);
	close(fd[1]);
	CHECK_EQ(read(fd[0], &c, 1), 0);
}

TEST(clone_flag_errors)
{
	CHECK_ERR(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0), EINVAL);
}

TEST(affinity)
{
	cpu_set_t set;

	CHECK_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	CHECK(CPU_COUNT(&set) >= 1);
	CPU_ZERO(&set);
	CHECK_ERR(sched_setaffinity(0, sizeof(set), &set), EINVAL);
	CPU_SET(0, &set);
	CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
	CHECK_EQ(sched_getcpu(), 0);
}

/* A copy of many gigabytes between processes ends with who asked for it; an empty one asks for no process. */
TEST(process_vm_readv_can_be_killed)
{
	static struct iovec iov[1024], none[1];
	size_t size = 8 << 20;
	struct timespec start, end;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int st;

	CHECK(p != MAP_FAILED);
	CHECK_EQ(process_vm_readv(0x3ffffff, iov, 1, none, 1, 0), 0);
	for (int i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ p, size };
	CHECK_EQ(process_vm_readv(0x3ffffff, iov, 1, none, 1, 0), 0);
	CHECK_ERR(process_vm_readv(0x3ffffff, iov, 1, iov, 1, 0), ESRCH);
	pid_t child = fork();
	CHECK(child >= 0);
	if (!child) {
		for (;;)
			process_vm_readv(getpid(), iov, 1024, iov, 1024, 0);
	}
	usleep(300000);
	clock_gettime(CLOCK_MONOTONIC, &start);
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, &st, 0), child);
	clock_gettime(CLOCK_MONOTONIC, &end);
	CHECK(end.tv_sec - start.tv_sec < 10);
	munmap(p, size);
}

TEST_TIMED(ten_thousand_forks_and_execs_leak_nothing, 600)
{
	char *n = getenv("FORKS");
	int count = n ? atoi(n) : 300;

	for (int i = 0; i < count; i++) {
		int st = CHILD_STATUS({ if (i % 2) execl("/usr/bin/busybox", "true", NULL); });
		CHECK_EQ(st, 0);
	}
}
