/*
 * mm/phys/vmstat_show.c - /proc/{buddyinfo,pagetypeinfo,zoneinfo,vmstat}, node files of /sys.
 *
 * MODEL     Linux's names, order and columns, for programs read them.  A hart's counters have no
 *           threshold: each change is seen at once.
 * LOCKING   Zone lists are counted under the zone lock; all else is read as it passes by.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/buddy.h"
#include "lib/printk.h"
#include "mm/phys/init.h"
#include "mm/phys/reclaim.h"

static const char *const zone_stat_names[NR_VM_ZONE_STAT_ITEMS] = {
	"nr_zone_inactive_anon", "nr_zone_active_anon", "nr_zone_inactive_file", "nr_zone_active_file",
	"nr_zone_unevictable", "nr_zone_write_pending", "nr_mlock", "nr_bounce", "nr_free_cma",
};

static const char *const numa_stat_names[NR_VM_NUMA_EVENT_ITEMS] = {
	"numa_hit", "numa_miss", "numa_foreign", "numa_interleave", "numa_local", "numa_other",
};

static const char *const node_stat_names[NR_VM_NODE_STAT_ITEMS] = {
	"nr_inactive_anon", "nr_active_anon", "nr_inactive_file", "nr_active_file", "nr_unevictable",
	"nr_slab_reclaimable", "nr_slab_unreclaimable", "nr_isolated_anon", "nr_isolated_file",
	"workingset_nodes", "workingset_refault_anon", "workingset_refault_file",
	"workingset_activate_anon", "workingset_activate_file", "workingset_restore_anon",
	"workingset_restore_file", "workingset_nodereclaim",
	"nr_anon_pages", "nr_mapped", "nr_file_pages", "nr_dirty", "nr_writeback", "nr_writeback_temp",
	"nr_shmem", "nr_shmem_hugepages", "nr_shmem_pmdmapped", "nr_file_hugepages", "nr_file_pmdmapped",
	"nr_anon_transparent_hugepages", "nr_vmscan_write", "nr_vmscan_immediate_reclaim",
	"nr_dirtied", "nr_written", "nr_throttled_written", "nr_kernel_misc_reclaimable",
	"nr_foll_pin_acquired", "nr_foll_pin_released", "nr_kernel_stack", "nr_page_table_pages",
	"nr_sec_page_table_pages", "nr_swapcached", "pgdemote_kswapd", "pgdemote_direct", "pgdemote_khugepaged",
};

#define FOR_ALL_ZONES(prefix) prefix "_dma32", prefix "_normal", prefix "_high", prefix "_movable"

static const char *const vm_event_names[NR_VM_EVENT_ITEMS] = {
	"pgpgin", "pgpgout", "pswpin", "pswpout",
	FOR_ALL_ZONES("pgalloc"), FOR_ALL_ZONES("allocstall"), FOR_ALL_ZONES("pgskip"),
	"pgfree", "pgactivate", "pgdeactivate", "pglazyfree", "pgfault", "pgmajfault", "pglazyfreed",
	"pgrefill", "pgreuse", "pgsteal_kswapd", "pgsteal_direct", "pgsteal_khugepaged",
	"pgscan_kswapd", "pgscan_direct", "pgscan_khugepaged", "pgscan_direct_throttle",
	"pgscan_anon", "pgscan_file", "pgsteal_anon", "pgsteal_file", "zone_reclaim_success",
	"zone_reclaim_failed", "pginodesteal", "slabs_scanned", "kswapd_inodesteal",
	"kswapd_low_wmark_hit_quickly", "kswapd_high_wmark_hit_quickly", "pageoutrun", "pgrotated",
	"drop_pagecache", "drop_slab", "oom_kill",
	"numa_pte_updates", "numa_huge_pte_updates", "numa_hint_faults", "numa_hint_faults_local",
	"numa_pages_migrated", "pgmigrate_success", "pgmigrate_fail", "thp_migration_success",
	"thp_migration_fail", "thp_migration_split",
	"compact_migrate_scanned", "compact_free_scanned", "compact_isolated", "compact_stall",
	"compact_fail", "compact_success", "compact_daemon_wake", "compact_daemon_migrate_scanned",
	"compact_daemon_free_scanned",
	"unevictable_pgs_culled", "unevictable_pgs_scanned", "unevictable_pgs_rescued",
	"unevictable_pgs_mlocked", "unevictable_pgs_munlocked", "unevictable_pgs_cleared",
	"unevictable_pgs_stranded",
	"thp_fault_alloc", "thp_fault_fallback", "thp_collapse_alloc", "thp_collapse_alloc_failed",
	"thp_split_page", "thp_split_pmd", "thp_zero_page_alloc", "swap_ra", "swap_ra_hit",
};

/* HighMem is named only where it exists: Linux has none on this architecture. */
static bool zone_type_shown(enum zone_type zt)
{
	if (zt != ZONE_HIGHMEM)
		return true;
	for_each_populated_zone(z)
		if (z->idx == ZONE_HIGHMEM)
			return true;
	return false;
}

