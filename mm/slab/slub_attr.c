/*
 * mm/slab/slub_attr.c - what /sys/kernel/slab/CACHE/ shows of a cache, and lets be set.
 *
 * MODEL     One value a file, with Linux's names and forms: counts are a total and each node's share, as
 *           in "128 N0=96 N1=32".  Free objects that harts have taken over count as in use.
 * LOCKING   The caller keeps the cache alive.  Figures of harts are read as they go by.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "mm/slab/slub.h"

/* ---- counts by node ----------------------------------------------------------------------------- */

typedef unsigned long (*node_count_fn)(struct kmem_cache *s, int nid);

static ssize_t show_by_node(struct kmem_cache *s, char *buf, node_count_fn count)
{
	unsigned long total = 0, n;
	int at;

	for_each_online_node(nid)
		total += count(s, nid);
	at = scnprintf(buf, PAGE_SIZE, "%lu", total);
	for_each_online_node(nid) {
		n = count(s, nid);
		if (n)
			at += scnprintf(buf + at, PAGE_SIZE - at, " N%u=%lu", nid, n);
	}
	return at + scnprintf(buf + at, PAGE_SIZE - at, "\n");
}

static unsigned long node_slabs(struct kmem_cache *s, int nid) { return atomic_long_read(&s->node[nid]->nr_slabs); }
static unsigned long node_total(struct kmem_cache *s, int nid)
{
	return atomic_long_read(&s->node[nid]->total_objects);
}
static unsigned long node_partial(struct kmem_cache *s, int nid) { return READ_ONCE(s->node[nid]->nr_partial); }

/* Objects in use, or all, of the partial slabs. */
static unsigned long sum_partial(struct kmem_cache *s, int nid, bool in_use)
{
	struct kmem_cache_node *n = s->node[nid];
	unsigned long flags, sum = 0;
	struct page *page;

	spin_lock_irqsave(&n->list_lock, flags);
	list_for_each_entry(page, &n->partial, lru)
		sum += in_use ? slab_read(page).inuse : page->objects - slab_read(page).inuse;
	spin_unlock_irqrestore(&n->list_lock, flags);
	return sum;
}

static unsigned long node_partial_objects(struct kmem_cache *s, int nid) { return sum_partial(s, nid, true); }
static unsigned long node_objects(struct kmem_cache *s, int nid)
{
	return node_total(s, nid) - sum_partial(s, nid, false);
}

/* Slabs that harts have to themselves: the one each works on by its node, those it holds by the hart's. */
static unsigned long node_cpu_slabs(struct kmem_cache *s, int nid)
{
	unsigned long n = 0;

	for_each_hart(h) {
		struct page *page = READ_ONCE(s->cpu[h].page);

		n += page && (int)page_to_nid(page) == nid;
		n += hart_to_node(h) == nid ? READ_ONCE(s->cpu[h].nr_partial) : 0;
	}
	return n;
}

#define SHOW_BY_NODE(name, count) \
static ssize_t show_##name(struct kmem_cache *s, char *buf) { return show_by_node(s, buf, count); }
SHOW_BY_NODE(slabs, node_slabs)
SHOW_BY_NODE(total_objects, node_total)
SHOW_BY_NODE(objects, node_objects)
SHOW_BY_NODE(partial, node_partial)
SHOW_BY_NODE(objects_partial, node_partial_objects)
SHOW_BY_NODE(cpu_slabs, node_cpu_slabs)

/* Objects (slabs) that harts hold besides the slab they work on, in all and by hart; half of each taken for free. */
static ssize_t show_slabs_cpu_partial(struct kmem_cache *s, char *buf)
{
	unsigned per_slab = (PAGE_SIZE << s->order) / s->size, slabs = 0;
	int at;

	for_each_hart(h)
		slabs += READ_ONCE(s->cpu[h].nr_partial);
	at = scnprintf(buf, PAGE_SIZE, "%u(%u)", slabs * per_slab / 2, slabs);
	for_each_hart(h) {
		unsigned n = READ_ONCE(s->cpu[h].nr_partial);

		if (n)
			at += scnprintf(buf + at, PAGE_SIZE - at, " C%u=%u(%u)", h, n * per_slab / 2, n);
	}
	return at + scnprintf(buf + at, PAGE_SIZE - at, "\n");
}

/* ---- what is fixed --------------------------------------------------------------------------------- */

