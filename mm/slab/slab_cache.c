/*
 * mm/slab/slab_cache.c - caches of the back end slab: laid out, given arrays, reaped, emptied, verified.
 *
 * MODEL     A cache's struct ends with one pointer to an array per hart and one to each node's part.  The
 *           first caches start with tiny arrays in pages of their own, until kmalloc() can give real ones.
 *           Layout: the smallest order whose waste is at most an eighth; the descriptor is off the slab if
 *           objects are at least PAGE_SIZE / 8, unless the waste holds it.  What then is left is colour.
 *           The reaper halves, in turn, arrays that nobody used since it came by last, and gives back
 *           some of the free slabs that were not needed.
 * INVARIANTS
 *   L1  A slab's descriptor and its objects fit, and each object is aligned; MAX_NUM of them at most.
 *   L2  An array holds no more than its limit, and belongs to one hart, or is used under its lock.
 *   B1 to B4 of slab.c: recounted by kmem_cache_verify().
 * LOCKING   slab_mutex for the list of caches (the caller's); a hart's array is touched by its hart only.
 * TESTS     test/host/mm/slab/test_slab.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/slab_def.h"

#define COLOUR_OFF	64u
#define ALIEN_LIMIT	12u
#define MAX_NUM		(BUFCTL_END - 1u)
#define BOOT_LIMIT	4u		/* entries of the arrays of the first caches */
#define SMALL_MACHINE	(32ul << (20 - PAGE_SHIFT))	/* pages: no slabs of several pages for small objects */

const char slab_backend[] = "slab";
const bool slab_reap_wanted = true;
const struct slab_attr slab_attrs[] = { { .name = NULL } };
static struct kmem_cache *node_cache;
static bool slab_up;			/* kmalloc() works */
static char *boot_arrays, *boot_arrays_end;

/* ---- layout ----------------------------------------------------------------------------------------- */

static unsigned descriptor_bytes(unsigned num, unsigned align)
{
	return ALIGN((unsigned)(sizeof(struct slab) + num * sizeof(u16)), align);
}

/* How many objects fit into @bytes, with or without the descriptor. */
static unsigned fit_objects(const struct kmem_cache *s, unsigned bytes)
{
	unsigned num;

	if (s->off_slab)
		return min(bytes / s->size, MAX_NUM);
	if (bytes < sizeof(struct slab))
		return 0;
	num = min((bytes - (unsigned)sizeof(struct slab)) / (s->size + (unsigned)sizeof(u16)), MAX_NUM);
	while (num && descriptor_bytes(num, s->align) + num * s->size > bytes)
		num--;
	return num;
}

/* Set order and num; the bytes that are left over. */
static unsigned calculate_order(struct kmem_cache *s)
{
	unsigned max_order = totalram_pages() > SMALL_MACHINE ? 1 : 0, left = 0;

	for (s->order = 0; s->order <= MAX_ORDER; s->order++) {
		unsigned bytes = PAGE_SIZE << s->order;

		s->num = fit_objects(s, bytes);
		if (!s->num)
			continue;
		left = bytes - s->num * s->size - (s->off_slab ? 0 : descriptor_bytes(s->num, s->align));
		if (s->order >= max_order || s->flags & SLAB_RECLAIM_ACCOUNT || left * 8 <= bytes)
			break;
	}
	return left;
}

static void calculate_sizes(struct kmem_cache *s)
{
	unsigned left;

	s->size = ALIGN(ALIGN(s->object_size, 8u), s->align);
	s->recip = ((1ull << 32) + s->size - 1) / s->size;
	s->off_slab = s->size >= PAGE_SIZE / 8 && kmem_cache->size;	/* not the first caches */
	left = calculate_order(s);
	s->slab_size = descriptor_bytes(s->num, s->off_slab ? 8 : s->align);
	if (s->off_slab && left >= descriptor_bytes(s->num, s->align)) {
		s->off_slab = false;
		s->slab_size = descriptor_bytes(s->num, s->align);
		left -= s->slab_size;
	}
	s->colour_off = max(COLOUR_OFF, s->align);
	s->colour = left / s->colour_off;
	s->allocflags = s->flags & SLAB_RECLAIM_ACCOUNT ? __GFP_RECLAIMABLE : 0;
	INV(L1, s->num <= MAX_NUM && IS_ALIGNED(s->size, s->align));
	INV(L1, s->num * s->size + (s->off_slab ? 0 : s->slab_size) + s->colour * s->colour_off <=
		PAGE_SIZE << s->order);
}

