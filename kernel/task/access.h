/*
 * kernel/task/access.h - who may look into a task, and take what it has.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_ACCESS_H
#define VELLUM_TASK_ACCESS_H

#include "include/ptrace.h"
#include "kernel/task/task.h"

/* May the running task look into @t now?  What it then takes may be another program's: see lock_trace(). */
bool ptrace_may_access(struct task_struct *t, unsigned mode);

/*
 * If the running task may look into @t: hold @t's program as it is, until unlock_trace().
 * => 0 with @t's exec_update_lock held for reading; -EACCES, -EINTR without
 */
__must_check int lock_trace(struct task_struct *t, unsigned mode);
void unlock_trace(struct task_struct *t);
/* The same for two tasks at once, which may be one process or one task. */
__must_check int lock_trace_two(struct task_struct *a, struct task_struct *b, unsigned mode);
void unlock_trace_two(struct task_struct *a, struct task_struct *b);

#endif
