/*
 * mm/phys/page_debug.h - who owns each page; poison; allocations that fail on purpose.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_PAGE_DEBUG_H
#define VELLUM_MM_PHYS_PAGE_DEBUG_H

#include "mm/phys/zone.h"

/* ---- page_owner.c ---------------------------------------------------------------------------- */

extern bool page_owner_wanted;			/* page_owner=on */
void page_owner_init(void);			/* while memblock still allocates */
void page_owner_set(struct page *page, unsigned order, gfp_t gfp);
void page_owner_reset(struct page *page, unsigned order);
/* Pages allocated from now on carry a new mark; returns it. */
unsigned page_owner_mark(void);
/* Log each live allocation with @mark or a later one, with its stack; pages. */
unsigned long page_owner_report(unsigned mark);
int page_owner_show(struct seq_file *m);	/* all live allocations, in the format of debugfs */

/* Return addresses of the callers, innermost first; how many.  Implemented by kernel/panic.c. */
unsigned stack_trace_save(unsigned long *calls, unsigned max);

/* ---- page_debug.c ---------------------------------------------------------------------------- */

#define PAGE_POISON	0xaa
void page_poison_free(struct page *page, unsigned order);
void page_poison_check(struct page *page, unsigned order);

/* fail_page_alloc=INTERVAL,PROBABILITY,SPACE,TIMES */
struct fault_attr {
	unsigned probability;			/* percent of the candidates */
	unsigned interval;			/* only each so many-th is a candidate */
	long space;				/* bytes that are given out before it begins */
	long times;				/* failures left; -1: no end */
	bool (*filter)(void);			/* only where it is true (a task); NULL: everywhere */
	bool ignore_reclaim;			/* spare those that may reclaim */
	unsigned min_order;
};
extern struct fault_attr fail_page_alloc;
extern unsigned long fail_page_alloc_count;	/* failures so far */
void fail_page_alloc_enable(bool on);
__must_check int fail_page_alloc_parse(const char *value);
bool should_fail_alloc_page(gfp_t gfp, unsigned order);

#endif
