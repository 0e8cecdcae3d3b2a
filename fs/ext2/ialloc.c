/*
 * fs/ext2/ialloc.c - which inodes are free, and in which group a new one lies.
 *
 * MODEL     A file's inode lies in the group of its directory, and its blocks beside it.  Directories are what
 *           spreads files over the device: those in the root go to groups with more room than the average, others
 *           stay near their parent unless that group has become full of directories (after Orlov's allocator, as
 *           in Linux and BSD).
 * INVARIANTS
 *   F1  sbi->free_inodes and nr_dirs are the sums of what the descriptors say.
 *   F2  A number is in use from its bit on: insert_inode_locked() waits until an old owner is gone, who gives the bit
 *       back when nothing of him is left to write.
 * LOCKING   s_alloc.
 * FAILURE   -ENOSPC.  An inode that the bitmap says is free and that is in use: -EIO.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/char/random.h"
#include "fs/ext2/ext2.h"
#include "kernel/task/cred.h"
#include "lib/bitmap.h"
#include "lib/string.h"

#define INODE_COST	64u
#define BLOCK_COST	256u

/* ---- which group -------------------------------------------------------------------------------------- */

static bool has_inodes(const struct ext2_sb_info *sbi, u32 g) { return ext2_group(sbi, g)->bg_free_inodes_count; }
static bool has_blocks(const struct ext2_sb_info *sbi, u32 g) { return ext2_group(sbi, g)->bg_free_blocks_count; }

/* A directory in the root, or of one marked by chattr +T: the group with the fewest, of those with much room. */
static s64 find_spread(const struct ext2_sb_info *sbi)
{
	u32 start = get_random_u32() % sbi->nr_groups, best_dirs = sbi->inodes_per_group;
	u32 avg_inodes = sbi->free_inodes / sbi->nr_groups, avg_blocks = sbi->free_blocks / sbi->nr_groups;
	s64 best = -1;

	for (u32 i = 0; i < sbi->nr_groups; i++) {
		u32 g = (start + i) % sbi->nr_groups;
		const struct ext2_group_desc *gd = ext2_group(sbi, g);

		if (gd->bg_free_inodes_count && gd->bg_used_dirs_count < best_dirs &&
		    gd->bg_free_inodes_count >= avg_inodes && gd->bg_free_blocks_count >= avg_blocks) {
			best = g;
			best_dirs = gd->bg_used_dirs_count;
		}
	}
	return best;
}

/* Another one: near its parent, where directories have not used up what is meant for their files. */
static s64 find_near(const struct ext2_sb_info *sbi, u32 parent)
{
	u32 n = sbi->nr_groups, max_dirs = sbi->nr_dirs / n + sbi->inodes_per_group / 16;
	u32 avg_inodes = sbi->free_inodes / n, avg_blocks = sbi->free_blocks / n;
	u32 min_inodes = avg_inodes - min(avg_inodes, sbi->inodes_per_group / 4);
	u32 min_blocks = avg_blocks - min(avg_blocks, sbi->blocks_per_group / 4);
	u32 blocks_per_dir = (sbi->nr_blocks - sbi->free_blocks) / max(sbi->nr_dirs, 1u);
	u32 max_debt = clamp(min(sbi->blocks_per_group / max(blocks_per_dir, BLOCK_COST),
				 sbi->inodes_per_group / INODE_COST), 1u, 255u);

	for (u32 i = 0; i < n; i++) {
		u32 g = (parent + i) % n;
		const struct ext2_group_desc *gd = ext2_group(sbi, g);

		if (gd->bg_free_inodes_count && sbi->group[g].debts < max_debt && gd->bg_used_dirs_count < max_dirs &&
		    gd->bg_free_inodes_count >= min_inodes && gd->bg_free_blocks_count >= min_blocks)
			return g;
	}
	return -1;
}

/* The next that has an inode, and better a block too. */
static s64 find_any(const struct ext2_sb_info *sbi, u32 start)
{
	for (int want_blocks = 1; want_blocks >= 0; want_blocks--)
		for (u32 i = 0; i < sbi->nr_groups; i++) {
			u32 g = (start + i) % sbi->nr_groups;

			if (has_inodes(sbi, g) && (!want_blocks || has_blocks(sbi, g)))
				return g;
		}
	return -1;
}

