/*
 * fs/unix_msg.h - messages of local sockets, for fs/unix.c, unix_queue.c and unix_gc.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_UNIX_MSG_H
#define VELLUM_FS_UNIX_MSG_H

#include "fs/unix.h"

struct unix_msg {
	struct list_head link;
	size_t len, off;
	size_t truesize;		/* what the sender is charged */
	struct file **fds;		/* kmalloc'd, or NULL */
	unsigned nr_fds;
	struct user_struct *fds_user;	/* counted: who put them in flight; NULL without @fds */
	struct ucred cred;
	struct unix_addr from;
	struct unix_sock *sender;	/* counted: woken when there is room again */
	bool queued;			/* (U) was put into a queue: its files are in flight */
	char data[];
};

extern spinlock_t unix_lock;

static inline struct unix_sock *unix_get(struct unix_sock *s)
{
	atomic_inc(&s->refs);
	return s;
}

/* X4.  A peer that is connected to @s has the limit of what @s may send. */
static inline bool unix_queue_full(const struct unix_sock *s, const struct unix_sock *dest) REQUIRES(unix_lock)
{
	return dest->type == SOCK_DGRAM && dest->peer != s && dest->rx_msgs > dest->max_msgs;
}

struct unix_sock *unix_find(const struct unix_addr *a);	/* the socket of that name, counted; ERR_PTR */
void unix_msg_free(struct unix_msg *m);		/* it is in no queue */

/* The files of @m enter or leave a queue.  => unix_lock held */
void unix_inflight(struct unix_msg *m) REQUIRES(unix_lock);
void unix_notinflight(struct unix_msg *m) REQUIRES(unix_lock);
void unix_gc_soon(void);			/* a socket was closed */
void unix_gc_init(void);

/*
 * Sleep on the queue that the caller is on, at most *@left ns, of which what remains is left (0: none).
 * => -EAGAIN: look again; or what a signal makes of the call, which is not restarted if it has a time limit
 */
int unix_sleep(u64 *left);

#endif
