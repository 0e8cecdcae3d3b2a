/*
 * block/bdev.c - block devices as files: /dev/vda is read, written and mapped through its page cache.
 *
 * MODEL     Each block_device has an inode of its own, which holds its pages, whatever node it was opened by.  A
 *           page is PAGE_SIZE bytes of the device; the last one may have less behind it, and zeros.
 *           Pages are read and written in bios of as many as follow each other (blk_plug_add).
 *           A mounted file system keeps its metadata in these pages, block by block, while other blocks of a page
 *           may hold what it caches elsewhere.  So a page knows which of its sectors are dirty, and only these
 *           are written: page->private has a bit for each, and above them counts the writes under way.
 * INVARIANTS
 *   D1  A page is locked from the moment its read is submitted until it ends, and has PG_writeback for as long
 *       as its write is under way.
 *   D2  Whoever makes a page dirty says which sectors before PG_dirty is set; who writes it clears PG_dirty first.
 *   D3  Who takes a page's dirty sectors to write them has set PG_writeback before: who says that some are not dirty
 *       any more, and then waits, knows that nobody writes them.
 * LOCKING   disk->mutex: openers and holder.  i_rwsem of the inode: writers.
 * TESTS     test/boot/disk.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/libfs.h"
#include "include/uapi/errno.h"
#include "kernel/task/cred.h"
#include "mm/cache/filemap.h"
#include "mm/kmap/highmem.h"
#include "mm/phys/gfp.h"
#include "mm/phys/vmstat.h"

#define BDEVFS_MAGIC	0x62646576

static struct block_device *mapping_bdev(const struct address_space *mapping) { return mapping->host->i_private; }

/* How many bytes of the device are behind the page at @index: 0 beyond its end. */
static unsigned bytes_behind(const struct address_space *mapping, pgoff_t index)
{
	loff_t size = READ_ONCE(mapping->host->i_size), pos = (loff_t)index << PAGE_SHIFT;

	return pos >= size ? 0 : min_t(loff_t, size - pos, PAGE_SIZE);
}

/* ---- reading ------------------------------------------------------------------------------------ */

/* In an interrupt. */
static void read_ended(struct bio *bio)
{
	for (unsigned i = 0; i < bio->bi_vcnt; i++) {
		struct page *page = bio->bi_vec[i].bv_page;

		if (!bio->bi_status)
			SetPageUptodate(page);
		unlock_page(page);
	}
	bio_put(bio);
}

/* Have @page, which is locked, read into.  => a plug */
static void submit_read(struct address_space *mapping, struct page *page)
{
	unsigned bytes = bytes_behind(mapping, page->index);

	if (bytes < PAGE_SIZE)
		clear_highpage(page);		/* what is behind the end reads as zeros */
	if (!bytes) {
		SetPageUptodate(page);
		unlock_page(page);
		return;
	}
	blk_plug_add(mapping_bdev(mapping), REQ_OP_READ,
		     &(struct bio_piece){ page, 0, bytes, (sector_t)page->index * PAGE_SECTORS }, read_ended, false);
}

static int bdev_readpage(__maybe_unused struct file *file, struct page *page)
{
	struct blk_plug plug;

	blk_start_plug(&plug);
	submit_read(page->mapping, page);
	blk_finish_plug(&plug);
	return 0;
}

static void bdev_readahead(__maybe_unused struct file *file, struct address_space *mapping, pgoff_t start,
			   unsigned nr)
{
	struct blk_plug plug;

	blk_start_plug(&plug);
	for (; nr && bytes_behind(mapping, start); nr--, start++) {
		struct page *page = find_get_page(mapping, start);

		if (page) {
			put_page(page);
			continue;
		}
		page = alloc_page(mapping->gfp_mask | __GFP_NORETRY | __GFP_NOWARN);
		if (!page)
			break;
		if (!add_to_page_cache_inside(page, mapping, start))
			submit_read(mapping, page);
		put_page(page);
	}
	blk_finish_plug(&plug);
}

/* ---- writing ------------------------------------------------------------------------------------ */

#define DIRTY_SECTORS	(BIT(PAGE_SECTORS) - 1)		/* of page->private (D2) */
#define ONE_WRITE	BIT(PAGE_SECTORS)

int bdev_set_dirty(struct page *page, unsigned offset, unsigned len)
{
	unsigned long sectors = BIT((offset + len) >> SECTOR_SHIFT) - BIT(offset >> SECTOR_SHIFT);

	/* Whatever they were, and ordered: who takes them after this sees what was stored before. */
	__atomic_fetch_or(&page->private, sectors, __ATOMIC_SEQ_CST);
	return __set_page_dirty_nobuffers(page);
}

