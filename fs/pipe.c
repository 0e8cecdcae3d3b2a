/*
 * fs/pipe.c - pipes and FIFOs: a ring of pages between readers and writers.
 *
 * MODEL     bufs[head % ring_size] is the next buffer to fill, bufs[tail % ring_size] the next to read.  A
 *           write first fills up the last buffer's page if that is ours alone (PIPE_BUF_MERGE), then takes
 *           new pages.  A page that was read empty is kept as `spare` for the next write.
 * INVARIANTS
 *   Q1  head - tail <= ring_size; the ring is empty when they are equal.
 *   Q2  A write of up to PIPE_BUF bytes goes in whole, or not at all.
 *   Q3  Readers are woken when the ring stops being empty, writers when it stops being full.
 * LOCKING   pipe->mutex for everything but the wait queues.
 * COST      a small write and its read: no allocation, one copy each.
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

unsigned pipe_max_size = 1024 * 1024;
static struct vfsmount *pipe_mnt;
static struct kmem_cache *pipe_cache;

/* ---- life ------------------------------------------------------------------------------------ */

struct pipe_inode_info *alloc_pipe_info(void)
{
	struct pipe_inode_info *p = kmem_cache_zalloc(pipe_cache, GFP_KERNEL);

	if (!p)
		return NULL;
	mutex_init(&p->mutex, RANK_VFS);
	init_waitqueue_head(&p->rd_wait);
	init_waitqueue_head(&p->wr_wait);
	p->ring_size = PIPE_DEF_BUFFERS;
	p->bufs = p->bufs_inline;
	p->r_counter = p->w_counter = 1;
	return p;
}

static void free_pipe_info(struct pipe_inode_info *p)
{
	for (; p->tail != p->head; p->tail++)
		put_page(pipe_buf(p, p->tail)->page);
	if (p->spare)
		put_page(p->spare);
	if (p->bufs != p->bufs_inline)
		kfree(p->bufs);
	kmem_cache_free(pipe_cache, p);
}

/* One open file less.  The last one frees the pipe. */
static void put_pipe_info(struct inode *inode, struct pipe_inode_info *p)
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

/*
 * Sleep on @q, the pipe's mutex dropped meanwhile, until somebody wakes it.
 * => 0 or -ERESTARTSYS
 */
static int pipe_sleep(struct pipe_inode_info *p, wait_queue_head_t *q) REQUIRES(p->mutex)
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

static inline void wake_readers(struct pipe_inode_info *p)
{
	if (waitqueue_active(&p->rd_wait))
		wake_up_poll(&p->rd_wait, EPOLLIN | EPOLLRDNORM);
}

static inline void wake_writers(struct pipe_inode_info *p)
{
	if (waitqueue_active(&p->wr_wait))
		wake_up_poll(&p->wr_wait, EPOLLOUT | EPOLLWRNORM);
}

/* ---- read ------------------------------------------------------------------------------------ */

static void release_buf(struct pipe_inode_info *p, struct pipe_buffer *b) REQUIRES(p->mutex)
{
	if ((b->flags & PIPE_BUF_MERGE) && !p->spare && page_count(b->page) == 1)
		p->spare = b->page;
	else
		put_page(b->page);
	b->page = NULL;
	p->tail++;
}

/* Copy what is in the ring.  *@emptied: a buffer became free.  => bytes, or -EFAULT with nothing copied */
static ssize_t pipe_take(struct pipe_inode_info *p, struct iov_iter *to, bool *emptied) REQUIRES(p->mutex)
{
	ssize_t total = 0;

	while (to->count && !pipe_empty(p)) {
		struct pipe_buffer *b = pipe_buf(p, p->tail);
		size_t want = min((size_t)b->len, to->count);
		size_t n = copy_page_to_iter(b->page, b->offset, want, to);
		bool packet = b->flags & PIPE_BUF_PACKET;

		total += n;
		b->offset += n;
		b->len -= n;
		if (n < want)
			return total ? total : -EFAULT;
		if (!b->len || packet) {
			release_buf(p, b);
			*emptied = true;
		}
		if (packet)
			break;
	}
	return total;
}

