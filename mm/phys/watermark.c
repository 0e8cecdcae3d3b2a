/*
 * mm/phys/watermark.c - how far down each zone may be emptied, and by whom.
 *
 * MODEL          free pages of a zone
 *                   |  anyone
 *           high ---+  kswapd goes back to sleep
 *                   |  anyone
 *           low  ---+  kswapd wakes
 *                   |  anyone, kswapd works
 *           min  ---+  callers reclaim for themselves; atomic ones go on
 *                   |  atomic: to 3/8 of min; dying: to 1/2
 *           0    ---+  those who free memory (PF_MEMALLOC) go down to here
 *           lowmem_reserve[i] is added for allocations that zone i could have served: what only low
 *           memory can serve finds some.
 * INVARIANTS
 *   W1  min <= low <= high in every zone.
 *   W2  No mark that a caller may go down to is above the one that it was given.
 * UNITS     pages, except min_free_kbytes.
 * TESTS     test/host/mm/phys/test_watermark.c (against the formula by hand)
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "mm/phys/buddy.h"
#include "mm/phys/init.h"

unsigned long min_free_kbytes = 1024, totalreserve_pages;
unsigned watermark_scale_factor = 10;
unsigned sysctl_lowmem_reserve_ratio[MAX_NR_ZONES] = { 256, 32, 0, 0 };
static bool user_set;

/* Is there a free block of @order or more that the caller may take? */
static bool order_available(const struct zone *z, unsigned order, unsigned alloc_flags)
{
	for (unsigned o = order; o < NR_PAGE_ORDERS; o++) {
		const struct free_area *area = &z->free_area[o];

		if (!area->nr_free)
			continue;
		for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			if (!list_empty(&area->free_list[mt]))
				return true;
		if (alloc_flags & (ALLOC_HIGHATOMIC | ALLOC_OOM) &&
		    !list_empty(&area->free_list[MIGRATE_HIGHATOMIC]))
			return true;
	}
	return false;
}

/* May 2^@order pages be taken from @z without it falling below @mark?  Looks without the lock. */
bool zone_watermark_ok(struct zone *z, unsigned order, unsigned long mark,
		       enum zone_type highest, unsigned alloc_flags)
{
	long free = z->nr_free - ((1ul << order) - 1), min = mark;

	if (!(alloc_flags & (ALLOC_HIGHATOMIC | ALLOC_OOM)))
		free -= z->nr_reserved_highatomic;
	if (alloc_flags & ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (alloc_flags & ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (alloc_flags & ALLOC_OOM)
		min -= min / 2;
	INV(W2, min >= 0 && (unsigned long)min <= mark);
	if (free <= min + z->lowmem_reserve[highest])
		return false;
	return !order || order_available(z, order, alloc_flags);
}

static bool is_lowmem(const struct zone *z) { return z->idx <= ZONE_NORMAL; }

static unsigned long lowmem_managed(void)
{
	unsigned long pages = 0;

	for_each_populated_zone(z)
		if (is_lowmem(z))
			pages += z->managed_pages;
	return pages;
}

static void set_zone_wmarks(struct zone *z, unsigned long min_pages, unsigned long lowmem)
{
	unsigned long share = lowmem ? min_pages * z->managed_pages / lowmem : 0;
	unsigned long step, flags;

	spin_lock_irqsave(&z->lock, flags);
	if (is_lowmem(z))
		z->_watermark[WMARK_MIN] = share;
	else
		z->_watermark[WMARK_MIN] = clamp(z->managed_pages / 1024, 32ul, 128ul);
	step = max(share / 4, z->managed_pages / 10000 * watermark_scale_factor +
			      z->managed_pages % 10000 * watermark_scale_factor / 10000);
	z->_watermark[WMARK_LOW] = z->_watermark[WMARK_MIN] + step;
	z->_watermark[WMARK_HIGH] = z->_watermark[WMARK_LOW] + step;
	INV(W1, z->_watermark[WMARK_MIN] <= z->_watermark[WMARK_LOW] &&
		z->_watermark[WMARK_LOW] <= z->_watermark[WMARK_HIGH]);
	spin_unlock_irqrestore(&z->lock, flags);
}

static void calculate_totalreserve(void)
{
	unsigned long total = 0;

	for_each_populated_zone(z) {
		unsigned long most = 0;

		for (unsigned i = z->idx; i < MAX_NR_ZONES; i++)
			most = max(most, (unsigned long)z->lowmem_reserve[i]);
		most = min(most + high_wmark_pages(z), z->managed_pages);
		z->pgdat->totalreserve_pages += most;
		total += most;
	}
	totalreserve_pages = total;
}

void setup_per_zone_wmarks(void)
{
	unsigned long lowmem = lowmem_managed();

	for_each_populated_zone(z) {
		set_zone_wmarks(z, min_free_kbytes >> (PAGE_SHIFT - 10), lowmem);
		z->pgdat->totalreserve_pages = 0;
	}
	zones_pcp_update();
	calculate_totalreserve();
}

void setup_per_zone_lowmem_reserve(void)
{
	for_each_online_node(nid)
		for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *z = &NODE_DATA(nid)->node_zones[i];
			unsigned ratio = sysctl_lowmem_reserve_ratio[i];
			unsigned long above = 0;

			INV(W2, !z->lowmem_reserve[i]);		/* what it alone can serve meets no reserve */
			for (unsigned j = i + 1; j < MAX_NR_ZONES; j++) {
				above += NODE_DATA(nid)->node_zones[j].managed_pages;
				z->lowmem_reserve[j] = ratio && managed_zone(z) ? above / ratio : 0;
			}
		}
	for_each_populated_zone(z)
		z->pgdat->totalreserve_pages = 0;
	calculate_totalreserve();
}

static unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0;

	for (unsigned long bit = 1ul << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

/* min_free_kbytes = 4 * sqrt(lowmem in kB), from 128 kB to 256 MiB, unless somebody has set it. */
void init_per_zone_wmark_min(void)
{
	unsigned long kbytes = int_sqrt((lowmem_managed() << (PAGE_SHIFT - 10)) * 16);

	if (!user_set)
		min_free_kbytes = clamp(kbytes, 128ul, 262144ul);
	setup_per_zone_lowmem_reserve();
	setup_per_zone_wmarks();
}

int min_free_kbytes_set(unsigned long kbytes)
{
	if (kbytes > lowmem_managed() << (PAGE_SHIFT - 10))
		return -EINVAL;
	user_set = true;
	min_free_kbytes = kbytes;
	setup_per_zone_wmarks();
	return 0;
}
