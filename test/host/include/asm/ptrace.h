/*
 * test/host/include/asm/ptrace.h - the registers that a host test's fault needs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_ASM_PTRACE_H
#define HOST_ASM_PTRACE_H

#include "include/types.h"

struct pt_regs {
	unsigned long pc, sp;
	bool user;
	bool irqs_off, uaccess;
	long nr, args[6];
};

static inline bool user_mode(const struct pt_regs *r) { return r->user; }
static inline bool regs_irqs_disabled(const struct pt_regs *r) { return r->irqs_off; }
static inline bool regs_uaccess(const struct pt_regs *r) { return r->uaccess; }
static inline unsigned long instruction_pointer(const struct pt_regs *r) { return r->pc; }
static inline unsigned long user_stack_pointer(const struct pt_regs *r) { return r->sp; }
static inline long syscall_get_nr(const struct pt_regs *r) { return r->nr; }
static inline long syscall_get_arg(const struct pt_regs *r, unsigned n) { return r->args[n]; }
static inline void syscall_set_return(struct pt_regs *r, long v) { r->args[0] = v; }

#endif