static ssize_t pipe_read(struct file *f, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	struct pipe_inode_info *p = f->private_data;
	bool emptied = false, was_full;
	ssize_t rc = 0;

	if (!to->count)
		return 0;
	mutex_lock(&p->mutex);
	while (pipe_empty(p)) {
		if (!p->writers)
			goto out;
		if ((f->f_flags & O_NONBLOCK) || (to->rwf & RWF_NOWAIT)) {
			rc = -EAGAIN;
			goto out;
		}
		rc = pipe_sleep(p, &p->rd_wait);
		if (rc)
			goto out;
	}
	was_full = pipe_full(p);
	rc = pipe_take(p, to, &emptied);
	mutex_unlock(&p->mutex);
	if (emptied && (was_full || p->poll_usage))
		wake_writers(p);		/* Q3 */
	return rc;
out:
	mutex_unlock(&p->mutex);
	return rc;
}

/* ---- write ----------------------------------------------------------------------------------- */

/* Append to the last buffer what fits there whole (Q2).  => bytes, or -EFAULT */
static ssize_t pipe_merge(struct pipe_inode_info *p, struct iov_iter *from) REQUIRES(p->mutex)
{
	struct pipe_buffer *b;
	size_t n, end;

	if (pipe_empty(p))
		return 0;
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
static ssize_t pipe_append(struct pipe_inode_info *p, struct iov_iter *from, unsigned buf_flags)
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
static ssize_t pipe_fill(struct pipe_inode_info *p, struct iov_iter *from, unsigned buf_flags)
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
	if (buf_flags == PIPE_BUF_MERGE)
		total = n = pipe_merge(p, from);
	while (n >= 0 && from->count) {
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
		if (was_empty)
			wake_readers(p);
		n = pipe_sleep(p, &p->wr_wait);
		if (!n && !p->readers)
			n = pipe_broken();
		was_empty = pipe_empty(p);
	}
	was_empty |= p->poll_usage;
	mutex_unlock(&p->mutex);
	if (total > 0 && was_empty)
		wake_readers(p);		/* Q3 */
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
		wake_writers(p);
	}
}

