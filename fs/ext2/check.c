/*
 * fs/ext2/check.c - is what a super block says possible, and is it what this file system can do?
 *
 * MODEL     Nothing on a device is trusted.  Figures are checked against each other and against the device once, when
 *           it is mounted, and from then on kept in ext2_sb_info; block numbers are checked where they are used.
 *           A feature that is on and not known may mean anything (incompat: not mounted), or anything to who writes
 *           (ro_compat: not mounted for writing).  What makes an ext3 or ext4 of it can be switched off by tune2fs;
 *           the command for it is logged.
 * FAILURE   -EINVAL, as Linux; the log has the reason.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

/* ---- figures ------------------------------------------------------------------------------------ */

static bool inode_size_ok(const struct ext2_sb_info *sbi)
{
	return sbi->inode_size >= EXT2_GOOD_OLD_INODE_SIZE && is_power_of_2(sbi->inode_size) &&
	       sbi->inode_size <= BIT(sbi->block_bits);
}

static int bad(const struct ext2_sb_info *sbi, const char *what, unsigned long value)
{
	ext2_msg(sbi->sb, KERN_ERR, "error: %s: %lu", what, value);
	return -EINVAL;
}

/* Groups: as large as a block of bits at most, and enough of them. */
static int read_groups(struct ext2_sb_info *sbi)
{
	const struct ext2_super_block *es = sbi->es;
	u32 bits = 8u << sbi->block_bits;

	sbi->blocks_per_group = es->s_blocks_per_group;
	sbi->inodes_per_group = es->s_inodes_per_group;
	if (!sbi->blocks_per_group || sbi->blocks_per_group > bits || sbi->blocks_per_group % 8)
		return bad(sbi, "#blocks per group", sbi->blocks_per_group);
	if (!sbi->inodes_per_group || sbi->inodes_per_group > bits || sbi->inodes_per_group % 8)
		return bad(sbi, "#inodes per group", sbi->inodes_per_group);
	sbi->table_blocks = DIV_ROUND_UP(sbi->inodes_per_group, sbi->inodes_per_block);
	if (sbi->blocks_per_group <= sbi->table_blocks + 3)
		return bad(sbi, "#blocks per group smaller than metadata size", sbi->blocks_per_group);
	sbi->nr_groups = (sbi->nr_blocks - sbi->first_block - 1) / sbi->blocks_per_group + 1;
	if ((u64)sbi->nr_groups * sbi->inodes_per_group != sbi->nr_inodes)
		return bad(sbi, "invalid #inodes", sbi->nr_inodes);
	sbi->nr_gd = DIV_ROUND_UP(sbi->nr_groups, sbi->desc_per_block);
	return 0;
}

int ext2_read_figures(struct ext2_sb_info *sbi)
{
	const struct ext2_super_block *es = sbi->es;
	u64 bytes = (u64)READ_ONCE(sbi->sb->s_bdev->bd_nr_sectors) << SECTOR_SHIFT;
	bool old = es->s_rev_level == EXT2_GOOD_OLD_REV;

	sbi->inode_size = old ? EXT2_GOOD_OLD_INODE_SIZE : es->s_inode_size;
	sbi->first_ino = old ? EXT2_GOOD_OLD_FIRST_INO : es->s_first_ino;
	sbi->addr_bits = sbi->block_bits - 2;
	sbi->nr_blocks = es->s_blocks_count;
	sbi->nr_inodes = es->s_inodes_count;
	sbi->first_block = es->s_first_data_block;
	sbi->desc_per_block = BIT(sbi->block_bits) / sizeof(struct ext2_group_desc);
	if (!inode_size_ok(sbi))
		return bad(sbi, "unsupported inode size", sbi->inode_size);
	sbi->inodes_per_block = BIT(sbi->block_bits) / sbi->inode_size;
	if (es->s_log_frag_size != es->s_log_block_size)
		return bad(sbi, "fragsize != blocksize, not supported", es->s_log_frag_size);
	if (sbi->first_block != (sbi->block_bits == EXT2_MIN_BLOCK_BITS))
		return bad(sbi, "first data block", sbi->first_block);
	if (sbi->nr_blocks <= sbi->first_block + 1)
		return bad(sbi, "#blocks", sbi->nr_blocks);
	if ((u64)sbi->nr_blocks << sbi->block_bits > bytes)
		return bad(sbi, "bad geometry: the device ends before block", sbi->nr_blocks);
	if (sbi->first_ino < EXT2_GOOD_OLD_FIRST_INO || sbi->first_ino > sbi->nr_inodes)
		return bad(sbi, "first inode", sbi->first_ino);
	return read_groups(sbi);
}

