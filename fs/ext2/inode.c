/*
 * fs/ext2/inode.c - inodes: read from their table, written to it, given back; attributes.
 *
 * MODEL     write_inode() copies an inode into its place in the table, in the cache of the device; who needs it
 *           on the device writes that block (ext2_sync_inode).  An inode whose last name is gone stays as long as
 *           somebody has it open; then its blocks, its attributes' block and its number go back, in this order,
 *           and the time of that stays in the table for fsck.
 * LOCKING   i_rwsem for size; i_map_sem for block numbers; I_SYNC around write_inode().
 * FAILURE   What the table holds is checked: -ESTALE for an inode that is free, -EUCLEAN for one that makes no sense.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "fs/mount.h"
#include "lib/string.h"

/* ---- the table ------------------------------------------------------------------------------------------ */

/* Where inode @ino is.  0: @b is to be released; -EINVAL, -EIO */
static int raw_inode(struct super_block *sb, ino_t ino, struct ext2_buf *b, struct ext2_inode **raw)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u32 group, index;
	int rc;

	if ((ino != EXT2_ROOT_INO && ino < sbi->first_ino) || ino > sbi->nr_inodes) {
		ext2_error(sb, "ext2_get_inode", "bad inode number: %lu", (unsigned long)ino);
		return -EINVAL;
	}
	group = (ino - 1) / sbi->inodes_per_group;
	index = (ino - 1) % sbi->inodes_per_group;
	rc = ext2_bread(sb, ext2_group(sbi, group)->bg_inode_table + index / sbi->inodes_per_block, b);
	if (rc) {
		ext2_error(sb, "ext2_get_inode", "unable to read inode block - inode=%lu", (unsigned long)ino);
		return rc;
	}
	*raw = (struct ext2_inode *)((char *)ext2_data(b) + index % sbi->inodes_per_block * sbi->inode_size);
	return 0;
}

static u32 inode_block(const struct inode *inode)
{
	const struct ext2_sb_info *sbi = EXT2_SB(inode->i_sb);

	return ext2_group(sbi, EXT2_I(inode)->i_group)->bg_inode_table +
	       (inode->i_ino - 1) % sbi->inodes_per_group / sbi->inodes_per_block;
}

void ext2_set_inode_flags(struct inode *inode)
{
	static const struct { u32 fl; unsigned s; } map[] = {
		{ EXT2_SYNC_FL, S_SYNC }, { EXT2_APPEND_FL, S_APPEND }, { EXT2_IMMUTABLE_FL, S_IMMUTABLE },
		{ EXT2_NOATIME_FL, S_NOATIME }, { EXT2_DIRSYNC_FL, S_DIRSYNC },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(map); i++) {
		inode->i_flags &= ~map[i].s;
		if (EXT2_I(inode)->i_flags & map[i].fl)
			inode->i_flags |= map[i].s;
	}
}

/* A link's target that is short lies where the block numbers would. */
static bool fast_symlink(const struct inode *inode)
{
	u64 of_xattr = EXT2_I(inode)->i_file_acl ? inode->i_sb->s_blocksize >> 9 : 0;

	return S_ISLNK(inode->i_mode) && inode->i_blocks == of_xattr;
}

/* A device's number: as small as it was in the beginning, or in the next word. */
static dev_t get_rdev(const u32 *data)
{
	if (data[0])
		return MKDEV(data[0] >> 8 & 0xff, data[0] & 0xff);
	return MKDEV(data[1] >> 8 & 0xfff, (data[1] & 0xff) | (data[1] >> 12 & 0xfff00));
}

static void put_rdev(u32 *data, dev_t dev)
{
	memset(data, 0, 3 * sizeof(*data));
	if (MAJOR(dev) < 256 && MINOR(dev) < 256)
		data[0] = MAJOR(dev) << 8 | MINOR(dev);
	else
		data[1] = (MINOR(dev) & 0xff) | MAJOR(dev) << 8 | (MINOR(dev) & ~0xffu) << 12;
}

void ext2_set_ops(struct inode *inode)
{
	struct ext2_inode_info *ei = EXT2_I(inode);

	inode->i_op = &ext2_special_iops;
	if (S_ISREG(inode->i_mode)) {
		inode->i_op = &ext2_file_iops;
		inode->i_fop = &ext2_file_operations;
		inode->i_data.a_ops = &ext2_aops;
	} else if (S_ISDIR(inode->i_mode)) {
		inode->i_op = &ext2_dir_iops;
		inode->i_fop = &ext2_dir_operations;
	} else if (S_ISLNK(inode->i_mode)) {
		inode->i_op = &ext2_symlink_iops;
		if (fast_symlink(inode) && inode->i_size < sizeof(ei->i_data)) {
			((char *)ei->i_data)[inode->i_size] = 0;
			inode->i_link = (char *)ei->i_data;
		}
	} else {
		init_special_inode(inode, inode->i_mode, inode->i_rdev);
	}
}

