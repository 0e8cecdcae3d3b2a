/*
 * mm/slab/slab.c - the slab back end with queues: Bonwick's allocator, with a magazine for each hart.
 *
 * MODEL     A slab is 2^order pages: a descriptor, some bytes of colour, and objects.  Free objects are not
 *           linked through themselves, but by number through the descriptor, so that a constructed object
 *           keeps its state.  Large objects would waste much of a page beside a descriptor: theirs are
 *           elsewhere (off-slab).  Successive slabs begin at different colours, so that objects of equal
 *           number do not all compete for the same lines of a data cache.
 *           Between users and slabs lie stacks of free objects, struct array_cache:
 *
 *               alloc, free      the hart's array: pop, push                      interrupts off
 *               empty, full      a batch from or to the node's shared array       list_lock
 *               or else          a batch of objects from slabs, or into them      list_lock
 *               far objects      the near node's alien array for the far node     its own lock
 *
 *           A node has its slabs on three lists; a refill takes partial ones first:
 *
 *               new --> free --first object--> partial --last--> full
 *                ^ given back      <--last object back--  <--first back--
 * INVARIANTS
 *   B1  free: inuse is 0; partial: 0 < inuse < num; full: inuse is num.
 *   B2  inuse + length of the chain that starts at slab->free = num; what arrays hold counts as in use.
 *   B3  free_objects of a node is the sum of those lengths.
 *   B4  A hart's array, and the shared array, hold objects of their own node only.
 *   B5  An array holds no more than its limit.
 * LOCKING   A hart's array: interrupts off, that hart only.  list_lock (rank slab): slabs and the shared
 *           array of a node.  An alien array's lock comes before the far node's list_lock.  Nothing is held
 *           while pages or descriptors are allocated or freed.
 * FAILURE   No pages: free objects of any other node; then NULL.
 * COST      Hot: about 18 instructions to allocate, 30 to free.  A batch costs one lock.
 * TESTS     test/host/mm/slab/test_slab.c
 * SEE       J. Bonwick, The Slab Allocator, 1994; J. Bonwick and J. Adams, Magazines and Vmem, 2001.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/memblock.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/slab_def.h"

/* ---- slabs -------------------------------------------------------------------------------------- */

static void count_pages(struct kmem_cache *s, struct page *page, int sign)
{
	mod_node_page_state(page_pgdat(page), slab_stat(s), sign * (1l << s->order));
}

static void destroy_slab(struct kmem_cache *s, struct slab *slab)
{
	struct page *page = slab->page;

	INV(B1, !slab->inuse && page->freelist == slab);
	count_pages(s, page, -1);
	__ClearPageSlab(page);
	page->slab_cache = NULL;
	page->freelist = NULL;
	if (s->off_slab)
		kfree(slab);
	slab_reclaimed(s->order);
	__free_pages(page, s->order);
}

void destroy_slabs(struct kmem_cache *s, struct list_head *empties)
{
	struct slab *slab, *next;

	list_for_each_entry_safe(slab, next, empties, list)
		destroy_slab(s, slab);
}

static void init_objects(struct kmem_cache *s, struct slab *slab)
{
	for (unsigned i = 0; i < s->num; i++) {
		slab->next_free[i] = i + 1 < s->num ? i + 1 : BUFCTL_END;
		if (s->ctor)
			s->ctor(index_to_obj(s, slab, i));
	}
	slab->free = 0;
	slab->inuse = 0;
}

/* The bytes by which the next slab of @n begins later than the last. */
static unsigned next_colour(struct kmem_cache *s, struct kmem_cache_node *n)
{
	unsigned long flags;
	unsigned colour;

	spin_lock_irqsave(&n->list_lock, flags);
	colour = n->colour_next++;
	if (n->colour_next > s->colour)
		n->colour_next = 0;
	spin_unlock_irqrestore(&n->list_lock, flags);
	return colour * s->colour_off;
}

