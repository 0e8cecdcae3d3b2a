/*
 * fs/ext2/map.c - where the blocks of a file are: the tree of block numbers.
 *
 * MODEL     i_data names 12 blocks, and the roots of three trees of blocks full of numbers, one, two and three
 *           levels deep. A path is the place in i_data, and then in each block on the way:
 *
 *              i_data[0..11] data · [12] -> data · [13] -> [] -> data · [14] -> [] -> [] -> data
 *
 *           0 anywhere on it means a hole.  To fill one, the blocks that are missing are made and linked with
 *           each other first; then one number is set, and all of them are part of the file.
 * INVARIANTS
 *   B1  No number is followed that does not lie on the device or is a group's own (ext2_blocks_valid).
 *   B2  A number goes from the tree before its block goes back to the free ones; i_map_seq grows before both.
 *   B3  i_meta names each block of numbers that changed since ext2_sync_map(), or i_nr_meta says that they are
 *       too many.
 * LOCKING   i_map_sem: for reading to look, for writing to change.  s_alloc inside.
 * FAILURE   A number that makes no sense: ext2_error() and -EIO, at which a file ends for its reader.  A tree
 *           that hands a block back twice is not followed any further: it may be shared a million times over.
 * COST      Depth of the path in looks into the cache; an extent is what one block of numbers has in a row.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "lib/string.h"

#define MAX_DEPTH	4

struct walk {
	u32 path[MAX_DEPTH];		/* place in i_data, then in each block */
	unsigned depth;			/* numbers on the path */
	unsigned reached;		/* those that lead on: a hole when less than depth */
	struct ext2_buf leaf;		/* holds the last number reached, or the first that is 0; no page: i_data */
	u32 leaf_block;			/* its number */
};

/* ---- shape of the tree ---------------------------------------------------------------------------- */

u64 ext2_max_lblk(unsigned bits)
{
	u64 n = 1ull << (bits - 2);

	return EXT2_NDIR_BLOCKS + n + n * n + n * n * n;
}

u64 ext2_max_size(unsigned bits)
{
	u64 n = 1ull << (bits - 2), most = 0xffffffffu;	/* i_blocks counts 512 bytes in 32 bits */
	u64 blocks = ext2_max_lblk(bits), numbers = 1 + (1 + n) + (1 + n + n * n);

	most >>= bits - 9;
	if (blocks + numbers > most) {
		/* As many as are left when the blocks of numbers for them are counted. */
		u64 left = most - EXT2_NDIR_BLOCKS - n - n * n;

		blocks = most - 1 - (1 + n) - 1 - DIV_ROUND_UP(left, n) - DIV_ROUND_UP(left, n * n);
	}
	return min(blocks << bits, (u64)INT64_MAX);
}

/* -EFBIG: beyond what three levels reach */
static int make_path(unsigned addr_bits, u64 lblk, struct walk *w)
{
	u32 per = 1u << addr_bits, mask = per - 1;

	w->depth = 1;
	if (lblk < EXT2_NDIR_BLOCKS) {
		w->path[0] = lblk;
		return 0;
	}
	lblk -= EXT2_NDIR_BLOCKS;
	for (unsigned level = 1; level <= 3; level++) {
		u64 span = 1ull << addr_bits * level;

		if (lblk < span) {
			w->path[0] = EXT2_NDIR_BLOCKS + level - 1;
			for (unsigned i = 1; i <= level; i++)
				w->path[i] = lblk >> addr_bits * (level - i) & mask;
			w->depth = level + 1;
			return 0;
		}
		lblk -= span;
	}
	return -EFBIG;
}

static u32 *leaf_slots(struct inode *inode, const struct walk *w)
{
	return w->leaf.page ? ext2_data(&w->leaf) : EXT2_I(inode)->i_data;
}

/* Slots of the leaf that follow each other in the file. */
static u32 leaf_size(const struct inode *inode, const struct walk *w)
{
	return w->reached == 0 ? w->path[0] < EXT2_NDIR_BLOCKS ? EXT2_NDIR_BLOCKS : w->path[0] + 1
			       : 1u << EXT2_SB(inode->i_sb)->addr_bits;
}

