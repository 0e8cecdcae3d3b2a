/*
 * mm/slab/slab.h - memory for the kernel's objects: the one interface of the slab back ends.
 *
 * MODEL     cache    objects of one size and kind;   slab  a few pages cut into objects of a cache.
 *           kmalloc  caches of sizes 8..8192 (powers of two, and 96 and 192); larger requests are
 *                    whole pages from the buddy system.
 *           Built with one of three back ends (make SLAB=): slub, the default; slab, with queues of
 *           objects; slob, which packs tightest.  Memory that kmalloc() gives is aligned to 8 bytes, and to
 *           its size if that is a power of two.
 *           merging  a cache that would look like an older one is the older one under a second name, unless
 *                    it is debugged, has a constructor, or slab_nomerge is on the command line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SLAB_H
#define VELLUM_MM_SLAB_H

#include "include/kasan.h"
#include "mm/phys/gfp.h"

struct kmem_cache;
struct seq_file;

#define SLAB_CONSISTENCY_CHECKS	0x00000100u
#define SLAB_RED_ZONE		0x00000400u
#define SLAB_POISON		0x00000800u
#define SLAB_KMALLOC		0x00001000u
#define SLAB_HWCACHE_ALIGN	0x00002000u	/* objects start on cache lines */
#define SLAB_STORE_USER		0x00010000u
#define SLAB_RECLAIM_ACCOUNT	0x00020000u	/* a shrinker frees them */
#define SLAB_PANIC		0x00040000u	/* panic if the cache cannot be made */
#define SLAB_TYPESAFE_BY_RCU	0x00080000u	/* below */
#define SLAB_TRACE		0x00200000u	/* log every allocation and free */
#define SLAB_NO_MERGE		0x01000000u
#define SLAB_FAILSLAB		0x02000000u	/* failslab's cache-filter lets it fail */
#define SLAB_ACCOUNT		0x04000000u
#define SLAB_DEBUG_FLAGS \
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE)

/*
 * SLAB_TYPESAFE_BY_RCU: a pointer that was read with interrupts off points at an object of this cache until
 * they are on again, even if somebody frees it meanwhile; it may be another object by then, so the reader
 * locks it and looks again.  Freed objects are reused within the cache at once; their pages leave it only by
 * kmem_cache_shrink() and kmem_cache_destroy(), after every hart has had interrupts on.
 */

#define KMALLOC_MIN_SIZE	8
#define KMALLOC_MAX_CACHE_SIZE	8192ul
#define KMALLOC_MAX_SIZE	(PAGE_SIZE << 10)
#define KMALLOC_SHIFT_HIGH	13
#define NR_KMALLOC_CACHES	(KMALLOC_SHIFT_HIGH + 1)	/* index 1: 96, index 2: 192 */
enum { KMALLOC_NORMAL, KMALLOC_RECLAIM, NR_KMALLOC_TYPES };

void kmem_cache_init(void);

/* @align 0: what the size suggests.  @ctor runs once per object when its slab is made. */
struct kmem_cache *kmem_cache_create(const char *name, unsigned size, unsigned align, unsigned flags,
				     void (*ctor)(void *));
/* Gives all slabs back; complains about objects still in use, names them, and keeps the cache with them. */
void kmem_cache_destroy(struct kmem_cache *s);
int kmem_cache_shrink(struct kmem_cache *s);	/* give empty slabs back; 0, or 1 if slabs remain */
unsigned kmem_cache_size(struct kmem_cache *s);
const char *kmem_cache_name(struct kmem_cache *s);
unsigned kmem_cache_debug_flags(struct kmem_cache *s);	/* what it checks: SLAB_DEBUG_FLAGS */

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp);
void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int nid);
void kmem_cache_free(struct kmem_cache *s, void *obj);
static inline void *kmem_cache_zalloc(struct kmem_cache *s, gfp_t gfp)
{
	return kmem_cache_alloc(s, gfp | __GFP_ZERO);
}
/* All @nr or none: @nr or 0. */
unsigned kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, unsigned nr, void **objs);
void kmem_cache_free_bulk(struct kmem_cache *s, unsigned nr, void **objs);	/* as kmem_cache_free(), each */

#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)

extern struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][NR_KMALLOC_CACHES];

/* Index into kmalloc_caches of the class for 1 <= @size <= KMALLOC_MAX_CACHE_SIZE. */
static __always_inline unsigned kmalloc_index(size_t size)
{
	if (size <= 8)
		return 3;
	if (size > 64 && size <= 96)
		return 1;
	if (size > 128 && size <= 192)
		return 2;
	return fls64(size - 1);
}

void *__kmalloc(size_t size, gfp_t gfp);
void *__kmalloc_node(size_t size, gfp_t gfp, int nid);
void kfree(const void *p);
size_t ksize(const void *p);
__must_check void *krealloc(const void *p, size_t size, gfp_t gfp);

