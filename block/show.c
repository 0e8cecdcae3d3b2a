/*
 * block/show.c - /proc/partitions, /proc/diskstats, /sys/block.
 *
 * MODEL     One line or one folder a device, in Linux's formats: lsblk, blkid, iostat and vmstat read them.  The
 *           folder of a disk is devices/platform/PARENT/block/NAME; block/NAME and dev/block/MAJOR:MINOR
 *           lead to it.
 * UNITS     times in ms, sizes in sectors of 512 bytes.
 * SEE       Linux Documentation/admin-guide/iostats.rst, Documentation/ABI/stable/sysfs-block
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/show.h"
#include "fs/proc/proc.h"
#include "fs/seq_file.h"
#include "fs/sysfs.h"
#include "include/uapi/errno.h"
#include "kernel/time/time.h"
#include "lib/kstrtox.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define MS(ns)	((unsigned long long)((ns) / NSEC_PER_MSEC))

/* The eleven, then four, then two figures that diskstats and stat share, each after a blank. */
static int format_stats(char *buf, size_t n, const struct block_device *bdev, unsigned width)
{
	struct disk_stats st;
	u64 total = 0;
	int len = 0;

	blk_stats_now(bdev, &st);
	for (unsigned g = 0; g < NR_STAT_GROUPS; g++)
		total += st.ns[g];
	for (unsigned g = STAT_READ; g <= STAT_WRITE; g++)
		len += scnprintf(buf + len, n - len, " %*llu %*llu %*llu %*llu", width, (unsigned long long)st.ios[g],
				 width, (unsigned long long)st.merges[g], width, (unsigned long long)st.sectors[g],
				 width, MS(st.ns[g]));
	len += scnprintf(buf + len, n - len, " %*u %*llu %*llu", width, st.in_flight[0] + st.in_flight[1],
			 width, MS(st.busy_ns), width, MS(total));
	len += scnprintf(buf + len, n - len, " %*llu %*llu %*llu %*llu %*llu %*llu\n",
			 width, (unsigned long long)st.ios[STAT_DISCARD],
			 width, (unsigned long long)st.merges[STAT_DISCARD],
			 width, (unsigned long long)st.sectors[STAT_DISCARD], width, MS(st.ns[STAT_DISCARD]),
			 width, (unsigned long long)st.ios[STAT_FLUSH], width, MS(st.ns[STAT_FLUSH]));
	return len;
}

/* ---- /proc -------------------------------------------------------------------------------------- */

static int show_diskstat(struct block_device *bdev, void *arg)
{
	char line[256];

	format_stats(line, sizeof(line), bdev, 0);
	seq_printf(arg, "%4u %7u %s%s", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev), bdev->bd_name, line);
	return 0;
}

static int diskstats_show(struct seq_file *m, __maybe_unused void *v)
{
	return for_each_bdev(show_diskstat, m);
}

static int show_partition(struct block_device *bdev, void *arg)
{
	if (READ_ONCE(bdev->bd_nr_sectors))
		seq_printf(arg, "%4u  %7u %10llu %s\n", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev),
			   (unsigned long long)bdev->bd_nr_sectors >> 1, bdev->bd_name);
	return 0;
}

static int partitions_show(struct seq_file *m, __maybe_unused void *v)
{
	if (disk_next(NULL))
		seq_puts(m, "major minor  #blocks  name\n\n");
	return for_each_bdev(show_partition, m);
}

void __init block_show_init(void)
{
	proc_create_single("diskstats", 0, NULL, diskstats_show);
	proc_create_single("partitions", 0, NULL, partitions_show);
}

/* ---- /sys --------------------------------------------------------------------------------------- */

static ssize_t show_u64(char *buf, u64 v) { return scnprintf(buf, PAGE_SIZE, "%llu\n", (unsigned long long)v); }

static const struct queue_limits *limits_of(const struct block_device *bdev) { return &bdev->bd_disk->limits; }

#define FIGURE(name, expr) \
static ssize_t show_##name(void *data, char *buf) \
{ const struct block_device *bdev = data; (void)bdev; return show_u64(buf, expr); }
#define LIMIT(name, expr) \
static ssize_t show_##name(void *data, char *buf) \
{ const struct queue_limits *l = limits_of(data); (void)l; return show_u64(buf, expr); }

FIGURE(size, READ_ONCE(bdev->bd_nr_sectors))
FIGURE(start, bdev->bd_start)
FIGURE(partno, bdev->bd_partno)
FIGURE(ro, bdev->bd_disk->read_only)
FIGURE(read_ahead_kb, READ_ONCE(bdev->bd_disk->ra_pages) << (PAGE_SHIFT - 10))
FIGURE(range, DISK_MAX_PARTS)
FIGURE(zero, 0)
LIMIT(logical_block_size, l->logical_block_size)
LIMIT(physical_block_size, l->physical_block_size)
LIMIT(max_segments, l->max_segments)
LIMIT(max_segment_size, l->max_segment_bytes)
LIMIT(max_sectors_kb, l->max_sectors >> 1)
LIMIT(discard_granularity, l->discard_granularity)
LIMIT(discard_max_bytes, l->max_discard_sectors << SECTOR_SHIFT)
LIMIT(write_zeroes_max_bytes, l->max_zeroes_sectors << SECTOR_SHIFT)
LIMIT(nr_requests, DISK_TAGS)

