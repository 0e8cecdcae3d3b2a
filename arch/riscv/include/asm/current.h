/*
 * asm/current.h - the running task: the register tp, whenever the hart is in the kernel.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_CURRENT_H
#define VELLUM_ASM_CURRENT_H

struct task_base;

register struct task_base *__current_tp __asm__("tp");

static __always_inline struct task_base *current_base(void) { return __current_tp; }

#endif
