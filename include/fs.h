/*
 * include/fs.h - the nouns of files, shared by fs/, mm/ (file mappings) and drivers.
 *
 * MODEL     super_block  one mounted-able file system instance.
 *           inode        one file's data and attributes; its pages live in i_mapping.
 *           dentry       a name in a directory, cached in a tree; negative when it has no inode.
 *           mount        a super_block's root put on a dentry; path = (mount, dentry).
 *           file         an open file: position, mode, operations.
 *           iov_iter     where a read or write goes: segments of user or kernel memory.
 * LOCKING   inode->i_rwsem guards a directory's names and a file's size against writers; dentry
 *           links by dentry_lock; reference counts are atomic.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_H
#define VELLUM_FS_H

#include "include/mm_types.h"
#include "include/uapi/fcntl.h"
#include "include/uapi/stat.h"

struct dentry;
struct file;
struct file_lock;
struct inode;
struct kstatfs;
struct lease_list;
struct pipe_inode_info;
struct seq_file;
struct super_block;
struct block_device;
struct vfsmount;

struct iovec { void __user *iov_base; size_t iov_len; };

struct path { struct vfsmount *mnt; struct dentry *dentry; };

/* ---- iov_iter (fs/iov.c) --------------------------------------------------------------------- */
struct iov_iter {
	const struct iovec *iov;	/* segments; kernel pointers when !user */
	unsigned nr_segs;
	size_t offset;			/* into iov[0] */
	size_t count;			/* bytes left */
	bool user;
	u8 rwf;				/* RWF_*: what this one call asks for */
	struct iovec one;		/* storage for the single-segment form */
};
static __always_inline void iov_iter_one(struct iov_iter *i, void *buf, size_t n, bool user)
{
	i->one.iov_base = buf;
	i->one.iov_len = n;
	i->iov = &i->one;
	i->nr_segs = 1;
	i->offset = 0;
	i->count = n;
	i->user = user;
	i->rwf = 0;
}
static inline void iov_iter_user(struct iov_iter *i, void __user *buf, size_t n) { iov_iter_one(i, buf, n, true); }
static inline void iov_iter_kernel(struct iov_iter *i, void *buf, size_t n) { iov_iter_one(i, buf, n, false); }
/* The segment we stand in; empty ones are stepped over.  => count > 0; bytes left in it */
static inline size_t iov_iter_segment(struct iov_iter *i, char **p)
{
	while (i->offset == i->iov->iov_len) {
		i->iov++;
		i->nr_segs--;
		i->offset = 0;
	}
	*p = (char *)i->iov->iov_base + i->offset;
	return i->iov->iov_len - i->offset;
}
/* Bytes copied (and advanced over); fewer than @n when user memory ends. */
size_t copy_to_iter(const void *from, size_t n, struct iov_iter *i);
size_t copy_from_iter(void *to, size_t n, struct iov_iter *i);
size_t iov_iter_zero(size_t n, struct iov_iter *i);
void iov_iter_advance(struct iov_iter *i, size_t n);
/* Touch the first @n bytes so that a copy under a page lock will not fault for ever; 0 or -EFAULT */
int iov_iter_fault_in(struct iov_iter *i, size_t n);

/* ---- directory reading ----------------------------------------------------------------------- */
struct dir_context {
	/* Returns false when the caller's buffer is full. */
	bool (*actor)(struct dir_context *, const char *name, int len, loff_t off, u64 ino, unsigned type);
	loff_t pos;
};

/* ---- operations ------------------------------------------------------------------------------ */
struct poll_table {
	/* Called for each queue that the file will wake; NULL: only ask. */
	void (*queue)(struct file *f, wait_queue_head_t *q, struct poll_table *pt);
};
static inline void poll_wait(struct file *f, wait_queue_head_t *q, struct poll_table *pt)
{
	if (pt && pt->queue)
		pt->queue(f, q, pt);
}