static ssize_t show_dev(void *data, char *buf)
{
	const struct block_device *bdev = data;

	return scnprintf(buf, PAGE_SIZE, "%u:%u\n", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev));
}

static ssize_t show_stat(void *data, char *buf) { return format_stats(buf, PAGE_SIZE, data, 8); }

static ssize_t show_inflight(void *data, char *buf)
{
	struct disk_stats st;

	blk_stats_now(data, &st);
	return scnprintf(buf, PAGE_SIZE, "%8u %8u\n", st.in_flight[0], st.in_flight[1]);
}

static ssize_t show_uevent(void *data, char *buf)
{
	const struct block_device *bdev = data;
	ssize_t n = scnprintf(buf, PAGE_SIZE, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=%s\n", MAJOR(bdev->bd_dev),
			      MINOR(bdev->bd_dev), bdev->bd_name, bdev->bd_partno ? "partition" : "disk");

	if (bdev->bd_partno)
		n += scnprintf(buf + n, PAGE_SIZE - n, "PARTN=%u\n", bdev->bd_partno);
	return n;
}

static ssize_t show_serial(void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%s", ((struct block_device *)data)->bd_disk->serial);
}

static ssize_t show_write_cache(void *data, char *buf)
{
	const struct block_device *bdev = data;

	return scnprintf(buf, PAGE_SIZE, "%s\n", bdev->bd_disk->limits.write_cache ? "write back" : "write through");
}

static ssize_t store_read_ahead_kb(void *data, const char *buf, size_t n)
{
	struct block_device *bdev = data;
	unsigned long kb;
	int rc = kstrtoul(buf, 10, &kb);

	if (!rc)
		rc = disk_set_readahead(bdev->bd_disk, kb >> (PAGE_SHIFT - 10));
	return rc ? rc : (ssize_t)n;
}

static const struct attribute { const char *name; sysfs_show_fn show; sysfs_store_fn store; } common[] = {
	{ "dev", show_dev }, { "size", show_size }, { "stat", show_stat }, { "inflight", show_inflight },
	{ "uevent", show_uevent }, { "ro", show_ro }, { "alignment_offset", show_zero },
	{ "discard_alignment", show_zero },
}, disk_only[] = {
	{ "removable", show_zero }, { "hidden", show_zero }, { "range", show_range }, { "ext_range", show_range },
	{ "serial", show_serial },
	{ "queue/logical_block_size", show_logical_block_size }, { "queue/hw_sector_size", show_logical_block_size },
	{ "queue/physical_block_size", show_physical_block_size },
	{ "queue/minimum_io_size", show_physical_block_size }, { "queue/optimal_io_size", show_zero },
	{ "queue/max_segments", show_max_segments }, { "queue/max_segment_size", show_max_segment_size },
	{ "queue/max_sectors_kb", show_max_sectors_kb }, { "queue/max_hw_sectors_kb", show_max_sectors_kb },
	{ "queue/discard_granularity", show_discard_granularity },
	{ "queue/discard_max_bytes", show_discard_max_bytes }, { "queue/discard_zeroes_data", show_zero },
	{ "queue/write_zeroes_max_bytes", show_write_zeroes_max_bytes }, { "queue/rotational", show_zero },
	{ "queue/nr_requests", show_nr_requests }, { "queue/write_cache", show_write_cache },
	{ "queue/fua", show_zero }, { "queue/read_ahead_kb", show_read_ahead_kb, store_read_ahead_kb },
}, part_only[] = { { "partition", show_partno }, { "start", show_start } };

static int add_attributes(struct block_device *bdev, const char *dir, const struct attribute *a, unsigned nr)
{
	char path[128];
	int rc = 0;

	for (unsigned i = 0; i < nr && !rc; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, a[i].name);
		rc = sysfs_create_file(path, a[i].show, a[i].store, bdev);
	}
	return rc;
}

static int add_links(const struct block_device *bdev, const char *dir)
{
	char path[128], target[128];
	int rc = 0;

	snprintf(target, sizeof(target), "../%s", dir);
	snprintf(path, sizeof(path), "block/%s", bdev->bd_name);
	if (!bdev->bd_partno)
		rc = sysfs_create_link(path, target);
	snprintf(target, sizeof(target), "../../%s", dir);
	snprintf(path, sizeof(path), "class/block/%s", bdev->bd_name);
	if (!rc)
		rc = sysfs_create_link(path, target);
	snprintf(path, sizeof(path), "dev/block/%u:%u", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev));
	return rc ? rc : sysfs_create_link(path, target);
}

/* A partition that was forgotten and is found again has its folder already. */
int bdev_sysfs_add(struct block_device *bdev)
{
	const struct gendisk *disk = bdev->bd_disk;
	char dir[96];
	int rc, n = snprintf(dir, sizeof(dir), "devices/%s/block/%s", disk->parent, disk->name);

	if (bdev->bd_partno)
		snprintf(dir + n, sizeof(dir) - n, "/%s", bdev->bd_name);
	rc = add_attributes(bdev, dir, common, ARRAY_SIZE(common));
	if (!rc && bdev->bd_partno)
		rc = add_attributes(bdev, dir, part_only, ARRAY_SIZE(part_only));
	else if (!rc)
		rc = add_attributes(bdev, dir, disk_only, ARRAY_SIZE(disk_only));
	if (!rc)
		rc = add_links(bdev, dir);
	return rc == -EEXIST ? 0 : rc;
}
