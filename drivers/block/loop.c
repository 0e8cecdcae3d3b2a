/*
 * drivers/block/loop.c - loop devices: a file as a disk.
 *
 * MODEL     /dev/loop-control makes /dev/loopN when somebody asks for a free one.  Bound to a file, a device has a
 *           thread that carries its requests out, one after the other, by reading and writing the file; what is
 *           written is in the file's page cache, and a flush is an fsync of it.  It is unbound when its last user
 *           is gone, if that was asked for (LOOP_CLR_FD, LO_FLAGS_AUTOCLEAR).  It has no partitions.
 * INVARIANTS
 *   L1  A request that the driver took is carried out or failed by the thread before the thread ends.
 *   L2  file is set as long as the thread runs; the thread's last act is to let go of it.
 *   L3  No device stands, over however many others, on itself.
 *   L4  The thread waits for nothing that may wait for its device: its allocations start no I/O, and it is not held
 *       back for dirty pages.  It starts the writing of its own instead, when there are too many.
 * LOCKING   loop_mutex: what is bound to what, and the list of devices.  disk->mutex inside, for the size.
 *           disk->lock: requests.
 * FAILURE   A short read of the file reads as zeros; a short write is an I/O error.
 * TESTS     test/boot/loop.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/block/loop.h"
#include "block/blk.h"
#include "fs/chrdev.h"
#include "fs/file.h"
#include "include/uaccess.h"
#include "include/uapi/errno.h"
#include "kernel/sync/completion.h"
#include "kernel/task/cred.h"
#include "kernel/task/kthread.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/cache/dirty.h"
#include "mm/kmap/highmem.h"
#include "mm/slab/slab.h"

#define LOOP_MAJOR	7
#define LOOP_MINOR_CTL	237		/* of the misc devices */
#define LOOP_MAX	64u
#define MAX_SEGMENTS	64u
#define MAX_SECTORS	512u

struct loop_device {
	struct gendisk *disk;		/* (I) */
	unsigned number;		/* (I) */
	struct file *file;		/* (loop_mutex; the thread reads it: L2) NULL: free */
	bool ending;			/* (loop_mutex) the thread was told to stop: file is not to be looked at */
	u64 offset, sizelimit;		/* (loop_mutex; the thread reads offset) bytes; 0: to the file's end */
	u32 flags;			/* (loop_mutex) LO_FLAGS_* */
	bool rundown;			/* (loop_mutex) unbind it when the last user goes */
	u8 name[64];			/* (loop_mutex) what the user calls the file */
	u32 ready;			/* (disk->lock) tags of requests that the thread has to carry out */
	bool stop;			/* (disk->lock) */
	wait_queue_head_t wait;
	struct completion ended;	/* of the thread */
};

/* Is there a file to look at?  => loop_mutex */
static bool is_bound(const struct loop_device *lo) { return lo->file && !lo->ending; }

static DEFINE_MUTEX(loop_mutex, RANK_VFS);
static struct loop_device *loops[LOOP_MAX];	/* (loop_mutex) */

static struct block_device *loop_bdev(const struct loop_device *lo) { return lo->disk->part[0]; }

/* ---- requests, in the thread ----------------------------------------------------------------------- */

static int read_piece(struct file *file, char *at, size_t n, loff_t pos)
{
	ssize_t got = kernel_read(file, at, n, &pos);

	if (got < 0)
		return got;
	memset(at + got, 0, n - got);
	return 0;
}

static int write_piece(struct file *file, char *at, size_t n, loff_t pos)
{
	struct iov_iter i;
	ssize_t got;

	iov_iter_kernel(&i, at, n);
	i.rwf = RWF_NOAPPEND;
	got = vfs_write(file, &i, &pos);
	return got < 0 ? got : got < (ssize_t)n ? -EIO : 0;
}

