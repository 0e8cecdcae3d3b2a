/*
 * test/user/t_prctl.c - what a process may ask for itself (prctl), and of another by its pidfd; numbers by wish.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define SET_THP_DISABLE	41
#define GET_THP_DISABLE	42
#define SET_MDWE	65
#define GET_MDWE	66
#define ICACHE_CTX	71
#define GET_AUXV	0x41555856
#define NR_process_madvise	440
#define NR_process_mrelease	448
#define PAGE		4096l

static int pidfd_of(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	CHECK(fd >= 0);
	return fd;
}

static void *map(int prot)
{
	return mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* ---- memory ---------------------------------------------------------------------------------- */

TEST(what_was_written_does_not_become_executable)
{
	void *rw = map(PROT_READ | PROT_WRITE), *rx = map(PROT_READ | PROT_EXEC);

	CHECK_EQ(prctl(GET_MDWE, 0, 0, 0, 0), 0);
	CHECK_ERR(prctl(GET_MDWE, 0, 0, 0, 1), EINVAL);
	CHECK_ERR(prctl(SET_MDWE, 4, 0, 0, 0), EINVAL);
	CHECK_ERR(prctl(SET_MDWE, 2, 0, 0, 0), EINVAL);
	CHECK_ERR(prctl(SET_MDWE, 1, 1, 0, 0), EINVAL);
	CHECK_EQ(prctl(SET_MDWE, 0, 0, 0, 0), 0);
	CHECK_EQ(prctl(SET_MDWE, 1, 0, 0, 0), 0);
	CHECK_EQ(prctl(SET_MDWE, 1, 0, 0, 0), 0);
	CHECK_ERR(prctl(SET_MDWE, 0, 0, 0, 0), EPERM);
	CHECK_ERR(prctl(SET_MDWE, 3, 0, 0, 0), EPERM);
	CHECK_EQ(prctl(GET_MDWE, 0, 0, 0, 0), 1);
	CHECK(map(PROT_WRITE | PROT_EXEC) == MAP_FAILED && errno == EACCES);
	CHECK_ERR(mprotect(rw, PAGE, PROT_READ | PROT_EXEC), EACCES);
	CHECK_ERR(mprotect(rx, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), EACCES);
	CHECK_EQ(mprotect(rx, PAGE, PROT_EXEC), 0);
	CHECK(map(PROT_READ | PROT_EXEC) != MAP_FAILED);
	CHECK_EQ(mprotect(rx, PAGE, PROT_READ | PROT_WRITE), 0);
	CHECK_EQ(CHILD_STATUS(_exit(prctl(GET_MDWE, 0, 0, 0, 0))), 1 << 8);
	CHECK_EQ(CHILD_STATUS(_exit(mprotect(rw, PAGE, PROT_EXEC) == -1 ? errno : 0)), EACCES << 8);
}

TEST(mdwe_may_end_with_the_process)
{
	CHECK_EQ(prctl(SET_MDWE, 3, 0, 0, 0), 0);
	CHECK_EQ(prctl(GET_MDWE, 0, 0, 0, 0), 3);
	CHECK(map(PROT_WRITE | PROT_EXEC) == MAP_FAILED);
	CHECK_EQ(CHILD_STATUS(_exit(prctl(GET_MDWE, 0, 0, 0, 0))), 0);
	CHECK_EQ(CHILD_STATUS(_exit(map(PROT_WRITE | PROT_EXEC) == MAP_FAILED)), 0);
}

TEST(large_pages_are_declined_for_children_too)
{
	CHECK_EQ(prctl(GET_THP_DISABLE, 0, 0, 0, 0), 0);
	CHECK_ERR(prctl(SET_THP_DISABLE, 1, 1, 0, 0), EINVAL);
	CHECK_EQ(prctl(SET_THP_DISABLE, 1, 0, 0, 0), 0);
	CHECK_EQ(CHILD_STATUS(_exit(prctl(GET_THP_DISABLE, 0, 0, 0, 0))), 1 << 8);
	CHECK_EQ(prctl(SET_THP_DISABLE, 0, 0, 0, 0), 0);
	CHECK_EQ(prctl(GET_THP_DISABLE, 0, 0, 0, 0), 0);
}

