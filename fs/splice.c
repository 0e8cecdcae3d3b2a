/*
 * fs/splice.c - moving data between files inside the kernel: sendfile, splice, tee, vmsplice,
 * copy_file_range.
 *
 * MODEL     A pipe's ring is the vehicle.  File to pipe: pages are filled by the file's read and pushed.  Pipe
 *           to file: the first buffer is given to the file's write, and as much of it as was written is
 *           consumed.  Pipe to pipe: buffers change rings.  sendfile() and copy_file_range() use one page.
 * LOCKING   pipe->mutex; of two pipes the one at the lower address first.
 * FAILURE   What was moved counts: an error is reported only if nothing was.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "mm/cache/filemap.h"
#include "mm/kmap/highmem.h"
#include "mm/slab/slab.h"

#define SPLICE_FLAGS	(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* ---- file to file, through a page ------------------------------------------------------------ */

/* *@ipos and *@opos move by what was written. */
static ssize_t copy_through_page(struct file *in, loff_t *ipos, struct file *out, loff_t *opos, size_t count)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	ssize_t done = 0, n = 0, w;

	if (!page)
		return -ENOMEM;
	while (count) {
		loff_t pos = *ipos;

		n = kernel_read(in, page, min(count, (size_t)PAGE_SIZE), &pos);
		if (n <= 0)
			break;
		w = n;
		n = kernel_write(out, page, w, opos);
		if (n <= 0)
			break;
		*ipos += n;
		done += n;
		count -= n;
		if (n < w || fatal_signal_pending())
			break;
	}
	free_page((unsigned long)page);
	return done ? done : n;
}

/* Read a position the caller gave, and write it back afterwards. */
static int get_pos(loff_t *pos, const loff_t __user *u) { return get_user(*pos, (loff_t *)u); }

/* Between which files, and how much. */
static int copy_range_checks(struct file *in, loff_t ipos, struct file *out, loff_t opos, size_t *len)
{
	struct inode *ii = in->f_inode, *oi = out->f_inode;
	int rc;

	if (S_ISDIR(ii->i_mode) || S_ISDIR(oi->i_mode))
		return -EISDIR;
	if (!S_ISREG(ii->i_mode) || !S_ISREG(oi->i_mode))
		return -EINVAL;
	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE) || (out->f_flags & O_APPEND))
		return -EBADF;
	if (ii->i_sb != oi->i_sb)
		return -EXDEV;
	if ((loff_t)(ipos + *len) < ipos || (loff_t)(opos + *len) < opos)
		return -EOVERFLOW;
	*len = ipos >= ii->i_size ? 0 : min(*len, (size_t)(ii->i_size - ipos));
	rc = generic_write_check_limits(out, opos, len);
	if (rc)
		return rc;
	if (ii == oi && opos + (loff_t)*len > ipos && opos < ipos + (loff_t)*len)
		return -EINVAL;
	return ipos < 0 || opos < 0 ? -EINVAL : 0;
}

static ssize_t do_copy_range(struct file *in, loff_t *ipos, struct file *out, loff_t *opos, size_t len)
{
	int rc = copy_range_checks(in, *ipos, out, *opos, &len);

	if (rc)
		return rc;
	len = min(len, (size_t)MAX_RW_COUNT);
	return len ? copy_through_page(in, ipos, out, opos, len) : 0;
}

SYSCALL_DEFINE6(copy_file_range, int, in_fd, loff_t __user *, uin, int, out_fd, loff_t __user *, uout,
		size_t, len, unsigned, flags)
{
	struct fd in = fdget(in_fd), out = fdget(out_fd);
	loff_t ipos = 0, opos = 0;
	ssize_t n = -EBADF;

	if (!in.file || !out.file)
		goto out;
	n = -EFAULT;
	ipos = in.file->f_pos;
	opos = out.file->f_pos;
	if ((uin && get_pos(&ipos, uin)) || (uout && get_pos(&opos, uout)))
		goto out;
	n = flags ? -EINVAL : do_copy_range(in.file, &ipos, out.file, &opos, len);
	if (n <= 0)
		goto out;
	if (!uin)
		in.file->f_pos = ipos;
	if (!uout)
		out.file->f_pos = opos;
	if ((uin && put_user(ipos, uin)) || (uout && put_user(opos, uout)))
		n = -EFAULT;
out:
	if (in.file)
		fdput(in);
	if (out.file)
		fdput(out);
	return n;
}

