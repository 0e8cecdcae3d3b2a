/*
 * test/host/mm/phys/test_page_alloc.c - the allocator's interface, its reserves and its slow path.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c
// SRCS: mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c
// SRCS: mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c
// SRCS: mm/phys/page_owner.c mm/phys/page_debug.c
#include "test/host/mm/phys/machine.h"

static struct page *hoard[140000];
static unsigned long hoarded;

static unsigned long fill(gfp_t gfp)
{
	unsigned long n = 0;

	for (struct page *p; (p = alloc_page(gfp)); n++)
		hoard[hoarded++] = p;
	return n;
}

static void empty(void)
{
	while (hoarded)
		__free_page(hoard[--hoarded]);
	drain_all_pages(NULL);
}

static void begin(unsigned long mb)
{
	machine_begin();
	memblock_add(0x80000000, mb * MiB);
	machine_boot(2);
}

static void interface(void)
{
	unsigned long before, va;
	struct page *page, *pages[100];
	char *p;

	begin(64);
	before = nr_free_pages();
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 3);
	CHECK(page && page_count(page) == 1);
	for (unsigned i = 0; i < 8 * PAGE_SIZE; i++)
		CHECK(!((char *)page_to_virt(page))[i]);
	memset(page_to_virt(page), 0x55, 8 * PAGE_SIZE);
	__free_pages(page, 3);
	va = get_zeroed_page(GFP_KERNEL);
	CHECK(va && !*(u64 *)va && !*(u64 *)(va + 4088));
	free_page(va);
	free_pages(0, 0);

	/* A compound page lives until the last reference, whichever page it is dropped through. */
	page = alloc_pages(GFP_KERNEL | __GFP_COMP, 9);
	CHECK(page && compound_order(page) == 9 && compound_head(page + 511) == page);
	get_page(page + 300);
	CHECK(page_count(page) == 2);
	put_page(page + 17);
	CHECK(page_count(page) == 1 && nr_free_pages() == before - 512);
	put_page(page + 511);
	CHECK(nr_free_pages() == before && !PageTail(page + 1) && !PageHead(page));

	page = alloc_pages(GFP_KERNEL, 4);
	split_page(page, 4);
	for (unsigned i = 0; i < 16; i++)
		__free_page(page + (i * 7) % 16);
	CHECK(nr_free_pages() == before);

	p = alloc_pages_exact(5 * PAGE_SIZE + 1, GFP_KERNEL);
	CHECK(p && nr_free_pages() == before - 6);
	free_pages_exact(p, 5 * PAGE_SIZE + 1);
	CHECK(nr_free_pages() == before && !alloc_pages_exact(0, GFP_KERNEL));

	CHECK(alloc_pages_bulk(GFP_KERNEL, 100, pages) == 100);
	get_page(pages[50]);
	free_pages_bulk(pages, 100);
	CHECK(nr_free_pages() == before - 1);
	put_page(pages[50]);
	CHECK(nr_free_pages() == before);

	/* Someone looks at the first page of a block while it is freed. */
	page = alloc_pages(GFP_KERNEL, 2);
	get_page(page);
	__free_pages(page, 2);
	CHECK(nr_free_pages() == before - 1);
	put_page(page);
	CHECK(nr_free_pages() == before);
	page = alloc_pages(GFP_KERNEL, 2);		/* or split */
	CHECK(get_page_unless_zero(page));
	split_page(page, 2);
	for (unsigned i = 0; i < 4; i++)
		__free_page(page + i);
	CHECK(nr_free_pages() == before - 1);
	put_page(page);
	CHECK(nr_free_pages() == before);
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER + 1));

	page = alloc_page(GFP_KERNEL);
	SetPageLRU(page);
	__free_page(page);				/* corrupt: not reused */
	CHECK(nr_free_pages() == before - 1);
	drain_all_pages(NULL);
	check_all();
}

