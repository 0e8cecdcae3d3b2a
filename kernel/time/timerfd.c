/*
 * kernel/time/timerfd.c - timers as files.
 *
 * MODEL     ticks counts the expirations nobody has read.  An interval timer fires once and is moved past
 *           now by the read, which counts what was skipped: a fast timer costs nothing without a
 *           reader.  With TFD_TIMER_CANCEL_ON_SET a jump of the real time makes read() fail once.
 * LOCKING   ctx->lock, interrupts off; cancel_lock before it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/time/timerfd.h"
#include "fs/fdtable.h"
#include "fs/libfs.h"
#include "fs/seq_file.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/poll.h"
#include "kernel/sched/sched.h"
#include "kernel/time/clock.h"
#include "mm/slab/slab.h"

struct timerfd_ctx {
	spinlock_t lock;
	struct hrtimer timer;
	ktime_t interval;			/* (lock) */
	u64 ticks;				/* (lock) */
	bool expired;				/* (lock) fired, the interval waits for a read */
	bool cancelled;				/* (lock) the clock was set */
	bool may_cancel;			/* (cancel_lock) on cancel_list */
	int clock;				/* (I) as it was asked for */
	int settime_flags;			/* (lock) of the last setting */
	wait_queue_head_t wait;
	struct list_head cancel_link;		/* (cancel_lock) */
};

static DEFINE_SPINLOCK(cancel_lock, RANK_NONE);
static LIST_HEAD(cancel_list);

static enum hrtimer_restart timerfd_fn(struct hrtimer *t)
{
	struct timerfd_ctx *ctx = container_of(t, struct timerfd_ctx, timer);
	unsigned long flags;

	spin_lock_irqsave(&ctx->lock, flags);
	ctx->expired = true;
	ctx->ticks++;
	spin_unlock_irqrestore(&ctx->lock, flags);
	wake_up_poll(&ctx->wait, POLLIN);
	return HRTIMER_NORESTART;
}

void timerfd_clock_was_set(void)
{
	struct timerfd_ctx *ctx;
	unsigned long flags;

	spin_lock_irqsave(&cancel_lock, flags);
	list_for_each_entry(ctx, &cancel_list, cancel_link) {
		spin_lock(&ctx->lock);
		ctx->cancelled = true;
		spin_unlock(&ctx->lock);
		wake_up_poll(&ctx->wait, POLLIN);
	}
	spin_unlock_irqrestore(&cancel_lock, flags);
}

static void set_may_cancel(struct timerfd_ctx *ctx, bool may)
{
	unsigned long flags;

	spin_lock_irqsave(&cancel_lock, flags);
	if (may && !ctx->may_cancel)
		list_add(&ctx->cancel_link, &cancel_list);
	else if (!may && ctx->may_cancel)
		list_del(&ctx->cancel_link);
	ctx->may_cancel = may;
	spin_unlock_irqrestore(&cancel_lock, flags);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Take the ticks: 1 with *@ticks, 0 when there are none, -ECANCELED. */
static int take_ticks(struct timerfd_ctx *ctx, u64 *ticks)
{
	int rc = 0;

	spin_lock_irq(&ctx->lock);
	if (ctx->cancelled) {
		ctx->cancelled = false;
		ctx->ticks = 0;
		rc = -ECANCELED;
	} else if (ctx->ticks) {
		if (ctx->expired && ctx->interval) {
			ctx->ticks += hrtimer_forward(&ctx->timer, hrtimer_now(&ctx->timer), ctx->interval) - 1;
			hrtimer_start(&ctx->timer, ctx->timer.expires, HRTIMER_MODE_ABS);
		}
		*ticks = ctx->ticks;
		ctx->ticks = 0;
		ctx->expired = false;
		rc = 1;
	}
	spin_unlock_irq(&ctx->lock);
	return rc;
}

static ssize_t timerfd_read(struct file *file, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	struct timerfd_ctx *ctx = file->private_data;
	u64 ticks;
	int rc, sig;

	if (to->count < sizeof(ticks))
		return -EINVAL;
	rc = take_ticks(ctx, &ticks);
	if (!rc) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		sig = wait_event_interruptible(ctx->wait, (rc = take_ticks(ctx, &ticks)) != 0);
		if (sig)
			return sig;
	}
	if (rc < 0)
		return rc;
	return copy_to_iter(&ticks, sizeof(ticks), to) == sizeof(ticks) ? (ssize_t)sizeof(ticks) : -EFAULT;
}

static unsigned timerfd_poll(struct file *file, struct poll_table *pt)
{
	struct timerfd_ctx *ctx = file->private_data;

	poll_wait(file, &ctx->wait, pt);
	return READ_ONCE(ctx->ticks) || READ_ONCE(ctx->cancelled) ? POLLIN : 0;
}

static long timerfd_ioctl(struct file *file, unsigned cmd, unsigned long arg)
{
	struct timerfd_ctx *ctx = file->private_data;
	u64 ticks;

	if (cmd != TFD_IOC_SET_TICKS)
		return -ENOTTY;
	if (copy_from_user(&ticks, (void __user *)arg, sizeof(ticks)))
		return -EFAULT;
	if (!ticks)
		return -EINVAL;
	spin_lock_irq(&ctx->lock);
	ctx->ticks = ticks;
	spin_unlock_irq(&ctx->lock);
	wake_up_poll(&ctx->wait, POLLIN);
	return 0;
}

static void timerfd_release(__maybe_unused struct inode *inode, struct file *file)
{
	struct timerfd_ctx *ctx = file->private_data;

	set_may_cancel(ctx, false);
	hrtimer_cancel(&ctx->timer);
	kfree(ctx);
}