/* ---- splice ---------------------------------------------------------------------------------- */

static ssize_t splice_from_pipe(struct pipe_inode_info *p, struct file *out, loff_t *pos, size_t len,
				enum pipe_wait w)
{
	ssize_t done = 0, n = 0;

	mutex_lock(&p->mutex);
	if (!(out->f_inode->i_mode & S_IFMT) || !out->f_op->write)
		n = -EINVAL;
	while (len && !n) {
		struct pipe_buffer *b;

		n = done && pipe_empty(p) ? 0 : pipe_wait_readable(p, w);
		if (n || pipe_empty(p))
			break;
		b = pipe_buf(p, p->tail);
		n = kernel_write(out, (char *)kmap(b->page) + b->offset, min((size_t)b->len, len), pos);
		kunmap(b->page);
		if (n <= 0)
			break;
		pipe_consume(p, n);
		done += n;
		len -= n;
	}
	mutex_unlock(&p->mutex);
	return done ? done : n;
}

/* Can data be taken out of this file page by page? */
static bool can_splice_from(const struct file *f)
{
	return f->f_op->read && (f->f_inode->i_mode & S_IFMT) && !S_ISDIR(f->f_inode->i_mode) &&
	       f->f_op != &pipefifo_fops;
}

/* Read into a new page and push it.  => bytes, 0 at the end, or -errno */
static ssize_t splice_one_page(struct file *in, loff_t *pos, struct pipe_inode_info *p, size_t len)
{
	struct page *page = alloc_page(GFP_KERNEL);
	ssize_t n;

	if (!page)
		return -ENOMEM;
	n = kernel_read(in, page_to_virt(page), min(len, (size_t)PAGE_SIZE), pos);
	if (n <= 0) {
		put_page(page);
		return n;
	}
	pipe_push(p, (struct pipe_buffer){ page, 0, n, 0 });
	return n;
}

static ssize_t splice_to_pipe(struct file *in, loff_t *pos, struct pipe_inode_info *p, size_t len, enum pipe_wait w)
{
	ssize_t done = 0, n = 0;

	mutex_lock(&p->mutex);
	while (len) {
		n = done && pipe_full(p) ? 0 : pipe_wait_writable(p, w);
		if (n || pipe_full(p))
			break;
		n = can_splice_from(in) ? splice_one_page(in, pos, p, len) : -EINVAL;
		if (n <= 0)
			break;
		done += n;
		len -= n;
	}
	mutex_unlock(&p->mutex);
	return done ? done : n;
}

static int sendfile_checks(struct file *in, struct file *out, loff_t ipos, size_t *count)
{
	loff_t max = min(in->f_inode->i_sb->s_maxbytes, out->f_inode->i_sb->s_maxbytes);

	if (ipos < 0 || (ssize_t)*count < 0 || (loff_t)(ipos + *count) < 0)
		return -EINVAL;
	*count = min(*count, (size_t)MAX_RW_COUNT);
	if (ipos + (loff_t)*count > max) {
		if (ipos >= max)
			return -EOVERFLOW;
		*count = max - ipos;
	}
	return 0;
}

static ssize_t do_sendfile(struct file *in, struct file *out, loff_t *pos, size_t count)
{
	struct pipe_inode_info *op = get_pipe_info(out);
	int rc = sendfile_checks(in, out, *pos, &count);

	if (rc)
		return rc;
	if (op)
		return splice_to_pipe(in, pos, op, count, out->f_flags & O_NONBLOCK ? PIPE_NO_WAIT : PIPE_WAIT);
	if ((out->f_flags & O_APPEND) || !(in->f_mode & FMODE_LSEEK))
		return -EINVAL;
	if (!count)
		return 0;
	if (!can_splice_from(in))
		return -EINVAL;
	return copy_through_page(in, pos, out, &out->f_pos, count);
}

/* The input is judged before the output is looked for. */
static ssize_t sendfile_from(struct file *in, int out_fd, loff_t *pos, size_t count)
{
	struct fd out;
	ssize_t n = -EBADF;

	out = fdget(out_fd);
	if (!out.file)
		return -EBADF;
	if (out.file->f_mode & FMODE_WRITE)
		n = do_sendfile(in, out.file, pos ? pos : &in->f_pos, count);
	fdput(out);
	return n;
}

