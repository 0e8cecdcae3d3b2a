/*
 * mm/phys/pcp.c - each hart's lists of hot and cold pages: filling, giving back, draining.
 *
 * MODEL     single[mt]:   hot:  p -> p -> p -> 0           page->next; room = capacity - length
 *                         cold: newest <-> ... <-> oldest  full stacks, linked by their first pages:
 *                               ->private pages in it, ->index the next older, ->lru.prev the next newer
 *           An empty hot stack takes the newest cold one, else `batch` pages from the buddy system
 *           under one acquisition of the zone lock.  A full one becomes the newest cold one, and if
 *           the hart then has more than `high` pages the oldest goes back, again under one.
 * INVARIANTS
 *   H1  capacity - room is the length of the hot stack; cold the sum of the cold stacks' lengths;
 *       count the sum of 2^order over lists[].
 *   H2  Pages on the lists have no references and are not PG_buddy.
 *   H3  0 <= room <= capacity <= PCP_ROOM_MASK: the two numbers in the word never reach into each other.
 * LOCKING   Interrupts off, own hart.  The zone lock inside.  Another hart's lists are drained by
 *           asking that hart: a call that waits.
 * COST      Lock acquisitions: two per `batch` pages at worst.  Refill: a block that fits in what is
 *           wanted goes to the stack whole, about ten instructions a page.
 * TESTS     test/host/mm/phys/test_buddy.c, test_page_alloc.c (lock economy)
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/pcp.h"
#include "mm/phys/memblock.h"
#include "mm/phys/page_alloc.h"

#define MAX_BATCH_PAGES	((256 << 10) / PAGE_SIZE)

struct hart_lists *hart_lists[NR_HARTS];
struct pcp_stack pcp_closed;

static inline struct page *older_stack(const struct page *first) { return (struct page *)first->index; }
static inline struct page *newer_stack(const struct page *first) { return (struct page *)first->lru.prev; }
static inline void set_older(struct page *first, struct page *s) { first->index = (pgoff_t)s; }
static inline void set_newer(struct page *first, struct page *s) { first->lru.prev = (void *)s; }
static inline unsigned room_of(const struct pcp_stack *st) { return st->word & PCP_ROOM_MASK; }
static inline void set_room(struct pcp_stack *st, unsigned room)
{
	INV(H3, room <= (unsigned)st->capacity && st->capacity <= (int)PCP_ROOM_MASK);
	st->word = (st->word & ~PCP_ROOM_MASK) | room;
}

/* ---- cold stacks ----------------------------------------------------------------------------- */

/* Put the hot stack aside; the hart works on an empty one. */
static void set_aside(struct per_cpu_pages *pcp, struct pcp_stack *st)
{
	struct page *first = st->hot;
	int n = pcp_stack_pages(st);

	INV(H1, !n == !first);
	if (n) {
		first->private = n;
		set_older(first, st->newest);
		set_newer(first, NULL);
		if (st->newest)
			set_newer(st->newest, first);
		else
			st->oldest = first;
		st->newest = first;
		pcp->cold += n;
	}
	st->hot = NULL;
	st->capacity = pcp->batch;
	set_room(st, st->capacity);
}

/* The hot stack is empty: take the newest cold one; false if there is none. */
static bool warm_up(struct per_cpu_pages *pcp, struct pcp_stack *st)
{
	struct page *first = st->newest;
	int n;

	if (!first)
		return false;
	n = first->private;
	INV(H1, n > 0 && n <= pcp->cold);
	st->newest = older_stack(first);
	if (st->newest)
		set_newer(st->newest, NULL);
	else
		st->oldest = NULL;
	pcp->cold -= n;
	st->hot = first;
	st->capacity = max(n, pcp->batch);
	set_room(st, st->capacity - n);
	return true;
}

/* Give the oldest cold stack back; pages.  => zone->lock held */
static int free_oldest(struct zone *zone, struct per_cpu_pages *pcp, struct pcp_stack *st)
{
	struct page *page = st->oldest, *next;
	int n = page->private;

	INV(H1, n > 0 && n <= pcp->cold);
	st->oldest = newer_stack(page);
	if (st->oldest)
		set_older(st->oldest, NULL);
	else
		st->newest = NULL;
	for (; page; page = next) {
		pfn_t pfn = page_to_pfn(page);

		next = page->next;
		INV(H2, !page_count(page) && page_zone(page) == zone);
		__free_one_page(zone, page, pfn, 0, pfnblock_migratetype(zone, pfn));
	}
	pcp->cold -= n;
	pcp->nr_drained += n;
	return n;
}

