/*
 * block/blk.h - disks: what a file system asks of one, and what a driver has to do.
 *
 * MODEL     gendisk        a disk, with its driver, limits and queue.
 *           block_device   the disk as a whole, or one partition: a range of sectors with a number of its
 *                          own, a node in /dev, a page cache.
 *           bio            one wish: read or write pages at consecutive sectors, or flush, discard, write zeroes.
 *                          It ends once, with a status, by a call of its end_io.
 *           request        bios that lie next to each other, as they go to the driver.
 *
 *               submit_bio() --> a task's plug, if it has one --> disk->pending[] --merge--> request --> driver
 *                                                                  bio->end_io() <-- its interrupt <--------'
 * UNITS     sector_t counts 512 bytes, whatever the disk's own blocks are.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_BLK_H
#define VELLUM_BLK_H

#include "include/fs.h"
#include "kernel/sync/spinlock.h"

#define SECTOR_SHIFT	9
#define SECTOR_SIZE	512u
#define PAGE_SECTORS	(PAGE_SIZE >> SECTOR_SHIFT)

struct block_device;
struct gendisk;
struct request;

/* ---- bios: bio.c ------------------------------------------------------------------------------- */

enum req_op { REQ_OP_READ, REQ_OP_WRITE, REQ_OP_FLUSH, REQ_OP_DISCARD, REQ_OP_WRITE_ZEROES, NR_REQ_OPS };

#define BIO_MAX_VECS	32u

struct bio_vec { struct page *bv_page; unsigned bv_len, bv_offset; };

struct bio {
	struct bio *bi_next;			/* whoever has it */
	struct block_device *bi_bdev;		/* before submission: whose sectors are meant */
	enum req_op bi_op;
	bool bi_end_in_task;			/* end_io sleeps or takes locks that handlers must not */
	bool bi_reserve;			/* bio.c: one of those that are always there */
	int bi_status;				/* 0 or -errno, when it ends */
	sector_t bi_sector;			/* of bi_bdev; after submission, of the disk */
	sector_t bi_nr_sectors;			/* bio_add_page() counts; set by hand for what has no pages */
	u64 bi_start_ns;			/* of submission */
	void (*bi_end_io)(struct bio *bio);	/* an interrupt handler, unless bi_end_in_task */
	void *bi_private;			/* the submitter's */
	unsigned bi_vcnt;
	struct bio_vec bi_vec[BIO_MAX_VECS];
};

struct bio_list { struct bio *first, **last; };

void bio_init_caches(void);
/*
 * A bio for @op at @sector.  Never NULL with __GFP_DIRECT_RECLAIM: then it waits until one of the reserve comes back,
 * which I/O under way brings; so a task must not hold one bio that is not submitted while it asks for another.
 */
struct bio *bio_alloc(struct block_device *bdev, enum req_op op, sector_t sector, gfp_t gfp);
void bio_put(struct bio *bio);
/* Append @len bytes of @page; false: it is full, or the disk takes no more in one piece. */
__must_check bool bio_add_page(struct bio *bio, struct page *page, unsigned len, unsigned offset);
/* It is over: call its end_io, now or in a task. */
void bio_endio(struct bio *bio, int status);
/* Submit, and sleep until it is over; its status.  The bio is still the caller's. */
__must_check int submit_bio_wait(struct bio *bio);

/* ---- the queue: queue.c ------------------------------------------------------------------------- */

/* Have it carried out.  => may be called from reclaim: allocates nothing, and does not wait for the device */
void submit_bio(struct bio *bio);

/*
 * Bios of one task that are held back, so that neighbours become one request; on its stack.  The last of them may
 * still take pages.  When the task is about to sleep, what it holds back goes out: schedule().
 */
struct blk_plug { struct bio_list list; struct bio *open; unsigned nr; };
void blk_start_plug(struct blk_plug *plug);	/* inside another one it does nothing */
void blk_finish_plug(struct blk_plug *plug);
void blk_flush_plug(void);			/* from schedule(): the running task has one */
/* Part of a page, and where it goes to or comes from. */
struct bio_piece { struct page *page; unsigned offset, len; sector_t sector; };
/* In a plug: @p, in the open bio if it follows on that; else in one that calls @end_io. */
void blk_plug_add(struct block_device *bdev, enum req_op op, const struct bio_piece *p,
		  void (*end_io)(struct bio *bio), bool end_in_task);

int blkdev_issue_flush(struct block_device *bdev);
/* REQ_OP_DISCARD or REQ_OP_WRITE_ZEROES for any number of sectors; -EOPNOTSUPP where the disk cannot. */
int blkdev_issue_range(struct block_device *bdev, enum req_op op, sector_t sector, sector_t nr);