/* ---- looking -------------------------------------------------------------------------------------- */

static int bad_number(struct inode *inode, u32 block)
{
	ext2_error(inode->i_sb, __func__, "inode #%lu: block %u is no file's", (unsigned long)inode->i_ino, block);
	return -EIO;
}

/*
 * Follow @w->path as far as it goes.  => i_map_sem; 0 or -errno; w->leaf is to be released
 */
static int walk_down(struct inode *inode, struct walk *w)
{
	struct super_block *sb = inode->i_sb;
	u32 *slot = &EXT2_I(inode)->i_data[w->path[0]];

	w->leaf.page = NULL;
	w->leaf_block = 0;
	for (w->reached = 0; READ_ONCE(*slot); w->reached++) {
		struct ext2_buf next;
		u32 block = READ_ONCE(*slot);
		int rc;

		if (w->reached == w->depth - 1)
			return 0;			/* that is the data */
		if (unlikely(!ext2_blocks_valid(EXT2_SB(sb), block, 1)))
			return bad_number(inode, block);	/* B1 */
		rc = ext2_bread(sb, block, &next);
		if (rc)
			return rc;
		ext2_brelse(&w->leaf);
		w->leaf = next;
		w->leaf_block = block;
		slot = (u32 *)ext2_data(&next) + w->path[w->reached + 1];
	}
	return 0;
}

static bool walk_found(struct inode *inode, const struct walk *w)
{
	return w->reached == w->depth - 1 && leaf_slots(inode, w)[w->path[w->reached]];
}

/* Blocks from there on that follow each other on the device, up to @max.  0 or -EIO */
static int extent_found(struct inode *inode, const struct walk *w, u32 max, struct ext2_extent *e)
{
	const u32 *slots = leaf_slots(inode, w);
	u32 at = w->path[w->depth - 1], first = slots[at], n = 1;
	u32 most = min(max, leaf_size(inode, w) - at);

	while (n < most && slots[at + n] == first + n)
		n++;
	if (unlikely(!ext2_blocks_valid(EXT2_SB(inode->i_sb), first, n)))
		return bad_number(inode, first);
	*e = (struct ext2_extent){ .pblk = first, .len = n };
	return 0;
}

/* How far the hole goes that the walk ended in, as that block of numbers tells. */
static void extent_hole(struct inode *inode, const struct walk *w, u32 max, struct ext2_extent *e)
{
	const u32 *slots = leaf_slots(inode, w);
	unsigned below = w->depth - 1 - w->reached;	/* levels that are missing */
	unsigned bits = EXT2_SB(inode->i_sb)->addr_bits;
	u32 at = w->path[w->reached], end = leaf_size(inode, w), n = 1;
	u64 inside = 0;

	for (unsigned i = w->reached + 1; i < w->depth; i++)
		inside = (inside << bits) | w->path[i];
	while (at + n < end && !slots[at + n] && ((u64)n << bits * below) - inside < max)
		n++;
	*e = (struct ext2_extent){ .hole = true, .len = min_t(u64, max, ((u64)n << bits * below) - inside) };
}

/* ---- filling holes ---------------------------------------------------------------------------------- */

/* @block of numbers changed.  => i_map_sem(w) */
static void note_meta(struct ext2_inode_info *ei, u32 block)
{
	if (!block)
		return;
	ei->i_meta_seq++;
	for (unsigned i = 0; i < min(ei->i_nr_meta, (unsigned)EXT2_NR_META); i++)
		if (ei->i_meta[i] == block)
			return;
	if (ei->i_nr_meta < EXT2_NR_META)
		ei->i_meta[ei->i_nr_meta] = block;
	if (ei->i_nr_meta <= EXT2_NR_META)
		ei->i_nr_meta++;			/* B3 */
}