/* Give at least @count pages back if there are as many, the coldest first.  => interrupts off */
void free_pcppages_bulk(struct zone *zone, int count, struct per_cpu_pages *pcp)
{
	bool any = true;

	spin_lock(&zone->lock);
	pcp->nr_locked++;
	while (count > 0 && any) {
		any = false;
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			if (count > 0 && pcp->single[mt].oldest) {
				count -= free_oldest(zone, pcp, &pcp->single[mt]);
				any = true;
			}
		for (unsigned i = 0; i < NR_PCP_LISTS; i++) {
			unsigned order = pindex_to_order(i);
			struct page *page;

			if (count <= 0 || list_empty(&pcp->lists[i]))
				continue;
			any = true;
			page = list_last_entry(&pcp->lists[i], struct page, lru);
			list_del(&page->lru);
			pcp->count -= 1 << order;
			pcp->nr_drained += 1ul << order;
			count -= 1 << order;
			INV(H1, pcp->count >= 0);
			__free_one_page(zone, page, page_to_pfn(page), order, get_pageblock_migratetype(page));
		}
	}
	spin_unlock(&zone->lock);
}

/* ---- filling --------------------------------------------------------------------------------- */

/*
 * Push on the stack a block of type @mt that is no larger than @want pages, as single pages; or one
 * page cut off a larger block.  Pages pushed, 0 when there are none.
 */
static unsigned push_block(struct zone *zone, unsigned want, unsigned mt, unsigned alloc_flags,
			   struct pcp_stack *st)
{
	unsigned fit = ilog2(want), o;
	struct page *page = NULL;

	for (o = 0; o <= MAX_ORDER && !page; o++)
		page = list_first_entry_or_null(&zone->free_area[o].free_list[mt], struct page, lru);
	if (page) {
		o--;
		del_page_from_free_list(zone, page, o);
		fit = min(fit, o);
		expand(zone, page, fit, o, mt);
	} else {
		fit = 0;
		page = __rmqueue_fallback(zone, 0, mt, alloc_flags);
		if (!page)
			return 0;
	}
	mt = get_pageblock_migratetype(page);
	for (unsigned i = 1u << fit; i-- > 0; ) {	/* ascending addresses come out */
		set_page_mt_hint(page + i, mt);
		page[i].next = st->hot;
		st->hot = page + i;
	}
	return 1u << fit;
}

/* `batch` pages for an empty stack; false if not even one is to be had. */
static bool refill_stack(struct zone *zone, struct per_cpu_pages *pcp, unsigned mt, unsigned alloc_flags)
{
	struct pcp_stack *st = &pcp->single[mt];
	unsigned want = pcp->batch, got = 0, n = 1;

	if (page_group_by_mobility_disabled)
		mt = MIGRATE_UNMOVABLE;
	spin_lock(&zone->lock);
	pcp->nr_locked++;
	while (got < want && n) {
		n = push_block(zone, want - got, mt, alloc_flags, st);
		got += n;
	}
	spin_unlock(&zone->lock);
	st->capacity = want;
	set_room(st, want - got);
	pcp->nr_refilled += got;
	return got;
}

static struct page *take_single(struct zone *zone, struct per_cpu_pages *pcp, unsigned mt,
				unsigned alloc_flags)
{
	struct pcp_stack *st = &pcp->single[mt];
	struct page *page;

	if (!st->hot && !warm_up(pcp, st) && !refill_stack(zone, pcp, mt, alloc_flags))
		return NULL;
	page = st->hot;
	INV(H2, !page_count(page) && !PageBuddy(page));
	INV(H3, (int)room_of(st) < st->capacity);
	st->hot = page->next;
	st->word += PCP_ONE_ALLOC;
	return page;
}

static void refill_list(struct zone *zone, struct per_cpu_pages *pcp, unsigned order, unsigned mt,
			unsigned alloc_flags)
{
	struct list_head *list = &pcp->lists[order_to_pindex(order, mt)];
	int want = max(pcp->batch >> order, 1);

	if (page_group_by_mobility_disabled)
		mt = MIGRATE_UNMOVABLE;
	spin_lock(&zone->lock);
	pcp->nr_locked++;
	while (want--) {
		struct page *page = __rmqueue(zone, order, mt, alloc_flags);

		if (!page)
			break;
		set_page_mt_hint(page, get_pageblock_migratetype(page));
		list_add_tail(&page->lru, list);
		pcp->count += 1 << order;
		pcp->nr_refilled += 1ul << order;
	}
	spin_unlock(&zone->lock);
}

