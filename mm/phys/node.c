/*
 * mm/phys/node.c - nodes, their zones, and the order in which an allocation tries them.
 *
 * MODEL     A node's zones cut its memory at fixed addresses: DMA32 | 4 GiB | Normal | end of the
 *           direct map | HighMem; the top part of the highest of them may be Movable.  Nodes may
 *           interleave: a zone's span may contain other nodes' memory, its present pages do not.
 *           Zonelist of node n: nodes by distance from n (ties: the next number after n first, so
 *           that not all fall on the same), in each node the zones from the highest down.
 *           A node without memory has empty zones and a zonelist like any other.
 * INVARIANTS
 *   N1  Every frame of memory belongs to exactly one zone.
 *   N2  present is the sum over memory ranges, spanned the distance of the outermost frames.
 *   N3  A zonelist ends with an empty reference, and names each populated zone once.
 * LOCKING   One hart runs; afterwards all of it is fixed.
 * TESTS     test/host/mm/phys/test_node.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/node.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/buddy.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"

#define DMA32_END	(1ul << (32 - PAGE_SHIFT))

pg_data_t *node_data[MAX_NUMNODES];
nodemask_t node_online_map, node_memory_map;
unsigned nr_node_ids = 1;
u8 hart_node[NR_HARTS];
pfn_t zone_movable_pfn[MAX_NUMNODES];
phys_addr_t directmap_limit = MEMBLOCK_ALLOC_ANYWHERE;

static u8 (*distances)[MAX_NUMNODES];
static const char *const zone_names[MAX_NR_ZONES] = { "DMA32", "Normal", "HighMem", "Movable" };

/* ---- distances ------------------------------------------------------------------------------- */

int node_distance(int from, int to)
{
	if (from == to)
		return LOCAL_DISTANCE;
	return distances && distances[from][to] ? distances[from][to] : REMOTE_DISTANCE;
}

void numa_set_distance(int from, int to, int distance)
{
	if ((unsigned)from >= MAX_NUMNODES || (unsigned)to >= MAX_NUMNODES ||
	    distance < LOCAL_DISTANCE || distance > 255)
		return;
	if (!distances)
		distances = memblock_alloc(sizeof(u8[MAX_NUMNODES][MAX_NUMNODES]), 64);
	if (distances)
		distances[from][to] = distance;
}

void node_set_online(int nid)
{
	node_online_map.bits |= 1ul << nid;
	nr_node_ids = max(nr_node_ids, (unsigned)nid + 1);
}

void numa_set_hart_node(unsigned hart, int nid)
{
	if (hart < NR_HARTS && (unsigned)nid < MAX_NUMNODES) {
		hart_node[hart] = nid;
		node_set_online(nid);
	}
}

int hart_to_node(unsigned hart) { return hart_node[hart]; }

/* ---- sizes ----------------------------------------------------------------------------------- */

bool numa_off;

/* numa=off: everything is node 0's. */
static void forget_nodes(void)
{
	if (memblock_set_node(0, MEMBLOCK_ALLOC_ANYWHERE, 0))
		panic("no memory to describe one node");
	for (unsigned h = 0; h < NR_HARTS; h++)
		hart_node[h] = 0;
	node_online_map.bits = node_memory_map.bits = 0;
	nr_node_ids = 1;
}

void find_nodes(void)
{
	pfn_t start, end;
	unsigned i;
	int nid;

	if (numa_off)
		forget_nodes();
	for_each_mem_pfn_range(i, NUMA_NO_NODE, &start, &end, &nid) {
		node_set_online(nid);
		node_memory_map.bits |= 1ul << nid;
	}
	for_each_hart(h)
		node_set_online(hart_node[h]);
}

/* [*start, *end) of zone type @zt of node @nid, as addresses alone say. */
static void zone_bounds(int nid, enum zone_type zt, pfn_t *start, pfn_t *end)
{
	pfn_t direct_end = PFN_DOWN(directmap_limit), movable = zone_movable_pfn[nid];
	pfn_t low_end = min(DMA32_END, direct_end);

	switch (zt) {
	case ZONE_DMA32:
		*start = 0;
		*end = low_end;
		break;
	case ZONE_NORMAL:
		*start = low_end;
		*end = direct_end;
		break;
	case ZONE_HIGHMEM:
		*start = direct_end;
		*end = ~0ul;
		break;
	default:
		*start = movable ? movable : ~0ul;
		*end = ~0ul;
		return;
	}
	if (movable)
		*end = max(*start, min(*end, movable));
}

struct zone *zone_of_pfn(int nid, pfn_t pfn)
{
	for (unsigned zt = MAX_NR_ZONES; zt-- > 0; ) {
		pfn_t start, end;

		zone_bounds(nid, zt, &start, &end);
		if (pfn >= start && pfn < end)
			return &NODE_DATA(nid)->node_zones[zt];
	}
	return NULL;
}

/* N2; nothing is managed yet. */
static void size_zone(struct zone *z, int nid, enum zone_type zt)
{
	pfn_t lo, hi, start, end, first = ~0ul, last = 0;
	unsigned i;

	zone_bounds(nid, zt, &lo, &hi);
	for_each_mem_pfn_range(i, nid, &start, &end, NULL) {
		start = max(start, lo);
		end = min(end, hi);
		if (start >= end)
			continue;
		z->present_pages += end - start;
		first = min(first, start);
		last = max(last, end);
	}
	if (z->present_pages) {
		z->zone_start_pfn = first;
		z->spanned_pages = last - first;
	}
	INV(N2, z->present_pages <= z->spanned_pages);
}