TEST(broken_pages_are_told_as_asked)
{
	CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_DEFAULT);
	CHECK_EQ(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0), 0);
	CHECK_EQ(CHILD_STATUS(_exit(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0))), PR_MCE_KILL_EARLY << 8);
	CHECK_ERR(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, 3, 0, 0), EINVAL);
	CHECK_ERR(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 1, 0, 0), EINVAL);
	CHECK_ERR(prctl(PR_MCE_KILL, 7, 0, 0, 0), EINVAL);
	CHECK_EQ(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_DEFAULT);
}

TEST(the_auxiliary_vector_can_be_had)
{
	unsigned long v[128] = { 0 }, file[128] = { 0 };
	int fd = open("/proc/self/auxv", O_RDONLY);
	long n = read(fd, file, sizeof(file));

	CHECK(n > 0);
	close(fd);
	CHECK(prctl(GET_AUXV, v, sizeof(v), 0, 0) >= n);
	CHECK(!memcmp(v, file, n));
	memset(v, 0, sizeof(v));
	CHECK(prctl(GET_AUXV, v, 16l, 0, 0) >= n);
	CHECK_EQ(v[0], file[0]);
	CHECK_EQ(v[2], 0);
	CHECK_ERR(prctl(GET_AUXV, v, sizeof(v), 1, 0), EINVAL);
	CHECK_ERR(prctl(GET_AUXV, 8l, sizeof(v), 0, 0), EFAULT);
}

#ifdef __riscv
/* Code is written, fetched anew, and run, while the thread is sent from hart to hart in between. */
TEST(instruction_fetch_follows_a_migration)
{
	uint32_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cpu_set_t all, one;

	if (prctl(ICACHE_CTX, 0, 0, 0, 0))
		test_skip("not on this kernel");
	CHECK_ERR(prctl(ICACHE_CTX, 2, 0, 0, 0), EINVAL);
	CHECK_ERR(prctl(ICACHE_CTX, 0, 2, 0, 0), EINVAL);
	CHECK_EQ(prctl(ICACHE_CTX, 0, 1, 0, 0), 0);
	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	code[1] = 0x00008067;			/* ret */
	for (int i = 0; i < 500; i++) {
		code[0] = 0x00000513 | (uint32_t)i << 20;	/* li a0, i */
		__asm__ volatile("fence.i" ::: "memory");
		CPU_ZERO(&one);
		CPU_SET(i % CPU_COUNT(&all), &one);
		sched_setaffinity(0, sizeof(one), &one);
		CHECK_EQ(((int (*)(void))code)(), i);
	}
	CHECK_EQ(prctl(ICACHE_CTX, 1, 1, 0, 0), 0);
	CHECK_EQ(prctl(ICACHE_CTX, 1, 0, 0, 0), 0);
}
#endif

TEST(registrations_for_barriers_are_inherited)
{
	CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
	CHECK_EQ(CHILD_STATUS(_exit(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) ? errno : 0)), 0);
}

/* ---- others, by their pidfd ------------------------------------------------------------------ */

TEST(memory_of_others_is_advised)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec v[2] = { { p, PAGE }, { p + 2 * PAGE, 2 * PAGE } }, hole = { (void *)0x44000000, PAGE };
	struct iovec half[2] = { { p, PAGE }, hole };
	int self = pidfd_of(getpid()), child, null = open("/dev/null", O_RDONLY);
	pid_t pid;

	memset(p, 1, 4 * PAGE);
	CHECK_EQ(syscall(NR_process_madvise, self, v, 2, MADV_COLD, 0), 3 * PAGE);
	CHECK_EQ(syscall(NR_process_madvise, self, v, 2, MADV_WILLNEED, 0), 3 * PAGE);
	CHECK_EQ(syscall(NR_process_madvise, self, v, 0, MADV_COLD, 0), 0);
	CHECK_ERR(syscall(NR_process_madvise, self, v, 2, MADV_COLD, 1), EINVAL);
	CHECK_ERR(syscall(NR_process_madvise, self, v, 2, 999, 0), EINVAL);
	CHECK_ERR(syscall(NR_process_madvise, -1, v, 2, MADV_COLD, 0), EBADF);
	CHECK_ERR(syscall(NR_process_madvise, null, v, 2, MADV_COLD, 0), EBADF);
	CHECK_ERR(syscall(NR_process_madvise, self, v, 1025, MADV_COLD, 0), EINVAL);
	CHECK_ERR(syscall(NR_process_madvise, self, 8l, 1, MADV_COLD, 0), EFAULT);
	CHECK_ERR(syscall(NR_process_madvise, self, &hole, 1, MADV_COLD, 0), ENOMEM);
	CHECK_EQ(syscall(NR_process_madvise, self, half, 2, MADV_COLD, 0), PAGE);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	child = pidfd_of(pid);
	CHECK_EQ(syscall(NR_process_madvise, child, v, 2, MADV_COLD, 0), 3 * PAGE);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_ERR(syscall(NR_process_madvise, child, v, 2, MADV_COLD, 0), ESRCH);
}

