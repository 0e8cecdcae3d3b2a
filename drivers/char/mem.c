/*
 * drivers/char/mem.c - /dev/null, zero, full, random, urandom, mem.
 *
 * MODEL     Character major 1.  A private mapping of /dev/zero is anonymous memory, a shared one is an
 *           unnamed object of shmem.  /dev/mem opens for nobody: the kernel is locked down.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/char/mem.h"
#include "drivers/char/random.h"
#include "fs/chrdev.h"
#include "fs/file.h"
#include "include/uapi/errno.h"
#include "include/uaccess.h"
#include "include/uapi/poll.h"
#include "include/uapi/random.h"
#include "kernel/task/cred.h"
#include "kernel/task/task.h"
#include "lib/printk.h"
#include "mm/cache/shmem.h"

static loff_t null_lseek(struct file *f, loff_t off, int whence)
{
	(void)off, (void)whence;
	return f->f_pos = 0;
}

static ssize_t null_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	(void)f, (void)to, (void)pos;
	return 0;
}

static ssize_t null_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	size_t n = from->count;

	(void)f, (void)pos;
	iov_iter_advance(from, n);
	return n;
}

static ssize_t zero_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	size_t done = 0;

	(void)f, (void)pos;
	while (to->count) {
		size_t want = min(to->count, (size_t)PAGE_SIZE), n = iov_iter_zero(want, to);

		done += n;
		if (n < want)
			return done ? (ssize_t)done : -EFAULT;
		if (signal_pending() && to->count)
			return done;
		cond_resched();
	}
	return done;
}

static int zero_mmap(struct file *f, struct vm_area_struct *vma)
{
	(void)f;
	if (vma->vm_flags & VM_SHARED)
		return shmem_zero_setup(vma);
	vma->vm_ops = NULL;		/* anonymous */
	return 0;
}

static ssize_t full_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	(void)f, (void)from, (void)pos;
	return -ENOSPC;
}

static ssize_t random_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	u8 chunk[256];
	size_t done = 0;

	(void)f, (void)pos;
	while (to->count) {
		size_t want = min(to->count, sizeof(chunk)), n;

		get_random_bytes(chunk, want);
		n = copy_to_iter(chunk, want, to);
		done += n;
		if (n < want)
			return done ? (ssize_t)done : -EFAULT;
		if ((done & 4095) == 0) {
			if (signal_pending())
				break;
			cond_resched();
		}
	}
	return done;
}

static ssize_t random_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	u8 chunk[256];
	size_t done = 0;

	(void)f, (void)pos;
	while (from->count) {
		size_t want = min(from->count, sizeof(chunk)), n = copy_from_iter(chunk, want, from);

		add_entropy(chunk, n, 0);
		done += n;
		if (n < want)
			return done ? (ssize_t)done : -EFAULT;
		cond_resched();
	}
	return done;
}

static unsigned always_poll(struct file *f, struct poll_table *pt)
{
	(void)f, (void)pt;
	return EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
}

static int mem_open(struct inode *inode, struct file *f)
{
	(void)inode, (void)f;
	return -EPERM;
}

static const struct file_operations null_fops = {
	.fop_flags = FOP_NO_SPLICE_READ,
	.llseek = null_lseek, .read = null_read, .write = null_write,
};
static const struct file_operations zero_fops = {
	.llseek = null_lseek, .read = zero_read, .write = null_write, .mmap = zero_mmap,
};
static const struct file_operations full_fops = {
	.fop_flags = FOP_NO_SPLICE_WRITE,
	.llseek = null_lseek, .read = zero_read, .write = full_write, .mmap = zero_mmap,
};
/* Bytes, and how much surprise the caller says is in them. */
static long random_add(struct file *f, const struct rand_pool_info __user *u)
{
	struct rand_pool_info info;
	struct iov_iter i;
	loff_t pos = 0;
	ssize_t n;

	if (copy_from_user(&info, u, sizeof(info)))
		return -EFAULT;
	if (info.entropy_count < 0 || info.buf_size < 0)
		return -EINVAL;
	iov_iter_user(&i, (void *)(u + 1), info.buf_size);
	n = random_write(f, &i, &pos);
	if (n >= 0 && n != info.buf_size)
		return -EFAULT;
	return n < 0 ? n : 0;
}

static long random_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	int bits;

	if (cmd == RNDGETENTCNT)
		return put_user(RANDOM_POOL_BITS, (int *)arg);
	if (cmd != RNDADDTOENTCNT && cmd != RNDADDENTROPY && cmd != RNDZAPENTCNT && cmd != RNDCLEARPOOL &&
	    cmd != RNDRESEEDCRNG)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (cmd == RNDADDENTROPY)
		return random_add(f, (void *)arg);
	if (cmd != RNDADDTOENTCNT)
		return 0;		/* there is no count to change */
	if (get_user(bits, (int *)arg))
		return -EFAULT;
	return bits < 0 ? -EINVAL : 0;
}

static const struct file_operations random_fops = {
	.llseek = noop_llseek, .read = random_read, .write = random_write, .poll = always_poll, .ioctl = random_ioctl,
};
static const struct file_operations urandom_fops = {	/* never waits, so there is nothing to poll for */
	.llseek = noop_llseek, .read = random_read, .write = random_write, .ioctl = random_ioctl,
};
static const struct file_operations mem_fops = { .open = mem_open };

static const struct {
	unsigned minor;
	umode_t mode;
	const char *name;
	const struct file_operations *fops;
} devices[] = {
	{ 1, 0640, "mem", &mem_fops },
	{ 3, 0666, "null", &null_fops },
	{ 5, 0666, "zero", &zero_fops },
	{ 7, 0666, "full", &full_fops },
	{ 8, 0666, "random", &random_fops },
	{ 9, 0666, "urandom", &urandom_fops },
	{ 11, 0644, "kmsg", &kmsg_fops },
};

void __init chr_dev_init(void)
{
	register_chrdev_major(1, "mem");
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
		if (register_chrdev(MKDEV(1, devices[i].minor), devices[i].name, devices[i].fops,
				    devices[i].mode))
			pr_err("/dev/%s: cannot be registered\n", devices[i].name);
}
