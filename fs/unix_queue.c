/*
 * fs/unix_queue.c - what goes through local sockets: messages, queued by one end and taken by the other.
 *
 * MODEL     A message is a buffer with the bytes of one send (streams: of up to 32 KiB of it), the files
 *           and the identity that go along.  Sending appends it to the receiver's queue; a stream's
 *           reader takes bytes from the first message on, and stops at one that carries files.
 * INVARIANTS
 *   X1  wmem is the sum of truesize over the messages that a socket sent and that are not freed; a send waits
 *       while it is sndbuf or more.  Each message counts, be it empty: the memory of a pair is bounded.
 *   X3  rx_bytes is the sum of what is unread in rx.
 *   X4  Whose peer is not the sender holds max_msgs datagrams and one: whatever their senders have closed
 *       meanwhile, the memory of a receiver is bounded too.
 * LOCKING   unix_lock: the queues; nothing sleeps under it.  recv_mutex keeps the first message in place
 *           while it is copied out.
 * TESTS     test/user/t_unix.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/unix_msg.h"
#include "include/util.h"
#include "include/uapi/poll.h"
#include "include/uapi/resource.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/task/user.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

/*
 * What Linux charges for a message, so that as many fit as there: a descriptor, and a head that is rounded up
 * to a power of two and has room for the list of fragments; what does not fit into the head is in whole pages.
 */
#define SKB_BYTES	256ul
#define SKB_SHARED	320ul
#define SKB_MAX_ALLOC	(4 * PAGE_SIZE - SKB_SHARED)
#define SKB_MAX_HEAD	(PAGE_SIZE - SKB_SHARED)
#define STREAM_CHUNK	(SKB_MAX_HEAD + 8 * PAGE_SIZE)

static size_t msg_truesize(const struct unix_sock *s, size_t len)
{
	size_t most_head = s->type == SOCK_STREAM ? SKB_MAX_HEAD : SKB_MAX_ALLOC;
	size_t pages = len > most_head ? ALIGN(len - most_head, PAGE_SIZE) : 0;
	size_t head = len - min(len, pages);

	return SKB_BYTES + pages + max(roundup_pow_of_two(head + SKB_SHARED), 512ul);
}

void unix_msg_free(struct unix_msg *m)
{
	if (m->queued && m->nr_fds) {
		spin_lock(&unix_lock);
		unix_notinflight(m);
		spin_unlock(&unix_lock);
	}
	for (unsigned i = 0; i < m->nr_fds; i++)
		if (m->fds[i])
			fput(m->fds[i]);
	kfree(m->fds);
	if (m->fds_user)
		free_uid(m->fds_user);
	atomic_long_sub(m->truesize, &m->sender->wmem);		/* X1 */
	unix_write_space(m->sender);
	unix_put(m->sender);
	kvfree(m);
}

/* ---- sending --------------------------------------------------------------------------------- */

static struct unix_msg *msg_make(struct unix_sock *s, struct iov_iter *from, size_t len)
{
	struct unix_msg *m = kvmalloc(sizeof(*m) + len, GFP_KERNEL);

	if (!m)
		return NULL;
	*m = (struct unix_msg){ .len = len, .truesize = msg_truesize(s, len), .sender = unix_get(s) };
	atomic_long_add(m->truesize, &s->wmem);
	if (copy_from_iter(m->data, len, from) == len)
		return m;
	unix_msg_free(m);
	return ERR_PTR(-EFAULT);
}

/* A file in flight costs no descriptor: the user's number of them has the limit of one process. */
static bool too_many_inflight(void)
{
	return (unsigned long)atomic_read(&current_cred()->user->unix_inflight) > task_rlimit(RLIMIT_NOFILE) &&
	       !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN);
}

