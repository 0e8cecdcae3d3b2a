/*
 * test/host/fs/ext2/user.c - whose the running task is; by itself, for libc and the kernel both have a sigset_t.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/cred.h"
#include "kernel/task/task.h"

void run_as(uid_t fsuid);

void run_as(uid_t fsuid)
{
	static struct task_struct me;
	static struct cred cred;

	cred.fsuid = fsuid;
	me.cred = &cred;
	host_current = (struct task_base *)&me;
}
