/*
 * drivers/virtio/ring.c - a split virtqueue: descriptors, what we offer, what the device returns.
 *
 * MODEL     Three parts in memory that both sides see: the descriptor table; the available ring, which we
 *           write; the used ring, which the device writes.  A chain is named by its first descriptor.
 *           With VIRTIO_F_INDIRECT_DESC each chain is one descriptor, which leads to a table of its own, made
 *           with the ring: requests of any length take one place, and adding one never allocates.
 *           With VIRTIO_F_EVENT_IDX each side says at which index it wants to be told next, instead of
 *           whether at all.
 *           All that we need to know of chains under way stands in `slot`, which the device cannot write:
 *           a device that scribbles over the ring harms its own requests only.
 * INVARIANTS
 *   V1  slot[i].token is not NULL exactly for the first descriptor of a chain under way.
 *   V2  nr_free descriptors are linked from free_head through slot[].next; the others belong to a chain.
 *   V3  The device returns a chain under way, once, and no more than there are; else the ring is broken.
 * LOCKING   the owner's.
 * COST      add: about 60 instructions and 12 a segment.
 * TESTS     test/host/drivers/virtio/test_ring.c
 * SEE       virtio 1.2, section 2.7
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/virtio/virtio.h"
#include "include/atomic.h"
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "mm/phys/gfp.h"
#include "mm/slab/slab.h"

#define DESC_F_NEXT	1
#define DESC_F_WRITE	2		/* the device writes it */
#define DESC_F_INDIRECT	4
#define AVAIL_F_NO_INTERRUPT 1
#define USED_F_NO_NOTIFY 1

#define INDIRECT_SEGS	66u		/* of one chain: 64 pieces of data, what goes before and after */

struct vring_desc { u64 addr; u32 len; u16 flags, next; };
struct vring_avail { u16 flags, idx; u16 ring[]; };	/* and used_event behind ring[num] */
struct vring_used_elem { u32 id, len; };
struct vring_used { u16 flags, idx; struct vring_used_elem ring[]; };	/* and avail_event */

struct vq_slot {
	void *token;			/* V1 */
	u16 next;			/* of the chain, or of the free ones */
	u16 nr;				/* descriptors of the chain that begins here */
};

struct virtqueue {
	struct virtio_device *dev;		/* (I) */
	unsigned index, num;			/* (I) */
	bool indirect, event_idx;		/* (I) */
	bool broken;				/* (A) */
	u16 free_head, nr_free;			/* V2 */
	u16 avail_idx;				/* what we wrote last, also where the device could write */
	u16 kicked_idx;				/* of it, what the device was told of */
	u16 used_idx;				/* next to look at */
	u16 nr_under_way;			/* chains */
	struct vring_desc *desc;		/* (I) */
	struct vring_avail *avail;		/* (I) */
	struct vring_used *used;		/* (I) the device writes it */
	void *memory;				/* (I) of all three */
	size_t bytes;				/* (I) */
	struct vring_desc *table;		/* (I) INDIRECT_SEGS for each descriptor */
	void (*callback)(struct virtqueue *vq);	/* (I) once requests are made */
	void *data;				/* (I) the owner's */
	struct vq_slot slot[];
};

/* ---- making one -------------------------------------------------------------------------------- */

static size_t used_offset(unsigned num)
{
	return ALIGN(num * sizeof(struct vring_desc) + (3 + num) * sizeof(u16), PAGE_SIZE);
}

static size_t ring_bytes(unsigned num)
{
	return used_offset(num) + 3 * sizeof(u16) + num * sizeof(struct vring_used_elem);
}

static size_t table_bytes(const struct virtqueue *vq)
{
	return vq->indirect ? vq->num * INDIRECT_SEGS * sizeof(struct vring_desc) : 0;
}

static u16 *used_event(struct virtqueue *vq) { return &vq->avail->ring[vq->num]; }
static u16 *avail_event(struct virtqueue *vq) { return (u16 *)&vq->used->ring[vq->num]; }

static void free_all_slots(struct virtqueue *vq)
{
	for (unsigned i = 0; i < vq->num; i++)
		vq->slot[i] = (struct vq_slot){ .next = i + 1 };
	vq->free_head = 0;
	vq->nr_free = vq->num;
}

