/*
 * fs/epoll.c - epoll(7): interest in many files, and a list of those that may be ready.
 *
 * MODEL     An item is the interest of one epoll in one (file, descriptor).  It listens on the queues that
 *           the file's poll() names; a wake-up puts the item on the ready list.  epoll_wait() asks the
 *           items on that list what holds now, and reports it.  A level-triggered item that was ready
 *           goes back on the list, to be asked again by the next call.
 *           While somebody has items in his hands (`scanned`) the list may be empty for that reason only.
 * INVARIANTS
 *   E1  An item is in ep->items and in file->f_ep from its making to its removal.
 *   E2  An item holds no reference to its file: closing the file removes the item.
 *   E3  Whoever leaves the ready list not empty wakes one who waits for it; who was woken, or finds `scanned`
 *       set, looks before he returns.  So a wake-up is never spent on one who does not look.
 *   E4  No user memory is waited for under ep->mtx: closing a file anywhere takes it.
 * LOCKING   ep_mutex (all epolls): items come and go, f_ep.  ep->mtx inside: reporting.  ep->lock (spin, irqs
 *           off, taken in wake-ups): the ready list.  Epolls watch epolls: fs/epoll_nest.c says how deep.
 * FAILURE   Memory that items take is limited per user: max_user_watches.  What could not be copied to the
 *           caller stays at the head of the list.
 * TESTS     test/user/t_epoll.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/epoll_item.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/poll.h"
#include "fs/proc/proc.h"
#include "fs/seq_file.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/time.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/time/hrtimer.h"
#include "mm/fault/fault.h"
#include "mm/phys/zone.h"
#include "mm/slab/slab.h"

#define EPOLLEXCLUSIVE_OK_BITS	(EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM | EPOLLERR | EPOLLHUP | \
				 EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define EP_PRIVATE_BITS	(EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EP_MAX_EVENTS	(INT32_MAX / (int)sizeof(struct epoll_event))
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

static unsigned item_poll(struct epitem *item, struct poll_table *pt)
{
	return vfs_poll(item->file, pt) & item->event.events;
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
	ready = item_poll(item, &ept.pt);
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
	if (item_poll(item, NULL)) {
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

/* ---- waiting --------------------------------------------------------------------------------- */

/* Is there anything to look at, on the list or in somebody's hands? */
static bool ep_available(struct eventpoll *ep)
{
	unsigned long flags;
	bool some;

	if (!list_empty(&ep->ready))
		return true;
	spin_lock_irqsave(&ep->lock, flags);
	some = !list_empty(&ep->ready) || ep->scanned;
	spin_unlock_irqrestore(&ep->lock, flags);
	return some;
}

/* => ep->mtx */
static struct epitem *ep_pop(struct eventpoll *ep)
{
	struct epitem *item;
	unsigned long flags;

	spin_lock_irqsave(&ep->lock, flags);
	item = list_first_entry_or_null(&ep->ready, struct epitem, ready_link);
	if (item) {
		list_del_init(&item->ready_link);
		ep->scanned = true;
	}
	spin_unlock_irqrestore(&ep->lock, flags);
	return item;
}

/* Put a popped @item back in front.  => ep->mtx */
static void ep_unpop(struct epitem *item)
{
	struct eventpoll *ep = item->ep;
	unsigned long flags;

	spin_lock_irqsave(&ep->lock, flags);
	if (list_empty(&item->ready_link))
		list_add(&item->ready_link, &ep->ready);
	spin_unlock_irqrestore(&ep->lock, flags);
}

/* What was popped is on the list again, or was dropped.  => ep->mtx, which this drops */
static void ep_scan_end(struct eventpoll *ep) RELEASE(ep->mtx)
{
	unsigned long flags;
	bool some;

	spin_lock_irqsave(&ep->lock, flags);
	ep->scanned = false;
	some = !list_empty(&ep->ready);
	spin_unlock_irqrestore(&ep->lock, flags);
	mutex_unlock(&ep->mtx);
	if (some && waitqueue_active(&ep->wq))
		wake_up(&ep->wq);		/* E3 */
}

/* => false: the page is not there (E4) */
static bool ep_put_event(struct epoll_event __user *uev, const struct epoll_event *ev)
{
	unsigned long left;

	pagefault_disable();
	left = copy_to_user(uev, ev, sizeof(*ev));
	pagefault_enable();
	return !left;
}

