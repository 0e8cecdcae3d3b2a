/*
 * fs/file.h - open files: making them, and reading and writing through them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_FILE_H
#define VELLUM_FS_FILE_H

#include "include/fs.h"
#include "include/uapi/uio.h"

struct files_struct;

void file_init(void);
extern atomic_t nr_files;
extern unsigned long files_max;

struct file *alloc_empty_file(int flags);	/* one reference, no path; NULL when there is no memory */
/* Open @path (counted by the file) with the inode's operations; ERR_PTR. */
struct file *dentry_open(const struct path *path, int flags);
int do_dentry_open(struct file *file, const struct path *path);	/* on an empty file; 0 or -errno */
/* A file for an inode without a name; consumes the inode's reference, also on failure.  ERR_PTR */
struct file *alloc_file_pseudo(struct inode *inode, struct vfsmount *mnt, const char *name, int flags,
			       const struct file_operations *fops);
struct file *open_exec(const char *name);	/* regular, executable, writers denied; ERR_PTR */
struct file *open_exec_at(int dfd, const char *name, unsigned at_flags);

int nonseekable_open(struct inode *inode, struct file *file);
int stream_open(struct inode *inode, struct file *file);
loff_t generic_file_llseek(struct file *file, loff_t off, int whence);
loff_t noop_llseek(struct file *file, loff_t off, int whence);
loff_t no_seek_end_llseek(struct file *file, loff_t off, int whence);
loff_t vfs_llseek(struct file *file, loff_t off, int whence);
ssize_t vfs_read(struct file *file, struct iov_iter *to, loff_t *pos);
ssize_t vfs_write(struct file *file, struct iov_iter *from, loff_t *pos);
int vfs_truncate(const struct path *path, loff_t length);
int do_truncate(struct dentry *dentry, loff_t length, unsigned time_attrs, struct file *file);

/* A vector of user segments into @i; uses @fast for up to @nr_fast, else *@freed is to be kfree'd. */
int import_iovec(const struct iovec __user *uvec, unsigned nr, struct iovec *fast, unsigned nr_fast,
		 struct iovec **freed, struct iov_iter *i);
static inline size_t iov_iter_count(const struct iov_iter *i) { return i->count; }

/* File locks. */
void locks_remove_posix(struct file *file, struct files_struct *owner);
void locks_remove_file(struct file *file);

/* sendfile(), copy_file_range(): the running task read and wrote @n bytes (/proc/PID/io). */
void count_copy(ssize_t n);

/* The bits @mask of f_flags become @value's; other bits may be changed by others meanwhile. */
static inline void file_set_flags(struct file *f, unsigned mask, unsigned value)
{
	unsigned old = READ_ONCE(f->f_flags), seen;

	while ((seen = cmpxchg(&f->f_flags, old, (old & ~mask) | (value & mask))) != old)
		old = seen;
}

#endif
