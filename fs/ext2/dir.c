/*
 * fs/ext2/dir.c - directories: names are looked for, added, removed and read.
 *
 * MODEL     Block after block, linearly (fs/ext2/dir_block.c).  An index of hashes (dir_index) is made of entries
 *           that look free to who reads them so; who changes such a directory says that it has no index any more.
 *           A position in a directory is the byte offset of an entry; after a change of the block before it may
 *           lie in the midst of one: reading goes on at the first entry that begins there or behind.
 * LOCKING   The directory's i_rwsem.
 * FAILURE   A block with an entry that makes no sense: ext2_error(), -EIO.
 * COST      A look: all entries from the block on where the last one ended (i_dir_last), around to the name.
 *           An addition: from the first block that may have room (i_dir_free).
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/uapi/dirent.h"
#include "lib/string.h"

static struct ext2_dir_shape shape_of(const struct super_block *sb)
{
	const struct ext2_sb_info *sbi = EXT2_SB(sb);

	return (struct ext2_dir_shape){
		.block_size = sb->s_blocksize, .nr_inodes = sbi->nr_inodes,
		.filetype = sbi->es->s_rev_level && sbi->es->s_feature_incompat & INCOMPAT_FILETYPE,
	};
}

static u32 dir_blocks(const struct inode *dir)
{
	return min((u64)dir->i_size >> EXT2_SB(dir->i_sb)->block_bits, (u64)0xffffffff);
}

/* The directory is damaged. */
static int dir_error(struct inode *dir, u32 lblk, unsigned off, const char *what)
{
	unsigned long long pos = ((u64)lblk << EXT2_SB(dir->i_sb)->block_bits) + off;

	ext2_error(dir->i_sb, "ext2_check_dir", "bad entry in directory #%lu: %s - offset=%llu",
		   (unsigned long)dir->i_ino, what, pos);
	return -EIO;
}

static int entry_error(struct inode *dir, const struct ext2_dir_shape *s, const struct ext2_buf *b, u32 lblk)
{
	for (unsigned off = 0; off < s->block_size;) {
		const char *what = ext2_dirent_fault(s, ext2_data(b), off);

		if (what)
			return dir_error(dir, lblk, off, what);
		off += ((struct ext2_dirent *)((char *)ext2_data(b) + off))->rec_len;
	}
	return -EIO;
}

/* Block @lblk of @dir: 0 or -errno */
static int dir_bread(struct inode *dir, u32 lblk, struct ext2_buf *b)
{
	struct ext2_extent e;
	int rc = ext2_map_blocks(dir, lblk, 1, false, &e);

	if (rc)
		return rc;
	return e.hole ? dir_error(dir, lblk, 0, "a hole") : ext2_bread(dir->i_sb, e.pblk, b);
}

static void dir_bdirty(struct inode *dir, struct ext2_buf *b)
{
	ext2_bdirty(dir->i_sb, b);
	ext2_brelse(b);
}

/* The names of @dir changed. */
static void dir_touched(struct inode *dir)
{
	EXT2_I(dir)->i_flags &= ~EXT2_BTREE_FL;
	touch_mtime(dir);
}

/* ---- looking for a name ---------------------------------------------------------------------------- */

struct place { struct ext2_buf b; u32 lblk; unsigned prev, at; };

/* 0: @p->b is to be released; -ENOENT, -EIO */
static int find(struct inode *dir, const char *name, unsigned len, struct place *p)
{
	struct ext2_dir_shape s = shape_of(dir->i_sb);
	u32 nr = dir_blocks(dir), start = READ_ONCE(EXT2_I(dir)->i_dir_last);

	p->lblk = start < nr ? start : 0;
	for (u32 i = 0; i < nr; i++, p->lblk = p->lblk + 1 < nr ? p->lblk + 1 : 0) {
		int rc = dir_bread(dir, p->lblk, &p->b);

		if (rc)
			return rc;
		rc = ext2_block_find(&s, ext2_data(&p->b), name, len, &p->prev, &p->at);
		if (!rc) {
			WRITE_ONCE(EXT2_I(dir)->i_dir_last, p->lblk);
			return 0;
		}
		if (rc == -EUCLEAN)
			rc = entry_error(dir, &s, &p->b, p->lblk);
		ext2_brelse(&p->b);
		if (rc != -ENOENT)
			return rc;
		cond_resched();
	}
	return -ENOENT;
}

static struct ext2_dirent *entry(const struct place *p)
{
	return (struct ext2_dirent *)((char *)ext2_data(&p->b) + p->at);
}

