/*
 * mm/pt/init_mm.c - the kernel's own address space.
 *
 * MODEL     It has no regions and is never freed.  Its root holds the kernel's half, which every other
 *           root shares (asm/layout.h, Y1); kernel threads that borrow nobody's tables run in it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "include/mm_types.h"

struct mm_struct init_mm = {
	.pgd = swapper_root,
	.mm_users = ATOMIC_INIT(2),
	.mm_count = ATOMIC_INIT(2),	/* itself, and task 0's active_mm */
	.mmap_lock = {
		.waiters = WAIT_QUEUE_INIT(init_mm.mmap_lock.waiters),
		.rank = RANK_MMAP,
	},
	.mm_list = LIST_HEAD_INIT(init_mm.mm_list),
	.hart = { [NR_HARTS - 1] = { .pgtables = 0 } },	/* it is there before their number is known */
};
