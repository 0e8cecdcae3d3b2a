/*
 * test/host/include/asm/current.h - the running task of a host test: a simulated task on a simulated hart.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_ASM_CURRENT_H
#define HOST_ASM_CURRENT_H

struct task_base;

extern __thread struct task_base *host_current;	/* set by host_run_on() */
struct task_base *host_default_task(void);

static inline struct task_base *current_base(void)
{
	return host_current ? host_current : host_default_task();
}

#endif