/* ---- past the page cache: direct.c ---------------------------------------------------------------- */

/*
 * Move @n bytes between @i and the sectors from @sector on, and wait until it is done.  @n is a multiple of the
 * device's blocks, but for a read at the end of a file.  Bytes moved, or -errno when none were: -EFAULT, -ENOMEM, the
 * device's
 */
ssize_t blkdev_direct_rw(struct block_device *bdev, enum req_op op, sector_t sector, struct iov_iter *i, size_t n);
/* Are the place, the length and every segment of memory such as O_DIRECT asks for (else -EINVAL)? */
bool blkdev_direct_aligned(const struct block_device *bdev, loff_t pos, const struct iov_iter *i);

/* ---- disks: genhd.c ----------------------------------------------------------------------------- */

#define DISK_MAX_PARTS	16		/* minors of a disk: itself and 15 partitions */
#define DISK_NAME	16

struct queue_limits {
	unsigned logical_block_size, physical_block_size;	/* bytes */
	unsigned max_segments, max_segment_bytes, max_sectors;	/* of one request */
	sector_t max_discard_sectors, max_zeroes_sectors;	/* 0: it cannot */
	unsigned discard_granularity;				/* bytes */
	bool write_cache;					/* flushes mean something */
};

struct blk_ops {
	/*
	 * Start @rq.  0; -EBUSY: not now, dispatch comes again when a request has ended; another -errno: it failed.
	 * => disk->lock held, interrupts off
	 */
	int (*queue_rq)(struct gendisk *disk, struct request *rq);
	/* That was all for now: tell the device.  => the same */
	void (*commit)(struct gendisk *disk);
	/* A request has not been answered for a minute.  Give back what is done, and all if there is no hope. */
	void (*timed_out)(struct gendisk *disk);
	/* Calls of its own, or -ENOTTY; NULL: none. */
	long (*ioctl)(struct file *f, unsigned cmd, unsigned long arg);
	/* The whole disk has no user any more; NULL: no matter.  => may sleep; the super block's s_umount */
	void (*release)(struct gendisk *disk);
};

/* What /proc/diskstats tells, by kind: read, write, discard, flush. */
enum stat_group { STAT_READ, STAT_WRITE, STAT_DISCARD, STAT_FLUSH, NR_STAT_GROUPS };
struct disk_stats {
	u64 ios[NR_STAT_GROUPS], merges[NR_STAT_GROUPS], sectors[NR_STAT_GROUPS], ns[NR_STAT_GROUPS];
	unsigned in_flight[2];		/* reads, and all else */
	u64 busy_ns, busy_since;	/* with something in flight */
};

struct block_device {
	dev_t bd_dev;				/* (I) */
	unsigned bd_partno;			/* (I) 0: the whole disk */
	struct gendisk *bd_disk;		/* (I) */
	sector_t bd_start, bd_nr_sectors;	/* (disk->mutex) */
	struct inode *bd_inode;			/* (I) its pages */
	u64 bd_dirty_since;			/* flusher only: when it saw pages dirty first; 0: none were */
	char bd_name[DISK_NAME + 4];		/* (I) "vda1" */
	struct disk_stats stats;		/* (disk->lock) */
	unsigned bd_openers;			/* (disk->mutex) */
	void *bd_holder;			/* (disk->mutex) who has it for himself: a mount, O_EXCL */
	unsigned bd_holders;			/* (disk->mutex) */
};

#define DISK_TAGS	32u		/* requests that a driver has at once */

struct request {
	enum req_op op;
	sector_t sector, nr_sectors;
	struct bio *bio, *last;			/* merged, in order of sectors */
	unsigned nr_segs;
	unsigned tag;				/* (I) its place in disk->request */
	struct gendisk *disk;			/* (I) */
	u64 start_ns;				/* 0: free */
};

struct gendisk {
	const struct blk_ops *ops;		/* (I) */
	void *private_data;			/* (I) the driver's */
	struct queue_limits limits;		/* (I) */
	char name[DISK_NAME];			/* (I) "vda" */
	char serial[24];			/* (I) */
	char parent[24];			/* (I) its place below /sys/devices */
	unsigned major, first_minor;		/* (I) */
	u16 ra_pages;				/* most that is read ahead for a file: read_ahead_kb (any lock) */
	bool read_only;				/* (mutex) */
	bool no_partitions;			/* (I) none are looked for */
	bool dead;				/* (lock) the device went: everything fails */
	spinlock_t lock;			/* rank block, interrupts off: queue, requests, figures */
	struct bio_list pending[2];		/* (lock) reads; all else */
	unsigned reads_in_row;			/* (lock) dispatched since the last that was none */
	struct request request[DISK_TAGS];	/* (lock) */
	u32 busy_tags;				/* (lock) */
	struct mutex mutex;			/* rank vfs: partitions, openers */
	struct block_device *part[DISK_MAX_PARTS];	/* (mutex; entries once set stay) [0]: the whole */
	struct list_head link;			/* (disks_lock) */
};

