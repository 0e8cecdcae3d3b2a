/*
 * fs/socket.c - the socket calls.  AF_UNIX is the one family there is.
 *
 * MODEL     A socket is a file of sockfs whose private_data is the unix_sock.  The calls here bring addresses,
 *           vectors and control messages between user memory and the kernel's forms.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/socket.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/unix.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/ioctl.h"
#include "include/uapi/statfs.h"
#include "include/uapi/time.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

static struct vfsmount *sock_mnt;

/* ---- the file -------------------------------------------------------------------------------- */

static unsigned dontwait(const struct file *f) { return f->f_flags & O_NONBLOCK ? MSG_DONTWAIT : 0; }

static ssize_t sock_read(struct file *f, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	return unix_recv(f->private_data, to, NULL, dontwait(f));
}

static ssize_t sock_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	return unix_send(f->private_data, from, NULL, NULL, dontwait(f));
}

static unsigned sock_poll(struct file *f, struct poll_table *pt) { return unix_poll(f->private_data, f, pt); }

static long sock_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	if (cmd != FIONREAD)
		return -ENOTTY;
	return put_user((int)unix_inq(f->private_data), (int *)arg);
}

static void sock_release(__maybe_unused struct inode *inode, struct file *f) { unix_release(f->private_data); }

static const struct file_operations sock_fops = {
	.read = sock_read, .write = sock_write, .poll = sock_poll, .ioctl = sock_ioctl, .release = sock_release,
};

static void sock_dname(struct dentry *d, char *buf, size_t n)
{
	snprintf(buf, n, "socket:[%lu]", (unsigned long)d->d_inode->i_ino);
}
static const struct dentry_operations sock_dentry_ops = { .dname = sock_dname };

struct unix_sock *unix_of_file(struct file *f)
{
	return f->f_op == &sock_fops ? f->private_data : NULL;
}

/* A file for @s, whose reference is taken over, also on failure.  ERR_PTR */
static struct file *sock_file(struct unix_sock *s, int flags)
{
	struct inode *inode = new_inode(sock_mnt->mnt_sb);
	struct file *f;

	if (!inode) {
		unix_release(s);
		return ERR_PTR(-ENFILE);
	}
	inode->i_mode = S_IFSOCK | S_IRWXUGO;
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	f = alloc_file_pseudo(inode, sock_mnt, "", O_RDWR | (flags & O_NONBLOCK), &sock_fops);
	if (IS_ERR(f)) {
		unix_release(s);
		return f;
	}
	f->private_data = s;
	stream_open(inode, f);
	return f;
}

static int sock_fd(struct unix_sock *s, int flags)
{
	struct file *f = sock_file(s, flags);
	int fd;

	if (IS_ERR(f))
		return PTR_ERR(f);
	fd = get_unused_fd_flags(flags & SOCK_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0)
		fput(f);
	else
		fd_install(fd, f);
	return fd;
}

