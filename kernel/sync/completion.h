/*
 * kernel/sync/completion.h - wait until somebody else is done.
 *
 * MODEL     done counts completions that nobody has waited for yet; complete_all() makes it endless.
 *           Test and wake-up happen under the queue's lock, so a completion on the waiter's stack
 *           may go as soon as the wait returns.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_COMPLETION_H
#define VELLUM_COMPLETION_H

#include "kernel/sync/wait.h"

struct completion {
	unsigned done;			/* (wait.lock) */
	wait_queue_head_t wait;
};

#define COMPLETION_INIT(name)	{ .done = 0, .wait = WAIT_QUEUE_INIT((name).wait) }
#define DECLARE_COMPLETION(name) struct completion name = COMPLETION_INIT(name)
void init_completion(struct completion *c);
void reinit_completion(struct completion *c);

void complete(struct completion *c);
void complete_all(struct completion *c);
void wait_for_completion(struct completion *c);
__must_check int wait_for_completion_killable(struct completion *c);	/* 0 or -EINTR */
__must_check int wait_for_completion_interruptible(struct completion *c);	/* 0 or -ERESTARTSYS */
/* Whether it completed within @ns. */
__must_check bool wait_for_completion_timeout(struct completion *c, u64 ns);
bool try_wait_for_completion(struct completion *c);
bool completion_done(struct completion *c);

#endif
