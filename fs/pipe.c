/*
 * fs/pipe.c - the ring of a pipe or FIFO: read, write, poll, and what splice does with it.
 *
 * MODEL     bufs[head % ring_size] is the next buffer to fill, bufs[tail % ring_size] the next to read.  A
 *           write first fills up the last buffer's page if that is ours alone (PIPE_BUF_MERGE), then takes
 *           new pages.  A page that was read empty is kept as `spare` for the next write.  Spliced buffers
 *           are pages of others: files', users' (vmsplice), another pipe's.
 *           Opening is in fs/pipe_open.c, sizes and their limits in fs/pipe_size.c.
 * INVARIANTS
 *   Q1  head - tail <= ring_size; the ring is empty when they are equal.
 *   Q2  A write of up to PIPE_BUF bytes goes in whole, or not at all.
 *   Q3  Readers are woken when the ring stops being empty, writers when it stops being full.
 * LOCKING   pipe->mutex for everything but the wait queues.
 * COST      a small write and its read: no allocation, one copy each.
 * TESTS     test/user/t_pipe.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/pipe.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/ioctl.h"
#include "include/uapi/poll.h"
#include "include/uapi/statfs.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/cache/filemap.h"
#include "mm/slab/slab.h"

static struct kmem_cache *pipe_cache;

/* ---- life ------------------------------------------------------------------------------------ */

struct pipe_inode_info *alloc_pipe_info(void)
{
	struct pipe_inode_info *p = kmem_cache_zalloc(pipe_cache, GFP_KERNEL);

	if (!p)
		return NULL;
	if (pipe_charge_new(p)) {
		kmem_cache_free(pipe_cache, p);
		return NULL;
	}
	mutex_init(&p->mutex, RANK_VFS);
	init_waitqueue_head(&p->rd_wait);
	init_waitqueue_head(&p->wr_wait);
	fasync_list_init(&p->fasync_readers);
	fasync_list_init(&p->fasync_writers);
	p->bufs = p->bufs_inline;
	p->r_counter = p->w_counter = 1;
	return p;
}

void free_pipe_info(struct pipe_inode_info *p)
{
	for (; p->tail != p->head; p->tail++)
		put_page(pipe_buf(p, p->tail)->page);
	if (p->spare)
		put_page(p->spare);
	if (p->bufs != p->bufs_inline)
		kvfree(p->bufs);
	pipe_uncharge(p);
	kmem_cache_free(pipe_cache, p);
}

void put_pipe_info(struct inode *inode, struct pipe_inode_info *p)
{
	bool last;

	spin_lock(&inode->i_lock);
	last = !--p->files;
	if (last)
		inode->i_pipe = NULL;
	spin_unlock(&inode->i_lock);
	if (last)
		free_pipe_info(p);
}

/* ---- waiting --------------------------------------------------------------------------------- */

int pipe_sleep(struct pipe_inode_info *p, wait_queue_head_t *q)
{
	DEFINE_WAIT(w);
	int rc = 0;

	prepare_to_wait(q, &w, TASK_INTERRUPTIBLE);
	mutex_unlock(&p->mutex);
	if (signal_pending())
		rc = -ERESTARTSYS;
	else
		schedule();
	finish_wait(q, &w);
	mutex_lock(&p->mutex);
	return rc;
}

/* ---- read ------------------------------------------------------------------------------------ */

static __always_inline void release_buf(struct pipe_inode_info *p, struct pipe_buffer *b) REQUIRES(p->mutex)
{
	if ((b->flags & PIPE_BUF_MERGE) && !p->spare && page_count(b->page) == 1)
		p->spare = b->page;
	else
		put_page(b->page);
	b->page = NULL;
	p->tail++;
}

/*
 * Copy what the first buffer holds.  => the ring is not empty; bytes, fewer than were there and asked for when
 * user memory ends
 */
