/*
 * test/host/fs/ext2/test_balloc.c - which blocks are free: files that grow, shrink and go, beside a map of owners.
 *
 * MODEL     A file system of five groups in memory, of which fs/ext2/balloc.c sees the bitmaps and descriptors.
 *           owner[] says whose each block is.  After each step the bitmaps must agree with it, the counts with the
 *           bitmaps, and windows must not overlap.  Reading a bitmap fails now and then, and bitmaps are damaged.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: fs/ext2/balloc.c test/host/fs/ext2/user.c mm/pt/asid.c mm/pt/init_mm.c
#include "test/host/tap.h"
#include "fs/ext2/ext2.h"
#include "lib/bitmap.h"
#include "test/host/arch/host.h"

#define BLOCK_SIZE	1024u
#define PER_GROUP	512u
#define NR_GROUPS	5u
#define LAST_GROUP	300u
#define FIRST		1u
#define NR_BLOCKS	(FIRST + 4 * PER_GROUP + LAST_GROUP)
#define TABLE		8u
#define OWN		11u		/* of each group: bitmaps behind one block, then the table */
#define NR_FILES	6u
#define SYSTEM		255

static struct super_block sb;
static struct ext2_sb_info sbi;
static struct ext2_super_block es;
static struct ext2_buf gd_buf;
static struct ext2_inode_info file[NR_FILES];
static u8 owner[NR_BLOCKS];
static bool is_root = true;
static unsigned nr_errors;
static struct ext2_group_info groups[NR_GROUPS];
static int unreadable = -1;		/* the group whose bitmap cannot be read */

void run_as(uid_t fsuid);
bool in_group_p(gid_t gid);

/* ---- what balloc.c is given ---------------------------------------------------------------------- */

bool capable(__maybe_unused int cap) { return is_root; }
bool in_group_p(gid_t gid) { return gid == 7; }
void ext2_error(__maybe_unused struct super_block *s, __maybe_unused const char *where,
		__maybe_unused const char *fmt, ...) { nr_errors++; }
void ext2_bdirty(__maybe_unused struct super_block *s, __maybe_unused const struct ext2_buf *b) { }
void ext2_brelse(struct ext2_buf *b) { b->page = NULL; }

static struct ext2_buf buf_of(u32 block)
{
	char *at = (char *)phys_to_virt(HOST_PHYS_MAX / 2) + (size_t)block * BLOCK_SIZE;

	return (struct ext2_buf){ virt_to_page(at), (unsigned long)at & ~PAGE_MASK };
}

int ext2_bread(__maybe_unused struct super_block *s, u32 block, struct ext2_buf *b)
{
	if (unreadable >= 0 && block == ext2_group(&sbi, unreadable)->bg_block_bitmap)
		return -EIO;
	*b = buf_of(block);
	return 0;
}

bool ext2_blocks_valid(__maybe_unused const struct ext2_sb_info *s, u32 block, u32 n)
{
	if (block < FIRST || block >= NR_BLOCKS || n > NR_BLOCKS - block)
		return false;
	for (u32 i = 0; i < n; i++)
		if (owner[block + i] == SYSTEM)
			return false;
	return true;
}

/* ---- the file system ------------------------------------------------------------------------------- */

static unsigned long *map_of(u32 g)
{
	struct ext2_buf b = buf_of(ext2_group(&sbi, g)->bg_block_bitmap);

	return ext2_data(&b);
}

static void take_for_system(u32 block)
{
	u32 g = ext2_block_group(&sbi, block);

	owner[block] = SYSTEM;
	__set_bit(block - ext2_group_first_block(&sbi, g), map_of(g));
}

static void make_group(u32 g)
{
	u32 first = ext2_group_first_block(&sbi, g);
	struct ext2_group_desc *gd = ext2_group(&sbi, g);

	gd->bg_block_bitmap = first + 1;
	gd->bg_inode_bitmap = first + 2;
	gd->bg_inode_table = first + 3;
	memset(map_of(g), 0xff, BLOCK_SIZE);		/* what lies behind the group's end is used */
	for (u32 i = 0; i < ext2_group_blocks(&sbi, g); i++)
		__clear_bit(i, map_of(g));
	for (u32 i = 0; i < OWN; i++)
		take_for_system(first + i);
	gd->bg_free_blocks_count = ext2_group_blocks(&sbi, g) - OWN;
}

