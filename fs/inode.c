/*
 * fs/inode.c - inodes: making and dropping them; link counts and times.
 *
 * MODEL     An inode lives as long as dentries and open files refer to it.  File systems whose names
 *           live in the dentry cache need no look-up of inodes by number; the others: fs/icache.c.
 * INVARIANTS
 *   I1  i_count is the number of dentries (i_dentry) and of other holders.
 *   I2  At i_count 0 nobody can find it: its pages and its memory go.
 * LOCKING   i_rwsem: names of a directory, i_size.  i_lock: i_blocks, i_flock.  sb->s_inode_lock: i_sb_list.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/inode.h"
#include "fs/leases.h"
#include "block/blk.h"
#include "fs/chrdev.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/pipe.h"
#include "kernel/task/cred.h"
#include "kernel/time/time.h"
#include "lib/string.h"
#include "mm/cache/pagemap.h"
#include "mm/slab/slab.h"

atomic_t nr_inodes_total;
static struct kmem_cache *inode_cache;

static const struct inode_operations empty_iops;
static int no_open(struct inode *inode, struct file *file);
static const struct file_operations no_open_fops = { .open = no_open };

static int no_open(__maybe_unused struct inode *inode, __maybe_unused struct file *file)
{
	return -ENXIO;
}

ino_t get_next_ino(void)
{
	static atomic_long_t last;

	return atomic_long_inc_return(&last);
}

struct timespec64 current_time(void)
{
	struct timespec64 now;

	ktime_get_coarse_real_ts64(&now);
	return now;
}

static struct inode *alloc_inode(struct super_block *sb)
{
	if (sb->s_op && sb->s_op->alloc_inode)
		return sb->s_op->alloc_inode(sb);
	return kmem_cache_zalloc(inode_cache, GFP_KERNEL);
}

static void free_inode(struct inode *inode)
{
	if (inode->i_sb->s_op && inode->i_sb->s_op->free_inode)
		inode->i_sb->s_op->free_inode(inode);
	else
		kmem_cache_free(inode_cache, inode);
}

struct inode *new_inode(struct super_block *sb)
{
	struct inode *inode = alloc_inode(sb);

	if (!inode)
		return NULL;
	atomic_set(&inode->i_count, 1);
	inode->i_sb = sb;
	inode->i_nlink = 1;
	inode->i_sequence = 0;
	inode->i_ino = get_next_ino();
	inode->i_op = &empty_iops;
	inode->i_fop = &no_open_fops;
	inode->i_mapping = &inode->i_data;
	inode->i_atime = inode->i_mtime = inode->i_ctime = inode->i_btime = current_time();
	address_space_init(&inode->i_data, inode, NULL);
	init_rwsem(&inode->i_rwsem, RANK_VFS);
	spin_lock_init(&inode->i_lock, RANK_FILES);
	INIT_LIST_HEAD(&inode->i_dentry);
	INIT_LIST_HEAD(&inode->i_flock);
	inode->i_leases = NULL;
	atomic_set(&inode->i_readcount, 0);
	inode->i_state = 0;
	INIT_HLIST_NODE(&inode->i_hash);
	INIT_LIST_HEAD(&inode->i_wb_list);
	spin_lock(&sb->s_inode_lock);
	list_add(&inode->i_sb_list, &sb->s_inodes);
	spin_unlock(&sb->s_inode_lock);
	atomic_inc(&nr_inodes_total);
	return inode;
}

static void evict(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	if (sb->s_op && sb->s_op->evict_inode)
		sb->s_op->evict_inode(inode);
	else if (inode->i_data.nrpages)
		truncate_inode_pages_final(&inode->i_data);
	if (!hlist_unhashed(&inode->i_hash)) {
		remove_inode_hash(inode);
		wake_inode(inode);		/* who wants the same number reads it anew */
	}
	if (!list_empty(&inode->i_wb_list)) {
		spin_lock(&sb->s_wb_lock);
		list_del_init(&inode->i_wb_list);
		spin_unlock(&sb->s_wb_lock);
	}
	spin_lock(&sb->s_inode_lock);
	list_del(&inode->i_sb_list);
	spin_unlock(&sb->s_inode_lock);
	atomic_dec(&nr_inodes_total);
	if (unlikely(inode->i_leases))
		leases_free(inode);
	free_inode(inode);
}

/* May it be dropped without being written? */
static bool needs_writing(const struct inode *inode)
{
	return READ_ONCE(inode->i_state) & I_DIRTY && inode->i_nlink && !(inode->i_state & I_BAD);
}

/* The last reference of one that is found by number, as it seems: whether it was. */
static bool put_hashed(struct inode *inode)
{
	bool last;

	spin_lock(&inode_hash_lock);
	if (needs_writing(inode) && atomic_read(&inode->i_count) == 1) {
		spin_unlock(&inode_hash_lock);
		return false;				/* it was found, changed and dropped meanwhile */
	}
	last = atomic_dec_and_test(&inode->i_count);
	if (last)
		__atomic_fetch_or(&inode->i_state, I_FREEING, __ATOMIC_SEQ_CST);	/* H2 */
	spin_unlock(&inode_hash_lock);
	if (last)
		evict(inode);
	return true;
}