/* The socket of @fd; fdput(*f) ends the use.  NULL with *rc */
static struct unix_sock *sock_get(int fd, struct fd *f, int *rc)
{
	*f = fdget(fd);
	*rc = -EBADF;
	if (!f->file)
		return NULL;
	if (f->file->f_op == &sock_fops)
		return f->file->private_data;
	fdput(*f);
	*rc = -ENOTSOCK;
	return NULL;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static int addr_from_user(struct unix_addr *a, const void __user *u, int len)
{
	memset(a, 0, sizeof(*a));
	if (len < (int)sizeof(a->un.sun_family) || len > (int)sizeof(a->un))
		return -EINVAL;
	if (copy_from_user(&a->un, u, len))
		return -EFAULT;
	if (a->un.sun_family != AF_UNIX)
		return a->un.sun_family == AF_UNSPEC ? 0 : -EINVAL;
	a->len = len;
	if (len > (int)offsetof(struct sockaddr_un, sun_path) && a->un.sun_path[0]) {
		/* A path ends at its NUL, or where the address ends. */
		char path[UNIX_PATH_MAX + 1];

		memcpy(path, a->un.sun_path, UNIX_PATH_MAX);
		path[len - offsetof(struct sockaddr_un, sun_path)] = 0;
		a->len = min(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1, sizeof(a->un));
		if (strlen(path) >= UNIX_PATH_MAX)
			return -EINVAL;
	}
	return 0;
}

static int addr_to_user(const struct unix_addr *a, void __user *u, int __user *ulen)
{
	int len;

	if (get_user(len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (copy_to_user(u, &a->un, min(len, a->len)))
		return -EFAULT;
	return put_user(a->len, ulen);
}

/* Who sent a message: a socket without a name has an address of no bytes. */
static int sender_to_user(const struct unix_addr *a, void __user *u, int __user *ulen)
{
	return a->len > (int)sizeof(a->un.sun_family) ? addr_to_user(a, u, ulen) : put_user(0, ulen);
}

/* ---- making and naming ----------------------------------------------------------------------- */

static int check_kind(int family, int type, int protocol)
{
	int kind = type & SOCK_TYPE_MASK;

	if (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (kind == SOCK_RAW)
		return SOCK_DGRAM;
	return kind == SOCK_STREAM || kind == SOCK_DGRAM || kind == SOCK_SEQPACKET ? kind : -ESOCKTNOSUPPORT;
}

SYSCALL_DEFINE3(socket, int, family, int, type, int, protocol)
{
	int kind = check_kind(family, type, protocol);
	struct unix_sock *s;

	if (kind < 0)
		return kind;
	s = unix_create(kind);
	return s ? sock_fd(s, type) : -ENOMEM;
}

SYSCALL_DEFINE4(socketpair, int, family, int, type, int, protocol, int __user *, ufd)
{
	int kind = check_kind(family, type, protocol), fd[2];
	struct unix_sock *a, *b;

	if (kind < 0)
		return kind;
	a = unix_create(kind);
	b = unix_create(kind);
	if (!a || !b) {
		unix_put(a);
		unix_put(b);
		return -ENOMEM;
	}
	unix_pair(a, b);
	fd[0] = sock_fd(a, type);
	if (fd[0] < 0) {
		unix_release(b);
		return fd[0];
	}
	fd[1] = sock_fd(b, type);
	if (fd[1] < 0) {
		close_fd(fd[0]);
		return fd[1];
	}
	if (copy_to_user(ufd, fd, sizeof(fd))) {
		close_fd(fd[0]);
		close_fd(fd[1]);
		return -EFAULT;
	}
	return 0;
}

SYSCALL_DEFINE3(bind, int, fd, const void __user *, uaddr, int, len)
{
	struct unix_addr a;
	struct unix_sock *s;
	struct fd f;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	rc = addr_from_user(&a, uaddr, len);
	if (!rc)
		rc = a.un.sun_family == AF_UNIX ? unix_bind(s, &a) : -EINVAL;
	fdput(f);
	return rc;
}

SYSCALL_DEFINE2(listen, int, fd, int, backlog)
{
	struct unix_sock *s;
	struct fd f;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	rc = unix_listen(s, backlog);
	fdput(f);
	return rc;
}

SYSCALL_DEFINE3(connect, int, fd, const void __user *, uaddr, int, len)
{
	struct unix_addr a;
	struct unix_sock *s;
	struct fd f;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	rc = addr_from_user(&a, uaddr, len);
	if (!rc)
		rc = unix_connect(s, &a, f.file->f_flags & O_NONBLOCK);
	fdput(f);
	return rc;
}

static long do_accept(int fd, void __user *uaddr, int __user *ulen, int flags)
{
	struct unix_sock *s, *c;
	struct unix_addr from;
	struct fd f;
	int rc;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	c = unix_accept(s, f.file->f_flags & O_NONBLOCK);
	fdput(f);
	if (IS_ERR(c))
		return PTR_ERR(c);
	from = c->peer ? c->peer->addr : (struct unix_addr){ .len = 2, .un.sun_family = AF_UNIX };
	if (uaddr) {
		rc = addr_to_user(&from, uaddr, ulen);
		if (rc) {
			unix_release(c);
			return rc;
		}
	}
	return sock_fd(c, flags);
}

SYSCALL_DEFINE3(accept, int, fd, void __user *, uaddr, int __user *, ulen) { return do_accept(fd, uaddr, ulen, 0); }

SYSCALL_DEFINE4(accept4, int, fd, void __user *, uaddr, int __user *, ulen, int, flags)
{
	return do_accept(fd, uaddr, ulen, flags);
}

SYSCALL_DEFINE3(getsockname, int, fd, void __user *, uaddr, int __user *, ulen)
{
	struct unix_sock *s;
	struct fd f;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	rc = addr_to_user(&s->addr, uaddr, ulen);
	fdput(f);
	return rc;
}

SYSCALL_DEFINE3(getpeername, int, fd, void __user *, uaddr, int __user *, ulen)
{
	struct unix_sock *s;
	struct fd f;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	rc = s->peer ? addr_to_user(&s->peer->addr, uaddr, ulen) : -ENOTCONN;
	fdput(f);
	return rc;
}

SYSCALL_DEFINE2(shutdown, int, fd, int, how)
{
	struct unix_sock *s;
	struct fd f;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	rc = unix_shutdown(s, how);
	fdput(f);
	return rc;
}

/* ---- options --------------------------------------------------------------------------------- */

static int set_option(struct unix_sock *s, int name, int v)
{
	switch (name) {
	case SO_PASSCRED:
		s->passcred = v;
		return 0;
	case SO_RCVBUF:
		s->rcvbuf = max(v * 2l, 2304l);
		return 0;
	case SO_SNDBUF:		/* what is under way counts at the receiver */
	case SO_REUSEADDR:
	case SO_KEEPALIVE:
		return 0;
	}
	return -ENOPROTOOPT;
}

SYSCALL_DEFINE5(setsockopt, int, fd, int, level, int, name, const void __user *, uval, int, len)
{
	struct unix_sock *s;
	struct fd f;
	int rc, v;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	if (level != SOL_SOCKET)
		rc = -EOPNOTSUPP;
	else if (len < (int)sizeof(v))
		rc = -EINVAL;
	else if (copy_from_user(&v, uval, sizeof(v)))
		rc = -EFAULT;
	else
		rc = set_option(s, name, v);
	fdput(f);
	return rc;
}

static int get_option(struct unix_sock *s, int name, int *v)
{
	switch (name) {
	case SO_TYPE: *v = s->type; return 0;
	case SO_DOMAIN: *v = AF_UNIX; return 0;
	case SO_PROTOCOL: *v = 0; return 0;
	case SO_PASSCRED: *v = s->passcred; return 0;
	case SO_ACCEPTCONN: *v = s->state == UNIX_LISTENING; return 0;
	case SO_RCVBUF: *v = s->rcvbuf; return 0;
	case SO_SNDBUF: *v = s->peer ? s->peer->rcvbuf : s->rcvbuf; return 0;
	case SO_ERROR: *v = xchg(&s->err, 0); return 0;
	}
	return -ENOPROTOOPT;
}

static int put_option(const void *v, int size, void __user *uval, int __user *ulen)
{
	int len;

	if (get_user(len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	len = min(len, size);
	if (copy_to_user(uval, v, len))
		return -EFAULT;
	return put_user(len, ulen);
}

SYSCALL_DEFINE5(getsockopt, int, fd, int, level, int, name, void __user *, uval, int __user *, ulen)
{
	struct unix_sock *s;
	struct fd f;
	int rc, v;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	if (level != SOL_SOCKET)
		rc = -EOPNOTSUPP;
	else if (name == SO_PEERCRED)
		rc = put_option(&s->peercred, sizeof(s->peercred), uval, ulen);
	else
		rc = get_option(s, name, &v) ? -ENOPROTOOPT : put_option(&v, sizeof(v), uval, ulen);
	fdput(f);
	return rc;
}

/* ---- messages -------------------------------------------------------------------------------- */

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

	if ((c->pid != current->tgid && !capable(CAP_SYS_ADMIN)) ||
	    (c->uid != me->uid && c->uid != me->euid && c->uid != me->suid && !capable(CAP_SETUID)) ||
	    (c->gid != me->gid && c->gid != me->egid && c->gid != me->sgid && !capable(CAP_SETGID)))
		return -EPERM;
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

	if (!access_ok(buf, len))
		return -EFAULT;
	iov_iter_user(&i, (void *)buf, min(len, (size_t)MAX_RW_COUNT));
	if (!uaddr)
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

	if (ctl->nr_fds > room)
		*out_flags |= MSG_CTRUNC;
	while (n < ctl->nr_fds && n < room) {
		fds[n] = receive_fd(ctl->fds[n], flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0);
		if (fds[n] < 0)
			break;
		n++;
	}
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

void __init socket_init(void)
{
	unix_init();
	sock_mnt = pseudo_mount("sockfs", SOCKFS_MAGIC, &sock_dentry_ops, NULL);
}
