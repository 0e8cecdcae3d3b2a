/*
 * mm/slab/internal.h - what a back end and the common part share.
 *
 * MODEL     The common part (common.c, kmalloc.c) makes, merges, lists and destroys caches, and has
 *           kmalloc's classes; a back end cuts slabs into objects.  Its struct kmem_cache begins with the
 *           common fields.  It implements the calls below, and of slab.h kmem_cache_alloc[_node],
 *           kmem_cache_free, kfree, ksize, kmem_cache_shrink and kmem_cache_verify; kmem_cache_alloc_bulk if it
 *           can do better than one by one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SLAB_INTERNAL_H
#define VELLUM_MM_SLAB_INTERNAL_H

#include "kernel/sync/mutex.h"
#include "lib/list.h"
#include "mm/phys/zone.h"
#include "mm/slab/slab.h"

#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(p)	((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)

struct cache_common {
	unsigned size;			/* (I) from object to object */
	bool has_id;			/* (I) it may have other names: kmem_cache_id() */
	unsigned object_size;		/* bytes asked for; of merged caches the most */
	unsigned align, flags;		/* (I) */
	void (*ctor)(void *);		/* (I) */
	const char *name;		/* (I) lives as long as the cache */
	int refcount;			/* slab_mutex: names that it goes by */
	struct list_head list;		/* slab_mutex */
};

extern struct mutex slab_mutex;
extern struct kmem_cache *kmem_cache;	/* the cache of caches; kmem_cache_init() makes it */

/* ---- implemented by the back end ------------------------------------------------------------- */

/* Those of @flags that the back end knows, and those that the command line wants for @name. */
unsigned kmem_cache_flags(unsigned flags, const char *name);
/* Lay out the objects of @s, whose common fields are set, and make its parts; 0, or -ENOMEM and no part. */
__must_check int __kmem_cache_create(struct kmem_cache *s);
/* Free its empty slabs; 0, or 1 if objects remain. */
int __kmem_cache_shutdown(struct kmem_cache *s);
/* Call slab_report_live() for each object in use. */
void __kmem_cache_report_live(struct kmem_cache *s);
/* Call @fn for each object in use whose allocation, or @freed: the free before that, is known. */
void __kmem_cache_for_each_track(struct kmem_cache *s, bool freed,
				 void (*fn)(const struct slab_track *, void *), void *data);
/* Free the parts that __kmem_cache_create() made. */
void __kmem_cache_release(struct kmem_cache *s);

/* Of !KMALLOC_BY_CLASS: memory of @size bytes, of any size. */
void *kmalloc_exact(size_t size, gfp_t gfp, int nid);

struct slabinfo {
	unsigned long active_objs, num_objs, active_slabs, num_slabs, shared_avail;
	unsigned objects_per_slab, cache_order, limit, batchcount, shared;
};
void get_slabinfo(struct kmem_cache *s, struct slabinfo *info);

/* ---- common.c -------------------------------------------------------------------------------- */

/* Caches in the order of their creation; next_cache(NULL) is the first.  => slab_mutex */
struct kmem_cache *next_cache(struct kmem_cache *s);
/* A cache in memory that the caller has.  => at boot */
void create_boot_cache(struct kmem_cache *s, const char *name, unsigned size, unsigned flags);
/* What debugging found: true if the hook took it, so that nothing is printed. */
bool slab_report(const struct slab_report *r);
void slab_report_live(struct kmem_cache *s, const void *obj, const struct slab_track *allocated);
void print_slab_track(const char *what, const struct slab_track *t);
/* The object of @r was freed to r->cache, but is of @real (NULL: of none). */
void slab_report_wrong_cache(const struct slab_report *r, struct kmem_cache *real);
/* Every hart has had interrupts on since the call.  => interrupts on */
void slab_wait_for_readers(const struct kmem_cache *s);

/* Slabs of 2^@order pages went back to the buddy system: who reclaims counts them. */
static inline void slab_reclaimed(unsigned order)
{
	if (unlikely(current_base()->reclaim_state))
		current_base()->reclaim_state->reclaimed += 1ul << order;
}

static inline enum node_stat_item slab_stat(const struct kmem_cache *s)
{
	return ((const struct cache_common *)s)->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE
									     : NR_SLAB_UNRECLAIMABLE;
}

/* ---- failslab.c ------------------------------------------------------------------------------ */

extern bool slab_failing;		/* ask should_failslab() before each allocation */
/* Is an allocation of @bytes from @s (NULL: from none) to fail on purpose? */
bool should_failslab(const struct kmem_cache *s, gfp_t gfp, size_t bytes);

/* ---- kmalloc.c ------------------------------------------------------------------------------- */

void create_kmalloc_caches(void);		/* by kmem_cache_init(), when caches can be made */
void *kmalloc_large(size_t size, gfp_t gfp, int nid);
void kfree_large(struct page *page);		/* of kmalloc_large() */

#endif
