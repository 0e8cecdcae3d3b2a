/*
 * mm/slab/slub_cache.c - slub's caches: made, shrunk, destroyed, counted, verified.
 *
 * MODEL     A cache's struct ends with one kmem_cache_cpu per hart and one pointer per node; it comes
 *           from the cache of caches, whose own struct lies in pages that kmem_cache_init() takes.
 *           Slab order: the smallest with room for a number of objects that grows with the harts,
 *           and little waste; 1/16 of the slab at first, then less strict.
 * LOCKING   slab_mutex for the list of caches; list_lock for a node's lists.
 * TESTS     test/host/mm/slab/test_slub.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/slub.h"

#define SLUB_MAX_ORDER	3u

static LIST_HEAD(slab_caches);
static struct kmem_cache *cache_cache, *node_cache;

/* ---- caches ----------------------------------------------------------------------------------- */

/* The order with which at most 1/@fraction is wasted and @min_objects fit; SLUB_MAX_ORDER + 1: none. */
static unsigned slab_order_for(unsigned size, unsigned min_objects, unsigned fraction)
{
	unsigned order = get_order((size_t)min_objects * size);

	for (; order <= SLUB_MAX_ORDER; order++) {
		unsigned bytes = PAGE_SIZE << order;

		if (bytes % size <= bytes / fraction)
			break;
	}
	return order;
}

static unsigned calculate_order(unsigned size)
{
	unsigned max_objects = (PAGE_SIZE << SLUB_MAX_ORDER) / size;
	unsigned min_objects = min(4 * (fls64(nr_harts) + 1), max_objects);

	for (; min_objects > 1; min_objects--)
		for (unsigned fraction = 16; fraction >= 4; fraction /= 2) {
			unsigned order = slab_order_for(size, min_objects, fraction);

			if (order <= SLUB_MAX_ORDER)
				return order;
		}
	return get_order(size);
}

/* Where the link of a free object goes: into it, unless somebody relies on its content. */
static void calculate_sizes(struct kmem_cache *s)
{
	unsigned size = ALIGN(s->object_size, 8u);

	s->offset = 0;
	if (s->ctor || s->flags & (SLAB_POISON | SLAB_TYPESAFE_BY_RCU | SLAB_RED_ZONE | SLAB_STORE_USER)) {
		if (s->flags & SLAB_RED_ZONE)
			size += sizeof(void *);
		s->inuse = s->offset = size;
		size += sizeof(void *);
	}
	if (cache_debug(s))
		size = debug_layout(s, size);
	s->size = ALIGN(size, s->align);
	s->order = calculate_order(s->size);
	s->min_order = get_order(s->size);
	s->min_partial = clamp((fls64(s->size) - 1) / 2, 5u, 10u);
	s->allocflags = s->flags & SLAB_RECLAIM_ACCOUNT ? __GFP_RECLAIMABLE : 0;
}

static size_t cache_struct_bytes(void)
{
	return sizeof(struct kmem_cache) + nr_harts * sizeof(struct kmem_cache_cpu) +
	       nr_node_ids * sizeof(struct kmem_cache_node *);
}

static void setup_cache(struct kmem_cache *s, const char *name, unsigned size, unsigned align,
			unsigned flags, void (*ctor)(void *))
{
	s->name = name;
	s->object_size = size;
	s->flags = flags | debug_flags_for(name);
	s->align = calculate_alignment(flags, align, size);
	s->ctor = ctor;
	s->node = (struct kmem_cache_node **)&s->cpu[nr_harts];
	calculate_sizes(s);
}

static void setup_node(struct kmem_cache *s, int nid, struct kmem_cache_node *n)
{
	spin_lock_init(&n->list_lock, RANK_SLAB);
	INIT_LIST_HEAD(&n->partial);
	INIT_LIST_HEAD(&n->full);
	s->node[nid] = n;
}

static void free_cache_struct(struct kmem_cache *s)
{
	for_each_online_node(nid)
		if (s->node[nid])
			kmem_cache_free(node_cache, s->node[nid]);
	kmem_cache_free(cache_cache, s);
}