/* Where the block after the last one would lie; else near what stands before it; else in the inode's group. */
static u32 find_goal(struct inode *inode, const struct walk *w, u32 lblk)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct ext2_sb_info *sbi = EXT2_SB(inode->i_sb);
	const u32 *slots = leaf_slots(inode, w);

	if (ei->i_next_goal && ei->i_next_lblk == lblk)
		return ei->i_next_goal;
	for (u32 i = w->path[w->reached]; i-- > 0;)
		if (slots[i] && (w->leaf.page || i < EXT2_NDIR_BLOCKS))
			return slots[i] + (w->path[w->reached] - i);
	if (w->leaf_block)
		return w->leaf_block + 1;
	return ext2_group_first_block(sbi, ei->i_group);
}

struct branch { u32 block[MAX_DEPTH]; u32 got; };	/* [0] is hung in; the last is the data, @got of them */

static void branch_free(struct inode *inode, const struct branch *b, unsigned made, unsigned depth)
{
	for (unsigned i = 0; i < made; i++) {
		bool data = i == depth - 1;

		if (!data)
			ext2_bforget(inode->i_sb, b->block[i], 1);
		(void)!ext2_free_blocks(inode, b->block[i], data ? b->got : 1);
	}
}

static void add_blocks(struct inode *inode, u32 n)
{
	spin_lock(&inode->i_lock);
	inode->i_blocks += (u64)n << (EXT2_SB(inode->i_sb)->block_bits - 9);
	spin_unlock(&inode->i_lock);
}

/* Blocks for the @depth numbers that are missing, @count of the last.  0 or -errno, and nothing is held */
static int branch_alloc(struct inode *inode, u32 goal, unsigned depth, u32 count, struct branch *b)
{
	for (unsigned i = 0; i < depth; i++) {
		bool data = i == depth - 1;
		struct ext2_request rq = {
			.inode = inode, .goal = goal, .count = data ? count : 1, .data = S_ISREG(inode->i_mode),
		};
		int rc = ext2_new_blocks(&rq, &b->block[i]);

		if (rc) {
			branch_free(inode, b, i, depth);
			return rc;
		}
		add_blocks(inode, rq.count);
		goal = b->block[i] + rq.count;
		if (data)
			b->got = rq.count;
	}
	return 0;
}

/* The blocks of numbers of @b are filled, each with that of the next.  @path: their places */
static int branch_fill(struct inode *inode, const struct branch *b, unsigned depth, const u32 *path)
{
	for (unsigned i = 0; i + 1 < depth; i++) {
		struct ext2_buf buf;
		int rc = ext2_bnew(inode->i_sb, b->block[i], &buf);
		u32 *slots;

		if (rc)
			return rc;
		slots = (u32 *)ext2_data(&buf) + path[i + 1];
		for (u32 k = 0; k < (i + 2 == depth ? b->got : 1); k++)
			slots[k] = b->block[i + 1] + k;
		ext2_bdirty(inode->i_sb, &buf);
		note_meta(EXT2_I(inode), b->block[i]);
		ext2_brelse(&buf);
	}
	return 0;
}

/* Hang @b in where the walk ended. */
static void branch_splice(struct inode *inode, const struct walk *w, const struct branch *b, unsigned depth)
{
	u32 *slots = leaf_slots(inode, w) + w->path[w->reached];

	for (u32 k = 0; k < (depth == 1 ? b->got : 1); k++)
		WRITE_ONCE(slots[k], b->block[0] + k);		/* commit */
	if (w->leaf.page) {
		ext2_bdirty(inode->i_sb, &w->leaf);
		note_meta(EXT2_I(inode), w->leaf_block);
	}
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
}

/* How many blocks from there on are missing in the leaf, up to @max. */
static u32 missing(struct inode *inode, const struct walk *w, u32 max)
{
	const u32 *slots = leaf_slots(inode, w);
	u32 at = w->path[w->depth - 1], end, n = 1;

	if (w->reached < w->depth - 1)			/* its leaf is to be made: all of it is */
		return min(max, (1u << EXT2_SB(inode->i_sb)->addr_bits) - at);
	end = leaf_size(inode, w);
	while (n < max && at + n < end && !slots[at + n])
		n++;
	return n;
}

