/*
 * fs/ext2/dir_block.c - the entries of one block of a directory.
 *
 * MODEL     A block is full of entries, each as long as its rec_len says; what an entry has behind its name is
 *           free.  To add a name, an entry with room enough is cut in two; to remove one, the entry before it
 *           takes its length over, or, where it is the first of its block, its inode becomes 0.
 * INVARIANTS
 *   N1  Every entry is checked before it is used: it is long enough for its name, a multiple of 4, inside the block,
 *       and its inode is one that the file system has.  So a walk makes at least 12 bytes a step, and ends.
 * LOCKING   The caller's: the directory's i_rwsem.
 * TESTS     test/host/fs/ext2/test_dir_block.c, test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "include/uapi/dirent.h"
#include "lib/string.h"

static struct ext2_dirent *at_offset(const void *block, unsigned off)
{
	return (struct ext2_dirent *)((char *)(unsigned long)block + off);
}

const char *ext2_dirent_fault(const struct ext2_dir_shape *s, const void *block, unsigned off)
{
	const struct ext2_dirent *d = at_offset(block, off);
	unsigned room = s->block_size - off;

	if (unlikely(room < EXT2_DIR_REC_LEN(1)))
		return "directory entry across blocks";
	if (unlikely(d->rec_len < EXT2_DIR_REC_LEN(1)))
		return "rec_len is smaller than minimal";
	if (unlikely(d->rec_len & 3))
		return "unaligned directory entry";
	if (unlikely(d->rec_len < EXT2_DIR_REC_LEN(d->name_len)))
		return "rec_len is too small for name_len";
	if (unlikely(d->rec_len > room))
		return "directory entry across blocks";
	if (unlikely(d->inode > s->nr_inodes))
		return "inode out of bounds";
	return NULL;
}

/*
 * Whether nothing is, quickly: @d has @room bytes to the end of its block, at least 12.
 */
static __always_inline bool dirent_ok(const struct ext2_dirent *d, unsigned long room, unsigned long nr_inodes)
{
	unsigned long rec_len = d->rec_len;

	return rec_len >= EXT2_DIR_REC_LEN(d->name_len) && rec_len >= EXT2_DIR_REC_LEN(1) && !(rec_len & 3) &&
	       rec_len <= room && d->inode <= nr_inodes;
}

int ext2_block_find(const struct ext2_dir_shape *s, const void *block, const char *name, unsigned len,
		    unsigned *prev, unsigned *at)
{
	const struct ext2_dirent *d = block, *before = d;
	unsigned long room = s->block_size, nr_inodes = s->nr_inodes;
	char last = name[len - 1];		/* numbered names differ there */

	while (room >= EXT2_DIR_REC_LEN(1) && likely(dirent_ok(d, room, nr_inodes))) {		/* N1 */
		if (d->name_len == len && d->name[len - 1] == last && d->inode && !memcmp(d->name, name, len)) {
			*prev = (const char *)before - (const char *)block;
			*at = s->block_size - room;
			return 0;
		}
		before = d;
		room -= d->rec_len;
		d = at_offset(d, d->rec_len);
	}
	*at = s->block_size - room;
	INV(N1, !room == !(room && ext2_dirent_fault(s, block, *at)));
	return room ? -EUCLEAN : -ENOENT;
}

/*
 * Name what is free in @d.  The device may read the block meanwhile, for who wrote to it before, and the power may go
 * then: so an entry is whole before it counts.
 */
static void put_name(struct ext2_dirent *d, const char *name, unsigned len, u32 ino)
{
	d->name_len = len;
	memcpy(d->name, name, len);
	memset(d->name + len, 0, EXT2_DIR_REC_LEN(len) - 8 - len);
	smp_wmb();
	WRITE_ONCE(d->inode, ino);
	smp_wmb();
}

int ext2_block_add(const struct ext2_dir_shape *s, void *block, const char *name, unsigned len, u32 ino, u8 type)
{
	unsigned long need = EXT2_DIR_REC_LEN(len), room = s->block_size, nr_inodes = s->nr_inodes;
	struct ext2_dirent *d = block, *rest;

	for (; room >= EXT2_DIR_REC_LEN(1) && likely(dirent_ok(d, room, nr_inodes)); d = at_offset(d, d->rec_len)) {
		/* A name of no bytes is damage that does no harm; the least entry has room for one. */
		unsigned long used = d->inode ? EXT2_DIR_REC_LEN(max(d->name_len, (u8)1)) : 0;

		room -= d->rec_len;
		if (d->rec_len - used < need)
			continue;
		rest = at_offset(d, used);
		rest->rec_len = d->rec_len - used;
		rest->file_type = s->filetype ? type : 0;
		put_name(rest, name, len, ino);		/* where @d has all of it, the inode is the commit */
		if (used)
			WRITE_ONCE(d->rec_len, used);	/* commit */
		return 0;
	}
	return room ? -EUCLEAN : -ENOSPC;
}

void ext2_block_remove(void *block, unsigned prev, unsigned at)
{
	struct ext2_dirent *d = at_offset(block, at);

	if (prev != at)
		at_offset(block, prev)->rec_len += d->rec_len;
	d->inode = 0;
}

void ext2_block_empty(void *block, unsigned size)
{
	memset(block, 0, size);
	at_offset(block, 0)->rec_len = size;
}

static bool is_dots(const struct ext2_dirent *d)
{
	return d->name[0] == '.' && (d->name_len == 1 || (d->name_len == 2 && d->name[1] == '.'));
}

int ext2_block_is_empty(const struct ext2_dir_shape *s, const void *block)
{
	for (unsigned off = 0; off < s->block_size; off += at_offset(block, off)->rec_len) {
		const struct ext2_dirent *d = at_offset(block, off);

		if (ext2_dirent_fault(s, block, off))
			return -EUCLEAN;
		if (d->inode && !is_dots(d))
			return 0;
	}
	return 1;
}

/* ---- types ---------------------------------------------------------------------------------------- */

/* On the device: 1 file, 2 directory, 3 character, 4 block, 5 FIFO, 6 socket, 7 link. */
u8 ext2_type_of_mode(umode_t mode)
{
	static const u8 type[16] = {
		[S_IFREG >> 12] = 1, [S_IFDIR >> 12] = 2, [S_IFCHR >> 12] = 3, [S_IFBLK >> 12] = 4,
		[S_IFIFO >> 12] = 5, [S_IFSOCK >> 12] = 6, [S_IFLNK >> 12] = 7,
	};

	return type[(mode & S_IFMT) >> 12];
}

unsigned ext2_dtype(u8 file_type)
{
	static const u8 dtype[8] = { DT_UNKNOWN, DT_REG, DT_DIR, DT_CHR, DT_BLK, DT_FIFO, DT_SOCK, DT_LNK };

	return file_type < ARRAY_SIZE(dtype) ? dtype[file_type] : DT_UNKNOWN;
}