static int msg_attach(struct unix_msg *m, const struct unix_sock *s, const struct unix_ctl *ctl)
{
	m->from = s->addr;
	if (!ctl) {
		unix_cred(&m->cred);
		return 0;
	}
	m->cred = ctl->cred;
	if (ctl->nr_fds) {
		if (too_many_inflight())
			return -ETOOMANYREFS;
		m->fds = kmemdup(ctl->fds, ctl->nr_fds * sizeof(*m->fds), GFP_KERNEL);
		if (!m->fds)
			return -ENOMEM;
		m->fds_user = get_uid(current_cred()->user);
		for (unsigned i = 0; i < ctl->nr_fds; i++)
			get_file(m->fds[i]);
		m->nr_fds = ctl->nr_fds;
	}
	return 0;
}

/* Why @s cannot send at all: 0, -EPIPE, its error. */
static int send_error(struct unix_sock *s) REQUIRES(unix_lock)
{
	if (s->err && !(s->type == SOCK_STREAM && (s->shutdown & SND_SHUTDOWN))) {
		int rc = -s->err;

		s->err = 0;
		return rc;
	}
	return s->shutdown & SND_SHUTDOWN ? -EPIPE : 0;
}

/* One try to queue @m at @dest.  => 0, -EAGAIN: no room, -EPIPE, -ECONNREFUSED, the socket's error */
static int try_send(struct unix_sock *s, struct unix_sock *dest, struct unix_msg *m)
{
	int rc;

	spin_lock(&unix_lock);
	rc = send_error(s);
	if (!rc && (dest->dead || (dest->shutdown & RCV_SHUTDOWN)))
		rc = s->type == SOCK_DGRAM && dest->dead ? -ECONNREFUSED : -EPIPE;
	if (!rc && unix_queue_full(s, dest))
		rc = -EAGAIN;
	if (!rc) {
		list_add_tail(&m->link, &dest->rx);
		dest->rx_bytes += m->len;
		dest->rx_msgs++;
		m->queued = true;
		unix_inflight(m);
	}
	spin_unlock(&unix_lock);
	return rc;
}

/* Is there room for a message of @s?  => 0, -EAGAIN, or why it cannot send at all */
static int wmem_room(struct unix_sock *s)
{
	int rc;

	spin_lock(&unix_lock);
	rc = send_error(s);
	spin_unlock(&unix_lock);
	return rc ? rc : atomic_long_read(&s->wmem) < s->sndbuf ? 0 : -EAGAIN;
}

/* Wait until @s may have one message more (X1). */
static int wait_for_wmem(struct unix_sock *s, bool nonblock)
{
	u64 left = nonblock ? 0 : s->sndtimeo;
	int rc = wmem_room(s);

	if (rc == -EAGAIN) {
		s->wants_space = true;		/* unix_write_space() tells */
		smp_mb();			/* before the look again */
		rc = wmem_room(s);
	}
	while (rc == -EAGAIN && left) {
		DEFINE_WAIT(w);

		prepare_to_wait(&s->wait, &w, TASK_INTERRUPTIBLE);
		rc = wmem_room(s);
		if (rc == -EAGAIN) {
			rc = unix_sleep(&left);
			if (rc == -EAGAIN)
				rc = wmem_room(s);
		}
		finish_wait(&s->wait, &w);
	}
	return rc;
}

static int queue_msg(struct unix_sock *s, struct unix_sock *dest, struct unix_msg *m, bool nonblock)
{
	u64 left = nonblock ? 0 : s->sndtimeo;
	int rc = try_send(s, dest, m);

	while (rc == -EAGAIN && left) {
		DEFINE_WAIT(w);

		prepare_to_wait(&dest->space, &w, TASK_INTERRUPTIBLE);
		rc = try_send(s, dest, m);
		if (rc == -EAGAIN) {
			rc = unix_sleep(&left);
			if (rc == -EAGAIN)
				rc = try_send(s, dest, m);
		}
		finish_wait(&dest->space, &w);
	}
	if (!rc)
		unix_data_ready(dest);
	return rc;
}

/* Where it goes, counted; ERR_PTR. */
static struct unix_sock *destination(struct unix_sock *s, const struct unix_addr *to)
{
	struct unix_sock *d;

