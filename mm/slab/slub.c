/*
 * mm/slab/slub.c - the default slab back end: slabs without queues.
 *
 * MODEL     A slab is 2^order pages full of objects of one cache; its first struct page says all
 *           about it: cache, first free object, how many are in use.  Free objects are linked
 *           through themselves.  Each hart works on one slab of each cache, whose free objects it
 *           has taken over onto a list of its own: allocating pops there, and freeing an object of
 *           that slab pushes there, with nothing but interrupts off.
 *
 *               hart's list        page->freelist        page state
 *               A -> B -> 0        C -> 0                frozen: a hart works on it; C was freed
 *                                                        by others
 *               -                  D -> E -> 0           partial: on the node's list
 *               -                  0                     full: on the node's other list
 *
 *             new_slab --install--> frozen --empty list--> full --free--> partial --take--> frozen
 *                                     |                                     |
 *                                     +-----------flush---------------------+--last free--> discarded
 * INVARIANTS
 *   U1  A slab is frozen by one hart, or on its node's partial or full list.
 *   U2  inuse + length of page->freelist = objects; what a hart's list holds counts as in use.
 *   U3  partial: 0 < length of page->freelist; full: it is empty.
 *   U4  nr_slabs and total_objects of a node count all its slabs.
 * LOCKING   A hart's list: interrupts off.  Lists, freelist and counts of all slabs of a node:
 *           node->list_lock (rank slab), not held while pages are allocated or freed.
 * FAILURE   If the preferred order is not to be had, the smallest that holds one object is tried; then
 *           any node's partial slabs; then NULL.
 * COST      Hot: about 15 instructions to allocate, 17 to free.
 * TESTS     test/host/mm/slab/test_slub.c (shadow of every object, simulated harts)
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/memblock.h"
#include "mm/phys/zone.h"
#include "mm/slab/slub.h"

#define SLUB_MAX_ORDER	3u

static LIST_HEAD(slab_caches);
static struct kmem_cache *cache_cache, *node_cache;

static inline struct kmem_cache_cpu *this_cpu(struct kmem_cache *s) { return &s->cpu[this_hart()]; }
static inline struct kmem_cache_node *page_node(struct kmem_cache *s, struct page *page)
{
	return s->node[page_to_nid(page)];
}
static inline enum node_stat_item slab_stat(const struct kmem_cache *s)
{
	return s->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;
}

/* ---- slabs ------------------------------------------------------------------------------------ */

static void init_object(struct kmem_cache *s, void *obj, void *next)
{
	if (unlikely(cache_debug(s)))
		debug_init_object(s, obj);
	if (s->ctor)
		s->ctor(obj);
	set_freepointer(s, obj, next);
}

static void link_objects(struct kmem_cache *s, struct page *page)
{
	char *obj = first_object(s, page);

	page->freelist = obj;
	for (unsigned i = 1; i < page->objects; i++, obj += s->size)
		init_object(s, obj, obj + s->size);
	init_object(s, obj, NULL);
}

static struct page *alloc_slab_pages(gfp_t gfp, int nid, unsigned order)
{
	return alloc_pages_node(nid, order ? gfp | __GFP_COMP : gfp, order);
}

/* A slab of free objects that nobody knows of yet. */
static struct page *new_slab(struct kmem_cache *s, gfp_t gfp, int nid)
{
	unsigned order = s->order;
	struct page *page = NULL;

