/*
 * mm/slab/slob.c - the slab back end for the smallest machines: lists of blocks.
 *
 * MODEL     A slob page is one page cut into blocks of any size, in units of 8 bytes.  Free blocks are
 *           linked in the order of their addresses; the first unit of a free block holds its length and the
 *           number of the unit where the next one starts, or SLOB_END.  struct page has the number of
 *           free units, and the first free block.
 *
 *               page  | used | free 3 -> | used | used | free 9 -> END |
 *
 *           Pages with free units are on one of three lists, by what was first put into them: small (below
 *           256 bytes), medium (below 1024), large; so that long-lived crumbs do not spoil every page for
 *           larger things.  An allocation takes the first block that fits on the first page that has one,
 *           and the list is turned so that the next search begins there.
 *           Nothing else is kept: an object of a cache has no header, for its cache knows the size; memory of
 *           kmalloc() has one unit before it that holds its size.  What does not fit into a page is pages.
 *           A SLAB_TYPESAFE_BY_RCU cache keeps its freed objects to itself until it is shrunk.
 * INVARIANTS
 *   O1  Free blocks of a page are disjoint, in order, and not adjacent: neighbours merge.
 *   O2  units of a page is the sum of their lengths; 0 < units < SLOB_UNITS on a list.
 *   O3  A page with units == 0 is on no list; one with SLOB_UNITS goes back at once.
 * LOCKING   slob_lock (rank slab), interrupts off: all pages and lists.  Pages are allocated and freed outside.
 * COST      A search of the list and of one page.  Made for tens of pages, not for speed.
 * TESTS     test/host/mm/slab/test_slob.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/memblock.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/internal.h"

#define SLOB_UNIT	8u
#define SLOB_UNITS	((unsigned)(PAGE_SIZE / SLOB_UNIT))
#define SLOB_END	0xffffu
#define SLOB_SMALL	256u
#define SLOB_MEDIUM	1024u
#define HEADER		SLOB_UNIT		/* of kmalloc()'s memory: its size */

struct slob_block {
	u16 units, next;
};
BUILD_ASSERT(sizeof(struct slob_block) <= SLOB_UNIT);

struct kmem_cache {
	struct cache_common;
	atomic_long_t in_use;
	void *kept;			/* (slob_lock) freed objects, SLAB_TYPESAFE_BY_RCU only */
	unsigned offset;		/* (I) of the link in them */
};

const char slab_backend[] = "slob";
const bool slab_reap_wanted = false;
const struct slab_attr slab_attrs[] = { { .name = NULL } };

static DEFINE_SPINLOCK(slob_lock, RANK_SLAB);
static struct list_head slob_lists[3];	/* (slob_lock) small, medium, large */
static unsigned long nr_slob_pages;	/* (slob_lock) */

/* ---- blocks of a page ------------------------------------------------------------------------------ */

static char *page_base(const struct page *page) { return page_to_virt(page); }
static struct slob_block *unit_to_block(const struct page *page, unsigned unit)
{
	return (void *)(page_base(page) + unit * SLOB_UNIT);
}
static unsigned block_to_unit(const void *block) { return ((unsigned long)block & ~PAGE_MASK) / SLOB_UNIT; }
static struct slob_block *next_block(const struct page *page, const struct slob_block *b)
{
	return b->next == SLOB_END ? NULL : unit_to_block(page, b->next);
}

static void link_after(struct page *page, struct slob_block *prev, struct slob_block *b)
{
	if (prev)
		prev->next = b ? block_to_unit(b) : SLOB_END;
	else
		page->freelist = b;
}

/* Units to leave free at the start of @b so that @skip bytes after what follows is aligned to @align. */
static unsigned lead_units(const struct slob_block *b, unsigned align, unsigned skip)
{
	unsigned long at = (unsigned long)b + skip;

	return (ALIGN(at, (unsigned long)align) - at) / SLOB_UNIT;
}

/* Cut @units, @lead units into @b, out of the free list; @prev is the block before @b.  The address. */
static void *cut_block(struct page *page, struct slob_block *prev, struct slob_block *b, unsigned lead,
		       unsigned units)
{
	struct slob_block *next = next_block(page, b), *rest = next;
	unsigned left = b->units - lead - units;
	void *p = (char *)b + lead * SLOB_UNIT;

	INV(O2, b->units <= page->slab_state && units <= b->units);
	if (left) {
		rest = (void *)((char *)p + units * SLOB_UNIT);
		rest->units = left;
		rest->next = next ? block_to_unit(next) : SLOB_END;
	}
	if (lead) {
		b->units = lead;
		link_after(page, b, rest);
	} else {
		link_after(page, prev, rest);
	}
	page->slab_state -= units;							/* O2 */
	return p;
}