struct virtqueue *vring_create(struct virtio_device *dev, unsigned index, unsigned num,
			       void (*callback)(struct virtqueue *vq), void *data, struct vring_addr *addr)
{
	struct virtqueue *vq = kzalloc(sizeof(*vq) + num * sizeof(vq->slot[0]), GFP_KERNEL);

	if (!vq)
		return NULL;
	vq->dev = dev;
	vq->index = index;
	vq->num = num;
	vq->callback = callback;
	vq->data = data;
	vq->indirect = virtio_has_feature(dev, VIRTIO_F_INDIRECT_DESC);
	vq->event_idx = virtio_has_feature(dev, VIRTIO_F_EVENT_IDX);
	vq->bytes = ring_bytes(num);
	vq->memory = alloc_pages_exact(vq->bytes, GFP_KERNEL | __GFP_ZERO);
	if (vq->memory && vq->indirect)
		vq->table = alloc_pages_exact(table_bytes(vq), GFP_KERNEL | __GFP_ZERO);
	if (!vq->memory || (vq->indirect && !vq->table)) {
		vring_free(vq);
		return NULL;
	}
	vq->desc = vq->memory;
	vq->avail = (struct vring_avail *)&vq->desc[num];
	vq->used = (struct vring_used *)((char *)vq->memory + used_offset(num));
	free_all_slots(vq);
	*addr = (struct vring_addr){ virt_to_phys(vq->desc), virt_to_phys(vq->avail), virt_to_phys(vq->used) };
	return vq;
}

void vring_free(struct virtqueue *vq)
{
	if (vq->table)
		free_pages_exact(vq->table, table_bytes(vq));
	if (vq->memory)
		free_pages_exact(vq->memory, vq->bytes);
	kfree(vq);
}

void *virtqueue_data(const struct virtqueue *vq) { return vq->data; }
bool virtqueue_is_broken(const struct virtqueue *vq) { return READ_ONCE(vq->broken); }

unsigned virtqueue_max_segs(const struct virtqueue *vq)
{
	return vq->indirect ? INDIRECT_SEGS : vq->num;
}

static void break_queue(struct virtqueue *vq, const char *why)
{
	if (!vq->broken)
		pr_err("%s: queue %u: %s: it is not used any more\n", vq->dev->name, vq->index, why);
	WRITE_ONCE(vq->broken, true);
}

/* ---- adding ------------------------------------------------------------------------------------ */

static void write_desc(struct vring_desc *d, const struct virtio_seg *seg, u16 flags, u16 next)
{
	*d = (struct vring_desc){ .addr = seg->pa, .len = seg->bytes, .flags = flags, .next = next };
}

static u16 seg_flags(unsigned i, unsigned out, unsigned nr)
{
	return (i >= out ? DESC_F_WRITE : 0) | (i + 1 < nr ? DESC_F_NEXT : 0);
}

/* The chain as a table of its own, and one descriptor that leads to it. */
static void add_indirect(struct virtqueue *vq, unsigned head, const struct virtio_seg *seg, unsigned out, unsigned nr)
{
	struct vring_desc *table = &vq->table[head * INDIRECT_SEGS];

	for (unsigned i = 0; i < nr; i++)
		write_desc(&table[i], &seg[i], seg_flags(i, out, nr), i + 1);
	vq->desc[head] = (struct vring_desc){
		.addr = virt_to_phys(table), .len = nr * sizeof(table[0]), .flags = DESC_F_INDIRECT,
	};
}

/* The chain in the ring's own table, along the free descriptors. */
static void add_direct(struct virtqueue *vq, unsigned head, const struct virtio_seg *seg, unsigned out, unsigned nr)
{
	unsigned d = head;

	for (unsigned i = 0; i < nr; i++) {
		write_desc(&vq->desc[d], &seg[i], seg_flags(i, out, nr), vq->slot[d].next);
		d = vq->slot[d].next;
	}
}

/* Take @nr descriptors from the free ones; the first. */
static unsigned take_slots(struct virtqueue *vq, unsigned nr, void *token)
{
	unsigned head = vq->free_head;

	for (unsigned i = 0; i < nr; i++)
		vq->free_head = vq->slot[vq->free_head].next;
	vq->nr_free -= nr;
	vq->slot[head].token = token;		/* V1 */
	vq->slot[head].nr = nr;
	vq->nr_under_way++;
	return head;
}

