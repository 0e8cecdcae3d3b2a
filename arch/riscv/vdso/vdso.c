/*
 * arch/riscv/vdso/vdso.c - system calls that need no system: code that runs in user mode.
 *
 * MODEL     A small shared object, mapped into every process behind pages of data (vdso.h).  It calls
 *           nothing outside and has no writable data.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/vdso/vdso.h"

#define NSEC_PER_SEC	1000000000ul
#define EINVAL		22
#define NR_clock_gettime 113
#define NR_clock_getres	114
#define NR_getcpu	168
#define NR_gettimeofday	169
#define NR_hwprobe	258
#define NR_flush_icache	259

enum { REALTIME, MONOTONIC, PROCESS_CPU, THREAD_CPU, MONOTONIC_RAW, REALTIME_COARSE,
       MONOTONIC_COARSE, BOOTTIME, TAI = 11 };

struct timespec { long tv_sec, tv_nsec; };
struct timeval { long tv_sec, tv_usec; };
struct timezone { int tz_minuteswest, tz_dsttime; };

extern const struct vvar __vvar __attribute__((visibility("hidden")));

static long syscall5(long nr, long x0, long x1, long x2, long x3, long x4)
{
	register long a0 __asm__("a0") = x0;
	register long a1 __asm__("a1") = x1;
	register long a2 __asm__("a2") = x2;
	register long a3 __asm__("a3") = x3;
	register long a4 __asm__("a4") = x4;
	register long a7 __asm__("a7") = nr;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7) : "memory");
	return a0;
}

/* ns since boot; *offset gets what makes it real time. */
static unsigned long read_clock(const volatile struct vvar *v, long *offset, unsigned long *tick)
{
	unsigned long now, ns;
	unsigned seq;

	do {
		while ((seq = v->seq) & 1)
			;
		__asm__ volatile("fence r, r" ::: "memory");
		__asm__ volatile("rdtime %0" : "=r"(now) :: "memory");
		ns = (unsigned __int128)(now - v->base_ticks) * v->mult >> 32;
		*offset = v->real_offset;
		*tick = v->tick_ns;
		__asm__ volatile("fence r, r" ::: "memory");
	} while (v->seq != seq);
	return ns;
}

int __vdso_clock_gettime(int clock, struct timespec *ts)
{
	unsigned long ns, tick;
	long offset;

	if ((unsigned)clock > TAI || clock == PROCESS_CPU || clock == THREAD_CPU ||
	    (clock > BOOTTIME && clock < TAI))
		return syscall5(NR_clock_gettime, clock, (long)ts, 0, 0, 0);
	ns = read_clock(&__vvar, &offset, &tick);
	if (clock == REALTIME_COARSE || clock == MONOTONIC_COARSE)
		ns -= ns % tick;
	if (clock == REALTIME || clock == REALTIME_COARSE || clock == TAI)
		ns += offset;
	ts->tv_sec = ns / NSEC_PER_SEC;
	ts->tv_nsec = ns % NSEC_PER_SEC;
	return 0;
}

int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz)
{
	struct timespec ts;

	if (tz)
		return syscall5(NR_gettimeofday, (long)tv, (long)tz, 0, 0, 0);
	if (!tv)
		return 0;
	__vdso_clock_gettime(REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

int __vdso_clock_getres(int clock, struct timespec *res)
{
	return syscall5(NR_clock_getres, clock, (long)res, 0, 0, 0);
}

int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	return syscall5(NR_getcpu, (long)cpu, (long)node, (long)unused, 0, 0);
}

int __vdso_flush_icache(void *start, void *end, unsigned long flags)
{
	return syscall5(NR_flush_icache, (long)start, (long)end, flags, 0, 0);
}

struct riscv_hwprobe { long key; unsigned long value; };

/* Has the kernel said already what these keys are of all harts?  Those that nobody knows count as said. */
static int keys_known(const struct riscv_hwprobe *pairs, unsigned long count, unsigned long known)
{
	for (unsigned long i = 0; i < count; i++) {
		unsigned long key = pairs[i].key;

		if (key < NR_HWPROBE_KEYS && !(known >> key & 1))
			return 0;
	}
	return 1;
}

static void fill_in(struct riscv_hwprobe *p, const volatile struct vvar *v)
{
	if ((unsigned long)p->key < NR_HWPROBE_KEYS) {
		p->value = v->hwprobe[p->key];
	} else {
		p->key = -1;
		p->value = 0;
	}
}

int __vdso_riscv_hwprobe(struct riscv_hwprobe *pairs, unsigned long count, unsigned long nr_cpus, void *cpus,
			 unsigned flags)
{
	const volatile struct vvar *v = &__vvar;

	if (!flags && !nr_cpus && !cpus && keys_known(pairs, count, v->hwprobe_known)) {
		__asm__ volatile("fence r, r" ::: "memory");	/* pairs with vdso_note_hwprobe() */
		for (unsigned long i = 0; i < count; i++)
			fill_in(&pairs[i], v);
		return 0;
	}
	return syscall5(NR_hwprobe, (long)pairs, count, nr_cpus, (long)cpus, flags);
}