SYSCALL_DEFINE4(sendfile, int, out_fd, int, in_fd, loff_t __user *, upos, size_t, count)
{
	struct fd in;
	loff_t pos = 0;
	ssize_t n;

	if (upos && get_pos(&pos, upos))
		return -EFAULT;
	in = fdget(in_fd);
	if (!in.file)
		return -EBADF;
	if (!(in.file->f_mode & FMODE_READ))
		n = -EBADF;
	else if (upos && !(in.file->f_mode & FMODE_PREAD))
		n = -ESPIPE;
	else
		n = sendfile_from(in.file, out_fd, upos ? &pos : NULL, count);
	fdput(in);
	if (upos && put_user(pos, upos))
		n = -EFAULT;
	return n;
}

static void lock_two(struct pipe_inode_info *a, struct pipe_inode_info *b)
	ACQUIRE(a->mutex, b->mutex) NO_LOCK_ANALYSIS
{
	if (a > b)
		swap(a, b);
	mutex_lock(&a->mutex);
	mutex_lock(&b->mutex);
}

static void unlock_two(struct pipe_inode_info *a, struct pipe_inode_info *b) RELEASE(a->mutex, b->mutex)
{
	mutex_unlock(&a->mutex);
	mutex_unlock(&b->mutex);
}

/* Wait, holding one lock at a time, until @in has data and @out has room.  => 1: at once with both locked */
static int lock_ready(struct pipe_inode_info *in, struct pipe_inode_info *out, enum pipe_wait w)
	TRY_ACQUIRE(0, in->mutex, out->mutex)

{
	for (;;) {
		int rc;

		mutex_lock(&in->mutex);
		rc = pipe_wait_readable(in, w);
		if (!rc && pipe_empty(in))
			rc = -ENODATA;		/* the end: no writer is left */
		mutex_unlock(&in->mutex);
		if (rc)
			return rc;
		mutex_lock(&out->mutex);
		rc = pipe_wait_writable(out, w);
		mutex_unlock(&out->mutex);
		if (rc)
			return rc;
		lock_two(in, out);
		if (!pipe_empty(in) && !pipe_full(out))
			return 0;
		unlock_two(in, out);
	}
}

/* Nothing will come any more; whether anybody would have read it is asked all the same. */
static ssize_t splice_end(struct pipe_inode_info *out)
{
	ssize_t rc;

	mutex_lock(&out->mutex);
	rc = out->readers ? 0 : pipe_broken();
	mutex_unlock(&out->mutex);
	return rc;
}

enum pipe_copy { PIPE_MOVE, PIPE_TEE };

/* Buffers of @in, or references to them, become buffers of @out. */
static ssize_t splice_pipes(struct pipe_inode_info *in, struct pipe_inode_info *out, size_t len, enum pipe_wait w,
			    enum pipe_copy how)
{
	ssize_t done = 0;
	unsigned i;
	int rc;

	if (in == out)
		return -EINVAL;
	if (!len)
		return 0;
	rc = lock_ready(in, out, w);
	if (rc)
		return rc == -ENODATA ? splice_end(out) : rc;
	for (i = in->tail; i != in->head && len && !pipe_full(out); ) {
		struct pipe_buffer *b = pipe_buf(in, i);
		size_t n = min((size_t)b->len, len);

		get_page(b->page);
		b->flags &= ~PIPE_BUF_MERGE;	/* shared now */
		pipe_push(out, (struct pipe_buffer){ b->page, b->offset, n, b->flags });
		done += n;
		len -= n;
		if (how == PIPE_TEE)
			i++;
		else
			pipe_consume(in, n);
		if (how == PIPE_MOVE)
			i = in->tail;
	}
	unlock_two(in, out);
	return done;
}

/* Only a pipe that was never spliced answers RWF_NOWAIT: a splice may hold its lock and sleep. */
static struct pipe_inode_info *pipe_for_splice(struct file *f)
{
	struct pipe_inode_info *p = get_pipe_info(f);

	if (p)
		f->f_mode &= ~FMODE_NOWAIT;
	return p;
}

