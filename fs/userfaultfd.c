/*
 * fs/userfaultfd.c - userfaultfd(2): contexts, and the file through which a program hears of faults.
 *
 * MODEL     The call makes a context for the address space of its caller, and a file for it.  read() gives messages
 *           of 32 bytes, faults before events, the oldest first.  A fork that is told is a new file in the reader.
 *           Whoever may serve faults that the kernel takes can hold up the kernel's work at any copy from or to the
 *           program: that takes CAP_SYS_PTRACE, vm.unprivileged_userfaultfd, or /dev/userfaultfd, whose owner says
 *           who may open it; the others may serve the faults of user mode.
 * LOCKING   ctx->lock: the lists.  The file keeps a reference of the context while calls are under way.
 * FAILURE   close() with tasks waiting: they make their accesses again, and find no watch any more.
 * TESTS     test/user/t_userfault.c
 * SEE       Documentation/admin-guide/mm/userfaultfd.rst of Linux 6.12
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/userfaultfd.h"
#include "fs/chrdev.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/proc/proc.h"
#include "fs/seq_file.h"
#include "include/mm_ref.h"
#include "include/syscall.h"
#include "include/uapi/poll.h"
#include "lib/printk.h"
#include "mm/slab/slab.h"
#include "mm/space/userfaultfd.h"

#define CAP_SYS_PTRACE		19
#define USERFAULTFD_MINOR	126		/* Linux's first dynamic one */
#define UFFD_FLAGS		(O_CLOEXEC | O_NONBLOCK)

static int sysctl_unprivileged_userfaultfd;

/* ---- contexts -------------------------------------------------------------------------------- */

struct userfaultfd_ctx *userfaultfd_ctx_alloc(struct mm_struct *mm, unsigned flags, unsigned features)
{
	struct userfaultfd_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;
	atomic_set(&ctx->refcount, 1);
	ctx->flags = flags;
	ctx->features = features;
	init_rwsem(&ctx->map_changing_lock, RANK_UFFD);
	spin_lock_init(&ctx->lock, RANK_FILES);
	INIT_LIST_HEAD(&ctx->fault_pending);
	INIT_LIST_HEAD(&ctx->fault_read);
	INIT_LIST_HEAD(&ctx->events);
	init_waitqueue_head(&ctx->fd_wqh);
	mmgrab(mm);
	ctx->mm = mm;
	return ctx;
}

