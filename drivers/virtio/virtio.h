/*
 * drivers/virtio/virtio.h - devices that a hypervisor plays, and the rings that requests travel on.
 *
 * MODEL     A device has a configuration space, feature bits and virtqueues.  Bring-up, in this order
 *           (virtio 1.2, section 3.1): reset, ACKNOWLEDGE, DRIVER, features chosen, FEATURES_OK, queues
 *           found (virtio_find_vq), DRIVER_OK (virtio_device_ready).
 *           A virtqueue carries chains of segments that the device reads, then segments that it writes,
 *           and gives the token of each back when the device is done with it.
 *           What the device writes is input, and checked.  A ring that makes no sense is *broken*: it takes
 *           nothing more, and its owner fails what is under way (virtqueue_detach).
 * LOCKING   A virtqueue is its owner's, who calls with his own lock held, interrupts off if his callback
 *           takes it.
 * SEE       Virtual I/O Device (VIRTIO) Version 1.2, OASIS; sections by number below
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_VIRTIO_H
#define VELLUM_VIRTIO_H

#include "include/types.h"

/* Section 5: device IDs. */
#define VIRTIO_ID_BLOCK		2
#define VIRTIO_ID_RNG		4

/* Section 6: features that are no single kind of device's. */
#define VIRTIO_F_INDIRECT_DESC	28
#define VIRTIO_F_EVENT_IDX	29
#define VIRTIO_F_VERSION_1	32
#define VIRTIO_F_ACCESS_PLATFORM 33

/* Section 2.1: device status. */
#define VIRTIO_S_ACKNOWLEDGE	1
#define VIRTIO_S_DRIVER		2
#define VIRTIO_S_DRIVER_OK	4
#define VIRTIO_S_FEATURES_OK	8
#define VIRTIO_S_NEEDS_RESET	64
#define VIRTIO_S_FAILED		128

#define VIRTIO_MAX_VQS	8

struct virtio_device;
struct virtqueue;

struct virtio_driver {
	unsigned id;					/* VIRTIO_ID_* */
	u64 features;					/* bits it understands, beside those of the ring */
	int (*probe)(struct virtio_device *dev);	/* features are agreed upon; 0 or -errno */
};
extern const struct virtio_driver virtio_blk_driver, virtio_rng_driver;

struct virtio_device {
	char *regs;			/* (I) MMIO */
	bool legacy;			/* (I) the interface of before version 1.0 */
	unsigned id;			/* (I) */
	int irq;			/* (I) */
	char name[16];			/* (I) "virtio0" */
	u64 features;			/* (I) agreed upon */
	unsigned nr_vqs;		/* (I) once the device is ready */
	struct virtqueue *vq[VIRTIO_MAX_VQS];
	/* The device says that its configuration changed; from its interrupt.  NULL: nobody cares. */
	void (*config_changed)(struct virtio_device *dev);
	void *priv;			/* the driver's */
};

static inline bool virtio_has_feature(const struct virtio_device *dev, unsigned bit)
{
	return dev->features >> bit & 1;
}

/* ---- the device: mmio.c ------------------------------------------------------------------------ */

/* Queue @index, of @max entries at most; @callback comes from the interrupt.  NULL: it has none, or no memory. */
struct virtqueue *virtio_find_vq(struct virtio_device *dev, unsigned index, unsigned max,
				 void (*callback)(struct virtqueue *vq), void *data);
/* From here on requests may be made. */
void virtio_device_ready(struct virtio_device *dev);
/* Is it there, as it was made ready, and able to go on? */
bool virtio_device_works(const struct virtio_device *dev);
/* Stop it: it lets go of all memory.  Any context. */
void virtio_reset(struct virtio_device *dev);

/* @bytes of the configuration space from @offset on, as they are; consistent if the device counts changes. */
void virtio_config_read(struct virtio_device *dev, unsigned offset, void *buf, unsigned bytes);
#define virtio_cread(dev, structure, field) ({ \
	__typeof__(((structure *)0)->field) _v; \
	virtio_config_read(dev, offsetof(structure, field), &_v, sizeof(_v)); \
	_v; })

/* ---- a ring: ring.c ---------------------------------------------------------------------------- */

struct virtio_seg { phys_addr_t pa; u32 bytes; };

/*
 * Queue @seg[0 .. @out), which the device reads, and @seg[@out .. @out + @in), which it writes.
 * => 0, -ENOSPC: full, or more segments than one chain can have; -EIO: broken
 */
__must_check int virtqueue_add(struct virtqueue *vq, const struct virtio_seg *seg, unsigned out, unsigned in,
			       void *token);
/* Most segments of one chain. */
unsigned virtqueue_max_segs(const struct virtqueue *vq);
/* Tell the device of what was queued, if it wants to know. */
void virtqueue_kick(struct virtqueue *vq);
/* The token of a chain that the device has done, and how much it wrote; NULL: none, or broken. */
void *virtqueue_get(struct virtqueue *vq, u32 *bytes);
/* No interrupts, as far as the device listens; and again.  The second: is there something already? */
void virtqueue_disable_cb(struct virtqueue *vq);
__must_check bool virtqueue_enable_cb(struct virtqueue *vq);
bool virtqueue_is_broken(const struct virtqueue *vq);
/* From here on @callback comes from the interrupt.  => nothing is under way */
void virtqueue_set_callback(struct virtqueue *vq, void (*callback)(struct virtqueue *vq));
/* A broken ring, or one of a device that was reset: one token after the other that is still under way; NULL. */
void *virtqueue_detach(struct virtqueue *vq);
void *virtqueue_data(const struct virtqueue *vq);

/* For the transport: a ring of @num entries (a power of two) whose parts lie at these addresses. */
struct vring_addr { phys_addr_t desc, avail, used; };
struct virtqueue *vring_create(struct virtio_device *dev, unsigned index, unsigned num,
			       void (*callback)(struct virtqueue *vq), void *data, struct vring_addr *addr);
void vring_free(struct virtqueue *vq);
void vring_interrupt(struct virtqueue *vq);
/* From the ring: tell the device to look at queue @index. */
void virtio_notify(struct virtio_device *dev, unsigned index);

#endif
