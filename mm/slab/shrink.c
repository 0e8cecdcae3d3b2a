/*
 * mm/slab/shrink.c - slabs that are empty, given back by all caches; the same for every back end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/slab/shrink.h"
#include "mm/slab/internal.h"

/* Slabs that the free objects of @s would fill: at most so many are empty. */
static unsigned long empty_at_most(struct kmem_cache *s)
{
	struct slabinfo i;

	get_slabinfo(s, &i);
	if (!i.objects_per_slab || i.num_objs < i.active_objs)
		return 0;
	return (i.num_objs - i.active_objs) / i.objects_per_slab;
}

unsigned long slab_nr_empty(void)
{
	unsigned long n = 0;

	if (!mutex_trylock(&slab_mutex))
		return 0;
	for (struct kmem_cache *s = next_cache(NULL); s; s = next_cache(s))
		n += empty_at_most(s);
	mutex_unlock(&slab_mutex);
	return n;
}

unsigned long slab_discard_empty(void)
{
	unsigned long n = 0;

	if (!mutex_trylock(&slab_mutex))
		return 0;
	for (struct kmem_cache *s = next_cache(NULL); s; s = next_cache(s)) {
		unsigned long before = empty_at_most(s), after;

		if (!before)
			continue;
		kmem_cache_shrink(s);
		after = empty_at_most(s);
		n += before - min(before, after);
	}
	mutex_unlock(&slab_mutex);
	return n;
}

unsigned long slab_pages(void)
{
	return global_node_page_state(NR_SLAB_RECLAIMABLE) + global_node_page_state(NR_SLAB_UNRECLAIMABLE);
}

void slab_shrink_all(void)
{
	mutex_lock(&slab_mutex);
	for (struct kmem_cache *s = next_cache(NULL); s; s = next_cache(s))
		kmem_cache_shrink(s);
	mutex_unlock(&slab_mutex);
}
