/*
 * mm/slab/common.c - caches as all back ends have them: made, merged, destroyed, listed.
 *
 * MODEL     cache  its common fields come first in the back end's struct kmem_cache.
 *           alias  kmem_cache_create() finds a cache whose objects have the size, alignment and account that
 *                  are asked for, and returns that: fewer half-empty slabs.  refcount counts the names; those
 *                  that it was given are kept until it goes, for who destroys one does not say which.
 * INVARIANTS
 *   C1  refcount > 0 for every cache on the list; a cache with debugging, constructor or
 *       SLAB_TYPESAFE_BY_RCU has 1.
 *   C2  An alias's objects fit: size <= object_size <= s->size, and s->align is a multiple of its own.
 *   C3  No two caches have the same id; the flag of the one that would is SLAB_NO_MERGE, and it has none.
 * LOCKING   slab_mutex: the list of caches and their refcounts.  Not held while memory is allocated.
 * FAILURE   Creation returns NULL and leaves nothing, or panics with SLAB_PANIC.  Destruction of a cache with
 *           objects in use reports them and keeps the cache.
 * TESTS     test/host/mm/slab/cache_tests.h, with each back end
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/internal.h"

#define CACHE_LINE	64u
#define NEVER_MERGE	(SLAB_DEBUG_FLAGS | SLAB_TYPESAFE_BY_RCU | SLAB_NO_MERGE)
#define MERGE_SAME	SLAB_RECLAIM_ACCOUNT

/* What the common part knows of a cache. */
struct kmem_cache {
	struct cache_common;
};

/* One more name of a cache. */
struct cache_alias {
	struct list_head list;
	struct kmem_cache *cache;
	char name[];
};

DEFINE_MUTEX(slab_mutex, RANK_SLEEP_LEAF);
struct kmem_cache *kmem_cache;
void (*slab_report_hook)(const struct slab_report *r);
static LIST_HEAD(slab_caches);		/* slab_mutex */
static LIST_HEAD(cache_aliases);	/* slab_mutex */
static bool nomerge;

static int __init set_nomerge(__maybe_unused const char *value)
{
	nomerge = true;
	return 0;
}
PARAM("slab_nomerge", set_nomerge);

unsigned kmem_cache_size(struct kmem_cache *s) { return s->object_size; }
const char *kmem_cache_name(struct kmem_cache *s) { return s->name; }
unsigned kmem_cache_debug_flags(struct kmem_cache *s) { return s->flags & SLAB_DEBUG_FLAGS; }

/* ---- ids ------------------------------------------------------------------------------------- */

/* What caches that might be merged are told apart by. */
static bool same_id(const struct kmem_cache *a, const struct kmem_cache *b)
{
	return a->has_id && b->has_id && a->size == b->size && a->align == b->align &&
	       !((a->flags ^ b->flags) & MERGE_SAME);
}

/* Linux's form, with the alignment where that is more than a word's. */
void kmem_cache_id(struct kmem_cache *s, char *buf, size_t n)
{
	char align[12] = "";

	if (!s->has_id) {
		strscpy(buf, s->name, n);
		return;
	}
	if (s->align > sizeof(long))
		snprintf(align, sizeof(align), "%u", s->align);
	snprintf(buf, n, ":%s%s%s%07u", s->flags & SLAB_RECLAIM_ACCOUNT ? "a" : "", align,
		 *align || s->flags & SLAB_RECLAIM_ACCOUNT ? "-" : "", s->size);
}

bool kmem_cache_has_id(struct kmem_cache *s) { return s->has_id; }

/* => slab_mutex held; @s is not yet on the list */
static void give_id(struct kmem_cache *s)
{
	struct kmem_cache *other;

	s->has_id = !nomerge && !s->ctor && !(s->flags & NEVER_MERGE);
	list_for_each_entry(other, &slab_caches, list)
		if (same_id(s, other)) {		/* made while the other was */
			s->has_id = false;
			s->flags |= SLAB_NO_MERGE;
		}
	list_for_each_entry(other, &slab_caches, list)
		INV(C3, other == s || !same_id(s, other));
}

/* ---- making and merging ---------------------------------------------------------------------- */

/* Power of two that objects of @size and @flags are to be aligned to, at least @align. */
static unsigned calculate_alignment(unsigned flags, unsigned align, unsigned size)
{
	if (flags & SLAB_HWCACHE_ALIGN) {
		unsigned line = CACHE_LINE;

		while (size <= line / 2)	/* several small ones share a line */
			line /= 2;
		align = max(align, line);
	}
	return max(align, 8u);
}

static void init_common(struct kmem_cache *s, const char *name, unsigned size, unsigned align,
			unsigned flags, void (*ctor)(void *))
{
	s->name = name;
	s->object_size = size;
	s->flags = kmem_cache_flags(flags, name);
	s->align = calculate_alignment(flags, align, size);
	s->ctor = ctor;
	s->refcount = 1;
}

