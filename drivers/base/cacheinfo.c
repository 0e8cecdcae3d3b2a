/*
 * drivers/base/cacheinfo.c - the harts' caches: for programs that start, and /sys/devices/system/cpu/cpuN/cache.
 *
 * MODEL     What the tree says of each hart is read once.  A cache beyond level 1 is shared by the harts whose
 *           chains name the same node.
 *           sysfs numbers the caches of a hart from index0 on.  As on Linux there are none where the tree leaves
 *           out level 1, or splits a further level; what programs are told by AT_L2_CACHESIZE is there then too.
 * LOCKING   None: fixed by cacheinfo_init(), before the first program.
 * FAILURE   Without memory, or with a chain of nodes that makes no sense, a hart has no caches.
 * TESTS     test/host/lib/test_fdt_cpu.c (the tree), test/boot/cpus.py (what programs see)
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/base/cpu.h"
#include "fs/sysfs.h"
#include "include/machine.h"
#include "lib/printk.h"
#include "mm/slab/slab.h"

struct hart_caches {
	unsigned n;
	struct fdt_cache cache[FDT_MAX_CACHES];
};

static struct hart_caches *caches[NR_HARTS];

const struct fdt_cache *hart_cache(unsigned hart, unsigned level, enum fdt_cache_kind kind)
{
	const struct hart_caches *c = caches[hart];

	for (unsigned i = 0; c && i < c->n; i++)
		if (c->cache[i].level == level && c->cache[i].kind == kind)
			return &c->cache[i];
	return NULL;
}

/* ---- sysfs ----------------------------------------------------------------------------------- */

static hartmask_t sharers(const struct fdt_cache *c)
{
	hartmask_t harts = { 0 };

	for_each_hart_in(h, hart_online_mask) {
		const struct fdt_cache *theirs = hart_cache(h, c->level, c->kind);

		if (theirs && theirs->node == c->node)
			harts.bits |= BIT(h);
	}
	return harts;
}

static ssize_t show_number(u32 v, char *buf) { return scnprintf(buf, PAGE_SIZE, "%u\n", v); }

#define CACHE(data)	((const struct fdt_cache *)(data))
static ssize_t show_level(void *data, char *buf) { return show_number(CACHE(data)->level, buf); }
static ssize_t show_line(void *data, char *buf) { return show_number(CACHE(data)->line, buf); }
static ssize_t show_sets(void *data, char *buf) { return show_number(CACHE(data)->sets, buf); }
static ssize_t show_ways(void *data, char *buf) { return show_number(fdt_cache_ways(CACHE(data)), buf); }
static ssize_t show_list(void *data, char *buf) { return harts_show_list(sharers(CACHE(data)), buf); }
static ssize_t show_map(void *data, char *buf) { return harts_show_map(sharers(CACHE(data)), buf); }

static ssize_t show_size(void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%uK\n", CACHE(data)->bytes >> 10);
}

static ssize_t show_type(void *data, char *buf)
{
	static const char *const names[] = { "Unified", "Instruction", "Data" };

	return scnprintf(buf, PAGE_SIZE, "%s\n", names[CACHE(data)->kind]);
}

static int __init create_index(unsigned hart, unsigned index, struct fdt_cache *c)
{
	const struct { const char *name; bool known; sysfs_show_fn show; } files[] = {
		{ "type", true, show_type }, { "level", true, show_level }, { "shared_cpu_map", true, show_map },
		{ "shared_cpu_list", true, show_list }, { "coherency_line_size", c->line, show_line },
		{ "number_of_sets", c->sets, show_sets }, { "size", c->bytes, show_size },
		{ "ways_of_associativity", c->bytes, show_ways },
	};
	char path[96];
	int rc = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		if (!files[i].known)
			continue;
		snprintf(path, sizeof(path), "devices/system/cpu/cpu%u/cache/index%u/%s", hart, index, files[i].name);
		rc |= sysfs_create_file(path, files[i].show, NULL, c);
	}
	return rc;
}

/* Level 1 is there, and no further level is split. */
static bool __init has_numbers(const struct hart_caches *c)
{
	for (unsigned i = 1; i < c->n; i++)
		if (c->cache[i].level > 1 && c->cache[i].level == c->cache[i - 1].level)
			return false;
	return c->n && c->cache[0].level == 1;
}

void __init cacheinfo_init(void)
{
	int rc = 0;

	for_each_hart(h) {
		struct hart_caches *c = kzalloc(sizeof(*c), GFP_KERNEL);
		int n = c ? fdt_cpu_caches(&boot_fdt, hart_info[h].node, c->cache) : -ENOMEM;

		if (n <= 0) {
			kfree(c);
			continue;
		}
		c->n = n;
		caches[h] = c;
		for (int i = 0; has_numbers(c) && i < n; i++)
			rc |= create_index(h, i, &c->cache[i]);
	}
	if (rc)
		pr_warn("sysfs: some attributes of caches are missing\n");
}
