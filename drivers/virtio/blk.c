/*
 * drivers/virtio/blk.c - virtio-blk: /dev/vda and so on.
 *
 * MODEL     One queue.  A request is a chain: a header that the device reads, the pieces of data, a status byte that
 *           it writes; header and status lie in a slot of their own for each of the disk's tags.
 *           The driver takes what the device tells of its limits, and keeps its own where that is nonsense.
 * INVARIANTS
 *   A1  A tag is in the ring from queue_rq() until its token comes back, or until the device was reset.
 *   A2  After a ring was found broken, or the device does not work any more, it is reset before what was under way
 *       is ended: only then it does not write to those pages any more.
 * LOCKING   disk->lock.  The interrupt takes it, and ends bios after it let go.
 * FAILURE   A device that misbehaves is reset and left: every request, then and later, fails with EIO.
 *           One that is late is waited for, as in Linux: our clock may run while the device's does not (a host that
 *           is stopped or overloaded, time that is counted in instructions), and what it has it will write.
 *           What may have been lost is made good: an interrupt, or that it was told.
 * TESTS     test/boot/disk.py; test/host/drivers/virtio/ for rings that lie
 * SEE       virtio 1.2, section 5.2
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "drivers/virtio/virtio.h"
#include "fs/chrdev.h"
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define VIRTBLK_MAJOR	254
#define SERIAL_SECONDS	30		/* for the first answer: a loaded host may want some */

#define VIRTIO_BLK_F_SIZE_MAX	1
#define VIRTIO_BLK_F_SEG_MAX	2
#define VIRTIO_BLK_F_RO		5
#define VIRTIO_BLK_F_BLK_SIZE	6
#define VIRTIO_BLK_F_FLUSH	9
#define VIRTIO_BLK_F_TOPOLOGY	10
#define VIRTIO_BLK_F_DISCARD	13
#define VIRTIO_BLK_F_WRITE_ZEROES 14

#define VIRTIO_BLK_T_IN		0
#define VIRTIO_BLK_T_OUT	1
#define VIRTIO_BLK_T_FLUSH	4
#define VIRTIO_BLK_T_GET_ID	8
#define VIRTIO_BLK_T_DISCARD	11
#define VIRTIO_BLK_T_WRITE_ZEROES 13

#define VIRTIO_BLK_S_OK		0
#define VIRTIO_BLK_S_IOERR	1
#define VIRTIO_BLK_S_UNSUPP	2
#define STATUS_NONE		0xff	/* the device has not written one */

#define DATA_SEGS	64u
#define MAX_SECTORS	2048u		/* of one request: 1 MiB */
#define ID_BYTES	20

struct virtio_blk_config {
	u64 capacity;
	u32 size_max, seg_max;
	struct { u16 cylinders; u8 heads, sectors; } geometry;
	u32 blk_size;
	struct { u8 physical_block_exp, alignment_offset; u16 min_io_size; u32 opt_io_size; } topology;
	u8 writeback, unused0;
	u16 num_queues;
	u32 max_discard_sectors, max_discard_seg, discard_sector_alignment;
	u32 max_write_zeroes_sectors, max_write_zeroes_seg;
	u8 write_zeroes_may_unmap;
};
BUILD_ASSERT(offsetof(struct virtio_blk_config, max_write_zeroes_seg) == 52);

struct slot {				/* what the device sees of a request, beside the data */
	struct { u32 type, reserved; u64 sector; } header;
	struct { u64 sector; u32 nr_sectors, flags; } range;	/* of a discard */
	u8 id[ID_BYTES];		/* of GET_ID */
	u8 status;
};

struct virtio_blk {
	struct virtio_device *dev;	/* (I) */
	struct virtqueue *vq;		/* (I) */
	struct gendisk *disk;		/* (I) */
	struct virtio_seg seg[DATA_SEGS + 2];	/* (disk->lock) of the request being queued */
	struct slot slot[DISK_TAGS];		/* (disk->lock) */
};

/* ---- requests ----------------------------------------------------------------------------------- */

static struct virtio_seg seg_of(void *p, u32 bytes) { return (struct virtio_seg){ virt_to_phys(p), bytes }; }

/*
 * Add data in pieces of @most bytes; what lies behind the last piece becomes part of it, if it fits whole.
 * Returns their number.
 */