static struct kmem_cache *create_cache(const char *name, unsigned size, unsigned align,
				       unsigned flags, void (*ctor)(void *))
{
	struct kmem_cache *s;

	if (!size || size > KMALLOC_MAX_SIZE / 2 || (align && !is_power_of_2(align)))
		return NULL;
	s = kmem_cache_zalloc(cache_cache, GFP_KERNEL);
	if (!s)
		return NULL;
	setup_cache(s, name, size, align, flags, ctor);
	for_each_online_node(nid) {
		struct kmem_cache_node *n = kmem_cache_zalloc(node_cache, GFP_KERNEL);

		if (!n) {
			free_cache_struct(s);
			return NULL;
		}
		setup_node(s, nid, n);
	}
	mutex_lock(&slab_mutex);
	list_add_tail(&s->list, &slab_caches);
	mutex_unlock(&slab_mutex);
	return s;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned size, unsigned align, unsigned flags,
				     void (*ctor)(void *))
{
	struct kmem_cache *s = create_cache(name, size, align, flags, ctor);

	if (!s && flags & SLAB_PANIC)
		panic("kmem_cache_create: no cache %s of %u bytes", name, size);
	return s;
}

unsigned kmem_cache_size(struct kmem_cache *s) { return s->object_size; }
const char *kmem_cache_name(struct kmem_cache *s) { return s->name; }

/* ---- shrinking, destroying --------------------------------------------------------------------- */

static void flush_this_hart(void *cache)
{
	unsigned long flags = arch_irq_save();

	flush_cpu_slab(cache, this_cpu(cache));
	arch_irq_restore(flags);
}

static void flush_all(struct kmem_cache *s)
{
	hartmask_t others = { 0 };

	flush_this_hart(s);
	for_each_hart_in(h, hart_online_mask)
		if (h != this_hart() && READ_ONCE(s->cpu[h].page))
			others.bits |= 1ul << h;
	if (others.bits)
		arch_call_on(others, flush_this_hart, s);
}

/* Move the empty slabs of @n to @empty. */
static void collect_empty(struct kmem_cache_node *n, struct list_head *empty)
{
	struct page *page, *next;
	unsigned long flags;

	spin_lock_irqsave(&n->list_lock, flags);
	list_for_each_entry_safe(page, next, &n->partial, lru)
		if (!page->inuse) {
			remove_partial(n, page);
			count_slab(n, page, -1);
			list_add(&page->lru, empty);
		}
	spin_unlock_irqrestore(&n->list_lock, flags);
}

static unsigned long discard_empty(struct kmem_cache *s)
{
	unsigned long left = 0;

	for_each_online_node(nid) {
		struct page *page, *next;
		LIST_HEAD(empty);

		collect_empty(s->node[nid], &empty);
		list_for_each_entry_safe(page, next, &empty, lru)
			discard_slab(s, page);
		left += s->node[nid]->nr_slabs;
	}
	return left;
}

int kmem_cache_shrink(struct kmem_cache *s)
{
	flush_all(s);
	return discard_empty(s) != 0;
}

static bool object_is_free(struct kmem_cache *s, struct page *page, void *obj)
{
	for (void *f = page->freelist; f; f = get_freepointer(s, f))
		if (f == obj)
			return true;
	return false;
}

static void name_live_objects(struct kmem_cache *s, struct list_head *slabs)
{
	struct page *page;

	list_for_each_entry(page, slabs, lru) {
		char *obj = first_object(s, page);

		for (unsigned i = 0; i < page->objects; i++, obj += s->size) {
			if (object_is_free(s, page, obj))
				continue;
			pr_err("Object 0x%p @offset=%lu\n", (void *)obj,
			       (unsigned long)(obj - (char *)page_to_virt(page)));
			debug_print_tracks(s, obj);
		}
	}
}

void kmem_cache_destroy(struct kmem_cache *s)
{
	if (!s)
		return;
	flush_all(s);
	if (discard_empty(s)) {
		pr_err("BUG %s: Objects remaining in %s on kmem_cache_destroy()\n", s->name, s->name);
		for_each_online_node(nid) {
			name_live_objects(s, &s->node[nid]->partial);
			name_live_objects(s, &s->node[nid]->full);
		}
		return;
	}
	mutex_lock(&slab_mutex);
	list_del(&s->list);
	mutex_unlock(&slab_mutex);
	free_cache_struct(s);
}

/* ---- figures ---------------------------------------------------------------------------------- */

struct kmem_cache *next_cache(struct kmem_cache *s)
{
	struct list_head *next = s ? s->list.next : slab_caches.next;

