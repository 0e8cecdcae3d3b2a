/*
 * fs/userfaultfd.h - what the files of userfaultfd share.
 *
 * MODEL     userfaultfd.c        contexts and their files: made, read, polled, closed
 *           userfaultfd_ioctl.c  requests
 *           userfaultfd_wait.c   faults that wait
 *           userfaultfd_event.c  fork, mremap, madvise and munmap, which wait until they were heard
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_USERFAULTFD_H
#define VELLUM_FS_USERFAULTFD_H

#include "include/userfaultfd_k.h"

/* A task that waits for the program: it stands on one of the context's lists until it goes on. */
struct userfault_wait {
	struct list_head link;		/* (U) fault_pending -> fault_read */
	struct uffd_msg msg;		/* (I) */
	struct task_base *task;		/* (I) */
	bool waken;			/* (U) to write */
};

struct userfault_event {
	struct list_head link;		/* (U) events, or a reader's own list while he makes a descriptor */
	struct uffd_msg msg;		/* (I) */
	struct task_base *task;		/* (I) */
	struct userfaultfd_ctx *child;	/* (I) FORK: the child's, counted; else NULL */
	bool heard;			/* (U) to write */
};

/* A new context of @mm, with one reference; NULL: no memory. */
struct userfaultfd_ctx *userfaultfd_ctx_alloc(struct mm_struct *mm, unsigned flags, unsigned features);
static inline void userfaultfd_ctx_get(struct userfaultfd_ctx *ctx) { atomic_inc(&ctx->refcount); }
void userfaultfd_ctx_put(struct userfaultfd_ctx *ctx);
/* A descriptor for @ctx, whose reference passes on success.  fd or -errno */
int userfaultfd_getfd(struct userfaultfd_ctx *ctx);

static inline bool userfaultfd_initialized(const struct userfaultfd_ctx *ctx)
{ return READ_ONCE(ctx->features) & UFFD_FEATURE_INITIALIZED; }

/* What a reader has in hand. */
struct userfault_taken {
	struct uffd_msg msg;
	struct userfaultfd_ctx *child;	/* FORK: counted for the reader */
	struct list_head busy;		/* FORK: the event, until it was told */
};

/*
 * The oldest message that nobody has read; an event's task goes on, but with FORK: the reader has to make a
 * descriptor first.  False: there is none
 */
bool userfaultfd_take(struct userfaultfd_ctx *ctx, struct userfault_taken *t);
/* FORK was told (@rc 0), or has to be told again, unless its task gave up. */
void userfaultfd_fork_told(struct userfaultfd_ctx *ctx, struct userfault_taken *t, int rc);
/* Everybody who waits goes on.  => ctx->released is set */
void userfaultfd_wake_all(struct userfaultfd_ctx *ctx);
void userfaultfd_init(void);		/* the device, and the switch in /proc/sys/vm */

struct file;
long userfaultfd_ioctl(struct file *file, unsigned cmd, unsigned long arg);

#endif
