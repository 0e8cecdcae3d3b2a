/*
 * kernel/task/user.c - users who have tasks.
 *
 * MODEL     A hash table by uid.  A user is in it from the first cred with that real uid to the last reference;
 *           root always.
 * INVARIANTS
 *   U1  A user whose count is 0 is not in the table.
 * LOCKING   uidhash_lock for the table, interrupts off: a signal may be its sender's last trace.  It is not
 *           taken for a reference that is not the last one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/user.h"
#include "kernel/sync/spinlock.h"
#include "mm/slab/slab.h"

#define UID_HASH	64

struct user_struct root_user = { .count = ATOMIC_INIT(2), .processes = ATOMIC_INIT(1) };

static DEFINE_SPINLOCK(uidhash_lock, RANK_PID);
static struct user_struct *uid_hash[UID_HASH] = { &root_user };

static struct user_struct **uid_slot(uid_t uid) REQUIRES(uidhash_lock)
{
	struct user_struct **p = &uid_hash[uid % UID_HASH];

	while (*p && (*p)->uid != uid)
		p = &(*p)->next;
	return p;
}

struct user_struct *alloc_uid(uid_t uid)
{
	struct user_struct *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL), *u, **slot;
	unsigned long flags;

	if (!fresh)
		return NULL;
	fresh->uid = uid;
	spin_lock_irqsave(&uidhash_lock, flags);
	slot = uid_slot(uid);
	u = *slot;
	if (!u)
		u = *slot = fresh;
	get_uid(u);
	spin_unlock_irqrestore(&uidhash_lock, flags);
	if (u != fresh)
		kfree(fresh);
	return u;
}

void free_uid(struct user_struct *u)
{
	unsigned long flags;
	bool last;

	if (atomic_dec_not_one(&u->count))
		return;
	spin_lock_irqsave(&uidhash_lock, flags);
	last = atomic_dec_and_test(&u->count);
	if (last)
		*uid_slot(u->uid) = u->next;			/* U1 */
	spin_unlock_irqrestore(&uidhash_lock, flags);
	if (last)
		kfree(u);
}