/* First fit in @page, or NULL.  => slob_lock held */
static void *page_alloc_block(struct page *page, unsigned units, unsigned align, unsigned skip)
{
	struct slob_block *prev = NULL;

	for (struct slob_block *b = page->freelist; b; prev = b, b = next_block(page, b)) {
		unsigned lead = lead_units(b, align, skip);

		if (b->units >= lead + units)
			return cut_block(page, prev, b, lead, units);
	}
	return NULL;
}

/* Put the block at @p back, merged with its neighbours.  => slob_lock held */
static void page_free_block(struct page *page, void *p, unsigned units)
{
	struct slob_block *b = p, *prev = NULL, *next = page->freelist;

	for (; next && next < b; next = next_block(page, next))
		prev = next;
	INV(O1, !prev || block_to_unit(prev) + prev->units <= block_to_unit(b));
	INV(O1, !next || block_to_unit(b) + units <= block_to_unit(next));
	page->slab_state += units;							/* O2 */
	INV(O2, page->slab_state <= SLOB_UNITS);
	b->units = units;
	if (next && block_to_unit(b) + units == block_to_unit(next)) {
		b->units += next->units;
		next = next_block(page, next);
	}
	link_after(page, b, next);
	if (prev && block_to_unit(prev) + prev->units == block_to_unit(b)) {
		prev->units += b->units;
		prev->next = b->next;
	} else {
		link_after(page, prev, b);
	}
}

/* ---- pages ----------------------------------------------------------------------------------------- */

static gfp_t slob_gfp(gfp_t gfp)
{
	return gfp & ~(__GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_RECLAIMABLE);
}

static struct page *new_slob_page(gfp_t gfp, int nid)
{
	struct page *page = alloc_pages_node(nid, slob_gfp(gfp), 0);
	struct slob_block *all;

	if (!page)
		return NULL;
	all = page_to_virt(page);
	all->units = SLOB_UNITS;
	all->next = SLOB_END;
	__SetPageSlab(page);
	page->slab_cache = NULL;
	page->freelist = all;
	page->slab_state = SLOB_UNITS;
	mod_node_page_state(page_pgdat(page), NR_SLAB_UNRECLAIMABLE, 1);
	return page;
}

static void free_slob_page(struct page *page)
{
	INV(O3, page->slab_state == SLOB_UNITS);
	mod_node_page_state(page_pgdat(page), NR_SLAB_UNRECLAIMABLE, -1);
	__ClearPageSlab(page);
	page->freelist = NULL;
	page->slab_state = 0;
	slab_reclaimed(0);
	__free_page(page);
}

static struct list_head *list_for(unsigned bytes)
{
	return &slob_lists[bytes < SLOB_SMALL ? 0 : bytes < SLOB_MEDIUM ? 1 : 2];
}

/* From a page that exists; or NULL.  => slob_lock held */
static void *alloc_from_lists(struct list_head *list, unsigned units, unsigned align, unsigned skip, int nid)
{
	struct page *page;
	void *p;

	list_for_each_entry(page, list, lru) {
		INV(O2, page->slab_state && page->slab_state < SLOB_UNITS);
		if (page->slab_state < units || (nid != NUMA_NO_NODE && (int)page_to_nid(page) != nid))
			continue;
		p = page_alloc_block(page, units, align, skip);
		if (!p)
			continue;
		list_move_tail(list, &page->lru);		/* the search begins here next time */
		if (!page->slab_state)
			list_del(&page->lru);					/* O3 */
		return p;
	}
	return NULL;
}

/*
 * @bytes of which the one at @skip is aligned to @align; smaller than a page.
 * => may sleep as @gfp says
 */
static void *slob_alloc(unsigned bytes, gfp_t gfp, unsigned align, unsigned skip, int nid)
{
	unsigned units = DIV_ROUND_UP(bytes, SLOB_UNIT);
	struct list_head *list = list_for(bytes);
	unsigned long flags;
	struct page *page;
	void *p;

	spin_lock_irqsave(&slob_lock, flags);
	p = alloc_from_lists(list, units, align, skip, nid);
	spin_unlock_irqrestore(&slob_lock, flags);
	if (p)
		return p;
	page = new_slob_page(gfp, nid);
	if (!page)
		return NULL;
	spin_lock_irqsave(&slob_lock, flags);
	nr_slob_pages++;
	p = page_alloc_block(page, units, align, skip);
	if (page->slab_state)
		list_add(&page->lru, list);
	spin_unlock_irqrestore(&slob_lock, flags);
	return p;
}