static __always_inline size_t pipe_take_buf(struct pipe_inode_info *p, struct iov_iter *to, bool *emptied, bool *more)
	REQUIRES(p->mutex)
{
	struct pipe_buffer *b = pipe_buf(p, p->tail);
	size_t want = min((size_t)b->len, to->count);
	size_t n = copy_page_to_iter(b->page, b->offset, want, to);
	bool packet = b->flags & PIPE_BUF_PACKET;

	b->offset += n;
	b->len -= n;
	*more = false;
	if (unlikely(n < want))
		return n;
	if (!b->len || packet) {
		release_buf(p, b);
		*emptied = true;
	}
	*more = to->count && !packet && !pipe_empty(p);
	return n;
}

/* What follows the first buffer. */
static __noinline ssize_t pipe_take_rest(struct pipe_inode_info *p, struct iov_iter *to, bool *emptied)
	REQUIRES(p->mutex)
{
	ssize_t total = 0;
	bool more;

	do {
		total += pipe_take_buf(p, to, emptied, &more);
	} while (more);
	return total;
}

/* Wait for something to read.  => 0, or what the call returns: -errno, or PIPE_EOF */
#define PIPE_EOF	1
static __noinline int pipe_wait_data(struct file *f, struct pipe_inode_info *p, const struct iov_iter *to)
	REQUIRES(p->mutex)
{
	while (pipe_empty(p)) {
		int rc;

		if (!p->writers)
			return PIPE_EOF;
		if ((f->f_flags & O_NONBLOCK) || (to->rwf & RWF_NOWAIT))
			return -EAGAIN;
		rc = pipe_sleep(p, &p->rd_wait);
		if (rc)
			return rc;
	}
	return 0;
}

static ssize_t pipe_read(struct file *f, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	struct pipe_inode_info *p = f->private_data;
	bool emptied = false, was_full, more;
	ssize_t rc = 0;

	if (!to->count)
		return 0;
	mutex_lock(&p->mutex);
	if (pipe_empty(p))
		rc = pipe_wait_data(f, p, to);
	if (unlikely(rc)) {
		mutex_unlock(&p->mutex);
		return rc == PIPE_EOF ? 0 : rc;
	}
	was_full = pipe_full(p);
	rc = pipe_take_buf(p, to, &emptied, &more);
	if (unlikely(more))
		rc += pipe_take_rest(p, to, &emptied);
	mutex_unlock(&p->mutex);
	if (unlikely(!rc))
		return -EFAULT;
	if (emptied && (was_full || p->poll_usage))
		pipe_wake_writers(p);		/* Q3 */
	kill_fasync(&p->fasync_writers, POLL_OUT);
	return rc;
}

/* ---- write ----------------------------------------------------------------------------------- */

/* Append to the last buffer what fits there whole (Q2).  => the ring is not empty; bytes, or -EFAULT */
static ssize_t pipe_merge(struct pipe_inode_info *p, struct iov_iter *from) REQUIRES(p->mutex)
{
	struct pipe_buffer *b;
	size_t n, end;

	b = pipe_buf(p, p->head - 1);
	n = from->count & (PAGE_SIZE - 1);
	end = b->offset + b->len;
	if (!(b->flags & PIPE_BUF_MERGE) || !n || end + n > PAGE_SIZE)
		return 0;
	if (copy_page_from_iter(b->page, end, n, from) < n)
		return -EFAULT;
	b->len += n;
	return n;
}

static struct page *pipe_page(struct pipe_inode_info *p)
{
	struct page *page = p->spare;

	if (page)
		p->spare = NULL;
	else
		page = alloc_page(GFP_HIGHUSER);
	return page;
}

/* One new buffer.  => bytes, -EFAULT, -ENOMEM */
static __always_inline ssize_t pipe_append(struct pipe_inode_info *p, struct iov_iter *from, unsigned buf_flags)
{
	struct page *page = pipe_page(p);
	size_t want = min(from->count, (size_t)PAGE_SIZE), n;

	if (!page)
		return -ENOMEM;
	n = copy_page_from_iter(page, 0, want, from);
	if (n < want) {
		if (!p->spare)
			p->spare = page;
		else
			put_page(page);
		return -EFAULT;
	}
	INV(Q1, !pipe_full(p));
	*pipe_buf(p, p->head) = (struct pipe_buffer){ page, 0, n, buf_flags };
	p->head++;
	return n;
}

