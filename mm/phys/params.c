/*
 * mm/phys/params.c - boot parameters of the physical memory manager.
 *
 * MODEL     kernelcore=, movablecore=       ZONE_MOVABLE (movable.c)
 *           numa=off                        one node
 *           page_group_by_mobility_disabled=1, page_owner=on, page_poison=1, debug_pagealloc=on,
 *           fail_page_alloc=I,P,S,T
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/phys/init.h"
#include "mm/phys/page_alloc.h"

static int __init set_kernelcore(const char *value) { return cmdline_parse_kernelcore(value); }
PARAM("kernelcore", set_kernelcore);

static int __init set_movablecore(const char *value) { return cmdline_parse_movablecore(value); }
PARAM("movablecore", set_movablecore);

static int __init set_numa(const char *value)
{
	if (strcmp(value, "off"))
		return -EINVAL;
	numa_off = true;
	return 0;
}
PARAM("numa", set_numa);

static int __init set_grouping(const char *value)
{
	page_group_by_mobility_disabled = strcmp(value, "0") != 0;
	return 0;
}
PARAM("page_group_by_mobility_disabled", set_grouping);

static int __init set_page_owner(const char *value)
{
	page_owner_wanted = !strcmp(value, "on") || !strcmp(value, "1");
	return 0;
}
PARAM("page_owner", set_page_owner);

static int __init set_page_poison(const char *value)
{
	if (!strcmp(value, "on") || !strcmp(value, "1"))
		page_alloc_hook_get(HOOK_POISON);
	return 0;
}
PARAM("page_poison", set_page_poison);

static int __init set_debug_pagealloc(const char *value)
{
	if (!strcmp(value, "on") || !strcmp(value, "1"))
		page_alloc_hook_get(HOOK_HIDE);
	return 0;
}
PARAM("debug_pagealloc", set_debug_pagealloc);

static int __init set_fail_page_alloc(const char *value)
{
	int rc = fail_page_alloc_parse(value);

	if (!rc)
		fail_page_alloc_enable(true);
	return rc;
}
PARAM("fail_page_alloc", set_fail_page_alloc);