/* => i_map_sem(w); the walk ended in a hole */
static int fill_hole(struct inode *inode, struct walk *w, u32 lblk, u32 max, struct ext2_extent *e)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	unsigned depth = w->depth - w->reached;
	struct branch b = { .got = 0 };
	int rc = branch_alloc(inode, find_goal(inode, w, lblk), depth, missing(inode, w, max), &b);

	if (rc)
		return rc;
	rc = branch_fill(inode, &b, depth, w->path + w->reached);
	if (rc) {
		branch_free(inode, &b, depth, depth);
		return rc;
	}
	branch_splice(inode, w, &b, depth);
	*e = (struct ext2_extent){ .pblk = b.block[depth - 1], .len = b.got, .fresh = true };
	ei->i_next_lblk = lblk + b.got;
	ei->i_next_goal = e->pblk + b.got;
	return 0;
}

/* => i_map_sem, for writing if @create */
static int map_locked(struct inode *inode, u32 lblk, u32 max, bool create, struct ext2_extent *e)
{
	struct walk w;
	int rc = make_path(EXT2_SB(inode->i_sb)->addr_bits, lblk, &w);

	if (rc)
		return rc;
	rc = walk_down(inode, &w);
	if (!rc) {
		if (walk_found(inode, &w))
			rc = extent_found(inode, &w, max, e);
		else if (create)
			rc = fill_hole(inode, &w, lblk, max, e);
		else
			extent_hole(inode, &w, max, e);
	}
	ext2_brelse(&w.leaf);
	return rc;
}

int ext2_map_blocks(struct inode *inode, u32 lblk, u32 max, bool create, struct ext2_extent *e)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	int rc;

	/* A file that grows block after block needs no look whether there is one. */
	if (!create || READ_ONCE(ei->i_next_lblk) != lblk || !READ_ONCE(ei->i_next_goal)) {
		down_read(&ei->i_map_sem);
		rc = map_locked(inode, lblk, max, false, e);
		up_read(&ei->i_map_sem);
		if (rc || !e->hole || !create)
			return rc;
	}
	down_write(&ei->i_map_sem);
	rc = map_locked(inode, lblk, max, true, e);
	up_write(&ei->i_map_sem);
	return rc;
}

/* ---- cutting ---------------------------------------------------------------------------------------- */

/* Numbers that follow each other are given back in one go. */
struct run { struct inode *inode; u32 block, n; bool meta; };

static int run_flush(struct run *r)
{
	int rc = 0;

	if (r->n) {
		if (r->meta)
			ext2_bforget(r->inode->i_sb, r->block, r->n);
		rc = ext2_free_blocks(r->inode, r->block, r->n);
	}
	r->n = 0;
	return rc;
}

static int run_add(struct run *r, u32 block, bool meta)
{
	int rc;

	if (r->n && r->meta == meta && block == r->block + r->n) {
		r->n++;
		return 0;
	}
	rc = run_flush(r);
	r->block = block;
	r->n = 1;
	r->meta = meta;
	return rc;
}

static int cut_slots(struct run *r, u32 *slots, u32 nr, unsigned level, u64 from);

/* The block of numbers @block, @level levels above data, loses what is at or behind @from of what it spans. */
static int cut_below(struct run *r, u32 block, unsigned level, u64 from)
{
	struct super_block *sb = r->inode->i_sb;
	struct ext2_buf b;
	int rc;

	if (!ext2_blocks_valid(EXT2_SB(sb), block, 1))
		return bad_number(r->inode, block);
	rc = ext2_bread(sb, block, &b);
	if (rc)
		return rc;
	rc = cut_slots(r, ext2_data(&b), 1u << EXT2_SB(sb)->addr_bits, level - 1, from);
	if (from) {			/* it stays */
		ext2_bdirty(sb, &b);
		note_meta(EXT2_I(r->inode), block);
	}
	ext2_brelse(&b);
	return rc;
}

