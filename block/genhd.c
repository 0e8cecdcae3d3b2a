/*
 * block/genhd.c - disks and their partitions: made, found, shown in /dev.
 *
 * MODEL     A driver makes a disk while the kernel starts, when nothing can wait for it yet; block_init() then
 *           publishes what there is: an inode for its pages, a node in /dev, files in /sys, and looks for
 *           partitions.  A partition keeps its struct for ever; while its table does not name it, its
 *           size is 0 and its node is gone.
 * INVARIANTS
 *   K1  disk->part[n] once set stays, so that a bio's block_device is valid as long as the machine runs.
 *   K2  A partition's place changes only while nobody has it open.
 * LOCKING   disks_lock: the list of disks, which only grows.  disk->mutex: partitions, openers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "block/show.h"
#include "fs/chrdev.h"
#include "fs/inode.h"
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/cache/pagemap.h"
#include "mm/slab/slab.h"

static LIST_HEAD(disks);
static DEFINE_SPINLOCK(disks_lock, RANK_FILES);
static bool published;			/* block_init() was here: disks that come later publish themselves */

static struct block_device *bdev_alloc(struct gendisk *disk, unsigned partno)
{
	struct block_device *bdev = kzalloc(sizeof(*bdev), GFP_KERNEL);

	if (!bdev)
		return NULL;
	bdev->bd_disk = disk;
	bdev->bd_partno = partno;
	bdev->bd_dev = MKDEV(disk->major, disk->first_minor + partno);
	return bdev;
}

int disk_set_readahead(struct gendisk *disk, unsigned long pages)
{
	if (pages > RA_PAGES_MAX)
		return -EINVAL;
	WRITE_ONCE(disk->ra_pages, pages);
	return 0;
}

struct gendisk *disk_alloc(unsigned major, unsigned first_minor, sector_t nr_sectors)
{
	struct gendisk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);

	if (!disk)
		return NULL;
	disk->major = major;
	disk->first_minor = first_minor;
	disk->ra_pages = RA_PAGES_DEFAULT;
	spin_lock_init(&disk->lock, RANK_BLOCK);
	mutex_init(&disk->mutex, RANK_VFS);
	bio_list_init(&disk->pending[0]);
	bio_list_init(&disk->pending[1]);
	for (unsigned i = 0; i < DISK_TAGS; i++) {
		disk->request[i].tag = i;
		disk->request[i].disk = disk;
	}
	disk->part[0] = bdev_alloc(disk, 0);
	if (!disk->part[0]) {
		kfree(disk);
		return NULL;
	}
	disk->part[0]->bd_nr_sectors = nr_sectors;
	return disk;
}

void disk_free(struct gendisk *disk)
{
	if (!disk)
		return;
	kfree(disk->part[0]);
	kfree(disk);
}

/* ---- publishing -------------------------------------------------------------------------------- */

/* "vda1"; with a number between where the disk's own name ends in one: "loop0p1". */
static void name_bdev(struct block_device *bdev)
{
	const char *disk = bdev->bd_disk->name;
	char last = disk[strlen(disk) - 1];

	if (!bdev->bd_partno)
		strscpy(bdev->bd_name, disk, sizeof(bdev->bd_name));
	else
		snprintf(bdev->bd_name, sizeof(bdev->bd_name), "%s%s%u", disk,
			 last >= '0' && last <= '9' ? "p" : "", bdev->bd_partno);
}

/* Show @bdev, which has its place.  => disk->mutex held */
static int bdev_publish(struct block_device *bdev)
{
	name_bdev(bdev);
	if (!bdev->bd_inode)
		bdev->bd_inode = bdev_inode_new(bdev);
	if (!bdev->bd_inode)
		return -ENOMEM;
	bdev_set_size(bdev);
	devtmpfs_create_node(bdev->bd_name, S_IFBLK | 0600, bdev->bd_dev);
	return bdev_sysfs_add(bdev);
}

/* ---- partitions -------------------------------------------------------------------------------- */

/* Partition @p of @disk is there.  => disk->mutex held */
static int partition_add(struct gendisk *disk, const struct partition *p)
{
	struct block_device *bdev = disk->part[p->partno];

	if (!bdev)
		bdev = bdev_alloc(disk, p->partno);
	if (!bdev)
		return -ENOMEM;
	bdev->bd_start = p->start;
	WRITE_ONCE(bdev->bd_nr_sectors, p->nr);
	WRITE_ONCE(disk->part[p->partno], bdev);		/* K1 */
	return bdev_publish(bdev);
}