void bdev_clear_dirty(struct page *page, unsigned offset, unsigned len)
{
	unsigned long sectors = BIT((offset + len) >> SECTOR_SHIFT) - BIT(offset >> SECTOR_SHIFT);

	__atomic_fetch_and(&page->private, ~sectors, __ATOMIC_SEQ_CST);	/* D3 */
	wait_on_page_writeback(page);
}

/* By mappings and write(2): nobody knows which. */
static int bdev_set_page_dirty(struct page *page) { return bdev_set_dirty(page, 0, PAGE_SIZE); }

/* One of the writes of @page has ended.  In a task: end_page_writeback() takes mapping->lock */
static void write_done(struct page *page)
{
	if (__atomic_sub_fetch(&page->private, ONE_WRITE, __ATOMIC_SEQ_CST) < ONE_WRITE)
		end_page_writeback(page);
}

/* In kblockd. */
static void write_ended(struct bio *bio)
{
	for (unsigned i = 0; i < bio->bi_vcnt; i++) {
		struct page *page = bio->bi_vec[i].bv_page;

		if (bio->bi_status && page->mapping)
			mapping_set_error(page->mapping, bio->bi_status);
		write_done(page);
	}
	bio_put(bio);
}

/* => a plug; @page locked, its dirty bit cleared */
static int write_page(struct page *page, __maybe_unused struct writeback_control *wbc)
{
	struct address_space *mapping = page->mapping;
	unsigned bytes = bytes_behind(mapping, page->index), first, end;
	unsigned long sectors;

	if (!bytes) {				/* the device shrank */
		unlock_page(page);
		return -EIO;
	}
	set_page_writeback(page);
	__atomic_fetch_add(&page->private, ONE_WRITE, __ATOMIC_SEQ_CST);
	sectors = __atomic_fetch_and(&page->private, ~DIRTY_SECTORS, __ATOMIC_SEQ_CST);	/* D2, D3 */
	sectors &= BIT(bytes >> SECTOR_SHIFT) - 1;
	unlock_page(page);
	for (first = 0; sectors >> first; first = end) {
		first += __builtin_ctzl(sectors >> first);
		end = first + __builtin_ctzl(~(sectors >> first));
		__atomic_fetch_add(&page->private, ONE_WRITE, __ATOMIC_SEQ_CST);
		blk_plug_add(mapping_bdev(mapping), REQ_OP_WRITE,
			     &(struct bio_piece){ page, first << SECTOR_SHIFT, (end - first) << SECTOR_SHIFT,
						  (sector_t)page->index * PAGE_SECTORS + first }, write_ended, true);
	}
	write_done(page);
	return 0;
}

static int bdev_writepage(struct page *page, struct writeback_control *wbc)
{
	struct blk_plug plug;
	int rc;

	blk_start_plug(&plug);
	rc = write_page(page, wbc);
	blk_finish_plug(&plug);
	return rc;
}

static int bdev_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	struct blk_plug plug;
	int rc;

	blk_start_plug(&plug);
	rc = write_cache_pages(mapping, wbc);
	blk_finish_plug(&plug);
	return rc;
}

/* The page at @index, locked and uptodate; NULL: *rc says why not. */
static struct page *page_for_part(struct file *file, struct address_space *mapping, pgoff_t index, int *rc)
{
	for (;;) {
		struct page *page = read_mapping_page(mapping, index, file, rc);

		if (!page)
			return NULL;
		lock_page(page);
		if (page->mapping == mapping)
			return page;
		unlock_page(page);
		put_page(page);
	}
}

static int bdev_write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			    struct page **pagep)
{
	pgoff_t index = pos >> PAGE_SHIFT;
	int rc = -ENOMEM;

	if (len == PAGE_SIZE)
		*pagep = grab_cache_page(mapping, index);
	else
		*pagep = page_for_part(file, mapping, index, &rc);
	if (!*pagep)
		return rc;
	wait_on_page_writeback(*pagep);
	return 0;
}

static int bdev_write_end(__maybe_unused struct file *file, __maybe_unused struct address_space *mapping,
			  __maybe_unused loff_t pos, unsigned len, unsigned copied, struct page *page)
{
	if (!PageUptodate(page) && copied < len)
		copied = 0;			/* a new page, not whole: nothing of it counts */
	if (copied) {
		SetPageUptodate(page);
		flush_dcache_page(page);
		set_page_dirty(page);
	}
	unlock_page(page);
	put_page(page);
	return copied;
}

static const struct address_space_operations bdev_aops = {
	.readpage = bdev_readpage, .readahead = bdev_readahead,
	.writepage = bdev_writepage, .writepages = bdev_writepages,
	.set_page_dirty = bdev_set_page_dirty,
	.write_begin = bdev_write_begin, .write_end = bdev_write_end,
};

