/*
 * kernel/kbench_mobility.c - how much of the free memory is in large blocks after a life of mixed use.
 * Boot parameter kbench=mobility; beside it page_group_by_mobility_disabled=1 for comparison.
 *
 * MODEL     mixed      Pages for the kernel (unmovable), for what shrinkers free (reclaimable) and
 *                      for programs (movable) are taken in random order, a quarter of them given
 *                      back early, until memory is nearly full.  Then all movable ones go.
 *           scattered  A file in memory fills three quarters of what is free, and loses a random
 *                      two thirds of its pages; then compaction runs.
 *           Each figure is the share of free memory in blocks of order 9 and more.
 * UNITS     percent
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/fs.h"
#include "include/uapi/fcntl.h"
#include "kernel/kbench.h"
#include "lib/printk.h"
#include "mm/cache/shmem.h"
#include "mm/phys/buddy.h"
#include "mm/reclaim/compact.h"

#define SPARE_PAGES	2048ul		/* left when memory counts as full */

static u64 seed = 1;

static unsigned next_random(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 33;
}

/* The share of free memory in blocks of a pageblock and more. */
static void large_block_row(const char *name)
{
	unsigned long large = 0, all = 0;

	drain_all_pages(NULL);
	for_each_populated_zone(z) {
		all += READ_ONCE(z->nr_free);
		for (unsigned o = pageblock_order; o < NR_PAGE_ORDERS; o++)
			large += READ_ONCE(z->free_area[o].nr_free) << o;
	}
	kbench_row(name, large * 100, all);
}

/* ---- mixed ----------------------------------------------------------------------------------- */

struct holding {
	struct list_head pages;		/* the oldest first */
	gfp_t gfp;
	unsigned max_order;
};

/* The order is kept in a field that the page's owner may use. */
static void give_one(struct holding *h)
{
	struct page *page = list_first_entry_or_null(&h->pages, struct page, lru);

	if (!page)
		return;
	list_del(&page->lru);
	__free_pages(page, page->index);
}

static void take_one(struct holding *h)
{
	unsigned order = h->max_order ? next_random() % (h->max_order + 1) : 0;
	struct page *page = alloc_pages(h->gfp | __GFP_NORETRY | __GFP_NOWARN, order);

	if (!page)
		return;
	page->index = order;
	list_add_tail(&page->lru, &h->pages);
}

static void mixed_rows(void)
{
	struct holding held[] = {
		{ .gfp = GFP_KERNEL, .max_order = 2 },
		{ .gfp = GFP_KERNEL | __GFP_RECLAIMABLE, .max_order = 1 },
		{ .gfp = GFP_HIGHUSER_MOVABLE },
	};
	static const u8 kind[8] = { 0, 1, 2, 2, 2, 2, 2, 2 };	/* blocks: about half the pages are movable */

	for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
		INIT_LIST_HEAD(&held[i].pages);
	while (nr_free_pages() > totalreserve_pages + SPARE_PAGES)
		for (unsigned i = 0; i < 256; i++) {
			struct holding *h = &held[kind[next_random() % ARRAY_SIZE(kind)]];

			take_one(h);
			if (next_random() % 4 == 0)
				give_one(h);
		}
	while (!list_empty(&held[2].pages))
		give_one(&held[2]);
	large_block_row("mobility_large_blocks_percent");
	for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
		while (!list_empty(&held[i].pages))
			give_one(&held[i]);
}

/* ---- scattered ------------------------------------------------------------------------------- */

static void scattered_rows(void)
{
	unsigned long pages = nr_free_pages() / 4 * 3;
	struct file *file = shmem_file_setup("kbench", (loff_t)pages << PAGE_SHIFT, VM_NORESERVE);

	if (IS_ERR(file))
		return;
	if (shmem_fallocate(file, FALLOC_FL_KEEP_SIZE, 0, (loff_t)pages << PAGE_SHIFT))
		pr_err("kbench: memory is too short\n");
	for (unsigned long i = 0; i < pages; i++)
		if (next_random() % 3)
			(void)shmem_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					      (loff_t)i << PAGE_SHIFT, PAGE_SIZE);
	large_block_row("scattered_large_blocks_percent");
	compact_nodes();
	large_block_row("compacted_large_blocks_percent");
	fput(file);
}

void kbench_mobility(void)
{
	mixed_rows();
	scattered_rows();
}
