/*
 * mm/space/mempolicy_calls.h - what the calls about NUMA policy share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_MEMPOLICY_CALLS_H
#define VELLUM_MM_SPACE_MEMPOLICY_CALLS_H

#include "mm/space/mempolicy.h"

extern spinlock_t mempolicy_lock;
/* The running task's policy is @pol from now on; takes over the reference. */
void set_task_policy(struct mempolicy *pol);
/* The node that an interleaving task's next page without a place comes from. */
int mpol_next_interleave(const struct mempolicy *pol);

/* A node mask of @maxnode - 1 bits from user space; a node beyond what there can be is -EINVAL. */
__must_check int get_nodes(nodemask_t *nodes, const unsigned long __user *mask, unsigned long maxnode);

#endif
