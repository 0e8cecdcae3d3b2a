/*
 * fs/inode.h - inodes: making and dropping them, attributes, times, super blocks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_INODE_H
#define VELLUM_FS_INODE_H

#include "include/fs.h"

/* i_flags */
#define S_NOATIME	0x02
#define S_IMMUTABLE	0x08
#define S_PRIVATE	0x200
#define S_COMPLETE	0x10000		/* directory: every name it has is a cached dentry */

#define S_LINKABLE	0x20000		/* O_TMPFILE: may get its first name */

/* file_system_type.fs_flags */
#define FS_REQUIRES_DEV	1		/* its files have a store that pages can be read from again */

/* super_block.s_flags */
#define SB_RDONLY	1
#define SB_NOSUID	2
#define SB_NODEV	4
#define SB_NOEXEC	8
#define SB_SYNCHRONOUS	16
#define SB_DIRSYNC	128
#define SB_LAZYTIME	(1ul << 25)
#define SB_ACTIVE	(1ul << 30)
#define SB_NOUSER	(1ul << 31)	/* never visible: pipes, anonymous inodes */

void inode_init(void);
/* One reference, empty mapping, times now; NULL when there is no memory. */
struct inode *new_inode(struct super_block *sb);
ino_t get_next_ino(void);
void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode);
/* i_fop and the rest for a device, FIFO or socket. */
void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev);
void __iget(struct inode *inode);
void clear_nlink(struct inode *inode);
void drop_nlink(struct inode *inode);
void inc_nlink(struct inode *inode);

struct timespec64 current_time(void);		/* coarse real time */
void touch_mtime(struct inode *inode);		/* mtime and ctime := now */
void touch_ctime(struct inode *inode);
/* ATTR_KILL_*: the set-id bits that go when the file is written, or given away (sgid only), by the running task. */
unsigned setattr_should_drop_suidgid(const struct inode *inode);
unsigned setattr_should_drop_sgid(const struct inode *inode);

/* May the caller change @attr?  Fills in times and the forced clearing of set-id bits. */
int setattr_prepare(struct dentry *dentry, struct iattr *attr);
void setattr_copy(struct inode *inode, const struct iattr *attr);
int notify_change(struct dentry *dentry, struct iattr *attr);	/* i_rwsem(w) */
int simple_setattr(struct dentry *dentry, struct iattr *attr);
void generic_fillattr(const struct inode *inode, struct kstat *st);
int vfs_getattr(const struct path *path, struct kstat *st);

#define MAY_EXEC	1
#define MAY_WRITE	2
#define MAY_READ	4
#define MAY_APPEND	8
#define MAY_ACCESS	16
#define MAY_OPEN	32
#define MAY_CHDIR	64
int inode_permission(struct inode *inode, int mask);
int generic_permission(struct inode *inode, int mask);
bool inode_owner_or_capable(const struct inode *inode);

/* Executed files are not written, and the other way round: 0 or -ETXTBSY. */
int get_write_access(struct inode *inode);
void put_write_access(struct inode *inode);
int deny_write_access(struct file *file);
void allow_write_access(struct file *file);

/* A super block of @type with nothing in it; kill_super() ends it. */
/* The next super block after @sb (NULL: the first), counted; the count of @sb is dropped. */
struct super_block *next_super(struct super_block *sb);
struct super_block *alloc_super(struct file_system_type *type, unsigned long flags);
void put_super(struct super_block *sb);		/* drop a reference; the last one kills it */
void sync_filesystems(void);
extern struct list_head super_blocks;
extern spinlock_t sb_lock;
extern atomic_t nr_inodes_total;

#endif