static void reserves(void)
{
	struct zone *z;
	unsigned long atomic;

	begin(128);
	z = first_populated_zone();
	CHECK(min_free_kbytes == 4 * 362 && min_wmark_pages(z) == 362);	/* 4 sqrt(131072) = 1448 */
	CHECK(low_wmark_pages(z) == 362 + 90 && high_wmark_pages(z) == 362 + 180);
	fill(GFP_NOWAIT);
	CHECK(z->nr_free <= min_wmark_pages(z) + 1 && z->nr_free + 70 > min_wmark_pages(z));
	atomic = fill(GFP_ATOMIC | __GFP_NOWARN);
	CHECK(atomic > 150 && z->nr_free >= min_wmark_pages(z) * 3 / 8 - 64);
	current_base()->flags |= PF_MEMALLOC;
	fill(GFP_NOWAIT);
	CHECK(!z->nr_free);
	current_base()->flags = 0;
	empty();
	check_all();
	CHECK(nr_free_pages() == boot_free_pages);
	CHECK(min_free_kbytes_set(1ul << 40) == -22 && !min_free_kbytes_set(4000) && min_wmark_pages(z) == 1000);
	fill(GFP_NOWAIT);
	CHECK(z->nr_free <= 1001 && z->nr_free > 900);
	empty();
}

static void lowmem(void)
{
	struct zone *dma, *normal;

	machine_begin();
	memblock_add(0xf8000000, 256 * MiB);	/* half below 4 GiB */
	machine_boot(1);
	dma = &NODE_DATA(0)->node_zones[ZONE_DMA32];
	normal = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	CHECK(populated_zone(dma) && populated_zone(normal));
	CHECK(dma->lowmem_reserve[ZONE_NORMAL] == (long)normal->managed_pages / 256);
	CHECK(page_zone(alloc_page(GFP_KERNEL)) == normal);
	CHECK(page_zone(alloc_page(GFP_DMA32 | GFP_KERNEL)) == dma);
	fill(GFP_NOWAIT);
	/* What only low memory can serve still finds some. */
	CHECK(dma->nr_free >= min_wmark_pages(dma) + dma->lowmem_reserve[ZONE_NORMAL] - 63);
	CHECK(fill(GFP_NOWAIT | GFP_DMA32) > 50);
	empty();
}

static unsigned long reclaimed;
static unsigned long fake_reclaim(__maybe_unused const struct alloc_context *ac,
				  __maybe_unused unsigned order, __maybe_unused gfp_t gfp)
{
	unsigned long n = 0;

	CHECK(current_base()->flags & PF_MEMALLOC);
	while (n < 32 && hoarded && reclaimed < 1000) {
		__free_page(hoard[--hoarded]);
		n++;
		reclaimed++;
	}
	return n;
}

static unsigned long kswapd_wakes;
static void fake_kswapd(__maybe_unused struct zone *z, __maybe_unused gfp_t gfp, __maybe_unused unsigned order,
			__maybe_unused enum zone_type highest)
{
	kswapd_wakes++;
}

/* Who was killed gets what is below the minimum, to a half, and then nothing: no second killing, no waiting. */
static void victim_takes_half_the_reserve(void)
{
	struct zone *z = first_populated_zone();
	unsigned long before = hoarded;
	struct page *page;

	while ((page = alloc_page(GFP_KERNEL | __GFP_NOWARN)))
		hoard[hoarded++] = page;
	CHECK(oom_calls == 1 && hoarded > before + 10);
	CHECK(z->nr_free >= min_wmark_pages(z) / 2);
	current_base()->flags &= ~PF_OOM_VICTIM;
	while (hoarded > before)
		__free_page(hoard[--hoarded]);
}

