/*
 * mm/slab/slub.h - the insides of slub, for slub.c, slub_cache.c, slub_debug.c and slub_attr.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SLAB_SLUB_H
#define VELLUM_MM_SLAB_SLUB_H

#include "mm/slab/internal.h"

struct kmem_cache_cpu {			/* interrupts off */
	void *freelist;			/* next object to hand out */
	unsigned long base, bytes;	/* the slab's address range, to know its objects by */
	struct page *page;		/* frozen for this hart; NULL: bytes is 0 */
	struct page *partial;		/* frozen slabs with free objects, by page->next */
	unsigned nr_partial;
} __aligned(64);

struct kmem_cache_node {
	spinlock_t list_lock;
	struct list_head partial;	/* (list_lock) of page->lru */
	unsigned long nr_partial;	/* (list_lock) */
	atomic_long_t nr_slabs, total_objects;
};

struct kmem_cache {
	struct cache_common;
	unsigned offset;		/* (I) of the link inside a free object */
	unsigned order, min_order;	/* (I) */
	unsigned min_partial;		/* empty slabs that a node may keep */
	unsigned cpu_partial;		/* free objects that a hart may keep besides its slab, about */
	unsigned cpu_partial_slabs;	/* the slabs that are taken for so many */
	unsigned red_left;		/* (I) bytes before the object: its left red zone */
	unsigned long random;		/* (I) hides the links of free objects; 0: they are plain */
	gfp_t allocflags;		/* (I) */
	struct kmem_cache_node **node;	/* (I) by node id; after cpu[] */
	struct kmem_cache_cpu cpu[];	/* by hart */
};

/* ---- free objects ---------------------------------------------------------------------------- */

/* Plain, for caches that hand slabs to harts. */
static __always_inline void *fast_link(const struct kmem_cache *s, const void *obj)
{
	return *(void **)((char *)obj + s->offset);
}
static __always_inline void set_fast_link(const struct kmem_cache *s, void *obj, void *next)
{
	*(void **)((char *)obj + s->offset) = next;
}

/*
 * A hidden link cannot be forged, and one that was overwritten points nowhere: it is the pointer, a random
 * number of the cache, and its own address turned round, so that low bits meet high ones.
 */
static inline void *hide_link(const struct kmem_cache *s, const void *obj, void *next)
{
	unsigned long at = (unsigned long)obj + s->offset;

	return unlikely(s->random) ? (void *)((unsigned long)next ^ s->random ^ __builtin_bswap64(at)) : next;
}
static inline void *get_link(const struct kmem_cache *s, const void *obj)
{
	return hide_link(s, obj, fast_link(s, obj));
}
static inline void set_link(const struct kmem_cache *s, void *obj, void *next)
{
	set_fast_link(s, obj, hide_link(s, obj, next));
}

/* ---- slabs ----------------------------------------------------------------------------------- */

/* What changes of a slab while harts race for it: one word, page->slab_state, changed by compare-and-swap. */
typedef union {
	u64 word;
	struct {
		u32 head;		/* of the free list: 1 + its offset in the slab; 0: no free object */
		u16 inuse;		/* objects that are not on the free list */
		u16 frozen;		/* a hart's: on no node's list */
	};
} slab_state_t;

static inline slab_state_t slab_read(const struct page *page)
{
	return (slab_state_t){ .word = READ_ONCE(page->slab_state) };
}
/* False: *@old is what it was instead. */
static inline bool slab_change(struct page *page, slab_state_t *old, slab_state_t new)
{
	u64 found = cmpxchg(&page->slab_state, old->word, new.word);
	bool done = found == old->word;

	old->word = found;
	return done;
}
static inline void *slab_head(const struct page *page, slab_state_t state)
{
	return state.head ? (char *)page_to_virt(page) + state.head - 1 : NULL;
}
static inline u32 slab_offset(const struct page *page, const void *obj)
{
	return obj ? (char *)obj - (char *)page_to_virt(page) + 1 : 0;
}

static inline void *first_object(const struct kmem_cache *s, const struct page *page)
{
	return (char *)page_to_virt(page) + s->red_left;
}

/* Is @obj where an object of the slab @page starts? */
static inline bool object_valid(const struct kmem_cache *s, const struct page *page, const void *obj)
{
	unsigned long off = (char *)obj - (char *)first_object(s, page);

	return off < page->objects * s->size && off % s->size == 0;
}

/* Slabs that hold @objects: all of them free, for a slab is worth keeping for those. */
static inline unsigned slabs_for_objects(const struct kmem_cache *s, unsigned objects)
{
	return DIV_ROUND_UP(objects, (unsigned)(PAGE_SIZE << s->order) / s->size);
}

static inline struct kmem_cache_cpu *this_cpu(struct kmem_cache *s) { return &s->cpu[this_hart()]; }
static inline struct kmem_cache_node *page_node(struct kmem_cache *s, const struct page *page)
{
	return s->node[page_to_nid(page)];
}

static inline void add_partial(struct kmem_cache_node *n, struct page *page)
{
	list_add_tail(&page->lru, &n->partial);
	n->nr_partial++;
}

static inline void remove_partial(struct kmem_cache_node *n, struct page *page)
{
	list_del(&page->lru);
	n->nr_partial--;
}

/* => the slab is on no list, and nobody's object is in it */
void discard_slab(struct kmem_cache *s, struct page *page);
/* Give the hart's slabs back to their nodes.  => interrupts off */
void flush_cpu_slabs(struct kmem_cache *s, struct kmem_cache_cpu *c);

/* ---- slub_cache.c ---------------------------------------------------------------------------- */

/* Call @fn for every slab of @s, found in the memory map; no lock keeps them from changing. */
void for_each_slab(struct kmem_cache *s, void (*fn)(struct kmem_cache *, struct page *, void *), void *data);
void flush_all(struct kmem_cache *s);
/* Is @obj on the slab's free list?  => the list does not change */
bool object_is_free(struct kmem_cache *s, struct page *page, const void *obj);

/* ---- slub_debug.c ---------------------------------------------------------------------------- */

static inline bool cache_debug(const struct kmem_cache *s) { return s->flags & SLAB_DEBUG_FLAGS; }

/* Lay out red zones and tracks behind the object, of which @size bytes are used; the new size. */
unsigned debug_layout(struct kmem_cache *s, unsigned size);
/* A new slab's object, before it is on the free list. */
void debug_init_object(struct kmem_cache *s, void *obj);
/* => list_lock held.  False: a bug was found and reported, and the object must stay out of use. */
bool debug_alloc(struct kmem_cache *s, struct page *page, void *obj);
bool debug_free(struct kmem_cache *s, struct page *page, void *obj, const struct slab_track *freer);
/* Who frees, for debug_free(); NULL where @s does not keep that.  => interrupts off until it is used */
const struct slab_track *debug_freer(const struct kmem_cache *s);
/* @obj is the caller's now: note who that is.  => no lock */
void debug_allocated(const struct kmem_cache *s, void *obj);
/* The link in a free object is broken: say so. */
void debug_bad_link(struct kmem_cache *s, struct page *page, void *obj);
/* @obj of @page was freed to @s, whose it is not. */
void debug_wrong_cache(struct kmem_cache *s, struct page *page, void *obj);
/* Check every object of the slab, used and free; how many are wrong.  => list_lock held */
unsigned debug_validate_slab(struct kmem_cache *s, struct page *page);
/* Who allocated @obj, or freed it last; NULL where the cache does not keep that. */
const struct slab_track *debug_track_alloc(const struct kmem_cache *s, const void *obj);
const struct slab_track *debug_track_free(const struct kmem_cache *s, const void *obj);

#endif
