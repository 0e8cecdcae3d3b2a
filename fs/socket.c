/*
 * fs/socket.c - the socket calls, but for messages.  AF_UNIX is the one family there is.
 *
 * MODEL     A socket is a file of sockfs whose private_data is the unix_sock.  The calls here bring addresses and
 *           options between user memory and the kernel's forms; socket_msg.c has those with messages.
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
#include "kernel/task/cred.h"
#include "kernel/time/time.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

static struct vfsmount *sock_mnt;

/* ---- the file -------------------------------------------------------------------------------- */

/* Of this one call, or of the file. */
static unsigned iter_dontwait(const struct file *f, const struct iov_iter *i)
{
	return i->rwf & RWF_NOWAIT ? MSG_DONTWAIT : dontwait(f);
}

static ssize_t sock_read(struct file *f, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	return unix_recv(f->private_data, to, NULL, iter_dontwait(f, to));
}

static ssize_t sock_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	return unix_send(f->private_data, from, NULL, NULL, iter_dontwait(f, from));
}

static unsigned sock_poll(struct file *f, struct poll_table *pt) { return unix_poll(f->private_data, f, pt); }

static long sock_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct unix_sock *s = f->private_data;

	int who;

	if (cmd == FIOSETOWN || cmd == SIOCSPGRP)
		return get_user(who, (int *)arg) ? -EFAULT : f_setown_nr(f, who);
	if (cmd == FIOGETOWN || cmd == SIOCGPGRP)
		return put_user(f_getown_nr(f), (int *)arg);
	if (cmd == SIOCOUTQ)
		return put_user((int)atomic_long_read(&s->wmem), (int *)arg);
	if (cmd != FIONREAD)
		return -ENOTTY;
	return s->state == UNIX_LISTENING ? -EINVAL : put_user((int)unix_inq(s), (int *)arg);
}

static int sock_fasync(int fd, struct file *f, bool on)
{
	return fasync_helper(fd, f, on, &((struct unix_sock *)f->private_data)->fasync);
}

static void sock_release(__maybe_unused struct inode *inode, struct file *f) { unix_release(f->private_data); }

static const struct file_operations sock_fops = {
	.read = sock_read, .write = sock_write, .poll = sock_poll, .ioctl = sock_ioctl, .fasync = sock_fasync,
	.release = sock_release,
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
	f->f_mode |= FMODE_NOWAIT;
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

struct unix_sock *sock_get(int fd, struct fd *f, int *rc)
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

int addr_from_user(struct unix_addr *a, const void __user *u, int len)
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

int sender_to_user(const struct unix_addr *a, void __user *u, int __user *ulen)
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
	struct unix_sock *s, *peer;
	struct fd f;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	peer = unix_peer_get(s);
	rc = peer ? addr_to_user(&peer->addr, uaddr, ulen) : -ENOTCONN;
	unix_put(peer);
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

#define FLAG_OPTIONS	(BIT(SO_REUSEADDR) | BIT(SO_DONTROUTE) | BIT(SO_BROADCAST) | BIT(SO_KEEPALIVE) | \
			 BIT(SO_OOBINLINE))

static bool flag_option(int name) { return name >= 0 && name < 32 && (FLAG_OPTIONS >> name & 1); }

static int set_option(struct unix_sock *s, int name, int v)
{
	if (flag_option(name)) {
		s->options = (s->options & ~BIT(name)) | (v ? BIT(name) : 0);
		return 0;
	}
	switch (name) {
	case SO_PASSCRED:
		s->passcred = v;
		return 0;
	case SO_RCVBUF:		/* what is under way counts at the sender */
		s->rcvbuf = max(min((unsigned)v, (unsigned)sysctl_rmem_max) * 2l, 2304l);
		return 0;
	case SO_SNDBUF:
		unix_set_sndbuf(s, min((unsigned)v, (unsigned)sysctl_wmem_max) * 2l);
		return 0;
	case SO_RCVBUFFORCE:
	case SO_SNDBUFFORCE:
		if (!capable(CAP_NET_ADMIN))
			return -EPERM;
		v = min(max(v, 0), INT32_MAX / 2);
		if (name == SO_SNDBUFFORCE)
			unix_set_sndbuf(s, v * 2l);
		else
			s->rcvbuf = max(v * 2l, 2304l);
		return 0;
	}
	return -ENOPROTOOPT;
}