void userfaultfd_ctx_put(struct userfaultfd_ctx *ctx)
{
	if (!atomic_dec_and_test(&ctx->refcount))
		return;
	ASSERT(list_empty(&ctx->fault_pending) && list_empty(&ctx->fault_read) && list_empty(&ctx->events));
	mmdrop(ctx->mm);
	kfree(ctx);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* A fork was told to us: a file for the child's context; its task goes on. */
static int resolve_fork(struct userfaultfd_ctx *ctx, struct userfault_taken *t)
{
	int fd = userfaultfd_getfd(t->child);

	userfaultfd_fork_told(ctx, t, fd < 0 ? fd : 0);
	if (fd < 0) {
		userfaultfd_ctx_put(t->child);
		return fd;
	}
	t->msg.arg.fork.ufd = fd;
	return 0;
}

/* One message; 0, -EAGAIN, -ERESTARTSYS, or why there is no descriptor for it. */
static int read_msg(struct userfaultfd_ctx *ctx, struct userfault_taken *t, bool wait)
{
	int rc = 0;

	if (wait)
		rc = wait_event_interruptible(ctx->fd_wqh, userfaultfd_take(ctx, t));
	else if (!userfaultfd_take(ctx, t))
		rc = -EAGAIN;
	return !rc && t->child ? resolve_fork(ctx, t) : rc;
}

static ssize_t userfaultfd_read(struct file *f, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	struct userfaultfd_ctx *ctx = f->private_data;
	bool wait = !(f->f_flags & O_NONBLOCK);
	struct userfault_taken t;
	ssize_t done = 0;
	int rc;

	if (!userfaultfd_initialized(ctx) || to->count < sizeof(t.msg))
		return -EINVAL;
	for (; to->count >= sizeof(t.msg); done += sizeof(t.msg)) {
		rc = read_msg(ctx, &t, wait && !done);
		if (rc)
			return done ? done : rc;
		if (copy_to_iter(&t.msg, sizeof(t.msg), to) != sizeof(t.msg))
			return done ? done : -EFAULT;
	}
	return done;
}

static unsigned userfaultfd_poll(struct file *f, struct poll_table *pt)
{
	struct userfaultfd_ctx *ctx = f->private_data;
	unsigned mask = 0;

	poll_wait(f, &ctx->fd_wqh, pt);
	/* Another reader may be quicker than who polled: reads must not wait then. */
	if (!userfaultfd_initialized(ctx) || !(f->f_flags & O_NONBLOCK))
		return EPOLLERR;
	spin_lock(&ctx->lock);
	if (!list_empty(&ctx->fault_pending) || !list_empty(&ctx->events))
		mask = EPOLLIN;
	spin_unlock(&ctx->lock);
	return mask;
}

static void userfaultfd_release(__maybe_unused struct inode *inode, struct file *f)
{
	struct userfaultfd_ctx *ctx = f->private_data;

	/* First, so that a fault which is about to wait, under the lock that we wait for next, does not. */
	WRITE_ONCE(ctx->released, true);
	userfaultfd_release_all(ctx);
	userfaultfd_wake_all(ctx);
	wake_up_poll(&ctx->fd_wqh, EPOLLHUP);
	userfaultfd_ctx_put(ctx);
}

static unsigned long count_list(const struct list_head *head)
{
	const struct list_head *l;
	unsigned long nr = 0;

	list_for_each(l, head)
		nr++;
	return nr;
}

static void userfaultfd_show_fdinfo(struct seq_file *m, struct file *f)
{
	struct userfaultfd_ctx *ctx = f->private_data;
	unsigned long pending, total;

	spin_lock(&ctx->lock);
	pending = count_list(&ctx->fault_pending);
	total = pending + count_list(&ctx->fault_read);
	spin_unlock(&ctx->lock);
	seq_printf(m, "pending:\t%lu\ntotal:\t%lu\nAPI:\t%llx:%x:%llx\n", pending, total, UFFD_API,
		   READ_ONCE(ctx->features), UFFD_API_IOCTLS | UFFD_API_RANGE_IOCTLS);
}

static const struct file_operations userfaultfd_fops = {
	.llseek = noop_llseek,
	.read = userfaultfd_read,
	.poll = userfaultfd_poll,
	.ioctl = userfaultfd_ioctl,
	.release = userfaultfd_release,
	.show_fdinfo = userfaultfd_show_fdinfo,
};

int userfaultfd_getfd(struct userfaultfd_ctx *ctx)
{
	return anon_inode_getfd("[userfaultfd]", &userfaultfd_fops, ctx, O_RDONLY | (ctx->flags & UFFD_FLAGS));
}

/* ---- making one ------------------------------------------------------------------------------ */

static int new_userfaultfd(unsigned flags)
{
	struct userfaultfd_ctx *ctx;
	int fd;

	if (flags & ~(UFFD_FLAGS | UFFD_USER_MODE_ONLY))
		return -EINVAL;
	ctx = userfaultfd_ctx_alloc(current_base()->mm, flags, 0);
	if (!ctx)
		return -ENOMEM;
	fd = userfaultfd_getfd(ctx);
	if (fd < 0)
		userfaultfd_ctx_put(ctx);
	return fd;
}

SYSCALL_DEFINE1(userfaultfd, int, flags)
{
	if (!(flags & UFFD_USER_MODE_ONLY) && !READ_ONCE(sysctl_unprivileged_userfaultfd) &&
	    !capable(CAP_SYS_PTRACE))
		return -EPERM;
	return new_userfaultfd(flags);
}

static long userfaultfd_dev_ioctl(__maybe_unused struct file *f, unsigned cmd, unsigned long flags)
{
	return cmd == USERFAULTFD_IOC_NEW ? new_userfaultfd(flags) : -EINVAL;
}

static const struct file_operations userfaultfd_dev_fops = { .ioctl = userfaultfd_dev_ioctl, .llseek = noop_llseek };

static const struct ctl_table userfaultfd_table[] = {
	{ .name = "unprivileged_userfaultfd", .data = &sysctl_unprivileged_userfaultfd, .maxlen = sizeof(int),
	  .mode = 0644, .handler = proc_dointvec, .min = 0, .max = 1 },
};

void __init userfaultfd_init(void)
{
	if (misc_register(USERFAULTFD_MINOR, "userfaultfd", "userfaultfd", &userfaultfd_dev_fops, 0600))
		pr_err("no memory for /dev/userfaultfd\n");
	if (register_sysctl("vm", userfaultfd_table, ARRAY_SIZE(userfaultfd_table)))
		pr_err("no memory for vm.unprivileged_userfaultfd\n");
}
