/*
 * kernel/workqueue.h - functions to run later, in a kernel thread that may sleep.
 *
 * MODEL     One queue and one thread.  A work that is queued already is not queued twice; it is off the
 *           queue before its function starts, which may queue it again or free it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_WORKQUEUE_H
#define VELLUM_WORKQUEUE_H

#include "include/atomic.h"
#include "lib/list.h"

struct work_struct;
typedef void (*work_func_t)(struct work_struct *);

struct work_struct {
	struct list_head entry;		/* (queue lock) */
	work_func_t func;		/* (I) */
	bool pending;			/* (queue lock) */
};

#define WORK_INIT(name, f)	{ .entry = LIST_HEAD_INIT((name).entry), .func = (f) }
#define DECLARE_WORK(name, f)	struct work_struct name = WORK_INIT(name, f)
static inline void init_work(struct work_struct *w, work_func_t f)
{
	INIT_LIST_HEAD(&w->entry);
	w->func = f;
	w->pending = false;
}
#define INIT_WORK(w, f)	init_work(w, f)

/* Put @w on the queue; false if it was there.  Any context. */
bool queue_work(struct work_struct *w);
#define schedule_work(w) queue_work(w)
/* Wait until everything queued before has run. */
void flush_workqueue(void);
void workqueue_init(void);	/* once kernel threads can start; earlier work waits */

#endif
