/*
 * fs/epoll_wait.c - epoll_wait(2): what is on the ready list is looked at, told, and waited for.
 *
 * MODEL     A scan takes items off the list one by one and asks their files.  What is not ready stays off; what is
 *           told and level-triggered goes to the list's end, and a scan ends when it comes round.  While somebody
 *           has items in his hands (`scanned`) the list may be empty for that reason only.
 * INVARIANTS
 *   E3  Whoever leaves the ready list not empty wakes one who waits for it; who was woken, or finds `scanned`
 *       set, looks before he returns.  So a wake-up is never spent on one who does not look.
 *   E4  No user memory is waited for under ep->mtx: closing a file anywhere takes it.
 *   E5  What a file says only once is kept until it was told.
 * LOCKING   ep->mtx for a scan, ep->lock for the list.
 * FAILURE   What could not be copied to the caller stays at the head of the list.
 * TESTS     test/user/t_epoll.c, t_bounds.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/epoll_item.h"
#include "fs/fdtable.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/time.h"
#include "kernel/signal/signal.h"
#include "kernel/time/hrtimer.h"
#include "mm/fault/fault.h"
#include "mm/phys/gfp.h"

#define EP_MAX_EVENTS	(INT32_MAX / (int)sizeof(struct epoll_event))

/* ---- scanning -------------------------------------------------------------------------------- */

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

bool ep_any_ready(struct eventpoll *ep)
{
	struct epitem *item;
	bool any = false;
	u64 scan;

	if (!ep_available(ep))
		return false;
	mutex_lock(&ep->mtx);
	scan = ++ep->scan;
	while (!any && (item = ep_next(ep, scan))) {
		any = ep_item_poll(item, NULL);
		if (any)
			ep_unpop(item);
		cond_resched();
	}
	ep_scan_end(ep);
	return any;
}

/* ---- reporting ------------------------------------------------------------------------------- */

/* => false: the page is not there (E4) */
static bool ep_put_event(struct epoll_event __user *uev, const struct epoll_event *ev)
{
	unsigned long left;

	pagefault_disable();
	left = copy_to_user(uev, ev, sizeof(*ev));
	pagefault_enable();
	return !left;
}

/* What a file may say to the first who looks, and not again (/proc/self/mounts). */
#define EP_SAID_ONCE	(EPOLLPRI | EPOLLERR)

/* Tell of @item, if it is ready.  => 1: told; 0: not ready; -EFAULT: @uev's page has to come first */
static int ep_report(struct epitem *item, struct epoll_event __user *uev)
{
	struct epoll_event ev = { ep_item_poll(item, NULL), item->event.data };

	ev.events |= item->kept & item->event.events;
	item->kept = 0;
	if (!ev.events)
		return 0;
	if (!ep_put_event(uev, &ev)) {
		item->kept = ev.events & EP_SAID_ONCE;		/* E5 */
		item->scan = 0;
		return -EFAULT;
	}
	if (item->event.events & EPOLLONESHOT)
		WRITE_ONCE(item->event.events, item->event.events & EP_PRIVATE_BITS);
	else if (!(item->event.events & EPOLLET))
		ep_mark_ready(item);
	return 1;
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

/* ---- waiting --------------------------------------------------------------------------------- */

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