static void make_fs(void)
{
	memset(owner, 0, sizeof(owner));
	memset(file, 0, sizeof(file));
	memset(&es, 0, sizeof(es));
	sb.s_fs_info = &sbi;
	sb.s_blocksize = BLOCK_SIZE;
	sbi = (struct ext2_sb_info){
		.sb = &sb, .es = &es, .gd = &gd_buf, .block_bits = 10, .addr_bits = 8, .nr_blocks = NR_BLOCKS,
		.first_block = FIRST, .blocks_per_group = PER_GROUP, .nr_groups = NR_GROUPS, .table_blocks = TABLE,
		.desc_per_block = BLOCK_SIZE / 32, .opt.flags = EXT2_MOUNT_RESERVATION, .windows = RB_ROOT,
	};
	memset(groups, 0, sizeof(groups));
	sbi.group = groups;
	mutex_init(&sbi.s_alloc, RANK_FS_ALLOC);
	gd_buf = buf_of(NR_BLOCKS);
	for (u32 g = 0; g < NR_GROUPS; g++)
		make_group(g);
	sbi.free_blocks = ext2_count_free_blocks(&sbi);
	for (unsigned i = 0; i < NR_FILES; i++) {
		file[i].vfs.i_sb = &sb;
		file[i].vfs.i_blocks = 1u << 30;
		spin_lock_init(&file[i].vfs.i_lock, RANK_NONE);
	}
	nr_errors = 0;
}

static u32 nr_free(void)
{
	u32 n = 0;

	for (u32 b = FIRST; b < NR_BLOCKS; b++)
		n += !owner[b];
	return n;
}

static void check_windows(void)
{
	u32 end = 0;

	for (struct rb_node *n = rb_first(&sbi.windows); n; n = rb_next(n)) {
		struct ext2_window *w = rb_entry(n, struct ext2_window, node);

		CHECK(w->start >= end && w->end > w->start);		/* A2 */
		CHECK(ext2_block_group(&sbi, w->start) == ext2_block_group(&sbi, w->end - 1));
		end = w->end;
	}
}

static void check_fs(void)
{
	u32 sum = 0;

	for (u32 g = 0; g < NR_GROUPS; g++) {
		u32 first = ext2_group_first_block(&sbi, g), nr = 0;

		for (u32 i = 0; i < ext2_group_blocks(&sbi, g); i++) {
			bool used = map_of(g)[BIT_WORD(i)] & BIT_MASK(i);

			CHECK(used == !!owner[first + i]);
			nr += !used;
		}
		CHECK(ext2_group(&sbi, g)->bg_free_blocks_count == nr);
		sum += nr;
	}
	CHECK(sbi.free_blocks == sum);					/* A1 */
	check_windows();
}

/* ---- steps ------------------------------------------------------------------------------------------- */

/* Blocks for file @f: 0 or -ENOSPC */
static int take(unsigned f, u32 goal, u32 count, bool data, u32 *block, u32 *got)
{
	struct ext2_request rq = { .inode = &file[f].vfs, .goal = goal, .count = count, .data = data };
	int rc = ext2_new_blocks(&rq, block);

	if (rc)
		return rc;
	CHECK(rq.count >= 1 && rq.count <= count && ext2_blocks_valid(&sbi, *block, rq.count));
	for (u32 i = 0; i < rq.count; i++) {
		CHECK(!owner[*block + i]);
		owner[*block + i] = f + 1;
	}
	*got = rq.count;
	return 0;
}

static void op_take(void)
{
	u32 block, got, goal = rnd_one_in(8) ? rnd() : rnd_below(NR_BLOCKS), most = nr_free();
	int rc = take(rnd_below(NR_FILES), goal, 1 + rnd_below(40), rnd_one_in(2), &block, &got);

	CHECK(rc == 0 || rc == -ENOSPC);
	if (unreadable < 0)
		CHECK(rc == (most ? 0 : -ENOSPC));	/* whoever's window the last ones are in */
	else if (!rc)
		CHECK(ext2_block_group(&sbi, block) != (u32)unreadable);
}

/* What is one file's from some block on. */
static void op_give_back(void)
{
	u32 block = FIRST + rnd_below(NR_BLOCKS - FIRST), n = 0;
	u8 who = owner[block];

	if (!who || who == SYSTEM || unreadable >= 0)
		return;
	while (n < 60 && block + n < NR_BLOCKS && owner[block + n] == who)
		n++;
	CHECK(!ext2_free_blocks(&file[who - 1].vfs, block, n));
	memset(owner + block, 0, n);
}

