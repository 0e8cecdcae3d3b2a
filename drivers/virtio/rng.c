/*
 * drivers/virtio/rng.c - a hypervisor's random numbers: seed for the pool, and /dev/hwrng.
 *
 * MODEL     One buffer.  At start it is filled and goes into the pool; a reader of /dev/hwrng waits until that
 *           has come, has the buffer filled again, and takes what comes then.
 * LOCKING   rng->mutex: one reader at a time uses the buffer; the interrupt only completes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/char/random.h"
#include "drivers/virtio/virtio.h"
#include "fs/chrdev.h"
#include "fs/file.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "include/uapi/errno.h"
#include "kernel/sync/completion.h"
#include "kernel/sync/mutex.h"
#include "lib/printk.h"
#include "mm/slab/slab.h"

#define BUFFER		64u
#define HWRNG_MINOR	183
#define WAIT_NS		(10ull * NSEC_PER_SEC)

struct virtio_rng {
	struct virtqueue *vq;
	struct mutex mutex;
	struct completion done;
	bool reader;			/* (A) it is for a reader: else what comes goes into the pool */
	bool under_way;			/* (mutex) a request: the buffer is the device's */
	u32 bytes;			/* what came */
	u8 buffer[BUFFER];
};

static struct virtio_rng *the_rng;	/* (I) the first; one is enough */

static void rng_done(struct virtqueue *vq)
{
	struct virtio_rng *rng = virtqueue_data(vq);
	u32 bytes;

	do {
		if (!virtqueue_get(vq, &bytes))
			continue;
		rng->bytes = min(bytes, BUFFER);
		if (!READ_ONCE(rng->reader))
			add_entropy(rng->buffer, rng->bytes, rng->bytes * 8);
		complete(&rng->done);
	} while (!virtqueue_is_broken(vq) && virtqueue_enable_cb(vq));
}

static int rng_request(struct virtio_rng *rng)
{
	struct virtio_seg seg = { virt_to_phys(rng->buffer), BUFFER };
	int rc = virtqueue_add(rng->vq, &seg, 0, 1, rng);

	if (!rc)
		virtqueue_kick(rng->vq);
	return rc;
}

/* Wait for the request under way, if there is one; 0 or -EIO.  => rng->mutex held */
static int rng_wait(struct virtio_rng *rng)
{
	if (rng->under_way && !wait_for_completion_timeout(&rng->done, WAIT_NS))
		return -EIO;
	rng->under_way = false;
	return 0;
}

/* Have the buffer filled for a reader; bytes, or -errno.  => rng->mutex held */
static int rng_fill(struct virtio_rng *rng)
{
	int rc = rng_wait(rng);

	if (rc)
		return rc;
	WRITE_ONCE(rng->reader, true);
	rc = rng_request(rng);
	if (rc)
		return rc;
	rng->under_way = true;
	rc = rng_wait(rng);
	return rc ? rc : (int)rng->bytes;
}

static ssize_t hwrng_read(struct file *file, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	struct virtio_rng *rng = the_rng;
	ssize_t done = 0;
	int rc = 0;

	if (mutex_lock_interruptible(&rng->mutex))
		return -ERESTARTSYS;
	while (to->count && !signal_pending()) {
		size_t n;

		if (done && file->f_flags & O_NONBLOCK)
			break;
		rc = rng_fill(rng);
		if (rc <= 0)
			break;
		n = copy_to_iter(rng->buffer, min_t(size_t, rc, to->count), to);
		done += n;
		if (!n)
			rc = -EFAULT;
		if (!n)
			break;
	}
	mutex_unlock(&rng->mutex);
	return done ? done : rc < 0 ? rc : signal_pending() ? -ERESTARTSYS : 0;
}

static const struct file_operations hwrng_fops = { .read = hwrng_read, .llseek = noop_llseek };

static int virtio_rng_probe(struct virtio_device *dev)
{
	struct virtio_rng *rng = kzalloc(sizeof(*rng), GFP_KERNEL);

	if (!rng)
		return -ENOMEM;
	mutex_init(&rng->mutex, RANK_SLEEP_LEAF);
	init_completion(&rng->done);
	rng->vq = virtio_find_vq(dev, 0, 8, rng_done, rng);
	if (!rng->vq) {
		kfree(rng);
		return -ENODEV;
	}
	virtio_device_ready(dev);
	rng->under_way = !rng_request(rng);
	if (the_rng || misc_register(HWRNG_MINOR, "hw_random", "hwrng", &hwrng_fops, 0600))
		return 0;
	the_rng = rng;
	pr_info("%s: random numbers of the hypervisor\n", dev->name);
	return 0;
}

const struct virtio_driver virtio_rng_driver = { .id = VIRTIO_ID_RNG, .probe = virtio_rng_probe };
