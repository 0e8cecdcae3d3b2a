/*
 * fs/userfaultfd_wait.c - faults that wait for the program that serves them.
 *
 * MODEL     A fault puts itself on the context's list, looks whether its entry still needs filling, lets go of its
 *           lock, and sleeps until the range is woken:
 *
 *               fault_pending --read()--> fault_read --wake_userfault()--> off, waken
 *                     `-----------------wake_userfault()--------------------^
 *
 *           Then the access is made again.  A signal ends the wait of user mode, only a fatal one that of the
 *           kernel: it could not deliver another.
 * INVARIANTS
 *   Q1  No wake-up is lost: the fault is on the list before it looks at its entry, and who fills takes ctx->lock
 *       after the entry is stored; one of the two sees the other.  Who ends the watch of a region does so without
 *       faults in it (vma_start_write()), and wakes afterwards.
 *   Q2  An element is on its waiter's stack: it is reached from the lists only, under ctx->lock, and the waiter
 *       takes it off under that lock before he returns.
 * LOCKING   ctx->lock, below the fault's lock; nothing is held during the sleep.
 * COST      A wait: two context switches.  Waking looks at each that waits in the context.
 * TESTS     test/user/t_userfault.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/userfaultfd.h"
#include "include/uapi/poll.h"
#include "kernel/task/task.h"
#include "lib/string.h"
#include "mm/pt/walk.h"

/* ---- waking ---------------------------------------------------------------------------------- */

static void wake_list(struct list_head *list, unsigned long start, unsigned long len)
{
	struct userfault_wait *w, *next;

	list_for_each_entry_safe(w, next, list, link) {
		if ((w->msg.arg.pagefault.address & PAGE_MASK) - start >= len)
			continue;
		list_del_init(&w->link);
		WRITE_ONCE(w->waken, true);
		wake_up_task(w->task, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE);
	}
}

void wake_userfault(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len)
{
	kick_defer();
	spin_lock(&ctx->lock);
	wake_list(&ctx->fault_pending, start, len);
	wake_list(&ctx->fault_read, start, len);
	spin_unlock(&ctx->lock);
	kick_flush();
}

void userfaultfd_wake_all(struct userfaultfd_ctx *ctx)
{
	struct userfault_event *ev;

	wake_userfault(ctx, 0, ~0ul);
	spin_lock(&ctx->lock);
	list_for_each_entry(ev, &ctx->events, link)
		wake_up_task(ev->task, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE);
	spin_unlock(&ctx->lock);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* What a fault is answered with that may not wait, or need not; 0: it waits. */
static unsigned answer_at_once(const struct userfaultfd_ctx *ctx, unsigned flags)
{
	if (current_base()->flags & PF_EXITING || READ_ONCE(ctx->features) & UFFD_FEATURE_SIGBUS)
		return VM_FAULT_SIGBUS;
	if (!(flags & FAULT_FLAG_USER) && ctx->flags & UFFD_USER_MODE_ONLY)
		return VM_FAULT_SIGBUS;
	if (!(flags & FAULT_FLAG_ALLOW_RETRY))
		return VM_FAULT_SIGBUS;
	if (READ_ONCE(ctx->released))
		return VM_FAULT_NOPAGE;		/* the watch ends at this moment: again, then without it */
	return flags & FAULT_FLAG_RETRY_NOWAIT ? VM_FAULT_RETRY : 0;
}

static struct uffd_msg fault_msg(const struct userfaultfd_ctx *ctx, const struct vm_fault *vmf, unsigned long reason)
{
	unsigned features = READ_ONCE(ctx->features);
	struct uffd_msg msg;

	memset(&msg, 0, sizeof(msg));	/* it goes to a program, padding and all */
	msg.event = UFFD_EVENT_PAGEFAULT;
	msg.arg.pagefault.address = features & UFFD_FEATURE_EXACT_ADDRESS ? vmf->real_address : vmf->address;
	if (vmf->flags & FAULT_FLAG_WRITE)
		msg.arg.pagefault.flags |= UFFD_PAGEFAULT_FLAG_WRITE;
	if (reason == VM_UFFD_WP)
		msg.arg.pagefault.flags |= UFFD_PAGEFAULT_FLAG_WP;
	if (reason == VM_UFFD_MINOR)
		msg.arg.pagefault.flags |= UFFD_PAGEFAULT_FLAG_MINOR;
	if (features & UFFD_FEATURE_THREAD_ID)
		msg.arg.pagefault.ptid = current->pid;
	return msg;
}

/* Is the entry such that somebody has to do something about it first?  => the fault's lock held */
static bool must_wait(const struct vm_fault *vmf, unsigned long reason)
{
	pte_t *ptep = pt_lookup(vmf->vma->vm_mm, vmf->address), pte;

	if (!ptep)
		return true;
	pte = pte_load(ptep);
	if (pte_none(pte) || pte_marker_uffd_wp(pte))
		return true;
	return reason == VM_UFFD_WP && pte_present(pte) && pte_uffd_wp(pte);	/* not: on its way; come again */
}

static void sleep_until_woken(struct userfaultfd_ctx *ctx, struct userfault_wait *w, int state)
{
	for (;;) {
		set_current_state(state);
		if (READ_ONCE(w->waken) || READ_ONCE(ctx->released) || fatal_signal_pending() ||
		    (state == TASK_INTERRUPTIBLE && signal_pending()))
			break;
		schedule();
	}
	set_current_state(TASK_RUNNING);
}

unsigned handle_userfault(struct vm_fault *vmf, unsigned long reason)
{
	struct userfaultfd_ctx *ctx = vmf->vma->vm_userfaultfd_ctx;
	int state = vmf->flags & FAULT_FLAG_USER ? TASK_INTERRUPTIBLE : TASK_KILLABLE;
	struct userfault_wait w = { .task = current_base() };
	unsigned rc = answer_at_once(ctx, vmf->flags);
	bool wait;

	INV(F1, ctx);
	if (rc)
		return rc;
	w.msg = fault_msg(ctx, vmf, reason);
	userfaultfd_ctx_get(ctx);
	spin_lock(&ctx->lock);
	list_add_tail(&w.link, &ctx->fault_pending);
	spin_unlock(&ctx->lock);
	wait = must_wait(vmf, reason);		/* Q1 */
	vmf_drop_lock(vmf);
	if (wait) {
		wake_up_poll(&ctx->fd_wqh, EPOLLIN);
		sleep_until_woken(ctx, &w, state);
	}
	spin_lock(&ctx->lock);		/* Q2 */
	list_del_init(&w.link);
	spin_unlock(&ctx->lock);
	userfaultfd_ctx_put(ctx);
	return VM_FAULT_RETRY;
}
