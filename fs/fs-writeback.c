/*
 * fs/fs-writeback.c - inodes that changed, and their way to the store.
 *
 * MODEL     mark_inode_dirty() notes what of an inode is to be written (I_DIRTY_*), and lists it in its super
 *           block's s_dirty.  A round takes the whole list and writes each: first pages, then attributes.
 *           Attributes are not written to the device but to where the file system writes from (the cache of the
 *           device, for ext2): s_op->write_inode(); who must have them on the device says sync.
 * INVARIANTS
 *   W1  For who holds s_wb_lock, an inode with a bit of I_DIRTY is in s_dirty or in the list of a round: so who
 *       finds his bit set need not list it.  The exception is one whose bits are just being taken.
 *   W2  A bit is cleared before what it stands for is looked at: a change in between sets it again.
 *   W3  One at a time (I_SYNC) takes an inode's bits and writes it: who finds them clear, and I_SYNC too, finds it
 *       written.
 *   W4  Who takes bits outside of a round has s_nr_syncing up before, until what they stood for is written.
 * LOCKING   s_wb_lock: lists (a late rank: pages become dirty under the locks of page tables).  s_wb_mutex: a
 *           round, so that who waits for all waits for what another round has taken.  s_umount, for reading,
 *           around a round.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/inode.h"
#include "include/uapi/errno.h"
#include "kernel/time/time.h"
#include "mm/cache/pagemap.h"

#define ALL_PAGES	(~0ul >> 1)
#define ROUND_MAX	1024u		/* inodes that are picked with the lock held */

/* ---- one inode ---------------------------------------------------------------------------------- */

void mark_inode_dirty(struct inode *inode, unsigned long flags)
{
	struct super_block *sb = inode->i_sb;

	if (!sb->s_op || !sb->s_op->write_inode)
		return;
	smp_mb();		/* the change before the look at the bits: pairs with write_inode_bits() */
	if ((READ_ONCE(inode->i_state) & flags) == flags)
		return;
	spin_lock(&sb->s_wb_lock);
	if (!(__atomic_fetch_or(&inode->i_state, flags, __ATOMIC_SEQ_CST) & I_DIRTY) &&
	    list_empty(&inode->i_wb_list)) {
		inode->i_dirtied_when = ktime_get();
		list_add_tail(&inode->i_wb_list, &sb->s_dirty);		/* W1 */
	}
	spin_unlock(&sb->s_wb_lock);
}

/* The rest of its pages is as old as those that were written. */
static void mark_rest_dirty(struct inode *inode, u64 since)
{
	mark_inode_dirty(inode, I_DIRTY_PAGES);
	spin_lock(&inode->i_sb->s_wb_lock);
	inode->i_dirtied_when = min(inode->i_dirtied_when, since);
	spin_unlock(&inode->i_sb->s_wb_lock);
}

/* Take it off the lists, and the bits @which; those that were set. */
static unsigned long take_bits(struct inode *inode, unsigned long which)
{
	struct super_block *sb = inode->i_sb;
	unsigned long had;

	spin_lock(&sb->s_wb_lock);
	list_del_init(&inode->i_wb_list);
	had = __atomic_fetch_and(&inode->i_state, ~which, __ATOMIC_SEQ_CST);	/* W2 */
	if (had & I_DIRTY & ~which)
		list_add_tail(&inode->i_wb_list, &sb->s_dirty);
	spin_unlock(&sb->s_wb_lock);
	return had & which;
}

static void begin_sync(struct inode *inode)
{
	atomic_inc(&inode->i_sb->s_nr_syncing);			/* W4 */
	while (__atomic_fetch_or(&inode->i_state, I_SYNC, __ATOMIC_SEQ_CST) & I_SYNC)	/* W3 */
		wait_on_inode(inode, I_SYNC);
}

static void end_sync(struct inode *inode)
{
	__atomic_fetch_and(&inode->i_state, ~I_SYNC, __ATOMIC_SEQ_CST);
	wake_inode(inode);
	atomic_dec(&inode->i_sb->s_nr_syncing);
}