int ext2_find_name(struct inode *dir, const char *name, unsigned len, u32 *ino)
{
	struct place p;
	int rc = find(dir, name, len, &p);

	if (rc)
		return rc;
	*ino = entry(&p)->inode;
	ext2_brelse(&p.b);
	return 0;
}

/* ---- changing ---------------------------------------------------------------------------------------- */

/* A new block at the end of @dir, empty, which is not counted yet. */
static int dir_grow(struct inode *dir, u32 lblk, struct ext2_buf *b)
{
	struct ext2_extent e;
	int rc;

	if (((u64)lblk + 1) << EXT2_SB(dir->i_sb)->block_bits > 0xffffffffull)
		return -EFBIG;			/* the upper half of its size is something else */
	rc = ext2_map_blocks(dir, lblk, 1, true, &e);
	if (rc)
		return rc;
	rc = ext2_bnew(dir->i_sb, e.pblk, b);
	if (!rc)
		ext2_block_empty(ext2_data(b), dir->i_sb->s_blocksize);
	else
		(void)!ext2_truncate_blocks(dir, lblk);
	return rc;
}

static int add_in_new_block(struct inode *dir, const struct ext2_dir_shape *s, const char *name, unsigned len,
			    struct inode *inode)
{
	u32 lblk = dir_blocks(dir);
	struct ext2_buf b;
	int rc = dir_grow(dir, lblk, &b);

	if (rc)
		return rc;
	rc = ext2_block_add(s, ext2_data(&b), name, len, inode->i_ino, ext2_type_of_mode(inode->i_mode));
	ASSERT(!rc);				/* an empty block holds any name */
	dir_bdirty(dir, &b);
	dir->i_size = ((loff_t)lblk + 1) << EXT2_SB(dir->i_sb)->block_bits;
	mark_inode_dirty(dir, I_DIRTY_DATASYNC);
	return 0;
}

/* In one of the blocks that are there.  -ENOSPC: none has room */
static int add_in_old_block(struct inode *dir, const struct ext2_dir_shape *s, const char *name, unsigned len,
			    struct inode *inode)
{
	struct ext2_inode_info *ei = EXT2_I(dir);
	u32 lblk = len >= ei->i_dir_free_len ? ei->i_dir_free : 0;
	int rc = -ENOSPC;

	for (; lblk < dir_blocks(dir); lblk++) {
		struct ext2_buf b;

		rc = dir_bread(dir, lblk, &b);
		if (rc)
			return rc;
		rc = ext2_block_add(s, ext2_data(&b), name, len, inode->i_ino, ext2_type_of_mode(inode->i_mode));
		if (!rc) {
			dir_bdirty(dir, &b);
			WRITE_ONCE(ei->i_dir_last, lblk);
			break;
		}
		if (rc == -EUCLEAN)
			rc = entry_error(dir, s, &b, lblk);
		ext2_brelse(&b);
		if (rc != -ENOSPC)
			return rc;
		cond_resched();
	}
	ei->i_dir_free = lblk;
	ei->i_dir_free_len = len;
	return rc;
}

int ext2_add_name(struct inode *dir, const char *name, unsigned len, struct inode *inode)
{
	struct ext2_dir_shape s = shape_of(dir->i_sb);
	int rc = add_in_old_block(dir, &s, name, len, inode);

	if (rc == -ENOSPC)
		rc = add_in_new_block(dir, &s, name, len, inode);
	if (!rc)
		dir_touched(dir);
	return rc;
}

int ext2_remove_name(struct inode *dir, const char *name, unsigned len)
{
	struct place p;
	int rc = find(dir, name, len, &p);

	if (rc)
		return rc;
	ext2_block_remove(ext2_data(&p.b), p.prev, p.at);
	dir_bdirty(dir, &p.b);
	EXT2_I(dir)->i_dir_free = min(EXT2_I(dir)->i_dir_free, p.lblk);
	dir_touched(dir);
	return 0;
}

int ext2_set_name(struct inode *dir, const char *name, unsigned len, struct inode *inode, bool touch)
{
	struct ext2_dir_shape s = shape_of(dir->i_sb);
	struct place p;
	int rc = find(dir, name, len, &p);

	if (rc)
		return rc;
	entry(&p)->inode = inode->i_ino;
	entry(&p)->file_type = s.filetype ? ext2_type_of_mode(inode->i_mode) : 0;
	dir_bdirty(dir, &p.b);
	if (touch)
		dir_touched(dir);
	return 0;
}

