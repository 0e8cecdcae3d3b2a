/*
 * fs/ext2/ext2.h - an ext2 file system in memory, and what its files offer each other.
 *
 * MODEL     ext2_sb_info     a mounted instance: figures of its super block, checked, and where its groups are.
 *           ext2_inode_info  an inode with what is ext2's: its block numbers, flags, window.
 *           ext2_buf         a block of metadata: directories, bitmaps, tables, block numbers, attributes, long
 *                            links' targets.  It lies in the cache of the device; a reference to its page is held.
 * LOCKING   i_rwsem          names of a directory, size of a file.
 *           i_map_sem (m)    rank fs-map: where the blocks of an inode are; for reading to look.
 *           s_alloc   (a)    rank fs-alloc: bitmaps, descriptors, counts, windows.
 *           Both allocate memory only under memalloc_nofs_save(), in ext2_bread().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_EXT2_H
#define VELLUM_EXT2_H

#include "fs/ext2/format.h"
#include "fs/inode.h"
#include "fs/iomap/iomap.h"
#include "include/uapi/errno.h"
#include "lib/rbtree.h"

struct ext2_options {
	unsigned flags;			/* EXT2_MOUNT_* */
	unsigned errors;		/* EXT2_ERRORS_* */
	uid_t resuid;
	gid_t resgid;
	unsigned long sb_block;		/* in KiB: where the super block is read from */
};
#define EXT2_MOUNT_DEBUG	0x01
#define EXT2_MOUNT_MINIX_DF	0x02
#define EXT2_MOUNT_GRPID	0x04
#define EXT2_MOUNT_NO_UID32	0x08
#define EXT2_MOUNT_RESERVATION	0x10
#define EXT2_MOUNT_XATTR_USER	0x20
#define EXT2_MOUNT_OLDALLOC	0x40
#define EXT2_MOUNT_CHECK	0x80

struct ext2_buf { struct page *page; unsigned offset; };
static inline void *ext2_data(const struct ext2_buf *b) { return (char *)page_to_virt(b->page) + b->offset; }

#define EXT2_NR_META	16		/* blocks of numbers whose changes fsync(2) finds without a search */

struct ext2_group_info {
	u32 data, data_end;		/* (I) the longest run of its blocks that are no group's own */
	u8 debts;			/* (a) directories not yet balanced by files */
	bool sane;			/* (a) its bitmap of blocks was looked at, and made sense */
};

struct ext2_sb_info {
	struct super_block *sb;
	struct ext2_buf super;		/* (I) held while mounted */
	struct ext2_super_block *es;	/* (I; a to change) in it */
	struct ext2_buf *gd;		/* (I) the blocks of descriptors, held */
	unsigned block_bits, addr_bits;	/* (I) log2 of the bytes, and of the numbers in a block */
	u32 nr_blocks, nr_inodes, first_block, blocks_per_group, inodes_per_group, nr_groups;	/* (I) */
	u32 inode_size, inodes_per_block, table_blocks, desc_per_block, nr_gd, first_ino;	/* (I) */
	struct ext2_options opt;	/* (s_umount) */
	u16 mount_state;		/* (s_umount) s_state as it was when it was mounted for writing */
	struct mutex s_alloc;
	u32 free_blocks, free_inodes, nr_dirs;	/* (a) sums of the descriptors */
	struct rb_root windows;		/* (a) ext2_window by start */
	struct ext2_group_info *group;	/* (I) of each group */
	u32 next_generation;		/* (a) */
};
static inline struct ext2_sb_info *EXT2_SB(const struct super_block *sb) { return sb->s_fs_info; }

/* Blocks that a file that grows has for itself, though they are free: [start, end), end 0 when it has none. */
struct ext2_window { struct rb_node node; u32 start, end, size, used; };

struct ext2_inode_info {
	struct inode vfs;
	struct rw_semaphore i_map_sem;
	u32 i_data[EXT2_N_BLOCKS];	/* (m) */
	u32 i_map_seq;			/* (m to write) grows before blocks are given back */
	u32 i_next_lblk, i_next_goal;	/* (m) where the next block of a file written in order is wanted, or 0 */
	u32 i_meta[EXT2_NR_META];	/* (m) blocks of numbers that changed since the last fsync */
	unsigned i_nr_meta;		/* (m) > EXT2_NR_META: too many */
	u32 i_meta_seq;			/* (m) how often one of them changed */
	u32 i_flags, i_file_acl, i_dtime;
	u32 i_group;			/* (I) */
	u32 i_dir_free;			/* (i_rwsem) directory: no block before that has room for a name ... */
	u32 i_dir_free_len;		/* (i_rwsem) ... as long as this */
	u32 i_dir_last;			/* (none) directory: block where a name was found or added last */
	bool i_fresh;			/* the table has others' bytes in its place */
	struct rw_semaphore i_xattr_sem;	/* rank sleep leaf's outer: fs-map */
	struct ext2_window window;	/* (a) */
};
static inline struct ext2_inode_info *EXT2_I(const struct inode *inode)
{ return container_of(inode, struct ext2_inode_info, vfs); }