/* slob gives every size what it asks for; the others' classes are chosen by the compiler where it can. */
#ifdef VELLUM_SLOB
#define KMALLOC_BY_CLASS	0
#else
#define KMALLOC_BY_CLASS	1
#endif

static __always_inline void *kmalloc(size_t size, gfp_t gfp)
{
	if (KMALLOC_BY_CLASS && !IS_KASAN && __builtin_constant_p(size) && size && size <= KMALLOC_MAX_CACHE_SIZE &&
	    __builtin_constant_p(gfp & __GFP_RECLAIMABLE))
		return kmem_cache_alloc(kmalloc_caches[gfp & __GFP_RECLAIMABLE ? KMALLOC_RECLAIM :
						       KMALLOC_NORMAL][kmalloc_index(size)], gfp);
	return __kmalloc(size, gfp);
}
static __always_inline void *kzalloc(size_t size, gfp_t gfp) { return kmalloc(size, gfp | __GFP_ZERO); }
static inline void *kmalloc_node(size_t size, gfp_t gfp, int nid) { return __kmalloc_node(size, gfp, nid); }
static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kmalloc(bytes, gfp);
}
static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

char *kstrdup(const char *s, gfp_t gfp);
char *kstrndup(const char *s, size_t max, gfp_t gfp);
void *kmemdup(const void *src, size_t len, gfp_t gfp);

/* kmalloc, or vmalloc where that is too large; freed by kvfree. */
void *kvmalloc(size_t size, gfp_t gfp);
static inline void *kvzalloc(size_t size, gfp_t gfp) { return kvmalloc(size, gfp | __GFP_ZERO); }
void kvfree(const void *p);
struct vmalloc_ops {
	void *(*alloc)(size_t size, gfp_t gfp);
	void (*free)(const void *p);
	bool (*owns)(const void *p);
};
void register_vmalloc_ops(const struct vmalloc_ops *ops);	/* by mm/kmap */

/* ---- to look at ------------------------------------------------------------------------------ */

int slabinfo_show(struct seq_file *m);		/* /proc/slabinfo */
/* Trim the queues that were not used since the last time; every few seconds, and when memory is short. */
void slab_reap(void);
extern const bool slab_reap_wanted;		/* whether there are any */
bool kmem_cache_verify(struct kmem_cache *s);	/* recounts every slab; => other harts quiet */
bool slab_verify_all(void);
/* Look at every object of @s, used and free, for what debugging can find; how many are wrong. */
unsigned kmem_cache_validate(struct kmem_cache *s);
/* How often locks that harts share were taken for @s, in all and modulo 2^16.  For tests. */
u16 slab_shared_locks(struct kmem_cache *s);
unsigned long slab_objects_in_use(struct kmem_cache *s);
unsigned long kmem_cache_pages(struct kmem_cache *s);	/* pages in slabs of its own */
extern const char slab_backend[];		/* "slub", "slab", "slob" */

/* A file of /sys/kernel/slab/CACHE/; a nameless one ends the table.  No store: read-only; no show: empty. */
struct slab_attr {
	const char *name;
	ssize_t (*show)(struct kmem_cache *s, char *buf);
	ssize_t (*store)(struct kmem_cache *s, const char *buf, size_t n);
};
extern const struct slab_attr slab_attrs[];
/*
 * What @s is listed as: ":0000192", for one that others may be merged with whatever their names are, or else its
 * name.  => slab_mutex held
 */
void kmem_cache_id(struct kmem_cache *s, char *buf, size_t n);
bool kmem_cache_has_id(struct kmem_cache *s);
/* Call @fn for each other name of a cache, until it returns other than 0, which comes back. */
int for_each_cache_alias(int (*fn)(const char *alias, struct kmem_cache *s, void *data), void *data);
/* Call @fn for each cache, oldest first, until it returns other than 0, which comes back. */
int for_each_cache(int (*fn)(struct kmem_cache *s, void *data), void *data);

/* Who did something to an object, and what debugging found. */
#define SLAB_TRACK_CALLS	16
struct slab_track {
	unsigned long calls[SLAB_TRACK_CALLS];	/* return addresses, innermost first */
	u16 nr_calls, hart;
	char task[16];
	u64 when;				/* arch_time_ticks() */
};
/* Who allocated the objects of @cache that are in use, or had freed them before that; 0 or -errno. */
int slab_traces_show(struct seq_file *m, const char *cache, bool freed);
struct slab_report {
	const char *cache, *what;
	const void *object;
	const struct slab_track *allocated, *freed, *now;	/* who did; NULL: not known */
};
/* Log which object @addr is in or behind, and who allocated and freed that; nothing if it is in no slab. */
void slab_print_object(const void *addr);
/* If set, misuse is told to it and not printed.  For tests. */
extern void (*slab_report_hook)(const struct slab_report *r);

#endif