TEST(memory_of_the_dying_is_released)
{
	char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int self = pidfd_of(getpid()), child;
	long rc;

	CHECK_ERR(syscall(NR_process_mrelease, self, 1), EINVAL);
	CHECK_ERR(syscall(NR_process_mrelease, -1, 0), EBADF);
	CHECK_ERR(syscall(NR_process_mrelease, self, 0), EINVAL);
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (!pid) {
			memset(p, 1, 64 * PAGE);
			for (;;)
				memset(p, 2, 64 * PAGE);
		}
		child = pidfd_of(pid);
		CHECK_ERR(syscall(NR_process_mrelease, child, 0), EINVAL);
		kill(pid, SIGKILL);
		rc = syscall(NR_process_mrelease, child, 0);
		CHECK(!rc || errno == ESRCH);
		CHECK_EQ(waitpid(pid, NULL, 0), pid);
		CHECK_ERR(syscall(NR_process_mrelease, child, 0), ESRCH);
		close(child);
	}
}

/* ---- kcmp ------------------------------------------------------------------------------------ */

static long kcmp(pid_t a, pid_t b, int type, unsigned long i, unsigned long j)
{
	return syscall(SYS_kcmp, a, b, type, i, j);
}

static void compare_with_child(pid_t me)
{
	int fd = dup(0);

	for (int type = 1; type <= 4; type++) {	/* memory, descriptors, directories, signal actions */
		long there = kcmp(me, getpid(), type, 0, 0), back = kcmp(getpid(), me, type, 0, 0);

		if (there + back != 3 || !there || !back)
			_exit(type);
	}
	if (kcmp(me, getpid(), 0, 0, fd) || !kcmp(getpid(), getpid(), 0, 1, fd + 100))
		_exit(10);
	_exit(0);
}

TEST(kcmp_tells_what_is_shared)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct { uint32_t efd, tfd, toff; } slot;
	pid_t me = getpid();
	int p[2], ep;

	if (kcmp(me, me, 1, 0, 0) == -1 && errno == ENOSYS)
		test_skip("not on this kernel");
	CHECK_EQ(pipe(p), 0);
	for (int type = 1; type < 7; type++)
		CHECK_EQ(kcmp(me, me, type, 0, 0), 0);
	CHECK_EQ(kcmp(me, me, 0, p[0], dup(p[0])), 0);
	CHECK(kcmp(me, me, 0, p[0], p[1]) > 0);
	CHECK_EQ(kcmp(me, me, 0, p[0], p[1]) + kcmp(me, me, 0, p[1], p[0]), 3);
	CHECK_ERR(kcmp(me, me, 0, 999, p[0]), EBADF);
	CHECK_ERR(kcmp(me, me, 8, 0, 0), EINVAL);
	CHECK_ERR(kcmp(me, 999999, 1, 0, 0), ESRCH);
	CHECK_EQ(CHILD_STATUS(compare_with_child(me)), 0);
	ep = epoll_create1(0);
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev), 0);
	slot.efd = ep;
	slot.tfd = p[0];
	slot.toff = 0;
	CHECK_EQ(kcmp(me, me, 7, p[0], (unsigned long)&slot), 0);
	CHECK(kcmp(me, me, 7, p[1], (unsigned long)&slot) > 0);
	slot.toff = 1;
	CHECK_ERR(kcmp(me, me, 7, p[0], (unsigned long)&slot), ENOENT);
	slot.efd = p[1];
	CHECK_ERR(kcmp(me, me, 7, p[0], (unsigned long)&slot), EINVAL);
	CHECK_ERR(kcmp(me, me, 7, p[0], 8), EFAULT);
	if (!getuid())
		CHECK_EQ(CHILD_STATUS(_exit(setresuid(1000, 1000, 1000) ||
					    kcmp(me, me, 1, 0, 0) != -1 ? 1 : errno)), EPERM << 8);
}

