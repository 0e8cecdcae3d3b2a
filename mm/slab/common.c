/*
 * mm/slab/common.c - what all back ends share: kmalloc's classes, copies, /proc/slabinfo.
 *
 * MODEL     kmalloc(n) is an object of the smallest class that holds n; above KMALLOC_MAX_CACHE_SIZE
 *           a compound page.  kmalloc(0) is ZERO_SIZE_PTR, which kfree() ignores and nobody may read.
 * TESTS     test/host/mm/slab/test_kmalloc.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/slab/internal.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/page_alloc.h"
#include "mm/phys/vmstat.h"

#define CACHE_LINE	64u

DEFINE_MUTEX(slab_mutex, RANK_SLEEP_LEAF);
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

unsigned calculate_alignment(unsigned flags, unsigned align, unsigned size)
{
	if (flags & SLAB_HWCACHE_ALIGN) {
		unsigned line = CACHE_LINE;

		while (size <= line / 2)	/* several small ones share a line */
			line /= 2;
		align = max(align, line);
	}
	return ALIGN(max(align, 8u), 8u);
}

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
		}
}

static inline struct kmem_cache *kmalloc_cache(size_t size, gfp_t gfp)
{
	unsigned idx = size <= 192 ? class_small[(size - 1) / 8] : class_large[(size - 1) / 128];

	return kmalloc_caches[gfp & __GFP_RECLAIMABLE ? KMALLOC_RECLAIM : KMALLOC_NORMAL][idx];
}

void *__kmalloc(size_t size, gfp_t gfp)
{
	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE))
		return size ? kmalloc_large(size, gfp) : ZERO_SIZE_PTR;
	return kmem_cache_alloc(kmalloc_cache(size, gfp), gfp);
}

void *__kmalloc_node(size_t size, gfp_t gfp, int nid)
{
	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE))
		return size ? kmalloc_large(size, gfp) : ZERO_SIZE_PTR;
	return kmem_cache_alloc_node(kmalloc_cache(size, gfp), gfp, nid);
}

void *kmalloc_large(size_t size, gfp_t gfp)
{
	unsigned order = get_order(size);
	struct page *page;

	if (size > KMALLOC_MAX_SIZE) {
		warn_alloc(gfp, order, "kmalloc of more than the largest block");
		return NULL;
	}
	page = alloc_pages((gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE)) | __GFP_COMP, order);
	if (!page)
		return NULL;
	mod_node_page_state(page_pgdat(page), NR_SLAB_UNRECLAIMABLE, 1l << order);
	return page_to_virt(page);
}

void kfree_large(struct page *page)
{
	unsigned order = compound_order(page);

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
	if (old >= size)
		return (void *)p;
	new = kmalloc(size, gfp);
	if (!new)
		return NULL;
	if (old) {
		memcpy(new, p, old);
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

/* ---- kvmalloc --------------------------------------------------------------------------------- */

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

/* ---- /proc/slabinfo --------------------------------------------------------------------------- */

int slabinfo_show(struct seq_file *m)
{
	seq_printf(m, "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> "
		   "<objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata "
		   "<active_slabs> <num_slabs> <sharedavail>\n");
	mutex_lock(&slab_mutex);
	for (struct kmem_cache *s = next_cache(NULL); s; s = next_cache(s)) {
		struct slabinfo i;

		get_slabinfo(s, &i);
		seq_printf(m, "%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
			   kmem_cache_name(s), i.active_objs, i.num_objs, i.object_bytes, i.objects_per_slab,
			   1 << i.cache_order, 0u, 0u, 0u, i.active_slabs, i.num_slabs, 0ul);
	}
	mutex_unlock(&slab_mutex);
	return 0;
}

bool slab_verify_all(void)
{
	bool ok = true;

	mutex_lock(&slab_mutex);
	for (struct kmem_cache *s = next_cache(NULL); s; s = next_cache(s))
		ok = kmem_cache_verify(s) && ok;
	mutex_unlock(&slab_mutex);
	return ok;
}
