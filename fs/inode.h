/*
 * fs/inode.h - inodes: making and dropping them, attributes, times, super blocks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_INODE_H
#define VELLUM_FS_INODE_H

#include "include/fs.h"

/* i_flags */
#define S_SYNC		0x01
#define S_NOATIME	0x02
#define S_APPEND	0x04
#define S_IMMUTABLE	0x08
#define S_DIRSYNC	0x40
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

/* i_state */
#define I_DIRTY_SYNC		BIT(0)	/* times and the like: what fdatasync(2) may leave */
#define I_DIRTY_DATASYNC	BIT(1)	/* what is needed to read the data back */
#define I_DIRTY_PAGES		BIT(2)
#define I_NEW			BIT(3)	/* found by number, being read: wait */
#define I_BAD			BIT(4)	/* that failed */
#define I_FREEING		BIT(5)	/* being evicted: wait, and read it again */
#define I_SYNC			BIT(6)	/* somebody writes it */
#define I_DIRTY			(I_DIRTY_SYNC | I_DIRTY_DATASYNC | I_DIRTY_PAGES)

void inode_init(void);
/* One reference, empty mapping, times now; NULL when there is no memory. */
struct inode *new_inode(struct super_block *sb);
ino_t get_next_ino(void);
void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode);
/* i_fop and the rest for a device, FIFO or socket. */
void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev);
void __iget(struct inode *inode);
/* iput() where the last reference must not be followed by an eviction: a thread does that.  Any context */
void iput_later(struct inode *inode);
void clear_nlink(struct inode *inode);
void drop_nlink(struct inode *inode);
void inc_nlink(struct inode *inode);

struct timespec64 current_time(void);		/* coarse real time */
struct timespec64 timestamp_truncate(struct timespec64 t, const struct inode *inode);
struct timespec64 inode_time(const struct inode *inode);	/* the same, as exactly as its store keeps it */
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

void inode_hash_init(void);

/* ---- inodes with a store: icache.c ------------------------------------------------------------- */

/* The inode of number @ino, counted: cached, or I_NEW for the caller to fill in.  NULL: no memory */
struct inode *iget_locked(struct super_block *sb, ino_t ino);
void unlock_new_inode(struct inode *inode);	/* it is filled in */
void iget_failed(struct inode *inode);		/* it cannot be; the reference is dropped */
/* A new inode, whose number was free, can be found, I_NEW.  -EEXIST: it was not free */
__must_check int insert_inode_locked(struct inode *inode);
void remove_inode_hash(struct inode *inode);
void wake_inode(struct inode *inode);		/* i_state lost a bit that others wait for */
void wait_on_inode(struct inode *inode, unsigned long bits);	/* until it has none of them */
extern spinlock_t inode_hash_lock;

/* ---- writing back: fs-writeback.c ---------------------------------------------------------------- */

/* Something of @inode is to be written; no-op where there is no store.  Any locks but interrupts' */
void mark_inode_dirty(struct inode *inode, unsigned long flags);
/* Attributes now, if @datasync lets anything go: to where they are written from.  0 or -errno */
int sync_inode_metadata(struct inode *inode, int datasync);
int write_inode_now(struct inode *inode);	/* pages and attributes, and wait for the pages */
/* Start writing at most *@nr pages of each inode of @sb, and the attributes of all that changed. */
void writeback_sb(struct super_block *sb, long *nr);
int sync_filesystem(struct super_block *sb);	/* everything, and wait.  => s_umount, or namespace_sem */
int __sync_filesystem(struct super_block *sb);	/* also of one that has just become read-only */
/*
 * A round of the flusher: up to @nr pages of each inode of each instance that is dirty since before @until (ns,
 * monotonic; UINT64_MAX: all).  Pages written.
 */
unsigned long writeback_filesystems(long nr, u64 until);

/* A super block of @type with nothing in it; put_super() ends it. */
struct super_block *alloc_super(struct file_system_type *type, unsigned long flags);
void put_super(struct super_block *sb);		/* a mount's reference; the last one shuts it down */
/*
 * The next super block after @sb (NULL: the first), with a reference that keeps the structure only, not what it
 * stands for; that of @sb is dropped.
 */
struct super_block *next_super(struct super_block *sb);
struct super_block *prev_super(struct super_block *sb);		/* the same from the last to the first */
void put_super_passive(struct super_block *sb);
void sync_filesystems(void);
void readonly_filesystems(void);	/* the machine goes: nothing is written any more */
/*
 * .mount of a type that needs a device: the instance that is on device @name already, or a new one that @fill
 * makes (s_bdev, s_dev, s_id set; on failure put_super() of it does what was not done).  ERR_PTR
 */
struct super_block *mount_bdev(struct file_system_type *type, unsigned long flags, const char *name, char *data,
			       int (*fill)(struct super_block *sb, char *data));
extern struct list_head super_blocks;
extern spinlock_t sb_lock;
extern atomic_t nr_inodes_total;

#endif
