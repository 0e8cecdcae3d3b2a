/*
 * kernel/slab_reaper.c - lets the slab back end trim its queues every two seconds.
 *
 * MODEL     A timer puts a work on the queue, which starts the timer again when it is done.  Back ends
 *           without queues say so (slab_reap_wanted), and there is no timer.
 * TESTS     test/kernel/test_slab.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/slab_reaper.h"
#include "kernel/time/hrtimer.h"
#include "kernel/workqueue.h"
#include "mm/slab/slab.h"

#define REAP_NS	(2 * NSEC_PER_SEC)

static struct hrtimer timer;

static void reap(__maybe_unused struct work_struct *w)
{
	slab_reap();
	hrtimer_start(&timer, REAP_NS, HRTIMER_MODE_REL);
}
static DECLARE_WORK(reap_work, reap);

static enum hrtimer_restart timer_fired(__maybe_unused struct hrtimer *t)
{
	queue_work(&reap_work);
	return HRTIMER_NORESTART;
}

void slab_reaper_init(void)
{
	if (!slab_reap_wanted)
		return;
	hrtimer_init(&timer, timer_fired);
	hrtimer_start(&timer, REAP_NS, HRTIMER_MODE_REL);
}