static inline u32 ext2_group_first_block(const struct ext2_sb_info *sbi, u32 group)
{ return sbi->first_block + group * sbi->blocks_per_group; }
static inline u32 ext2_group_blocks(const struct ext2_sb_info *sbi, u32 group)
{
	return group == sbi->nr_groups - 1 ? sbi->nr_blocks - ext2_group_first_block(sbi, group)
					   : sbi->blocks_per_group;
}
static inline u32 ext2_block_group(const struct ext2_sb_info *sbi, u32 block)
{ return (block - sbi->first_block) / sbi->blocks_per_group; }
static inline struct ext2_group_desc *ext2_group(const struct ext2_sb_info *sbi, u32 group)
{
	struct ext2_group_desc *block = ext2_data(&sbi->gd[group / sbi->desc_per_block]);

	return block + group % sbi->desc_per_block;
}

/* super.c */
extern struct file_system_type ext2_fs_type;
void ext2_fs_init(void);
/* The file system is damaged: log, note it on the device, and do what errors= says. */
__printf(3, 4) __cold void ext2_error(struct super_block *sb, const char *where, const char *fmt, ...);
__printf(3, 4) __cold void ext2_msg(const struct super_block *sb, const char *level, const char *fmt, ...);
void ext2_super_changed(struct ext2_sb_info *sbi);	/* *es has */
void ext2_update_dynamic_rev(struct ext2_sb_info *sbi);
/* check.c: what super block and descriptors say makes sense.  0 or -errno, with the reason logged. */
int ext2_read_figures(struct ext2_sb_info *sbi);
int ext2_check_features(struct ext2_sb_info *sbi, bool write);
int ext2_check_groups(struct ext2_sb_info *sbi);
u32 ext2_descriptor_block(const struct ext2_sb_info *sbi, u32 nr);
bool ext2_group_has_super(const struct ext2_sb_info *sbi, u32 group);
/* Do [@block, @block + @n) lie on the device, and keep off all that is no file's? */
bool ext2_blocks_valid(const struct ext2_sb_info *sbi, u32 block, u32 n);
u32 ext2_group_overhead(const struct ext2_sb_info *sbi, u32 group);	/* super block and descriptors in it */

/* options.c */
void ext2_default_options(const struct ext2_super_block *es, struct ext2_options *o);
int ext2_parse_options(struct super_block *sb, struct ext2_options *o, char *data);
unsigned long ext2_sb_option(char *data);		/* sb=, before anything else is known */
void ext2_show_options(struct super_block *sb, char *buf, size_t n);

/* meta.c: 0, -EIO, -ENOMEM.  A buf that was had is put with ext2_brelse(). */
__must_check int ext2_bread(struct super_block *sb, u32 block, struct ext2_buf *b);
__must_check int ext2_bnew(struct super_block *sb, u32 block, struct ext2_buf *b);	/* zeros; not dirty yet */
void ext2_bdirty(struct super_block *sb, const struct ext2_buf *b);
void ext2_brelse(struct ext2_buf *b);
/* Blocks that were metadata are given back: what is cached of them is never written. */
void ext2_bforget(struct super_block *sb, u32 block, u32 n);
int ext2_bsync(struct super_block *sb, u32 block);	/* on the device when it returns; 0 or -errno */

/* balloc.c */
struct ext2_request {
	struct inode *inode;
	u32 goal;			/* where it should be; 0: anywhere */
	u32 count;			/* wanted; what was got */
	bool data;			/* a file's: may use its window */
};
/* Blocks that follow each other, at least one.  *block; 0, -ENOSPC, -EIO */
__must_check int ext2_new_blocks(struct ext2_request *rq, u32 *block);
/* => -EUCLEAN: one was free already, or no file's */
int ext2_free_blocks(struct inode *inode, u32 block, u32 count);
void ext2_discard_window(struct inode *inode);
u32 ext2_count_free_blocks(struct ext2_sb_info *sbi);

