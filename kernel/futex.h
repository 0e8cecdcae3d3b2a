/*
 * kernel/futex.h - waiting in the kernel for a user-space word to change.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FUTEX_H
#define VELLUM_FUTEX_H

#include "include/types.h"

struct task_struct;

void futex_init(void);
/* Wake @nr waiters on @uaddr of the running task's mm (clear_child_tid: shared and private alike). */
int futex_wake_user(u32 __user *uaddr, int nr);
/* The running task leaves its mm (exit or exec): mark the robust locks it holds, wake their waiters. */
void exit_robust_list(struct task_struct *t);

#endif
