/*
 * test/host/mm/phys/test_borders.c - machines of random shape: nodes that end in the middle of a block, holes of any
 * size, ranges in any order, reserved and unmapped ranges of any bytes, a movable zone, memory beyond the direct map.
 *
 * MODEL     Each machine is a process.  A plain table of frames says what the machine was told: owner node, reserved,
 *           unmapped.  Struct pages exist only where for_each_vmemmap_pfn_range() asks for them, and hold rubbish
 *           until they are made, as on a board: a look at any other ends the test.
 *           TEST_MACHINES=n tries n of them; machine i depends on the seed and on i alone.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c mm/phys/page_alloc.c
// SRCS: mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c mm/phys/movable.c
// SRCS: mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c mm/phys/vmstat_show.c
// SRCS: mm/phys/page_owner.c mm/phys/page_debug.c
#include <sys/mman.h>
#include "test/host/mm/phys/machine.h"
#include "mm/phys/memmap.h"
#include "mm/phys/node.h"

#define MAX_PIECES	24
#define MAX_LIVE	3000
#define WINDOW_PAGES	(6ul << 30 >> PAGE_SHIFT)	/* frames that the model knows */

enum { OWNED = 0x40, RESERVED = 0x80, NODE = 0x3f };
static u8 *model;
static u16 *covered;				/* bytes of a frame that are one node's memory */
static pfn_t first_pfn;
static struct { phys_addr_t base, size; int nid; } piece[MAX_PIECES];
static unsigned nr_pieces;
static struct { struct page *page; unsigned order; } live[MAX_LIVE];
static unsigned nr_live;

/* ---- the machine ----------------------------------------------------------------------------- */

/* Mostly small, sometimes nothing, seldom large; in bytes, usually of whole pages. */
static u64 random_bytes(u64 large)
{
	u64 bytes = rnd_one_in(2) ? rnd_below(64) * PAGE_SIZE : rnd_below(large / PAGE_SIZE) * PAGE_SIZE;

	if (rnd_one_in(4))
		bytes = ALIGN(bytes, rnd_one_in(2) ? 2 * MiB : 4 * MiB);
	return rnd_one_in(12) ? bytes + rnd_below(PAGE_SIZE) : bytes;
}

static void draw_pieces(void)
{
	static const u64 starts[] = { 0, 0x40000000, 0x80000000, 0x80000000, 0x100000000 - 40 * MiB };
	phys_addr_t at = starts[rnd_below(ARRAY_SIZE(starts))];
	unsigned wanted = 1 + rnd_below(MAX_PIECES - 1), nodes = 1 + rnd_below(6), roomy = rnd_below(wanted);

	first_pfn = PFN_DOWN(at);
	for (nr_pieces = 0; nr_pieces < wanted; nr_pieces++) {
		u64 size = random_bytes(12 * MiB) + (nr_pieces == roomy ? 24 * MiB : 0);

		if (rnd_one_in(40))
			size += 1500 * MiB;		/* some of it deferred */
		if (!rnd_one_in(3))
			at += random_bytes(rnd_one_in(8) ? 300 * MiB : 6 * MiB);
		if (PFN_UP(at + size) - first_pfn > WINDOW_PAGES)
			break;
		piece[nr_pieces].base = at;
		piece[nr_pieces].size = size;
		piece[nr_pieces].nid = rnd_below(nodes);
		at += size;
	}
	for (unsigned i = nr_pieces; i > 1; i--) {	/* a tree may name them in any order */
		unsigned k = rnd_below(i);
		__typeof__(piece[0]) t = piece[k];

		piece[k] = piece[i - 1];
		piece[i - 1] = t;
	}
}

/* Some bytes in or near the memory of piece @i. */
static void draw_range(unsigned i, phys_addr_t *base, phys_addr_t *size)
{
	*base = piece[i].base + rnd_below(piece[i].size + 1);
	if (rnd_one_in(2))
		*base = PAGE_ALIGN(*base);
	*size = 1 + random_bytes(2 * MiB);
}

static u8 *frame(pfn_t pfn)
{
	static u8 outside;

	return pfn >= first_pfn && pfn - first_pfn < WINDOW_PAGES ? &model[pfn - first_pfn] : &outside;
}

