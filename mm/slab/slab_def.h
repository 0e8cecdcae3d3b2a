/*
 * mm/slab/slab_def.h - the insides of the back end slab, for slab.c and slab_cache.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SLAB_DEF_H
#define VELLUM_MM_SLAB_DEF_H

#include "mm/slab/internal.h"

/* A stack of free objects, the one that was used last on top: its content may still be in a cache. */
struct array_cache {
	unsigned avail, limit;		/* entries there are, and may be */
	unsigned batchcount;		/* moved at once when it is empty or full */
	bool touched;			/* used since the reaper came by */
	spinlock_t lock;		/* alien arrays only */
	void *entry[];
};

/* Descriptor of a slab: in the slab before the objects, or off it in memory of kmalloc(). */
struct slab {
	struct list_head list;		/* (list_lock) */
	char *s_mem;			/* (I) first object, behind the colour */
	struct page *page;		/* (I) */
	u16 inuse;			/* (list_lock) objects in use, or in an array */
	u16 free;			/* (list_lock) first free object, or BUFCTL_END */
	u16 next_free[];		/* (list_lock) by object that is free: the next one */
};
#define BUFCTL_END	0xffffu

struct kmem_cache_node {
	spinlock_t list_lock;
	struct list_head partial, full, free;	/* (list_lock) slabs */
	unsigned long nr_slabs, free_objects;	/* (list_lock) free objects in slabs */
	unsigned long free_limit;		/* (I) beyond it empty slabs are given back */
	unsigned colour_next;			/* (list_lock) */
	bool free_touched;			/* (list_lock) the free list was used since the last reap */
	struct array_cache *shared;		/* (list_lock) between the node's harts; or NULL */
	struct array_cache **alien;		/* (its lock) by node: objects of that node freed here; or NULL */
};

struct kmem_cache {
	struct cache_common;
	unsigned num, order;			/* (I) objects, pages of a slab */
	unsigned recip;				/* (I) 2^32 / size, rounded up */
	unsigned colour, colour_off;		/* (I) colours, bytes between them */
	unsigned slab_size;			/* (I) bytes of a descriptor */
	bool off_slab;				/* (I) */
	gfp_t allocflags;			/* (I) */
	unsigned limit, batchcount, shared;	/* (I) of a hart's array; the shared one's, in batches */
	struct kmem_cache_node **node;		/* (I) by node id; behind array[] */
	struct array_cache *array[];		/* (I) by hart; the content with interrupts off */
};

static inline struct page *obj_to_page(const void *obj) { return compound_head(linear_to_page(obj)); }
static inline struct slab *obj_to_slab(const void *obj) { return obj_to_page(obj)->freelist; }
static inline unsigned obj_to_index(const struct kmem_cache *s, const struct slab *slab, const void *obj)
{
	return (u64)((char *)obj - slab->s_mem) * s->recip >> 32;
}
static inline void *index_to_obj(const struct kmem_cache *s, const struct slab *slab, unsigned i)
{
	return slab->s_mem + (size_t)s->size * i;
}

/* ---- slab.c ----------------------------------------------------------------------------------------- */

/*
 * Put @nr objects back into their slabs, all of node @n; slabs that are too many go to @empties.
 * => list_lock held
 */
void free_block(struct kmem_cache *s, struct kmem_cache_node *n, void **objs, unsigned nr,
		struct list_head *empties);
/* Give back the slabs of @empties, which are on no other list.  => no lock held */
void destroy_slabs(struct kmem_cache *s, struct list_head *empties);
/* Empty @alien, whose objects are of node @nid.  => interrupts off */
void drain_alien(struct kmem_cache *s, struct array_cache *alien, int nid);

#endif
