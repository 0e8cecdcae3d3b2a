/*
 * test/user/t_dispatch.c - syscall user dispatch: which calls become SIGSYS, and what the handler is told.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
#define ON	1
#define OFF	0
#define ALLOW	0
#define BLOCK	1
#define FOREIGN	0xf000		/* no such call: the handler answers it */

static volatile char selector;
static volatile int calls, last_nr, last_code, last_errno;
static volatile unsigned last_arch;
static void *volatile last_addr;
static volatile long last_pc, last_a0;

static void on_sigsys(int sig, siginfo_t *si, void *c)
{
	ucontext_t *uc = c;

	selector = ALLOW;		/* the way back is a call, too */
	(void)sig;
	calls++;
	last_nr = si->si_syscall;
	last_code = si->si_code;
	last_errno = si->si_errno;
	last_arch = si->si_arch;
	last_addr = si->si_call_addr;
	last_pc = uc->uc_mcontext.__gregs[0];
	last_a0 = uc->uc_mcontext.__gregs[10];
	uc->uc_mcontext.__gregs[10] = 4711;
}

/* A call from one known place; nothing else happens between the two changes of the selector. */
extern char after_call[];
static __attribute__((noinline)) long blocked_call(long nr, long arg)
{
	register long a0 __asm__("a0") = arg;
	register long a7 __asm__("a7") = nr;

	selector = BLOCK;
	__asm__ volatile(".option push\n.option norvc\necall\n.globl after_call\nafter_call:\n.option pop"
			 : "+r"(a0) : "r"(a7) : "memory");
	selector = ALLOW;
	return a0;
}

static void handle_sigsys(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	CHECK_EQ(sigaction(SIGSYS, &sa, NULL), 0);
}

static int dispatch(int mode, unsigned long offset, unsigned long len, volatile char *sel)
{
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, mode, offset, len, sel);
}

TEST(arguments_are_checked)
{
	CHECK_ERR(dispatch(3, 0, 0, &selector), EINVAL);
	CHECK_ERR(dispatch(OFF, 1, 0, NULL), EINVAL);
	CHECK_ERR(dispatch(OFF, 0, 1, NULL), EINVAL);
	CHECK_ERR(dispatch(OFF, 0, 0, &selector), EINVAL);
	CHECK_ERR(dispatch(ON, 1, 0, &selector), EINVAL);
	CHECK_ERR(dispatch(ON, 1, -1ul, &selector), EINVAL);
	CHECK_ERR(dispatch(ON, 0, 1, (char *)-1l), EFAULT);
	CHECK_EQ(dispatch(ON, 0, -1ul, (char *)16), 0);		/* everything is let through */
	CHECK_EQ(dispatch(OFF, 0, 0, NULL), 0);
}

TEST(a_blocked_call_is_a_signal)
{
	handle_sigsys();
	CHECK_EQ(dispatch(ON, 0, 0, &selector), 0);
	CHECK_EQ(blocked_call(FOREIGN, 17), 4711);
	CHECK_EQ(calls, 1);
	CHECK_EQ(last_nr, FOREIGN);
	CHECK_EQ(last_code, 2);			/* SYS_USER_DISPATCH */
	CHECK_EQ(last_errno, 0);
	CHECK_EQ(last_arch, 0xc00000f3u);
	CHECK_EQ((long)last_addr, (long)after_call);
	CHECK_EQ(last_pc, (long)after_call);
	CHECK_EQ(last_a0, 17);
	CHECK_EQ(blocked_call(SYS_getpid, 0), 4711);	/* those that there are as well */
	CHECK_EQ(calls, 2);
	CHECK_EQ(last_nr, SYS_getpid);
	CHECK_EQ(getpid(), syscall(SYS_getpid));	/* let through */
	CHECK_EQ(syscall(FOREIGN), -1);
	CHECK_EQ(errno, ENOSYS);
	CHECK_EQ(dispatch(OFF, 0, 0, NULL), 0);
	CHECK_EQ(blocked_call(SYS_getpid, 0), getpid());
	CHECK_EQ(calls, 2);
}

TEST(calls_of_the_region_are_let_through)
{
	handle_sigsys();
	CHECK_EQ(dispatch(ON, (unsigned long)after_call & ~15ul, 32, &selector), 0);
	CHECK_EQ(blocked_call(SYS_getpid, 0), getpid());
	CHECK_EQ(calls, 0);
}

static void *in_thread(void *unused)
{
	(void)unused;
	return (void *)blocked_call(SYS_getpid, 0);
}

/* Neither a thread nor a child has it; both are made by calls that take the slow way. */
TEST(threads_and_children_begin_without)
{
	pthread_t t;
	void *pid;

	handle_sigsys();
	CHECK_EQ(dispatch(ON, 0, 0, &selector), 0);
	CHECK_EQ(pthread_create(&t, NULL, in_thread, NULL), 0);
	CHECK_EQ(pthread_join(t, &pid), 0);
	CHECK_EQ((long)pid, getpid());
	CHECK_EQ(CHILD_STATUS(_exit(blocked_call(SYS_getpid, 0) != getpid())), 0);
	CHECK_EQ(calls, 0);
	CHECK_EQ(blocked_call(SYS_getpid, 0), 4711);
}

TEST(selectors_that_make_no_sense_are_deadly)
{
	int st;

	handle_sigsys();
	st = CHILD_STATUS(dispatch(ON, 0, 0, &selector); selector = 2; syscall(SYS_getpid));
	CHECK_EQ(WIFSIGNALED(st) ? WTERMSIG(st) : 0, SIGSYS);
	st = CHILD_STATUS(dispatch(ON, 0, 0, (char *)16));
	CHECK_EQ(WIFSIGNALED(st) ? WTERMSIG(st) : 0, SIGSEGV);
}
