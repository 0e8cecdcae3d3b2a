/*
 * mm/space/process_vm.c - copy between the address spaces of two processes.
 *
 * MODEL     Two vectors, local and remote, are walked together; each step copies at most CHUNK bytes
 *           through a kernel buffer.  The result is the number of bytes that arrived, at most MAX_RW_COUNT
 *           as of all calls; a fatal signal ends the copy.
 * INVARIANTS
 *   C1  A step moves both vectors on by as much as has arrived, and none has more left than it began with.
 * LOCKING   access_remote_vm() takes the remote mmap_lock; no lock is held while local memory is touched.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/fs.h"
#include "include/ptrace.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/uio.h"
#include "kernel/sync/wait.h"
#include "mm/slab/slab.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"

#define CHUNK		PAGE_SIZE
#define FOLL_WRITE	0x01

/* Up-calls: kernel/task */
struct task_struct *find_get_task(pid_t pid);
void put_task_struct(struct task_struct *t);

struct vm_copy {
	struct mm_struct *mm;
	char *buf;
	bool write;		/* local to remote */
};

/* The address space of @pid with a user held; 0 or -errno. */
static int remote_mm(pid_t pid, struct mm_struct **out)
{
	struct task_struct *t = find_get_task(pid);
	struct mm_struct *mm;

	if (!t)
		return -ESRCH;
	mm = mm_access(t, PTRACE_MODE_ATTACH_REALCREDS);
	put_task_struct(t);
	if (IS_ERR(mm))
		return PTR_ERR(mm) == -EACCES ? -EPERM : PTR_ERR(mm);
	if (!mm)
		return -ESRCH;
	*out = mm;
	return 0;
}

/* A vector from user space, cut to *@room bytes in all, which become their sum: for kfree(), or NULL and *err. */
static struct iovec *copy_iovec(const struct iovec __user *uvec, unsigned long nr, size_t *room, int *err)
{
	size_t total = 0;
	struct iovec *v;

	*err = -EINVAL;
	if (nr > UIO_MAXIOV)
		return NULL;
	*err = -ENOMEM;
	v = kmalloc(max(nr, 1ul) * sizeof(*v), GFP_KERNEL);
	if (!v)
		return NULL;
	*err = -EFAULT;
	if (copy_from_user(v, uvec, nr * sizeof(*v)))
		goto bad;
	*err = -EINVAL;
	for (unsigned long i = 0; i < nr; i++) {
		if ((ssize_t)v[i].iov_len < 0)
			goto bad;
		v[i].iov_len = min(v[i].iov_len, *room - total);
		total += v[i].iov_len;
		INV(C1, total <= *room);
	}
	*room = total;
	*err = 0;
	return v;
bad:
	kfree(v);
	return NULL;
}

/* @len <= CHUNK bytes between local @l and remote @r; bytes done. */
static size_t copy_chunk(const struct vm_copy *c, char __user *l, unsigned long r, size_t len)
{
	int got;

	if (c->write) {
		len -= copy_from_user(c->buf, l, len);
		got = len ? access_remote_vm(c->mm, r, c->buf, len, FOLL_WRITE) : 0;
		return got > 0 ? got : 0;
	}
	got = access_remote_vm(c->mm, r, c->buf, len, 0);
	return got > 0 ? got - copy_to_user(l, c->buf, got) : 0;
}

static ssize_t copy_vectors(const struct vm_copy *c, struct iovec *l, unsigned long nl, struct iovec *r,
			    unsigned long nr)
{
	ssize_t done = 0;

	while (nl && nr && !cond_resched_killable()) {
		size_t len = min(min(l->iov_len, r->iov_len), (size_t)CHUNK), got;

		if (!l->iov_len) {
			l++, nl--;
			continue;
		}
		if (!r->iov_len) {
			r++, nr--;
			continue;
		}
		got = copy_chunk(c, l->iov_base, (unsigned long)r->iov_base, len);
		INV(C1, got <= len && len <= l->iov_len && len <= r->iov_len);
		done += got;
		if (got < len)
			return done ? done : -EFAULT;
		l->iov_base = (char *)l->iov_base + got;
		l->iov_len -= got;
		r->iov_base = (char *)r->iov_base + got;
		r->iov_len -= got;
	}
	return done;
}

static ssize_t process_vm_rw(pid_t pid, const struct iovec __user *lvec, unsigned long nl,
			     const struct iovec __user *rvec, unsigned long nr, unsigned long flags,
			     bool write)
{
	size_t here = MAX_RW_COUNT, there = ~0ul;
	struct vm_copy c = { .write = write };
	struct iovec *l, *r;
	ssize_t ret;
	int err;

	if (flags)
		return -EINVAL;
	l = copy_iovec(lvec, nl, &here, &err);
	if (!l)
		return err;
	ret = 0;
	if (!here)
		goto free_l;
	r = copy_iovec(rvec, nr, &there, &err);
	ret = err;
	if (!r)
		goto free_l;
	if (!there)
		goto free_r;
	ret = -ENOMEM;
	c.buf = kmalloc(CHUNK, GFP_KERNEL);
	if (!c.buf)
		goto free_r;
	ret = remote_mm(pid, &c.mm);
	if (!ret) {
		ret = copy_vectors(&c, l, nl, r, nr);
		mmput(c.mm);
	}
	kfree(c.buf);
free_r:
	kfree(r);
free_l:
	kfree(l);
	return ret;
}

SYSCALL_DEFINE6(process_vm_readv, pid_t, pid, const struct iovec __user *, lvec, unsigned long, nl,
		const struct iovec __user *, rvec, unsigned long, nr, unsigned long, flags)
{
	return process_vm_rw(pid, lvec, nl, rvec, nr, flags, false);
}

SYSCALL_DEFINE6(process_vm_writev, pid_t, pid, const struct iovec __user *, lvec, unsigned long, nl,
		const struct iovec __user *, rvec, unsigned long, nr, unsigned long, flags)
{
	return process_vm_rw(pid, lvec, nl, rvec, nr, flags, true);
}
