/*
 * fs/ext2/balloc.c - which blocks are free: giving them to files, and taking them back.
 *
 * MODEL     A bit of its group's bitmap says that a block is used.  A file that grows has a window: a range that
 *           nobody else is given blocks of as long as there are others, so that files that are written at the
 *           same time lie in one piece each.  A window that was used up is followed by one of twice the size.
 *
 *              goal --> own window has it --> first free block from there
 *                `--> else a new window: the first free block from the goal on that is in no one's
 *                       `--> none: any free block, whoever's window it is in
 *
 * INVARIANTS
 *   A1  sbi->free_blocks is the sum of all bg_free_blocks_count.
 *   A2  Windows do not overlap, and none crosses the end of a group.
 *   A3  What is given out is no block of the groups' own, whatever the bitmap says: so the bitmap as a whole is
 *       looked at once only.
 * LOCKING   s_alloc over everything.
 * FAILURE   -ENOSPC: none is free, or only those that are kept for root are.  A bitmap that marks the group's own
 *           blocks as free is damaged: nothing is given out of that group.
 * COST      In a window: one search of a bitmap from where the file ends.
 * TESTS     test/host/fs/ext2/test_balloc.c, test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "kernel/task/cred.h"
#include "lib/bitmap.h"

#define WINDOW_MIN	8u
#define WINDOW_MAX	1024u

/* ---- windows ------------------------------------------------------------------------------------ */

static bool has_window(const struct ext2_window *w) { return w->end; }

static void window_drop(struct ext2_sb_info *sbi, struct ext2_window *w)
{
	if (!has_window(w))
		return;
	rb_erase(&w->node, &sbi->windows);
	w->start = w->end = 0;
}

/* The first window that ends behind @block. */
static struct ext2_window *window_at(const struct ext2_sb_info *sbi, u32 block)
{
	struct rb_node *n = sbi->windows.rb_node;
	struct ext2_window *best = NULL;