/* ---- numbers and names ----------------------------------------------------------------------- */

struct args3 {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size;
};

static long clone3_as(pid_t *tids, unsigned long n)
{
	struct args3 a = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)tids, .set_tid_size = n };
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (!pid)
		_exit(getpid() != tids[0]);
	return pid;
}

TEST(a_child_gets_the_number_it_is_to_have)
{
	pid_t tid[40] = { 0 };
	int status;

	if (getuid())
		test_skip("needs root");
	tid[0] = fork();
	if (!tid[0])
		_exit(0);
	CHECK_EQ(waitpid(tid[0], NULL, 0), tid[0]);
	CHECK_EQ(clone3_as(tid, 1), tid[0]);
	CHECK_ERR(clone3_as(tid, 1), EEXIST);		/* its zombie still has it */
	CHECK_EQ(waitpid(tid[0], &status, 0), tid[0]);
	CHECK_EQ(status, 0);
	CHECK_ERR(clone3_as(tid, 0), EINVAL);
	CHECK_ERR(clone3_as(NULL, 1), EINVAL);
	CHECK_ERR(clone3_as(tid, 33), EINVAL);
	CHECK_ERR(clone3_as((pid_t *)8, 1), EFAULT);
	tid[0] = getpid();
	CHECK_ERR(clone3_as(tid, 1), EEXIST);
	tid[0] = 0;
	CHECK_ERR(clone3_as(tid, 1), EINVAL);
	tid[0] = 0x7fffffff;
	CHECK_ERR(clone3_as(tid, 1), EINVAL);
	tid[0] = 12345;
	CHECK_EQ(CHILD_STATUS(_exit(setresuid(1000, 1000, 1000) || clone3_as(tid, 1) != -1 ? 1 : errno)), EPERM << 8);
}

TEST(a_script_behind_a_closing_descriptor_is_not_run)
{
	char *const argv[] = { "script", NULL }, *const envp[] = { NULL };
	int fd = open("/tmp/closing-script", O_CREAT | O_WRONLY | O_TRUNC, 0755);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "#!/bin/sh\nexit 7\n", 17), 17);
	close(fd);
	fd = open("/tmp/closing-script", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(CHILD_STATUS(_exit(syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH) ? errno : 0)),
		 ENOENT << 8);
	CHECK_EQ(unlink("/tmp/closing-script"), 0);
}

/* ---- who writes for others ------------------------------------------------------------------- */

/* The flags of field 9 that say so: no I/O in its allocations, more room for dirty pages. */
static unsigned long io_flags(void)
{
	char buf[512];
	FILE *f = fopen("/proc/self/stat", "r");
	unsigned long flags = 0;

	CHECK(f && fgets(buf, sizeof(buf), f));
	fclose(f);
	CHECK_EQ(sscanf(strrchr(buf, ')') + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags), 1);
	return flags & 0x180000;
}

TEST(io_flushers_are_marked)
{
	CHECK_EQ(prctl(58, 0, 0, 0, 0), 0);
	CHECK_EQ(io_flags(), 0);
	CHECK_ERR(prctl(57, 2, 0, 0, 0), EINVAL);
	CHECK_ERR(prctl(57, 1, 1, 0, 0), EINVAL);
	CHECK_ERR(prctl(58, 1, 0, 0, 0), EINVAL);
	CHECK_EQ(prctl(57, 1, 0, 0, 0), 0);
	CHECK_EQ(prctl(58, 0, 0, 0, 0), 1);
	CHECK_EQ(io_flags(), 0x180000);
	CHECK_EQ(CHILD_STATUS(_exit(prctl(58, 0, 0, 0, 0) != 1 || io_flags() != 0x180000)), 0);
	CHECK_EQ(prctl(57, 0, 0, 0, 0), 0);
	CHECK_EQ(io_flags(), 0);
	CHECK_EQ(setresuid(1000, 1000, 1000), 0);
	CHECK_ERR(prctl(57, 1, 0, 0, 0), EPERM);
	CHECK_ERR(prctl(58, 0, 0, 0, 0), EPERM);
}
