/*
 * fs/proc/meminfo.c - /proc/meminfo.
 *
 * UNITS     counters are in pages, what is shown in kB.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "include/machine.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"
#include "mm/slab/slab.h"
#include "mm/policy/account.h"

static void show_kb(struct seq_file *m, const char *name, unsigned long kb)
{
	seq_printf(m, "%-16s%8lu kB\n", name, kb);
}

static void show_pages(struct seq_file *m, const char *name, unsigned long pages)
{
	show_kb(m, name, pages << (PAGE_SHIFT - 10));
}

static void show_node_stat(struct seq_file *m, const char *name, enum node_stat_item item)
{
	show_pages(m, name, global_node_page_state(item));
}

static unsigned long zones_stat(enum zone_stat_item item)
{
	unsigned long sum = 0;

	for_each_populated_zone(z)
		sum += zone_page_state(z, item);
	return sum;
}

static unsigned long cached_pages(const struct sysinfo_mem *i)
{
	unsigned long not_cached = global_node_page_state(NR_SWAPCACHE) + i->bufferram;
	unsigned long file = global_node_page_state(NR_FILE_PAGES);

	return file > not_cached ? file - not_cached : 0;
}

static void show_lru(struct seq_file *m)
{
	unsigned long ia = global_node_page_state(NR_INACTIVE_ANON), aa = global_node_page_state(NR_ACTIVE_ANON);
	unsigned long file_in = global_node_page_state(NR_INACTIVE_FILE);
	unsigned long file_act = global_node_page_state(NR_ACTIVE_FILE);

	show_pages(m, "Active:", aa + file_act);
	show_pages(m, "Inactive:", ia + file_in);
	show_pages(m, "Active(anon):", aa);
	show_pages(m, "Inactive(anon):", ia);
	show_pages(m, "Active(file):", file_act);
	show_pages(m, "Inactive(file):", file_in);
	show_node_stat(m, "Unevictable:", NR_UNEVICTABLE);
	show_pages(m, "Mlocked:", zones_stat(NR_MLOCK));
}

static void show_slab_and_kernel(struct seq_file *m)
{
	unsigned long rec = global_node_page_state(NR_SLAB_RECLAIMABLE);
	unsigned long unrec = global_node_page_state(NR_SLAB_UNRECLAIMABLE);

	show_pages(m, "KReclaimable:", rec + global_node_page_state(NR_KERNEL_MISC_RECLAIMABLE));
	show_pages(m, "Slab:", rec + unrec);
	show_pages(m, "SReclaimable:", rec);
	show_pages(m, "SUnreclaim:", unrec);
	show_kb(m, "KernelStack:", global_node_page_state(NR_KERNEL_STACK_KB));
	show_node_stat(m, "PageTables:", NR_PAGETABLE);
	show_node_stat(m, "SecPageTables:", NR_SECONDARY_PAGETABLE);
	show_kb(m, "NFS_Unstable:", 0);
	show_pages(m, "Bounce:", zones_stat(NR_BOUNCE));
	show_node_stat(m, "WritebackTmp:", NR_WRITEBACK_TEMP);
}

/* As on Linux only where there is memory beyond the direct map. */
static void show_high(struct seq_file *m, const struct sysinfo_mem *i)
{
	if (!i->totalhigh)
		return;
	show_pages(m, "HighTotal:", i->totalhigh);
	show_pages(m, "HighFree:", i->freehigh);
	show_pages(m, "LowTotal:", i->totalram - i->totalhigh);
	show_pages(m, "LowFree:", i->freeram - i->freehigh);
}

static int meminfo_show(struct seq_file *m, __maybe_unused void *v)
{
	struct sysinfo_mem i;

	si_meminfo(&i);
	show_pages(m, "MemTotal:", i.totalram);
	show_pages(m, "MemFree:", i.freeram);
	show_pages(m, "MemAvailable:", si_mem_available());
	show_pages(m, "Buffers:", i.bufferram);
	show_pages(m, "Cached:", cached_pages(&i));
	show_node_stat(m, "SwapCached:", NR_SWAPCACHE);
	show_lru(m);
	show_high(m, &i);
	show_kb(m, "SwapTotal:", 0);
	show_kb(m, "SwapFree:", 0);
	show_node_stat(m, "Dirty:", NR_FILE_DIRTY);
	show_node_stat(m, "Writeback:", NR_WRITEBACK);
	show_node_stat(m, "AnonPages:", NR_ANON_MAPPED);
	show_node_stat(m, "Mapped:", NR_FILE_MAPPED);
	show_pages(m, "Shmem:", i.sharedram);
	show_slab_and_kernel(m);
	show_pages(m, "CommitLimit:", vm_commit_limit());
	show_pages(m, "Committed_AS:", vm_memory_committed());
	show_kb(m, "VmallocTotal:", (vmalloc_end - vmalloc_start) >> 10);
	show_pages(m, "VmallocUsed:", vmalloc_nr_pages());
	show_kb(m, "VmallocChunk:", 0);
	show_pages(m, "Percpu:", per_hart_pages());
	return 0;
}

static int buddyinfo(struct seq_file *m, __maybe_unused void *v) { return buddyinfo_show(m); }
static int pagetypeinfo(struct seq_file *m, __maybe_unused void *v) { return pagetypeinfo_show(m); }
static int zoneinfo(struct seq_file *m, __maybe_unused void *v) { return zoneinfo_show(m); }
static int vmstat(struct seq_file *m, __maybe_unused void *v) { return vmstat_show(m); }
static int slabinfo(struct seq_file *m, __maybe_unused void *v) { return slabinfo_show(m); }

static int vmallocinfo(struct seq_file *m, __maybe_unused void *v)
{
	bool shown = kptr_shown();
	vaddr_t cursor = 0;
	char line[160];
	int n;

	while ((n = vmallocinfo_line(&cursor, line, sizeof(line))) > 0) {
		for (int i = 0; !shown && i < n && line[i] != ' '; i++)		/* 0xSTART-0xEND */
			if (line[i] != 'x' && line[i] != '-')
				line[i] = '0';
		seq_write(m, line, n);
	}
	return 0;
}

void __init proc_memory_init(void)
{
	proc_create_single("meminfo", 0, NULL, meminfo_show);
	proc_create_single("buddyinfo", 0, NULL, buddyinfo);
	proc_create_single("pagetypeinfo", 0400, NULL, pagetypeinfo);
	proc_create_single("zoneinfo", 0, NULL, zoneinfo);
	proc_create_single("vmstat", 0, NULL, vmstat);
	proc_forbid_splice(proc_create_single("slabinfo", 0400, NULL, slabinfo));
	proc_create_single("vmallocinfo", 0400, NULL, vmallocinfo);
	proc_kpage_init();
}