static bool event_shown(unsigned event)
{
	bool of_high = event == PGALLOC_HIGH || event == ALLOCSTALL_HIGH || event == PGSCAN_SKIP_HIGH;

	return !of_high || zone_type_shown(ZONE_HIGHMEM);
}

static unsigned long event_value(enum vm_event_item event)
{
	return event == PGPGIN || event == PGPGOUT ? vm_event(event) / 2 : vm_event(event);
}

/* What came from a hart's list was a hit, and local if the hart is of the zone's node. */
static unsigned long zone_numa_state(struct zone *z, enum numa_stat_item item)
{
	unsigned long sum = 0;

	for_each_hart(h) {
		bool local = hart_to_node(h) == z->pgdat->node_id;

		sum += z->pgdat->hart_stat[h]->numa[z->idx][item];
		if (item == NUMA_HIT || item == (local ? NUMA_LOCAL : NUMA_OTHER))
			sum += pcp_nr_alloc(z->pageset[h]);
	}
	return sum;
}

static unsigned long sum_zones(enum zone_stat_item item)
{
	unsigned long sum = 0;

	for_each_populated_zone(z)
		sum += zone_page_state(z, item);
	return sum;
}

static unsigned long sum_numa(enum numa_stat_item item, int nid)
{
	unsigned long sum = 0;

	for_each_populated_zone(z)
		if (nid < 0 || z->pgdat->node_id == nid)
			sum += zone_numa_state(z, item);
	return sum;
}