/* A frame of which two nodes have parts is nobody's. */
static void add_piece(phys_addr_t base, phys_addr_t size, int nid)
{
	CHECK(!memblock_add_node(base, size, nid, 0));
	for (pfn_t pfn = PFN_DOWN(base); pfn < PFN_UP(base + size); pfn++) {
		u16 *c = &covered[pfn - first_pfn];

		if (*c && (*frame(pfn) & NODE) != nid)
			continue;
		*c += min(base + size, PFN_PHYS(pfn + 1)) - max(base, PFN_PHYS(pfn));
		*frame(pfn) = nid | (*c == PAGE_SIZE ? OWNED : 0);
	}
}

static void tell_memblock(void)
{
	phys_addr_t base, size;

	for (unsigned i = 0; i < nr_pieces; i++)
		add_piece(piece[i].base, piece[i].size, piece[i].nid);
	for (unsigned n = rnd_below(20); n; n--) {
		draw_range(rnd_below(nr_pieces), &base, &size);
		CHECK(!memblock_reserve(base, size));
		for (pfn_t pfn = PFN_DOWN(base); pfn < PFN_UP(base + size); pfn++)
			*frame(pfn) |= RESERVED;
	}
	for (unsigned n = rnd_below(6); n; n--) {
		draw_range(rnd_below(nr_pieces), &base, &size);
		CHECK(!memblock_mark_nomap(base, size));
		for (pfn_t pfn = PFN_DOWN(base); pfn < PFN_UP(base + size); pfn++)
			*frame(pfn) = 0;
	}
	CHECK(memblock_verify());
}

static bool in_memory(pfn_t pfn) { return *frame(pfn) & OWNED; }

/* K3, and nothing else has a struct page. */
static void map_struct_pages(void)
{
	pfn_t start, end, last = 0;
	unsigned i;
	int nid;

	CHECK(!mprotect(vmemmap, SHADOW_PAGES * sizeof(struct page), PROT_NONE));
	for_each_vmemmap_pfn_range(i, &start, &end, &nid) {
		CHECK(start < end && start >= last && IS_ALIGNED(start | end, MAX_ORDER_NR_PAGES));
		CHECK(!mprotect(pfn_to_page(start), (end - start) * sizeof(struct page), PROT_READ | PROT_WRITE));
		memset(pfn_to_page(start), 0xa5, (end - start) * sizeof(struct page));
		for (pfn_t pfn = last; pfn < start; pfn++)
			CHECK(!in_memory(pfn));
		last = end;
	}
	for (pfn_t pfn = last; pfn < first_pfn + WINDOW_PAGES; pfn++)
		CHECK(!in_memory(pfn));
}

static unsigned largest(void)
{
	unsigned best = 0;

	for (unsigned i = 1; i < nr_pieces; i++)
		if (piece[i].size > piece[best].size)
			best = i;
	return best;
}

static void boot(void)
{
	model = calloc(WINDOW_PAGES, 1);
	covered = calloc(WINDOW_PAGES, sizeof(*covered));
	machine_begin();
	do
		draw_pieces();
	while (!nr_pieces);
	tell_memblock();
	if (rnd_one_in(3))
		CHECK(!cmdline_parse_kernelcore(rnd_one_in(2) ? "16M" : "40%"));
	if (rnd_one_in(4)) {
		directmap_limit = ALIGN(piece[largest()].base + 24 * MiB + rnd_below(200 * MiB), 4 * MiB);
		high_memory = (unsigned long)phys_to_virt(directmap_limit);
		memblock_set_current_limit(directmap_limit);
	}
	for (unsigned h = 0; h < 4; h++)
		numa_set_hart_node(h, rnd_below(7));
	host_arch_init(3, 4);
	map_struct_pages();
	mm_init_phys();
}

/* ---- what must hold -------------------------------------------------------------------------- */

static bool section_made(pfn_t pfn) { return section_states[pfn / SECTION_PAGES] == SECTION_READY; }

/* N1, K1: each frame as the model has it. */
static void check_frame(pfn_t pfn)
{
	u8 want = *frame(pfn);
	struct page *page = pfn_to_page(pfn);

	if (!section_made(pfn))
		return;
	CHECK(pfn_valid(pfn) == !!(want & OWNED));
	if (!(want & OWNED)) {
		CHECK(PageReserved(page) && !PageBuddy(page) && page_count(page) == 1);
		return;
	}
	CHECK(page_to_nid(page) == (want & NODE) && zone_spans_pfn(page_zone(page), pfn));
	CHECK(page_zone(page) == zone_of_pfn(page_to_nid(page), pfn));
	if (want & RESERVED)
		CHECK(PageReserved(page) && page_count(page) == 1);
}

