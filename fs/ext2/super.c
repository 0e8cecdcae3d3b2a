/*
 * fs/ext2/super.c - an ext2 as a whole: mounted, remounted, synced, left; and what is done when it is damaged.
 *
 * MODEL     The super block and the descriptors of the groups stay in the cache of the device, held, for as long
 *           as it is mounted; their counts are kept right there.  Mounted for writing, s_state loses
 *           EXT2_VALID_FS on the device, and gets back what it was when it is left or made read-only: what fsck
 *           goes by.
 * INVARIANTS
 *   S1  EXT2_VALID_FS is on the device only while everything else there is as it is in memory, and nobody may
 *       change it.
 * LOCKING   s_umount, for writing while it is left; namespace_sem while it is remounted; s_alloc for *es.
 * FAILURE   ext2_error(): the super block says that there was one, at once; then errors= decides.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/char/random.h"
#include "fs/ext2/ext2.h"
#include "fs/mount.h"
#include "include/uapi/mount.h"
#include "include/uapi/statfs.h"
#include "kernel/time/time.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

static struct kmem_cache *ext2_inode_cache;

/* ---- what goes wrong --------------------------------------------------------------------------------- */

void ext2_msg(const struct super_block *sb, const char *level, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printk("%sEXT2-fs (%s): %s\n", level, sb->s_id, text);
}

void ext2_error(struct super_block *sb, const char *where, const char *fmt, ...)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	static struct ratelimit_state rs;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (__ratelimit(&rs, 10))
		ext2_msg(sb, KERN_CRIT, "error: %s: %s", where, text);
	if (!(sb->s_flags & SB_RDONLY)) {
		sbi->mount_state |= EXT2_ERROR_FS;
		sbi->es->s_state |= EXT2_ERROR_FS;
		ext2_super_changed(sbi);
	}
	if (sbi->opt.errors == EXT2_ERRORS_PANIC)
		panic("EXT2-fs: panic from previous error");
	if (sbi->opt.errors == EXT2_ERRORS_RO && !(sb->s_flags & SB_RDONLY)) {
		ext2_msg(sb, KERN_CRIT, "error: remounting filesystem read-only");
		sb->s_flags |= SB_RDONLY;
	}
}

/* ---- the super block ---------------------------------------------------------------------------------- */

void ext2_super_changed(struct ext2_sb_info *sbi)
{
	(void)bdev_set_dirty(sbi->super.page, sbi->super.offset, sizeof(*sbi->es));
}

void ext2_update_dynamic_rev(struct ext2_sb_info *sbi)
{
	struct ext2_super_block *es = sbi->es;

	if (es->s_rev_level > EXT2_GOOD_OLD_REV)
		return;
	ext2_msg(sbi->sb, KERN_WARNING, "warning: updating to rev %d because of new feature flag, running e2fsck is "
		 "recommended", EXT2_DYNAMIC_REV);
	es->s_first_ino = EXT2_GOOD_OLD_FIRST_INO;
	es->s_inode_size = EXT2_GOOD_OLD_INODE_SIZE;
	es->s_feature_compat = es->s_feature_incompat = es->s_feature_ro_compat = 0;
	es->s_rev_level = EXT2_DYNAMIC_REV;
}

/* Counts and times, to the device.  @state: s_state, too */
static int write_super(struct ext2_sb_info *sbi)
{
	struct ext2_super_block *es = sbi->es;
	loff_t pos = ((loff_t)sbi->super.page->index << PAGE_SHIFT) + sbi->super.offset;

	mutex_lock(&sbi->s_alloc);
	es->s_free_blocks_count = sbi->free_blocks;
	es->s_free_inodes_count = sbi->free_inodes;
	es->s_wtime = (u32)current_time().tv_sec;
	ext2_super_changed(sbi);
	mutex_unlock(&sbi->s_alloc);
	return filemap_write_and_check_range(sbi->sb->s_bdev->bd_inode->i_mapping, pos, pos + sizeof(*es) - 1);
}

