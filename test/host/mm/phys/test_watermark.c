/*
 * test/host/mm/phys/test_watermark.c - watermarks and reserves, against Linux's formula by hand.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c
// SRCS: mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c
// SRCS: mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c
// SRCS: mm/phys/page_owner.c mm/phys/page_debug.c
#include "test/host/mm/phys/machine.h"

static struct zone *zone_at(int nid, enum zone_type zt) { return &NODE_DATA(nid)->node_zones[zt]; }

/* What 4 * sqrt(kB) is, found slowly. */
static unsigned long by_hand_kbytes(unsigned long lowmem_pages)
{
	unsigned long target = lowmem_pages * 4 * 16, root = 0;

	while ((root + 1) * (root + 1) <= target)
		root++;
	return root < 128 ? 128 : root > 262144 ? 262144 : root;
}

static void check_zone(const struct zone *z, unsigned long kbytes, unsigned long lowmem, unsigned scale)
{
	unsigned long share = kbytes / 4 * z->managed_pages / lowmem;
	unsigned long step = max(share / 4, (unsigned long)((unsigned __int128)z->managed_pages * scale / 10000));
	unsigned long least = z->idx == ZONE_MOVABLE ? clamp(z->managed_pages / 1024, 32ul, 128ul) : share;

	CHECK(min_wmark_pages(z) == least);
	CHECK(low_wmark_pages(z) == least + step);
	CHECK(high_wmark_pages(z) == least + 2 * step);
}

static unsigned long check_marks(unsigned long kbytes, unsigned scale)
{
	unsigned long lowmem = 0;

	for_each_populated_zone(z)
		if (z->idx <= ZONE_NORMAL)
			lowmem += z->managed_pages;
	if (!kbytes)
		kbytes = by_hand_kbytes(lowmem);
	CHECK(min_free_kbytes == kbytes);
	for_each_populated_zone(z)
		check_zone(z, kbytes, lowmem, scale);
	return lowmem;
}

static void sizes(void)
{
	static const unsigned long mb[] = { 4, 64, 100, 509 };

	for (unsigned i = 0; i < 4; i++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			machine_begin();
			memblock_add(0x80000000, mb[i] * MiB);
			machine_boot(1);
			check_marks(0, 10);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	}
}

static void begin_three_zones(void)
{
	machine_begin();
	memblock_add(0xf8000000, 128 * MiB);		/* DMA32 */
	memblock_add(0x100000000, 256 * MiB);		/* Normal and Movable */
	CHECK(!cmdline_parse_movablecore("100M"));
	machine_boot(1);
	CHECK(populated_zone(zone_at(0, ZONE_DMA32)) && populated_zone(zone_at(0, ZONE_NORMAL)) &&
	      populated_zone(zone_at(0, ZONE_MOVABLE)));
}

static void set_by_hand(void)
{
	unsigned long lowmem;

	begin_three_zones();
	lowmem = check_marks(0, 10);
	CHECK(!min_free_kbytes_set(4000));
	check_marks(4000, 10);
	watermark_scale_factor = 1000;			/* a tenth of the zone between the marks */
	setup_per_zone_wmarks();
	check_marks(4000, 1000);
	CHECK(high_wmark_pages(zone_at(0, ZONE_NORMAL)) > zone_at(0, ZONE_NORMAL)->managed_pages / 5);
	CHECK(!min_free_kbytes_set(0));
	CHECK(!min_wmark_pages(zone_at(0, ZONE_NORMAL)) && min_wmark_pages(zone_at(0, ZONE_MOVABLE)) == 32);
	CHECK(min_free_kbytes_set((lowmem << 2) + 1) == -22 && !min_free_kbytes);
	init_per_zone_wmark_min();			/* memory came or went: what was set by hand stays */
	CHECK(!min_free_kbytes);
}

