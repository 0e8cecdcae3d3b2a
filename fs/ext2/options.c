/*
 * fs/ext2/options.c - mount options.
 *
 * MODEL     Linux's words.  An option of something that is not there (quotas, direct access) is refused with its name
 *           where it would change what is kept, and passed over where it asks for less of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

void ext2_default_options(const struct ext2_super_block *es, struct ext2_options *o)
{
	u32 defaults = es->s_rev_level ? es->s_default_mount_opts : 0;

	o->flags = EXT2_MOUNT_RESERVATION;
	if (defaults & EXT2_DEFM_DEBUG)
		o->flags |= EXT2_MOUNT_DEBUG;
	if (defaults & EXT2_DEFM_BSDGROUPS)
		o->flags |= EXT2_MOUNT_GRPID;
	if (defaults & EXT2_DEFM_UID16)
		o->flags |= EXT2_MOUNT_NO_UID32;
	if (defaults & EXT2_DEFM_XATTR_USER)
		o->flags |= EXT2_MOUNT_XATTR_USER;
	o->errors = es->s_errors == EXT2_ERRORS_PANIC || es->s_errors == EXT2_ERRORS_RO ? es->s_errors
											: EXT2_ERRORS_CONTINUE;
	o->resuid = es->s_def_resuid;
	o->resgid = es->s_def_resgid;
}

unsigned long ext2_sb_option(char *data)
{
	const char *at = data && !strncmp(data, "sb=", 3) ? data : data ? strstr(data, ",sb=") : NULL;

	if (!at)
		return 1;
	return simple_strtoul(at + (*at == ',' ? 4 : 3), NULL, 0);
}

struct flag_option { const char *name; unsigned set, clear; };

static const struct flag_option flag_options[] = {
	{ "bsddf", 0, EXT2_MOUNT_MINIX_DF }, { "minixdf", EXT2_MOUNT_MINIX_DF, 0 },
	{ "grpid", EXT2_MOUNT_GRPID, 0 }, { "bsdgroups", EXT2_MOUNT_GRPID, 0 },
	{ "nogrpid", 0, EXT2_MOUNT_GRPID }, { "sysvgroups", 0, EXT2_MOUNT_GRPID },
	{ "nouid32", EXT2_MOUNT_NO_UID32, 0 }, { "debug", EXT2_MOUNT_DEBUG, 0 },
	{ "check", EXT2_MOUNT_CHECK, 0 }, { "nocheck", 0, EXT2_MOUNT_CHECK },
	{ "oldalloc", EXT2_MOUNT_OLDALLOC, 0 }, { "orlov", 0, EXT2_MOUNT_OLDALLOC },
	{ "reservation", EXT2_MOUNT_RESERVATION, 0 }, { "noreservation", 0, EXT2_MOUNT_RESERVATION },
	{ "user_xattr", EXT2_MOUNT_XATTR_USER, 0 }, { "nouser_xattr", 0, EXT2_MOUNT_XATTR_USER },
	{ "noacl", 0, 0 }, { "noquota", 0, 0 }, { "ignore", 0, 0 }, { "nobh", 0, 0 },
};

static bool parse_flag(struct ext2_options *o, const char *key)
{
	for (unsigned i = 0; i < ARRAY_SIZE(flag_options); i++)
		if (!strcmp(flag_options[i].name, key)) {
			o->flags = (o->flags & ~flag_options[i].clear) | flag_options[i].set;
			return true;
		}
	return false;
}

static int parse_errors(struct ext2_options *o, const char *value)
{
	if (!strcmp(value, "continue"))
		o->errors = EXT2_ERRORS_CONTINUE;
	else if (!strcmp(value, "remount-ro"))
		o->errors = EXT2_ERRORS_RO;
	else if (!strcmp(value, "panic"))
		o->errors = EXT2_ERRORS_PANIC;
	else
		return -EINVAL;
	return 0;
}

static int parse_value(struct super_block *sb, struct ext2_options *o, const char *key, const char *value)
{
	static const char *const refused[] = { "quota", "usrquota", "grpquota", "acl", "dax", "xip" };
	unsigned sb_block;

	if (!strcmp(key, "errors"))
		return parse_errors(o, value);
	if (!strcmp(key, "resuid"))
		return kstrtouint(value, 0, &o->resuid);
	if (!strcmp(key, "resgid"))
		return kstrtouint(value, 0, &o->resgid);
	if (!strcmp(key, "sb"))
		return kstrtouint(value, 0, &sb_block);	/* was seen before: ext2_sb_option() */
	if (!strcmp(key, "check"))
		return strcmp(value, "none") ? -EINVAL : 0;
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		if (!strcmp(key, refused[i]))
			ext2_msg(sb, KERN_ERR, "%s: not supported", key);
	return -EINVAL;
}

