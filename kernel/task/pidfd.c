/*
 * kernel/task/pidfd.c - processes as descriptors.
 *
 * MODEL     private_data of the file is a counted task_struct, which outlives the process as a number: the leader
 *           when the pidfd was made.  A thread that executes a program takes his place, his number and the time
 *           of his birth, by which it is found.
 *           A pidfd becomes readable when the process has ended; all pidfds wait on one queue, for
 *           they are few and ends are rare.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/libfs.h"
#include "fs/proc/proc.h"
#include "fs/seq_file.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/poll.h"
#include "kernel/signal/signal.h"
#include "kernel/task/access.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "lib/string.h"

static DECLARE_WAIT_QUEUE_HEAD(pidfd_wait);

/* The leader, counted, of the process that pidfd @f is of: as it is now, or was when it ended. */
static struct task_struct *pidfd_task(struct file *f)
{
	struct task_struct *was = f->private_data, *t;
	unsigned long flags;

	read_lock_irqsave(&tasklist_lock, flags);
	t = find_task_by_pid(was->tgid);
	if (!t || t->start_time != was->start_time)
		t = was;
	get_task_struct(t);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return t;
}

static unsigned pidfd_poll(struct file *f, struct poll_table *pt)
{
	struct task_struct *t;
	unsigned ready = 0;

	poll_wait(f, &pidfd_wait, pt);
	t = pidfd_task(f);
	if (READ_ONCE(t->exit_state) == EXIT_DEAD)
		ready = EPOLLIN | EPOLLRDNORM | EPOLLHUP;	/* reaped: there is no status to get any more */
	else if (READ_ONCE(t->exit_state) && t->signal->nr_threads <= 1)
		ready = EPOLLIN | EPOLLRDNORM;
	put_task_struct(t);
	return ready;
}

static void pidfd_release(struct inode *inode, struct file *f)
{
	(void)inode;
	put_task_struct(f->private_data);
}

/* -1: it has been waited for, and the number may be another's. */
static void pidfd_show_fdinfo(struct seq_file *m, struct file *f)
{
	struct task_struct *t = pidfd_task(f);
	int pid = READ_ONCE(t->exit_state) == EXIT_DEAD ? -1 : t->pid;

	put_task_struct(t);
	seq_printf(m, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
}

static const struct file_operations pidfd_fops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.show_fdinfo = pidfd_show_fdinfo,
};

void pidfd_notify(struct task_struct *t)
{
	(void)t;
	if (waitqueue_active(&pidfd_wait))
		wake_up_all(&pidfd_wait);
}

struct file *pidfd_file(struct task_struct *t, unsigned flags)
{
	struct file *file = anon_inode_getfile("[pidfd]", &pidfd_fops, t, O_RDWR | (flags & O_NONBLOCK));

	if (!IS_ERR(file))
		get_task_struct(t);
	return file;
}

int pidfd_create(struct task_struct *t, unsigned flags)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = pidfd_file(t, flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

struct task_struct *pidfd_get_task(unsigned fd)
{
	struct file *f = fget(fd);
	struct task_struct *t = NULL;

	if (!f)
		return NULL;
	if (f->f_op == &pidfd_fops)
		t = pidfd_task(f);
	fput(f);
	return t;
}

/* There are no namespaces to join: no descriptor is one. */
SYSCALL_DEFINE2(setns, int, fd, __maybe_unused int, flags)
{
	struct file *f = fget(fd);

	if (!f)
		return -EBADF;
	fput(f);
	return -EINVAL;
}

SYSCALL_DEFINE2(pidfd_open, pid_t, pid, unsigned, flags)
{
	struct task_struct *t;
	int fd;

	if ((flags & ~O_NONBLOCK) || pid <= 0)
		return -EINVAL;
	t = find_get_task(pid);
	if (!t)
		return -ESRCH;
	fd = t == t->group_leader ? pidfd_create(t, flags) : -EINVAL;
	put_task_struct(t);
	return fd;
}

/* A pidfd, or the folder /proc/PID: it named a process before there were pidfds.  Counted, or NULL. */
static struct task_struct *signal_target(unsigned fd)
{
	struct task_struct *t = pidfd_get_task(fd);
	struct file *f = t ? NULL : fget(fd);

	if (f) {
		t = proc_tgid_task(f);
		fput(f);
	}
	return t;
}

SYSCALL_DEFINE4(pidfd_send_signal, int, fd, int, sig, siginfo_t __user *, uinfo, unsigned, flags)
{
	struct task_struct *t;
	unsigned long irq;
	siginfo_t info;
	int rc = -ESRCH;

	if (flags)
		return -EINVAL;
	t = signal_target(fd);
	if (!t)
		return -EBADF;
	if (uinfo) {
		if (copy_from_user(&info, uinfo, sizeof(info))) {
			rc = -EFAULT;
			goto out;
		}
		if (info.si_signo != sig || (info.si_code >= 0 && t != current->group_leader)) {
			rc = info.si_signo != sig ? -EINVAL : -EPERM;
			goto out;
		}
	}
	read_lock_irqsave(&tasklist_lock, irq);
	if (t->sighand)
		rc = group_send_sig_info(sig, uinfo ? &info : SEND_SIG_NOINFO, t);
	read_unlock_irqrestore(&tasklist_lock, irq);
out:
	put_task_struct(t);
	return rc;
}

/* What descriptor @fd of @t names, counted; or ERR_PTR. */
static struct file *file_access(struct task_struct *t, unsigned fd)
{
	struct file *f;
	int rc = lock_trace(t, PTRACE_MODE_ATTACH_REALCREDS);

	if (rc)
		return ERR_PTR(rc == -EACCES ? -EPERM : rc);
	f = fget_task(t, fd);
	unlock_trace(t);
	if (f)
		return f;
	return ERR_PTR(READ_ONCE(t->flags) & PF_EXITING ? -ESRCH : -EBADF);
}

SYSCALL_DEFINE3(pidfd_getfd, int, pidfd, int, fd, unsigned, flags)
{
	struct task_struct *t;
	struct file *f;
	int rc;

	if (flags)
		return -EINVAL;
	t = pidfd_get_task(pidfd);
	if (!t)
		return -EBADF;
	f = file_access(t, fd);
	put_task_struct(t);
	if (IS_ERR(f))
		return PTR_ERR(f);
	rc = receive_fd(f, O_CLOEXEC);
	fput(f);
	return rc;
}
