/*
 * asm/uaccess.h - reads and writes of one user word, inline.
 *
 * MODEL     SUM is set around the one instruction; a fault that no region serves leaves by the label
 *           `fault`.  task_size is far larger than any word, so one comparison checks the range.
 * COST      About 10 instructions.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_UACCESS_H
#define VELLUM_ASM_UACCESS_H

#include <asm/extable.h>

#define UACCESS_SUM	0x40000ul

#define __user_word_insn(outs, insn, ins) \
	__asm__ goto volatile( \
		"	csrs	sstatus, %[sum]\n" \
		"1:	" insn "\n" \
		"	csrc	sstatus, %[sum]\n" \
		EXTABLE("1b", "%l[fault]") \
		: outs : ins, [sum] "r"(UACCESS_SUM) : "memory" : fault)


/* 0 or -EFAULT; x is set only on success. */
#define arch_get_user(x, ptr) ({ \
	__label__ fault, out; \
	const __typeof__(*(ptr)) __user *_p = (ptr); \
	unsigned long _v; \
	int _rc = -EFAULT; \
	BUILD_ASSERT(sizeof(*_p) == 1 || sizeof(*_p) == 2 || sizeof(*_p) == 4 || sizeof(*_p) == 8); \
	if (unlikely((unsigned long)_p > task_size - sizeof(*_p))) \
		goto out; \
	switch (sizeof(*_p)) { \
	case 1: __user_word_insn([val] "=&r"(_v), "lb %[val], (%[addr])", [addr] "r"(_p)); break; \
	case 2: __user_word_insn([val] "=&r"(_v), "lh %[val], (%[addr])", [addr] "r"(_p)); break; \
	case 4: __user_word_insn([val] "=&r"(_v), "lw %[val], (%[addr])", [addr] "r"(_p)); break; \
	default: __user_word_insn([val] "=&r"(_v), "ld %[val], (%[addr])", [addr] "r"(_p)); break; \
	} \
	(x) = (__typeof__(*(ptr)))_v; \
	_rc = 0; \
	if (0) { \
fault:		__asm__ volatile("csrc sstatus, %0" :: "r"(UACCESS_SUM) : "memory"); \
	} \
out:	_rc; })

#define __put_user_insn(insn, v, p) \
	__asm__ goto volatile( \
		"	csrs	sstatus, %[sum]\n" \
		"1:	" insn "	%z[val], (%[addr])\n" \
		"	csrc	sstatus, %[sum]\n" \
		EXTABLE("1b", "%l[fault]") \
		:: [val] "rJ"(v), [addr] "r"(p), [sum] "r"(UACCESS_SUM) : "memory" : fault)

#define arch_put_user(x, ptr) ({ \
	__label__ fault, out; \
	__typeof__(*(ptr)) __user *_p = (ptr); \
	unsigned long _v = (unsigned long)(__typeof__(*(ptr)))(x); \
	int _rc = -EFAULT; \
	BUILD_ASSERT(sizeof(*_p) == 1 || sizeof(*_p) == 2 || sizeof(*_p) == 4 || sizeof(*_p) == 8); \
	if (unlikely((unsigned long)_p > task_size - sizeof(*_p))) \
		goto out; \
	switch (sizeof(*_p)) { \
	case 1: __put_user_insn("sb", _v, _p); break; \
	case 2: __put_user_insn("sh", _v, _p); break; \
	case 4: __put_user_insn("sw", _v, _p); break; \
	default: __put_user_insn("sd", _v, _p); break; \
	} \
	_rc = 0; \
	if (0) { \
fault:		__asm__ volatile("csrc sstatus, %0" :: "r"(UACCESS_SUM) : "memory"); \
	} \
out:	_rc; })

#endif
