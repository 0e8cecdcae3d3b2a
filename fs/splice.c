/*
 * fs/splice.c - moving data through pipes inside the kernel: splice, tee, vmsplice.
 *
 * MODEL     A pipe's ring is the vehicle.  File to pipe: new pages are filled by one read of the file and pushed.
 *           Pipe to file: up to SPLICE_BATCH buffers are given to one write of the file, and as much of them as was
 *           written is consumed.  Pipe to pipe: buffers change rings.  User memory to pipe (vmsplice): the user's own
 *           pages are pushed, and what he stores there later is what a reader finds; pipe to user memory is a copy.
 * INVARIANTS
 *   S1  A buffer whose page somebody else may hold or write is never appended to: no PIPE_BUF_MERGE.
 *   S2  Memory that splices hold is in rings, and rings are charged (fs/pipe_size.c).
 * LOCKING   pipe->mutex; of two pipes the one at the lower address first.
 * FAILURE   What was moved counts: an error is reported only if nothing was.
 * TESTS     test/user/t_splice.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/splice.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "mm/cache/filemap.h"
#include "mm/fault/fault.h"
#include "lib/string.h"
#include "mm/kmap/highmem.h"
#include "mm/slab/slab.h"

#define SPLICE_FLAGS	(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)
#define SPLICE_BATCH	16u
#define SPLICE_MOST	256u		/* pages that one read of a file fills */

/* Read a position the caller gave, and write it back afterwards. */
static int get_pos(loff_t *pos, const loff_t __user *u) { return get_user(*pos, (loff_t *)u); }

/* Anonymous inodes (eventfd and the like) have no type. */
bool can_splice_from(const struct file *f)
{
	return f->f_op->read && (f->f_inode->i_mode & S_IFMT) && !S_ISDIR(f->f_inode->i_mode) &&
	       f->f_op != &pipefifo_fops && !(f->f_op->fop_flags & FOP_NO_SPLICE_READ);
}

bool can_splice_to(const struct file *f)
{
	return f->f_op->write && (f->f_inode->i_mode & S_IFMT) && !(f->f_op->fop_flags & FOP_NO_SPLICE_WRITE);
}

/* ---- pipe to file ---------------------------------------------------------------------------- */

/* What @b holds, as a copy, for its page is outside the direct map; NULL: no memory. */
static void *bounce_buffer(const struct pipe_buffer *b)
{
	char *copy = kmalloc(PAGE_SIZE, GFP_KERNEL), *kaddr;

	if (!copy)
		return NULL;
	kaddr = kmap_local_page(b->page);
	memcpy(copy, kaddr + b->offset, b->len);
	kunmap_local(kaddr);
	return copy;
}

/*
 * The first buffers, up to @len bytes, as segments.  Pages outside the direct map are copied: who held one window
 * and waited for another could wait for ever.  => segments; *@bytes in them; @copy[]: to be freed
 */
static unsigned map_buffers(struct pipe_inode_info *p, struct iovec *iov, void **copy, size_t len, size_t *bytes)
	REQUIRES(p->mutex)
{
	unsigned n = 0;

	*bytes = 0;
	for (unsigned i = p->tail; i != p->head && n < SPLICE_BATCH && *bytes < len; i++, n++) {
		struct pipe_buffer *b = pipe_buf(p, i);
		bool high = PageHighMem(b->page);

		copy[n] = high ? bounce_buffer(b) : NULL;
		if (high && !copy[n])
			break;
		iov[n].iov_base = high ? copy[n] : (char *)page_to_virt(b->page) + b->offset;
		iov[n].iov_len = min((size_t)b->len, len - *bytes);
		*bytes += iov[n].iov_len;
	}
	return n;
}

