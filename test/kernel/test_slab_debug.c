/*
 * test/kernel/test_slab_debug.c - each check of slub_debug= finds a planted bug of its kind, and the report
 * names the cache, the object, who allocated it and who freed it.
 *
 * MODEL     The bugs are planted in a cache of our own, with all checks on; reports come to catch() instead of
 *           the console, and what was damaged is repaired.  Back ends without these checks are let off.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "kernel/kallsyms.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define ALL	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)
#define SIZE	50

static struct slab_report caught;
static struct slab_track tracks[3];
static unsigned reports;

/* The first report, with copies of its tracks. */
static void catch(const struct slab_report *r)
{
	const struct slab_track **t[] = { &caught.allocated, &caught.freed, &caught.now };

	if (reports++)
		return;
	caught = *r;
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		if (*t[i]) {
			tracks[i] = **t[i];
			*t[i] = &tracks[i];
		}
}

static __noinline u8 *culprit_allocates(struct kmem_cache *s)
{
	u8 *p = kmem_cache_alloc(s, GFP_KERNEL);

	barrier();
	return p;
}

static __noinline void culprit_frees(struct kmem_cache *s, void *p)
{
	kmem_cache_free(s, p);
	barrier();
}

/* The cache to plant in; NULL if the back end has no such checks. */
static struct kmem_cache *begin(void)
{
	struct kmem_cache *s = kmem_cache_create("ktest_victim", SIZE, 0, ALL, NULL);

	if (s && kmem_cache_debug_flags(s) != ALL) {
		kmem_cache_destroy(s);
		return NULL;
	}
	reports = 0;
	slab_report_hook = catch;
	return s;
}

static void end(struct kmem_cache *s)
{
	reports = 0;
	kmem_cache_destroy(s);
	slab_report_hook = NULL;
	if (reports)
		ktest_fail(__FILE__, __LINE__, "objects left", reports, 0);
}

static bool names(const struct slab_track *t, const char *function)
{
	for (unsigned i = 0; t && i < t->nr_calls; i++) {
		unsigned long off;
		const char *name = kallsyms_lookup(t->calls[i], &off);

		if (name && !strcmp(name, function))
			return true;
	}
	return false;
}

/* One report, of @obj, that says @what and knows the allocator. */
static bool reported(const char *what, const void *obj)
{
	bool ok = reports == 1 && !strcmp(caught.cache, "ktest_victim") && strstr(caught.what, what) &&
		  caught.object == obj && names(caught.allocated, "culprit_allocates");

	if (!ok)
		printk(KERN_EMERG "# %u reports: %s, want %s\n", reports, reports ? caught.what : "", what);
	reports = 0;
	return ok;
}

KTEST(slab_debug_overflow_by_one)
{
	struct kmem_cache *s = begin();
	u8 *p, was;

	if (!s)
		return;
	p = culprit_allocates(s);
	was = p[SIZE];
	p[SIZE] = 0;
	culprit_frees(s, p);
	KCHECK(reported("Right Redzone overwritten", p));
	p[SIZE] = was;
	was = p[-1];
	p[-1] = 0;
	culprit_frees(s, p);
	KCHECK(reported("Left Redzone overwritten", p));
	p[-1] = was;
	culprit_frees(s, p);
	KCHECK_EQ(reports, 0);
	end(s);
}

KTEST(slab_debug_use_after_free)
{
	struct kmem_cache *s = begin();
	u8 *p, was;

	if (!s)
		return;
	p = culprit_allocates(s);
	memset(p, 0x11, SIZE);
	culprit_frees(s, p);
	KCHECK(p[0] != 0x11 && p[SIZE - 1] != 0x11);
	was = p[20];
	p[20] = 0x11;
	KCHECK_EQ(kmem_cache_validate(s), 1);
	KCHECK(names(caught.freed, "culprit_frees"));
	KCHECK(reported("Poison overwritten", p));
	p[20] = was;
	KCHECK_EQ(kmem_cache_validate(s), 0);
	end(s);
}