/* ---- reading --------------------------------------------------------------------------------------------- */

static loff_t raw_size(const struct ext2_inode *raw)
{
	/* Of what is no file, the upper half is something else. */
	return raw->i_size | (S_ISREG(raw->i_mode) ? (u64)raw->i_size_high << 32 : 0);
}

static void fill_attributes(struct inode *inode, const struct ext2_inode *raw)
{
	bool uid16 = EXT2_SB(inode->i_sb)->opt.flags & EXT2_MOUNT_NO_UID32;

	inode->i_mode = raw->i_mode;
	inode->i_uid = raw->i_uid | (uid16 ? 0 : (u32)raw->i_uid_high << 16);
	inode->i_gid = raw->i_gid | (uid16 ? 0 : (u32)raw->i_gid_high << 16);
	inode->i_nlink = raw->i_links_count;
	inode->i_size = raw_size(raw);
	inode->i_atime = (struct timespec64){ (s32)raw->i_atime, 0 };
	inode->i_ctime = (struct timespec64){ (s32)raw->i_ctime, 0 };
	inode->i_mtime = (struct timespec64){ (s32)raw->i_mtime, 0 };
	inode->i_blocks = raw->i_blocks;
	inode->i_generation = raw->i_generation;
}

/* What is wrong with it, or 0. */
static int check_raw(struct inode *inode, const struct ext2_inode *raw)
{
	struct ext2_sb_info *sbi = EXT2_SB(inode->i_sb);
	u32 acl = raw->i_file_acl;

	if (!raw->i_links_count && (!raw->i_mode || raw->i_dtime))
		return -ESTALE;
	if (raw_size(raw) < 0)
		return -EUCLEAN;
	if (!ext2_type_of_mode(raw->i_mode)) {
		ext2_error(inode->i_sb, "ext2_iget", "bad mode of inode %lu", (unsigned long)inode->i_ino);
		return -EUCLEAN;
	}
	if (acl && !ext2_blocks_valid(sbi, acl, 1)) {
		ext2_error(inode->i_sb, "ext2_iget", "bad extended attribute block %u", acl);
		return -EUCLEAN;
	}
	return 0;
}

static int read_inode(struct inode *inode)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct ext2_inode *raw;
	struct ext2_buf b;
	int rc = raw_inode(inode->i_sb, inode->i_ino, &b, &raw);

	if (rc)
		return rc;
	rc = check_raw(inode, raw);
	if (!rc) {
		fill_attributes(inode, raw);
		memcpy(ei->i_data, raw->i_block, sizeof(ei->i_data));
		ei->i_flags = raw->i_flags;
		ei->i_file_acl = raw->i_file_acl;
		ei->i_group = (inode->i_ino - 1) / EXT2_SB(inode->i_sb)->inodes_per_group;
		if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
			inode->i_rdev = get_rdev(ei->i_data);
		ext2_set_inode_flags(inode);
		ext2_set_ops(inode);
	}
	ext2_brelse(&b);
	return rc;
}

struct inode *ext2_iget(struct super_block *sb, ino_t ino)
{
	struct inode *inode = iget_locked(sb, ino);
	int rc;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!(READ_ONCE(inode->i_state) & I_NEW))
		return inode;
	rc = read_inode(inode);
	if (rc) {
		iget_failed(inode);
		return ERR_PTR(rc);
	}
	unlock_new_inode(inode);
	return inode;
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static u32 clamp_time(const struct timespec64 *t)
{
	return (u32)(s32)clamp(t->tv_sec, (__typeof__(t->tv_sec))INT32_MIN, (__typeof__(t->tv_sec))INT32_MAX);
}

/* A file of 2 GiB: who cannot have such must not mount this. */
static void note_large_file(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	if (sbi->es->s_rev_level && sbi->es->s_feature_ro_compat & RO_COMPAT_LARGE_FILE)
		return;
	mutex_lock(&sbi->s_alloc);
	ext2_update_dynamic_rev(sbi);
	sbi->es->s_feature_ro_compat |= RO_COMPAT_LARGE_FILE;
	ext2_super_changed(sbi);
	mutex_unlock(&sbi->s_alloc);
}