/* ---- features ----------------------------------------------------------------------------------- */

struct feature { u32 bit; const char *name; };

static const struct feature incompat_names[] = {
	{ 0x1, "compression" }, { 0x4, "needs_recovery" }, { 0x8, "journal_dev" }, { 0x40, "extents" },
	{ 0x80, "64bit" }, { 0x100, "mmp" }, { 0x200, "flex_bg" }, { 0x400, "ea_inode" }, { 0x1000, "dirdata" },
	{ 0x2000, "metadata_csum_seed" }, { 0x4000, "large_dir" }, { 0x8000, "inline_data" }, { 0x10000, "encrypt" },
	{ 0x20000, "casefold" },
};
static const struct feature ro_compat_names[] = {
	{ 0x8, "huge_file" }, { 0x10, "uninit_bg" }, { 0x20, "dir_nlink" }, { 0x40, "extra_isize" },
	{ 0x80, "snapshot" }, { 0x100, "quota" }, { 0x200, "bigalloc" },
	{ 0x400, "metadata_csum" }, { 0x800, "replica" },
	{ 0x1000, "read-only" }, { 0x2000, "project" }, { 0x4000, "shared_blocks" }, { 0x8000, "verity" },
	{ 0x10000, "orphan_present" },
};
static const struct feature compat_names[] = { { COMPAT_HAS_JOURNAL, "has_journal" } };

/* " extents 64bit": the names of @bits; with @prefix before each, and commas between. */
static void name_features(char *buf, size_t n, u32 bits, const struct feature *f, unsigned nr, const char *prefix)
{
	size_t at = strlen(buf);

	for (unsigned i = 0; i < 32; i++) {
		const char *name = NULL;

		if (!(bits >> i & 1))
			continue;
		for (unsigned k = 0; k < nr && !name; k++)
			name = f[k].bit == BIT(i) ? f[k].name : NULL;
		if (name)
			at += scnprintf(buf + at, n - at, "%s%s%s", *buf ? "," : "", prefix, name);
		else
			at += scnprintf(buf + at, n - at, "%s%sFEATURE_%#x", *buf ? "," : "", prefix,
					(unsigned)BIT(i));
	}
}

/* How it becomes an ext2: what tune2fs(8) can switch off is, the rest needs a copy. */
static void say_command(const struct ext2_sb_info *sbi, u32 compat, u32 incompat, u32 ro_compat)
{
	const u32 tunable_incompat = 0x4 | 0x100 | 0x200;
	const u32 tunable_ro = 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x400 | 0x2000;
	const char *dev = sbi->sb->s_id;
	char names[256] = "";

	if ((incompat & ~tunable_incompat) | (ro_compat & ~tunable_ro)) {
		ext2_msg(sbi->sb, KERN_ERR, "error: an ext2 of its files is made by: mount it on Linux at /mnt; "
			 "mke2fs -t ext2 -d /mnt NEW-IMAGE SIZE");
		return;
	}
	name_features(names, sizeof(names), compat, compat_names, ARRAY_SIZE(compat_names), "^");
	name_features(names, sizeof(names), incompat & ~0x4u, incompat_names, ARRAY_SIZE(incompat_names), "^");
	name_features(names, sizeof(names), ro_compat, ro_compat_names, ARRAY_SIZE(ro_compat_names), "^");
	ext2_msg(sbi->sb, KERN_ERR, "error: it becomes an ext2 by: %stune2fs -O %s /dev/%s && e2fsck -f /dev/%s",
		 incompat & 0x4 ? "e2fsck -fy, then " : "", names, dev, dev);
}