	gfp = (gfp & ~(__GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_RECLAIMABLE)) | s->allocflags;
	if (order > s->min_order)
		page = alloc_slab_pages((gfp | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL, nid, order);
	else
		order = s->min_order;
	if (!page) {
		order = s->min_order;
		page = alloc_slab_pages(gfp, nid, order);
	}
	if (!page)
		return NULL;
	__SetPageSlab(page);
	page->slab_cache = s;
	page->objects = (PAGE_SIZE << order) / s->size;
	page->inuse = page->frozen = 0;
	link_objects(s, page);
	mod_node_page_state(page_pgdat(page), slab_stat(s), 1l << order);
	return page;
}

static inline unsigned slab_order(const struct page *page) { return PageHead(page) ? page[1].private : 0; }

/* => the slab is on no list and counted nowhere */
static void discard_slab(struct kmem_cache *s, struct page *page)
{
	unsigned order = slab_order(page);

	mod_node_page_state(page_pgdat(page), slab_stat(s), -(1l << order));
	__ClearPageSlab(page);
	page->slab_cache = NULL;
	page->freelist = NULL;
	__free_pages(page, order);
}

static void count_slab(struct kmem_cache_node *n, const struct page *page, int sign)
{
	n->nr_slabs += sign;				/* U4 */
	n->total_objects += sign * page->objects;
}

static void add_partial(struct kmem_cache_node *n, struct page *page)
{
	list_add_tail(&page->lru, &n->partial);
	n->nr_partial++;
}

static void remove_partial(struct kmem_cache_node *n, struct page *page)
{
	list_del(&page->lru);
	n->nr_partial--;
}

/* ---- a hart's slab ---------------------------------------------------------------------------- */

/*
 * Make @page this hart's slab and take over its free objects; the first of them.
 * => interrupts off, list_lock held, @page on no list, the hart has none
 */
static void *freeze_slab(struct kmem_cache *s, struct kmem_cache_cpu *c, struct page *page)
{
	void *obj = page->freelist;

	INV(U3, obj);
	page->freelist = NULL;
	page->inuse = page->objects;
	page->frozen = 1;
	c->page = page;
	c->base = (unsigned long)page_to_virt(page);
	c->bytes = PAGE_SIZE << slab_order(page);
	c->freelist = get_freepointer(s, obj);
	return obj;
}

/* Give the hart's slab back to its node.  => list_lock held; a slab to discard, or NULL */
static struct page *unfreeze_slab(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct page *page = c->page;
	struct kmem_cache_node *n = page_node(s, page);

	while (c->freelist) {
		void *obj = c->freelist;

		c->freelist = get_freepointer(s, obj);
		set_freepointer(s, obj, page->freelist);
		page->freelist = obj;
		page->inuse--;
	}
	c->page = NULL;
	c->base = c->bytes = 0;
	page->frozen = 0;
	if (!page->inuse && n->nr_partial >= s->min_partial) {
		count_slab(n, page, -1);
		return page;
	}
	if (page->freelist)
		add_partial(n, page);
	else
		list_add(&page->lru, &n->full);
	return NULL;
}

/* => interrupts off */
static void flush_cpu_slab(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct kmem_cache_node *n;
	struct page *empty;

	if (!c->page)
		return;
	n = page_node(s, c->page);
	spin_lock(&n->list_lock);
	empty = unfreeze_slab(s, c);
	spin_unlock(&n->list_lock);
	if (empty)
		discard_slab(s, empty);
}

/* What others freed into the hart's slab.  => list_lock of its node held */
static void *take_remote_frees(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	void *obj = c->page->freelist;

	if (obj) {
		c->page->freelist = NULL;
		c->page->inuse = c->page->objects;
		c->freelist = get_freepointer(s, obj);
	}
	return obj;
}

/* An object from slabs that exist.  => interrupts off */
static void *refill_from_node(struct kmem_cache *s, struct kmem_cache_cpu *c, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	void *obj = c->freelist;
	struct page *page;

	if (obj) {			/* filled while we slept */
		c->freelist = get_freepointer(s, obj);
		return obj;
	}
	if (c->page) {
		struct kmem_cache_node *own = page_node(s, c->page);

		spin_lock(&own->list_lock);
		obj = take_remote_frees(s, c);
		if (!obj)
			unfreeze_slab(s, c);		/* it is full: never to be discarded */
		spin_unlock(&own->list_lock);
	}
	if (obj || !READ_ONCE(n->nr_partial))
		return obj;
	spin_lock(&n->list_lock);
	page = list_first_entry_or_null(&n->partial, struct page, lru);
	if (page) {
		remove_partial(n, page);
		obj = freeze_slab(s, c, page);
	}
	spin_unlock(&n->list_lock);
	return obj;
}

/* Put the new @page to work.  => interrupts off */
static void *install_slab(struct kmem_cache *s, struct kmem_cache_cpu *c, struct page *page)
{
	struct kmem_cache_node *n = page_node(s, page);
	void *obj;

	spin_lock(&n->list_lock);
	count_slab(n, page, 1);
	if (!c->page) {
		obj = freeze_slab(s, c, page);
	} else {
		/* While we slept somebody gave this hart a slab. */
		obj = page->freelist;
		page->freelist = get_freepointer(s, obj);
		page->inuse++;
		if (page->freelist)
			add_partial(n, page);
		else
			list_add(&page->lru, &n->full);
	}
	spin_unlock(&n->list_lock);
	return obj;
}

static void *refill_from_any(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	void *obj = NULL;

	for_each_online_node(nid)
		if (!obj)
			obj = refill_from_node(s, c, nid);
	return obj;
}

/* ---- one object: of another node, or with debugging ---------------------------------------------- */

/* The first free object of @page is taken.  => list_lock held, @page is partial */
static void *pop_object(struct kmem_cache *s, struct kmem_cache_node *n, struct page *page)
{
	void *obj = page->freelist, *next = get_freepointer(s, obj);

	if (unlikely(cache_debug(s)) && next && !object_valid(s, page, next)) {
		debug_bad_link(s, page, obj);
		next = NULL;			/* the rest of the slab is lost */
		page->inuse = page->objects - 1;
	}
	page->freelist = next;
	page->inuse++;
	if (!next) {
		remove_partial(n, page);
		list_add(&page->lru, &n->full);
	}
	return obj;
}

/* One object of node @nid's partial slabs, which stay where they are.  => interrupts off */
static void *take_from_partial(struct kmem_cache *s, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	struct page *page;
	void *obj = NULL;

	spin_lock(&n->list_lock);
	do {
		page = list_first_entry_or_null(&n->partial, struct page, lru);
		obj = page ? pop_object(s, n, page) : NULL;
	} while (obj && unlikely(cache_debug(s)) && !debug_alloc(s, page, obj));
	spin_unlock(&n->list_lock);
	return obj;
}

static void *alloc_one(struct kmem_cache *s, gfp_t gfp, int nid)
{
	unsigned long flags = arch_irq_save();
	void *obj = take_from_partial(s, nid);

	arch_irq_restore(flags);
	if (!obj) {
		struct page *page = new_slab(s, gfp, nid);

		if (!page)
			return gfp & __GFP_THISNODE || cache_debug(s) ? NULL : kmem_cache_alloc(s, gfp);
		flags = arch_irq_save();
		spin_lock(&page_node(s, page)->list_lock);
		count_slab(page_node(s, page), page, 1);
		add_partial(page_node(s, page), page);
		spin_unlock(&page_node(s, page)->list_lock);
		obj = take_from_partial(s, page_to_nid(page));
		arch_irq_restore(flags);
	}
	if (obj && gfp & __GFP_ZERO)
		memset(obj, 0, s->object_size);
	return obj;
}

/* ---- allocating ------------------------------------------------------------------------------- */

/* The hart's list is empty.  => interrupts off; as @flags says on return */
static __noinline void *slab_alloc_slow(struct kmem_cache *s, gfp_t gfp, unsigned long flags)
{
	void *obj;

	if (unlikely(cache_debug(s))) {
		arch_irq_restore(flags);
		return alloc_one(s, gfp, numa_node_id());
	}
	obj = refill_from_node(s, this_cpu(s), numa_node_id());
	if (!obj) {
		struct page *page;

		arch_irq_restore(flags);
		page = new_slab(s, gfp, NUMA_NO_NODE);
		flags = arch_irq_save();
		obj = page ? install_slab(s, this_cpu(s), page) : refill_from_any(s, this_cpu(s));
	}
	arch_irq_restore(flags);
	if (obj && unlikely(gfp & __GFP_ZERO))
		memset(obj, 0, s->object_size);
	return obj;
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	unsigned long flags = arch_irq_save();
	struct kmem_cache_cpu *c = this_cpu(s);
	void *obj = c->freelist;

	if (unlikely(!obj))
		return slab_alloc_slow(s, gfp, flags);
	c->freelist = get_freepointer(s, obj);
	arch_irq_restore(flags);
	if (unlikely(gfp & __GFP_ZERO))
		return memset(obj, 0, s->object_size);
	return obj;
}

void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int nid)
{
	if (nid == NUMA_NO_NODE || nid == numa_node_id() || !s->node[nid])
		return kmem_cache_alloc(s, gfp);
	return alloc_one(s, gfp, nid);
}

