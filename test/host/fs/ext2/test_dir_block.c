/*
 * test/host/fs/ext2/test_dir_block.c - the entries of a directory's block, beside a list of names.
 *
 * MODEL     Names are added and removed at random, and the block must hold those of the list, each once, in entries
 *           that fill it.  What a device that reads the block in the midst of an addition would see is looked at,
 *           too: all the names from before.  Then blocks are damaged, 100,000 of them, in memory of their exact size:
 *           whatever is asked of one must end inside it.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: fs/ext2/dir_block.c mm/pt/asid.c mm/pt/init_mm.c
// SRCFLAGS: -include test/host/fs/ext2/dir_hook.h
#include "test/host/tap.h"
#include "fs/ext2/ext2.h"

#define MOST_NAMES	400
#define NR_INODES	100000u

struct name { char text[EXT2_NAME_LEN]; unsigned len; u32 ino; u8 type; };

static struct name names[MOST_NAMES];
static unsigned nr_names, nr_half;
static struct ext2_dir_shape shape;
static char *block;
static const struct name *adding;	/* is on its way into the block */

static const struct ext2_dirent *at(unsigned off) { return (const struct ext2_dirent *)(block + off); }

static bool is_name(const struct ext2_dirent *d, const struct name *n)
{
	return d->inode == n->ino && d->name_len == n->len && !memcmp(d->name, n->text, n->len) &&
	       d->file_type == (shape.filetype ? n->type : 0);
}

static bool holds(const struct name *n)
{
	for (unsigned off = 0; off < shape.block_size; off += at(off)->rec_len)
		if (is_name(at(off), n))
			return true;
	return false;
}

/* Entries fill the block, and the used ones are @least to @most. */
static void check_block(unsigned least, unsigned most)
{
	unsigned off, used = 0;

	for (off = 0; off < shape.block_size; off += at(off)->rec_len) {
		CHECK(!ext2_dirent_fault(&shape, block, off));
		used += at(off)->inode != 0;
	}
	CHECK(off == shape.block_size && used >= least && used <= most);
	for (unsigned i = 0; i < nr_names; i++)
		CHECK(holds(&names[i]));
}

void block_is_half_written(void)
{
	if (!adding)
		return;
	nr_half++;
	check_block(nr_names, nr_names + 1);	/* the new one, if it counts already, ... */
	for (unsigned off = 0; off < shape.block_size; off += at(off)->rec_len)
		if (at(off)->inode == adding->ino)
			CHECK(is_name(at(off), adding));	/* ... is whole */
}

/* The longest free run of the block: what the next name may take. */
static unsigned room(void)
{
	unsigned most = 0;

	for (unsigned off = 0; off < shape.block_size; off += at(off)->rec_len)
		most = max(most, at(off)->rec_len - (at(off)->inode ? EXT2_DIR_REC_LEN(at(off)->name_len) : 0u));
	return most;
}

static struct name some_name(void)
{
	static u32 next_ino;
	struct name n = { .len = 1 + rnd_below(rnd_one_in(3) ? EXT2_NAME_LEN : 12), .type = 1 + rnd_below(7) };

	n.ino = 11 + next_ino++ % (NR_INODES - 11);
	for (unsigned i = 0; i < n.len; i++)
		n.text[i] = "ab"[rnd_below(2)];
	return n;
}

static bool known(const struct name *n)
{
	for (unsigned i = 0; i < nr_names; i++)
		if (names[i].len == n->len && !memcmp(names[i].text, n->text, n->len))
			return true;
	return false;
}

static void op_add(void)
{
	struct name n = some_name();
	unsigned free = room();
	int rc;

	if (known(&n) || nr_names == MOST_NAMES)
		return;
	adding = &n;
	rc = ext2_block_add(&shape, block, n.text, n.len, n.ino, n.type);
	adding = NULL;
	CHECK(rc == (free >= EXT2_DIR_REC_LEN(n.len) ? 0 : -ENOSPC));
	if (!rc)
		names[nr_names++] = n;
}

static void op_find(void)
{
	struct name n = some_name();
	unsigned prev, where;

	if (nr_names && rnd_one_in(2))
		n = names[rnd_below(nr_names)];
	if (known(&n)) {
		CHECK(!ext2_block_find(&shape, block, n.text, n.len, &prev, &where));
		CHECK(at(where)->name_len == n.len && !memcmp(at(where)->name, n.text, n.len));
		CHECK(prev == where ? !where : prev + at(prev)->rec_len == where);
	} else {
		CHECK(ext2_block_find(&shape, block, n.text, n.len, &prev, &where) == -ENOENT);
	}
}