int ext2_check_features(struct ext2_sb_info *sbi, bool write)
{
	const struct ext2_super_block *es = sbi->es;
	u32 compat, incompat, ro_compat;
	char names[256] = "";

	if (es->s_rev_level == EXT2_GOOD_OLD_REV)
		return 0;			/* the fields mean nothing there */
	compat = es->s_feature_compat & COMPAT_HAS_JOURNAL;
	incompat = es->s_feature_incompat & ~(INCOMPAT_FILETYPE | INCOMPAT_META_BG);
	ro_compat = es->s_feature_ro_compat & ~(RO_COMPAT_SPARSE_SUPER | RO_COMPAT_LARGE_FILE | RO_COMPAT_BTREE_DIR);
	if (incompat) {
		name_features(names, sizeof(names), incompat, incompat_names, ARRAY_SIZE(incompat_names), "");
		ext2_msg(sbi->sb, KERN_ERR,
			 "error: couldn't mount because of unsupported optional features: %s (%#x)", names, incompat);
	} else if (write && ro_compat) {
		name_features(names, sizeof(names), ro_compat, ro_compat_names, ARRAY_SIZE(ro_compat_names), "");
		ext2_msg(sbi->sb, KERN_ERR,
			 "error: couldn't mount RDWR because of unsupported optional features: %s (%#x)", names,
			 ro_compat);
	} else if (write && compat) {
		ext2_msg(sbi->sb, KERN_ERR, "error: couldn't mount RDWR: it has a journal, which would not be kept");
	} else {
		return 0;
	}
	say_command(sbi, compat, incompat, ro_compat);
	return -EINVAL;
}

/* ---- groups ------------------------------------------------------------------------------------- */

static bool is_power_of(u32 n, u32 base)
{
	while (n > 1 && n % base == 0)
		n /= base;
	return n == 1;
}

bool ext2_group_has_super(const struct ext2_sb_info *sbi, u32 group)
{
	if (!(sbi->es->s_rev_level && sbi->es->s_feature_ro_compat & RO_COMPAT_SPARSE_SUPER) || group <= 1)
		return true;
	return group % 2 && (is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7));
}

static bool has_meta_bg(const struct ext2_sb_info *sbi)
{
	return sbi->es->s_rev_level && sbi->es->s_feature_incompat & INCOMPAT_META_BG;
}

/* Descriptors of META_BG lie in the first, the second and the last of the groups that they describe. */
static bool meta_bg_descriptor_in(const struct ext2_sb_info *sbi, u32 group)
{
	u32 in = group % sbi->desc_per_block;

	return in <= 1 || in == sbi->desc_per_block - 1;
}

u32 ext2_group_overhead(const struct ext2_sb_info *sbi, u32 group)
{
	bool super = ext2_group_has_super(sbi, group);

	if (has_meta_bg(sbi) && group / sbi->desc_per_block >= sbi->es->s_first_meta_bg)
		return super + meta_bg_descriptor_in(sbi, group);
	if (!super)
		return 0;
	return 1 + (has_meta_bg(sbi) ? min(sbi->es->s_first_meta_bg, sbi->nr_gd) : sbi->nr_gd);
}

u32 ext2_descriptor_block(const struct ext2_sb_info *sbi, u32 nr)
{
	u32 group = nr * sbi->desc_per_block;

	/* The super block stands behind 1024 bytes: in block 1 of the small ones, else in block 0. */
	if (!has_meta_bg(sbi) || nr < sbi->es->s_first_meta_bg)
		return (u32)(sbi->opt.sb_block * 1024 >> sbi->block_bits) + nr + 1;
	return ext2_group_first_block(sbi, group) + ext2_group_has_super(sbi, group);
}

static bool in_group(const struct ext2_sb_info *sbi, u32 group, u32 block, u32 n)
{
	u32 first = ext2_group_first_block(sbi, group);

	return block >= first && block - first < ext2_group_blocks(sbi, group) &&
	       n <= ext2_group_blocks(sbi, group) - (block - first);
}

static bool overlaps(u32 a, u32 na, u32 b, u32 nb) { return a < b + nb && b < a + na; }

