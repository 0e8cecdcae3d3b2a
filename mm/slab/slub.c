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
void discard_slab(struct kmem_cache *s, struct page *page)
{
	unsigned order = slab_order(page);

	mod_node_page_state(page_pgdat(page), slab_stat(s), -(1l << order));
	__ClearPageSlab(page);
	page->slab_cache = NULL;
	page->freelist = NULL;
	if (unlikely(current_base()->reclaim_state))
		current_base()->reclaim_state->reclaimed += 1ul << order;
	__free_pages(page, order);
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
void flush_cpu_slab(struct kmem_cache *s, struct kmem_cache_cpu *c)
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

#define KIND_SLAB	1u
#define KIND_TAIL	(1u << (PG_tail - PG_slab))
static __always_inline unsigned page_kind(const struct page *page)
{
	return page->flags >> PG_slab & (KIND_SLAB | KIND_TAIL);
}

void kfree(const void *p)
{
	struct page *page;
	unsigned kind;

	if (unlikely(ZERO_OR_NULL_PTR(p)))
		return;
	page = linear_to_page(p);
	kind = page_kind(page);
	if (unlikely(kind != KIND_SLAB)) {
		page = compound_head(page);
		if (!PageSlab(page)) {
			kfree_large(page);
			return;
		}
	}
	slab_free(page->slab_cache, (void *)p);
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
