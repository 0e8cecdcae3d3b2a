/*
 * test/host/mm/phys/test_node.c - nodes of every kind, the order of their zones, the movable zone.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c
// SRCS: mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c
// SRCS: mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c
// SRCS: mm/phys/page_owner.c mm/phys/page_debug.c
#include "test/host/mm/phys/machine.h"
#include "mm/phys/node.h"

/* The nodes of @nid's zonelist, as digits in their order. */
static unsigned long order_of(int nid, gfp_t gfp)
{
	unsigned long digits = 0;
	int last = -1;

	for (struct zoneref *r = node_zonelist(nid, gfp)->refs; r->zone; r++)
		if (r->zone->pgdat->node_id != last) {
			last = r->zone->pgdat->node_id;
			digits = digits * 10 + last + 1;	/* node 0 is 1: no digit is lost */
		}
	return digits;
}

static void add(unsigned long at_mb, unsigned long mb, int nid)
{
	CHECK(!memblock_add_node(0x80000000 + at_mb * MiB, mb * MiB, nid, 0));
}

/* Uneven sizes, unaligned ends, node 2 without memory, node 3 in two pieces, node 4 inside node 3's span. */
static void begin_five(void)
{
	static const u8 distance[5][5] = {
		{ 10, 15, 30, 40, 50 }, { 15, 10, 20, 25, 60 }, { 35, 20, 10, 12, 12 },
		{ 40, 25, 12, 10, 20 }, { 50, 60, 12, 20, 10 },
	};

	machine_begin();
	add(0, 60, 0);
	CHECK(!memblock_add_node(0x80000000 + 60 * MiB, 40 * MiB + 3 * PAGE_SIZE, 1, 0));
	CHECK(!memblock_add_node(0x80000000 + 100 * MiB + 3 * PAGE_SIZE, 20 * MiB - 3 * PAGE_SIZE, 3, 0));
	add(120, 8, 4);
	add(128, 33, 3);
	for (unsigned i = 0; i < 5; i++)
		for (unsigned j = 0; j < 5; j++)
			numa_set_distance(i, j, distance[i][j]);
	numa_set_hart_node(0, 0);
	numa_set_hart_node(1, 2);
	numa_set_hart_node(2, 1);
	numa_set_hart_node(3, 0);
	machine_boot(4);
}

static unsigned long present(int nid) { return NODE_DATA(nid)->node_present_pages; }

static void kinds(void)
{
	unsigned long pages = 0;

	begin_five();
	CHECK(nr_node_ids == 5 && node_online_map.bits == 0x1f && node_memory_map.bits == 0x1b);
	CHECK(present(0) == 60 * 256 && present(1) == 40 * 256 + 3 && !present(2) && present(3) == 53 * 256 - 3 &&
	      present(4) == 8 * 256);
	CHECK(NODE_DATA(3)->node_spanned_pages == 61 * 256 - 3);	/* node 4 lies within */
	CHECK(hart_to_node(0) == 0 && hart_to_node(1) == 2 && hart_to_node(2) == 1 && hart_to_node(3) == 0);
	/* N1: each frame has one zone, of its node. */
	for (pfn_t pfn = 0x80000; pfn < 0x80000 + 161 * 256; pfn++) {
		struct page *page = pfn_to_page(pfn);
		unsigned long mb = (pfn - 0x80000) / 256;
		int nid = pfn < 0x80000 + 60 * 256 ? 0 : pfn < 0x80000 + 100 * 256 + 3 ? 1 :
			  mb >= 120 && mb < 128 ? 4 : 3;

		CHECK(pfn_valid(pfn) && page_to_nid(page) == nid && zone_spans_pfn(page_zone(page), pfn));
	}
	for_each_populated_zone(z)
		pages += z->present_pages;
	CHECK(pages == 161 * 256);
	check_all();
}

static void distances(void)
{
	begin_five();
	CHECK(order_of(0, 0) == 1245 && order_of(1, 0) == 2145);
	CHECK(order_of(2, 0) == 4521);		/* no memory of its own: 3 and 4 are as near, 3 comes first after 2 */
	CHECK(order_of(3, 0) == 4521 && order_of(4, 0) == 5412);
	CHECK(order_of(0, __GFP_THISNODE) == 1 && order_of(3, __GFP_THISNODE) == 4 && !order_of(2, __GFP_THISNODE));
	CHECK(node_distance(2, 0) == 35 && node_distance(0, 2) == 30 && node_distance(0, 5) == REMOTE_DISTANCE);
	numa_set_distance(1, 2, 9);			/* nearer than oneself: ignored */
	numa_set_distance(1, 64, 20);
	CHECK(node_distance(1, 2) == 20);
}

