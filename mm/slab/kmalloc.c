/*
 * mm/slab/kmalloc.c - memory by size: classes, whole pages, copies.
 *
 * MODEL     kmalloc(n) is an object of the smallest class that holds n; above KMALLOC_MAX_CACHE_SIZE
 *           a compound page.  kmalloc(0) is ZERO_SIZE_PTR, which kfree() ignores and nobody may read.
 *           With __GFP_RECLAIMABLE it comes from caches of its own, so that memory which shrinkers free
 *           lies together.  slob has no classes (KMALLOC_BY_CLASS is 0).
 * INVARIANTS
 *   M1  The objects of a size's class hold it, and are aligned as kmalloc() promises: powers of two to themselves.
 *   M2  What is no object of a class is a compound page of its own.
 * TESTS     test/host/mm/slab/cache_tests.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/kasan.h"
#include "lib/string.h"
#include "mm/phys/memblock.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/internal.h"

struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][NR_KMALLOC_CACHES];
static const struct vmalloc_ops *vmalloc_ops;

/* Class by size: of 8 bytes to 192, of 128 bytes above. */
static u8 class_small[192 / 8], class_large[KMALLOC_MAX_CACHE_SIZE / 128];

static const char *const class_names[NR_KMALLOC_TYPES][NR_KMALLOC_CACHES] = {
	{ NULL, "kmalloc-96", "kmalloc-192", "kmalloc-8", "kmalloc-16", "kmalloc-32", "kmalloc-64",
	  "kmalloc-128", "kmalloc-256", "kmalloc-512", "kmalloc-1k", "kmalloc-2k", "kmalloc-4k", "kmalloc-8k" },
	{ NULL, "kmalloc-rcl-96", "kmalloc-rcl-192", "kmalloc-rcl-8", "kmalloc-rcl-16", "kmalloc-rcl-32",
	  "kmalloc-rcl-64", "kmalloc-rcl-128", "kmalloc-rcl-256", "kmalloc-rcl-512", "kmalloc-rcl-1k",
	  "kmalloc-rcl-2k", "kmalloc-rcl-4k", "kmalloc-rcl-8k" },
};

static unsigned class_bytes(unsigned idx) { return idx == 1 ? 96 : idx == 2 ? 192 : 1u << idx; }

void create_kmalloc_caches(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(class_small); i++)
		class_small[i] = kmalloc_index((i + 1) * 8);
	for (unsigned i = 0; i < ARRAY_SIZE(class_large); i++)
		class_large[i] = kmalloc_index((i + 1) * 128);
	for (unsigned t = 0; t < NR_KMALLOC_TYPES; t++)
		for (unsigned i = 1; i < NR_KMALLOC_CACHES; i++) {
			unsigned bytes = class_bytes(i), flags = SLAB_PANIC | SLAB_KMALLOC;

			if (t == KMALLOC_RECLAIM)
				flags |= SLAB_RECLAIM_ACCOUNT;
			kmalloc_caches[t][i] = kmem_cache_create(class_names[t][i], bytes, bytes & -bytes,
								 flags, NULL);
			INV(M1, kmem_cache_size(kmalloc_caches[t][i]) >= bytes);
		}
}

static inline struct kmem_cache *kmalloc_cache(size_t size, gfp_t gfp)
{
	unsigned idx = size <= 192 ? class_small[(size - 1) / 8] : class_large[(size - 1) / 128];

	INV(M1, class_bytes(idx) >= size);
	return kmalloc_caches[gfp & __GFP_RECLAIMABLE ? KMALLOC_RECLAIM : KMALLOC_NORMAL][idx];
}

/* For the checker: of the object @p of kmalloc() only @size bytes are the caller's. */
static inline void *kmalloc_exactly(void *p, size_t size)
{
	if (IS_KASAN && p)
		kasan_slab_alloc(p, size, kmem_cache_size(kmalloc_cache(size, 0)));
	return p;
}

void *__kmalloc(size_t size, gfp_t gfp)
{
	if (!KMALLOC_BY_CLASS)
		return kmalloc_exact(size, gfp, NUMA_NO_NODE);
	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE))
		return size ? kmalloc_large(size, gfp, NUMA_NO_NODE) : ZERO_SIZE_PTR;
	return kmalloc_exactly(kmem_cache_alloc(kmalloc_cache(size, gfp), gfp), size);
}

void *__kmalloc_node(size_t size, gfp_t gfp, int nid)
{
	if (!KMALLOC_BY_CLASS)
		return kmalloc_exact(size, gfp, nid);
	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE))
		return size ? kmalloc_large(size, gfp, nid) : ZERO_SIZE_PTR;
	return kmalloc_exactly(kmem_cache_alloc_node(kmalloc_cache(size, gfp), gfp, nid), size);
}

void *kmalloc_large(size_t size, gfp_t gfp, int nid)
{
	unsigned order = get_order(size);
	struct page *page;

	if (size > KMALLOC_MAX_SIZE) {
		warn_alloc(gfp, order, "kmalloc of more than the largest block");
		return NULL;
	}
	page = alloc_pages_node(nid, (gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE)) | __GFP_COMP, order);
	if (!page)
		return NULL;
	mod_node_page_state(page_pgdat(page), NR_SLAB_UNRECLAIMABLE, 1l << order);
	if (IS_KASAN) {
		kasan_poison(page_to_virt(page), PAGE_SIZE << order, KASAN_PAGE_REDZONE);
		kasan_unpoison(page_to_virt(page), size);
	}
	return page_to_virt(page);
}

void kfree_large(struct page *page)
{
	unsigned order = compound_order(page);

	INV(M2, !PageSlab(page) && !PageTail(page) && page_count(page) > 0);
	mod_node_page_state(page_pgdat(page), NR_SLAB_UNRECLAIMABLE, -(1l << order));
	__free_pages(page, order);
}

void *krealloc(const void *p, size_t size, gfp_t gfp)
{
	size_t old = ZERO_OR_NULL_PTR(p) ? 0 : ksize(p);
	void *new;

	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (old >= size && !IS_KASAN)		/* the checker wants to see every move */
		return (void *)p;
	new = kmalloc(size, gfp);
	if (!new)
		return NULL;
	if (old) {
		memcpy(new, p, min(old, size));
		kfree(p);
	}
	return new;
}

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	size_t len = 0;
	char *copy;

	if (!s)
		return NULL;
	while (len < max && s[len])
		len++;
	copy = kmalloc(len + 1, gfp);
	if (copy) {
		memcpy(copy, s, len);
		copy[len] = 0;
	}
	return copy;
}

char *kstrdup(const char *s, gfp_t gfp) { return kstrndup(s, ~0ul, gfp); }

void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *copy = kmalloc(len, gfp);

	return copy ? memcpy(copy, src, len) : NULL;
}

/* ---- kvmalloc -------------------------------------------------------------------------------- */

void register_vmalloc_ops(const struct vmalloc_ops *ops) { vmalloc_ops = ops; }

void *kvmalloc(size_t size, gfp_t gfp)
{
	void *p;

	if (size <= PAGE_SIZE || !vmalloc_ops)
		return kmalloc(size, gfp);
	p = kmalloc(size, gfp | __GFP_NOWARN | __GFP_NORETRY);
	return p ? p : vmalloc_ops->alloc(size, gfp);
}

void kvfree(const void *p)
{
	if (vmalloc_ops && vmalloc_ops->owns(p))
		vmalloc_ops->free(p);
	else
		kfree(p);
}
