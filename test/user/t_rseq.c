/*
 * test/user/t_rseq.c - restartable sequences: registration, numbers, what disturbs a section, what is malformed.
 *
 * MODEL     Some C libraries have registered an area for each thread; a test takes it back and registers one of
 *           its own, whose words it then sees change.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#define SIG		0xf1401073u
#define UNREGISTER	1
#define MEMBARRIER_PRIVATE_RSEQ		(1 << 7)
#define MEMBARRIER_REGISTER_RSEQ	(1 << 8)

struct area {
	volatile uint32_t cpu_id_start, cpu_id;
	volatile uint64_t cs;
	volatile uint32_t flags, node_id, mm_cid, pad;
} __attribute__((aligned(32)));

struct section {
	uint32_t version, flags;
	uint64_t start, len, abort;
} __attribute__((aligned(32)));

static __thread struct area mine;

static long sys_rseq(void *area, unsigned len, int flags, unsigned sig)
{
	return syscall(SYS_rseq, area, len, flags, sig);
}

/* Take the C library's area of this thread away, if there is one. */
static void no_area(void)
{
	if (__rseq_size)
		CHECK_EQ(sys_rseq((char *)__builtin_thread_pointer() + __rseq_offset, 32, UNREGISTER, SIG), 0);
	else if (sys_rseq(NULL, 32, UNREGISTER, SIG) && errno == ENOSYS)
		test_skip("no rseq");
}

static void own_area(void)
{
	no_area();
	CHECK_EQ(sys_rseq(&mine, 32, 0, SIG), 0);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
}

TEST(registration_is_checked)
{
	static struct { struct area a[3]; } room;
	struct area *a = &room.a[0];

	own_area();
	CHECK_ERR(sys_rseq(&mine, 32, 0, SIG), EBUSY);
	CHECK_ERR(sys_rseq(&mine, 32, 0, SIG + 1), EPERM);
	CHECK_ERR(sys_rseq(a, 32, 0, SIG), EINVAL);
	CHECK_ERR(sys_rseq(&mine, 64, 0, SIG), EINVAL);
	CHECK_ERR(sys_rseq(a, 32, UNREGISTER, SIG), EINVAL);
	CHECK_ERR(sys_rseq(&mine, 64, UNREGISTER, SIG), EINVAL);
	CHECK_ERR(sys_rseq(&mine, 32, UNREGISTER, SIG + 1), EPERM);
	CHECK_ERR(sys_rseq(&mine, 32, UNREGISTER | 2, SIG), EINVAL);
	CHECK_EQ(sys_rseq(&mine, 32, UNREGISTER, SIG), 0);
	CHECK_EQ(mine.cpu_id, -1u);
	CHECK_EQ(mine.cpu_id_start, 0);
	CHECK_ERR(sys_rseq(&mine, 32, UNREGISTER, SIG), EINVAL);
	CHECK_ERR(sys_rseq(NULL, 32, UNREGISTER, SIG), EINVAL);
	CHECK_ERR(sys_rseq(a, 31, 0, SIG), EINVAL);
	CHECK_ERR(sys_rseq((char *)a + 8, 32, 0, SIG), EINVAL);
	CHECK_ERR(sys_rseq((char *)a + 8, 64, 0, SIG), EINVAL);
	CHECK_ERR(sys_rseq(a, 32, 2, SIG), EINVAL);
	CHECK_ERR(sys_rseq((void *)(~0ul << 12), 32, 0, SIG), EFAULT);
	CHECK_EQ(sys_rseq(a, 64, 0, SIG), 0);
	CHECK(a->cpu_id < 64 && a->cpu_id == a->cpu_id_start);
	CHECK_EQ(sys_rseq(a, 64, UNREGISTER, SIG), 0);
}

TEST(rseq_is_announced)
{
	CHECK_EQ(getauxval(27), 28);	/* AT_RSEQ_FEATURE_SIZE */
	CHECK_EQ(getauxval(28), 32);	/* AT_RSEQ_ALIGN */
}

TEST(the_area_says_where_the_thread_runs)
{
	cpu_set_t old;
	unsigned cpu, node;

	own_area();
	CHECK_EQ(sched_getaffinity(0, sizeof(old), &old), 0);
	for (int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &old))
			continue;
		pin(c);
		CHECK_EQ(mine.cpu_id, c);
		CHECK_EQ(mine.cpu_id_start, c);
		CHECK_EQ(syscall(SYS_getcpu, &cpu, &node, NULL), 0);
		CHECK_EQ(cpu, c);
		CHECK_EQ(mine.node_id, node);
		CHECK_EQ(mine.mm_cid, 0);		/* alone */
	}
}