static void op_remove(void)
{
	unsigned i, prev, where;

	if (!nr_names)
		return;
	i = rnd_below(nr_names);
	CHECK(!ext2_block_find(&shape, block, names[i].text, names[i].len, &prev, &where));
	ext2_block_remove(block, prev, where);
	names[i] = names[--nr_names];
}

static void random_steps(unsigned size, bool filetype)
{
	shape = (struct ext2_dir_shape){ .block_size = size, .nr_inodes = NR_INODES, .filetype = filetype };
	block = malloc(size);
	nr_names = nr_half = 0;
	ext2_block_empty(block, size);
	CHECK(ext2_block_is_empty(&shape, block) == 1);
	for (unsigned i = 0; i < 6000; i++) {
		/* It fills, and empties, in turns. */
		switch (rnd_below(i / 1500 % 2 ? 4 : 6)) {
		case 0: op_find(); break;
		case 1: case 2: op_remove(); break;
		default: op_add(); break;
		}
		check_block(nr_names, nr_names);
		CHECK(ext2_block_is_empty(&shape, block) == !nr_names);
	}
	ok(nr_half > 1000, "blocks of %u bytes %s types: what was added is there, %u looks amidst", size,
	   filetype ? "with" : "without", nr_half);
	free(block);
}

static void dots(void)
{
	shape = (struct ext2_dir_shape){ .block_size = 1024, .nr_inodes = NR_INODES, .filetype = true };
	block = malloc(1024);
	ext2_block_empty(block, 1024);
	CHECK(!ext2_block_add(&shape, block, ".", 1, 12, 2) && !ext2_block_add(&shape, block, "..", 2, 2, 2));
	is_int(ext2_block_is_empty(&shape, block), 1, "a directory of dots is empty");
	CHECK(!ext2_block_add(&shape, block, "...", 3, 13, 1));
	is_int(ext2_block_is_empty(&shape, block), 0, "one of three dots is a name");
	free(block);
}

static void damage(void)
{
	for (unsigned n = 1 + rnd_below(6); n--;) {
		unsigned off = 4 * rnd_below(shape.block_size / 4);
		static const u16 lens[] = { 0, 1, 7, 8, 11, 12, 13, 16, 1024, 4096, 65535, 32768 };

		switch (rnd_below(3)) {
		case 0: block[rnd_below(shape.block_size)] = rnd(); break;
		case 1: memcpy(block + off, &(u32){ rnd_one_in(2) ? rnd() : rnd_below(NR_INODES + 9) }, 4); break;
		case 2: memcpy(block + off, &lens[rnd_below(ARRAY_SIZE(lens))], 2); break;
		}
	}
}

/* Is every entry sound as far as a walk gets? */
static bool sound(void)
{
	for (unsigned off = 0; off < shape.block_size; off += at(off)->rec_len)
		if (ext2_dirent_fault(&shape, block, off))
			return false;
	return true;
}

static void damaged_blocks(void)
{
	unsigned nr_sound = 0, nr_clean = 0;
	char *good = malloc(1024);

	shape = (struct ext2_dir_shape){ .block_size = 1024, .nr_inodes = NR_INODES, .filetype = true };
	block = good;
	nr_names = 0;
	ext2_block_empty(block, 1024);
	for (unsigned i = 0; i < 60; i++)
		op_add();
	block = malloc(1024);
	for (unsigned i = 0; i < 100000; i++) {
		struct name n = rnd_one_in(2) ? names[rnd_below(nr_names)] : some_name();
		unsigned prev, where;
		bool was_sound;
		int rc;

		memcpy(block, good, 1024);
		damage();
		was_sound = sound();
		nr_sound += was_sound;
		rc = ext2_block_find(&shape, block, n.text, n.len, &prev, &where);
		CHECK(!rc || rc == -ENOENT || (rc == -EUCLEAN && !was_sound));
		if (!rc && rnd_one_in(2))
			ext2_block_remove(block, prev, where);
		rc = ext2_block_is_empty(&shape, block);
		CHECK(rc >= 0 || (rc == -EUCLEAN && !was_sound));
		rc = ext2_block_add(&shape, block, n.text, n.len, 77, 1);
		CHECK(!rc || rc == -ENOSPC || (rc == -EUCLEAN && !was_sound));
		CHECK(!was_sound || sound());		/* no change makes a sound one unsound */
		nr_clean += rc == -EUCLEAN;
	}
	ok(nr_sound > 1000 && nr_clean > 1000, "100000 damaged blocks: %u sound, %u refused", nr_sound, nr_clean);
	free(block);
	free(good);
}

int main(void)
{
	for (unsigned size = 1024; size <= 4096; size *= 2) {
		random_steps(size, true);
		random_steps(size, false);
	}
	dots();
	damaged_blocks();
	return done_testing();
}
