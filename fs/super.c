/*
 * fs/super.c - super blocks, and the list of file system types.
 *
 * MODEL     A super block lives while mounts (and its type, if there is only one instance) refer to it: s_count.
 *           The last such reference writes what is to be written, drops all names, then the instance.  Who goes
 *           through the list of them must not be who does that: he holds the structure only (s_passive).
 * INVARIANTS
 *   S1  s_count once 0 stays 0; it goes there only with sb_lock held, under which mount_bdev() counts one up.
 *   S2  An instance with a store is shut down when nobody has an inode of it: who holds one for a moment
 *       is waited for.
 * LOCKING   sb_lock: super_blocks.  s_umount: held for writing while it is shut down, for reading by who needs
 *           it whole.  file_systems is fixed after start.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/dcache.h"
#include "block/blk.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "include/uapi/errno.h"
#include "kernel/sync/wait.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

LIST_HEAD(super_blocks);
LIST_HEAD(file_systems);
DEFINE_SPINLOCK(sb_lock, RANK_FILES);

void __init register_filesystem(struct file_system_type *type)
{
	list_add_tail(&type->link, &file_systems);
}

struct file_system_type *get_fs_type(const char *name)
{
	struct file_system_type *t;

	list_for_each_entry(t, &file_systems, link)
		if (!strcmp(t->name, name))
			return t;
	return NULL;
}

struct super_block *alloc_super(struct file_system_type *type, unsigned long flags)
{
	static atomic_t last_minor;
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);

	if (!sb)
		return NULL;
	sb->s_type = type;
	sb->s_flags = flags;
	sb->s_dev = MKDEV(0, atomic_inc_return(&last_minor));
	sb->s_maxbytes = INT64_MAX;
	sb->s_blocksize = PAGE_SIZE;
	atomic_set(&sb->s_count, 1);
	atomic_set(&sb->s_passive, 1);
	init_rwsem(&sb->s_umount, RANK_VFS);
	INIT_LIST_HEAD(&sb->s_inodes);
	spin_lock_init(&sb->s_inode_lock, RANK_FILES);
	INIT_LIST_HEAD(&sb->s_dirty);
	spin_lock_init(&sb->s_wb_lock, RANK_WRITEBACK);
	mutex_init(&sb->s_wb_mutex, RANK_VFS);
	strscpy(sb->s_id, type->name, sizeof(sb->s_id));
	spin_lock(&sb_lock);
	list_add_tail(&sb->s_list, &super_blocks);
	spin_unlock(&sb_lock);
	return sb;
}

void put_super_passive(struct super_block *sb)
{
	if (!atomic_dec_and_test(&sb->s_passive))
		return;
	spin_lock(&sb_lock);
	list_del(&sb->s_list);
	spin_unlock(&sb_lock);
	kfree(sb);
}

/* Who goes through inodes holds one at a time, for as long as it takes to write it at most. */
static void wait_for_inodes(struct super_block *sb)
{
	while (!list_empty(&sb->s_inodes)) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1000000);
	}
}

/* => nobody can count it up any more */
static void shut_down(struct super_block *sb)
{
	bool store = sb->s_type->fs_flags & FS_REQUIRES_DEV;

	down_write(&sb->s_umount);
	if (sb->s_root) {
		if (store)
			(void)!sync_filesystem(sb);	/* while inodes can be found: few are dirty then */
		dcache_shrink(sb, ~0ul);
		d_prune_tree(sb->s_root);
		dput(sb->s_root);
		dcache_shrink(sb, ~0ul);
	}
	if (store)
		wait_for_inodes(sb);			/* S2 */
	if (sb->s_op && sb->s_op->put_super)
		sb->s_op->put_super(sb);
	if (sb->s_bdev)
		bdev_unclaim(sb->s_bdev, sb);
	up_write(&sb->s_umount);
}

void put_super(struct super_block *sb)
{
	bool last;

	spin_lock(&sb_lock);
	last = atomic_dec_and_test(&sb->s_count);	/* S1 */
	spin_unlock(&sb_lock);
	if (!last)
		return;
	shut_down(sb);
	put_super_passive(sb);
}

