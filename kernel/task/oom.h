/*
 * kernel/task/oom.h - the killer and its helper.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_OOM_H
#define VELLUM_TASK_OOM_H

struct mm_struct;

/* Take the private pages of the victim's @mm if it does not let them go soon itself.  Takes over a count. */
void oom_reap_later(struct mm_struct *mm);
void oom_init(void);		/* start the reaper: kernel threads must work */

#endif