static void init_zone(pg_data_t *pgdat, enum zone_type zt)
{
	struct zone *z = &pgdat->node_zones[zt];
	unsigned long blocks;
	int nid = pgdat->node_id;

	z->pgdat = pgdat;
	z->idx = zt;
	z->name = zone_names[zt];
	spin_lock_init(&z->lock, RANK_ZONE);
	zone_init_free_lists(z);
	size_zone(z, nid, zt);
	zone_table[nid << 2 | zt] = z;
	if (!z->present_pages)
		return;
	INV(N1, zone_end_pfn(z) > z->zone_start_pfn && zone_of_pfn(nid, z->zone_start_pfn) == z);
	z->pageblock_base = ALIGN_DOWN(z->zone_start_pfn, MAX_ORDER_NR_PAGES);
	blocks = DIV_ROUND_UP(zone_end_pfn(z) - z->pageblock_base, MAX_ORDER_NR_PAGES) *
		 (MAX_ORDER_NR_PAGES / pageblock_nr_pages);
	z->pageblock_flags = memblock_alloc_node(blocks, 64, nid);
	if (!z->pageblock_flags)
		panic("no memory for the pageblocks of node %d", nid);
	memset(z->pageblock_flags, page_group_by_mobility_disabled ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE,
	       blocks);
	for_each_hart(h) {
		z->pageset[h] = memblock_alloc_node(sizeof(struct per_cpu_pages), 64, hart_to_node(h));
		if (!z->pageset[h])
			panic("no memory for the page lists of hart %u", h);
	}
	zone_pcp_init(z);
	z->initialized = true;
}

static void init_node(int nid)
{
	pg_data_t *pgdat = memblock_alloc_node(sizeof(*pgdat), 64, nid);
	pfn_t first = ~0ul, last = 0;

	if (!pgdat)
		panic("no memory for node %d", nid);
	node_data[nid] = pgdat;
	pgdat->node_id = nid;
	for (unsigned zt = 0; zt < MAX_NR_ZONES; zt++) {
		struct zone *z = &pgdat->node_zones[zt];

		init_zone(pgdat, zt);
		if (!z->present_pages)
			continue;
		INV(N1, z->zone_start_pfn >= last || z->idx == ZONE_MOVABLE || !last);
		pgdat->node_present_pages += z->present_pages;
		first = min(first, z->zone_start_pfn);
		last = max(last, zone_end_pfn(z));
	}
	if (last) {
		pgdat->node_start_pfn = first;
		pgdat->node_spanned_pages = last - first;
	}
	INV(N2, pgdat->node_present_pages <= pgdat->node_spanned_pages);
	for_each_hart(h) {
		pgdat->hart_stat[h] = memblock_alloc_node(sizeof(struct node_hart_stat), 64, hart_to_node(h));
		if (!pgdat->hart_stat[h])
			panic("no memory for the counters of node %d", nid);
	}
}

static void find_mobility(void)
{
	if (PFN_DOWN(memblock_phys_mem_size()) < pageblock_nr_pages * MIGRATE_TYPES)
		page_group_by_mobility_disabled = true;
	if (page_group_by_mobility_disabled)
		pr_info("Page mobility grouping off\n");
}

void init_nodes(void)
{
	find_mobility();
	for_each_online_node(nid)
		init_node(nid);
}

/* ---- zonelists ------------------------------------------------------------------------------- */

/* The nearest online node to @nid that is not in @used; -1 when all are. */
static int find_next_best_node(int nid, unsigned long used)
{
	int best = -1, best_distance = 0;

	for (unsigned k = 0; k < nr_node_ids; k++) {
		int n = (nid + k) % nr_node_ids;

		if (!(node_online_map.bits >> n & 1) || used >> n & 1)
			continue;
		if (best < 0 || node_distance(nid, n) < best_distance) {
			best = n;
			best_distance = node_distance(nid, n);
		}
	}
	return best;
}

static struct zoneref *append_node(struct zoneref *ref, int nid)
{
	for (unsigned zt = MAX_NR_ZONES; zt-- > 0; ) {
		struct zone *z = &NODE_DATA(nid)->node_zones[zt];

		if (populated_zone(z))
			*ref++ = (struct zoneref){ z, zt };
	}
	return ref;
}

static void build_zonelists(pg_data_t *pgdat)
{
	unsigned nodes = __builtin_popcountl(node_online_map.bits);
	size_t refs = (nodes + 1) * MAX_NR_ZONES + 2;
	struct zoneref *ref = memblock_alloc_node(refs * sizeof(*ref), 64, pgdat->node_id);
	unsigned long used = 0;
	int n;

	if (!ref)
		panic("no memory for the zonelists of node %d", pgdat->node_id);
	pgdat->node_zonelists[ZONELIST_NOFALLBACK].refs = ref;
	ref = append_node(ref, pgdat->node_id) + 1;
	pgdat->node_zonelists[ZONELIST_FALLBACK].refs = ref;
	while ((n = find_next_best_node(pgdat->node_id, used)) >= 0) {
		INV(N3, !(used >> n & 1) && (used || n == pgdat->node_id));
		used |= 1ul << n;
		ref = append_node(ref, n);
	}
	INV(N3, used == node_online_map.bits && ref < pgdat->node_zonelists[ZONELIST_NOFALLBACK].refs + refs &&
		!ref->zone);
}

void build_all_zonelists(void)
{
	for_each_online_node(nid)
		build_zonelists(NODE_DATA(nid));
}

/* ---- iteration ------------------------------------------------------------------------------- */

static struct zone *populated_from(unsigned slot)
{
	for (; slot < nr_node_ids << 2; slot++)
		if (zone_table[slot] && populated_zone(zone_table[slot]))
			return zone_table[slot];
	return NULL;
}

struct zone *first_populated_zone(void) { return populated_from(0); }
struct zone *next_populated_zone(struct zone *z)
{
	return populated_from((z->pgdat->node_id << 2 | z->idx) + 1);
}
