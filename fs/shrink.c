/*
 * fs/shrink.c - what files give back when memory is short: unused names with their inodes, cached pages.
 *
 * MODEL     Names that nobody uses are kept on the dentry cache's list, oldest last; freeing one drops its
 *           inode with it.  sysctl_vfs_cache_pressure says, in percent, how eagerly.
 *           Cached pages are found through the inodes of file systems that have a device behind them.
 * LOCKING   sb_lock, s_inode_lock, dcache_lock: none of them is held over an allocation.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/dcache.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/shrink.h"
#include "mm/cache/pagemap.h"
#include "mm/reclaim/shrinker.h"
#include "mm/reclaim/vmscan.h"

int sysctl_vfs_cache_pressure = 100;

static unsigned long dentry_count(__maybe_unused struct shrinker *s, __maybe_unused struct shrink_control *sc)
{
	return READ_ONCE(nr_dentry_unused) / 100 * sysctl_vfs_cache_pressure +
	       READ_ONCE(nr_dentry_unused) % 100 * sysctl_vfs_cache_pressure / 100;
}

static unsigned long dentry_scan(__maybe_unused struct shrinker *s, struct shrink_control *sc)
{
	if (!(sc->gfp_mask & __GFP_FS))
		return SHRINK_STOP;
	return dcache_shrink(NULL, sc->nr_to_scan);
}

static struct shrinker dentry_shrinker = {
	.name = "dentry", .count_objects = dentry_count, .scan_objects = dentry_scan, .seeks = DEFAULT_SEEKS,
};

void fs_shrinkers_init(void)
{
	register_shrinker(&dentry_shrinker);
}

/* ---- cached pages ---------------------------------------------------------------------------- */

static bool has_cached_pages(const struct inode *inode)
{
	const struct address_space *mapping = &inode->i_data;

	return READ_ONCE(mapping->nrpages) && mapping->a_ops && mapping->a_ops->readpage;
}

/* The next inode of @sb after @prev (NULL: the first) with cached pages, counted; NULL at the end. */
static struct inode *next_inode(struct super_block *sb, struct inode *prev)
{
	struct inode *found = NULL;
	struct list_head *p;

	spin_lock(&sb->s_inode_lock);
	for (p = prev ? prev->i_sb_list.next : sb->s_inodes.next; p != &sb->s_inodes && !found; p = p->next) {
		struct inode *inode = list_entry(p, struct inode, i_sb_list);

		if (has_cached_pages(inode))
			found = igrab(inode);
	}
	spin_unlock(&sb->s_inode_lock);
	return found;
}

struct address_space *next_cached_mapping(struct address_space *prev)
{
	struct inode *inode = prev ? prev->host : NULL;
	struct super_block *sb = inode ? inode->i_sb : next_super(NULL);

	for (; sb; sb = next_super(sb)) {
		struct inode *next = NULL;

		if (sb->s_type->fs_flags & FS_REQUIRES_DEV)
			next = next_inode(sb, inode);
		iput_later(inode);	/* we may be anywhere: reclaim evicts nothing */
		inode = NULL;
		if (next)
			return &next->i_data;	/* with references to both, inode and super block */
	}
	return NULL;
}

void put_cached_mapping(struct address_space *mapping)
{
	struct inode *inode = mapping->host;
	struct super_block *sb = inode->i_sb;

	/* Last in turn next time: it was asked now. */
	spin_lock(&sb->s_inode_lock);
	list_move_tail(&inode->i_sb_list, &sb->s_inodes);
	spin_unlock(&sb->s_inode_lock);
	iput_later(inode);
	put_super_passive(sb);
}