static int sync_device(struct super_block *sb)
{
	int rc = filemap_write_and_check_range(sb->s_bdev->bd_inode->i_mapping, 0, INT64_MAX);
	int flush = blkdev_issue_flush(sb->s_bdev);

	return rc ? rc : flush;
}

/* All is written; then, and not before, the super block says that it is whole (S1). */
static int leave_clean(struct ext2_sb_info *sbi)
{
	int rc = sync_device(sbi->sb), err;

	sbi->es->s_state = sbi->mount_state;
	err = write_super(sbi);
	rc = rc ? rc : err;
	err = blkdev_issue_flush(sbi->sb->s_bdev);
	return rc ? rc : err;
}

/* From now on it may change. */
static int begin_writing(struct ext2_sb_info *sbi)
{
	struct ext2_super_block *es = sbi->es;
	const struct super_block *sb = sbi->sb;
	int rc;

	if (!(es->s_state & EXT2_VALID_FS))
		ext2_msg(sb, KERN_WARNING, "warning: mounting unchecked fs, running e2fsck is recommended");
	else if (es->s_state & EXT2_ERROR_FS)
		ext2_msg(sb, KERN_WARNING, "warning: mounting fs with errors, running e2fsck is recommended");
	else if (es->s_max_mnt_count > 0 && es->s_mnt_count >= (u16)es->s_max_mnt_count)
		ext2_msg(sb, KERN_WARNING, "warning: maximal mount count reached, running e2fsck is recommended");
	sbi->mount_state = es->s_state;
	if (!(u16)es->s_max_mnt_count)
		es->s_max_mnt_count = 20;
	es->s_mnt_count++;
	es->s_mtime = (u32)current_time().tv_sec;
	es->s_state &= ~EXT2_VALID_FS;
	rc = write_super(sbi);
	return rc ? rc : blkdev_issue_flush(sb->s_bdev);
}

static int ext2_sync_fs(struct super_block *sb, __maybe_unused int wait)
{
	int rc, err;

	if (sb->s_flags & SB_RDONLY)
		return 0;
	rc = write_super(EXT2_SB(sb));
	err = sync_device(sb);
	return rc ? rc : err;
}

/* ---- mounting ------------------------------------------------------------------------------------------- */

/* The page cache shows bytes, whatever the blocks are: the super block can be read before their size is known. */
static int read_super(struct ext2_sb_info *sbi)
{
	struct super_block *sb = sbi->sb;
	loff_t pos = (loff_t)sbi->opt.sb_block * 1024;
	struct page *page;
	int rc;

	if (sbi->opt.sb_block > 0xffffffff || pos + 1024 > (loff_t)sb->s_bdev->bd_nr_sectors << SECTOR_SHIFT) {
		ext2_msg(sb, KERN_ERR, "error: unable to read superblock");
		return -EINVAL;
	}
	page = read_mapping_page(sb->s_bdev->bd_inode->i_mapping, pos >> PAGE_SHIFT, NULL, &rc);
	if (!page) {
		ext2_msg(sb, KERN_ERR, "error: unable to read superblock");
		return rc == -ENOMEM ? rc : -EINVAL;
	}
	sbi->super = (struct ext2_buf){ page, pos & ~PAGE_MASK };
	sbi->es = ext2_data(&sbi->super);
	if (sbi->es->s_magic == EXT2_SUPER_MAGIC)
		return 0;
	ext2_msg(sb, KERN_ERR, "error: can't find an ext2 filesystem");
	return -EINVAL;
}

static int set_block_size(struct ext2_sb_info *sbi)
{
	u32 log = sbi->es->s_log_block_size;

	if (log > EXT2_MAX_BLOCK_BITS - EXT2_MIN_BLOCK_BITS) {
		ext2_msg(sbi->sb, KERN_ERR, "error: bad blocksize %u (1024 << it, 4096 is the largest here)", log);
		return -EINVAL;
	}
	sbi->block_bits = EXT2_MIN_BLOCK_BITS + log;
	sbi->sb->s_blocksize = BIT(sbi->block_bits);
	if (sbi->sb->s_blocksize >= sbi->sb->s_bdev->bd_disk->limits.logical_block_size)
		return 0;
	ext2_msg(sbi->sb, KERN_ERR, "error: blocksize is smaller than the device's");
	return -EINVAL;
}

