/*
 * include/ptrace.h - another task's memory, files and registers: who may have them.
 *
 * MODEL     See kernel/task/access.c, which implements this; the memory manager calls it from below.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_PTRACE_H
#define VELLUM_PTRACE_H

#include "include/types.h"

struct mm_struct;
struct task_struct;

/* What the caller is after, and whether it acts as file system user (/proc) or as real user (system calls). */
#define PTRACE_MODE_READ		0x01
#define PTRACE_MODE_ATTACH		0x02
#define PTRACE_MODE_FSCREDS		0x08
#define PTRACE_MODE_REALCREDS		0x10
#define PTRACE_MODE_READ_FSCREDS	(PTRACE_MODE_READ | PTRACE_MODE_FSCREDS)
#define PTRACE_MODE_READ_REALCREDS	(PTRACE_MODE_READ | PTRACE_MODE_REALCREDS)
#define PTRACE_MODE_ATTACH_FSCREDS	(PTRACE_MODE_ATTACH | PTRACE_MODE_FSCREDS)
#define PTRACE_MODE_ATTACH_REALCREDS	(PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)

/*
 * The address space of @t with a user held, for mmput(); NULL: it has none.
 * => ERR_PTR: -EACCES, -EINTR.  May sleep; takes @t's exec_update_lock
 */
struct mm_struct *mm_access(struct task_struct *t, unsigned mode);

#endif