static void reserves(void)
{
	struct zone *dma, *normal, *movable;

	begin_three_zones();
	dma = zone_at(0, ZONE_DMA32);
	normal = zone_at(0, ZONE_NORMAL);
	movable = zone_at(0, ZONE_MOVABLE);
	CHECK(!dma->lowmem_reserve[ZONE_DMA32]);
	CHECK(dma->lowmem_reserve[ZONE_NORMAL] == (long)normal->managed_pages / 256);
	CHECK(dma->lowmem_reserve[ZONE_MOVABLE] == (long)(normal->managed_pages + movable->managed_pages) / 256);
	CHECK(normal->lowmem_reserve[ZONE_MOVABLE] == (long)movable->managed_pages / 32);
	CHECK(!movable->lowmem_reserve[ZONE_MOVABLE]);
	sysctl_lowmem_reserve_ratio[ZONE_DMA32] = 2;
	sysctl_lowmem_reserve_ratio[ZONE_NORMAL] = 0;	/* none */
	setup_per_zone_lowmem_reserve();
	CHECK(dma->lowmem_reserve[ZONE_NORMAL] == (long)normal->managed_pages / 2);
	CHECK(!normal->lowmem_reserve[ZONE_MOVABLE]);
	/* What is kept back is never more than the zone. */
	CHECK(totalreserve_pages == min(dma->lowmem_reserve[ZONE_MOVABLE] + high_wmark_pages(dma),
					dma->managed_pages) +
	      high_wmark_pages(normal) + high_wmark_pages(movable));
	CHECK(NODE_DATA(0)->totalreserve_pages == totalreserve_pages);
	/* An allocation that could go higher stops earlier. */
	dma->nr_free = dma->lowmem_reserve[ZONE_NORMAL] + 100;
	CHECK(zone_watermark_ok(dma, 0, 99, ZONE_NORMAL, 0) && !zone_watermark_ok(dma, 0, 100, ZONE_NORMAL, 0));
	CHECK(zone_watermark_ok(dma, 0, dma->nr_free - 1, ZONE_DMA32, 0));
}

/* Who may go how deep below a mark of 1000 pages: the last free page but one that is enough. */
static void depths(void)
{
	static const struct { unsigned flags; unsigned long floor; } who[] = {
		{ 0, 1000 },
		{ ALLOC_MIN_RESERVE, 500 },				/* __GFP_HIGH */
		{ ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK, 375 },		/* GFP_ATOMIC */
		{ ALLOC_OOM, 500 },
		{ ALLOC_OOM | ALLOC_MIN_RESERVE, 250 },
		{ ALLOC_NON_BLOCK, 1000 },				/* cannot wait, but is not important */
	};
	struct zone *z;

	machine_begin();
	memblock_add(0x80000000, 64 * MiB);
	machine_boot(1);
	z = first_populated_zone();
	for (unsigned i = 0; i < ARRAY_SIZE(who); i++) {
		z->nr_free = who[i].floor;
		CHECK(!zone_watermark_ok(z, 0, 1000, z->idx, who[i].flags));
		z->nr_free++;
		CHECK(zone_watermark_ok(z, 0, 1000, z->idx, who[i].flags));
		/* Of a block, only the last page counts as what is left. */
		CHECK(!zone_watermark_ok(z, 3, 1000, z->idx, who[i].flags));
		z->nr_free += 7;
		CHECK(zone_watermark_ok(z, 3, 1000, z->idx, who[i].flags));
	}
	/* The atomic reserve is nobody else's. */
	z->nr_free = 1001;
	z->nr_reserved_highatomic = 512;
	CHECK(!zone_watermark_ok(z, 0, 1000, z->idx, 0) && zone_watermark_ok(z, 0, 1000, z->idx, ALLOC_HIGHATOMIC));
	CHECK(zone_watermark_ok(z, 0, 488, z->idx, 0) && zone_watermark_ok(z, 0, 2000, z->idx, ALLOC_OOM));
}

/* Pages enough, but in no block of the order, or on a list that is not for this caller. */
static void orders(void)
{
	static struct page *page[20000];
	unsigned long n = 0;
	struct zone *z;

	machine_begin();
	memblock_add(0x80000000, 64 * MiB);
	machine_boot(1);
	z = first_populated_zone();
	while (n < 20000 && (page[n] = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN)))
		n++;
	for (unsigned long i = 0; i < n; i++)
		if (page_to_pfn(page[i]) & 1)
			__free_page(page[i]);
	drain_all_pages(NULL);
	CHECK(z->nr_free > 7000 && zone_watermark_ok(z, 0, 1000, z->idx, 0) &&
	      !zone_watermark_ok(z, 1, 1000, z->idx, 0));
	for (unsigned long i = 0; i < n; i++)
		if (page_to_pfn(page[i]) % 8 == 4)
			__free_page(page[i]);
	drain_all_pages(NULL);
	CHECK(zone_watermark_ok(z, 1, 1000, z->idx, 0) && !zone_watermark_ok(z, 2, 1000, z->idx, 0));
	check_all();
}

int main(void)
{
	run_scenario(sizes, "min, low, high of machines from 4 to 509 MiB");
	run_scenario(set_by_hand, "min_free_kbytes and watermark_scale_factor");
	run_scenario(reserves, "lowmem_reserve_ratio, what low zones keep for their like");
	run_scenario(depths, "who may go how deep");
	run_scenario(orders, "orders: a block must be there");
	return done_testing();
}