static unsigned add_pieces(struct virtio_seg *seg, unsigned nr, phys_addr_t pa, u32 bytes, u32 most)
{
	struct virtio_seg *last = &seg[nr - 1];

	if (nr && last->pa + last->bytes == pa && last->bytes + bytes <= most) {
		last->bytes += bytes;
		return nr;
	}
	for (; bytes; nr++) {
		u32 n = min(bytes, most);

		seg[nr] = (struct virtio_seg){ pa, n };
		pa += n;
		bytes -= n;
	}
	return nr;
}

static unsigned map_data(const struct request *rq, struct virtio_seg *seg)
{
	u32 most = rq->disk->limits.max_segment_bytes;
	unsigned nr = 0;

	for (const struct bio *bio = rq->bio; bio; bio = bio->bi_next)
		for (unsigned i = 0; i < bio->bi_vcnt; i++) {
			const struct bio_vec *v = &bio->bi_vec[i];

			nr = add_pieces(seg, nr, page_to_phys(v->bv_page) + v->bv_offset, v->bv_len, most);
		}
	return nr;
}

static const u32 request_type[NR_REQ_OPS] = {
	[REQ_OP_READ] = VIRTIO_BLK_T_IN, [REQ_OP_WRITE] = VIRTIO_BLK_T_OUT, [REQ_OP_FLUSH] = VIRTIO_BLK_T_FLUSH,
	[REQ_OP_DISCARD] = VIRTIO_BLK_T_DISCARD, [REQ_OP_WRITE_ZEROES] = VIRTIO_BLK_T_WRITE_ZEROES,
};

static int virtblk_queue_rq(struct gendisk *disk, struct request *rq)
{
	struct virtio_blk *vb = disk->private_data;
	struct slot *s = &vb->slot[rq->tag];
	bool read = rq->op == REQ_OP_READ, range = rq->op == REQ_OP_DISCARD || rq->op == REQ_OP_WRITE_ZEROES;
	unsigned nr = 0;
	int rc;

	s->header.type = request_type[rq->op];
	s->header.reserved = 0;
	s->header.sector = read || rq->op == REQ_OP_WRITE ? rq->sector : 0;
	s->status = STATUS_NONE;
	vb->seg[0] = seg_of(&s->header, sizeof(s->header));
	if (range) {
		s->range.sector = rq->sector;
		s->range.nr_sectors = rq->nr_sectors;
		s->range.flags = 0;
		vb->seg[1] = seg_of(&s->range, sizeof(s->range));
		nr = 1;
	} else if (rq->op != REQ_OP_FLUSH) {
		nr = map_data(rq, vb->seg + 1);
	}
	vb->seg[nr + 1] = seg_of(&s->status, 1);
	rc = virtqueue_add(vb->vq, vb->seg, read ? 1 : nr + 1, read ? nr + 1 : 1, rq);
	return rc == -ENOSPC ? -EBUSY : rc;
}

static void virtblk_commit(struct gendisk *disk)
{
	virtqueue_kick(((struct virtio_blk *)disk->private_data)->vq);
}

/* ---- their end ---------------------------------------------------------------------------------- */

static int status_errno(u8 status)
{
	switch (status) {
	case VIRTIO_BLK_S_OK:
		return 0;
	case VIRTIO_BLK_S_UNSUPP:
		return -EOPNOTSUPP;
	}
	return -EIO;
}

static void end_one(struct virtio_blk *vb, struct request *rq, struct bio_list *ended)
{
	int rc = status_errno(READ_ONCE(vb->slot[rq->tag].status));

	if (rc)
		pr_err_ratelimited("%s: I/O error, %s, sector %llu, %llu sectors\n", vb->disk->name,
				   rq->op == REQ_OP_READ ? "read" : "write or flush",
				   (unsigned long long)rq->sector, (unsigned long long)rq->nr_sectors);
	blk_rq_end(rq, rc, ended);
}

/* A2.  => disk->lock held */
static void give_up(struct virtio_blk *vb, struct bio_list *ended)
{
	struct request *rq;

	virtio_reset(vb->dev);
	while ((rq = virtqueue_detach(vb->vq)))
		blk_rq_end(rq, -EIO, ended);
	blk_kill(vb->disk, ended);
}