/* Tell of @item, if it is ready.  => 1: told; 0: not ready; -EFAULT: @uev's page has to come first */
static int ep_report(struct epitem *item, struct epoll_event __user *uev)
{
	struct epoll_event ev = { item_poll(item, NULL), item->event.data };

	if (!ev.events)
		return 0;
	if (!ep_put_event(uev, &ev)) {
		item->scan = 0;
		return -EFAULT;
	}
	if (item->event.events & EPOLLONESHOT)
		WRITE_ONCE(item->event.events, item->event.events & EP_PRIVATE_BITS);
	else if (!(item->event.events & EPOLLET))
		ep_mark_ready(item);
	return 1;
}

/* The next item to look at in the call that has the number @scan, none twice; NULL when we came round. */
static struct epitem *ep_next(struct eventpoll *ep, u64 scan)
{
	struct epitem *item = ep_pop(ep);

	if (item && item->scan == scan) {
		ep_unpop(item);
		return NULL;
	}
	if (item)
		item->scan = scan;
	return item;
}

/* Report up to @max ready items.  *@scan numbers the call, 0 at its begin.  => how many, or -EFAULT */
static int ep_scan(struct eventpoll *ep, struct epoll_event __user *uev, int max, u64 *scan)
{
	struct epitem *item;
	int n = 0, rc = 0;

	mutex_lock(&ep->mtx);
	if (!*scan)
		*scan = ++ep->scan;
	while (n < max && (item = ep_next(ep, *scan))) {
		rc = ep_report(item, &uev[n]);
		if (rc < 0) {
			ep_unpop(item);
			break;
		}
		n += rc;
		cond_resched();
	}
	ep_scan_end(ep);
	return n ? n : min(rc, 0);
}

/* Make the memory of one event writable.  0, -EFAULT, -EINTR */
static int ep_fault_in(struct epoll_event __user *uev)
{
	unsigned long at = (unsigned long)uev;
	unsigned nr = ((at + sizeof(*uev) - 1) >> PAGE_SHIFT) - (at >> PAGE_SHIFT) + 1;
	struct page *page[2];
	long got = get_user_pages_fast(at, nr, FOLL_WRITE, page);

	for (long i = 0; i < got; i++)
		put_page(page[i]);
	if (got == nr)
		return 0;
	return got < 0 ? got : -EFAULT;
}

/* => events reported, or -errno with none */
static int ep_send_events(struct eventpoll *ep, struct epoll_event __user *uev, int max)
{
	u64 scan = 0;
	int n = 0;

	for (;;) {
		int rc = ep_scan(ep, uev + n, max - n, &scan);

		if (rc >= 0)
			n += rc;
		if (rc >= 0 && (!rc || n == max))
			return n;
		if (rc == -EFAULT)
			rc = ep_fault_in(uev + n);
		if (rc < 0)
			return n ? n : rc;
	}
}

/* Sleep until something is on the ready list.  => true: maybe; false: time is up */
static bool ep_sleep(struct eventpoll *ep, const ktime_t *deadline)
{
	bool some = true;
	DEFINE_WAIT(w);

	prepare_to_wait_exclusive(&ep->wq, &w, TASK_INTERRUPTIBLE);
	if (!ep_available(ep))
		some = schedule_hrtimeout(deadline, HRTIMER_MODE_ABS);
	finish_wait(&ep->wq, &w);
	return some;
}

static int ep_wait(struct eventpoll *ep, struct epoll_event __user *uev, int max, const ktime_t *deadline, bool now)
{
	for (;;) {
		int rc = ep_available(ep) ? ep_send_events(ep, uev, max) : 0;

		if (rc || now)
			return rc;
		if (signal_pending())	/* before we can be woken: E3 */
			return -EINTR;
		now = !ep_sleep(ep, deadline);		/* time is up: one last look */
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
	u64 scan;

	poll_wait(f, &ep->poll_wait, pt);
	if (!ep_available(ep))
		return 0;
	mutex_lock(&ep->mtx);
	scan = ++ep->scan;
	while (!mask && (item = ep_next(ep, scan))) {
		if (item_poll(item, NULL)) {
			ep_unpop(item);
			mask = EPOLLIN | EPOLLRDNORM;
		}
		cond_resched();
	}
	ep_scan_end(ep);
	return mask;
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
