/*
 * fs/unix.c - local sockets: their ends, names and connections.
 *
 * MODEL     What goes through a socket: unix_queue.c.  A name is an inode of type socket, or a string of the
 *           abstract space; all named sockets are on one list.
 * INVARIANTS
 *   X2  peer pointers hold references, in both directions, until each end is released.
 * LOCKING   (U) unix_lock, for all sockets; nothing sleeps under it.
 * FAILURE   Sockets that only messages in each other's queues refer to are freed by the collector, unix_gc.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/unix_msg.h"
#include "fs/fs_struct.h"
#include "fs/namei.h"
#include "fs/proc/proc.h"
#include "include/uapi/poll.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

#define ADDR_HEAD	((int)offsetof(struct sockaddr_un, sun_path))

#define MIN_SNDBUF	4608l
#define MIN_RCVBUF	2304l
#define BUF_DEFAULT	212992

int unix_max_dgram_qlen = 10, sysctl_somaxconn = 4096;
int sysctl_wmem_max = BUF_DEFAULT, sysctl_rmem_max = BUF_DEFAULT;
int sysctl_wmem_default = BUF_DEFAULT, sysctl_rmem_default = BUF_DEFAULT;

DEFINE_SPINLOCK(unix_lock, RANK_FILES);
static LIST_HEAD(bound);
static struct kmem_cache *unix_cache;

/* ---- life ------------------------------------------------------------------------------------ */

void unix_cred(struct ucred *c)
{
	*c = (struct ucred){ current->tgid, current_euid(), current_cred()->egid };
}

int unix_sleep(u64 *left)
{
	if (signal_pending())
		return *left == ~0ull ? -ERESTARTSYS : -EINTR;
	if (*left == ~0ull)
		schedule();
	else
		*left = schedule_timeout(*left);
	return -EAGAIN;
}

