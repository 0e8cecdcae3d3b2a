/*
 * mm/phys/vmstat.h - what the memory manager counts: events, and pages by state.
 *
 * MODEL     event       how often something happened (PGFAULT); each hart has its own counters.
 *           node stat   pages of a node in a state (NR_ANON_MAPPED); each hart has its own share,
 *                       which may be negative; the sum over harts is exact.
 *           zone stat   the same of a zone, for reclaim.
 *           Names and order are those of Linux's /proc/vmstat.
 * LOCKING   One atomic add to the hart's own line: exact against interrupts, no contention.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_VMSTAT_H
#define VELLUM_MM_PHYS_VMSTAT_H

#include "include/mm_types.h"
#include "include/seq_file.h"

struct zone;
struct pglist_data;

enum zone_stat_item {
	NR_ZONE_INACTIVE_ANON, NR_ZONE_ACTIVE_ANON, NR_ZONE_INACTIVE_FILE, NR_ZONE_ACTIVE_FILE,
	NR_ZONE_UNEVICTABLE, NR_ZONE_WRITE_PENDING, NR_MLOCK, NR_BOUNCE, NR_FREE_CMA_PAGES,
	NR_VM_ZONE_STAT_ITEMS
};
#define NR_ZONE_LRU_BASE	NR_ZONE_INACTIVE_ANON

enum numa_stat_item {
	NUMA_HIT, NUMA_MISS, NUMA_FOREIGN, NUMA_INTERLEAVE_HIT, NUMA_LOCAL, NUMA_OTHER,
	NR_VM_NUMA_EVENT_ITEMS
};

enum node_stat_item {
	NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE, NR_ACTIVE_FILE, NR_UNEVICTABLE,
	NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE, NR_ISOLATED_ANON, NR_ISOLATED_FILE,
	WORKINGSET_NODES, WORKINGSET_REFAULT_ANON, WORKINGSET_REFAULT_FILE,
	WORKINGSET_ACTIVATE_ANON, WORKINGSET_ACTIVATE_FILE, WORKINGSET_RESTORE_ANON,
	WORKINGSET_RESTORE_FILE, WORKINGSET_NODERECLAIM,
	NR_ANON_MAPPED, NR_FILE_MAPPED, NR_FILE_PAGES, NR_FILE_DIRTY, NR_WRITEBACK, NR_WRITEBACK_TEMP,
	NR_SHMEM, NR_SHMEM_THPS, NR_SHMEM_PMDMAPPED, NR_FILE_THPS, NR_FILE_PMDMAPPED, NR_ANON_THPS,
	NR_VMSCAN_WRITE, NR_VMSCAN_IMMEDIATE, NR_DIRTIED, NR_WRITTEN, NR_THROTTLED_WRITTEN,
	NR_KERNEL_MISC_RECLAIMABLE, NR_FOLL_PIN_ACQUIRED, NR_FOLL_PIN_RELEASED,
	NR_KERNEL_STACK_KB, NR_PAGETABLE, NR_SECONDARY_PAGETABLE, NR_SWAPCACHE,
	PGDEMOTE_KSWAPD, PGDEMOTE_DIRECT, PGDEMOTE_KHUGEPAGED,
	NR_VM_NODE_STAT_ITEMS
};
#define NR_LRU_BASE	NR_INACTIVE_ANON

enum vm_event_item {
	PGPGIN, PGPGOUT,		/* counted in sectors, shown in KiB */
	 PSWPIN, PSWPOUT,
	PGALLOC_DMA32, PGALLOC_NORMAL, PGALLOC_HIGH, PGALLOC_MOVABLE,
	ALLOCSTALL_DMA32, ALLOCSTALL_NORMAL, ALLOCSTALL_HIGH, ALLOCSTALL_MOVABLE,
	PGSCAN_SKIP_DMA32, PGSCAN_SKIP_NORMAL, PGSCAN_SKIP_HIGH, PGSCAN_SKIP_MOVABLE,
	PGFREE, PGACTIVATE, PGDEACTIVATE, PGLAZYFREE, PGFAULT, PGMAJFAULT, PGLAZYFREED,
	PGREFILL, PGREUSE, PGSTEAL_KSWAPD, PGSTEAL_DIRECT, PGSTEAL_KHUGEPAGED,
	PGSCAN_KSWAPD, PGSCAN_DIRECT, PGSCAN_KHUGEPAGED, PGSCAN_DIRECT_THROTTLE,
	PGSCAN_ANON, PGSCAN_FILE, PGSTEAL_ANON, PGSTEAL_FILE, PGSCAN_ZONE_RECLAIM_SUCCESS,
	PGSCAN_ZONE_RECLAIM_FAILED, PGINODESTEAL, SLABS_SCANNED, KSWAPD_INODESTEAL,
	KSWAPD_LOW_WMARK_HIT_QUICKLY, KSWAPD_HIGH_WMARK_HIT_QUICKLY, PAGEOUTRUN, PGROTATED,
	DROP_PAGECACHE, DROP_SLAB, OOM_KILL,
	NUMA_PTE_UPDATES, NUMA_HUGE_PTE_UPDATES, NUMA_HINT_FAULTS, NUMA_HINT_FAULTS_LOCAL,
	NUMA_PAGE_MIGRATE, PGMIGRATE_SUCCESS, PGMIGRATE_FAIL, THP_MIGRATION_SUCCESS,
	THP_MIGRATION_FAIL, THP_MIGRATION_SPLIT,
	COMPACTMIGRATE_SCANNED, COMPACTFREE_SCANNED, COMPACTISOLATED, COMPACTSTALL, COMPACTFAIL,
	COMPACTSUCCESS, KCOMPACTD_WAKE, KCOMPACTD_MIGRATE_SCANNED, KCOMPACTD_FREE_SCANNED,
	UNEVICTABLE_PGCULLED, UNEVICTABLE_PGSCANNED, UNEVICTABLE_PGRESCUED, UNEVICTABLE_PGMLOCKED,
	UNEVICTABLE_PGMUNLOCKED, UNEVICTABLE_PGCLEARED, UNEVICTABLE_PGSTRANDED,
	THP_FAULT_ALLOC, THP_FAULT_FALLBACK, THP_COLLAPSE_ALLOC, THP_COLLAPSE_ALLOC_FAILED,
	THP_SPLIT_PAGE, THP_SPLIT_PMD, THP_ZERO_PAGE_ALLOC, SWAP_RA, SWAP_RA_HIT,
	NR_VM_EVENT_ITEMS
};

