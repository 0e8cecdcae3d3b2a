/*
 * fs/epoll.c - epoll(7): interest in many files, and a list of those that may be ready.
 *
 * MODEL     An item is the interest of one epoll in one (file, descriptor).  It listens on the queues that
 *           the file's poll() names; a wake-up puts the item on the ready list.  epoll_wait() asks the
 *           items on that list what holds now, and reports it.  A level-triggered item that was ready
 *           goes back on the list, to be asked again by the next call.
 *           Reporting and waiting: fs/epoll_wait.c.
 * INVARIANTS
 *   E1  An item is in ep->items and in file->f_ep from its making to its removal.
 *   E2  An item holds no reference to its file: closing the file removes the item.
 * LOCKING   ep_mutex (all epolls): items come and go, f_ep.  ep->mtx inside: reporting.  ep->lock (spin, irqs
 *           off, taken in wake-ups): the ready list.  Epolls watch epolls: fs/epoll_nest.c says how deep.
 * FAILURE   Memory that items take is limited per user: max_user_watches.
 * TESTS     test/user/t_epoll.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/epoll_item.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/proc/proc.h"
#include "fs/seq_file.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/task/cred.h"
#include "mm/phys/zone.h"
#include "mm/slab/slab.h"

#define EPOLLEXCLUSIVE_OK_BITS	(EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM | EPOLLERR | EPOLLHUP | \
				 EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define EP_ITEM_COST	(sizeof(struct epitem) + sizeof(struct ep_listen))

struct ep_listen {			/* an item on one wait queue */
	struct wait_queue_entry wait;
	wait_queue_head_t *q;
	struct epitem *item;
	struct ep_listen *next;
};

struct ep_poll_table { struct poll_table pt; struct epitem *item; };

static DEFINE_MUTEX(ep_mutex, RANK_VFS);
static unsigned long max_user_watches;		/* items of one user's epolls */
static struct kmem_cache *item_cache, *listen_cache;
static const struct file_operations eventpoll_fops;

struct eventpoll *file_ep(const struct file *f)
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

bool ep_mark_ready(struct epitem *item)
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

/* Of an exclusive item: is somebody waiting for what @key tells? */
static bool ep_takes(const struct epitem *item, unsigned want, unsigned long key)
{
	unsigned dir = key & (EPOLLIN | EPOLLOUT);

	if (!waitqueue_active(&item->ep->wq))
		return false;
	return dir == EPOLLIN ? want & EPOLLIN : dir == EPOLLOUT ? want & EPOLLOUT : !dir;
}

static bool ep_wakeup(struct wait_queue_entry *w, unsigned long key)
{
	struct epitem *item = container_of(w, struct ep_listen, wait)->item;
	unsigned want = READ_ONCE(item->event.events);
	bool taken = !(want & EPOLLEXCLUSIVE);

	if (!(want & ~EP_PRIVATE_BITS))		/* spent EPOLLONESHOT */
		return taken;
	if (key && !(key & want))
		return taken;
	ep_mark_ready(item);
	taken = taken || ep_takes(item, want, key);
	ep_wake(item->ep);
	return taken;
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
	if (item->event.events & EPOLLEXCLUSIVE)
		add_wait_queue_exclusive(q, &l->wait);
	else
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
	atomic_long_sub(1, &ep->user->epoll_watches);
	kmem_cache_free(item_cache, item);
}

void eventpoll_release(struct file *f)
{
	mutex_lock(&ep_mutex);
	while (!list_empty(&f->f_ep)) {		/* E2 */
		ep_remove(list_first_entry(&f->f_ep, struct epitem, file_link));
		cond_resched();
	}
	mutex_unlock(&ep_mutex);
}

static struct epitem *ep_new_item(struct eventpoll *ep, const struct epoll_event *ev, struct file *f, int fd)
{
	struct epitem *item = kmem_cache_zalloc(item_cache, GFP_KERNEL);

	if (!item)
		return NULL;
	INIT_LIST_HEAD(&item->ready_link);
	item->ep = ep;
	item->file = f;
	item->fd = fd;
	item->event = *ev;
	return item;
}

/* => ep_mutex */
static int ep_insert(struct eventpoll *ep, const struct epoll_event *ev, struct file *f, int fd)
{
	struct ep_poll_table ept = { .pt.queue = ep_queue };
	struct epitem *item;
	unsigned ready;
	int rc;

	if ((unsigned long)atomic_long_read(&ep->user->epoll_watches) >= max_user_watches)
		return -ENOSPC;
	ept.item = item = ep_new_item(ep, ev, f, fd);
	if (!item)
		return -ENOMEM;
	atomic_long_add(1, &ep->user->epoll_watches);
	ep_link(ep, item);		/* E1 */
	list_add_tail(&item->file_link, &f->f_ep);
	rc = ep_nest_check(item);
	if (rc)
		goto undo;
	ready = ep_item_poll(item, &ept.pt);
	rc = item->error;
	if (rc)
		goto undo;
	if (ready) {
		ep_mark_ready(item);
		ep_wake(ep);
	}
	return 0;
undo:
	ep_remove(item);
	return rc;
}