static int write_attributes(struct inode *inode, unsigned long which, int sync)
{
	unsigned long had;
	int rc = 0;

	begin_sync(inode);
	had = take_bits(inode, which);
	if (had)
		rc = inode->i_sb->s_op->write_inode(inode, sync);
	end_sync(inode);
	return rc;
}

int sync_inode_metadata(struct inode *inode, int datasync)
{
	const unsigned long all = I_DIRTY_SYNC | I_DIRTY_DATASYNC;

	if (datasync && !(READ_ONCE(inode->i_state) & (I_DIRTY_DATASYNC | I_SYNC)))
		return 0;
	return write_attributes(inode, all, 0);
}

/* Up to @*nr pages, without waiting for them, and the attributes. */
static void write_inode_bits(struct inode *inode, long *nr)
{
	struct address_space *mapping = &inode->i_data;
	struct writeback_control wbc = {
		.nr_to_write = *nr, .range_start = 0, .range_end = INT64_MAX, .sync_mode = SYNC_NONE,
	};
	u64 since = READ_ONCE(inode->i_dirtied_when);

	(void)take_bits(inode, I_DIRTY_PAGES);
	if (mapping->a_ops && mapping->a_ops->writepages && xa_marked(&mapping->i_pages, XA_DIRTY))
		(void)!mapping->a_ops->writepages(mapping, &wbc);
	*nr = wbc.nr_to_write;
	(void)!write_attributes(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC, 0);
	if (xa_marked(&mapping->i_pages, XA_DIRTY))
		mark_rest_dirty(inode, since);
}

int write_inode_now(struct inode *inode)
{
	int rc, err;

	atomic_inc(&inode->i_sb->s_nr_syncing);			/* W4 */
	(void)take_bits(inode, I_DIRTY_PAGES);
	rc = filemap_fdatawrite_range(&inode->i_data, 0, INT64_MAX);
	filemap_fdatawait_keep_errors(&inode->i_data);
	err = write_attributes(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC, 0);
	atomic_dec(&inode->i_sb->s_nr_syncing);
	return rc ? rc : err;
}

/* ---- all of an instance -------------------------------------------------------------------------- */

/* The first of @round, counted, or NULL at its end. */
static struct inode *next_of_round(struct super_block *sb, struct list_head *round)
{
	struct inode *inode = NULL;

	spin_lock(&sb->s_wb_lock);
	while (!list_empty(round) && !inode) {
		struct inode *first = list_first_entry(round, struct inode, i_wb_list);

		inode = igrab(first);
		if (inode)
			list_move_tail(&first->i_wb_list, &sb->s_dirty);	/* until its bits are taken */
		else
			list_del_init(&first->i_wb_list);	/* being evicted: it was written, or need not be */
	}
	spin_unlock(&sb->s_wb_lock);
	return inode;
}

/* Those that are dirty since before @until, up to the first that is not: the oldest are in front. */
static void take_round(struct super_block *sb, u64 until, struct list_head *round)
{
	struct inode *inode, *next;

	spin_lock(&sb->s_wb_lock);
	if (until == UINT64_MAX) {
		list_splice_init(&sb->s_dirty, round);
	} else {
		unsigned nr = 0;

		list_for_each_entry_safe(inode, next, &sb->s_dirty, i_wb_list) {
			if (inode->i_dirtied_when >= until || nr++ == ROUND_MAX)
				break;
			list_move_tail(&inode->i_wb_list, round);
		}
	}
	spin_unlock(&sb->s_wb_lock);
}

/* What is dirty since before @until: how many inodes.  => s_umount held; @one: what is done to each */
static unsigned writeback_round(struct super_block *sb, u64 until, void (*one)(struct inode *inode, void *arg),
				void *arg)
{
	LIST_HEAD(round);
	struct inode *inode;
	unsigned nr = 0;

	mutex_lock_nested(&sb->s_wb_mutex);
	take_round(sb, until, &round);
	while ((inode = next_of_round(sb, &round))) {
		one(inode, arg);
		iput(inode);
		nr++;
		cond_resched();
	}
	mutex_unlock(&sb->s_wb_mutex);
	return nr;
}

