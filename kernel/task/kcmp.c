/*
 * kernel/task/kcmp.c - do two processes share a thing?
 *
 * MODEL     The things have an order of which user space learns the sense, so that it can sort them, but not where
 *           they are: addresses are compared after a secret, order-destroying step of each kind's own.
 * FAILURE   Both processes must be the caller's to look into: -EPERM.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/char/random.h"
#include "fs/epoll.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/kcmp.h"
#include "kernel/task/access.h"
#include "kernel/task/pid.h"

static unsigned long secret[KCMP_TYPES][2];

/* Before the first use, by whoever comes first. */
static void draw_secrets(void)
{
	static DEFINE_SPINLOCK(lock, RANK_PID);
	static bool drawn;

	if (smp_load_acquire(&drawn))
		return;
	spin_lock(&lock);
	if (!drawn) {
		get_random_bytes(secret, sizeof(secret));
		smp_store_release(&drawn, true);
	}
	spin_unlock(&lock);
}

/* 0 the same, 1 the first is less, 2 it is greater. */
static int compare(const void *a, const void *b, int type)
{
	unsigned long x = ((unsigned long)a ^ secret[type][0]) * (secret[type][1] | 1);
	unsigned long y = ((unsigned long)b ^ secret[type][0]) * (secret[type][1] | 1);

	return x < y ? 1 : x > y ? 2 : 0;
}

/* What the number @fd of @t refers to; it may be closed at once, only its address counts. */
static const void *task_file(struct task_struct *t, unsigned long fd)
{
	struct file *f = fd > ~0u ? NULL : fget_task(t, fd);

	if (f)
		fput(f);
	return f;
}

static int compare_files(struct task_struct *a, unsigned long fd_a, struct task_struct *b, unsigned long fd_b)
{
	const void *x = task_file(a, fd_a), *y = task_file(b, fd_b);

	return x && y ? compare(x, y, KCMP_FILE) : -EBADF;
}

/* File @fd of @a, and what an epoll of @b watches. */
static int compare_watched(struct task_struct *a, unsigned long fd, struct task_struct *b,
			   struct kcmp_epoll_slot __user *uslot)
{
	const void *x = task_file(a, fd), *y;
	struct kcmp_epoll_slot slot;
	struct file *ep;

	if (copy_from_user(&slot, uslot, sizeof(slot)))
		return -EFAULT;
	if (!x)
		return -EBADF;
	ep = fget_task(b, slot.efd);
	if (!ep)
		return -EBADF;
	y = epoll_target(ep, slot.tfd, slot.toff);
	fput(ep);
	return IS_ERR(y) ? PTR_ERR(y) : compare(x, y, KCMP_EPOLL_TFD);
}

static int compare_things(struct task_struct *a, struct task_struct *b, int type, unsigned long i, unsigned long j)
{
	switch (type) {
	case KCMP_FILE:
		return compare_files(a, i, b, j);
	case KCMP_VM:
		return compare(READ_ONCE(a->mm), READ_ONCE(b->mm), type);
	case KCMP_FILES:
		return compare(READ_ONCE(a->files), READ_ONCE(b->files), type);
	case KCMP_FS:
		return compare(READ_ONCE(a->fs), READ_ONCE(b->fs), type);
	case KCMP_SIGHAND:
		return compare(READ_ONCE(a->sighand), READ_ONCE(b->sighand), type);
	case KCMP_IO:
		return 0;		/* nobody has an I/O context of its own */
	case KCMP_SYSVSEM:
		return compare(READ_ONCE(a->sysvsem), READ_ONCE(b->sysvsem), type);
	case KCMP_EPOLL_TFD:
		return compare_watched(a, i, b, (struct kcmp_epoll_slot __user *)j);
	default:
		return -EINVAL;
	}
}

static int compare_allowed(struct task_struct *a, struct task_struct *b, int type, unsigned long i, unsigned long j)
{
	int rc = lock_trace_two(a, b, PTRACE_MODE_READ_REALCREDS);

	if (rc)
		return rc == -EACCES ? -EPERM : rc;
	rc = compare_things(a, b, type, i, j);
	unlock_trace_two(a, b);
	return rc;
}

SYSCALL_DEFINE5(kcmp, pid_t, pid1, pid_t, pid2, int, type, unsigned long, i, unsigned long, j)
{
	struct task_struct *a = find_get_task(pid1), *b = find_get_task(pid2);
	int rc = -ESRCH;

	draw_secrets();
	if (a && b)
		rc = compare_allowed(a, b, type, i, j);
	if (a)
		put_task_struct(a);
	if (b)
		put_task_struct(b);
	return rc;
}
