/*
 * test/host/mm/reclaim/test_shrinker.c - who is asked for how much, and what is owed.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/reclaim/shrinker.c mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c
// SRCS: mm/phys/page_alloc.c mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c
// SRCS: mm/phys/movable.c mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c
// SRCS: mm/phys/vmstat_show.c mm/phys/page_owner.c mm/phys/page_debug.c
#include "test/host/mm/phys/machine.h"
#include "mm/reclaim/shrinker.h"

/* A cache of things that only exist as a number; with what it was asked for. */
struct fake {
	struct shrinker s;
	unsigned long have[4];			/* by node */
	unsigned long asked, calls, largest, nodes_seen;
	bool needs_fs;				/* gives nothing without __GFP_FS */
};

static unsigned long fake_count(struct shrinker *s, struct shrink_control *sc)
{
	return ((struct fake *)s)->have[sc->nid];
}

static unsigned long fake_scan(struct shrinker *s, struct shrink_control *sc)
{
	struct fake *f = (struct fake *)s;
	unsigned long n = min(sc->nr_to_scan, f->have[sc->nid]);

	f->calls++;
	f->nodes_seen |= 1ul << sc->nid;
	if (f->needs_fs && !(sc->gfp_mask & __GFP_FS))
		return SHRINK_STOP;
	f->asked += sc->nr_to_scan;
	f->largest = max(f->largest, sc->nr_to_scan);
	f->have[sc->nid] -= n;
	return n;
}

static struct fake *fake_new(unsigned long have, int seeks, unsigned flags)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->s = (struct shrinker){
		.count_objects = fake_count, .scan_objects = fake_scan, .name = "fake", .seeks = seeks,
		.flags = flags,
	};
	f->have[0] = have;
	register_shrinker(&f->s);
	return f;
}

static void begin(unsigned nodes)
{
	machine_begin();
	for (unsigned n = 0; n < nodes; n++)
		CHECK(!memblock_add_node(0x80000000 + n * 64 * MiB, 64 * MiB, n, 0));
	machine_boot(1);
}

void slab_shrink_all(void) { }

/* What is too little for a batch is not forgotten: over many calls the share is exact. */
static void share(void)
{
	struct fake *f;

	begin(1);
	f = fake_new(1000000, DEFAULT_SEEKS, 0);
	/* 1000000 >> 12 = 244; times 4, by 2 seeks: 488 a call, in batches of 128. */
	for (unsigned i = 0; i < 100; i++)
		shrink_slab(GFP_KERNEL, 0, 12);
	diag("%lu objects asked for in 100 calls, %lu at a time", f->asked, f->largest);
	CHECK(f->largest == 128 && f->asked % 128 == 0);
	CHECK(f->asked <= 48800 && f->asked > 48800 * 95 / 100);	/* there are fewer after each call */
	CHECK(vm_event(SLABS_SCANNED) == f->asked);

	f->have[0] = 100;				/* less than a batch: all of it, when it is pressing */
	atomic_long_set(&f->s.nr_deferred[0], 0);
	CHECK(!shrink_slab(GFP_KERNEL, 0, 12) && f->have[0] == 100);
	CHECK(shrink_slab(GFP_KERNEL, 0, 0) == 100 && !f->have[0]);
	CHECK(!shrink_slab(GFP_KERNEL, 0, 0));
	unregister_shrinker(&f->s);
	f->have[0] = 1000;
	CHECK(!shrink_slab(GFP_KERNEL, 0, 0) && f->have[0] == 1000);
	free(f);
}

static void seeks(void)
{
	struct fake *cheap, *dear;

	begin(1);
	cheap = fake_new(1 << 20, 0, 0);
	dear = fake_new(1 << 20, 8, 0);
	shrink_slab(GFP_KERNEL, 0, 12);
	CHECK(cheap->asked == 1 << 19);			/* costs nothing: half, at any priority */
	CHECK(dear->asked == 128);			/* 256 * 4 / 8 */
	CHECK(cheap->asked + dear->asked == vm_event(SLABS_SCANNED));
}

/* Who cannot give now owes it, up to twice what there is. */
static void deferred(void)
{
	struct fake *f;

	begin(1);
	f = fake_new(100000, DEFAULT_SEEKS, 0);
	f->needs_fs = true;
	for (unsigned i = 0; i < 50; i++)
		CHECK(!shrink_slab(GFP_NOFS, 0, 4));
	CHECK(f->calls == 50 && !f->asked);
	CHECK(atomic_long_read(&f->s.nr_deferred[0]) <= 200000);
	CHECK(shrink_slab(GFP_KERNEL, 0, 12) == 100000);
	CHECK(!f->have[0]);
}

static void nodes(void)
{
	struct fake *aware, *plain;

	begin(2);
	aware = fake_new(0, DEFAULT_SEEKS, SHRINKER_NUMA_AWARE);
	plain = fake_new(10000, DEFAULT_SEEKS, 0);
	aware->have[1] = 5000;
	CHECK(shrink_slab(GFP_KERNEL, 1, 0) == 15000);
	CHECK(aware->nodes_seen == 2 && plain->nodes_seen == 1);
	aware->have[0] = aware->have[1] = 300;
	plain->have[0] = 300;
	drop_slab();
	CHECK(!aware->have[0] && !aware->have[1] && !plain->have[0]);
}

static struct fake *second;
static unsigned long first_scan(struct shrinker *s, struct shrink_control *sc)
{
	second->have[0] += sc->nr_to_scan;	/* names that go leave inodes */
	return fake_scan(s, sc);
}

/* Dropping goes on while what one gives up makes another richer. */
static void chain(void)
{
	struct fake *first;

	begin(1);
	second = fake_new(0, DEFAULT_SEEKS, 0);
	first = fake_new(4096, DEFAULT_SEEKS, 0);	/* asked after the second */
	first->s.scan_objects = first_scan;
	drop_slab();
	CHECK(!first->have[0] && !second->have[0] && second->asked >= 4096);
}

int main(void)
{
	run_scenario(share, "the share asked for is exact over time");
	run_scenario(seeks, "what is dear to make again is asked for less");
	run_scenario(deferred, "what could not be given is owed, within bounds");
	run_scenario(nodes, "each node's own");
	run_scenario(chain, "drop_slab goes on while it is worth it");
	return done_testing();
}
