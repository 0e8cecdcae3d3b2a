/*
 * test/host/drivers/virtio/test_ring.c - a virtqueue against a device that is honest, and against ones that lie.
 *
 * MODEL     The test is the device: it reads the ring by its physical addresses, as section 2.7 of virtio 1.2 says,
 *           holds every chain against the segments that were added, and returns them in any order.  Then
 *           it writes nonsense into all that a device may write, and the driver's side has to notice (V3)
 *           or to go on; AddressSanitizer watches.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: drivers/virtio/ring.c mm/pt/asid.c mm/pt/init_mm.c
#include "test/host/tap.h"
#include "drivers/virtio/virtio.h"
#include "mm/phys/gfp.h"
#include "test/host/arch/host.h"

#define NUM	16
#define SEGS	70

struct desc { u64 addr; u32 len; u16 flags, next; };
struct token { bool queued, seen; unsigned out, in; struct virtio_seg seg[SEGS]; };

static struct virtio_device dev = { .name = "virtio0" };
static struct virtqueue *vq;
static struct vring_addr ring;
static struct token token[NUM];
static u16 seen_avail, used_idx;
static u16 taken[NUM];			/* heads that the device has, in no order */
static unsigned nr_taken, notified;

/* With edges that AddressSanitizer watches. */
void *alloc_pages_exact(size_t bytes, __maybe_unused gfp_t gfp)
{
	void *p = shim_alloc(bytes);

	return p ? memset(p, 0, bytes) : NULL;
}
void free_pages_exact(void *va, __maybe_unused size_t bytes) { shim_free(va); }

void virtio_notify(__maybe_unused struct virtio_device *d, __maybe_unused unsigned index) { notified++; }

static struct desc *descs(void) { return phys_to_virt(ring.desc); }
static u16 *avail(void) { return phys_to_virt(ring.avail); }	/* flags, idx, ring[], used_event */
static u16 *used(void) { return phys_to_virt(ring.used); }	/* flags, idx, {u32 id, len}[], avail_event */

static void make(u64 features)
{
	dev.features = features;
	vq = vring_create(&dev, 0, NUM, NULL, NULL, &ring);
	CHECK(vq);
	memset(token, 0, sizeof(token));
	seen_avail = used_idx = nr_taken = 0;
}

/* Does the chain at @head say what @t asked for? */
static bool chain_is(const struct token *t, u16 head)
{
	const struct desc *table = descs(), *d = &table[head];
	unsigned nr = t->out + t->in;

	if (d->flags & 4) {
		if (d->len != nr * sizeof(*d))
			return false;
		table = phys_to_virt(d->addr);
		d = table;
	}
	for (unsigned i = 0; i < nr; i++, d = &table[d->next]) {
		if (d->addr != t->seg[i].pa || d->len != t->seg[i].bytes)
			return false;
		if (!!(d->flags & 2) != (i >= t->out) || !!(d->flags & 1) != (i + 1 < nr))
			return false;
		if (!(d->flags & 1))
			return i + 1 == nr;
	}
	return false;
}

/* The device looks at what is new: each chain is one that was queued and not seen. */
static void device_look(void)
{
	while (seen_avail != avail()[1]) {
		u16 head = avail()[2 + seen_avail++ % NUM];
		unsigned i;

		CHECK(head < NUM);
		for (i = 0; i < NUM; i++)
			if (token[i].queued && !token[i].seen && chain_is(&token[i], head))
				break;
		CHECK(i < NUM);
		token[i].seen = true;
		taken[nr_taken++] = head;
	}
}

static void device_return(u16 head, u32 bytes)
{
	u32 *elem = (u32 *)(used() + 2) + 2 * (used_idx % NUM);

	elem[0] = head;
	elem[1] = bytes;
	used()[1] = ++used_idx;
}

static void add_random(void)
{
	unsigned i = rnd_below(NUM), nr = 1 + rnd_below(rnd_one_in(10) ? SEGS : 5), free = 0;
	struct token *t = &token[i];
	int rc;

	if (t->queued)
		return;
	t->out = rnd_below(nr + 1);
	t->in = nr - t->out;
	for (unsigned s = 0; s < nr; s++)
		t->seg[s] = (struct virtio_seg){ rnd(), rnd() };
	for (unsigned n = 0; n < NUM; n++)
		free += token[n].queued ? token[n].out + token[n].in : 0;
	rc = virtqueue_add(vq, t->seg, t->out, t->in, t);
	if (nr > virtqueue_max_segs(vq) || (virtqueue_max_segs(vq) == NUM && free + nr > NUM))
		CHECK(rc == -ENOSPC);
	else
		CHECK(!rc);
	t->queued = !rc;
	t->seen = false;
}

