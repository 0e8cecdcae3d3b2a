/*
 * drivers/base/node.c - /sys/devices/system/node: the memory nodes, in Linux's files and formats.
 *
 * UNITS     counters are in pages, what meminfo shows in kB.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/base/node.h"
#include "drivers/base/class.h"
#include "fs/seq_file.h"
#include "fs/sysfs.h"
#include "lib/printk.h"
#include "mm/phys/vmstat.h"
#include "mm/reclaim/compact.h"
#include "mm/policy/mempolicy.h"

static int nid_of(void *data) { return (long)data; }

static ssize_t mask_show(u64 mask, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%*pbl\n", 64, &mask);
}

/* ---- which nodes there are ------------------------------------------------------------------- */

static u64 node_harts(int nid)
{
	u64 mask = 0;

	for_each_hart(h)
		if (hart_to_node(h) == nid)
			mask |= BIT(h);
	return mask & hart_online_mask.bits;
}

static ssize_t show_online(__maybe_unused void *data, char *buf) { return mask_show(node_online_map.bits, buf); }
static ssize_t show_memory(__maybe_unused void *data, char *buf) { return mask_show(node_memory_map.bits, buf); }

/* Devices that start memory accesses of their own, and are no harts: no device tree tells of them. */
static ssize_t show_none(__maybe_unused void *data, char *buf) { return scnprintf(buf, PAGE_SIZE, "\n"); }

static ssize_t show_has_cpu(__maybe_unused void *data, char *buf)
{
	u64 nodes = 0;

	for_each_online_node(nid)
		if (node_harts(nid))
			nodes |= BIT(nid);
	return mask_show(nodes, buf);
}

/* Nodes with memory that the kernel itself can use. */
static ssize_t show_normal_memory(__maybe_unused void *data, char *buf)
{
	u64 nodes = 0;

	for_each_populated_zone(z)
		if (z->idx <= ZONE_NORMAL)
			nodes |= BIT(z->pgdat->node_id);
	return mask_show(nodes, buf);
}

/* ---- one node -------------------------------------------------------------------------------- */

static ssize_t show_cpulist(void *data, char *buf) { return mask_show(node_harts(nid_of(data)), buf); }

static ssize_t show_cpumap(void *data, char *buf)
{
	u64 mask = node_harts(nid_of(data));

	return scnprintf(buf, PAGE_SIZE, "%*pb\n", (int)nr_harts, &mask);
}

static ssize_t show_distance(void *data, char *buf)
{
	int at = 0;

	for_each_online_node(n)
		at += scnprintf(buf + at, PAGE_SIZE - at, at ? " %d" : "%d", node_distance(nid_of(data), n));
	return at + scnprintf(buf + at, PAGE_SIZE - at, "\n");
}

struct meminfo_line { const char *name; unsigned long kb; };

#define STAT(item)	node_page_state(pgdat, item)
#define KB(pages)	((unsigned long)(pages) << (PAGE_SHIFT - 10))

static unsigned long node_zones_stat(pg_data_t *pgdat, enum zone_stat_item item)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		sum += zone_page_state(&pgdat->node_zones[i], item);
	return sum;
}

