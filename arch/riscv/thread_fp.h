/*
 * arch/riscv/thread_fp.h - floating point of the running task, for traps.  Theory: thread.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_THREAD_FP_H
#define VELLUM_ARCH_RISCV_THREAD_FP_H

#include <asm/thread.h>

/* Every hart has registers of double precision; without them floating point is an illegal instruction. */
static inline bool has_fpu(void) { return elf_hwcap & BIT('d' - 'a'); }

/* An illegal instruction with FS Off: give the task registers of zeros, and try again (true). */
bool fp_first_use(struct pt_regs *regs);

#endif