static int do_bio(struct loop_device *lo, const struct bio *bio, loff_t *pos)
{
	int rc = 0;

	for (unsigned i = 0; i < bio->bi_vcnt && !rc; i++) {
		const struct bio_vec *v = &bio->bi_vec[i];
		char *kaddr = kmap(v->bv_page);

		if (bio->bi_op == REQ_OP_READ)
			rc = read_piece(lo->file, kaddr + v->bv_offset, v->bv_len, *pos);
		else
			rc = write_piece(lo->file, kaddr + v->bv_offset, v->bv_len, *pos);
		kunmap(v->bv_page);
		*pos += v->bv_len;
	}
	return rc;
}

static int do_request(struct loop_device *lo, const struct request *rq)
{
	struct address_space *mapping = lo->file->f_mapping;
	loff_t start = (loff_t)rq->sector * SECTOR_SIZE + lo->offset, pos = start;
	int rc = 0;

	if (rq->op == REQ_OP_FLUSH)
		return lo->file->f_op->fsync ? lo->file->f_op->fsync(lo->file, 0, INT64_MAX, 0) : 0;
	for (const struct bio *bio = rq->bio; bio && !rc; bio = bio->bi_next)
		rc = do_bio(lo, bio, &pos);
	if (rq->op == REQ_OP_WRITE && mapping->a_ops->writepages && dirty_over_background())
		(void)!filemap_fdatawrite_range(mapping, start, pos - 1);	/* L4 */
	return rc == -EINTR ? -EIO : rc;
}

/* The next request, or NULL: there is none, and none will come (L1).  Sleeps */
static struct request *next_request(struct loop_device *lo)
{
	struct gendisk *disk = lo->disk;
	struct request *rq = NULL;

	for (;;) {
		bool over;

		spin_lock_irq(&disk->lock);
		if (lo->ready) {
			rq = &disk->request[__builtin_ctz(lo->ready)];
			lo->ready &= lo->ready - 1;
		}
		over = lo->stop && !disk->busy_tags;
		spin_unlock_irq(&disk->lock);
		if (rq || over)
			return rq;
		(void)wait_event_interruptible(lo->wait, READ_ONCE(lo->ready) || READ_ONCE(lo->stop));
	}
}

static void end_request(struct request *rq, int status)
{
	struct gendisk *disk = rq->disk;
	struct bio_list ended;

	bio_list_init(&ended);
	spin_lock_irq(&disk->lock);
	blk_rq_end(rq, status, &ended);
	blk_dispatch(disk, &ended);
	spin_unlock_irq(&disk->lock);
	bios_end(&ended);
}

static void loop_thread(void *arg)
{
	struct loop_device *lo = arg;
	struct request *rq;

	current->flags |= PF_LOCAL_THROTTLE | PF_MEMALLOC_NOIO;		/* L4 */
	while ((rq = next_request(lo))) {
		end_request(rq, do_request(lo, rq));
		cond_resched();
	}
	fput(lo->file);				/* L2 */
	complete(&lo->ended);
}

static int loop_queue_rq(struct gendisk *disk, struct request *rq)
{
	struct loop_device *lo = disk->private_data;

	if (lo->stop)
		return -EIO;
	lo->ready |= 1u << rq->tag;
	return 0;
}

static void loop_commit(struct gendisk *disk)
{
	wake_up(&((struct loop_device *)disk->private_data)->wait);
}

/* ---- binding --------------------------------------------------------------------------------------- */

static const struct blk_ops loop_ops;

/* L3.  => loop_mutex */
static int check_file(const struct loop_device *lo, const struct file *file)
{
	const struct inode *host = file->f_mapping->host;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (!S_ISREG(host->i_mode) && !S_ISBLK(host->i_mode))
		return -EINVAL;
	while (S_ISBLK(file->f_mapping->host->i_mode)) {
		const struct gendisk *disk = file_bdev(file)->bd_disk;
		const struct loop_device *below = disk->private_data;

		if (disk->ops != &loop_ops)
			return 0;
		if (below == lo)
			return -EBADF;
		if (!is_bound(below))
			return -EINVAL;
		file = below->file;
	}
	return 0;
}

