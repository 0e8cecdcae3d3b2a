/*
 * mm/slab/slub.h - the insides of slub, for slub.c, slub_cache.c and slub_debug.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SLAB_SLUB_H
#define VELLUM_MM_SLAB_SLUB_H

#include "lib/list.h"
#include "mm/phys/zone.h"
#include "mm/slab/internal.h"

struct kmem_cache_cpu {
	void *freelist;			/* next object to hand out */
	unsigned long base, bytes;	/* the slab's address range, to know its objects by */
	struct page *page;		/* frozen for this hart; NULL: bytes is 0 */
} __aligned(64);

struct kmem_cache_node {
	spinlock_t list_lock;
	unsigned long nr_partial;
	struct list_head partial, full;	/* of page->lru */
	unsigned long nr_slabs, total_objects;
};

struct kmem_cache {
	unsigned offset;		/* (I) of the link inside a free object */
	unsigned object_size;		/* (I) bytes asked for */
	unsigned size;			/* (I) from object to object */
	unsigned align, flags;		/* (I) */
	unsigned order, min_order;	/* (I) */
	unsigned min_partial;		/* (I) empty slabs that a node may keep */
	unsigned red_left;		/* (I) bytes before the object: its left red zone */
	unsigned inuse;			/* (I) bytes from the object to what follows its red zone */
	gfp_t allocflags;		/* (I) */
	void (*ctor)(void *);
	const char *name;		/* lives as long as the cache */
	struct list_head list;		/* slab_mutex */
	struct kmem_cache_node **node;	/* (I) by node id; after cpu[] */
	struct kmem_cache_cpu cpu[];	/* by hart */
};

static inline void *get_freepointer(const struct kmem_cache *s, const void *obj)
{
	return *(void **)((char *)obj + s->offset);
}
static inline void set_freepointer(const struct kmem_cache *s, void *obj, void *next)
{
	*(void **)((char *)obj + s->offset) = next;
}
static inline void *first_object(const struct kmem_cache *s, const struct page *page)
{
	return (char *)page_to_virt(page) + s->red_left;
}

/* Is @obj where an object of the slab @page starts? */
static inline bool object_valid(const struct kmem_cache *s, const struct page *page, const void *obj)
{
	unsigned long off = (char *)obj - (char *)first_object(s, page);

	return off < (unsigned long)page->objects * s->size && off % s->size == 0;
}

/* ---- slub.c ------------------------------------------------------------------------------------- */

static inline struct kmem_cache_cpu *this_cpu(struct kmem_cache *s) { return &s->cpu[this_hart()]; }
static inline struct kmem_cache_node *page_node(struct kmem_cache *s, struct page *page)
{
	return s->node[page_to_nid(page)];
}

static inline void count_slab(struct kmem_cache_node *n, const struct page *page, int sign)
{
	n->nr_slabs += sign;				/* U4 */
	n->total_objects += sign * page->objects;
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

/* => the slab is on no list and counted nowhere */
void discard_slab(struct kmem_cache *s, struct page *page);
/* Give the hart's slab back to its node.  => interrupts off */
void flush_cpu_slab(struct kmem_cache *s, struct kmem_cache_cpu *c);

/* ---- slub_debug.c ------------------------------------------------------------------------------ */

#define SLAB_DEBUG_FLAGS	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)
static inline bool cache_debug(const struct kmem_cache *s) { return s->flags & SLAB_DEBUG_FLAGS; }

/* The debugging flags that slub_debug= wants for the cache @name. */
unsigned debug_flags_for(const char *name);
/* Lay out red zones and tracks behind the object, of which @size bytes are used; the new size. */
unsigned debug_layout(struct kmem_cache *s, unsigned size);
/* A new slab's object, before it is on the freelist. */
void debug_init_object(struct kmem_cache *s, void *obj);
/* => list_lock held.  False: a bug was found and reported, and the object must stay out of use. */
bool debug_alloc(struct kmem_cache *s, struct page *page, void *obj);
bool debug_free(struct kmem_cache *s, struct page *page, void *obj);
/* The link in a free object is broken: say so. */
void debug_bad_link(struct kmem_cache *s, struct page *page, void *obj);
void debug_print_tracks(struct kmem_cache *s, void *obj);

#endif