	return next == &slab_caches ? NULL : list_entry(next, struct kmem_cache, list);
}

static unsigned long count_free(struct kmem_cache_node *n)
{
	unsigned long flags, free = 0;
	struct page *page;

	spin_lock_irqsave(&n->list_lock, flags);
	list_for_each_entry(page, &n->partial, lru)
		free += page->objects - page->inuse;
	spin_unlock_irqrestore(&n->list_lock, flags);
	return free;
}

void get_slabinfo(struct kmem_cache *s, struct slabinfo *info)
{
	*info = (struct slabinfo){
		.objects_per_slab = (PAGE_SIZE << s->order) / s->size,
		.cache_order = s->order,
		.object_bytes = s->size,
	};
	for_each_online_node(nid) {
		struct kmem_cache_node *n = s->node[nid];

		info->num_slabs += n->nr_slabs;
		info->num_objs += n->total_objects;
		info->active_objs += n->total_objects - count_free(n);
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

/* ---- validator -------------------------------------------------------------------------------- */

/* Length of the list that starts at @obj, all of @page; -1 when it is broken. */
static long list_length(struct kmem_cache *s, struct page *page, void *obj)
{
	long n = 0;

	for (; obj; obj = get_freepointer(s, obj))
		if (!object_valid(s, page, obj) || ++n > page->objects)
			return -1;
	return n;
}

static bool slab_verify(struct kmem_cache *s, struct page *page)
{
	return PageSlab(page) && page->slab_cache == s &&
	       list_length(s, page, page->freelist) == page->objects - page->inuse;	/* U2 */
}

static bool node_verify(struct kmem_cache *s, int nid, unsigned long frozen, unsigned long frozen_objects)
{
	struct kmem_cache_node *n = s->node[nid];
	unsigned long partial = 0, full = 0, objects = 0;
	struct page *page;

	list_for_each_entry(page, &n->partial, lru) {
		partial++;
		objects += page->objects;
		if (!slab_verify(s, page) || page->frozen || !page->freelist)		/* U1, U3 */
			return false;
	}
	list_for_each_entry(page, &n->full, lru) {
		full++;
		objects += page->objects;
		if (!slab_verify(s, page) || page->frozen || page->freelist)
			return false;
	}
	return partial == n->nr_partial && partial + full + frozen == n->nr_slabs &&
	       objects + frozen_objects == n->total_objects;				/* U4 */
}

bool kmem_cache_verify(struct kmem_cache *s)
{
	for_each_online_node(nid) {
		unsigned long frozen = 0, objects = 0;

		for_each_hart(h) {
			struct kmem_cache_cpu *c = &s->cpu[h];

			if (!c->page || (int)page_to_nid(c->page) != nid)
				continue;
			frozen++;
			objects += c->page->objects;
			if (!c->page->frozen || !slab_verify(s, c->page) ||
			    list_length(s, c->page, c->freelist) < 0)
				return false;
		}
		if (!node_verify(s, nid, frozen, objects))
			return false;
	}
	return true;
}

/* ---- the first caches -------------------------------------------------------------------------- */

/* The caches of caches are made in pages of their own, for there is nothing else yet. */
void kmem_cache_init(void)
{
	unsigned nodes = nr_node_ids;
	size_t bytes = ALIGN(cache_struct_bytes(), 64ul), node_bytes = sizeof(struct kmem_cache_node);
	char *mem = alloc_pages_exact(2 * (bytes + nodes * ALIGN(node_bytes, 64ul)), GFP_KERNEL | __GFP_ZERO);

	if (!mem)
		panic("no memory for the first slab caches");
	cache_cache = (void *)mem;
	node_cache = (void *)(mem + bytes);
	mem += 2 * bytes;
	setup_cache(cache_cache, "kmem_cache", cache_struct_bytes(), 64, SLAB_PANIC, NULL);
	setup_cache(node_cache, "kmem_cache_node", node_bytes, 64, SLAB_PANIC, NULL);
	for_each_online_node(nid) {
		setup_node(cache_cache, nid, (void *)mem);
		setup_node(node_cache, nid, (void *)(mem + ALIGN(node_bytes, 64ul)));
		mem += 2 * ALIGN(node_bytes, 64ul);
	}
	list_add_tail(&cache_cache->list, &slab_caches);
	list_add_tail(&node_cache->list, &slab_caches);
	create_kmalloc_caches();
}
