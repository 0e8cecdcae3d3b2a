/*
 * mm/phys/pcp.h - hot and cold pages: each hart's own lists of free pages of each zone.
 *
 * MODEL     A list per migrate type and low order, and one for order 9.  Hot pages are put in and
 *           taken at the head; what is given back to the buddy system, `batch` pages at a time,
 *           comes from the tail.
 * LOCKING   Interrupts off, and only ever touched by the hart that owns it: no lock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_PCP_H
#define VELLUM_MM_PHYS_PCP_H

#include "include/mm_types.h"

struct zone;

/* What a page is for, and so which pages it may stand beside. */
enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES,			/* the types with per-hart lists */
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,	/* reserve for atomic allocations of high order */
	MIGRATE_ISOLATE,			/* nothing is allocated from it */
	MIGRATE_TYPES
};

#define PCP_MAX_LOW_ORDER	3
#define PCP_HUGE_ORDER		9
#define NR_PCP_LISTS		(MIGRATE_PCPTYPES * (PCP_MAX_LOW_ORDER + 2))

struct per_cpu_pages {
	int count;			/* pages on all lists */
	int high;			/* more than this: give a batch back */
	int batch;			/* pages moved at a time */
	unsigned pad;
	unsigned long nr_alloc;		/* pages handed out, ever */
	unsigned long nr_refilled, nr_drained;	/* pages from and to the buddy system, ever */
	struct list_head lists[NR_PCP_LISTS];
} __aligned(64);

/* The lists that serve an allocation of order 0 on this hart first, by the highest zone. */
extern struct per_cpu_pages *hart_pcp[NR_HARTS][MAX_NR_ZONES];

static inline bool pcp_allowed_order(unsigned order)
{
	return order <= PCP_MAX_LOW_ORDER || order == PCP_HUGE_ORDER;
}
static inline unsigned order_to_pindex(unsigned order, unsigned migratetype)
{
	return (order == PCP_HUGE_ORDER ? PCP_MAX_LOW_ORDER + 1 : order) * MIGRATE_PCPTYPES + migratetype;
}

/* Pages freed to these lists, ever: what is there now, and what left, less what came otherwise. */
static inline unsigned long pcp_nr_freed(const struct per_cpu_pages *pcp)
{
	return pcp->count + pcp->nr_alloc + pcp->nr_drained - pcp->nr_refilled;
}

void free_unref_page(struct page *page, unsigned order);	/* to this hart's lists; no references */
struct page *rmqueue_pcplist(struct zone *zone, unsigned order, unsigned migratetype, unsigned alloc_flags);

void drain_local_pages(struct zone *zone);	/* this hart's lists; NULL: of all zones */
/* Every hart's lists go back to the buddy system.  => interrupts on, no spin lock held */
void drain_all_pages(struct zone *zone);
unsigned long pcp_free_pages(struct zone *zone);	/* pages on the lists of all harts */
void zone_pcp_init(struct zone *zone);
void zone_pcp_update(struct zone *zone);	/* batch and high, from size and watermarks */
bool pcp_verify(struct zone *zone);		/* => other harts quiet */

#endif