/* Pages with a descriptor and free objects, on no list; or NULL. */
static struct slab *new_slab(struct kmem_cache *s, gfp_t gfp, int nid)
{
	struct page *page = alloc_pages_node(nid, gfp | (s->order ? __GFP_COMP : 0), s->order);
	unsigned colour;
	struct slab *slab;
	char *mem;

	if (!page)
		return NULL;
	mem = page_to_virt(page);
	colour = next_colour(s, s->node[page_to_nid(page)]);
	slab = s->off_slab ? kmalloc(s->slab_size, gfp & ~__GFP_RECLAIMABLE) : (void *)(mem + colour);
	if (!slab) {
		__free_pages(page, s->order);
		return NULL;
	}
	slab->page = page;
	slab->s_mem = mem + colour + (s->off_slab ? 0 : s->slab_size);
	init_objects(s, slab);
	page->slab_cache = s;
	page->freelist = slab;
	__SetPageSlab(page);
	count_pages(s, page, 1);
	return slab;
}

/* One more slab of free objects; its node, or -ENOMEM. */
static int grow(struct kmem_cache *s, gfp_t gfp, int nid)
{
	gfp_t ours = (gfp & ~(__GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_RECLAIMABLE)) | s->allocflags;
	struct slab *slab = new_slab(s, ours, nid);
	struct kmem_cache_node *n;
	unsigned long flags;

	if (!slab)
		return -ENOMEM;
	n = s->node[page_to_nid(slab->page)];
	spin_lock_irqsave(&n->list_lock, flags);
	list_add_tail(&slab->list, &n->free);
	n->free_objects += s->num;						/* B3 */
	n->nr_slabs++;
	spin_unlock_irqrestore(&n->list_lock, flags);
	return page_to_nid(slab->page);
}

/* ---- objects and slabs -------------------------------------------------------------------------- */

/* A slab of @n with a free object, or NULL.  => list_lock held */
static struct slab *usable_slab(struct kmem_cache_node *n)
{
	if (!list_empty(&n->partial))
		return list_first_entry(&n->partial, struct slab, list);
	n->free_touched = true;
	return list_first_entry_or_null(&n->free, struct slab, list);
}

/* Up to @nr objects of @n's slabs into @objs; how many there were.  => list_lock held */
static unsigned take_block(struct kmem_cache *s, struct kmem_cache_node *n, void **objs, unsigned nr)
{
	unsigned got = 0;
	struct slab *slab;

	while (got < nr && (slab = usable_slab(n))) {
		while (got < nr && slab->free != BUFCTL_END) {
			INV(B2, slab->free < s->num && slab->inuse < s->num);
			objs[got++] = index_to_obj(s, slab, slab->free);
			slab->free = slab->next_free[slab->free];
			slab->inuse++;
		}
		INV(B1, slab->inuse && (slab->free == BUFCTL_END) == (slab->inuse == s->num));
		list_move(&slab->list, slab->free == BUFCTL_END ? &n->full : &n->partial);
	}
	INV(B3, n->free_objects >= got);
	n->free_objects -= got;
	return got;
}

static void put_object(struct kmem_cache *s, struct slab *slab, void *obj)
{
	unsigned i = obj_to_index(s, slab, obj);

	INV(B2, i < s->num && index_to_obj(s, slab, i) == obj && slab->inuse > 0);
	slab->next_free[i] = slab->free;
	slab->free = i;
	slab->inuse--;
}

void free_block(struct kmem_cache *s, struct kmem_cache_node *n, void **objs, unsigned nr,
		struct list_head *empties)
{
	for (unsigned i = 0; i < nr; i++) {
		struct slab *slab = obj_to_slab(objs[i]);

		put_object(s, slab, objs[i]);
		n->free_objects++;
		if (slab->inuse) {
			list_move_tail(&slab->list, &n->partial);
		} else if (n->free_objects > n->free_limit) {
			INV(B3, n->free_objects >= s->num && n->nr_slabs > 0);
			n->free_objects -= s->num;
			n->nr_slabs--;
			list_move(&slab->list, empties);
		} else {
			list_move(&slab->list, &n->free);
		}
	}
}

/* ---- arrays ------------------------------------------------------------------------------------- */

