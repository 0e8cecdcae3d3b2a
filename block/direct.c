/*
 * block/direct.c - between user memory and a device, past the page cache: the core of O_DIRECT.
 *
 * MODEL     Up to DIRECT_PAGES at a time: pages are had, a bio or a few go out, are waited for, and the next are had.
 *           Writing, the device reads the program's own pages.  Reading, it fills the program's own pages only
 *           where nobody can come between (may_fill); else pages of ours, which are copied from:
 *
 *             a fork by another thread while the device fills a page would leave the page to the child and give the
 *             parent, at its next store, a copy of what was there before: half of the data would be lost.  Linux
 *             counts such pins and has fork copy the pages; here such a read is copied, which costs less than
 *             a look at each page in each fork does.
 * INVARIANTS
 *   E1  A page that a device fills or reads has a reference of ours from before the bio until it ended.
 *   E2  The device fills a program's page only if it is anonymous, exclusively the entry's, and the address space
 *       has no other task: so nobody forks it or runs in it until we return.
 * LOCKING   none of its own; the caller's i_rwsem keeps the blocks where they are.
 * FAILURE   Bytes that were moved before memory could not be had or the device failed; -errno if none were.
 * TESTS     test/boot/ext2.py, test/boot/disk.py (user/fsops.c -d)
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "fs/file.h"
#include "kernel/sync/completion.h"
#include "kernel/sync/wait.h"
#include "mm/cache/filemap.h"
#include "mm/fault/fault.h"
#include "mm/phys/gfp.h"

#define DIRECT_PAGES	32u

struct direct {
	struct block_device *bdev;
	enum req_op op;
	sector_t sector;
	unsigned nr, off;			/* pages, and where in the first of them the data begins */
	struct page *page[DIRECT_PAGES];
	atomic_t under_way;			/* bios, and one more until all are submitted */
	int status;				/* (A) of a bio that failed */
	struct completion done;
};

/* ---- the bios ------------------------------------------------------------------------------------ */

/* In an interrupt. */
static void direct_ended(struct bio *bio)
{
	struct direct *d = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(d->status, bio->bi_status);
	bio_put(bio);
	if (atomic_dec_and_test(&d->under_way))
		complete(&d->done);
}

static struct bio *direct_bio(struct direct *d)
{
	struct bio *bio = bio_alloc(d->bdev, d->op, d->sector, GFP_KERNEL);

	bio->bi_end_io = direct_ended;
	bio->bi_private = d;
	atomic_inc(&d->under_way);
	return bio;
}

/* Move @bytes, a multiple of the device's blocks, between its pages and the sectors from d->sector on; 0 or -errno */
static int direct_move(struct direct *d, size_t bytes)
{
	struct bio *bio = NULL;
	struct blk_plug plug;
	size_t moved = bytes;

	d->status = 0;
	atomic_set(&d->under_way, 1);
	init_completion(&d->done);
	blk_start_plug(&plug);
	for (unsigned i = 0, off = d->off; bytes; i++, off = 0) {
		unsigned len = min_t(size_t, PAGE_SIZE - off, bytes);

		INV(E1, i < d->nr && page_count(d->page[i]) > 0);
		if (!bio || !bio_add_page(bio, d->page[i], len, off)) {
			if (bio)
				submit_bio(bio);	/* before the next is asked for: O2 of bio.c */
			bio = direct_bio(d);
			ASSERT(bio_add_page(bio, d->page[i], len, off));
		}
		d->sector += len >> SECTOR_SHIFT;
		bytes -= len;
	}
	submit_bio(bio);
	if (d->op == REQ_OP_WRITE)
		current_base()->io.write_bytes += moved;
	blk_finish_plug(&plug);
	if (!atomic_dec_and_test(&d->under_way))
		wait_for_completion(&d->done);
	return READ_ONCE(d->status);
}

static void put_pages(struct direct *d)
{
	free_pages_bulk(d->page, d->nr);
	d->nr = 0;
}

/* ---- the program's own pages ---------------------------------------------------------------------- */

/* Nobody else runs in our memory, or can before we return (E2). */
static bool alone(void)
{
	struct mm_struct *mm = current_base()->mm;

	return mm && atomic_read(&mm->mm_users) == 1;
}

/* May the device fill the pages that were had?  Those of a file want more care than a bio can take. */
static bool may_fill(const struct direct *d)
{
	for (unsigned i = 0; i < d->nr; i++)
		if (!PageAnon(d->page[i]))
			return false;
	return true;
}

