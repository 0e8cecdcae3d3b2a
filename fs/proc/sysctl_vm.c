/*
 * fs/proc/sysctl_vm.c - /proc/sys/vm: reclaim, compaction, reserves, what happens when memory is out, layout.
 *
 * MODEL     Left out, for there is nothing that they would steer: stat_interval (counters are summed when they are
 *           read), page_lock_unfairness (a page's lock is whose who comes first), numa_stat (these counts are
 *           by-products of the lists'), watermark_boost_factor, compaction_proactiveness, zone_reclaim_mode and
 *           its min_unmapped_ratio and min_slab_ratio.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/memfd.h"
#include "fs/shrink.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/cache/dirty.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"
#include "mm/reclaim/compact.h"
#include "mm/reclaim/vmscan.h"
#include "mm/space/mmap.h"

static int parse_small(const char *buf, long max, long *v)
{
	const char *p = skip_spaces(buf);
	char *end;

	*v = simple_strtol(p, &end, 0);
	return end == p || (*end && *end != '\n') || *v < 1 || *v > max ? -EINVAL : 0;
}

/* DROP_* bits; 4: do not log it. */
static int do_drop_caches(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	static long last;
	long v;
	int rc;

	if (!write) {
		*len = scnprintf(buf, PAGE_SIZE, "%ld\n", last);
		return 0;
	}
	rc = parse_small(buf, 4, &v);
	if (rc)
		return rc;
	last = v;
	drop_caches(v);
	return 0;
}

static int do_compact_memory(__maybe_unused const struct ctl_table *t, bool write, char *buf,
			     __maybe_unused size_t *len)
{
	long v;

	if (!write)
		return -EIO;
	if (parse_small(buf, 1, &v))
		return -EINVAL;
	compact_nodes();
	return 0;
}

/* One number per zone below which others lie; HighMem, which Linux does not have here, is left out. */
static int do_lowmem_reserve_ratio(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	static const u8 zones[] = { ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE };
	int ratio[ARRAY_SIZE(zones)], rc;
	const struct ctl_table shown = { .data = ratio, .maxlen = sizeof(ratio), .min = 0, .max = 0x7fffffff };

	for (unsigned i = 0; i < ARRAY_SIZE(zones); i++)
		ratio[i] = sysctl_lowmem_reserve_ratio[zones[i]];
	rc = proc_dointvec(&shown, write, buf, len);
	for (unsigned i = 0; write && !rc && i < ARRAY_SIZE(zones); i++)
		sysctl_lowmem_reserve_ratio[zones[i]] = ratio[i];
	return rc;
}

/* 0, or 8 and more: the lists of all harts keep at most an eighth of a zone. */
static int do_high_fraction(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	int old = percpu_pagelist_high_fraction, rc = proc_dointvec(t, write, buf, len);

	if (write && percpu_pagelist_high_fraction && percpu_pagelist_high_fraction < 8) {
		percpu_pagelist_high_fraction = old;
		return -EINVAL;
	}
	return rc;
}

static int do_mmap_rnd_bits(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	const struct ctl_table one = {
		.data = t->data, .maxlen = sizeof(int), .min = MMAP_RND_BITS_MIN, .max = mmap_rnd_bits_max(),
	};

	return proc_dointvec(&one, write, buf, len);
}

static int do_memfd_noexec(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	return write && !capable(CAP_SYS_ADMIN) ? -EPERM : proc_dointvec(t, write, buf, len);
}

/* There is one order, by node.  Its name and "default" may be said as short as one likes. */
static int do_zonelist_order(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	if (!write) {
		*len = scnprintf(buf, PAGE_SIZE, "Node\n");
		return 0;
	}
	return strchr("dDnN", *buf) && *buf ? 0 : -EINVAL;
}

/* The counters are summed when they are read: there is nothing to refresh, but they can be looked through. */
static int do_stat_refresh(__maybe_unused const struct ctl_table *t, bool write, __maybe_unused char *buf,
			   size_t *len)
{
	vmstat_check();
	if (!write)
		*len = 0;
	return 0;
}