/* Move up to @max of the objects on top of @from; how many. */
static unsigned transfer(struct array_cache *to, struct array_cache *from, unsigned max)
{
	unsigned nr = min(min(from->avail, max), to->limit - to->avail);

	INV(B5, from->avail <= from->limit && to->avail <= to->limit);
	if (!nr)
		return 0;
	memcpy(to->entry + to->avail, from->entry + from->avail - nr, nr * sizeof(void *));
	from->avail -= nr;
	to->avail += nr;
	to->touched = true;
	return nr;
}

/* A batch for the empty @ac, from what this node has; whether there was any.  => interrupts off */
static bool refill(struct kmem_cache *s, struct array_cache *ac)
{
	struct kmem_cache_node *n = s->node[numa_node_id()];

	spin_lock(&n->list_lock);
	if (!n->shared || !transfer(ac, n->shared, ac->batchcount))
		ac->avail += take_block(s, n, ac->entry + ac->avail, ac->batchcount);
	spin_unlock(&n->list_lock);
	return ac->avail;
}

/* Make room in the full @ac: the batch that lay longest goes.  => interrupts off */
static __noinline void flush_batch(struct kmem_cache *s, struct array_cache *ac)
{
	struct kmem_cache_node *n = s->node[numa_node_id()];
	unsigned batch = ac->batchcount, moved = 0;
	LIST_HEAD(empties);

	spin_lock(&n->list_lock);
	if (n->shared && n->shared->avail < n->shared->limit) {
		moved = min(batch, n->shared->limit - n->shared->avail);
		memcpy(n->shared->entry + n->shared->avail, ac->entry, moved * sizeof(void *));
		n->shared->avail += moved;
	} else {
		moved = batch;
		free_block(s, n, ac->entry, moved, &empties);
	}
	spin_unlock(&n->list_lock);
	INV(B5, moved <= ac->avail && (!n->shared || n->shared->avail <= n->shared->limit));
	ac->avail -= moved;
	memmove(ac->entry, ac->entry + moved, ac->avail * sizeof(void *));
	destroy_slabs(s, &empties);
}

void drain_alien(struct kmem_cache *s, struct array_cache *alien, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	LIST_HEAD(empties);

	spin_lock(&alien->lock);
	if (alien->avail) {
		spin_lock_nested(&n->list_lock);
		if (n->shared)
			transfer(n->shared, alien, alien->avail);
		free_block(s, n, alien->entry, alien->avail, &empties);
		alien->avail = 0;
		spin_unlock(&n->list_lock);
	}
	spin_unlock(&alien->lock);
	destroy_slabs(s, &empties);
}

/* @obj is of the far node @nid.  => interrupts off */
static __noinline void free_alien(struct kmem_cache *s, void *obj, int nid)
{
	struct kmem_cache_node *near = s->node[numa_node_id()], *n = s->node[nid];
	struct array_cache *alien = near->alien ? near->alien[nid] : NULL;
	LIST_HEAD(empties);
	bool kept = false;

	while (alien && !kept) {
		spin_lock(&alien->lock);
		kept = alien->avail < alien->limit;
		if (kept)
			alien->entry[alien->avail++] = obj;
		alien->touched = true;
		spin_unlock(&alien->lock);
		if (!kept)
			drain_alien(s, alien, nid);
	}
	if (kept)
		return;
	spin_lock(&n->list_lock);
	free_block(s, n, &obj, 1, &empties);
	spin_unlock(&n->list_lock);
	destroy_slabs(s, &empties);
}

/* ---- allocating ------------------------------------------------------------------------------------ */

/* One object of node @nid, past all arrays; or NULL. */
static void *take_one(struct kmem_cache *s, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	unsigned long flags;
	void *obj = NULL;

	spin_lock_irqsave(&n->list_lock, flags);
	if (!take_block(s, n, &obj, 1) && n->shared && n->shared->avail)
		obj = n->shared->entry[--n->shared->avail];
	spin_unlock_irqrestore(&n->list_lock, flags);
	return obj;
}