/* The size follows from the file and the limits.  => loop_mutex */
static int update_size(struct loop_device *lo)
{
	struct block_device *bdev = loop_bdev(lo);
	u64 size = is_bound(lo) ? READ_ONCE(lo->file->f_mapping->host->i_size) : 0;

	size = size > lo->offset ? size - lo->offset : 0;
	if (lo->sizelimit)
		size = min(size, lo->sizelimit);
	mutex_lock_nested(&lo->disk->mutex);
	WRITE_ONCE(bdev->bd_nr_sectors, size >> SECTOR_SHIFT);
	bdev_set_size(bdev);
	mutex_unlock(&lo->disk->mutex);
	return 0;
}

static bool good_block_size(unsigned n) { return n >= SECTOR_SIZE && n <= PAGE_SIZE && !(n & (n - 1)); }

/* What of @info is for the user to say.  0, or -EINVAL and nothing is changed.  => loop_mutex */
static int take_info(struct loop_device *lo, const struct loop_info64 *info, u32 settable)
{
	if (info->lo_encrypt_key_size || info->lo_encrypt_type || info->lo_offset > INT64_MAX ||
	    info->lo_sizelimit > INT64_MAX || (info->lo_flags & settable & LO_FLAGS_PARTSCAN))
		return -EINVAL;
	lo->offset = info->lo_offset;
	lo->sizelimit = info->lo_sizelimit;
	lo->flags = (lo->flags & ~settable) | (info->lo_flags & settable);
	memcpy(lo->name, info->lo_file_name, sizeof(lo->name));
	lo->name[sizeof(lo->name) - 1] = 0;
	return 0;
}

/* Start the thread, which has the reference to @file from then on.  => loop_mutex */
static int start_thread(struct loop_device *lo, struct file *file)
{
	lo->file = file;
	WRITE_ONCE(lo->stop, false);
	reinit_completion(&lo->ended);
	if (kthread_run(loop_thread, lo, "loop%u", lo->number))
		return 0;
	WRITE_ONCE(lo->stop, true);
	lo->file = NULL;
	return -ENOMEM;
}

/* => loop_mutex; consumes the reference to @file if it is 0 */
static int bind_locked(struct loop_device *lo, struct file *file, bool writable, const struct loop_config *config)
{
	const u32 settable = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN;
	unsigned block = config->block_size ? config->block_size : SECTOR_SIZE;
	int rc = lo->file ? -EBUSY : check_file(lo, file);

	if (!rc && (!good_block_size(block) || config->info.lo_flags & ~(settable | LO_FLAGS_DIRECT_IO)))
		rc = -EINVAL;
	if (!rc)
		rc = take_info(lo, &config->info, settable);
	if (rc)
		return rc;
	if (!writable || !(file->f_mode & FMODE_WRITE))
		lo->flags |= LO_FLAGS_READ_ONLY;
	lo->rundown = false;
	lo->disk->limits.logical_block_size = lo->disk->limits.physical_block_size = block;
	WRITE_ONCE(lo->disk->read_only, (lo->flags & LO_FLAGS_READ_ONLY) != 0);
	rc = start_thread(lo, file);
	return rc ? rc : update_size(lo);
}

static long bind(struct file *f, struct loop_device *lo, const struct loop_config *config)
{
	struct file *file = fget(config->fd);
	int rc;

	if (!file)
		return -EBADF;
	mutex_lock(&loop_mutex);
	rc = bind_locked(lo, file, f->f_mode & FMODE_WRITE, config);
	mutex_unlock(&loop_mutex);
	if (rc)
		fput(file);
	return rc;
}

/*
 * The user is gone: what was written is in the file's cache.  The file may be another device of ours, which the
 * thread closes: so it is waited for without loop_mutex.  => loop_mutex, which is let go of meanwhile
 */