int ext2_parse_options(struct super_block *sb, struct ext2_options *o, char *data)
{
	char *word;

	while (data && (word = strsep(&data, ","))) {
		char *value = strchr(word, '=');

		if (!*word || (!value && parse_flag(o, word)))
			continue;
		if (value)
			*value++ = 0;
		if (parse_value(sb, o, word, value ? value : "")) {
			ext2_msg(sb, KERN_ERR, "Unrecognized mount option \"%s%s%s\" or missing value", word,
				 value ? "=" : "", value ? value : "");
			return -EINVAL;
		}
	}
	return 0;
}

void ext2_show_options(struct super_block *sb, char *buf, size_t n)
{
	const struct ext2_sb_info *sbi = EXT2_SB(sb);
	const struct ext2_options *o = &sbi->opt;
	struct ext2_options usual;
	int at = 0;

	buf[0] = 0;
	ext2_default_options(sbi->es, &usual);
	if (o->sb_block != 1)
		at += scnprintf(buf + at, n - at, ",sb=%lu", o->sb_block);
	if (o->flags & EXT2_MOUNT_MINIX_DF)
		at += scnprintf(buf + at, n - at, ",minixdf");
	if (o->flags & EXT2_MOUNT_GRPID)
		at += scnprintf(buf + at, n - at, ",grpid");
	if (!(o->flags & EXT2_MOUNT_GRPID) && usual.flags & EXT2_MOUNT_GRPID)
		at += scnprintf(buf + at, n - at, ",nogrpid");
	if (o->resuid || usual.resuid)
		at += scnprintf(buf + at, n - at, ",resuid=%u", o->resuid);
	if (o->resgid || usual.resgid)
		at += scnprintf(buf + at, n - at, ",resgid=%u", o->resgid);
	if (o->errors != EXT2_ERRORS_RO || usual.errors != EXT2_ERRORS_RO)
		at += scnprintf(buf + at, n - at, ",errors=%s", o->errors == EXT2_ERRORS_RO ? "remount-ro" :
				o->errors == EXT2_ERRORS_PANIC ? "panic" : "continue");
	if (o->flags & EXT2_MOUNT_CHECK)
		at += scnprintf(buf + at, n - at, ",check");
	if (o->flags & EXT2_MOUNT_NO_UID32)
		at += scnprintf(buf + at, n - at, ",nouid32");
	if (o->flags & EXT2_MOUNT_DEBUG)
		at += scnprintf(buf + at, n - at, ",debug");
	if (o->flags & EXT2_MOUNT_OLDALLOC)
		at += scnprintf(buf + at, n - at, ",oldalloc");
	if (o->flags & EXT2_MOUNT_XATTR_USER && !(usual.flags & EXT2_MOUNT_XATTR_USER))
		at += scnprintf(buf + at, n - at, ",user_xattr");
	if (!(o->flags & EXT2_MOUNT_XATTR_USER) && usual.flags & EXT2_MOUNT_XATTR_USER)
		at += scnprintf(buf + at, n - at, ",nouser_xattr");
	if (!(o->flags & EXT2_MOUNT_RESERVATION))
		scnprintf(buf + at, n - at, ",noreservation");
}
