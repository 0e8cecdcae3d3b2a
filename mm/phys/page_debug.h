/*
 * mm/phys/page_debug.h - who owns each page; free pages poisoned or hidden; allocations that fail on purpose.
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
/* The first frame from @pfn on that begins a live allocation; PFN_NONE.  What is known of it, in Linux's format. */
pfn_t page_owner_next(pfn_t pfn);
#define PFN_NONE	(~(pfn_t)0)
void page_owner_show(struct seq_file *m, pfn_t pfn);

/* Return addresses of the callers, innermost first; how many.  Implemented by kernel/panic.c. */
unsigned stack_trace_save(unsigned long *calls, unsigned max);

/* ---- page_debug.c ---------------------------------------------------------------------------- */

#define PAGE_POISON	0xaa
void page_poison_free(struct page *page, unsigned order);
void page_poison_check(struct page *page, unsigned order);
/* Free pages out of the direct map, and into it again when they are allocated. */
void pages_hide(struct page *page, unsigned long nr);
void pages_show(struct page *page, unsigned long nr);
/* Is this an address of a free page that was hidden? */
static inline bool page_hidden(const void *va)
{
	return virt_in_direct_map(va) && pfn_valid(PFN_DOWN(virt_to_phys(va))) && PageGuard(virt_to_page(va));
}

/* Failures on purpose: NAME=INTERVAL,PROBABILITY,SPACE,TIMES; those and the rest in /sys/kernel/debug/NAME. */
struct fault_attr {
	unsigned probability;			/* percent of the candidates */
	unsigned interval;			/* only each so many-th is a candidate */
	long space;				/* (A) bytes that are given out before it begins */
	long times;				/* (A) failures left; -1: no end */
	unsigned verbose;			/* 1: each failure is in the log; 2: with its stack */
	unsigned task_filter;			/* only tasks with make_it_fail (/proc/PID/make-it-fail) */
	unsigned ignore_reclaim;		/* spare those that may reclaim */
	unsigned ignore_highmem;		/* spare pages of programs: __GFP_HIGHMEM */
	unsigned min_order;			/* fail_page_alloc only */
	unsigned long candidates;		/* (A) so far, if interval > 1 */
};
__must_check int fault_attr_parse(struct fault_attr *a, const char *value);
/* Is an allocation of @bytes, which is one of @name's, to fail? */
bool should_fail(struct fault_attr *a, const char *name, gfp_t gfp, size_t bytes);
static inline bool fault_attr_active(const struct fault_attr *a) { return a->probability && a->times; }

extern struct fault_attr fail_page_alloc;
extern unsigned long fail_page_alloc_count;	/* (A) failures so far */
void fail_page_alloc_enable(bool on);
void fail_page_alloc_changed(void);		/* on, if its values say that something is to fail */
__must_check int fail_page_alloc_parse(const char *value);
bool should_fail_alloc_page(gfp_t gfp, unsigned order);

#endif