/* A file: beside its directory, else where not all files of full groups come to lie together. */
static s64 find_for_file(const struct ext2_sb_info *sbi, u32 parent, ino_t dir)
{
	u32 g = parent, n = sbi->nr_groups;

	if (has_inodes(sbi, g) && has_blocks(sbi, g))
		return g;
	g = (parent + dir) % n;
	for (u32 i = 1; i < n; i <<= 1) {
		g = (g + i) % n;
		if (has_inodes(sbi, g) && has_blocks(sbi, g))
			return g;
	}
	return find_any(sbi, parent);
}

/* => s_alloc; -1: no inode is free */
static s64 find_group(const struct ext2_sb_info *sbi, const struct inode *dir, umode_t mode)
{
	u32 parent = EXT2_I(dir)->i_group;
	s64 g = -1;

	if (!S_ISDIR(mode))
		return find_for_file(sbi, parent, dir->i_ino);
	if (!(sbi->opt.flags & EXT2_MOUNT_OLDALLOC)) {
		if (dir->i_ino == EXT2_ROOT_INO || EXT2_I(dir)->i_flags & EXT2_TOPDIR_FL)
			g = find_spread(sbi);
		if (g < 0)
			g = find_near(sbi, parent);
	}
	return g < 0 ? find_any(sbi, parent) : g;
}

/* ---- giving out ---------------------------------------------------------------------------------------- */

static int read_bitmap(struct ext2_sb_info *sbi, u32 group, struct ext2_buf *b)
{
	int rc = ext2_bread(sbi->sb, ext2_group(sbi, group)->bg_inode_bitmap, b);

	if (rc)
		ext2_error(sbi->sb, __func__, "Cannot read inode bitmap - block_group = %u, inode_bitmap = %u", group,
			   ext2_group(sbi, group)->bg_inode_bitmap);
	return rc;
}

static void count_inodes(struct ext2_sb_info *sbi, u32 group, int by, bool dir)
{
	struct ext2_group_desc *gd = ext2_group(sbi, group);
	int now = clamp((int)gd->bg_free_inodes_count + by, 0, (int)sbi->inodes_per_group);

	sbi->free_inodes += now - gd->bg_free_inodes_count;	/* F1 */
	gd->bg_free_inodes_count = now;
	if (dir && by < 0) {
		gd->bg_used_dirs_count++;
		sbi->nr_dirs++;
	} else if (dir && gd->bg_used_dirs_count) {
		gd->bg_used_dirs_count--;
		sbi->nr_dirs -= min(sbi->nr_dirs, 1u);
	}
	if (by < 0 && dir && sbi->group[group].debts < 255)
		sbi->group[group].debts++;
	else if (by < 0 && !dir && sbi->group[group].debts)
		sbi->group[group].debts--;
	ext2_bdirty(sbi->sb, &sbi->gd[group / sbi->desc_per_block]);
}

/* A free inode of @group: its number, 0 when there is none; -errno */
static s64 take_in_group(struct ext2_sb_info *sbi, u32 group, umode_t mode)
{
	struct ext2_buf b;
	unsigned long *map;
	u32 bit = 0;
	s64 ino = 0;
	int rc = read_bitmap(sbi, group, &b);

	if (rc)
		return rc;
	map = ext2_data(&b);
	if (!group)
		bit = sbi->first_ino - 1;		/* those before are the file system's */
	bit = find_next_zero_bit(map, sbi->inodes_per_group, bit);
	if (bit < sbi->inodes_per_group) {
		__set_bit(bit, map);
		ext2_bdirty(sbi->sb, &b);
		count_inodes(sbi, group, -1, S_ISDIR(mode));
		ino = (s64)group * sbi->inodes_per_group + bit + 1;
	}
	ext2_brelse(&b);
	return ino;
}