static void slob_free(void *p, unsigned bytes)
{
	struct page *page = virt_to_page(p);
	unsigned long flags;
	bool was_full, empty;

	spin_lock_irqsave(&slob_lock, flags);
	was_full = !page->slab_state;
	page_free_block(page, p, DIV_ROUND_UP(bytes, SLOB_UNIT));
	empty = page->slab_state == SLOB_UNITS;
	if (empty && !was_full)
		list_del(&page->lru);
	if (was_full && !empty)
		list_add(&page->lru, list_for(bytes));
	nr_slob_pages -= empty;
	spin_unlock_irqrestore(&slob_lock, flags);
	if (empty)
		free_slob_page(page);
}

/* ---- kmalloc ----------------------------------------------------------------------------------------- */

/* Powers of two are aligned to themselves; the header before them may leave a gap. */
static unsigned kmalloc_align(size_t size)
{
	return is_power_of_2(size) ? max((unsigned)size, SLOB_UNIT) : SLOB_UNIT;
}

void *kmalloc_exact(size_t size, gfp_t gfp, int nid)
{
	u64 *p;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size + HEADER > PAGE_SIZE)
		return kmalloc_large(size, gfp, nid);
	if (unlikely(slab_failing && should_failslab(NULL, gfp, size)))
		return NULL;
	p = slob_alloc(size + HEADER, gfp, kmalloc_align(size), HEADER, nid);
	if (!p)
		return NULL;
	*p++ = size;
	return gfp & __GFP_ZERO ? memset(p, 0, size) : p;
}

void kfree(const void *p)
{
	struct page *page;
	u64 *header;

	if (unlikely(ZERO_OR_NULL_PTR(p)))
		return;
	page = compound_head(virt_to_page(p));
	if (!PageSlab(page)) {
		kfree_large(page);
		return;
	}
	header = (u64 *)p - 1;
	slob_free(header, *header + HEADER);
}

size_t ksize(const void *p)
{
	struct page *page;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	page = compound_head(virt_to_page(p));
	return PageSlab(page) ? ALIGN(*((u64 *)p - 1), SLOB_UNIT) : PAGE_SIZE << compound_order(page);
}

/* ---- objects of caches -------------------------------------------------------------------------------- */

/* Whether objects of @s are pages of their own. */
static bool whole_pages(const struct kmem_cache *s) { return s->size >= PAGE_SIZE || s->align >= PAGE_SIZE; }

static void *take_kept(struct kmem_cache *s)
{
	unsigned long flags;
	void *obj;

	spin_lock_irqsave(&slob_lock, flags);
	obj = s->kept;
	if (obj)
		s->kept = *(void **)((char *)obj + s->offset);
	spin_unlock_irqrestore(&slob_lock, flags);
	return obj;
}

static void keep(struct kmem_cache *s, void *obj)
{
	unsigned long flags;

	spin_lock_irqsave(&slob_lock, flags);
	*(void **)((char *)obj + s->offset) = s->kept;
	s->kept = obj;
	spin_unlock_irqrestore(&slob_lock, flags);
}

static void *new_object(struct kmem_cache *s, gfp_t gfp, int nid)
{
	struct page *page;
	void *obj;

	if (!whole_pages(s)) {
		obj = slob_alloc(s->size, gfp, s->align, 0, nid);
	} else {
		unsigned order = get_order(s->size);

		page = alloc_pages_node(nid, slob_gfp(gfp) | (order ? __GFP_COMP : 0), order);
		if (page)
			mod_node_page_state(page_pgdat(page), slab_stat(s), 1l << order);
		obj = page ? page_to_virt(page) : NULL;
	}
	if (obj && s->ctor)
		s->ctor(obj);
	return obj;
}

static void free_object(struct kmem_cache *s, void *obj)
{
	struct page *page = virt_to_page(obj);

	if (!whole_pages(s)) {
		slob_free(obj, s->size);
		return;
	}
	mod_node_page_state(page_pgdat(page), slab_stat(s), -(1l << get_order(s->size)));
	slab_reclaimed(get_order(s->size));
	__free_pages(page, get_order(s->size));
}

void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int nid)
{
	void *obj = NULL;

	if (s->flags & SLAB_KMALLOC)		/* kfree() must find the size */
		return kmalloc_exact(s->object_size, gfp, nid);
	if (unlikely(slab_failing && should_failslab(s, gfp, s->object_size)))
		return NULL;
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		obj = take_kept(s);
	if (!obj)
		obj = new_object(s, gfp, nid);
	if (!obj)
		return NULL;
	atomic_long_inc(&s->in_use);
	return gfp & __GFP_ZERO ? memset(obj, 0, s->object_size) : obj;
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp) { return kmem_cache_alloc_node(s, gfp, NUMA_NO_NODE); }