static int read_groups(struct ext2_sb_info *sbi)
{
	sbi->gd = kvzalloc(sbi->nr_gd * sizeof(*sbi->gd), GFP_KERNEL);
	sbi->group = kvzalloc(sbi->nr_groups * sizeof(*sbi->group), GFP_KERNEL);
	if (!sbi->gd || !sbi->group)
		return -ENOMEM;
	for (u32 i = 0; i < sbi->nr_gd; i++) {
		u32 block = ext2_descriptor_block(sbi, i);
		int rc = block < sbi->nr_blocks ? ext2_bread(sbi->sb, block, &sbi->gd[i]) : -EINVAL;

		if (rc) {
			ext2_msg(sbi->sb, KERN_ERR, "error: unable to read group descriptors");
			return rc == -ENOMEM ? rc : -EINVAL;
		}
	}
	return ext2_check_groups(sbi);
}

static void count_all(struct ext2_sb_info *sbi)
{
	sbi->free_blocks = ext2_count_free_blocks(sbi);
	sbi->free_inodes = ext2_count_free_inodes(sbi);
	for (u32 g = 0; g < sbi->nr_groups; g++)
		sbi->nr_dirs += min((u32)ext2_group(sbi, g)->bg_used_dirs_count, sbi->inodes_per_group);
}

/* 0 or -errno: everything that is asked of the device before the root is looked for. */
static int read_all(struct ext2_sb_info *sbi, char *data)
{
	int rc = read_super(sbi);

	if (!rc) {
		ext2_default_options(sbi->es, &sbi->opt);
		rc = ext2_parse_options(sbi->sb, &sbi->opt, data);
	}
	if (!rc)
		rc = ext2_check_features(sbi, !(sbi->sb->s_flags & SB_RDONLY));
	if (!rc)
		rc = set_block_size(sbi);
	if (!rc)
		rc = ext2_read_figures(sbi);
	if (!rc)
		rc = read_groups(sbi);
	return rc;
}

static int read_root(struct super_block *sb)
{
	struct inode *root = ext2_iget(sb, EXT2_ROOT_INO);

	if (IS_ERR(root))
		return PTR_ERR(root);
	if (!S_ISDIR(root->i_mode) || !root->i_blocks || !root->i_size || !root->i_nlink) {
		iput(root);
		ext2_msg(sb, KERN_ERR, "error: corrupt root inode, run e2fsck");
		return -EINVAL;
	}
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static const struct super_operations ext2_sops;

static int fill_super(struct super_block *sb, char *data)
{
	struct ext2_sb_info *sbi = kzalloc(sizeof(*sbi), GFP_KERNEL);
	int rc;

	if (!sbi)
		return -ENOMEM;
	sbi->sb = sb;
	sbi->windows = RB_ROOT;
	mutex_init(&sbi->s_alloc, RANK_FS_ALLOC);
	sbi->next_generation = get_random_u32();
	sbi->opt.sb_block = ext2_sb_option(data);
	sb->s_fs_info = sbi;
	sb->s_op = &ext2_sops;
	sb->s_magic = EXT2_SUPER_MAGIC;
	sb->s_time_gran = NSEC_PER_SEC;
	rc = read_all(sbi, data);
	if (rc)
		return rc;
	sb->s_maxbytes = ext2_max_size(sbi->block_bits);
	count_all(sbi);
	rc = read_root(sb);
	if (!rc && !(sb->s_flags & SB_RDONLY))
		rc = begin_writing(sbi);
	return rc;
}

static void ext2_put_super(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	if (sb->s_root && !(sb->s_flags & SB_RDONLY) && leave_clean(sbi))
		ext2_msg(sb, KERN_ERR, "error: not all of it could be written");
	for (u32 i = 0; sbi->gd && i < sbi->nr_gd; i++)
		ext2_brelse(&sbi->gd[i]);
	ext2_brelse(&sbi->super);
	kvfree(sbi->gd);
	kvfree(sbi->group);
	kfree(sbi);
}

/* ---- remounting ------------------------------------------------------------------------------------------ */

/* => nobody writes to it */
static int to_readonly(struct super_block *sb)
{
	int rc = __sync_filesystem(sb);

	return rc ? rc : leave_clean(EXT2_SB(sb));
}

static int to_writable(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	int rc;

	if (sb->s_bdev->bd_disk->read_only)
		return -EACCES;
	rc = ext2_check_features(sbi, true);
	return rc ? rc : begin_writing(sbi);
}

static int ext2_remount(struct super_block *sb, unsigned long flags, char *data)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_options o = sbi->opt;
	int rc;

	rc = ext2_parse_options(sb, &o, data);
	if (!rc && !(flags & MS_RDONLY) && sb->s_flags & SB_RDONLY)
		rc = to_writable(sb);
	if (!rc)
		sbi->opt = o;
	return rc;
}