static void random_steps(void)
{
	make_fs();
	for (unsigned i = 0; i < 20000; i++) {
		switch (rnd_below(i / 4000 % 2 ? 7 : 12)) {
		case 0: ext2_discard_window(&file[rnd_below(NR_FILES)].vfs); break;
		case 1: unreadable = rnd_one_in(2) ? -1 : (int)rnd_below(NR_GROUPS); break;
		case 2: case 3: case 4: op_give_back(); break;
		default: op_take(); break;
		}
		check_fs();
	}
	unreadable = -1;
	for (u32 b = FIRST; b < NR_BLOCKS; b++)
		if (owner[b] && owner[b] != SYSTEM) {
			CHECK(!ext2_free_blocks(&file[owner[b] - 1].vfs, b, 1));
			owner[b] = 0;
		}
	check_fs();
	ok(sbi.free_blocks == NR_BLOCKS - FIRST - NR_GROUPS * OWN, "20000 random steps: each is a file's, or free");
}

/* Two files that grow by turns, a block at a time: each lies in few pieces. */
static void growing_by_turns(void)
{
	u32 next[2] = { FIRST + OWN, FIRST + OWN }, pieces[2] = { 0, 0 }, block, got;

	make_fs();
	for (unsigned i = 0; i < 400; i++) {
		unsigned f = i & 1;

		CHECK(!take(f, next[f], 1, true, &block, &got));
		pieces[f] += block != next[f];
		next[f] = block + 1;
	}
	check_fs();
	ok(pieces[0] + pieces[1] <= 12, "two files that grow by turns lie in %u pieces", pieces[0] + pieces[1]);
}

static void reserved_blocks(void)
{
	u32 block, got;

	make_fs();
	es.s_r_blocks_count = 100;
	is_root = false;
	run_as(1000);
	while (!take(0, 0, 50, false, &block, &got))
		;
	is_int(sbi.free_blocks, 100, "a user does not get what is kept");
	sbi.opt.resuid = 1000;
	CHECK(!take(0, 0, 10, false, &block, &got));
	is_int(sbi.free_blocks, 90, "who it is kept for does");
	sbi.opt.resuid = 0;
	sbi.opt.resgid = 7;
	CHECK(!take(0, 0, 10, false, &block, &got));
	sbi.opt.resgid = 8;
	is_int(take(0, 0, 10, false, &block, &got), -ENOSPC, "and a group, not another");
	is_root = true;
	while (!take(0, 0, 50, true, &block, &got))
		;
	is_int(sbi.free_blocks, 0, "root gets all");
	check_fs();
	run_as(0);
}

static void damage(void)
{
	u32 block, got, table = ext2_group_first_block(&sbi, 1) + 3;

	make_fs();
	__clear_bit(3, map_of(1));			/* a block of the inode table */
	CHECK(!take(0, ext2_group_first_block(&sbi, 1) + 50, 5, false, &block, &got));
	ok(nr_errors && ext2_block_group(&sbi, block) != 1, "nothing is given out of a group with a damaged bitmap");
	nr_errors = 0;
	__clear_bit(0, map_of(3));			/* where a copy of the super block may lie */
	CHECK(!take(0, ext2_group_first_block(&sbi, 3), 5, false, &block, &got));
	ok(nr_errors == 1, "nor is a block of the file system's own that looks free");
	__set_bit(0, map_of(3));
	is_int(ext2_free_blocks(&file[0].vfs, table, 1), -EUCLEAN, "a block of the file system's own is not freed");
	__set_bit(3, map_of(1));
	is_int(ext2_free_blocks(&file[0].vfs, NR_BLOCKS - 1, 2), -EUCLEAN, "nor one behind the end");
	is_int(ext2_free_blocks(&file[0].vfs, FIRST + OWN + 400, 1), -EUCLEAN, "one that is free is found so");
	check_fs();
	/* Counts that lie do not get below nothing, nor beyond the group. */
	ext2_group(&sbi, 2)->bg_free_blocks_count = 1;
	sbi.free_blocks = ext2_count_free_blocks(&sbi);
	while (!take(0, ext2_group_first_block(&sbi, 2), 50, false, &block, &got))
		;
	CHECK(!ext2_group(&sbi, 2)->bg_free_blocks_count);
	ext2_group(&sbi, 0)->bg_free_blocks_count = PER_GROUP;
	sbi.free_blocks = ext2_count_free_blocks(&sbi);
	CHECK(!ext2_free_blocks(&file[0].vfs, FIRST + OWN, 1));
	CHECK(sbi.free_blocks == ext2_count_free_blocks(&sbi));
	ok(ext2_group(&sbi, 0)->bg_free_blocks_count == PER_GROUP,
	   "counts stay within their group, and the sum is theirs");
}

int main(void)
{
	host_arch_init(3, 1);
	run_as(0);
	random_steps();
	growing_by_turns();
	reserved_blocks();
	damage();
	return done_testing();
}