static void *take_one_of_any(struct kmem_cache *s)
{
	void *obj = NULL;

	for_each_online_node(nid)
		if (!obj)
			obj = take_one(s, nid);
	return obj;
}

/* One object of node @nid if that is possible.  => may sleep as @gfp says */
static void *alloc_one(struct kmem_cache *s, gfp_t gfp, int nid)
{
	void *obj;

	for (;;) {
		obj = take_one(s, nid);
		if (obj)
			return obj;
		nid = grow(s, gfp, nid);	/* which others may use up: again */
		if (nid < 0)
			return gfp & __GFP_THISNODE ? NULL : take_one_of_any(s);
	}
}

/* The hart's array is empty, or some are to fail.  => interrupts off; as @flags says on return */
static __noinline void *slab_alloc_slow(struct kmem_cache *s, gfp_t gfp, unsigned long flags)
{
	struct array_cache *ac = s->array[this_hart()];
	void *obj = NULL;

	if (unlikely(slab_failing && should_failslab(s, gfp, s->object_size))) {
		arch_irq_restore(flags);
		return NULL;
	}
	if (ac->avail || refill(s, ac))
		obj = ac->entry[--ac->avail];
	arch_irq_restore(flags);
	if (!obj)
		obj = alloc_one(s, gfp, numa_node_id());
	if (obj && unlikely(gfp & __GFP_ZERO))
		memset(obj, 0, s->object_size);
	return obj;
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	unsigned long flags = arch_irq_save();
	struct array_cache *ac = s->array[this_hart()];
	void *obj;

	if (unlikely(!ac->avail || slab_failing))
		return slab_alloc_slow(s, gfp, flags);
	ac->touched = true;
	obj = ac->entry[--ac->avail];
	INV(B4, (int)page_to_nid(obj_to_page(obj)) == numa_node_id());
	arch_irq_restore(flags);
	if (unlikely(gfp & __GFP_ZERO))
		return memset(obj, 0, s->object_size);
	return obj;
}

void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int nid)
{
	void *obj;

	if (nid == NUMA_NO_NODE || nid == numa_node_id() || !s->node[nid])
		return kmem_cache_alloc(s, gfp);
	if (unlikely(slab_failing && should_failslab(s, gfp, s->object_size)))
		return NULL;
	obj = alloc_one(s, gfp, nid);
	if (obj && gfp & __GFP_ZERO)
		memset(obj, 0, s->object_size);
	return obj;
}

/* ---- freeing ---------------------------------------------------------------------------------------- */

static __always_inline void slab_free(struct kmem_cache *s, struct page *page, void *obj)
{
	unsigned long flags = arch_irq_save();
	struct array_cache *ac = s->array[this_hart()];

	if (nr_node_ids > 1 && (int)page_to_nid(page) != numa_node_id()) {
		free_alien(s, obj, page_to_nid(page));			/* B4 */
	} else {
		if (unlikely(ac->avail >= ac->limit))
			flush_batch(s, ac);
		ac->touched = true;
		INV(B5, ac->avail < ac->limit);
		ac->entry[ac->avail++] = obj;
	}
	arch_irq_restore(flags);
}

void kmem_cache_free(struct kmem_cache *s, void *obj)
{
	struct page *page;
	struct slab_report r;

	if (unlikely(!obj))
		return;
	page = obj_to_page(obj);
	if (likely(page->slab_cache == s)) {
		slab_free(s, page, obj);
		return;
	}
	r = (struct slab_report){ .cache = s->name, .what = "Wrong slab cache", .object = obj };
	slab_report_wrong_cache(&r, PageSlab(page) ? page->slab_cache : NULL);
}

void kfree(const void *p)
{
	struct page *page;

	if (unlikely(ZERO_OR_NULL_PTR(p)))
		return;
	page = obj_to_page(p);
	if (likely(PageSlab(page)))
		slab_free(page->slab_cache, page, (void *)p);
	else
		kfree_large(page);
}

size_t ksize(const void *p)
{
	struct page *page;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	page = obj_to_page(p);
	return PageSlab(page) ? page->slab_cache->object_size : PAGE_SIZE << compound_order(page);
}
