/*
 * kernel/signal/signalfd.c - taking signals by read().
 *
 * MODEL     A signalfd holds a set.  read() takes what is pending for the reader, not for the maker.
 *           One wait queue serves all: it outlives every process that polls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/libfs.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/poll.h"
#include "kernel/signal/queue.h"
#include "kernel/signal/signalfd.h"
#include "fs/seq_file.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

DECLARE_WAIT_QUEUE_HEAD(signalfd_wait);

struct signalfd_ctx { sigset_t others; };	/* signals that are not asked for */

static int take_one(struct signalfd_ctx *ctx, siginfo_t *info)
{
	struct sighand_struct *sighand = current->sighand;
	int sig;

	spin_lock_irq(&sighand->lock);
	sig = dequeue_signal(&ctx->others, info);
	spin_unlock_irq(&sighand->lock);
	return sig;
}

static void convert(struct signalfd_siginfo *to, const siginfo_t *from)
{
	memset(to, 0, sizeof(*to));
	to->ssi_signo = from->si_signo;
	to->ssi_errno = from->si_errno;
	to->ssi_code = from->si_code;
	switch (from->si_code) {
	case SI_TIMER:
		to->ssi_tid = from->si_tid;
		to->ssi_overrun = from->si_overrun;
		to->ssi_ptr = (u64)from->_sifields._timer._sigval.sival_ptr;
		to->ssi_int = from->_sifields._timer._sigval.sival_int;
		return;
	case SI_USER:
	case SI_TKILL:
	case SI_KERNEL:
		break;
	default:
		if (from->si_code < 0) {
			to->ssi_ptr = (u64)from->si_ptr;
			to->ssi_int = from->si_int;
		} else if (from->si_signo == SIGCHLD) {
			to->ssi_status = from->si_status;
			to->ssi_utime = from->si_utime;
			to->ssi_stime = from->si_stime;
		} else if (sigmask(from->si_signo) & SIG_SYNCHRONOUS_MASK) {
			to->ssi_addr = (u64)from->si_addr;
			return;
		} else if (from->si_signo == SIGIO) {
			to->ssi_band = from->si_band;
			to->ssi_fd = from->si_fd;
			return;
		}
	}
	to->ssi_pid = from->si_pid;
	to->ssi_uid = from->si_uid;
}

static ssize_t signalfd_read(struct file *file, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	struct signalfd_ctx *ctx = file->private_data;
	struct signalfd_siginfo ssi;
	bool block = !(file->f_flags & O_NONBLOCK);
	ssize_t done = 0;
	siginfo_t info;
	int sig, rc;

	if (to->count < sizeof(ssi))
		return -EINVAL;
	while (to->count >= sizeof(ssi)) {
		sig = take_one(ctx, &info);
		if (!sig && block && !done) {
			rc = wait_event_interruptible(signalfd_wait, (sig = take_one(ctx, &info)) != 0);
			if (rc)
				return rc;
		}
		if (!sig)
			break;
		convert(&ssi, &info);
		if (copy_to_iter(&ssi, sizeof(ssi), to) != sizeof(ssi))
			return done ? done : -EFAULT;
		done += sizeof(ssi);
	}
	return done ? done : -EAGAIN;
}

static unsigned signalfd_poll(struct file *file, struct poll_table *pt)
{
	struct signalfd_ctx *ctx = file->private_data;
	struct task_struct *me = current;
	unsigned events = 0;

	poll_wait(file, &signalfd_wait, pt);
	spin_lock_irq(&me->sighand->lock);
	if (next_signal(&me->pending, &ctx->others) || next_signal(&me->signal->shared_pending, &ctx->others))
		events = POLLIN;
	spin_unlock_irq(&me->sighand->lock);
	return events;
}

static void signalfd_release(__maybe_unused struct inode *inode, struct file *file)
{
	kfree(file->private_data);
}

static void signalfd_show_fdinfo(struct seq_file *m, struct file *file)
{
	const struct signalfd_ctx *ctx = file->private_data;

	seq_printf(m, "sigmask:\t%016lx\n", ~READ_ONCE(ctx->others.sig[0]));
}

static const struct file_operations signalfd_fops = {
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.show_fdinfo = signalfd_show_fdinfo,
};

static int signalfd_change(int fd, const sigset_t *others)
{
	struct file *file = fget(fd);
	struct signalfd_ctx *ctx;
	int rc = -EINVAL;

	if (!file)
		return -EBADF;
	if (file->f_op == &signalfd_fops) {
		ctx = file->private_data;
		spin_lock_irq(&current->sighand->lock);
		ctx->others = *others;
		spin_unlock_irq(&current->sighand->lock);
		wake_up_all(&signalfd_wait);
		rc = fd;
	}
	fput(file);
	return rc;
}

SYSCALL_DEFINE4(signalfd4, int, fd, const sigset_t __user *, umask, size_t, size, int, flags)
{
	struct signalfd_ctx *ctx;
	sigset_t set;
	int rc;

	if (size != sizeof(set) || (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK)))
		return -EINVAL;
	if (copy_from_user(&set, umask, sizeof(set)))
		return -EFAULT;
	set.sig[0] = ~(set.sig[0] & ~SIG_KERNEL_ONLY_MASK);
	if (fd != -1)
		return signalfd_change(fd, &set);
	ctx = kmalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return -ENOMEM;
	ctx->others = set;
	rc = anon_inode_getfd("[signalfd]", &signalfd_fops, ctx, O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (rc < 0)
		kfree(ctx);
	return rc;
}