/* ---- freeing ---------------------------------------------------------------------------------- */

/* @obj is not of this hart's slab.  => interrupts off; a slab to discard, or NULL */
static struct page *free_to_page(struct kmem_cache *s, struct page *page, void *obj)
{
	struct kmem_cache_node *n = page_node(s, page);
	struct page *empty = NULL;

	spin_lock(&n->list_lock);
	if (unlikely(cache_debug(s)) && !debug_free(s, page, obj))
		goto out;
	INV(U2, page->inuse > 0);
	if (!page->freelist && !page->frozen) {
		list_del(&page->lru);			/* full no more */
		add_partial(n, page);
	}
	set_freepointer(s, obj, page->freelist);
	page->freelist = obj;
	page->inuse--;
	if (unlikely(!page->inuse && !page->frozen && n->nr_partial > s->min_partial)) {
		remove_partial(n, page);
		count_slab(n, page, -1);
		empty = page;
	}
out:
	spin_unlock(&n->list_lock);
	return empty;
}

static __noinline void slab_free_slow(struct kmem_cache *s, void *obj, unsigned long flags)
{
	struct page *page = compound_head(virt_to_page(obj)), *empty;

	if (unlikely(!PageSlab(page) || page->slab_cache != s)) {
		arch_irq_restore(flags);
		pr_err("BUG %s: free of %p, which is not of this cache but of %s\n", s->name, obj,
		       PageSlab(page) ? page->slab_cache->name : "none");
		WARN_ON_ONCE("wrong cache");
		return;
	}
	empty = free_to_page(s, page, obj);
	arch_irq_restore(flags);
	if (empty)
		discard_slab(s, empty);
}

