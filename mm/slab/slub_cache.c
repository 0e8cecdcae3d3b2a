/*
 * mm/slab/slub_cache.c - slub's caches: laid out, shrunk, emptied, counted, verified.
 *
 * MODEL     A cache's struct ends with one kmem_cache_cpu per hart and one pointer per node; it comes
 *           from the cache of caches, whose own struct lies in pages that kmem_cache_init() takes.
 *           Slab order: the smallest with room for a number of objects that grows with the harts,
 *           and little waste; 1/16 of the slab at first, then less strict.
 *           Slabs that are full are on no list: who wants to see them all goes through the memory map.
 * INVARIANTS  (U1 to U6: slub.c)
 *   L1  An object, and the link that it holds while it is free, lie inside its share of the slab, which keeps the
 *       cache's alignment.
 *   L2  A slab of any order that may be tried holds an object.
 * LOCKING   list_lock for a node's list; the caller has slab_mutex where caches come and go.
 * TESTS     test/host/mm/slab/test_slub.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/slub.h"

const char slab_backend[] = "slub";
const bool slab_reap_wanted = false;
static struct kmem_cache *node_cache;

/* ---- layout ---------------------------------------------------------------------------------- */

static unsigned slub_max_order = 3, slub_min_order, slub_min_objects;

static int __init set_max_order(const char *value) { return kstrtouint(value, 0, &slub_max_order); }
static int __init set_min_order(const char *value) { return kstrtouint(value, 0, &slub_min_order); }
static int __init set_min_objects(const char *value) { return kstrtouint(value, 0, &slub_min_objects); }
PARAM("slub_max_order", set_max_order);
PARAM("slub_min_order", set_min_order);
PARAM("slub_min_objects", set_min_objects);

/* The order with which at most 1/@fraction is wasted and @min_objects fit; slub_max_order + 1: none. */
static unsigned slab_order_for(unsigned size, unsigned min_objects, unsigned fraction)
{
	unsigned order = max(get_order((size_t)min_objects * size), slub_min_order);

	for (; order <= slub_max_order; order++) {
		unsigned bytes = PAGE_SIZE << order;

		if (bytes % size <= bytes / fraction)
			break;
	}
	return order;
}

static unsigned calculate_order(unsigned size)
{
	unsigned max_objects = (PAGE_SIZE << slub_max_order) / size;
	unsigned wanted = slub_min_objects ? slub_min_objects : 4 * (fls64(nr_harts) + 1);

	for (unsigned objects = min(wanted, max_objects); objects > 1; objects--)
		for (unsigned fraction = 16; fraction >= 4; fraction /= 2) {
			unsigned order = slab_order_for(size, objects, fraction);

			if (order <= slub_max_order)
				return order;
		}
	return get_order(size);
}

/* A hart may hold about 120 objects or 16 KiB in slabs that it does not work on. */
static unsigned calculate_cpu_partial(const struct kmem_cache *s)
{
	return cache_debug(s) || PAGE_SIZE << s->order < 2 * s->size ? 0 : clamp(16384 / s->size, 1u, 120u);
}

/* A number that nobody can guess from outside, as far as that is possible so early. */
static unsigned long hiding_number(const struct kmem_cache *s)
{
	static unsigned long last;

	last = (last ^ arch_time_ticks() ^ (unsigned long)s) * 0x9e3779b97f4a7c15ul;
	last ^= last >> 29;
	return last | 1;
}