/* ---- sections -------------------------------------------------------------------------------- */

/* A section that goes round until it is disturbed: returns by its abort handler. */
extern char spin_start[], spin_end[], spin_abort[];
int spin(volatile uint64_t *cs, struct section *s, volatile int *in);
__asm__(".pushsection .text\n"
	".globl spin\nspin:\n"
	"	sd	a1, 0(a0)\n"
	"	.globl spin_start\nspin_start:\n"
	"1:	li	t0, 1\n"
	"	sw	t0, 0(a2)\n"
	"	j	1b\n"
	"	.globl spin_end\nspin_end:\n"
	"	.balign 4\n"
	"	.word	0xf1401073\n"
	"	.globl spin_abort\nspin_abort:\n"
	"	li	a0, 42\n"
	"	ret\n"
	".popsection\n");

static struct section spinning(void)
{
	return (struct section){ 0, 0, (uint64_t)spin_start, spin_end - spin_start, (uint64_t)spin_abort };
}

/* A busy neighbour on the hart. */
static pid_t neighbour(void)
{
	pid_t p = fork();

	CHECK(p >= 0);
	while (!p)
		;
	return p;
}

static volatile int entered;

TEST(preemption_begins_the_section_anew)
{
	struct section s = spinning();
	pid_t p;

	pin(sched_getcpu());
	p = neighbour();
	own_area();
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(spin(&mine.cs, &s, &entered), 42);
		CHECK_EQ(mine.cs, 0);
	}
	kill(p, SIGKILL);
}

static volatile uint64_t signal_pc, signal_cs;
static void note_pc(int sig, siginfo_t *si, void *c)
{
	(void)sig, (void)si;
	signal_pc = ((ucontext_t *)c)->uc_mcontext.__gregs[0];
	signal_cs = mine.cs;
}

/* Again and again: on a slow machine the first may come before the section is entered. */
static void alarm_each_ms(void)
{
	struct sigaction sa = { .sa_sigaction = note_pc, .sa_flags = SA_SIGINFO };
	struct itimerval iv = { .it_value.tv_usec = 1000, .it_interval.tv_usec = 1000 };

	CHECK_EQ(sigaction(SIGALRM, &sa, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &iv, NULL), 0);
}

TEST(a_signal_is_taken_at_the_abort_handler)
{
	struct section s = spinning();

	own_area();
	alarm_each_ms();
	CHECK_EQ(spin(&mine.cs, &s, &entered), 42);
	while (!signal_pc)
		;
	CHECK(signal_pc == (uint64_t)spin_abort || signal_pc < s.start || signal_pc >= s.start + s.len);
	CHECK_EQ(signal_cs, 0);
}

/* One that the thread is not in is forgotten, and disturbs nobody. */
TEST(a_section_that_was_left_is_forgotten)
{
	struct section s = spinning();

	own_area();
	mine.cs = (uint64_t)&s;
	raise(SIGCHLD);
	alarm_each_ms();
	while (!signal_pc)
		;
	CHECK_EQ(mine.cs, 0);
}

static void run_malformed(struct section s, uint32_t flags)
{
	int st = CHILD_STATUS(own_area(); mine.flags = flags; alarm_each_ms(); spin(&mine.cs, &s, &entered));

	CHECK(WIFSIGNALED(st));
	CHECK_EQ(WTERMSIG(st), SIGSEGV);
}

TEST(what_makes_no_sense_is_a_fault)
{
	struct section good = spinning(), s;

	run_malformed(good, 1);
	s = good; s.version = 1; run_malformed(s, 0);
	s = good; s.flags = 1; run_malformed(s, 0);
	s = good; s.flags = 1 << 5; run_malformed(s, 0);
	s = good; s.abort += 2; run_malformed(s, 0);		/* no signature before it */
	s = good; s.abort = s.start; run_malformed(s, 0);	/* inside */
	s = good; s.abort = ~0ul << 12; run_malformed(s, 0);
	s = good; s.len = ~0ul; run_malformed(s, 0);
	CHECK_EQ(WTERMSIG(CHILD_STATUS(own_area(); alarm_each_ms();
				       spin(&mine.cs, (struct section *)16, &entered))), SIGSEGV);
}

TEST(fork_keeps_the_area_exec_and_threads_do_not)
{
	own_area();
	CHECK_EQ(WEXITSTATUS(CHILD_STATUS(
		if (mine.cpu_id >= 64)
			_exit(1);
		_exit(sys_rseq(&mine, 32, UNREGISTER, SIG) ? 2 : 0))), 0);
	CHECK(mine.cpu_id < 64);
	pid_t p = vfork();
	if (!p)
		_exit(sys_rseq(&mine, 32, UNREGISTER, SIG) != -1 || errno != EINVAL);
	int st;
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK_EQ(st, 0);
}