/* map.c */
struct ext2_extent { u32 pblk, len; bool hole, fresh; };
/* What is at block @lblk of @inode: *e, up to @max blocks; holes are filled if @create.  0 or -errno */
__must_check int ext2_map_blocks(struct inode *inode, u32 lblk, u32 max, bool create, struct ext2_extent *e);
/* Give back all from block @lblk on.  0 or -errno: it went as far as it could */
int ext2_truncate_blocks(struct inode *inode, u64 lblk);
/* The blocks of numbers that changed, to the device. */
int ext2_sync_map(struct inode *inode);
u64 ext2_max_size(unsigned block_bits);
/* Number of the first block that does not fit any more. */
u64 ext2_max_lblk(unsigned block_bits);

/* ialloc.c */
struct inode *ext2_new_inode(struct inode *dir, umode_t mode);	/* I_NEW, i_rwsem(dir) held; ERR_PTR */
void ext2_free_inode(struct inode *inode);
u32 ext2_count_free_inodes(struct ext2_sb_info *sbi);

/* inode.c */
struct inode *ext2_iget(struct super_block *sb, ino_t ino);	/* ERR_PTR */
int ext2_write_inode(struct inode *inode, int sync);
void ext2_evict_inode(struct inode *inode);
void ext2_set_inode_flags(struct inode *inode);
void ext2_set_ops(struct inode *inode);
int ext2_setattr(struct dentry *d, struct iattr *attr);
int ext2_getattr(const struct path *path, struct kstat *st);
int ext2_sync_inode(struct inode *inode, int datasync);	/* attributes and numbers, to the device */
extern const struct iomap_ops ext2_iomap_ops;
extern const struct address_space_operations ext2_aops;
/* The directory of @dir must be on the device when the call returns. */
static inline bool ext2_dirsync(const struct inode *dir)
{
	return (dir->i_sb->s_flags & (SB_SYNCHRONOUS | SB_DIRSYNC)) || (dir->i_flags & (S_SYNC | S_DIRSYNC));
}

/* dir_block.c: entries of one block; no other state.  Offsets are into the block. */
struct ext2_dir_shape { unsigned block_size; u32 nr_inodes; bool filetype; };
/* What is wrong with the entry at @off, or NULL. */
const char *ext2_dirent_fault(const struct ext2_dir_shape *s, const void *block, unsigned off);
/* The entry called @name: its offset, *prev that of the one before it (or its own).  -ENOENT; -EUCLEAN, *at: where */
int ext2_block_find(const struct ext2_dir_shape *s, const void *block, const char *name, unsigned len,
		    unsigned *prev, unsigned *at);
/* Put @name in.  0, -ENOSPC, -EUCLEAN */
int ext2_block_add(const struct ext2_dir_shape *s, void *block, const char *name, unsigned len, u32 ino, u8 type);
void ext2_block_remove(void *block, unsigned prev, unsigned at);
void ext2_block_empty(void *block, unsigned size);	/* one free entry */
/* Does it hold names other than "." and ".."?  -EUCLEAN */
int ext2_block_is_empty(const struct ext2_dir_shape *s, const void *block);
u8 ext2_type_of_mode(umode_t mode);
unsigned ext2_dtype(u8 file_type);

/* dir.c */
extern const struct file_operations ext2_dir_operations;
__must_check int ext2_find_name(struct inode *dir, const char *name, unsigned len, u32 *ino);
__must_check int ext2_add_name(struct inode *dir, const char *name, unsigned len, struct inode *inode);
__must_check int ext2_remove_name(struct inode *dir, const char *name, unsigned len);
/* The name leads to @inode from now on; @touch: and the directory changed. */
__must_check int ext2_set_name(struct inode *dir, const char *name, unsigned len, struct inode *inode, bool touch);
__must_check int ext2_make_empty(struct inode *dir, struct inode *parent);
int ext2_dir_is_empty(struct inode *dir);		/* 1, 0 or -errno */
int ext2_sync_dir(struct inode *dir);			/* blocks and attributes, to the device */

/* namei.c, file.c, symlink.c, ioctl.c */
extern const struct inode_operations ext2_dir_iops, ext2_file_iops, ext2_special_iops, ext2_symlink_iops;
extern const struct file_operations ext2_file_operations;
long ext2_ioctl(struct file *f, unsigned cmd, unsigned long arg);
int ext2_fsync(struct file *f, loff_t start, loff_t end, int datasync);

/* xattr.c */
void ext2_xattr_delete(struct inode *inode);

#endif
