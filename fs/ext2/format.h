/*
 * fs/ext2/format.h - what an ext2 file system looks like on its device.
 *
 * MODEL     The device is cut into blocks of 1, 2 or 4 KiB, and these into groups as large as one block of bits can
 *           tell free from used:
 *
 *             block 0 or 1: super block · descriptors of all groups · [per group: copies of both, bitmap of
 *             blocks, bitmap of inodes, inode table, data]
 *
 *           A file's inode names its blocks: 12 directly, then through one, two and three levels of blocks full of
 *           numbers.  A directory is a file of entries, none of which crosses a block.  All numbers are
 *           little-endian, as ours are.
 * SEE       The Second Extended File System, Dave Poirier; e2fsprogs lib/ext2fs/ext2_fs.h
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_EXT2_FORMAT_H
#define VELLUM_EXT2_FORMAT_H

#include "include/types.h"
#include "include/util.h"

#define EXT2_SUPER_MAGIC	0xef53
#define EXT2_SUPER_OFFSET	1024u
#define EXT2_MIN_BLOCK_BITS	10
#define EXT2_MAX_BLOCK_BITS	12

#define EXT2_ROOT_INO		2
#define EXT2_GOOD_OLD_FIRST_INO	11
#define EXT2_GOOD_OLD_INODE_SIZE 128
#define EXT2_GOOD_OLD_REV	0
#define EXT2_DYNAMIC_REV	1

/* s_state */
#define EXT2_VALID_FS		1
#define EXT2_ERROR_FS		2
/* s_errors */
#define EXT2_ERRORS_CONTINUE	1
#define EXT2_ERRORS_RO		2
#define EXT2_ERRORS_PANIC	3
/* s_default_mount_opts */
#define EXT2_DEFM_DEBUG		1
#define EXT2_DEFM_BSDGROUPS	2
#define EXT2_DEFM_XATTR_USER	4
#define EXT2_DEFM_ACL		8
#define EXT2_DEFM_UID16		0x10

#define COMPAT_DIR_PREALLOC	0x1
#define COMPAT_IMAGIC_INODES	0x2
#define COMPAT_HAS_JOURNAL	0x4
#define COMPAT_EXT_ATTR		0x8
#define COMPAT_RESIZE_INODE	0x10
#define COMPAT_DIR_INDEX	0x20
#define INCOMPAT_FILETYPE	0x2
#define INCOMPAT_META_BG	0x10
#define RO_COMPAT_SPARSE_SUPER	0x1
#define RO_COMPAT_LARGE_FILE	0x2
#define RO_COMPAT_BTREE_DIR	0x4

struct ext2_super_block {
	u32 s_inodes_count, s_blocks_count, s_r_blocks_count, s_free_blocks_count, s_free_inodes_count;
	u32 s_first_data_block, s_log_block_size, s_log_frag_size;
	u32 s_blocks_per_group, s_frags_per_group, s_inodes_per_group;
	u32 s_mtime, s_wtime;
	u16 s_mnt_count;
	s16 s_max_mnt_count;
	u16 s_magic, s_state, s_errors, s_minor_rev_level;
	u32 s_lastcheck, s_checkinterval, s_creator_os, s_rev_level;
	u16 s_def_resuid, s_def_resgid;
	/* Of revision 1. */
	u32 s_first_ino;
	u16 s_inode_size, s_block_group_nr;
	u32 s_feature_compat, s_feature_incompat, s_feature_ro_compat;
	u8 s_uuid[16];
	char s_volume_name[16], s_last_mounted[64];
	u32 s_algorithm_usage_bitmap;
	u8 s_prealloc_blocks, s_prealloc_dir_blocks;
	u16 s_reserved_gdt_blocks;
	u8 s_journal_uuid[16];
	u32 s_journal_inum, s_journal_dev, s_last_orphan, s_hash_seed[4];
	u8 s_def_hash_version, s_jnl_backup_type;
	u16 s_desc_size;
	u32 s_default_mount_opts, s_first_meta_bg;
	u32 s_reserved[190];
};
BUILD_ASSERT(sizeof(struct ext2_super_block) == 1024);

