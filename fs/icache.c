/*
 * fs/icache.c - inodes of file systems with a store, found by their number.
 *
 * MODEL     Two names of one file lead to one inode: iget_locked() finds it, or makes one that is I_NEW until
 *           its reader has filled it in.  It stays to be found until its eviction has ended, so that nobody reads
 *           from the store what is still to be written there: who finds it I_FREEING waits, and then reads anew.
 *
 *              iget_locked() --> I_NEW --unlock_new_inode()--> in use --last iput()--> I_FREEING --> gone
 *                                  `---iget_failed()--> I_BAD, not found any more
 * INVARIANTS
 *   H1  An inode is on its chain iff it can be found; two of one (super block, number) are never on it.
 *   H2  i_count of one on a chain goes to 0 only with inode_hash_lock held, and it is I_FREEING then.
 * LOCKING   inode_hash_lock.  Waiting is for i_state, on one of INODE_WAITQS queues.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/inode.h"
#include "include/uapi/errno.h"
#include "kernel/sync/wait.h"
#include "kernel/workqueue.h"
#include "lib/hash.h"

#define HASH_BITS	10
#define INODE_WAITQS	16

DEFINE_SPINLOCK(inode_hash_lock, RANK_FILES);
static struct hlist_head inode_hash[1 << HASH_BITS];
static wait_queue_head_t inode_waitqs[INODE_WAITQS];

static struct hlist_head *bucket(const struct super_block *sb, ino_t ino)
{
	return &inode_hash[hash_64((unsigned long)sb / 64 + ino * 31, HASH_BITS)];
}

static wait_queue_head_t *waitq(const struct inode *inode)
{
	return &inode_waitqs[(unsigned long)inode / 64 % INODE_WAITQS];
}

void wake_inode(struct inode *inode)
{
	smp_mb();	/* the bit before the look for sleepers: pairs with the queue's lock in wait_event() */
	wake_up_all(waitq(inode));
}

void wait_on_inode(struct inode *inode, unsigned long bits)
{
	wait_event(*waitq(inode), !(READ_ONCE(inode->i_state) & bits));
}

static struct inode *find(const struct super_block *sb, ino_t ino) REQUIRES(inode_hash_lock)
{
	struct inode *inode;

	hlist_for_each_entry(inode, bucket(sb, ino), i_hash)
		if (inode->i_sb == sb && inode->i_ino == ino)
			return inode;
	return NULL;
}

/* @inode is being evicted: sleep until it is gone.  => the lock is dropped */
static void wait_evicted(struct inode *inode) RELEASE(inode_hash_lock)
{
	wait_queue_head_t *q = waitq(inode);
	DEFINE_WAIT(wait);

	prepare_to_wait(q, &wait, TASK_UNINTERRUPTIBLE);	/* before the lock goes: the waker takes it first */
	spin_unlock(&inode_hash_lock);
	schedule();
	finish_wait(q, &wait);
}

/* The inode that is there, counted and read, or NULL; *bad: that did not work. */
static struct inode *find_read(struct super_block *sb, ino_t ino, bool *bad)
{
	struct inode *inode;

	*bad = false;
	for (;;) {
		spin_lock(&inode_hash_lock);
		inode = find(sb, ino);
		if (!inode) {
			spin_unlock(&inode_hash_lock);
			return NULL;
		}
		if (!(READ_ONCE(inode->i_state) & I_FREEING))
			break;
		wait_evicted(inode);
	}
	__iget(inode);					/* H2 */
	spin_unlock(&inode_hash_lock);
	wait_on_inode(inode, I_NEW);
	*bad = READ_ONCE(inode->i_state) & I_BAD;
	if (!*bad)
		return inode;
	iput(inode);
	return NULL;
}

int insert_inode_locked(struct inode *inode)
{
	struct inode *old;

	for (;;) {
		spin_lock(&inode_hash_lock);
		old = find(inode->i_sb, inode->i_ino);
		if (!old)
			break;
		if (!(READ_ONCE(old->i_state) & I_FREEING)) {
			spin_unlock(&inode_hash_lock);
			return -EEXIST;
		}
		wait_evicted(old);
	}
	__atomic_fetch_or(&inode->i_state, I_NEW, __ATOMIC_SEQ_CST);
	hlist_add_head(&inode->i_hash, bucket(inode->i_sb, inode->i_ino));	/* H1 */
	spin_unlock(&inode_hash_lock);
	return 0;
}

struct inode *iget_locked(struct super_block *sb, ino_t ino)
{
	for (;;) {
		bool bad;
		struct inode *inode = find_read(sb, ino, &bad);

		if (inode || bad)
			return inode;
		inode = new_inode(sb);
		if (!inode)
			return NULL;
		inode->i_ino = ino;
		if (!insert_inode_locked(inode))
			return inode;
		inode->i_nlink = 0;			/* never was one: nothing of it is to be written */
		__atomic_fetch_or(&inode->i_state, I_BAD, __ATOMIC_SEQ_CST);
		iput(inode);
	}
}

void unlock_new_inode(struct inode *inode)
{
	__atomic_fetch_and(&inode->i_state, ~I_NEW, __ATOMIC_SEQ_CST);
	wake_inode(inode);
}

void remove_inode_hash(struct inode *inode)
{
	spin_lock(&inode_hash_lock);
	if (!hlist_unhashed(&inode->i_hash))
		hlist_del_init(&inode->i_hash);
	spin_unlock(&inode_hash_lock);
}

void iget_failed(struct inode *inode)
{
	remove_inode_hash(inode);
	__atomic_fetch_or(&inode->i_state, I_BAD, __ATOMIC_SEQ_CST);
	unlock_new_inode(inode);
	iput(inode);
}

/* ---- dropping one from where it cannot be evicted ------------------------------------------------- */

static struct inode *put_list;			/* (A) */

static void put_listed(__maybe_unused struct work_struct *w)
{
	struct inode *inode = xchg(&put_list, NULL), *next;

	for (; inode; inode = next) {
		next = inode->i_put_next;
		iput(inode);
	}
}
static DECLARE_WORK(put_work, put_listed);

/* Whoever finds the count to be 1 has the only reference, so that no two put the same inode on the list. */
void iput_later(struct inode *inode)
{
	int c = inode ? atomic_read(&inode->i_count) : 0;

	while (c > 1)
		if (atomic_try_cmpxchg(&inode->i_count, &c, c - 1))
			return;
	if (!inode)
		return;
	inode->i_put_next = READ_ONCE(put_list);
	while (!__atomic_compare_exchange_n(&put_list, &inode->i_put_next, inode, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST))
		;
	queue_work(&put_work);
}

void __init inode_hash_init(void)
{
	for (unsigned i = 0; i < INODE_WAITQS; i++)
		init_waitqueue_head(&inode_waitqs[i]);
}
