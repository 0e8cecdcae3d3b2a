/*
 * mm/slab/slub.c - the default slab back end: slabs without queues.
 *
 * MODEL     A slab is 2^order pages full of objects of one cache; its first struct page says all
 *           about it: cache, first free object, how many are in use.  Free objects are linked
 *           through themselves.  Each hart works on one slab of each cache, whose free objects it
 *           has taken over onto a list of its own: allocating pops there, and freeing an object of
 *           that slab pushes there, with nothing but interrupts off.  An object of any other slab is
 *           pushed onto that slab's own list, which is one word with the slab's counts: slab_state_t.
 *
 *               state     on which list          frees go to
 *               active    none: c->page          the hart's list; from other harts the slab's
 *               partial   its node's             the slab's
 *               held      a hart's, c->partial   the slab's
 *               full      none                   the slab's; the first makes it partial or held
 *
 *             new --install--> active --list empty--> full --first free, here--> held --refill--> active
 *                                |                      |                          |
 *                                +--flush--> partial <--+--elsewhere               +--too many--> partial
 *                                              |   |
 *                              active <--refill+   +--last free, enough are kept--> given back
 *           Freeing, by what the slab was:
 *
 *             this hart's        the hart's list, no atomic                         slab_free()
 *             another's active   its list: one compare-and-swap                     free_to_slab()
 *             held, or partial   the same
 *             partial, and now   the same under list_lock; off the node's list and given back, if the node
 *               none is in use     keeps enough without it                          after_free()
 *             full, near         its list, and frozen, by one compare-and-swap: nobody else knew of the slab,
 *                                  so this hart holds it without a lock             hold_slab()
 *             full, far          the same under list_lock, and onto its node's list settle()
 * INVARIANTS
 *   U1  A slab is frozen while it is active or held; it is on its node's list iff it is not frozen and has
 *       a free object on its own list.
 *   U2  inuse + length of the slab's list = objects; what a hart's own list holds counts as in use.
 *   U3  A held slab has a free object.
 *   U4  nr_slabs and total_objects of a node count all its slabs.
 *   U5  A cache with debugging has no frozen slab: all is done one by one, under list_lock.
 *   U6  What is on a hart's own list lies in its slab.
 * LOCKING   A hart's lists: interrupts off.  A node's list: list_lock (rank slab), not held while pages are
 *           allocated or freed.  slab_state: compare-and-swap.  Of changes that concern the node's list, the
 *           one that puts the slab there, and the one that empties it, are made under list_lock; a slab
 *           leaves the list before its state says so.  Hence pops, which only list_lock's holder or the
 *           freezing hart makes, never meet a list whose head left and came back.
 * FAILURE   If the preferred order is not to be had, the smallest that holds one object is tried; then
 *           any node's partial slabs; then NULL.
 * COST      Hot: about 15 instructions to allocate, 17 to free.
 * TESTS     test/host/mm/slab/test_slub.c (shadow of every object, simulated harts, threads),
 *           test/kernel/test_slab.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/kasan.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/memblock.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/slub.h"

/* ---- slabs ----------------------------------------------------------------------------------- */

static void init_object(struct kmem_cache *s, void *obj, void *next)
{
	if (unlikely(cache_debug(s)))
		debug_init_object(s, obj);
	if (s->ctor) {
		kasan_unpoison(obj, s->object_size);
		s->ctor(obj);
	}
	if (!(s->flags & SLAB_TYPESAFE_BY_RCU))
		kasan_poison(obj, s->object_size, KASAN_SLAB_REDZONE);
	set_link(s, obj, next);
}

static void link_objects(struct kmem_cache *s, struct page *page)
{
	char *obj = first_object(s, page);
	slab_state_t state = { .head = slab_offset(page, obj) };

	page->slab_state = state.word;
	for (unsigned i = 1; i < page->objects; i++, obj += s->size)
		init_object(s, obj, obj + s->size);
	init_object(s, obj, NULL);
}

static struct page *alloc_slab_pages(gfp_t gfp, int nid, unsigned order)
{
	return alloc_pages_node(nid, order ? gfp | __GFP_COMP : gfp, order);
}

static void count_slab(struct kmem_cache *s, struct page *page, int sign)
{
	struct kmem_cache_node *n = page_node(s, page);

	mod_node_page_state(page_pgdat(page), slab_stat(s), sign * (1l << compound_order(page)));
	atomic_long_add(sign, &n->nr_slabs);					/* U4 */
	atomic_long_add(sign * (long)page->objects, &n->total_objects);
	INV(U4, sign > 0 || (atomic_long_read(&n->nr_slabs) >= 0 && atomic_long_read(&n->total_objects) >= 0));
}