/* Put into the ring what there is room for.  => bytes, or -errno with none */
static __noinline ssize_t pipe_fill(struct pipe_inode_info *p, struct iov_iter *from, unsigned buf_flags)
{
	ssize_t total = 0, n;

	while (from->count && !pipe_full(p)) {
		n = pipe_append(p, from, buf_flags);
		if (n < 0)
			return total ? total : n;
		total += n;
	}
	return total;
}

ssize_t pipe_broken(void)
{
	send_sig(SIGPIPE, current, 0);
	return -EPIPE;
}

/* Fill and wait until all is in.  => bytes, or -errno with none */
static __noinline ssize_t pipe_write_rest(struct file *f, struct pipe_inode_info *p, struct iov_iter *from,
					  unsigned buf_flags, bool *was_empty) REQUIRES(p->mutex)
{
	ssize_t total = 0, n;

	do {
		n = pipe_fill(p, from, buf_flags);
		if (n < 0)
			break;
		total += n;
		if (!from->count)
			break;
		if ((f->f_flags & O_NONBLOCK) || (from->rwf & RWF_NOWAIT)) {
			n = -EAGAIN;
			break;
		}
		if (*was_empty)
			pipe_wake_readers(p);
		kill_fasync(&p->fasync_readers, POLL_IN);
		n = pipe_sleep(p, &p->wr_wait);
		if (!n && !p->readers)
			n = pipe_broken();
		*was_empty = pipe_empty(p);
	} while (!n);
	return total ? total : n;
}

static ssize_t pipe_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	unsigned buf_flags = f->f_flags & O_DIRECT ? PIPE_BUF_PACKET : PIPE_BUF_MERGE;
	struct pipe_inode_info *p = f->private_data;
	ssize_t total = 0, n = 0;
	bool was_empty;

	if (!from->count)
		return 0;
	mutex_lock(&p->mutex);
	if (!p->readers) {
		mutex_unlock(&p->mutex);
		return pipe_broken();
	}
	was_empty = pipe_empty(p);
	if (buf_flags == PIPE_BUF_MERGE && !was_empty)
		total = n = pipe_merge(p, from);
	if (n >= 0 && from->count && !pipe_full(p)) {
		n = pipe_append(p, from, buf_flags);
		total += n > 0 ? n : 0;
	}
	if (unlikely(n >= 0 && from->count)) {
		n = pipe_write_rest(f, p, from, buf_flags, &was_empty);
		total += n > 0 ? n : 0;
	}
	was_empty |= p->poll_usage;
	mutex_unlock(&p->mutex);
	if (total > 0 && was_empty)
		pipe_wake_readers(p);		/* Q3 */
	if (total > 0)
		kill_fasync(&p->fasync_readers, POLL_IN);
	return total > 0 ? total : n;
}

/* ---- for splice ------------------------------------------------------------------------------ */

int pipe_wait_readable(struct pipe_inode_info *p, enum pipe_wait w)
{
	while (pipe_empty(p) && p->writers) {
		int rc = w == PIPE_NO_WAIT ? -EAGAIN : pipe_sleep(p, &p->rd_wait);

		if (rc)
			return rc;
	}
	return 0;
}

int pipe_wait_writable(struct pipe_inode_info *p, enum pipe_wait w)
{
	for (;;) {
		int rc;

		if (!p->readers)
			return pipe_broken();
		if (!pipe_full(p))
			return 0;
		rc = w == PIPE_NO_WAIT ? -EAGAIN : pipe_sleep(p, &p->wr_wait);
		if (rc)
			return rc;
	}
}