static void check_frames(void)
{
	unsigned long present = 0, owned = 0;
	pfn_t start, end;
	unsigned i;

	for_each_vmemmap_pfn_range(i, &start, &end, NULL)
		for (pfn_t pfn = start; pfn < end; pfn++) {
			check_frame(pfn);
			owned += in_memory(pfn);
		}
	for_each_populated_zone(z)
		present += z->present_pages;
	CHECK(present == owned);
}

static void step(bool grow)
{
	static const gfp_t kinds[] = {
		GFP_NOWAIT, GFP_NOWAIT | __GFP_MOVABLE | __GFP_HIGHMEM, GFP_ATOMIC, GFP_NOWAIT | __GFP_RECLAIMABLE,
	};

	host_run_on(rnd_below(nr_harts));
	if (nr_live < MAX_LIVE && (grow ? !rnd_one_in(3) : rnd_one_in(3))) {
		unsigned order = rnd_one_in(4) ? rnd_below(MAX_ORDER + 1) : rnd_below(3);
		gfp_t gfp = kinds[rnd_below(ARRAY_SIZE(kinds))] | __GFP_NOWARN;
		unsigned nid = rnd_below(nr_node_ids);
		struct page *page = NODE_DATA(nid) ? alloc_pages_node(nid, gfp, order) : NULL;

		if (!page)
			return;
		take(page, order, 1);
		for (unsigned long i = 0; i < 1ul << order; i++)
			CHECK((*frame(page_to_pfn(page + i)) & (OWNED | RESERVED)) == OWNED);
		live[nr_live].page = page;
		live[nr_live++].order = order;
	} else if (nr_live) {
		unsigned i = rnd_below(nr_live);

		give(live[i].page, live[i].order);
		__free_pages(live[i].page, live[i].order);
		live[i] = live[--nr_live];
	}
}

/* Set a pageblock aside and give it back, whoever its frames belong to. */
static void isolate_one(void)
{
	unsigned i = rnd_below(nr_pieces);
	pfn_t pfn = ALIGN_DOWN(PFN_DOWN(piece[i].base + rnd_below(piece[i].size + 1)), pageblock_nr_pages);

	if (!pfn_to_online_page(pfn) || start_isolate_page_range(pfn, pfn + pageblock_nr_pages))
		return;
	check_all();
	undo_isolate_page_range(pfn, pfn + pageblock_nr_pages, MIGRATE_MOVABLE);
	check_all();
}

static void free_everything(void)
{
	while (nr_live) {
		nr_live--;
		give(live[nr_live].page, live[nr_live].order);
		__free_pages(live[nr_live].page, live[nr_live].order);
	}
	drain_all_pages(NULL);
}

static void one_machine(void)
{
	boot();
	CHECK(nr_free_pages() == boot_free_pages);
	check_all();
	check_frames();
	for (unsigned i = 0; i < 1500; i++) {
		step(i / 500 % 2 == 0);
		if (i % 250 == 0)
			isolate_one();
	}
	check_all();
	free_everything();
	check_all();
	while (__deferred_idle_step())
		;
	check_all();
	check_frames();
	CHECK(nr_free_pages() == boot_free_pages);
	for_each_populated_zone(z)
		CHECK(!z->nr_deferred && z->nr_free == z->managed_pages);
	CHECK(!vmstat_show(NULL) && !zoneinfo_show(NULL) && !buddyinfo_show(NULL) && !pagetypeinfo_show(NULL));
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool machine_holds(unsigned i, u64 seed)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(50);
		rnd_seed(seed + i);
		one_machine();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	diag("machine %u, status %x", i, status);
	return false;
}

int main(int argc, char **argv)
{
	const char *text = getenv("TEST_MACHINES");
	unsigned machines = text ? atoi(text) : 60, bad = 0;
	u64 seed = tap_seed * 1000003;

	if (argc > 1)		/* one of them, again */
		return !machine_holds(atoi(argv[1]), seed);
	for (unsigned i = 0; i < machines && bad < 5; i++)
		bad += !machine_holds(i, seed);
	ok(!bad, "%u machines of random shape", machines);
	return done_testing();
}