static void link_cache(struct kmem_cache *s)
{
	mutex_lock(&slab_mutex);
	give_id(s);
	list_add_tail(&s->list, &slab_caches);
	mutex_unlock(&slab_mutex);
}

static bool can_serve(const struct kmem_cache *s, unsigned size, unsigned align, unsigned flags)
{
	return !s->ctor && !(s->flags & NEVER_MERGE) && !((s->flags ^ flags) & MERGE_SAME) &&
	       s->size >= size && s->size - size < sizeof(void *) && s->align >= align;	/* C2 */
}

/* => slab_mutex held */
static struct kmem_cache *find_mergeable(unsigned size, unsigned align, unsigned flags)
{
	unsigned slot = ALIGN(ALIGN(size, 8u), align);
	struct kmem_cache *s;

	list_for_each_entry(s, &slab_caches, list)
		if (can_serve(s, slot, align, flags))
			return s;
	return NULL;
}

static bool known_as(const struct kmem_cache *s, const char *name)
{
	struct cache_alias *a;

	if (!strcmp(s->name, name))
		return true;
	list_for_each_entry(a, &cache_aliases, list)
		if (a->cache == s && !strcmp(a->name, name))
			return true;
	return false;
}

/* The cache that serves for one like this under one more name, or NULL. */
static struct kmem_cache *add_alias(const char *name, unsigned size, unsigned align, unsigned flags)
{
	struct cache_alias *a;
	struct kmem_cache *s;

	align = calculate_alignment(flags, align, size);
	mutex_lock(&slab_mutex);
	s = find_mergeable(size, align, flags);
	mutex_unlock(&slab_mutex);
	a = s ? kmalloc(sizeof(*a) + strlen(name) + 1, GFP_KERNEL) : NULL;
	if (!a)
		return NULL;
	mutex_lock(&slab_mutex);
	s = find_mergeable(size, align, flags);		/* it may have gone */
	if (s) {
		INV(C1, s->refcount > 0);
		s->refcount++;
		s->object_size = max(s->object_size, size);
		INV(C2, s->object_size <= s->size && s->align % align == 0);
		if (!known_as(s, name)) {
			a->cache = s;
			strcpy(a->name, name);
			list_add_tail(&a->list, &cache_aliases);
			a = NULL;
		}
	}
	mutex_unlock(&slab_mutex);
	kfree(a);
	return s;
}

/* @s goes.  => slab_mutex held */
static void forget_aliases(struct kmem_cache *s)
{
	struct cache_alias *a, *next;

	list_for_each_entry_safe(a, next, &cache_aliases, list)
		if (a->cache == s) {
			list_del(&a->list);
			kfree(a);
		}
}

static struct kmem_cache *create_cache(const char *name, unsigned size, unsigned align,
				       unsigned flags, void (*ctor)(void *))
{
	struct kmem_cache *s;

	if (!size || size > KMALLOC_MAX_SIZE / 2 || (align && !is_power_of_2(align)))
		return NULL;
	if (!nomerge && !ctor && !(kmem_cache_flags(flags, name) & NEVER_MERGE)) {
		s = add_alias(name, size, align, flags);
		if (s)
			return s;
	}
	s = kmem_cache_zalloc(kmem_cache, GFP_KERNEL);
	if (!s)
		return NULL;
	init_common(s, name, size, align, flags, ctor);
	if (__kmem_cache_create(s)) {
		kmem_cache_free(kmem_cache, s);
		return NULL;
	}
	link_cache(s);
	return s;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned size, unsigned align, unsigned flags,
				     void (*ctor)(void *))
{
	struct kmem_cache *s = create_cache(name, size, align, flags, ctor);

	if (!s && flags & SLAB_PANIC)
		panic("kmem_cache_create: no cache %s of %u bytes", name, size);
	return s;
}

void create_boot_cache(struct kmem_cache *s, const char *name, unsigned size, unsigned flags)
{
	init_common(s, name, size, CACHE_LINE, flags | SLAB_NO_MERGE, NULL);
	if (__kmem_cache_create(s))
		panic("no memory for the cache %s", name);
	link_cache(s);
}

/* ---- destroying ------------------------------------------------------------------------------ */

static void nothing(__maybe_unused void *arg) {}

void slab_wait_for_readers(const struct kmem_cache *s)
{
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		arch_call_on(hart_online_mask, nothing, NULL);
}

static void complain(struct kmem_cache *s)
{
	if (!slab_report_hook)
		pr_err("BUG %s: Objects remaining in %s on kmem_cache_destroy()\n", s->name, s->name);
	__kmem_cache_report_live(s);
}