int ext2_make_empty(struct inode *dir, struct inode *parent)
{
	struct ext2_dir_shape s = shape_of(dir->i_sb);
	struct ext2_buf b;
	int rc = dir_grow(dir, 0, &b);

	if (rc)
		return rc;
	rc = ext2_block_add(&s, ext2_data(&b), ".", 1, dir->i_ino, ext2_type_of_mode(S_IFDIR));
	if (!rc)
		rc = ext2_block_add(&s, ext2_data(&b), "..", 2, parent->i_ino, ext2_type_of_mode(S_IFDIR));
	ASSERT(!rc);
	dir_bdirty(dir, &b);
	dir->i_size = dir->i_sb->s_blocksize;
	mark_inode_dirty(dir, I_DIRTY_DATASYNC);
	return 0;
}

int ext2_dir_is_empty(struct inode *dir)
{
	struct ext2_dir_shape s = shape_of(dir->i_sb);

	for (u32 lblk = 0; lblk < dir_blocks(dir); lblk++) {
		struct ext2_buf b;
		int rc = dir_bread(dir, lblk, &b);

		if (rc)
			return rc;
		rc = ext2_block_is_empty(&s, ext2_data(&b));
		if (rc < 0)
			rc = entry_error(dir, &s, &b, lblk);
		ext2_brelse(&b);
		if (rc <= 0)
			return rc;
		cond_resched();
	}
	return 1;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* The entries of one block from @ctx->pos on.  1: go on with the next, 0: the reader has enough; -errno */
static int emit_block(struct inode *dir, const struct ext2_dir_shape *s, const struct ext2_buf *b, u32 lblk,
		      struct dir_context *ctx)
{
	loff_t base = (loff_t)lblk << EXT2_SB(dir->i_sb)->block_bits;
	const char *block = ext2_data(b);
	const struct ext2_dirent *d;

	for (unsigned off = 0; off < s->block_size; off += d->rec_len) {
		const char *what = ext2_dirent_fault(s, block, off);

		if (what)
			return dir_error(dir, lblk, off, what);
		d = (const struct ext2_dirent *)(block + off);
		if (base + off < ctx->pos || !d->inode)
			continue;
		ctx->pos = base + off;
		if (!dir_emit(ctx, d->name, d->name_len, d->inode,
			      s->filetype ? ext2_dtype(d->file_type) : DT_UNKNOWN))
			return 0;
		ctx->pos = base + off + d->rec_len;
	}
	ctx->pos = base + s->block_size;
	return 1;
}

static int ext2_readdir(struct file *f, struct dir_context *ctx)
{
	struct inode *dir = f->f_inode;
	struct ext2_dir_shape s = shape_of(dir->i_sb);
	unsigned bits = EXT2_SB(dir->i_sb)->block_bits;

	while (ctx->pos >= 0 && (u64)ctx->pos >> bits < dir_blocks(dir)) {
		u32 lblk = (u64)ctx->pos >> bits;
		struct ext2_buf b;
		int rc = dir_bread(dir, lblk, &b);

		if (!rc) {
			rc = emit_block(dir, &s, &b, lblk, ctx);
			ext2_brelse(&b);
		}
		if (rc <= 0)
			return rc;
		cond_resched();
	}
	return 0;
}

/* ---- fsync ---------------------------------------------------------------------------------------------- */

int ext2_sync_dir(struct inode *dir)
{
	int rc = 0, err;

	for (u32 lblk = 0; lblk < dir_blocks(dir) && !rc;) {
		struct ext2_extent e;

		rc = ext2_map_blocks(dir, lblk, dir_blocks(dir) - lblk, false, &e);
		if (rc)
			break;
		for (u32 i = 0; i < e.len && !e.hole && !rc; i++)
			rc = ext2_bsync(dir->i_sb, e.pblk + i);
		lblk += e.len;
	}
	err = ext2_sync_inode(dir, 0);
	return rc ? rc : err;
}

static int ext2_dir_fsync(struct file *f, __maybe_unused loff_t start, __maybe_unused loff_t end,
			  __maybe_unused int datasync)
{
	int rc = ext2_sync_dir(f->f_inode), flush = blkdev_issue_flush(f->f_inode->i_sb->s_bdev);

	return rc ? rc : flush;
}

const struct file_operations ext2_dir_operations = {
	.llseek = generic_file_llseek,
	.read = generic_read_dir,
	.iterate = ext2_readdir,
	.fsync = ext2_dir_fsync,
	.ioctl = ext2_ioctl,
};
