/*
 * mm/phys/pcp.c - each hart's lists of hot and cold pages: filling, giving back, draining.
 *
 * MODEL     An allocation takes from the head of its list and finds what was freed last, which the
 *           caches still hold.  An empty list takes `batch` pages from the buddy system under one
 *           acquisition of the zone lock; more than `high` pages give a batch back, coldest first.
 * INVARIANTS
 *   H1  count is the sum of 2^order over all entries of all lists.
 *   H2  Pages on the lists have no references, and their flags name only node, zone and the type of
 *       list that they are on.
 * LOCKING   Interrupts off, own hart.  The zone lock inside.  Another hart's lists are drained by
 *           asking that hart: a call that waits.
 * COST      Lock acquisitions: two per `batch` pages at worst.  Refill: a block that fits in what is
 *           wanted goes to the list whole, about ten instructions a page.
 * TESTS     test/host/mm/phys/test_pcp.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/pcp.h"
#include "lib/string.h"
#include "mm/phys/page_alloc.h"

#define MAX_BATCH_PAGES	((256 << 10) / PAGE_SIZE)

static void put_on_list(struct list_head *list, struct page *page, unsigned mt)
{
	set_page_mt_hint(page, mt);
	list_add_tail(&page->lru, list);
}

/*
 * Take a block of type @mt that is no larger than @want pages, as single pages; or cut one page's
 * worth off a larger block.  Pages put on @list, 0 when there are none.
 */
static unsigned take_singles(struct zone *zone, unsigned want, unsigned mt, unsigned alloc_flags,
			     struct list_head *list)
{
	unsigned fit = ilog2(want), o, n;
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
	n = 1u << fit;
	mt = get_pageblock_migratetype(page);
	for (unsigned i = 0; i < n; i++)
		put_on_list(list, page + i, mt);
	return n;
}

void rmqueue_bulk(struct zone *zone, struct per_cpu_pages *pcp, unsigned order, unsigned mt,
		  unsigned alloc_flags)
{
	struct list_head *list = &pcp->lists[order_to_pindex(order, mt)];
	int want = max(pcp->batch >> order, 1), got = 0;

	if (page_group_by_mobility_disabled)
		mt = MIGRATE_UNMOVABLE;
	spin_lock(&zone->lock);
	while (got < want) {
		if (order == 0) {
			unsigned n = take_singles(zone, want - got, mt, alloc_flags, list);

			got += n;
			if (!n)
				break;
		} else {
			struct page *page = __rmqueue(zone, order, mt, alloc_flags);

			if (!page)
				break;
			put_on_list(list, page, get_pageblock_migratetype(page));
			got++;
		}
	}
	spin_unlock(&zone->lock);
	pcp->count += got << order;			/* H1 */
	pcp->nr_refilled += (unsigned long)got << order;
}

/* Give at least @count pages back, from the cold ends of all lists in turn.  => interrupts off */
void free_pcppages_bulk(struct zone *zone, int count, struct per_cpu_pages *pcp)
{
	count = min(count, pcp->count);
	if (count <= 0)
		return;
	spin_lock(&zone->lock);
	for (unsigned i = 0; count > 0; i = i + 1 < NR_PCP_LISTS ? i + 1 : 0) {
		unsigned order = i / MIGRATE_PCPTYPES;

		if (order > PCP_MAX_LOW_ORDER)
			order = PCP_HUGE_ORDER;
		for (unsigned k = 0; k < 16 && count > 0 && !list_empty(&pcp->lists[i]); k++) {
			struct page *page = list_last_entry(&pcp->lists[i], struct page, lru);
			pfn_t pfn = page_to_pfn(page);

			list_del(&page->lru);
			pcp->count -= 1 << order;
			count -= 1 << order;
			pcp->nr_drained += 1ul << order;
			__free_one_page(zone, page, pfn, order, pfnblock_migratetype(zone, pfn));
		}
	}
	spin_unlock(&zone->lock);
}

/* => interrupts off */
struct page *rmqueue_pcplist(struct zone *zone, unsigned order, unsigned mt, unsigned alloc_flags)
{
	struct per_cpu_pages *pcp = zone->pageset[this_hart()];
	struct list_head *list = &pcp->lists[order_to_pindex(order, mt)];
	struct page *page;

	if (list_empty(list))
		rmqueue_bulk(zone, pcp, order, mt, alloc_flags);
	page = list_first_entry_or_null(list, struct page, lru);
	if (page) {
		list_del(&page->lru);
		pcp->count -= 1 << order;
		pcp->nr_alloc += 1ul << order;
	}
	return page;
}

/* ---- draining --------------------------------------------------------------------------------- */

static void drain_zone(struct zone *zone)
{
	unsigned long flags = arch_irq_save();
	struct per_cpu_pages *pcp = zone->pageset[this_hart()];

	free_pcppages_bulk(zone, pcp->count, pcp);
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
	hartmask_t others = { 0 };

	drain_local_pages(zone);
	for_each_hart_in(h, hart_online_mask)
		for_each_populated_zone(z)
			if ((!zone || z == zone) && h != this_hart() && READ_ONCE(z->pageset[h]->count))
				others.bits |= 1ul << h;
	if (others.bits)
		arch_call_on(others, drain_on_hart, zone);
}

unsigned long pcp_free_pages(struct zone *zone)
{
	long n = 0;

	for_each_hart(h)
		if (zone->pageset[h])
			n += READ_ONCE(zone->pageset[h]->count);
	return max(n, 0l);
}

/* ---- size ------------------------------------------------------------------------------------- */

/* A 1/4096 of the zone at most, so that all harts' lists together stay a small part of it. */
static int zone_batchsize(const struct zone *zone)
{
	int batch = min(zone->managed_pages >> 10, 4 * MAX_BATCH_PAGES) / 4;

	batch = max(batch, 1);
	return max((int)(1u << ilog2(batch + batch / 2)) - 1, 1);
}

void zone_pcp_update(struct zone *zone)
{
	int batch = zone_batchsize(zone);
	int high = max(low_wmark_pages(zone) / max(nr_harts, 1u), (unsigned long)batch * 4);

	for_each_hart(h) {
		zone->pageset[h]->batch = batch;
		zone->pageset[h]->high = high;
	}
}

void zone_pcp_init(struct zone *zone)
{
	for_each_hart(h)
		for (unsigned i = 0; i < NR_PCP_LISTS; i++)
			INIT_LIST_HEAD(&zone->pageset[h]->lists[i]);
	zone_pcp_update(zone);
}

bool pcp_verify(struct zone *zone)
{
	for_each_hart(h) {
		struct per_cpu_pages *pcp = zone->pageset[h];
		int sum = 0;

		for (unsigned i = 0; i < NR_PCP_LISTS; i++) {
			unsigned order = i / MIGRATE_PCPTYPES;
			struct page *page;

			list_for_each_entry(page, &pcp->lists[i], lru) {
				sum += 1 << (order > PCP_MAX_LOW_ORDER ? PCP_HUGE_ORDER : order);
				if (page_zone(page) != zone || page_count(page) || PageBuddy(page))
					return false;			/* H2 */
			}
		}
		if (sum != pcp->count)
			return false;					/* H1 */
	}
	return true;
}