void pipe_push(struct pipe_inode_info *p, struct pipe_buffer buf)
{
	INV(Q1, !pipe_full(p));
	*pipe_buf(p, p->head++) = buf;
	wake_readers(p);
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

struct pipe_inode_info *get_pipe_info(struct file *f)
{
	return f->f_op == &pipefifo_fops ? f->private_data : NULL;
}

/* => mutex held */
static int pipe_resize(struct pipe_inode_info *p, unsigned slots)
{
	unsigned used = p->head - p->tail;
	struct pipe_buffer *bufs;

	if (slots < used)
		return -EBUSY;
	bufs = kcalloc(slots, sizeof(*bufs), GFP_KERNEL);
	if (!bufs)
		return -ENOMEM;
	for (unsigned i = 0; i < used; i++)
		bufs[i] = *pipe_buf(p, p->tail + i);
	if (p->bufs != p->bufs_inline)
		kfree(p->bufs);
	p->bufs = bufs;
	p->ring_size = slots;
	p->tail = 0;
	p->head = used;
	return 0;
}

static long pipe_set_size(struct pipe_inode_info *p, unsigned long arg)
{
	unsigned slots;
	int rc;

	if (arg > 1ul << 31)
		return -EINVAL;
	slots = roundup_pow_of_two(max(arg, PAGE_SIZE)) >> PAGE_SHIFT;
	if (slots > p->ring_size && slots > pipe_max_size >> PAGE_SHIFT && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	rc = pipe_resize(p, slots);
	if (rc)
		return rc;
	wake_writers(p);
	return (long)slots << PAGE_SHIFT;
}

long pipe_fcntl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct pipe_inode_info *p = get_pipe_info(f);
	long rc;

	if (!p)
		return -EBADF;
	mutex_lock(&p->mutex);
	rc = cmd == F_SETPIPE_SZ ? pipe_set_size(p, (unsigned)arg) : (long)p->ring_size << PAGE_SHIFT;
	mutex_unlock(&p->mutex);
	return rc;
}

/* ---- open and release ------------------------------------------------------------------------ */

static void pipe_release(struct inode *inode, struct file *f)
{
	struct pipe_inode_info *p = f->private_data;

	mutex_lock(&p->mutex);
	if (f->f_mode & FMODE_READ)
		p->readers--;
	if (f->f_mode & FMODE_WRITE)
		p->writers--;
	if (p->readers + p->writers) {
		if (!p->readers && waitqueue_active(&p->wr_wait))
			__wake_up(&p->wr_wait, 0x7fffffff, EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP);
		if (!p->writers && waitqueue_active(&p->rd_wait))
			__wake_up(&p->rd_wait, 0x7fffffff, EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLHUP);
	}
	mutex_unlock(&p->mutex);
	put_pipe_info(inode, p);
}

/* Wait until *@counter moves: the other end was opened, and maybe closed again. */
static int wait_for_partner(struct pipe_inode_info *p, wait_queue_head_t *q, unsigned *counter)
	REQUIRES(p->mutex)
{
	unsigned seen = *counter;

	while (*counter == seen) {
		int rc = pipe_sleep(p, q);

		if (rc)
			return rc;
	}
	return 0;
}

/* Opened again through /proc/PID/fd, a pipe(2) never waits for its other end. */
static bool is_fifo(const struct file *f)
{
	return f->f_inode->i_sb->s_magic != PIPEFS_MAGIC;
}

static int fifo_open_read(struct file *f, struct pipe_inode_info *p) REQUIRES(p->mutex)
{
	p->r_counter++;
	if (!p->readers++)
		wake_up_all(&p->wr_wait);
	if (p->writers || !is_fifo(f))
		return 0;
	if (f->f_flags & O_NONBLOCK) {
		f->f_ra.size = p->w_counter;	/* see pipe_poll() */
		return 0;
	}
	return wait_for_partner(p, &p->rd_wait, &p->w_counter);
}

static int fifo_open_write(struct file *f, struct pipe_inode_info *p) REQUIRES(p->mutex)
{
	bool alone = !p->readers && is_fifo(f);

	if ((f->f_flags & O_NONBLOCK) && alone)
		return -ENXIO;
	p->w_counter++;
	if (!p->writers++)
		wake_up_all(&p->rd_wait);
	return !alone ? 0 : wait_for_partner(p, &p->wr_wait, &p->r_counter);
}

static int fifo_open_ends(struct file *f, struct pipe_inode_info *p) REQUIRES(p->mutex)
{
	int rc;

	switch (f->f_mode & (FMODE_READ | FMODE_WRITE)) {
	case FMODE_READ:
		rc = fifo_open_read(f, p);
		if (rc && !--p->readers)
			wake_up_all(&p->wr_wait);
		return rc;
	case FMODE_WRITE:
		rc = fifo_open_write(f, p);
		if (rc && rc != -ENXIO && !--p->writers)
			wake_up_all(&p->rd_wait);
		return rc;
	case FMODE_READ | FMODE_WRITE:
		p->readers++;
		p->writers++;
		p->r_counter++;
		p->w_counter++;
		wake_up_all(&p->rd_wait);
		wake_up_all(&p->wr_wait);
		return 0;
	}
	return -EINVAL;
}

static int fifo_open(struct inode *inode, struct file *f)
{
	struct pipe_inode_info *p, *fresh = alloc_pipe_info();
	int rc;

	if (!fresh)
		return -ENOMEM;
	spin_lock(&inode->i_lock);
	p = inode->i_pipe;
	if (!p) {
		p = inode->i_pipe = fresh;
		fresh = NULL;
	}
	p->files++;
	spin_unlock(&inode->i_lock);
	if (fresh)
		free_pipe_info(fresh);
	f->private_data = p;
	stream_open(inode, f);
	mutex_lock(&p->mutex);
	rc = fifo_open_ends(f, p);
	mutex_unlock(&p->mutex);
	if (rc)
		put_pipe_info(inode, p);
	return rc;
}

const struct file_operations pipefifo_fops = {
	.open = fifo_open,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
};

/* ---- pipe2(2) -------------------------------------------------------------------------------- */

static struct inode *pipe_inode(void)
{
	struct inode *inode = new_inode(pipe_mnt->mnt_sb);
	struct pipe_inode_info *p;

	if (!inode)
		return NULL;
	p = alloc_pipe_info();
	if (!p) {
		iput(inode);
		return NULL;
	}
	p->files = 2;
	p->readers = p->writers = 1;
	inode->i_pipe = p;
	inode->i_mode = S_IFIFO | S_IRUSR | S_IWUSR;
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	inode->i_fop = &pipefifo_fops;
	return inode;
}

static struct file *pipe_end(struct file *other, int flags)
{
	struct file *f = alloc_empty_file(flags);

	if (!f)
		return NULL;
	f->f_path = other->f_path;
	path_get(&f->f_path);
	f->f_inode = other->f_inode;
	f->f_mapping = other->f_mapping;
	f->f_op = &pipefifo_fops;
	return f;
}

int create_pipe_files(struct file **res, int flags)
{
	struct inode *inode = pipe_inode();
	struct pipe_inode_info *p;
	struct file *w, *r;

	if (!inode)
		return -ENFILE;
	p = inode->i_pipe;
	w = alloc_file_pseudo(inode, pipe_mnt, "", O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)), &pipefifo_fops);
	if (IS_ERR(w)) {
		free_pipe_info(p);
		return PTR_ERR(w);
	}
	w->private_data = p;
	stream_open(inode, w);
	r = pipe_end(w, O_RDONLY | (flags & O_NONBLOCK));
	if (!r) {
		p->files = 1;
		p->readers = 0;
		fput(w);
		return -ENFILE;
	}
	r->private_data = p;
	stream_open(inode, r);
	r->f_mode |= FMODE_NOWAIT;
	w->f_mode |= FMODE_NOWAIT;
	res[0] = r;
	res[1] = w;
	return 0;
}

