/*
 * block/bio.c - bios: made, filled with pages, ended.
 *
 * MODEL     Bios come from a slab cache, and when that has none, from a reserve of RESERVE that are made at start.
 *           Writing pages out is how memory comes back, so a bio must be had when there is no memory: who
 *           may sleep waits for one of the reserve, and those under way come back by themselves.
 * INVARIANTS
 *   O1  A bio that was submitted ends once.
 *   O2  Who waits for the reserve holds no bio that is not submitted: else RESERVE tasks could each wait for
 *       the others' (blk_plug_add() sends the open one before it asks for the next).
 * LOCKING   reserve_lock, interrupts off: the reserve.
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "kernel/sync/completion.h"
#include "kernel/sync/wait.h"
#include "mm/phys/gfp.h"
#include "mm/slab/slab.h"

#define RESERVE	16u

static struct kmem_cache *bio_cache;
static DEFINE_SPINLOCK(reserve_lock, RANK_BLOCK);
static struct bio *reserve;			/* (reserve_lock) */
static DECLARE_WAIT_QUEUE_HEAD(reserve_wait);

static struct bio *reserve_take(void)
{
	struct bio *bio;
	unsigned long flags;

	spin_lock_irqsave(&reserve_lock, flags);
	bio = reserve;
	if (bio)
		reserve = bio->bi_next;
	spin_unlock_irqrestore(&reserve_lock, flags);
	return bio;
}

static void reserve_give(struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&reserve_lock, flags);
	bio->bi_next = reserve;
	reserve = bio;
	spin_unlock_irqrestore(&reserve_lock, flags);
	wake_up(&reserve_wait);
}

void __init bio_init_caches(void)
{
	bio_cache = kmem_cache_create("bio", sizeof(struct bio), 0, SLAB_PANIC, NULL);
	for (unsigned i = 0; i < RESERVE; i++) {
		struct bio *bio = kmem_cache_alloc(bio_cache, GFP_KERNEL);

		if (!bio)
			panic("no memory for the reserve of bios");
		bio->bi_reserve = true;
		reserve_give(bio);
	}
}

/* One without reclaim if it is there; else of the reserve; else, if @gfp says so, wait for that (O2). */
static struct bio *bio_get(gfp_t gfp, bool *of_reserve)
{
	struct bio *bio = kmem_cache_alloc(bio_cache, (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN);

	*of_reserve = !bio;
	if (bio)
		return bio;
	bio = reserve_take();
	if (!bio && gfp & __GFP_DIRECT_RECLAIM)
		wait_event(reserve_wait, (bio = reserve_take()));
	return bio;
}

struct bio *bio_alloc(struct block_device *bdev, enum req_op op, sector_t sector, gfp_t gfp)
{
	bool of_reserve;
	struct bio *bio = bio_get(gfp, &of_reserve);

	if (!bio)
		return NULL;
	bio->bi_next = NULL;
	bio->bi_bdev = bdev;
	bio->bi_op = op;
	bio->bi_end_in_task = false;
	bio->bi_reserve = of_reserve;
	bio->bi_status = 0;
	bio->bi_sector = sector;
	bio->bi_nr_sectors = 0;
	bio->bi_end_io = NULL;
	bio->bi_private = NULL;
	bio->bi_vcnt = 0;
	return bio;
}

void bio_put(struct bio *bio)
{
	if (bio->bi_reserve)
		reserve_give(bio);
	else
		kmem_cache_free(bio_cache, bio);
}

bool bio_add_page(struct bio *bio, struct page *page, unsigned len, unsigned offset)
{
	const struct queue_limits *l = &bio->bi_bdev->bd_disk->limits;

	ASSERT(len && len % SECTOR_SIZE == 0 && offset + len <= PAGE_SIZE);
	if (bio->bi_vcnt == min(BIO_MAX_VECS, l->max_segments) ||
	    bio->bi_nr_sectors + (len >> SECTOR_SHIFT) > l->max_sectors)
		return false;
	bio->bi_vec[bio->bi_vcnt++] = (struct bio_vec){ page, len, offset };
	bio->bi_nr_sectors += len >> SECTOR_SHIFT;
	return true;
}

void bio_endio(struct bio *bio, int status)
{
	bio->bi_status = status;
	if (bio->bi_end_in_task)
		blk_end_in_task(bio);
	else
		bio->bi_end_io(bio);
}

static void wake_submitter(struct bio *bio)
{
	complete(bio->bi_private);
}

int submit_bio_wait(struct bio *bio)
{
	DECLARE_COMPLETION(done);

	bio->bi_private = &done;
	bio->bi_end_io = wake_submitter;
	submit_bio(bio);
	wait_for_completion(&done);
	return bio->bi_status;
}
