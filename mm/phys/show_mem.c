/*
 * mm/phys/show_mem.c - the state of memory, for the log, in Linux's words.
 *
 * MODEL     All memory, each node, each zone, the free blocks of each zone with the migrate types they
 *           have (U M E H I), totals.  For whom an allocation failed or a process was killed.
 * LOCKING   None: what changes meanwhile is shown as it passes by.
 * TESTS     test/boot/pressure.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/show_mem.h"
#include "lib/printk.h"
#include "mm/phys/reclaim.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"

/* Whole sets first, the largest first. */
static const struct { gfp_t flags; const char *name; } gfp_names[] = {
	{ GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" }, { GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ GFP_USER, "GFP_USER" }, { GFP_KERNEL | __GFP_ACCOUNT, "GFP_KERNEL_ACCOUNT" },
	{ GFP_KERNEL, "GFP_KERNEL" }, { GFP_NOFS, "GFP_NOFS" }, { GFP_ATOMIC, "GFP_ATOMIC" },
	{ GFP_NOIO, "GFP_NOIO" }, { GFP_NOWAIT, "GFP_NOWAIT" },
	{ __GFP_DMA32, "__GFP_DMA32" }, { __GFP_HIGHMEM, "__GFP_HIGHMEM" }, { __GFP_MOVABLE, "__GFP_MOVABLE" },
	{ __GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" }, { __GFP_HIGH, "__GFP_HIGH" }, { __GFP_IO, "__GFP_IO" },
	{ __GFP_FS, "__GFP_FS" }, { __GFP_ZERO, "__GFP_ZERO" }, { __GFP_NOWARN, "__GFP_NOWARN" },
	{ __GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" }, { __GFP_NOFAIL, "__GFP_NOFAIL" },
	{ __GFP_NORETRY, "__GFP_NORETRY" }, { __GFP_MEMALLOC, "__GFP_MEMALLOC" }, { __GFP_COMP, "__GFP_COMP" },
	{ __GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" }, { __GFP_HARDWALL, "__GFP_HARDWALL" },
	{ __GFP_THISNODE, "__GFP_THISNODE" }, { __GFP_ACCOUNT, "__GFP_ACCOUNT" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" }, { __GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
};

int gfp_to_str(char *buf, int size, gfp_t gfp)
{
	int len = 0;

	buf[0] = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(gfp_names); i++)
		if ((gfp & gfp_names[i].flags) == gfp_names[i].flags) {
			len += scnprintf(buf + len, size - len, len ? "|%s" : "%s", gfp_names[i].name);
			gfp &= ~gfp_names[i].flags;
		}
	if (gfp || !len)
		len += scnprintf(buf + len, size - len, len ? "|%#x" : "%#x", gfp);
	return len;
}

#define G(item)		global_node_page_state(item)
#define PAGES_KB(pages)	((pages) << (PAGE_SHIFT - 10))
#define N(item)		PAGES_KB(node_page_state(pgdat, item))
#define Z(item)		PAGES_KB(zone_page_state(z, item))

static void show_all(void)
{
	unsigned long free = 0, pcp = 0;

	for_each_populated_zone(z) {
		free += READ_ONCE(z->nr_free);
		pcp += pcp_free_pages(z);
	}
	pr_info("active_anon:%lu inactive_anon:%lu isolated_anon:%lu\n", G(NR_ACTIVE_ANON), G(NR_INACTIVE_ANON),
		G(NR_ISOLATED_ANON));
	pr_info(" active_file:%lu inactive_file:%lu isolated_file:%lu\n", G(NR_ACTIVE_FILE), G(NR_INACTIVE_FILE),
		G(NR_ISOLATED_FILE));
	pr_info(" unevictable:%lu dirty:%lu writeback:%lu\n", G(NR_UNEVICTABLE), G(NR_FILE_DIRTY), G(NR_WRITEBACK));
	pr_info(" slab_reclaimable:%lu slab_unreclaimable:%lu\n", G(NR_SLAB_RECLAIMABLE), G(NR_SLAB_UNRECLAIMABLE));
	pr_info(" mapped:%lu shmem:%lu pagetables:%lu\n", G(NR_FILE_MAPPED), G(NR_SHMEM), G(NR_PAGETABLE));
	pr_info(" sec_pagetables:0 bounce:0\n");
	pr_info(" kernel_misc_reclaimable:%lu\n", G(NR_KERNEL_MISC_RECLAIMABLE));
	pr_info(" free:%lu free_pcp:%lu free_cma:0\n", free, pcp);
}

static void show_node(pg_data_t *pgdat)
{
	pr_info("Node %d active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB "
		"unevictable:%lukB isolated(anon):%lukB isolated(file):%lukB", pgdat->node_id, N(NR_ACTIVE_ANON),
		N(NR_INACTIVE_ANON), N(NR_ACTIVE_FILE), N(NR_INACTIVE_FILE), N(NR_UNEVICTABLE),
		N(NR_ISOLATED_ANON), N(NR_ISOLATED_FILE));
	pr_cont(" mapped:%lukB dirty:%lukB writeback:%lukB shmem:%lukB shmem_thp:0kB shmem_pmdmapped:0kB "
		"anon_thp:0kB writeback_tmp:0kB kernel_stack:%lukB pagetables:%lukB sec_pagetables:0kB "
		"all_unreclaimable? %s\n", N(NR_FILE_MAPPED), N(NR_FILE_DIRTY), N(NR_WRITEBACK), N(NR_SHMEM),
		node_page_state(pgdat, NR_KERNEL_STACK_KB), N(NR_PAGETABLE),
		pgdat->kswapd_failures >= MAX_RECLAIM_FAILURES ? "yes" : "no");
}

static void show_zone(struct zone *z)
{
	pr_info("Node %d %s free:%lukB boost:0kB min:%lukB low:%lukB high:%lukB reserved_highatomic:%luKB "
		"active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB unevictable:%lukB",
		z->pgdat->node_id, z->name, PAGES_KB(z->nr_free), PAGES_KB(min_wmark_pages(z)),
		PAGES_KB(low_wmark_pages(z)), PAGES_KB(high_wmark_pages(z)), PAGES_KB(z->nr_reserved_highatomic),
		Z(NR_ZONE_ACTIVE_ANON), Z(NR_ZONE_INACTIVE_ANON), Z(NR_ZONE_ACTIVE_FILE),
		Z(NR_ZONE_INACTIVE_FILE), Z(NR_ZONE_UNEVICTABLE));
	pr_cont(" writepending:%lukB present:%lukB managed:%lukB mlocked:%lukB bounce:0kB free_pcp:%lukB "
		"local_pcp:%ukB free_cma:0kB\n", Z(NR_ZONE_WRITE_PENDING), PAGES_KB(z->present_pages),
		PAGES_KB(z->managed_pages), Z(NR_MLOCK), PAGES_KB(pcp_free_pages(z)),
		PAGES_KB(pcp_pages(z->pageset[this_hart()])));
	pr_info("lowmem_reserve[]:");
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		if (i != ZONE_HIGHMEM || z->idx == ZONE_HIGHMEM)
			pr_cont(" %ld", z->lowmem_reserve[i]);
	pr_cont("\n");
}

/* "(UM)": the lists of @area that are not empty. */
static void show_types(const struct free_area *area)
{
	static const char letters[MIGRATE_TYPES] = {
		[MIGRATE_UNMOVABLE] = 'U', [MIGRATE_MOVABLE] = 'M', [MIGRATE_RECLAIMABLE] = 'E',
		[MIGRATE_HIGHATOMIC] = 'H', [MIGRATE_ISOLATE] = 'I',
	};
	char text[MIGRATE_TYPES + 1];
	unsigned n = 0;

	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
		if (!list_empty(&area->free_list[mt]))
			text[n++] = letters[mt];
	text[n] = 0;
	if (n)
		pr_cont("(%s) ", text);
}

static void show_blocks(struct zone *z)
{
	pr_info("Node %d %s: ", z->pgdat->node_id, z->name);
	for (unsigned o = 0; o < NR_PAGE_ORDERS; o++) {
		pr_cont("%lu*%lukB ", z->free_area[o].nr_free, PAGE_SIZE >> 10 << o);
		show_types(&z->free_area[o]);
	}
	pr_cont("= %lukB\n", PAGES_KB(z->nr_free));
}

void show_mem(void)
{
	unsigned long present = 0, managed = 0, movable = 0;

	pr_info("Mem-Info:\n");
	show_all();
	for_each_online_node(nid)
		show_node(NODE_DATA(nid));
	for_each_populated_zone(z) {
		present += z->present_pages;
		managed += z->managed_pages;
		if (z->idx >= ZONE_HIGHMEM)
			movable += z->managed_pages;
		show_zone(z);
	}
	for_each_populated_zone(z)
		show_blocks(z);
	pr_info("%lu total pagecache pages\n", G(NR_FILE_PAGES));
	pr_info("%lu pages in swap cache\n", G(NR_SWAPCACHE));
	pr_info("Free swap  = 0kB\n");
	pr_info("Total swap = 0kB\n");
	pr_info("%lu pages RAM\n", present);
	pr_info("%lu pages HighMem/MovableOnly\n", movable);
	pr_info("%lu pages reserved\n", present - managed);
}
