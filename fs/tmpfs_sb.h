/*
 * fs/tmpfs_sb.h - an instance of tmpfs, and its mount options.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_TMPFS_SB_H
#define VELLUM_FS_TMPFS_SB_H

#include "include/fs.h"
#include "mm/cache/shmem.h"

struct tmpfs_options {
	unsigned long blocks, inodes;	/* pages; 0: no limit */
	bool have_blocks, have_inodes;	/* given, not the default */
	bool noswap;
	umode_t mode;
	uid_t uid;
	gid_t gid;
};

struct tmpfs_sb {
	struct shmem_sb_info shmem;
	struct tmpfs_options opts;	/* (I) as mounted: for /proc/mounts */
};
static inline struct tmpfs_sb *TMPFS_SB(const struct super_block *sb) { return sb->s_fs_info; }

void tmpfs_default_options(struct tmpfs_options *o);
/* 0 or -EINVAL; @data is cut up */
int tmpfs_parse_options(const struct file_system_type *type, struct tmpfs_options *o, char *data);
void tmpfs_apply_options(struct tmpfs_sb *sb, const struct tmpfs_options *o);
int tmpfs_remount(struct super_block *sb, unsigned long flags, char *data);
void tmpfs_show_options(struct super_block *sb, char *buf, size_t n);
int ramfs_parse_options(struct tmpfs_options *o, char *data);	/* mode=; others are passed over */
void ramfs_show_options(struct super_block *sb, char *buf, size_t n);

#endif