static void unbind(struct loop_device *lo) NO_LOCK_ANALYSIS
{
	struct gendisk *disk = lo->disk;

	lo->ending = true;
	(void)update_size(lo);
	spin_lock_irq(&disk->lock);
	lo->stop = true;
	spin_unlock_irq(&disk->lock);
	wake_up(&lo->wait);
	mutex_unlock(&loop_mutex);
	wait_for_completion(&lo->ended);
	mutex_lock_nested(&loop_mutex);
	lo->file = NULL;
	lo->ending = false;
	lo->offset = lo->sizelimit = 0;
	lo->flags = 0;
	memset(lo->name, 0, sizeof(lo->name));
	WRITE_ONCE(disk->read_only, false);
}

/* The last user of the device closed it. */
static void loop_release(struct gendisk *disk)
{
	struct loop_device *lo = disk->private_data;
	bool unused;

	mutex_lock_nested(&loop_mutex);
	mutex_lock_nested(&disk->mutex);
	unused = !loop_bdev(lo)->bd_openers;
	mutex_unlock(&disk->mutex);
	if (unused && is_bound(lo) && (lo->rundown || lo->flags & LO_FLAGS_AUTOCLEAR))
		unbind(lo);
	mutex_unlock(&loop_mutex);
}

/* ---- calls ----------------------------------------------------------------------------------------- */