struct ext2_group_desc {
	u32 bg_block_bitmap, bg_inode_bitmap, bg_inode_table;
	u16 bg_free_blocks_count, bg_free_inodes_count, bg_used_dirs_count, bg_flags;
	u32 bg_reserved[3];
};
BUILD_ASSERT(sizeof(struct ext2_group_desc) == 32);

#define EXT2_NDIR_BLOCKS	12
#define EXT2_IND_BLOCK		12
#define EXT2_DIND_BLOCK		13
#define EXT2_TIND_BLOCK		14
#define EXT2_N_BLOCKS		15

struct ext2_inode {
	u16 i_mode, i_uid;
	u32 i_size, i_atime, i_ctime, i_mtime, i_dtime;
	u16 i_gid, i_links_count;
	u32 i_blocks;			/* of 512 bytes */
	u32 i_flags, i_osd1;
	u32 i_block[EXT2_N_BLOCKS];
	u32 i_generation, i_file_acl;
	u32 i_size_high;		/* of directories: i_dir_acl */
	u32 i_faddr;
	u8 i_frag, i_fsize;
	u16 i_pad1, i_uid_high, i_gid_high;
	u32 i_reserved2;
};
BUILD_ASSERT(sizeof(struct ext2_inode) == 128);

/* i_flags: what chattr(1) sets. */
#define EXT2_SECRM_FL		0x00000001u
#define EXT2_UNRM_FL		0x00000002u
#define EXT2_COMPR_FL		0x00000004u
#define EXT2_SYNC_FL		0x00000008u
#define EXT2_IMMUTABLE_FL	0x00000010u
#define EXT2_APPEND_FL		0x00000020u
#define EXT2_NODUMP_FL		0x00000040u
#define EXT2_NOATIME_FL		0x00000080u
#define EXT2_NOCOMP_FL		0x00000400u
#define EXT2_BTREE_FL		0x00001000u
#define EXT2_INDEX_FL		0x00001000u
#define EXT2_JOURNAL_DATA_FL	0x00004000u
#define EXT2_NOTAIL_FL		0x00008000u
#define EXT2_DIRSYNC_FL		0x00010000u
#define EXT2_TOPDIR_FL		0x00020000u
#define EXT2_FL_USER_VISIBLE	0x0003dfffu
#define EXT2_FL_USER_MODIFIABLE	0x000380ffu
#define EXT2_FL_INHERITED	(EXT2_SECRM_FL | EXT2_UNRM_FL | EXT2_COMPR_FL | EXT2_SYNC_FL | EXT2_NODUMP_FL | \
				 EXT2_NOATIME_FL | 0x100u /* dirty */ | EXT2_NOCOMP_FL | EXT2_JOURNAL_DATA_FL | \
				 EXT2_NOTAIL_FL | EXT2_DIRSYNC_FL)
#define EXT2_REG_FLMASK		(~(EXT2_DIRSYNC_FL | EXT2_TOPDIR_FL))
#define EXT2_OTHER_FLMASK	(EXT2_NODUMP_FL | EXT2_NOATIME_FL)

#define EXT2_NAME_LEN		255
struct ext2_dirent {
	u32 inode;			/* 0: free */
	u16 rec_len;			/* to the next one */
	u8 name_len, file_type;		/* without INCOMPAT_FILETYPE: the upper half of name_len, which is 0 */
	char name[];
};
#define EXT2_DIR_REC_LEN(name_len) (((name_len) + 8u + 3u) & ~3u)

/* Extended attributes: one block, entries from its start up, values from its end down. */
#define EXT2_XATTR_MAGIC	0xea020000u
#define EXT2_XATTR_REFCOUNT_MAX	1024u
struct ext2_xattr_header {
	u32 h_magic, h_refcount, h_blocks, h_hash, h_reserved[4];
};
struct ext2_xattr_entry {
	u8 e_name_len, e_name_index;
	u16 e_value_offs;
	u32 e_value_block, e_value_size, e_hash;
	char e_name[];
};
#define EXT2_XATTR_LEN(name_len) (((name_len) + 3u + 16u) & ~3u)

#endif