/* What the device has done, and what it can do next.  => disk->lock held, interrupts off */
static void take_done(struct virtio_blk *vb, struct bio_list *ended)
{
	struct request *rq;
	u32 bytes;

	do {
		virtqueue_disable_cb(vb->vq);
		while ((rq = virtqueue_get(vb->vq, &bytes)))
			end_one(vb, rq, ended);
	} while (!virtqueue_is_broken(vb->vq) && virtqueue_enable_cb(vb->vq));
	if (virtqueue_is_broken(vb->vq) && !vb->disk->dead)
		give_up(vb, ended);
	blk_dispatch(vb->disk, ended);
}

/* Interrupts are off. */
static void virtblk_done(struct virtqueue *vq)
{
	struct virtio_blk *vb = virtqueue_data(vq);
	struct bio_list ended;

	bio_list_init(&ended);
	spin_lock(&vb->disk->lock);
	take_done(vb, &ended);
	spin_unlock(&vb->disk->lock);
	bios_end(&ended);
}

static void virtblk_timed_out(struct gendisk *disk)
{
	struct virtio_blk *vb = disk->private_data;
	struct bio_list ended;
	unsigned long flags;

	bio_list_init(&ended);
	spin_lock_irqsave(&disk->lock, flags);
	if (!disk->dead && !virtio_device_works(vb->dev)) {
		give_up(vb, &ended);
	} else if (!disk->dead) {
		take_done(vb, &ended);
		virtio_notify(vb->dev, 0);
	}
	spin_unlock_irqrestore(&disk->lock, flags);
	bios_end(&ended);
}

static const struct blk_ops virtblk_ops = {
	.queue_rq = virtblk_queue_rq, .commit = virtblk_commit, .timed_out = virtblk_timed_out,
};

/* ---- bringing one up ---------------------------------------------------------------------------- */

/* A power of two from 512 to a page, else 512. */
static unsigned sane_block(u64 bytes)
{
	return bytes >= SECTOR_SIZE && bytes <= PAGE_SIZE && !(bytes & (bytes - 1)) ? bytes : SECTOR_SIZE;
}

static void read_block_sizes(struct virtio_device *dev, struct queue_limits *l)
{
	unsigned exp = 0;

	l->logical_block_size = SECTOR_SIZE;
	if (virtio_has_feature(dev, VIRTIO_BLK_F_BLK_SIZE))
		l->logical_block_size = sane_block(virtio_cread(dev, struct virtio_blk_config, blk_size));
	if (virtio_has_feature(dev, VIRTIO_BLK_F_TOPOLOGY))
		exp = virtio_cread(dev, struct virtio_blk_config, topology.physical_block_exp);
	l->physical_block_size = l->logical_block_size << min(exp, 8u);
}

/* A page has to fit into one chain: -EINVAL if it does not. */
static int read_limits(struct virtio_device *dev, const struct virtqueue *vq, struct queue_limits *l)
{
	unsigned segs = min(DATA_SEGS, virtqueue_max_segs(vq) - 2), bytes = 1u << 20;

	read_block_sizes(dev, l);
	if (virtio_has_feature(dev, VIRTIO_BLK_F_SEG_MAX))
		segs = min(segs, virtio_cread(dev, struct virtio_blk_config, seg_max));
	if (virtio_has_feature(dev, VIRTIO_BLK_F_SIZE_MAX))
		bytes = min(bytes, virtio_cread(dev, struct virtio_blk_config, size_max));
	l->max_segment_bytes = bytes & ~(SECTOR_SIZE - 1);
	if (l->max_segment_bytes)
		l->max_segments = segs / DIV_ROUND_UP(PAGE_SIZE, l->max_segment_bytes);
	l->max_sectors = MAX_SECTORS;
	l->write_cache = virtio_has_feature(dev, VIRTIO_BLK_F_FLUSH);
	if (virtio_has_feature(dev, VIRTIO_BLK_F_DISCARD)) {
		l->max_discard_sectors = virtio_cread(dev, struct virtio_blk_config, max_discard_sectors);
		l->discard_granularity = l->logical_block_size;
	}
	if (virtio_has_feature(dev, VIRTIO_BLK_F_WRITE_ZEROES))
		l->max_zeroes_sectors = virtio_cread(dev, struct virtio_blk_config, max_write_zeroes_sectors);
	return l->max_segments ? 0 : -EINVAL;
}