static long get_status(struct loop_device *lo, struct loop_info64 __user *arg)
{
	struct loop_info64 info = { .lo_number = lo->number };
	const struct inode *host;

	if (!is_bound(lo))
		return -ENXIO;
	host = lo->file->f_inode;
	info.lo_device = host->i_sb->s_dev;
	info.lo_inode = host->i_ino;
	info.lo_rdevice = S_ISBLK(host->i_mode) ? host->i_rdev : 0;
	info.lo_offset = lo->offset;
	info.lo_sizelimit = lo->sizelimit;
	info.lo_flags = lo->flags;
	memcpy(info.lo_file_name, lo->name, sizeof(lo->name));
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* What lies elsewhere from now on is not in the cache any more. */
static long set_status(struct file *f, struct loop_device *lo, const struct loop_info64 *info)
{
	int rc;

	if (!is_bound(lo))
		return -ENXIO;
	if (info->lo_offset != lo->offset || info->lo_sizelimit != lo->sizelimit) {
		rc = filemap_write_and_wait_range(f->f_mapping, 0, INT64_MAX);
		if (rc)
			return rc;
		invalidate_mapping_pages(f->f_mapping, 0, ~0ul);
		if (READ_ONCE(f->f_mapping->nrpages))
			return -EAGAIN;
	}
	rc = take_info(lo, info, LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN);
	return rc ? rc : update_size(lo);
}

static long set_block_size(struct loop_device *lo, unsigned long size)
{
	if (!is_bound(lo))
		return -ENXIO;
	if (!good_block_size(size))
		return -EINVAL;
	return size == lo->disk->limits.logical_block_size ? 0 : -EBUSY;	/* bios that are made look at it */
}

static long loop_ioctl_locked(struct file *f, struct loop_device *lo, unsigned cmd, unsigned long arg)
{
	struct loop_info64 info;

	if (cmd == LOOP_GET_STATUS64)
		return get_status(lo, (struct loop_info64 __user *)arg);
	if (!(f->f_mode & FMODE_WRITE) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (cmd) {
	case LOOP_SET_STATUS64:
		if (copy_from_user(&info, (void __user *)arg, sizeof(info)))
			return -EFAULT;
		return set_status(f, lo, &info);
	case LOOP_CLR_FD:
		if (!is_bound(lo))
			return -ENXIO;
		lo->rundown = true;		/* loop_release() */
		return 0;
	case LOOP_SET_CAPACITY:
		return is_bound(lo) ? update_size(lo) : -ENXIO;
	case LOOP_SET_BLOCK_SIZE:
		return set_block_size(lo, arg);
	}
	return arg ? -EINVAL : 0;		/* LOOP_SET_DIRECT_IO: it goes through the file's cache */
}

static long loop_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct loop_device *lo = file_bdev(f)->bd_disk->private_data;
	struct loop_config config;
	long rc;

	switch (cmd) {
	case LOOP_SET_FD:
		return bind(f, lo, &(struct loop_config){ .fd = arg });
	case LOOP_CONFIGURE:
		if (copy_from_user(&config, (void __user *)arg, sizeof(config)))
			return -EFAULT;
		return bind(f, lo, &config);
	case LOOP_GET_STATUS64: case LOOP_SET_STATUS64: case LOOP_CLR_FD: case LOOP_SET_CAPACITY:
	case LOOP_SET_DIRECT_IO: case LOOP_SET_BLOCK_SIZE:
		mutex_lock(&loop_mutex);
		rc = loop_ioctl_locked(f, lo, cmd, arg);
		mutex_unlock(&loop_mutex);
		return rc;
	}
	return -ENOTTY;
}

static const struct blk_ops loop_ops = {
	.queue_rq = loop_queue_rq, .commit = loop_commit, .ioctl = loop_ioctl, .release = loop_release,
};

/* ---- /dev/loop-control ------------------------------------------------------------------------------ */

/* Make device @n, which is not there.  => loop_mutex; @n or -errno */
static long add_loop(unsigned n)
{
	struct loop_device *lo = kzalloc(sizeof(*lo), GFP_KERNEL);
	struct gendisk *disk = lo ? disk_alloc(LOOP_MAJOR, n, 0) : NULL;

	if (!disk) {
		kfree(lo);
		return -ENOMEM;
	}
	lo->disk = disk;
	lo->number = n;
	lo->stop = true;
	init_waitqueue_head(&lo->wait);
	init_completion(&lo->ended);
	disk->ops = &loop_ops;
	disk->private_data = lo;
	disk->no_partitions = true;
	disk->limits = (struct queue_limits){
		.logical_block_size = SECTOR_SIZE, .physical_block_size = SECTOR_SIZE,
		.max_segments = MAX_SEGMENTS, .max_segment_bytes = PAGE_SIZE, .max_sectors = MAX_SECTORS,
		.write_cache = true,
	};
	snprintf(disk->name, sizeof(disk->name), "loop%u", n);
	strscpy(disk->parent, "virtual", sizeof(disk->parent));
	disk_add(disk);
	loops[n] = lo;
	return n;
}

static long get_free(void)
{
	unsigned n;

	for (n = 0; n < LOOP_MAX && loops[n]; n++)
		if (!loops[n]->file)
			return n;
	return n < LOOP_MAX ? add_loop(n) : -ENOSPC;
}

static long control_ioctl(__maybe_unused struct file *f, unsigned cmd, unsigned long arg)
{
	long rc = -ENOSYS;

	if (cmd == LOOP_CTL_REMOVE)
		return -EOPNOTSUPP;		/* a device stays, free for the next */
	mutex_lock(&loop_mutex);
	if (cmd == LOOP_CTL_GET_FREE)
		rc = get_free();
	else if (cmd == LOOP_CTL_ADD && (int)arg < 0)
		rc = get_free();
	else if (cmd == LOOP_CTL_ADD)
		rc = arg >= LOOP_MAX ? -ENOSPC : loops[arg] ? -EEXIST : add_loop(arg);
	mutex_unlock(&loop_mutex);
	return rc;
}

static const struct file_operations control_fops = { .ioctl = control_ioctl };

void __init loop_init(void)
{
	register_blkdev_major(LOOP_MAJOR, "loop");
	(void)misc_register(LOOP_MINOR_CTL, "loop-control", "loop-control", &control_fops, 0600);
}
