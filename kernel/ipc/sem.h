/*
 * kernel/ipc/sem.h - what tasks have to do with semaphores: SEM_UNDO.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_IPC_SEM_H
#define VELLUM_IPC_SEM_H

#include "include/uapi/sched.h"
#include "kernel/task/task.h"

/* A child shares the list of what is to be undone (CLONE_SYSVSEM), or has none.  0 or -ENOMEM */
__must_check int copy_semundo(unsigned long clone_flags, struct task_struct *child);
void exit_sem(struct task_struct *me);		/* the last task of the list undoes */

#endif
