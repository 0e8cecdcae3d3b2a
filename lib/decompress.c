/*
 * lib/decompress.c - which compression some memory begins with, and how to undo it.
 *
 * MODEL     gzip is what everybody has, zstd what Debian packs its initramfs with, lz4 is small.  Those that are
 *           left out are known by name, so that a message can say how to pack anew what they packed.
 * TESTS     test/host/lib/test_unlz4.c, test/boot/initramfs.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/decompress.h"
#include "lib/inflate.h"
#include "lib/string.h"
#include "lib/unlz4.h"
#include "lib/unzstd.h"

static int run_gunzip(void *work, const void *in, size_t n, void *out, size_t room, size_t *used, size_t *made)
{
	return gunzip(work, in, n, out, room, used, made);
}

static int run_unzstd(void *work, const void *in, size_t n, void *out, size_t room, size_t *used, size_t *made)
{
	return unzstd(work, in, n, out, room, used, made);
}

static int run_unlz4(__maybe_unused void *work, const void *in, size_t n, void *out, size_t room, size_t *used,
		     size_t *made)
{
	return unlz4(in, n, out, room, used, made);
}

static const struct decompressor decompressors[] = {
	{ "gzip", sizeof(struct gunzip), gzip_is_member, run_gunzip },
	{ "zstd", sizeof(struct unzstd), zstd_is_frame, run_unzstd },
	{ "lz4", 1, lz4_is_legacy, run_unlz4 },
};

const struct decompressor *decompressor_of(const void *p, size_t n)
{
	for (unsigned i = 0; i < ARRAY_SIZE(decompressors); i++)
		if (decompressors[i].is_mine(p, n))
			return &decompressors[i];
	return NULL;
}

const char *foreign_compression(const void *p, size_t n, const char **command)
{
	static const struct { const char *name, *command; u8 magic[4]; unsigned len; } known[] = {
		{ "xz", "xz -dc", { 0xfd, '7', 'z', 'X' }, 4 },
		{ "bzip2", "bzip2 -dc", { 'B', 'Z', 'h' }, 3 },
		{ "lzma", "xz --format=lzma -dc", { 0x5d, 0, 0 }, 3 },
		{ "lzo", "lzop -dc", { 0x89, 'L', 'Z', 'O' }, 4 },
		{ "lz4 (not its legacy frame)", "lz4 -dc", { 0x04, 0x22, 0x4d, 0x18 }, 4 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (n >= known[i].len && !memcmp(p, known[i].magic, known[i].len)) {
			*command = known[i].command;
			return known[i].name;
		}
	return NULL;
}