static void partitions_forget(struct gendisk *disk)
{
	for (unsigned i = 1; i < DISK_MAX_PARTS; i++) {
		struct block_device *bdev = disk->part[i];

		if (!bdev || !bdev->bd_nr_sectors)
			continue;
		WRITE_ONCE(bdev->bd_nr_sectors, 0);
		truncate_inode_pages(bdev->bd_inode->i_mapping, 0);
		bdev_set_size(bdev);
		devtmpfs_delete_node(bdev->bd_name);
	}
}

/* Look for partitions, and say what is there as Linux does.  => disk->mutex held */
static int partitions_scan(struct gendisk *disk)
{
	struct partition p[DISK_MAX_PARTS - 1];
	int nr = partitions_read(disk, p, ARRAY_SIZE(p)), rc = 0;
	char line[128];
	size_t n;

	if (nr < 0)
		return nr;
	n = snprintf(line, sizeof(line), " %s:", disk->name);
	for (int i = 0; i < nr && !rc; i++) {
		rc = partition_add(disk, &p[i]);
		n += scnprintf(line + n, sizeof(line) - n, " %s", disk->part[p[i].partno] ?
			       disk->part[p[i].partno]->bd_name : "?");
	}
	if (nr)
		pr_info("%s\n", line);
	return rc;
}

static bool partitions_in_use(const struct gendisk *disk)
{
	for (unsigned i = 1; i < DISK_MAX_PARTS; i++)
		if (disk->part[i] && disk->part[i]->bd_openers)
			return true;
	return false;
}

int disk_rescan(struct gendisk *disk)
{
	int rc = -EBUSY;

	if (disk->no_partitions)
		return -EINVAL;
	mutex_lock(&disk->mutex);
	if (!partitions_in_use(disk)) {			/* K2 */
		partitions_forget(disk);
		rc = partitions_scan(disk);
	}
	mutex_unlock(&disk->mutex);
	return rc;
}

/* ---- the list of disks -------------------------------------------------------------------------- */

static void disk_publish(struct gendisk *disk)
{
	int rc;

	mutex_lock(&disk->mutex);
	rc = bdev_publish(disk->part[0]);
	if (!rc && disk->part[0]->bd_nr_sectors && !disk->no_partitions)
		rc = partitions_scan(disk);
	mutex_unlock(&disk->mutex);
	if (rc)
		pr_err("%s: error %d while its partitions were looked for\n", disk->name, rc);
}

void disk_add(struct gendisk *disk)
{
	spin_lock(&disks_lock);
	list_add_tail(&disk->link, &disks);
	spin_unlock(&disks_lock);
	if (published)
		disk_publish(disk);
}

struct gendisk *disk_next(struct gendisk *disk)
{
	struct list_head *next;

	spin_lock(&disks_lock);
	next = disk ? disk->link.next : disks.next;
	disk = next == &disks ? NULL : list_entry(next, struct gendisk, link);
	spin_unlock(&disks_lock);
	return disk;
}

int for_each_bdev(int (*fn)(struct block_device *bdev, void *arg), void *arg)
{
	for (struct gendisk *disk = disk_next(NULL); disk; disk = disk_next(disk))
		for (unsigned i = 0; i < DISK_MAX_PARTS; i++) {
			struct block_device *bdev = READ_ONCE(disk->part[i]);
			int rc = bdev && (!i || READ_ONCE(bdev->bd_nr_sectors)) ? fn(bdev, arg) : 0;

			if (rc)
				return rc;
		}
	return 0;
}

struct block_device *bdev_find(dev_t dev)
{
	for (struct gendisk *disk = disk_next(NULL); disk; disk = disk_next(disk))
		for (unsigned i = 0; i < DISK_MAX_PARTS; i++) {
			struct block_device *bdev = READ_ONCE(disk->part[i]);

			if (bdev && bdev->bd_dev == dev && (!i || READ_ONCE(bdev->bd_nr_sectors)))
				return bdev;
		}
	return NULL;
}

static int has_name(struct block_device *bdev, void *arg)
{
	const char **name = arg;

	if (strcmp(bdev->bd_name, name[0]))
		return 0;
	name[1] = (const char *)bdev;
	return 1;
}

struct block_device *bdev_find_name(const char *name)
{
	const char *want[2] = { strncmp(name, "/dev/", 5) ? name : name + 5, NULL };

	return for_each_bdev(has_name, want) ? (struct block_device *)(unsigned long)want[1] : NULL;
}

void __init block_init(void)
{
	bio_init_caches();
	kblockd_init();
	flusher_init();
	block_show_init();
	published = true;
	for (struct gendisk *disk = disk_next(NULL); disk; disk = disk_next(disk))
		disk_publish(disk);
}
