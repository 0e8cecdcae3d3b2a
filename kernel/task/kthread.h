/*
 * kernel/task/kthread.h - kernel threads; kthread_run() is in task.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_KTHREAD_H
#define VELLUM_TASK_KTHREAD_H

#include "kernel/task/task.h"

/* The thread that makes the others: started once, as pid 2. */
void kthreadd(void *unused);

#endif