static __always_inline void slab_free(struct kmem_cache *s, void *obj)
{
	unsigned long flags = arch_irq_save();
	struct kmem_cache_cpu *c = this_cpu(s);

	if (unlikely((unsigned long)obj - c->base >= c->bytes)) {
		slab_free_slow(s, obj, flags);
		return;
	}
	set_freepointer(s, obj, c->freelist);
	c->freelist = obj;
	arch_irq_restore(flags);
}

void kmem_cache_free(struct kmem_cache *s, void *obj)
{
	if (likely(obj))
		slab_free(s, obj);
}

void kfree(const void *p)
{
	struct page *page;

	if (unlikely(ZERO_OR_NULL_PTR(p)))
		return;
	page = compound_head(virt_to_page(p));
	if (likely(PageSlab(page)))
		slab_free(page->slab_cache, (void *)p);
	else
		kfree_large(page);
}

size_t ksize(const void *p)
{
	struct page *page;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	page = compound_head(virt_to_page(p));
	return PageSlab(page) ? page->slab_cache->object_size : PAGE_SIZE << slab_order(page);
}

/* ---- in bulk ---------------------------------------------------------------------------------- */

unsigned kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, unsigned nr, void **objs)
{
	for (unsigned i = 0; i < nr; i++) {
		objs[i] = kmem_cache_alloc(s, gfp);
		if (!objs[i]) {
			kmem_cache_free_bulk(s, i, objs);
			return 0;
		}
	}
	return nr;
}

void kmem_cache_free_bulk(struct kmem_cache *s, unsigned nr, void **objs)
{
	for (unsigned i = 0; i < nr; i++)
		kmem_cache_free(s, objs[i]);
}

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
