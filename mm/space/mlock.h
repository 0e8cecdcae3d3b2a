/*
 * mm/space/mlock.h - pages that must stay.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_MLOCK_H
#define VELLUM_MM_SPACE_MLOCK_H

#include "include/mm_types.h"

/* May the running task lock anything at all? */
bool can_do_mlock(void);
/* Would @bytes more with @vm_flags stay within RLIMIT_MEMLOCK? */
bool mlock_future_ok(struct mm_struct *mm, unsigned long vm_flags, unsigned long bytes);

#endif