/* ---- many threads ---------------------------------------------------------------------------- */

#define ROUNDS 20000
#define MOST 16

static struct { volatile long n; char pad[56]; } counters[64];

/* Add one to the counter that @index, a word of the area, names: false when disturbed. */
static bool add_one(volatile uint32_t *index)
{
	__asm__ goto volatile(
		".pushsection .data.rseq_section, \"aw\"\n"
		"	.balign 32\n"
		"3:	.word	0, 0\n"
		"	.quad	1f, 2f - 1f, 4f\n"
		".popsection\n"
		"	la	t0, 3b\n"
		"	sd	t0, 0(%[cs])\n"
		"1:	lwu	t1, 0(%[index])\n"
		"	slli	t1, t1, 6\n"
		"	add	t1, t1, %[base]\n"
		"	ld	t0, 0(t1)\n"
		"	addi	t0, t0, 1\n"
		"	sd	t0, 0(t1)\n"
		"2:	j	5f\n"
		"	.balign	4\n"
		"	.word	0xf1401073\n"
		"4:	j	%l[abort]\n"
		"5:\n"
		:: [cs] "r"(&mine.cs), [index] "r"(index), [base] "r"(counters) : "t0", "t1", "memory" : abort);
	return true;
abort:
	return false;
}

static int by_cid, nr_cpus;
static volatile unsigned most_cid;

static void *adder(void *unused)
{
	own_area();
	for (int i = 0; i < ROUNDS; i++) {
		while (!add_one(by_cid ? &mine.mm_cid : &mine.cpu_id))
			;
		if (mine.mm_cid > most_cid)
			most_cid = mine.mm_cid;
		if (i % 1000 == 999)
			sched_yield();
	}
	return unused;
}

static void check_sum(int threads)
{
	pthread_t t[MOST];
	long sum = 0;

	memset(counters, 0, sizeof(counters));
	for (int i = 0; i < threads; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, adder, NULL), 0);
	for (int i = 0; i < threads; i++)
		CHECK_EQ(pthread_join(t[i], NULL), 0);
	for (int i = 0; i < 64; i++)
		sum += counters[i].n;
	if (sum != (long)threads * ROUNDS)
		test_fail(__FILE__, __LINE__, "%ld of %ld, %d threads, by %s", sum, (long)threads * ROUNDS, threads,
			  by_cid ? "id" : "hart");
	CHECK(most_cid < (unsigned)nr_cpus);
}

TEST(counters_of_harts_and_of_ids_lose_nothing)
{
	nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	for (by_cid = 0; by_cid < 2; by_cid++) {
		check_sum(2);
		check_sum(nr_cpus < MOST - 1 ? nr_cpus + 1 : MOST);
		check_sum(MOST);
	}
}

static void *spinner(void *s)
{
	own_area();
	return (void *)(long)spin(&mine.cs, s, &entered);
}

TEST(membarrier_restarts_sections_elsewhere)
{
	struct section s = spinning();
	cpu_set_t set;
	pthread_t t;
	void *rc;

	CHECK_ERR(syscall(SYS_membarrier, MEMBARRIER_PRIVATE_RSEQ, 0, 0), EPERM);
	CHECK_ERR(syscall(SYS_membarrier, MEMBARRIER_PRIVATE_RSEQ, 2, 0), EINVAL);
	CHECK_ERR(syscall(SYS_membarrier, MEMBARRIER_REGISTER_RSEQ, 1, 0), EINVAL);
	CHECK((syscall(SYS_membarrier, 0, 0, 0) & (MEMBARRIER_PRIVATE_RSEQ | MEMBARRIER_REGISTER_RSEQ)) ==
	      (MEMBARRIER_PRIVATE_RSEQ | MEMBARRIER_REGISTER_RSEQ));
	CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_REGISTER_RSEQ, 0, 0), 0);
	CHECK_EQ(syscall(SYS_membarrier, 1 << 9, 0, 0) & MEMBARRIER_REGISTER_RSEQ, MEMBARRIER_REGISTER_RSEQ);
	CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_PRIVATE_RSEQ, 1, 60), 0);
	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) < 2)
		return;
	CHECK_EQ(pthread_create(&t, NULL, spinner, &s), 0);
	while (!entered)
		;
	CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_PRIVATE_RSEQ, 0, 0), 0);
	CHECK_EQ(pthread_join(t, &rc), 0);
	CHECK_EQ((long)rc, 42);
}