/* One write of @out.  => bytes, which left the pipe, or -errno */
static ssize_t write_buffers(struct pipe_inode_info *p, struct file *out, loff_t *pos, size_t len) REQUIRES(p->mutex)
{
	void *copy[SPLICE_BATCH];
	struct iovec iov[SPLICE_BATCH];
	struct iov_iter i = { .iov = iov };
	unsigned nr = map_buffers(p, iov, copy, len, &i.count);
	ssize_t n;

	if (!nr)
		return -ENOMEM;
	i.nr_segs = nr;
	n = vfs_write(out, &i, pos);
	while (nr)
		kfree(copy[--nr]);
	for (ssize_t left = n; left > 0; ) {
		size_t some = min((size_t)left, (size_t)pipe_buf(p, p->tail)->len);

		pipe_consume(p, some);
		left -= some;
	}
	return n;
}

static ssize_t splice_from_pipe(struct pipe_inode_info *p, struct file *out, loff_t *pos, size_t len,
				enum pipe_wait w)
{
	ssize_t done = 0, n = 0;

	if (!can_splice_to(out))
		return -EINVAL;
	mutex_lock(&p->mutex);
	while (len) {
		n = done && pipe_empty(p) ? 0 : pipe_wait_readable(p, w);
		if (n || pipe_empty(p))
			break;
		n = write_buffers(p, out, pos, len);
		if (n <= 0)
			break;
		done += n;
		len -= n;
		if (fatal_signal_pending())
			break;
		cond_resched();
	}
	mutex_unlock(&p->mutex);
	return done ? done : n;
}

/* ---- file to pipe ---------------------------------------------------------------------------- */

struct fill {			/* pages that a read is to fill */
	struct iovec *iov;
	struct page **page;
	unsigned nr;
	size_t bytes;
};

/* Pages for @len bytes, at most @most of them; the first takes @first bytes.  => false: not even one */
static bool fill_alloc(struct fill *f, unsigned most, size_t first, size_t len)
{
	most = min((size_t)most, 1 + DIV_ROUND_UP(len - min(len, first), PAGE_SIZE));
	f->iov = kmalloc(most * (sizeof(*f->iov) + sizeof(*f->page)), GFP_KERNEL);
	if (!f->iov)
		return false;
	f->page = (struct page **)(f->iov + most);
	f->bytes = 0;
	for (f->nr = 0; f->nr < most; f->nr++) {
		size_t some = min(len - f->bytes, f->nr ? (size_t)PAGE_SIZE : first);
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			break;
		f->page[f->nr] = page;
		f->iov[f->nr] = (struct iovec){ page_to_virt(page), some };
		f->bytes += some;
	}
	if (!f->nr)
		kfree(f->iov);
	return f->nr;
}

/* Push the pages that @got bytes fill; the others go. */
static void fill_push(struct fill *f, ssize_t got, struct pipe_inode_info *p) REQUIRES(p->mutex)
{
	for (unsigned i = 0; i < f->nr; i++) {
		if (got <= 0) {
			put_page(f->page[i]);
			continue;
		}
		pipe_push(p, (struct pipe_buffer){ f->page[i], 0, min((size_t)got, f->iov[i].iov_len), 0 });
		got -= f->iov[i].iov_len;
	}
	kfree(f->iov);
}

/* One read of @in fills what room there is.  => bytes, 0 at the end, or -errno */
static ssize_t read_buffers(struct file *in, loff_t *pos, struct pipe_inode_info *p, size_t len, enum pipe_wait w)
	REQUIRES(p->mutex)
{
	/* A file's pages are shared where Linux splices them: buffers end where the file's pages do. */
	size_t first = S_ISREG(in->f_inode->i_mode) ? PAGE_SIZE - (*pos & ~PAGE_MASK) : PAGE_SIZE;
	unsigned room = min(p->ring_size - (p->head - p->tail), SPLICE_MOST);
	struct iov_iter i = { .rwf = w == PIPE_NO_WAIT ? RWF_NOWAIT : 0 };	/* a socket asks */
	struct fill f;
	ssize_t got;

	if (!fill_alloc(&f, room, first, len))
		return -ENOMEM;
	i.iov = f.iov;
	i.nr_segs = f.nr;
	i.count = f.bytes;
	got = vfs_read(in, &i, pos);
	fill_push(&f, got, p);
	return got;
}

