/*
 * test/host/arch/slab.c - the slab interface on malloc, so that ASan sees every object's edges.
 *
 * MODEL     All weak, as in pages.c.  kmalloc's caches are its size classes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "mm/slab/slab.h"
#include "test/host/tap.h"

struct kmem_cache {
	unsigned size, align;
	const char *name;
	void (*ctor)(void *);
	unsigned long in_use;
};
static struct kmem_cache class[NR_KMALLOC_CACHES] = { [1] = { .size = 96 }, [2] = { .size = 192 } };
__weak struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][NR_KMALLOC_CACHES];

static void __attribute__((constructor)) slab_start(void)
{
	for (unsigned i = 0; i < NR_KMALLOC_CACHES; i++) {
		if (i > 2)
			class[i].size = 1u << i;
		for (unsigned t = 0; t < NR_KMALLOC_TYPES; t++)
			kmalloc_caches[t][i] = &class[i];
	}
}

__weak struct kmem_cache *kmem_cache_create(const char *name, unsigned size, unsigned align,
					    __maybe_unused unsigned flags, void (*ctor)(void *))
{
	struct kmem_cache *s = shim_alloc(sizeof(*s));

	if (s)
		*s = (struct kmem_cache){ size, align, name, ctor, 0 };
	return s;
}

__weak void kmem_cache_destroy(struct kmem_cache *s)
{
	CHECK(!s || !s->in_use);
	shim_free(s);
}

__weak void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	void *p = shim_alloc_aligned(s->size, max(s->align, 16u));

	if (!p)
		return NULL;
	s->in_use++;
	memset(p, gfp & __GFP_ZERO ? 0 : 0xa5, s->size);
	if (s->ctor)
		s->ctor(p);
	return p;
}

__weak void kmem_cache_free(struct kmem_cache *s, void *p)
{
	s->in_use--;
	shim_free(p);
}

__weak void kmem_cache_free_bulk(struct kmem_cache *s, unsigned nr, void **objs)
{
	for (unsigned i = 0; i < nr; i++)
		kmem_cache_free(s, objs[i]);
}

__weak void *__kmalloc(size_t size, gfp_t gfp)
{
	void *p = shim_alloc(size);

	return p ? memset(p, gfp & __GFP_ZERO ? 0 : 0xa5, size) : NULL;
}
