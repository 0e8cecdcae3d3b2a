/*
 * kernel/ktest_hook.h - where the kernel's own tests and benchmarks are called from: process 1, before
 * init runs, with everything up.  Weak: the release build has no ktest_main().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_KTEST_HOOK_H
#define VELLUM_KTEST_HOOK_H

#include "include/types.h"

/* Boot parameter `ktest`: run all tests and power off. */
void ktest_main(void) __weak;
/* Boot parameter `kbench`: print one line "kbench: ROW FIGURE" each, then go on to init. */
void kbench_main(void);

/*
 * A test that overflows a stack on purpose sets it: true says that the running thread, which holds nothing,
 * shall end and the machine go on.  Called on the hart's emergency stack, interrupts off.
 */
struct pt_regs;
extern bool (*stack_overflow_hook)(const struct pt_regs *regs);

#endif
