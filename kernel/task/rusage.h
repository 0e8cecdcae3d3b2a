/*
 * kernel/task/rusage.h - what a process has used.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_RUSAGE_H
#define VELLUM_TASK_RUSAGE_H

#include "include/uapi/resource.h"

#define RUSAGE_BOTH	(-2)		/* self and waited-for children: for wait4() */

struct task_struct;
/* => tasklist_lock, or @p's sighand->lock, held: either one keeps the list of threads */
void rusage_fill(struct task_struct *p, int who, struct rusage *ru);

#endif