static void slow_path(void)
{
	static const struct reclaim_ops ops = { fake_kswapd, fake_reclaim, NULL };
	struct page *page;

	begin(64);
	fill(GFP_NOWAIT);
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN) && !oom_calls);
	victim_takes_half_the_reserve();
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, 4) && oom_calls == 1);	/* costly: no killing */
	CHECK(!alloc_page(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN) && oom_calls == 1);
	register_reclaim_ops(&ops);
	for (unsigned i = 0; i < 500; i++) {
		page = alloc_page(GFP_KERNEL);
		CHECK(page);
		__free_page(page);
		page = alloc_page(GFP_KERNEL);
		CHECK(page);
	}
	CHECK(reclaimed > 400 && kswapd_wakes && vm_event(ALLOCSTALL_NORMAL) > 10 && oom_calls == 1);
	check_all();
}

static void pages_on_other_harts(void)
{
	struct zone *z;

	begin(64);
	z = first_populated_zone();
	fill(GFP_NOWAIT);
	host_run_on(1);
	for (unsigned i = 0; i < 60; i++)
		__free_page(hoard[--hoarded]);
	host_run_on(0);
	CHECK(pcp_pages(z->pageset[1]) >= 60);
	/* A hart that cannot see them gets them by draining, before anybody is killed. */
	CHECK(alloc_page(GFP_KERNEL) && !oom_calls && !pcp_pages(z->pageset[1]));
	check_all();
}

static void grouping(void)
{
	struct zone *z;
	unsigned long big = 0, mixed = 0;

	begin(256);
	z = first_populated_zone();
	/* A mixed load: one in eight unmovable; then the movable part is freed. */
	for (unsigned i = 0; i < 40000; i++) {
		struct page *page = alloc_page(i % 8 ? GFP_NOWAIT | __GFP_HIGHMEM | __GFP_MOVABLE : GFP_NOWAIT);

		CHECK(page);
		if (i % 8)
			hoard[hoarded++] = page;
	}
	empty();
	for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn += pageblock_nr_pages)
		mixed += pfnblock_migratetype(z, pfn) == MIGRATE_UNMOVABLE;
	for (unsigned o = pageblock_order; o <= MAX_ORDER; o++)
		big += z->free_area[o].nr_free << o;
	diag("%lu of %lu free pages in blocks of order 9 and more; %lu unmovable pageblocks", big, z->nr_free, mixed);
	CHECK(big * 100 >= z->nr_free * 95 && mixed <= 14);
	check_all();
}

static void high_atomic(void)
{
	struct zone *z;

	begin(512);
	z = first_populated_zone();
	fill(GFP_NOWAIT);
	for (unsigned i = 0; i < 2000; i++)
		__free_page(hoard[--hoarded]);
	drain_all_pages(NULL);
	while (!z->nr_reserved_highatomic)
		CHECK(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 2));
	check_all();
	CHECK(z->nr_reserved_highatomic % pageblock_nr_pages == 0);
	fill(GFP_NOWAIT);
	CHECK(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 2));	/* the reserve serves its like */
	CHECK(unreserve_highatomic_pageblock(z, true) && !z->nr_reserved_highatomic);
	check_all();
	empty();
}

static void isolation(void)
{
	struct zone *z;
	struct page *page;
	pfn_t start, inside = 0;

	begin(64);
	z = first_populated_zone();
	start = z->zone_start_pfn + 4 * pageblock_nr_pages;
	fill(GFP_NOWAIT);
	for (unsigned long i = 0; i < hoarded; i++)
		if (page_to_pfn(hoard[i]) == start + 5)
			inside = i;
	CHECK(inside);
	page = hoard[inside];
	hoard[inside] = hoard[--hoarded];
	CHECK(!start_isolate_page_range(start, start + 2 * pageblock_nr_pages));
	CHECK(start_isolate_page_range(start, start + pageblock_nr_pages) == -16);
	__free_page(page);			/* goes nowhere near an allocation */
	for (unsigned i = 0; i < 1000; i++) {
		page = alloc_page(GFP_ATOMIC | __GFP_NOWARN);
		if (!page)
			break;
		CHECK(page_to_pfn(page) != start + 5);
		hoard[hoarded++] = page;
	}
	check_all();
	empty();
	check_all();
	CHECK(z->nr_free == z->managed_pages);
	for (unsigned long n = 0; n < z->managed_pages - 3 * pageblock_nr_pages; n++) {
		page = alloc_page(GFP_NOWAIT);
		if (!page)
			break;
		CHECK(page_to_pfn(page) < start || page_to_pfn(page) >= start + 2 * pageblock_nr_pages);
		hoard[hoarded++] = page;
	}
	empty();
	undo_isolate_page_range(start, start + 2 * pageblock_nr_pages, MIGRATE_MOVABLE);
	check_all();
	CHECK(z->free_area[MAX_ORDER].nr_free == 64 / 4 - 1 || z->free_area[MAX_ORDER].nr_free == 64 / 4 ||
	      z->free_area[MAX_ORDER].nr_free == 64 / 4 - 2);
}

