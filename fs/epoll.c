/*
 * fs/epoll.c - epoll(7): interest in many files, and a list of those that may be ready.
 *
 * MODEL     An item is the interest of one epoll in one (file, descriptor).  It listens on the queues that
 *           the file's poll() names; a wake-up puts the item on the ready list.  epoll_wait() asks the
 *           items on that list what holds now, and reports it.  A level-triggered item that was ready
 *           goes back on the list, to be asked again by the next call.
 * INVARIANTS
 *   E1  An item is in ep->items and in file->f_ep from its making to its removal.
 *   E2  An item holds no reference to its file: closing the file removes the item.
 *   E3  Epolls watching epolls form no circle and no chain longer than EP_MAX_NESTS.
 * LOCKING   ep_mutex (all epolls): items come and go, f_ep.  ep->mtx inside: reporting.  ep->lock (spin, irqs
 *           off, taken in wake-ups): the ready list.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/epoll.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/poll.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/epoll.h"
#include "include/uapi/time.h"
#include "kernel/signal/signal.h"
#include "kernel/time/hrtimer.h"
#include "lib/rbtree.h"
#include "mm/slab/slab.h"

#define EP_MAX_NESTS	4
#define EPOLLEXCLUSIVE_OK_BITS	(EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM | EPOLLERR | EPOLLHUP | \
				 EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define EP_PRIVATE_BITS	(EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EP_MAX_EVENTS	(INT32_MAX / (int)sizeof(struct epoll_event))

struct eventpoll {
	struct mutex mtx;
	spinlock_t lock;
	wait_queue_head_t wq;		/* epoll_wait() sleepers */
	wait_queue_head_t poll_wait;	/* those who poll the epoll file */
	struct list_head ready;		/* (lock) epitem.ready_link */
	struct rb_root items;		/* (ep_mutex) */
};

struct ep_listen {			/* an item on one wait queue */
	struct wait_queue_entry wait;
	wait_queue_head_t *q;
	struct epitem *item;
	struct ep_listen *next;
};

struct epitem {
	struct rb_node node;
	struct list_head ready_link;	/* (ep->lock) */
	struct list_head file_link;	/* (ep_mutex) in file->f_ep */
	struct eventpoll *ep;
	struct file *file;
	int fd;
	struct epoll_event event;	/* (ep->mtx) */
	struct ep_listen *listens;
	int error;
};

struct ep_poll_table { struct poll_table pt; struct epitem *item; };

static DEFINE_MUTEX(ep_mutex, RANK_VFS);
static struct kmem_cache *item_cache, *listen_cache;
static const struct file_operations eventpoll_fops;

static inline struct eventpoll *file_ep(struct file *f)
{
	return f->f_op == &eventpoll_fops ? f->private_data : NULL;
}

/* ---- items ----------------------------------------------------------------------------------- */

static int item_cmp(struct file *f, int fd, const struct epitem *i)
{
	if (f != i->file)
		return f < i->file ? -1 : 1;
	return fd < i->fd ? -1 : fd > i->fd;
}

static struct epitem *ep_find(struct eventpoll *ep, struct file *f, int fd)
{
	struct rb_node *n = ep->items.rb_node;

	while (n) {
		struct epitem *i = rb_entry(n, struct epitem, node);
		int c = item_cmp(f, fd, i);

		if (!c)
			return i;
		n = c < 0 ? n->rb_left : n->rb_right;
	}
	return NULL;
}

static void ep_link(struct eventpoll *ep, struct epitem *item)
{
	struct rb_node **p = &ep->items.rb_node, *parent = NULL;

	while (*p) {
		parent = *p;
		p = item_cmp(item->file, item->fd, rb_entry(parent, struct epitem, node)) < 0 ?
			&parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&item->node, parent, p);
	rb_insert_color(&item->node, &ep->items);
}

static void ep_wake(struct eventpoll *ep)
{
	if (waitqueue_active(&ep->wq))
		wake_up(&ep->wq);
	if (waitqueue_active(&ep->poll_wait))
		wake_up_poll(&ep->poll_wait, EPOLLIN | EPOLLRDNORM);
}

/* Put @item on the ready list.  => false: it was there */
static bool ep_mark_ready(struct epitem *item)
{
	struct eventpoll *ep = item->ep;
	unsigned long flags;
	bool fresh;

	spin_lock_irqsave(&ep->lock, flags);
	fresh = list_empty(&item->ready_link);
	if (fresh)
		list_add_tail(&item->ready_link, &ep->ready);
	spin_unlock_irqrestore(&ep->lock, flags);
	return fresh;
}

