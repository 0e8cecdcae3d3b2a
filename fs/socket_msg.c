/*
 * fs/socket_msg.c - the socket calls that send and receive messages.
 *
 * MODEL     Vectors and control messages are brought between user memory and the kernel's forms: an iov_iter,
 *           and a unix_ctl with the files and the identity that go along.
 * FAILURE   Files that a message carried, but that found no room in the caller's buffer or table, are closed
 *           and MSG_CTRUNC says so.
 * TESTS     test/user/t_unix.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/socket.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/unix.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/time.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

static void ctl_drop(struct unix_ctl *ctl)
{
	while (ctl->nr_fds)
		fput(ctl->fds[--ctl->nr_fds]);
}

static int ctl_add_fds(struct unix_ctl *ctl, const int *fds, unsigned n)
{
	if (ctl->nr_fds + n > SCM_MAX_FD)
		return -EINVAL;
	for (unsigned i = 0; i < n; i++) {
		struct file *f = fget_raw(fds[i]);

		if (!f)
			return -EBADF;
		ctl->fds[ctl->nr_fds++] = f;
	}
	return 0;
}

static int ctl_set_cred(struct unix_ctl *ctl, const struct ucred *c)
{
	const struct cred *me = current_cred();
	struct task_struct *t;

	if ((c->pid != current->tgid && !capable(CAP_SYS_ADMIN)) ||
	    (c->uid != me->uid && c->uid != me->euid && c->uid != me->suid && !capable(CAP_SETUID)) ||
	    (c->gid != me->gid && c->gid != me->egid && c->gid != me->sgid && !capable(CAP_SETGID)))
		return -EPERM;
	if (c->pid != current->tgid) {
		t = find_get_task(c->pid);
		if (!t)
			return -ESRCH;
		put_task_struct(t);
	}
	ctl->cred = *c;
	return 0;
}

/* The control messages of @buf, @len bytes. */
static int ctl_parse(struct unix_ctl *ctl, char *buf, size_t len)
{
	size_t at = 0;
	int rc = 0;

	while (!rc && at + sizeof(struct cmsghdr) <= len) {
		struct cmsghdr *h = (struct cmsghdr *)(buf + at);
		size_t n = h->cmsg_len - sizeof(*h);

		if (h->cmsg_len < sizeof(*h) || h->cmsg_len > len - at)
			return -EINVAL;
		if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
			rc = ctl_add_fds(ctl, (int *)(h + 1), n / sizeof(int));
		else if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_CREDENTIALS)
			rc = n == sizeof(struct ucred) ? ctl_set_cred(ctl, (struct ucred *)(h + 1)) : -EINVAL;
		else if (h->cmsg_level == SOL_SOCKET)
			rc = -EINVAL;
		at += CMSG_ALIGN(h->cmsg_len);
	}
	return rc;
}