static const struct ctl_table vm_reclaim_table[] = {
	{ .name = "drop_caches", .mode = 0200, .handler = do_drop_caches },
	{ .name = "compact_memory", .mode = 0200, .handler = do_compact_memory },
	{ .name = "extfrag_threshold", .data = &sysctl_extfrag_threshold, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 0, .max = 1000 },
	{ .name = "compact_unevictable_allowed", .data = &sysctl_compact_unevictable_allowed,
	  .maxlen = sizeof(int), .mode = 0644, .handler = proc_dointvec, .min = 0, .max = 1 },
	CTL_INT("legacy_va_layout", sysctl_legacy_va_layout, 0644, 0, INT32_MAX),
	{ .name = "mmap_rnd_bits", .data = &mmap_rnd_bits, .mode = 0600, .handler = do_mmap_rnd_bits },
	{ .name = "memfd_noexec", .data = &memfd_noexec, .maxlen = sizeof(int), .mode = 0644,
	  .handler = do_memfd_noexec, .min = MEMFD_NOEXEC_SCOPE_EXEC, .max = MEMFD_NOEXEC_SCOPE_NOEXEC_ENFORCED },
	CTL_FN("numa_zonelist_order", do_zonelist_order, 0644), CTL_FN("stat_refresh", do_stat_refresh, 0600),
	{ .name = "vfs_cache_pressure", .data = &sysctl_vfs_cache_pressure, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 0, .max = 0x7fffffff },
	{ .name = "lowmem_reserve_ratio", .mode = 0644, .handler = do_lowmem_reserve_ratio,
	  .changed = setup_per_zone_lowmem_reserve },
	{ .name = "percpu_pagelist_high_fraction", .data = &percpu_pagelist_high_fraction, .maxlen = sizeof(int),
	  .mode = 0644, .handler = do_high_fraction, .min = 0, .max = 0x7fffffff, .changed = zones_pcp_update },
	{ .name = "panic_on_oom", .data = &sysctl_panic_on_oom, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 0, .max = 2 },
	{ .name = "oom_kill_allocating_task", .data = &sysctl_oom_kill_allocating_task, .maxlen = sizeof(int),
	  .mode = 0644, .handler = proc_dointvec, .min = -0x7fffffffl - 1, .max = 0x7fffffff },
	{ .name = "oom_dump_tasks", .data = &sysctl_oom_dump_tasks, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = -0x7fffffffl - 1, .max = 0x7fffffff },
};

static const struct ctl_table vm_dirty_table[] = {
	{ .name = "dirty_ratio", .data = &vm_dirty_ratio, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 0, .max = 100, .changed = dirty_ratio_changed },
	{ .name = "dirty_background_ratio", .data = &dirty_background_ratio, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 0, .max = 100, .changed = dirty_background_ratio_changed },
	{ .name = "dirty_bytes", .data = &vm_dirty_bytes, .maxlen = sizeof(long), .mode = 0644,
	  .handler = proc_doulongvec, .min = 2 * PAGE_SIZE, .max = INT64_MAX, .changed = dirty_bytes_changed },
	{ .name = "dirty_background_bytes", .data = &dirty_background_bytes, .maxlen = sizeof(long), .mode = 0644,
	  .handler = proc_doulongvec, .min = 1, .max = INT64_MAX, .changed = dirty_background_bytes_changed },
	{ .name = "dirty_writeback_centisecs", .data = &dirty_writeback_interval, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = -0x7fffffffl - 1, .max = 0x7fffffff, .changed = flusher_interval_changed },
	{ .name = "dirty_expire_centisecs", .data = &dirty_expire_interval, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 0, .max = 0x7fffffff },
};

int vm_reclaim_sysctl_init(void)
{
	return register_sysctl("vm", vm_reclaim_table, ARRAY_SIZE(vm_reclaim_table)) ?:
	       register_sysctl("vm", vm_dirty_table, ARRAY_SIZE(vm_dirty_table));
}
