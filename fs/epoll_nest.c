/*
 * fs/epoll_nest.c - how epolls may watch epolls: no circles, short chains, not too many ways.
 *
 * MODEL     An epoll that watches another is above it.  A wake-up climbs from a file through every epoll
 *           above it, by every way there is, each on the stack of the last; poll() of an epoll climbs down.  So the
 *           chains must be short (the stack) and the ways few (time with interrupts off).  The graph is judged after
 *           the new item is in it; if it does not pass, the caller takes the item out again.
 * INVARIANTS
 *   N1  No epoll is above itself, and no chain of epolls has more than EP_MAX_NESTS links.
 *   N2  From no file do more than path_limit[d] ways lead up through d + 1 epolls.  Linux's numbers: one epoll
 *       above a file is the common case and has no limit.
 * LOCKING   ep_mutex.
 * COST      Nothing where nothing nests.  Otherwise each epoll below is visited once, and counting stops
 *           at the first limit.
 * TESTS     test/user/t_epoll.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/epoll_item.h"
#include "include/uapi/errno.h"
#include "kernel/sync/wait.h"

#define EP_MAX_NESTS	4

static const unsigned path_limit[EP_MAX_NESTS + 1] = { ~0u, 500, 100, 50, 10 };
static u64 nest_walks;			/* (ep_mutex) numbers the walks: who was visited in this one */

/* Links of the longest chain down from @ep; more than EP_MAX_NESTS also for a circle. */
static int depth_below(struct eventpoll *ep, int level)
{
	int deepest = 0;

	if (level > EP_MAX_NESTS)
		return EP_MAX_NESTS + 1;
	if (ep->nest_seen == nest_walks)
		return ep->nest_depth;
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		struct eventpoll *sub = file_ep(rb_entry(n, struct epitem, node)->file);

		if (sub)
			deepest = max(deepest, 1 + depth_below(sub, level + 1));
		if (deepest > EP_MAX_NESTS)
			return deepest;
		cond_resched();
	}
	ep->nest_seen = nest_walks;
	ep->nest_depth = deepest;
	return deepest;
}

/* Links of the longest chain up from @ep, @level links above the walk's start.  => there is no circle */
static int height_above(struct eventpoll *ep, int level)
{
	const struct epitem *i;
	int highest = 0;

	if (ep->nest_seen == nest_walks)
		return ep->nest_depth;
	if (level > EP_MAX_NESTS)
		return 0;		/* its own height counts no more */
	list_for_each_entry(i, &ep->file->f_ep, file_link) {
		highest = max(highest, 1 + height_above(i->ep, level + 1));
		if (level + highest > EP_MAX_NESTS)
			return highest;
		cond_resched();
	}
	ep->nest_seen = nest_walks;
	ep->nest_depth = highest;
	return highest;
}

/* Count the ways that lead up from @f, which has @level epolls below it.  => false: too many (N2) */
static bool ways_allowed(const struct file *f, int level, unsigned *ways)
{
	const struct epitem *i;

	list_for_each_entry(i, &f->f_ep, file_link) {
		if (!list_empty(&i->ep->file->f_ep)) {
			if (level == EP_MAX_NESTS || !ways_allowed(i->ep->file, level + 1, ways))
				return false;
		} else if (++ways[level] > path_limit[level]) {
			return false;
		}
		cond_resched();
	}
	return true;
}

static bool file_ways_allowed(const struct file *f)
{
	unsigned ways[EP_MAX_NESTS + 1] = { 0 };

	return ways_allowed(f, 0, ways);
}

/* N2 for every file below @ep.  Items stand in the order of their files: each file is asked once an epoll. */
static bool ways_allowed_below(struct eventpoll *ep)
{
	const struct file *last = NULL;

	if (ep->nest_seen == nest_walks)
		return true;
	ep->nest_seen = nest_walks;
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		const struct file *f = rb_entry(n, struct epitem, node)->file;

		if (f == last)
			continue;
		last = f;
		if (file_ep(f) ? !ways_allowed_below(file_ep(f)) : !file_ways_allowed(f))
			return false;
		cond_resched();
	}
	return true;
}

int ep_nest_check(struct epitem *item)
{
	struct eventpoll *sub = file_ep(item->file);
	int below;

	if (!sub)		/* one way more of one epoll only: N2 has no limit for that */
		return list_empty(&item->ep->file->f_ep) || file_ways_allowed(item->file) ? 0 : -EINVAL;
	nest_walks++;
	below = 1 + depth_below(sub, 1);
	if (below > EP_MAX_NESTS)
		return -ELOOP;				/* N1 */
	nest_walks++;
	if (below + height_above(item->ep, below) > EP_MAX_NESTS)
		return -ELOOP;				/* N1 */
	nest_walks++;
	return ways_allowed_below(sub) ? 0 : -EINVAL;	/* N2 */
}