/* A slab of free objects, on no list. */
static struct page *new_slab(struct kmem_cache *s, gfp_t gfp, int nid)
{
	unsigned order = s->order;
	struct page *page = NULL;

	gfp = (gfp & ~(__GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_RECLAIMABLE)) | s->allocflags;
	if (order > s->min_order)
		page = alloc_slab_pages((gfp | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL, nid, order);
	if (!page) {
		order = s->min_order;
		page = alloc_slab_pages(gfp, nid, order);
	}
	if (!page)
		return NULL;
	__SetPageSlab(page);
	page->slab_cache = s;
	page->objects = (PAGE_SIZE << order) / s->size;
	kasan_poison(page_to_virt(page), PAGE_SIZE << order, KASAN_SLAB_REDZONE);
	link_objects(s, page);
	count_slab(s, page, 1);
	return page;
}

void discard_slab(struct kmem_cache *s, struct page *page)
{
	INV(U2, !slab_read(page).inuse);
	count_slab(s, page, -1);
	__ClearPageSlab(page);
	page->slab_cache = NULL;
	page->slab_state = page->objects = 0;
	slab_reclaimed(compound_order(page));
	__free_pages(page, compound_order(page));
}

/* ---- a hart's slabs -------------------------------------------------------------------------- */

/*
 * Take over the free list of the frozen @page, which stays frozen if it had one, and is full otherwise.
 * => interrupts off; the first free object, or NULL
 */
static void *take_free_list(struct page *page)
{
	slab_state_t old = slab_read(page), new;

	INV(U1, old.frozen);
	do {
		new = (slab_state_t){ .inuse = page->objects, .frozen = old.head != 0 };	/* U2 */
	} while (!slab_change(page, &old, new));
	return slab_head(page, old);
}

/* Make the frozen @page this hart's slab; its first object.  => interrupts off, the hart has none */
static void *activate(struct kmem_cache *s, struct kmem_cache_cpu *c, struct page *page)
{
	void *obj = take_free_list(page);

	INV(U3, obj);
	c->page = page;
	c->base = (unsigned long)page_to_virt(page);
	c->bytes = PAGE_SIZE << compound_order(page);
	c->freelist = fast_link(s, obj);
	return obj;
}

/* Put the hart's own free objects back on its slab's list, and end that it is frozen. */
static slab_state_t give_list_back(struct kmem_cache *s, struct kmem_cache_cpu *c, struct page *page)
{
	void *first = c->freelist, *last = NULL;
	slab_state_t old = slab_read(page), new;
	unsigned nr = 0;

	for (void *obj = first; obj; obj = fast_link(s, obj), nr++)
		last = obj;
	do {
		INV(U1, old.frozen);
		INV(U2, old.inuse >= nr && old.inuse <= page->objects);
		new = (slab_state_t){ .head = old.head, .inuse = old.inuse - nr };
		if (last) {
			set_fast_link(s, last, slab_head(page, old));
			new.head = slab_offset(page, first);
		}
	} while (!slab_change(page, &old, new));
	c->freelist = NULL;
	return new;
}

/* @page is not frozen any more, nor on a list.  => list_lock held; the page if it is to be discarded */
static struct page *settle(struct kmem_cache *s, struct kmem_cache_node *n, struct page *page,
			   slab_state_t state)
{
	INV(U1, !state.frozen);
	INV(U2, state.head || state.inuse == page->objects);
	if (!state.inuse && n->nr_partial >= s->min_partial)
		return page;
	if (state.head)
		add_partial(n, page);						/* U1 */
	return NULL;
}

static void deactivate(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct page *page = c->page, *empty;
	struct kmem_cache_node *n = page_node(s, page);

	c->page = NULL;
	c->base = c->bytes = 0;
	spin_lock(&n->list_lock);
	empty = settle(s, n, page, give_list_back(s, c, page));
	spin_unlock(&n->list_lock);
	if (empty)
		discard_slab(s, empty);
}

/* => list_lock held */
static struct page *unfreeze(struct kmem_cache *s, struct kmem_cache_node *n, struct page *page)
{
	slab_state_t old = slab_read(page), new;