/* ---- how full it is ----------------------------------------------------------------------------------------- */

static u32 overhead(const struct ext2_sb_info *sbi)
{
	u32 n = sbi->first_block;

	for (u32 g = 0; g < sbi->nr_groups; g++)
		n += ext2_group_overhead(sbi, g);
	return n + sbi->nr_groups * (2 + sbi->table_blocks);
}

static int ext2_statfs(struct dentry *d, struct kstatfs *st)
{
	struct super_block *sb = d->d_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	const struct ext2_super_block *es = sbi->es;
	u64 a, b;

	memcpy(&a, es->s_uuid, 8);
	memcpy(&b, es->s_uuid + 8, 8);
	st->f_type = EXT2_SUPER_MAGIC;
	st->f_bsize = sb->s_blocksize;
	st->f_blocks = sbi->nr_blocks - (sbi->opt.flags & EXT2_MOUNT_MINIX_DF ? 0 : overhead(sbi));
	st->f_bfree = READ_ONCE(sbi->free_blocks);
	st->f_bavail = st->f_bfree - min((u64)st->f_bfree, (u64)es->s_r_blocks_count);
	st->f_files = sbi->nr_inodes;
	st->f_ffree = READ_ONCE(sbi->free_inodes);
	st->f_namelen = EXT2_NAME_LEN;
	st->f_fsid[0] = (a ^ b) & 0xffffffff;
	st->f_fsid[1] = (a ^ b) >> 32;
	return 0;
}

/* ---- the type --------------------------------------------------------------------------------------------- */

static struct inode *ext2_alloc_inode(__maybe_unused struct super_block *sb)
{
	struct ext2_inode_info *ei = kmem_cache_zalloc(ext2_inode_cache, GFP_KERNEL);

	if (!ei)
		return NULL;
	init_rwsem(&ei->i_map_sem, RANK_FS_MAP);
	init_rwsem(&ei->i_xattr_sem, RANK_FS_MAP);
	return &ei->vfs;
}

static void ext2_inode_free(struct inode *inode)
{
	kmem_cache_free(ext2_inode_cache, EXT2_I(inode));
}

static const struct super_operations ext2_sops = {
	.alloc_inode = ext2_alloc_inode,
	.free_inode = ext2_inode_free,
	.evict_inode = ext2_evict_inode,
	.write_inode = ext2_write_inode,
	.statfs = ext2_statfs,
	.sync_fs = ext2_sync_fs,
	.put_super = ext2_put_super,
	.remount = ext2_remount,
	.make_readonly = to_readonly,
	.show_options = ext2_show_options,
};

static struct super_block *ext2_mount(struct file_system_type *type, unsigned long flags, const char *dev, char *data)
{
	return mount_bdev(type, flags, dev, data, fill_super);
}

struct file_system_type ext2_fs_type = { .name = "ext2", .fs_flags = FS_REQUIRES_DEV, .mount = ext2_mount };

void __init ext2_fs_init(void)
{
	ext2_inode_cache = kmem_cache_create("ext2_inode_cache", sizeof(struct ext2_inode_info), 0,
					     SLAB_RECLAIM_ACCOUNT | SLAB_PANIC, NULL);
}