/*
 * Ask for the serial number, by looking and not by interrupt: nothing else is under way yet.
 * => -EIO: there was no answer, and the slot is the device's
 */
static int read_serial(struct virtio_blk *vb)
{
	struct slot *s = &vb->slot[0];
	struct virtio_seg seg[3];
	u64 until;
	u32 bytes;

	s->header.type = VIRTIO_BLK_T_GET_ID;
	s->header.reserved = 0;
	s->header.sector = 0;
	s->status = STATUS_NONE;
	seg[0] = seg_of(&s->header, sizeof(s->header));
	seg[1] = seg_of(s->id, ID_BYTES);
	seg[2] = seg_of(&s->status, 1);
	virtqueue_disable_cb(vb->vq);
	if (virtqueue_add(vb->vq, seg, 1, 2, vb))
		return -EIO;
	virtqueue_kick(vb->vq);
	for (until = arch_time_ticks() + SERIAL_SECONDS * arch_time_hz; arch_time_ticks() < until; arch_cpu_relax())
		if (virtqueue_get(vb->vq, &bytes)) {
			if (s->status == VIRTIO_BLK_S_OK)
				memcpy(vb->disk->serial, s->id, ID_BYTES);
			return 0;
		}
	pr_err("%s: no answer to the first request\n", vb->dev->name);
	return -EIO;
}

static struct gendisk *make_disk(struct virtio_blk *vb)
{
	static unsigned nr_disks;
	struct virtio_device *dev = vb->dev;
	struct gendisk *disk;

	if (nr_disks == 26)
		return NULL;
	disk = disk_alloc(VIRTBLK_MAJOR, nr_disks * DISK_MAX_PARTS,
			  virtio_cread(dev, struct virtio_blk_config, capacity));
	if (!disk || read_limits(dev, vb->vq, &disk->limits)) {
		disk_free(disk);
		return NULL;
	}
	disk->ops = &virtblk_ops;
	disk->private_data = vb;
	disk->read_only = virtio_has_feature(dev, VIRTIO_BLK_F_RO);
	snprintf(disk->name, sizeof(disk->name), "vd%c", 'a' + nr_disks++);
	snprintf(disk->parent, sizeof(disk->parent), "platform/%s", dev->name);
	return disk;
}

static int virtblk_probe(struct virtio_device *dev)
{
	struct virtio_blk *vb = kzalloc(sizeof(*vb), GFP_KERNEL);
	u64 bytes;

	if (!vb)
		return -ENOMEM;
	vb->dev = dev;
	vb->vq = virtio_find_vq(dev, 0, DISK_TAGS * 2, NULL, vb);
	vb->disk = vb->vq && virtqueue_max_segs(vb->vq) > 2 ? make_disk(vb) : NULL;
	if (!vb->disk) {
		kfree(vb);
		return -ENODEV;
	}
	virtio_device_ready(dev);
	if (read_serial(vb)) {
		virtio_reset(dev);
		disk_free(vb->disk);
		kfree(vb);
		return -EIO;
	}
	virtqueue_set_callback(vb->vq, virtblk_done);
	register_blkdev_major(VIRTBLK_MAJOR, "virtblk");
	bytes = vb->disk->part[0]->bd_nr_sectors << SECTOR_SHIFT;
	pr_info("%s: [%s] %llu %u-byte logical blocks (%llu MiB)%s\n", dev->name, vb->disk->name,
		(unsigned long long)bytes / vb->disk->limits.logical_block_size, vb->disk->limits.logical_block_size,
		(unsigned long long)bytes >> 20, vb->disk->read_only ? ", read-only" : "");
	disk_add(vb->disk);
	return 0;
}

const struct virtio_driver virtio_blk_driver = {
	.id = VIRTIO_ID_BLOCK,
	.features = BIT(VIRTIO_BLK_F_SIZE_MAX) | BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_RO) |
		    BIT(VIRTIO_BLK_F_BLK_SIZE) | BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_BLK_F_TOPOLOGY) |
		    BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES),
	.probe = virtblk_probe,
};