struct file_operations {
	unsigned fop_flags;		/* FOP_* */
	loff_t (*llseek)(struct file *, loff_t, int whence);
	ssize_t (*read)(struct file *, struct iov_iter *to, loff_t *pos);
	ssize_t (*write)(struct file *, struct iov_iter *from, loff_t *pos);
	int (*iterate)(struct file *, struct dir_context *);
	unsigned (*poll)(struct file *, struct poll_table *);	/* EPOLL* bits */
	long (*ioctl)(struct file *, unsigned cmd, unsigned long arg);
	int (*mmap)(struct file *, struct vm_area_struct *);	/* set vm_ops; may change vm_flags */
	int (*open)(struct inode *, struct file *);
	int (*flush)(struct file *);				/* each close(2) */
	void (*release)(struct inode *, struct file *);		/* last reference */
	int (*fasync)(int fd, struct file *, bool on);		/* tell the owner of what happens; or not */
	int (*fsync)(struct file *, loff_t start, loff_t end, int datasync);
	long (*fallocate)(struct file *, int mode, loff_t off, loff_t len);
	/* The file system's own choice of an unmapped area, or NULL. */
	unsigned long (*get_unmapped_area)(struct file *, unsigned long addr, unsigned long len,
					   unsigned long pgoff, unsigned long flags);
	void (*show_fdinfo)(struct seq_file *, struct file *);	/* more lines of /proc/PID/fdinfo/N */
};

/* What Linux gives no splice operation: special files that are read or written as they are only. */
#define FOP_NO_SPLICE_READ	1
#define FOP_NO_SPLICE_WRITE	2
#define FOP_NO_SPLICE		(FOP_NO_SPLICE_READ | FOP_NO_SPLICE_WRITE)

struct inode_operations {
	/* Return NULL after d_add(dentry, inode or NULL), another dentry to use, or ERR_PTR. */
	struct dentry *(*lookup)(struct inode *dir, struct dentry *, unsigned flags);
	int (*create)(struct inode *dir, struct dentry *, umode_t mode);
	int (*link)(struct dentry *old, struct inode *dir, struct dentry *);
	int (*unlink)(struct inode *dir, struct dentry *);
	int (*symlink)(struct inode *dir, struct dentry *, const char *target);
	int (*mkdir)(struct inode *dir, struct dentry *, umode_t mode);
	int (*rmdir)(struct inode *dir, struct dentry *);
	int (*mknod)(struct inode *dir, struct dentry *, umode_t mode, dev_t dev);
	int (*rename)(struct inode *odir, struct dentry *, struct inode *ndir, struct dentry *, unsigned flags);
	/* The target: kept by the inode, or made in *@buf (PAGE_SIZE bytes); ERR_PTR on error. */
	const char *(*get_link)(struct dentry *, struct inode *, char *buf);
	/* A link that is an object itself (/proc/PID/exe, fd/N): where it leads. */
	int (*jump_link)(struct dentry *, struct path *to);
	/* What readlink() tells of such a link, if fewer may go there than may know of it. */
	int (*jump_target)(struct dentry *, struct path *to);
	int (*setattr)(struct dentry *, struct iattr *);
	int (*getattr)(const struct path *, struct kstat *);
	int (*permission)(struct inode *, int mask);
	int (*tmpfile)(struct inode *dir, struct file *, umode_t mode);
};

struct super_operations {
	struct inode *(*alloc_inode)(struct super_block *);	/* NULL: plain struct inode */
	void (*free_inode)(struct inode *);
	void (*evict_inode)(struct inode *);	/* last reference of an unlinked or dropped inode */
	/* Take the attributes over to where they are written from; @sync: and wait until they are there. */
	int (*write_inode)(struct inode *, int sync);
	int (*statfs)(struct dentry *, struct kstatfs *);
	int (*sync_fs)(struct super_block *, int wait);
	void (*put_super)(struct super_block *);
	int (*remount)(struct super_block *, unsigned long flags, char *data);
	int (*make_readonly)(struct super_block *);	/* nobody writes any more: leave the store as unmounted */
	void (*show_options)(struct super_block *, char *buf, size_t n);
};

struct dentry_operations {
	int (*revalidate)(struct dentry *, unsigned flags);	/* 0: gone */
	bool (*delete_)(const struct dentry *);			/* true: do not cache when unused */
	void (*dname)(struct dentry *, char *buf, size_t n);	/* pseudo names: pipe:[12] */
};

