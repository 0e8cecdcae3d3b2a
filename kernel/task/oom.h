/*
 * kernel/task/oom.h - the killer, its helper, and who is spared.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_OOM_H
#define VELLUM_TASK_OOM_H

#include "kernel/task/task.h"

#define OOM_SCORE_ADJ_MIN	(-1000)		/* never */
#define OOM_SCORE_ADJ_MAX	1000

/* Take the private pages of the victim's @mm if it does not let them go soon itself.  Takes over a count. */
void oom_reap_later(struct mm_struct *mm);
void oom_init(void);		/* start the reaper: kernel threads must work */

/* A thread of process @p that still has its address space, with task_lock() held; or NULL.  => tasklist_lock held */
struct task_struct *find_lock_task_mm(struct task_struct *p);
/* Has a thread of process @p the address space @mm?  => tasklist_lock held */
bool process_shares_mm(struct task_struct *p, const struct mm_struct *mm);

/* kernel/task/oom_adj.c: by /proc/PID/oom_score_adj, and by the older oom_adj.  0, -EACCES, -EINTR */
int set_oom_score_adj(struct task_struct *t, int adj);
int set_oom_adj(struct task_struct *t, int adj);
/* @p, which does not run yet, was made with clone() flags @flags. */
void copy_oom_score_adj(u64 flags, struct task_struct *p);

#endif
