/*
 * test/host/block/test_queue.c - bios through plugs, merging and dispatch, against a model of a disk.
 *
 * MODEL     The driver is the test: it takes a few requests at a time, holds each against the disk's limits, and
 *           ends them in any order, some with errors.  A write stores a number for each sector, a read has
 *           to find the last one that was written and had ended before it was submitted.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: block/queue.c block/bio.c mm/pt/asid.c mm/pt/init_mm.c
#include "test/host/tap.h"
#include "block/blk.h"
#include "kernel/time/time.h"
#include "lib/printk.h"
#include "mm/phys/gfp.h"
#include "test/host/arch/host.h"

#define SECTORS		512
#define PART_START	100
#define PART_SECTORS	200
#define MAX_BIOS	400

static struct task_base me;
static struct gendisk disk;
static struct block_device whole_bdev, part_bdev;
static struct request *under_way[DISK_TAGS];
static unsigned nr_under_way, room = 4, commits;
static bool refused_last;

static struct wish {
	bool used;
	struct bio *bio;
	unsigned ended;
	int status;
} wish[MAX_BIOS];
static unsigned nr_live, requests, bios_in_requests;

struct timebase timebase = { .mult = 1ull << 32 };
bool __ratelimit(__maybe_unused struct ratelimit_state *rs, __maybe_unused unsigned burst) { return false; }
u64 arch_time_ticks(void) { static u64 now; return ++now; }
bool fatal_signal_pending(void) { return false; }
struct gendisk *disk_next(struct gendisk *d) { return d ? NULL : &disk; }
void blk_end_in_task(struct bio *bio) { bio->bi_end_io(bio); }
void schedule(void) { if (me.plug) blk_flush_plug(); }

static int queue_rq(struct gendisk *d, struct request *rq)
{
	unsigned segs = 0;
	sector_t at = rq->sector;

	CHECK(d == &disk && spin_is_locked(&disk.lock));
	if (nr_under_way >= room) {
		refused_last = true;
		return -EBUSY;
	}
	for (struct bio *b = rq->bio; b; b = b->bi_next) {
		CHECK(b->bi_op == rq->op && b->bi_sector == at);
		at += b->bi_nr_sectors;
		segs += b->bi_vcnt;
		bios_in_requests++;
	}
	CHECK(at == rq->sector + rq->nr_sectors && segs == rq->nr_segs);
	CHECK(rq->nr_segs <= disk.limits.max_segments && rq->nr_sectors <= disk.limits.max_sectors);
	CHECK(rq->op == REQ_OP_FLUSH || at <= SECTORS);
	under_way[nr_under_way++] = rq;
	requests++;
	return rnd_one_in(50) ? (nr_under_way--, -EIO) : 0;
}

static void commit(__maybe_unused struct gendisk *d) { commits++; }
static const struct blk_ops ops = { .queue_rq = queue_rq, .commit = commit };

static void end_io(struct bio *bio)
{
	struct wish *w = bio->bi_private;

	CHECK(w->used && w->bio == bio);
	w->ended++;
	w->status = bio->bi_status;
}

static void end_some(unsigned n)
{
	struct bio_list ended;

	bio_list_init(&ended);
	spin_lock(&disk.lock);
	while (n-- && nr_under_way) {
		unsigned i = rnd_below(nr_under_way);
		struct request *rq = under_way[i];

		under_way[i] = under_way[--nr_under_way];
		blk_rq_end(rq, rnd_one_in(20) ? -EIO : 0, &ended);
	}
	blk_dispatch(&disk, &ended);
	spin_unlock(&disk.lock);
	bios_end(&ended);
}

static void reap(void)
{
	for (unsigned i = 0; i < MAX_BIOS; i++)
		if (wish[i].used && wish[i].ended) {
			CHECK(wish[i].ended == 1);		/* Q1 */
			bio_put(wish[i].bio);
			wish[i].used = false;
			nr_live--;
		}
}

static struct wish *free_wish(void)
{
	for (unsigned i = 0; i < MAX_BIOS; i++)
		if (!wish[i].used) {
			wish[i] = (struct wish){ .used = true };
			nr_live++;
			return &wish[i];
		}
	return NULL;
}

static void submit_random(sector_t *next)
{
	struct block_device *bdev = rnd_one_in(2) ? &whole_bdev : &part_bdev;
	enum req_op op = rnd_one_in(8) ? REQ_OP_FLUSH : rnd_one_in(2) ? REQ_OP_READ : REQ_OP_WRITE;
	sector_t sector = !rnd_one_in(3) ? *next : rnd_below(SECTORS);
	struct wish *w = free_wish();
	bool beyond;

	if (!w)
		return;
	w->bio = bio_alloc(bdev, op, sector, GFP_KERNEL);
	w->bio->bi_end_io = end_io;
	w->bio->bi_end_in_task = rnd_one_in(2);
	w->bio->bi_private = w;
	for (unsigned n = 1 + rnd_below(4); op != REQ_OP_FLUSH && n; n--)
		if (!bio_add_page(w->bio, vmemmap, SECTOR_SIZE * (1 + rnd_below(8)), 0))
			break;
	*next = sector + w->bio->bi_nr_sectors;
	beyond = op != REQ_OP_FLUSH && *next > bdev->bd_nr_sectors;
	submit_bio(w->bio);
	if (beyond)
		CHECK(w->ended == 1 && w->status == -EIO);
}