/* The same for @nr slots that lie above @level levels. */
static int cut_slots(struct run *r, u32 *slots, u32 nr, unsigned level, u64 from)
{
	unsigned bits = EXT2_SB(r->inode->i_sb)->addr_bits * level;
	bool data_meta = !S_ISREG(r->inode->i_mode);	/* directories and links lie in the cache of the device */
	int rc = 0;

	for (u64 i = from >> bits; i < nr && !rc; i++) {
		u64 inside = i << bits < from ? from - (i << bits) : 0;
		u32 block = slots[i];

		if (!block)
			continue;
		if (!inside)
			WRITE_ONCE(slots[i], 0);	/* B2 */
		if (level)
			rc = cut_below(r, block, level, inside);
		if (!rc && !inside)
			rc = run_add(r, block, level || data_meta);
		cond_resched();
	}
	return rc;
}

/* => i_map_sem(w) */
static int cut_locked(struct inode *inode, u64 lblk)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	unsigned addr_bits = EXT2_SB(inode->i_sb)->addr_bits;
	struct run r = { .inode = inode };
	int rc = 0, err;

	if (lblk < EXT2_NDIR_BLOCKS)
		rc = cut_slots(&r, ei->i_data, EXT2_NDIR_BLOCKS, 0, lblk);
	lblk -= min(lblk, (u64)EXT2_NDIR_BLOCKS);
	for (unsigned level = 1; level <= 3 && !rc; level++) {
		u64 span = 1ull << addr_bits * level;

		if (lblk < span)
			rc = cut_slots(&r, &ei->i_data[EXT2_NDIR_BLOCKS + level - 1], 1, level, lblk);
		lblk -= min(lblk, span);
	}
	err = run_flush(&r);
	return rc ? rc : err;
}

int ext2_truncate_blocks(struct inode *inode, u64 lblk)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	int rc;

	down_write(&ei->i_map_sem);
	WRITE_ONCE(ei->i_map_seq, ei->i_map_seq + 1);	/* B2 */
	ei->i_next_goal = 0;
	rc = cut_locked(inode, lblk);
	up_write(&ei->i_map_sem);
	ext2_discard_window(inode);
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	return rc;
}

/* ---- fsync ------------------------------------------------------------------------------------------ */

/* All blocks of numbers below @slots, which are @level levels above data. */
static int sync_slots(struct inode *inode, const u32 *slots, u32 nr, unsigned level)
{
	struct super_block *sb = inode->i_sb;
	int rc = 0;

	for (u32 i = 0; i < nr && !rc; i++) {
		struct ext2_buf b;

		if (!slots[i] || !ext2_blocks_valid(EXT2_SB(sb), slots[i], 1))
			continue;
		rc = ext2_bsync(sb, slots[i]);
		if (rc || level == 1)
			continue;
		rc = ext2_bread(sb, slots[i], &b);
		if (rc)
			return rc;
		rc = sync_slots(inode, ext2_data(&b), 1u << EXT2_SB(sb)->addr_bits, level - 1);
		ext2_brelse(&b);
		if (cond_resched_killable())
			return -EINTR;
	}
	return rc;
}

static int sync_all_numbers(struct inode *inode)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	int rc = 0;

	down_read(&ei->i_map_sem);
	for (unsigned level = 1; level <= 3 && !rc; level++)
		rc = sync_slots(inode, &ei->i_data[EXT2_NDIR_BLOCKS + level - 1], 1, level);
	up_read(&ei->i_map_sem);
	return rc;
}

/* What was noted stays noted until it is written: another fsync(2) at the same time waits for it, too. */
int ext2_sync_map(struct inode *inode)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	u32 block[EXT2_NR_META], seq;
	unsigned nr;
	int rc = 0;

	if (!READ_ONCE(ei->i_nr_meta))
		return 0;
	down_read(&ei->i_map_sem);
	nr = ei->i_nr_meta;
	seq = ei->i_meta_seq;
	memcpy(block, ei->i_meta, sizeof(block));
	up_read(&ei->i_map_sem);
	if (nr > EXT2_NR_META)
		rc = sync_all_numbers(inode);
	for (unsigned i = 0; i < nr && nr <= EXT2_NR_META; i++) {
		int err = ext2_bsync(inode->i_sb, block[i]);

		rc = rc ? rc : err;
	}
	down_write(&ei->i_map_sem);
	if (ei->i_meta_seq == seq)
		ei->i_nr_meta = 0;
	up_write(&ei->i_map_sem);
	return rc;
}
