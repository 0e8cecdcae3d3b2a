/*
 * fs/read_write.c - read(2), write(2), lseek(2) and their many forms.
 *
 * MODEL     A call finds the file, makes an iov_iter of what the caller gave, and hands both to the
 *           file's operation.  f_pos is used under f_pos_lock when somebody else may use it.
 * COST      one-segment forms: no allocation, no copy of the vector.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/file.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "mm/slab/slab.h"

#define NR_FAST_IOV	8

/* Neither @pos nor the end of the transfer is negative, unless there is no position. */
static inline bool pos_ok(const struct file *f, loff_t pos, size_t count)
{
	return (pos | (loff_t)((u64)pos + count)) >= 0 || (f->f_mode & FMODE_STREAM);
}

ssize_t vfs_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	if (unlikely(!(f->f_mode & FMODE_READ)))
		return -EBADF;
	if (unlikely(!f->f_op->read))
		return -EINVAL;
	if (unlikely(!pos_ok(f, *pos, to->count)))
		return -EINVAL;
	return f->f_op->read(f, to, pos);
}

ssize_t vfs_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	if (unlikely(!(f->f_mode & FMODE_WRITE)))
		return -EBADF;
	if (unlikely(!f->f_op->write))
		return -EINVAL;
	if (unlikely(!pos_ok(f, *pos, from->count)))
		return -EINVAL;
	return f->f_op->write(f, from, pos);
}

ssize_t kernel_read(struct file *f, void *buf, size_t n, loff_t *pos)
{
	struct iov_iter i;

	iov_iter_kernel(&i, buf, n);
	return vfs_read(f, &i, pos);
}

ssize_t kernel_write(struct file *f, const void *buf, size_t n, loff_t *pos)
{
	struct iov_iter i;

	iov_iter_kernel(&i, (void *)buf, n);
	return vfs_write(f, &i, pos);
}

/* A call of the running task moved @n bytes, or failed. */
static inline void count_read(ssize_t n)
{
	current->io.rchar += n > 0 ? n : 0;
	current->io.syscr++;
}

static inline void count_write(ssize_t n)
{
	current->io.wchar += n > 0 ? n : 0;
	current->io.syscw++;
}

void count_copy(ssize_t n)
{
	count_read(n);
	count_write(n);
}

/* One user buffer: 0 or -EFAULT. */
static inline int user_buffer(struct iov_iter *i, void __user *buf, size_t count)
{
	if (unlikely(!access_ok(buf, count)))
		return -EFAULT;
	iov_iter_user(i, buf, min(count, (size_t)MAX_RW_COUNT));
	return 0;
}

SYSCALL_DEFINE3(read, unsigned, fd, char __user *, buf, size_t, count)
{
	struct fd f = fdget_pos(fd);
	ssize_t rc = -EBADF;
	struct iov_iter i;

	if (unlikely(!f.file))
		return rc;
	if (likely(f.file->f_mode & FMODE_READ)) {
		rc = user_buffer(&i, buf, count);
		if (likely(!rc))
			rc = vfs_read(f.file, &i, &f.file->f_pos);
		count_read(rc);
	}
	fdput_pos(f);
	return rc;
}

SYSCALL_DEFINE3(write, unsigned, fd, const char __user *, buf, size_t, count)
{
	struct fd f = fdget_pos(fd);
	ssize_t rc = -EBADF;
	struct iov_iter i;

	if (unlikely(!f.file))
		return rc;
	if (likely(f.file->f_mode & FMODE_WRITE)) {
		rc = user_buffer(&i, (char *)buf, count);
		if (likely(!rc))
			rc = vfs_write(f.file, &i, &f.file->f_pos);
		count_write(rc);
	}
	fdput_pos(f);
	return rc;
}

enum rw { RW_READ, RW_WRITE };

static ssize_t do_rw(enum rw rw, struct file *f, struct iov_iter *i, loff_t *pos)
{
	ssize_t n = rw == RW_READ ? vfs_read(f, i, pos) : vfs_write(f, i, pos);

	if (rw == RW_READ)
		count_read(n);
	else
		count_write(n);
	return n;
}

static ssize_t do_prw(enum rw rw, unsigned fd, char __user *buf, size_t count, loff_t pos)
{
	struct iov_iter i;
	struct fd f;
	ssize_t rc;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	rc = -ESPIPE;
	if (f.file->f_mode & FMODE_PREAD) {
		rc = user_buffer(&i, buf, count);
		if (!rc)
			rc = do_rw(rw, f.file, &i, &pos);
	}
	fdput(f);
	return rc;
}

SYSCALL_DEFINE4(pread64, unsigned, fd, char __user *, buf, size_t, count, loff_t, pos)
{
	return do_prw(RW_READ, fd, buf, count, pos);
}

SYSCALL_DEFINE4(pwrite64, unsigned, fd, const char __user *, buf, size_t, count, loff_t, pos)
{
	return do_prw(RW_WRITE, fd, (char *)buf, count, pos);
}

/* What of @flags this file cannot do.  Data is memory: the synchronous flags ask for nothing more. */
static int rwf_check(const struct file *f, int flags)
{
	if (likely(!flags))
		return 0;
	if (S_ISDIR(f->f_inode->i_mode) && (flags & ~RWF_HIPRI))
		return -EOPNOTSUPP;
	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND))
		return -EOPNOTSUPP;
	if ((flags & RWF_APPEND) && (flags & RWF_NOAPPEND))
		return -EINVAL;
	return (flags & RWF_NOWAIT) && !(f->f_mode & FMODE_NOWAIT) ? -EOPNOTSUPP : 0;
}

