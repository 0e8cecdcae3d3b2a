/*
 * fs/epoll_item.h - the objects of epoll, for fs/epoll.c and fs/epoll_nest.c.
 *
 * LOCKING   E: ep_mutex.  M: ep->mtx.  L: ep->lock.  I: fixed once made.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_EPOLL_ITEM_H
#define VELLUM_FS_EPOLL_ITEM_H

#include "fs/epoll.h"
#include "fs/poll.h"
#include "include/uapi/epoll.h"
#include "lib/rbtree.h"

#define EP_PRIVATE_BITS	(EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)	/* not of what is waited for */

struct eventpoll {
	struct mutex mtx;		/* rank vfs, inside ep_mutex */
	spinlock_t lock;		/* irqs off: taken in wake-ups */
	wait_queue_head_t wq;		/* epoll_wait() sleepers */
	wait_queue_head_t poll_wait;	/* those who poll the epoll file */
	struct list_head ready;		/* (L) epitem.ready_link */
	bool scanned;			/* (L, M) somebody has taken items off the list to look at them */
	u64 scan;			/* (M) number of the last call that looked */
	struct rb_root items;		/* (E) */
	struct file *file;		/* (I) the epoll's own, which owns us */
	struct user_struct *user;	/* (I) counted: whose watches these are */
	u64 nest_seen;			/* (E) the last walk that came here, and */
	int nest_depth;			/* (E) what it found: levels of epolls below */
};

struct epitem {
	struct rb_node node;		/* (E) */
	struct list_head ready_link;	/* (L) */
	struct list_head file_link;	/* (E) in file->f_ep */
	struct eventpoll *ep;		/* (I) */
	struct file *file;		/* (I) */
	int fd;				/* (I) */
	int error;
	struct epoll_event event;	/* (M) */
	struct ep_listen *listens;
	u64 scan;			/* (M) the call that looked at it last */
	unsigned kept;			/* (M) events that it said once and nobody was told of yet */
};

static inline unsigned ep_item_poll(struct epitem *item, struct poll_table *pt)
{
	return vfs_poll(item->file, pt) & item->event.events;
}

bool ep_mark_ready(struct epitem *item);	/* put it on the ready list; false: it was there */
bool ep_any_ready(struct eventpoll *ep);	/* is one really?  Those that are not leave the list */

/* NULL: it is no epoll. */
struct eventpoll *file_ep(const struct file *f);

/*
 * May the new @item stay, of an epoll that is watched itself, or watching an epoll?
 * => ep_mutex held; 0, -ELOOP, -EINVAL
 */
int ep_nest_check(struct epitem *item);

#endif