static void calculate_limits(struct kmem_cache *s)
{
	s->limit = s->size > 131072 ? 1 : s->size > PAGE_SIZE ? 8 : s->size > 1024 ? 24 : s->size > 256 ? 54 : 120;
	s->batchcount = (s->limit + 1) / 2;
	s->shared = nr_harts > 1 && s->size <= PAGE_SIZE ? 8 : 0;
}

/* ---- arrays ------------------------------------------------------------------------------------------ */

static void init_array(struct array_cache *ac, unsigned limit, unsigned batchcount)
{
	INV(L2, batchcount && batchcount <= limit);
	*ac = (struct array_cache){ .limit = limit, .batchcount = batchcount };
	spin_lock_init(&ac->lock, RANK_SLAB);
}

static struct array_cache *alloc_array(unsigned limit, unsigned batchcount, int nid)
{
	struct array_cache *ac = kmalloc_node(sizeof(*ac) + limit * sizeof(void *), GFP_KERNEL, nid);

	if (ac)
		init_array(ac, limit, batchcount);
	return ac;
}

static size_t boot_array_bytes(void) { return sizeof(struct array_cache) + BOOT_LIMIT * sizeof(void *); }

static struct array_cache *boot_array(void)
{
	struct array_cache *ac = (void *)boot_arrays;

	INV(L2, !slab_up);
	boot_arrays += boot_array_bytes();
	ASSERT(boot_arrays <= boot_arrays_end);
	init_array(ac, BOOT_LIMIT, BOOT_LIMIT / 2);
	return ac;
}

static void free_node_arrays(struct kmem_cache_node *n)
{
	kfree(n->shared);
	if (n->alien)
		for_each_online_node(far)
			kfree(n->alien[far]);
	kfree(n->alien);
}

static int alloc_alien_arrays(struct kmem_cache_node *n, int nid)
{
	n->alien = kcalloc(nr_node_ids, sizeof(*n->alien), GFP_KERNEL);
	if (!n->alien)
		return -ENOMEM;
	for_each_online_node(far) {
		if ((int)far == nid)
			continue;
		n->alien[far] = alloc_array(ALIEN_LIMIT, ALIEN_LIMIT, nid);
		if (!n->alien[far])
			return -ENOMEM;
	}
	return 0;
}

/* What the harts of a node share, and what they free to others.  On failure the caller frees what there is. */
static int alloc_node_arrays(struct kmem_cache *s, int nid)
{
	struct kmem_cache_node *n = s->node[nid];

	if (s->shared) {
		n->shared = alloc_array(s->shared * s->batchcount, s->batchcount, nid);
		if (!n->shared)
			return -ENOMEM;
	}
	return nr_node_ids > 1 ? alloc_alien_arrays(n, nid) : 0;
}

/* ---- making, releasing -------------------------------------------------------------------------------- */

static void init_node(struct kmem_cache *s, struct kmem_cache_node *n)
{
	*n = (struct kmem_cache_node){ .free_limit = (1 + nr_harts) * s->batchcount + s->num };
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		n->free_limit = ~0ul;			/* frees never give a slab back */
	spin_lock_init(&n->list_lock, RANK_SLAB);
	INIT_LIST_HEAD(&n->partial);
	INIT_LIST_HEAD(&n->full);
	INIT_LIST_HEAD(&n->free);
}

static int make_nodes(struct kmem_cache *s)
{
	for_each_online_node(nid) {
		if (!s->node[nid])			/* at boot it is there */
			s->node[nid] = kmem_cache_zalloc(node_cache, GFP_KERNEL);
		if (!s->node[nid])
			return -ENOMEM;
		init_node(s, s->node[nid]);
		if (slab_up && alloc_node_arrays(s, nid))
			return -ENOMEM;
	}
	return 0;
}

static int make_arrays(struct kmem_cache *s)
{
	for_each_hart(h) {
		s->array[h] = slab_up ? alloc_array(s->limit, s->batchcount, hart_to_node(h)) : boot_array();
		if (!s->array[h])
			return -ENOMEM;
	}
	return 0;
}

int __kmem_cache_create(struct kmem_cache *s)
{
	s->node = (struct kmem_cache_node **)&s->array[nr_harts];
	calculate_sizes(s);
	calculate_limits(s);
	if (s->num && !make_arrays(s) && !make_nodes(s))
		return 0;
	__kmem_cache_release(s);
	return -ENOMEM;
}