/* Each kind of allocation, complete or not at all; the pages it got are told by the result alone. */
static void each_kind(void)
{
	struct page *pages[40], *page;
	unsigned long n;
	void *exact;

	n = alloc_pages_bulk(GFP_KERNEL, 40, pages);
	CHECK(n <= 40);
	for (unsigned long i = 0; i < n; i++)
		__free_page(pages[i]);
	exact = alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL);
	if (exact)
		free_pages_exact(exact, 5 * PAGE_SIZE);
	page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, 4);
	if (page)
		put_page(page + 3);
	free_page(get_zeroed_page(GFP_KERNEL));
	page = alloc_pages(GFP_ATOMIC, 2);
	if (page) {
		split_page(page, 2);
		for (unsigned i = 0; i < 4; i++)
			__free_page(page + i);
	}
	page = alloc_pages_node(0, GFP_HIGHUSER_MOVABLE | __GFP_THISNODE, 9);
	if (page)
		__free_pages(page, 9);
}

/* The n-th allocation fails, for every n: nobody notices but its caller, and nothing is lost. */
static void each_failure(void)
{
	unsigned long free, n = 0, failures;

	begin(64);
	each_kind();
	drain_all_pages(NULL);
	free = nr_free_pages();
	do {
		fail_page_alloc = (struct fault_attr){ .interval = ++n, .probability = 100, .times = 1 };
		fail_page_alloc_count = 0;
		fail_page_alloc_enable(true);
		each_kind();
		fail_page_alloc_enable(false);
		failures = fail_page_alloc_count;
		drain_all_pages(NULL);
		CHECK(nr_free_pages() == free && failures <= 1);
		check_all();
	} while (failures);
	diag("%lu allocations failed in turn", n - 1);
	CHECK(n - 1 == 45);
}

static void lock_economy(void)
{
	struct zone *z;
	struct page *page;
	unsigned long locks;

	begin(256);
	z = first_populated_zone();
	page = alloc_page(GFP_KERNEL);
	__free_page(page);
	locks = z->lock.next;
	for (unsigned i = 0; i < 1000; i++) {
		page = alloc_page(GFP_KERNEL);
		__free_page(page);
	}
	CHECK(z->lock.next == locks);		/* hot pairs take no lock */
	for (unsigned i = 0; i < 1000; i++)
		hoard[hoarded++] = alloc_page(GFP_KERNEL);
	CHECK(z->lock.next - locks <= 2 * 1000 / z->pageset[0]->batch);
	empty();
}

int main(void)
{
	run_scenario(interface, "interface: orders, compound, split, exact, bulk");
	run_scenario(reserves, "watermarks and who may pass them");
	run_scenario(lowmem, "lowmem_reserve");
	run_scenario(slow_path, "slow path: reclaim, OOM, NORETRY, RETRY_MAYFAIL");
	run_scenario(pages_on_other_harts, "pages on other harts' lists are found");
	run_scenario(grouping, "mobility grouping keeps large blocks");
	run_scenario(high_atomic, "high-order atomic reserve");
	run_scenario(isolation, "isolated pageblocks give nothing away");
	run_scenario(each_failure, "each allocation fails once");
	run_scenario(lock_economy, "lock acquisitions");
	return done_testing();
}
