/*
 * block/queue.c - from bios to a driver's requests, and back.
 *
 * MODEL     A disk has two lists of bios that wait: reads, and all else.  Dispatch, whenever bios come or
 *           requests end, makes requests of them as long as the driver takes some: the first bio of a list,
 *           and those behind it for as long as each begins where the one before ended.
 *           Reads go first, for somebody waits for them; after READS_IN_ROW of them one of the others has its
 *           turn.  Within a list bios keep their order; between requests under way there is none: who needs
 *           one waits for the end of the first, and flushes the disk's cache (REQ_OP_FLUSH).
 * INVARIANTS
 *   Q1  A bio is in a plug, in a pending list, or in one request; each ends it once (O1).
 *   Q2  Something waits only while a request is under way, whose end dispatches it, or the disk is dead.
 *   Q3  A request keeps the disk's limits: each bio does (bio_add_page), and merging looks.
 * LOCKING   disk->lock, interrupts off.  end_io is called without it.
 * FAILURE   What makes no sense (beyond the end, not whole blocks, a write to a read-only disk) ends with an
 *           error before it is queued.  A request that is not answered for TIMEOUT_NS: the driver is told, and told
 *           again after as long.
 * COST      Nothing here allocates: it runs when there is no memory.
 * TESTS     test/host/block/test_queue.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "kernel/time/time.h"
#include "lib/printk.h"
#include "mm/phys/gfp.h"
#include "mm/phys/vmstat.h"

#define READS_IN_ROW	4u
#define TIMEOUT_NS	(60ull * NSEC_PER_SEC)
#define PLUG_MAX	32u		/* bios in a plug */

/* ---- figures ----------------------------------------------------------------------------------- */

static enum stat_group stat_group(enum req_op op)
{
	static const enum stat_group group[NR_REQ_OPS] = {
		[REQ_OP_READ] = STAT_READ, [REQ_OP_WRITE] = STAT_WRITE, [REQ_OP_FLUSH] = STAT_FLUSH,
		[REQ_OP_DISCARD] = STAT_DISCARD, [REQ_OP_WRITE_ZEROES] = STAT_WRITE,
	};

	return group[op];
}

static void stats_begin(struct disk_stats *st, enum req_op op, u64 now)
{
	if (!st->in_flight[0] && !st->in_flight[1])
		st->busy_since = now;
	st->in_flight[op != REQ_OP_READ]++;
}

static void stats_end(struct disk_stats *st, const struct request *rq, unsigned nr_bios, u64 now)
{
	enum stat_group g = stat_group(rq->op);

	st->ios[g]++;
	st->merges[g] += nr_bios - 1;
	st->sectors[g] += rq->nr_sectors;
	st->ns[g] += now - rq->bio->bi_start_ns;
	st->in_flight[rq->op != REQ_OP_READ]--;
	if (!st->in_flight[0] && !st->in_flight[1])
		st->busy_ns += now - st->busy_since;
}

void blk_stats_now(const struct block_device *bdev, struct disk_stats *st)
{
	struct gendisk *disk = bdev->bd_disk;
	unsigned long flags;

	spin_lock_irqsave(&disk->lock, flags);
	*st = bdev->stats;
	spin_unlock_irqrestore(&disk->lock, flags);
	if (st->in_flight[0] || st->in_flight[1])
		st->busy_ns += ktime_get() - st->busy_since;
}

/* ---- requests ---------------------------------------------------------------------------------- */

static bool can_merge(const struct request *rq, const struct bio *bio, const struct queue_limits *l)
{
	return bio->bi_op == rq->op && (rq->op == REQ_OP_READ || rq->op == REQ_OP_WRITE) &&
	       bio->bi_sector == rq->sector + rq->nr_sectors && bio->bi_bdev == rq->bio->bi_bdev &&
	       rq->nr_segs + bio->bi_vcnt <= l->max_segments &&
	       rq->nr_sectors + bio->bi_nr_sectors <= l->max_sectors;		/* Q3 */
}

