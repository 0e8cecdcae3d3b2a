/*
 * asm/ptrace.h - the registers that a trap saved.
 *
 * MODEL     The first 32 words are laid out as Linux's user_regs_struct (pc, then x1..x31): signal
 *           frames and ptrace copy them whole.  At the top of the kernel stack lie the registers
 *           of user mode; a trap from the kernel pushes another set.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_PTRACE_H
#define VELLUM_ASM_PTRACE_H

#define SR_SIE		0x00000002
#define SR_SPIE		0x00000020
#define SR_SPP		0x00000100
#define SR_FS		0x00006000
#define SR_FS_OFF	0x00000000
#define SR_FS_INITIAL	0x00002000
#define SR_FS_CLEAN	0x00004000
#define SR_FS_DIRTY	0x00006000
#define SR_SUM		0x00040000
#define SR_UXL_64	0x200000000

#define EXC_INST_MISALIGNED	0
#define EXC_INST_ACCESS		1
#define EXC_INST_ILLEGAL	2
#define EXC_BREAKPOINT		3
#define EXC_LOAD_MISALIGNED	4
#define EXC_LOAD_ACCESS		5
#define EXC_STORE_MISALIGNED	6
#define EXC_STORE_ACCESS	7
#define EXC_SYSCALL		8
#define EXC_INST_PAGE_FAULT	12
#define EXC_LOAD_PAGE_FAULT	13
#define EXC_STORE_PAGE_FAULT	15
#define CAUSE_IRQ_FLAG		(1ul << 63)
#define IRQ_S_SOFT		1
#define IRQ_S_TIMER		5
#define IRQ_S_EXT		9

/* Byte offsets for assembly; thread.c asserts that they agree with the struct. */
#define PT_EPC		0
#define PT_RA		8
#define PT_SP		16
#define PT_GP		24
#define PT_TP		32
#define PT_T0		40
#define PT_T1		48
#define PT_T2		56
#define PT_S0		64
#define PT_S1		72
#define PT_A0		80
#define PT_A1		88
#define PT_A2		96
#define PT_A3		104
#define PT_A4		112
#define PT_A5		120
#define PT_A6		128
#define PT_A7		136
#define PT_S2		144
#define PT_S3		152
#define PT_S4		160
#define PT_S5		168
#define PT_S6		176
#define PT_S7		184
#define PT_S8		192
#define PT_S9		200
#define PT_S10		208
#define PT_S11		216
#define PT_T3		224
#define PT_T4		232
#define PT_T5		240
#define PT_T6		248
#define PT_STATUS	256
#define PT_BADADDR	264
#define PT_CAUSE	272
#define PT_ORIG_A0	280
#define PT_SIZE		288

/* task_base.work: reload s0..s11 too on the way out; entry.S clears it. */
#define WORK_ARCH_FULL	128

#define EMERGENCY_STACK	8192	/* of each hart: reports what overflowed the task's stack */

#ifndef __ASSEMBLY__
#include "include/types.h"

struct pt_regs {
	unsigned long epc;
	unsigned long ra, sp, gp, tp, t0, t1, t2, s0, s1;
	unsigned long a0, a1, a2, a3, a4, a5, a6, a7;
	unsigned long s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
	unsigned long t3, t4, t5, t6;
	unsigned long status, badaddr, cause;	/* badaddr: of exceptions other than system calls */
	unsigned long orig_a0;			/* a0 at a system call's entry, for its restart */
};

static __always_inline bool user_mode(const struct pt_regs *regs) { return !(regs->status & SR_SPP); }
static __always_inline bool regs_irqs_disabled(const struct pt_regs *regs) { return !(regs->status & SR_SPIE); }
/* Was kernel code allowed to touch user memory there? */
static __always_inline bool regs_uaccess(const struct pt_regs *regs) { return regs->status & SR_SUM; }
static inline unsigned long instruction_pointer(const struct pt_regs *regs) { return regs->epc; }
static inline unsigned long user_stack_pointer(const struct pt_regs *regs) { return regs->sp; }

/* System calls: epc is already past the ecall; in_syscall() is true until something ends it. */
static inline bool in_syscall(const struct pt_regs *regs) { return regs->cause == EXC_SYSCALL; }
static inline long syscall_get_nr(const struct pt_regs *regs) { return (int)regs->a7; }
static inline unsigned long syscall_get_arg(const struct pt_regs *regs, unsigned n)
{ return n ? (&regs->a0)[n] : regs->orig_a0; }
static inline long syscall_get_return(const struct pt_regs *regs) { return regs->a0; }
static inline void syscall_set_return(struct pt_regs *regs, long v) { regs->a0 = v; }
/* Make the return to user mode issue the same call again. */
static inline void syscall_restart(struct pt_regs *regs)
{ regs->a0 = regs->orig_a0; regs->epc -= 4; }
/* Nothing after this restarts it. */
static inline void syscall_forget(struct pt_regs *regs) { regs->cause = ~0ul; }

/* The table's entries for clone and clone3 (entry.S): the s registers go into pt_regs first. */
long arch_sys_clone(long a, long b, long c, long d, long e, long f);
long arch_sys_clone3(long a, long b, long c, long d, long e, long f);

/* Print the registers, as Linux does. */
void show_regs(const struct pt_regs *regs);
void show_regs_at(const char *level, const struct pt_regs *regs);	/* level: KERN_INFO, ... */

#endif
#endif