static bool ep_wakeup(struct wait_queue_entry *w, unsigned long key)
{
	struct epitem *item = container_of(w, struct ep_listen, wait)->item;
	unsigned want = READ_ONCE(item->event.events);

	if (!(want & ~EP_PRIVATE_BITS))		/* spent EPOLLONESHOT */
		return false;
	if (key && !(key & want))
		return false;
	ep_mark_ready(item);
	ep_wake(item->ep);
	return true;
}

static void ep_queue(__maybe_unused struct file *f, wait_queue_head_t *q, struct poll_table *pt)
{
	struct epitem *item = container_of(pt, struct ep_poll_table, pt)->item;
	struct ep_listen *l = kmem_cache_alloc(listen_cache, GFP_KERNEL);

	if (!l) {
		item->error = -ENOMEM;
		return;
	}
	l->wait = (struct wait_queue_entry){ .task = current_base(), .func = ep_wakeup };
	INIT_LIST_HEAD(&l->wait.link);
	l->q = q;
	l->item = item;
	l->next = item->listens;
	item->listens = l;
	add_wait_queue(q, &l->wait);
}

/* => ep_mutex */
static void ep_remove(struct epitem *item)
{
	struct eventpoll *ep = item->ep;
	unsigned long flags;

	mutex_lock(&ep->mtx);		/* nobody is reporting it */
	for (struct ep_listen *l = item->listens, *next; l; l = next) {
		next = l->next;
		remove_wait_queue(l->q, &l->wait);
		kmem_cache_free(listen_cache, l);
	}
	rb_erase(&item->node, &ep->items);	/* E1 */
	list_del(&item->file_link);
	spin_lock_irqsave(&ep->lock, flags);
	list_del_init(&item->ready_link);
	spin_unlock_irqrestore(&ep->lock, flags);
	mutex_unlock(&ep->mtx);
	kmem_cache_free(item_cache, item);
}

void eventpoll_release(struct file *f)
{
	mutex_lock(&ep_mutex);
	while (!list_empty(&f->f_ep))		/* E2 */
		ep_remove(list_first_entry(&f->f_ep, struct epitem, file_link));
	mutex_unlock(&ep_mutex);
}

static unsigned item_poll(struct epitem *item, struct poll_table *pt)
{
	return vfs_poll(item->file, pt) & item->event.events;
}

/* => ep_mutex */
static int ep_insert(struct eventpoll *ep, const struct epoll_event *ev, struct file *f, int fd)
{
	struct epitem *item = kmem_cache_zalloc(item_cache, GFP_KERNEL);
	struct ep_poll_table ept = { .pt.queue = ep_queue, .item = item };
	unsigned ready;

	if (!item)
		return -ENOMEM;
	INIT_LIST_HEAD(&item->ready_link);
	item->ep = ep;
	item->file = f;
	item->fd = fd;
	item->event = *ev;
	ep_link(ep, item);		/* E1 */
	list_add_tail(&item->file_link, &f->f_ep);
	ready = item_poll(item, &ept.pt);
	if (item->error) {
		ep_remove(item);
		return -ENOMEM;
	}
	if (ready) {
		ep_mark_ready(item);
		ep_wake(ep);
	}
	return 0;
}

static int ep_modify(struct epitem *item, const struct epoll_event *ev)
{
	if (item->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	mutex_lock(&item->ep->mtx);
	item->event = *ev;
	mutex_unlock(&item->ep->mtx);
	smp_mb();	/* pairs with ep_wakeup(): new events before the look at the file */
	if (item_poll(item, NULL)) {
		ep_mark_ready(item);
		ep_wake(item->ep);
	}
	return 0;
}

/* E3: how deep epolls nest below @ep; more than EP_MAX_NESTS if @target is among them.  => ep_mutex */
static int nest_depth(struct eventpoll *ep, struct eventpoll *target, int depth)
{
	int deepest = depth;

	if (ep == target || depth > EP_MAX_NESTS)
		return EP_MAX_NESTS + 1;
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		struct eventpoll *sub = file_ep(rb_entry(n, struct epitem, node)->file);

		if (sub)
			deepest = max(deepest, nest_depth(sub, target, depth + 1));
	}
	return deepest;
}

static int ep_ctl_locked(struct eventpoll *ep, int op, struct file *f, int fd, struct epoll_event *ev)
{
	struct epitem *item = ep_find(ep, f, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		if (item)
			return -EEXIST;
		if (file_ep(f) && nest_depth(file_ep(f), ep, 1) > EP_MAX_NESTS)
			return -ELOOP;
		ev->events |= EPOLLERR | EPOLLHUP;
		return ep_insert(ep, ev, f, fd);
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		ep_remove(item);
		return 0;
	case EPOLL_CTL_MOD:
		if (!item)
			return -ENOENT;
		ev->events |= EPOLLERR | EPOLLHUP;
		return ep_modify(item, ev);
	}
	return -EINVAL;
}

