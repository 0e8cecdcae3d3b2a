/*
 * kernel/sync/spinlock.c - waiting for one's ticket.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sync/spinlock.h"

/*
 * Wait until the ticket is served that was drawn from @word.
 * => pairs with the release store in spin_unlock()
 */
void spin_lock_contended(spinlock_t *l, u32 word)
{
	u16 ticket = word >> 16;

	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket)
		arch_cpu_relax();
}
