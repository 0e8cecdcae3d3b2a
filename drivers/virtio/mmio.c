/*
 * drivers/virtio/mmio.c - the virtio transport of machines without PCI: a page of registers for each device.
 *
 * MODEL     The tree has a node for each place where a device may be; one with device ID 0 is empty.
 *           Version 2 is the interface of virtio 1.0 and later: 64 feature bits, rings anywhere.  Version 1,
 *           "legacy", is what QEMU shows unless it is told otherwise: 32 feature bits, a ring in one
 *           piece at a page number, no FEATURES_OK.  Its configuration space has the guest's byte order,
 *           which here is little-endian as well.
 * FAILURE   A device that does not agree gets VIRTIO_S_FAILED, and is left alone.
 * SEE       virtio 1.2, sections 3.1, 4.2
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/irqchip/plic.h"
#include "drivers/of.h"
#include "drivers/virtio/virtio.h"
#include "include/io.h"
#include "include/ioport.h"
#include "include/machine.h"
#include "include/uapi/errno.h"
#include "kernel/irq.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kmap/ioremap.h"
#include "mm/slab/slab.h"

enum virtio_mmio_reg {
	REG_MAGIC = 0x000, REG_VERSION = 0x004, REG_DEVICE_ID = 0x008,
	REG_DEVICE_FEATURES = 0x010, REG_DEVICE_FEATURES_SEL = 0x014,
	REG_DRIVER_FEATURES = 0x020, REG_DRIVER_FEATURES_SEL = 0x024,
	REG_GUEST_PAGE_SIZE = 0x028,				/* legacy */
	REG_QUEUE_SEL = 0x030, REG_QUEUE_NUM_MAX = 0x034, REG_QUEUE_NUM = 0x038,
	REG_QUEUE_ALIGN = 0x03c, REG_QUEUE_PFN = 0x040,		/* legacy */
	REG_QUEUE_READY = 0x044, REG_QUEUE_NOTIFY = 0x050,
	REG_INTERRUPT_STATUS = 0x060, REG_INTERRUPT_ACK = 0x064, REG_STATUS = 0x070,
	REG_QUEUE_DESC = 0x080, REG_QUEUE_AVAIL = 0x090, REG_QUEUE_USED = 0x0a0,	/* low half, high half */
	REG_CONFIG_GENERATION = 0x0fc, REG_CONFIG = 0x100,
};

#define MAGIC		0x74726976u	/* "virt" */
#define INT_VRING	1u
#define INT_CONFIG	2u
#define CONFIG_TRIES	100		/* for one consistent read of a configuration that changes */

static const struct virtio_driver *const drivers[] = { &virtio_blk_driver, &virtio_rng_driver };

static u32 reg_read(const struct virtio_device *dev, unsigned reg) { return readl(dev->regs + reg); }
static void reg_write(struct virtio_device *dev, unsigned reg, u32 v) { writel(v, dev->regs + reg); }

static void reg_write64(struct virtio_device *dev, unsigned reg, u64 v)
{
	reg_write(dev, reg, v);
	reg_write(dev, reg + 4, v >> 32);
}

static void add_status(struct virtio_device *dev, u32 bits)
{
	reg_write(dev, REG_STATUS, reg_read(dev, REG_STATUS) | bits);
}

/* ---- queues ------------------------------------------------------------------------------------ */

void virtio_notify(struct virtio_device *dev, unsigned index)
{
	reg_write(dev, REG_QUEUE_NOTIFY, index);
}

static bool queue_is_free(struct virtio_device *dev, unsigned index)
{
	reg_write(dev, REG_QUEUE_SEL, index);
	return !reg_read(dev, dev->legacy ? REG_QUEUE_PFN : REG_QUEUE_READY);
}

/* The largest power of two that both sides can do; 0: there is no such queue. */
static unsigned queue_size(struct virtio_device *dev, unsigned max)
{
	unsigned num = min(reg_read(dev, REG_QUEUE_NUM_MAX), max);

	return num ? 1u << (fls64(num) - 1) : 0;
}

static void queue_start(struct virtio_device *dev, unsigned num, const struct vring_addr *addr)
{
	reg_write(dev, REG_QUEUE_NUM, num);
	if (dev->legacy) {
		reg_write(dev, REG_QUEUE_ALIGN, PAGE_SIZE);
		reg_write(dev, REG_QUEUE_PFN, addr->desc >> PAGE_SHIFT);
		return;
	}
	reg_write64(dev, REG_QUEUE_DESC, addr->desc);
	reg_write64(dev, REG_QUEUE_AVAIL, addr->avail);
	reg_write64(dev, REG_QUEUE_USED, addr->used);
	reg_write(dev, REG_QUEUE_READY, 1);
}