void __kmem_cache_release(struct kmem_cache *s)
{
	for_each_online_node(nid) {
		if (s->node[nid])
			free_node_arrays(s->node[nid]);
		kmem_cache_free(node_cache, s->node[nid]);
	}
	for_each_hart(h)
		kfree(s->array[h]);
}

unsigned kmem_cache_flags(unsigned flags, __maybe_unused const char *name) { return flags & ~SLAB_DEBUG_FLAGS; }

/* ---- reaping, shrinking --------------------------------------------------------------------------------- */

/*
 * Put up to @nr of the objects that lie longest in @ac, a hart's array or the shared one, back into slabs.
 * => interrupts off
 */
static void drain_array(struct kmem_cache *s, struct array_cache *ac, unsigned nr, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	LIST_HEAD(empties);

	if (!ac || !ac->avail)
		return;
	spin_lock(&n->list_lock);
	INV(L2, ac->avail <= ac->limit && arch_irqs_disabled());
	nr = min(nr, ac->avail);
	free_block(s, n, ac->entry, nr, &empties);
	ac->avail -= nr;
	memmove(ac->entry, ac->entry + nr, ac->avail * sizeof(void *));
	spin_unlock(&n->list_lock);
	destroy_slabs(s, &empties);
}

static void drain_aliens(struct kmem_cache *s, struct kmem_cache_node *n)
{
	if (n->alien)
		for_each_online_node(far)
			if (n->alien[far])
				drain_alien(s, n->alien[far], far);
}