static int ep_modify(struct epitem *item, const struct epoll_event *ev)
{
	if (item->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	mutex_lock(&item->ep->mtx);
	item->event = *ev;
	mutex_unlock(&item->ep->mtx);
	smp_mb();	/* pairs with ep_wakeup(): new events before the look at the file */
	if (ep_item_poll(item, NULL)) {
		ep_mark_ready(item);
		ep_wake(item->ep);
	}
	return 0;
}

static int ep_ctl_locked(struct eventpoll *ep, int op, struct file *f, int fd, struct epoll_event *ev)
{
	struct epitem *item = ep_find(ep, f, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		if (item)
			return -EEXIST;
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

/* ---- the epoll file -------------------------------------------------------------------------- */

static unsigned ep_poll(struct file *f, struct poll_table *pt)
{
	struct eventpoll *ep = f->private_data;

	poll_wait(f, &ep->poll_wait, pt);
	return ep_any_ready(ep) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void ep_release(__maybe_unused struct inode *inode, struct file *f)
{
	struct eventpoll *ep = f->private_data;
	struct rb_node *n;

	mutex_lock(&ep_mutex);
	while ((n = rb_first(&ep->items))) {
		ep_remove(rb_entry(n, struct epitem, node));
		cond_resched();
	}
	mutex_unlock(&ep_mutex);
	free_uid(ep->user);
	kfree(ep);
}

/* One line for each item, of which ep_mutex keeps the files alive. */
static void ep_show_fdinfo(struct seq_file *m, struct file *f)
{
	struct eventpoll *ep = f->private_data;

	mutex_lock(&ep_mutex);
	for (struct rb_node *n = rb_first(&ep->items); n && !seq_has_overflowed(m); n = rb_next(n)) {
		const struct epitem *i = rb_entry(n, struct epitem, node);
		const struct inode *inode = i->file->f_inode;

		seq_printf(m, "tfd: %8d events: %8x data: %16llx  pos:%lli ino:%lx sdev:%x\n", i->fd,
			   i->event.events, (unsigned long long)i->event.data, (long long)i->file->f_pos,
			   (unsigned long)inode->i_ino, (unsigned)inode->i_sb->s_dev);
		cond_resched();
	}
	mutex_unlock(&ep_mutex);
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
	.show_fdinfo = ep_show_fdinfo,
};

static struct eventpoll *ep_alloc(void)
{
	struct eventpoll *ep = kzalloc(sizeof(*ep), GFP_KERNEL);

	if (!ep)
		return NULL;
	mutex_init(&ep->mtx, RANK_VFS);
	spin_lock_init(&ep->lock, RANK_NONE);	/* taken inside the queues that it listens on */
	init_waitqueue_head(&ep->wq);
	init_waitqueue_head(&ep->poll_wait);
	ep->wq.lock.rank = ep->poll_wait.lock.rank = RANK_NONE;
	INIT_LIST_HEAD(&ep->ready);
	ep->user = get_uid(current_cred()->user);
	return ep;
}

SYSCALL_DEFINE1(epoll_create1, int, flags)
{
	struct eventpoll *ep;
	struct file *f;
	int fd;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = ep_alloc();
	if (!ep)
		return -ENOMEM;
	fd = get_unused_fd_flags(O_RDWR | (flags & O_CLOEXEC));
	if (fd < 0)
		goto undo_ep;
	f = anon_inode_getfile("[eventpoll]", &eventpoll_fops, ep, O_RDWR | (flags & O_CLOEXEC));
	if (IS_ERR(f)) {
		put_unused_fd(fd);
		fd = PTR_ERR(f);
		goto undo_ep;
	}
	ep->file = f;
	fd_install(fd, f);
	return fd;
undo_ep:
	free_uid(ep->user);
	kfree(ep);
	return fd;
}

static const struct ctl_table epoll_table[] = {
	{ .name = "max_user_watches", .data = &max_user_watches, .maxlen = sizeof(long), .mode = 0644,
	  .handler = proc_doulongvec },
};

void __init epoll_init(void)
{
	item_cache = kmem_cache_create("eventpoll_epi", sizeof(struct epitem), 0, SLAB_PANIC, NULL);
	listen_cache = kmem_cache_create("eventpoll_pwq", sizeof(struct ep_listen), 0, SLAB_PANIC, NULL);
	max_user_watches = (totalram_pages() / 25 << PAGE_SHIFT) / EP_ITEM_COST;	/* 4 % of memory */
}

void __init epoll_sysctl_init(void)
{
	(void)register_sysctl("fs/epoll", epoll_table, ARRAY_SIZE(epoll_table));
}

struct file *epoll_target(struct file *f, int fd, unsigned long nth)
{
	struct eventpoll *ep = file_ep(f);
	struct file *found = NULL;

	if (!ep)
		return ERR_PTR(-EINVAL);
	mutex_lock(&ep_mutex);
	for (struct rb_node *n = rb_first(&ep->items); n && !found; n = rb_next(n)) {
		struct epitem *item = rb_entry(n, struct epitem, node);

		if (item->fd == fd && !nth--)
			found = item->file;
	}
	mutex_unlock(&ep_mutex);
	return found ? found : ERR_PTR(-ENOENT);
}