static int count_pages(struct block_device *bdev, void *arg)
{
	if (bdev->bd_inode)
		*(unsigned long *)arg += READ_ONCE(bdev->bd_inode->i_mapping->nrpages);
	return 0;
}

unsigned long nr_blockdev_pages(void)
{
	unsigned long n = 0;

	for_each_bdev(count_pages, &n);
	return n;
}

/* ---- sync(2) ------------------------------------------------------------------------------------ */

static int write_bdev(struct block_device *bdev, __maybe_unused void *arg)
{
	if (bdev->bd_inode && !bdev->bd_disk->read_only)
		(void)!filemap_fdatawrite_range(bdev->bd_inode->i_mapping, 0, INT64_MAX);
	return 0;
}

/* An error stays for the next fsync(2) to tell. */
static int wait_bdev(struct block_device *bdev, __maybe_unused void *arg)
{
	if (!bdev->bd_inode || bdev->bd_disk->read_only)
		return 0;
	filemap_fdatawait_keep_errors(bdev->bd_inode->i_mapping);
	if (!bdev->bd_partno)
		(void)!blkdev_issue_flush(bdev);
	return 0;
}

static int bdev_sync(__maybe_unused struct super_block *sb, int wait)
{
	for_each_bdev(write_bdev, NULL);
	return wait ? for_each_bdev(wait_bdev, NULL) : 0;
}

static const struct super_operations bdev_sops = { .sync_fs = bdev_sync };

/* ---- the inode ---------------------------------------------------------------------------------- */

struct inode *bdev_inode_new(struct block_device *bdev)
{
	static struct vfsmount *bdev_mnt;
	struct inode *inode;

	if (!bdev_mnt)
		bdev_mnt = pseudo_mount("bdev", BDEVFS_MAGIC, NULL, &bdev_sops);
	inode = bdev_mnt ? new_inode(bdev_mnt->mnt_sb) : NULL;
	if (!inode)
		return NULL;
	bdev_mnt->mnt_sb->s_type->fs_flags |= FS_REQUIRES_DEV;	/* clean pages can be read again */
	inode->i_mode = S_IFBLK;
	inode->i_rdev = bdev->bd_dev;
	inode->i_private = bdev;
	inode->i_data.a_ops = &bdev_aops;
	inode->i_data.gfp_mask = GFP_USER;	/* file systems look into these pages */
	set_bit(AS_HELD, &inode->i_data.flags);	/* and change them */
	return inode;
}

void bdev_set_size(struct block_device *bdev)
{
	WRITE_ONCE(bdev->bd_inode->i_size, (loff_t)bdev->bd_nr_sectors << SECTOR_SHIFT);
}

/* ---- open files --------------------------------------------------------------------------------- */

/* O_EXCL: nobody else may have it so; a mount has it so, too.  => disk->mutex held */
static int claim(struct block_device *bdev, void *holder)
{
	if (bdev->bd_holders && bdev->bd_holder != holder)
		return -EBUSY;
	bdev->bd_holder = holder;
	bdev->bd_holders++;
	return 0;
}

/* Open @bdev.  @holder: for himself, or NULL */
static int bdev_get(struct block_device *bdev, void *holder, bool write)
{
	int rc = 0;

	if (!bdev->bd_inode)
		return -ENXIO;
	mutex_lock(&bdev->bd_disk->mutex);
	if (write && bdev->bd_disk->read_only)
		rc = -EACCES;
	else if (bdev->bd_partno && !bdev->bd_nr_sectors)
		rc = -ENXIO;			/* forgotten meanwhile */
	else if (holder)
		rc = claim(bdev, holder);
	if (!rc)
		bdev->bd_openers++;
	mutex_unlock(&bdev->bd_disk->mutex);
	return rc;
}

/* The last one out writes what is dirty, and forgets the rest, so that the next sees the device. */
static void bdev_put(struct block_device *bdev, void *holder)
{
	struct address_space *mapping = bdev->bd_inode->i_mapping;
	bool last;

	mutex_lock(&bdev->bd_disk->mutex);
	if (bdev->bd_holder == holder && !--bdev->bd_holders)
		bdev->bd_holder = NULL;
	last = !--bdev->bd_openers;
	mutex_unlock(&bdev->bd_disk->mutex);
	if (last) {
		(void)!filemap_write_and_wait_range(mapping, 0, INT64_MAX);
		invalidate_mapping_pages(mapping, 0, ~0ul);
		if (!bdev->bd_partno && bdev->bd_disk->ops->release)
			bdev->bd_disk->ops->release(bdev->bd_disk);
	}
}