/* The neighbour of @sb, which is put, in the list; without one the first or last. */
static struct super_block *walk_supers(struct super_block *sb, bool back)
{
	struct list_head *p = sb ? &sb->s_list : &super_blocks;
	struct super_block *found = NULL;

	spin_lock(&sb_lock);
	while (!found && (p = back ? p->prev : p->next) != &super_blocks) {
		found = list_entry(p, struct super_block, s_list);
		if (!atomic_inc_not_zero(&found->s_passive))
			found = NULL;
	}
	spin_unlock(&sb_lock);
	if (sb)
		put_super_passive(sb);
	return found;
}

struct super_block *next_super(struct super_block *sb) { return walk_supers(sb, false); }
struct super_block *prev_super(struct super_block *sb) { return walk_supers(sb, true); }

/* ---- instances on devices ------------------------------------------------------------------------ */

/* The device that is named by the path @name.  0 or -errno */
static int device_of(const char *name, struct block_device **bdev)
{
	struct inode *inode;
	struct path path;
	int rc;

	if (!name || !*name)
		return -EINVAL;
	rc = kern_path(name, LOOKUP_FOLLOW, &path);
	if (rc)
		return rc;
	inode = path.dentry->d_inode;
	*bdev = NULL;
	if (!S_ISBLK(inode->i_mode))
		rc = -ENOTBLK;
	else if (path.mnt->mnt_flags & MNT_NODEV)
		rc = -EACCES;
	else if (!(*bdev = bdev_find(inode->i_rdev)))
		rc = -ENXIO;
	path_put(&path);
	return rc;
}

/* The instance of @type on @bdev, counted, or NULL.  One that is being shut down is waited for. */
static struct super_block *find_on(const struct file_system_type *type, const struct block_device *bdev)
{
	struct super_block *sb = next_super(NULL);

	while (sb) {
		if (sb->s_bdev != bdev || sb->s_type != type) {
			sb = next_super(sb);
			continue;
		}
		if (atomic_inc_not_zero(&sb->s_count)) {
			put_super_passive(sb);		/* the mounts' one is there */
			return sb;
		}
		down_read(&sb->s_umount);
		up_read(&sb->s_umount);
		put_super_passive(sb);
		sb = next_super(NULL);
	}
	return NULL;
}

static struct super_block *new_on(struct file_system_type *type, unsigned long flags, struct block_device *bdev,
				  char *data, int (*fill)(struct super_block *sb, char *data))
{
	struct super_block *sb = alloc_super(type, flags);
	int rc;

	if (!sb)
		return ERR_PTR(-ENOMEM);
	rc = bdev_claim(bdev, sb, !(flags & SB_RDONLY));
	if (!rc) {
		sb->s_bdev = bdev;
		sb->s_ra_pages = &bdev->bd_disk->ra_pages;
		sb->s_dev = bdev->bd_dev;
		strscpy(sb->s_id, bdev->bd_name, sizeof(sb->s_id));
		rc = fill(sb, data);
	}
	if (!rc)
		return sb;
	put_super(sb);
	return ERR_PTR(rc);
}

static DEFINE_MUTEX(mount_bdev_mutex, RANK_VFS);

struct super_block *mount_bdev(struct file_system_type *type, unsigned long flags, const char *name, char *data,
			       int (*fill)(struct super_block *sb, char *data))
{
	struct block_device *bdev;
	struct super_block *sb;
	int rc = device_of(name, &bdev);

	if (rc)
		return ERR_PTR(rc);
	mutex_lock(&mount_bdev_mutex);
	sb = find_on(type, bdev);
	if (!sb) {
		sb = new_on(type, flags, bdev, data, fill);
	} else if ((flags ^ sb->s_flags) & SB_RDONLY) {
		put_super(sb);
		sb = ERR_PTR(-EBUSY);
	}
	mutex_unlock(&mount_bdev_mutex);
	return sb;
}