/* Have the pages of up to @n bytes at @at of the program; bytes, 0: not that way, or -errno */
static ssize_t get_own(struct direct *d, unsigned long at, size_t n)
{
	unsigned unit = d->bdev->bd_disk->limits.logical_block_size;
	bool fill = d->op == REQ_OP_READ;
	long got;

	n = ALIGN_DOWN(n, unit);
	if (!n || at & (unit - 1) || (fill && !alone()))
		return 0;
	d->off = at & ~PAGE_MASK;
	n = min_t(size_t, n, DIRECT_PAGES * PAGE_SIZE - d->off);
	got = get_user_pages_fast(at, PFN_UP(d->off + n), fill ? FOLL_WRITE : 0, d->page);
	if (got <= 0)
		return got ? got : -EFAULT;
	d->nr = got;
	if (!fill || may_fill(d))
		return min_t(size_t, n, got * PAGE_SIZE - d->off);
	put_pages(d);
	return 0;
}

/* ---- pages of ours -------------------------------------------------------------------------------- */

/* Pages for up to @n bytes; bytes, or -ENOMEM */
static ssize_t get_ours(struct direct *d, size_t n)
{
	unsigned want = min_t(size_t, PFN_UP(n), DIRECT_PAGES);

	d->off = 0;
	for (d->nr = 0; d->nr < want; d->nr++) {
		d->page[d->nr] = alloc_page(GFP_USER);
		if (!d->page[d->nr])
			break;
	}
	return d->nr ? (ssize_t)min_t(size_t, n, d->nr * PAGE_SIZE) : -ENOMEM;
}

/* Copy @n bytes between our pages and @i; how many were. */
static size_t copy_ours(struct direct *d, struct iov_iter *i, size_t n)
{
	size_t done = 0;

	for (unsigned k = 0; done < n; k++) {
		size_t len = min_t(size_t, PAGE_SIZE, n - done), got;

		got = d->op == REQ_OP_READ ? copy_page_to_iter(d->page[k], 0, len, i)
					   : copy_page_from_iter(d->page[k], 0, len, i);
		done += got;
		if (got < len)
			break;
	}
	return done;
}

/* @n bytes, which were had room for, in whole blocks of the device; bytes or -errno */
static ssize_t move_ours(struct direct *d, struct iov_iter *i, size_t n)
{
	unsigned unit = d->bdev->bd_disk->limits.logical_block_size;
	size_t got = n;
	int rc;

	if (d->op == REQ_OP_WRITE)
		got = ALIGN_DOWN(copy_ours(d, i, n), unit);
	rc = got ? direct_move(d, ALIGN(got, unit)) : -EFAULT;
	if (!rc && d->op == REQ_OP_READ)
		got = copy_ours(d, i, n);
	return rc ? rc : got ? (ssize_t)got : -EFAULT;
}

/* ---- a run of sectors ------------------------------------------------------------------------------ */

/* The next of @n bytes: how many were moved, or -errno */
static ssize_t direct_some(struct direct *d, struct iov_iter *i, size_t n)
{
	char *at;
	size_t len = min(n, iov_iter_segment(i, &at));
	ssize_t got = i->user ? get_own(d, (unsigned long)at, len) : 0;
	bool own = got > 0;

	if (!got)
		got = get_ours(d, n);
	if (got < 0)
		return got;
	if (own) {
		int rc = direct_move(d, got);

		if (!rc)
			iov_iter_advance(i, got);
		else
			got = rc;
	} else {
		got = move_ours(d, i, got);
	}
	put_pages(d);
	return got;
}

ssize_t blkdev_direct_rw(struct block_device *bdev, enum req_op op, sector_t sector, struct iov_iter *i, size_t n)
{
	struct direct d = { .bdev = bdev, .op = op, .sector = sector };
	size_t done = 0;
	ssize_t rc = 0;

	while (done < n && rc >= 0) {
		rc = direct_some(&d, i, n - done);
		if (rc > 0) {
			done += rc;
			d.sector = sector + (done >> SECTOR_SHIFT);
			rc = done < n ? cond_resched_killable() : 0;
		}
	}
	return done ? (ssize_t)done : rc;
}

bool blkdev_direct_aligned(const struct block_device *bdev, loff_t pos, const struct iov_iter *i)
{
	unsigned unit = bdev->bd_disk->limits.logical_block_size;
	size_t left = i->count, off = i->offset;

	if ((pos | i->count) & (unit - 1))
		return false;
	for (const struct iovec *v = i->iov; left; v++, off = 0) {
		size_t len = min(v->iov_len - off, left);

		if (len && (((unsigned long)v->iov_base + off) & (SECTOR_SIZE - 1) || len & (unit - 1)))
			return false;
		left -= len;
	}
	return true;
}
