/*
 * kernel/signal/signalfd.h - signals as files.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SIGNAL_SIGNALFD_H
#define VELLUM_SIGNAL_SIGNALFD_H

#include "kernel/sync/wait.h"

/* All readers and pollers of signalfds: no queue can go away before who listens to it. */
extern wait_queue_head_t signalfd_wait;

/* A signal became pending somewhere.  sighand->lock held */
static inline void signalfd_notify(void)
{
	if (unlikely(waitqueue_active(&signalfd_wait)))
		wake_up_all(&signalfd_wait);
}

#endif