static int ctl_from_user(struct unix_ctl *ctl, const struct msghdr *m)
{
	char *buf;
	int rc;

	if (!m->msg_controllen)
		return 0;
	if (m->msg_controllen > 20480)
		return -ENOBUFS;
	buf = kmalloc(m->msg_controllen, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	rc = copy_from_user(buf, m->msg_control, m->msg_controllen) ? -EFAULT :
		ctl_parse(ctl, buf, m->msg_controllen);
	kfree(buf);
	return rc;
}

static struct unix_ctl *ctl_new(void)
{
	struct unix_ctl *ctl = kzalloc(sizeof(*ctl), GFP_KERNEL);

	if (ctl)
		unix_cred(&ctl->cred);
	return ctl;
}

static ssize_t send_iter(int fd, struct iov_iter *i, struct unix_ctl *ctl, const struct unix_addr *to, unsigned flags)
{
	struct unix_sock *s;
	struct fd f;
	ssize_t n;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	n = flags & MSG_OOB ? -EOPNOTSUPP : unix_send(s, i, ctl, to, flags | dontwait(f.file));
	fdput(f);
	return n;
}

SYSCALL_DEFINE6(sendto, int, fd, const void __user *, buf, size_t, len, unsigned, flags, const void __user *, uaddr,
		int, addr_len)
{
	struct unix_addr to;
	struct iov_iter i;
	int rc;

	len = min(len, (size_t)MAX_RW_COUNT);
	if (!access_ok(buf, len))
		return -EFAULT;
	iov_iter_user(&i, (void *)buf, len);
	if (!uaddr || !addr_len)
		return send_iter(fd, &i, NULL, NULL, flags);
	rc = addr_from_user(&to, uaddr, addr_len);
	return rc ? rc : send_iter(fd, &i, NULL, &to, flags);
}

static ssize_t do_sendmsg(int fd, const struct msghdr *m, unsigned flags)
{
	struct unix_ctl *ctl = ctl_new();
	struct iovec fast[8], *freed = NULL;
	struct unix_addr to;
	struct iov_iter i;
	ssize_t n;

	if (!ctl)
		return -ENOMEM;
	n = m->msg_name ? addr_from_user(&to, m->msg_name, m->msg_namelen) : 0;
	if (!n)
		n = m->msg_iovlen > UIO_MAXIOV ? -EMSGSIZE :
			import_iovec(m->msg_iov, m->msg_iovlen, fast, ARRAY_SIZE(fast), &freed, &i);
	if (!n)
		n = ctl_from_user(ctl, m);
	if (!n)
		n = send_iter(fd, &i, ctl, m->msg_name ? &to : NULL, flags);
	ctl_drop(ctl);
	kfree(freed);
	kfree(ctl);
	return n;
}

SYSCALL_DEFINE3(sendmsg, int, fd, const struct msghdr __user *, umsg, unsigned, flags)
{
	struct msghdr m;

	return copy_from_user(&m, umsg, sizeof(m)) ? -EFAULT : do_sendmsg(fd, &m, flags);
}

SYSCALL_DEFINE4(sendmmsg, int, fd, struct mmsghdr __user *, umsg, unsigned, n, unsigned, flags)
{
	unsigned i;
	ssize_t rc = 0;

	for (i = 0; i < min(n, (unsigned)UIO_MAXIOV); i++) {
		struct msghdr m;

		rc = copy_from_user(&m, &umsg[i].msg_hdr, sizeof(m)) ? -EFAULT : do_sendmsg(fd, &m, flags);
		if (rc < 0 || put_user((unsigned)rc, &umsg[i].msg_len))
			break;
	}
	return i ? (ssize_t)i : rc;
}

/* One control message out; true if it fit. */
static bool put_cmsg(struct msghdr *m, int type, const void *data, size_t n, unsigned *flags)
{
	struct cmsghdr h = { .cmsg_len = sizeof(h) + n, .cmsg_level = SOL_SOCKET, .cmsg_type = type };
	char __user *to = m->msg_control;

	if (m->msg_controllen < h.cmsg_len || copy_to_user(to, &h, sizeof(h)) ||
	    copy_to_user(to + sizeof(h), data, n)) {
		*flags |= MSG_CTRUNC;
		return false;
	}
	n = min(CMSG_ALIGN(h.cmsg_len), m->msg_controllen);
	m->msg_control = to + n;
	m->msg_controllen -= n;
	return true;
}

/* The files that came become descriptors, as many as there is room for. */
static void put_fds(struct msghdr *m, struct unix_ctl *ctl, unsigned flags, unsigned *out_flags)
{
	int fds[SCM_MAX_FD];
	size_t room = m->msg_controllen > sizeof(struct cmsghdr) ?
		(m->msg_controllen - sizeof(struct cmsghdr)) / sizeof(int) : 0;
	unsigned n = 0;

	while (n < ctl->nr_fds && n < room) {
		fds[n] = receive_fd(ctl->fds[n], flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0);
		if (fds[n] < 0)
			break;
		n++;
	}
	if (n < ctl->nr_fds)		/* no room, here or in the table */
		*out_flags |= MSG_CTRUNC;
	if (n && !put_cmsg(m, SCM_RIGHTS, fds, n * sizeof(int), out_flags))
		while (n)
			close_fd(fds[--n]);
}

static ssize_t recv_iter(int fd, struct iov_iter *i, struct unix_ctl *ctl, unsigned flags, bool *passcred)
{
	struct unix_sock *s;
	struct fd f;
	ssize_t n;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	n = flags & MSG_OOB ? -EOPNOTSUPP : unix_recv(s, i, ctl, flags | dontwait(f.file));
	*passcred = s->passcred;
	fdput(f);
	return n;
}

SYSCALL_DEFINE6(recvfrom, int, fd, void __user *, buf, size_t, len, unsigned, flags, void __user *, uaddr,
		int __user *, ulen)
{
	struct unix_ctl *ctl;
	struct iov_iter i;
	bool passcred;
	ssize_t n;

	if (!access_ok(buf, len))
		return -EFAULT;
	ctl = ctl_new();
	if (!ctl)
		return -ENOMEM;
	iov_iter_user(&i, buf, min(len, (size_t)MAX_RW_COUNT));
	n = recv_iter(fd, &i, ctl, flags, &passcred);
	if (n >= 0 && uaddr && sender_to_user(&ctl->from, uaddr, ulen))
		n = -EFAULT;
	ctl_drop(ctl);
	kfree(ctl);
	return n;
}

/* What came with the bytes goes to the places that @umsg names. */
static int put_message(struct msghdr __user *umsg, struct msghdr *m, struct unix_ctl *ctl, unsigned flags,
		       bool passcred)
{
	size_t control = m->msg_controllen;
	unsigned out_flags = ctl->flags | (flags & MSG_CMSG_CLOEXEC);

	if (passcred)
		put_cmsg(m, SCM_CREDENTIALS, &ctl->cred, sizeof(ctl->cred), &out_flags);
	if (ctl->nr_fds)
		put_fds(m, ctl, flags, &out_flags);
	if (m->msg_name && sender_to_user(&ctl->from, m->msg_name, &umsg->msg_namelen))
		return -EFAULT;
	if (put_user(out_flags, &umsg->msg_flags) || put_user(control - m->msg_controllen, &umsg->msg_controllen))
		return -EFAULT;
	return 0;
}

static ssize_t do_recvmsg(int fd, struct msghdr __user *umsg, unsigned flags)
{
	struct iovec fast[8], *freed = NULL;
	struct unix_ctl *ctl;
	struct iov_iter i;
	struct msghdr m;
	bool passcred;
	ssize_t n;

	if (copy_from_user(&m, umsg, sizeof(m)))
		return -EFAULT;
	ctl = ctl_new();
	if (!ctl)
		return -ENOMEM;
	n = m.msg_iovlen > UIO_MAXIOV ? -EMSGSIZE :
		import_iovec(m.msg_iov, m.msg_iovlen, fast, ARRAY_SIZE(fast), &freed, &i);
	if (!n)
		n = recv_iter(fd, &i, ctl, flags, &passcred);
	if (n >= 0 && put_message(umsg, &m, ctl, flags, passcred))
		n = -EFAULT;
	ctl_drop(ctl);
	kfree(freed);
	kfree(ctl);
	return n;
}

SYSCALL_DEFINE3(recvmsg, int, fd, struct msghdr __user *, umsg, unsigned, flags)
{
	return do_recvmsg(fd, umsg, flags);
}

SYSCALL_DEFINE5(recvmmsg, int, fd, struct mmsghdr __user *, umsg, unsigned, n, unsigned, flags,
		struct __kernel_timespec __user *, utime)
{
	ssize_t rc = 0;
	unsigned i;

	if (utime)
		return -EOPNOTSUPP;		/* a limit for the whole call is not kept */
	for (i = 0; i < min(n, (unsigned)UIO_MAXIOV); i++) {
		rc = do_recvmsg(fd, &umsg[i].msg_hdr, flags & ~MSG_WAITFORONE);
		if (rc < 0 || put_user((unsigned)rc, &umsg[i].msg_len))
			break;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
	}
	return i ? (ssize_t)i : rc;
}