/* ---- objects --------------------------------------------------------------------------------- */
struct inode {
	umode_t i_mode;
	unsigned i_flags;		/* S_* */
	uid_t i_uid;
	gid_t i_gid;
	unsigned i_nlink;
	dev_t i_rdev;
	ino_t i_ino;
	loff_t i_size;			/* (i_rwsem to write) */
	u64 i_blocks;			/* 512-byte units */
	struct timespec64 i_atime, i_mtime, i_ctime;
	const struct inode_operations *i_op;
	const struct file_operations *i_fop;
	struct super_block *i_sb;
	struct address_space *i_mapping;	/* usually &i_data */
	struct address_space i_data;
	struct rw_semaphore i_rwsem;		/* rank vfs */
	atomic_t i_count;
	atomic_t i_writecount;			/* >0: open for writing, <0: being executed */
	struct list_head i_sb_list;
	struct list_head i_dentry;		/* aliases (dcache_lock) */
	spinlock_t i_lock;			/* i_blocks, i_flock; rank files */
	u64 i_dir_next;				/* (i_rwsem) next directory offset to give out */
	struct timespec64 i_btime;
	struct list_head i_flock;		/* file locks (fs/locks.c) */
	struct lease_list *i_leases;		/* (A) of a regular file that ever had one (fs/leases.c) */
	struct pipe_inode_info *i_pipe;		/* FIFOs and pipes */
	const char *i_link;			/* symbolic link: target that lives as long as the inode */
	void *i_private;
	u64 i_sequence;				/* (A) no two have the same; 0: nobody asked (futexes) */
	unsigned long i_state;			/* (A) I_* */
	struct hlist_node i_hash;		/* (inode_hash_lock) found by its number, where there is a store */
	struct list_head i_wb_list;		/* (s_wb_lock) in sb->s_dirty, or in a round of writing */
	u64 i_dirtied_when;			/* (s_wb_lock) since when it is there; ns, monotonic */
	struct inode *i_put_next;		/* its last reference may have gone where it could not be evicted */
	u32 i_generation;
	atomic_t i_readcount;			/* regular file: opens to read only */
};

#define DNAME_INLINE	32
struct dentry {
	atomic_t d_count;
	unsigned d_flags;			/* DCACHE_* */
	struct dentry *d_parent;
	struct inode *d_inode;			/* NULL: negative */
	const char *d_name;			/* d_iname, or allocated */
	unsigned d_len, d_namehash;
	struct hlist_node d_hashlink;
	struct list_head d_child, d_subdirs;	/* in the parent's list; our children */
	struct list_head d_alias;		/* inode->i_dentry */
	struct list_head d_lru;
	const struct dentry_operations *d_op;
	struct super_block *d_sb;
	void *d_fsdata;
	u64 d_off;				/* place in its directory, newest is greatest */
	char d_iname[DNAME_INLINE];
};

/* What was read ahead for who reads a file, and how he does it: mm/cache/readahead.c.  In pages; no lock */
struct file_ra_state {
	pgoff_t start;				/* the window ... */
	u32 size, async_size;			/* ... the last so many of which were not asked for yet */
	pgoff_t prev;				/* last page read */
	u16 ra_pages;				/* most that is read at once; 0: nothing is read ahead */
	u16 mmap_miss;				/* faults that found nothing, less those that did */
	bool random, sequential;		/* POSIX_FADV_*: nothing is read ahead; twice as much is */
};