/* Who waits for room is told when there is much. */
void unix_write_space(struct unix_sock *s)
{
	if (!unix_writable(s))
		return;
	if (waitqueue_active(&s->wait))
		wake_up_poll(&s->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	if (unlikely(s->wants_space)) {
		s->wants_space = false;
		kill_fasync(&s->fasync, POLL_OUT);
	}
}

/* Who sleeps until there is data needs no signal that would wake him from it. */
static void tell_reader(struct unix_sock *s, int band)
{
	if (!READ_ONCE(s->wants_data))
		kill_fasync(&s->fasync, band);
}

void unix_data_ready(struct unix_sock *s)
{
	wake_up_poll(&s->wait, EPOLLIN | EPOLLRDNORM);
	tell_reader(s, POLL_IN);
}

void unix_set_sndbuf(struct unix_sock *s, long bytes)
{
	WRITE_ONCE(s->sndbuf, max(bytes, MIN_SNDBUF));
	unix_write_space(s);
}

/* A datagram was taken from the peer's queue, which we had found full: once. */
static bool peer_has_room(struct wait_queue_entry *w, __maybe_unused unsigned long key)
{
	struct unix_sock *s = container_of(w, struct unix_sock, peer_wake);

	list_del_init(&w->link);
	wake_up_poll(&s->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	return true;
}

/* Be told when @s's peer, whose queue is full, has room.  => unix_lock, which keeps the peer */
static void peer_wake_arm(struct unix_sock *s) REQUIRES(unix_lock)
{
	unsigned long flags;

	spin_lock_irqsave(&s->peer->space.lock, flags);
	if (list_empty(&s->peer_wake.link))
		list_add(&s->peer_wake.link, &s->peer->space.head);
	spin_unlock_irqrestore(&s->peer->space.lock, flags);
}

/* Take the peer from @s.  => its reference is the caller's */
static struct unix_sock *peer_detach(struct unix_sock *s) REQUIRES(unix_lock)
{
	struct unix_sock *peer = s->peer;

	if (peer)
		remove_wait_queue(&peer->space, &s->peer_wake);
	s->peer = NULL;
	return peer;
}

struct unix_sock *unix_peer_get(struct unix_sock *s)
{
	struct unix_sock *peer;

	spin_lock(&unix_lock);
	peer = s->peer ? unix_get(s->peer) : NULL;
	spin_unlock(&unix_lock);
	return peer;
}

struct unix_sock *unix_create(int type)
{
	struct unix_sock *s = kmem_cache_zalloc(unix_cache, GFP_KERNEL);

	if (!s)
		return NULL;
	atomic_set(&s->refs, 1);
	s->type = type;
	s->sndbuf = sysctl_wmem_default;
	s->rcvbuf = sysctl_rmem_default;
	s->max_msgs = unix_max_dgram_qlen;
	s->rcvtimeo = s->sndtimeo = ~0ull;
	s->addr.len = ADDR_HEAD;
	s->addr.un.sun_family = AF_UNIX;
	INIT_LIST_HEAD(&s->rx);
	INIT_LIST_HEAD(&s->backlog);
	INIT_LIST_HEAD(&s->backlog_link);
	INIT_LIST_HEAD(&s->bound_link);
	INIT_LIST_HEAD(&s->gc_link);
	init_waitqueue_head(&s->wait);
	init_waitqueue_head(&s->space);
	fasync_list_init(&s->fasync);
	mutex_init(&s->recv_mutex, RANK_VFS);
	s->peer_wake = (struct wait_queue_entry){ .func = peer_has_room };
	INIT_LIST_HEAD(&s->peer_wake.link);
	unix_cred(&s->cred);
	s->peercred = (struct ucred){ 0, -1, -1 };
	return s;
}

void unix_put(struct unix_sock *s)
{
	if (s && atomic_dec_and_test(&s->refs)) {
		iput(s->inode);
		kmem_cache_free(unix_cache, s);
	}
}

static void wake_both(struct unix_sock *s)
{
	wake_up_all(&s->wait);
	wake_up_all(&s->space);
}

void unix_pair(struct unix_sock *a, struct unix_sock *b)
{
	a->peer = unix_get(b);		/* X2 */
	b->peer = unix_get(a);
	a->state = b->state = UNIX_CONNECTED;
	a->peercred = b->cred;
	b->peercred = a->cred;
}

/* Tell the other end that we are gone.  => unix_lock */
static void leave_peer(struct unix_sock *s)
{
	struct unix_sock *p = s->peer;

	if (!p || s->type == SOCK_DGRAM)
		return;
	p->shutdown = RCV_SHUTDOWN | SND_SHUTDOWN;
	if (!list_empty(&s->rx))
		p->err = ECONNRESET;
}

void unix_release(struct unix_sock *s)
{
	LIST_HEAD(msgs);
	LIST_HEAD(pending);
	struct unix_sock *peer, *c, *next;
	struct unix_msg *m, *n;

	spin_lock(&unix_lock);
	s->dead = true;
	s->shutdown = RCV_SHUTDOWN | SND_SHUTDOWN;
	s->state = UNIX_CLOSED;
	leave_peer(s);
	peer = peer_detach(s);
	list_splice_init(&s->rx, &msgs);
	s->rx_bytes = s->rx_msgs = 0;
	list_splice_init(&s->backlog, &pending);
	list_del_init(&s->bound_link);
	spin_unlock(&unix_lock);
	wake_both(s);
	if (peer) {
		wake_both(peer);
		if (s->type != SOCK_DGRAM)
			tell_reader(peer, POLL_HUP);
		unix_put(peer);
	}
	list_for_each_entry_safe(m, n, &msgs, link) {
		unix_msg_free(m);
		cond_resched();
	}
	list_for_each_entry_safe(c, next, &pending, backlog_link) {
		list_del_init(&c->backlog_link);
		unix_release(c);
		cond_resched();
	}
	unix_gc_soon();
	unix_put(s);
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_abstract(const struct unix_addr *a) { return a->len > ADDR_HEAD && !a->un.sun_path[0]; }

static struct unix_sock *find_abstract(const struct unix_addr *a) REQUIRES(unix_lock)
{
	struct unix_sock *s;

	list_for_each_entry(s, &bound, bound_link)
		if (!s->inode && s->addr.len == a->len && !memcmp(&s->addr.un, &a->un, a->len))
			return s;
	return NULL;
}

static int bind_abstract(struct unix_sock *s, const struct unix_addr *a)
{
	int rc = 0;

	spin_lock(&unix_lock);
	if (s->addr.len > ADDR_HEAD)
		rc = -EINVAL;
	else if (find_abstract(a))
		rc = -EADDRINUSE;
	if (!rc) {
		s->addr = *a;
		list_add(&s->bound_link, &bound);
	}
	spin_unlock(&unix_lock);
	return rc;
}

static int autobind(struct unix_sock *s)
{
	static atomic_t last;
	struct unix_addr a = { .len = ADDR_HEAD + 6, .un.sun_family = AF_UNIX };
	char name[8];
	int rc;

	do {
		snprintf(name, sizeof(name), "%05x", (unsigned)atomic_inc_return(&last) & 0xfffff);
		memcpy(a.un.sun_path + 1, name, 5);
		rc = bind_abstract(s, &a);
	} while (rc == -EADDRINUSE);
	return rc;
}

static int bind_path(struct unix_sock *s, const struct unix_addr *a)
{
	struct path parent;
	struct dentry *d = filename_create(AT_FDCWD, a->un.sun_path, &parent, 0);
	int rc;

	if (IS_ERR(d))
		return PTR_ERR(d) == -EEXIST ? -EADDRINUSE : PTR_ERR(d);
	rc = s->addr.len > ADDR_HEAD ? -EINVAL :
		vfs_mknod(parent.dentry->d_inode, d, S_IFSOCK | (S_IRWXUGO & ~current_umask()), 0);
	if (!rc) {
		spin_lock(&unix_lock);
		s->inode = d->d_inode;
		__iget(s->inode);
		s->addr = *a;
		list_add(&s->bound_link, &bound);
		spin_unlock(&unix_lock);
	}
	done_path_create(&parent, d);
	return rc;
}

/* One name, even if two threads bind it at once: recv_mutex stands for all that needs no spin lock. */
int unix_bind(struct unix_sock *s, const struct unix_addr *a)
{
	int rc;

	if (mutex_lock_interruptible(&s->recv_mutex))
		return -ERESTARTSYS;
	if (a->len == ADDR_HEAD)
		rc = s->addr.len > ADDR_HEAD ? 0 : autobind(s);
	else
		rc = is_abstract(a) ? bind_abstract(s, a) : bind_path(s, a);
	mutex_unlock(&s->recv_mutex);
	return rc;
}

static struct unix_sock *find_path(const struct unix_addr *a)
{
	struct unix_sock *s, *found = ERR_PTR(-ECONNREFUSED);
	struct path path;
	int rc = kern_path(a->un.sun_path, LOOKUP_FOLLOW, &path);

	if (rc)
		return ERR_PTR(rc);
	rc = inode_permission(path.dentry->d_inode, MAY_WRITE);
	if (!rc) {
		spin_lock(&unix_lock);
		list_for_each_entry(s, &bound, bound_link)
			if (s->inode == path.dentry->d_inode) {
				found = unix_get(s);
				break;
			}
		spin_unlock(&unix_lock);
	}
	path_put(&path);
	return rc ? ERR_PTR(rc) : found;
}

struct unix_sock *unix_find(const struct unix_addr *a)
{
	struct unix_sock *s;

	if (a->len == ADDR_HEAD)
		return ERR_PTR(-ECONNREFUSED);
	if (!is_abstract(a))
		return find_path(a);
	spin_lock(&unix_lock);
	s = find_abstract(a);
	s = s ? unix_get(s) : ERR_PTR(-ECONNREFUSED);
	spin_unlock(&unix_lock);
	return s;
}

/* ---- connections ----------------------------------------------------------------------------- */

int unix_listen(struct unix_sock *s, int backlog)
{
	int rc = 0;

	if (s->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	spin_lock(&unix_lock);
	if (s->addr.len == ADDR_HEAD || s->state == UNIX_CONNECTED)
		rc = -EINVAL;
	else {
		s->state = UNIX_LISTENING;
		s->max_backlog = (unsigned)backlog > (unsigned)sysctl_somaxconn ? sysctl_somaxconn : backlog;
		unix_cred(&s->cred);
	}
	spin_unlock(&unix_lock);
	return rc;
}

static int connect_dgram(struct unix_sock *s, const struct unix_addr *a)
{
	struct unix_sock *other = NULL, *old;

	if (a->un.sun_family != AF_UNSPEC) {
		other = unix_find(a);
		if (IS_ERR(other))
			return PTR_ERR(other);
		if (other->type != s->type) {
			unix_put(other);
			return -EPROTOTYPE;
		}
	}
	spin_lock(&unix_lock);
	old = peer_detach(s);
	s->peer = other;		/* X2: with the reference that the look-up took */
	s->state = other ? UNIX_CONNECTED : UNIX_CLOSED;
	spin_unlock(&unix_lock);
	unix_put(old);
	return 0;
}

/* One try to queue @fresh, our counterpart, at @other.  => 0, -EAGAIN: its queue is full, -errno */
static int try_connect(struct unix_sock *s, struct unix_sock *other, struct unix_sock *fresh)
{
	int rc = 0;

	spin_lock(&unix_lock);
	if (s->state != UNIX_CLOSED)
		rc = s->state == UNIX_LISTENING ? -EINVAL : -EISCONN;
	else if (other->type != s->type)
		rc = -EPROTOTYPE;
	else if (other->state != UNIX_LISTENING || (other->shutdown & RCV_SHUTDOWN))
		rc = -ECONNREFUSED;
	else if (other->nr_backlog > other->max_backlog)
		rc = -EAGAIN;
	if (!rc) {
		unix_pair(s, fresh);
		s->peercred = other->cred;
		fresh->addr = other->addr;
		list_add_tail(&fresh->backlog_link, &other->backlog);
		other->nr_backlog++;
	}
	spin_unlock(&unix_lock);
	return rc;
}

int unix_connect(struct unix_sock *s, const struct unix_addr *a, bool nonblock)
{
	u64 left = nonblock ? 0 : s->sndtimeo;
	struct unix_sock *other, *fresh;
	int rc;

	if (s->type == SOCK_DGRAM)
		return connect_dgram(s, a);
	if (a->un.sun_family != AF_UNIX)
		return -EINVAL;
	other = unix_find(a);
	if (IS_ERR(other))
		return PTR_ERR(other);
	fresh = unix_create(s->type);
	if (!fresh) {
		unix_put(other);
		return -ENOMEM;
	}
	unix_cred(&s->cred);
	rc = try_connect(s, other, fresh);
	while (rc == -EAGAIN && left) {
		DEFINE_WAIT(w);

		prepare_to_wait(&other->space, &w, TASK_INTERRUPTIBLE);
		rc = try_connect(s, other, fresh);
		if (rc == -EAGAIN)
			rc = unix_sleep(&left);
		finish_wait(&other->space, &w);
	}
	if (rc)
		unix_put(fresh);
	else
		unix_data_ready(other);
	unix_put(other);
	return rc;
}

static struct unix_sock *try_accept(struct unix_sock *s)
{
	struct unix_sock *c = NULL;

	spin_lock(&unix_lock);
	if (s->state != UNIX_LISTENING || (s->shutdown & RCV_SHUTDOWN)) {
		c = ERR_PTR(-EINVAL);
	} else if (!list_empty(&s->backlog)) {
		c = list_first_entry(&s->backlog, struct unix_sock, backlog_link);
		list_del_init(&c->backlog_link);
		s->nr_backlog--;
	}
	spin_unlock(&unix_lock);
	return c;
}

struct unix_sock *unix_accept(struct unix_sock *s, bool nonblock)
{
	u64 left = nonblock ? 0 : s->rcvtimeo;
	struct unix_sock *c;
	int rc = -EAGAIN;

	if (s->type == SOCK_DGRAM)
		return ERR_PTR(-EOPNOTSUPP);
	c = try_accept(s);
	while (!c && rc == -EAGAIN && left) {
		DEFINE_WAIT(w);

		prepare_to_wait(&s->wait, &w, TASK_INTERRUPTIBLE);
		c = try_accept(s);
		if (!c)
			rc = unix_sleep(&left);
		finish_wait(&s->wait, &w);
	}
	if (!c)
		c = try_accept(s);
	if (!c)
		return ERR_PTR(rc);
	wake_up_all(&s->space);
	return c;
}

/* ---- the rest -------------------------------------------------------------------------------- */

int unix_shutdown(struct unix_sock *s, int how)
{
	unsigned mode = how + 1;	/* SHUT_RD, SHUT_WR, SHUT_RDWR: bits 1, 2, 3 */
	struct unix_sock *peer = NULL;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	spin_lock(&unix_lock);
	if (s->type == SOCK_STREAM && s->state == UNIX_CLOSED && !s->peer) {
		spin_unlock(&unix_lock);
		return -ENOTCONN;
	}
	s->shutdown |= mode;
	if (s->peer && s->type != SOCK_DGRAM) {
		peer = unix_get(s->peer);
		peer->shutdown |= (mode & RCV_SHUTDOWN ? SND_SHUTDOWN : 0) | (mode & SND_SHUTDOWN ? RCV_SHUTDOWN : 0);
	}
	spin_unlock(&unix_lock);
	wake_both(s);
	if (peer) {
		wake_both(peer);
		if (mode & SND_SHUTDOWN)
			tell_reader(peer, mode & RCV_SHUTDOWN ? POLL_HUP : POLL_IN);
		unix_put(peer);
	}
	return 0;
}

unsigned unix_poll(struct unix_sock *s, struct file *f, struct poll_table *pt)
{
	unsigned mask = 0;

	poll_wait(f, &s->wait, pt);
	spin_lock(&unix_lock);
	if (s->err)
		mask |= EPOLLERR;
	if (s->shutdown == (RCV_SHUTDOWN | SND_SHUTDOWN))
		mask |= EPOLLHUP;
	if (s->shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (!list_empty(&s->rx) || !list_empty(&s->backlog))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (s->type != SOCK_DGRAM && s->state == UNIX_CLOSED)
		mask |= EPOLLHUP;
	if (s->peer && unix_queue_full(s, s->peer))
		peer_wake_arm(s);
	/* Asked again: what came between would have woken nobody. */
	if (s->state != UNIX_LISTENING && unix_writable(s) && !(s->peer && unix_queue_full(s, s->peer)))
		mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	spin_unlock(&unix_lock);
	return mask;
}

size_t unix_inq(struct unix_sock *s)
{
	size_t n;

	spin_lock(&unix_lock);
	if (s->type != SOCK_DGRAM || list_empty(&s->rx))
		n = s->rx_bytes;
	else
		n = list_first_entry(&s->rx, struct unix_msg, link)->len;
	spin_unlock(&unix_lock);
	return n;
}

void __init unix_init(void)
{
	unix_cache = kmem_cache_create("UNIX", sizeof(struct unix_sock), 0, SLAB_PANIC, NULL);
	unix_gc_init();
}

static const struct ctl_table unix_table[] = {
	{ .name = "max_dgram_qlen", .data = &unix_max_dgram_qlen, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 0, .max = INT32_MAX },
};

#define CORE(n, v, lo) \
	{ .name = n, .data = &(v), .maxlen = sizeof(int), .mode = 0644, .handler = proc_dointvec, .min = lo, \
	  .max = INT32_MAX }
static const struct ctl_table core_table[] = {
	CORE("wmem_max", sysctl_wmem_max, MIN_SNDBUF), CORE("wmem_default", sysctl_wmem_default, MIN_SNDBUF),
	CORE("rmem_max", sysctl_rmem_max, MIN_RCVBUF), CORE("rmem_default", sysctl_rmem_default, MIN_RCVBUF),
	CORE("somaxconn", sysctl_somaxconn, 0),
};

void __init unix_sysctl_init(void)
{
	(void)register_sysctl("net/unix", unix_table, ARRAY_SIZE(unix_table));
	(void)register_sysctl("net/core", core_table, ARRAY_SIZE(core_table));
}