int virtqueue_add(struct virtqueue *vq, const struct virtio_seg *seg, unsigned out, unsigned in, void *token)
{
	unsigned nr = out + in, needed = vq->indirect ? 1 : nr, head;

	ASSERT(token && nr);
	if (vq->broken)
		return -EIO;
	if (nr > virtqueue_max_segs(vq) || vq->nr_free < needed)
		return -ENOSPC;
	head = vq->free_head;
	if (vq->indirect)
		add_indirect(vq, head, seg, out, nr);
	else
		add_direct(vq, head, seg, out, nr);
	take_slots(vq, needed, token);
	vq->avail->ring[vq->avail_idx & (vq->num - 1)] = head;
	vq->avail_idx++;
	smp_store_release(&vq->avail->idx, vq->avail_idx);	/* the chain before the index that shows it */
	return 0;
}

/* Section 2.7.10: did the index of what we offered pass the one at which the device wants to be told? */
static bool event_passed(u16 event, u16 new, u16 old)
{
	return (u16)(new - event - 1) < (u16)(new - old);
}

void virtqueue_kick(struct virtqueue *vq)
{
	u16 old = vq->kicked_idx;
	bool wanted;

	if (vq->broken || old == vq->avail_idx)
		return;
	smp_mb();	/* our index before its wish: the device writes the wish before it looks at the index */
	if (vq->event_idx)
		wanted = event_passed(READ_ONCE(*avail_event(vq)), vq->avail_idx, old);
	else
		wanted = !(READ_ONCE(vq->used->flags) & USED_F_NO_NOTIFY);
	vq->kicked_idx = vq->avail_idx;
	if (wanted)
		virtio_notify(vq->dev, vq->index);
}

/* ---- what comes back --------------------------------------------------------------------------- */

/* The chain that begins at @head is over: its descriptors are free (V2).  Its token. */
static void *put_slots(struct virtqueue *vq, unsigned head)
{
	struct vq_slot *first = &vq->slot[head];
	unsigned last = head, nr = first->nr;
	void *token = first->token;

	while (--nr)
		last = vq->slot[last].next;
	vq->slot[last].next = vq->free_head;
	vq->free_head = head;
	vq->nr_free += first->nr;
	first->token = NULL;
	vq->nr_under_way--;
	return token;
}

void *virtqueue_get(struct virtqueue *vq, u32 *bytes)
{
	struct vring_used_elem elem;
	u16 done;

	if (vq->broken)
		return NULL;
	done = smp_load_acquire(&vq->used->idx) - vq->used_idx;
	if (!done)
		return NULL;
	if (done > vq->nr_under_way) {		/* V3 */
		break_queue(vq, "more came back than was under way");
		return NULL;
	}
	elem = vq->used->ring[vq->used_idx & (vq->num - 1)];
	if (elem.id >= vq->num || !vq->slot[elem.id].token) {
		break_queue(vq, "what came back was not under way");
		return NULL;
	}
	*bytes = elem.len;
	vq->used_idx++;
	return put_slots(vq, elem.id);
}

void *virtqueue_detach(struct virtqueue *vq)
{
	for (unsigned i = 0; i < vq->num; i++)
		if (vq->slot[i].token)
			return put_slots(vq, i);
	return NULL;
}

/* With events: an index that it has just passed, which it will not pass again for a whole turn. */
void virtqueue_disable_cb(struct virtqueue *vq)
{
	if (vq->event_idx)
		WRITE_ONCE(*used_event(vq), vq->used_idx - 1);
	else
		WRITE_ONCE(vq->avail->flags, AVAIL_F_NO_INTERRUPT);
}

bool virtqueue_enable_cb(struct virtqueue *vq)
{
	if (vq->event_idx)
		WRITE_ONCE(*used_event(vq), vq->used_idx);
	else
		WRITE_ONCE(vq->avail->flags, 0);
	smp_mb();	/* our wish before its index: the device writes the index before it looks at the wish */
	return READ_ONCE(vq->used->idx) != vq->used_idx;
}

void virtqueue_set_callback(struct virtqueue *vq, void (*callback)(struct virtqueue *vq))
{
	WRITE_ONCE(vq->callback, callback);
	(void)!virtqueue_enable_cb(vq);
}

void vring_interrupt(struct virtqueue *vq)
{
	if (vq->callback)
		vq->callback(vq);
}