static void timerfd_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct timerfd_ctx *ctx = file->private_data;
	struct timespec64 value, interval;
	u64 ticks;
	int flags;

	spin_lock_irq(&ctx->lock);
	value = ns_to_timespec64(ctx->timer.queued ? max(hrtimer_get_remaining(&ctx->timer), (s64)0) : 0);
	interval = ns_to_timespec64(ctx->interval);
	ticks = ctx->ticks;
	flags = ctx->settime_flags;
	spin_unlock_irq(&ctx->lock);
	seq_printf(m, "clockid: %d\nticks: %llu\nsettime flags: 0%o\n", ctx->clock, (unsigned long long)ticks, flags);
	seq_printf(m, "it_value: (%llu, %llu)\nit_interval: (%llu, %llu)\n", (unsigned long long)value.tv_sec,
		   (unsigned long long)value.tv_nsec, (unsigned long long)interval.tv_sec,
		   (unsigned long long)interval.tv_nsec);
}

static const struct file_operations timerfd_fops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.ioctl = timerfd_ioctl,
	.release = timerfd_release,
	.show_fdinfo = timerfd_show_fdinfo,
};

/* ---- calls ----------------------------------------------------------------------------------- */

SYSCALL_DEFINE2(timerfd_create, int, clock, int, flags)
{
	struct timerfd_ctx *ctx;
	int fd;

	if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) || !clock_is_wall(clock) || clock == CLOCK_TAI)
		return -EINVAL;
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return -ENOMEM;
	spin_lock_init(&ctx->lock, RANK_FILES);
	ctx->clock = clock;
	init_waitqueue_head(&ctx->wait);
	hrtimer_init_soft(&ctx->timer, timerfd_fn, clock_hrtimer(clock));
	fd = anon_inode_getfd("[timerfd]", &timerfd_fops, ctx, O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (fd < 0)
		kfree(ctx);
	return fd;
}

static struct timerfd_ctx *get_ctx(struct file *file)
{
	return file->f_op == &timerfd_fops ? file->private_data : NULL;
}

static void read_setting(struct timerfd_ctx *ctx, struct __kernel_itimerspec *out)
{
	struct timespec64 ts;
	s64 left = 0;

	/* Fired and unread: as if the read had come now. */
	if (ctx->expired && ctx->interval) {
		ctx->expired = false;
		ctx->ticks += hrtimer_forward(&ctx->timer, hrtimer_now(&ctx->timer), ctx->interval) - 1;
		hrtimer_start(&ctx->timer, ctx->timer.expires, HRTIMER_MODE_ABS);
	}
	if (ctx->timer.queued)
		left = max(hrtimer_get_remaining(&ctx->timer), (s64)0);
	ts = ns_to_timespec64(left);
	out->it_value = (struct __kernel_timespec){ ts.tv_sec, ts.tv_nsec };
	ts = ns_to_timespec64(ctx->interval);
	out->it_interval = (struct __kernel_timespec){ ts.tv_sec, ts.tv_nsec };
}

static void apply_setting(struct timerfd_ctx *ctx, int flags, ktime_t value, ktime_t interval,
			  struct __kernel_itimerspec *old)
{
	for (;;) {
		spin_lock_irq(&ctx->lock);
		read_setting(ctx, old);
		if (hrtimer_try_to_cancel(&ctx->timer) >= 0)
			break;
		spin_unlock_irq(&ctx->lock);		/* its function wants the lock */
		arch_cpu_relax();
	}
	ctx->expired = false;
	ctx->cancelled = false;
	ctx->ticks = 0;
	ctx->interval = interval;
	ctx->settime_flags = flags;
	if (value)
		hrtimer_start(&ctx->timer, value,
			      flags & TFD_TIMER_ABSTIME ? HRTIMER_MODE_ABS : HRTIMER_MODE_REL);
	spin_unlock_irq(&ctx->lock);
}

SYSCALL_DEFINE4(timerfd_settime, int, fd, int, flags, const struct __kernel_itimerspec __user *, unew,
		struct __kernel_itimerspec __user *, uold)
{
	struct __kernel_itimerspec new_, old;
	struct timespec64 value, interval;
	struct timerfd_ctx *ctx;
	struct fd f;

	if (copy_from_user(&new_, unew, sizeof(new_)))
		return -EFAULT;
	value = (struct timespec64){ new_.it_value.tv_sec, new_.it_value.tv_nsec };
	interval = (struct timespec64){ new_.it_interval.tv_sec, new_.it_interval.tv_nsec };
	if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) || !timespec64_valid(&value) ||
	    !timespec64_valid(&interval))
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	ctx = get_ctx(f.file);
	if (ctx) {
		set_may_cancel(ctx, hrtimer_on_real_time(&ctx->timer) &&
				    (flags & TFD_TIMER_ABSTIME) && (flags & TFD_TIMER_CANCEL_ON_SET));
		apply_setting(ctx, flags, timespec64_to_ktime(value), timespec64_to_ktime(interval), &old);
	}
	fdput(f);
	if (!ctx)
		return -EINVAL;
	return uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(timerfd_gettime, int, fd, struct __kernel_itimerspec __user *, u)
{
	struct __kernel_itimerspec now;
	struct timerfd_ctx *ctx;
	struct fd f = fdget(fd);

	if (!f.file)
		return -EBADF;
	ctx = get_ctx(f.file);
	if (ctx) {
		spin_lock_irq(&ctx->lock);
		read_setting(ctx, &now);
		spin_unlock_irq(&ctx->lock);
	}
	fdput(f);
	if (!ctx)
		return -EINVAL;
	return copy_to_user(u, &now, sizeof(now)) ? -EFAULT : 0;
}