static void return_random(void)
{
	unsigned n = rnd_below(nr_taken);

	device_return(taken[n], rnd());
	taken[n] = taken[--nr_taken];
}

static void get_all(void)
{
	struct token *t;
	u32 bytes;

	while ((t = virtqueue_get(vq, &bytes))) {
		CHECK(t->queued && t->seen);
		t->queued = false;
	}
}

static void test_honest(u64 features, const char *what)
{
	make(features);
	for (unsigned n = 0; n < 50000; n++) {
		switch (rnd_below(4)) {
		case 0:
		case 1:
			add_random();
			break;
		case 2:
			device_look();
			while (nr_taken && rnd_one_in(2))
				return_random();
			break;
		default:
			get_all();
		}
	}
	ok(!virtqueue_is_broken(vq), "50,000 steps with %s", what);
	vring_free(vq);
}

/* Section 2.7.10: with events, no kick is lost, and most are not sent. */
static void test_events(void)
{
	unsigned before;

	make(BIT(VIRTIO_F_EVENT_IDX) | BIT(VIRTIO_F_INDIRECT_DESC));
	before = notified;
	token[0].seg[0] = (struct virtio_seg){ 0, 1 };
	CHECK(!virtqueue_add(vq, token[0].seg, 1, 0, &token[0]));
	virtqueue_kick(vq);
	is_int(notified - before, 1, "the first chain is told of");
	CHECK(!virtqueue_add(vq, token[0].seg, 1, 0, &token[1]));
	virtqueue_kick(vq);
	virtqueue_kick(vq);
	is_int(notified - before, 1, "the next not, for the device has not asked again");
	*(u16 *)((u32 *)(used() + 2) + 2 * NUM) = 2;		/* avail_event: tell me of the third */
	CHECK(!virtqueue_add(vq, token[0].seg, 1, 0, &token[2]));
	virtqueue_kick(vq);
	is_int(notified - before, 2, "the third is");
	vring_free(vq);
}

/* Everything that a device may write becomes nonsense, at any moment. */
static void test_liars(void)
{
	unsigned broken = 0;

	for (unsigned round = 0; round < 3000; round++) {
		make(rnd_one_in(2) ? BIT(VIRTIO_F_INDIRECT_DESC) : rnd_one_in(2) ? BIT(VIRTIO_F_EVENT_IDX) : 0);
		for (unsigned n = 0; n < 40 && !virtqueue_is_broken(vq); n++) {
			u8 *p = (u8 *)used();
			void *got[4 * NUM];
			unsigned nr = 0;
			u32 bytes;

			add_random();
			for (unsigned k = rnd_below(4); k; k--)
				p[rnd_below(6 + 8 * NUM)] = rnd_one_in(2) ? rnd() : rnd_below(NUM);
			if (rnd_one_in(2))
				descs()[rnd_below(NUM)].next = rnd();	/* for the device: we must not use it */
			virtqueue_kick(vq);
			while (nr < 4 * NUM && (got[nr] = virtqueue_get(vq, &bytes)))
				((struct token *)got[nr++])->queued = false;
			CHECK(nr <= NUM);
			(void)!virtqueue_enable_cb(vq);
		}
		broken += virtqueue_is_broken(vq);
		for (struct token *t; (t = virtqueue_detach(vq)); ) {
			CHECK(t->queued);
			t->queued = false;
		}
		for (unsigned i = 0; i < NUM; i++)
			CHECK(!token[i].queued);
		vring_free(vq);
	}
	ok(broken > 100, "a device that lies is found out (%u of 3000), and every token comes back once", broken);
}

int main(void)
{
	host_arch_init(3, 1);
	test_honest(0, "descriptors in the ring");
	test_honest(BIT(VIRTIO_F_INDIRECT_DESC), "indirect descriptors");
	test_honest(BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX), "event indices");
	test_events();
	test_liars();
	FOR_EACH_ALLOC_FAILURE(
		({ vq = vring_create(&dev, 0, NUM, NULL, NULL, &ring); if (vq) vring_free(vq); }), !vq);
	is_int(shim_live_allocs(), 0, "nothing leaks");
	return done_testing();
}
