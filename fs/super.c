/*
 * fs/super.c - super blocks, and the list of file system types.
 *
 * MODEL     A super block lives while mounts (and its type, if there is only one instance) refer to it.
 *           The last reference drops all its names, then the instance.
 * LOCKING   sb_lock: super_blocks.  file_systems is fixed after start.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/dcache.h"
#include "fs/inode.h"
#include "fs/mount.h"
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
	INIT_LIST_HEAD(&sb->s_inodes);
	spin_lock_init(&sb->s_inode_lock, RANK_FILES);
	strscpy(sb->s_id, type->name, sizeof(sb->s_id));
	spin_lock(&sb_lock);
	list_add_tail(&sb->s_list, &super_blocks);
	spin_unlock(&sb_lock);
	return sb;
}

void put_super(struct super_block *sb)
{
	if (!atomic_dec_and_test(&sb->s_count))
		return;
	spin_lock(&sb_lock);
	list_del(&sb->s_list);
	spin_unlock(&sb_lock);
	if (sb->s_root) {
		dcache_shrink(sb, ~0ul);
		d_prune_tree(sb->s_root);
		dput(sb->s_root);
		dcache_shrink(sb, ~0ul);
	}
	if (sb->s_op && sb->s_op->put_super)
		sb->s_op->put_super(sb);
	kfree(sb);
}

struct super_block *next_super(struct super_block *sb)
{
	struct super_block *next = NULL;
	struct list_head *p;

	spin_lock(&sb_lock);
	for (p = sb ? sb->s_list.next : super_blocks.next; p != &super_blocks; p = p->next) {
		next = list_entry(p, struct super_block, s_list);
		if (atomic_inc_not_zero(&next->s_count))
			break;
		next = NULL;
	}
	spin_unlock(&sb_lock);
	if (sb)
		put_super(sb);
	return next;
}

void sync_filesystems(void)
{
	for (struct super_block *sb = next_super(NULL); sb; sb = next_super(sb))
		if (sb->s_op && sb->s_op->sync_fs)
			sb->s_op->sync_fs(sb, 1);
}