void pipe_consume(struct pipe_inode_info *p, size_t bytes)
{
	struct pipe_buffer *b = pipe_buf(p, p->tail);

	b->offset += bytes;
	b->len -= bytes;
	if (!b->len) {
		release_buf(p, b);
		pipe_wake_writers(p);
		kill_fasync(&p->fasync_writers, POLL_OUT);
	}
}

void pipe_push(struct pipe_inode_info *p, struct pipe_buffer buf)
{
	INV(Q1, !pipe_full(p));
	*pipe_buf(p, p->head++) = buf;
	pipe_wake_readers(p);
	kill_fasync(&p->fasync_readers, POLL_IN);
}

/* ---- poll, ioctl, fcntl ---------------------------------------------------------------------- */

static unsigned pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe_inode_info *p = f->private_data;
	unsigned mask = 0;

	p->poll_usage = true;
	if (f->f_mode & FMODE_READ)
		poll_wait(f, &p->rd_wait, pt);
	if (f->f_mode & FMODE_WRITE)
		poll_wait(f, &p->wr_wait, pt);
	smp_rmb();	/* pairs with the wake-up's lock: queued first, then looked */
	if (f->f_mode & FMODE_READ) {
		if (!pipe_empty(p))
			mask |= EPOLLIN | EPOLLRDNORM;
		/* A FIFO that no writer has opened since we came has not hung up. */
		if (!p->writers && (unsigned)f->f_ra.size != p->w_counter)
			mask |= EPOLLHUP;
	}
	if (f->f_mode & FMODE_WRITE) {
		if (!pipe_full(p))
			mask |= EPOLLOUT | EPOLLWRNORM;
		if (!p->readers)
			mask |= EPOLLERR;
	}
	return mask;
}

static long pipe_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct pipe_inode_info *p = f->private_data;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOIOCTLCMD;
	mutex_lock(&p->mutex);
	for (unsigned i = p->tail; i != p->head; i++)
		bytes += pipe_buf(p, i)->len;
	mutex_unlock(&p->mutex);
	return put_user(bytes, (int *)arg);
}

static int pipe_fasync(int fd, struct file *f, bool on)
{
	struct pipe_inode_info *p = f->private_data;
	int rc = 0;

	mutex_lock(&p->mutex);			/* on both lists or none: A1 of fasync.c */
	if (f->f_mode & FMODE_READ)
		rc = fasync_helper(fd, f, on, &p->fasync_readers);
	if ((f->f_mode & FMODE_WRITE) && !rc)	/* what the first call could, the second can */
		rc = fasync_helper(fd, f, on, &p->fasync_writers);
	mutex_unlock(&p->mutex);
	return rc;
}

struct pipe_inode_info *get_pipe_info(struct file *f)
{
	return f->f_op == &pipefifo_fops ? f->private_data : NULL;
}

/* ---- release --------------------------------------------------------------------------------- */

static void pipe_release(struct inode *inode, struct file *f)
{
	struct pipe_inode_info *p = f->private_data;

	mutex_lock(&p->mutex);
	if (f->f_mode & FMODE_READ)
		p->readers--;
	if (f->f_mode & FMODE_WRITE)
		p->writers--;
	if (!p->readers != !p->writers) {	/* the last of one end, but not of the other */
		if (!p->readers && waitqueue_active(&p->wr_wait))
			__wake_up(&p->wr_wait, 0x7fffffff, EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP);
		if (!p->writers && waitqueue_active(&p->rd_wait))
			__wake_up(&p->rd_wait, 0x7fffffff, EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLHUP);
		kill_fasync(&p->fasync_readers, POLL_IN);
		kill_fasync(&p->fasync_writers, POLL_OUT);
	}
	mutex_unlock(&p->mutex);
	put_pipe_info(inode, p);
}

const struct file_operations pipefifo_fops = {
	.open = fifo_open,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.fasync = pipe_fasync,
	.release = pipe_release,
};

void __init pipe_cache_init(void)
{
	pipe_cache = kmem_cache_create("pipe_inode_info", sizeof(struct pipe_inode_info), 0, SLAB_PANIC, NULL);
}