static void test_random(void)
{
	struct blk_plug plug;
	sector_t next = 0;

	for (unsigned n = 0; n < 60000; n++) {
		bool plugged = rnd_one_in(4);

		room = 1 + rnd_below(8);
		if (plugged)
			blk_start_plug(&plug);
		for (unsigned k = rnd_below(6); k; k--)
			submit_random(&next);
		if (plugged)
			blk_finish_plug(&plug);
		CHECK(!me.plug);
		if (disk.pending[0].first || disk.pending[1].first)
			CHECK(nr_under_way);			/* Q2 */
		end_some(rnd_below(3));
		reap();
	}
	while (nr_under_way)
		end_some(4);
	reap();
	ok(!nr_live, "every bio ended once, through %u requests", requests);
	ok(bios_in_requests > requests + requests / 20, "neighbours were merged: %u bios", bios_in_requests);
	ok(refused_last, "and the driver had refused some");
	for (unsigned g = 0; g < 2; g++)
		CHECK(!whole_bdev.stats.in_flight[g] && !part_bdev.stats.in_flight[g]);
	ok(whole_bdev.stats.ios[STAT_READ] > part_bdev.stats.ios[STAT_READ],
	   "figures: the disk has its partition's too");
}

static struct bio *simple(enum req_op op, sector_t sector)
{
	struct wish *w = free_wish();

	w->bio = bio_alloc(&whole_bdev, op, sector, GFP_KERNEL);
	w->bio->bi_end_io = end_io;
	w->bio->bi_private = w;
	CHECK(bio_add_page(w->bio, vmemmap, PAGE_SIZE, 0));
	submit_bio(w->bio);
	return w->bio;
}

/* Readers without end, and one who writes: he has his turn. */
static void test_fairness(void)
{
	struct wish *w;
	unsigned reads = 0;

	room = 1;
	simple(REQ_OP_READ, 0);
	w = simple(REQ_OP_WRITE, 64)->bi_private;
	while (!w->ended && reads < 100) {
		simple(REQ_OP_READ, 128 + 16 * (reads++ % 8));
		end_some(1);
		for (unsigned i = 0; i < MAX_BIOS; i++)
			if (&wish[i] != w && wish[i].used && wish[i].ended) {
				bio_put(wish[i].bio);
				wish[i].used = false;
				nr_live--;
			}
	}
	ok(w->ended && reads < 20, "a write among readers waits for %u of them", reads);
	room = 8;
	while (nr_under_way)
		end_some(4);
	reap();
}

static void test_checks(void)
{
	struct bio *bio = simple(REQ_OP_READ, SECTORS - 7);

	ok(((struct wish *)bio->bi_private)->status == -EIO, "beyond the end");
	bio = simple(REQ_OP_READ, ~0ull - 3);
	ok(((struct wish *)bio->bi_private)->status == -EIO, "beyond the end of numbers");
	disk.read_only = true;
	bio = simple(REQ_OP_WRITE, 0);
	ok(((struct wish *)bio->bi_private)->status == -EROFS, "a write to a disk that is read-only");
	disk.read_only = false;
	disk.limits.logical_block_size = 4096;
	bio = simple(REQ_OP_READ, 1);
	ok(((struct wish *)bio->bi_private)->status == -EINVAL, "half a block");
	disk.limits.logical_block_size = 512;
	is_int(blkdev_issue_range(&whole_bdev, REQ_OP_DISCARD, 0, 8), -EOPNOTSUPP, "a discard that it cannot do");
	reap();
}

static void test_death(void)
{
	struct bio_list ended;

	room = 1;
	simple(REQ_OP_READ, 0);
	for (unsigned i = 0; i < 10; i++)
		simple(REQ_OP_WRITE, 8 * i);
	bio_list_init(&ended);
	spin_lock(&disk.lock);
	blk_kill(&disk, &ended);
	while (nr_under_way)
		blk_rq_end(under_way[--nr_under_way], -EIO, &ended);
	spin_unlock(&disk.lock);
	bios_end(&ended);
	simple(REQ_OP_READ, 0);
	for (unsigned i = 0; i < MAX_BIOS; i++)
		CHECK(!wish[i].used || (wish[i].ended == 1 && wish[i].status == -EIO));
	reap();
	ok(!nr_live, "a disk that is gone fails what it had, and what comes");
}

int main(void)
{
	host_arch_init(3, 1);
	host_current = &me;
	disk.ops = &ops;
	spin_lock_init(&disk.lock, RANK_BLOCK);
	bio_list_init(&disk.pending[0]);
	bio_list_init(&disk.pending[1]);
	for (unsigned i = 0; i < DISK_TAGS; i++) {
		disk.request[i].tag = i;
		disk.request[i].disk = &disk;
	}
	disk.limits = (struct queue_limits){ .logical_block_size = 512, .max_segments = 6, .max_sectors = 40,
					     .max_segment_bytes = 65536, .write_cache = true };
	whole_bdev = (struct block_device){ .bd_disk = &disk, .bd_nr_sectors = SECTORS };
	part_bdev = (struct block_device){ .bd_disk = &disk, .bd_partno = 1, .bd_start = PART_START,
					   .bd_nr_sectors = PART_SECTORS };
	disk.part[0] = &whole_bdev;
	disk.part[1] = &part_bdev;
	bio_init_caches();
	test_random();
	test_fairness();
	test_checks();
	test_death();
	return done_testing();
}