void kmem_cache_free(struct kmem_cache *s, void *obj)
{
	if (!obj)
		return;
	if (s->flags & SLAB_KMALLOC) {
		kfree(obj);
		return;
	}
	atomic_long_dec(&s->in_use);
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		keep(s, obj);
	else
		free_object(s, obj);
}

/* ---- caches --------------------------------------------------------------------------------------------- */

/* All caches share pages already; a second name for one would only blur its count. */
unsigned kmem_cache_flags(unsigned flags, __maybe_unused const char *name)
{
	return (flags & ~SLAB_DEBUG_FLAGS) | SLAB_NO_MERGE;
}

int __kmem_cache_create(struct kmem_cache *s)
{
	s->size = ALIGN(s->object_size, SLOB_UNIT);
	s->offset = s->size;
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		s->size += sizeof(void *);
	return 0;
}

void __kmem_cache_release(__maybe_unused struct kmem_cache *s) {}

int kmem_cache_shrink(struct kmem_cache *s)
{
	unsigned long flags;
	void *obj, *next;

	spin_lock_irqsave(&slob_lock, flags);
	obj = s->kept;
	s->kept = NULL;
	spin_unlock_irqrestore(&slob_lock, flags);
	if (obj)
		slab_wait_for_readers(s);
	for (; obj; obj = next) {
		next = *(void **)((char *)obj + s->offset);
		free_object(s, obj);
	}
	return atomic_long_read(&s->in_use) != 0;
}

int __kmem_cache_shutdown(struct kmem_cache *s) { return kmem_cache_shrink(s); }

/* Blocks do not know whose they are: there is only a number. */
void __kmem_cache_report_live(struct kmem_cache *s)
{
	if (!slab_report_hook)
		pr_err("%ld objects of %s\n", atomic_long_read(&s->in_use), s->name);
	else
		slab_report_live(s, NULL, NULL);
}

/* No object knows who allocated it. */
void __kmem_cache_for_each_track(__maybe_unused struct kmem_cache *s, __maybe_unused bool freed,
				 __maybe_unused void (*fn)(const struct slab_track *, void *),
				 __maybe_unused void *data)
{
}

void slab_reap(void) {}

unsigned long slab_objects_in_use(struct kmem_cache *s) { return atomic_long_read(&s->in_use); }

void get_slabinfo(struct kmem_cache *s, struct slabinfo *info)
{
	*info = (struct slabinfo){
		.active_objs = atomic_long_read(&s->in_use), .num_objs = atomic_long_read(&s->in_use),
		.objects_per_slab = max(1u, (unsigned)PAGE_SIZE / s->size), .cache_order = get_order(s->size),
	};
}

/* ---- validator -------------------------------------------------------------------------------------------- */

static bool page_verify(const struct page *page)
{
	unsigned units = 0, end = 0;

	for (const struct slob_block *b = page->freelist; b; b = next_block(page, b)) {
		unsigned at = block_to_unit(b);

		if ((units && at <= end) || !b->units || at + b->units > SLOB_UNITS)		/* O1 */
			return false;
		end = at + b->units;
		units += b->units;
	}
	return PageSlab(page) && units == page->slab_state && units && units < SLOB_UNITS;	/* O2 */
}

/* All caches share the pages: each is verified with all. */
bool kmem_cache_verify(struct kmem_cache *s)
{
	unsigned long flags, listed = 0;
	struct page *page;
	bool ok = true;

	spin_lock_irqsave(&slob_lock, flags);
	for (unsigned i = 0; i < ARRAY_SIZE(slob_lists); i++)
		list_for_each_entry(page, &slob_lists[i], lru) {
			ok = ok && page_verify(page);
			listed++;
		}
	ok = ok && listed <= nr_slob_pages;
	spin_unlock_irqrestore(&slob_lock, flags);
	return ok && atomic_long_read(&s->in_use) >= 0;
}

unsigned kmem_cache_validate(struct kmem_cache *s) { return !kmem_cache_verify(s); }
u16 slab_shared_locks(__maybe_unused struct kmem_cache *s) { return READ_ONCE(slob_lock.owner); }

/* ---- the first cache ---------------------------------------------------------------------------------------- */

void kmem_cache_init(void)
{
	static struct kmem_cache first;

	for (unsigned i = 0; i < ARRAY_SIZE(slob_lists); i++)
		INIT_LIST_HEAD(&slob_lists[i]);
	kmem_cache = &first;
	create_boot_cache(kmem_cache, "kmem_cache", sizeof(struct kmem_cache), SLAB_PANIC);
	create_kmalloc_caches();
}