static void put_owner(const struct inode *inode, struct ext2_inode *raw)
{
	if (!(EXT2_SB(inode->i_sb)->opt.flags & EXT2_MOUNT_NO_UID32)) {
		raw->i_uid = inode->i_uid;
		raw->i_gid = inode->i_gid;
		raw->i_uid_high = EXT2_I(inode)->i_dtime ? 0 : inode->i_uid >> 16;
		raw->i_gid_high = EXT2_I(inode)->i_dtime ? 0 : inode->i_gid >> 16;
		return;
	}
	raw->i_uid = inode->i_uid >> 16 ? 65534 : inode->i_uid;
	raw->i_gid = inode->i_gid >> 16 ? 65534 : inode->i_gid;
	raw->i_uid_high = raw->i_gid_high = 0;
}

static void put_attributes(struct inode *inode, struct ext2_inode *raw)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	loff_t size = READ_ONCE(inode->i_size);

	raw->i_mode = inode->i_mode;
	put_owner(inode, raw);
	raw->i_links_count = inode->i_nlink;
	raw->i_size = size;
	if (S_ISREG(inode->i_mode)) {
		raw->i_size_high = size >> 32;
		if (size > 0x7fffffff)
			note_large_file(inode->i_sb);
	}
	raw->i_atime = clamp_time(&inode->i_atime);
	raw->i_ctime = clamp_time(&inode->i_ctime);
	raw->i_mtime = clamp_time(&inode->i_mtime);
	raw->i_blocks = inode->i_blocks;
	raw->i_dtime = ei->i_dtime;
	raw->i_flags = ei->i_flags;
	raw->i_file_acl = ei->i_file_acl;
	raw->i_generation = inode->i_generation;
}

int ext2_write_inode(struct inode *inode, int sync)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct ext2_inode *raw;
	struct ext2_buf b;
	int rc = raw_inode(inode->i_sb, inode->i_ino, &b, &raw);

	if (rc)
		return rc == -EINVAL ? -EIO : rc;
	if (ei->i_fresh)
		memset(raw, 0, EXT2_SB(inode->i_sb)->inode_size);
	ei->i_fresh = false;
	put_attributes(inode, raw);
	down_read(&ei->i_map_sem);
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
		put_rdev(raw->i_block, inode->i_rdev);
	else
		memcpy(raw->i_block, ei->i_data, sizeof(ei->i_data));
	up_read(&ei->i_map_sem);
	ext2_bdirty(inode->i_sb, &b);
	ext2_brelse(&b);
	return sync ? ext2_bsync(inode->i_sb, inode_block(inode)) : 0;
}

int ext2_sync_inode(struct inode *inode, int datasync)
{
	int rc = ext2_sync_map(inode), err;

	err = sync_inode_metadata(inode, datasync);
	rc = rc ? rc : err;
	err = ext2_bsync(inode->i_sb, inode_block(inode));
	rc = rc ? rc : err;
	if (rc)
		mapping_set_error(inode->i_mapping, rc);	/* others who have it open are to hear of it */
	return rc;
}

/* ---- the end ---------------------------------------------------------------------------------------------- */

static void give_back_all(struct inode *inode)
{
	struct ext2_inode_info *ei = EXT2_I(inode);

	ei->i_dtime = (u32)current_time().tv_sec;
	inode->i_size = 0;
	if (!fast_symlink(inode) && !S_ISCHR(inode->i_mode) && !S_ISBLK(inode->i_mode))
		(void)!ext2_truncate_blocks(inode, 0);
	ext2_xattr_delete(inode);
	(void)!ext2_write_inode(inode, 0);
	ext2_free_inode(inode);
}

void ext2_evict_inode(struct inode *inode)
{
	bool bad = READ_ONCE(inode->i_state) & I_BAD || !inode->i_mode;

	truncate_inode_pages_final(&inode->i_data);
	if (!bad && !inode->i_nlink && !(inode->i_sb->s_flags & SB_RDONLY))
		give_back_all(inode);
	ext2_discard_window(inode);
}

/* ---- where its bytes are ------------------------------------------------------------------------------------ */