	if (to && s->type == SOCK_DGRAM) {
		d = unix_find(to);
		if (!IS_ERR(d) && d->type != s->type) {
			unix_put(d);
			return ERR_PTR(-EPROTOTYPE);
		}
		return d;
	}
	spin_lock(&unix_lock);
	if (to && s->type == SOCK_STREAM)
		d = ERR_PTR(s->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP);
	else
		d = s->peer ? unix_get(s->peer) : ERR_PTR(s->shutdown & SND_SHUTDOWN ? -EPIPE : -ENOTCONN);
	spin_unlock(&unix_lock);
	return d;
}

/* A stream's messages are cut so that two of them are under way at least. */
static size_t part_size(const struct unix_sock *s, size_t count)
{
	if (s->type != SOCK_STREAM)
		return count;
	return min(min(count, (size_t)STREAM_CHUNK), (size_t)(s->sndbuf / 2 - 64));
}

static ssize_t send_parts(struct unix_sock *s, struct unix_sock *dest, struct iov_iter *from, struct unix_ctl *ctl,
			  bool nonblock)
{
	ssize_t done = 0;

	do {
		size_t len = part_size(s, from->count);
		struct unix_msg *m = NULL;
		int rc = (ssize_t)len > s->sndbuf - 32 ? -EMSGSIZE : wait_for_wmem(s, nonblock);

		if (!rc) {
			m = msg_make(s, from, len);
			rc = !m ? -ENOMEM : IS_ERR(m) ? PTR_ERR(m) : msg_attach(m, s, done ? NULL : ctl);
		}
		if (!rc)
			rc = queue_msg(s, dest, m, nonblock);
		if (rc) {
			if (m && !IS_ERR(m))
				unix_msg_free(m);
			return done ? done : rc;
		}
		done += len;
	} while (from->count);
	return done;
}

