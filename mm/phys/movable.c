/*
 * mm/phys/movable.c - the virtual movable zone: kernelcore= and movablecore=.
 *
 * MODEL     kernelcore=SIZE leaves SIZE bytes, over all nodes, to any use and gives the rest to
 *           ZONE_MOVABLE; movablecore=SIZE asks for that much of ZONE_MOVABLE; with both, the larger
 *           kernel core wins.  Either may be a percentage of memory.  kernelcore=mirror changes nothing.
 *           The core is spread evenly: each node keeps an equal share, or all it has if that is
 *           less, and the others make up for it.  Only the highest zone that any node has is cut, so
 *           that low zones stay usable for what needs them.  The boundary is MAX_ORDER-aligned.
 * INVARIANTS
 *   V1  No node's core is larger than the node, and all together they are no larger than what was asked for.
 *   V2  A boundary is a multiple of the largest block, and there is memory above it.
 * SEE       mm/phys/node.c for what becomes of zone_movable_pfn[].
 * TESTS     test/host/mm/phys/test_node.c, test/boot/numa.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "mm/phys/node.h"

struct core_size {
	unsigned long pages;
	unsigned percent;
};
static struct core_size kernelcore, movablecore;

/* "512M", "1048576", "30%" */
static int parse_core(const char *s, struct core_size *out)
{
	unsigned long n = 0;
	unsigned shift = 0;

	if (!s || *s < '0' || *s > '9')
		return -EINVAL;
	while (*s >= '0' && *s <= '9')
		n = n * 10 + (*s++ - '0');
	if (*s == '%') {
		if (n > 100)
			return -EINVAL;
		*out = (struct core_size){ .percent = n };
		return 0;
	}
	if (*s == 'K' || *s == 'k')
		shift = 10;
	else if (*s == 'M' || *s == 'm')
		shift = 20;
	else if (*s == 'G' || *s == 'g')
		shift = 30;
	*out = (struct core_size){ .pages = PFN_UP(n << shift) };
	return 0;
}

int cmdline_parse_kernelcore(const char *value)
{
	if (!strcmp(value, "mirror")) {		/* no device tree says which memory is mirrored */
		pr_warn("The system has no mirror memory, ignore kernelcore=mirror.\n");
		return 0;
	}
	return parse_core(value, &kernelcore);
}

int cmdline_parse_movablecore(const char *value) { return parse_core(value, &movablecore); }

static unsigned long core_pages(const struct core_size *c, unsigned long total)
{
	return c->percent ? total * c->percent / 100 : c->pages;
}

/* Pages of node @nid at or above @from. */
static unsigned long node_pages(int nid, pfn_t from)
{
	unsigned long pages = 0;
	pfn_t start, end;
	unsigned i;

	for_each_mem_pfn_range(i, nid, &start, &end, NULL)
		if (end > from)
			pages += end - max(start, from);
	return pages;
}

/* The frame below which node @nid has @pages pages at or above @from; its end if it has fewer. */
static pfn_t nth_page(int nid, pfn_t from, unsigned long pages)
{
	pfn_t start, end, last = 0;
	unsigned i;

	for_each_mem_pfn_range(i, nid, &start, &end, NULL) {
		start = max(start, from);
		if (start >= end)
			continue;
		if (end - start > pages)
			return start + pages;
		pages -= end - start;
		last = end;
	}
	return last;
}

void find_zone_movable_pfns(void)
{
	unsigned long total = 0, core = 0, share, left, low[MAX_NUMNODES] = { 0 };
	pfn_t floor = 0;	/* of the highest zone, the only one that is cut */
	unsigned nodes = 0;

	for_each_online_node(nid)
		total += node_pages(nid, 0);
	if (kernelcore.pages || kernelcore.percent)
		core = min(core_pages(&kernelcore, total), total);
	if (movablecore.pages || movablecore.percent)
		core = max(core, total - min(ALIGN(core_pages(&movablecore, total), MAX_ORDER_NR_PAGES), total));
	if (!core || core >= total)
		return;
	if (PFN_UP(memblock_end_of_dram()) > 1ul << (32 - PAGE_SHIFT))
		floor = 1ul << (32 - PAGE_SHIFT);
	/* What lies below the cut zone is core already; deal the rest out in rounds of equal shares. */
	for_each_online_node(nid)
		nodes += !!node_pages(nid, 0);
	left = core;
	while (left >= nodes && nodes) {
		unsigned long before = left;

		share = left / nodes;
		nodes = 0;
		for_each_online_node(nid) {
			unsigned long have = node_pages(nid, 0), take = min(share, have - low[nid]);

			INV(V1, low[nid] <= have && take <= left);
			low[nid] += take;
			left -= take;
			nodes += low[nid] < have;
		}
		if (left == before)
			break;
	}
	for_each_online_node(nid) {
		unsigned long all = node_pages(nid, 0), below = all - node_pages(nid, floor);
		unsigned long keep = low[nid] > below ? low[nid] - below : 0;
		pfn_t cut;

		if (!all || low[nid] >= all)
			continue;
		cut = ALIGN(nth_page(nid, floor, keep), MAX_ORDER_NR_PAGES);
		if (node_pages(nid, cut))
			zone_movable_pfn[nid] = cut;
		INV(V2, IS_ALIGNED(zone_movable_pfn[nid], MAX_ORDER_NR_PAGES));
	}
}