/* Where the link of a free object goes: into it, unless somebody relies on its content. */
static void calculate_sizes(struct kmem_cache *s)
{
	unsigned size = ALIGN(s->object_size, 8u);

	if (s->ctor || s->flags & (SLAB_POISON | SLAB_TYPESAFE_BY_RCU | SLAB_RED_ZONE | SLAB_STORE_USER)) {
		if (s->flags & SLAB_RED_ZONE)
			size += sizeof(void *);
		s->offset = size;
		size += sizeof(void *);
	}
	if (cache_debug(s))
		size = debug_layout(s, size);
	if (s->flags & SLAB_CONSISTENCY_CHECKS)
		s->random = hiding_number(s);
	s->size = ALIGN(size, s->align);
	s->order = calculate_order(s->size);
	s->min_order = get_order(s->size);
	INV(L1, s->object_size <= s->size && s->offset + sizeof(void *) <= s->size && IS_ALIGNED(s->size, s->align));
	INV(L2, s->order >= s->min_order && PAGE_SIZE << s->min_order >= s->size);
	s->min_partial = clamp((fls64(s->size) - 1) / 2, 5u, 10u);
	s->cpu_partial = calculate_cpu_partial(s);
	s->cpu_partial_slabs = slabs_for_objects(s, s->cpu_partial);
	s->allocflags = s->flags & SLAB_RECLAIM_ACCOUNT ? __GFP_RECLAIMABLE : 0;
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		s->min_partial = ~0u;		/* frees never give a slab back */
}

/* ---- making, emptying ------------------------------------------------------------------------ */

static size_t cache_struct_bytes(void)
{
	return sizeof(struct kmem_cache) + nr_harts * sizeof(struct kmem_cache_cpu) +
	       nr_node_ids * sizeof(struct kmem_cache_node *);
}

static void init_node(struct kmem_cache *s, int nid, struct kmem_cache_node *n)
{
	spin_lock_init(&n->list_lock, RANK_SLAB);
	INIT_LIST_HEAD(&n->partial);
	s->node[nid] = n;
}

int __kmem_cache_create(struct kmem_cache *s)
{
	calculate_sizes(s);
	s->node = (struct kmem_cache_node **)&s->cpu[nr_harts];
	for_each_online_node(nid) {
		struct kmem_cache_node *n = s->node[nid];

		if (!n)					/* at boot it is there */
			n = kmem_cache_zalloc(node_cache, GFP_KERNEL);
		if (!n) {
			__kmem_cache_release(s);
			return -ENOMEM;
		}
		init_node(s, nid, n);
	}
	return 0;
}

void __kmem_cache_release(struct kmem_cache *s)
{
	for_each_online_node(nid)
		kmem_cache_free(node_cache, s->node[nid]);
}

static void flush_this_hart(void *cache)
{
	unsigned long flags = arch_irq_save();

	flush_cpu_slabs(cache, this_cpu(cache));
	arch_irq_restore(flags);
}

void flush_all(struct kmem_cache *s)
{
	hartmask_t others = hartmask_none();

	flush_this_hart(s);
	for_each_hart_in(h, hart_online_mask)
		if (h != this_hart() && (READ_ONCE(s->cpu[h].page) || READ_ONCE(s->cpu[h].partial)))
			hartmask_add(&others, h);
	if (!hartmask_empty(others))
		arch_call_on(others, flush_this_hart, s);
}

/* Move the empty slabs of @n to @empty. */
static void collect_empty(struct kmem_cache_node *n, struct list_head *empty)
{
	struct page *page, *next;
	unsigned long flags;

	spin_lock_irqsave(&n->list_lock, flags);
	list_for_each_entry_safe(page, next, &n->partial, lru)
		if (!slab_read(page).inuse) {
			INV(U1, !slab_read(page).frozen);
			remove_partial(n, page);
			list_add(&page->lru, empty);
		}
	spin_unlock_irqrestore(&n->list_lock, flags);
}

int kmem_cache_shrink(struct kmem_cache *s)
{
	struct page *page, *next;
	long left = 0;
	LIST_HEAD(empty);

	flush_all(s);
	for_each_online_node(nid)
		collect_empty(s->node[nid], &empty);
	if (!list_empty(&empty))
		slab_wait_for_readers(s);
	list_for_each_entry_safe(page, next, &empty, lru)
		discard_slab(s, page);
	for_each_online_node(nid)
		left += atomic_long_read(&s->node[nid]->nr_slabs);
	return left != 0;
}

int __kmem_cache_shutdown(struct kmem_cache *s) { return kmem_cache_shrink(s); }

void slab_reap(void) {}				/* there are no queues to trim */

/* ---- every slab ------------------------------------------------------------------------------ */

