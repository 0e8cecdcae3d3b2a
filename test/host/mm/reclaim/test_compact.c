/*
 * test/host/mm/reclaim/test_compact.c - the two scanners, deferral, suitability.
 *
 * MODEL     Pages that move are pages of the test: what a page is, a number, lies in who[]; the migration here
 *           moves that number.  Everything else is real: zone, buddy system, watermarks, counters.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/reclaim/compact.c mm/reclaim/contig.c mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c
// SRCS: mm/phys/mobility.c mm/phys/page_alloc.c mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c
// SRCS: mm/phys/node.c mm/phys/movable.c mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c
// SRCS: mm/phys/vmstat_show.c mm/phys/page_owner.c mm/phys/page_debug.c
#include "test/host/mm/phys/machine.h"
#include "include/uapi/errno.h"
#include "mm/reclaim/compact.h"
#include "mm/reclaim/migrate.h"

enum { NOBODY, PINNED, FIRST };		/* who[]: FIRST and above can move */
static u32 who[SHADOW_PAGES];
static unsigned long live, moves, refuse_each;
static struct zone *z;

bool isolate_movable_page(struct page *page)
{
	if (who[page_to_pfn(page)] < FIRST)
		return false;
	get_page(page);
	return true;
}

unsigned migrate_pages(struct page **pages, unsigned nr, struct migrate_target *t, __maybe_unused int *status)
{
	unsigned left = 0;

	for (unsigned i = 0; i < nr; i++) {
		bool refuse = refuse_each && ++moves % refuse_each == 0;
		struct page *fresh = refuse ? NULL : t->alloc(t, pages[i]);

		if (fresh) {
			CHECK(page_count(fresh) == 1 && !who[page_to_pfn(fresh)]);
			who[page_to_pfn(fresh)] = who[page_to_pfn(pages[i])];
			who[page_to_pfn(pages[i])] = NOBODY;
			__free_page(pages[i]);		/* its user's reference */
			count_vm_event(PGMIGRATE_SUCCESS);
		} else {
			left++;
			count_vm_event(PGMIGRATE_FAIL);
		}
		__free_page(pages[i]);
	}
	return left;
}

__weak bool fatal_signal_pending(void) { return false; }

/* Give every page a user: one of @pinned_one_in stays where it is; then free all but one of @keep_one_in. */
static void scatter(unsigned long mb, unsigned pinned_one_in, unsigned keep_one_in)
{
	struct page *page;

	machine_begin();
	memblock_add(0x80000000 + 3 * PAGE_SIZE, mb * MiB);	/* unaligned at both ends */
	machine_boot(1);
	z = first_populated_zone();
	while ((page = alloc_page(GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM)))
		who[page_to_pfn(page)] = ++live + FIRST;
	for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn++)
		if (who[pfn] >= FIRST) {
			if (pinned_one_in && rnd() % pinned_one_in == 0) {
				who[pfn] = PINNED;
			} else if (rnd() % keep_one_in) {
				who[pfn] = NOBODY;
				__free_page(pfn_to_page(pfn));
			}
		}
	drain_all_pages(NULL);
	check_all();
}

static u64 sum_of_users(void)
{
	u64 sum = 0;

	for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn++)
		sum += (u64)who[pfn] * who[pfn];
	return sum;
}

static unsigned long in_large_blocks(void)
{
	unsigned long pages = 0;

	for (unsigned o = pageblock_order; o <= MAX_ORDER; o++)
		pages += z->free_area[o].nr_free << o;
	return pages;
}

static void whole_zone(void)
{
	unsigned long free, before, after;
	u64 sum;

	scatter(64, 0, 4);
	free = z->nr_free;
	sum = sum_of_users();
	before = in_large_blocks();
	compact_nodes();
	drain_all_pages(NULL);
	after = in_large_blocks();
	diag("free pages in blocks of order 9: %lu before, %lu after, of %lu", before, after, free);
	CHECK(z->nr_free == free && sum_of_users() == sum);
	CHECK(before < free / 10 && after > free * 85 / 100);
	CHECK(vm_event(COMPACTMIGRATE_SCANNED) && vm_event(COMPACTFREE_SCANNED));
	CHECK(vm_event(COMPACTISOLATED) >= 2 * vm_event(PGMIGRATE_SUCCESS));
	CHECK(z->compact_cached_migrate_pfn == z->zone_start_pfn && z->compact_cached_free_pfn == zone_end_pfn(z));
	check_all();
	compact_nodes();			/* again: nothing is lost, little to gain */
	CHECK(z->nr_free == free && sum_of_users() == sum && in_large_blocks() >= after);
	check_all();
}

/* Pages that stay and pages that refuse now and then. */
static void obstacles(void)
{
	unsigned long free, before;
	u64 sum;

	scatter(64, 3000, 3);
	refuse_each = 1000;
	free = z->nr_free;
	sum = sum_of_users();
	before = in_large_blocks();
	compact_nodes();
	drain_all_pages(NULL);
	CHECK(z->nr_free == free && sum_of_users() == sum && in_large_blocks() > before);
	CHECK(vm_event(PGMIGRATE_FAIL) > 2);
	check_all();
}

static struct alloc_context context(void)
{
	return (struct alloc_context){
		.zonelist = node_zonelist(0, GFP_KERNEL), .highest_zoneidx = gfp_zone(GFP_HIGHUSER_MOVABLE),
		.migratetype = MIGRATE_MOVABLE,
	};
}