static u64 *timeout_option(struct unix_sock *s, int name)
{
	return name == SO_RCVTIMEO ? &s->rcvtimeo : name == SO_SNDTIMEO ? &s->sndtimeo : NULL;
}

/* A time limit counts whole ticks, as on Linux; 0 is none, and a negative one has run out. */
static int set_timeout(u64 *to, const void __user *uval, int len)
{
	struct __kernel_old_timeval tv;

	if (len < (int)sizeof(tv))
		return -EINVAL;
	if (copy_from_user(&tv, uval, sizeof(tv)))
		return -EFAULT;
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		*to = 0;
	else if ((!tv.tv_sec && !tv.tv_usec) || tv.tv_sec >= KTIME_MAX / (s64)NSEC_PER_SEC - 1)
		*to = ~0ull;
	else
		*to = tv.tv_sec * NSEC_PER_SEC + DIV_ROUND_UP(tv.tv_usec * NSEC_PER_USEC, TICK_NSEC) * TICK_NSEC;
	return 0;
}

static struct __kernel_old_timeval get_timeout(u64 ns)
{
	if (ns == ~0ull)
		ns = 0;
	return (struct __kernel_old_timeval){ ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC };
}

static int setsockopt_unix(struct unix_sock *s, int name, const void __user *uval, int len)
{
	int v;

	if (len < (int)sizeof(v))
		return -EINVAL;
	if (copy_from_user(&v, uval, sizeof(v)))
		return -EFAULT;
	if (timeout_option(s, name))
		return set_timeout(timeout_option(s, name), uval, len);
	return set_option(s, name, v);
}

SYSCALL_DEFINE5(setsockopt, int, fd, int, level, int, name, const void __user *, uval, int, len)
{
	struct unix_sock *s;
	struct fd f;
	int rc;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	rc = level == SOL_SOCKET ? setsockopt_unix(s, name, uval, len) : -EOPNOTSUPP;
	fdput(f);
	return rc;
}

static int get_option(struct unix_sock *s, int name, int *v)
{
	if (flag_option(name)) {
		*v = s->options >> name & 1;
		return 0;
	}
	switch (name) {
	case SO_TYPE: *v = s->type; return 0;
	case SO_DOMAIN: *v = AF_UNIX; return 0;
	case SO_PROTOCOL: *v = 0; return 0;
	case SO_PASSCRED: *v = s->passcred; return 0;
	case SO_ACCEPTCONN: *v = s->state == UNIX_LISTENING; return 0;
	case SO_RCVBUF: *v = s->rcvbuf; return 0;
	case SO_SNDBUF: *v = s->sndbuf; return 0;
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
	struct __kernel_old_timeval tv;
	struct unix_sock *s;
	struct fd f;
	int rc, v;

	s = sock_get(fd, &f, &rc);
	if (!s)
		return rc;
	if (timeout_option(s, name))
		tv = get_timeout(*timeout_option(s, name));
	if (level != SOL_SOCKET)
		rc = -EOPNOTSUPP;
	else if (timeout_option(s, name))
		rc = put_option(&tv, sizeof(tv), uval, ulen);
	else if (name == SO_PEERCRED)
		rc = put_option(&s->peercred, sizeof(s->peercred), uval, ulen);
	else
		rc = get_option(s, name, &v) ? -ENOPROTOOPT : put_option(&v, sizeof(v), uval, ulen);
	fdput(f);
	return rc;
}

void __init socket_init(void)
{
	unix_init();
	sock_mnt = pseudo_mount("sockfs", SOCKFS_MAGIC, &sock_dentry_ops, NULL);
}