/* A number for a file of @mode in @dir.  0 or -errno */
static int take_inode(struct ext2_sb_info *sbi, const struct inode *dir, umode_t mode, u32 *ino)
{
	s64 group, got = 0;

	mutex_lock(&sbi->s_alloc);
	group = find_group(sbi, dir, mode);
	for (u32 i = 0; group >= 0 && i < sbi->nr_groups && got <= 0; i++) {
		u32 g = (group + i) % sbi->nr_groups;

		if (!i || has_inodes(sbi, g))
			got = take_in_group(sbi, g, mode);
	}
	mutex_unlock(&sbi->s_alloc);
	*ino = got;
	return got > 0 ? 0 : got < 0 ? (int)got : -ENOSPC;
}

static void give_back(struct ext2_sb_info *sbi, u32 ino, bool dir)
{
	u32 group = (ino - 1) / sbi->inodes_per_group, bit = (ino - 1) % sbi->inodes_per_group;
	struct ext2_buf b;
	bool used = true;

	if (ino < sbi->first_ino || ino > sbi->nr_inodes) {
		ext2_error(sbi->sb, "ext2_free_inode", "reserved or nonexistent inode %u", ino);
		return;
	}
	mutex_lock(&sbi->s_alloc);
	if (!read_bitmap(sbi, group, &b)) {
		used = __test_and_clear_bit(bit, ext2_data(&b));
		ext2_bdirty(sbi->sb, &b);
		if (used)
			count_inodes(sbi, group, 1, dir);
		ext2_brelse(&b);
	}
	mutex_unlock(&sbi->s_alloc);
	if (!used)
		ext2_error(sbi->sb, "ext2_free_inode", "bit already cleared for inode %u", ino);
}

void ext2_free_inode(struct inode *inode)
{
	give_back(EXT2_SB(inode->i_sb), inode->i_ino, S_ISDIR(inode->i_mode));
}

static u32 inherited_flags(umode_t mode, u32 of_dir)
{
	u32 f = of_dir & EXT2_FL_INHERITED;

	if (S_ISDIR(mode))
		return f;
	return f & (S_ISREG(mode) ? EXT2_REG_FLMASK : EXT2_OTHER_FLMASK);
}

static void set_owner(struct inode *inode, struct inode *dir, umode_t mode)
{
	inode_init_owner(inode, dir, mode);
	if (EXT2_SB(dir->i_sb)->opt.flags & EXT2_MOUNT_GRPID) {
		inode->i_mode = mode;
		inode->i_gid = dir->i_gid;
	}
}

/* @inode has the number @ino, which nobody else has.  0 or -errno */
static int init_new(struct inode *inode, struct inode *dir, umode_t mode, u32 ino)
{
	struct ext2_sb_info *sbi = EXT2_SB(inode->i_sb);
	struct ext2_inode_info *ei = EXT2_I(inode);

	set_owner(inode, dir, mode);
	inode->i_ino = ino;
	inode->i_blocks = 0;
	inode->i_atime = inode->i_mtime = inode->i_ctime = inode_time(inode);
	inode->i_generation = __atomic_fetch_add(&sbi->next_generation, 1, __ATOMIC_RELAXED);
	ei->i_flags = inherited_flags(mode, EXT2_I(dir)->i_flags);
	ei->i_group = (ino - 1) / sbi->inodes_per_group;
	ei->i_fresh = true;
	ext2_set_inode_flags(inode);
	if (insert_inode_locked(inode)) {		/* F2 */
		ext2_error(inode->i_sb, __func__, "inode number already in use - inode=%u", ino);
		return -EIO;
	}
	mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	return 0;
}

struct inode *ext2_new_inode(struct inode *dir, umode_t mode)
{
	struct ext2_sb_info *sbi = EXT2_SB(dir->i_sb);
	struct inode *inode = new_inode(dir->i_sb);
	u32 ino;
	int rc;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	rc = take_inode(sbi, dir, mode, &ino);
	if (!rc)
		rc = init_new(inode, dir, mode, ino);
	if (!rc)
		return inode;
	__atomic_fetch_or(&inode->i_state, I_BAD, __ATOMIC_SEQ_CST);
	inode->i_mode = 0;
	iput(inode);
	return ERR_PTR(rc);
}

u32 ext2_count_free_inodes(struct ext2_sb_info *sbi)
{
	u32 n = 0;

	for (u32 g = 0; g < sbi->nr_groups; g++)
		n += min((u32)ext2_group(sbi, g)->bg_free_inodes_count, sbi->inodes_per_group);
	return n;
}
