/*
 * mm/slab/failslab.c - allocations of objects that fail on purpose: failslab=, /sys/kernel/debug/failslab.
 *
 * MODEL     As fail_page_alloc does for pages (mm/phys/page_debug.c): an allocation that passes the filters fails
 *           with some probability.  Back ends ask should_failslab() when slab_failing is set.  That of slub has no
 *           room for the question where it is fast: while slab_failing is set it leaves its harts nothing
 *           to be fast with, and asks on the slow path.
 *           Memory larger than KMALLOC_MAX_CACHE_SIZE is pages: fail_page_alloc is for it.
 * TESTS     test/host/mm/slab/cache_tests.h, test/boot/debug.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/slab/failslab.h"
#include "lib/cmdline.h"
#include "mm/slab/internal.h"
#include "mm/slab/shrink.h"

struct kmem_cache {
	struct cache_common;
};

struct fault_attr failslab = { .interval = 1, .times = 1, .ignore_reclaim = true };
unsigned failslab_cache_filter;
bool slab_failing;

bool should_failslab(const struct kmem_cache *s, gfp_t gfp, size_t bytes)
{
	if (failslab_cache_filter && !(s && s->flags & SLAB_FAILSLAB))
		return false;
	return should_fail(&failslab, "failslab", gfp, bytes);
}

void failslab_changed(void)
{
	bool failing = fault_attr_active(&failslab);

	if (failing == slab_failing)
		return;
	WRITE_ONCE(slab_failing, failing);
	if (failing)
		slab_shrink_all();		/* what harts have ready */
}

static int __init set_failslab(const char *value)
{
	int rc = fault_attr_parse(&failslab, value);

	slab_failing = !rc && fault_attr_active(&failslab);
	return rc;
}
PARAM("failslab", set_failslab);