struct virtqueue *virtio_find_vq(struct virtio_device *dev, unsigned index, unsigned max,
				 void (*callback)(struct virtqueue *vq), void *data)
{
	struct vring_addr addr;
	struct virtqueue *vq;
	unsigned num;

	if (index >= VIRTIO_MAX_VQS || dev->vq[index] || !queue_is_free(dev, index))
		return NULL;
	num = queue_size(dev, max);
	vq = num ? vring_create(dev, index, num, callback, data, &addr) : NULL;
	if (!vq)
		return NULL;
	if (dev->legacy && addr.desc >> PAGE_SHIFT > ~0u) {	/* its page number has 32 bits */
		vring_free(vq);
		return NULL;
	}
	queue_start(dev, num, &addr);
	dev->vq[index] = vq;
	dev->nr_vqs = max(dev->nr_vqs, index + 1);
	return vq;
}

/* ---- configuration ----------------------------------------------------------------------------- */

static void config_read_once(struct virtio_device *dev, unsigned offset, void *buf, unsigned bytes)
{
	const char *from = dev->regs + REG_CONFIG + offset;

	switch (bytes) {	/* a number in one access of its size, 64 bits as two (section 4.2.2.2) */
	case 2:
		*(u16 *)buf = readw(from);
		return;
	case 4:
		*(u32 *)buf = readl(from);
		return;
	case 8:
		*(u64 *)buf = readl(from) | (u64)readl(from + 4) << 32;
		return;
	}
	for (unsigned i = 0; i < bytes; i++)
		((u8 *)buf)[i] = readb(from + i);
}

void virtio_config_read(struct virtio_device *dev, unsigned offset, void *buf, unsigned bytes)
{
	for (unsigned n = 0; n < CONFIG_TRIES; n++) {
		u32 before = dev->legacy ? 0 : reg_read(dev, REG_CONFIG_GENERATION);

		config_read_once(dev, offset, buf, bytes);
		if (dev->legacy || reg_read(dev, REG_CONFIG_GENERATION) == before)
			return;
	}
	pr_warn("%s: its configuration never stands still\n", dev->name);
}

/* ---- interrupts -------------------------------------------------------------------------------- */

static int virtio_mmio_interrupt(__maybe_unused int irq, void *data)
{
	struct virtio_device *dev = data;
	u32 status = reg_read(dev, REG_INTERRUPT_STATUS);

	if (!(status & (INT_VRING | INT_CONFIG)))
		return IRQ_NONE;
	reg_write(dev, REG_INTERRUPT_ACK, status);
	if (status & INT_CONFIG && dev->config_changed)
		dev->config_changed(dev);
	if (status & INT_VRING)
		for (unsigned i = 0; i < dev->nr_vqs; i++)
			if (dev->vq[i])
				vring_interrupt(dev->vq[i]);
	return IRQ_HANDLED;
}

/* ---- bringing one up --------------------------------------------------------------------------- */

void virtio_reset(struct virtio_device *dev)
{
	reg_write(dev, REG_STATUS, 0);
	(void)reg_read(dev, REG_STATUS);	/* it has arrived when it is answered */
}

bool virtio_device_works(const struct virtio_device *dev)
{
	u32 status = reg_read(dev, REG_STATUS);		/* all ones where no device is any more */

	return status & VIRTIO_S_DRIVER_OK && !(status & VIRTIO_S_NEEDS_RESET);
}

void virtio_device_ready(struct virtio_device *dev)
{
	add_status(dev, VIRTIO_S_DRIVER_OK);
}

static u64 read_features(struct virtio_device *dev)
{
	u64 features;

	reg_write(dev, REG_DEVICE_FEATURES_SEL, 1);
	features = dev->legacy ? 0 : (u64)reg_read(dev, REG_DEVICE_FEATURES) << 32;
	reg_write(dev, REG_DEVICE_FEATURES_SEL, 0);
	return features | reg_read(dev, REG_DEVICE_FEATURES);
}