struct some_pages { long each, done; };

static void write_some(struct inode *inode, void *arg)
{
	struct some_pages *p = arg;
	long left = p->each;

	write_inode_bits(inode, &left);
	p->done += p->each - left;
}

unsigned long writeback_filesystems(long nr, u64 until)
{
	struct some_pages p = { nr, 0 };

	for (struct super_block *sb = next_super(NULL); sb; sb = next_super(sb)) {
		if (list_empty(&sb->s_dirty) || !down_read_trylock(&sb->s_umount))
			continue;
		while (writeback_round(sb, until, write_some, &p) == ROUND_MAX && until != UINT64_MAX)
			;
		up_read(&sb->s_umount);
	}
	return p.done;
}

/* Errors stay in the inode for who has the file open to hear of. */
static void write_whole(struct inode *inode, __maybe_unused void *arg)
{
	long all = ALL_PAGES;

	write_inode_bits(inode, &all);
}

/*
 * What the round left, or somebody else had begun: pages that were dirty again while they were under way, inodes that
 * their last user is writing.  A change that was made before the look shows as a mark or a bit (W1, W3).
 */
static bool still_dirty(const struct inode *inode)
{
	return xa_marked(&inode->i_data.i_pages, XA_WRITEBACK) || xa_marked(&inode->i_data.i_pages, XA_DIRTY) ||
	       READ_ONCE(inode->i_state) & (I_DIRTY | I_SYNC);
}

/* May an inode be still_dirty()?  Asked after a round: whoever had taken something by then shows. */
static bool any_still_dirty(struct super_block *sb)
{
	return !list_empty(&sb->s_dirty) || atomic_read(&sb->s_nr_writeback) || atomic_read(&sb->s_nr_syncing);
}

/* Write every inode that has something to write, and wait for those that others write. */
static void wait_inodes(struct super_block *sb)
{
	struct inode *inode, *prev = NULL;

	spin_lock(&sb->s_inode_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		if (!still_dirty(inode) || !igrab(inode))
			continue;
		spin_unlock(&sb->s_inode_lock);
		iput(prev);
		prev = inode;
		(void)!write_inode_now(inode);
		cond_resched();
		spin_lock(&sb->s_inode_lock);		/* it is still listed: we hold it */
	}
	spin_unlock(&sb->s_inode_lock);
	iput(prev);
}

int __sync_filesystem(struct super_block *sb)
{
	if (sb->s_op->write_inode) {
		writeback_round(sb, UINT64_MAX, write_whole, NULL);
		if (any_still_dirty(sb))
			wait_inodes(sb);
	}
	return sb->s_op->sync_fs ? sb->s_op->sync_fs(sb, 1) : 0;
}

int sync_filesystem(struct super_block *sb)
{
	return sb->s_op && !(sb->s_flags & SB_RDONLY) ? __sync_filesystem(sb) : 0;
}

/* What is being shut down is waited for: it writes everything. */
void sync_filesystems(void)
{
	for (struct super_block *sb = next_super(NULL); sb; sb = next_super(sb)) {
		down_read(&sb->s_umount);
		if (atomic_read(&sb->s_count))
			(void)!sync_filesystem(sb);
		up_read(&sb->s_umount);
	}
}

/* The last first: it may lie in a file of one that is older. */
void readonly_filesystems(void)
{
	for (struct super_block *sb = prev_super(NULL); sb; sb = prev_super(sb)) {
		down_read(&sb->s_umount);
		if (atomic_read(&sb->s_count) && sb->s_op && sb->s_op->make_readonly && !(sb->s_flags & SB_RDONLY)) {
			sb->s_flags |= SB_RDONLY;
			smp_mb();		/* who comes now is refused; what was begun is written */
			(void)!sb->s_op->make_readonly(sb);
		}
		up_read(&sb->s_umount);
	}
}
