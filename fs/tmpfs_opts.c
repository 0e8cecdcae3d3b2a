/*
 * fs/tmpfs_opts.c - tmpfs mount options: size=, nr_blocks=, nr_inodes=, mode=, uid=, gid=.
 *
 * UNITS     size: bytes with K, M, G, or percent of RAM; limits are kept in pages.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/tmpfs_sb.h"
#include "include/uapi/mount.h"
#include "kernel/task/cred.h"
#include "lib/kstrtox.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define TMPFS_DEFAULT_MODE	(S_IRWXUGO | S_ISVTX)

void tmpfs_default_options(struct tmpfs_options *o)
{
	*o = (struct tmpfs_options){
		.blocks = shmem_default_max_blocks(),
		.inodes = shmem_default_max_inodes(),
		.mode = TMPFS_DEFAULT_MODE,
		.uid = current_fsuid(),
		.gid = current_fsgid(),
	};
}

static int parse_size(const char *value, unsigned long *pages)
{
	char *end;
	unsigned long long size = memparse(value, &end);

	if (end == value)
		return -EINVAL;
	if (*end == '%') {
		size = size * totalram_pages() / 100 << PAGE_SHIFT;
		end++;
	}
	if (*end)
		return -EINVAL;
	*pages = PFN_UP(size);
	return 0;
}

static int parse_count(const char *value, unsigned long *n)
{
	char *end;

	*n = memparse(value, &end);
	return end == value || *end ? -EINVAL : 0;
}

static int parse_one(struct tmpfs_options *o, const char *key, const char *value)
{
	unsigned v;

	if (!strcmp(key, "size")) {
		o->have_blocks = true;
		return parse_size(value, &o->blocks);
	}
	if (!strcmp(key, "nr_blocks")) {
		o->have_blocks = true;
		return parse_count(value, &o->blocks);
	}
	if (!strcmp(key, "nr_inodes")) {
		o->have_inodes = true;
		return parse_count(value, &o->inodes);
	}
	if (!strcmp(key, "mode")) {
		if (kstrtouint(value, 8, &v))
			return -EINVAL;
		o->mode = v & S_IALLUGO;
		return 0;
	}
	if (!strcmp(key, "uid"))
		return kstrtouint(value, 0, &o->uid);
	if (!strcmp(key, "gid"))
		return kstrtouint(value, 0, &o->gid);
	if (!strcmp(key, "inode64") || !strcmp(key, "inode32") || !strcmp(key, "noswap"))
		return 0;
	return -EINVAL;
}

static int parse_into(struct tmpfs_options *o, char *data)
{
	char *word;

	while ((word = strsep(&data, ","))) {
		char *value = strchr(word, '=');

		if (!*word)
			continue;
		if (value)
			*value++ = 0;
		if (parse_one(o, word, value ? value : ""))
			return -EINVAL;
	}
	return 0;
}

int tmpfs_parse_options(struct tmpfs_options *o, char *data)
{
	tmpfs_default_options(o);
	return data ? parse_into(o, data) : 0;
}

void tmpfs_apply_options(struct tmpfs_sb *sb, const struct tmpfs_options *o)
{
	sb->opts = *o;
	sb->shmem.max_blocks = o->blocks;
	sb->shmem.max_inodes = o->inodes;
}

int tmpfs_remount(struct super_block *sb, __maybe_unused unsigned long flags, char *data)
{
	struct tmpfs_sb *info = TMPFS_SB(sb);
	struct tmpfs_options o = info->opts;

	if (data && parse_into(&o, data))
		return -EINVAL;
	/* A limit cannot come or go once things were counted without it, nor fall below what is used. */
	if (o.have_blocks && (!o.blocks != !info->shmem.max_blocks ||
			      o.blocks < (unsigned long)atomic_long_read(&info->shmem.used_blocks)))
		return -EINVAL;
	if (o.have_inodes && (!o.inodes != !info->shmem.max_inodes ||
			      o.inodes < (unsigned long)atomic_long_read(&info->shmem.used_inodes)))
		return -EINVAL;
	tmpfs_apply_options(info, &o);
	return 0;
}

void tmpfs_show_options(struct super_block *sb, char *buf, size_t n)
{
	const struct tmpfs_options *o = &TMPFS_SB(sb)->opts;
	int at = 0;

	buf[0] = 0;
	if (o->blocks != shmem_default_max_blocks())
		at += scnprintf(buf + at, n - at, ",size=%luk", o->blocks << (PAGE_SHIFT - 10));
	if (o->inodes != shmem_default_max_inodes())
		at += scnprintf(buf + at, n - at, ",nr_inodes=%lu", o->inodes);
	if (o->mode != TMPFS_DEFAULT_MODE)
		at += scnprintf(buf + at, n - at, ",mode=%03o", o->mode);
	if (o->uid)
		at += scnprintf(buf + at, n - at, ",uid=%u", o->uid);
	if (o->gid)
		at += scnprintf(buf + at, n - at, ",gid=%u", o->gid);
}

/* ---- ramfs: the same without limits ---------------------------------------------------------- */

#define RAMFS_DEFAULT_MODE	0755

int ramfs_parse_options(struct tmpfs_options *o, char *data)
{
	char *word;

	tmpfs_default_options(o);
	o->blocks = o->inodes = 0;
	o->mode = RAMFS_DEFAULT_MODE;
	while (data && (word = strsep(&data, ","))) {
		unsigned mode;

		if (strncmp(word, "mode=", 5))
			continue;
		if (kstrtouint(word + 5, 8, &mode))
			return -EINVAL;
		o->mode = mode & S_IALLUGO;
	}
	return 0;
}

void ramfs_show_options(struct super_block *sb, char *buf, size_t n)
{
	umode_t mode = TMPFS_SB(sb)->opts.mode;

	if (mode != RAMFS_DEFAULT_MODE)
		scnprintf(buf, n, ",mode=%o", mode);
}
