/*
 * kernel/sched/deadline.h - SCHED_DEADLINE, for the files of kernel/sched only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SCHED_DEADLINE_H
#define VELLUM_SCHED_DEADLINE_H

#include "kernel/sched/rq.h"

void dl_before_switch(struct task_struct *p);	/* current, about to give its hart away: interrupts off */
/* Of a task with the policy.  rq->lock held. */
bool dl_arrives(struct task_struct *p);		/* off its hart, it is to wait: does it stand in the list? */
bool dl_waits(const struct task_struct *p);	/* does it stand there? */
void dl_apply(struct task_struct *p, const struct sched_attr *attr);	/* admitted parameters */
void dl_get_params(const struct task_struct *p, struct sched_attr *attr);

bool dl_params_valid(const struct sched_attr *attr);
int dl_prepare(struct task_struct *p);		/* for dl_admit().  0 or -ENOMEM; may sleep */
/* Take from all harts what @attr asks for.  0, -EBUSY, -EPERM  => rq->lock held */
int dl_admit(struct task_struct *p, const struct sched_attr *attr);
void dl_leave(struct task_struct *p);		/* and give it back */
void dl_unthrottle(struct task_struct *p);	/* it gets another policy.  rq->lock held */

#endif
