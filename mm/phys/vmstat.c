/*
 * mm/phys/vmstat.c - the counters: reading, and the figures made from them.
 *
 * MODEL     Free memory, as MemFree and nr_free_pages show it, is what the buddy system has, what
 *           the harts' lists hold, and what is not initialised yet: all of it can be had without
 *           reclaim, and the figure does not wander as lists fill and drain.  (Linux leaves the
 *           lists out.)  "pages free" of /proc/zoneinfo and the watermarks count the buddy system only.
 * LOCKING   None: sums of relaxed reads, exact when nothing moves.
 * TESTS     test/host/mm/phys/test_vmstat.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"

DEFINE_PER_HART(struct vm_event_state, vm_event_states);

static unsigned long sum_events(enum vm_event_item item)
{
	unsigned long sum = 0;

	for_each_hart(h)
		sum += READ_ONCE(per_hart_ptr(&vm_event_states, h)->event[item]);
	return sum;
}

/* What the shortest paths counted on the lists themselves. */
static unsigned long sum_pcp(enum vm_event_item item)
{
	unsigned long sum = 0;

	for_each_populated_zone(z)
		for_each_hart(h) {
			if (item == PGFREE)
				sum += pcp_nr_freed(z->pageset[h]);
			else if (item == PGALLOC_DMA32 + z->idx)
				sum += pcp_nr_alloc(z->pageset[h]);
		}
	return sum;
}

unsigned long vm_event(enum vm_event_item item)
{
	unsigned long sum = sum_events(item);

	if (item == PGFREE || (item >= PGALLOC_DMA32 && item <= PGALLOC_MOVABLE))
		sum += sum_pcp(item);
	return sum;
}

unsigned long node_page_state(struct pglist_data *pgdat, enum node_stat_item item)
{
	long sum = 0;

	for_each_hart(h)
		sum += READ_ONCE(pgdat->hart_stat[h]->stat[item]);
	return max(sum, 0l);
}

unsigned long global_node_page_state(enum node_stat_item item)
{
	unsigned long sum = 0;

	for_each_online_node(nid)
		sum += node_page_state(NODE_DATA(nid), item);
	return sum;
}

unsigned long zone_page_state(struct zone *zone, enum zone_stat_item item)
{
	long n = atomic_long_read(&zone->vm_stat[item]);

	return max(n, 0l);
}

unsigned long zone_free_pages(struct zone *zone)
{
	return READ_ONCE(zone->nr_free) + READ_ONCE(zone->nr_deferred) + pcp_free_pages(zone);
}

unsigned long nr_free_pages(void)
{
	unsigned long sum = 0;

	for_each_populated_zone(z)
		sum += zone_free_pages(z);
	return sum;
}

unsigned long totalram_pages(void)
{
	unsigned long sum = 0;

	for_each_populated_zone(z)
		sum += z->managed_pages;
	return sum;
}

/* Free above the reserves; page cache and reclaimable slab less what should stay of them. */
unsigned long si_mem_available(void)
{
	unsigned long low = 0, cache, slab;
	long available;

	for_each_populated_zone(z)
		low += low_wmark_pages(z);
	available = nr_free_pages() - totalreserve_pages;
	cache = global_node_page_state(NR_ACTIVE_FILE) + global_node_page_state(NR_INACTIVE_FILE);
	available += cache - min(cache / 2, low);
	slab = global_node_page_state(NR_SLAB_RECLAIMABLE) +
	       global_node_page_state(NR_KERNEL_MISC_RECLAIMABLE);
	available += slab - min(slab / 2, low);
	return max(available, 0l);
}

void si_meminfo(struct sysinfo_mem *val)
{
	*val = (struct sysinfo_mem){
		.totalram = totalram_pages(),
		.freeram = nr_free_pages(),
		.sharedram = global_node_page_state(NR_SHMEM),
		.bufferram = nr_blockdev_pages(),
	};
	for_each_populated_zone(z)
		if (z->idx == ZONE_HIGHMEM) {
			val->totalhigh += z->managed_pages;
			val->freehigh += zone_free_pages(z);
		}
}