	INV(U1, old.frozen);
	INV(U3, old.head);
	do {
		new = old;
		new.frozen = 0;
	} while (!slab_change(page, &old, new));
	return settle(s, n, page, new);
}

/* All held slabs to their nodes.  => interrupts off */
static void release_held(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct page *page = c->partial, *empties = NULL;

	c->partial = NULL;
	c->nr_partial = 0;
	while (page) {
		struct kmem_cache_node *n = page_node(s, page);

		spin_lock(&n->list_lock);
		while (page && page_node(s, page) == n) {
			struct page *next = page->next;

			if (unfreeze(s, n, page)) {
				page->next = empties;
				empties = page;
			}
			page = next;
		}
		spin_unlock(&n->list_lock);
	}
	while (empties) {
		struct page *next = empties->next;

		discard_slab(s, empties);
		empties = next;
	}
}

/* => interrupts off, list_lock not held unless there is room; @page is frozen and on no list */
static void hold_slab(struct kmem_cache *s, struct kmem_cache_cpu *c, struct page *page)
{
	INV(U1, slab_read(page).frozen);
	INV(U3, slab_read(page).head);
	if (c->nr_partial >= s->cpu_partial_slabs)
		release_held(s, c);
	page->next = c->partial;
	c->partial = page;
	c->nr_partial++;
}

void flush_cpu_slabs(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	if (c->page)
		deactivate(s, c);
	if (c->partial)
		release_held(s, c);
}

/* ---- refilling ------------------------------------------------------------------------------- */

/* Take @page off its node's list for this hart.  => list_lock held */
static void freeze(struct kmem_cache_node *n, struct page *page)
{
	slab_state_t old = slab_read(page), new;

	INV(U1, !old.frozen && old.head);
	remove_partial(n, page);
	do {
		new = old;
		new.frozen = 1;
	} while (!slab_change(page, &old, new));
}

/* A frozen slab of node @nid, and some more to hold; or NULL.  => interrupts off */
static struct page *take_partial(struct kmem_cache *s, struct kmem_cache_cpu *c, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	struct page *page, *next, *taken = NULL;

	if (!READ_ONCE(n->nr_partial))
		return NULL;
	spin_lock(&n->list_lock);
	list_for_each_entry_safe(page, next, &n->partial, lru) {
		if (taken && c->nr_partial >= s->cpu_partial_slabs / 2)
			break;
		freeze(n, page);
		if (taken)
			hold_slab(s, c, page);
		else
			taken = page;
	}
	spin_unlock(&n->list_lock);
	return taken;
}

/* An object from slabs that exist.  => interrupts off */
static void *refill(struct kmem_cache *s, struct kmem_cache_cpu *c, int nid)
{
	void *obj = c->freelist;	/* it may have been filled while we slept */
	struct page *page;

	if (!obj && c->page)
		obj = take_free_list(c->page);			/* what others freed meanwhile */
	if (obj) {
		c->freelist = fast_link(s, obj);
		return obj;
	}
	c->page = NULL;						/* it is full */
	c->base = c->bytes = 0;
	page = c->partial;
	INV(U3, !page == !c->nr_partial);
	if (page) {
		c->partial = page->next;
		c->nr_partial--;
	} else {
		page = take_partial(s, c, nid);
	}
	return page ? activate(s, c, page) : NULL;
}

static void *refill_from_any(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	void *obj = NULL;

	for_each_online_node(nid)
		if (!obj)
			obj = refill(s, c, nid);
	return obj;
}

/* Put the new @page to work, and what the hart got while we slept aside.  => interrupts off */
static void *install(struct kmem_cache *s, struct kmem_cache_cpu *c, struct page *page)
{
	slab_state_t state = slab_read(page);

	if (c->page)
		deactivate(s, c);
	state.frozen = 1;
	page->slab_state = state.word;		/* nobody else has seen it */
	return activate(s, c, page);
}

/* ---- one object: of another node, with debugging, or while some are to fail -------------------- */

/* Nothing is left to harts to be fast with. */
static bool one_by_one(const struct kmem_cache *s) { return cache_debug(s) || READ_ONCE(slab_failing); }

/*
 * Take the first free object of @page, which is on its node's list.  It leaves the list before it is seen to
 * be full, since the first free into a full slab puts it on another.
 * => list_lock held
 */
static void *pop_object(struct kmem_cache *s, struct kmem_cache_node *n, struct page *page)
{
	slab_state_t old = slab_read(page), new;
	bool listed = true;
	void *obj, *next;

	do {
		INV(U1, !old.frozen && old.head);
		obj = slab_head(page, old);
		next = get_link(s, obj);
		new = (slab_state_t){ .inuse = old.inuse + 1 };
		if (unlikely(cache_debug(s)) && next && !object_valid(s, page, next)) {
			debug_bad_link(s, page, obj);
			next = NULL;
			new.inuse = page->objects;		/* the rest of the slab is lost */
		}
		new.head = slab_offset(page, next);
		if (!next && listed) {
			remove_partial(n, page);
			listed = false;
		}
	} while (!slab_change(page, &old, new));
	if (next && !listed)
		add_partial(n, page);
	return obj;
}

/* One object of node @nid's partial slabs, which stay where they are.  => interrupts off, list_lock held */
static void *pop_partial(struct kmem_cache *s, struct kmem_cache_node *n)
{
	struct page *page;
	void *obj;

	do {
		page = list_first_entry_or_null(&n->partial, struct page, lru);
		obj = page ? pop_object(s, n, page) : NULL;
	} while (obj && unlikely(cache_debug(s)) && !debug_alloc(s, page, obj));
	return obj;
}

static void *alloc_one(struct kmem_cache *s, gfp_t gfp, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	unsigned long flags;
	struct page *page;
	void *obj;

	if (READ_ONCE(slab_failing) && should_failslab(s, gfp, s->object_size))
		return NULL;
	spin_lock_irqsave(&n->list_lock, flags);
	obj = pop_partial(s, n);
	spin_unlock_irqrestore(&n->list_lock, flags);
	if (!obj) {
		page = new_slab(s, gfp, nid);
		if (!page)
			return gfp & __GFP_THISNODE || one_by_one(s) ? NULL : kmem_cache_alloc(s, gfp);
		n = page_node(s, page);
		spin_lock_irqsave(&n->list_lock, flags);
		add_partial(n, page);
		obj = pop_partial(s, n);
		spin_unlock_irqrestore(&n->list_lock, flags);
	}
	if (obj && unlikely(cache_debug(s)))
		debug_allocated(s, obj);
	if (IS_KASAN && obj)
		kasan_slab_alloc(obj, s->object_size, s->size);
	if (obj && gfp & __GFP_ZERO)
		memset(obj, 0, s->object_size);
	return obj;
}

/* ---- allocating ------------------------------------------------------------------------------ */

/* The hart's list is empty.  => interrupts off; as @flags says on return */
static __noinline void *slab_alloc_slow(struct kmem_cache *s, gfp_t gfp, unsigned long flags)
{
	struct page *page;
	void *obj;

	if (unlikely(one_by_one(s))) {
		arch_irq_restore(flags);
		return alloc_one(s, gfp, numa_node_id());
	}
	obj = refill(s, this_cpu(s), numa_node_id());
	if (!obj) {
		arch_irq_restore(flags);
		page = new_slab(s, gfp, NUMA_NO_NODE);
		flags = arch_irq_save();
		obj = page ? install(s, this_cpu(s), page) : refill_from_any(s, this_cpu(s));
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
	INV(U6, (unsigned long)obj - c->base < c->bytes);
	c->freelist = fast_link(s, obj);
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

/* ---- freeing --------------------------------------------------------------------------------- */

/* A slab that gets its first free object is held by the hart that freed it, if that is near. */
static bool worth_holding(const struct kmem_cache *s, const struct page *page)
{
	return s->cpu_partial_slabs && !READ_ONCE(slab_failing) && (int)page_to_nid(page) == numa_node_id();
}

/* @obj of @page went back, which took list_lock; what its node's list needs; the page if it is to be discarded */
static struct page *after_free(struct kmem_cache *s, struct kmem_cache_node *n, struct page *page,
			       slab_state_t new, bool was_full)
{
	if (new.frozen)
		return NULL;
	if (was_full)
		return settle(s, n, page, new);
	if (new.inuse || n->nr_partial <= s->min_partial)
		return NULL;
	remove_partial(n, page);
	return page;
}

/*
 * @nr objects of @page, linked from @head to @tail, are not of this hart's slab.
 * => interrupts off; the list lock is taken in the loop, at most once
 */
static __always_inline void free_to_slab(struct kmem_cache *s, struct page *page, void *head, void *tail, unsigned nr)
	NO_LOCK_ANALYSIS
{
	struct kmem_cache_node *n = NULL;
	slab_state_t old = slab_read(page), new;
	struct page *empty = NULL;
	bool was_full;

	do {
		was_full = !old.head && !old.frozen;
		set_fast_link(s, tail, slab_head(page, old));
		new = (slab_state_t){ .head = slab_offset(page, head), .inuse = old.inuse - nr,
				      .frozen = old.frozen };
		if (was_full)
			new.frozen = worth_holding(s, page);
		if (!n && !new.frozen && (was_full || !new.inuse)) {
			n = page_node(s, page);
			spin_lock(&n->list_lock);
		}
	} while (!slab_change(page, &old, new));
	INV(U2, old.inuse >= nr);
	if (n) {
		empty = after_free(s, n, page, new, was_full);
		spin_unlock(&n->list_lock);
	}
	if (was_full && new.frozen)
		hold_slab(s, this_cpu(s), page);
	if (empty)
		discard_slab(s, empty);
}

/* Checked first, and all under the lock.  => interrupts off */
static void free_debug(struct kmem_cache *s, struct page *page, void *obj)
{
	const struct slab_track *freer = debug_freer(s);
	struct kmem_cache_node *n = page_node(s, page);
	slab_state_t old, new;
	struct page *empty = NULL;

	if (s->flags & SLAB_TRACE)
		pr_info("TRACE %s free 0x%p\n", s->name, obj);
	spin_lock(&n->list_lock);
	if (debug_free(s, page, obj, freer)) {
		old = slab_read(page);
		INV(U5, !old.frozen);
		set_link(s, obj, slab_head(page, old));
		new = (slab_state_t){ .head = slab_offset(page, obj), .inuse = old.inuse - 1 };
		page->slab_state = new.word;
		empty = after_free(s, n, page, new, !old.head);
	}
	spin_unlock(&n->list_lock);
	if (empty)
		discard_slab(s, empty);
}

static __noinline void slab_free_slow(struct kmem_cache *s, void *obj, unsigned long flags)
{
	struct page *page = compound_head(virt_to_page(obj));

	if (unlikely(!PageSlab(page) || page->slab_cache != s))
		debug_wrong_cache(s, page, obj);
	else if (unlikely(cache_debug(s)))
		free_debug(s, page, obj);
	else
		free_to_slab(s, page, obj, obj, 1);
	arch_irq_restore(flags);
}

static __always_inline void slab_free(struct kmem_cache *s, void *obj)
{
	unsigned long flags;
	struct kmem_cache_cpu *c;

	if (IS_KASAN && !(s->flags & SLAB_TYPESAFE_BY_RCU) && !kasan_slab_free(s, obj, s->object_size))
		return;
	flags = arch_irq_save();
	c = this_cpu(s);
	if (unlikely((unsigned long)obj - c->base >= c->bytes)) {
		slab_free_slow(s, obj, flags);
		return;
	}
	INV(U6, object_valid(s, c->page, obj) && obj != c->freelist);
	set_fast_link(s, obj, c->freelist);
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
	return PageSlab(page) ? page->slab_cache->object_size : PAGE_SIZE << compound_order(page);
}

/* ---- in bulk --------------------------------------------------------------------------------- */

/* Free the first of @objs, and those after it that lie in the same slab.  How many.  => interrupts off */
static unsigned free_run(struct kmem_cache *s, unsigned nr, void **objs)
{
	struct page *page = compound_head(linear_to_page(objs[0]));
	unsigned long base = (unsigned long)page_to_virt(page), bytes = PAGE_SIZE << compound_order(page);
	struct kmem_cache_cpu *c = this_cpu(s);
	unsigned n;

	if (unlikely(!PageSlab(page) || page->slab_cache != s)) {
		slab_free(s, objs[0]);
		return 1;
	}
	for (n = 1; n < nr && (unsigned long)objs[n] - base < bytes; n++)
		set_fast_link(s, objs[n - 1], objs[n]);
	if (page == c->page) {
		set_fast_link(s, objs[n - 1], c->freelist);
		c->freelist = objs[0];
	} else {
		free_to_slab(s, page, objs[0], objs[n - 1], n);
	}
	return n;
}

/* A slab's objects go back together, for the price of one, where they stand together; NULL is none. */
void kmem_cache_free_bulk(struct kmem_cache *s, unsigned nr, void **objs)
{
	bool singly = IS_KASAN || cache_debug(s);

	for (unsigned i = 0; i < nr; ) {
		unsigned long flags;

		if (unlikely(singly || !objs[i])) {
			kmem_cache_free(s, objs[i++]);
			continue;
		}
		flags = arch_irq_save();
		i += free_run(s, nr - i, objs + i);
		arch_irq_restore(flags);
	}
}

/* Interrupts stay off as long as the hart's list lasts. */
unsigned kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, unsigned nr, void **objs)
{
	unsigned long flags = arch_irq_save();

	for (unsigned i = 0; i < nr; i++) {
		struct kmem_cache_cpu *c = this_cpu(s);

		objs[i] = c->freelist;
		if (likely(objs[i])) {
			c->freelist = fast_link(s, objs[i]);
			if (unlikely(gfp & __GFP_ZERO))
				memset(objs[i], 0, s->object_size);
			continue;
		}
		objs[i] = slab_alloc_slow(s, gfp, flags);
		if (!objs[i]) {
			kmem_cache_free_bulk(s, i, objs);
			return 0;
		}
		flags = arch_irq_save();
	}
	arch_irq_restore(flags);
	return nr;
}