static int ext2_iomap_begin(struct inode *inode, loff_t pos, u64 len, unsigned flags, struct iomap *map)
{
	unsigned bits = EXT2_SB(inode->i_sb)->block_bits;
	u64 lblk = (u64)pos >> bits, last = ((u64)pos + len - 1) >> bits;
	struct ext2_extent e;
	int rc;

	map->length = 0;
	if (lblk >= ext2_max_lblk(bits))
		return -EFBIG;
	map->seqp = &EXT2_I(inode)->i_map_seq;
	map->seq = READ_ONCE(*map->seqp);
	rc = ext2_map_blocks(inode, lblk, min(last - lblk + 1, (u64)1 << 20), flags & IOMAP_WRITE, &e);
	if (rc)
		return rc;
	map->offset = lblk << bits;
	map->length = (u64)e.len << bits;
	map->addr = (u64)e.pblk << bits;
	map->type = e.hole ? IOMAP_HOLE : IOMAP_MAPPED;
	map->fresh = e.fresh;
	return 0;
}

/* Blocks behind the end of the file.  => i_rwsem(w) */
static void ext2_trim(struct inode *inode)
{
	unsigned bits = EXT2_SB(inode->i_sb)->block_bits;

	(void)!ext2_truncate_blocks(inode, ((u64)inode->i_size + BIT(bits) - 1) >> bits);
}

const struct iomap_ops ext2_iomap_ops = { .iomap_begin = ext2_iomap_begin, .trim = ext2_trim };

static int ext2_readpage(__maybe_unused struct file *f, struct page *page)
{
	return iomap_readpage(page, &ext2_iomap_ops);
}

static void ext2_readahead(__maybe_unused struct file *f, struct address_space *mapping, pgoff_t start, unsigned nr)
{
	iomap_readahead(mapping, start, nr, &ext2_iomap_ops);
}

static int ext2_writepage(struct page *page, struct writeback_control *wbc)
{
	return iomap_writepage(page, wbc, &ext2_iomap_ops);
}

static int ext2_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	return iomap_writepages(mapping, wbc, &ext2_iomap_ops);
}

static int ext2_set_page_dirty(struct page *page)
{
	struct address_space *mapping = page->mapping;
	int was_clean = __set_page_dirty_nobuffers(page);

	if (was_clean && mapping)
		mark_inode_dirty(mapping->host, I_DIRTY_PAGES);
	return was_clean;
}

const struct address_space_operations ext2_aops = {
	.readpage = ext2_readpage, .readahead = ext2_readahead,
	.writepage = ext2_writepage, .writepages = ext2_writepages,
	.set_page_dirty = ext2_set_page_dirty, .freepage = iomap_freepage,
};

/* ---- attributes ----------------------------------------------------------------------------------------------- */

/* => i_rwsem(w) */
static int set_size(struct inode *inode, loff_t size)
{
	unsigned bits = EXT2_SB(inode->i_sb)->block_bits;
	loff_t old = inode->i_size;
	int rc;

	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	if (inode->i_flags & (S_APPEND | S_IMMUTABLE))
		return -EPERM;
	if (size < old) {
		rc = iomap_truncate_page(inode, size, &ext2_iomap_ops);
		if (rc)
			return rc;
	} else if (size > old) {
		iomap_zero_tail(inode, old);
	}
	truncate_setsize(inode, size);
	/* Beyond the end there may be blocks, too, of a file that was damaged or whose write was cut short. */
	(void)!ext2_truncate_blocks(inode, ((u64)size + BIT(bits) - 1) >> bits);
	inode->i_mtime = inode->i_ctime = inode_time(inode);
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	return inode->i_sb->s_flags & SB_SYNCHRONOUS || inode->i_flags & S_SYNC ? ext2_sync_inode(inode, 0) : 0;
}

int ext2_setattr(struct dentry *d, struct iattr *attr)
{
	struct inode *inode = d->d_inode;
	int rc = setattr_prepare(d, attr);

	if (rc)
		return rc;
	if (attr->ia_valid & ATTR_SIZE && attr->ia_size != inode->i_size)
		rc = set_size(inode, attr->ia_size);
	if (rc)
		return rc;
	setattr_copy(inode, attr);
	mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	return 0;
}

int ext2_getattr(const struct path *path, struct kstat *st)
{
	const struct inode *inode = path->dentry->d_inode;
	static const struct { u32 fl; u64 attr; } map[] = {
		{ EXT2_APPEND_FL, 0x20 }, { EXT2_COMPR_FL, 0x4 }, { EXT2_IMMUTABLE_FL, 0x10 },
		{ EXT2_NODUMP_FL, 0x40 },
	};

	generic_fillattr(inode, st);
	for (unsigned i = 0; i < ARRAY_SIZE(map); i++) {
		st->attributes_mask |= map[i].attr;
		if (EXT2_I(inode)->i_flags & map[i].fl)
			st->attributes |= map[i].attr;
	}
	return 0;
}
