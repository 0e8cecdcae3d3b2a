/*
 * kernel/sched/ioprio.c - I/O priorities of tasks.
 *
 * MODEL     A class (3 bits) and a level; 0 is "none: as the nice value says".  They are kept, inherited and shown:
 *           what serves requests in order has no use for them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "kernel/sched/rq.h"
#include "kernel/task/cred.h"

#define IOPRIO_CLASS_SHIFT	13
enum { IOPRIO_CLASS_NONE, IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE };
#define IOPRIO_LEVEL(v)		((v) & 7)
enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_WHO_PGRP, IOPRIO_WHO_USER };

static int ioprio_check(int ioprio)
{
	switch (ioprio >> IOPRIO_CLASS_SHIFT & 7) {
	case IOPRIO_CLASS_RT:
		return capable(CAP_SYS_ADMIN) || capable(CAP_SYS_NICE) ? 0 : -EPERM;
	case IOPRIO_CLASS_BE:
	case IOPRIO_CLASS_IDLE:
		return 0;
	case IOPRIO_CLASS_NONE:
		return IOPRIO_LEVEL(ioprio) ? -EINVAL : 0;
	}
	return -EINVAL;
}

static int set_one(struct task_struct *p, int ioprio, int error)
{
	if (p->cred->uid != current_euid() && p->cred->uid != current_uid() && !capable(CAP_SYS_NICE))
		return -EPERM;
	p->ioprio = ioprio;
	return error == -ESRCH ? 0 : error;
}

SYSCALL_DEFINE3(ioprio_set, int, which, int, who, int, ioprio)
{
	int rc = ioprio_check(ioprio);

	if (rc)
		return rc;
	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	return for_each_prio_target(which - IOPRIO_WHO_PROCESS, who, set_one, ioprio, -ESRCH);
}

/* Of several, the one that is served first: the lowest number of those that say something. */
static int best_of(struct task_struct *p, __maybe_unused int arg, int best)
{
	int v = p->ioprio;

	if (best == -ESRCH || !best)
		return v;
	return v && v < best ? v : best;
}

SYSCALL_DEFINE2(ioprio_get, int, which, int, who)
{
	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	return for_each_prio_target(which - IOPRIO_WHO_PROCESS, who, best_of, 0, -ESRCH);
}