static int agree_on_features(struct virtio_device *dev, const struct virtio_driver *drv)
{
	u64 ring = BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX) | BIT(VIRTIO_F_VERSION_1);
	u64 offered = read_features(dev);

	if (!dev->legacy && !(offered >> VIRTIO_F_VERSION_1 & 1))
		return -EINVAL;
	if (offered >> VIRTIO_F_ACCESS_PLATFORM & 1)
		pr_notice("%s: wants addresses of its platform; physical ones are given\n", dev->name);
	dev->features = offered & (drv->features | ring);
	if (!dev->legacy) {
		reg_write(dev, REG_DRIVER_FEATURES_SEL, 1);
		reg_write(dev, REG_DRIVER_FEATURES, dev->features >> 32);
	}
	reg_write(dev, REG_DRIVER_FEATURES_SEL, 0);
	reg_write(dev, REG_DRIVER_FEATURES, dev->features);
	if (dev->legacy)
		return 0;
	add_status(dev, VIRTIO_S_FEATURES_OK);
	return reg_read(dev, REG_STATUS) & VIRTIO_S_FEATURES_OK ? 0 : -EINVAL;
}

/* => undone by nobody: a device that failed is reset, and its memory freed by the caller */
static int bring_up(struct virtio_device *dev, const struct virtio_driver *drv)
{
	int rc;

	virtio_reset(dev);
	add_status(dev, VIRTIO_S_ACKNOWLEDGE);
	add_status(dev, VIRTIO_S_DRIVER);
	rc = agree_on_features(dev, drv);
	if (rc)
		return rc;
	if (dev->legacy)
		reg_write(dev, REG_GUEST_PAGE_SIZE, PAGE_SIZE);
	rc = request_irq(dev->irq, virtio_mmio_interrupt, dev, dev->name);
	if (rc)
		return rc;
	rc = drv->probe(dev);
	if (rc)
		free_irq(dev->irq, dev);
	return rc;
}

static void give_up(struct virtio_device *dev)
{
	virtio_reset(dev);
	add_status(dev, VIRTIO_S_FAILED);
	for (unsigned i = 0; i < dev->nr_vqs; i++)
		if (dev->vq[i])
			vring_free(dev->vq[i]);
}

static const struct virtio_driver *find_driver(unsigned id)
{
	for (unsigned i = 0; i < ARRAY_SIZE(drivers); i++)
		if (drivers[i]->id == id)
			return drivers[i];
	return NULL;
}

/* Who is behind these registers?  0: a device with a driver, which is @dev now; else -errno. */
static int identify(struct virtio_device *dev, const struct virtio_driver **drv)
{
	u32 version = reg_read(dev, REG_VERSION);

	if (reg_read(dev, REG_MAGIC) != MAGIC)
		return -ENODEV;
	dev->id = reg_read(dev, REG_DEVICE_ID);
	if (!dev->id)
		return -ENODEV;			/* an empty place */
	if (version != 1 && version != 2) {
		pr_warn("virtio-mmio: version %u is not known\n", version);
		return -ENODEV;
	}
	dev->legacy = version == 1;
	*drv = find_driver(dev->id);
	if (!*drv)
		pr_info("virtio-mmio: device type %u is not driven\n", dev->id);
	return *drv ? 0 : -ENODEV;
}

static int virtio_mmio_start(struct virtio_device *dev)
{
	static unsigned nr_devices;
	const struct virtio_driver *drv = NULL;
	int rc = identify(dev, &drv);

	if (rc)
		return rc;
	snprintf(dev->name, sizeof(dev->name), "virtio%u", nr_devices++);
	rc = bring_up(dev, drv);
	if (rc)
		give_up(dev);
	return rc;
}

static int virtio_mmio_probe(int node)
{
	struct virtio_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	const char *name = fdt_node_name(&boot_fdt, node);
	u64 base = 0, size = 0;
	int rc = dev ? 0 : -ENOMEM;

	if (!rc)
		rc = fdt_get_reg(&boot_fdt, node, 0, &base, &size);
	if (!rc)
		dev->irq = plic_find_irq(node, 0);
	if (!rc && (size <= REG_CONFIG || !dev->irq))
		rc = -EINVAL;
	if (rc)
		goto undo_dev;
	if (!request_mem_region(base, size, name)) {
		rc = -EBUSY;
		goto undo_dev;
	}
	dev->regs = ioremap(base, size);
	rc = dev->regs ? virtio_mmio_start(dev) : -ENOMEM;
	if (!rc)
		return 0;
	if (dev->regs)
		iounmap(dev->regs);
	release_mem_region(base, size);
undo_dev:
	kfree(dev);
	return rc;
}

DRIVER("virtio,mmio", virtio_mmio_probe);