#define SHOW(name, value) \
static ssize_t show_##name(struct kmem_cache *s, char *buf) \
{ return scnprintf(buf, PAGE_SIZE, "%u\n", (unsigned)(value)); }
SHOW(slab_size, s->size)
SHOW(object_size, s->object_size)
SHOW(align, s->align)
SHOW(order, s->order)
SHOW(objs_per_slab, (PAGE_SIZE << s->order) / s->size)
SHOW(min_partial, s->min_partial)
SHOW(cpu_partial, s->cpu_partial)
SHOW(aliases, s->refcount - 1)
SHOW(hwcache_align, !!(s->flags & SLAB_HWCACHE_ALIGN))
SHOW(reclaim_account, !!(s->flags & SLAB_RECLAIM_ACCOUNT))
SHOW(destroy_by_rcu, !!(s->flags & SLAB_TYPESAFE_BY_RCU))
SHOW(sanity_checks, !!(s->flags & SLAB_CONSISTENCY_CHECKS))
SHOW(red_zone, !!(s->flags & SLAB_RED_ZONE))
SHOW(poison, !!(s->flags & SLAB_POISON))
SHOW(store_user, !!(s->flags & SLAB_STORE_USER))
SHOW(trace, !!(s->flags & SLAB_TRACE))
SHOW(failslab, !!(s->flags & SLAB_FAILSLAB))

static ssize_t show_ctor(struct kmem_cache *s, char *buf)
{
	return s->ctor ? scnprintf(buf, PAGE_SIZE, "%pS\n", (void *)s->ctor) : 0;
}

/* ---- what may be set --------------------------------------------------------------------------------- */

static ssize_t store_min_partial(struct kmem_cache *s, const char *buf, size_t n)
{
	int rc = s->flags & SLAB_TYPESAFE_BY_RCU ? -EINVAL : kstrtouint(buf, 10, &s->min_partial);

	return rc ? rc : (ssize_t)n;
}

static ssize_t store_cpu_partial(struct kmem_cache *s, const char *buf, size_t n)
{
	unsigned objects;
	int rc = kstrtouint(buf, 10, &objects);

	if (rc)
		return rc;
	if (objects && cache_debug(s))
		return -EINVAL;
	WRITE_ONCE(s->cpu_partial_slabs, slabs_for_objects(s, objects));
	s->cpu_partial = objects;
	flush_all(s);
	return n;
}

static ssize_t store_failslab(struct kmem_cache *s, const char *buf, size_t n)
{
	if (s->refcount > 1)		/* other names' objects would fail, too */
		return -EINVAL;
	WRITE_ONCE(s->flags, (s->flags & ~SLAB_FAILSLAB) | (buf[0] == '1' ? SLAB_FAILSLAB : 0));
	return n;
}

static ssize_t store_shrink(struct kmem_cache *s, const char *buf, size_t n)
{
	if (buf[0] != '1')
		return -EINVAL;
	kmem_cache_shrink(s);
	return n;
}

static ssize_t store_validate(struct kmem_cache *s, const char *buf, size_t n)
{
	if (buf[0] != '1' || !cache_debug(s))
		return -EINVAL;
	kmem_cache_validate(s);
	return n;
}

const struct slab_attr slab_attrs[] = {
	{ "slab_size", show_slab_size, NULL },
	{ "object_size", show_object_size, NULL },
	{ "objs_per_slab", show_objs_per_slab, NULL },
	{ "order", show_order, NULL },
	{ "min_partial", show_min_partial, store_min_partial },
	{ "cpu_partial", show_cpu_partial, store_cpu_partial },
	{ "objects", show_objects, NULL },
	{ "objects_partial", show_objects_partial, NULL },
	{ "total_objects", show_total_objects, NULL },
	{ "partial", show_partial, NULL },
	{ "cpu_slabs", show_cpu_slabs, NULL },
	{ "slabs", show_slabs, NULL },
	{ "slabs_cpu_partial", show_slabs_cpu_partial, NULL },
	{ "ctor", show_ctor, NULL },
	{ "aliases", show_aliases, NULL },
	{ "align", show_align, NULL },
	{ "hwcache_align", show_hwcache_align, NULL },
	{ "reclaim_account", show_reclaim_account, NULL },
	{ "destroy_by_rcu", show_destroy_by_rcu, NULL },
	{ "sanity_checks", show_sanity_checks, NULL },
	{ "red_zone", show_red_zone, NULL },
	{ "poison", show_poison, NULL },
	{ "store_user", show_store_user, NULL },
	{ "trace", show_trace, NULL },
	{ "failslab", show_failslab, store_failslab },
	{ "shrink", NULL, store_shrink },
	{ "validate", NULL, store_validate },
	{ NULL, NULL, NULL },
};
