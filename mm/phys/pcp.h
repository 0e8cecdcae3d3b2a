/*
 * mm/phys/pcp.h - hot and cold pages: each hart's own lists of free pages of each zone.
 *
 * MODEL     Single pages lie, per migrate type, on a stack: what was freed last is hot and is taken
 *           first.  A full stack is put aside whole, as a cold one; an empty one is replaced by the
 *           newest cold one.  When a hart has more than `high` pages its oldest stack goes back to the
 *           buddy system.  Orders 1..3 and 9 have a plain list per migrate type.
 *           hart_lists[] leads straight to the right stack: by the flags of an allocation, and by the
 *           top bits of a page's flags.  Where the short way is not allowed (a debugging feature is
 *           on, the type has no list) it leads to pcp_closed, which is empty and has no room.
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
#define NR_PCP_LISTS		(MIGRATE_PCPTYPES * (PCP_MAX_LOW_ORDER + 1))

/*
 * Stacks of single pages of one type.  One word counts both the room left on the stack and the
 * allocations ever, so that either path updates it with one addition:
 *
 *            63                                10 9               0
 *           +------------------------------------+-----------------+
 *           | allocations ever                   | room = capacity |
 *           |                                    | - pages on hot  |
 *           +------------------------------------+-----------------+
 *   take    + 1                                    + 1               only if there is a page: no carry (H3)
 *   free                                           - 1               only if there is room: no borrow (H3)
 */
struct pcp_stack {
	struct page *hot;		/* linked through page->next; NULL: empty */
	unsigned long word;		/* allocations << PCP_ROOM_BITS | room */
	struct page *newest, *oldest;	/* cold stacks, by their first pages */
	int capacity;			/* of the hot stack, PCP_ROOM_MASK at most */
};
#define PCP_ROOM_BITS		10
#define PCP_ROOM_MASK		((1ul << PCP_ROOM_BITS) - 1)
#define PCP_ONE_ALLOC		((1ul << PCP_ROOM_BITS) + 1)	/* one allocation more, room for one more */

struct per_cpu_pages {
	int batch;			/* pages moved at a time: the height of a stack */
	int high;			/* more cold pages and blocks than this: the oldest go back */
	int cold;			/* pages on cold stacks */
	int count;			/* pages on lists[] */
	unsigned long nr_alloc;		/* pages handed out from lists[], ever */
	unsigned long nr_refilled, nr_drained;	/* pages from and to the buddy system, ever */
	unsigned long nr_locked;	/* times this hart took the zone lock for pages, ever */
	struct pcp_stack single[MIGRATE_PCPTYPES];
	struct list_head lists[NR_PCP_LISTS];
} __aligned(64);

struct hart_lists {
	struct pcp_stack *alloc[16];	/* by __GFP_HIGHMEM, DMA32, MOVABLE, RECLAIMABLE of the flags */
	struct pcp_stack *free[];	/* by flags >> PAGE_MT_SHIFT of the page */
};
extern struct hart_lists *hart_lists[NR_HARTS];
extern struct pcp_stack pcp_closed;
void open_hart_lists(bool open);	/* all harts; false: every path is the long one */

static inline int pcp_stack_pages(const struct pcp_stack *st)
{
	return st->capacity - (int)(READ_ONCE(st->word) & PCP_ROOM_MASK);
}

static inline struct per_cpu_pages *pcp_of_stack(struct pcp_stack *st, unsigned mt)
{
	return container_of(st - mt, struct per_cpu_pages, single[0]);
}

/* Pages on this hart's lists. */
static inline int pcp_pages(const struct per_cpu_pages *pcp)
{
	int n = pcp->cold + pcp->count;

	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		n += pcp_stack_pages(&pcp->single[mt]);
	return n;
}

/* Pages handed out from these lists, ever. */
static inline unsigned long pcp_nr_alloc(const struct per_cpu_pages *pcp)
{
	unsigned long n = pcp->nr_alloc;

	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		n += READ_ONCE(pcp->single[mt].word) >> PCP_ROOM_BITS;
	return n;
}

/* Pages freed to these lists, ever: what is there now, and what left, less what came otherwise. */
static inline unsigned long pcp_nr_freed(const struct per_cpu_pages *pcp)
{
	return pcp_pages(pcp) + pcp_nr_alloc(pcp) + pcp->nr_drained - pcp->nr_refilled;
}

static inline bool pcp_allowed_order(unsigned order)
{
	return order <= PCP_MAX_LOW_ORDER || order == PCP_HUGE_ORDER;
}
static inline unsigned order_to_pindex(unsigned order, unsigned migratetype)	/* order > 0 */
{
	return (order == PCP_HUGE_ORDER ? PCP_MAX_LOW_ORDER : order - 1) * MIGRATE_PCPTYPES + migratetype;
}
static inline unsigned pindex_to_order(unsigned pindex)
{
	unsigned order = pindex / MIGRATE_PCPTYPES + 1;

	return order > PCP_MAX_LOW_ORDER ? PCP_HUGE_ORDER : order;
}

/* To this hart's lists; @page has no references. */
void free_unref_page(struct page *page, unsigned order);
/* => interrupts off, free_pages_prepare() done */
void pcp_free(struct zone *zone, struct page *page, unsigned order, unsigned migratetype);
/* => interrupts off */
struct page *rmqueue_pcplist(struct zone *zone, unsigned order, unsigned migratetype, unsigned alloc_flags);

void drain_local_pages(struct zone *zone);	/* this hart's lists; NULL: of all zones */
/* Every hart's lists go back to the buddy system.  => interrupts on, no spin lock held */
void drain_all_pages(struct zone *zone);
unsigned long pcp_free_pages(struct zone *zone);	/* pages on the lists of all harts */
unsigned long zone_lock_acquisitions(void);	/* by all harts, of all zones, to take or give pages */
void zone_pcp_init(struct zone *zone);
void hart_lists_init(void);
void zone_pcp_update(struct zone *zone);	/* batch and high, from size and watermarks */
void zones_pcp_update(void);
bool pcp_verify(struct zone *zone);		/* => other harts quiet */

#endif
