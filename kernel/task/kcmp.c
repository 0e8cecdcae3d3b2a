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

/* What is compared: two files, counted, or two addresses. */
struct pair { struct file *f, *g; const void *x, *y; };

static struct file *task_file(struct task_struct *t, unsigned long fd)
{
	return fd > ~0u ? NULL : fget_task(t, fd);
}

/* => both tasks keep their programs (lock_trace_two()); files are only taken here: putting one may take locks */
static int collect(struct task_struct *a, struct task_struct *b, int type, unsigned long i, unsigned long j,
		   struct pair *p)
{
	switch (type) {
	case KCMP_FILE:
	case KCMP_EPOLL_TFD:
		p->f = task_file(a, i);
		p->g = task_file(b, j);
		return p->f && p->g ? 0 : -EBADF;
	case KCMP_VM:
		p->x = READ_ONCE(a->mm), p->y = READ_ONCE(b->mm);
		return 0;
	case KCMP_FILES:
		p->x = READ_ONCE(a->files), p->y = READ_ONCE(b->files);
		return 0;
	case KCMP_FS:
		p->x = READ_ONCE(a->fs), p->y = READ_ONCE(b->fs);
		return 0;
	case KCMP_SIGHAND:
		p->x = READ_ONCE(a->sighand), p->y = READ_ONCE(b->sighand);
		return 0;
	case KCMP_IO:
		return 0;		/* nobody has an I/O context of its own */
	case KCMP_SYSVSEM:
		p->x = READ_ONCE(a->sysvsem), p->y = READ_ONCE(b->sysvsem);
		return 0;
	default:
		return -EINVAL;
	}
}

static int collect_allowed(struct task_struct *a, struct task_struct *b, int type, unsigned long i,
			   unsigned long j, struct pair *p)
{
	int rc = lock_trace_two(a, b, PTRACE_MODE_READ_REALCREDS);

	if (rc)
		return rc == -EACCES ? -EPERM : rc;
	rc = collect(a, b, type, i, j, p);
	unlock_trace_two(a, b);
	return rc;
}

static int compare_pair(const struct pair *p, int type, const struct kcmp_epoll_slot *slot)
{
	const void *watched;

	if (type == KCMP_FILE)
		return compare(p->f, p->g, type);
	if (type != KCMP_EPOLL_TFD)
		return compare(p->x, p->y, type);
	watched = epoll_target(p->g, slot->tfd, slot->toff);
	return IS_ERR(watched) ? PTR_ERR(watched) : compare(p->f, watched, type);
}

static int compare_tasks(struct task_struct *a, struct task_struct *b, int type, unsigned long i, unsigned long j)
{
	struct kcmp_epoll_slot slot;
	struct pair p = { 0 };
	int rc;

	if (type == KCMP_EPOLL_TFD) {
		if (copy_from_user(&slot, (void __user *)j, sizeof(slot)))
			return -EFAULT;
		j = slot.efd;
	}
	rc = collect_allowed(a, b, type, i, j, &p);
	if (!rc)
		rc = compare_pair(&p, type, &slot);
	if (p.f)
		fput(p.f);
	if (p.g)
		fput(p.g);
	return rc;
}

SYSCALL_DEFINE5(kcmp, pid_t, pid1, pid_t, pid2, int, type, unsigned long, i, unsigned long, j)
{
	struct task_struct *a = find_get_task(pid1), *b = find_get_task(pid2);
	int rc = -ESRCH;

	draw_secrets();
	if (a && b)
		rc = compare_tasks(a, b, type, i, j);
	if (a)
		put_task_struct(a);
	if (b)
		put_task_struct(b);
	return rc;
}