/*
 * A disk of @nr_sectors; NULL: no memory.  The driver fills in ops, private_data, limits, name, serial, read_only.
 * => disk_add() makes it known; its partitions are looked for once the kernel can wait for it: disks_scan()
 */
#define RA_PAGES_DEFAULT	32u		/* 128 KiB, as Linux's */
#define RA_PAGES_MAX	0x8000u
struct gendisk *disk_alloc(unsigned major, unsigned first_minor, sector_t nr_sectors);
int disk_set_readahead(struct gendisk *disk, unsigned long pages);	/* for files opened from now on; 0, -EINVAL */
void disk_add(struct gendisk *disk);
void disk_free(struct gendisk *disk);		/* one that was never added, or NULL */
/* At start, when tasks run and /dev is there. */
void block_init(void);
/* Forget the partitions and look for them again; -EBUSY when one is in use. */
int disk_rescan(struct gendisk *disk);
/* The device of that number or name ("vda1", "/dev/vda1"), or NULL. */
struct block_device *bdev_find(dev_t dev);
struct block_device *bdev_find_name(const char *name);
/* Call @fn for each disk and partition, in order, until it returns something. */
int for_each_bdev(int (*fn)(struct block_device *bdev, void *arg), void *arg);
struct gendisk *disk_next(struct gendisk *disk);	/* NULL: the first; disks never go */

/*
 * Have @bdev for a file system's own: nobody else can, and it stays.  -EBUSY, -EACCES: @write, and it is read-only.
 * bdev.c
 */
__must_check int bdev_claim(struct block_device *bdev, void *holder, bool write);
/* What is dirty is written; what is cached goes if nobody else has it open. */
void bdev_unclaim(struct block_device *bdev, void *holder);
/* [@offset, @offset + @len) of @page, which is of a device's cache, changed; the rest is not written. */
int bdev_set_dirty(struct page *page, unsigned offset, unsigned len);
/* It is of no use any more: it is not written, nor under way. */
void bdev_clear_dirty(struct page *page, unsigned offset, unsigned len);

/* ---- for drivers ------------------------------------------------------------------------------- */

/* @rq is over; its bios go to @ended, for bios_end() once the lock is dropped.  => disk->lock held */
void blk_rq_end(struct request *rq, int status, struct bio_list *ended);
/* Requests can be taken again.  => disk->lock held */
void blk_dispatch(struct gendisk *disk, struct bio_list *ended);
void bios_end(struct bio_list *ended);
/* The device is gone: what waits fails, and what comes.  => disk->lock held */
void blk_kill(struct gendisk *disk, struct bio_list *ended);

/* ---- inside block/ ----------------------------------------------------------------------------- */

static inline void bio_list_init(struct bio_list *l) { l->first = NULL; l->last = &l->first; }
static inline void bio_list_add(struct bio_list *l, struct bio *bio)
{
	bio->bi_next = NULL;
	*l->last = bio;
	l->last = &bio->bi_next;
}
static inline struct bio *bio_list_pop(struct bio_list *l)
{
	struct bio *bio = l->first;

	if (bio && !(l->first = bio->bi_next))
		l->last = &l->first;
	return bio;
}
static inline void bio_list_splice(struct bio_list *to, struct bio_list *from)
{
	if (!from->first)
		return;
	*to->last = from->first;
	to->last = from->last;
	bio_list_init(from);
}

void blk_stats_now(const struct block_device *bdev, struct disk_stats *st);	/* a copy, up to date */
void blk_end_in_task(struct bio *bio);		/* kblockd.c */
void blk_check_timeouts(void);			/* queue.c */
void kblockd_init(void);
void flusher_init(void);

/* A partition as a table says: sectors of the disk. */
struct partition { sector_t start, nr; unsigned partno; };
/* partitions.c: up to @max of @disk into @p; how many, or -errno when the disk cannot be read. */
int partitions_read(struct gendisk *disk, struct partition *p, unsigned max);

/* bdev.c */
extern const struct file_operations def_blk_fops;
struct inode *bdev_inode_new(struct block_device *bdev);
void bdev_set_size(struct block_device *bdev);
static inline struct block_device *file_bdev(const struct file *f) { return f->f_mapping->host->i_private; }
long blkdev_ioctl(struct file *f, unsigned cmd, unsigned long arg);	/* ioctl.c */

#endif