static ssize_t do_splice(struct file *in, loff_t *ipos, struct file *out, loff_t *opos, size_t len, unsigned flags)
{
	enum pipe_wait w = flags & SPLICE_F_NONBLOCK ? PIPE_NO_WAIT : PIPE_WAIT;
	struct pipe_inode_info *ip = get_pipe_info(in), *op = get_pipe_info(out);

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if ((ip && (in->f_flags & O_NONBLOCK)) || (op && (out->f_flags & O_NONBLOCK)))
		w = PIPE_NO_WAIT;
	if (ip && op)
		return splice_pipes(ip, op, min(len, (size_t)MAX_RW_COUNT), w, PIPE_MOVE);
	if ((ssize_t)len < 0)
		return -EINVAL;
	len = min(len, (size_t)MAX_RW_COUNT);
	if (ip) {
		if ((opos && !(out->f_mode & FMODE_PREAD)) || (out->f_flags & O_APPEND))
			return -EINVAL;
		return splice_from_pipe(ip, out, opos ? opos : &out->f_pos, len, w);
	}
	if (op) {
		if (ipos && !(in->f_mode & FMODE_PREAD))
			return -EINVAL;
		return splice_to_pipe(in, ipos ? ipos : &in->f_pos, op, len, w);
	}
	return -EINVAL;
}

/* The offsets that the caller gave: a pipe has none. */
static ssize_t splice_offsets(struct file *in, loff_t __user *uin, struct file *out, loff_t __user *uout, size_t len,
			      unsigned flags)
{
	loff_t ipos = 0, opos = 0;
	ssize_t n;

	if ((pipe_for_splice(in) && uin) || (pipe_for_splice(out) && uout))
		return -ESPIPE;
	if ((uout && get_pos(&opos, uout)) || (uin && get_pos(&ipos, uin)))
		return -EFAULT;
	n = do_splice(in, uin ? &ipos : NULL, out, uout ? &opos : NULL, len, flags);
	if (n >= 0 && ((uout && put_user(opos, uout)) || (uin && put_user(ipos, uin))))
		n = -EFAULT;
	return n;
}

SYSCALL_DEFINE6(splice, int, in_fd, loff_t __user *, uin, int, out_fd, loff_t __user *, uout, size_t, len,
		unsigned, flags)
{
	struct fd in, out;
	ssize_t n = -EBADF;

	if (!len)
		return 0;
	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	in = fdget(in_fd);
	if (!in.file)
		return -EBADF;
	out = fdget(out_fd);
	if (out.file) {
		n = splice_offsets(in.file, uin, out.file, uout, len, flags);
		fdput(out);
	}
	fdput(in);
	return n;
}

SYSCALL_DEFINE4(tee, int, in_fd, int, out_fd, size_t, len, unsigned, flags)
{
	struct pipe_inode_info *ip, *op;
	struct fd in, out;
	enum pipe_wait w;
	ssize_t n = -EBADF;

	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	if (!len)
		return 0;
	in = fdget(in_fd);
	if (!in.file)
		return -EBADF;
	out = fdget(out_fd);
	if (out.file) {
		ip = get_pipe_info(in.file);
		op = get_pipe_info(out.file);
		if ((in.file->f_flags | out.file->f_flags) & O_NONBLOCK)
			flags |= SPLICE_F_NONBLOCK;
		w = flags & SPLICE_F_NONBLOCK ? PIPE_NO_WAIT : PIPE_WAIT;
		if ((in.file->f_mode & FMODE_READ) && (out.file->f_mode & FMODE_WRITE))
			n = ip && op ? splice_pipes(ip, op, len, w, PIPE_TEE) : -EINVAL;
		fdput(out);
	}
	fdput(in);
	return n;
}

/* User memory is copied: a page that the caller may still write must not be in a pipe. */
static ssize_t do_vmsplice(struct file *f, struct iov_iter *i, unsigned flags)
{
	loff_t pos = 0;

	if (!pipe_for_splice(f))
		return -EBADF;
	i->rwf = flags & SPLICE_F_NONBLOCK ? RWF_NOWAIT : 0;
	return f->f_mode & FMODE_WRITE ? vfs_write(f, i, &pos) : vfs_read(f, i, &pos);
}

SYSCALL_DEFINE4(vmsplice, int, fd, const struct iovec __user *, vec, unsigned long, nr, unsigned, flags)
{
	struct iovec fast[8], *freed = NULL;
	struct iov_iter i;
	struct fd f;
	ssize_t n;

	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	n = import_iovec(vec, nr, fast, ARRAY_SIZE(fast), &freed, &i);
	if (!n)
		n = i.count ? do_vmsplice(f.file, &i, flags) : 0;
	kfree(freed);
	fdput(f);
	return n;
}