int bdev_claim(struct block_device *bdev, void *holder, bool write) { return bdev_get(bdev, holder, write); }
void bdev_unclaim(struct block_device *bdev, void *holder) { bdev_put(bdev, holder); }

static int blkdev_open(struct inode *inode, struct file *f)
{
	struct block_device *bdev = bdev_find(inode->i_rdev);
	int rc = bdev ? bdev_get(bdev, f->f_flags & O_EXCL ? f : NULL, f->f_mode & FMODE_WRITE) : -ENXIO;

	if (rc)
		return rc;
	f->f_mapping = bdev->bd_inode->i_mapping;
	f->f_wb_err = filemap_sample_wb_err(f->f_mapping);
	f->f_ra.ra_pages = READ_ONCE(bdev->bd_disk->ra_pages);
	f->f_mode |= FMODE_CAN_ODIRECT;
	return 0;
}

static void blkdev_release(__maybe_unused struct inode *inode, struct file *f)
{
	bdev_put(file_bdev(f), f);
}

static loff_t blkdev_llseek(struct file *f, loff_t off, int whence)
{
	loff_t size = f->f_mapping->host->i_size;

	return generic_file_llseek_size(f, off, whence, size, size);
}

static ssize_t direct_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct address_space *mapping = f->f_mapping;
	struct block_device *bdev = file_bdev(f);
	loff_t size = READ_ONCE(mapping->host->i_size);
	ssize_t rc;

	if (!to->count || *pos >= size)
		return 0;
	if (!blkdev_direct_aligned(bdev, *pos, to))
		return -EINVAL;
	to->count = min_t(u64, to->count, size - *pos);
	rc = filemap_write_and_check_range(mapping, *pos, *pos + to->count - 1);
	if (!rc)
		rc = blkdev_direct_rw(bdev, REQ_OP_READ, *pos >> SECTOR_SHIFT, to, to->count);
	if (rc > 0)
		*pos += rc;
	return rc;
}

static ssize_t blkdev_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	return unlikely(f->f_flags & O_DIRECT) ? direct_read(f, to, pos) : generic_file_read(f, to, pos);
}

/* Past the cache, which forgets what it has of the range: before, and who read meanwhile.  => i_rwsem(w) */
static ssize_t direct_write(struct file *f, struct iov_iter *from, loff_t pos)
{
	struct address_space *mapping = f->f_mapping;
	pgoff_t first = pos >> PAGE_SHIFT, last = (pos + from->count - 1) >> PAGE_SHIFT;
	ssize_t rc;

	if (!blkdev_direct_aligned(file_bdev(f), pos, from))
		return -EINVAL;
	rc = filemap_write_and_check_range(mapping, pos, pos + from->count - 1);
	if (!rc)
		rc = invalidate_inode_pages2_range(mapping, first, last);
	if (rc == -EBUSY) {			/* a file system has it in hand */
		rc = generic_perform_write(f, from, pos);
		return rc > 0 ? filemap_write_and_check_range(mapping, pos, pos + rc - 1) ?: rc : rc;
	}
	if (!rc)
		rc = blkdev_direct_rw(file_bdev(f), REQ_OP_WRITE, pos >> SECTOR_SHIFT, from, from->count);
	(void)!invalidate_inode_pages2_range(mapping, first, last);
	return rc;
}

static ssize_t blkdev_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct inode *inode = f->f_mapping->host;
	ssize_t rc;

	if (!from->count)
		return 0;
	if (*pos >= inode->i_size)
		return -ENOSPC;
	from->count = min_t(u64, from->count, inode->i_size - *pos);
	down_write(&inode->i_rwsem);
	rc = unlikely(f->f_flags & O_DIRECT) ? direct_write(f, from, *pos) : generic_perform_write(f, from, *pos);
	up_write(&inode->i_rwsem);
	if (rc <= 0)
		return rc;
	*pos += rc;
	if (f->f_flags & O_DSYNC) {
		int err = f->f_op->fsync(f, *pos - rc, *pos - 1, 1);

		if (err)
			return err;
	}
	return rc;
}

static int blkdev_fsync(struct file *f, loff_t start, loff_t end, __maybe_unused int datasync)
{
	int rc = file_write_and_wait_range(f, start, end);
	int flush = blkdev_issue_flush(file_bdev(f));

	return rc ? rc : flush;
}

const struct file_operations def_blk_fops = {
	.open = blkdev_open, .release = blkdev_release, .llseek = blkdev_llseek,
	.read = blkdev_read, .write = blkdev_write, .mmap = generic_file_mmap,
	.fsync = blkdev_fsync, .ioctl = blkdev_ioctl,
};
