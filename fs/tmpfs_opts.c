/*
 * fs/tmpfs_opts.c - tmpfs mount options: size=, nr_blocks=, nr_inodes=, mode=, uid=, gid=.
 *
 * MODEL     What is refused is named in the log, in Linux's words: the error number alone does not tell.
 * UNITS     size: bytes with K, M, G, or percent of RAM; limits are kept in pages.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/tmpfs_sb.h"
#include "include/uapi/mount.h"
#include "kernel/task/cred.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define TMPFS_DEFAULT_MODE	(S_IRWXUGO | S_ISVTX)
#define ENOPARAM		519		/* no such key; stays in this file */

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
		size = (size << PAGE_SHIFT) * totalram_pages() / 100;
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
	if (!strcmp(key, "noswap")) {
		o->noswap = true;
		return 0;
	}
	if (!strcmp(key, "huge"))		/* there are small pages only */
		return strcmp(value, "never") ? -EINVAL : 0;
	if (!strcmp(key, "inode64") || !strcmp(key, "inode32"))
		return 0;
	return -ENOPARAM;
}

static int parse_into(const struct file_system_type *type, struct tmpfs_options *o, char *data)
{
	char *word;
	int rc;

	while ((word = strsep(&data, ","))) {
		char *value = strchr(word, '=');

		if (!*word)
			continue;
		if (value)
			*value++ = 0;
		rc = parse_one(o, word, value ? value : "");
		if (rc == -ENOPARAM)
			pr_err("%s: Unknown parameter '%s'\n", type->name, word);
		else if (rc)
			pr_err("%s: Bad value for '%s'\n", type->name, word);
		if (rc)
			return -EINVAL;
	}
	return 0;
}

int tmpfs_parse_options(const struct file_system_type *type, struct tmpfs_options *o, char *data)
{
	tmpfs_default_options(o);
	return data ? parse_into(type, o, data) : 0;
}

void tmpfs_apply_options(struct tmpfs_sb *sb, const struct tmpfs_options *o)
{
	sb->opts = *o;
	sb->shmem.max_blocks = o->blocks;
	sb->shmem.max_inodes = o->inodes;
}

/*
 * Why limits cannot be what @o says, or NULL: one cannot come once things were counted without it, nor fall
 * below what is used.
 */
static const char *limit_refused(const struct shmem_sb_info *now, const struct tmpfs_options *o)
{
	if (o->have_blocks && o->blocks) {
		if (!now->max_blocks)
			return "Cannot retroactively limit size";
		if (o->blocks < (unsigned long)atomic_long_read(&now->used_blocks))
			return "Too small a size for current use";
	}
	if (o->have_inodes && o->inodes) {
		if (!now->max_inodes)
			return "Cannot retroactively limit inodes";
		if (o->inodes < (unsigned long)atomic_long_read(&now->used_inodes))
			return "Too few inodes for current use";
	}
	return NULL;
}

int tmpfs_remount(struct super_block *sb, __maybe_unused unsigned long flags, char *data)
{
	struct tmpfs_sb *info = TMPFS_SB(sb);
	struct tmpfs_options o = info->opts;
	const char *why;

	o.have_blocks = o.have_inodes = false;
	if (data && parse_into(sb->s_type, &o, data))
		return -EINVAL;
	why = o.noswap && !info->opts.noswap ? "Cannot disable swap on remount" : limit_refused(&info->shmem, &o);
	if (why) {
		pr_err("%s: %s\n", sb->s_type->name, why);
		return -EINVAL;
	}
	o.mode = info->opts.mode;	/* of the root as it was made */
	o.uid = info->opts.uid;
	o.gid = info->opts.gid;
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
	if (o->noswap)
		scnprintf(buf + at, n - at, ",noswap");
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