static int bad_group(const struct ext2_sb_info *sbi, u32 group, const char *what, u32 block)
{
	ext2_msg(sbi->sb, KERN_ERR, "error: %s for group %u not in group, or upon others (block %u)!", what, group,
		 block);
	ext2_msg(sbi->sb, KERN_ERR, "error: group descriptors corrupted");
	return -EINVAL;
}

/* The longest run of blocks of @group that are neither super block, descriptor, bitmap nor table. */
static void find_data(struct ext2_sb_info *sbi, u32 group)
{
	const struct ext2_group_desc *gd = ext2_group(sbi, group);
	u32 first = ext2_group_first_block(sbi, group), end = first + ext2_group_blocks(sbi, group);
	const struct { u32 start, n; } own[] = {
		{ first, ext2_group_overhead(sbi, group) }, { gd->bg_block_bitmap, 1 }, { gd->bg_inode_bitmap, 1 },
		{ gd->bg_inode_table, sbi->table_blocks },
	};
	struct ext2_group_info *info = &sbi->group[group];

	for (unsigned i = 0; i < ARRAY_SIZE(own); i++) {
		u32 from = own[i].start + own[i].n, to = end;

		for (unsigned k = 0; k < ARRAY_SIZE(own); k++)
			if (own[k].n && own[k].start + own[k].n > from)
				to = min(to, own[k].start);
		if (from < to && to - from > info->data_end - info->data) {
			info->data = from;
			info->data_end = to;
		}
	}
}

int ext2_check_groups(struct ext2_sb_info *sbi)
{
	for (u32 g = 0; g < sbi->nr_groups; g++) {
		const struct ext2_group_desc *gd = ext2_group(sbi, g);
		u32 first = ext2_group_first_block(sbi, g), super = ext2_group_overhead(sbi, g);

		if (!in_group(sbi, g, gd->bg_block_bitmap, 1) || overlaps(gd->bg_block_bitmap, 1, first, super))
			return bad_group(sbi, g, "Block bitmap", gd->bg_block_bitmap);
		if (!in_group(sbi, g, gd->bg_inode_bitmap, 1) || gd->bg_inode_bitmap == gd->bg_block_bitmap ||
		    overlaps(gd->bg_inode_bitmap, 1, first, super))
			return bad_group(sbi, g, "Inode bitmap", gd->bg_inode_bitmap);
		if (!in_group(sbi, g, gd->bg_inode_table, sbi->table_blocks) ||
		    overlaps(gd->bg_inode_table, sbi->table_blocks, first, super) ||
		    overlaps(gd->bg_inode_table, sbi->table_blocks, gd->bg_block_bitmap, 1) ||
		    overlaps(gd->bg_inode_table, sbi->table_blocks, gd->bg_inode_bitmap, 1))
			return bad_group(sbi, g, "Inode table", gd->bg_inode_table);
		find_data(sbi, g);
	}
	return 0;
}

static bool blocks_valid(const struct ext2_sb_info *sbi, u32 block, u32 n)
{
	for (u32 g = ext2_block_group(sbi, block); n; g++) {
		const struct ext2_group_desc *gd = ext2_group(sbi, g);
		u32 first = ext2_group_first_block(sbi, g);
		u32 here = min(n, ext2_group_blocks(sbi, g) - (block - first));

		if (overlaps(block, here, gd->bg_block_bitmap, 1) || overlaps(block, here, gd->bg_inode_bitmap, 1) ||
		    overlaps(block, here, gd->bg_inode_table, sbi->table_blocks) ||
		    overlaps(block, here, first, ext2_group_overhead(sbi, g)))
			return false;
		block += here;
		n -= here;
	}
	return true;
}

bool ext2_blocks_valid(const struct ext2_sb_info *sbi, u32 block, u32 n)
{
	const struct ext2_group_info *info;

	if (block < sbi->first_block || block >= sbi->nr_blocks || n > sbi->nr_blocks - block)
		return false;
	info = &sbi->group[ext2_block_group(sbi, block)];
	return likely(block >= info->data && block + n <= info->data_end) || blocks_valid(sbi, block, n);
}
