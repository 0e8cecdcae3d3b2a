/*
 * include/syscall.h - how a system call is defined.
 *
 * MODEL     SYSCALL_DEFINE3(read, unsigned, fd, char __user *, buf, size_t, count) { ... }
 *           makes `long sys_read(long, ... six longs)`, which casts each register to the declared
 *           type: the upper bits of a 32-bit argument are never believed.  The table in
 *           kernel/syscall/table.c names it by number.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SYSCALL_H
#define VELLUM_SYSCALL_H

#include "include/types.h"

typedef long (*syscall_fn)(long, long, long, long, long, long);

#define SC_HEAD(name) \
	long sys_##name(long a, long b, long c, long d, long e, long f); \
	static __always_inline long __do_##name
#define SC_BODY(name, ...) \
	long sys_##name(__maybe_unused long a, __maybe_unused long b, __maybe_unused long c, \
			__maybe_unused long d, __maybe_unused long e, __maybe_unused long f) \
	{ return __do_##name(__VA_ARGS__); } \
	static __always_inline long __do_##name

#define SYSCALL_DEFINE0(name) \
	SC_HEAD(name)(void); SC_BODY(name)(void)
#define SYSCALL_DEFINE1(name, t1, a1) \
	SC_HEAD(name)(t1); SC_BODY(name, (t1)a)(t1 a1)
#define SYSCALL_DEFINE2(name, t1, a1, t2, a2) \
	SC_HEAD(name)(t1, t2); SC_BODY(name, (t1)a, (t2)b)(t1 a1, t2 a2)
#define SYSCALL_DEFINE3(name, t1, a1, t2, a2, t3, a3) \
	SC_HEAD(name)(t1, t2, t3); SC_BODY(name, (t1)a, (t2)b, (t3)c)(t1 a1, t2 a2, t3 a3)
#define SYSCALL_DEFINE4(name, t1, a1, t2, a2, t3, a3, t4, a4) \
	SC_HEAD(name)(t1, t2, t3, t4); \
	SC_BODY(name, (t1)a, (t2)b, (t3)c, (t4)d)(t1 a1, t2 a2, t3 a3, t4 a4)
#define SYSCALL_DEFINE5(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5) \
	SC_HEAD(name)(t1, t2, t3, t4, t5); \
	SC_BODY(name, (t1)a, (t2)b, (t3)c, (t4)d, (t5)e)(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5)
#define SYSCALL_DEFINE6(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6) \
	SC_HEAD(name)(t1, t2, t3, t4, t5, t6); \
	SC_BODY(name, (t1)a, (t2)b, (t3)c, (t4)d, (t5)e, (t6)f)(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6)

#endif