KTEST(slab_debug_double_free)
{
	struct kmem_cache *s = begin();
	u8 *p;

	if (!s)
		return;
	p = culprit_allocates(s);
	culprit_frees(s, p);
	kmem_cache_free(s, p);
	KCHECK(names(caught.freed, "culprit_frees") && names(caught.now, "ktest_slab_debug_double_free"));
	KCHECK(reported("Object already free", p));
	end(s);
}

KTEST(slab_debug_free_of_no_object)
{
	struct kmem_cache *s = begin();
	u8 *p;

	if (!s)
		return;
	p = culprit_allocates(s);
	culprit_frees(s, p + 8);
	KCHECK(reports == 1 && !strcmp(caught.what, "Invalid object pointer") && caught.object == p + 8);
	KCHECK(names(caught.now, "culprit_frees"));
	culprit_frees(s, p);
	end(s);
}

KTEST(slab_debug_wrong_cache)
{
	struct kmem_cache *s = begin(), *other;
	u8 *p;

	if (!s)
		return;
	other = kmem_cache_create("ktest_other", SIZE, 0, ALL, NULL);
	KCHECK(other);
	p = culprit_allocates(other);
	culprit_frees(s, p);
	KCHECK(names(caught.now, "culprit_frees"));
	KCHECK(reported("Wrong slab cache", p));
	culprit_frees(other, p);
	kmem_cache_destroy(other);
	end(s);
}

KTEST(slab_debug_broken_link)
{
	struct kmem_cache *s = begin();
	unsigned long *p;

	if (!s)
		return;
	kmem_cache_destroy(s);
	/* Without the other checks the link lies in the object itself. */
	s = kmem_cache_create("ktest_victim", SIZE, 0, SLAB_CONSISTENCY_CHECKS, NULL);
	KCHECK(s);
	if (kmem_cache_debug_flags(s) != SLAB_CONSISTENCY_CHECKS) {	/* slub_debug= wants more everywhere */
		end(s);
		return;
	}
	p = (unsigned long *)culprit_allocates(s);
	culprit_frees(s, p);
	*p ^= 0x40;
	KCHECK_EQ(kmem_cache_validate(s), 1);
	KCHECK(reports == 1 && !strcmp(caught.what, "Freepointer corrupt") && caught.object == p);
	*p ^= 0x40;
	KCHECK_EQ(kmem_cache_validate(s), 0);
	end(s);
}

KTEST(slab_debug_leak_at_destroy)
{
	struct kmem_cache *s = begin();
	u8 *p;

	if (!s)
		return;
	p = culprit_allocates(s);
	kmem_cache_destroy(s);
	KCHECK(reported("Objects remaining", p));
	culprit_frees(s, p);
	end(s);
}

/* Caches with all checks on behave as caches do. */
KTEST(slab_debug_cries_no_wolf)
{
	struct kmem_cache *s = begin();
	static u8 *p[300];
	unsigned long x = 1;

	if (!s)
		return;
	for (int i = 0; i < 3000; i++) {
		unsigned k;

		x = x * 6364136223846793005ul + 1442695040888963407ul;
		k = (x >> 33) % ARRAY_SIZE(p);
		if (p[k]) {
			KCHECK_EQ(p[k][SIZE - 1], (u8)k);
			kmem_cache_free(s, p[k]);
			p[k] = NULL;
		} else {
			p[k] = kmem_cache_alloc(s, i & 1 ? GFP_KERNEL : GFP_KERNEL | __GFP_ZERO);
			KCHECK(p[k] && (i & 1 || !p[k][SIZE - 1]));
			memset(p[k], k, SIZE);
		}
	}
	kmem_cache_free_bulk(s, ARRAY_SIZE(p), (void **)p);
	memset(p, 0, sizeof(p));
	KCHECK_EQ(reports, 0);
	KCHECK_EQ(kmem_cache_validate(s), 0);
	KCHECK(kmem_cache_verify(s));
	end(s);
}