/* For one block it stops when there is one, and goes on from there the next time. */
static void one_block(void)
{
	struct alloc_context ac;
	u64 sum;

	scatter(128, 0, 4);
	ac = context();
	sum = sum_of_users();
	while (z->free_area[10].nr_free || z->free_area[9].nr_free)	/* what there is by chance is taken */
		CHECK(alloc_pages(GFP_NOWAIT, z->free_area[10].nr_free ? 10 : 9));
	CHECK(compaction_suitable(z, 9, ac.highest_zoneidx) == COMPACT_CONTINUE);
	for (unsigned i = 0; i < 8; i++) {
		unsigned long scanned = vm_event(COMPACTMIGRATE_SCANNED);
		struct page *page;

		CHECK(try_to_compact_pages(&ac, 9, GFP_KERNEL));
		CHECK(vm_event(COMPACTMIGRATE_SCANNED) - scanned < z->spanned_pages);
		drain_all_pages(NULL);
		page = alloc_pages(GFP_NOWAIT | __GFP_MOVABLE, 9);
		CHECK(page);
		check_all();
	}
	CHECK(sum_of_users() == sum);
	CHECK(!try_to_compact_pages(&ac, 9, GFP_NOIO));		/* who may hold page locks may not wait for them */
}

static void deferral(void)
{
	struct alloc_context ac;
	unsigned tries = 0;

	scatter(32, 1, 1);				/* everything is pinned */
	ac = context();
	while (alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN))
		;
	for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn += 5)
		if (who[pfn] == PINNED) {		/* pages enough, in no block */
			who[pfn] = NOBODY;
			__free_page(pfn_to_page(pfn));
		}
	drain_all_pages(NULL);
	CHECK(compaction_suitable(z, 4, ac.highest_zoneidx) != COMPACT_NOT_SUITABLE);
	z->compact_order_failed = 0;
	/* After n failures 2^n calls pass, 64 at most: 1, 2, 4, ... */
	for (unsigned call = 0; call < 200; call++)
		tries += try_to_compact_pages(&ac, 4, GFP_KERNEL);
	diag("200 calls made %u tries", tries);
	CHECK(tries >= 7 && tries <= 12);
	CHECK(z->compact_defer_shift == 6 && z->compact_order_failed == 0);
	/* A success for an order lets it and smaller ones through again. */
	compaction_defer_reset(z, 4, true);
	CHECK(!z->compact_defer_shift && z->compact_order_failed == 5 && !compaction_deferred(z, 4));
	defer_compaction(z, 7);
	CHECK(!compaction_deferred(z, 4) && z->compact_order_failed == 5 && compaction_deferred(z, 7));
}

static void suitability(void)
{
	scatter(64, 0, 64);
	CHECK(compaction_suitable(z, 0, ZONE_NORMAL) == COMPACT_SUCCESS);
	CHECK(compaction_suitable(z, 3, ZONE_NORMAL) == COMPACT_SUCCESS);
	while (z->nr_free > low_wmark_pages(z) + compact_gap(9) - 50) {
		CHECK(alloc_page(GFP_NOWAIT));
		drain_all_pages(NULL);
	}
	CHECK(compaction_suitable(z, 9, ZONE_NORMAL) != COMPACT_CONTINUE ||
	      z->nr_free > low_wmark_pages(z) + compact_gap(9));
	while (z->nr_free > low_wmark_pages(z)) {
		CHECK(alloc_page(GFP_NOWAIT));
		drain_all_pages(NULL);
	}
	CHECK(compaction_suitable(z, 9, ZONE_NORMAL) == COMPACT_NOT_SUITABLE);
	CHECK(!compaction_ready(z, 9, ZONE_NORMAL));
}

/* A range of frames: emptied by moving, refused where something is pinned; nothing outside is lost. */
static void ranges(void)
{
	unsigned long got = 0, free;
	u64 sum;

	scatter(64, 4000, 3);
	free = z->nr_free;
	sum = sum_of_users();
	for (unsigned i = 0; i < 200; i++) {
		pfn_t start = z->zone_start_pfn + rnd() % (z->spanned_pages - 700), end = start + 1 + rnd() % 700;
		bool pinned = false;
		int rc = alloc_contig_range(start, end, MIGRATE_MOVABLE, GFP_KERNEL);

		for (pfn_t pfn = start; pfn < end; pfn++)
			pinned |= who[pfn] == PINNED;
		CHECK(!rc || rc == -EBUSY);
		CHECK(!pinned || rc);
		if (!rc) {
			got++;
			for (pfn_t pfn = start; pfn < end; pfn++)
				CHECK(!who[pfn] && page_count(pfn_to_page(pfn)) == 1);
			free_contig_range(start, end - start);
		}
		drain_all_pages(NULL);
		CHECK(z->nr_free == free && sum_of_users() == sum && !z->nr_isolate_pageblock);
		check_all();
	}
	diag("%lu of 200 ranges were had", got);
	CHECK(got > 20);
	CHECK(alloc_contig_range(5, 5, MIGRATE_MOVABLE, GFP_KERNEL) == -EINVAL);
	CHECK(alloc_contig_range(1, 2, MIGRATE_MOVABLE, GFP_KERNEL) == -EINVAL);
	CHECK(alloc_contig_range(z->zone_start_pfn, zone_end_pfn(z) + 1, MIGRATE_MOVABLE, GFP_KERNEL) == -EINVAL);
}

int main(void)
{
	run_scenario(whole_zone, "a whole zone: large blocks, nobody lost");
	run_scenario(obstacles, "pages that stay, pages that refuse");
	run_scenario(one_block, "for one block: not more than it needs");
	run_scenario(deferral, "failures are deferred, success ends it");
	run_scenario(suitability, "suitable: pages enough to work with, and something to gain");
	run_scenario(ranges, "alloc_contig_range: all of it or nothing");
	return done_testing();
}