static ssize_t vector_rw(enum rw rw, struct file *f, const struct iovec __user *vec, unsigned long nr,
			 loff_t *pos, int flags)
{
	struct iovec fast[NR_FAST_IOV], *freed;
	struct iov_iter i;
	ssize_t rc;

	if (!(f->f_mode & (rw == RW_READ ? FMODE_READ : FMODE_WRITE)))
		return -EBADF;
	rc = import_iovec(vec, nr, fast, NR_FAST_IOV, &freed, &i);
	if (!rc && i.count)
		rc = rwf_check(f, flags);
	i.rwf = flags;
	if (!rc)
		rc = do_rw(rw, f, &i, pos);
	kfree(freed);
	return rc;
}

static ssize_t do_vector(enum rw rw, unsigned fd, const struct iovec __user *vec, unsigned long nr, int flags)
{
	struct fd f = fdget_pos(fd);
	ssize_t rc;

	if (!f.file)
		return -EBADF;
	rc = vector_rw(rw, f.file, vec, nr, &f.file->f_pos, flags);
	fdput_pos(f);
	return rc;
}

static ssize_t do_pvector(enum rw rw, unsigned fd, const struct iovec __user *vec, unsigned long nr, loff_t pos,
			  int flags)
{
	struct fd f;
	ssize_t rc;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	rc = f.file->f_mode & FMODE_PREAD ? vector_rw(rw, f.file, vec, nr, &pos, flags) : -ESPIPE;
	fdput(f);
	return rc;
}

SYSCALL_DEFINE3(readv, unsigned long, fd, const struct iovec __user *, vec, unsigned long, nr)
{
	return do_vector(RW_READ, fd, vec, nr, 0);
}

SYSCALL_DEFINE3(writev, unsigned long, fd, const struct iovec __user *, vec, unsigned long, nr)
{
	return do_vector(RW_WRITE, fd, vec, nr, 0);
}

SYSCALL_DEFINE4(preadv, unsigned long, fd, const struct iovec __user *, vec, unsigned long, nr, loff_t, pos)
{
	return do_pvector(RW_READ, fd, vec, nr, pos, 0);
}

SYSCALL_DEFINE4(pwritev, unsigned long, fd, const struct iovec __user *, vec, unsigned long, nr, loff_t, pos)
{
	return do_pvector(RW_WRITE, fd, vec, nr, pos, 0);
}

static ssize_t do_vector2(enum rw rw, unsigned fd, const struct iovec __user *vec, unsigned long nr,
			  loff_t pos, int flags)
{
	return pos == -1 ? do_vector(rw, fd, vec, nr, flags) : do_pvector(rw, fd, vec, nr, pos, flags);
}

SYSCALL_DEFINE6(preadv2, unsigned long, fd, const struct iovec __user *, vec, unsigned long, nr,
		loff_t, pos, unsigned long, pos_high, int, flags)
{
	(void)pos_high;
	return do_vector2(RW_READ, fd, vec, nr, pos, flags);
}

SYSCALL_DEFINE6(pwritev2, unsigned long, fd, const struct iovec __user *, vec, unsigned long, nr,
		loff_t, pos, unsigned long, pos_high, int, flags)
{
	(void)pos_high;
	return do_vector2(RW_WRITE, fd, vec, nr, pos, flags);
}

/* ---- position -------------------------------------------------------------------------------- */

static loff_t set_pos(struct file *f, loff_t pos, loff_t max)
{
	if (pos < 0 || pos > max)
		return -EINVAL;
	f->f_pos = pos;
	return pos;
}

loff_t generic_file_llseek_size(struct file *f, loff_t off, int whence, loff_t max, loff_t eof)
{
	switch (whence) {
	case SEEK_SET:
		return set_pos(f, off, max);
	case SEEK_CUR:
		return off ? set_pos(f, f->f_pos + off, max) : f->f_pos;
	case SEEK_END:
		return set_pos(f, eof + off, max);
	case SEEK_DATA:		/* all of it is data, and the end is a hole */
		return off < 0 || off >= eof ? -ENXIO : set_pos(f, off, max);
	case SEEK_HOLE:
		return off < 0 || off >= eof ? -ENXIO : set_pos(f, eof, max);
	}
	return -EINVAL;
}

loff_t generic_file_llseek(struct file *f, loff_t off, int whence)
{
	struct inode *inode = f->f_inode;

	return generic_file_llseek_size(f, off, whence, inode->i_sb->s_maxbytes, inode->i_size);
}

loff_t noop_llseek(struct file *f, __maybe_unused loff_t off, __maybe_unused int whence) { return f->f_pos; }

/* For files that do not know where they end. */
loff_t no_seek_end_llseek(struct file *f, loff_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	return set_pos(f, off, INT64_MAX);
}

loff_t vfs_llseek(struct file *f, loff_t off, int whence)
{
	if (!(f->f_mode & FMODE_LSEEK))
		return -ESPIPE;
	return f->f_op->llseek(f, off, whence);
}

SYSCALL_DEFINE3(lseek, unsigned, fd, loff_t, off, unsigned, whence)
{
	struct fd f = fdget_pos(fd);
	loff_t rc;

	if (!f.file)
		return -EBADF;
	rc = whence <= SEEK_HOLE ? vfs_llseek(f.file, off, whence) : -EINVAL;
	fdput_pos(f);
	return rc;
}
