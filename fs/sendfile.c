/*
 * fs/sendfile.c - from file to file inside the kernel: sendfile, copy_file_range.
 *
 * MODEL     One page is filled by the one's read and emptied by the other's write, until either gives less than
 *           it was asked for.  sendfile() into a pipe is a splice.
 * FAILURE   What was moved counts: an error is reported only if nothing was.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/splice.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "mm/cache/filemap.h"
#include "mm/slab/slab.h"

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
		cond_resched();
	}
	free_page((unsigned long)page);
	return done ? done : n;
}

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
	if (!can_splice_from(in) || !can_splice_to(out))
		return -EINVAL;
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
	if ((uin && get_user(ipos, (loff_t *)uin)) || (uout && get_user(opos, (loff_t *)uout)))
		goto out;
	n = flags ? -EINVAL : do_copy_range(in.file, &ipos, out.file, &opos, len);
	count_copy(n);
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

/* ---- sendfile -------------------------------------------------------------------------------- */

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
	if (!can_splice_from(in) || !can_splice_to(out))
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
	if (out.file->f_mode & FMODE_WRITE) {
		n = do_sendfile(in, out.file, pos ? pos : &in->f_pos, count);
		count_copy(n);
	}
	fdput(out);
	return n;
}

SYSCALL_DEFINE4(sendfile, int, out_fd, int, in_fd, loff_t __user *, upos, size_t, count)
{
	struct fd in;
	loff_t pos = 0;
	ssize_t n;

	if (upos && get_user(pos, (loff_t *)upos))
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