/* Local first; from a full node to the next nearest; with a mask only where it says; THISNODE nowhere else. */
static void fallback(void)
{
	nodemask_t mask = { 1ul << 0 | 1ul << 4 };
	unsigned seen = 0;
	int order[5], n = 0;
	struct page *page;

	begin_five();
	host_run_on(1);					/* of the node without memory */
	CHECK(page_to_nid(alloc_page(GFP_KERNEL)) == 3);
	CHECK(!alloc_pages_node(2, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 0));
	host_run_on(2);
	CHECK(page_to_nid(alloc_page(GFP_KERNEL)) == 1);
	CHECK(page_to_nid(alloc_pages_node(4, GFP_KERNEL, 0)) == 4);
	CHECK(page_to_nid(__alloc_pages(GFP_KERNEL, 0, 2, &mask)) == 4);
	while ((page = __alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 0, 2, NULL)))
		if (!(seen >> page_to_nid(page) & 1)) {
			seen |= 1u << page_to_nid(page);
			order[n++] = page_to_nid(page);
		}
	CHECK(n == 4 && order[0] == 3 && order[1] == 4 && order[2] == 1 && order[3] == 0);
	CHECK(!__alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 0, 0, &mask));
	check_all();
}

static void off(void)
{
	numa_off = true;
	begin_five();
	CHECK(nr_node_ids == 1 && node_online_map.bits == 1 && present(0) == 161 * 256);
	for (unsigned h = 0; h < 4; h++)
		CHECK(!hart_to_node(h));
	check_all();
}

/* ---- the movable zone ------------------------------------------------------------------------ */

/* Where node @nid's movable zone begins, in MiB above the start; 0: it has none. */
static unsigned long movable_at(int nid)
{
	return zone_movable_pfn[nid] ? (zone_movable_pfn[nid] - 0x80000) / 256 : 0;
}

static void boot_with(const char *kernelcore, const char *movablecore)
{
	if (kernelcore)
		CHECK(!cmdline_parse_kernelcore(kernelcore));
	if (movablecore)
		CHECK(!cmdline_parse_movablecore(movablecore));
	machine_boot(1);
}

/* Figures as Linux 6.12 gave them for these machines. */
static void movable(void)
{
	static const struct { const char *kernelcore, *movablecore; unsigned long at; } one[] = {
		{ "256M", NULL, 256 }, { NULL, "30%", 356 }, { "200M", "100M", 412 }, { "25%", NULL, 128 },
		{ "mirror", NULL, 0 }, { "512M", NULL, 0 }, { "0", NULL, 0 }, { NULL, "600M", 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(one); i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			machine_begin();
			add(0, 512, 0);
			boot_with(one[i].kernelcore, one[i].movablecore);
			CHECK(movable_at(0) == one[i].at);
			check_all();
			_exit(0);
		}
		waitpid(pid, &status, 0);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	CHECK(cmdline_parse_kernelcore("") == -22 && cmdline_parse_kernelcore("x") == -22 &&
	      cmdline_parse_movablecore("101%") == -22);
}

static unsigned long movable_pages(void)
{
	unsigned long n = 0;

	for_each_populated_zone(z)
		if (z->idx == ZONE_MOVABLE)
			n += z->present_pages;
	return n;
}

static void spread(void)
{
	struct page *page;
	unsigned long n = 0;

	machine_begin();
	add(0, 256, 0);
	add(256, 256, 1);
	add(512, 128, 3);
	add(704, 256, 3);
	boot_with("300M", NULL);
	CHECK(movable_at(0) == 100 && movable_at(1) == 356 && movable_at(3) == 612);
	/* Nobody but movable allocations gets there, and those go nowhere else first. */
	while ((page = alloc_page(GFP_KERNEL & ~__GFP_DIRECT_RECLAIM))) {
		CHECK(page_zonenum(page) != ZONE_MOVABLE);
		n++;
	}
	CHECK(n > 299 * 256 * 95 / 100);
	CHECK(!alloc_page(GFP_HIGHUSER & ~__GFP_DIRECT_RECLAIM));
	for (n = 0; (page = alloc_page(GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM)); n++)
		CHECK(page_zonenum(page) == ZONE_MOVABLE);
	CHECK(n > movable_pages() * 95 / 100);
	check_all();
}

/* A node smaller than its share keeps all it has; the others make up for it. */
static void small_node(void)
{
	machine_begin();
	add(0, 40, 0);
	add(40, 200, 1);
	add(240, 200, 2);
	boot_with("240M", NULL);
	CHECK(!movable_at(0) && movable_at(1) == 140 && movable_at(2) == 340);
	CHECK(movable_pages() == 200 * 256);
}

int main(void)
{
	run_scenario(kinds, "nodes without memory, in pieces, inside another's span");
	run_scenario(distances, "zonelists in the order of distances");
	run_scenario(fallback, "local first, then the nearest; masks; this node only");
	run_scenario(off, "numa=off");
	run_scenario(movable, "kernelcore= and movablecore= of one node");
	run_scenario(spread, "the movable zone is spread over nodes, and only movable allocations enter it");
	run_scenario(small_node, "a node that is smaller than its share");
	return done_testing();
}