void for_each_slab(struct kmem_cache *s, void (*fn)(struct kmem_cache *, struct page *, void *), void *data)
{
	for_each_populated_zone(z)
		for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn++) {
			struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;

			if (page && PageSlab(page) && page_zone(page) == z && READ_ONCE(page->slab_cache) == s)
				fn(s, page, data);
		}
}

bool object_is_free(struct kmem_cache *s, struct page *page, const void *obj)
{
	unsigned n = 0;

	for (void *f = slab_head(page, slab_read(page)); f && n <= page->objects; f = get_link(s, f), n++) {
		if (f == obj)
			return true;
		if (!object_valid(s, page, f))
			break;
	}
	return false;
}

static void report_live_in(struct kmem_cache *s, struct page *page, __maybe_unused void *data)
{
	char *obj = first_object(s, page);

	for (unsigned i = 0; i < page->objects; i++, obj += s->size)
		if (!object_is_free(s, page, obj))
			slab_report_live(s, obj, debug_track_alloc(s, obj));
}

void __kmem_cache_report_live(struct kmem_cache *s) { for_each_slab(s, report_live_in, NULL); }

struct track_walk {
	bool freed;
	void (*fn)(const struct slab_track *, void *);
	void *data;
};

static void walk_tracks(struct kmem_cache *s, struct page *page, void *data)
{
	struct kmem_cache_node *n = page_node(s, page);
	struct track_walk *w = data;
	unsigned long flags;

	spin_lock_irqsave(&n->list_lock, flags);
	for (unsigned i = 0; page->slab_cache == s && i < page->objects; i++) {
		char *obj = (char *)first_object(s, page) + (size_t)i * s->size;

		if (!object_is_free(s, page, obj))
			w->fn(w->freed ? debug_track_free(s, obj) : debug_track_alloc(s, obj), w->data);
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
}

void __kmem_cache_for_each_track(struct kmem_cache *s, bool freed,
				 void (*fn)(const struct slab_track *, void *), void *data)
{
	struct track_walk w = { freed, fn, data };

	if (s->flags & SLAB_STORE_USER)
		for_each_slab(s, walk_tracks, &w);
}

/* ---- figures --------------------------------------------------------------------------------- */

static unsigned long count_free(struct kmem_cache_node *n)
{
	unsigned long flags, free = 0;
	struct page *page;

	spin_lock_irqsave(&n->list_lock, flags);
	list_for_each_entry(page, &n->partial, lru)
		free += page->objects - slab_read(page).inuse;
	spin_unlock_irqrestore(&n->list_lock, flags);
	return free;
}

void get_slabinfo(struct kmem_cache *s, struct slabinfo *info)
{
	*info = (struct slabinfo){
		.objects_per_slab = (PAGE_SIZE << s->order) / s->size,
		.cache_order = s->order,
	};
	for_each_online_node(nid) {
		struct kmem_cache_node *n = s->node[nid];
		unsigned long objects = atomic_long_read(&n->total_objects);

		info->num_slabs += atomic_long_read(&n->nr_slabs);
		info->num_objs += objects;
		info->active_objs += objects - count_free(n);
	}
	info->active_slabs = info->num_slabs;
}

/* Exact: what harts hold ready is given back first. */
unsigned long slab_objects_in_use(struct kmem_cache *s)
{
	struct slabinfo info;

	flush_all(s);
	get_slabinfo(s, &info);
	return info.active_objs;
}

u16 slab_shared_locks(struct kmem_cache *s)
{
	u16 tickets = 0;

	for_each_online_node(nid)
		tickets += READ_ONCE(s->node[nid]->list_lock.owner);
	return tickets;
}

/* ---- validator ------------------------------------------------------------------------------- */

struct recount {
	unsigned long slabs, objects, frozen, listed;
	bool wrong;
};

/* Whether the free list of @page is as long as its counts say, and all of its own objects. */
static bool list_verify(struct kmem_cache *s, struct page *page, slab_state_t state)
{
	long free = page->objects - state.inuse;

	for (void *obj = slab_head(page, state); obj; obj = get_link(s, obj))
		if (!object_valid(s, page, obj) || --free < 0)
			return false;
	return !free;									/* U2 */
}

static void slab_verify(struct kmem_cache *s, struct page *page, void *data)
{
	slab_state_t state = slab_read(page);
	struct recount *r = data;

	r->slabs++;
	r->objects += page->objects;
	r->frozen += state.frozen;
	r->listed += !state.frozen && state.head;
	r->wrong |= !list_verify(s, page, state) || (cache_debug(s) && state.frozen);	/* U5 */
}

/* The frozen slabs that @c has; -1 if something is wrong with one. */
static long frozen_verify(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	long n = 0;

	if (c->page) {
		for (void *obj = c->freelist; obj; obj = fast_link(s, obj))
			if (!object_valid(s, c->page, obj))
				return -1;
		n += slab_read(c->page).frozen;
	}
	if (!c->page && (c->freelist || c->bytes))
		return -1;
	for (struct page *page = c->partial; page; page = page->next, n++)
		if (!slab_read(page).frozen || !slab_read(page).head)			/* U3 */
			return -1;
	return n == (c->page != NULL) + (long)c->nr_partial ? n : -1;
}

static bool partial_verify(struct kmem_cache *s, struct kmem_cache_node *n)
{
	unsigned long left = n->nr_partial;
	struct page *page;

	list_for_each_entry(page, &n->partial, lru)
		if (slab_read(page).frozen || !slab_read(page).head || page_node(s, page) != n || !left--)
			return false;
	return !left;
}

bool kmem_cache_verify(struct kmem_cache *s)
{
	struct recount r = { 0 };

	for_each_slab(s, slab_verify, &r);
	for_each_hart(h) {
		long n = frozen_verify(s, &s->cpu[h]);

		if (n < 0)
			return false;
		r.frozen -= n;
	}
	for_each_online_node(nid) {
		struct kmem_cache_node *n = s->node[nid];

		r.wrong |= !partial_verify(s, n);
		r.listed -= n->nr_partial;
		r.slabs -= atomic_long_read(&n->nr_slabs);				/* U4 */
		r.objects -= atomic_long_read(&n->total_objects);
	}
	return !r.wrong && !r.slabs && !r.objects && !r.frozen && !r.listed;		/* U1 */
}

static void validate_slab(struct kmem_cache *s, struct page *page, void *data)
{
	struct kmem_cache_node *n = page_node(s, page);
	unsigned long flags;

	spin_lock_irqsave(&n->list_lock, flags);
	if (page->slab_cache == s)
		*(unsigned *)data += debug_validate_slab(s, page);
	spin_unlock_irqrestore(&n->list_lock, flags);
}

unsigned kmem_cache_validate(struct kmem_cache *s)
{
	unsigned wrong = 0;

	if (cache_debug(s))
		for_each_slab(s, validate_slab, &wrong);
	return wrong;
}

/* ---- the first caches ------------------------------------------------------------------------ */

/* The caches of caches are made in pages of their own, for there is nothing else yet. */
void kmem_cache_init(void)
{
	size_t bytes = ALIGN(cache_struct_bytes(), 64ul), node_bytes = ALIGN(sizeof(struct kmem_cache_node), 64ul);
	char *mem = alloc_pages_exact(2 * (bytes + nr_node_ids * node_bytes), GFP_KERNEL | __GFP_ZERO);

	if (!mem)
		panic("no memory for the first slab caches");
	kmem_cache = (void *)mem;
	node_cache = (void *)(mem + bytes);
	mem += 2 * bytes;
	for (unsigned i = 0; i < 2; i++) {
		struct kmem_cache *s = i ? node_cache : kmem_cache;

		s->node = (struct kmem_cache_node **)&s->cpu[nr_harts];
		for_each_online_node(nid) {
			s->node[nid] = (void *)mem;
			mem += node_bytes;
		}
	}
	create_boot_cache(kmem_cache, "kmem_cache", cache_struct_bytes(), SLAB_PANIC);
	create_boot_cache(node_cache, "kmem_cache_node", sizeof(struct kmem_cache_node), SLAB_PANIC);
	create_kmalloc_caches();
}