/* => interrupts off */
struct page *rmqueue_pcplist(struct zone *zone, unsigned order, unsigned mt, unsigned alloc_flags)
{
	struct per_cpu_pages *pcp = zone->pageset[this_hart()];
	struct list_head *list;
	struct page *page;

	if (!order)
		return take_single(zone, pcp, mt, alloc_flags);
	list = &pcp->lists[order_to_pindex(order, mt)];
	if (list_empty(list))
		refill_list(zone, pcp, order, mt, alloc_flags);
	page = list_first_entry_or_null(list, struct page, lru);
	if (page) {
		list_del(&page->lru);
		pcp->count -= 1 << order;
		pcp->nr_alloc += 1ul << order;
		INV(H1, pcp->count >= 0);
		INV(H2, !page_count(page) && !PageBuddy(page));
	}
	return page;
}

/* ---- giving back ----------------------------------------------------------------------------- */

void pcp_free(struct zone *zone, struct page *page, unsigned order, unsigned mt)
{
	struct per_cpu_pages *pcp = zone->pageset[this_hart()];
	int over;

	INV(H2, !page_count(page) && !PageBuddy(page) && page_zone(page) == zone);
	if (order) {
		list_add(&page->lru, &pcp->lists[order_to_pindex(order, mt)]);
		pcp->count += 1 << order;
	} else {
		struct pcp_stack *st = &pcp->single[mt];

		if (!room_of(st))
			set_aside(pcp, st);
		page->next = st->hot;
		st->hot = page;
		st->word--;
	}
	over = pcp->cold + pcp->count - pcp->high;	/* the hot stacks are few */
	if (over > 0)
		free_pcppages_bulk(zone, over, pcp);
}

/* ---- draining -------------------------------------------------------------------------------- */

static void drain_zone(struct zone *zone)
{
	unsigned long flags = arch_irq_save();
	struct per_cpu_pages *pcp = zone->pageset[this_hart()];

	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		set_aside(pcp, &pcp->single[mt]);
	free_pcppages_bulk(zone, pcp_pages(pcp), pcp);
	arch_irq_restore(flags);
}

void drain_local_pages(struct zone *zone)
{
	if (zone) {
		drain_zone(zone);
		return;
	}
	for_each_populated_zone(z)
		drain_zone(z);
}

static void drain_on_hart(void *zone) { drain_local_pages(zone); }

void drain_all_pages(struct zone *zone)
{
	hartmask_t others = hartmask_none();

	drain_local_pages(zone);
	for_each_hart_in(h, hart_online_mask)
		for_each_populated_zone(z)
			if ((!zone || z == zone) && h != this_hart() && pcp_pages(z->pageset[h]))
				hartmask_add(&others, h);
	if (!hartmask_empty(others))
		arch_call_on(others, drain_on_hart, zone);
}

unsigned long pcp_free_pages(struct zone *zone)
{
	long n = 0;

	for_each_hart(h)
		if (zone->pageset[h])
			n += pcp_pages(zone->pageset[h]);
	return max(n, 0l);
}

unsigned long zone_lock_acquisitions(void)
{
	unsigned long n = 0;

	for_each_populated_zone(z)
		for_each_hart(h)
			n += READ_ONCE(z->pageset[h]->nr_locked);
	return n;
}

/* ---- size ------------------------------------------------------------------------------------ */

/* A 1/4096 of the zone at most, so that all harts' lists together stay a small part of it. */
static int zone_batchsize(const struct zone *zone)
{
	int batch = min(zone->managed_pages >> 10, 4 * MAX_BATCH_PAGES) / 4;

	batch = max(batch, 1);
	return max((int)(1u << ilog2(batch + batch / 2)) - 1, 1);
}

int percpu_pagelist_high_fraction;

/* All harts' lists together: the low watermark, so that full lists do not wake kswapd; or as asked. */
static int zone_highsize(const struct zone *zone, int batch)
{
	unsigned long pages = percpu_pagelist_high_fraction ?
			      zone->managed_pages / percpu_pagelist_high_fraction : low_wmark_pages(zone);

	return max(pages / max(nr_harts, 1u), (unsigned long)batch * 4);
}

void zones_pcp_update(void)
{
	for_each_populated_zone(z)
		zone_pcp_update(z);
}

