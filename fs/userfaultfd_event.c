/*
 * fs/userfaultfd_event.c - what happens to watched regions other than faults, told to who watches them.
 *
 * MODEL     A program that fills another's memory has to know when that forks (the child's regions are a context of
 *           their own), moves regions, or lets go of pages.  Under mmap_lock it is only noted, and mmap_changing goes
 *           up; once no lock is held the task waits until its message was read, and mmap_changing goes down:
 *           fills that were meant for what was before fail in between (EAGAIN).
 *           Who does not ask for an event gets none: then the child's regions, and what was moved, are watched
 *           by nobody.
 * INVARIANTS
 *   Q3  Each note holds a reference of the context, and one count of mmap_changing.
 * LOCKING   As userfaultfd_wait.c; map_changing_lock for writing where mmap_changing goes up.
 * FAILURE   A task that is killed, and a context whose file is closed, do not wait; a child that nobody heard of is
 *           watched by nobody.
 * TESTS     test/user/t_userfault.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/userfaultfd.h"
#include "include/mmap_lock.h"
#include "include/uapi/errno.h"
#include "include/uapi/poll.h"
#include "kernel/task/task.h"
#include "lib/string.h"
#include "mm/slab/slab.h"
#include "mm/space/userfaultfd.h"

/* ---- reading --------------------------------------------------------------------------------- */

/* Its task goes on. */
static void event_heard(struct userfault_event *ev)
{
	list_del_init(&ev->link);
	WRITE_ONCE(ev->heard, true);
	wake_up_task(ev->task, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE);
}

static bool take_event(struct userfaultfd_ctx *ctx, struct userfault_taken *t) REQUIRES(ctx->lock)
{
	struct userfault_event *ev;

	if (list_empty(&ctx->events))
		return false;
	ev = list_first_entry(&ctx->events, struct userfault_event, link);
	t->msg = ev->msg;
	if (!ev->child) {
		event_heard(ev);
		return true;
	}
	t->child = ev->child;
	userfaultfd_ctx_get(t->child);
	list_move_tail(&ev->link, &t->busy);
	return true;
}

bool userfaultfd_take(struct userfaultfd_ctx *ctx, struct userfault_taken *t)
{
	struct userfault_wait *w;
	bool there = true;

	t->child = NULL;
	INIT_LIST_HEAD(&t->busy);
	kick_defer();
	spin_lock(&ctx->lock);
	if (!list_empty(&ctx->fault_pending)) {
		w = list_first_entry(&ctx->fault_pending, struct userfault_wait, link);
		t->msg = w->msg;
		list_move_tail(&w->link, &ctx->fault_read);
	} else {
		there = take_event(ctx, t);
	}
	spin_unlock(&ctx->lock);
	kick_flush();
	return there;
}

void userfaultfd_fork_told(struct userfaultfd_ctx *ctx, struct userfault_taken *t, int rc)
{
	struct userfault_event *ev;

	spin_lock(&ctx->lock);
	if (!list_empty(&t->busy)) {
		ev = list_first_entry(&t->busy, struct userfault_event, link);
		if (rc)
			list_move(&ev->link, &ctx->events);
		else
			event_heard(ev);
	}
	spin_unlock(&ctx->lock);
}

/* ---- telling --------------------------------------------------------------------------------- */

/* Note that @ctx's regions are about to change (Q3).  => mmap_lock held, either way */
static void changing_begin(struct userfaultfd_ctx *ctx)
{
	userfaultfd_ctx_get(ctx);
	down_write(&ctx->map_changing_lock);
	atomic_inc(&ctx->mmap_changing);
	up_write(&ctx->map_changing_lock);
}

static void changing_end(struct userfaultfd_ctx *ctx)
{
	atomic_dec(&ctx->mmap_changing);
	userfaultfd_ctx_put(ctx);
}

static void wait_until_heard(struct userfaultfd_ctx *ctx, struct userfault_event *ev)
{
	spin_lock(&ctx->lock);
	list_add_tail(&ev->link, &ctx->events);
	spin_unlock(&ctx->lock);
	wake_up_poll(&ctx->fd_wqh, EPOLLIN);
	for (;;) {
		set_current_state(TASK_KILLABLE);
		if (READ_ONCE(ev->heard) || READ_ONCE(ctx->released) || fatal_signal_pending())
			break;
		schedule();
	}
	set_current_state(TASK_RUNNING);
	spin_lock(&ctx->lock);
	list_del_init(&ev->link);
	spin_unlock(&ctx->lock);
}

/* Tell, and end what changing_begin() began.  => no lock held */
static void tell(struct userfaultfd_ctx *ctx, struct userfault_event *ev)
{
	ev->task = current_base();
	if (!(current_base()->flags & PF_EXITING))
		wait_until_heard(ctx, ev);
	if (ev->child && !ev->heard)
		userfaultfd_release_all(ev->child);
	changing_end(ctx);
}

static struct userfault_event event_of(unsigned event)
{
	struct userfault_event ev;

	memset(&ev, 0, sizeof(ev));	/* the message goes to a program, padding and all */
	ev.msg.event = event;
	return ev;
}