/* Make @rq of the first bios of @from. */
static void fill_request(struct request *rq, struct bio_list *from, const struct queue_limits *l)
{
	struct bio *bio = bio_list_pop(from);

	rq->op = bio->bi_op;
	rq->sector = bio->bi_sector;
	rq->nr_sectors = bio->bi_nr_sectors;
	rq->nr_segs = bio->bi_vcnt;
	rq->bio = rq->last = bio;
	bio->bi_next = NULL;
	while (from->first && can_merge(rq, from->first, l)) {
		bio = bio_list_pop(from);
		bio->bi_next = NULL;
		rq->last->bi_next = bio;
		rq->last = bio;
		rq->nr_sectors += bio->bi_nr_sectors;
		rq->nr_segs += bio->bi_vcnt;
	}
}

/* The driver did not take @rq: its bios wait again, in front. */
static void refill_pending(struct request *rq, struct bio_list *to)
{
	rq->last->bi_next = to->first;
	if (!to->first)
		to->last = &rq->last->bi_next;
	to->first = rq->bio;
}

static struct block_device *whole(const struct request *rq) { return rq->disk->part[0]; }

static void request_begin(struct request *rq, u64 now)
{
	struct block_device *bdev = rq->bio->bi_bdev;

	rq->start_ns = now;
	stats_begin(&bdev->stats, rq->op, now);
	if (bdev != whole(rq))
		stats_begin(&whole(rq)->stats, rq->op, now);
}

void blk_rq_end(struct request *rq, int status, struct bio_list *ended)
{
	struct gendisk *disk = rq->disk;
	struct block_device *bdev = rq->bio->bi_bdev;
	struct bio *bio, *next;
	unsigned nr_bios = 0;
	u64 now = ktime_get();

	INV(Q1, disk->busy_tags >> rq->tag & 1);
	for (bio = rq->bio; bio; bio = bio->bi_next)
		nr_bios++;
	stats_end(&bdev->stats, rq, nr_bios, now);
	if (bdev != whole(rq))
		stats_end(&whole(rq)->stats, rq, nr_bios, now);
	for (bio = rq->bio; bio; bio = next) {
		next = bio->bi_next;
		bio->bi_status = status;
		bio_list_add(ended, bio);
	}
	rq->start_ns = 0;
	disk->busy_tags &= ~(1u << rq->tag);
}

void bios_end(struct bio_list *ended)
{
	struct bio *bio;

	while ((bio = bio_list_pop(ended)))
		bio_endio(bio, bio->bi_status);
}

/* ---- dispatch ---------------------------------------------------------------------------------- */

/* The list whose turn it is, or NULL when nothing waits. */
static struct bio_list *next_list(struct gendisk *disk)
{
	struct bio_list *reads = &disk->pending[0], *others = &disk->pending[1];

	if (reads->first && (!others->first || disk->reads_in_row < READS_IN_ROW))
		return reads;
	return others->first ? others : NULL;
}

/* One request of @from to the driver; false: it takes no more for now. */
static bool dispatch_one(struct gendisk *disk, struct bio_list *from, struct bio_list *ended)
{
	struct request *rq;
	int rc;

	if (disk->busy_tags == ~0u)
		return false;
	rq = &disk->request[__builtin_ctz(~disk->busy_tags)];
	fill_request(rq, from, &disk->limits);
	rc = disk->ops->queue_rq(disk, rq);
	if (rc == -EBUSY) {
		ASSERT(disk->busy_tags);		/* Q2: a request that ends brings us back */
		refill_pending(rq, from);
		return false;
	}
	disk->reads_in_row = rq->op == REQ_OP_READ ? disk->reads_in_row + 1 : 0;
	disk->busy_tags |= 1u << rq->tag;
	request_begin(rq, ktime_get());
	if (rc)
		blk_rq_end(rq, rc, ended);
	return true;
}

static void fail_pending(struct gendisk *disk, struct bio_list *ended)
{
	for (unsigned i = 0; i < ARRAY_SIZE(disk->pending); i++)
		for (struct bio *bio; (bio = bio_list_pop(&disk->pending[i])); ) {
			bio->bi_status = -EIO;
			bio_list_add(ended, bio);
		}
}

void blk_dispatch(struct gendisk *disk, struct bio_list *ended)
{
	struct bio_list *from;
	bool any = false;

	if (unlikely(disk->dead)) {
		fail_pending(disk, ended);
		return;
	}
	while ((from = next_list(disk)) && dispatch_one(disk, from, ended))
		any = true;
	if (any && disk->ops->commit)
		disk->ops->commit(disk);
}