ssize_t unix_send(struct unix_sock *s, struct iov_iter *from, struct unix_ctl *ctl, const struct unix_addr *to,
		  unsigned flags)
{
	struct unix_sock *dest = destination(s, to);
	ssize_t n;

	if (IS_ERR(dest))
		n = PTR_ERR(dest);
	else if (!from->count && s->type == SOCK_STREAM)
		n = 0;
	else
		n = send_parts(s, dest, from, ctl, flags & MSG_DONTWAIT);
	if (!IS_ERR(dest))
		unix_put(dest);
	if (n == -EPIPE && !(flags & MSG_NOSIGNAL) && s->type != SOCK_DGRAM)
		send_sig(SIGPIPE, current, 0);
	return n;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Give @ctl what @m carries; files leave the message unless it is only looked at. */
static void take_ctl(struct unix_msg *m, struct unix_ctl *ctl, bool peek)
{
	ctl->cred = m->cred;
	ctl->from = m->from;
	ctl->nr_fds = m->nr_fds;
	for (unsigned i = 0; i < m->nr_fds; i++)
		ctl->fds[i] = peek ? get_file(m->fds[i]) : m->fds[i];
	if (peek || !m->nr_fds)
		return;
	spin_lock(&unix_lock);
	unix_notinflight(m);
	m->nr_fds = 0;
	spin_unlock(&unix_lock);
}

/* @n bytes of the first message were read. */
static void consume(struct unix_sock *s, struct unix_msg *m, size_t n, bool whole) REQUIRES(s->recv_mutex)
{
	spin_lock(&unix_lock);
	m->off += n;
	s->rx_bytes -= whole ? m->len - (m->off - n) : n;	/* X3 */
	if (whole) {
		list_del(&m->link);
		s->rx_msgs--;
	}
	spin_unlock(&unix_lock);
	if (!whole)
		return;
	unix_msg_free(m);
	if (s->type == SOCK_DGRAM && waitqueue_active(&s->space))
		wake_up_all(&s->space);			/* X4 */
}

/* The message after @after (NULL: the first), or NULL. */
static struct unix_msg *next_msg(struct unix_sock *s, struct unix_msg *after) REQUIRES(s->recv_mutex)
{
	struct list_head *p;

	spin_lock(&unix_lock);
	p = after ? after->link.next : s->rx.next;
	spin_unlock(&unix_lock);
	return p == &s->rx ? NULL : list_entry(p, struct unix_msg, link);
}

/* Why there is nothing to read: 0 the end, -EAGAIN nothing yet, or an error. */
static int empty_reason(struct unix_sock *s)
{
	int rc = -EAGAIN;

	spin_lock(&unix_lock);
	if (!list_empty(&s->rx)) {
		rc = 1;
	} else if (s->err) {
		rc = -s->err;
		s->err = 0;
	} else if (s->shutdown & RCV_SHUTDOWN) {
		rc = 0;
	} else if (s->type != SOCK_DGRAM && s->state != UNIX_CONNECTED) {
		rc = s->type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
	}
	spin_unlock(&unix_lock);
	return rc;
}

/* => recv_mutex dropped in between; 1 there is something, 0 the end, -errno */
static int wait_for_msg(struct unix_sock *s, bool nonblock) REQUIRES(s->recv_mutex)
{
	u64 left = nonblock ? 0 : s->rcvtimeo;
	int rc = empty_reason(s);

	if (rc != -EAGAIN || !left)
		return rc;
	mutex_unlock(&s->recv_mutex);
	WRITE_ONCE(s->wants_data, true);
	while (rc == -EAGAIN && left) {
		DEFINE_WAIT(w);

		prepare_to_wait(&s->wait, &w, TASK_INTERRUPTIBLE);
		rc = empty_reason(s);
		if (rc == -EAGAIN)
			rc = unix_sleep(&left);
		if (rc == -EAGAIN)
			rc = empty_reason(s);
		finish_wait(&s->wait, &w);
	}
	WRITE_ONCE(s->wants_data, false);
	mutex_lock(&s->recv_mutex);
	return rc;
}

static ssize_t recv_packet(struct unix_sock *s, struct iov_iter *to, struct unix_ctl *ctl, unsigned flags)
	REQUIRES(s->recv_mutex)
{
	struct unix_msg *m;
	size_t n, len;
	int rc;

	while (!(m = next_msg(s, NULL))) {
		rc = wait_for_msg(s, flags & MSG_DONTWAIT);
		if (rc <= 0)
			return rc;
	}
	len = m->len;
	n = copy_to_iter(m->data, min(len, to->count), to);
	if (n < len && to->count)
		return -EFAULT;
	if (ctl) {
		take_ctl(m, ctl, flags & MSG_PEEK);
		if (n < len)
			ctl->flags |= MSG_TRUNC;
	}
	if (!(flags & MSG_PEEK))
		consume(s, m, n, true);
	return flags & MSG_TRUNC ? len : n;
}

static ssize_t recv_stream(struct unix_sock *s, struct iov_iter *to, struct unix_ctl *ctl, unsigned flags)
	REQUIRES(s->recv_mutex)
{
	struct unix_msg *m = NULL;
	bool peek = flags & MSG_PEEK, first = true;
	ssize_t done = 0;

	while (to->count) {
		size_t n, left;

		m = next_msg(s, peek ? m : NULL);
		if (!m) {
			int rc = done && (peek || !(flags & MSG_WAITALL)) ? 0 :
				wait_for_msg(s, flags & MSG_DONTWAIT);

			if (rc > 0)
				continue;
			return done ? done : rc;
		}
		if (!first && m->nr_fds)
			break;			/* files stay with their bytes */
		left = m->len - m->off;
		n = copy_to_iter(m->data + m->off, min(left, to->count), to);
		if (!n)
			return done ? done : -EFAULT;
		done += n;
		left -= n;
		if (ctl && first)
			take_ctl(m, ctl, peek);
		first = false;
		if (!peek)
			consume(s, m, n, !left);
		if (ctl && ctl->nr_fds)
			break;
	}
	return done;
}

ssize_t unix_recv(struct unix_sock *s, struct iov_iter *to, struct unix_ctl *ctl, unsigned flags)
{
	ssize_t n;

	if (mutex_lock_interruptible(&s->recv_mutex))
		return -ERESTARTSYS;
	n = s->type == SOCK_STREAM ? recv_stream(s, to, ctl, flags) : recv_packet(s, to, ctl, flags);
	mutex_unlock(&s->recv_mutex);
	return n;
}