/* What it has to write is written while it can still be found: sync(2) waits for it. */
static __noinline void iput_hashed(struct inode *inode)
{
	do {
		if (needs_writing(inode))
			(void)!write_inode_now(inode);
	} while (!put_hashed(inode));
}

void iput(struct inode *inode)
{
	int c;

	if (!inode)
		return;
	c = atomic_read(&inode->i_count);
	while (c > 1)
		if (atomic_try_cmpxchg(&inode->i_count, &c, c - 1))
			return;
	if (!hlist_unhashed(&inode->i_hash))
		iput_hashed(inode);
	else if (atomic_dec_and_test(&inode->i_count))	/* I2 */
		evict(inode);
}

void __iget(struct inode *inode)
{
	atomic_inc(&inode->i_count);
}

struct inode *igrab(struct inode *inode)
{
	return atomic_inc_not_zero(&inode->i_count) ? inode : NULL;
}

void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode)
{
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	if (dir && (dir->i_mode & S_ISGID)) {
		inode->i_gid = dir->i_gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
		else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
			 !in_group_p(inode->i_gid) && !capable(CAP_FSETID))
			mode &= ~S_ISGID;
	}
	inode->i_mode = mode;
}

void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev)
{
	inode->i_mode = mode;
	inode->i_rdev = rdev;
	if (S_ISCHR(mode))
		inode->i_fop = &def_chr_fops;
	else if (S_ISBLK(mode))
		inode->i_fop = &def_blk_fops;
	else if (S_ISFIFO(mode))
		inode->i_fop = &pipefifo_fops;
	else
		inode->i_fop = &no_open_fops;	/* a socket is connected to */
}

void clear_nlink(struct inode *inode) { inode->i_nlink = 0; }
void inc_nlink(struct inode *inode) { inode->i_nlink++; }
void drop_nlink(struct inode *inode)
{
	INV(I1, inode->i_nlink > 0);
	inode->i_nlink--;
}

/* ---- times ----------------------------------------------------------------------------------- */

struct timespec64 timestamp_truncate(struct timespec64 t, const struct inode *inode)
{
	if (inode->i_sb->s_time_gran)
		t.tv_nsec -= t.tv_nsec % inode->i_sb->s_time_gran;
	return t;
}

struct timespec64 inode_time(const struct inode *inode)
{
	return timestamp_truncate(current_time(), inode);
}

void touch_mtime(struct inode *inode)
{
	inode->i_mtime = inode->i_ctime = inode_time(inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC);
}

void touch_ctime(struct inode *inode)
{
	inode->i_ctime = inode_time(inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC);
}

static bool same_time(const struct timespec64 *a, const struct timespec64 *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool ts_before(const struct timespec64 *a, const struct timespec64 *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* relatime: only if it is not newer than the last change, or is a day old. */
static bool atime_needs_update(const struct path *path, const struct inode *inode, s64 now)
{
	struct vfsmount *mnt = path->mnt;

	if ((inode->i_flags & S_NOATIME) || (inode->i_sb->s_flags & SB_RDONLY))
		return false;
	if (mnt && (mnt->mnt_flags & (MNT_NOATIME | MNT_READONLY)))
		return false;
	if (mnt && (mnt->mnt_flags & MNT_NODIRATIME) && S_ISDIR(inode->i_mode))
		return false;
	if (!mnt || !(mnt->mnt_flags & MNT_RELATIME))
		return true;
	return !ts_before(&inode->i_mtime, &inode->i_atime) ||
	       !ts_before(&inode->i_ctime, &inode->i_atime) ||
	       now - inode->i_atime.tv_sec >= 24 * 60 * 60;
}

void file_accessed(struct file *file)
{
	struct inode *inode = file->f_inode;
	struct timespec64 now;

	if (file->f_flags & O_NOATIME)
		return;
	now = inode_time(inode);
	if (!atime_needs_update(&file->f_path, inode, now.tv_sec))
		return;
	if (same_time(&inode->i_atime, &now))
		return;
	inode->i_atime = now;
	mark_inode_dirty(inode, I_DIRTY_SYNC);
}

void file_update_time(struct file *file)
{
	struct inode *inode = file->f_inode;
	struct timespec64 now = inode_time(inode);

	if (same_time(&inode->i_mtime, &now) && same_time(&inode->i_ctime, &now))
		return;
	inode->i_mtime = inode->i_ctime = now;
	mark_inode_dirty(inode, I_DIRTY_SYNC);
}

void __init inode_init(void)
{
	inode_hash_init();
	inode_cache = kmem_cache_create("inode_cache", sizeof(struct inode), 0,
					SLAB_RECLAIM_ACCOUNT | SLAB_PANIC, NULL);
}