int vmstat_show(struct seq_file *m)
{
	seq_printf(m, "nr_free_pages %lu\n", nr_free_pages());
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", zone_stat_names[i], sum_zones(i));
	for (unsigned i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", numa_stat_names[i], sum_numa(i, -1));
	for (unsigned i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", node_stat_names[i], global_node_page_state(i));
	seq_printf(m, "nr_memmap_pages 0\nnr_memmap_boot_pages %lu\n", memmap_pages);
	for (unsigned i = 0; i < NR_VM_EVENT_ITEMS; i++)
		if (event_shown(i))
			seq_printf(m, "%s %lu\n", vm_event_names[i], event_value(i));
	seq_printf(m, "nr_unstable 0\n");
	return 0;
}

static unsigned long node_zones_stat(int nid, enum zone_stat_item item)
{
	unsigned long sum = 0;

	for_each_populated_zone(z)
		if (z->pgdat->node_id == nid)
			sum += zone_page_state(z, item);
	return sum;
}

int node_vmstat_show(struct seq_file *m, int nid)
{
	unsigned long free = 0;

	for_each_populated_zone(z)
		if (z->pgdat->node_id == nid)
			free += zone_free_pages(z);
	seq_printf(m, "nr_free_pages %lu\n", free);
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", zone_stat_names[i], node_zones_stat(nid, i));
	for (unsigned i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", numa_stat_names[i], sum_numa(i, nid));
	for (unsigned i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", node_stat_names[i], node_page_state(NODE_DATA(nid), i));
	return 0;
}

int node_numastat_show(struct seq_file *m, int nid)
{
	static const char *const names[NR_VM_NUMA_EVENT_ITEMS] = {
		"numa_hit", "numa_miss", "numa_foreign", "interleave_hit", "local_node", "other_node",
	};

	for (unsigned i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", names[i], sum_numa(i, nid));
	return 0;
}

int buddyinfo_show(struct seq_file *m)
{
	for_each_populated_zone(z) {
		seq_printf(m, "Node %d, zone %8s ", z->pgdat->node_id, z->name);
		for (unsigned o = 0; o < NR_PAGE_ORDERS; o++)
			seq_printf(m, "%6lu ", READ_ONCE(z->free_area[o].nr_free));
		seq_printf(m, "\n");
	}
	return 0;
}

/* ---- pagetypeinfo ---------------------------------------------------------------------------- */

static unsigned long count_blocks(struct zone *z, unsigned order, unsigned mt)
{
	unsigned long flags, n = 0;
	struct list_head *pos;

	spin_lock_irqsave(&z->lock, flags);
	list_for_each(pos, &z->free_area[order].free_list[mt])
		n++;
	spin_unlock_irqrestore(&z->lock, flags);
	return n;
}

static void show_free_types(struct seq_file *m)
{
	seq_printf(m, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned o = 0; o < NR_PAGE_ORDERS; o++)
		seq_printf(m, "%6u ", o);
	seq_printf(m, "\n");
	for_each_populated_zone(z)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
			seq_printf(m, "Node %4d, zone %8s, type %12s ", z->pgdat->node_id, z->name,
				   migratetype_names[mt]);
			for (unsigned o = 0; o < NR_PAGE_ORDERS; o++)
				seq_printf(m, "%6lu ", count_blocks(z, o, mt));
			seq_printf(m, "\n");
		}
}

static void show_block_types(struct seq_file *m)
{
	seq_printf(m, "\n%-23s", "Number of blocks type ");
	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
		seq_printf(m, "%12s ", migratetype_names[mt]);
	seq_printf(m, "\n");
	for_each_populated_zone(z) {
		unsigned long n[MIGRATE_TYPES] = { 0 };

		for (pfn_t pfn = ALIGN_DOWN(z->zone_start_pfn, pageblock_nr_pages); pfn < zone_end_pfn(z);
		     pfn += pageblock_nr_pages)
			n[pfnblock_migratetype(z, pfn)]++;
		seq_printf(m, "Node %d, zone %8s ", z->pgdat->node_id, z->name);
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			seq_printf(m, "%12lu ", n[mt]);
		seq_printf(m, "\n");
	}
}

int pagetypeinfo_show(struct seq_file *m)
{
	seq_printf(m, "Page block order: %u\n", pageblock_order);
	seq_printf(m, "Pages per block:  %lu\n\n", pageblock_nr_pages);
	show_free_types(m);
	if (!page_group_by_mobility_disabled)
		show_block_types(m);
	return 0;
}

/* ---- zoneinfo -------------------------------------------------------------------------------- */

static void show_zone_lists(struct seq_file *m, struct zone *z)
{
	seq_printf(m, "\n  pagesets");
	for_each_hart(h)
		seq_printf(m, "\n    cpu: %u\n              count: %i\n              high:  %i"
			   "\n              batch: %i\n  vm stats threshold: 0",
			   h, pcp_pages(z->pageset[h]), z->pageset[h]->high, z->pageset[h]->batch);
	seq_printf(m, "\n  node_unreclaimable:  %u\n  start_pfn:           %lu\n",
		   z->pgdat->kswapd_failures >= MAX_RECLAIM_FAILURES, z->zone_start_pfn);
}

static void show_zone(struct seq_file *m, struct zone *z, bool first)
{
	seq_printf(m, "Node %d, zone %8s", z->pgdat->node_id, z->name);
	if (first) {
		seq_printf(m, "\n  per-node stats");
		for (unsigned i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
			seq_printf(m, "\n      %-12s %lu", node_stat_names[i], node_page_state(z->pgdat, i));
	}
	seq_printf(m, "\n  pages free     %lu\n        boost    0\n        min      %lu\n        low      %lu"
		   "\n        high     %lu\n        promo    %lu",
		   z->nr_free, min_wmark_pages(z), low_wmark_pages(z), high_wmark_pages(z),
		   2 * high_wmark_pages(z) - low_wmark_pages(z));
	seq_printf(m, "\n        spanned  %lu\n        present  %lu\n        managed  %lu\n        cma      0",
		   z->spanned_pages, z->present_pages, z->managed_pages);
	seq_printf(m, "\n        protection: (%ld", z->lowmem_reserve[0]);
	for (unsigned i = 1; i < MAX_NR_ZONES; i++)
		if (zone_type_shown(i))
			seq_printf(m, ", %ld", z->lowmem_reserve[i]);
	seq_printf(m, ")");
	if (!populated_zone(z)) {
		seq_printf(m, "\n");
		return;
	}
	seq_printf(m, "\n      %-12s %lu", "nr_free_pages", z->nr_free);
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		seq_printf(m, "\n      %-12s %lu", zone_stat_names[i], zone_page_state(z, i));
	for (unsigned i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "\n      %-12s %lu", numa_stat_names[i], zone_numa_state(z, i));
	show_zone_lists(m, z);
}

int zoneinfo_show(struct seq_file *m)
{
	for_each_online_node(nid) {
		bool first = true;

		for (unsigned zt = 0; zt < MAX_NR_ZONES; zt++) {
			struct zone *z = &NODE_DATA(nid)->node_zones[zt];

			if (zone_type_shown(zt))
				show_zone(m, z, first && populated_zone(z));
			first = first && !populated_zone(z);
		}
	}
	return 0;
}

void vmstat_check(void)
{
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		for_each_populated_zone(z)
			if (atomic_long_read(&z->vm_stat[i]) < 0)
				pr_warn("vmstat: node %d, zone %s: %s %ld\n", z->pgdat->node_id, z->name,
					zone_stat_names[i], atomic_long_read(&z->vm_stat[i]));
	for (unsigned i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
		for_each_online_node(nid) {
			long sum = 0;

			for_each_hart(h)
				sum += READ_ONCE(NODE_DATA(nid)->hart_stat[h]->stat[i]);
			if (sum < 0)
				pr_warn("vmstat: node %d: %s %ld\n", nid, node_stat_names[i], sum);
		}
}