struct vm_event_state { unsigned long event[NR_VM_EVENT_ITEMS]; };
DECLARE_PER_HART(struct vm_event_state, vm_event_states);
struct node_hart_stat {
	long stat[NR_VM_NODE_STAT_ITEMS];
	unsigned long numa[MAX_NR_ZONES][NR_VM_NUMA_EVENT_ITEMS];
} __aligned(64);

static __always_inline void count_vm_events(enum vm_event_item item, unsigned long n)
{
	__atomic_fetch_add(&this_hart_ptr(&vm_event_states)->event[item], n, __ATOMIC_RELAXED);
}
static __always_inline void count_vm_event(enum vm_event_item item) { count_vm_events(item, 1); }

/* @n pages (kB for NR_KERNEL_STACK_KB) entered the state, or left it when negative.  Any context. */
#define mod_node_page_state(pgdat, item, n) \
	((void)__atomic_fetch_add(&(pgdat)->hart_stat[this_hart()]->stat[item], (long)(n), __ATOMIC_RELAXED))
#define inc_node_page_state(page, item)	mod_node_page_state(page_pgdat(page), item, 1)
#define dec_node_page_state(page, item)	mod_node_page_state(page_pgdat(page), item, -1)
#define mod_zone_page_state(zone, item, n)	atomic_long_add(n, &(zone)->vm_stat[item])

unsigned long vm_event(enum vm_event_item item);			/* sum over harts */
unsigned long node_page_state(struct pglist_data *pgdat, enum node_stat_item item);
unsigned long global_node_page_state(enum node_stat_item item);
unsigned long zone_page_state(struct zone *zone, enum zone_stat_item item);
unsigned long zone_free_pages(struct zone *zone);	/* on pcp lists and deferred ones too */

/* Free, on the pcp lists, or not initialised yet: what MemFree shows.  Does not wander with caching. */
unsigned long nr_free_pages(void);
/* What a new program could have without swapping: MemAvailable. */
unsigned long si_mem_available(void);

struct sysinfo_mem {
	unsigned long totalram, freeram, sharedram, bufferram, totalhigh, freehigh;	/* pages */
};
void si_meminfo(struct sysinfo_mem *val);
unsigned long nr_blockdev_pages(void);	/* up-call: cached pages of block devices.  block/bdev.c */

/* /proc: each writes the whole file.  meminfo's lines that belong to other rooms are given there. */
int buddyinfo_show(struct seq_file *m);
int pagetypeinfo_show(struct seq_file *m);
int zoneinfo_show(struct seq_file *m);
int vmstat_show(struct seq_file *m);
void vmstat_check(void);	/* name in the log what is counted below zero */
int node_numastat_show(struct seq_file *m, int nid);	/* /sys/devices/system/node/nodeN/numastat */
int node_vmstat_show(struct seq_file *m, int nid);

#endif