ssize_t splice_to_pipe(struct file *in, loff_t *pos, struct pipe_inode_info *p, size_t len, enum pipe_wait w)
{
	ssize_t n;

	mutex_lock(&p->mutex);
	n = pipe_wait_writable(p, w);
	if (!n && len)
		n = can_splice_from(in) ? read_buffers(in, pos, p, len, w) : -EINVAL;
	mutex_unlock(&p->mutex);
	return n;
}

/* ---- pipe to pipe ---------------------------------------------------------------------------- */

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
		cond_resched();
	}
	unlock_two(in, out);
	return done;
}

/* ---- splice ---------------------------------------------------------------------------------- */

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

/* ---- vmsplice -------------------------------------------------------------------------------- */

/*
 * Push up to SPLICE_BATCH pages of the segment that @i stands in.  They are referenced as they are, as if read:
 * nothing is written through the pipe, and a page of a file cannot be lost meanwhile.  => bytes, or -EFAULT
 */
static ssize_t push_user_pages(struct pipe_inode_info *p, struct iov_iter *i) REQUIRES(p->mutex)
{
	unsigned long at = (unsigned long)i->iov->iov_base + i->offset, off = at & ~PAGE_MASK;
	size_t len = min(i->iov->iov_len - i->offset, i->count), done = 0;
	unsigned room = min(p->ring_size - (p->head - p->tail), SPLICE_BATCH);
	struct page *page[SPLICE_BATCH];
	long nr = min((off + len + PAGE_SIZE - 1) >> PAGE_SHIFT, (unsigned long)room);

	nr = get_user_pages_fast(at & PAGE_MASK, nr, 0, page);
	if (nr <= 0)
		return nr ? nr : -EFAULT;
	for (long k = 0; k < nr; k++, off = 0) {
		size_t some = min(len - done, PAGE_SIZE - off);

		pipe_push(p, (struct pipe_buffer){ page[k], off, some, 0 });	/* S1 */
		done += some;
	}
	iov_iter_advance(i, done);
	return done;
}

/* What there is room for; it waits only while there is none at all. */
static ssize_t vmsplice_to_pipe(struct pipe_inode_info *p, struct iov_iter *i, enum pipe_wait w)
{
	ssize_t done = 0, n;

	mutex_lock(&p->mutex);
	n = pipe_wait_writable(p, w);
	while (!n && i->count && !pipe_full(p)) {
		if (i->offset == i->iov->iov_len) {
			i->iov++;
			i->nr_segs--;
			i->offset = 0;
			continue;
		}
		n = push_user_pages(p, i);
		if (n < 0)
			break;
		done += n;
		n = 0;
		cond_resched();
	}
	mutex_unlock(&p->mutex);
	return done ? done : n;
}

static ssize_t vmsplice_to_user(struct pipe_inode_info *p, struct iov_iter *i, enum pipe_wait w)
{
	ssize_t done = 0, n;

	mutex_lock(&p->mutex);
	n = pipe_wait_readable(p, w);
	while (!n && i->count && !pipe_empty(p)) {
		struct pipe_buffer *b = pipe_buf(p, p->tail);
		size_t want = min((size_t)b->len, i->count);
		size_t got = copy_page_to_iter(b->page, b->offset, want, i);

		pipe_consume(p, got);
		done += got;
		if (got < want)
			n = -EFAULT;
		cond_resched();
	}
	mutex_unlock(&p->mutex);
	return done ? done : n;
}

/* Whether the file is O_NONBLOCK is not asked. */
static ssize_t do_vmsplice(struct file *f, struct iov_iter *i, unsigned flags)
{
	enum pipe_wait w = flags & SPLICE_F_NONBLOCK ? PIPE_NO_WAIT : PIPE_WAIT;
	struct pipe_inode_info *p = pipe_for_splice(f);

	if (!i->count)
		return 0;
	if (!p)
		return -EBADF;
	return f->f_mode & FMODE_WRITE ? vmsplice_to_pipe(p, i, w) : vmsplice_to_user(p, i, w);
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
		n = do_vmsplice(f.file, &i, flags);
	kfree(freed);
	fdput(f);
	return n;
}