struct file {
	atomic_t f_count;
	unsigned f_mode;			/* FMODE_* */
	unsigned f_flags;			/* O_* */
	const struct file_operations *f_op;
	loff_t f_pos;				/* (f_pos_lock) */
	struct mutex f_pos_lock;
	struct path f_path;
	struct inode *f_inode;
	struct address_space *f_mapping;
	struct file_ra_state f_ra;
	u32 f_wb_err;				/* (i_lock) errseq_t: errors of f_mapping that it has heard of */
	u32 f_sb_err;				/* (i_lock) the same of its super block, for syncfs(2) */
	unsigned long f_cred_id;		/* who opened it: cred->id */
	struct fown_struct *f_owner;		/* fs/fasync.c: who is told of it, and how; or NULL */
	struct list_head f_ep;			/* epoll items that watch it (epoll's lock) */
	void *private_data;
	struct file *f_put_next;		/* its last reference went while another file was being closed */
};
#define FMODE_READ	0x1
#define FMODE_WRITE	0x2
#define FMODE_LSEEK	0x4
#define FMODE_PREAD	0x8
#define FMODE_EXEC	0x20
#define FMODE_PATH	0x4000
#define FMODE_ATOMIC_POS 0x8000		/* calls that use f_pos exclude each other (POSIX: regular files) */
#define FMODE_STREAM	0x200000	/* no position */
#define FMODE_CAN_ODIRECT 0x800000	/* O_DIRECT is not refused */
#define FMODE_CREATED	0x100000	/* its open made the file */
#define FMODE_NOWAIT	0x400000	/* RWF_NOWAIT makes sense */

struct super_block {
	const struct super_operations *s_op;
	struct file_system_type *s_type;
	struct dentry *s_root;
	unsigned long s_flags;			/* SB_RDONLY ... */
	dev_t s_dev;
	unsigned long s_magic;
	loff_t s_maxbytes;
	unsigned s_blocksize;
	atomic_t s_count;			/* mounts: it is shut down when the last goes */
	atomic_t s_passive;			/* who looks at the structure, s_count being one of them */
	struct rw_semaphore s_umount;		/* rank vfs: held for reading, it is not shut down meanwhile */
	struct list_head s_inodes, s_list;
	spinlock_t s_inode_lock;
	struct list_head s_dirty;		/* (s_wb_lock) inodes that have something to write, oldest first */
	spinlock_t s_wb_lock;			/* rank writeback */
	struct mutex s_wb_mutex;		/* rank vfs: one at a time writes them */
	atomic_t s_nr_writeback;		/* files with pages under way (mm/cache/writeback.c) */
	atomic_t s_nr_syncing;			/* who has taken an inode's bits and writes what they stood for */
	struct block_device *s_bdev;		/* (I) the store, or NULL */
	u32 s_wb_err;				/* (A) errseq_t: errors of writing any of its files */
	const u16 *s_ra_pages;			/* (I) most that is read ahead of its files, or NULL: nothing */
	unsigned s_time_gran;			/* (I) ns; 0: any */
	const struct dentry_operations *s_d_op;
	void *s_fs_info;
	char s_id[32];
};

struct file_system_type {
	const char *name;
	unsigned fs_flags;			/* FS_REQUIRES_DEV, FS_NODEV */
	/* A super_block with s_root set, or ERR_PTR. */
	struct super_block *(*mount)(struct file_system_type *, unsigned long flags, const char *dev, char *data);
	struct list_head link;
};

/* ---- what mm/ and others call (fs/) ---------------------------------------------------------- */
static inline struct file *get_file(struct file *f) { atomic_inc(&f->f_count); return f; }
bool path_noexec(const struct path *path);	/* its mount forbids execution */
void fput(struct file *f);			/* may sleep: last reference closes */
struct file *fget(unsigned fd);			/* NULL: EBADF (also for O_PATH); counted */
struct file *fget_raw(unsigned fd);
char *d_path(const struct path *path, char *buf, int len);	/* as in /proc/PID/maps, " (deleted)" */
struct inode *igrab(struct inode *);
void iput(struct inode *);
void file_accessed(struct file *f);		/* relatime */
void file_update_time(struct file *f);
int file_remove_privs(struct file *f);		/* clears set-id bits on a write */
loff_t generic_file_llseek_size(struct file *f, loff_t off, int whence, loff_t max, loff_t eof);
ssize_t kernel_read(struct file *f, void *buf, size_t n, loff_t *pos);
ssize_t kernel_write(struct file *f, const void *buf, size_t n, loff_t *pos);
struct file *filp_open(const char *name, int flags, umode_t mode);	/* ERR_PTR */

#endif