/* Give back up to @max free slabs of @n. */
static void drain_free_slabs(struct kmem_cache *s, struct kmem_cache_node *n, unsigned long max)
{
	unsigned long flags;
	LIST_HEAD(empties);

	spin_lock_irqsave(&n->list_lock, flags);
	for (; max && !list_empty(&n->free); max--) {
		list_move(n->free.next, &empties);
		INV(B3, n->free_objects >= s->num && n->nr_slabs > 0);
		n->free_objects -= s->num;
		n->nr_slabs--;
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
	if (!list_empty(&empties))
		slab_wait_for_readers(s);
	destroy_slabs(s, &empties);
}

/* The part of the reaper's work that is the hart's own: an array that was not used loses half its limit. */
static void reap_this_hart(__maybe_unused void *arg)
{
	unsigned long flags = arch_irq_save();

	for (struct kmem_cache *s = next_cache(NULL); s; s = next_cache(s)) {
		struct array_cache *ac = s->array[this_hart()];

		if (!ac->touched)
			drain_array(s, ac, (ac->limit + 1) / 2, numa_node_id());
		ac->touched = false;
	}
	arch_irq_restore(flags);
}

static void reap_node(struct kmem_cache *s, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	unsigned long flags = arch_irq_save();

	drain_aliens(s, n);
	if (n->shared && !n->shared->touched)
		drain_array(s, n->shared, n->shared->limit / 2, nid);
	if (n->shared)
		n->shared->touched = false;
	arch_irq_restore(flags);
	if (!n->free_touched && !(s->flags & SLAB_TYPESAFE_BY_RCU))
		drain_free_slabs(s, n, DIV_ROUND_UP(n->free_limit, 5 * s->num));
	n->free_touched = false;
}

static void run_on_all(void (*fn)(void *), void *arg)
{
	hartmask_t others = hart_online_mask;

	fn(arg);
	hartmask_remove(&others, this_hart());
	if (!hartmask_empty(others))
		arch_call_on(others, fn, arg);
}

void slab_reap(void)
{
	mutex_lock(&slab_mutex);
	run_on_all(reap_this_hart, NULL);
	for (struct kmem_cache *s = next_cache(NULL); s; s = next_cache(s))
		for_each_online_node(nid)
			reap_node(s, nid);
	mutex_unlock(&slab_mutex);
}

static void empty_this_hart(void *cache)
{
	struct kmem_cache *s = cache;
	unsigned long flags = arch_irq_save();
	struct array_cache *ac = s->array[this_hart()];

	drain_array(s, ac, ac->avail, numa_node_id());
	arch_irq_restore(flags);
}

int kmem_cache_shrink(struct kmem_cache *s)
{
	unsigned long left = 0, flags;

	run_on_all(empty_this_hart, s);
	for_each_online_node(nid) {
		flags = arch_irq_save();
		drain_aliens(s, s->node[nid]);
		arch_irq_restore(flags);
	}
	for_each_online_node(nid) {
		flags = arch_irq_save();
		drain_array(s, s->node[nid]->shared, ~0u, nid);
		arch_irq_restore(flags);
		drain_free_slabs(s, s->node[nid], ~0ul);
		left += s->node[nid]->nr_slabs;
	}
	return left != 0;
}

int __kmem_cache_shutdown(struct kmem_cache *s) { return kmem_cache_shrink(s); }

/* ---- live objects, figures -------------------------------------------------------------------------------- */

static bool object_is_free(const struct slab *slab, unsigned index)
{
	for (unsigned i = slab->free; i != BUFCTL_END; i = slab->next_free[i])
		if (i == index)
			return true;
	return false;
}

static void report_live_in(struct kmem_cache *s, struct list_head *slabs)
{
	struct slab *slab;

	list_for_each_entry(slab, slabs, list)
		for (unsigned i = 0; i < s->num; i++)
			if (!object_is_free(slab, i))
				slab_report_live(s, index_to_obj(s, slab, i), NULL);
}

void __kmem_cache_report_live(struct kmem_cache *s)
{
	for_each_online_node(nid) {
		report_live_in(s, &s->node[nid]->partial);
		report_live_in(s, &s->node[nid]->full);
	}
}

/* No object knows who allocated it. */
void __kmem_cache_for_each_track(__maybe_unused struct kmem_cache *s, __maybe_unused bool freed,
				 __maybe_unused void (*fn)(const struct slab_track *, void *),
				 __maybe_unused void *data)
{
}

static unsigned long length(const struct list_head *list)
{
	unsigned long n = 0;

	for (const struct list_head *p = list->next; p != list; p = p->next)
		n++;
	return n;
}

void get_slabinfo(struct kmem_cache *s, struct slabinfo *info)
{
	*info = (struct slabinfo){
		.objects_per_slab = s->num, .cache_order = s->order,
		.limit = s->limit, .batchcount = s->batchcount, .shared = s->shared,
	};
	for_each_online_node(nid) {
		struct kmem_cache_node *n = s->node[nid];
		unsigned long flags;

		spin_lock_irqsave(&n->list_lock, flags);
		info->num_slabs += n->nr_slabs;
		info->active_slabs += n->nr_slabs - length(&n->free);
		info->num_objs += n->nr_slabs * s->num;
		info->active_objs += n->nr_slabs * s->num - n->free_objects;
		info->shared_avail += n->shared ? n->shared->avail : 0;
		spin_unlock_irqrestore(&n->list_lock, flags);
	}
}

/* Objects that wait in arrays.  => other harts quiet */
static unsigned long objects_in_arrays(struct kmem_cache *s)
{
	unsigned long nr = 0;

	for_each_hart(h)
		nr += s->array[h]->avail;
	for_each_online_node(nid) {
		struct kmem_cache_node *n = s->node[nid];

		nr += n->shared ? n->shared->avail : 0;
		if (n->alien)
			for_each_online_node(far)
				nr += n->alien[far] ? n->alien[far]->avail : 0;
	}
	return nr;
}

unsigned long slab_objects_in_use(struct kmem_cache *s)
{
	struct slabinfo info;

	get_slabinfo(s, &info);
	return info.active_objs - objects_in_arrays(s);
}

u16 slab_shared_locks(struct kmem_cache *s)
{
	u16 tickets = 0;

	for_each_online_node(nid)
		tickets += READ_ONCE(s->node[nid]->list_lock.owner);
	return tickets;
}

/* ---- validator -------------------------------------------------------------------------------------------- */

/* Objects on the free chain of @slab; -1: it is broken. */
static long chain_length(const struct kmem_cache *s, const struct slab *slab)
{
	long n = 0;

	for (unsigned i = slab->free; i != BUFCTL_END; i = slab->next_free[i])
		if (i >= s->num || ++n > s->num)
			return -1;
	return n;
}

/* Adds what is found on the list, where each slab has from @min to @max objects in use; false: something is wrong. */
static bool list_verify(struct kmem_cache *s, struct list_head *slabs, unsigned min_inuse, unsigned max_inuse,
			unsigned long *nr_slabs, unsigned long *nr_free)
{
	struct slab *slab;

	list_for_each_entry(slab, slabs, list) {
		if (slab->inuse < min_inuse || slab->inuse > max_inuse ||			/* B1 */
		    slab->inuse + chain_length(s, slab) != s->num ||				/* B2 */
		    !PageSlab(slab->page) || slab->page->slab_cache != s || slab->page->freelist != slab)
			return false;
		++*nr_slabs;
		*nr_free += s->num - slab->inuse;
	}
	return true;
}

static bool array_verify(struct kmem_cache *s, const struct array_cache *ac, int nid)
{
	if (!ac)
		return true;
	for (unsigned i = 0; i < ac->avail; i++) {
		struct page *page = obj_to_page(ac->entry[i]);
		unsigned index;

		if (page->slab_cache != s || (int)page_to_nid(page) != nid)			/* B4 */
			return false;
		index = obj_to_index(s, page->freelist, ac->entry[i]);
		if (index >= s->num || object_is_free(page->freelist, index))
			return false;
	}
	return ac->avail <= ac->limit;
}

static bool node_verify(struct kmem_cache *s, int nid)
{
	struct kmem_cache_node *n = s->node[nid];
	unsigned long slabs = 0, free = 0;

	if (!list_verify(s, &n->free, 0, 0, &slabs, &free) ||
	    !list_verify(s, &n->partial, 1, s->num - 1, &slabs, &free) ||
	    !list_verify(s, &n->full, s->num, s->num, &slabs, &free) || !array_verify(s, n->shared, nid))
		return false;
	if (n->alien)
		for_each_online_node(far)
			if (!array_verify(s, n->alien[far], far))
				return false;
	return slabs == n->nr_slabs && free == n->free_objects;				/* B3 */
}

bool kmem_cache_verify(struct kmem_cache *s)
{
	for_each_online_node(nid)
		if (!node_verify(s, nid))
			return false;
	for_each_hart(h)
		if (!array_verify(s, s->array[h], hart_to_node(h)))
			return false;
	return true;
}

unsigned kmem_cache_validate(struct kmem_cache *s) { return !kmem_cache_verify(s); }

/* ---- the first caches ------------------------------------------------------------------------------------- */

/* Real arrays in the place of the first ones, whose objects move. */
static int upgrade_cache(struct kmem_cache *s, __maybe_unused void *data)
{
	for_each_hart(h) {
		struct array_cache *ac = alloc_array(s->limit, s->batchcount, hart_to_node(h));
		struct array_cache *old = s->array[h];

		if (!ac)
			return -ENOMEM;
		INV(L2, old->avail <= ac->limit);
		ac->avail = old->avail;		/* after the allocation, which may have used it */
		memcpy(ac->entry, old->entry, old->avail * sizeof(void *));
		s->array[h] = ac;
	}
	for_each_online_node(nid)
		if (alloc_node_arrays(s, nid))
			return -ENOMEM;
	return 0;
}

/* The caches of caches and their nodes lie in pages of their own, for there is nothing else yet. */
void kmem_cache_init(void)
{
	size_t bytes = sizeof(struct kmem_cache) + (nr_harts + nr_node_ids) * sizeof(void *);
	size_t nodes = nr_node_ids * sizeof(struct kmem_cache_node);
	size_t arrays = (2 + NR_KMALLOC_TYPES * NR_KMALLOC_CACHES) * nr_harts * boot_array_bytes();
	char *first = alloc_pages_exact(2 * (bytes + nodes), GFP_KERNEL | __GFP_ZERO);
	char *temporary = alloc_pages_exact(arrays, GFP_KERNEL);

	if (!first || !temporary)
		panic("no memory for the first slab caches");
	boot_arrays = temporary;
	boot_arrays_end = temporary + arrays;
	kmem_cache = (void *)first;
	node_cache = (void *)(first + bytes);
	for (unsigned i = 0; i < 2; i++) {
		struct kmem_cache *s = i ? node_cache : kmem_cache;
		struct kmem_cache_node *n = (void *)(first + 2 * bytes + i * nodes);

		s->node = (struct kmem_cache_node **)&s->array[nr_harts];
		for_each_online_node(nid)
			s->node[nid] = n++;
	}
	create_boot_cache(kmem_cache, "kmem_cache", bytes, SLAB_PANIC);
	create_boot_cache(node_cache, "kmem_cache_node", sizeof(struct kmem_cache_node), SLAB_PANIC);
	create_kmalloc_caches();
	slab_up = true;
	if (for_each_cache(upgrade_cache, NULL))
		panic("no memory for the first slab caches");
	free_pages_exact(temporary, arrays);
}
