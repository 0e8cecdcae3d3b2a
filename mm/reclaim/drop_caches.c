/*
 * mm/reclaim/drop_caches.c - let go of everything that can come back: /proc/sys/vm/drop_caches.
 *
 * MODEL     Pages of files that are clean and unmapped, the objects that shrinkers hold, or both.  What came free
 *           lies on the harts' lists; from there it goes to the buddy system, so that blocks grow.
 * LOCKING   Sleeps, and asks other harts: no lock held.
 * TESTS     test/kernel/test_reclaim.c, test/host/mm/reclaim/test_vmscan.c and test_shrinker.c (its parts)
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/reclaim/vmscan.h"
#include "mm/phys/pcp.h"
#include "mm/phys/vmstat.h"
#include "mm/reclaim/shrinker.h"

void drop_caches(unsigned what)
{
	if (what & DROP_PAGES) {
		drop_pagecache();
		count_vm_event(DROP_PAGECACHE);
	}
	if (what & DROP_OBJECTS) {
		drop_slab();
		count_vm_event(DROP_SLAB);
	}
	drain_all_pages(NULL);
}
