/*
 * include/mm_counter.h - what an address space has resident, by kind.
 *
 * UNITS     pages
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_COUNTER_H
#define VELLUM_MM_COUNTER_H

#include "include/mm_types.h"

static __always_inline void add_mm_counter(struct mm_struct *mm, int kind, long nr_pages)
{
	long *n = &mm->hart[this_hart()].rss[kind];

	WRITE_ONCE(*n, *n + nr_pages);
}
#define inc_mm_counter(mm, kind)	add_mm_counter(mm, kind, 1)
#define dec_mm_counter(mm, kind)	add_mm_counter(mm, kind, -1)
/* While others count, their shares are read one after the other: one page's +1 and -1 may be seen half. */
static inline unsigned long get_mm_counter(const struct mm_struct *mm, int kind)
{
	long n = 0;

	for_each_hart(h)
		n += READ_ONCE(mm->hart[h].rss[kind]);
	return max(n, 0l);
}
static inline unsigned long get_mm_rss(const struct mm_struct *mm)
{
	long n = 0;

	for_each_hart(h) {
		const long *rss = mm->hart[h].rss;

		n += READ_ONCE(rss[MM_FILEPAGES]) + READ_ONCE(rss[MM_ANONPAGES]) + READ_ONCE(rss[MM_SHMEMPAGES]);
	}
	return max(n, 0l);
}
/* Before pages go: remember the peak. */
static inline void update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm);

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
}
static inline unsigned long get_mm_hiwater_rss(const struct mm_struct *mm)
{ return max(mm->hiwater_rss, get_mm_rss(mm)); }
/* Which counter a mapped @page belongs to. */
static __always_inline int mm_counter(const struct page *page)
{ return PageAnon(page) ? MM_ANONPAGES : PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES; }

#endif
