/*
 * mm/slab/failslab.h - allocations of objects that fail on purpose.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SLAB_FAILSLAB_H
#define VELLUM_MM_SLAB_FAILSLAB_H

#include "mm/phys/page_debug.h"

/* failslab=INTERVAL,PROBABILITY,SPACE,TIMES; the rest in /sys/kernel/debug/failslab. */
extern struct fault_attr failslab;
extern unsigned failslab_cache_filter;	/* only caches with SLAB_FAILSLAB (/sys/kernel/slab/CACHE/failslab) */
void failslab_changed(void);		/* to be called when a value of failslab did; may sleep */

#endif