static ssize_t show_meminfo(void *data, char *buf)
{
	pg_data_t *pgdat = NODE_DATA(nid_of(data));
	unsigned long total = 0, free = 0, slab_r = STAT(NR_SLAB_RECLAIMABLE), slab_u = STAT(NR_SLAB_UNRECLAIMABLE);
	int at = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		if (populated_zone(&pgdat->node_zones[i])) {
			total += pgdat->node_zones[i].managed_pages;
			free += zone_free_pages(&pgdat->node_zones[i]);
		}
	const struct meminfo_line lines[] = {
		{ "MemTotal:", KB(total) }, { "MemFree:", KB(free) }, { "MemUsed:", KB(total - min(free, total)) },
		{ "SwapCached:", KB(STAT(NR_SWAPCACHE)) },
		{ "Active:", KB(STAT(NR_ACTIVE_ANON) + STAT(NR_ACTIVE_FILE)) },
		{ "Inactive:", KB(STAT(NR_INACTIVE_ANON) + STAT(NR_INACTIVE_FILE)) },
		{ "Active(anon):", KB(STAT(NR_ACTIVE_ANON)) }, { "Inactive(anon):", KB(STAT(NR_INACTIVE_ANON)) },
		{ "Active(file):", KB(STAT(NR_ACTIVE_FILE)) }, { "Inactive(file):", KB(STAT(NR_INACTIVE_FILE)) },
		{ "Unevictable:", KB(STAT(NR_UNEVICTABLE)) }, { "Mlocked:", KB(node_zones_stat(pgdat, NR_MLOCK)) },
		{ "Dirty:", KB(STAT(NR_FILE_DIRTY)) }, { "Writeback:", KB(STAT(NR_WRITEBACK)) },
		{ "FilePages:", KB(STAT(NR_FILE_PAGES)) }, { "Mapped:", KB(STAT(NR_FILE_MAPPED)) },
		{ "AnonPages:", KB(STAT(NR_ANON_MAPPED)) }, { "Shmem:", KB(STAT(NR_SHMEM)) },
		{ "KernelStack:", STAT(NR_KERNEL_STACK_KB) }, { "PageTables:", KB(STAT(NR_PAGETABLE)) },
		{ "SecPageTables:", KB(STAT(NR_SECONDARY_PAGETABLE)) }, { "NFS_Unstable:", 0 },
		{ "Bounce:", KB(node_zones_stat(pgdat, NR_BOUNCE)) },
		{ "WritebackTmp:", KB(STAT(NR_WRITEBACK_TEMP)) },
		{ "KReclaimable:", KB(slab_r + STAT(NR_KERNEL_MISC_RECLAIMABLE)) },
		{ "Slab:", KB(slab_r + slab_u) },
		{ "SReclaimable:", KB(slab_r) }, { "SUnreclaim:", KB(slab_u) },
	};
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		at += scnprintf(buf + at, PAGE_SIZE - at, "Node %d %-15s %8lu kB\n", nid_of(data), lines[i].name,
				lines[i].kb);
	return at;
}

/* What the memory manager writes into a sequence file, in one page. */
static ssize_t show_seq(int (*show)(struct seq_file *m, int nid), void *data, char *buf)
{
	struct seq_file m = { .buf = buf, .size = PAGE_SIZE };

	show(&m, nid_of(data));
	return m.count;
}

static ssize_t show_numastat(void *data, char *buf) { return show_seq(node_numastat_show, data, buf); }
static ssize_t show_vmstat(void *data, char *buf) { return show_seq(node_vmstat_show, data, buf); }

/* A node tells nothing of itself in an event. */
static ssize_t show_nothing(__maybe_unused void *data, __maybe_unused char *buf) { return 0; }

static ssize_t store_compact(void *data, __maybe_unused const char *buf, size_t n)
{
	drain_all_pages(NULL);
	compact_node(nid_of(data));
	return n;
}

void __init node_dev_init(void)
{
	static const struct { const char *name; sysfs_show_fn show; sysfs_store_fn store; } files[] = {
		{ "cpulist", show_cpulist }, { "cpumap", show_cpumap }, { "distance", show_distance },
		{ "meminfo", show_meminfo }, { "numastat", show_numastat }, { "vmstat", show_vmstat },
		{ "compact", NULL, store_compact }, { "uevent", show_nothing, uevent_store },
	};
	char path[64];
	int rc = 0;

	rc |= sysfs_create_file("devices/system/node/uevent", show_nothing, uevent_store, NULL);
	rc |= sysfs_create_file("devices/system/node/online", show_online, NULL, NULL);
	rc |= sysfs_create_file("devices/system/node/possible", show_online, NULL, NULL);
	rc |= sysfs_create_file("devices/system/node/has_cpu", show_has_cpu, NULL, NULL);
	rc |= sysfs_create_file("devices/system/node/has_memory", show_memory, NULL, NULL);
	rc |= sysfs_create_file("devices/system/node/has_generic_initiator", show_none, NULL, NULL);
	rc |= sysfs_create_file("devices/system/node/has_normal_memory", show_normal_memory, NULL, NULL);
	for_each_online_node(n)
		for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
			snprintf(path, sizeof(path), "devices/system/node/node%u/%s", n, files[i].name);
			rc |= sysfs_create_file(path, files[i].show, files[i].store, (void *)(long)n);
		}
	if (rc)
		pr_warn("sysfs: some attributes of nodes are missing\n");
}