void zone_pcp_update(struct zone *zone)
{
	int batch = zone_batchsize(zone);
	int high = zone_highsize(zone, batch);

	for_each_hart(h) {
		zone->pageset[h]->batch = batch;
		zone->pageset[h]->high = high;
	}
}

void zone_pcp_init(struct zone *zone)
{
	zone_pcp_update(zone);
	for_each_hart(h) {
		struct per_cpu_pages *pcp = zone->pageset[h];

		for (unsigned i = 0; i < NR_PCP_LISTS; i++)
			INIT_LIST_HEAD(&pcp->lists[i]);
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			pcp->single[mt].word = pcp->single[mt].capacity = pcp->batch;
	}
}

/* ---- the short way --------------------------------------------------------------------------- */

/* The stack that serves an allocation with zone and type flags @gfp on @hart; pcp_closed: none. */
static struct pcp_stack *stack_for(unsigned hart, gfp_t gfp)
{
	int nid = hart_to_node(hart);
	struct zoneref *z = node_zonelist(nid, gfp)->refs;
	unsigned mt = gfp_migratetype(gfp);

	while (z->zone && z->zone_idx > gfp_zone(gfp))
		z++;
	/* What a node without memory gets is another node's, by the long way. */
	if (!z->zone || z->zone->pgdat->node_id != nid || mt >= MIGRATE_PCPTYPES)
		return &pcp_closed;
	return &z->zone->pageset[hart]->single[mt];
}

void open_hart_lists(bool open)
{
	for_each_hart(h) {
		if (!hart_lists[h])
			continue;			/* before hart_lists_init() */
		for (unsigned i = 0; i < 16; i++)
			WRITE_ONCE(hart_lists[h]->alloc[i], open ? stack_for(h, i << 1) : &pcp_closed);
		for (unsigned i = 0; i < nr_node_ids << 5; i++) {
			struct zone *z = zone_table[i >> 3];
			bool usable = open && z && populated_zone(z) && (i & 7) < MIGRATE_PCPTYPES;

			WRITE_ONCE(hart_lists[h]->free[i],
				   usable ? &z->pageset[h]->single[i & 7] : &pcp_closed);
		}
	}
}

void hart_lists_init(void)
{
	size_t bytes = sizeof(struct hart_lists) + (nr_node_ids << 5) * sizeof(struct pcp_stack *);

	for_each_hart(h) {
		hart_lists[h] = memblock_alloc_node(bytes, 64, hart_to_node(h));
		if (!hart_lists[h])
			panic("no memory for the page lists of hart %u", h);
	}
	open_hart_lists(!page_alloc_hooks);
}

/* ---- validator ------------------------------------------------------------------------------- */

static bool page_idle(const struct zone *zone, const struct page *page)
{
	return page_zone(page) == zone && !page_count(page) && !PageBuddy(page);	/* H2 */
}

/* Length of the stack at @page; -1 if a page of it is wrong. */
static int stack_length(const struct zone *zone, const struct page *page)
{
	int n = 0;

	for (; page; page = page->next, n++)
		if (!page_idle(zone, page))
			return -1;
	return n;
}

static int stacks_verify(const struct zone *zone, const struct pcp_stack *st)
{
	const struct page *newer = NULL;
	int cold = 0;

	if (stack_length(zone, st->hot) != pcp_stack_pages(st))
		return -1;							/* H1 */
	for (const struct page *s = st->newest; s; newer = s, s = older_stack(s)) {
		if (newer_stack(s) != newer || stack_length(zone, s) != (int)s->private)
			return -1;
		cold += s->private;
	}
	return st->oldest == newer ? cold : -1;
}

static bool lists_verify(const struct zone *zone, const struct per_cpu_pages *pcp)
{
	int cold = 0, count = 0;

	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		int n = stacks_verify(zone, &pcp->single[mt]);

		if (n < 0)
			return false;
		cold += n;
	}
	for (unsigned i = 0; i < NR_PCP_LISTS; i++) {
		struct page *page;

		list_for_each_entry(page, &pcp->lists[i], lru) {
			if (!page_idle(zone, page))
				return false;
			count += 1 << pindex_to_order(i);
		}
	}
	return cold == pcp->cold && count == pcp->count;			/* H1 */
}

bool pcp_verify(struct zone *zone)
{
	for_each_hart(h)
		if (!lists_verify(zone, zone->pageset[h]))
			return false;
	return true;
}