int do_pipe_flags(int *fd, int flags)
{
	struct file *files[2];
	int rc;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	rc = create_pipe_files(files, flags);
	if (rc)
		return rc;
	fd[0] = rc = get_unused_fd_flags(flags);
	if (rc < 0)
		goto undo_files;
	fd[1] = rc = get_unused_fd_flags(flags);
	if (rc < 0)
		goto undo_fd;
	fd_install(fd[0], files[0]);
	fd_install(fd[1], files[1]);
	return 0;
undo_fd:
	put_unused_fd(fd[0]);
undo_files:
	fput(files[0]);
	fput(files[1]);
	return rc;
}

SYSCALL_DEFINE2(pipe2, int __user *, ufd, int, flags)
{
	int fd[2];
	int rc = do_pipe_flags(fd, flags);

	if (rc)
		return rc;
	if (copy_to_user(ufd, fd, sizeof(fd))) {
		close_fd(fd[0]);
		close_fd(fd[1]);
		return -EFAULT;
	}
	return 0;
}

static void pipe_dname(struct dentry *d, char *buf, size_t n)
{
	snprintf(buf, n, "pipe:[%lu]", (unsigned long)d->d_inode->i_ino);
}
static const struct dentry_operations pipe_dentry_ops = { .dname = pipe_dname };

void __init pipe_init(void)
{
	pipe_cache = kmem_cache_create("pipe_inode_info", sizeof(struct pipe_inode_info), 0, SLAB_PANIC, NULL);
	pipe_mnt = pseudo_mount("pipefs", PIPEFS_MAGIC, &pipe_dentry_ops, NULL);
}