	while (n) {
		struct ext2_window *w = rb_entry(n, struct ext2_window, node);

		if (w->end > block) {
			best = w;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

static void window_insert(struct ext2_sb_info *sbi, struct ext2_window *w, u32 start, u32 end)
{
	struct rb_node **link = &sbi->windows.rb_node, *parent = NULL;

	w->start = start;
	w->end = end;
	while (*link) {
		parent = *link;
		if (start < rb_entry(parent, struct ext2_window, node)->start)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&w->node, parent, link);
	rb_insert_color(&w->node, &sbi->windows);
}

void ext2_discard_window(struct inode *inode)
{
	struct ext2_sb_info *sbi = EXT2_SB(inode->i_sb);
	struct ext2_window *w = &EXT2_I(inode)->window;

	if (!READ_ONCE(w->end))
		return;
	mutex_lock(&sbi->s_alloc);
	window_drop(sbi, w);
	w->size = 0;
	mutex_unlock(&sbi->s_alloc);
}

/* ---- bitmaps ------------------------------------------------------------------------------------ */

/* Are the group's own blocks, as far as they lie in it, marked as used? */
static bool bitmap_sane(const struct ext2_sb_info *sbi, u32 group, const unsigned long *map)
{
	const struct ext2_group_desc *gd = ext2_group(sbi, group);
	u32 first = ext2_group_first_block(sbi, group), table = gd->bg_inode_table - first;

	return find_next_zero_bit(map, table + sbi->table_blocks, table) >= table + sbi->table_blocks &&
	       map[BIT_WORD(gd->bg_block_bitmap - first)] & BIT_MASK(gd->bg_block_bitmap - first) &&
	       map[BIT_WORD(gd->bg_inode_bitmap - first)] & BIT_MASK(gd->bg_inode_bitmap - first);
}

/* The bitmap of @group; -EUCLEAN when it is damaged.  => s_alloc */
static int read_bitmap(struct ext2_sb_info *sbi, u32 group, struct ext2_buf *b)
{
	int rc = ext2_bread(sbi->sb, ext2_group(sbi, group)->bg_block_bitmap, b);

	if (rc) {
		ext2_error(sbi->sb, __func__, "Cannot read block bitmap - block_group = %u, block_bitmap = %u", group,
			   ext2_group(sbi, group)->bg_block_bitmap);
		return rc;
	}
	if (likely(sbi->group[group].sane))
		return 0;
	sbi->group[group].sane = bitmap_sane(sbi, group, ext2_data(b));
	if (likely(sbi->group[group].sane))
		return 0;
	ext2_brelse(b);
	ext2_error(sbi->sb, __func__, "Invalid block bitmap - block_group = %u, block = %u", group,
		   ext2_group(sbi, group)->bg_block_bitmap);
	return -EUCLEAN;
}

/* The descriptor's count, and with it the sum.  A damaged one does not get below 0, nor beyond the group. */
static void count_free(struct ext2_sb_info *sbi, u32 group, int by)
{
	struct ext2_group_desc *gd = ext2_group(sbi, group);
	int now = clamp((int)gd->bg_free_blocks_count + by, 0, (int)ext2_group_blocks(sbi, group));

	sbi->free_blocks += now - gd->bg_free_blocks_count;	/* A1 */
	gd->bg_free_blocks_count = now;
	ext2_bdirty(sbi->sb, &sbi->gd[group / sbi->desc_per_block]);
}

/* ---- giving out ---------------------------------------------------------------------------------- */

/* Take free blocks of @group, from the first in [@from, @end) on, both from the group's start.  How many, 0: none */
static u32 take_run(struct ext2_sb_info *sbi, u32 group, unsigned long *map, u32 from, u32 end, u32 count, u32 *at)
{
	u32 n = 0, first = ext2_group_first_block(sbi, group);

	from = find_next_zero_bit(map, end, from);
	while (from + n < end && n < count && !(map[BIT_WORD(from + n)] & BIT_MASK(from + n)))
		n++;
	if (!n)
		return 0;
	if (unlikely(!ext2_blocks_valid(sbi, first + from, n))) {	/* A3 */
		ext2_error(sbi->sb, __func__, "Allocating block in system zone - blocks from %u, length %u",
			   first + from, n);
		return 0;
	}
	for (u32 i = 0; i < n; i++)
		__set_bit(from + i, map);
	*at = first + from;
	return n;
}

/*
 * A new window for @w in @group at or behind @from (from its start), where a block is free.  False: there is none
 */
static bool window_make(struct ext2_sb_info *sbi, struct ext2_window *w, u32 group, const unsigned long *map,
			u32 from)
{
	u32 first = ext2_group_first_block(sbi, group), nr = ext2_group_blocks(sbi, group);

	window_drop(sbi, w);
	while (from < nr) {
		struct ext2_window *other;
		u32 end;

		from = find_next_zero_bit(map, nr, from);
		if (from >= nr)
			break;
		other = window_at(sbi, first + from);
		if (other && other->start <= first + from) {
			from = other->end - first;
			continue;
		}
		end = min(first + nr, first + from + max(w->size, WINDOW_MIN));
		if (other)
			end = min(end, other->start);		/* A2 */
		window_insert(sbi, w, first + from, end);
		return true;
	}
	return false;
}

/* Half used or more: the file grows; the next is larger. */
static void window_grow(struct ext2_window *w)
{
	w->size = max(w->size, WINDOW_MIN);
	if (w->used * 2 >= w->end - w->start)
		w->size = min(w->size * 2, WINDOW_MAX);
	w->used = 0;
}

/* Blocks of @group for @rq, whose window is used.  => as take_run() */
static u32 take_in_window(struct ext2_sb_info *sbi, struct ext2_request *rq, u32 group, unsigned long *map, u32 from,
			  u32 *at)
{
	struct ext2_window *w = &EXT2_I(rq->inode)->window;
	u32 first = ext2_group_first_block(sbi, group), nr = ext2_group_blocks(sbi, group), got = 0;

	for (int turn = 0; turn < 2 && !got; turn++) {
		bool inside = has_window(w) && first + from >= w->start && first + from < w->end;

		if (inside)
			got = take_run(sbi, group, map, from, w->end - first, rq->count, at);
		if (got)
			break;
		if (has_window(w))
			window_grow(w);
		if (!window_make(sbi, w, group, map, from) && (!from || !window_make(sbi, w, group, map, 0)))
			return 0;
		from = w->start - first;
	}
	/* A request for more than the window holds goes on as far as nobody else's window begins. */
	if (got && *at + got == w->end && got < rq->count) {
		struct ext2_window *next = window_at(sbi, w->end);
		u32 end = min(first + nr, next ? next->start : first + nr), more, where;

		more = *at + got < end && !(map[BIT_WORD(*at + got - first)] & BIT_MASK(*at + got - first)) ?
			take_run(sbi, group, map, *at + got - first, end - first, rq->count - got, &where) : 0;
		got += more;
	}
	w->used += got;
	return got;
}

enum how { IN_WINDOW, ANY_FREE };

/* Blocks of @group.  => as take_run() */
static u32 take_in_group(struct ext2_sb_info *sbi, struct ext2_request *rq, u32 group, u32 from, enum how how,
			 u32 *at)
{
	struct ext2_buf b;
	u32 got;

	if (!ext2_group(sbi, group)->bg_free_blocks_count || read_bitmap(sbi, group, &b))
		return 0;
	if (how == IN_WINDOW && rq->data)
		got = take_in_window(sbi, rq, group, ext2_data(&b), from, at);
	else
		got = take_run(sbi, group, ext2_data(&b), from, ext2_group_blocks(sbi, group), rq->count, at);
	if (!got && from && !(how == IN_WINDOW && rq->data))
		got = take_run(sbi, group, ext2_data(&b), 0, from, rq->count, at);
	if (got) {
		ext2_bdirty(sbi->sb, &b);
		count_free(sbi, group, -(int)got);
	}
	ext2_brelse(&b);
	return got;
}

static u32 take_anywhere(struct ext2_sb_info *sbi, struct ext2_request *rq, u32 goal, enum how how, u32 *at)
{
	u32 start = ext2_block_group(sbi, goal), from = goal - ext2_group_first_block(sbi, start);

	for (u32 i = 0; i < sbi->nr_groups; i++) {
		u32 group = (start + i) % sbi->nr_groups;
		u32 got = take_in_group(sbi, rq, group, i ? 0 : from, how, at);

		if (got)
			return got;
	}
	return 0;
}

/* Blocks that the running task may have.  => s_alloc */
static u32 may_have(const struct ext2_sb_info *sbi)
{
	u32 kept = sbi->es->s_r_blocks_count;

	if (sbi->free_blocks > kept)
		return sbi->free_blocks - kept;
	if (capable(CAP_SYS_RESOURCE) || sbi->opt.resuid == current_fsuid() ||
	    (sbi->opt.resgid && in_group_p(sbi->opt.resgid)))
		return sbi->free_blocks;
	return 0;
}

int ext2_new_blocks(struct ext2_request *rq, u32 *block)
{
	struct ext2_sb_info *sbi = EXT2_SB(rq->inode->i_sb);
	u32 goal = rq->goal, got = 0, most;

	if (goal < sbi->first_block || goal >= sbi->nr_blocks)
		goal = sbi->first_block;
	if (!(sbi->opt.flags & EXT2_MOUNT_RESERVATION))
		rq->data = false;
	mutex_lock(&sbi->s_alloc);
	most = may_have(sbi);
	rq->count = min(rq->count, most);
	if (rq->count) {
		got = take_anywhere(sbi, rq, goal, IN_WINDOW, block);
		if (!got)
			got = take_anywhere(sbi, rq, goal, ANY_FREE, block);
	}
	mutex_unlock(&sbi->s_alloc);
	rq->count = got;
	return got ? 0 : -ENOSPC;
}

/* ---- taking back --------------------------------------------------------------------------------- */

/* Blocks [@bit, @bit + @n) of @group.  How many were used */
static u32 free_in_group(struct ext2_sb_info *sbi, u32 group, u32 bit, u32 n)
{
	struct ext2_buf b;
	unsigned long *map;
	u32 freed = 0;

	if (read_bitmap(sbi, group, &b))
		return 0;
	map = ext2_data(&b);
	for (u32 i = 0; i < n; i++)
		freed += __test_and_clear_bit(bit + i, map);
	ext2_bdirty(sbi->sb, &b);
	count_free(sbi, group, freed);
	ext2_brelse(&b);
	return freed;
}

int ext2_free_blocks(struct inode *inode, u32 block, u32 count)
{
	struct ext2_sb_info *sbi = EXT2_SB(inode->i_sb);
	u32 freed = 0, left = count;

	if (!ext2_blocks_valid(sbi, block, count)) {
		ext2_error(inode->i_sb, __func__, "Freeing blocks not in datazone - block = %u, count = %u",
			   block, count);
		return -EUCLEAN;
	}
	mutex_lock(&sbi->s_alloc);
	while (left) {
		u32 group = ext2_block_group(sbi, block), bit = block - ext2_group_first_block(sbi, group);
		u32 n = min(left, ext2_group_blocks(sbi, group) - bit);

		freed += free_in_group(sbi, group, bit, n);
		block += n;
		left -= n;
	}
	mutex_unlock(&sbi->s_alloc);
	spin_lock(&inode->i_lock);
	inode->i_blocks -= min(inode->i_blocks, (u64)freed << (sbi->block_bits - 9));
	spin_unlock(&inode->i_lock);
	if (freed == count)
		return 0;
	ext2_error(inode->i_sb, __func__, "bit already cleared for block %u", block - count);
	return -EUCLEAN;
}

u32 ext2_count_free_blocks(struct ext2_sb_info *sbi)
{
	u32 n = 0;

	for (u32 g = 0; g < sbi->nr_groups; g++)
		n += min((u32)ext2_group(sbi, g)->bg_free_blocks_count, ext2_group_blocks(sbi, g));
	return n;
}
