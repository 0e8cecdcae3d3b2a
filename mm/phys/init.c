/*
 * mm/phys/init.c - from memblock to the buddy system.
 *
 * MODEL     In this order, for each step needs the ones before:
 *             nodes found, ZONE_MOVABLE placed   which zones there are
 *             nodes, zones, zonelists            from memblock, their last allocations but one
 *             the plan of the memory map         which sections are made now
 *             struct pages; free memory to the buddy system
 *             watermarks, sizes of the harts' lists
 * INVARIANTS
 *   I1  No page is managed that is not present, and none is free that is not managed.
 *   I2  What is given back was reserved, and nobody's.
 * COST      Proportional to the first GiB of memory, not to all (memmap.c).
 * TESTS     test/host/mm/phys/test_buddy.c, test_node.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/init.h"
#include "lib/printk.h"
#include "mm/phys/buddy.h"
#include "mm/phys/memblock.h"
#include "mm/phys/memmap.h"
#include "mm/phys/node.h"
#include "mm/phys/page_debug.h"

unsigned long memmap_pages, boot_free_pages;

static void print_zone_range(enum zone_type zt)
{
	pfn_t first = ~0ul, last = 0;
	const char *name = NULL;

	for_each_online_node(nid) {
		struct zone *z = &NODE_DATA(nid)->node_zones[zt];

		name = z->name;
		if (!populated_zone(z))
			continue;
		first = min(first, z->zone_start_pfn);
		last = max(last, zone_end_pfn(z));
	}
	if (last)
		pr_info("  %-8s [mem %#018lx-%#018lx]\n", name, PFN_PHYS(first), PFN_PHYS(last) - 1);
	else
		pr_info("  %-8s empty\n", name);
}

static void print_zones(void)
{
	pfn_t start, end;
	unsigned i;
	int nid;

	pr_info("Zone ranges:\n");
	for (unsigned zt = 0; zt < ZONE_MOVABLE; zt++)
		print_zone_range(zt);
	pr_info("Movable zone start for each node\n");
	for_each_online_node(n)
		if (zone_movable_pfn[n])
			pr_info("  Node %u: %#018lx\n", n, PFN_PHYS(zone_movable_pfn[n]));
	pr_info("Early memory node ranges\n");
	for_each_mem_pfn_range(i, NUMA_NO_NODE, &start, &end, &nid)
		pr_info("  node %3d: [mem %#018lx-%#018lx]\n", nid, PFN_PHYS(start), PFN_PHYS(end) - 1);
}

static void count_memmap(void)
{
	pfn_t start, end;
	unsigned i;

	for_each_vmemmap_pfn_range(i, &start, &end, NULL)
		memmap_pages += PFN_UP((end - start) * sizeof(struct page));
}

static void print_memory(void)
{
	unsigned long present = 0, deferred = 0, permille;

	for_each_populated_zone(z) {
		present += z->present_pages;
		deferred += z->nr_deferred;
	}
	permille = memmap_pages * 1000 / max(present, 1ul);
	pr_info("Memory map: struct page is %u bytes, %luK in all (%lu.%lu%% of memory), %luK deferred\n",
		(unsigned)sizeof(struct page), memmap_pages << 2, permille / 10, permille % 10, deferred << 2);
	pr_info("Memory: %luK/%luK available\n", nr_free_pages() << 2, present << 2);
}

void mm_init_phys(void)
{
	ASSERT(nr_harts && nr_harts <= NR_HARTS);
	find_nodes();
	find_zone_movable_pfns();
	init_nodes();
	build_all_zonelists();
	hart_lists_init();
	page_owner_init();
	memmap_plan();
	memblock_set_current_limit(0);		/* memblock allocates no more */
	memmap_init();
	init_per_zone_wmark_min();
	count_memmap();
	boot_free_pages = nr_free_pages();
	INV(I1, boot_free_pages <= totalram_pages());
	print_zones();
	print_memory();
}

/* Pages [start, end) of one zone were reserved, and are free from now on. */
static void free_reserved_pages(struct zone *zone, pfn_t start, pfn_t end)
{
	unsigned long flags;

	INV(I2, start < end && zone_spans_pfn(zone, start) && zone_spans_pfn(zone, end - 1));
	for (pfn_t pfn = start; pfn < end; pfn++) {
		struct page *page = pfn_to_page(pfn);

		ASSERT(PageReserved(page) && page_count(page) == 1);
		__ClearPageReserved(page);
		atomic_set(&page->_refcount, 0);
	}
	spin_lock_irqsave(&zone->lock, flags);
	zone->managed_pages += end - start;
	INV(I1, zone->managed_pages <= zone->present_pages);
	spin_unlock_irqrestore(&zone->lock, flags);
	free_pages_range(zone, start, end);
}

unsigned long free_reserved_area(phys_addr_t start, phys_addr_t end, const char *what)
{
	pfn_t pfn = PFN_UP(start), last = PFN_DOWN(end);
	unsigned long pages = 0;

	while (pfn < last) {
		struct zone *zone;
		pfn_t stop = pfn + 1;

		if (!pfn_valid(pfn)) {
			pfn++;
			continue;
		}
		zone = page_zone(pfn_to_page(pfn));
		while (stop < last && pfn_valid(stop) && page_zone(pfn_to_page(stop)) == zone)
			stop++;
		free_reserved_pages(zone, pfn, stop);
		pages += stop - pfn;
		pfn = stop;
	}
	if (pages && what)
		pr_info("Freeing %s memory: %luK\n", what, pages << (PAGE_SHIFT - 10));
	return pages << PAGE_SHIFT;
}