void blk_kill(struct gendisk *disk, struct bio_list *ended)
{
	if (!disk->dead)
		pr_err("%s: the device is gone: all I/O fails\n", disk->name);
	disk->dead = true;
	fail_pending(disk, ended);
}

/* ---- submission -------------------------------------------------------------------------------- */

/* 0: it can be queued; 1: it is done already; -errno: it makes no sense. */
static int bio_check(const struct bio *bio)
{
	const struct block_device *bdev = bio->bi_bdev;
	const struct queue_limits *l = &bdev->bd_disk->limits;
	sector_t size = READ_ONCE(bdev->bd_nr_sectors), unit = l->logical_block_size >> SECTOR_SHIFT;

	if (bio->bi_op == REQ_OP_FLUSH)
		return l->write_cache ? 0 : 1;
	if (bio->bi_op != REQ_OP_READ && READ_ONCE(bdev->bd_disk->read_only))
		return -EROFS;
	if ((bio->bi_op == REQ_OP_DISCARD && !l->max_discard_sectors) ||
	    (bio->bi_op == REQ_OP_WRITE_ZEROES && !l->max_zeroes_sectors))
		return -EOPNOTSUPP;
	if (!bio->bi_nr_sectors)
		return 1;
	if (bio->bi_nr_sectors > size || bio->bi_sector > size - bio->bi_nr_sectors) {
		pr_warn_ratelimited("%s: I/O beyond its end: sectors %llu+%llu of %llu\n", bdev->bd_name,
				    (unsigned long long)bio->bi_sector, (unsigned long long)bio->bi_nr_sectors,
				    (unsigned long long)size);
		return -EIO;
	}
	return (bio->bi_sector | bio->bi_nr_sectors) & (unit - 1) ? -EINVAL : 0;
}

/* The bios of @list, all of one disk, wait; and go out if they can. */
static void queue_bios(struct gendisk *disk, struct bio_list *list)
{
	struct bio_list ended;
	unsigned long flags;
	struct bio *bio;

	bio_list_init(&ended);
	spin_lock_irqsave(&disk->lock, flags);
	while ((bio = bio_list_pop(list)))
		bio_list_add(&disk->pending[bio->bi_op != REQ_OP_READ], bio);
	blk_dispatch(disk, &ended);
	spin_unlock_irqrestore(&disk->lock, flags);
	bios_end(&ended);
}

static void plug_bio(struct blk_plug *plug, struct bio *bio);

/* For /proc/vmstat, and what the running task had read (/proc/PID/io). */
static void count_sectors(const struct bio *bio)
{
	if (bio->bi_op == REQ_OP_READ) {
		count_vm_events(PGPGIN, bio->bi_nr_sectors);
		current_base()->io.read_bytes += (u64)bio->bi_nr_sectors << SECTOR_SHIFT;
	} else if (bio->bi_op == REQ_OP_WRITE) {
		count_vm_events(PGPGOUT, bio->bi_nr_sectors);
	}
}

void submit_bio(struct bio *bio)
{
	int rc = bio_check(bio);
	struct bio_list one;

	if (unlikely(rc)) {
		bio_endio(bio, min(rc, 0));
		return;
	}
	count_sectors(bio);
	bio->bi_sector += bio->bi_bdev->bd_start;
	bio->bi_start_ns = ktime_get();
	if (current_base()->plug) {
		plug_bio(current_base()->plug, bio);
		return;
	}
	bio_list_init(&one);
	bio_list_add(&one, bio);
	queue_bios(bio->bi_bdev->bd_disk, &one);
}

/* ---- plugs ------------------------------------------------------------------------------------- */

static void flush_plug(struct blk_plug *plug)
{
	struct bio *open = plug->open, *bio;
	struct bio_list same;

	plug->open = NULL;
	if (open)
		submit_bio(open);		/* into the list */
	bio_list_init(&same);
	while ((bio = bio_list_pop(&plug->list))) {
		bio_list_add(&same, bio);
		if (!plug->list.first || plug->list.first->bi_bdev->bd_disk != bio->bi_bdev->bd_disk)
			queue_bios(bio->bi_bdev->bd_disk, &same);
	}
	plug->nr = 0;
}

