/*
 * kernel/syscall/dispatch.h - syscall user dispatch, for prctl(), fork and exec.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SYSCALL_DISPATCH_H
#define VELLUM_SYSCALL_DISPATCH_H

#include "include/types.h"

struct task_struct;

long set_syscall_dispatch(unsigned long mode, unsigned long offset, unsigned long len, u8 __user *selector);
/* @t's calls are the kernel's again: it is current, or nobody sees it yet. */
void clear_syscall_dispatch(struct task_struct *t);

#endif