static void tell_range(struct userfaultfd_ctx *ctx, unsigned event, unsigned long start, unsigned long end)
{
	struct userfault_event ev = event_of(event);

	ev.msg.arg.remove.start = start;
	ev.msg.arg.remove.end = end;
	tell(ctx, &ev);
}

/* ---- fork ------------------------------------------------------------------------------------ */

struct userfaultfd_fork {
	struct list_head link;
	struct userfaultfd_ctx *orig, *child;
};

static struct userfaultfd_fork *fork_of(struct list_head *forks, const struct userfaultfd_ctx *orig)
{
	struct userfaultfd_fork *f;

	list_for_each_entry(f, forks, link)
		if (f->orig == orig)
			return f;
	return NULL;
}

int __dup_userfaultfd(struct vm_area_struct *vma, struct list_head *forks)
{
	struct userfaultfd_ctx *orig = vma->vm_userfaultfd_ctx;
	struct userfaultfd_fork *f = fork_of(forks, orig);

	if (!(orig->features & UFFD_FEATURE_EVENT_FORK)) {
		userfaultfd_reset_vma(vma);
		return 0;
	}
	if (!f) {
		f = kmalloc(sizeof(*f), GFP_KERNEL);
		if (!f)
			return -ENOMEM;
		f->child = userfaultfd_ctx_alloc(vma->vm_mm, orig->flags, orig->features);
		if (!f->child) {
			kfree(f);
			return -ENOMEM;
		}
		f->orig = orig;
		changing_begin(orig);
		list_add_tail(&f->link, forks);
	}
	vma->vm_userfaultfd_ctx = f->child;
	return 0;
}

void __dup_userfaultfd_complete(struct list_head *forks)
{
	struct userfaultfd_fork *f, *next;

	list_for_each_entry_safe(f, next, forks, link) {
		struct userfault_event ev = event_of(UFFD_EVENT_FORK);

		ev.child = f->child;
		tell(f->orig, &ev);
		userfaultfd_ctx_put(f->child);
		list_del(&f->link);
		kfree(f);
	}
}

void __dup_userfaultfd_fail(struct list_head *forks)
{
	struct userfaultfd_fork *f, *next;

	list_for_each_entry_safe(f, next, forks, link) {
		userfaultfd_release_all(f->child);
		userfaultfd_ctx_put(f->child);
		changing_end(f->orig);
		list_del(&f->link);
		kfree(f);
	}
}

/* ---- mremap, madvise, munmap ----------------------------------------------------------------- */

void __mremap_userfaultfd_prep(struct vm_area_struct *vma, struct userfaultfd_remap *r)
{
	struct userfaultfd_ctx *ctx = vma->vm_userfaultfd_ctx;

	changing_begin(ctx);
	r->ctx = ctx;
}

void __mremap_userfaultfd_complete(struct userfaultfd_remap *r, unsigned long from, unsigned long to,
				   unsigned long len)
{
	struct userfault_event ev = event_of(UFFD_EVENT_REMAP);

	if (IS_ERR_VALUE(to)) {
		changing_end(r->ctx);
		return;
	}
	ev.msg.arg.remap.from = from;
	ev.msg.arg.remap.to = to;
	ev.msg.arg.remap.len = len;
	tell(r->ctx, &ev);
}

bool __userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end) NO_LOCK_ANALYSIS
{
	struct userfaultfd_ctx *ctx = vma->vm_userfaultfd_ctx;

	if (!(ctx->features & UFFD_FEATURE_EVENT_REMOVE))
		return true;
	changing_begin(ctx);
	mmap_read_unlock(vma->vm_mm);
	tell_range(ctx, UFFD_EVENT_REMOVE, start, end);
	return false;
}

struct userfaultfd_unmap {
	struct list_head link;
	struct userfaultfd_ctx *ctx;
	unsigned long start, end;
};

static bool is_noted(struct list_head *unmaps, const struct userfaultfd_ctx *ctx, unsigned long start,
		     unsigned long end)
{
	struct userfaultfd_unmap *u;

	list_for_each_entry(u, unmaps, link)
		if (u->ctx == ctx && u->start == start && u->end == end)
			return true;
	return false;
}

int __userfaultfd_unmap_prep(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			     struct list_head *unmaps)
{
	struct userfaultfd_ctx *ctx = vma->vm_userfaultfd_ctx;
	struct userfaultfd_unmap *u;

	if (!(ctx->features & UFFD_FEATURE_EVENT_UNMAP) || is_noted(unmaps, ctx, start, end))
		return 0;
	u = kmalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return -ENOMEM;
	changing_begin(ctx);
	u->ctx = ctx;
	u->start = start;
	u->end = end;
	list_add_tail(&u->link, unmaps);
	return 0;
}

void __userfaultfd_unmap_complete(struct list_head *unmaps)
{
	struct userfaultfd_unmap *u, *next;

	list_for_each_entry_safe(u, next, unmaps, link) {
		tell_range(u->ctx, UFFD_EVENT_UNMAP, u->start, u->end);
		list_del(&u->link);
		kfree(u);
	}
}