static void plug_bio(struct blk_plug *plug, struct bio *bio)
{
	bio_list_add(&plug->list, bio);
	if (++plug->nr >= PLUG_MAX && !plug->open)
		flush_plug(plug);
}

void blk_start_plug(struct blk_plug *plug)
{
	bio_list_init(&plug->list);
	plug->open = NULL;
	plug->nr = 0;
	if (!current_base()->plug)
		current_base()->plug = plug;
}

void blk_finish_plug(struct blk_plug *plug)
{
	if (current_base()->plug != plug)
		return;
	flush_plug(plug);
	current_base()->plug = NULL;
}

void blk_flush_plug(void)
{
	flush_plug(current_base()->plug);
}

static bool open_takes(const struct bio *open, const struct block_device *bdev, enum req_op op, sector_t sector,
		       void (*end_io)(struct bio *bio))
{
	return open && open->bi_bdev == bdev && open->bi_op == op && open->bi_end_io == end_io &&
	       open->bi_sector + open->bi_nr_sectors == sector;
}

void blk_plug_add(struct block_device *bdev, enum req_op op, const struct bio_piece *p,
		  void (*end_io)(struct bio *bio), bool end_in_task)
{
	struct blk_plug *plug = current_base()->plug;
	struct bio *bio = plug->open;

	if (open_takes(bio, bdev, op, p->sector, end_io) && bio_add_page(bio, p->page, p->len, p->offset))
		return;
	plug->open = NULL;
	if (bio)
		submit_bio(bio);
	bio = bio_alloc(bdev, op, p->sector, GFP_NOIO);	/* O2: if it sleeps, the plug goes out */
	bio->bi_end_io = end_io;
	bio->bi_end_in_task = end_in_task;
	ASSERT(bio_add_page(bio, p->page, p->len, p->offset));
	plug->open = bio;
}

/* ---- what has no pages ------------------------------------------------------------------------- */

int blkdev_issue_flush(struct block_device *bdev)
{
	struct bio *bio = bio_alloc(bdev, REQ_OP_FLUSH, 0, GFP_KERNEL);
	int rc = submit_bio_wait(bio);

	bio_put(bio);
	return rc;
}

static int issue_one(struct block_device *bdev, enum req_op op, sector_t sector, sector_t nr)
{
	struct bio *bio = bio_alloc(bdev, op, sector, GFP_KERNEL);
	int rc;

	bio->bi_nr_sectors = nr;
	rc = submit_bio_wait(bio);
	bio_put(bio);
	return rc;
}

int blkdev_issue_range(struct block_device *bdev, enum req_op op, sector_t sector, sector_t nr)
{
	const struct queue_limits *l = &bdev->bd_disk->limits;
	sector_t unit = l->logical_block_size >> SECTOR_SHIFT;
	sector_t most = op == REQ_OP_DISCARD ? l->max_discard_sectors : l->max_zeroes_sectors;

	most -= most % unit;
	if (!most)
		return -EOPNOTSUPP;
	while (nr) {
		sector_t n = min(nr, most);
		int rc = fatal_signal_pending() ? -EINTR : issue_one(bdev, op, sector, n);

		if (rc)
			return rc;
		sector += n;
		nr -= n;
	}
	return 0;
}

/* ---- time-outs --------------------------------------------------------------------------------- */

/* Is one overdue?  Its time begins again. */
static bool request_overdue(struct gendisk *disk, u64 now)
{
	bool overdue = false;
	unsigned long flags;

	spin_lock_irqsave(&disk->lock, flags);
	for (u32 tags = disk->busy_tags; tags && !disk->dead; tags &= tags - 1) {
		struct request *rq = &disk->request[__builtin_ctz(tags)];

		if (rq->start_ns + TIMEOUT_NS < now) {
			overdue = true;
			rq->start_ns = now;
		}
	}
	spin_unlock_irqrestore(&disk->lock, flags);
	return overdue;
}

void blk_check_timeouts(void)
{
	u64 now = ktime_get();

	for (struct gendisk *disk = disk_next(NULL); disk; disk = disk_next(disk))
		if (request_overdue(disk, now)) {
			pr_err("%s: a request was not answered for %llu s\n", disk->name,
			       (unsigned long long)(TIMEOUT_NS / NSEC_PER_SEC));
			if (disk->ops->timed_out)
				disk->ops->timed_out(disk);
		}
}
