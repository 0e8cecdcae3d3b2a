/*
 * arch/riscv/signal.h - signal frames on the user stack, in Linux's riscv64 layout.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_SIGNAL_H
#define VELLUM_ARCH_RISCV_SIGNAL_H

#include "include/types.h"
#include "include/uapi/signal.h"

struct ksignal;
struct pt_regs;

/*
 * Push a frame for @ks that returns to @regs with mask @oldset, and point @regs at the handler.
 * 0, or -EFAULT when the stack cannot take it.
 */
int arch_setup_rt_frame(int sig, struct ksignal *ks, const sigset_t *oldset, struct pt_regs *regs);

#endif