void kmem_cache_destroy(struct kmem_cache *s)
{
	bool last;

	if (!s)
		return;
	mutex_lock(&slab_mutex);
	INV(C1, s->refcount > 0 && (s->refcount == 1 || !(s->flags & NEVER_MERGE || s->ctor)));
	last = !--s->refcount;
	if (last && __kmem_cache_shutdown(s)) {
		complain(s);
		s->refcount = 1;
		last = false;
	}
	if (last) {
		list_del(&s->list);
		forget_aliases(s);
	}
	mutex_unlock(&slab_mutex);
	if (!last)
		return;
	__kmem_cache_release(s);
	kmem_cache_free(kmem_cache, s);
}

/* ---- objects in bulk ------------------------------------------------------------------------- */

/* For back ends that have nothing faster. */
__weak unsigned kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, unsigned nr, void **objs)
{
	for (unsigned i = 0; i < nr; i++) {
		objs[i] = kmem_cache_alloc(s, gfp);
		if (!objs[i]) {
			kmem_cache_free_bulk(s, i, objs);
			return 0;
		}
	}
	return nr;
}

__weak void kmem_cache_free_bulk(struct kmem_cache *s, unsigned nr, void **objs)
{
	for (unsigned i = 0; i < nr; i++)
		kmem_cache_free(s, objs[i]);
}

/* ---- reports --------------------------------------------------------------------------------- */

bool slab_report(const struct slab_report *r)
{
	if (slab_report_hook)
		slab_report_hook(r);
	return slab_report_hook;
}

void print_slab_track(const char *what, const struct slab_track *t)
{
	if (!t || (!t->nr_calls && !t->task[0]))
		return;
	pr_err("%s in %s cpu=%u\n", what, t->task, t->hart);
	for (unsigned i = 0; i < t->nr_calls; i++)
		pr_err("\t%pS\n", (void *)t->calls[i]);
}

void slab_report_live(struct kmem_cache *s, const void *obj, const struct slab_track *allocated)
{
	struct slab_report r = {
		.cache = s->name, .what = "Objects remaining on kmem_cache_destroy()", .object = obj,
		.allocated = allocated,
	};

	if (slab_report(&r))
		return;
	pr_err("Object 0x%p of %s\n", obj, s->name);
	print_slab_track("Allocated", allocated);
}

void slab_report_wrong_cache(const struct slab_report *r, struct kmem_cache *real)
{
	if (slab_report(r))
		return;
	pr_err("BUG %s: Wrong slab cache: free of 0x%p, which is of %s\n", r->cache, r->object,
	       real ? real->name : "none");
	print_slab_track("Allocated", r->allocated);
	print_slab_track("Freed", r->now);
}

/* ---- all caches ------------------------------------------------------------------------------ */

struct kmem_cache *next_cache(struct kmem_cache *s)
{
	struct list_head *next = s ? s->list.next : slab_caches.next;

	return next == &slab_caches ? NULL : list_entry(next, struct kmem_cache, list);
}

int for_each_cache(int (*fn)(struct kmem_cache *s, void *data), void *data)
{
	int rc = 0;

	mutex_lock(&slab_mutex);
	for (struct kmem_cache *s = next_cache(NULL); s && !rc; s = next_cache(s))
		rc = fn(s, data);
	mutex_unlock(&slab_mutex);
	return rc;
}

int for_each_cache_alias(int (*fn)(const char *alias, struct kmem_cache *s, void *data), void *data)
{
	struct cache_alias *a;
	int rc = 0;

	mutex_lock(&slab_mutex);
	list_for_each_entry(a, &cache_aliases, list) {
		rc = fn(a->name, a->cache, data);
		if (rc)
			break;
	}
	mutex_unlock(&slab_mutex);
	return rc;
}

unsigned long kmem_cache_pages(struct kmem_cache *s)
{
	struct slabinfo i;

	get_slabinfo(s, &i);
	return i.num_slabs << i.cache_order;
}

static int slabinfo_line(struct kmem_cache *s, void *data)
{
	struct slabinfo i;

	get_slabinfo(s, &i);
	seq_printf(data, "%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
		   s->name, i.active_objs, i.num_objs, s->size, i.objects_per_slab, 1 << i.cache_order,
		   i.limit, i.batchcount, i.shared, i.active_slabs, i.num_slabs, i.shared_avail);
	return 0;
}

int slabinfo_show(struct seq_file *m)
{
	seq_printf(m, "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> "
		   "<objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata "
		   "<active_slabs> <num_slabs> <sharedavail>\n");
	return for_each_cache(slabinfo_line, m);
}

static int verify_one(struct kmem_cache *s, __maybe_unused void *data)
{
	return kmem_cache_verify(s) ? 0 : -EINVAL;
}

bool slab_verify_all(void) { return !for_each_cache(verify_one, NULL); }
