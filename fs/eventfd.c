/*
 * fs/eventfd.c - a counter that can be waited for.
 *
 * MODEL     write adds, read takes all (or one, EFD_SEMAPHORE); a read of zero and a write that would
 *           overflow wait.  The greatest value is 2^64 - 2.
 * LOCKING   e->lock guards the count.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/seq_file.h"
#include "include/syscall.h"
#include "include/uapi/poll.h"
#include "mm/slab/slab.h"

struct eventfd {
	wait_queue_head_t rd, wr;
	spinlock_t lock;
	u64 count;		/* (lock) */
	bool semaphore;
	int id;			/* (I) */
};

static atomic_t eventfd_ids;

static bool eventfd_try_read(struct eventfd *e, u64 *v)
{
	bool ok;

	spin_lock(&e->lock);
	ok = e->count > 0;
	*v = e->semaphore ? 1 : e->count;
	if (ok)
		e->count -= *v;
	spin_unlock(&e->lock);
	return ok;
}

static bool eventfd_try_add(struct eventfd *e, u64 v)
{
	bool ok;

	spin_lock(&e->lock);
	ok = ~0ull - e->count > v;
	if (ok)
		e->count += v;
	spin_unlock(&e->lock);
	return ok;
}

static ssize_t eventfd_read(struct file *f, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	struct eventfd *e = f->private_data;
	u64 v;
	int rc;

	if (to->count < sizeof(v))
		return -EINVAL;
	if (!eventfd_try_read(e, &v)) {
		if (f->f_flags & O_NONBLOCK)
			return -EAGAIN;
		rc = wait_event_interruptible(e->rd, eventfd_try_read(e, &v));
		if (rc)
			return rc;
	}
	wake_up_poll(&e->wr, EPOLLOUT);
	return copy_to_iter(&v, sizeof(v), to) == sizeof(v) ? (ssize_t)sizeof(v) : -EFAULT;
}

static ssize_t eventfd_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	struct eventfd *e = f->private_data;
	u64 v;
	int rc;

	if (from->count != sizeof(v))
		return -EINVAL;
	if (copy_from_iter(&v, sizeof(v), from) != sizeof(v))
		return -EFAULT;
	if (v == ~0ull)
		return -EINVAL;
	if (!eventfd_try_add(e, v)) {
		if (f->f_flags & O_NONBLOCK)
			return -EAGAIN;
		rc = wait_event_interruptible(e->wr, eventfd_try_add(e, v));
		if (rc)
			return rc;
	}
	wake_up_poll(&e->rd, EPOLLIN);
	return sizeof(v);
}

static unsigned eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->private_data;
	unsigned mask = 0;
	u64 count;

	poll_wait(f, &e->rd, pt);
	poll_wait(f, &e->wr, pt);
	count = READ_ONCE(e->count);
	if (count > 0)
		mask |= EPOLLIN;
	if (count == ~0ull)
		mask |= EPOLLERR;
	if (~0ull - 1 > count)
		mask |= EPOLLOUT;
	return mask;
}

static void eventfd_release(__maybe_unused struct inode *inode, struct file *f) { kfree(f->private_data); }

static void eventfd_show_fdinfo(struct seq_file *m, struct file *f)
{
	const struct eventfd *e = f->private_data;

	seq_printf(m, "eventfd-count: %16llx\neventfd-id: %d\neventfd-semaphore: %d\n",
		   (unsigned long long)READ_ONCE(e->count), e->id, e->semaphore);
}

static const struct file_operations eventfd_fops = {
	.llseek = noop_llseek,
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.show_fdinfo = eventfd_show_fdinfo,
};

SYSCALL_DEFINE2(eventfd2, unsigned, count, int, flags)
{
	struct eventfd *e;
	int fd;

	if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	e = kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	init_waitqueue_head(&e->rd);
	init_waitqueue_head(&e->wr);
	spin_lock_init(&e->lock, RANK_FILES);
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	e->id = atomic_inc_return(&eventfd_ids) & INT32_MAX;
	fd = anon_inode_getfd("[eventfd]", &eventfd_fops, e, O_RDWR | (flags & (EFD_CLOEXEC | EFD_NONBLOCK)));
	if (fd < 0)
		kfree(e);
	return fd;
}