static int ep_ctl(struct file *epf, int op, struct file *f, int fd, struct epoll_event *ev)
{
	struct eventpoll *ep = file_ep(epf);
	int rc;

	if (!f->f_op->poll)
		return -EPERM;
	if (!ep || epf == f)
		return -EINVAL;
	if (ev->events & EPOLLEXCLUSIVE) {
		if (op == EPOLL_CTL_MOD ||
		    (op == EPOLL_CTL_ADD && (file_ep(f) || (ev->events & ~EPOLLEXCLUSIVE_OK_BITS))))
			return -EINVAL;
	}
	mutex_lock(&ep_mutex);
	rc = ep_ctl_locked(ep, op, f, fd, ev);
	mutex_unlock(&ep_mutex);
	return rc;
}

SYSCALL_DEFINE4(epoll_ctl, int, epfd, int, op, int, fd, struct epoll_event __user *, uev)
{
	struct epoll_event ev = { 0, 0 };
	struct fd e, f;
	int rc = -EBADF;

	if (op != EPOLL_CTL_DEL && copy_from_user(&ev, uev, sizeof(ev)))
		return -EFAULT;
	e = fdget(epfd);
	if (!e.file)
		return -EBADF;
	f = fdget(fd);
	if (f.file) {
		rc = ep_ctl(e.file, op, f.file, fd, &ev);
		fdput(f);
	}
	fdput(e);
	return rc;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static struct epitem *ep_pop(struct eventpoll *ep, struct list_head *from)
{
	struct epitem *item;
	unsigned long flags;

	spin_lock_irqsave(&ep->lock, flags);
	item = list_first_entry_or_null(from, struct epitem, ready_link);
	if (item)
		list_del_init(&item->ready_link);
	spin_unlock_irqrestore(&ep->lock, flags);
	return item;
}

/* Report up to @max ready items.  => how many, or -EFAULT with none */
static int ep_send_events(struct eventpoll *ep, struct epoll_event __user *uev, int max)
{
	LIST_HEAD(again);
	struct epitem *item;
	unsigned long flags;
	int n = 0, rc = 0;

	mutex_lock(&ep->mtx);
	while (n < max && (item = ep_pop(ep, &ep->ready))) {
		struct epoll_event ev = { item_poll(item, NULL), item->event.data };

		if (!ev.events)
			continue;
		if (copy_to_user(&uev[n], &ev, sizeof(ev))) {
			ep_mark_ready(item);
			rc = -EFAULT;
			break;
		}
		n++;
		if (item->event.events & EPOLLONESHOT) {
			item->event.events &= EP_PRIVATE_BITS;
		} else if (!(item->event.events & EPOLLET)) {
			spin_lock_irqsave(&ep->lock, flags);
			if (list_empty(&item->ready_link))
				list_add_tail(&item->ready_link, &again);
			spin_unlock_irqrestore(&ep->lock, flags);
		}
	}
	spin_lock_irqsave(&ep->lock, flags);
	list_splice_tail(&again, &ep->ready);
	spin_unlock_irqrestore(&ep->lock, flags);
	mutex_unlock(&ep->mtx);
	return n ? n : rc;
}

/* Sleep until something is on the ready list.  => 1: maybe; 0: time is up; -EINTR */
static int ep_sleep(struct eventpoll *ep, const ktime_t *deadline)
{
	int rc = 1;
	DEFINE_WAIT(w);

	prepare_to_wait_exclusive(&ep->wq, &w, TASK_INTERRUPTIBLE);
	if (list_empty(&ep->ready)) {
		if (signal_pending())
			rc = -EINTR;
		else if (!schedule_hrtimeout(deadline, HRTIMER_MODE_ABS))
			rc = 0;
	}
	finish_wait(&ep->wq, &w);
	return rc;
}

static int ep_wait(struct eventpoll *ep, struct epoll_event __user *uev, int max, const ktime_t *deadline, bool now)
{
	for (;;) {
		int rc = list_empty(&ep->ready) ? 0 : ep_send_events(ep, uev, max);

		if (rc || now)
			return rc;
		rc = ep_sleep(ep, deadline);
		if (rc < 0)
			return rc;
		now = !rc;		/* time is up: one last look */
	}
}

static int do_epoll_wait(int epfd, struct epoll_event __user *uev, int max, const ktime_t *deadline, bool now)
{
	struct eventpoll *ep;
	struct fd f;
	int rc;

	if (max <= 0 || max > EP_MAX_EVENTS)
		return -EINVAL;
	if (!access_ok(uev, max * sizeof(*uev)))
		return -EFAULT;
	f = fdget(epfd);
	if (!f.file)
		return -EBADF;
	ep = file_ep(f.file);
	rc = ep ? ep_wait(ep, uev, max, deadline, now) : -EINVAL;
	fdput(f);
	return rc;
}

static int epoll_wait_masked(int epfd, struct epoll_event __user *uev, int max, const ktime_t *deadline, bool now,
			     const sigset_t __user *mask, size_t size)
{
	int rc = set_user_sigmask(mask, size);

	if (rc)
		return rc;
	rc = do_epoll_wait(epfd, uev, max, deadline, now);
	restore_saved_sigmask_unless(rc == -EINTR);
	return rc;
}

SYSCALL_DEFINE6(epoll_pwait, int, epfd, struct epoll_event __user *, uev, int, max, int, timeout,
		const sigset_t __user *, mask, size_t, size)
{
	ktime_t deadline = 0;

	if (timeout > 0)
		deadline = ktime_add_safe(ktime_get(), timeout * NSEC_PER_MSEC);
	return epoll_wait_masked(epfd, uev, max, timeout > 0 ? &deadline : NULL, !timeout, mask, size);
}

SYSCALL_DEFINE6(epoll_pwait2, int, epfd, struct epoll_event __user *, uev, int, max,
		const struct __kernel_timespec __user *, utime, const sigset_t __user *, mask, size_t, size)
{
	ktime_t deadline = 0;
	struct timespec64 ts;
	u64 ns = 1;

	if (utime) {
		if (get_timespec64(&ts, utime))
			return -EFAULT;
		if (!timespec64_valid(&ts))
			return -EINVAL;
		ns = timespec64_to_ktime(ts);
		deadline = ktime_add_safe(ktime_get(), ns);
	}
	return epoll_wait_masked(epfd, uev, max, utime ? &deadline : NULL, !ns, mask, size);
}

/* ---- the epoll file -------------------------------------------------------------------------- */

/* Ready if an item on the list really is; those that are not leave it. */
static unsigned ep_poll(struct file *f, struct poll_table *pt)
{
	struct eventpoll *ep = f->private_data;
	struct epitem *item;
	unsigned mask = 0;

	poll_wait(f, &ep->poll_wait, pt);
	if (list_empty(&ep->ready))
		return 0;
	mutex_lock(&ep->mtx);
	while (!mask && (item = ep_pop(ep, &ep->ready)))
		if (item_poll(item, NULL)) {
			ep_mark_ready(item);
			mask = EPOLLIN | EPOLLRDNORM;
		}
	mutex_unlock(&ep->mtx);
	return mask;
}

static void ep_release(__maybe_unused struct inode *inode, struct file *f)
{
	struct eventpoll *ep = f->private_data;
	struct rb_node *n;

	mutex_lock(&ep_mutex);
	while ((n = rb_first(&ep->items)))
		ep_remove(rb_entry(n, struct epitem, node));
	mutex_unlock(&ep_mutex);
	kfree(ep);
}

/* There are parameters of network polling to ask for, where there is a network. */
static long ep_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	(void)f, (void)cmd, (void)arg;
	return -EINVAL;
}

static const struct file_operations eventpoll_fops = {
	.llseek = noop_llseek,
	.ioctl = ep_ioctl,
	.poll = ep_poll,
	.release = ep_release,
};

SYSCALL_DEFINE1(epoll_create1, int, flags)
{
	struct eventpoll *ep;
	int fd;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->mtx, RANK_VFS);
	spin_lock_init(&ep->lock, RANK_NONE);	/* taken inside the queues that it listens on */
	init_waitqueue_head(&ep->wq);
	init_waitqueue_head(&ep->poll_wait);
	ep->wq.lock.rank = ep->poll_wait.lock.rank = RANK_NONE;
	INIT_LIST_HEAD(&ep->ready);
	fd = anon_inode_getfd("[eventpoll]", &eventpoll_fops, ep, O_RDWR | (flags & O_CLOEXEC));
	if (fd < 0)
		kfree(ep);
	return fd;
}

void __init epoll_init(void)
{
	item_cache = kmem_cache_create("eventpoll_epi", sizeof(struct epitem), 0, SLAB_PANIC, NULL);
	listen_cache = kmem_cache_create("eventpoll_pwq", sizeof(struct ep_listen), 0, SLAB_PANIC, NULL);
}
