/*
 * test/record/slab_record.c - writes down every allocation and free of the slab allocator, from the first on.
 *
 * MODEL     Of `make SLAB=slob SLAB_RECORD=1` only: slob's functions are told what was asked for to the byte.  The
 *           linker puts the functions __wrap_X here in the place of X for all callers elsewhere.
 *           An event is a word: what happened, an argument, and the object's address in units of 8 bytes from
 *           the first that was seen.  Events fill chunks of pages that stay allocated; each chunk
 *           says its physical address on the console when it is taken, so that tools/slab-trace can
 *           fetch it from the stopped machine.  What the allocator allocates for itself (kmem_cache) is
 *           left out: the one that replays the trace has caches of its own.
 * LOCKING   One hart (-smp 1), interrupts off.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/internal.h"

#define CHUNK_ORDER	10u
#define CHUNK_EVENTS	((PAGE_SIZE << CHUNK_ORDER) / sizeof(u64))

enum event { EVENT_NONE, EVENT_CACHE, EVENT_ALIGN, EVENT_FLAGS, EVENT_ALLOC, EVENT_KMALLOC, EVENT_FREE };

#define WRAPPED(type, name, ...) \
	type __real_##name(__VA_ARGS__); type __wrap_##name(__VA_ARGS__); type __wrap_##name(__VA_ARGS__)

/* Caches by number: their address is known when they are made. */
static struct kmem_cache *caches[128];
static unsigned nr_caches;
static u64 *chunk;
static unsigned long used = CHUNK_EVENTS;
static bool recording;

static void next_chunk(void)
{
	struct page *page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, CHUNK_ORDER);

	chunk = page ? memset(page_to_virt(page), 0, PAGE_SIZE << CHUNK_ORDER) : NULL;
	used = 0;
	printk(KERN_EMERG "slab-record: chunk %#lx of %lu bytes\n", page ? page_to_phys(page) : 0,
	       PAGE_SIZE << CHUNK_ORDER);
}

static void record(enum event e, unsigned arg, const void *p)
{
	unsigned long flags = arch_irq_save();

	if (!recording) {
		recording = true;
		if (used == CHUNK_EVENTS)
			next_chunk();
		if (chunk)
			chunk[used++] = (u64)e << 60 | (u64)arg << 32 | (u32)((unsigned long)p >> 3);
		recording = false;
	}
	arch_irq_restore(flags);
}

static unsigned cache_number(const struct kmem_cache *s)
{
	unsigned i = 0;

	while (i < nr_caches && caches[i] != s)
		i++;
	return i;
}

WRAPPED(struct kmem_cache *, kmem_cache_create, const char *name, unsigned size, unsigned align, unsigned flags,
	void (*ctor)(void *))
{
	struct kmem_cache *s = __real_kmem_cache_create(name, size, align, flags, ctor);
	unsigned i = cache_number(NULL);

	if (!s || flags & SLAB_KMALLOC)
		return s;
	if (i == nr_caches)
		ASSERT(nr_caches++ < ARRAY_SIZE(caches));
	caches[i] = s;
	record(EVENT_CACHE, size, (void *)((unsigned long)i << 3));
	record(EVENT_ALIGN, align, (void *)(ctor ? 8ul : 0));
	record(EVENT_FLAGS, flags & (SLAB_HWCACHE_ALIGN | SLAB_RECLAIM_ACCOUNT | SLAB_TYPESAFE_BY_RCU), NULL);
	return s;
}

WRAPPED(void, kmem_cache_destroy, struct kmem_cache *s)
{
	unsigned i = cache_number(s);

	if (s && i < nr_caches)
		caches[i] = NULL;
	__real_kmem_cache_destroy(s);
}

WRAPPED(void *, kmem_cache_alloc, struct kmem_cache *s, gfp_t gfp)
{
	void *p = __real_kmem_cache_alloc(s, gfp);

	if (p && s != kmem_cache)
		record(EVENT_ALLOC, cache_number(s), p);
	return p;
}

WRAPPED(void *, kmem_cache_alloc_node, struct kmem_cache *s, gfp_t gfp, int nid)
{
	void *p = __real_kmem_cache_alloc_node(s, gfp, nid);

	if (p && s != kmem_cache)
		record(EVENT_ALLOC, cache_number(s), p);
	return p;
}

WRAPPED(unsigned, kmem_cache_alloc_bulk, struct kmem_cache *s, gfp_t gfp, unsigned nr, void **objs)
{
	unsigned got = __real_kmem_cache_alloc_bulk(s, gfp, nr, objs);

	for (unsigned i = 0; i < got; i++)
		record(EVENT_ALLOC, cache_number(s), objs[i]);
	return got;
}

WRAPPED(void, kmem_cache_free, struct kmem_cache *s, void *p)
{
	if (p && s != kmem_cache)
		record(EVENT_FREE, 0, p);
	__real_kmem_cache_free(s, p);
}

WRAPPED(void, kmem_cache_free_bulk, struct kmem_cache *s, unsigned nr, void **objs)
{
	for (unsigned i = 0; i < nr; i++)
		if (objs[i])
			record(EVENT_FREE, 0, objs[i]);
	__real_kmem_cache_free_bulk(s, nr, objs);
}

WRAPPED(void *, kmalloc_exact, size_t size, gfp_t gfp, int nid)
{
	void *p = __real_kmalloc_exact(size, gfp, nid);

	if (!ZERO_OR_NULL_PTR(p))
		record(EVENT_KMALLOC, size | (gfp & __GFP_RECLAIMABLE ? 1u << 27 : 0), p);
	return p;
}

WRAPPED(void, kfree, const void *p)
{
	if (!ZERO_OR_NULL_PTR(p))
		record(EVENT_FREE, 0, p);
	__real_kfree(p);
}

/* The machine stays on, for its memory to be read. */
WRAPPED(void, arch_machine_poweroff, void)
{
	printk(KERN_EMERG "slab-record: end\n");
	arch_irq_save();
	for (;;)
		arch_cpu_relax();
}
