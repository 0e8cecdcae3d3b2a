/*
 * mm/slab/internal.h - what a back end and mm/slab/common.c share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SLAB_INTERNAL_H
#define VELLUM_MM_SLAB_INTERNAL_H

#include "kernel/sync/mutex.h"
#include "mm/slab/slab.h"

#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(p)	((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)

struct slabinfo {
	unsigned long active_objs, num_objs, active_slabs, num_slabs;
	unsigned objects_per_slab, cache_order, object_bytes;
};
void get_slabinfo(struct kmem_cache *s, struct slabinfo *info);

/* Caches in the order of their creation; next_cache(NULL) is the first.  => slab_mutex */
struct kmem_cache *next_cache(struct kmem_cache *s);
extern struct mutex slab_mutex;

void create_kmalloc_caches(void);		/* by kmem_cache_init(), when caches can be made */
void kfree_large(struct page *page);		/* of kmalloc_large() */

/* Power of two that objects of @size and @flags are to be aligned to, at least @align. */
unsigned calculate_alignment(unsigned flags, unsigned align, unsigned size);

#endif
